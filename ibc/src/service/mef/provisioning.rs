//! IBC credential provisioning (clause 8.3.7.2) and re-provisioning (clause 8.3.7.3).
//!
//! Two transactions with the KMS between them. The first reserves ID_2, with its audit entry; whatever
//! happens afterwards, that ID_2 is never given again. The second notes PVT and who received the
//! credential, and only then is it handed out. SSK is never stored: who loses the answer asks again, and gets
//! another ID_2. The lost one stays live, as one of [`ProvisioningPolicy::live_credentials`], until newer ones take its
//! place. A request is not undone when whoever asked has gone.

use super::Mef;
use crate::Function;
use crate::service::audit::chain::Event;
use crate::service::budgets::{self, supersede_window};
use crate::service::deny_list::{Denial, Deny, acceptable_after, deny};
use crate::service::error::{Kind, ServiceError, bad_request, no_privilege, unacceptable};
use crate::service::kms::{Issued, PublicKeys};
use crate::service::limits;
use crate::service::party::Party;
use crate::service::session::{Call, Handshake};
use crate::service::store::identities::{self, Reservation, SUPERSEDED};
use crate::service::store::{Change, WriteTransaction, lists};
use crate::wire::{EnrolRequest, IssuedCredential, KpakList, PublishedKpak, ReenrolRequest, SecretText};
use core::time::Duration;
use eccsi_sakke::onem2m::{
    AeIdStem, EntityId, EntityName, ExpirationTime, ExpiringIdentity, Fqdn, StemScope, UnixTime,
};
use eccsi_sakke::saef::KpakTag;
use std::sync::Arc;

/// How long credentials live, and how many; and how often clients ask for commands.
#[derive(Clone, Debug)]
pub struct ProvisioningPolicy {
    /// Life if the client proposes nothing.
    pub default_lifetime: Duration,
    /// Longest life.
    pub max_lifetime: Duration,
    /// Refuse a proposal beyond the longest life, in place of cutting it.
    pub refuse_longer: bool,
    /// Live credentials of one entity: older ones are denied. Credentials whose answer was lost count too: with 1, a
    /// single lost answer leaves a device with nothing until the window is over.
    pub live_credentials: usize,
    /// The time in which an entity gets at most so many new ones; zero for no such limit.
    pub supersede_window: Duration,
    /// Superseded credentials of one entity that are denied and have not expired. With so many, the entity gets a new one
    /// only where it supersedes none.
    pub superseded: usize,
    /// Give a Receiver Secret Key of SAKKE along.
    pub with_rsk: bool,
    /// When a client for which no command waits asks again (retryDuration of NO_MORE_COMMANDS).
    pub command_retry: Duration,
}

impl Default for ProvisioningPolicy {
    fn default() -> Self {
        Self {
            default_lifetime: limits::CREDENTIAL_LIFETIME,
            max_lifetime: limits::CREDENTIAL_LIFETIME_MAX,
            refuse_longer: false,
            live_credentials: budgets::LIVE_CREDENTIALS.count(),
            supersede_window: budgets::SUPERSEDE_WINDOW.time(),
            superseded: budgets::SUPERSEDED.count(),
            with_rsk: false,
            command_retry: limits::COMMAND_RETRY,
        }
    }
}

/// What is asked for, before anything is known of the client.
enum Wanted {
    /// A credential for this name.
    Initial(EntityName),
    /// One in place of ID_1.
    Replacement(ExpiringIdentity),
}

impl Mef {
    /// Issues a credential to a CSE or an AE: initial provisioning, clause 8.3.7.2 (IBC).
    ///
    /// # Errors
    /// [`Kind::BadRequest`] for what is no CSE-ID or AE-ID or no time; [`Kind::ContentsUnacceptable`] for an end in
    /// the past; [`Kind::NoPrivilege`] for an identity that is not bound to the client;
    /// [`Kind::Conflict`] if no unique ID_2 is left near that end, or the name is in use for the other
    /// kind of entity; [`Kind::TooManyRequests`] if the entity had as many new ones as it gets now;
    /// [`Kind::Unavailable`] if the store, the audit log or the KMS fails.
    pub async fn enrol(&self, call: &Call, request: &EnrolRequest) -> Result<IssuedCredential, ServiceError> {
        let wanted = name(&request.id, &self.core.provider).map(Wanted::Initial);
        self.provision("enrol", call, wanted, request.expiration_time.as_deref()).await
    }

