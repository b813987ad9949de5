//! `ibc service` and `ibc config`.

use super::failure::{Failure, Kind};
use super::report::Report;
use super::site::{self, Opened, Site, shown, time};
use super::{Outcome, options};
use crate::config::{self, Config};
use crate::service::kms::Sealing;
use crate::service::store::state_file::check_folder;
use crate::service::{setup, store};
use clap::{Args, Subcommand};
use core::time::Duration;
use eccsi_sakke::onem2m::{ExpirationTime, UnixTime};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Life of a KPAK: credentials live 400 days at most, and a new KPAK comes each year.
pub(super) const KPAK_LIFETIME: &str = "800d";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a service: key directory, state folder, tables, and the first KPAK
    ///
    /// Makes what the configuration names and is missing, and keeps what is there: run again, it changes nothing. For a
    /// second node of a PostgreSQL deployment, copy the configuration, change `node`, share the key directory, and run
    /// it there. Next: ibc admin stakeholder add, ibc admin client add.
    #[command(
        after_help = "Example, from an empty directory to a credential:\n  ibc config sample > ibc.toml\n  ibc service init\n  ibc admin stakeholder add sp.example.com\n  ibc admin client add gateway-1 --cse //sp.example.com/CSE1 --admit mef:sp.example.com\n  ibc mef provision --client gateway-1 --id //sp.example.com/CSE1 --out cse1.json"
    )]
    Init(Init),
    /// Make or renew the tables, and nothing else
    ///
    /// For a role of PostgreSQL that owns the tables, so that the role of the service need not be allowed to make any:
    /// every other command makes or renews tables only where that is needed. The service's role has to be granted select,
    /// insert, update and delete on them.
    #[command(
        after_help = "Example:\n  ibc service migrate --store postgres://ibc_owner@db.example.com/ibc --password-file owner.password"
    )]
    Migrate(Migrate),
}

#[derive(Debug, Args)]
pub(super) struct Init {
    #[command(flatten)]
    site: Site,
    /// Life of the first KPAK
    #[arg(long, value_name = "DURATION", default_value = KPAK_LIFETIME, value_parser = options::duration)]
    kpak_lifetime: Duration,
}

#[derive(Debug, Args)]
pub(super) struct Migrate {
    #[command(flatten)]
    site: Site,
    /// File of mode 0600 with the password of this role, in the place of the one that the configuration names
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print a configuration with every key there is, explained
    #[command(after_help = "Example:\n  ibc config sample > ibc.toml")]
    Sample,
    /// Read the configuration, open what it names, and say what it comes to
    ///
    /// Keys, database, state folder, certificates and key files have to be usable where they are there; what `ibc service
    /// init` will make is listed. Nothing is changed.
    #[command(after_help = "Example:\n  ibc config check --config /etc/ibc/ibc.toml")]
    Check(Check),
}

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    site: Site,
    /// Look at the file alone: open nothing that it names
    #[arg(long)]
    file_only: bool,
}

impl ConfigCommand {
    pub(super) fn run(self) -> Outcome {
        match self {
            Self::Sample => Ok(Report::new(config::SAMPLE.trim_end(), &json!({"sample": config::SAMPLE}))),
            Self::Check(command) => command.run(),
        }
    }
}

impl Check {
    fn run(self) -> Outcome {
        let Self { site, file_only } = self;
        let config = site.read()?;
        config.store_url()?;
        let missing = if file_only { Vec::new() } else { open_all(&config)? };
        let functions: Vec<_> = [
            config.mef.as_ref().map(|mef| format!("MEF {}", mef.fqdn)),
            config.maf.as_ref().map(|maf| format!("MAF {}", maf.fqdn)),
        ]
        .into_iter()
        .flatten()
        .collect();
        let (protection, warnings) = (config.store_protection(), config.warnings());
        let value = json!({"node": config.node, "functions": functions, "store": config.store.url,
            "sslmode": protection, "keys": shown(&config.keys.directory),
            "state": shown(&config.store.state), "warnings": warnings, "opened": !file_only,
            "to_be_made": missing});
        let protection = protection.map_or_else(String::new, |mode| format!(" (sslmode {mode})"));
        let mut more: Vec<_> = warnings.iter().map(|text| format!("\nwarning: {text}")).collect();
        if !missing.is_empty() {
            more.push(format!("\nto be made by ibc service init: {}", missing.join(", ")));
        }
        Ok(Report::new(
            format!(
                "{} is in order\n  node   {}\n  serves {}\n  store  {}{protection}\n  keys   {}\n  state  {}{}",
                site.config.display(),
                config.node,
                functions.join(", "),
                config.store.url,
                config.keys.directory.display(),
                config.store.state.display(),
                more.concat()
            ),
            &value,
        ))
    }
}

