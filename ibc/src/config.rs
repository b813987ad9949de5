//! `ibc.toml`: what a service is and where its things are.
//!
//! One file for every command and every node of a deployment but for `node`. A key that is not known is refused, and
//! [`SAMPLE`] documents each. Paths that are not absolute begin at the folder of the file.

mod changes;
mod server;
mod spans;
mod store_url;

pub use server::{MefAccess, ServerSection};
pub use store_url::{PASSWORD_VARIABLE, store_url};

use crate::files::{FileError, public_file};
use crate::service::budgets;
use crate::service::kms::{KeyDirectory, KeysError, Sealing};
use crate::service::limits;
use crate::service::mef::ProvisioningPolicy;
use crate::service::store::{self, StoreUrl};
use core::fmt;
use core::time::Duration;
use eccsi_sakke::onem2m::Fqdn;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::path::{Path, PathBuf};
use std::string::ToString;
use zeroize::Zeroizing;

/// A file that names every key, with its default where it has one: `ibc config sample`.
pub const SAMPLE: &str = include_str!("config/sample.toml");

/// Octets of a file with certificates or their key.
const MAX_PEM: u64 = 1024 * 1024;

/// Octets of a file: many times what one with comments has.
const MAX_OCTETS: u64 = 64 * 1024;

/// Connections to a database: what PostgreSQL takes where it was tuned for many.
const MAX_CONNECTIONS: u32 = 1000;

const WITHOUT_PKCS11: &str = "this program was built without PKCS#11: build it with the feature pkcs11";

/// Octets of a password or passphrase.
const MAX_SECRET: u64 = 1024;

/// `ibc.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The service provider to whose entities SP-relative names belong.
    #[serde(deserialize_with = "fqdn")]
    pub provider: Fqdn,
    /// The name of this node: its audit chain and its state file have it.
    #[serde(deserialize_with = "name")]
    pub node: String,
    /// Accept what only a laboratory may have: keys shorter than 16 octets.
    #[serde(default)]
    pub lab: bool,
    /// The database.
    pub store: StoreSection,
    /// The key directory.
    pub keys: KeysSection,
    /// The MEF, if this is one.
    pub mef: Option<MefSection>,
    /// The MAF, if this is one.
    pub maf: Option<MafSection>,
    /// The network.
    #[serde(default)]
    pub server: ServerSection,
    /// Cleaning up.
    #[serde(default)]
    pub tidy: TidySection,
    /// The audit log.
    pub audit: AuditSection,
}

/// `[store]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSection {
    /// `sqlite:PATH` or `postgres://USER@HOST/DATABASE`, without a password.
    pub url: String,
    /// File of mode 0600 with the password of PostgreSQL.
    pub password_file: Option<PathBuf>,
    /// Connections to the database at most.
    #[serde(default = "connections")]
    pub connections: u32,
    /// Folder of the state files: outside the database and its backups.
    pub state: PathBuf,
    /// How far the clock may stand behind the latest write before nothing is issued.
    #[serde(default = "minute", deserialize_with = "duration")]
    pub clock_tolerance: Duration,
}

/// `[keys]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysSection {
    /// The key directory.
    pub directory: PathBuf,
    /// File of mode 0600 with 32 octets that seal the root key.
    pub key_file: Option<PathBuf>,
    /// File of mode 0600 with a passphrase that seals the root key.
    pub passphrase_file: Option<PathBuf>,
    /// An AES key in a token that seals the root key.
    pub pkcs11: Option<Pkcs11Section>,
}

/// `[keys.pkcs11]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pkcs11Section {
    /// The token's library.
    pub module: PathBuf,
    /// Label of the token.
    pub token: String,
    /// Label of the key.
    pub key: String,
    /// File of mode 0600 with the PIN.
    pub pin_file: PathBuf,
}

