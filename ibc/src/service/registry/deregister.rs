//! De-Registration of clients (TS-0003 clauses 8.3.5.2.6 and 8.8.2.6) and of keys (8.3.5.2.10 and 8.8.2.10).
//!
//! With a registration go its commands and its keys. Names stay taken, audit entries stay, and the key material is
//! erased by the sweeper, in the database and in its backups.

use super::{Registry, registration_id, request, sealed_key};
use crate::service::audit::chain::Event;
use crate::service::error::{ServiceError, not_found};
use crate::service::registered::Registration;
use crate::service::session::Call;
use crate::service::store::{Change, WriteTransaction, keys, registrations};
use eccsi_sakke::onem2m::{RelativeKeyId, UnixTime};

impl Registry {
    /// Ends a registration, with its commands and keys: Client De-Registration.
    ///
    /// # Errors
    /// [`Kind::BadRequest`](crate::service::error::Kind::BadRequest) for another function's FQDN;
    /// [`Kind::NotFound`](crate::service::error::Kind::NotFound), always the same, for a registration that is
    /// unknown, expired or another client's.
    pub async fn deregister_client(
        &self,
        call: &Call,
        fqdn: &str,
        registration: &str,
    ) -> Result<(), ServiceError> {
        let id = self.check_fqdn(fqdn).and_then(|()| registration_id::parse(registration));
        let change = id.map(|id| DeregisterClient { registry: self.clone(), call: call.clone(), id });
        self.core.perform("deregister client", call, change).await
    }

    /// Ends a key: Key De-Registration. Only its source may.
    ///
    /// # Errors
    /// [`Kind::BadRequest`](crate::service::error::Kind::BadRequest) for another function's FQDN or another form
    /// of identifier; [`Kind::NotFound`](crate::service::error::Kind::NotFound), always the same, for a key that
    /// is unknown, expired or another client's.
    pub async fn deregister_key(
        &self,
        call: &Call,
        fqdn: &str,
        relative_key_id: &str,
    ) -> Result<(), ServiceError> {
        let id = self.check_fqdn(fqdn).and_then(|()| request::relative_key_id(relative_key_id));
        let change = id.map(|id| DeregisterKey { registry: self.clone(), call: call.clone(), id });
        self.core.perform("deregister key", call, change).await
    }
}

/// Removes a registration and everything under it, and gives the names of its keys.
pub(super) async fn cascade(
    tx: &mut WriteTransaction<'_>,
    row: &Registration,
) -> Result<Vec<String>, ServiceError> {
    // First the registration: another node that registers a key under it waits, and then finds it gone.
    if !registrations::remove(tx.connection(), &row.id).await? {
        return Err(not_found());
    }
    let mut removed = Vec::new();
    for key in keys::of_registration(tx.connection(), &row.id, UnixTime::EPOCH).await? {
        sealed_key::remove(tx, &key).await?;
        removed.push(key.id.as_str().into());
    }
    Ok(removed)
}

struct DeregisterClient {
    registry: Registry,
    call: Call,
    id: String,
}

impl Change for DeregisterClient {
    type Output = ();

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<(), ServiceError> {
        let (_, row) = self.registry.own_registration(tx, &self.call, &self.id).await?;
        let keys = cascade(tx, &row).await?;
        let event = Event::new("client deregistered")
            .with("function", self.registry.function.as_str())
            .with("registration", row.id.as_str())
            .with("client", row.client.as_str())
            .with("stakeholder", row.stakeholder.as_str())
            .with("keys", keys);
        tx.audit(event).await
    }
}

struct DeregisterKey {
    registry: Registry,
    call: Call,
    id: RelativeKeyId,
}

impl Change for DeregisterKey {
    type Output = ();

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<(), ServiceError> {
        let (_, row) = self.registry.own_key(tx, &self.call, &self.id).await?;
        sealed_key::remove(tx, &row).await?;
        let event = Event::new("key deregistered")
            .with("function", self.registry.function.as_str())
            .with("key", row.id.as_str())
            .with("client", row.client.as_str());
        tx.audit(event).await
    }
}
