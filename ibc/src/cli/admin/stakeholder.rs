//! `ibc admin stakeholder`.

use super::listed::Part;
use super::{Seen, state};
use crate::cli::Outcome;
use crate::cli::report::Report;
use crate::cli::site::Site;
use crate::service::admin::{Filter, Stakeholder};
use clap::{Args, Subcommand};
use eccsi_sakke::onem2m::Fqdn;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Admit a stakeholder
    #[command(after_help = "Example:\n  ibc admin stakeholder add sp.example.com")]
    Add(Named),
    /// Show them, or some of them
    List(Stakeholders),
    /// Show one
    Show(Named),
    /// Refuse everything under it, until it is enabled again
    Disable(Changed),
    /// Take a disabling back
    Enable(Changed),
    /// Remove it with its policy; no client may be admitted under it any more
    Remove(Removal),
}

#[derive(Debug, Args)]
pub(crate) struct Stakeholders {
    #[command(flatten)]
    part: Part,
    /// With this in their FQDN
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Removal {
    #[command(flatten)]
    changed: Changed,
    #[command(flatten)]
    sure: crate::cli::options::Sure,
}

#[derive(Debug, Args)]
pub(crate) struct Named {
    /// adminFQDN
    #[arg(value_name = "FQDN", value_parser = Fqdn::parse)]
    fqdn: Fqdn,
    #[command(flatten)]
    site: Site,
}

#[derive(Debug, Args)]
pub(crate) struct Changed {
    /// adminFQDN
    #[arg(value_name = "FQDN", value_parser = Fqdn::parse)]
    fqdn: Fqdn,
    #[command(flatten)]
    seen: Seen,
}

fn value(row: &Stakeholder) -> serde_json::Value {
    json!({"stakeholder": row.fqdn, "enabled": row.enabled, "version": row.version})
}

fn line(row: &Stakeholder) -> String {
    format!("{}  {}  version {}", row.fqdn, state(row.enabled), row.version)
}

impl Command {
    pub(crate) fn run(self) -> Outcome {
        match self {
            Self::Add(Named { fqdn, site }) => site.run(async |opened| {
                opened.admin.add_stakeholder(&fqdn).await?;
                Ok(Report::new(format!("added stakeholder {fqdn}"), &json!({"stakeholder": fqdn.as_str()})))
            }),
            Self::List(Stakeholders { part, name }) => part.site.run(async |opened| {
                let all = opened.admin.stakeholders(&Filter { name, ..part.filter() }).await?;
                let rows = all.iter().map(|row| (row.fqdn.clone(), line(row), value(row)));
                let nothing = "no such stakeholder: ibc admin stakeholder add FQDN admits one";
                Ok(part.report("stakeholders", rows.collect(), nothing))
            }),
            Self::Show(Named { fqdn, site }) => site.run(async |opened| {
                let row = opened.admin.stakeholder(&fqdn).await?;
                Ok(Report::new(line(&row), &value(&row)))
            }),
            Self::Disable(changed) => changed.enable(false),
            Self::Enable(changed) => changed.enable(true),
            Self::Remove(Removal { changed: Changed { fqdn, seen }, sure }) => {
                sure.ask(&format!("Stakeholder {fqdn} and its policy are removed."))?;
                seen.site.run(async |opened| {
                    opened.admin.remove_stakeholder(&fqdn, seen.version).await?;
                    Ok(Report::new(format!("removed stakeholder {fqdn}"), &json!({"removed": fqdn.as_str()})))
                })
            }
        }
    }
}

impl Changed {
    fn enable(self, enabled: bool) -> Outcome {
        let Self { fqdn, seen } = self;
        seen.site.run(async |opened| {
            opened.admin.enable_stakeholder(&fqdn, enabled, seen.version).await?;
            let text = format!("stakeholder {fqdn} is {}", state(enabled));
            Ok(Report::new(text, &json!({"stakeholder": fqdn.as_str(), "enabled": enabled})))
        })
    }
}