    /// Issues a credential in place of one that is still valid: re-provisioning, clause 8.3.7.3 (IBC).
    ///
    /// # Errors
    /// As [`enrol`](Self::enrol); [`Kind::BadRequest`] for an ID_1 of another form or another MEF;
    /// [`Kind::NoPrivilege`], always the same, for one that is unknown, expired, denied or another client's.
    pub async fn reenrol(
        &self,
        call: &Call,
        request: &ReenrolRequest,
    ) -> Result<IssuedCredential, ServiceError> {
        let wanted = ExpiringIdentity::parse(&request.id1)
            .map_err(|_| bad_request("id1 is no ID_2"))
            .and_then(|id_1| {
                if *id_1.fqdn() == self.fqdn {
                    Ok(id_1)
                } else {
                    Err(bad_request("id1 belongs to another MEF"))
                }
            })
            .map(Wanted::Replacement);
        self.provision("reenrol", call, wanted, request.expiration_time.as_deref()).await
    }

    async fn provision(
        &self,
        procedure: &'static str,
        call: &Call,
        wanted: Result<Wanted, ServiceError>,
        proposed: Option<&str>,
    ) -> Result<IssuedCredential, ServiceError> {
        let proposed = proposed.map(ExpirationTime::parse_request).transpose();
        let reserve = wanted.and_then(|wanted| {
            let proposed = proposed.map_err(|_| bad_request("the expiration time is no time"))?;
            let proposed = proposed.map(ExpirationTime::to_unix);
            Ok(Reserve { mef: self.clone(), call: call.clone(), wanted, proposed })
        });
        // 1) and 2): the identity is checked, ID_2 made and reserved
        let reserved = self.core.perform(procedure, call, reserve).await?;
        let issued = self.issue(&reserved).await?;
        let complete = Complete { pvt: issued.pvt.to_bytes(), reserved, live: self.policy.live_credentials };
        let id_2 = self.core.store.write(complete).await?;
        // 3) the four parts together
        Ok(answer(&id_2, &issued))
    }

    /// Lets the KMS issue, where blocking is allowed.
    async fn issue(&self, reserved: &Reserved) -> Result<Issued, ServiceError> {
        let (kms, id_2, tag, now) =
            (Arc::clone(&self.kms), reserved.id_2.clone(), reserved.tag, reserved.now);
        let with_rsk = self.policy.with_rsk;
        tokio::task::spawn_blocking(move || kms.issue(Some(tag), &id_2, with_rsk, now))
            .await
            .map_err(ServiceError::internal)?
            .map_err(ServiceError::unavailable)
    }

    /// The newest deny list as published, empty if nothing was ever denied.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] if the store cannot be read.
    pub async fn deny_list(&self) -> Result<String, ServiceError> {
        let mut connection = self.core.store.reads().pool().acquire().await?;
        Ok(lists::newest(&mut connection).await?.1)
    }

    /// Denies an identity, also one of another MEF, and gives the number of the list of this MEF that has it.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] if the store, the audit log or the signing fails.
    pub async fn deny(&self, id_2: ExpiringIdentity, reason: &str) -> Result<u64, ServiceError> {
        let (fqdn, keys) = (self.fqdn.clone(), Arc::clone(&self.core.keys));
        self.core.store.write(Deny { fqdn, id_2, reason: reason.into(), keys }).await
    }

    /// The KPAKs of this MEF with the time for which each is published.
    pub fn kpaks(&self) -> KpakList {
        let published = |keys: &Arc<PublicKeys>| PublishedKpak {
            tag: format!("{}", keys.tag),
            kpak: base16ct::lower::encode_string(&keys.kpak.to_bytes()),
            z_public: Some(base16ct::lower::encode_string(&keys.z.to_bytes())),
            from: text(keys.not_before),
            until: text(keys.not_after),
        };
        let now = self.core.store.reads().now();
        let keys = self.kms.public_keys(&self.fqdn, now);
        KpakList { fqdn: self.fqdn.as_str().into(), kpak: keys.iter().map(published).collect() }
    }
}

fn text(time: UnixTime) -> String {
    ExpirationTime::from_unix(time)
        .map_or_else(|_| format!("{}", ExpirationTime::MAX), |time| format!("{time}"))
}

