//! The service that a command is about: its configuration, opened.

use super::Outcome;
use super::failure::{Failure, Kind};
use crate::clock::SystemClock;
use crate::config::{Config, ConfigError};
use crate::service::Core;
use crate::service::admin::Admin;
use crate::service::error::{self, ServiceError};
use crate::service::kms::{KeyDirectory, protect_process};
use crate::service::mef::Mef;
use crate::service::restore::RestoreError;
use crate::service::store::backup::BackupError;
use crate::service::store::state_file::StateError;
use crate::service::store::{OpenError, Store, StoreOptions};
use crate::service::sweeper::Sweeper;
use clap::Args;
use core::future::Future;
use core::time::Duration;
use eccsi_sakke::onem2m::{ExpirationTime, Fqdn, UnixTime};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, thread};

/// How long a command waits for another one at this node.
const TURNS: u32 = 300;
const TURN: Duration = Duration::from_millis(100);

/// Which service.
#[derive(Debug, Args)]
pub(super) struct Site {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "ibc.toml")]
    pub(super) config: PathBuf,
    /// Another database than the configuration names: sqlite:PATH or postgres://USER@HOST/DATABASE
    ///
    /// A password of PostgreSQL comes from password_file in the configuration, or from the environment variable
    /// IBC_STORE_PASSWORD, never from here.
    #[arg(long, value_name = "URL")]
    pub(super) store: Option<String>,
}

/// A service that was opened.
pub(super) struct Opened {
    pub(super) config: Config,
    pub(super) admin: Admin,
}

impl Site {
    pub(super) fn read(&self) -> Result<Config, Failure> {
        let mut config = Config::read(&self.config)?;
        if let Some(url) = &self.store {
            config.override_store(url).map_err(|why| Failure::usage(format!("--store: {why}")))?;
        }
        Ok(config)
    }

    /// Opens configuration, keys and store, does `work`, and closes.
    pub(super) fn run<F: Future<Output = Outcome>>(&self, work: impl FnOnce(Opened) -> F) -> Outcome {
        let config = self.read()?;
        protect();
        let keys = Arc::new(config.open_keys()?);
        block_on(async {
            let core = open(&config, &keys).await?;
            let store = core.store.clone();
            let outcome = work(Opened { admin: admin(&config, core), config }).await;
            store.close().await;
            outcome
        })
    }
}

pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::refused(Kind::Internal, format!("no threads: {error}")))?.block_on(work)
}

/// No core dump has the keys. A system that refuses is no reason to stop: the keys lie outside dumps anyway.
pub(super) fn protect() {
    let _ = protect_process();
}

pub(super) async fn open(config: &Config, keys: &Arc<KeyDirectory>) -> Result<Core, Failure> {
    let mut turn = 0;
    loop {
        match Store::open(options(config, keys, config.command_writer())?).await {
            // Another command of this node: it ends soon.
            Err(OpenError::State(StateError::Busy(_))) if turn < TURNS => {
                turn += 1;
                thread::sleep(TURN);
            }
            opened => {
                return Ok(Core::open(opened?, Arc::clone(keys), config.provider.clone()).await?);
            }
        }
    }
}

/// How the store is opened, for this writer.
pub(super) fn options(config: &Config, keys: &KeyDirectory, writer: String) -> Result<StoreOptions, Failure> {
    Ok(StoreOptions {
        url: config.store_url()?,
        connections: config.store.connections,
        writer,
        state_folder: config.store.state.clone(),
        state_key: keys.subkey("state files"),
        clock: Arc::new(SystemClock),
        clock_tolerance: config.store.clock_tolerance,
        clock_lead: Some(config.store.clock_tolerance),
    })
}

pub(super) fn admin(config: &Config, core: Core) -> Admin {
    Admin {
        core,
        operator: operator(),
        mef: config.mef.as_ref().map(|mef| mef.fqdn.clone()),
        maf: config.maf.as_ref().map(|maf| maf.fqdn.clone()),
        lab: config.lab,
    }
}

pub(super) fn sweeper(config: &Config, core: Core) -> Sweeper {
    let mef = config.mef.as_ref().map(|mef| mef.fqdn.clone());
    Sweeper::new(core, mef, config.provisioning().supersede_window)
}

/// Who runs the command, by what the kernel says and not the environment: the user of the process, and the one who logged
/// in where that is another, as with sudo.
pub(super) fn operator() -> String {
    let uid = fs::metadata("/proc/self").map(|about| about.uid()).ok();
    let login = fs::read_to_string("/proc/self/loginuid").ok().and_then(|text| text.trim().parse().ok());
    // All ones: nobody logged in, as for a service.
    operator_text(uid, login.filter(|login| *login != u32::MAX), &users())
}

/// The accounts of this machine; those of a directory service have no name here.
fn users() -> String {
    fs::read_to_string("/etc/passwd").unwrap_or_default()
}

