//! `--deny-list`: what commands ask before they trust an identity.

use super::failure::{Failure, Kind};
use crate::files::public_file;
use crate::service::deny_list;
use crate::service::kms::ServicePublicKey;
use crate::wire;
use clap::Args;
use core::str;
use eccsi_sakke::onem2m::{ExpirationTime, ExpiringIdentity, UnixTime};
#[cfg(feature = "client")]
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
#[cfg(feature = "client")]
use std::sync::{Mutex, PoisonError};
#[cfg(feature = "client")]
use std::time::SystemTime;

/// Octets of a file with the key that signs, and what may stand around it.
const MAX_KEY: u64 = 64 * 1024;

/// The deny list of the MEF, and the key that has to have signed it.
#[derive(Clone, Debug, Args)]
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
pub(super) struct Checked {
    list: wire::DenyList,
    /// From then on there is a newer one.
    next: UnixTime,
}

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
        Ok(Some(Checked { list: checked, next: next.to_unix() }))
    }
}

impl Checked {
    /// Refuses a list of another MEF, which says nothing of this identity.
    pub(super) fn is_denied(&self, id_2: &ExpiringIdentity) -> Result<bool, Failure> {
        if self.list.fqdn != id_2.fqdn().as_str() {
            let message =
                format!("the deny list is that of {}, and {id_2} is of {}", self.list.fqdn, id_2.fqdn());
            return Err(Failure::refused(Kind::Identity, message));
        }
        Ok(self.list.denied.iter().any(|denied| denied.id2 == id_2.as_str()))
    }
}

/// Which file was read: another one, or a changed one, differs.
#[cfg(feature = "client")]
type Stamp = Option<(SystemTime, u64, u64)>;

/// The list for a process that stays: it is read again when the file was changed, and when a newer list was to come.
#[cfg(feature = "client")]
pub(super) struct Standing {
    given: Given,
    read: Mutex<Option<(Stamp, Checked)>>,
}

#[cfg(feature = "client")]
impl Standing {
    /// `None` if no list was given; a list that does not serve is refused now, and not at the first peer.
    pub(super) fn new(given: &Given, now: UnixTime) -> Result<Option<Self>, Failure> {
        let stamp = stamp(given);
        let read = given.read(now)?;
        Ok(read.map(|checked| Self { given: given.clone(), read: Mutex::new(Some((stamp, checked))) }))
    }

    pub(super) fn is_denied(&self, id_2: &ExpiringIdentity, now: UnixTime) -> Result<bool, Failure> {
        // Before it is read: what changes meanwhile is read again the next time.
        let stamp = stamp(&self.given);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let stays =
            |(known, checked): &(Stamp, Checked)| stamp.is_some() && *known == stamp && now < checked.next;
        if !read.as_ref().is_some_and(stays) {
            *read = None;
            *read = self.given.read(now)?.map(|checked| (stamp, checked));
        }
        read.as_ref().map_or(Ok(false), |(_, checked)| checked.is_denied(id_2))
    }
}

#[cfg(feature = "client")]
fn stamp(given: &Given) -> Stamp {
    let about = given.deny_list.as_ref()?.metadata().ok()?;
    Some((about.modified().ok()?, about.len(), about.ino()))
}
