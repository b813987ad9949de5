//! `ibc admin psa`.

use super::listed::{Part, absolute};
use super::{KeySource, Seen, state};
use crate::cli::failure::Failure;
use crate::cli::report::Report;
use crate::cli::site::{End, Site, time};
use crate::cli::{Outcome, options};
use crate::service::admin::{Filter, NewPsa, Psa};
use clap::{Args, Subcommand};
use core::time::Duration;
use eccsi_sakke::onem2m::{EntityId, EntityKind, EntityName, Fqdn, KpsaId};
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
    /// Show them, or some of them, without their keys
    #[command(after_help = "Example:\n  ibc admin psa list --entity //sp.example.com/CSE1")]
    List(Psas),
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
pub(crate) struct Psas {
    #[command(flatten)]
    part: Part,
    /// With this in their KpsaID, in whatever case
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Of this CSE or AE
    #[arg(long, value_name = "ID", value_parser = EntityName::parse)]
    entity: Option<EntityName>,
    /// Issued by this stakeholder
    #[arg(long, value_name = "FQDN", value_parser = Fqdn::parse)]
    stakeholder: Option<Fqdn>,
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
            Self::List(Psas { part, name, entity, stakeholder }) => part.site.run(async |opened| {
                let entity = absolute(entity.as_ref(), &opened)?;
                let filter = Filter { name, entity, stakeholder, ..part.filter() };
                let all = opened.admin.psas(&filter).await?;
                let rows = all.iter().map(|psa| (psa.id.clone(), line(psa), value(psa)));
                Ok(part.report("psas", rows.collect(), "no such Kpsa: ibc admin psa add KpsaID makes one"))
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
    let psa = opened.admin.psa(id).await?;
    Ok(Report::new(line(&psa), &value(&psa)))
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
