//! One function as a device asks it, with the store that every answer goes into.

use super::connect::{Address, Connect, Opened, address};
use crate::Function;
use crate::cli::failure::{Failure, Kind};
use crate::cli::options;
use crate::client::commands::{CommandLoop, Executed, Executor, Provisioner, Turn};
use crate::client::install::NewKpak;
use crate::client::{Client, ClientError, DeviceStore, EnrolmentKey, MasterKey, Refusal, StoredRegistration};
use crate::clock::SystemClock;
use crate::command::client::{CommandState, Task};
use crate::wire::{Registration, RegistrationUpdate, ResponseStatusCode};
use clap::Args;
use core::time::Duration;
use eccsi_sakke::onem2m::{EntityId, EntityKind, EntityName, ExpirationTime, Fqdn, KeId, KmId};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Life that is proposed for a registration that is made because something else needs it.
pub(super) const LIFE: Duration = Duration::from_secs(365 * 86_400);

/// The function.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// The MEF: its FQDN, and its port if that is not 443
    #[arg(long, value_name = "FQDN[:PORT]", value_parser = address, required_unless_present = "maf", conflicts_with = "maf")]
    mef: Option<Address>,
    /// The MAF, likewise
    #[arg(long, value_name = "FQDN[:PORT]", value_parser = address)]
    maf: Option<Address>,
    #[command(flatten)]
    pub(super) connect: Connect,
}

impl Server {
    /// Opens the store, if there is one, and gets ready to ask.
    pub(super) fn open(&self) -> Result<Asking, Failure> {
        let (function, address) = match (&self.mef, &self.maf) {
            (Some(mef), _) => (Function::Mef, mef),
            (None, Some(maf)) => (Function::Maf, maf),
            (None, None) => return Err(Failure::usage("give --mef or --maf")),
        };
        Asking::new(&self.connect, function, address)
    }
}

/// A function, in the name of one entity.
pub(super) struct Asking {
    pub(super) client: Client,
    pub(super) store: Option<DeviceStore>,
    pub(super) entity: EntityName,
    kms: Vec<(String, Zeroizing<[u8; 32]>)>,
}

/// What a registration brought.
pub(super) struct Registered {
    pub(super) registration: StoredRegistration,
    /// It was made now.
    pub(super) is_new: bool,
    pub(super) waits: bool,
    /// KeID, with where the key behind it is kept.
    pub(super) enrolled: Option<(KeId, Option<PathBuf>)>,
    /// Where Km is kept under the KmID that was assigned.
    pub(super) km: Option<PathBuf>,
}

impl Asking {
    pub(super) fn new(connect: &Connect, function: Function, address: &Address) -> Result<Self, Failure> {
        let store = connect.store()?;
        let entity = connect.entity()?.clone();
        let Opened { client, kms } = connect.open(function, address, store.as_ref())?;
        Ok(Self { client, store, entity, kms })
    }

    pub(super) fn function(&self) -> Function {
        self.client.access().function()
    }

    pub(super) fn fqdn(&self) -> &Fqdn {
        self.client.access().fqdn()
    }

    /// The live registrations that the store knows here, under one stakeholder or any.
    pub(super) fn known(&self, stakeholder: Option<&Fqdn>) -> Result<Vec<StoredRegistration>, Failure> {
        let Some(store) = &self.store else { return Ok(Vec::new()) };
        let now = options::now()?;
        let mut known = store.live_registrations(self.function(), self.fqdn(), &self.entity, now)?;
        known.retain(|one| stakeholder.is_none_or(|stakeholder| one.stakeholder == *stakeholder));
        Ok(known)
    }

