//! Symmetric keys: TS-0003 clauses 8.3.5.2.7 to 8.3.5.2.10, 8.8.2.7 to 8.8.2.10, and fetching by KeID, 8.3.2.1.

use super::connection::Operation;
use super::{Client, ClientError, UNSENDABLE};
use crate::files::registered_key_file::RegisteredKeyFile;
use crate::tls::Exporter;
use crate::wire::root::ResourceType;
use crate::wire::{
    FetchedCredentials, KeyRegistration, KeyRegistrationRequest, KeyUpdate, KeyUpdateRequest, KeyValue,
    RetrievedKey, rooted,
};
use eccsi_sakke::onem2m::{
    ExpirationTime, FetchCredentialsPath, Fqdn, KeId, KeyIdentifier, RelativeKeyId, SecurityUsage,
};
use std::string::ToString;
use zeroize::Zeroizing;

/// What a key is registered for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRequest {
    /// The administrating stakeholder.
    pub stakeholder: Fqdn,
    /// Proposed end.
    pub end: ExpirationTime,
    /// SUID.
    pub usage: SecurityUsage,
    /// Who may retrieve it, in absolute form; `None` leaves it to the stakeholder's policy.
    pub targets: Option<Vec<String>>,
    #[allow(missing_docs, reason = "as named")]
    pub labels: Option<Vec<String>>,
}

/// A key that both ends exported from their session.
pub struct ExportedRegistration {
    /// What was registered, as granted.
    pub registration: KeyRegistration,
    /// The name by which a target retrieves it: what is sent as PSK identity.
    pub identifier: KeyIdentifier,
    /// Kc, 32 octets.
    pub key: Zeroizing<[u8; 32]>,
}

impl core::fmt::Debug for ExportedRegistration {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ExportedRegistration").field("identifier", &self.identifier).finish_non_exhaustive()
    }
}

/// A key as it was registered, for the file of its source.
///
/// # Errors
/// [`ClientError::Answer`] for a member that is malformed.
pub fn own_key(
    answer: &KeyRegistration,
    identifier: KeyIdentifier,
    key: Zeroizing<Vec<u8>>,
) -> Result<RegisteredKeyFile, ClientError> {
    let malformed = |_| ClientError::Answer("a key registration with a malformed member");
    Ok(RegisteredKeyFile {
        key,
        identifier,
        usage: SecurityUsage::from_u8(answer.suid).map_err(malformed)?,
        end: ExpirationTime::parse(&answer.expiration_time).map_err(malformed)?,
        source: answer.source.clone(),
        targets: answer.target_ids.clone(),
        stakeholder: Fqdn::parse(&answer.admin_fqdn).map_err(malformed)?,
        labels: answer.labels.clone().unwrap_or_default(),
    })
}

const KEY: ResourceType = ResourceType::SymmKeyReg;

