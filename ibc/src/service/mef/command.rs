//! MEF Client Command, the MEF's side: TS-0003 clauses 8.3.4.7 and 8.3.9. Numbers and the client's side are in
//! [`crate::command`].
//!
//! A registration has a queue, of which at most one command is issued at a time. It is issued once (10) and then issued
//! again (11) with the same cmdID until it is reported; an empty queue answers NO_MORE_COMMANDS, with a cmdID of its
//! own. Numbers count up within the registration.

use super::Mef;
use crate::command::duration;
use crate::command::values::{class, status};
use crate::service::audit::chain::Event;
use crate::service::error::{ServiceError, bad_request};
use crate::service::limits;
use crate::service::party::Party;
use crate::service::registered::Registration;
use crate::service::registry::check::hold;
use crate::service::registry::{Registry, authorize};
use crate::service::session::Call;
use crate::service::store::commands::{self, CommandRow, State};
use crate::service::store::{Change, WriteTransaction};
use crate::wire::{Command, CommandArguments, CommandDescription, CommandReport};
use core::time::Duration;
use eccsi_sakke::onem2m::EntityName;

impl Mef {
    /// Gives the command that a client is to execute next: Command Retrieve, clause 8.3.9.2.
    ///
    /// # Errors
    /// [`Kind::NotFound`](crate::service::error::Kind::NotFound), always the same, for a registration that is
    /// unknown, expired or another client's; and those of every procedure.
    pub async fn retrieve_command(&self, call: &Call, registration: &str) -> Result<Command, ServiceError> {
        self.core.perform("retrieve command", call, Ok(self.next(call, registration, None))).await
    }

    /// Takes what became of a command, and gives the next: Command Update, clause 8.3.9.3.
    ///
    /// A report about another command than the one that was issued is discarded, and answered all the same.
    ///
    /// # Errors
    /// [`Kind::BadRequest`](crate::service::error::Kind::BadRequest) for a status that no client sets; nothing
    /// else happens then. Otherwise as [`retrieve_command`](Self::retrieve_command).
    pub async fn report_command(
        &self,
        call: &Call,
        registration: &str,
        report: &CommandReport,
    ) -> Result<Command, ServiceError> {
        let next = if status::is_of_client(report.status) {
            Ok(self.next(call, registration, Some(report.clone())))
        } else {
            Err(bad_request("no status that a client sets"))
        };
        self.core.perform("report command", call, next).await
    }

    fn next(&self, call: &Call, registration: &str, report: Option<CommandReport>) -> Next {
        Next {
            registry: self.registry(),
            call: call.clone(),
            registration: registration.into(),
            report,
            retry: self.policy.command_retry,
        }
    }
}

struct Next {
    registry: Registry,
    call: Call,
    registration: String,
    report: Option<CommandReport>,
    /// When to ask again if none waits.
    retry: Duration,
}

impl Change for Next {
    type Output = Command;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<Command, ServiceError> {
        let (party, row) = self.registry.own_registration(tx, &self.call, &self.registration).await?;
        hold(tx, &row).await?;
        if let Some(report) = &self.report {
            take(tx, (&party, &row), report).await?;
        }
        let command = match commands::first(tx.connection(), &row.id).await? {
            Some(next) => issue(tx, &row, next).await?,
            None => no_more(tx, &row, self.retry).await?,
        };
        commands::forget_reported(tx.connection(), &row.id, limits::REPORTED_COMMANDS).await?;
        let event = Event::new("command delivered")
            .with("registration", row.id.as_str())
            .with("client", row.client.as_str())
            .with("number", command.id.as_str())
            .with("class", command.description.class)
            .with("status", command.status);
        tx.audit(event).await?;
        Ok(command)
    }
}

/// Records a report about the command that was issued; discards any other.
async fn take(
    tx: &mut WriteTransaction<'_>,
    (party, row): (&Party, &Registration),
    report: &CommandReport,
) -> Result<(), ServiceError> {
    let issued = commands::first(tx.connection(), &row.id).await?.filter(|command| command.is_issued);
    let issued = issued.filter(|command| format!("{}", command.number) == report.id);
    let event = |name| {
        Event::new(name)
            .with("registration", row.id.as_str())
            .with("client", row.client.as_str())
            .with("status", report.status)
    };
    if report.status == status::REPEATED_CMD_ID {
        // The client saw a cmdID twice: a fault on this side.
        tracing::error!(registration = row.id, "a client reports a repeated cmdID");
        tx.audit(event("alarm: repeated cmdID")).await?;
    }
    let Some(command) = issued else {
        return tx.audit(event("command report discarded")).await;
    };
    if !commands::report(tx.connection(), &row.id, command.number, report.status).await? {
        return Err(authorize::raced());
    }
    let done =
        event("command reported").with("number", command.number).with("class", command.description.class);
    tx.audit(done).await?;
    if report.status == status::OK && command.description.class == class::IBC_PROV {
        confirm(tx, party, &command).await?;
    }
    Ok(())
}

/// A client that says it has installed a credential no longer needs the one before.
async fn confirm(
    tx: &mut WriteTransaction<'_>,
    party: &Party,
    command: &CommandRow,
) -> Result<(), ServiceError> {
    let CommandArguments::IbcProvisioning { subject_id, .. } = &command.description.arguments else {
        return Ok(());
    };
    let own = |name: &EntityName| party.identities.iter().any(|identity| identity.as_str() == name.as_str());
    let Some(name) = EntityName::parse(subject_id).ok().filter(own) else { return Ok(()) };
    let now = tx.now();
    if commands::confirm_credential(tx.connection(), (&party.client, name.as_str()), now).await? {
        let event = Event::new("credential confirmed").with("client", party.client.as_str());
        tx.audit(event.with("entity", name.as_str())).await?;
    }
    Ok(())
}

async fn issue(
    tx: &mut WriteTransaction<'_>,
    row: &Registration,
    command: CommandRow,
) -> Result<Command, ServiceError> {
    commands::deliver(tx.connection(), &row.id, command.number).await?;
    Ok(Command {
        id: format!("{}", command.number),
        status: if command.is_issued { status::REISSUED } else { status::ISSUED },
        description: command.description,
    })
}

async fn no_more(
    tx: &mut WriteTransaction<'_>,
    row: &Registration,
    retry: Duration,
) -> Result<Command, ServiceError> {
    let arguments = CommandArguments::NoMoreCommands { retry_duration: duration::text(retry) };
    let description = CommandDescription { class: class::NO_MORE_COMMANDS, arguments, target: None };
    let number = commands::append(tx.connection(), &row.id, &description, State::Reported).await?;
    Ok(Command { id: format!("{number}"), status: status::ISSUED, description })
}
