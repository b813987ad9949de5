//! Key Retrieval: TS-0003 clauses 8.3.5.2.8 and 8.8.2.8.
//!
//! | request | mult. | answer | mult. |
//! |---|---|---|---|
//! | RelativeKeyID | 1 | expirationTime | 1 |
//! | | | Source MEF or MAF Client ID | 1 |
//! | | | labels | 0..1 |
//! | | | adminFQDN | 1 |
//! | | | SUID | 1 |
//! | | | Key Value | 1 |
//!
//! Unknown, expired, and not for any identity of the session: one answer, 4004. The source is no target. The audit
//! entry is durable before the key leaves.

use super::{Registry, answer, authorize, request, sealed_key};
use crate::service::audit::chain::Event;
use crate::service::error::{ServiceError, not_found};
use crate::service::session::Call;
use crate::service::store::{Change, WriteTransaction, keys};
use crate::wire::{KeyValue, RetrievedKey};
use eccsi_sakke::onem2m::RelativeKeyId;
use zeroize::Zeroizing;

impl Registry {
    /// Gives a key to one of its targets: Key Retrieval.
    ///
    /// # Errors
    /// [`Kind::BadRequest`](crate::service::error::Kind::BadRequest) for another form of identifier;
    /// [`Kind::NotFound`](crate::service::error::Kind::NotFound), always the same, for a key that is unknown,
    /// expired or not for this client; [`Kind::NoPrivilege`](crate::service::error::Kind::NoPrivilege) for a session by
    /// KeID whose client has not registered; and those of every procedure.
    pub async fn retrieve_key(
        &self,
        call: &Call,
        relative_key_id: &str,
    ) -> Result<RetrievedKey, ServiceError> {
        let id = request::relative_key_id(relative_key_id);
        let change = id.map(|id| Retrieve { registry: self.clone(), call: call.clone(), id });
        self.core.perform("retrieve key", call, change).await
    }
}

struct Retrieve {
    registry: Registry,
    call: Call,
    id: RelativeKeyId,
}

impl Change for Retrieve {
    type Output = RetrievedKey;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<RetrievedKey, ServiceError> {
        let (now, function) = (tx.now(), self.registry.function);
        let party = self.registry.key_party(tx, &self.call).await?;
        // Steps 3 and 4 of the clause: found, alive, and for this client.
        let row = keys::live(tx.connection(), function, &self.id, now).await?.ok_or_else(not_found)?;
        if !authorize::may_retrieve(&row.targets, &party.identities) {
            return Err(not_found());
        }
        let key = sealed_key::open(&self.registry.core.keys, &row).await?;
        let event = Event::new("key retrieved")
            .with("function", function.as_str())
            .with("key", row.id.as_str())
            .with("client", party.client.as_str())
            .with("requester", party.credential.as_str())
            .with("identity", party.identity.as_str());
        tx.audit(event).await?;
        // Step 5.
        Ok(RetrievedKey {
            expiration_time: answer::time(row.not_after)?,
            admin_fqdn: row.stakeholder,
            suid: row.usage.to_u8(),
            source: row.source,
            key_value: KeyValue::new(Zeroizing::new(key.expose().to_vec())),
            labels: answer::labels(row.labels),
        })
    }
}
