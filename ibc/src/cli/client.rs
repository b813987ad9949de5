//! What a device does at a MEF or a MAF, `ibc enrol`, `ibc renew`, `ibc registration`, `ibc key`, `ibc commands`,
//! `ibc device`, and with another device: `ibc associate`.

mod asking;
mod associate;
mod commands;
mod connect;
mod enrol;
mod key;
mod object;
mod registration;

pub(super) use associate::arguments::Associate;
pub(super) use commands::Commands;
pub(super) use enrol::{Enrol, Renew};
pub(super) use key::Command as KeyCommand;
pub(super) use object::Command as DeviceCommand;
pub(super) use registration::Command as RegistrationCommand;

use super::failure::{Failure, Kind};
use super::options;
use crate::client::install::NewKpak;
use crate::files::public_key_file::PublicKeyFile;
use core::future::Future;
use core::time::Duration;
use eccsi_sakke::onem2m::UnixTime;
use std::path::Path;

/// The longest sleep: after it the clock is read again, which may have been set, or the machine suspended.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// What an option says that may be given again; nothing if it was not given.
fn some(list: Vec<String>) -> Option<Vec<String>> {
    (!list.is_empty()).then_some(list)
}

/// What may come besides the pinned KPAKs: those of a file from a source that somebody trusts, or the first.
fn new_kpak(file: Option<&Path>) -> Result<NewKpak, Failure> {
    let Some(path) = file else { return Ok(NewKpak::First) };
    let file = PublicKeyFile::read(path)?;
    Ok(NewKpak::Accept(file.usable(options::now()?).map(|key| key.kpak.clone()).collect()))
}

/// Runs one command to its end.
fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    runtime
        .map_err(|error| Failure::refused(Kind::Internal, format!("no runtime: {error}")))?
        .block_on(command)
}

/// Sleeps until that time, or for a while.
async fn sleep_until(at: UnixTime) -> Result<(), Failure> {
    let seconds = at.as_seconds().saturating_sub(options::now()?.as_seconds());
    tokio::time::sleep(Duration::from_secs(seconds.max(1)).min(LONGEST_SLEEP)).await;
    Ok(())
}