/// `[mef]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MefSection {
    /// FQDN of the MEF.
    #[serde(deserialize_with = "fqdn")]
    pub fqdn: Fqdn,
    /// Life of an IBC credential if the client proposes nothing.
    #[serde(default = "credential_lifetime", deserialize_with = "duration")]
    pub default_lifetime: Duration,
    /// Longest life of an IBC credential.
    #[serde(default = "credential_lifetime_max", deserialize_with = "duration")]
    pub max_lifetime: Duration,
    /// Refuse a proposal beyond the longest life, in place of cutting it.
    #[serde(default)]
    pub refuse_longer: bool,
    /// Live IBC credentials of one entity; older ones are denied.
    #[serde(default = "live_credentials")]
    pub live_credentials: usize,
    /// The time in which an entity gets at most so many new ones.
    #[serde(default = "supersede_window", deserialize_with = "duration")]
    pub supersede_window: Duration,
    /// Give a Receiver Secret Key of SAKKE along.
    #[serde(default)]
    pub rsk: bool,
    /// When a client for which no command waits asks again.
    #[serde(default = "command_retry", deserialize_with = "duration")]
    pub command_retry: Duration,
}

/// `[maf]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MafSection {
    /// FQDN of the MAF.
    #[serde(deserialize_with = "fqdn")]
    pub fqdn: Fqdn,
    /// The MEFs from which it fetches keys, and no others.
    #[serde(default)]
    pub mef: Vec<MefAccess>,
}

/// `[tidy]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TidySection {
    /// How often a running service cleans up.
    #[serde(default = "hour", deserialize_with = "duration")]
    pub interval: Duration,
}

impl Default for TidySection {
    fn default() -> Self {
        Self { interval: hour() }
    }
}

/// `[audit]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditSection {
    /// Folder to which tidy moves older entries.
    pub segments: PathBuf,
    /// Age at which entries are moved.
    #[serde(default = "quarter", deserialize_with = "duration")]
    pub keep: Duration,
}

fn minute() -> Duration {
    Duration::from_secs(60)
}

fn connections() -> u32 {
    store::CONNECTIONS
}

fn hour() -> Duration {
    Duration::from_secs(3_600)
}

fn quarter() -> Duration {
    Duration::from_secs(90 * 86_400)
}

fn credential_lifetime() -> Duration {
    limits::CREDENTIAL_LIFETIME
}

fn credential_lifetime_max() -> Duration {
    limits::CREDENTIAL_LIFETIME_MAX
}

fn command_retry() -> Duration {
    limits::COMMAND_RETRY
}

fn live_credentials() -> usize {
    budgets::LIVE_CREDENTIALS.count()
}

fn supersede_window() -> Duration {
    budgets::SUPERSEDE_WINDOW.time()
}

