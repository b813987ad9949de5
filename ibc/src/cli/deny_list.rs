//! `--deny-list`: what commands ask before they trust an identity.

use super::failure::{Failure, Kind};
use crate::files::public_file;
use crate::service::deny_list;
use crate::service::kms::ServicePublicKey;
use crate::wire;
use clap::Args;
use core::str;
use eccsi_sakke::onem2m::{ExpirationTime, ExpiringIdentity, UnixTime};
use std::path::{Path, PathBuf};

/// Octets of a file with the key that signs, and what may stand around it.
const MAX_KEY: u64 = 64 * 1024;

/// The deny list of the MEF, and the key that has to have signed it.
#[derive(Debug, Args)]
pub(super) struct Given {
    /// Refuse identities on this deny list (ibc mef deny-list, or GET /ibc/denylist)
    ///
    /// It has to be signed by the key in --deny-list-signer, and not older than it says itself.
    #[arg(long, value_name = "FILE", requires = "deny_list_signer")]
    deny_list: Option<PathBuf>,
    /// The public key of that MEF's service, from a source you trust: what ibc mef signer printed there
    #[arg(long, value_name = "FILE", requires = "deny_list")]
    deny_list_signer: Option<PathBuf>,
}

/// A list that was signed, and is the newest as far as it says.
pub(super) struct Checked(wire::DenyList);

impl Given {
    pub(super) fn read(&self, now: UnixTime) -> Result<Option<Checked>, Failure> {
        let (Some(list), Some(signer)) = (&self.deny_list, &self.deny_list_signer) else { return Ok(None) };
        let wrong =
            |path: &Path, why: &str| Failure::refused(Kind::Format, format!("{}: {why}", path.display()));
        let octets = public_file::read(signer, MAX_KEY)?;
        let key = str::from_utf8(&octets).ok().and_then(|text| ServicePublicKey::from_pem(text).ok());
        let key = key.ok_or_else(|| wrong(signer, "is no public key of a service: see ibc mef signer"))?;
        let octets = public_file::read(list, deny_list::MAX_OCTETS)?;
        let checked = deny_list::open(&octets, &key).map_err(|why| wrong(list, why))?;
        let next = ExpirationTime::parse(&checked.next_update);
        let next = next.map_err(|_| wrong(list, "the deny list has another form"))?;
        if next.to_unix() <= now {
            return Err(wrong(list, &format!("a newer deny list was to come by {next}: get that one")));
        }
        Ok(Some(Checked(checked)))
    }
}

impl Checked {
    /// Refuses a list of another MEF, which says nothing of this identity.
    pub(super) fn is_denied(&self, id_2: &ExpiringIdentity) -> Result<bool, Failure> {
        if self.0.fqdn != id_2.fqdn().as_str() {
            let message =
                format!("the deny list is that of {}, and {id_2} is of {}", self.0.fqdn, id_2.fqdn());
            return Err(Failure::refused(Kind::Identity, message));
        }
        Ok(self.0.denied.iter().any(|denied| denied.id2 == id_2.as_str()))
    }
}
