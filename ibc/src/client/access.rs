//! Where a MEF or a MAF is, and how its client proves itself there.

use super::error::ClientError;
use crate::Function;
use crate::tls::{
    ClientContext, FixedPsk, OwnCertificate, Psk, PskOffer, PskSuites, Transport, TrustedCertificates,
};
use core::fmt;
use core::time::Duration;
use eccsi_sakke::onem2m::Fqdn;
use std::sync::Arc;

/// How long a client waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For connection and handshake together.
    pub connect: Duration,
    /// For one answer.
    pub answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), answer: Duration::from_secs(30) }
    }
}

/// Everything that it takes to open sessions with one function. Cheap to clone.
///
/// Its FQDN is what the server has to prove (and what SNI and `Host` say); the address may be another name for it.
#[derive(Clone)]
pub struct Access {
    pub(super) function: Function,
    pub(super) fqdn: Fqdn,
    pub(super) address: String,
    pub(super) origin: String,
    pub(super) ibc_base: String,
    pub(super) context: ClientContext,
    /// None where a certificate proves it; else that which is tried first in front.
    pub(super) offers: Vec<Arc<dyn PskOffer>>,
    pub(super) patience: Patience,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("function", &self.function)
            .field("fqdn", &self.fqdn)
            .field("address", &self.address)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl Access {
    /// Port of HTTPS.
    pub const PORT: u16 = 443;

    /// Where the IBC base URI stands unless something else is known.
    pub const IBC_BASE: &str = "/ibc";

    /// By a pre-shared key: Kpm of a KpmID at a MEF, Km of a KmID or of a KeID at a MAF.
    ///
    /// `origin` is the entity in whose name is asked: its CSE-ID or AE-ID, or the FQDN of a MAF that fetches.
    ///
    /// # Errors
    /// [`ClientError::Tls`].
    pub fn psk(
        function: Function,
        fqdn: Fqdn,
        (identity, key): (&str, Psk),
        origin: &str,
    ) -> Result<Self, ClientError> {
        let offer: Arc<dyn PskOffer> = Arc::new(FixedPsk::new(identity, key)?);
        let context = ClientContext::psk(Transport::Tls, PskSuites::default())?;
        Self::new(function, fqdn, (context, vec![offer]), origin)
    }

    /// Another key, for where the function refuses those before it: it may have forgotten one of them.
    ///
    /// # Errors
    /// [`ClientError::Tls`]; [`ClientError::Configuration`] beside a certificate.
    pub fn or_psk(mut self, (identity, key): (&str, Psk)) -> Result<Self, ClientError> {
        if self.offers.is_empty() {
            return Err(ClientError::Configuration("a key does not take the place of a certificate"));
        }
        self.offers.push(Arc::new(FixedPsk::new(identity, key)?));
        Ok(self)
    }

    /// By certificates of both sides.
    ///
    /// # Errors
    /// [`ClientError::Tls`].
    pub fn certificate(
        function: Function,
        fqdn: Fqdn,
        own: &OwnCertificate,
        servers: &TrustedCertificates,
        origin: &str,
    ) -> Result<Self, ClientError> {
        Self::new(function, fqdn, (ClientContext::certificate(own, servers)?, vec![]), origin)
    }

    fn new(
        function: Function,
        fqdn: Fqdn,
        (context, offers): (ClientContext, Vec<Arc<dyn PskOffer>>),
        origin: &str,
    ) -> Result<Self, ClientError> {
        // It becomes a header field.
        if origin.is_empty() || !origin.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(ClientError::Configuration("the entity is no CSE-ID, AE-ID or FQDN"));
        }
        let address = format!("{fqdn}:{}", Self::PORT);
        let ibc_base = Self::IBC_BASE.into();
        let patience = Patience::default();
        Ok(Self { function, fqdn, address, origin: origin.into(), ibc_base, context, offers, patience })
    }

    /// Connects to `address`, `HOST:PORT`, in place of the FQDN and port 443.
    #[must_use]
    pub fn at(self, address: impl Into<String>) -> Self {
        Self { address: address.into(), ..self }
    }

    /// Waits so long.
    #[must_use]
    pub fn patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// The FQDN of the function.
    pub fn fqdn(&self) -> &Fqdn {
        &self.fqdn
    }

    /// Which function it is.
    pub fn function(&self) -> Function {
        self.function
    }

    /// The entity in whose name is asked.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}
