//! Fetching by KeID, `/fetchCredentials/<KeID>/<SUID>`: TS-0003 clause 8.3.2.1.
//!
//! | step | MEF |
//! |---|---|
//! | 1 | finds Ke by KeID |
//! | 2 | takes the target from X-M2M-Origin, which has to be an identity of the session |
//! | 3 | checks that this target may have this Enrolee's key for this SUID |
//! | 4 | derives Kuse |
//! | 5 | takes the Enrolee's identity and the time that is left |
//! | 6 | answers |
//!
//! Steps 1 and 3 fail with one answer: Status false and a constant text.

use super::Mef;
use crate::Function;
use crate::derive::{self, EnrolmentTarget};
use crate::service::audit::chain::Event;
use crate::service::error::{Kind, ServiceError, not_found};
use crate::service::party::{Bound, Party};
use crate::service::registry::authorize;
use crate::service::sealed::{self, Record};
use crate::service::session::Call;
use crate::service::store::secrets::{self, SecretRow};
use crate::service::store::{Change, WriteTransaction, policies, registrations};
use crate::wire::{FetchedCredentials, KeyValue};
use eccsi_sakke::onem2m::{KeId, Purpose, SecurityUsage, UnixTime};
use std::vec::Vec;
use zeroize::Zeroizing;

/// ErrorString, whatever the reason.
pub const NOT_AVAILABLE: &str = "not available";

impl Mef {
    /// Gives an Enrolment Target the key that it shares with an Enrolee for one usage.
    ///
    /// `Status` is false, with [`NOT_AVAILABLE`], for a KeID that is unknown, expired or another MEF's, and for a
    /// target or SUID that no stakeholder of the Enrolee allows.
    ///
    /// # Errors
    /// Those of every procedure, about the target's own session.
    pub async fn fetch_credentials(
        &self,
        call: &Call,
        ke_id: &KeId,
        usage: SecurityUsage,
    ) -> Result<FetchedCredentials, ServiceError> {
        let change = Fetch { mef: self.clone(), call: call.clone(), ke_id: ke_id.clone(), usage };
        match self.core.perform("fetch credentials", call, Ok(change)).await {
            Err(error) if error.kind() == Kind::NotFound => Ok(FetchedCredentials {
                status: false,
                credential: None,
                enrolee_id: None,
                lifetime: None,
                error_string: Some(NOT_AVAILABLE.into()),
            }),
            outcome => outcome,
        }
    }
}

struct Fetch {
    mef: Mef,
    call: Call,
    ke_id: KeId,
    usage: SecurityUsage,
}

impl Change for Fetch {
    type Output = FetchedCredentials;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<FetchedCredentials, ServiceError> {
        let now = tx.now();
        let party = Party::find(tx, Function::Mef, &self.call).await?; // 2)
        if *self.ke_id.fqdn() != self.mef.fqdn || !self.usage.is_registered_at_mef() {
            return Err(not_found());
        }
        let text = format!("{}", self.ke_id);
        let enrolee = secrets::enrolment_key(tx.connection(), &text, now).await?.ok_or_else(not_found)?; // 1)
        let end = self.allowed_end(tx, &party, &enrolee).await?; // 3)
        let target = target(&party.identity).ok_or_else(not_found)?;
        let ke = sealed::open(&self.mef.core.keys, enrolee.sealed, Record::EnrolmentKey(&text)).await?;
        let ke: &[u8; 32] = ke.expose().try_into().map_err(ServiceError::internal)?;
        let key = derive::kuse(ke, self.usage, &target); // 4)
        let lifetime = end.as_seconds() - now.as_seconds(); // 5)
        let event = Event::new("credential fetched")
            .with("ke_id", text)
            .with("suid", self.usage.to_u8())
            .with("target", party.identity.as_str())
            .with("requester", party.credential.as_str())
            .with("enrolee", enrolee.entity.as_str())
            .with("lifetime", lifetime);
        tx.audit(event).await?;
        Ok(FetchedCredentials {
            status: true,
            credential: Some(KeyValue::new(Zeroizing::new(key.to_vec()))),
            enrolee_id: Some(enrolee.entity),
            lifetime: Some(lifetime),
            error_string: None,
        })
    }
}

impl Fetch {
    /// Until when this target may have this key; later than now.
    async fn allowed_end(
        &self,
        tx: &mut WriteTransaction<'_>,
        party: &Party,
        enrolee: &SecretRow,
    ) -> Result<UnixTime, ServiceError> {
        let is_maf = matches!(party.identity, Bound::Maf(_));
        if is_maf != (self.usage.purpose() == Purpose::Maf) || party.identity.as_str() == enrolee.entity {
            return Err(not_found());
        }
        let (function, target) = (Function::Mef, party.identity.as_str());
        let mut stakeholders = Vec::new();
        for stakeholder in registrations::stakeholders_of(tx.connection(), function, &enrolee.client).await? {
            let owner = (stakeholder.as_str(), enrolee.client.as_str());
            let rules = policies::rules(tx.connection(), function, owner, Some(self.usage)).await?;
            let is_known = registrations::is_known(tx.connection(), &stakeholder, target).await?;
            stakeholders.push((rules, is_known));
        }
        let rules = stakeholders.iter().map(|(rules, is_known)| (rules.as_slice(), *is_known));
        let longest = authorize::may_fetch(rules, target).ok_or_else(|| {
            let (client, suid) = (&enrolee.client, self.usage.to_u8());
            tracing::warn!(%client, suid, target, "a key was not given: no policy lets this target have it");
            not_found()
        })?;
        Ok(authorize::latest_end(tx.now(), [longest], enrolee.not_after))
    }
}

/// Enrolment-Target-ID of an identity of a session.
fn target(identity: &Bound) -> Option<EnrolmentTarget> {
    match identity {
        Bound::Entity(entity) => EnrolmentTarget::entity(entity),
        Bound::Maf(fqdn) => Some(EnrolmentTarget::maf(fqdn)),
    }
}
