//! `ibc registration`: the registration of a client with a MEF or a MAF.

use super::asking::{Asking, Server};
use super::object::Triggered;
use super::{block_on, some};
use crate::Function;
use crate::cli::Outcome;
use crate::cli::failure::{Failure, Kind};
use crate::cli::options;
use crate::cli::report::Report;
use crate::client::node;
use crate::wire::ResponseStatusCode;
use clap::{Args, Subcommand};
use core::time::Duration;
use eccsi_sakke::onem2m::Fqdn;
use serde_json::{Value, json};

/// Register with a MEF or a MAF under a stakeholder, and end that
///
/// With --store everything that a registration brings is kept for the commands that come later: its identifier; of a MEF
/// the enrolment key Ke with its KeID; of a MAF the KmID with Km. So a device with nothing but a key for the MEF gets to the
/// MAF in two steps: `registration new --mef …`, then `registration new --maf …` without any key, since the MAF fetches from
/// the MEF what the store derives from Ke. `ibc key register` and `ibc commands` register by themselves where that is needed.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Register under a stakeholder (clauses 8.3.5.2.3, 8.8.2.3)
    #[command(
        after_help = "Examples:\n  ibc registration new --mef mef.example.com --as //sp.example.com/CSE1 --psk-identity cse1@mef.example.com --psk-file kpm.hex --stakeholder sp.example.com --store cse1\n  ibc registration new --maf maf.example.com --as //sp.example.com/CSE1 --stakeholder sp.example.com --store cse1"
    )]
    New(Box<New>),
    /// Print the configuration that the stakeholder wrote for it, and apply it (clauses 8.3.5.2.4, 8.8.2.4)
    ///
    /// With --store the objects in it (`objects`, as `ibc device object add` takes them) are added to those of the device, or change
    /// them, and lead to registrations. None is deleted for not being there any more: that is done by `ibc device object delete`.
    /// Whatever else the configuration has is for other programs.
    #[command(
        after_help = "Example:\n  ibc registration configuration --mef mef.example.com --as //sp.example.com/CSE1 --psk-identity cse1@mef.example.com --psk-file kpm.hex --store cse1"
    )]
    Configuration(Box<Configuration>),
    /// Change its end or its labels (clauses 8.3.5.2.5, 8.8.2.5)
    #[command(
        after_help = "Example:\n  ibc registration update --mef mef.example.com --as //sp.example.com/CSE1 --psk-identity cse1@mef.example.com --psk-file kpm.hex --store cse1 --lifetime 30d"
    )]
    Update(Box<Update>),
    /// End it, and the keys that were registered under it (clauses 8.3.5.2.6, 8.8.2.6)
    #[command(
        after_help = "Example:\n  ibc registration delete --mef mef.example.com --as //sp.example.com/CSE1 --psk-identity cse1@mef.example.com --psk-file kpm.hex --store cse1"
    )]
    Delete(Box<Which>),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct New {
    #[command(flatten)]
    server: Server,
    /// The administrating stakeholder
    #[arg(long, value_name = "FQDN", value_parser = Fqdn::parse)]
    stakeholder: Fqdn,
    /// Propose this life; the function decides
    #[arg(long, value_name = "DURATION", default_value = "365d", value_parser = options::duration)]
    lifetime: Duration,
    /// A label; may be given again
    #[arg(long, value_name = "TEXT")]
    label: Vec<String>,
    #[command(flatten)]
    then: Then,
}

/// What follows a procedure at a MEF.
#[derive(Debug, Args)]
pub(super) struct Then {
    /// Leave the commands of the MEF to `ibc commands`; otherwise, with --store, those that wait are executed now
    #[arg(long)]
    pub(super) no_commands: bool,
}

