//! Client Registration Update: TS-0003 clauses 8.3.5.2.5 and 8.8.2.5.
//!
//! | request | mult. | answer, what was asked only | mult. |
//! |---|---|---|---|
//! | MEF-FQDN or MAF-FQDN, registration | 1 | | |
//! | expirationTime, proposed | 0..1 | expirationTime, granted | 0..1 |
//! | labels | 0..1 | labels | 0..1 |
//! | one of the two at least | | assignedSymmKeyID, of a MAF for a new Km | 0..1 |

use super::authorize::raced;
use super::check::registration_end;
use super::{Registry, answer, km_id, registration_id, request, sealed_key};
use crate::service::audit::chain::Event;
use crate::service::error::{ServiceError, bad_request};
use crate::service::session::Call;
use crate::service::store::{Change, WriteTransaction, keys, registrations};
use crate::wire::{RegistrationUpdate, RegistrationUpdateRequest};
use eccsi_sakke::onem2m::{KmId, UnixTime};

impl Registry {
    /// Gives a registration another end or other labels: Client Registration Update.
    ///
    /// An earlier end is also the end of the keys that were to live longer.
    ///
    /// # Errors
    /// [`Kind::BadRequest`](crate::service::error::Kind::BadRequest) without a change;
    /// [`Kind::NotFound`](crate::service::error::Kind::NotFound), always the same, for a registration that is
    /// unknown, expired or another client's; otherwise as [`register_client`](Self::register_client).
    pub async fn update_client(
        &self,
        call: &Call,
        registration: &str,
        request: &RegistrationUpdateRequest,
    ) -> Result<RegistrationUpdate, ServiceError> {
        self.core.perform("update client", call, Update::parse(self, call, registration, request)).await
    }
}

struct Update {
    registry: Registry,
    call: Call,
    id: String,
    proposed: Option<UnixTime>,
    labels: Option<Vec<String>>,
}

impl Change for Update {
    type Output = RegistrationUpdate;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<RegistrationUpdate, ServiceError> {
        let registry = &self.registry;
        let (party, mut row) = registry.own_registration(tx, &self.call, &self.id).await?;
        let function = registry.function;
        registry.admission(tx, &party, &row.stakeholder).await?;
        if let Some(proposed) = self.proposed {
            row.not_after = registration_end(tx, function, &party, &row.stakeholder, proposed).await?;
        }
        if let Some(labels) = &self.labels {
            row.labels.clone_from(labels);
        }
        let assigned = km_id::assign(tx, registry, &self.call)
            .await?
            .filter(|km_id| row.assigned.as_ref() != Some(km_id));
        if assigned.is_some() {
            row.assigned.clone_from(&assigned);
        }
        if !registrations::update(tx.connection(), &row).await? {
            return Err(raced());
        }
        let outlasting = keys::of_registration(tx.connection(), &row.id, row.not_after).await?;
        let cut: Vec<_> = outlasting.iter().map(|key| key.id.as_str().to_owned()).collect();
        for mut key in outlasting {
            sealed_key::move_end(tx, &registry.core.keys, &mut key, row.not_after).await?;
            if !keys::update(tx.connection(), &key).await? {
                return Err(raced());
            }
        }
        let until = answer::time(row.not_after)?;
        let event = Event::new("client updated")
            .with("function", function.as_str())
            .with("registration", row.id.as_str())
            .with("client", row.client.as_str())
            .with("until", until.as_str())
            .with("keys_cut", cut)
            .with("assigned", row.assigned.as_ref().map_or("", KmId::as_str));
        tx.audit(event).await?;
        Ok(RegistrationUpdate {
            expiration_time: self.proposed.map(|_| until),
            labels: self.labels.clone(),
            assigned_symm_key_id: assigned.map(|km_id| km_id.to_string()),
        })
    }
}

impl Update {
    fn parse(
        registry: &Registry,
        call: &Call,
        registration: &str,
        request: &RegistrationUpdateRequest,
    ) -> Result<Self, ServiceError> {
        registry.check_fqdn(&request.fqdn)?;
        if request.expiration_time.is_none() && request.labels.is_none() {
            return Err(bad_request("nothing to update"));
        }
        Ok(Self {
            registry: registry.clone(),
            call: call.clone(),
            id: registration_id::parse(registration)?,
            proposed: request.expiration_time.as_deref().map(request::end).transpose()?,
            labels: request.labels.as_deref().map(request::labels).transpose()?,
        })
    }
}
