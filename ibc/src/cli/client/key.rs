//! `ibc key`: symmetric keys at a MEF or a MAF.

use super::{Server, block_on, sleep_until, some};
use crate::cli::Outcome;
use crate::cli::failure::{Failure, Kind};
use crate::cli::options;
use crate::cli::report::Report;
use crate::client::renewal::system_random;
use crate::client::{Client, ExportedRegistration, Kept, KeyKeeper, KeyRequest};
use crate::clock::SystemClock;
use crate::files::key_file;
use crate::wire::ResponseStatusCode;
use clap::{Args, Subcommand};
use core::time::Duration;
use eccsi_sakke::onem2m::{ExpirationTime, Fqdn, KeyIdentifier, RelativeKeyId, SecurityUsage};
use serde::Serialize;
use serde_json::json;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Register keys for others and retrieve those that were registered for this entity
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Register a key for one or more targets (clauses 8.3.5.2.7, 8.8.2.7)
    ///
    /// Without --key-file the key is the one that both ends export from their session. Registers the client with the
    /// stakeholder first, unless it is. The targets retrieve the key by the identifier that is printed; in a handshake
    /// it is the PSK identity.
    #[command(
        after_help = "Examples:\n  ibc key register --maf maf.example.com --as //sp.example.com/CSE1/C1 --psk-identity c1@maf.example.com --psk-file km.hex --stakeholder sp.example.com --suid 32 --target //sp.example.com/CSE2 --out kc.hex\n  ibc key register … --suid 34 --target //sp.example.com/CSE2 --key-file data.hex\n  ibc key register … --out kc.hex --keep"
    )]
    Register(Box<Register>),
    /// Retrieve a key by its identifier (clauses 8.3.5.2.8, 8.8.2.8)
    #[command(
        after_help = "Example:\n  ibc key retrieve --maf maf.example.com --as //sp.example.com/CSE2 --psk-identity cse2@maf.example.com --psk-file km.hex --id A1B2C3D4E5F60718293A4B5C6D7E8F90@maf.example.com --out kc.hex"
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

/// Where a key goes.
#[derive(Debug, Args)]
struct Destination {
    /// Write the key in hexadecimal into this new file of mode 0600
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "out")]
    force: bool,
    /// Print the key
    #[arg(long)]
    show_secret: bool,
}

impl Destination {
    fn check(&self) -> Result<(), Failure> {
        match &self.out {
            Some(out) => options::check_absent(out, self.force),
            None if self.show_secret => Ok(()),
            None => Err(Failure::usage("say where the key goes: --out FILE, or --show-secret")),
        }
    }

    fn write(&self, key: &[u8]) -> Result<(), Failure> {
        let Some(out) = &self.out else { return Ok(()) };
        key_file::write(out, key, options::existing(self.force)).map_err(Failure::from)
    }
}

/// What is printed of a key.
#[derive(Serialize)]
struct Shown<'a> {
    identifier: &'a str,
    suid: u8,
    until: &'a str,
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    targets: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

impl Shown<'_> {
    fn report(&self, verb: &str) -> Report {
        let mut text = Zeroizing::new(String::with_capacity(4096));
        text.push_str(&format!(
            "{verb} {}\n  SUID   {}\n  until  {}\n  source {}\n",
            self.identifier, self.suid, self.until, self.source
        ));
        for target in self.targets.unwrap_or_default() {
            text.push_str(&format!("  target {target}\n"));
        }
        if let Some(out) = &self.out {
            text.push_str(&format!("  key in {out}\n"));
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
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["out", "show_secret", "keep"])]
    key_file: Option<PathBuf>,
    #[command(flatten)]
    to: Destination,
    /// Stay, and register another key in the last fifth of the life of each, into the same file
    #[arg(long, requires = "out", conflicts_with = "show_secret")]
    keep: bool,
}

impl Register {
    fn run(self, json: bool) -> Outcome {
        options::stdin_once([self.server.connect.takes_stdin(), self.key_file.as_ref()])?;
        if self.key_file.is_none() {
            self.to.check()?;
        }
        let own = self.key_file.as_deref().map(key_file::read_or_stdin).transpose()?;
        let mut client = self.server.client()?;
        let request = KeyRequest {
            stakeholder: self.stakeholder,
            end: options::after(options::now()?, self.lifetime)?,
            usage: self.suid,
            targets: some(self.target),
            labels: some(self.label),
        };
        let (to, lifetime) = (self.to, self.lifetime);
        block_on(async {
            register_client(&mut client, &request).await?;
            if self.keep {
                return keep(client, request, lifetime, &to, json).await;
            }
            match own {
                Some(key) => {
                    let (answer, identifier) = client.register_key(&request, key).await?;
                    let shown = Shown {
                        identifier: identifier.as_str(),
                        suid: answer.suid,
                        until: &answer.expiration_time,
                        source: &answer.source,
                        targets: Some(&answer.target_ids),
                        out: None,
                        key: None,
                    };
                    Ok(shown.report("registered"))
                }
                None => exported(&client.register_exported_key(&request).await?, &to),
            }
        })
    }
}

