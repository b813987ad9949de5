//! `ibc admin policy`.

use super::listed::{Part, Place};
use super::{Seen, function};
use crate::Function;
use crate::cli::report::Report;
use crate::cli::site::Site;
use crate::cli::{Outcome, options};
use crate::service::admin::{Filter, Policy, PolicyKey};
use clap::{Args, Subcommand};
use core::time::Duration;
use eccsi_sakke::onem2m::{Fqdn, SecurityUsage};
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Allow, or with --forbid forbid, registering keys
    ///
    /// Of several rows that fit, the one that names most holds: one for this client and SUID, one for this client, one
    /// for this SUID, one for all.
    #[command(
        after_help = "Examples:\n  ibc admin policy add --at mef --stakeholder sp.example.com\n  ibc admin policy add --at mef --stakeholder sp.example.com --client gateway-1 --suid 22 \\\n    --target //sp.example.com/CSE2 --default-target //sp.example.com/CSE2 --max-lifetime 30d"
    )]
    Add(Add),
    /// Show the rows, or some of them
    #[command(after_help = "Example:\n  ibc admin policy list --at mef --client gateway-1")]
    List(Rows),
    /// Show one row
    Show(Row),
    /// Forbid what a row allows
    Disable(Changed),
    /// Allow it again
    Enable(Changed),
    /// Remove a row
    Remove(Changed),
}

#[derive(Debug, Args)]
pub(crate) struct Rows {
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    place: Place,
    /// For this client
    #[arg(long, value_name = "CLIENT")]
    client: Option<String>,
    /// For keys of this use
    #[arg(long, value_name = "NUMBER", value_parser = SecurityUsage::parse)]
    suid: Option<SecurityUsage>,
}

/// Which row.
#[derive(Debug, Args)]
pub(crate) struct Key {
    /// Where: mef or maf
    #[arg(long, value_name = "FUNCTION", value_parser = function)]
    at: Function,
    /// Under which stakeholder
    #[arg(long, value_name = "FQDN", value_parser = Fqdn::parse)]
    stakeholder: Fqdn,
    /// For this client; without it for all
    #[arg(long, value_name = "CLIENT")]
    client: Option<String>,
    /// For keys of this use, 21 to 25 at the MEF, 32 to 35 at the MAF; without it for all
    #[arg(long, value_name = "NUMBER", value_parser = SecurityUsage::parse)]
    suid: Option<SecurityUsage>,
}

impl From<Key> for PolicyKey {
    fn from(key: Key) -> Self {
        Self { function: key.at, stakeholder: key.stakeholder, client: key.client, usage: key.suid }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Row {
    #[command(flatten)]
    key: Key,
    #[command(flatten)]
    site: Site,
}

#[derive(Debug, Args)]
pub(crate) struct Changed {
    #[command(flatten)]
    key: Key,
    #[command(flatten)]
    seen: Seen,
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    #[command(flatten)]
    changed: Changed,
    /// Forbid it
    #[arg(long)]
    forbid: bool,
    /// Only for this target: a CSE, an AE, or for SUID 21 a MAF. May be repeated; without it for anybody
    #[arg(long, value_name = "TARGET")]
    target: Vec<String>,
    /// A target of keys whose request names none. May be repeated
    #[arg(long, value_name = "TARGET")]
    default_target: Vec<String>,
    /// Longest life of such a key
    #[arg(long, value_name = "DURATION", value_parser = options::duration)]
    max_lifetime: Option<Duration>,
}

fn value(row: &Policy) -> serde_json::Value {
    json!({
        "function": row.key.function.as_str(),
        "stakeholder": row.key.stakeholder.as_str(),
        "client": row.key.client,
        "suid": row.key.usage.map(SecurityUsage::to_u8),
        "allow": row.allow,
        "targets": row.targets,
        "default_targets": row.default_targets,
        "max_lifetime_seconds": row.max_lifetime.map(|life| life.as_secs()),
        "version": row.version,
    })
}

fn line(row: &Policy) -> String {
    let suid = row.key.usage.map_or_else(|| "all".into(), |usage| format!("{usage}"));
    let targets = if row.targets.is_empty() { "anybody".into() } else { row.targets.join(" ") };
    let life = row.max_lifetime.map_or_else(String::new, |life| format!(", at most {} s", life.as_secs()));
    let default = if row.default_targets.is_empty() {
        String::new()
    } else {
        format!(", else for {}", row.default_targets.join(" "))
    };
    format!(
        "{} {}: client {}, SUID {suid}: {} for {targets}{default}{life}  version {}",
        row.key.function.as_str(),
        row.key.stakeholder,
        row.key.client.as_deref().unwrap_or("all"),
        if row.allow { "allowed" } else { "forbidden" },
        row.version
    )
}

impl Command {
    pub(crate) fn run(self) -> Outcome {
        match self {
            Self::Add(command) => command.run(),
            Self::List(Rows { part, place: Place { at, stakeholder }, client, suid }) => {
                part.site.run(async |opened| {
                    let filter = Filter { function: at, stakeholder, client, usage: suid, ..part.filter() };
                    let all = opened.admin.policies(&filter).await?;
                    let rows = all.iter().map(|row| (format!("{}", row.key), line(row), value(row)));
                    let nothing = "no such policy: what no row allows is forbidden";
                    Ok(part.report("policy", rows.collect(), nothing))
                })
            }
            Self::Show(Row { key, site }) => site.run(async |opened| shown(&opened, key.into()).await),
            Self::Disable(changed) => changed.enable(false),
            Self::Enable(changed) => changed.enable(true),
            Self::Remove(Changed { key, seen }) => seen.site.run(async |opened| {
                opened.admin.remove_policy(&key.into(), seen.version).await?;
                Ok(Report::new("removed the row", &json!({"removed": true})))
            }),
        }
    }
}

async fn shown(opened: &crate::cli::site::Opened, key: PolicyKey) -> Outcome {
    let row = opened.admin.policy(&key).await?;
    Ok(Report::new(line(&row), &value(&row)))
}

impl Changed {
    fn enable(self, allow: bool) -> Outcome {
        let Self { key, seen } = self;
        let key = PolicyKey::from(key);
        seen.site.run(async |opened| {
            opened.admin.enable_policy(&key, allow, seen.version).await?;
            shown(&opened, key).await
        })
    }
}

impl Add {
    fn run(self) -> Outcome {
        let Self { changed: Changed { key, seen }, forbid, target, default_target, max_lifetime } = self;
        let policy = Policy {
            key: key.into(),
            allow: !forbid,
            targets: target,
            default_targets: default_target,
            max_lifetime,
            version: seen.version.unwrap_or(0),
        };
        seen.site.run(async |opened| {
            opened.admin.set_policy(&policy).await?;
            shown(&opened, policy.key).await
        })
    }
}
