//! The client's side of MEF Client Command, as a state machine without a network: TS-0003 clause 8.3.9.
//!
//! The caller sends what it is told to and hands in what comes back; the machine keeps the order of the procedures:
//!
//! - nothing is retrieved between receiving a command and reporting it, nor while another retrieval is pending, unless
//!   that takes too long;
//! - every command that was understood is reported, with a failure too (clause 8.3.4.7);
//! - the answer to a report may hold the next command;
//! - NO_MORE_COMMANDS starts a timer, which any other successful procedure of commands cancels.
//!
//! A command is executed once: issued again, it is reported again with what came of it.

use super::values::{class, class_of, host, status, uri};
use super::{duration, object};
use crate::wire::{CommandArguments, CommandReport, ReceivedCommand};
use core::time::Duration;
use eccsi_sakke::onem2m::{EntityId, EntityKind, Fqdn, SecurityUsage, UnixTime};

/// A retrieval without an answer for so long is made again.
pub const TOO_LONG: Duration = Duration::from_secs(60);

/// The longest wait that is obeyed.
pub const LONGEST_WAIT: Duration = Duration::from_secs(30 * 86_400);

/// The shortest: who says to ask again at once would be asked without end.
pub const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// Executes commands that were found in order.
pub trait Executor {
    /// Executes, and gives the status to be reported: OK, or one of the class.
    fn execute(&mut self, task: &Task) -> u16;
}

/// A command in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// MO_NODE.
    Object {
        /// objectPath.
        path: String,
        /// objectTypeID.
        object: object::ObjectType,
        /// The SUID, of an authentication profile.
        usage: Option<SecurityUsage>,
        /// targetID, of a node that acts for several entities.
        target: Option<String>,
    },
    /// DEV_CFG: configuration by a server for device management whose host is the MEF.
    DeviceConfiguration {
        /// devMgmtID.
        protocol: u16,
        /// Where.
        uri: String,
    },
    /// IBC_PROV: IBC credential provisioning at this URI, whose host is the MEF.
    IbcProvisioning {
        /// IBC base URI.
        uri: String,
        /// An identity of this node.
        subject: EntityId,
    },
}

/// How far the commands of a registration are: what one process leaves to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandState {
    /// NO_MORE_COMMANDS was received: not before then, unless something else happens.
    pub waits_until: Option<UnixTime>,
    /// The command that was executed last, and its status.
    pub last: Option<CommandReport>,
    /// Its report was answered.
    pub acknowledged: bool,
}

/// Procedures with a MEF: after all but De-Registration commands are retrieved, whether or not a timer runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Procedure {
    /// Client Registration.
    Registration,
    /// Client Configuration Retrieval.
    ConfigurationRetrieval,
    /// Client Registration Update.
    RegistrationUpdate,
    /// Client De-Registration, after which there are no commands any more.
    DeRegistration,
    /// Key Registration, Retrieval, Registration Update or De-Registration.
    Key,
    /// IBC credential provisioning or re-provisioning.
    IbcProvisioning,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this Command Update, and hand in its answer.
    Report(CommandReport),
    /// Retrieve again at this time, unless something else happens before.
    WaitUntil(UnixTime),
    /// The answer was not understood: retrieve again, or leave it.
    NotUnderstood,
}

/// What an answer asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// Execute this, and hand in what came of it: [`CommandClient::executed`].
    Execute(Task),
    /// Nothing to execute.
    Next(Step),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Retrieving(UnixTime),
    /// A command was received, its report is not answered.
    Reporting,
    Waiting(UnixTime),
    Ended,
}

/// Commands of one registration, as its client sees them.
#[derive(Debug)]
pub struct CommandClient {
    mef: Fqdn,
    own: Vec<EntityId>,
    state: State,
    /// The command that is executed now, or was last.
    executing: String,
    /// The command that was executed last, and what was, or is to be, reported.
    last: Option<CommandReport>,
    /// The report was answered.
    is_acknowledged: bool,
}

impl CommandClient {
    /// A client of this MEF with these identities, in absolute form.
    pub fn new(mef: Fqdn, own: Vec<EntityId>) -> Self {
        Self { mef, own, state: State::Idle, executing: String::new(), last: None, is_acknowledged: true }
    }

    /// Goes on where another process left off.
    #[must_use]
    pub fn resume(self, state: CommandState) -> Self {
        let CommandState { waits_until, last, acknowledged } = state;
        Self {
            state: waits_until.map_or(State::Idle, State::Waiting),
            last,
            is_acknowledged: acknowledged,
            ..self
        }
    }

    /// What another process goes on with: to be kept after a report was answered, and before one is sent.
    pub fn kept(&self) -> CommandState {
        CommandState {
            waits_until: self.waits_until(),
            last: self.last.clone(),
            acknowledged: self.is_acknowledged,
        }
    }

    /// A procedure succeeded. After all but De-Registration, commands are retrieved, whether or not a timer runs.
    pub fn succeeded(&mut self, procedure: Procedure) {
        self.state = match (procedure, self.state) {
            (Procedure::DeRegistration, _) => State::Ended,
            (_, State::Waiting(_)) => State::Idle,
            (_, state) => state,
        };
    }

