//! How far the commands of each registration are, for the process that comes next.

use super::{COMMANDS, DeviceStore, MAX_LIST};
use crate::command::client::CommandState;
use crate::files::{FileError, FormatError};
use crate::wire::CommandReport;
use eccsi_sakke::onem2m::{ExpirationTime, Fqdn};
use serde::{Deserialize, Serialize};
use std::string::ToString;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with a list of registrations")]
struct List {
    registrations: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "how far the commands of a registration are")]
struct Row {
    fqdn: String,
    registration: String,
    /// NO_MORE_COMMANDS: not before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    again: Option<String>,
    /// The command that was executed last, and its status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<Last>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "what came of a command")]
struct Last {
    id: String,
    status: u16,
    /// Whether the MEF has answered the report.
    acknowledged: bool,
}

impl Row {
    fn is_of(&self, fqdn: &Fqdn, registration: &str) -> bool {
        self.fqdn == fqdn.as_str() && self.registration == registration
    }
}

impl DeviceStore {
    /// How far the commands of a registration are, if anything is known.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn command_state(&self, mef: &Fqdn, registration: &str) -> Result<Option<CommandState>, FileError> {
        let Some(row) = self.rows()?.into_iter().find(|row| row.is_of(mef, registration)) else {
            return Ok(None);
        };
        let read = || -> Result<CommandState, FormatError> {
            let again = row.again.as_deref().map(ExpirationTime::parse).transpose()?;
            let acknowledged = row.last.as_ref().is_none_or(|last| last.acknowledged);
            Ok(CommandState {
                waits_until: again.map(ExpirationTime::to_unix),
                last: row.last.map(|last| CommandReport { id: last.id, status: last.status }),
                acknowledged,
            })
        };
        read().map(Some).map_err(|error| FileError::new(&self.folder.join(COMMANDS), error))
    }

    /// Keeps how far they are.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn keep_command_state(
        &self,
        mef: &Fqdn,
        registration: &str,
        state: &CommandState,
    ) -> Result<(), FileError> {
        let mut rows = self.rows()?;
        rows.retain(|row| !row.is_of(mef, registration));
        let again = state.waits_until.and_then(|until| ExpirationTime::from_unix(until).ok());
        rows.push(Row {
            fqdn: mef.to_string(),
            registration: registration.into(),
            again: again.map(|again| again.to_string()),
            last: state.last.as_ref().map(|last| Last {
                id: last.id.clone(),
                status: last.status,
                acknowledged: state.acknowledged,
            }),
        });
        self.put_rows(rows)
    }

    /// Another procedure with a MEF succeeded: whoever waits to ask it for commands asks at once (clause 8.3.9).
    ///
    /// # Errors
    /// [`FileError`].
    pub fn cancel_waits(&self, mef: &Fqdn) -> Result<(), FileError> {
        let mut rows = self.rows()?;
        let mut waited = false;
        for row in rows.iter_mut().filter(|row| row.fqdn == mef.as_str()) {
            waited |= row.again.take().is_some();
        }
        if waited { self.put_rows(rows) } else { Ok(()) }
    }

    pub(super) fn forget_commands(&self, mef: &Fqdn, registration: &str) -> Result<(), FileError> {
        let mut rows = self.rows()?;
        let before = rows.len();
        rows.retain(|row| !row.is_of(mef, registration));
        if rows.len() == before { Ok(()) } else { self.put_rows(rows) }
    }

    fn rows(&self) -> Result<Vec<Row>, FileError> {
        let list: Option<List> = self.note(COMMANDS, MAX_LIST)?;
        Ok(list.map(|list| list.registrations).unwrap_or_default())
    }

    fn put_rows(&self, registrations: Vec<Row>) -> Result<(), FileError> {
        self.put(COMMANDS, &List { registrations }, 0)
    }
}
