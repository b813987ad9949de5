//! What sessions are opened with, by what a handshake brings: TS-0003 clauses 8.3.5.2.2 and 8.8.2.2.
//!
//! One answer, `None`, for everything that is refused: an identity that is unknown, of another form, expired, or
//! disabled. A transport then goes on with [`ServiceKey::refusal`](super::kms::ServiceKey::refusal) as the key, and the
//! handshake fails at its end as it does for a wrong key.

use super::error::ServiceError;
use super::kms::SecretOctets;
use super::sealed::{self, Record};
use super::store::administration as rows;
use super::store::{clients, secrets};
use super::{Core, Function, limits};
use eccsi_sakke::onem2m::{CredentialId, CredentialType, IdentifierError, KeId, KmId, KpmId};

/// The Credential-ID of a certificate: its type, 31 to 34, and SHA-256 of its DER in lower-case hexadecimal.
///
/// # Errors
/// [`IdentifierError::CredentialType`] for a type that is no certificate.
pub fn certificate_id(kind: CredentialType, sha_256: &[u8; 32]) -> Result<CredentialId, IdentifierError> {
    if is_certificate(kind) {
        CredentialId::new(kind, &base16ct::lower::encode_string(sha_256))
    } else {
        Err(IdentifierError::CredentialType)
    }
}

/// The Credential-ID of an identity that comes in a handshake with a key: a KpmID at a MEF, a KmID, in whatever case, at a
/// MAF.
///
/// # Errors
/// [`IdentifierError`] for an identity of another form.
pub fn credential_id(function: Function, identity: &str) -> Result<CredentialId, IdentifierError> {
    match function {
        Function::Mef => KpmId::parse(identity).map(|id| CredentialId::from(&id)),
        Function::Maf => KmId::parse(identity).map(|id| CredentialId::from(&id)),
    }
}

/// The types of certificates.
pub const CERTIFICATES: [CredentialType; 4] = [
    CredentialType::DeviceCertificate,
    CredentialType::CseCertificate,
    CredentialType::AeCertificate,
    CredentialType::NodeCertificate,
];

pub(super) fn is_certificate(kind: CredentialType) -> bool {
    CERTIFICATES.contains(&kind)
}

impl Core {
    /// The key of a client's credential: of a KpmID at a MEF, of a KmID, in whatever case, at a MAF.
    ///
    /// # Errors
    /// [`Kind::Unavailable`](super::error::Kind::Unavailable) if store or keys cannot be read.
    pub async fn psk(
        &self,
        function: Function,
        identity: &str,
    ) -> Result<Option<SecretOctets>, ServiceError> {
        if identity.len() > limits::IDENTIFIER_BYTES {
            return Ok(None);
        }
        match credential_id(function, identity) {
            Ok(id) => self.credential_key(function, &id).await,
            Err(_) => Ok(None),
        }
    }

    /// The key of a client's credential, for a handshake: none if credential or client is unknown, disabled or has
    /// ended, all the same from outside, in time too.
    ///
    /// # Errors
    /// [`Kind::Unavailable`](super::error::Kind::Unavailable) if store or keys cannot be read.
    pub async fn credential_key(
        &self,
        function: Function,
        id: &CredentialId,
    ) -> Result<Option<SecretOctets>, ServiceError> {
        let id = id.to_string();
        let mut connection = self.store.reads().pool().acquire().await?;
        let now = self.store.reads().now();
        let columns = rows::credential_key(&mut connection, (&id, function), now).await?;
        drop(connection);
        let record = Record::Credential(function, &id);
        match columns {
            Some(columns) => sealed::open(&self.keys, columns, record).await.map(Some),
            None => sealed::open_nothing(&self.keys, record).await.map(|()| None),
        }
    }

    /// The credential that a certificate is at a function, by the SHA-256 of its DER, if an administrator has bound one.
    ///
    /// # Errors
    /// As [`psk`](Self::psk).
    pub async fn certificate(
        &self,
        function: Function,
        sha_256: &[u8; 32],
    ) -> Result<Option<CredentialId>, ServiceError> {
        let mut connection = self.store.reads().pool().acquire().await?;
        for kind in CERTIFICATES {
            let id = certificate_id(kind, sha_256).map_err(ServiceError::internal)?;
            if clients::credential(&mut connection, function, &format!("{id}")).await?.is_some() {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// A key that was fetched from a MEF before, by its KeID.
    ///
    /// # Errors
    /// As [`psk`](Self::psk).
    pub async fn fetched_key(&self, ke_id: &KeId) -> Result<Option<SecretOctets>, ServiceError> {
        let ke_id = format!("{ke_id}");
        let now = self.store.reads().now();
        let mut connection = self.store.reads().pool().acquire().await?;
        let row = secrets::fetched_key(&mut connection, &ke_id, now).await?;
        drop(connection);
        match row {
            Some(row) => sealed::open(&self.keys, row.sealed, Record::FetchedKey(&ke_id)).await.map(Some),
            None => sealed::open_nothing(&self.keys, Record::FetchedKey(&ke_id)).await.map(|()| None),
        }
    }
}

/// What an operator may know of an identity that came in a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explained {
    /// There is a key for it, of this client.
    Usable(String),
    /// There is none; why.
    Unusable(String),
    /// It is a KeID: its key is with the MEF that gave it.
    KeId,
}

impl Core {
    /// Why there is no key for an identity, or whose it is: for the log, never for the peer.
    ///
    /// # Errors
    /// [`Kind::Unavailable`](super::error::Kind::Unavailable) if the store cannot be read.
    pub async fn explain(&self, function: Function, identity: &str) -> Result<Explained, ServiceError> {
        let unusable = |why: &str| Ok(Explained::Unusable(why.into()));
        let id = credential_id(function, identity);
        let state = match &id {
            Ok(id) => {
                let mut connection = self.store.reads().pool().acquire().await?;
                rows::credential_state(&mut connection, (&format!("{id}"), function)).await?
            }
            Err(_) => None,
        };
        let Some(state) = state else {
            return match function {
                Function::Maf if KeId::parse(identity).is_ok() => Ok(Explained::KeId),
                Function::Mef if id.is_err() => unusable("the identity is no KpmID"),
                Function::Maf if id.is_err() => unusable("the identity is neither a KmID nor a KeID"),
                _ => unusable("no client has this identity here"),
            };
        };
        let now = self.store.reads().now();
        let client = &state.client;
        let why = if !state.enabled {
            format!("this credential of client {client} is disabled")
        } else if state.not_after <= now {
            format!("this credential of client {client} has ended")
        } else if !state.client_enabled {
            format!("client {client} is disabled")
        } else if state.client_not_after <= now {
            format!("client {client} has ended")
        } else {
            return Ok(Explained::Usable(state.client));
        };
        Ok(Explained::Unusable(why))
    }
}