fn operator_text(uid: Option<u32>, login: Option<u32>, users: &str) -> String {
    let named = |uid: u32| {
        let is_it = |line: &&str| line.split(':').nth(2).is_some_and(|field| field.parse() == Ok(uid));
        let name = users.lines().find(is_it).and_then(|line| line.split(':').next());
        name.map_or_else(|| format!("uid {uid}"), |name| format!("{name} (uid {uid})"))
    };
    let by = uid.map_or_else(|| "unknown".into(), named);
    match login {
        Some(login) if Some(login) != uid => format!("{by}, login {}", named(login)),
        _ => by,
    }
}

impl Opened {
    pub(super) fn mef(&self) -> Result<Mef, Failure> {
        let core = self.admin.core.clone();
        let keys = Arc::clone(&core.keys);
        Ok(Mef::new(core, self.mef_fqdn()?, keys, self.config.provisioning()))
    }

    pub(super) fn mef_fqdn(&self) -> Result<Fqdn, Failure> {
        let mef = self.config.mef.as_ref().map(|mef| mef.fqdn.clone());
        mef.ok_or_else(|| {
            Failure::refused(
                Kind::Configuration,
                "this is no MEF: add [mef] with its fqdn to the configuration",
            )
        })
    }
}

/// When something ends.
#[derive(Debug, Args)]
pub(super) struct End {
    /// Its end, in UTC, as YYYYMMDDThhmmss
    #[arg(long, value_name = "TIME", value_parser = ExpirationTime::parse, conflicts_with = "lifetime")]
    pub(super) until: Option<ExpirationTime>,
    /// Its life, a number and s, m, h or d
    #[arg(long, value_name = "DURATION", value_parser = super::options::duration)]
    pub(super) lifetime: Option<Duration>,
}

impl End {
    pub(super) fn get(&self, now: UnixTime) -> Result<Option<ExpirationTime>, Failure> {
        match (self.until, self.lifetime) {
            (Some(until), _) => Ok(Some(until)),
            (None, Some(lifetime)) => super::options::after(now, lifetime).map(Some),
            (None, None) => Ok(None),
        }
    }

    pub(super) fn or(&self, now: UnixTime, default: Duration) -> Result<UnixTime, Failure> {
        match self.get(now)? {
            Some(end) => Ok(end.to_unix()),
            None => Ok(super::options::after(now, default)?.to_unix()),
        }
    }
}

/// A time for people.
pub(super) fn time(time: UnixTime) -> String {
    ExpirationTime::from_unix(time).map_or_else(|_| "never".into(), |time| format!("{time}"))
}

/// The one text of a path.
pub(super) fn shown(path: &Path) -> String {
    format!("{}", path.display())
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::refused(Kind::Configuration, format!("{error}"))
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        let kind = match error.kind() {
            error::Kind::NotFound => Kind::NotFound,
            error::Kind::Conflict | error::Kind::AlreadyRegistered => Kind::Conflict,
            error::Kind::Unavailable | error::Kind::Internal => Kind::Unavailable,
            _ => Kind::Refused,
        };
        match error.cause() {
            Some(cause) if kind == Kind::Unavailable => Self::refused(kind, format!("{cause}")),
            _ => Self::refused(kind, error.text()),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let advice = match &error {
            OpenError::Io(_, error) | OpenError::State(StateError::Io(_, error))
                if error.kind() == std::io::ErrorKind::NotFound =>
            {
                ": make the service with `ibc service init`, or bring back what was there"
            }
            _ => "",
        };
        Self::refused(Kind::Unavailable, format!("{error}{advice}"))
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        OpenError::from(error).into()
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        let kind = match &error {
            BackupError::Exists(_) | BackupError::Io(..) => Kind::File,
            BackupError::NotABackup(..)
            | BackupError::Damaged(..)
            | BackupError::Changed(_)
            | BackupError::Unsigned(_)
            | BackupError::IsTheDatabase(_) => Kind::Format,
            BackupError::OtherService(_) => Kind::Refused,
            _ => Kind::Unavailable,
        };
        Self::refused(kind, format!("{error}"))
    }
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::Backup(error) => error.into(),
            RestoreError::Open(error) => error.into(),
            RestoreError::Older { .. } | RestoreError::OtherDatabase => {
                Self::refused(Kind::Refused, format!("{error}"))
            }
            error => Self::refused(Kind::Unavailable, format!("{error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_is_named_by_numbers_that_nobody_can_set() {
        let users = "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n";
        for (uid, login, text) in [
            (Some(1000), Some(1000), "alice (uid 1000)"),
            (Some(0), Some(1000), "root (uid 0), login alice (uid 1000)"),
            (Some(0), None, "root (uid 0)"),
            (Some(1001), None, "uid 1001"),
            (None, None, "unknown"),
        ] {
            assert_eq!(operator_text(uid, login, users), text);
        }
        assert!(operator().contains("uid "), "{}", operator());
    }
}
