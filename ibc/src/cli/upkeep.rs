//! `ibc backup`, `ibc restore`, `ibc tidy`.

use super::failure::{Failure, Kind};
use super::report::Report;
use super::site::{self, Site, operator, shown, time};
use super::{Outcome, options};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::service::audit::move_segments;
use crate::service::kms::KeyDirectory;
use crate::service::restore::replace::{self, Ready, Source};
use crate::service::restore::{self, Acceptance, Accepted, Loss};
use crate::service::setup;
use crate::service::store::backup;
use clap::Args;
use core::time::Duration;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Copy the database into a file, while the service runs
///
/// SQLite makes the copy itself; for PostgreSQL pg_dump is called. The copy is checked and signed before it gets its
/// name. Not in it, on purpose: the key directory, what seals it, and the state folder. Keep copies of the first two elsewhere; a
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
/// Stop the service on every node first. All is checked before anything is touched: whether the copy is whole and
/// unchanged, whether it is of this service, and whether anything was written since, which is then lost. The database
/// that is replaced is kept, with the time in its name.
///
/// A database that is older than what this node has written is refused by every
/// command until the loss is accepted. Accepting declares in the audit log what is lost, takes in again what was
/// denied, ends the KPAKs under which lost credentials may have been issued, and makes new ones. Clients keep their
/// credentials; those of clients that were lost are unknown here and can only be denied by their ID_2.
/// With several nodes, accept on each of them.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ibc restore /backup/ibc-20261201.backup --dry-run\n  ibc restore /backup/ibc-20261201.backup\n  ibc restore /backup/ibc-20261201.backup --accept-loss\n  ibc restore --accept-loss"
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
    /// Check the copy and say what would be lost; change nothing
    #[arg(long, requires = "file")]
    dry_run: bool,
    /// Take a copy that pg_dump or an earlier version made, which nothing protects against changes
    #[arg(long, requires = "file")]
    unsigned: bool,
    /// Folder for the database that is replaced: else that of the database, for PostgreSQL that of the copy
    #[arg(long, value_name = "FOLDER", requires = "file")]
    keep: Option<PathBuf>,
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
    /// Move the entries of this node as well: one that is gone, and has no folder any more; may be given again
    #[arg(long, value_name = "NODE")]
    retired: Vec<String>,
}