/// The CSE-ID or AE-ID of a request: absolute, SP-relative, or a bare stem "S", which the provider completes. A
/// bare stem "C" is unique below one CSE only, and an ID_2 of it could be another AE's.
fn name(text: &str, provider: &Fqdn) -> Result<EntityName, ServiceError> {
    let error = |_| bad_request("id is no CSE-ID or AE-ID");
    if text.len() > limits::IDENTIFIER_BYTES {
        return Err(bad_request("id is too long"));
    }
    match AeIdStem::parse(text) {
        Ok(stem) if stem.scope() == StemScope::Provider => {
            Ok(stem.to_absolute(None, provider).map_err(error)?.into())
        }
        _ => EntityName::parse(text).map_err(error),
    }
}

fn answer(id_2: &ExpiringIdentity, issued: &Issued) -> IssuedCredential {
    let hex = base16ct::lower::encode_string;
    IssuedCredential {
        id2: id_2.as_str().into(),
        ssk: SecretText::new(hex(issued.ssk.expose())),
        pvt: hex(&issued.pvt.to_bytes()),
        kpak: hex(&issued.keys.kpak.to_bytes()),
        rsk: issued.rsk.as_ref().map(|rsk| SecretText::new(hex(rsk.expose()))),
        z_public: issued.rsk.as_ref().map(|_| hex(&issued.keys.z.to_bytes())),
    }
}

/// First transaction: checks who asks for what, and reserves an ID_2 that nobody had.
struct Reserve {
    mef: Mef,
    call: Call,
    wanted: Wanted,
    proposed: Option<UnixTime>,
}

impl Change for Reserve {
    type Output = Reserved;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<Reserved, ServiceError> {
        let now = tx.now();
        let party = Party::find(tx, Function::Mef, &self.call).await?;
        let (name, replaces) = match &self.wanted {
            Wanted::Initial(name) => (name.clone(), ""),
            Wanted::Replacement(id_1) => {
                self.check_holder(tx, &party, id_1).await?;
                (id_1.entity_id().clone(), id_1.as_str())
            }
        };
        let provider = &self.mef.core.provider;
        let entity = party.owns(&name, provider).ok_or_else(no_privilege)?.clone();
        identities::claim_kind(tx.connection(), &entity).await?;
        if self.call.session.handshake() != Handshake::Operator {
            self.check_rate(tx, entity.as_str()).await?;
        }
        let keys = self.mef.kms.issuing(&self.mef.fqdn, now).map_err(ServiceError::unavailable)?;
        let last = self.end(now, party.not_after.min(keys.not_after))?;
        let tag = format!("{}", keys.tag);
        for moved in 0..=limits::EXPIRY_MOVES {
            let end = last.checked_sub(Duration::from_secs(moved)).filter(|end| *end > now);
            let Some(end) = end.and_then(|end| ExpirationTime::from_unix(end).ok()) else { break };
            let id_2 = self.id_2(&name, end)?;
            let row = Reservation {
                id_2: &id_2,
                entity: &entity,
                kpak_tag: &tag,
                client: &party.client,
                requester: &party.credential,
                replaces,
            };
            if !identities::reserve(tx.connection(), &row, now).await? {
                continue; // given before: one second earlier, never later
            }
            let event = Event::new("reserved")
                .with("id2", id_2.as_str())
                .with("client", party.client.as_str())
                .with("requester", party.credential.as_str())
                .with("entity", entity.as_str())
                .with("kpak_tag", tag.as_str())
                .with("replaces", replaces);
            tx.audit(event).await?;
            return Ok(Reserved {
                id_2,
                entity,
                tag: keys.tag,
                client: party.client,
                requester: party.credential,
                now,
            });
        }
        Err(ServiceError::new(Kind::Conflict, "no identity is left near this expiration time"))
    }
}

/// An ID_2 that is taken.
struct Reserved {
    id_2: ExpiringIdentity,
    entity: EntityId,
    tag: KpakTag,
    client: String,
    requester: String,
    now: UnixTime,
}

