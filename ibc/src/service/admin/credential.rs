//! What clients authenticate with: keys under a KpmID or a KmID, and certificates.

use super::{Admin, refused, written};
use crate::Function;
use crate::service::error::{Kind, ServiceError, bad_request, unacceptable};
use crate::service::limits::KEY_BYTES;
use crate::service::psk::is_certificate;
use crate::service::sealed::{self, Record, SealedKey};
use crate::service::store::WriteTransaction;
use crate::service::store::administration::{self as rows, Inserted};
use core::fmt;
use eccsi_sakke::onem2m::{CredentialId, CredentialType, Fqdn, KmId, KpmId, UnixTime};
use zeroize::Zeroizing;

/// A credential to be bound to a client.
pub struct NewCredential {
    /// Where it authenticates.
    pub function: Function,
    /// Type 10 (KpmID) at the MEF, 11 (KmID) at the MAF, or 31 to 34: see [`certificate_id`](super::certificate_id).
    pub id: CredentialId,
    /// Its end.
    pub not_after: UnixTime,
    /// Kpm or Km, 16 to 64 octets; none for a certificate.
    pub key: Option<Zeroizing<Vec<u8>>>,
}

impl fmt::Debug for NewCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewCredential")
            .field("function", &self.function)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A credential as `show` gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Where it authenticates.
    pub function: Function,
    /// Its Credential-ID.
    pub id: String,
    /// A disabled one is refused.
    pub enabled: bool,
    /// Its end.
    pub not_after: UnixTime,
    /// There is a key, sealed.
    pub has_key: bool,
}

impl Credential {
    pub(super) fn open(row: rows::CredentialRecord) -> Self {
        Self {
            function: row.function,
            id: row.id,
            enabled: row.enabled,
            not_after: row.not_after,
            has_key: row.has_key,
        }
    }
}

/// Refuses keys that are too short, too long, or all zeros.
pub(super) fn check_key(key: &[u8], lab: bool) -> Result<(), ServiceError> {
    let shortest = if lab { 1 } else { *KEY_BYTES.start() };
    if !(shortest..=*KEY_BYTES.end()).contains(&key.len()) {
        return Err(unacceptable("the key must have 16 to 64 octets (shorter ones only with lab = true)"));
    }
    if key.iter().fold(0, |any, octet| any | octet) == 0 {
        return Err(unacceptable("the key is all zeros"));
    }
    Ok(())
}

impl Admin {
    /// Checks a credential and seals its key.
    pub(super) async fn seal_credential(&self, new: &NewCredential) -> Result<SealedKey, ServiceError> {
        let of_function = |own: &Option<Fqdn>, fqdn: &Fqdn| own.as_ref() == Some(fqdn);
        match (new.id.kind(), new.function) {
            (CredentialType::Kpm, Function::Mef) => {
                let id = KpmId::parse(new.id.value()).map_err(|_| bad_request("this is no KpmID"))?;
                if !of_function(&self.mef, id.fqdn()) {
                    return Err(bad_request("the FQDN of a KpmID is that of the MEF"));
                }
            }
            (CredentialType::Km, Function::Maf) => {
                let id = KmId::parse(new.id.value()).map_err(|_| bad_request("this is no KmID"))?;
                if !of_function(&self.maf, id.fqdn()) {
                    return Err(bad_request("the FQDN of a KmID is that of the MAF"));
                }
            }
            (kind, _) if is_certificate(kind) => {
                return match new.key {
                    None => Ok(SealedKey::default()),
                    Some(_) => Err(bad_request("a certificate has no key here")),
                };
            }
            _ => {
                let text = "clients authenticate by a KpmID at the MEF, a KmID at the MAF, or a certificate";
                return Err(bad_request(text));
            }
        }
        let key = new.key.as_ref().ok_or_else(|| bad_request("this credential needs its key"))?;
        check_key(key, self.lab)?;
        let id = new.id.to_string();
        let record = Record::Credential(new.function, &id);
        sealed::seal_key(&self.core.keys, new.not_after, record, key.clone()).await
    }
}

/// Writes the row. A KmID is given once (clause 10.6), whatever its case; a KpmID may be given again once it was
/// removed, not in another case beside it.
pub(super) async fn insert(
    tx: &mut WriteTransaction<'_>,
    client: &str,
    new: &NewCredential,
    key: &SealedKey,
) -> Result<(), ServiceError> {
    let id = new.id.to_string();
    let row = rows::NewCredential { id: &id, function: new.function, client, not_after: new.not_after, key };
    match rows::insert_credential(tx.connection(), &row).await? {
        Inserted::Yes => {}
        Inserted::NameTaken => {
            let text = "this credential is there already: its name, or one that differs in case";
            return Err(refused(Kind::Conflict, text));
        }
        Inserted::KeyTaken => {
            return Err(refused(Kind::Conflict, "another client has this key: give each client its own"));
        }
    }
    if new.id.kind() == CredentialType::Km {
        let id = KmId::parse(new.id.value()).map_err(ServiceError::internal)?;
        if !rows::assign_name(tx.connection(), Function::Maf.number(), id.relative()).await? {
            return Err(refused(Kind::Conflict, "this KmID was given before: choose another relative part"));
        }
    }
    written(true)
}
