//! Checks of a request against the store: what is the caller's own, which targets a rule admits, until when.

use super::authorize::{self, latest_end, raced};
use super::{Registry, request};
use crate::Function;
use crate::service::error::{ServiceError, no_privilege, not_found, unacceptable};
use crate::service::limits;
use crate::service::party::Party;
use crate::service::registered::{Admission, RegisteredKey, Registration};
use crate::service::rule::Rule;
use crate::service::session::{Authenticated, Call};
use crate::service::store::{WriteTransaction, keys, policies, registrations};
use eccsi_sakke::onem2m::{RelativeKeyId, SecurityUsage, TargetIds, UnixTime};
use std::collections::BTreeSet;

impl Registry {
    /// The registration of a call's identity that is alive and has this identifier.
    pub(in crate::service) async fn own_registration(
        &self,
        tx: &mut WriteTransaction<'_>,
        call: &Call,
        id: &str,
    ) -> Result<(Party, Registration), ServiceError> {
        let now = tx.now();
        let party = Party::find(tx, self.function, call).await?;
        let found = registrations::by_id(tx.connection(), self.function, id).await?.ok_or_else(not_found)?;
        let is_own = found.client == party.client && found.entity == party.identity.as_str();
        if is_own && found.not_after > now { Ok((party, found)) } else { Err(not_found()) }
    }

    /// Who asks for a procedure on keys. A client whose Km comes from a MEF names itself by a KeID until it has registered
    /// here; before that there are no keys for it (clause 8.2.2.3, step 4).
    ///
    /// # Errors
    /// As [`Party::find`]; [`Kind::NoPrivilege`](crate::service::error::Kind::NoPrivilege) for a KeID without a live registration.
    pub(super) async fn key_party(
        &self,
        tx: &mut WriteTransaction<'_>,
        call: &Call,
    ) -> Result<Party, ServiceError> {
        let party = Party::find(tx, self.function, call).await?;
        if let Authenticated::KeId(_) = call.session.mutually_authenticated()? {
            let now = tx.now();
            let owner = (party.client.as_str(), party.identity.as_str());
            if !registrations::is_registered(tx.connection(), self.function, owner, now).await? {
                return Err(no_privilege());
            }
        }
        Ok(party)
    }

    /// The key of a call's identity that is alive and has this name.
    pub(super) async fn own_key(
        &self,
        tx: &mut WriteTransaction<'_>,
        call: &Call,
        id: &RelativeKeyId,
    ) -> Result<(Party, RegisteredKey), ServiceError> {
        let now = tx.now();
        let party = self.key_party(tx, call).await?;
        let found = keys::live(tx.connection(), self.function, id, now).await?.ok_or_else(not_found)?;
        let is_own = found.client == party.client && found.source == party.identity.as_str();
        if is_own { Ok((party, found)) } else { Err(not_found()) }
    }

    /// What the stakeholder gives to registrations of this client, which it has to have admitted.
    pub(super) async fn admission(
        &self,
        tx: &mut WriteTransaction<'_>,
        party: &Party,
        stakeholder: &str,
    ) -> Result<Admission, ServiceError> {
        let admitted = registrations::admission(tx.connection(), self.function, &party.client, stakeholder);
        admitted.await?.ok_or_else(no_privilege)
    }
}

/// Keeps a registration as it was read until the end of the transaction.
pub(in crate::service) async fn hold(
    tx: &mut WriteTransaction<'_>,
    registration: &Registration,
) -> Result<(), ServiceError> {
    if registrations::hold(tx.connection(), registration).await? { Ok(()) } else { Err(raced()) }
}

/// The end of a registration: what was proposed, cut to the life of credential and client and to policy.
pub(super) async fn registration_end(
    tx: &mut WriteTransaction<'_>,
    function: Function,
    party: &Party,
    stakeholder: &str,
    proposed: UnixTime,
) -> Result<UnixTime, ServiceError> {
    let now = tx.now();
    let rules = policies::rules(tx.connection(), function, (stakeholder, &party.client), None).await?;
    let of_policy = rules.first().and_then(|rule| rule.max_lifetime);
    let longest = of_policy.into_iter().chain([limits::REGISTRATION_LIFETIME_MAX]);
    authorize::end(now, proposed, latest_end(now, longest, party.not_after))
}

/// The targets that were asked for, else the stakeholder's; held against the rule.
pub(super) async fn targets(
    tx: &mut WriteTransaction<'_>,
    (usage, rule): (SecurityUsage, &Rule),
    registration: &Registration,
    asked: Option<&TargetIds>,
) -> Result<Vec<String>, ServiceError> {
    let of_policy = match asked {
        Some(_) => None,
        None if rule.default_targets.is_empty() => return Err(unacceptable("targets are needed")),
        None => Some(request::targets(usage, &rule.default_targets).map_err(ServiceError::internal)?),
    };
    let list: Vec<String> =
        asked.or(of_policy.as_ref()).into_iter().flat_map(TargetIds::texts).map(Into::into).collect();
    let mut known = BTreeSet::new();
    if rule.asks_whether_known() {
        for target in &list {
            if registrations::is_known(tx.connection(), &registration.stakeholder, target).await? {
                known.insert(target.as_str());
            }
        }
    }
    let texts = list.iter().map(String::as_str);
    authorize::targets(rule, &registration.entity, texts, |target| known.contains(target))?;
    Ok(list)
}