    /// The registration that was named, or the only one that the store knows.
    pub(super) fn registration(&self, named: Option<&str>) -> Result<String, Failure> {
        if let Some(id) = named {
            return Ok(id.into());
        }
        match &self.known(None)?[..] {
            [one] => Ok(one.id.clone()),
            [] if self.store.is_none() => {
                Err(Failure::usage("say which registration: --id ID, or --store FOLDER that knows it"))
            }
            [] => Err(Failure::refused(
                Kind::NotFound,
                format!(
                    "the store knows no registration of {} at {} that has not ended: ibc registration new, or give --id",
                    self.entity,
                    self.fqdn()
                ),
            )),
            several => {
                let ids: Vec<_> =
                    several.iter().map(|one| format!("{} ({})", one.id, one.stakeholder)).collect();
                Err(Failure::usage(format!("there are several: give --id, one of {}", ids.join(", "))))
            }
        }
    }

    /// Client Registration. What it brings is in the store before this returns: first the keys, then the registration.
    pub(super) async fn register(
        &mut self,
        stakeholder: &Fqdn,
        end: ExpirationTime,
        labels: Option<Vec<String>>,
    ) -> Result<Registered, Failure> {
        let outcome = match self.function() {
            Function::Mef => self.client.register_enrolled(stakeholder, end, labels).await,
            Function::Maf => {
                self.client.register(stakeholder, end, labels).await.map(|answer| (answer, None))
            }
        };
        let (answer, enrolled) = match outcome {
            Ok(registered) => registered,
            Err(ClientError::Refused(refusal))
                if refusal.response_status_code
                    == Some(ResponseStatusCode::OriginatorHasAlreadyRegistered) =>
            {
                return Err(self.registered_already(stakeholder, &refusal));
            }
            Err(error) => return Err(error.into()),
        };
        let km = self.keep_identity(answer.assigned_symm_key_id.as_deref())?;
        let enrolled = match (enrolled, &self.store) {
            (Some((ke_id, key)), Some(store)) => {
                let key = EnrolmentKey { ke_id, entity: self.entity.clone(), key };
                store.keep_enrolment_key(&key)?;
                let path = store.enrolment_path(self.fqdn());
                Some((key.ke_id, Some(path)))
            }
            (Some((ke_id, _)), None) => Some((ke_id, None)),
            (None, _) => None,
        };
        let waits = answer.children.as_ref().is_some_and(|children| {
            children.iter().any(|child| child.name == "cmd" || child.value.ends_with("/cmd"))
        });
        let registration = self.stored(stakeholder, answer)?;
        if let Some(store) = &self.store {
            store.keep_registration(&registration)?;
        }
        Ok(Registered { registration, is_new: true, waits, enrolled, km })
    }

    /// Km, if the key that the MAF took may be that.
    fn km(&self) -> Option<&Zeroizing<[u8; 32]>> {
        let taken = self.client.psk_identity()?;
        self.kms.iter().find(|(identity, _)| identity == taken).map(|(_, km)| km)
    }

    /// Keeps Km of this session under a KmID that was assigned; gives where.
    pub(super) fn keep_identity(&self, assigned: Option<&str>) -> Result<Option<PathBuf>, Failure> {
        let (Function::Maf, Some(assigned), Some(store), Some(key)) =
            (self.function(), assigned, &self.store, self.km())
        else {
            return Ok(None);
        };
        let km_id =
            KmId::parse(assigned).ok().filter(|km_id| km_id.fqdn() == self.fqdn()).ok_or_else(|| {
                Failure::from(ClientError::Answer("the assigned identity is no KmID of this MAF"))
            })?;
        store.keep_master_key(&MasterKey { km_id, entity: self.entity.clone(), key: key.clone() })?;
        Ok(Some(store.master_key_path(self.fqdn())))
    }

    fn stored(&self, stakeholder: &Fqdn, answer: Registration) -> Result<StoredRegistration, Failure> {
        let until = ExpirationTime::parse(&answer.expiration_time)
            .map_err(|_| Failure::from(ClientError::Answer("a registration without an end")))?;
        Ok(StoredRegistration {
            function: self.function(),
            fqdn: self.fqdn().clone(),
            stakeholder: stakeholder.clone(),
            entity: self.entity.clone(),
            id: answer.id,
            until,
            identity: answer.assigned_symm_key_id,
        })
    }

