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

use super::check::registration_end;
use super::{Registry, answer, deregister, km_id, registration_id, request};
use crate::Function;
use crate::service::audit::chain::Event;
use crate::service::device_configuration;
use crate::service::error::{Kind, ServiceError};
use crate::service::party::Party;
use crate::service::registered::Registration;
use crate::service::session::Call;
use crate::service::store::{Change, WriteTransaction, commands, device_objects, registrations};
use crate::wire::root::ResourceType;
use crate::wire::{self, ChildReference, RegistrationRequest};
use eccsi_sakke::onem2m::{KmId, UnixTime};

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
    ) -> Result<wire::Registration, ServiceError> {
        self.perform_once("register client", call, request, Register::parse).await
    }
}

struct Register {
    registry: Registry,
    call: Call,
    stakeholder: String,
    proposed: UnixTime,
    labels: Vec<String>,
}

impl Change for Register {
    type Output = wire::Registration;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<wire::Registration, ServiceError> {
        let (now, function) = (tx.now(), self.registry.function);
        let party = Party::find(tx, function, &self.call).await?;
        let entity = party.entity()?.as_str().to_owned();
        let admission = self.registry.admission(tx, &party, &self.stakeholder).await?;
        let end = registration_end(tx, function, &party, &self.stakeholder, self.proposed).await?;
        let place = (self.stakeholder.as_str(), entity.as_str());
        if let Some(before) = registrations::by_owner(tx.connection(), function, &party.client, place).await?
        {
            if before.not_after > now {
                return Err(already_registered());
            }
            deregister::cascade(tx, &before).await?;
        }
        let assigned = km_id::assign(tx, &self.registry, &self.call).await?;
        let row = Registration {
            id: registration_id::draw()?,
            client: party.client.clone(),
            stakeholder: self.stakeholder.clone(),
            entity,
            not_after: end,
            labels: self.labels.clone(),
            assigned,
            configuration: admission.configuration,
            version: 1,
        };
        if !registrations::insert(tx.connection(), function, &row, now).await? {
            // Another node was first: 160 random bits do not collide.
            return Err(already_registered());
        }
        let waits = match function {
            Function::Mef => {
                let owner = (row.stakeholder.as_str(), row.client.as_str());
                let standing = commands::append_standing(tx.connection(), &row.id, owner).await? > 0;
                let (client, stakeholder) = (row.client.as_str(), row.stakeholder.as_str());
                let is_pending = device_objects::are_pending(tx.connection(), (client, stakeholder)).await?;
                if is_pending {
                    device_configuration::queue(tx.connection(), &self.registry.fqdn, &row.id).await?;
                }
                standing || is_pending
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
            .with("until", answer::time(end)?)
            .with("assigned", row.assigned.as_ref().map_or("", KmId::as_str));
        tx.audit(event).await?;
        answered(function, row, waits)
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

fn already_registered() -> ServiceError {
    ServiceError::new(Kind::AlreadyRegistered, "registered with this stakeholder already")
}

fn answered(function: Function, row: Registration, waits: bool) -> Result<wire::Registration, ServiceError> {
    let ty = match function {
        Function::Mef => ResourceType::MefClientReg,
        Function::Maf => ResourceType::MafClientReg,
    };
    let child = || ChildReference {
        name: "cmd".into(),
        resource_type: ResourceType::MefClientCmd.number(),
        value: format!("{}/cmd", row.id),
    };
    Ok(wire::Registration {
        ty: ty.number(),
        children: waits.then(|| vec![child()]),
        id: row.id.clone(),
        expiration_time: answer::time(row.not_after)?,
        admin_fqdn: row.stakeholder,
        client_id: row.entity,
        labels: answer::labels(row.labels),
        assigned_symm_key_id: row.assigned.map(|km_id| km_id.to_string()),
    })
}