    /// Whether Command Retrieve is to be sent now; if so it counts as sent.
    pub fn retrieve(&mut self, now: UnixTime) -> bool {
        let may = match self.state {
            State::Idle => true,
            State::Retrieving(since) => since.checked_add(TOO_LONG).is_some_and(|late| now >= late),
            State::Waiting(until) => now >= until,
            State::Reporting | State::Ended => false,
        };
        if may {
            self.state = State::Retrieving(now);
        }
        may
    }

    /// Until when NO_MORE_COMMANDS has it wait, if it does.
    pub fn waits_until(&self) -> Option<UnixTime> {
        match self.state {
            State::Waiting(until) => Some(until),
            State::Idle | State::Retrieving(_) | State::Reporting | State::Ended => None,
        }
    }

    /// The answer to a request of this machine did not come: the next retrieval shows where the MEF stands.
    pub fn lost(&mut self) {
        if self.state != State::Ended {
            self.state = State::Idle;
        }
    }

    /// Takes an answer to Command Retrieve or Command Update.
    pub fn receive(&mut self, body: &[u8], now: UnixTime, executor: &mut dyn Executor) -> Step {
        match self.take(crate::json::from_slice(body).ok().as_ref(), now) {
            Received::Execute(task) => Step::Report(self.executed(executor.execute(&task))),
            Received::Next(step) => step,
        }
    }

    /// As [`receive`](Self::receive), for a caller that executes by itself: `None` for an answer that was not
    /// understood.
    pub fn take(&mut self, command: Option<&ReceivedCommand>, now: UnixTime) -> Received {
        if self.state == State::Reporting {
            self.is_acknowledged = true;
        }
        let Some(command) = command else {
            self.lost();
            return Received::Next(Step::NotUnderstood);
        };
        if command.description.class == class::NO_MORE_COMMANDS {
            return Received::Next(self.wait(command, now));
        }
        self.state = State::Reporting;
        if let Some(last) = self.last.as_ref().filter(|last| last.id == command.id) {
            // Executed already. Issued again, the MEF has not seen the report; issued anew, it has repeated itself.
            let is_again = command.status == status::REISSUED || !self.is_acknowledged;
            let status = if is_again { last.status } else { status::REPEATED_CMD_ID };
            return Received::Next(Step::Report(CommandReport { id: command.id.clone(), status }));
        }
        self.executing = command.id.clone();
        match self.check(command) {
            Ok(task) => Received::Execute(task),
            Err(status) => Received::Next(Step::Report(self.executed(status))),
        }
    }

    /// What came of the task that [`take`](Self::take) gave: OK, or a status of its class.
    pub fn executed(&mut self, status: u16) -> CommandReport {
        let report = CommandReport { id: self.executing.clone(), status };
        self.last = Some(report.clone());
        self.is_acknowledged = false;
        report
    }

    fn wait(&mut self, command: &ReceivedCommand, now: UnixTime) -> Step {
        let wait = match command.description.arguments() {
            Some(CommandArguments::NoMoreCommands { retry_duration }) => duration::parse(&retry_duration),
            _ => None,
        };
        let Some(until) = wait.and_then(|wait| now.checked_add(wait.clamp(SHORTEST_WAIT, LONGEST_WAIT)))
        else {
            self.lost();
            return Step::NotUnderstood;
        };
        self.state = State::Waiting(until);
        Step::WaitUntil(until)
    }

    /// What there is to execute, or the status that says why nothing is.
    fn check(&self, command: &ReceivedCommand) -> Result<Task, u16> {
        let class = command.description.class;
        // Certificates are not built.
        if !matches!(class, class::DEV_CFG | class::MO_NODE | class::IBC_PROV) {
            return Err(status::CLASS_NOT_SUPPORTED);
        }
        let arguments = command.description.arguments().ok_or(status::BAD_ARGUMENTS)?;
        if class_of(&arguments) != class {
            return Err(status::BAD_ARGUMENTS);
        }
        if uri(&arguments).is_some_and(|uri| host(uri).as_ref() != Some(&self.mef)) {
            return Err(status::UNACCEPTABLE_ARGUMENTS);
        }
        match arguments {
            CommandArguments::ManagementObject { path, object_type, specific } => {
                let object = object::ObjectType::from_number(object_type).ok_or(status::BAD_ARGUMENTS)?;
                let usage = object::usage(object, specific.as_ref().map(|specific| specific.suid))?;
                Ok(Task::Object { path, object, usage, target: command.description.target.clone() })
            }
            CommandArguments::DeviceConfiguration { uri } => {
                let parts = uri.split_once(':').ok_or(status::BAD_ARGUMENTS)?;
                let protocol = parts.0.parse().map_err(|_| status::BAD_ARGUMENTS)?;
                Ok(Task::DeviceConfiguration { protocol, uri: parts.1.into() })
            }
            CommandArguments::IbcProvisioning { uri, subject_type, subject_id } => {
                let kind = match subject_type {
                    2 => EntityKind::Cse,
                    3 => EntityKind::Ae,
                    _ => return Err(status::BAD_ARGUMENTS),
                };
                let subject = EntityId::parse(kind, &subject_id).map_err(|_| status::BAD_ARGUMENTS)?;
                if !self.own.contains(&subject) {
                    return Err(status::UNACCEPTABLE_ARGUMENTS);
                }
                Ok(Task::IbcProvisioning { uri, subject })
            }
            _ => Err(status::CLASS_NOT_SUPPORTED),
        }
    }
}

#[cfg(test)]
mod tests;
