//! `ibc backup`, `ibc restore`, `ibc tidy`.

use super::failure::Failure;
use super::report::Report;
use super::site::{self, Site, operator, shown};
use super::{Outcome, options};
use crate::config::Config;
use crate::service::audit::move_segments;
use crate::service::clock::{Clock, SystemClock};
use crate::service::kms::KeyDirectory;
use crate::service::store::backup;
use crate::service::store::restore::{self, Acceptance, Accepted, idle};
use crate::service::sweeper::Sweeper;
use clap::Args;
use core::time::Duration;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Copy the database into a file, while the service runs
///
/// SQLite makes the copy itself; for PostgreSQL pg_dump is called. The copy is checked before it gets its name. Not in
/// it, on purpose: the key directory, what seals it, and the state folder. Keep copies of the first two elsewhere; a
/// copy of the state folder would hide that a restored database is old.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ibc backup /backup/ibc-20261201.backup")]
pub(super) struct Backup {
    #[command(flatten)]
    site: Site,
    /// The new file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Bring a copy of the database back, or accept that what is there is an older one
///
/// Stop the service on every node first. A database that is older than what this node has written is refused by every
/// command until the loss is accepted. Accepting declares in the audit log what is lost, takes in again what was
/// denied, ends the KPAKs under which lost credentials may have been issued, and makes new ones. Clients keep their
/// credentials; those of clients that were lost are unknown here and can only be denied by their ID_2.
/// With several nodes, accept on each of them.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ibc restore /backup/ibc-20261201.backup\n  ibc restore /backup/ibc-20261201.backup --accept-loss\n  ibc restore --accept-loss"
)]
pub(super) struct Restore {
    #[command(flatten)]
    site: Site,
    /// The copy; without it the database stays as it is
    #[arg(value_name = "FILE", required_unless_present = "accept_loss")]
    file: Option<PathBuf>,
    /// Accept that everything written after the copy is lost
    #[arg(long)]
    accept_loss: bool,
}

/// Remove what has expired, sign a checkpoint, move older audit entries to files
///
/// What a running service does by itself from time to time. For a scheduler, where no service runs.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ibc tidy --audit-older-than 90d")]
pub(super) struct Tidy {
    #[command(flatten)]
    site: Site,
    /// Age at which audit entries are moved; without it as the configuration says
    #[arg(long, value_name = "DURATION", value_parser = options::duration)]
    audit_older_than: Option<Duration>,
}

impl Backup {
    pub(super) fn run(self) -> Outcome {
        let Self { site, file } = self;
        options::check_absent(&file, false)?;
        site.run(async |opened| {
            // First, so that the copy has all that this command writes, and is the newest when it is brought back.
            opened.admin.note("backup", std::vec![("file", shown(&file))]).await?;
            opened.admin.checkpoint().await?;
            let made = backup::backup(&opened.config.store_url()?, &file).await?;
            let entries = made.audit_entries.map_or_else(String::new, |count| format!(", {count} audit entries"));
            Ok(Report::new(
                format!(
                    "copied the database\n  to    {} ({} octets{entries})\n  not in it: {}, what seals it, and {}",
                    file.display(),
                    made.octets,
                    opened.config.keys.directory.display(),
                    opened.config.store.state.display()
                ),
                &json!({"file": shown(&file), "octets": made.octets, "audit_entries": made.audit_entries}),
            ))
        })
    }
}

impl Restore {
    pub(super) fn run(self) -> Outcome {
        let config = self.site.read()?;
        site::protect();
        let keys = Arc::new(config.open_keys()?);
        site::block_on(async {
            if let Some(file) = &self.file {
                let url = config.store_url()?;
                let idle = idle(
                    &site::options(&config, &keys, config.command_writer())?,
                    core::slice::from_ref(&config.node),
                )?;
                backup::bring_back(&url, file).await?;
                drop(idle);
            }
            if self.accept_loss {
                accept(&config, &keys, self.file.is_some()).await
            } else {
                look(&config, &keys).await
            }
        })
    }
}

/// After a copy was brought back: is it the newest?
async fn look(config: &Config, keys: &Arc<KeyDirectory>) -> Outcome {
    let core = site::open(config, keys).await?;
    let store = core.store.clone();
    let outcome = site::admin(config, core).note("database restored", Vec::new()).await;
    store.close().await;
    match outcome {
        Ok(()) => Ok(Report::new(
            "the database was brought back, and nothing is missing in it",
            &json!({"restored": true, "lost": false}),
        )),
        Err(error) => Err(error.into()),
    }
}

