//! `ibc key`: symmetric keys at a MEF or a MAF.

use super::asking::{Asking, LIFE, Registered, Server};
use super::connect::PATIENCE;
use super::registration::Then;
use super::{block_on, sleep_until, some};
use crate::cli::Outcome;
use crate::cli::failure::{Failure, Kind};
use crate::cli::options;
use crate::cli::report::Report;
use crate::client::renewal::system_random;
use crate::client::{Client, ClientError, DeviceStore, Kept, KeyKeeper, KeyRequest, own_key};
use crate::clock::SystemClock;
use crate::files::key_file;
use crate::files::registered_key_file::RegisteredKeyFile;
use clap::{Args, Subcommand};
use core::time::Duration;
use eccsi_sakke::onem2m::{
    EntityName, ExpirationTime, Fqdn, KeyIdentifier, RelativeKeyId, SecurityUsage, UnixTime,
};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Before another look at a store that another process holds for long.
const BUSY: Duration = Duration::from_secs(5);

/// Register keys for others and retrieve those that were registered for this entity
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Register a key for one or more targets (clauses 8.3.5.2.7, 8.8.2.7)
    ///
    /// Without --key-file the key is the one that both ends export from their session. Registers the client with the
    /// stakeholder first, unless it is. The targets retrieve the key by the identifier that is printed; in a handshake
    /// it is the PSK identity: `ibc associate` does that, with what is in the store or the file.
    #[command(
        after_help = "Examples:\n  ibc key register --maf maf.example.com --as //sp.example.com/CSE1/C1 --psk-identity c1@maf.example.com --psk-file km.hex --stakeholder sp.example.com --suid 32 --target //sp.example.com/CSE2 --store c1\n  ibc key register … --out kc.json\n  ibc key register … --suid 34 --target //sp.example.com/CSE2 --key-file data.hex\n  ibc key register … --store c1 --keep"
    )]
    Register(Box<Register>),
    /// Retrieve a key by its identifier (clauses 8.3.5.2.8, 8.8.2.8)
    #[command(
        after_help = "Example:\n  ibc key retrieve --maf maf.example.com --as //sp.example.com/CSE2 --psk-identity cse2@maf.example.com --psk-file km.hex --id A1B2C3D4E5F60718293A4B5C6D7E8F90@maf.example.com --store cse2"
    )]
    Retrieve(Box<Retrieve>),
    /// Change end, labels or targets of a key of one's own (clauses 8.3.5.2.9, 8.8.2.9)
    #[command(
        after_help = "Example:\n  ibc key update --maf maf.example.com --as //sp.example.com/CSE1/C1 --psk-identity c1@maf.example.com --psk-file km.hex --id A1B2C3D4E5F60718293A4B5C6D7E8F90 --lifetime 30d"
    )]
    Update(Box<Update>),
    /// Remove a key of one's own (clauses 8.3.5.2.10, 8.8.2.10)
    #[command(
        after_help = "Example:\n  ibc key delete --maf maf.example.com --as //sp.example.com/CSE1/C1 --psk-identity c1@maf.example.com --psk-file km.hex --id A1B2C3D4E5F60718293A4B5C6D7E8F90"
    )]
    Delete(Box<Delete>),
}

/// Where a key goes, besides the store.
#[derive(Debug, Args)]
struct Destination {
    /// Write the key with all that holds for it (Key Identifier, SUID, end, source, targets) into this new file of mode 0600,
    /// as JSON
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write only the key, in hexadecimal, for programs that know nothing else
    #[arg(long, requires = "out")]
    raw: bool,
    /// Replace the file if it exists
    #[arg(long, requires = "out")]
    force: bool,
    /// Print the key
    #[arg(long)]
    show_secret: bool,
}

impl Destination {
    fn check(&self, has_store: bool) -> Result<(), Failure> {
        match &self.out {
            Some(out) => options::check_absent(out, self.force),
            None if self.show_secret || has_store => Ok(()),
            None => Err(Failure::usage(
                "say where the key goes: --store FOLDER, where ibc associate finds it, --out FILE, or --show-secret",
            )),
        }
    }

    /// Puts a key into the store and into the file, and tells where.
    fn put(&self, key: &RegisteredKeyFile, asking: &Asking) -> Result<Vec<PathBuf>, Failure> {
        let mut places = Vec::new();
        if let Some(store) = &asking.store {
            store.keep_key(key)?;
            places.push(store.key_path(&key.identifier));
        }
        if let Some(out) = &self.out {
            let existing = options::existing(self.force);
            if self.raw {
                key_file::write(out, &key.key, existing)?
            } else {
                key.write(out, existing)?
            }
            places.push(out.clone());
        }
        Ok(places)
    }
}