impl Client {
    /// Registers a key of the caller's own: 32 octets for SAEF and a MAF, 16 to 64 for others.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn register_key(
        &mut self,
        request: &KeyRequest,
        key: Zeroizing<Vec<u8>>,
    ) -> Result<(KeyRegistration, KeyIdentifier), ClientError> {
        let body = self.key_body(request, Some(KeyValue::new(key)))?;
        let base = self.access.function.base();
        let answer = self.connection().await?.ask(Operation::Create(Some(KEY)), base, &body).await?;
        self.registered(request, &answer)
    }

    /// Registers the key that both ends export from their session. A session registers one; for the next, another is
    /// opened.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::Answer`] if the function names another key than the exported one.
    pub async fn register_exported_key(
        &mut self,
        request: &KeyRequest,
    ) -> Result<ExportedRegistration, ClientError> {
        if self.connection.as_ref().is_some_and(|connection| connection.has_registered_export) {
            self.disconnect();
        }
        let body = self.key_body(request, None)?;
        let base = self.access.function.base();
        let connection = self.connection().await?;
        let exported = connection.export(Exporter::Connection)?;
        connection.has_registered_export = true;
        // On this session and no other: it is where the function exports from.
        let answer = connection.ask(Operation::Create(Some(KEY)), base, &body).await?;
        let (registration, identifier) = self.registered(request, &answer)?;
        if *identifier.relative() != RelativeKeyId::from_octets(&exported.id()) {
            return Err(ClientError::Answer("it names another key than the one of this session"));
        }
        Ok(ExportedRegistration { registration, identifier, key: exported.expose() })
    }

    fn key_body(
        &self,
        request: &KeyRequest,
        key_value: Option<KeyValue>,
    ) -> Result<Zeroizing<Vec<u8>>, ClientError> {
        let body = KeyRegistrationRequest {
            fqdn: self.access.fqdn.to_string(),
            admin_fqdn: request.stakeholder.to_string(),
            expiration_time: request.end.to_string(),
            suid: u64::from(request.usage.to_u8()),
            labels: request.labels.clone(),
            target_ids: request.targets.clone(),
            key_value,
        };
        rooted::write(KEY.root(), &body).map_err(|_| UNSENDABLE)
    }

    /// What was registered, if it is what was asked for, and its name.
    fn registered(
        &self,
        request: &KeyRequest,
        answer: &[u8],
    ) -> Result<(KeyRegistration, KeyIdentifier), ClientError> {
        let answer: KeyRegistration = rooted::read(KEY.root(), answer).map_err(ClientError::Answer)?;
        let is_alike = answer.ty == KEY.number()
            && answer.suid == request.usage.to_u8()
            && answer.admin_fqdn == request.stakeholder.as_str()
            && ExpirationTime::parse(&answer.expiration_time).is_ok();
        if !is_alike {
            return Err(ClientError::Answer("another key registration"));
        }
        let identifier = RelativeKeyId::parse(&answer.relative_key_id)
            .and_then(|relative| KeyIdentifier::new(relative, self.access.fqdn.clone()))
            .map_err(|_| ClientError::Answer("no RelativeKeyID"))?;
        Ok((answer, identifier))
    }

    /// Retrieves a key that was registered for this entity.
    ///
    /// # Errors
    /// [`ClientError`]; 4004 if it is unknown, expired, or for others.
    pub async fn retrieve_key(&mut self, key: &RelativeKeyId) -> Result<RetrievedKey, ClientError> {
        let path = self.path(key.as_str(), "")?;
        self.retrieve(KEY, &path).await
    }

    /// Proposes another end, other labels or other targets for a key of one's own; at least one of them.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn update_key(
        &mut self,
        key: &RelativeKeyId,
        end: Option<ExpirationTime>,
        labels: Option<Vec<String>>,
        targets: Option<Vec<String>>,
    ) -> Result<KeyUpdate, ClientError> {
        let request = KeyUpdateRequest {
            fqdn: self.access.fqdn.to_string(),
            expiration_time: end.map(|end| end.to_string()),
            labels,
            target_ids: targets,
        };
        let path = self.path(key.as_str(), "")?;
        self.rooted(Operation::Update, KEY, &path, &request).await
    }

    /// Ends the registration of a key of one's own.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn delete_key(&mut self, key: &RelativeKeyId) -> Result<(), ClientError> {
        let path = self.path(key.as_str(), "")?;
        self.connection().await?.ask(Operation::Delete, &path, &[]).await?;
        Ok(())
    }

    /// Asks a MEF, as Enrolment Target, for the key behind a KeID. A refusal comes as an answer too: `Status` false.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn fetch_credentials(
        &mut self,
        ke_id: &KeId,
        usage: SecurityUsage,
    ) -> Result<FetchedCredentials, ClientError> {
        self.at_mef()?;
        let path = FetchCredentialsPath::new(ke_id.clone(), usage).to_string();
        let answer = self.connection().await?.ask(Operation::Retrieve, &path, &[]).await?;
        rooted::read_bare(&answer).map_err(ClientError::Answer)
    }
}