/// Keys are registered under a registration of the client, which may be there already.
async fn register_client(client: &mut Client, request: &KeyRequest) -> Result<(), Failure> {
    const LIFE: Duration = Duration::from_secs(365 * 86_400);
    let end = options::after(options::now()?, LIFE)?;
    match client.register(&request.stakeholder, end.max(request.end), None).await {
        Err(error)
            if error.response_status_code() != Some(ResponseStatusCode::OriginatorHasAlreadyRegistered) =>
        {
            Err(error.into())
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

fn exported(registered: &ExportedRegistration, to: &Destination) -> Outcome {
    to.write(registered.key.as_slice())?;
    let digits = crate::files::hex::encode_secret(registered.key.as_slice());
    let shown = Shown {
        identifier: registered.identifier.as_str(),
        suid: registered.registration.suid,
        until: &registered.registration.expiration_time,
        source: &registered.registration.source,
        targets: Some(&registered.registration.target_ids),
        out: to.out.as_deref().map(shown_path),
        key: to.show_secret.then_some(&digits),
    };
    Ok(shown.report("registered"))
}

fn shown_path(path: &Path) -> String {
    path.to_string_lossy().into()
}

async fn keep(
    client: Client,
    request: KeyRequest,
    lifetime: Duration,
    to: &Destination,
    json: bool,
) -> Outcome {
    let mut keeper = KeyKeeper::new(client, request, lifetime, (Arc::new(SystemClock), system_random()));
    let again = Destination { out: to.out.clone(), force: true, show_secret: false };
    loop {
        let next = match keeper.keep().await {
            Kept::Until(until) => until,
            Kept::Renewed(registered) => {
                exported(&registered, &again)?.print(json)?;
                continue;
            }
            Kept::Failed(error, until) => {
                let again = ExpirationTime::from_unix(until).unwrap_or(ExpirationTime::MAX);
                if json {
                    let text = json!({"error": {"message": format!("{error}")}, "due": format!("{again}")});
                    writeln!(io::stdout(), "{text}")?;
                } else {
                    writeln!(io::stdout(), "not registered: {error}\n  next attempt {again}")?;
                }
                until
            }
        };
        sleep_until(next).await?;
    }
}

/// Which key.
#[derive(Debug, Args)]
struct Which {
    /// The Key Identifier, RelativeKeyID@FQDN, or its RelativeKeyID
    #[arg(long, value_name = "KEY")]
    id: String,
}

impl Which {
    fn relative(&self, client: &Client) -> Result<RelativeKeyId, Failure> {
        if !self.id.contains('@') {
            return Ok(RelativeKeyId::parse(&self.id)?);
        }
        let identifier = KeyIdentifier::parse(&self.id)?;
        if identifier.fqdn() == client.access().fqdn() {
            return Ok(identifier.relative().clone());
        }
        let message = format!("the key is at {}, not at {}", identifier.fqdn(), client.access().fqdn());
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
        self.to.check()?;
        let mut client = self.server.client()?;
        let relative = self.which.relative(&client)?;
        block_on(async {
            let key = client.retrieve_key(&relative).await?;
            self.to.write(key.key_value.expose())?;
            let digits = crate::files::hex::encode_secret(key.key_value.expose());
            let identifier = format!("{relative}@{}", client.access().fqdn());
            let shown = Shown {
                identifier: &identifier,
                suid: key.suid,
                until: &key.expiration_time,
                source: &key.source,
                targets: None,
                out: self.to.out.as_deref().map(shown_path),
                key: self.to.show_secret.then_some(&digits),
            };
            Ok(shown.report("retrieved"))
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
        let mut client = self.server.client()?;
        let relative = self.which.relative(&client)?;
        block_on(async {
            let answer = client.update_key(&relative, end, some(self.label), some(self.target)).await?;
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
        let mut client = self.server.client()?;
        let relative = self.which.relative(&client)?;
        block_on(async {
            client.delete_key(&relative).await?;
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