/// What is printed of a key.
#[derive(Serialize)]
struct Shown<'a> {
    identifier: &'a str,
    suid: u8,
    until: String,
    source: &'a str,
    stakeholder: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    targets: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    labels: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    out: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<&'a str>,
    /// What came of the commands of the MEF.
    #[serde(skip_serializing_if = "Option::is_none")]
    commands: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(key: &'a RegisteredKeyFile, out: &[PathBuf], digits: Option<&'a str>) -> Self {
        Self {
            identifier: key.identifier.as_str(),
            suid: key.usage.to_u8(),
            until: format!("{}", key.end),
            source: &key.source,
            stakeholder: key.stakeholder.as_str(),
            targets: &key.targets,
            labels: &key.labels,
            out: out.iter().map(|path| path.to_string_lossy().into()).collect(),
            registration: None,
            identity: None,
            commands: None,
            key: digits,
        }
    }

    /// With the registration that was made for it.
    fn under(self, registered: Option<&'a Registered>) -> Self {
        let registration = registered.map(|registered| &registered.registration);
        Self {
            registration: registration.map(|one| one.id.as_str()),
            identity: registration
                .filter(|_| registered.is_some_and(|registered| registered.is_new))
                .and_then(|one| one.identity.as_deref()),
            ..self
        }
    }

    /// `said` are further lines, each after a line end.
    fn report(&self, verb: &str, said: &str) -> Report {
        let mut text = Zeroizing::new(String::with_capacity(16 * 1024));
        text.push_str(&format!(
            "{verb} {}\n  SUID   {}\n  until  {}\n  source {}\n",
            self.identifier, self.suid, self.until, self.source
        ));
        for (name, list) in [("target", self.targets), ("label", self.labels)] {
            for one in list {
                text.push_str(&format!("  {name:<6} {one}\n"));
            }
        }
        for out in &self.out {
            text.push_str(&format!("  key in {out}\n"));
        }
        if let Some(registration) = self.registration {
            text.push_str(&format!("  under  registration {registration}\n"));
        }
        if let Some(identity) = self.identity {
            text.push_str(&format!("  KmID   {identity}, in handshakes from now on\n"));
        }
        if let Some(line) = said.strip_prefix('\n') {
            text.push_str(&format!("{line}\n"));
        }
        if let Some(key) = self.key {
            for part in ["  key    ", key, "\n"] {
                text.push_str(part);
            }
        }
        Report::raw(Zeroizing::new(text.as_bytes().to_vec()), self)
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Register {
    #[command(flatten)]
    server: Server,
    /// The administrating stakeholder
    #[arg(long, value_name = "FQDN", value_parser = Fqdn::parse)]
    stakeholder: Fqdn,
    /// What the key is for: 22 or 32 for a security association, 23 or 33 ESPrim, 24, 25, 34, 35 ESData, 21 a MAF
    #[arg(long, value_name = "NUMBER", value_parser = SecurityUsage::parse)]
    suid: SecurityUsage,
    /// Who may retrieve it, in absolute form; may be given again. Without it the stakeholder's policy says
    #[arg(long, value_name = "ID")]
    target: Vec<String>,
    /// Propose this life; the function decides
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = options::duration)]
    lifetime: Duration,
    /// A label; may be given again
    #[arg(long, value_name = "TEXT")]
    label: Vec<String>,
    /// Register this key, and not one that is exported: a file of mode 0600, or - for standard input, as --psk-file
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["show_secret", "keep"])]
    key_file: Option<PathBuf>,
    #[command(flatten)]
    to: Destination,
    /// Stay, and register another key in the last fifth of the life of each, into the store and the same file. A key like
    /// that which is in the store already, and lives, is the first
    #[arg(long, conflicts_with = "show_secret")]
    keep: bool,
    #[command(flatten)]
    then: Then,
}

