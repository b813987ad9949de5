//! What there is, in pages: registrations, keys, commands, credentials that were issued.

use super::{function, listing};
use crate::Function;
use crate::cli::failure::Failure;
use crate::cli::report::Report;
use crate::cli::site::{Opened, Site, time};
use crate::cli::{Outcome, options};
use crate::files::public_file;
use crate::service::admin::{Filter, KeyChange, State};
use crate::service::limits::CONFIGURATION_BYTES;
use crate::wire::CommandDescription;
use clap::{Args, Subcommand, ValueEnum};
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, Fqdn, RelativeKeyId, SecurityUsage};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// How many, from where on.
#[derive(Debug, Args)]
pub(in crate::cli) struct Part {
    #[command(flatten)]
    pub(in crate::cli) site: Site,
    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Go on behind the last one of the page before, as that says
    #[arg(long, value_name = "LAST")]
    after: Option<String>,
}

impl Part {
    pub(in crate::cli) fn filter(&self) -> Filter {
        Filter { after: self.after.clone(), limit: self.limit, ..Filter::default() }
    }

    /// The page, and where the next one begins if this is full.
    pub(in crate::cli) fn report(
        &self,
        name: &'static str,
        all: Vec<(String, String, Value)>,
        nothing: &str,
    ) -> Report {
        let is_full = all.len() == usize::try_from(self.limit).unwrap_or(usize::MAX);
        let next = all.last().filter(|_| is_full).map(|(key, ..)| key.clone());
        let (mut lines, mut values) = (Vec::new(), Vec::new());
        for (_, line, value) in all {
            lines.push(line);
            values.push(value);
        }
        let mut text = listing(lines, nothing);
        if let Some(next) = &next {
            text.push_str(&format!("\nmore: --after {next}"));
        }
        Report::new(text, &json!({name: values, "next": next}))
    }
}

/// An entity in absolute form.
pub(super) fn absolute(entity: Option<&EntityName>, opened: &Opened) -> Result<Option<EntityName>, Failure> {
    Ok(entity.map(|entity| entity.to_absolute(&opened.config.provider)).transpose()?)
}

/// Which, and how many.
#[derive(Debug, Args)]
pub(in crate::cli) struct Page {
    #[command(flatten)]
    pub(in crate::cli) part: Part,
    /// Of this client
    #[arg(long, value_name = "CLIENT")]
    client: Option<String>,
    /// Of this CSE or AE; of keys, as source or as target
    #[arg(long, value_name = "ID", value_parser = EntityName::parse)]
    entity: Option<EntityName>,
    /// Issued or made at this time or later, in UTC, as YYYYMMDDThhmmss
    #[arg(long, value_name = "TIME", value_parser = ExpirationTime::parse)]
    since: Option<ExpirationTime>,
    /// Issued or made before this time
    #[arg(long, value_name = "TIME", value_parser = ExpirationTime::parse)]
    before: Option<ExpirationTime>,
}

impl Page {
    pub(in crate::cli) fn filter(&self, opened: &Opened) -> Result<Filter, Failure> {
        Ok(Filter {
            client: self.client.clone(),
            entity: absolute(self.entity.as_ref(), opened)?,
            since: self.since.map(ExpirationTime::to_unix),
            before: self.before.map(ExpirationTime::to_unix),
            ..self.part.filter()
        })
    }
}

/// Where, and under whom.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// At the mef, or at the maf
    #[arg(long, value_name = "FUNCTION", value_parser = function)]
    pub(super) at: Option<Function>,
    /// Under this stakeholder
    #[arg(long, value_name = "FQDN", value_parser = Fqdn::parse)]
    pub(super) stakeholder: Option<Fqdn>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RegistrationCommand {
    /// Show those that live, with their keys and commands counted
    #[command(after_help = "Example:\n  ibc admin registration list --client gateway-1 --at mef")]
    List(Registrations),
}