    fn registered_already(&self, stakeholder: &Fqdn, refusal: &Refusal) -> Failure {
        let known = self.known(Some(stakeholder)).unwrap_or_default();
        let advice = match known.first() {
            Some(one) => format!(
                "it is {}, until {}: ibc registration update changes it, ibc registration delete ends it",
                one.id, one.until
            ),
            None => String::from(
                "the store does not know it: end it by its identifier (ibc registration delete --id ID), which the command \
                 that made it printed, or let the operator remove it",
            ),
        };
        Failure::refused(Kind::Conflict, format!("{refusal}; {advice}"))
    }

    /// Keeps what an update of a registration brought.
    pub(super) fn updated(&self, id: &str, answer: &RegistrationUpdate) -> Result<(), Failure> {
        self.keep_identity(answer.assigned_symm_key_id.as_deref())?;
        let (Some(store), Some(mut one)) =
            (&self.store, self.known(None)?.into_iter().find(|one| one.id == *id))
        else {
            return Ok(());
        };
        if let Some(end) = &answer.expiration_time {
            one.until = ExpirationTime::parse(end)
                .map_err(|_| Failure::from(ClientError::Answer("a registration without an end")))?;
        }
        one.identity = answer.assigned_symm_key_id.clone().or(one.identity);
        Ok(store.keep_registration(&one)?)
    }

    /// The registration under this stakeholder, made now if the store knows none. `None` if the function knows one that the
    /// store does not.
    pub(super) async fn registered(
        &mut self,
        stakeholder: &Fqdn,
        end: ExpirationTime,
    ) -> Result<Option<Registered>, Failure> {
        if let Some(registration) = self.known(Some(stakeholder))?.into_iter().next() {
            self.is_in_use(&registration.id)?;
            return Ok(Some(Registered {
                registration,
                is_new: false,
                waits: false,
                enrolled: None,
                km: None,
            }));
        }
        match self.register(stakeholder, end, None).await {
            Ok(registered) => Ok(Some(registered)),
            Err(Failure::Refused { kind: Kind::Conflict, .. }) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Refuses the use of a registration that is being ended.
    fn is_in_use(&self, registration: &str) -> Result<(), Failure> {
        let Some(node) = self.node()? else { return Ok(()) };
        if !node.ends(self.function(), self.fqdn(), registration)? {
            return Ok(());
        }
        Err(Failure::refused(
            Kind::Refused,
            format!(
                "the registration {registration} is being ended, since its object was deleted: ibc device object list"
            ),
        ))
    }

    /// A procedure succeeded: nobody waits any more to ask this MEF for commands.
    pub(super) fn succeeded(&self) -> Result<(), Failure> {
        match (self.function(), &self.store) {
            (Function::Mef, Some(store)) => Ok(store.cancel_waits(self.fqdn())?),
            _ => Ok(()),
        }
    }

    /// Command Retrieve after a procedure that succeeded (clause 8.3.4.7), and whatever follows from it.
    pub(super) async fn commands(&mut self, registration: &str, wanted: bool) -> Result<Commanded, Failure> {
        self.succeeded()?;
        if self.function() == Function::Maf || self.store.is_none() || !wanted {
            return Ok(Commanded::NotAsked);
        }
        let Some(store) = self.store.take() else { return Ok(Commanded::NotAsked) };
        let mut turns = CommandTurns::new(
            &self.client,
            (registration, identities(&self.entity, None)?),
            (store, NewKpak::First),
            None,
        )?;
        let turn = turns.turn(&mut self.client).await;
        self.store = Some(turns.into_store());
        // What was asked for is done, whatever becomes of the commands.
        Ok(turn.map_or_else(Commanded::Failed, Commanded::Done))
    }
}

/// What came of the commands after another procedure.
pub(super) enum Commanded {
    NotAsked,
    Done(Turn),
    Failed(ClientError),
}

impl Commanded {
    /// Tells about it, below a report.
    pub(super) fn tell(&self, text: &mut String, value: &mut Value) {
        match self {
            Self::NotAsked => {}
            Self::Done(turn) => {
                let again = turn.again.and_then(|again| ExpirationTime::from_unix(again).ok());
                text.push_str(&format!("\n  commands    {} executed", turn.reported));
                match again {
                    Some(again) => text.push_str(&format!(", the MEF is asked again after {again}")),
                    None => text.push_str(", and there may be more: ibc commands"),
                }
                value["commands"] = json!({
                    "reported": turn.reported, "more": again.is_none(), "again": again.map(|again| format!("{again}")),
                });
            }
            Self::Failed(error) => {
                text.push_str(&format!("\n  commands    not executed: {error}"));
                value["commands"] = json!({"error": {"message": format!("{error}")}});
            }
        }
    }
}

/// The identities that a command may name: of this entity, as CSE and as AE where its name could be either.
pub(super) fn identities(entity: &EntityName, kind: Option<EntityKind>) -> Result<Vec<EntityId>, Failure> {
    let kinds = match kind.or_else(|| entity.kind()) {
        Some(kind) => vec![kind],
        None => vec![EntityKind::Cse, EntityKind::Ae],
    };
    Ok(kinds.into_iter().map(|kind| EntityId::new(kind, entity.clone())).collect::<Result<_, _>>()?)
}

/// Turns of the commands of one registration, kept in the store.
pub(super) struct CommandTurns {
    commands: CommandLoop,
    executor: OnDevice,
}

struct OnDevice {
    mef: Fqdn,
    registration: String,
    provisioner: Provisioner,
}

impl OnDevice {
    fn store(&mut self) -> Option<&mut DeviceStore> {
        self.provisioner.stores.first_mut().map(|(_, store)| store)
    }
}

impl Executor for OnDevice {
    fn execute<'a>(&'a mut self, client: &'a mut Client, task: &'a Task) -> Executed<'a> {
        self.provisioner.execute(client, task)
    }

