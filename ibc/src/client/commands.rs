//! MEF Client Command over the network: TS-0003 clauses 8.3.4.7 and 8.3.9.
//!
//! [`CommandLoop`] keeps the order of the procedures by the machine of [`crate::command::client`]; an [`Executor`] does what
//! is commanded. [`Provisioner`] is one for IBC_PROV, DEV_CFG and commands on the objects of a
//! [`Node`].

use super::connection::Operation;
use super::device;
use super::install::{Expected, NewKpak};
use super::node::Node;
use super::renewal::system_random;
use super::{Client, ClientError, DeviceStore};
use crate::Function;
use crate::clock::Clock;
use crate::command::client::{CommandClient, CommandState, Procedure, Received, Step, Task};
use crate::command::values::status;
use crate::wire::root::ResourceType;
use crate::wire::{CommandReport, IssuedCredential, ReceivedCommand, ResponseStatusCode};
use core::future::Future;
use core::pin::Pin;
use eccsi_sakke::onem2m::{EntityId, EntityName, UnixTime};
use std::path::PathBuf;
use std::sync::Arc;

/// Commands that are executed in one turn: a MEF that never ends is left for a while.
const AT_ONCE: usize = 64;

impl Client {
    /// The command that is to be executed next: Command Retrieve.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::Answer`] for one that is not understood.
    pub async fn retrieve_command(&mut self, registration: &str) -> Result<ReceivedCommand, ClientError> {
        self.at_mef()?;
        let path = self.path(registration, "/cmd")?;
        self.retrieve(ResourceType::MefClientCmd, &path).await
    }

    /// Says what became of a command, and gives the next: Command Update.
    ///
    /// # Errors
    /// As [`retrieve_command`](Self::retrieve_command).
    pub async fn report_command(
        &mut self,
        registration: &str,
        report: &CommandReport,
    ) -> Result<ReceivedCommand, ClientError> {
        self.at_mef()?;
        let path = self.path(registration, "/cmd")?;
        self.rooted(Operation::Update, ResourceType::MefClientCmd, &path, report).await
    }
}

/// The status of a command.
pub type Executed<'a> = Pin<Box<dyn Future<Output = u16> + Send + 'a>>;

/// Executes commands that were found in order.
pub trait Executor: Send {
    /// Executes, and gives the status to be reported: OK, or one of the class. `client` is that of the MEF that commands.
    fn execute<'a>(&'a mut self, client: &'a mut Client, task: &'a Task) -> Executed<'a>;

    /// Keeps how far the commands are: after each execution, before its report is sent, and when a turn ends. What was
    /// kept is what [`CommandLoop::resume`] takes, so that a command is not executed twice by two processes either.
    ///
    /// # Errors
    /// [`ClientError::File`], which ends the turn.
    fn keep(&mut self, _: &CommandState) -> Result<(), ClientError> {
        Ok(())
    }
}

/// The commands of one registration.
#[derive(Debug)]
pub struct CommandLoop {
    registration: String,
    machine: CommandClient,
}

/// What a turn came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Commands that were executed or refused, and reported.
    pub reported: usize,
    /// When to look again; `None` if another turn is due at once.
    pub again: Option<UnixTime>,
}

impl CommandLoop {
    /// For this registration of a client that has these identities, in absolute form.
    pub fn new(client: &Client, registration: &str, own: Vec<EntityId>) -> Self {
        let machine = CommandClient::new(client.access().fqdn().clone(), own);
        Self { registration: registration.into(), machine }
    }

    /// Goes on where another process left off.
    #[must_use]
    pub fn resume(self, state: CommandState) -> Self {
        Self { machine: self.machine.resume(state), ..self }
    }

    /// Another procedure of the registration succeeded: but for De-Registration, commands are retrieved at the next turn.
    pub fn succeeded(&mut self, procedure: Procedure) {
        self.machine.succeeded(procedure);
    }