#[derive(Debug, Args)]
pub(crate) struct Registrations {
    #[command(flatten)]
    page: Page,
    #[command(flatten)]
    place: Place,
}

fn at(function: Option<Function>) -> &'static str {
    function.map_or("?", Function::as_str)
}

impl RegistrationCommand {
    pub(crate) fn run(self) -> Outcome {
        let Self::List(Registrations { page, place }) = self;
        page.part.site.run(async |opened| {
            let filter =
                Filter { function: place.at, stakeholder: place.stakeholder.clone(), ..page.filter(&opened)? };
            let all = opened.admin.registrations(&filter).await?;
            let rows = all.into_iter().map(|one| {
                let km_id = one.km_id.as_deref().map_or_else(String::new, |id| format!("  KmID {id}"));
                let line = format!(
                    "{}  {} {} under {} as {} until {}  {} keys, {} commands{km_id}",
                    one.id,
                    one.client,
                    at(one.function),
                    one.stakeholder,
                    one.entity,
                    time(one.not_after),
                    one.keys,
                    one.commands
                );
                let value = json!({"registration": one.id, "at": at(one.function), "client": one.client,
                    "stakeholder": one.stakeholder, "entity": one.entity, "labels": one.labels, "km_id": one.km_id,
                    "created": time(one.created), "until": time(one.not_after), "keys": one.keys,
                    "commands": one.commands});
                (one.id, line, value)
            });
            Ok(page.part.report("registrations", rows.collect(), "no such registration"))
        })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Show those that live; their values are never shown
    #[command(after_help = "Example:\n  ibc admin key list --entity //sp.example.com/CSE1 --suid 32")]
    List(Keys),
    /// Give a key other targets, labels or another use, on the stakeholder's instruction (step 7 of its registration)
    #[command(
        after_help = "Example:\n  ibc admin key set A1B2C3D4E5F60718293A4B5C6D7E8F90 --at mef --target //sp.example.com/CSE1 --target //sp.example.com/CSE2"
    )]
    Set(SetKey),
}

#[derive(Debug, Args)]
pub(crate) struct Keys {
    #[command(flatten)]
    page: Page,
    #[command(flatten)]
    place: Place,
    /// Of this use
    #[arg(long, value_name = "SUID", value_parser = usage)]
    suid: Option<SecurityUsage>,
}

#[derive(Debug, Args)]
pub(crate) struct SetKey {
    #[command(flatten)]
    site: Site,
    /// RelativeKeyID
    #[arg(value_name = "KEY", value_parser = RelativeKeyId::parse)]
    key: RelativeKeyId,
    /// At the mef, or at the maf
    #[arg(long, value_name = "FUNCTION", value_parser = function)]
    at: Function,
    /// Who may retrieve it, in place of those before; may be given again where its use has several
    #[arg(long, value_name = "ID")]
    target: Vec<String>,
    /// A label, in place of those before; may be given again
    #[arg(long, value_name = "LABEL")]
    label: Vec<String>,
    /// Its use
    #[arg(long, value_name = "SUID", value_parser = usage)]
    suid: Option<SecurityUsage>,
}

fn usage(text: &str) -> Result<SecurityUsage, String> {
    let number: u8 = text.parse().map_err(|_| String::from("a SUID is a number, as 22"))?;
    SecurityUsage::from_u8(number).map_err(|error| format!("{error}"))
}

impl KeyCommand {
    pub(crate) fn run(self) -> Outcome {
        match self {
            Self::List(command) => command.run(),
            Self::Set(command) => command.run(),
        }
    }
}

