//! Key Registration: TS-0003 clauses 8.3.5.2.7 and 8.8.2.7.
//!
//! | request | mult. | answer | mult. |
//! |---|---|---|---|
//! | MEF-FQDN or MAF-FQDN | 1 | RelativeKeyID | 1 |
//! | expirationTime, proposed | 1 | expirationTime, granted | 1 |
//! | labels | 0..1 | Source MEF or MAF Client ID | 1 |
//! | adminFQDN | 1 | labels | 0..1 |
//! | SUID | 1 | adminFQDN | 1 |
//! | targetIDs | 0..1 | SUID | 1 |
//! | Key Value | 0..1 | targetIDs | 1 |
//!
//! Where the text contradicts itself: without targetIDs the stakeholder's list holds, and without one the request is
//! refused; without Key Value the key is what the session exports under "EXPORTER-oneM2M-Connection", at a MEF too, and
//! RelativeKeyID is the hexadecimal form of KcID; with one it is 16 random octets. A RelativeKeyID is never used
//! twice: a second export in one session has the same one, and is refused.

use super::{Registry, answer, authorize, check, request};
use crate::service::audit::chain::Event;
use crate::service::error::{Kind, ServiceError, no_privilege, unacceptable};
use crate::service::limits;
use crate::service::party::Party;
use crate::service::registered::{RegisteredKey, Registration};
use crate::service::sealed::{self, Record};
use crate::service::session::Call;
use crate::service::store::{Change, WriteTransaction, keys, policies, registrations};
use crate::wire::root::ResourceType;
use crate::wire::{KeyRegistration, KeyRegistrationRequest};
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::{RelativeKeyId, SecurityUsage, TargetIds, UnixTime};
use rand_core::TryRng;
use zeroize::Zeroizing;

/// What a session exports a registered key under: TS-0003 clause 10.3.1.
pub const CONNECTION: &str = "EXPORTER-oneM2M-Connection";

impl Registry {
    /// Registers a key that targets may retrieve: Key Registration.
    ///
    /// Key and name are durable before the answer is there. The same request with the same identifier in the same
    /// session gets the same answer.
    ///
    /// # Errors
    /// [`Kind::BadRequest`] for what does not parse; [`Kind::ContentsUnacceptable`] for a SUID, targets, an end or a
    /// key outside of what is allowed; [`Kind::NoPrivilege`] unless registered with that stakeholder;
    /// [`Kind::Conflict`] for a second exported key in one session; and those of every procedure.
    pub async fn register_key(
        &self,
        call: &Call,
        request: &KeyRegistrationRequest,
    ) -> Result<KeyRegistration, ServiceError> {
        self.perform_once("register key", call, request, Register::parse).await
    }
}

struct Register {
    registry: Registry,
    call: Call,
    stakeholder: String,
    proposed: UnixTime,
    usage: SecurityUsage,
    labels: Vec<String>,
    targets: Option<TargetIds>,
    /// Key Value; without one the session exports the key.
    given: Option<Zeroizing<Vec<u8>>>,
}