impl Backup {
    pub(super) fn run(self) -> Outcome {
        let Self { site, file } = self;
        options::check_absent(&file, false)?;
        site.run(async |opened| {
            // First, so that the copy has all that this command writes, and is the newest when it is brought back.
            opened.admin.note("backup", std::vec![("file", shown(&file))]).await?;
            opened.admin.checkpoint().await?;
            let core = &opened.admin.core;
            let url = opened.config.store_url()?;
            let made = backup::backup(&url, &file, core.keys.service_key(), core.store.reads().now()).await?;
            Ok(Report::new(
                format!(
                    "copied the database\n  to    {} ({} octets, {} audit entries)\n  not in it: {}, what seals it, and {}",
                    file.display(),
                    made.octets,
                    made.audit_entries,
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
        let options = site::options(&config, &keys, config.command_writer())?;
        let acceptance = Acceptance {
            options: &options,
            own: core::slice::from_ref(&config.node),
            keys: &keys,
            mef: config.mef.as_ref().map(|mef| &mef.fqdn),
            operator: &operator(),
        };
        site::block_on(async {
            let Some(file) = &self.file else {
                return Ok(match restore::accept_loss(&acceptance).await? {
                    None => nothing_lost(),
                    Some(accepted) => report(&accepted, None),
                });
            };
            let state = &config.store.state;
            setup::make_folder(state)
                .map_err(|error| Failure::refused(Kind::File, format!("{}: {error}", state.display())))?;
            let source = Source { file, unsigned: self.unsigned, keep: self.keep.as_deref() };
            let ready = replace::check(&acceptance, source).await?;
            if self.dry_run {
                return Ok(preview(&ready, file));
            }
            let replaced = ready.put(self.accept_loss).await?;
            let kept = replaced.kept.clone();
            let kept = kept.as_deref();
            match replace::accept_loss(&acceptance, replaced).await? {
                Some(accepted) => Ok(report(&accepted, Some(kept))),
                None => look(&config, &keys, kept).await,
            }
        })
    }
}

fn nothing_lost() -> Report {
    Report::new(
        "nothing is lost: the database is not older than what this node has written",
        &json!({"restored": false, "lost": false}),
    )
}

fn losses(losses: &[Loss]) -> Vec<serde_json::Value> {
    let loss = |loss: &Loss| json!({"writer": loss.writer, "found": loss.found, "known": loss.known});
    losses.iter().map(loss).collect()
}

fn preview(ready: &Ready<'_>, file: &Path) -> Report {
    let made = ready.made().map(time);
    let about = made.as_ref().map_or_else(|| "unsigned".into(), |made| format!("made {made}"));
    let mut lines = std::vec![format!(
        "{} is a copy of this service, whole and unchanged\n  it is  {about}, {} audit entries",
        file.display(),
        ready.audit_entries()
    )];
    if ready.made().is_none() {
        lines[0] = format!(
            "{} is a copy of this service; whether it was changed cannot be told\n  it is  {about}, {} audit entries",
            file.display(),
            ready.audit_entries()
        );
    }
    lines.extend(ready.losses().iter().map(|loss| format!("  older  {loss}")));
    lines.extend(
        ready.missing_state().iter().map(|writer| format!("  older  perhaps: {writer} has no state file")),
    );
    lines.push(String::from(match (ready.is_older(), ready.losses().len() + ready.missing_state().len()) {
        (false, _) => "nothing would be lost",
        (true, 0) => "it is older than the last write: it would be restored with --accept-loss only",
        (true, _) => "it would be restored with --accept-loss only",
    }));
    let value = json!({"file": shown(file), "made": made, "audit_entries": ready.audit_entries(),
        "older": ready.is_older(), "losses": losses(ready.losses()), "state_files_missing": ready.missing_state()});
    Report::new(lines.join("\n"), &value)
}

/// After a copy in which nothing is missing was brought back.
async fn look(config: &Config, keys: &Arc<KeyDirectory>, kept: Option<&Path>) -> Outcome {
    let core = site::open(config, keys).await?;
    let store = core.store.clone();
    let outcome = site::admin(config, core).note("database restored", Vec::new()).await;
    store.close().await;
    outcome?;
    Ok(Report::new(
        format!("the database was brought back, and nothing is missing in it{}", about_kept(kept)),
        &json!({"restored": true, "lost": false, "kept": kept.map(shown)}),
    ))
}

fn about_kept(kept: Option<&Path>) -> String {
    kept.map_or_else(String::new, |kept| format!("\n  kept   {}, which was replaced", kept.display()))
}

/// `kept`: if a copy was brought back, what was replaced.
fn report(accepted: &Accepted, kept: Option<Option<&Path>>) -> Report {
    let tags =
        |tags: &[eccsi_sakke::saef::KpakTag]| tags.iter().map(|tag| format!("{tag}")).collect::<Vec<_>>();
    let mut lines = std::vec![String::from("the loss is accepted, the service may issue again")];
    lines.extend(accepted.losses.iter().map(|loss| format!("  older  {loss}")));
    lines.extend(accepted.made_state.iter().map(|writer| format!("  made   the state file of {writer}")));
    if accepted.deny_list > 0 {
        lines.push(format!(
            "  denied {} identities again, in deny list {}",
            accepted.denied, accepted.deny_list
        ));
    }
    if !accepted.ended.is_empty() {
        lines.push(format!("  ended  KPAK {}", tags(&accepted.ended).join(", ")));
    }
    if !accepted.made.is_empty() {
        lines.push(format!(
            "  made   KPAK {}: publish it to everybody who has the old ones",
            tags(&accepted.made).join(", ")
        ));
    }
    lines.push("  next   ibc restore --accept-loss at every other node".into());
    let kept_path = kept.flatten();
    let value = json!({"restored": kept.is_some(), "lost": true, "losses": losses(&accepted.losses),
        "state_files_made": accepted.made_state, "denied": accepted.denied, "deny_list": accepted.deny_list,
        "kpaks_ended": tags(&accepted.ended), "kpaks_made": tags(&accepted.made), "epoch": accepted.epoch,
        "kept": kept_path.map(shown)});
    Report::new(format!("{}{}", lines.join("\n"), about_kept(kept_path)), &value)
}

impl Tidy {
    pub(super) fn run(self) -> Outcome {
        let Self { site, audit_older_than, retired } = self;
        site.run(async |opened| {
            let (admin, config) = (&opened.admin, &opened.config);
            let core = &admin.core;
            let checkpoint = admin.checkpoint().await?;
            let swept = site::sweeper(config, core.clone()).sweep().await?;
            let deny_list = swept.deny_list;
            let age = audit_older_than.unwrap_or(config.audit.keep);
            let before = SystemClock.now().checked_sub(age);
            let before = before.ok_or_else(|| Failure::usage("--audit-older-than reaches before 1970"))?;
            let folder = &config.audit.segments;
            let own = [config.node.clone(), config.command_writer()].into_iter();
            let retired = retired.iter().flat_map(|node| [node.clone(), format!("{node}.cli")]);
            let writers: Vec<_> = own.chain(retired).collect();
            let moved = move_segments(&core.store, &core.keys, folder, (&writers, before), |_| {}).await?;
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