impl Register {
    fn run(self, json: bool) -> Outcome {
        options::stdin_once([self.server.connect.takes_stdin(), self.key_file.as_ref()])?;
        let has_store = self.server.connect.store.is_some();
        self.to.check(has_store || self.key_file.is_some())?;
        if self.keep && self.to.out.is_none() && !has_store {
            return Err(Failure::usage("--keep needs --store FOLDER or --out FILE for the keys"));
        }
        let own = self.key_file.as_deref().map(key_file::read_or_stdin).transpose()?;
        let mut asking = self.server.open()?;
        let request = KeyRequest {
            stakeholder: self.stakeholder,
            end: options::after(options::now()?, self.lifetime)?,
            usage: self.suid,
            targets: some(self.target),
            labels: some(self.label),
        };
        let (to, lifetime) = (self.to, self.lifetime);
        block_on(async {
            let end = options::after(options::now()?, LIFE)?.max(request.end);
            let under = asking.registered(&request.stakeholder, end).await?;
            if self.keep {
                return keep(asking, request, lifetime, &to, json).await;
            }
            let key = match own {
                Some(key) => {
                    let (answer, identifier) = asking.client.register_key(&request, key.clone()).await?;
                    own_key(&answer, identifier, key)?
                }
                None => {
                    let registered = asking.client.register_exported_key(&request).await?;
                    let key = Zeroizing::new(registered.key.to_vec());
                    own_key(&registered.registration, registered.identifier, key)?
                }
            };
            let places = to.put(&key, &asking)?;
            let digits = crate::files::hex::encode_secret(&key.key);
            let (mut said, mut value) = (String::new(), json!({}));
            if let Some(under) = &under {
                let commanded = asking.commands(&under.registration.id, !self.then.no_commands).await?;
                commanded.tell(&mut said, &mut value);
            }
            let commands = value.get("commands").cloned();
            let shown = Shown { commands, ..Shown::of(&key, &places, to.show_secret.then_some(&digits)) };
            Ok(shown.under(under.as_ref()).report("registered", &said))
        })
    }
}

async fn keep(
    mut asking: Asking,
    request: KeyRequest,
    lifetime: Duration,
    to: &Destination,
    json: bool,
) -> Outcome {
    let client = Client::new(asking.client.access().clone());
    let mut keeper = KeyKeeper::new(client, request, lifetime, (Arc::new(SystemClock), system_random()));
    let again = Destination { out: to.out.clone(), raw: to.raw, force: true, show_secret: false };
    let mut known = None;
    loop {
        // Held while a key is registered: of two processes that want the same, the second finds that of the first.
        if let Some(store) = &mut asking.store
            && keeper.is_due()
        {
            if let Err(error) = store.hold(PATIENCE) {
                let until = options::now()?.checked_add(BUSY).unwrap_or(UnixTime::EPOCH);
                not_registered(&error, until, json)?;
                sleep_until(until).await?;
                continue;
            }
            let key = alike(store, &asking.client, &asking.entity, keeper.request())?;
            if let Some(key) = key.filter(|key| known.as_ref() != Some(&key.identifier)) {
                keeper.adopt(key.end.to_unix());
                let places = again.put(&key, &asking)?;
                Shown::of(&key, &places, None).report("found", "").print(json)?;
                known = Some(key.identifier);
            }
        }
        let kept = keeper.keep().await;
        let next = match kept {
            Kept::Until(until) => until,
            Kept::Renewed(registered) => {
                let key = Zeroizing::new(registered.key.to_vec());
                let key = own_key(&registered.registration, registered.identifier, key)?;
                let places = again.put(&key, &asking)?;
                asking.succeeded()?;
                Shown::of(&key, &places, None).report("registered", "").print(json)?;
                known = Some(key.identifier);
                continue;
            }
            Kept::Failed(error, until) => {
                not_registered(&error, until, json)?;
                until
            }
        };
        if let Some(store) = &mut asking.store {
            store.release();
        }
        sleep_until(next).await?;
    }
}

fn not_registered(why: &impl core::fmt::Display, again: UnixTime, json: bool) -> io::Result<()> {
    let again = ExpirationTime::from_unix(again).unwrap_or(ExpirationTime::MAX);
    if json {
        let text = json!({"error": {"message": format!("{why}")}, "due": format!("{again}")});
        writeln!(io::stdout(), "{text}")
    } else {
        writeln!(io::stdout(), "not registered: {why}\n  next attempt {again}")
    }
}

/// The key in the store that was registered as this one would be, and that lasts longest.
fn alike(
    store: &DeviceStore,
    client: &Client,
    entity: &EntityName,
    request: &KeyRequest,
) -> Result<Option<RegisteredKeyFile>, Failure> {
    let mut keys = store.live_keys(options::now()?)?;
    let targets = |list: &[String]| list.iter().cloned().collect::<BTreeSet<_>>();
    keys.retain(|key| {
        key.identifier.fqdn() == client.access().fqdn()
            && key.usage == request.usage
            && key.source == entity.as_str()
            && key.stakeholder == request.stakeholder
            && request.targets.as_ref().is_none_or(|wanted| targets(wanted) == targets(&key.targets))
    });
    Ok(keys.into_iter().max_by_key(|key| key.end))
}

/// Which key.
#[derive(Debug, Args)]
struct Which {
    /// The Key Identifier, RelativeKeyID@FQDN, or its RelativeKeyID
    #[arg(long, value_name = "KEY")]
    id: String,
}