impl Change for Register {
    type Output = KeyRegistration;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<KeyRegistration, ServiceError> {
        let (now, function) = (tx.now(), self.registry.function);
        // Step 5 of the clause: the source, by the authenticated identity.
        let party = self.registry.key_party(tx, &self.call).await?;
        let registration = self.registration(tx, &party).await?;
        let owner = (self.stakeholder.as_str(), party.client.as_str());
        let rules = policies::rules(tx.connection(), function, owner, Some(self.usage)).await?;
        let rule = authorize::rule(&rules)?;
        // Steps 7 and 9: targets and end, cut to the stakeholder's rule.
        let targets = check::targets(tx, (self.usage, rule), &registration, self.targets.as_ref()).await?;
        let end = authorize::key_end(now, self.proposed, rule, registration.not_after)?;
        if keys::count(tx.connection(), &registration.id).await? >= limits::KEYS {
            return Err(unacceptable("too many keys"));
        }
        // Steps 6 and 8: the key, given or exported, under a name that was never used.
        let (id, key) = self.key(tx).await?;
        let sealed =
            sealed::seal(&self.registry.core.keys, end, Record::RegisteredKey(id.as_str()), key).await?;
        let row = RegisteredKey {
            id,
            registration: registration.id,
            client: party.client,
            source: registration.entity,
            stakeholder: self.stakeholder.clone(),
            usage: self.usage,
            targets,
            not_after: end,
            labels: self.labels.clone(),
            sealed,
            version: 1,
        };
        keys::insert(tx.connection(), function, &row).await?;
        let until = answer::time(end)?;
        let event = Event::new("key registered")
            .with("function", function.as_str())
            .with("key", row.id.as_str())
            .with("registration", row.registration.as_str())
            .with("client", row.client.as_str())
            .with("requester", party.credential.as_str())
            .with("source", row.source.as_str())
            .with("stakeholder", row.stakeholder.as_str())
            .with("suid", self.usage.to_u8())
            .with("targets", row.targets.clone())
            .with("until", until.as_str())
            .with("exported", self.given.is_none());
        tx.audit(event).await?;
        // Step 10.
        Ok(KeyRegistration {
            ty: ResourceType::SymmKeyReg.number(),
            id: row.id.as_str().into(),
            relative_key_id: row.id.as_str().into(),
            expiration_time: until,
            admin_fqdn: row.stakeholder,
            suid: self.usage.to_u8(),
            target_ids: row.targets,
            source: row.source,
            labels: answer::labels(row.labels),
        })
    }
}

impl Register {
    fn parse(
        registry: &Registry,
        call: &Call,
        request: &KeyRegistrationRequest,
    ) -> Result<Self, ServiceError> {
        registry.check_fqdn(&request.fqdn)?;
        let stakeholder = request::name(&request.admin_fqdn)?.as_str().into();
        let proposed = request::end(&request.expiration_time)?;
        let labels = request::labels(request.labels.as_deref().unwrap_or_default())?;
        let usage = authorize::usage(registry.function, request.suid)?;
        let targets =
            request.target_ids.as_deref().map(|texts| request::targets(usage, texts)).transpose()?;
        let given = request.key_value.as_ref().map(|key| key.expose().clone());
        if let Some(key) = &given {
            authorize::key_value(usage, key)?;
        }
        Ok(Self {
            registry: registry.clone(),
            call: call.clone(),
            stakeholder,
            proposed,
            usage,
            labels,
            targets,
            given,
        })
    }

    /// The registration under which the key falls, kept as it is until the end of the transaction.
    async fn registration(
        &self,
        tx: &mut WriteTransaction<'_>,
        party: &Party,
    ) -> Result<Registration, ServiceError> {
        let (now, function) = (tx.now(), self.registry.function);
        let place = (self.stakeholder.as_str(), party.entity()?.as_str());
        let admitted =
            registrations::admission(tx.connection(), function, &party.client, &self.stakeholder).await?;
        let row = registrations::by_owner(tx.connection(), function, &party.client, place).await?;
        match row.filter(|row| row.not_after > now && admitted.is_some()) {
            Some(row) if registrations::hold(tx.connection(), &row).await? => Ok(row),
            _ => Err(no_privilege()),
        }
    }

    /// The key, and a RelativeKeyID that no other key gets, not even after this one has ended.
    async fn key(
        &self,
        tx: &mut WriteTransaction<'_>,
    ) -> Result<(RelativeKeyId, Zeroizing<Vec<u8>>), ServiceError> {
        let Some(given) = &self.given else {
            let exported = self.call.session.export(CONNECTION)?;
            if !keys::take_id(tx.connection(), &exported.id).await? {
                return Err(ServiceError::new(
                    Kind::Conflict,
                    "this session has registered its key already: open another session",
                ));
            }
            return Ok((RelativeKeyId::from_octets(&exported.id), exported.key));
        };
        for _ in 0..limits::DRAWS {
            let mut octets = [0; 16];
            SysRng.try_fill_bytes(&mut octets).map_err(ServiceError::unavailable)?;
            if keys::take_id(tx.connection(), &octets).await? {
                return Ok((RelativeKeyId::from_octets(&octets), given.clone()));
            }
        }
        Err(ServiceError::new(Kind::Internal, "internal error"))
    }
}
