//! Client Configuration Retrieval: TS-0003 clauses 8.3.5.2.4 and 8.8.2.4. Without a configuration: 4004.

use super::{Registry, registration_id};
use crate::service::audit::chain::Event;
use crate::service::error::{ServiceError, not_found};
use crate::service::session::Call;
use crate::service::store::{Change, WriteTransaction};
use crate::wire::ClientConfiguration;

impl Registry {
    /// Gives the stakeholder's configuration for a registration: Client Configuration Retrieval.
    ///
    /// # Errors
    /// [`Kind::BadRequest`](crate::service::error::Kind::BadRequest) for another function's FQDN;
    /// [`Kind::NotFound`](crate::service::error::Kind::NotFound), always the same, for a registration that is
    /// unknown, expired or another client's, and without a configuration.
    pub async fn configuration(
        &self,
        call: &Call,
        fqdn: &str,
        registration: &str,
    ) -> Result<ClientConfiguration, ServiceError> {
        let id = self.check_fqdn(fqdn).and_then(|()| registration_id::parse(registration));
        let change = id.map(|id| Retrieve { registry: self.clone(), call: call.clone(), id });
        self.core.perform("retrieve configuration", call, change).await
    }
}

struct Retrieve {
    registry: Registry,
    call: Call,
    id: String,
}

impl Change for Retrieve {
    type Output = ClientConfiguration;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<ClientConfiguration, ServiceError> {
        let (_, row) = self.registry.own_registration(tx, &self.call, &self.id).await?;
        let configuration = row.configuration.ok_or_else(not_found)?;
        let event = Event::new("configuration retrieved")
            .with("function", self.registry.function.as_str())
            .with("registration", row.id.as_str())
            .with("client", row.client.as_str());
        tx.audit(event).await?;
        Ok(ClientConfiguration { configuration })
    }
}
