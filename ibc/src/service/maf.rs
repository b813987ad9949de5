//! The M2M Authentication Function: TS-0003 clause 8.8.
//!
//! | procedure | clause | where |
//! |---|---|---|
//! | client and key registration, retrieval | 8.8.2.3 to 8.8.2.10 | [`Maf::registry`] |
//! | keys of handshakes, fetched from a MEF where need be | 8.8.2.2, 8.3.2.1 | [`Maf::psk`] |
//!
//! A client whose Km comes from a MEF has no KmID at first: it names itself by its KeID, and the MAF asks that MEF for
//! the key, Kuse of clause 10.3.7 for SUID 21 and this MAF. That key is Km from then on; registration assigns the KmID. A
//! client that registered a key of its own for this MAF at the MEF names itself by the Key Identifier of that.

mod fetch;

pub use fetch::Fetched;

use super::error::ServiceError;
use super::kms::SecretOctets;
use super::registry::Registry;
use super::{Core, Function, limits};
use crate::credential_fetcher::{self, CredentialFetcher};
use crate::wire::RetrievedKey;
use eccsi_sakke::onem2m::{Fqdn, KeId, SecurityUsage};
use fetch::Fetching;
use std::sync::Arc;

/// A MAF.
#[derive(Clone)]
pub struct Maf {
    pub(crate) core: Core,
    pub(crate) fqdn: Fqdn,
    /// Those that it asks, and no other: a sender could name any.
    mefs: Arc<[Fqdn]>,
    fetching: Arc<Fetching>,
}

crate::redacted::redacted_debug!(Maf);

impl Maf {
    /// A MAF of this FQDN, which asks these MEFs through `fetcher`.
    pub fn new(core: Core, fqdn: Fqdn, mefs: &[Fqdn], fetcher: Arc<dyn CredentialFetcher>) -> Self {
        Self { core, fqdn, mefs: mefs.into(), fetching: Arc::new(Fetching::new(fetcher)) }
    }

    /// A MAF of this FQDN that fetches nothing: every client has a KmID from its administrator.
    pub fn without_mefs(core: Core, fqdn: Fqdn) -> Self {
        Self::new(core, fqdn, &[], Arc::new(NoMef))
    }

    /// Its FQDN.
    pub fn fqdn(&self) -> &Fqdn {
        &self.fqdn
    }

    /// Its registrations and keys.
    pub fn registry(&self) -> Registry {
        Registry::new(self.core.clone(), Function::Maf, self.fqdn.clone())
    }

    /// The key of a handshake in which a client names itself so: Km of a KmID, or of the KeID of a MEF on the list.
    /// `None`, for all reasons alike, if there is none.
    ///
    /// Takes at most [`limits::FETCH`] and the time of the store, so that a handshake can wait for it.
    ///
    /// # Errors
    /// [`Kind::Unavailable`](super::error::Kind::Unavailable) if store or keys cannot be used.
    pub async fn psk(&self, identity: &str) -> Result<Option<SecretOctets>, ServiceError> {
        if let Some(key) = self.core.psk(Function::Maf, identity).await? {
            return Ok(Some(key));
        }
        if identity.len() > limits::IDENTIFIER_BYTES {
            return Ok(None);
        }
        match KeId::parse(identity) {
            Ok(ke_id) if self.mefs.contains(ke_id.fqdn()) => self.fetching.key(&self.core, &ke_id).await,
            _ => Ok(None),
        }
    }
}

/// Knows no MEF.
struct NoMef;

impl CredentialFetcher for NoMef {
    fn fetch<'a>(&'a self, _: &'a KeId, _: SecurityUsage) -> credential_fetcher::Fetching<'a> {
        Box::pin(async { Err("this MAF fetches from no MEF".into()) })
    }

    fn retrieve<'a>(&'a self, _: &'a KeId) -> credential_fetcher::Fetching<'a, Option<RetrievedKey>> {
        Box::pin(async { Err("this MAF retrieves from no MEF".into()) })
    }
}