async fn accept(config: &Config, keys: &Arc<KeyDirectory>, is_restored: bool) -> Outcome {
    let options = site::options(config, keys, config.command_writer())?;
    let acceptance = Acceptance {
        options: &options,
        own: core::slice::from_ref(&config.node),
        keys,
        mef: config.mef.as_ref().map(|mef| &mef.fqdn),
        operator: &operator(),
    };
    match restore::accept_loss(&acceptance).await? {
        None => Ok(Report::new(
            "nothing is lost: the database is not older than what this node has written",
            &json!({"restored": is_restored, "lost": false}),
        )),
        Some(accepted) => Ok(report(&accepted, is_restored)),
    }
}

fn report(accepted: &Accepted, is_restored: bool) -> Report {
    let tags =
        |tags: &[eccsi_sakke::saef::KpakTag]| tags.iter().map(|tag| format!("{tag}")).collect::<Vec<_>>();
    let losses: Vec<_> = accepted
        .losses
        .iter()
        .map(|loss| json!({"writer": loss.writer, "found": loss.found, "known": loss.known}))
        .collect();
    let mut lines = std::vec![String::from("the loss is accepted, the service may issue again")];
    for loss in &accepted.losses {
        lines.push(format!("  lost   entries {} to {} of {}", loss.found + 1, loss.known, loss.writer));
    }
    for writer in &accepted.made_state {
        lines.push(format!("  made   the state file of {writer}"));
    }
    lines.push(format!("  denied {} identities again, in deny list {}", accepted.denied, accepted.deny_list));
    lines.push(format!("  ended  KPAK {}", tags(&accepted.ended).join(", ")));
    lines.push(format!(
        "  made   KPAK {}: publish it to everybody who has the old ones",
        tags(&accepted.made).join(", ")
    ));
    let value = json!({"restored": is_restored, "lost": true, "losses": losses, "state_files_made": accepted.made_state,
        "denied": accepted.denied, "deny_list": accepted.deny_list, "kpaks_ended": tags(&accepted.ended),
        "kpaks_made": tags(&accepted.made), "epoch": accepted.epoch});
    Report::new(lines.join("\n"), &value)
}

impl Tidy {
    pub(super) fn run(self) -> Outcome {
        let Self { site, audit_older_than } = self;
        site.run(async |opened| {
            let (admin, config) = (&opened.admin, &opened.config);
            let core = &admin.core;
            let checkpoint = admin.checkpoint().await?;
            let mef = config.mef.as_ref().map(|mef| mef.fqdn.clone());
            let swept = Sweeper::new(core.clone(), mef).sweep().await?;
            let deny_list = swept.deny_list;
            let age = audit_older_than.unwrap_or(config.audit.keep);
            let before = SystemClock.now().checked_sub(age);
            let before = before.ok_or_else(|| Failure::usage("--audit-older-than reaches before 1970"))?;
            let folder = &config.audit.segments;
            let moved = move_segments(&core.store, &core.keys, folder, before, |_| {}).await?;
            let removed = [
                ("registrations", swept.registrations),
                ("keys", swept.keys),
                ("enrolment_keys", swept.enrolment_keys),
                ("credentials", swept.credentials),
                ("identities", swept.identities),
                ("denials", swept.denials),
                ("data_keys", swept.data_keys),
            ];
            let gone: Vec<_> = removed
                .iter()
                .filter(|(_, count)| *count > 0)
                .map(|(what, count)| format!("{count} {}", what.replace('_', " ")))
                .collect();
            let gone = if gone.is_empty() { "nothing".into() } else { gone.join(", ") };
            let published = deny_list.map_or_else(String::new, |number| format!("\n  published  deny list {number}"));
            let removed: serde_json::Map<_, _> =
                removed.iter().map(|(what, count)| (String::from(*what), json!(count))).collect();
            Ok(Report::new(
                format!(
                    "tidied\n  removed    {gone}\n  resealed   {} values{published}\n  checkpoint {checkpoint}\n  moved      {} audit entries to {} files in {}",
                    swept.resealed,
                    moved.entries,
                    moved.files,
                    folder.display()
                ),
                &json!({"removed": removed, "resealed": swept.resealed, "superseded": swept.superseded,
                    "checkpoint": checkpoint, "deny_list": deny_list, "audit_entries_moved": moved.entries,
                    "audit_files": moved.files}),
            ))
        })
    }
}
