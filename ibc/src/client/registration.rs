//! Client registrations: TS-0003 clauses 8.3.5.2.3 to 8.3.5.2.6 and 8.8.2.3 to 8.8.2.6.

use super::connection::Operation;
use super::{Client, ClientError, UNSENDABLE};
use crate::Function;
use crate::tls::Exporter;
use crate::wire::root::ResourceType;
use crate::wire::{
    ClientConfiguration, Registration, RegistrationRequest, RegistrationUpdate, RegistrationUpdateRequest,
    rooted,
};
use eccsi_sakke::onem2m::{ExpirationTime, Fqdn, KeId};
use std::string::ToString;
use zeroize::Zeroizing;

/// What a MEF keeps when a client registers: Ke of that session, by its KeID.
pub type Enrolled = Option<(KeId, Zeroizing<[u8; 32]>)>;

impl Client {
    pub(super) const fn registration_type(&self) -> ResourceType {
        match self.access.function {
            Function::Mef => ResourceType::MefClientReg,
            Function::Maf => ResourceType::MafClientReg,
        }
    }

    /// Registers with the function under this stakeholder: Client Registration. The end is a proposal; the answer has
    /// the granted one, the name of the registration, and perhaps a KmID or KpmID for the next handshakes.
    ///
    /// # Errors
    /// [`ClientError`]; 4117 if there is a registration already.
    pub async fn register(
        &mut self,
        stakeholder: &Fqdn,
        end: ExpirationTime,
        labels: Option<Vec<String>>,
    ) -> Result<Registration, ClientError> {
        let (registration, _) = self.register_in_session(stakeholder, end, labels).await?;
        Ok(registration)
    }

    /// The same at a MEF, with the enrolment key of the session in which it was done: the MEF keeps that one, and derives
    /// from it what Enrolment Targets fetch (clause 8.3.2.1). `None` if the session exports no key.
    ///
    /// # Errors
    /// As [`register`](Self::register).
    pub async fn register_enrolled(
        &mut self,
        stakeholder: &Fqdn,
        end: ExpirationTime,
        labels: Option<Vec<String>>,
    ) -> Result<(Registration, Enrolled), ClientError> {
        self.at_mef()?;
        self.register_in_session(stakeholder, end, labels).await
    }

    async fn register_in_session(
        &mut self,
        stakeholder: &Fqdn,
        end: ExpirationTime,
        labels: Option<Vec<String>>,
    ) -> Result<(Registration, Enrolled), ClientError> {
        let (root, base) = (self.registration_type(), self.access.function.base());
        let request = RegistrationRequest {
            fqdn: self.access.fqdn.to_string(),
            admin_fqdn: stakeholder.to_string(),
            expiration_time: end.to_string(),
            labels,
        };
        let body = rooted::write(root.root(), &request).map_err(|_| UNSENDABLE)?;
        let fqdn = self.access.fqdn.clone();
        // One session for both: the key is that of the session in which the request was made.
        let connection = self.connection().await?;
        let exported = connection.export(Exporter::Bootstrap).ok();
        let answer = connection.ask(Operation::Create(Some(root)), base, &body).await?;
        let answer: Registration = rooted::read(root.root(), &answer).map_err(ClientError::Answer)?;
        let is_alike = answer.ty == root.number() && answer.admin_fqdn == request.admin_fqdn;
        if !is_alike || ExpirationTime::parse(&answer.expiration_time).is_err() {
            return Err(ClientError::Answer("another registration"));
        }
        let enrolled = exported.and_then(|key| Some((KeId::new(key.id(), fqdn).ok()?, key.expose())));
        Ok((answer, enrolled))
    }

    /// The stakeholder's configuration for a registration: Client Configuration Retrieval.
    ///
    /// # Errors
    /// [`ClientError`]; 4004 if there is none.
    pub async fn configuration(&mut self, registration: &str) -> Result<ClientConfiguration, ClientError> {
        let path = self.path(registration, "/cfg")?;
        self.retrieve(self.registration_type(), &path).await
    }

    /// Proposes another end or other labels, at least one of them: Client Registration Update.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn update(
        &mut self,
        registration: &str,
        end: Option<ExpirationTime>,
        labels: Option<Vec<String>>,
    ) -> Result<RegistrationUpdate, ClientError> {
        let request = RegistrationUpdateRequest {
            fqdn: self.access.fqdn.to_string(),
            expiration_time: end.map(|end| end.to_string()),
            labels,
        };
        let path = self.path(registration, "")?;
        self.rooted(Operation::Update, self.registration_type(), &path, &request).await
    }

    /// Ends a registration, with the keys registered under it: Client De-Registration.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn deregister(&mut self, registration: &str) -> Result<(), ClientError> {
        let path = self.path(registration, "")?;
        self.connection().await?.ask(Operation::Delete, &path, &[]).await?;
        Ok(())
    }
}