impl Keys {
    fn run(self) -> Outcome {
        let Self { page, place, suid } = self;
        page.part.site.run(async |opened| {
            let filter = Filter {
                function: place.at,
                stakeholder: place.stakeholder.clone(),
                usage: suid,
                ..page.filter(&opened)?
            };
            let all = opened.admin.keys(&filter).await?;
            let rows = all.into_iter().map(|one| {
                let line = format!(
                    "{}  {} SUID {} of {} for {} until {}",
                    one.id,
                    at(one.function),
                    one.suid,
                    one.source,
                    one.targets.join(", "),
                    time(one.not_after)
                );
                let value = json!({"key": one.id, "at": at(one.function), "registration": one.registration,
                    "client": one.client, "source": one.source, "stakeholder": one.stakeholder, "suid": one.suid,
                    "targets": one.targets, "labels": one.labels, "until": time(one.not_after)});
                (one.id, line, value)
            });
            Ok(page.part.report("keys", rows.collect(), "no such key"))
        })
    }
}

impl SetKey {
    fn run(self) -> Outcome {
        let Self { site, key, at, target, label, suid } = self;
        let some = |list: Vec<String>| Some(list).filter(|list| !list.is_empty());
        let change = KeyChange { targets: some(target), labels: some(label), usage: suid };
        if change.targets.is_none() && change.labels.is_none() && change.usage.is_none() {
            return Err(Failure::usage("give --target, --label or --suid"));
        }
        site.run(async |opened| {
            opened.admin.change_key(at, &key, change).await?;
            Ok(Report::new(
                format!("changed key {key} at the {}", at.as_str()),
                &json!({"changed": format!("{key}")}),
            ))
        })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum CommandCommand {
    /// Show the commands of a registration, and what the client reported of each
    #[command(after_help = "Example:\n  ibc admin command list --registration REGISTRATION")]
    List(OfRegistration),
    /// Let every registration at the MEF begin with a command: of one client, or of all of the stakeholder
    ///
    /// It is there before the answer to the registration, which names it as the child to be asked for. The file holds
    /// cmdDescription as JSON, as for ibc admin client instruct.
    #[command(
        after_help = "Example:\n  ibc admin command stand --stakeholder sp.example.com --client gateway-1 --file command.json"
    )]
    Stand(Stand),
    /// Show what registrations begin with
    Standing(Standing),
    /// Remove what registrations of a client, or of all, begin with
    Clear(Whose),
}

#[derive(Debug, Args)]
pub(crate) struct OfRegistration {
    #[command(flatten)]
    site: Site,
    /// MEFClientRegID: see ibc admin registration list
    #[arg(long, value_name = "ID")]
    registration: String,
}

