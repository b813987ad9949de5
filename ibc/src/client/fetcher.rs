//! Fetching by KeID over the network, for a MAF: TS-0003 clauses 8.8.2.3 and 8.3.2.1.

use super::{Access, Client, ClientError};
use crate::Function;
use crate::credential_fetcher::{CredentialFetcher, Fetching};
use crate::wire::{ResponseStatusCode, RetrievedKey};
use core::fmt;
use eccsi_sakke::onem2m::{Fqdn, KeId, RelativeKeyId, SecurityUsage};
use tokio::sync::Mutex;

/// Fetches from MEFs, with one session at each, which is opened anew when it has ended.
///
/// What it asks goes one after another on that session. The originator of each [`Access`] is the FQDN of the MAF, which
/// the MEF's operator has bound to the PSK identity or certificate.
pub struct NetworkFetcher(Vec<(Fqdn, Mutex<Client>)>);

impl fmt::Debug for NetworkFetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(fqdn, _)| fqdn)).finish()
    }
}

impl NetworkFetcher {
    /// A way to each of these MEFs, and to no other.
    ///
    /// # Errors
    /// [`ClientError::Configuration`] for a MAF, or a MEF that is there twice.
    pub fn new(mefs: impl IntoIterator<Item = Access>) -> Result<Self, ClientError> {
        let mut clients: Vec<(Fqdn, Mutex<Client>)> = Vec::new();
        for access in mefs {
            if access.function() != Function::Mef {
                return Err(ClientError::Configuration("keys are fetched by KeID from a MEF"));
            }
            if clients.iter().any(|(fqdn, _)| fqdn == access.fqdn()) {
                return Err(ClientError::Configuration("a MEF is there twice"));
            }
            clients.push((access.fqdn().clone(), Mutex::new(Client::new(access))));
        }
        Ok(Self(clients))
    }

    fn client(&self, ke_id: &KeId) -> Result<&Mutex<Client>, &'static str> {
        let found = self.0.iter().find(|(fqdn, _)| fqdn == ke_id.fqdn());
        found.map(|(_, client)| client).ok_or("no access to this MEF")
    }
}

impl CredentialFetcher for NetworkFetcher {
    fn fetch<'a>(&'a self, ke_id: &'a KeId, usage: SecurityUsage) -> Fetching<'a> {
        Box::pin(async move { Ok(self.client(ke_id)?.lock().await.fetch_credentials(ke_id, usage).await?) })
    }

    fn retrieve<'a>(&'a self, ke_id: &'a KeId) -> Fetching<'a, Option<RetrievedKey>> {
        Box::pin(async move {
            let key = RelativeKeyId::from_octets(ke_id.relative());
            match self.client(ke_id)?.lock().await.retrieve_key(&key).await {
                Ok(key) => Ok(Some(key)),
                Err(error) if error.response_status_code() == Some(ResponseStatusCode::NotFound) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
    }
}