    /// Retrieves, executes and reports until there are no more commands. Does nothing before the time of the last turn.
    ///
    /// # Errors
    /// [`ClientError`]: the next turn shows where the MEF stands. A command is not executed twice for that. And those of
    /// [`Executor::keep`].
    pub async fn turn(
        &mut self,
        client: &mut Client,
        executor: &mut dyn Executor,
        clock: &dyn Clock,
    ) -> Result<Turn, ClientError> {
        let mut turn = Turn { reported: 0, again: None };
        if !self.machine.retrieve(clock.now()) {
            turn.again = self.machine.waits_until();
            return Ok(turn);
        }
        let mut answer = client.retrieve_command(&self.registration).await;
        loop {
            let command = match answer {
                Ok(command) => Some(command),
                Err(ClientError::Answer(_)) => None,
                Err(error) => {
                    self.machine.lost();
                    return Err(error);
                }
            };
            let step = match self.machine.take(command.as_ref(), clock.now()) {
                Received::Execute(task) => {
                    let status = executor.execute(client, &task).await;
                    tracing::info!(?task, status, "command executed");
                    let report = self.machine.executed(status);
                    executor.keep(&self.machine.kept())?;
                    Step::Report(report)
                }
                Received::Next(step) => step,
            };
            match step {
                Step::Report(_) if turn.reported == AT_ONCE => {
                    self.machine.lost(); // issued again in the next turn, and reported then
                    return Ok(turn);
                }
                Step::Report(report) => {
                    answer = client.report_command(&self.registration, &report).await;
                    turn.reported += 1;
                }
                Step::WaitUntil(until) => {
                    executor.keep(&self.machine.kept())?;
                    return Ok(Turn { again: Some(until), ..turn });
                }
                Step::NotUnderstood => return Err(ClientError::Answer("a command that is not understood")),
            }
        }
    }
}

/// Executes IBC_PROV and DEV_CFG into the stores of entities, and commands on the objects that are in them. Objects of
/// DEV_CFG are those of the first entity.
pub struct Provisioner {
    /// One for each entity, in absolute form.
    pub stores: Vec<(EntityName, DeviceStore)>,
    /// Which KPAK may come besides those that are pinned.
    pub new: NewKpak,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The program that configures the device by other protocols than this project's.
    pub dm_client: Option<PathBuf>,
}

impl core::fmt::Debug for Provisioner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Provisioner").field("stores", &self.stores).finish_non_exhaustive()
    }
}

impl Executor for Provisioner {
    fn execute<'a>(&'a mut self, client: &'a mut Client, task: &'a Task) -> Executed<'a> {
        Box::pin(async move {
            match task {
                Task::IbcProvisioning { uri, subject } => self.provision(client, uri, subject).await,
                Task::DeviceConfiguration { protocol, uri } => {
                    let node = self.stores.first().map(|(entity, store)| Node::new(store, entity));
                    device::execute(client, node, (*protocol, uri), self.dm_client.as_deref()).await
                }
                Task::Object { path, object, usage, target } => {
                    let is_meant = |entity: &EntityName, id: &str| {
                        let provider = entity.provider();
                        entity.as_str() == id
                            || provider.is_some_and(|sp| format!("//{sp}{id}") == entity.as_str())
                    };
                    let mut stores = self.stores.iter();
                    let store =
                        stores.find(|(entity, _)| target.as_deref().is_none_or(|id| is_meant(entity, id)));
                    let Some((entity, store)) = store else { return status::UNACCEPTABLE_ARGUMENTS };
                    let (now, mut random) = (self.clock.now(), system_random());
                    Node::new(store, entity)
                        .execute(client, path, (*object, *usage), (now, &mut *random))
                        .await
                }
            }
        })
    }
}

impl Provisioner {
    /// Re-provisioning if a credential is valid, else initial provisioning; and installation.
    async fn provision(&mut self, client: &mut Client, uri: &str, subject: &EntityId) -> u16 {
        debug_assert_eq!(client.access().function(), Function::Mef);
        let store = self.stores.iter().find(|(entity, _)| entity == subject.name());
        let Some((entity, store)) = store else { return status::UNACCEPTABLE_ARGUMENTS };
        if client.use_ibc_base(uri).is_err() {
            return status::UNACCEPTABLE_ARGUMENTS;
        }
        let now = self.clock.now();
        let outcome: Result<_, ClientError> = async {
            let valid = store.installed()?.map(|installed| installed.id_2).filter(|id_1| id_1.is_live(now));
            let (issued, replaces): (IssuedCredential, _) = match valid {
                Some(id_1) => match client.reenrol(&id_1, None).await {
                    Err(error)
                        if error.response_status_code()
                            == Some(ResponseStatusCode::OriginatorHasNoPrivilege) =>
                    {
                        (client.enrol(entity, None).await?, None)
                    }
                    issued => (issued?, Some(id_1)),
                },
                None => (client.enrol(entity, None).await?, None),
            };
            let expected = Expected { mef: client.access().fqdn().clone(), entity: entity.clone(), replaces };
            store.install(&issued, &expected, &self.new, self.clock.now())
        }
        .await;
        match outcome {
            Ok(id_2) => {
                tracing::info!(%id_2, "credential installed on command");
                status::OK
            }
            Err(error) => {
                tracing::warn!(%error, "a commanded provisioning failed");
                match error {
                    ClientError::Install(_) | ClientError::File(_) => status::IBC_PROV_CLIENT,
                    _ => status::IBC_PROV_SERVER,
                }
            }
        }
    }
}