/// Opens what is there; gives what is not, and is made by `ibc service init`.
fn open_all(config: &Config) -> Result<Vec<&'static str>, Failure> {
    let mut missing = Vec::new();
    if config.keys.directory.join("root.json").symlink_metadata().is_ok() {
        site::protect();
        config.open_keys()?;
    } else {
        missing.push("keys");
    }
    match check_folder(&config.store.state) {
        Ok(true) => {}
        Ok(false) => missing.push("state folder"),
        Err(error) => return Err(error.into()),
    }
    let url = config.store_url()?;
    if !site::block_on(async { Ok(setup::is_in_use(&url).await?) })? {
        missing.push("tables");
    }
    #[cfg(feature = "server")]
    super::serve::certificate(config)?;
    for mef in config.maf.iter().flat_map(|maf| &maf.mef) {
        crate::files::key_file::read(&mef.key_file)?;
    }
    Ok(missing)
}

impl Command {
    pub(super) fn run(self) -> Outcome {
        match self {
            Self::Init(command) => command.run(),
            Self::Migrate(command) => command.run(),
        }
    }
}

impl Migrate {
    fn run(self) -> Outcome {
        let mut config = self.site.read()?;
        config.store.password_file = self.password_file.or(config.store.password_file);
        let url = config.store_url()?;
        let steps = site::block_on(async { Ok(store::migrate(&url).await?) })?;
        let did = if steps == 0 {
            "the tables are there, nothing was changed"
        } else {
            "the tables were made or renewed"
        };
        Ok(Report::new(
            format!("{did}\n  store {}", config.store.url),
            &json!({"steps": steps, "store": config.store.url}),
        ))
    }
}

impl Init {
    fn run(self) -> Outcome {
        let config = self.site.read()?;
        let now = options::now()?;
        let until = options::after(now, self.kpak_lifetime)?;
        site::protect();
        site::block_on(async {
            let made_keys = make_keys(&config, now).await?;
            let fail = |error: std::io::Error| {
                Failure::refused(Kind::File, format!("{}: {error}", config.store.state.display()))
            };
            setup::make_folder(&config.store.state).map_err(fail)?;
            let keys = Arc::new(config.open_keys()?);
            let core = site::open(&config, &keys).await?;
            let store = core.store.clone();
            let opened = Opened { admin: site::admin(&config, core), config };
            let outcome = finish(&opened, made_keys, (now, until)).await;
            store.close().await;
            outcome
        })
    }
}

/// Keys are made only where no database waits for others.
async fn make_keys(config: &Config, now: UnixTime) -> Result<bool, Failure> {
    let directory = &config.keys.directory;
    if directory.join("root.json").symlink_metadata().is_err()
        && setup::is_in_use(&config.store_url()?).await?
    {
        let message = format!(
            "the database is in use, but {} has no keys: bring back the key directory that belongs to it; new keys could open nothing",
            directory.display()
        );
        return Err(Failure::refused(Kind::Configuration, message));
    }
    if directory.join("root.json").symlink_metadata().is_err()
        && let Some(path) = &config.keys.passphrase_file
    {
        let new = config.with_sealing(|sealing| match sealing {
            Sealing::Passphrase { passphrase, .. } => passphrase.len(),
            _ => options::MIN_PASSPHRASE,
        })?;
        if new < options::MIN_PASSPHRASE {
            let message = format!(
                "{}: the passphrase has fewer than {} characters: choose one, best of several words",
                path.display(),
                options::MIN_PASSPHRASE
            );
            return Err(Failure::refused(Kind::Sealed, message));
        }
    }
    let made = config.with_sealing(|sealing| setup::make_keys(directory, sealing, now))?;
    made.map_err(|error| Failure::refused(Kind::Key, format!("{}: {error}", directory.display())))
}

async fn finish(opened: &Opened, made_keys: bool, (now, until): (UnixTime, ExpirationTime)) -> Outcome {
    let (admin, config) = (&opened.admin, &opened.config);
    let mut kpak = None;
    if let Some(mef) = &config.mef
        && admin.issuing(&mef.fqdn).is_none()
    {
        kpak = Some(admin.rotate(&mef.fqdn, now, until).await?);
    }
    if made_keys || kpak.is_some() {
        admin.note("service made", std::vec![("node", config.node.clone())]).await?;
        admin.checkpoint().await?;
    }
    let issuing = config.mef.as_ref().and_then(|mef| admin.issuing(&mef.fqdn));
    let about_kpak = match &issuing {
        Some(public) => {
            format!("\n  KPAK  {} for {}, until {}", public.tag, public.fqdn, time(public.not_after))
        }
        None => String::new(),
    };
    let did = if made_keys {
        "made"
    } else if kpak.is_some() {
        "made a KPAK for"
    } else {
        "is there already, nothing was changed:"
    };
    let advice = if made_keys {
        "\nKeep copies of the key directory and of what seals it, apart from each other and from backups of the database."
    } else {
        ""
    };
    Ok(Report::new(
        format!(
            "{did} node {}\n  keys  {}\n  state {}\n  store {}{about_kpak}{advice}",
            config.node,
            config.keys.directory.display(),
            config.store.state.display(),
            config.store.url
        ),
        &json!({
            "node": config.node,
            "made_keys": made_keys,
            "made_kpak": kpak.is_some(),
            "kpak_tag": issuing.map(|public| format!("{}", public.tag)),
            "keys": shown(&config.keys.directory),
            "state": shown(&config.store.state),
            "store": config.store.url,
        }),
    ))
}
