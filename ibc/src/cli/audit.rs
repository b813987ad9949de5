//! `ibc audit`: what happened, and whether the log of it holds.

use super::Outcome;
use super::failure::Kind;
use super::report::Report;
use super::site::{Site, time};
use crate::clock::SystemClock;
use crate::service::audit::deep::{Compared, State, compare};
use crate::service::audit::{self, Search, Verification};
use crate::service::store::state_file::known_heads;
use crate::service::store::{OpenError, ReadStore};
use clap::{Args, Subcommand};
use eccsi_sakke::onem2m::ExpirationTime;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the newest entries, of all kinds or of some
    ///
    /// Entries that tidy has moved to files are not looked through: they are lines of JSON there.
    #[command(
        after_help = "Examples:\n  ibc audit show --last 20\n  ibc audit show --event issued --about gateway-1 --since 20270101T000000"
    )]
    Show(Show),
    /// Check every chain from its first entry to its last, in files and database
    ///
    /// Looks for gaps and changed entries, and compares with the state files of this node and with all signed
    /// checkpoints. Reads only. Exit status 1 if anything does not hold; with --json the findings are in the object.
    #[command(after_help = "Examples:\n  ibc audit verify\n  ibc audit verify --deep")]
    Verify(Verify),
}

#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    site: Site,
    /// How many
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    last: u32,
    /// Of this node, or of this writer
    #[arg(long, value_name = "NODE")]
    node: Option<String>,
    /// Of this kind, as issued, denied, refused
    #[arg(long, value_name = "EVENT")]
    event: Option<String>,
    /// With this value in it: a client, an ID_2, a RelativeKeyID, a request identifier
    #[arg(long, value_name = "VALUE")]
    about: Option<String>,
    /// Written at this time or later, in UTC, as YYYYMMDDThhmmss
    #[arg(long, value_name = "TIME", value_parser = ExpirationTime::parse)]
    since: Option<ExpirationTime>,
    /// Written before this time
    #[arg(long, value_name = "TIME", value_parser = ExpirationTime::parse)]
    before: Option<ExpirationTime>,
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    site: Site,
    /// Compare the tables that decide, and the published deny list, with what the log says
    #[arg(long)]
    deep: bool,
}

impl Command {
    pub(super) fn run(self, json: bool) -> Outcome {
        match self {
            Self::Show(command) => command.run(),
            Self::Verify(command) => verify(&command.site, command.deep, json),
        }
    }
}

impl Show {
    fn run(self) -> Outcome {
        let config = self.site.read()?;
        super::site::block_on(async {
            let reads = ReadStore::open(&config.store_url()?, Arc::new(SystemClock)).await?;
            let search = Search {
                node: self.node,
                event: self.event,
                about: self.about,
                since: self.since.map(ExpirationTime::to_unix),
                before: self.before.map(ExpirationTime::to_unix),
            };
            let entries = audit::search(&reads, &search, self.last).await?;
            let lines: Vec<_> = entries
                .iter()
                .map(|entry| {
                    format!(
                        "{}  {} {}  {}  {}",
                        time(entry.at),
                        entry.writer,
                        entry.number,
                        entry.event,
                        entry.detail
                    )
                })
                .collect();
            let values: Vec<_> = entries
                .iter()
                .map(|entry| {
                    let detail = crate::json::from_str(&entry.detail).unwrap_or(Value::Null);
                    json!({"at": time(entry.at), "writer": entry.writer, "number": entry.number, "event": entry.event,
                           "detail": detail})
                })
                .collect();
            let text = if lines.is_empty() { "no entry yet".into() } else { lines.join("\n") };
            Ok(Report::new(text, &json!({"entries": values})))
        })
    }
}

fn verify(site: &Site, deep: bool, json: bool) -> Outcome {
    let config = site.read()?;
    super::site::protect();
    let keys = config.open_keys()?;
    let state_key = keys.subkey("state files");
    let known = known_heads(&config.store.state, &state_key).map_err(OpenError::from)?;
    let own = [config.node.clone(), config.command_writer()];
    let progress = if json { ProgressBar::hidden() } else { ProgressBar::new(0) };
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} entries, {per_sec}, {eta} left") {
        progress.set_style(style);
    }
    let verified = super::site::block_on(async {
        let reads = ReadStore::open(&config.store_url()?, Arc::new(SystemClock)).await?;
        let signer = keys.service_key().public_key();
        let verified = audit::verify(&reads, signer, &config.audit.segments, &known, |done, all| {
            progress.set_length(all.max(done));
            progress.set_position(done);
        });
        let mut verified = verified.await?;
        verified.expect_state_files(&own, &known);
        if !deep {
            return Ok((verified, None));
        }
        let state = State::read(&config.store.state, &state_key).map_err(OpenError::from)?;
        let segments = &config.audit.segments;
        let compared =
            compare(&reads, signer, segments, &state, &mut verified, |done| progress.set_position(done));
        let compared = compared.await?;
        Ok((verified, Some(compared)))
    });
    progress.finish_and_clear();
    let (verified, compared) = verified?;
    report(&verified, compared)
}

fn report(verified: &Verification, compared: Option<Compared>) -> Outcome {
    let chains: Vec<_> = verified
        .chains
        .iter()
        .map(|chain| {
            json!({"writer": chain.writer, "last": chain.last, "entries": chain.entries, "lost": chain.lost,
                   "segments": chain.segments})
        })
        .collect();
    let findings: Vec<_> = verified.findings.iter().map(|finding| finding.text.as_str()).collect();
    let holds = findings.is_empty();
    let rows = compared.map(|compared| json!({"compared": compared.rows, "uncertain": compared.uncertain}));
    let value = json!({"holds": holds, "chains": chains, "checkpoints": verified.checkpoints,
        "state_files": verified.state_files, "rows": rows, "findings": findings});
    let mut lines: Vec<_> = verified
        .chains
        .iter()
        .map(|chain| {
            let lost =
                if chain.lost > 0 { format!(", {} accepted as lost", chain.lost) } else { String::new() };
            let files =
                if chain.segments > 0 { format!(", {} files", chain.segments) } else { String::new() };
            format!("  {}: {} entries up to number {}{files}{lost}", chain.writer, chain.entries, chain.last)
        })
        .collect();
    lines.push(format!("  {} checkpoints, {} state files agree", verified.checkpoints, verified.state_files));
    if let Some(Compared { rows, uncertain }) = compared {
        let unsure = match uncertain {
            0 => String::new(),
            some => format!(", {some} of them written by two nodes in one second and not compared"),
        };
        lines.push(format!("  {rows} rows by the log{unsure}"));
    }
    if holds {
        lines.insert(0, "the audit log holds".into());
        return Ok(Report::new(lines.join("\n"), &value));
    }
    lines.insert(0, "the audit log does not hold".into());
    lines.extend(findings.iter().map(|finding| format!("  ! {finding}")));
    let message = format!(
        "the audit log does not hold ({} findings): keep database, state folder and segments as they are, and compare with a backup",
        findings.len()
    );
    Ok(Report::new(lines.join("\n"), &value).refusing(Kind::Audit, message))
}
