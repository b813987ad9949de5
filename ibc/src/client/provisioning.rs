//! IBC credential provisioning, clauses 8.3.7.2 and 8.3.7.3 (IBC), and what a MEF publishes.

use super::connection::{LIST, Operation};
use super::{Client, ClientError};
use crate::command::values::host;
use crate::wire::{EnrolRequest, IssuedCredential, KpakList, ReenrolRequest, rooted};
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, ExpiringIdentity};
use std::string::ToString;

impl Client {
    /// Asks for a credential for `entity`: initial provisioning. What comes is not checked here: see
    /// [`install`](super::install).
    ///
    /// Every request that reaches the MEF issues, whether its answer arrives or not: if this future is dropped, or the
    /// connection fails, the credential is issued and lost, since a MEF keeps no SSK that it could give again. It counts
    /// as one of the few that an entity may have live (two, unless the operator chose otherwise), and the oldest beyond
    /// them is denied. So two lost answers in a row end the credential in use: wait longer, rather than ask again soon.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn enrol(
        &mut self,
        entity: &EntityName,
        end: Option<ExpirationTime>,
    ) -> Result<IssuedCredential, ClientError> {
        self.at_mef()?;
        let request =
            EnrolRequest { id: entity.as_str().into(), expiration_time: end.map(|end| end.to_string()) };
        self.bare(&format!("{}/enrol", self.access.ibc_base), &request).await
    }

    /// Asks for a credential in place of one that is still valid: re-provisioning. Not checked here either. What was
    /// lost on the way is issued all the same: see [`enrol`](Self::enrol).
    ///
    /// # Errors
    /// [`ClientError`]; 4103 if ID_1 has expired, is denied or another client's.
    pub async fn reenrol(
        &mut self,
        id_1: &ExpiringIdentity,
        end: Option<ExpirationTime>,
    ) -> Result<IssuedCredential, ClientError> {
        self.at_mef()?;
        let request =
            ReenrolRequest { id1: id_1.as_str().into(), expiration_time: end.map(|end| end.to_string()) };
        self.bare(&format!("{}/reenrol", self.access.ibc_base), &request).await
    }

    /// Takes the IBC base URI from a command: `https`, and the host is the MEF. The session stays the one with the MEF
    /// that was configured, whatever the port in the URI.
    ///
    /// # Errors
    /// [`ClientError::Configuration`] for another scheme or host, or a URI with a query.
    pub fn use_ibc_base(&mut self, uri: &str) -> Result<(), ClientError> {
        const REFUSED: ClientError =
            ClientError::Configuration("the IBC base URI is an https URI whose host is the MEF");
        let rest = uri.strip_prefix("https://").ok_or(REFUSED)?;
        if host(uri).as_ref() != Some(&self.access.fqdn) || rest.contains(['?', '#']) {
            return Err(REFUSED);
        }
        let path = rest.find('/').map_or("", |at| &rest[at..]);
        self.access.ibc_base = path.trim_end_matches('/').into();
        Ok(())
    }

    /// The KPAKs that the MEF publishes.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn kpaks(&mut self) -> Result<KpakList, ClientError> {
        let answer = self.published("kpak").await?;
        let list: KpakList = rooted::read_bare(answer.as_bytes()).map_err(ClientError::Answer)?;
        if list.fqdn == self.access.fqdn.as_str() {
            Ok(list)
        } else {
            Err(ClientError::Answer("KPAKs of another MEF"))
        }
    }

    /// The deny list that the MEF publishes, with its signature as it stands there; empty if nothing was ever denied.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn deny_list(&mut self) -> Result<String, ClientError> {
        self.published("denylist").await
    }

    async fn published(&mut self, name: &str) -> Result<String, ClientError> {
        self.at_mef()?;
        let path = format!("{}/{name}", self.access.ibc_base);
        let answer = self.connection().await?.request(Operation::Retrieve, &path, &[], LIST).await?;
        core::str::from_utf8(&answer).map(Into::into).map_err(|_| ClientError::Answer("no text"))
    }
}
