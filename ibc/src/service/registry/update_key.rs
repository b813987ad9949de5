//! Key Registration Update: TS-0003 clauses 8.3.5.2.9 and 8.8.2.9.
//!
//! | request | mult. | answer, what was asked only | mult. |
//! |---|---|---|---|
//! | MEF-FQDN or MAF-FQDN, RelativeKeyID | 1 | | |
//! | expirationTime, proposed | 0..1 | expirationTime, granted | 0..1 |
//! | labels | 0..1 | labels | 0..1 |
//! | targetIDs | 0..1 | targetIDs | 0..1 |
//! | one of the three at least | | | |
//!
//! SUID, adminFQDN and Key Value cannot be changed: the body that has them does not parse. A target that is no longer in
//! the list keeps the copy it has.

use super::authorize::{self, raced};
use super::{Registry, answer, check, request, sealed_key};
use crate::service::audit::chain::Event;
use crate::service::error::{ServiceError, bad_request, not_found};
use crate::service::session::Call;
use crate::service::store::{Change, WriteTransaction, keys, policies, registrations};
use crate::wire::{KeyUpdate, KeyUpdateRequest};
use eccsi_sakke::onem2m::{RelativeKeyId, UnixTime};

impl Registry {
    /// Gives a key another end, other labels or other targets: Key Registration Update. Only its source may.
    ///
    /// # Errors
    /// [`Kind::BadRequest`](crate::service::error::Kind::BadRequest) without a change;
    /// [`Kind::NotFound`](crate::service::error::Kind::NotFound), always the same, for a key that is unknown,
    /// expired or another client's; otherwise as [`register_key`](Self::register_key).
    pub async fn update_key(
        &self,
        call: &Call,
        relative_key_id: &str,
        request: &KeyUpdateRequest,
    ) -> Result<KeyUpdate, ServiceError> {
        self.core.perform("update key", call, Update::parse(self, call, relative_key_id, request)).await
    }
}

struct Update {
    registry: Registry,
    call: Call,
    id: RelativeKeyId,
    proposed: Option<UnixTime>,
    labels: Option<Vec<String>>,
    /// Read once the usage is known.
    targets: Option<Vec<String>>,
}

impl Change for Update {
    type Output = KeyUpdate;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<KeyUpdate, ServiceError> {
        let (now, function) = (tx.now(), self.registry.function);
        let (party, mut row) = self.registry.own_key(tx, &self.call, &self.id).await?;
        let registration = registrations::by_id(tx.connection(), function, &row.registration)
            .await?
            .filter(|registration| registration.not_after > now)
            .ok_or_else(not_found)?;
        self.registry.admission(tx, &party, &row.stakeholder).await?;
        check::hold(tx, &registration).await?;
        if self.proposed.is_some() || self.targets.is_some() {
            let owner = (row.stakeholder.as_str(), party.client.as_str());
            let rules = policies::rules(tx.connection(), function, owner, Some(row.usage)).await?;
            let rule = authorize::rule(&rules)?;
            if let Some(proposed) = self.proposed {
                let end = authorize::key_end(now, proposed, rule, registration.not_after)?;
                sealed_key::move_end(tx, &self.registry.core.keys, &mut row, end).await?;
            }
            if let Some(texts) = &self.targets {
                let asked = request::targets(row.usage, texts)?;
                row.targets = check::targets(tx, (row.usage, rule), &registration, Some(&asked)).await?;
            }
        }
        if let Some(labels) = &self.labels {
            row.labels.clone_from(labels);
        }
        if !keys::update(tx.connection(), &row).await? {
            return Err(raced());
        }
        let until = answer::time(row.not_after)?;
        let event = Event::new("key updated")
            .with("function", function.as_str())
            .with("key", row.id.as_str())
            .with("client", row.client.as_str())
            .with("suid", row.usage.to_u8())
            .with("targets", row.targets.clone())
            .with("until", until.as_str());
        tx.audit(event).await?;
        Ok(KeyUpdate {
            expiration_time: self.proposed.map(|_| until),
            labels: self.labels.clone(),
            target_ids: self.targets.as_ref().map(|_| row.targets),
        })
    }
}

impl Update {
    fn parse(
        registry: &Registry,
        call: &Call,
        relative_key_id: &str,
        request: &KeyUpdateRequest,
    ) -> Result<Self, ServiceError> {
        registry.check_fqdn(&request.fqdn)?;
        if request.expiration_time.is_none() && request.labels.is_none() && request.target_ids.is_none() {
            return Err(bad_request("nothing to update"));
        }
        Ok(Self {
            registry: registry.clone(),
            call: call.clone(),
            id: request::relative_key_id(relative_key_id)?,
            proposed: request.expiration_time.as_deref().map(request::end).transpose()?,
            labels: request.labels.as_deref().map(request::labels).transpose()?,
            targets: request.target_ids.clone(),
        })
    }
}