fn fqdn<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fqdn, D::Error> {
    let text = String::deserialize(deserializer)?;
    Fqdn::parse(&text).map_err(|error| D::Error::custom(format!("{text:?} is no FQDN: {error}")))
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"_-".contains(&octet);
    if (1..=32).contains(&text.len()) && text.bytes().all(plain) {
        Ok(text)
    } else {
        Err(D::Error::custom("a node has a name of 1 to 32 letters, digits, '_' and '-', as in node-1"))
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    crate::files::duration::parse(&text).map_err(D::Error::custom)
}

/// A configuration that cannot be used: where, why, and what to do.
#[derive(Debug)]
pub struct ConfigError {
    path: PathBuf,
    line: Option<usize>,
    message: String,
}

impl ConfigError {
    fn new(path: &Path, message: impl Into<String>) -> Self {
        Self { path: path.into(), line: None, message: message.into() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.line {
            None if self.path.as_os_str().is_empty() => f.write_str(&self.message),
            Some(line) => write!(f, "{path}, line {line}: {}", self.message),
            None => write!(f, "{path}: {}", self.message),
        }
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError`] with the file, the line where there is one, and what to do.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let octets = public_file::read(path, MAX_OCTETS).map_err(|error| {
            let message =
                format!("{error}: make one with `ibc config sample`, or name it with --config FILE");
            ConfigError::new(Path::new(""), message)
        })?;
        let text = core::str::from_utf8(&octets).map_err(|_| ConfigError::new(path, "is not UTF-8 text"))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(text, folder).map_err(|mut error| {
            error.path = path.into();
            error
        })
    }

    /// Reads a text; `folder` is where relative paths begin.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(text: &str, folder: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = toml::from_str(text).map_err(|error| {
            let line = error
                .span()
                .and_then(|span| text.get(..span.start))
                .map(|before| before.matches('\n').count() + 1);
            let advice = if error.message().starts_with("unknown field") {
                " (ibc config sample shows every key)"
            } else {
                ""
            };
            ConfigError {
                path: PathBuf::new(),
                line,
                message: format!("{}{advice}", error.message().replace('\n', " ")),
            }
        })?;
        config.settle(folder).map_err(|message| ConfigError::new(Path::new(""), message))?;
        Ok(config)
    }

    /// Makes paths absolute or relative to where the command runs, and checks what concerns several keys.
    fn settle(&mut self, folder: &Path) -> Result<(), String> {
        let mut paths =
            Vec::from([&mut self.store.state, &mut self.keys.directory, &mut self.audit.segments]);
        paths.extend(&mut self.store.password_file);
        paths.extend(&mut self.keys.key_file);
        paths.extend(&mut self.keys.passphrase_file);
        if let Some(pkcs11) = &mut self.keys.pkcs11 {
            paths.extend([&mut pkcs11.module, &mut pkcs11.pin_file]);
        }
        paths.extend(self.server.paths());
        paths.extend(self.maf.iter_mut().flat_map(|maf| &mut maf.mef).map(|mef| &mut mef.key_file));
        for path in paths {
            *path = folder.join(&*path);
        }
        if let Some(path) = self.store.url.strip_prefix("sqlite:").filter(|path| !path.starts_with('/')) {
            self.store.url = format!("sqlite:{}", folder.join(path).display());
        }
        let server =
            |url: &str| store_url::check(url).and_then(|()| store_url::postgres(&StoreUrl::parse(url)?));
        if let Some(server) = server(&self.store.url).map_err(|why| format!("[store] url: {why}"))? {
            self.store.url = server.with_files_in(folder);
        }
        if !(2..=MAX_CONNECTIONS).contains(&self.store.connections) {
            return Err(format!(
                "[store] connections is 2 to {MAX_CONNECTIONS}: one that writes, and some that read"
            ));
        }
        if self.keys.pkcs11.is_some() && !cfg!(feature = "pkcs11") {
            return Err(format!("[keys] pkcs11: {WITHOUT_PKCS11}"));
        }
        let ways =
            [self.keys.key_file.is_some(), self.keys.passphrase_file.is_some(), self.keys.pkcs11.is_some()];
        if ways.into_iter().filter(|way| *way).count() != 1 {
            return Err(
                "[keys] needs one of key_file, passphrase_file and pkcs11, which seals the keys".into()
            );
        }
        if self.mef.is_none() && self.maf.is_none() {
            return Err("add [mef] with its fqdn, or [maf], or both: there is nothing to serve".into());
        }
        if let (Some(mef), Some(maf)) = (&self.mef, &self.maf)
            && mef.fqdn == maf.fqdn
        {
            return Err("[mef] and [maf] need names of their own: clients choose by the name".into());
        }
        self.server.check()?;
        self.check_spans()?;
        if let Some(mef) = &self.mef {
            if mef.default_lifetime > mef.max_lifetime {
                return Err("[mef] default_lifetime is longer than max_lifetime".into());
            }
            if mef.live_credentials == 0 {
                return Err("[mef] live_credentials is at least 1".into());
            }
            if mef.supersede_window.is_zero() {
                return Err("[mef] supersede_window is at least 1s".into());
            }
        }
        Ok(())
    }

    /// Takes another database than the file names.
    ///
    /// # Errors
    /// A sentence for a text that is no URL of a store, or holds a password.
    pub fn override_store(&mut self, url: &str) -> Result<(), String> {
        store_url::check(url)?;
        self.store.url = url.into();
        Ok(())
    }

    /// The database, with its password.
    ///
    /// # Errors
    /// [`ConfigError`] for a password file that cannot be read.
    pub fn store_url(&self) -> Result<StoreUrl, ConfigError> {
        let password = match &self.store.password_file {
            Some(path) => Some(secret_file(path)?),
            None => store_url::password_of_environment(),
        };
        let wrong = |why| ConfigError::new(Path::new("[store] url"), why);
        let parsed = StoreUrl::parse(&self.store.url).map_err(wrong)?;
        for file in store_url::postgres(&parsed).map_err(wrong)?.iter().flat_map(store::PostgresUrl::files) {
            // The driver's own message does not name the file.
            public_file::read(&file, MAX_PEM)
                .map_err(|error| ConfigError::new(Path::new("[store] url"), format!("{error}")))?;
        }
        store_url::protected(parsed, password.as_deref().map(Vec::as_slice)).map_err(wrong)
    }

    /// How the connection to the database is protected, by the names that PostgreSQL has for `sslmode`; `None` for a
    /// file.
    pub fn store_protection(&self) -> Option<&'static str> {
        self.server_of_store().map(|server| server.mode_name())
    }

    /// What this configuration may say, and should not: a sentence each.
    pub fn warnings(&self) -> Vec<String> {
        self.server_of_store().map_or(Vec::new(), |server| server.warnings())
    }

    fn server_of_store(&self) -> Option<store::PostgresUrl> {
        store_url::postgres(&StoreUrl::parse(&self.store.url).ok()?).ok()?
    }

    /// Calls `with` with what seals the root key.
    ///
    /// # Errors
    /// [`ConfigError`] for a passphrase file that cannot be read, or PKCS#11 in a program without it.
    pub fn with_sealing<T>(&self, with: impl FnOnce(&Sealing<'_>) -> T) -> Result<T, ConfigError> {
        if let Some(path) = &self.keys.key_file {
            return Ok(with(&Sealing::KeyFile(path)));
        }
        if let Some(path) = &self.keys.passphrase_file {
            let passphrase = secret_file(path)?;
            let kdf = crate::files::kdf::KdfParameters::new(65_536, 3, 1)
                .map_err(|error| ConfigError::new(path, error.to_string()))?;
            return Ok(with(&Sealing::Passphrase { passphrase: &passphrase, kdf }));
        }
        self.with_token(with)
    }

    #[cfg(feature = "pkcs11")]
    fn with_token<T>(&self, with: impl FnOnce(&Sealing<'_>) -> T) -> Result<T, ConfigError> {
        match &self.keys.pkcs11 {
            Some(Pkcs11Section { module, token, key, pin_file }) => {
                let token = crate::service::kms::Pkcs11 {
                    module: module.clone(),
                    token: token.clone(),
                    key: key.clone(),
                    pin_file: pin_file.clone(),
                };
                Ok(with(&Sealing::Pkcs11(&token)))
            }
            None => Err(ConfigError::new(Path::new("[keys]"), "nothing seals the keys")),
        }
    }

    #[cfg(not(feature = "pkcs11"))]
    fn with_token<T>(&self, _: impl FnOnce(&Sealing<'_>) -> T) -> Result<T, ConfigError> {
        Err(ConfigError::new(Path::new("[keys] pkcs11"), WITHOUT_PKCS11))
    }

    /// Opens the key directory.
    ///
    /// # Errors
    /// [`ConfigError`] with what is wrong, and what to do.
    pub fn open_keys(&self) -> Result<KeyDirectory, ConfigError> {
        let directory = &self.keys.directory;
        let opened = self.with_sealing(|sealing| KeyDirectory::open(directory, sealing))?;
        opened.map_err(|error| {
            let advice = match &error {
                KeysError::NotADirectory(_) => ": make it with `ibc service init`",
                error if error.is_sealed() => {
                    ": it was sealed with another key file or passphrase, or changed"
                }
                _ => "",
            };
            ConfigError::new(directory, format!("{error}{advice}"))
        })
    }

    /// How the MEF provisions.
    pub fn provisioning(&self) -> ProvisioningPolicy {
        self.mef.as_ref().map_or_else(ProvisioningPolicy::default, |mef| ProvisioningPolicy {
            default_lifetime: mef.default_lifetime,
            max_lifetime: mef.max_lifetime,
            refuse_longer: mef.refuse_longer,
            live_credentials: mef.live_credentials,
            supersede_window: mef.supersede_window,
            superseded: budgets::SUPERSEDED.count(),
            with_rsk: mef.rsk,
            command_retry: mef.command_retry,
        })
    }

    /// The writer of commands at this node. The service itself writes under [`node`](Self::node).
    pub fn command_writer(&self) -> String {
        format!("{}.cli", self.node)
    }
}

/// The first line of a private file.
fn secret_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, ConfigError> {
    let read = crate::files::private_file::read(path, MAX_SECRET);
    let mut octets = read.map_err(|error: FileError| ConfigError::new(Path::new(""), format!("{error}")))?;
    while matches!(octets.last(), Some(b'\n' | b'\r')) {
        octets.pop();
    }
    if octets.is_empty() { Err(ConfigError::new(path, "is empty")) } else { Ok(octets) }
}