/// Which registration.
#[derive(Debug, Args)]
pub(in crate::cli) struct Which {
    #[command(flatten)]
    server: Server,
    /// MEFClientRegID or mafClientRegID, as `new` prints it; not needed if the store knows exactly one
    #[arg(long, value_name = "ID")]
    id: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Configuration {
    #[command(flatten)]
    which: Which,
    /// Print it only: leave the device's objects as they are
    #[arg(long)]
    no_apply: bool,
    #[command(flatten)]
    then: Then,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Update {
    #[command(flatten)]
    which: Which,
    /// Propose an end so far from now
    #[arg(long, value_name = "DURATION", value_parser = options::duration)]
    lifetime: Option<Duration>,
    /// A label, in place of those that it has; may be given again
    #[arg(long, value_name = "TEXT")]
    label: Vec<String>,
    #[command(flatten)]
    then: Then,
}

impl New {
    fn run(self) -> Outcome {
        let end = options::after(options::now()?, self.lifetime)?;
        let mut asking = self.server.open()?;
        block_on(async {
            let registered = asking.register(&self.stakeholder, end, some(self.label)).await?;
            let one = &registered.registration;
            let mut text = format!(
                "registered as {}\n  until       {}\n  client      {}",
                one.id, one.until, one.entity
            );
            let mut value = json!({
                "registration": one.id, "until": format!("{}", one.until), "client": one.entity.as_str(),
                "identity": one.identity, "command_waits": registered.waits,
            });
            if let Some((ke_id, kept)) = &registered.enrolled {
                text.push_str(&format!(
                    "\n  KeID        {ke_id}, for a MAF that fetches its key from this MEF"
                ));
                value["ke_id"] = ke_id.as_str().into();
                if let Some(path) = kept {
                    text.push_str(&format!("\n  Ke in       {}", path.display()));
                    value["ke_in"] = path.to_string_lossy().into();
                }
            }
            if let Some(identity) = &one.identity {
                text.push_str(&format!("\n  KmID        {identity}, in handshakes from now on"));
            }
            if let Some(path) = &registered.km {
                text.push_str(&format!("\n  Km in       {}", path.display()));
                value["km_in"] = path.to_string_lossy().into();
            }
            if asking.store.is_none() {
                text.push_str(
                    "\n  kept        nowhere: give --store FOLDER, and later commands find all this",
                );
            }
            if registered.waits && (self.then.no_commands || asking.store.is_none()) {
                text.push_str("\n  a command waits: ibc commands");
            }
            let id = one.id.clone();
            asking.commands(&id, !self.then.no_commands).await?.tell(&mut text, &mut value);
            Ok(Report::new(text, &value))
        })
    }
}

impl Which {
    fn open(&self) -> Result<(Asking, String), Failure> {
        let asking = self.server.open()?;
        let id = asking.registration(self.id.as_deref())?;
        Ok((asking, id))
    }

    fn delete(self) -> Outcome {
        let (mut asking, id) = self.open()?;
        block_on(async {
            let outcome = asking.client.deregister(&id).await;
            // Gone already is what was wanted, but for a name that was mistyped.
            let is_gone = outcome
                .as_ref()
                .err()
                .is_some_and(|error| error.response_status_code() == Some(ResponseStatusCode::NotFound));
            let was_known = asking.known(None)?.iter().any(|one| one.id == id);
            if !(is_gone && was_known) {
                outcome?;
            }
            if let Some(store) = &asking.store {
                store.forget_registration(asking.function(), asking.fqdn(), &id)?;
            }
            let keys = match asking.function() {
                Function::Mef => "; the keys that were registered under it and its commands are gone with it",
                Function::Maf => "; the keys that were registered under it are gone with it",
            };
            Ok(Report::new(format!("removed {id}{keys}"), &json!({"removed": id})))
        })
    }
}

impl Configuration {
    fn run(self) -> Outcome {
        let (mut asking, id) = self.which.open()?;
        block_on(async {
            let configuration = asking.client.configuration(&id).await?.configuration;
            let (mut text, mut value) =
                (format!("{configuration:#}"), json!({"configuration": configuration}));
            let applied = if self.no_apply { Ok(None) } else { apply(&mut asking, &configuration).await };
            match &applied {
                Ok(None) => {}
                Ok(Some((count, done))) => {
                    text.push_str(&format!("\n  objects     {count} kept"));
                    let mut led_to = json!({"objects": count});
                    done.tell(&mut text, &mut led_to);
                    value["applied"] = led_to;
                }
                Err(failure) => {
                    text.push_str(&format!("\n  objects     not applied: {failure}"));
                    value["applied"] = json!({"error": {"message": format!("{failure}")}});
                }
            }
            asking.commands(&id, !self.then.no_commands).await?.tell(&mut text, &mut value);
            let report = Report::new(text, &value);
            Ok(match applied {
                Ok(None) => report,
                Ok(Some((_, done))) => done.verdict(report),
                Err(failure) => {
                    report.refusing(Kind::Format, format!("the configuration was not applied: {failure}"))
                }
            })
        })
    }
}

/// Keeps the objects of a configuration, if it has any and there is a store, and does what they lead to here.
async fn apply(asking: &mut Asking, configuration: &Value) -> Result<Option<(usize, Triggered)>, Failure> {
    let Some(list) = configuration.get("objects").filter(|_| asking.store.is_some()) else { return Ok(None) };
    let objects = node::parse(json!({"objects": list}).to_string().as_bytes())?;
    let count = objects.len();
    asking.add_objects(objects)?;
    let done = asking.triggered().await?;
    Ok(Some((count, done)))
}

impl Update {
    fn run(self) -> Outcome {
        if self.lifetime.is_none() && self.label.is_empty() {
            return Err(Failure::usage("say what changes: --lifetime or --label"));
        }
        let now = options::now()?;
        let end = self.lifetime.map(|lifetime| options::after(now, lifetime)).transpose()?;
        let (mut asking, id) = self.which.open()?;
        block_on(async {
            let answer = asking.client.update(&id, end, some(self.label)).await?;
            asking.updated(&id, &answer)?;
            let mut text = format!("updated {id}");
            if let Some(end) = &answer.expiration_time {
                text.push_str(&format!("\n  until       {end}"));
            }
            if let Some(identity) = &answer.assigned_symm_key_id {
                text.push_str(&format!("\n  KmID        {identity}, in handshakes from now on"));
            }
            let mut value = json!({
                "registration": id, "until": answer.expiration_time, "labels": answer.labels,
                "identity": answer.assigned_symm_key_id,
            });
            asking.commands(&id, !self.then.no_commands).await?.tell(&mut text, &mut value);
            Ok(Report::new(text, &value))
        })
    }
}

impl Command {
    pub(in crate::cli) fn run(self) -> Outcome {
        match self {
            Self::New(command) => command.run(),
            Self::Configuration(command) => command.run(),
            Self::Update(command) => command.run(),
            Self::Delete(which) => which.delete(),
        }
    }
}