    fn keep(&mut self, state: &CommandState) -> Result<(), ClientError> {
        let (mef, registration) = (self.mef.clone(), self.registration.clone());
        match self.store() {
            Some(store) => Ok(store.keep_command_state(&mef, &registration, state)?),
            None => Ok(()),
        }
    }
}

impl CommandTurns {
    /// Goes on where the last process left off.
    pub(super) fn new(
        client: &Client,
        (registration, own): (&str, Vec<EntityId>),
        (store, new): (DeviceStore, NewKpak),
        dm_client: Option<PathBuf>,
    ) -> Result<Self, Failure> {
        let mef = client.access().fqdn().clone();
        let entity = own.first().map(|own| own.name().clone());
        let entity = entity.ok_or_else(|| Failure::usage("--as names no CSE and no AE"))?;
        let state = store.command_state(&mef, registration)?.unwrap_or_default();
        let commands = CommandLoop::new(client, registration, own).resume(state);
        let stores = vec![(entity, store)];
        let provisioner = Provisioner { stores, new, clock: Arc::new(SystemClock), dm_client };
        Ok(Self { commands, executor: OnDevice { mef, registration: registration.into(), provisioner } })
    }

    /// Retrieves, executes and reports until there are no more, or as many as fit into one turn.
    pub(super) async fn turn(&mut self, client: &mut Client) -> Result<Turn, ClientError> {
        self.commands.turn(client, &mut self.executor, &SystemClock).await
    }

    pub(super) fn into_store(mut self) -> DeviceStore {
        let (_, store) = self.executor.provisioner.stores.remove(0);
        store
    }
}
