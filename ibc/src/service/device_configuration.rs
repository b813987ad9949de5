//! The command DEV_CFG by which a registration learns that there are objects for its device: TS-0003 clause 8.3.4.6.

use super::error::{Kind, ServiceError};
use super::limits::COMMANDS;
use super::store::commands::{self, State};
use crate::command::values::{class, device_management};
use crate::wire::{CommandArguments, CommandDescription};
use eccsi_sakke::onem2m::Fqdn;
use sqlx::AnyConnection;

/// Queues it, unless one waits that the device has not seen: what it fetches is what there is then. Gives the number.
///
/// # Errors
/// [`Kind::ContentsUnacceptable`] if too many commands wait.
pub(super) async fn queue(
    connection: &mut AnyConnection,
    mef: &Fqdn,
    registration: &str,
) -> Result<Option<u64>, ServiceError> {
    if commands::waits(connection, registration, class::DEV_CFG).await? {
        return Ok(None);
    }
    if commands::open(connection, registration).await? >= COMMANDS {
        let text = "too many commands wait: at most 32";
        return Err(ServiceError::new(Kind::ContentsUnacceptable, text));
    }
    let uri = format!("{}:https://{mef}/mef/{registration}/dm", device_management::OWN);
    let command = CommandDescription {
        class: class::DEV_CFG,
        arguments: CommandArguments::DeviceConfiguration { uri },
        target: None,
    };
    commands::append(connection, registration, &command, State::Waits).await.map(Some)
}
