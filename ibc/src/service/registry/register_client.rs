//! Client Registration: TS-0003 clauses 8.3.5.2.3 and 8.8.2.3.
//!
//! | request | mult. | answer | mult. |
//! |---|---|---|---|
//! | MEF-FQDN or MAF-FQDN | 1 | MEFClientRegID or mafClientRegID | 1 |
//! | expirationTime, proposed | 1 | expirationTime, granted | 1 |
//! | labels | 0..1 | labels | 0..1 |
//! | adminFQDN | 1 | adminFQDN | 1 |
//! | | | MEF or MAF Client ID | 1 |
//! | | | assignedSymmKeyID, of a MAF | 0..1 |
//! | | | a command that waits, of a MEF | 0..1 |

use super::{Registry, authorize, deregister, km_id, request};
use crate::service::audit::chain::Event;
use crate::service::error::{Kind, ServiceError, no_privilege};
use crate::service::party::Party;
use crate::service::session::Call;
use crate::service::store::registrations::{self, RegistrationRow};
use crate::service::store::{Change, WriteTransaction, commands, policies};
use crate::service::{Function, limits};
use crate::wire::root::ResourceType;
use crate::wire::{ChildReference, Registration, RegistrationRequest};
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::UnixTime;
use rand_core::TryRng;

impl Registry {
    /// Registers the client behind a session with a stakeholder: Client Registration.
    ///
    /// One registration for each identity and stakeholder. The same request with the same identifier in the same
    /// session gets the same answer.
    ///
    /// # Errors
    /// [`Kind::BadRequest`], [`Kind::ContentsUnacceptable`] for labels beyond their bounds and an end in the past,
    /// [`Kind::NoPrivilege`] unless the stakeholder has admitted the client, [`Kind::AlreadyRegistered`], and
    /// those of every procedure.
    pub async fn register_client(
        &self,
        call: &Call,
        request: &RegistrationRequest,
    ) -> Result<Registration, ServiceError> {
        self.perform_once("register client", call, request, Register::parse).await
    }
}

struct Register {
    registry: Registry,
    call: Call,
    stakeholder: String,
    proposed: UnixTime,
    labels: String,
}

impl Change for Register {
    type Output = Registration;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<Registration, ServiceError> {
        let (now, function) = (tx.now(), self.registry.function);
        let party = Party::find(tx, function, &self.call).await?;
        let entity = party.entity()?.as_str().to_owned();
        let config = registrations::admission(tx.connection(), function, &party.client, &self.stakeholder)
            .await?
            .ok_or_else(no_privilege)?;
        let end = granted_end(tx, function, &party, &self.stakeholder, self.proposed).await?;
        let place = (self.stakeholder.as_str(), entity.as_str());
        if let Some(before) = registrations::by_owner(tx.connection(), function, &party.client, place).await?
        {
            if before.not_after > now {
                return Err(already_registered());
            }
            deregister::cascade(tx, &before).await?;
        }
        let assigned = km_id::assign(tx, &self.registry, &self.call).await?;
        let row = RegistrationRow {
            id: new_id()?,
            client: party.client.clone(),
            stakeholder: self.stakeholder.clone(),
            entity,
            not_after: end,
            labels: self.labels.clone(),
            assigned: assigned.unwrap_or_default(),
            config,
            version: 1,
        };
        if !registrations::insert(tx.connection(), function, &row, now).await? {
            // Another node was first: 160 random bits do not collide.
            return Err(already_registered());
        }
        let waits = match function {
            Function::Mef => {
                let owner = (row.stakeholder.as_str(), row.client.as_str());
                commands::append_standing(tx.connection(), &row.id, owner).await? > 0
            }
            Function::Maf => false,
        };
        let event = Event::new("client registered")
            .with("function", function.as_str())
            .with("registration", row.id.as_str())
            .with("client", row.client.as_str())
            .with("requester", party.credential.as_str())
            .with("entity", row.entity.as_str())
            .with("stakeholder", row.stakeholder.as_str())
            .with("until", request::time_text(end)?)
            .with("assigned", row.assigned.as_str());
        tx.audit(event).await?;
        answer(function, row, waits)
    }
}

impl Register {
    fn parse(registry: &Registry, call: &Call, request: &RegistrationRequest) -> Result<Self, ServiceError> {
        registry.check_fqdn(&request.fqdn)?;
        Ok(Self {
            registry: registry.clone(),
            call: call.clone(),
            stakeholder: request::name(&request.admin_fqdn)?.as_str().into(),
            proposed: request::end(&request.expiration_time)?,
            labels: request::labels(request.labels.as_deref().unwrap_or_default())?,
        })
    }
}

/// The end of a registration: what was proposed, cut to the life of credential and client and to policy.
pub(super) async fn granted_end(
    tx: &mut WriteTransaction<'_>,
    function: Function,
    party: &Party,
    stakeholder: &str,
    proposed: UnixTime,
) -> Result<UnixTime, ServiceError> {
    let now = tx.now();
    let rules = policies::rules(tx.connection(), function, (stakeholder, &party.client), None).await?;
    let of_policy = rules.first().and_then(|rule| rule.max_lifetime);
    let longest = [of_policy, Some(limits::REGISTRATION_LIFETIME_MAX)];
    let bounds = longest.into_iter().filter_map(|lifetime| authorize::after(now, lifetime));
    authorize::end(now, proposed, bounds.chain([party.not_after]))
}

fn already_registered() -> ServiceError {
    ServiceError::new(Kind::AlreadyRegistered, "registered with this stakeholder already")
}

fn new_id() -> Result<String, ServiceError> {
    let mut random = [0; 20];
    SysRng.try_fill_bytes(&mut random).map_err(ServiceError::unavailable)?;
    Ok(request::new_registration_id(&random))
}

fn answer(function: Function, row: RegistrationRow, waits: bool) -> Result<Registration, ServiceError> {
    let ty = match function {
        Function::Mef => ResourceType::MefClientReg,
        Function::Maf => ResourceType::MafClientReg,
    };
    let child = || ChildReference {
        name: "cmd".into(),
        resource_type: ResourceType::MefClientCmd.number(),
        value: format!("{}/cmd", row.id),
    };
    Ok(Registration {
        ty: ty.number(),
        children: waits.then(|| vec![child()]),
        id: row.id.clone(),
        expiration_time: request::time_text(row.not_after)?,
        admin_fqdn: row.stakeholder,
        client_id: row.entity,
        labels: request::labels_of(&row.labels)?,
        assigned_symm_key_id: Some(row.assigned).filter(|assigned| !assigned.is_empty()),
    })
}