impl Reserve {
    /// How often an entity gets a new credential, and how many it leaves on the deny list.
    async fn check_rate(&self, tx: &mut WriteTransaction<'_>, entity: &str) -> Result<(), ServiceError> {
        let (now, policy) = (tx.now(), &self.mef.policy);
        let until = |time: UnixTime| Duration::from_secs(time.as_seconds().saturating_sub(now.as_seconds()));
        let most = policy.live_credentials.max(1);
        let window = policy.supersede_window;
        let since = (supersede_window(window, now), supersede_window(window.min(budgets::RESERVED), now));
        for (budget, most, after) in [
            (&budgets::LIVE_CREDENTIALS, most, now),
            (&budgets::NEW_CREDENTIALS, most.max(budgets::NEW_CREDENTIALS.count()), UnixTime::EPOCH),
        ] {
            let recent = identities::recent(tx.connection(), entity, since, after, most).await?;
            if recent.len() >= most
                && let Some(first) = recent.last()
            {
                // A window without end has no room in it again.
                let room = first.checked_add(window).unwrap_or(UnixTime::from_seconds(u64::MAX));
                let text = "this entity had as many new credentials as it gets in this time";
                return Err(ServiceError::too_many(budget, text, until(room)));
            }
        }
        if identities::live(tx.connection(), entity, now).await?.len() < most {
            return Ok(()); // nothing to supersede
        }
        let after = acceptable_after(now);
        let (entries, end) = identities::superseded(tx.connection(), entity, after).await?;
        if entries >= policy.superseded as u64 {
            let text = "too many credentials of this entity were superseded before they expired";
            let gone = until(end.checked_add(limits::CLOCK_SKEW).unwrap_or(end));
            return Err(ServiceError::too_many(&budgets::SUPERSEDED, text, gone));
        }
        let all = &budgets::SUPERSEDED_IN_ALL;
        if identities::denials(tx.connection(), after).await? >= all.count() as u64 {
            let text = "too many credentials were superseded before they expired";
            return Err(ServiceError::too_many(all, text, window));
        }
        Ok(())
    }

    /// ID_1 was issued here, to this client, and is valid. One answer for all that is not.
    async fn check_holder(
        &self,
        tx: &mut WriteTransaction<'_>,
        party: &Party,
        id_1: &ExpiringIdentity,
    ) -> Result<(), ServiceError> {
        let now = tx.now();
        let row = identities::issued(tx.connection(), id_1.as_str()).await?.ok_or_else(no_privilege)?;
        if row.client == party.client && !row.is_denied && now < row.not_after {
            Ok(())
        } else {
            Err(no_privilege())
        }
    }

    /// The end of the credential: what was proposed, or the default, cut to policy and to `latest`.
    fn end(&self, now: UnixTime, latest: UnixTime) -> Result<UnixTime, ServiceError> {
        let policy = &self.mef.policy;
        let after = |lifetime| now.checked_add(lifetime).unwrap_or(latest);
        let longest = after(policy.max_lifetime).min(latest);
        let wanted = self.proposed.unwrap_or_else(|| after(policy.default_lifetime).min(longest));
        if wanted <= now {
            return Err(unacceptable("the expiration time has passed"));
        }
        if wanted > longest && policy.refuse_longer {
            return Err(unacceptable("the expiration time is later than allowed"));
        }
        Ok(wanted.min(longest))
    }

    fn id_2(&self, name: &EntityName, end: ExpirationTime) -> Result<ExpiringIdentity, ServiceError> {
        let id_2 = ExpiringIdentity::new(self.mef.fqdn.clone(), name.clone(), end)
            .map_err(|_| unacceptable("the identity is too long"))?;
        // What could not be used in a handshake is not issued.
        if id_2.fits_psk_identity() { Ok(id_2) } else { Err(unacceptable("the identity is too long")) }
    }
}

/// Second transaction: notes what was issued, before it leaves.
struct Complete {
    reserved: Reserved,
    pvt: [u8; 65],
    live: usize,
}

impl Change for Complete {
    type Output = ExpiringIdentity;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<ExpiringIdentity, ServiceError> {
        let now = tx.now();
        let Reserved { id_2, entity, tag, client, requester, .. } = &self.reserved;
        if !identities::complete(tx.connection(), id_2.as_str(), &self.pvt, now).await? {
            return Err(ServiceError::internal("an identity was not reserved when its credential was there"));
        }
        let event = Event::new("issued")
            .with("id2", id_2.as_str())
            .with("pvt", base16ct::lower::encode_string(&self.pvt))
            .with("kpak_tag", format!("{tag}"))
            .with("client", client.as_str())
            .with("requester", requester.as_str());
        tx.audit(event).await?;
        // Only the newest stay, whichever node issued them: an answer that was lost leaves none behind.
        identities::lock(tx.connection(), entity.as_str()).await?;
        let live = identities::live(tx.connection(), entity.as_str(), now).await?;
        // The one that was issued now is the newest, also among others of the same second.
        for old in live.iter().filter(|old| *old != id_2.as_str()).skip(self.live.max(1) - 1) {
            let end = ExpiringIdentity::parse(old).map_err(ServiceError::internal)?.expiration().to_unix();
            deny(tx, Denial { id_2: old, end, since: now, reason: SUPERSEDED, operator: None }).await?;
        }
        Ok(id_2.clone())
    }
}