#[derive(Debug, Args)]
pub(crate) struct Whose {
    #[command(flatten)]
    site: Site,
    /// Under which stakeholder
    #[arg(long, value_name = "FQDN", value_parser = Fqdn::parse)]
    stakeholder: Fqdn,
    /// Of this client; without it, of all
    #[arg(long, value_name = "CLIENT")]
    client: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Stand {
    #[command(flatten)]
    whose: Whose,
    /// cmdDescription as JSON, or - for standard input
    #[arg(long, value_name = "FILE|-")]
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Standing {
    #[command(flatten)]
    site: Site,
    /// Under this stakeholder
    #[arg(long, value_name = "FQDN", value_parser = Fqdn::parse)]
    stakeholder: Option<Fqdn>,
}

/// Reads cmdDescription.
pub(super) fn description(file: &Path) -> Result<CommandDescription, Failure> {
    let octets = public_file::read_or_stdin(file, CONFIGURATION_BYTES as u64)?;
    crate::json::from_slice(&octets)
        .map_err(|error| Failure::usage(format!("{}: no cmdDescription: {error}", file.display())))
}

impl CommandCommand {
    pub(crate) fn run(self) -> Outcome {
        match self {
            Self::List(OfRegistration { site, registration }) => site.run(async |opened| {
                let all = opened.admin.commands(&registration).await?;
                let line = |one: &crate::service::admin::QueuedCommand| {
                    let fate = match (one.status, one.is_issued) {
                        (Some(status), _) => format!("reported with status {status}"),
                        (None, true) => format!("delivered {} times, not reported", one.deliveries),
                        (None, false) => "waits".into(),
                    };
                    format!("{}  class {}  {fate}", one.number, one.class)
                };
                let values: Vec<_> = all
                    .iter()
                    .map(|one| {
                        json!({"number": one.number, "class": one.class, "is_issued": one.is_issued,
                            "deliveries": one.deliveries, "status": one.status})
                    })
                    .collect();
                let text = listing(all.iter().map(line).collect(), "no command, or no such registration");
                Ok(Report::new(text, &json!({"commands": values})))
            }),
            Self::Stand(Stand { whose: Whose { site, stakeholder, client }, file }) => {
                let description = description(&file)?;
                site.run(async |opened| {
                    opened.admin.add_standing_command(&stakeholder, client.as_deref(), &description).await?;
                    let whose = client.as_deref().unwrap_or("every client");
                    Ok(Report::new(
                        format!("registrations of {whose} under {stakeholder} begin with it"),
                        &json!({"stakeholder": stakeholder.as_str(), "client": client}),
                    ))
                })
            }
            Self::Standing(Standing { site, stakeholder }) => site.run(async |opened| {
                let all = opened.admin.standing_commands(stakeholder.as_ref()).await?;
                let line = |one: &crate::service::admin::StandingCommand| {
                    let whose = one.client.as_deref().unwrap_or("every client");
                    format!("{}  {whose}  class {}  {}", one.stakeholder, one.class, one.arguments)
                };
                let values: Vec<_> = all
                    .iter()
                    .map(|one| {
                        json!({"stakeholder": one.stakeholder, "client": one.client, "number": one.number,
                            "class": one.class, "arguments": one.arguments, "target": one.target})
                    })
                    .collect();
                let text = listing(all.iter().map(line).collect(), "no standing command");
                Ok(Report::new(text, &json!({"standing": values})))
            }),
            Self::Clear(Whose { site, stakeholder, client }) => site.run(async |opened| {
                let removed = opened.admin.clear_standing_commands(&stakeholder, client.as_deref()).await?;
                Ok(Report::new(format!("removed {removed} standing commands"), &json!({"removed": removed})))
            }),
        }
    }
}

/// Which credentials.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum StateName {
    /// Neither denied nor expired
    Live,
    /// Denied
    Denied,
    /// Expired, as long as they are kept
    Expired,
    /// All of these
    All,
}

/// `ibc mef list`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Issued {
    #[command(flatten)]
    page: Page,
    /// Which
    #[arg(long, value_enum, default_value_t = StateName::Live)]
    state: StateName,
}

impl Issued {
    pub(in crate::cli) fn run(self) -> Outcome {
        let Self { page, state } = self;
        let state = match state {
            StateName::Live => Some(State::Live),
            StateName::Denied => Some(State::Denied),
            StateName::Expired => Some(State::Expired),
            StateName::All => None,
        };
        page.part.site.run(async |opened| {
            let all = opened.admin.issued(&Filter { state, ..page.filter(&opened)? }).await?;
            let now = options::now()?;
            let rows = all.into_iter().map(|one| {
                let fate = match &one.denied {
                    Some((since, why)) => format!("denied {} {why}", time(*since)),
                    None if one.not_after <= now => "expired".into(),
                    None => "live".into(),
                };
                let line = format!("{}  {} issued {}  {fate}", one.id_2, one.client, time(one.issued));
                let value = json!({"id2": one.id_2, "entity": one.entity, "client": one.client,
                    "requester": one.requester, "kpak_tag": one.kpak_tag, "issued": time(one.issued),
                    "until": time(one.not_after), "denied": one.denied.as_ref().map(|(since, _)| time(*since)),
                    "reason": one.denied.as_ref().map(|(_, why)| why)});
                (one.id_2, line, value)
            });
            Ok(page.part.report("credentials", rows.collect(), "no such credential"))
        })
    }
}
