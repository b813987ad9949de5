//! `ibc admin psa`.

use super::{KeySource, Seen, listing, state};
use crate::cli::failure::{Failure, Kind};
use crate::cli::report::Report;
use crate::cli::site::{End, Site, time};
use crate::cli::{Outcome, options};
use crate::service::admin::{NewPsa, Psa};
use clap::{Args, Subcommand};
use core::time::Duration;
use eccsi_sakke::onem2m::{EntityId, EntityKind, EntityName, KpsaId};
use serde_json::json;

/// Life of a Kpsa if nothing is said.
const LIFETIME: Duration = Duration::from_secs(365 * 86_400);

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Issue a key that two entities have in common
    ///
    /// Either one that is given, or with --generate a new one, written into a file for the two entities. Its name is
    /// never given again.
    #[command(
        after_help = "Example:\n  ibc admin psa add gw-17@sp.example.com --between //sp.example.com/CSE1 //sp.example.com/CSE2 --generate gw-17.psa"
    )]
    Add(Add),
    /// Show all, without their keys
    List(Site),
    /// Show one, without its key
    Show(Named),
    /// Refuse it, until it is enabled again
    Disable(Changed),
    /// Take a disabling back
    Enable(Changed),
    /// Remove it and its key
    Remove(Removal),
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
    /// KpsaID: NAME@FQDN of the stakeholder that issues it
    #[arg(value_name = "KpsaID", value_parser = KpsaId::parse)]
    id: KpsaId,
    #[command(flatten)]
    site: Site,
}

#[derive(Debug, Args)]
pub(crate) struct Changed {
    /// KpsaID
    #[arg(value_name = "KpsaID", value_parser = KpsaId::parse)]
    id: KpsaId,
    #[command(flatten)]
    seen: Seen,
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    #[command(flatten)]
    named: Named,
    /// The two entities: CSE-ID or AE-ID
    #[arg(long, num_args = 2, value_names = ["ID", "ID"], required = true)]
    between: Vec<String>,
    #[command(flatten)]
    source: KeySource,
    #[command(flatten)]
    end: End,
}

fn value(psa: &Psa) -> serde_json::Value {
    json!({"psa": psa.id, "entities": psa.entities, "enabled": psa.enabled, "until": time(psa.not_after),
           "version": psa.version})
}

fn line(psa: &Psa) -> String {
    let [a, b] = &psa.entities;
    format!(
        "{}  {}  until {}  version {}\n  between {a} and {b}",
        psa.id,
        state(psa.enabled),
        time(psa.not_after),
        psa.version
    )
}

impl Command {
    pub(crate) fn run(self) -> Outcome {
        match self {
            Self::Add(command) => command.run(),
            Self::List(site) => site.run(async |opened| {
                let all = opened.admin.psas().await?;
                let values: Vec<_> = all.iter().map(value).collect();
                let text = listing(all.iter().map(line).collect(), "no Kpsa yet: ibc admin psa add KpsaID");
                Ok(Report::new(text, &json!({"psas": values})))
            }),
            Self::Show(Named { id, site }) => site.run(async |opened| shown(&opened, &id).await),
            Self::Disable(changed) => changed.enable(false),
            Self::Enable(changed) => changed.enable(true),
            Self::Remove(Removal { changed: Changed { id, seen }, sure }) => {
                sure.ask(&format!("{id} is removed, and its key erased."))?;
                seen.site.run(async |opened| {
                    opened.admin.remove_psa(&id, seen.version).await?;
                    Ok(Report::new(format!("removed {id}"), &json!({"removed": format!("{id}")})))
                })
            }
        }
    }
}

async fn shown(opened: &crate::cli::site::Opened, id: &KpsaId) -> Outcome {
    let text = format!("{id}");
    match opened.admin.psas().await?.into_iter().find(|psa| psa.id == text) {
        Some(psa) => Ok(Report::new(line(&psa), &value(&psa))),
        None => Err(Failure::refused(Kind::NotFound, format!("there is no Kpsa {id}"))),
    }
}

impl Changed {
    fn enable(self, enabled: bool) -> Outcome {
        let Self { id, seen } = self;
        seen.site.run(async |opened| {
            opened.admin.enable_psa(&id, enabled, seen.version).await?;
            shown(&opened, &id).await
        })
    }
}

impl Add {
    fn run(self) -> Outcome {
        let Self { named: Named { id, site }, between, source, end } = self;
        let not_after = end.or(options::now()?, LIFETIME)?;
        let key = source.key()?;
        site.run(async |opened| {
            let entity = |text: &String| -> Result<EntityId, Failure> {
                let name = EntityName::parse(text)?.to_absolute(&opened.config.provider)?;
                // What could be either is taken for a CSE, as /S1.
                Ok(EntityId::new(name.kind().unwrap_or(EntityKind::Cse), name)?)
            };
            let [a, b] = between.as_slice() else {
                return Err(Failure::usage("--between takes two entities"));
            };
            let entities = [entity(a)?, entity(b)?];
            source.keep(&key)?;
            let new = NewPsa { id: id.clone(), entities, not_after, key };
            source.settle(opened.admin.add_psa(new).await)?;
            shown(&opened, &id).await
        })
    }
}