impl Which {
    fn identifier(&self, asking: &Asking) -> Result<KeyIdentifier, Failure> {
        if !self.id.contains('@') {
            return Ok(KeyIdentifier::new(RelativeKeyId::parse(&self.id)?, asking.fqdn().clone())?);
        }
        let identifier = KeyIdentifier::parse(&self.id)?;
        if identifier.fqdn() == asking.fqdn() {
            return Ok(identifier);
        }
        let message = format!("the key is at {}, not at {}", identifier.fqdn(), asking.fqdn());
        Err(Failure::refused(Kind::Identity, message))
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Retrieve {
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    to: Destination,
}

impl Retrieve {
    fn run(self) -> Outcome {
        self.to.check(self.server.connect.store.is_some())?;
        let mut asking = self.server.open()?;
        let identifier = self.which.identifier(&asking)?;
        block_on(async {
            let answer = asking.client.retrieve_key(identifier.relative()).await?;
            let malformed = |_| Failure::from(ClientError::Answer("a key with a malformed member"));
            let key = RegisteredKeyFile {
                key: answer.key_value.expose().clone(),
                identifier,
                usage: SecurityUsage::from_u8(answer.suid).map_err(malformed)?,
                end: ExpirationTime::parse(&answer.expiration_time).map_err(malformed)?,
                source: answer.source,
                targets: Vec::new(),
                stakeholder: Fqdn::parse(&answer.admin_fqdn).map_err(malformed)?,
                labels: answer.labels.unwrap_or_default(),
            };
            let places = self.to.put(&key, &asking)?;
            asking.succeeded()?;
            let digits = crate::files::hex::encode_secret(&key.key);
            Ok(Shown::of(&key, &places, self.to.show_secret.then_some(&digits)).report("retrieved", ""))
        })
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Update {
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    which: Which,
    /// Propose an end so far from now
    #[arg(long, value_name = "DURATION", value_parser = options::duration)]
    lifetime: Option<Duration>,
    /// A label, in place of those that it has; may be given again
    #[arg(long, value_name = "TEXT")]
    label: Vec<String>,
    /// Who may retrieve it from now on, in absolute form; may be given again
    #[arg(long, value_name = "ID")]
    target: Vec<String>,
}

impl Update {
    fn run(self) -> Outcome {
        if self.lifetime.is_none() && self.label.is_empty() && self.target.is_empty() {
            return Err(Failure::usage("say what changes: --lifetime, --label or --target"));
        }
        let now = options::now()?;
        let end = self.lifetime.map(|lifetime| options::after(now, lifetime)).transpose()?;
        let mut asking = self.server.open()?;
        let identifier = self.which.identifier(&asking)?;
        let relative = identifier.relative();
        block_on(async {
            let (labels, targets) = (some(self.label), some(self.target));
            let answer = asking.client.update_key(relative, end, labels, targets).await?;
            if let Some(store) = &asking.store
                && let Some(mut key) = store.key_of(&identifier)?
            {
                if let Some(end) = &answer.expiration_time {
                    key.end = ExpirationTime::parse(end)
                        .map_err(|_| Failure::from(ClientError::Answer("an end that is no time")))?;
                }
                key.labels = answer.labels.clone().unwrap_or(key.labels);
                key.targets = answer.target_ids.clone().unwrap_or(key.targets);
                store.keep_key(&key)?;
            }
            asking.succeeded()?;
            let mut text = format!("updated {relative}");
            if let Some(end) = &answer.expiration_time {
                text.push_str(&format!("\n  until  {end}"));
            }
            for target in answer.target_ids.iter().flatten() {
                text.push_str(&format!("\n  target {target}"));
            }
            let value = json!({
                "id": relative.as_str(), "until": answer.expiration_time, "labels": answer.labels,
                "targets": answer.target_ids,
            });
            Ok(Report::new(text, &value))
        })
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Delete {
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    which: Which,
}

impl Delete {
    fn run(self) -> Outcome {
        let mut asking = self.server.open()?;
        let identifier = self.which.identifier(&asking)?;
        let relative = identifier.relative();
        block_on(async {
            asking.client.delete_key(relative).await?;
            if let Some(store) = &asking.store {
                store.forget_key(&identifier)?;
            }
            asking.succeeded()?;
            Ok(Report::new(format!("removed {relative}"), &json!({"removed": relative.as_str()})))
        })
    }
}

impl Command {
    pub(in crate::cli) fn run(self, json: bool) -> Outcome {
        match self {
            Self::Register(command) => command.run(json),
            Self::Retrieve(command) => command.run(),
            Self::Update(command) => command.run(),
            Self::Delete(command) => command.run(),
        }
    }
}
