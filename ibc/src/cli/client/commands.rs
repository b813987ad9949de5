//! `ibc commands`.

use super::asking::{Asking, CommandTurns, LIFE, identities};
use super::connect::{Address, Connect, PATIENCE, address};
use super::{block_on, new_kpak};
use crate::Function;
use crate::cli::Outcome;
use crate::cli::failure::{Failure, Kind};
use crate::cli::options;
use crate::cli::report::Report;
use crate::client::commands::Turn;
use crate::client::renewal::{Backoff, Random, system_random};
use crate::client::{ClientError, DeviceStore};
use crate::clock::{Clock, SystemClock};
use crate::wire::ResponseStatusCode;
use clap::{Args, ValueEnum};
use core::time::Duration;
use eccsi_sakke::onem2m::{EntityId, EntityKind, ExpirationTime, Fqdn, UnixTime};
use serde_json::json;
use std::io::{self, Write};
use std::path::PathBuf;

/// How often a sleeping loop looks whether another process has changed what it waits for.
const LOOK: Duration = Duration::from_secs(1);

/// Execute the commands of a MEF (clause 8.3.9)
///
/// Registers with the MEF under the stakeholder, unless it is, retrieves commands, executes them and reports each, until
/// there are no more. When to ask again is kept in the store: this command, started anew, waits as long as the MEF said,
/// unless another command has had to do with the MEF since. IBC_PROV is executed: the credential is provisioned, validated and put into the store. Commands on
/// management objects are reported as not found, since this program has none; those for certificates and device
/// configuration as not supported. Without --once it stays, and asks again when the MEF said; it ends when the registration is
/// removed, by `ibc registration delete` or at the MEF.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ibc commands --mef mef.example.com --as //sp.example.com/CSE1 --psk-identity cse1@mef.example.com --psk-file kpm.hex --stakeholder sp.example.com --store cse1 --once"
)]
pub(in crate::cli) struct Commands {
    /// The MEF: its FQDN, and its port if that is not 443
    #[arg(long, value_name = "FQDN[:PORT]", value_parser = address)]
    mef: Address,
    #[command(flatten)]
    connect: Connect,
    /// Whether the entity is a CSE or an AE, where its name could be either
    #[arg(long, value_enum)]
    kind: Option<OfKind>,
    /// The administrating stakeholder
    #[arg(long, value_name = "FQDN", value_parser = Fqdn::parse)]
    stakeholder: Fqdn,
    /// Accept the KPAKs in this public key file, besides those that are pinned in the store
    #[arg(long, value_name = "FILE")]
    kpak: Option<PathBuf>,
    /// The registration, if the store does not know it
    #[arg(long, value_name = "ID")]
    registration: Option<String>,
    /// End when there are no more commands, or when the time to ask has not come
    #[arg(long)]
    once: bool,
    /// Ask now, also before the time that the MEF said
    #[arg(long)]
    now: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OfKind {
    Cse,
    Ae,
}

/// What a turn came to, or why there was none.
enum Looked {
    Turn(Turn),
    Failed(ClientError),
    /// There is no such registration any more, and not for its age.
    Removed,
}

impl Commands {
    pub(in crate::cli) fn run(self, json: bool) -> Outcome {
        let kind = self.kind.map(|kind| match kind {
            OfKind::Cse => EntityKind::Cse,
            OfKind::Ae => EntityKind::Ae,
        });
        let own = identities(self.connect.entity()?, kind)?;
        if self.connect.store.is_none() {
            self.connect.needed_store()?;
        }
        let asking = Asking::new(&self.connect, Function::Mef, &self.mef)?;
        block_on(self.execute(asking, own, json))
    }

    async fn execute(&self, mut asking: Asking, own: Vec<EntityId>, json: bool) -> Outcome {
        let mut registration = self.registered(&mut asking).await?;
        if self.now {
            asking.succeeded()?;
        }
        let (mut backoff, mut random) = (Backoff::default(), system_random());
        loop {
            let (reported, next) = match self.look(&mut asking, &registration, &own).await? {
                Looked::Turn(turn) => {
                    backoff = Backoff::default();
                    (turn.reported, turn.again)
                }
                Looked::Removed if self.once => return Err(removed(&registration)),
                Looked::Removed => return Ok(ended(&registration)),
                Looked::Failed(error) if self.once => return Err(error.into()),
                // It has reached its end.
                Looked::Failed(error)
                    if error.response_status_code() == Some(ResponseStatusCode::NotFound) =>
                {
                    registration = self.registered(&mut asking).await?;
                    continue;
                }
                Looked::Failed(error) => {
                    let value = json!({"error": {"message": format!("{error}")}});
                    tell(json, &format!("no commands: {error}"), &value)?;
                    (0, failed(&mut backoff, &mut random))
                }
            };
            let Some(next) = next else { continue };
            let again = ExpirationTime::from_unix(next).unwrap_or(ExpirationTime::MAX);
            let value =
                json!({"registration": registration, "reported": reported, "again": format!("{again}")});
            let text = format!(
                "{reported} commands reported\n  registration {registration}\n  again after  {again}"
            );
            if self.once {
                return Ok(Report::new(text, &value));
            }
            if reported > 0 {
                tell(json, &text, &value)?;
            }
            asking.client.disconnect();
            if !self.sleep(&mut asking, &registration, next).await? {
                return Ok(ended(&registration));
            }
        }
    }

    /// One turn with what the store knows now.
    async fn look(
        &self,
        asking: &mut Asking,
        registration: &str,
        own: &[EntityId],
    ) -> Result<Looked, Failure> {
        let store = asking.store.take().ok_or_else(|| Failure::usage("give --store FOLDER"))?;
        let until =
            store.registrations()?.into_iter().find(|one| one.id == registration).map(|one| one.until);
        let new = new_kpak(self.kpak.as_deref())?;
        let mut turns = CommandTurns::new(&asking.client, (registration, own.to_vec()), (store, new))?;
        let turn = turns.turn(&mut asking.client).await;
        asking.store = Some(turns.into_store());
        Ok(match turn {
            Ok(turn) => Looked::Turn(turn),
            Err(error) if error.response_status_code() == Some(ResponseStatusCode::NotFound) => {
                let is_over = until.is_some_and(|until| until.to_unix() <= SystemClock.now());
                if is_over {
                    return Ok(Looked::Failed(error));
                }
                if let Some(store) = &asking.store {
                    store.forget_registration(Function::Mef, asking.fqdn(), registration)?;
                }
                Looked::Removed
            }
            Err(error) => Looked::Failed(error),
        })
    }

    /// Sleeps until then, or until another process has asked this MEF for something. False if the registration is gone.
    async fn sleep(&self, asking: &mut Asking, registration: &str, until: UnixTime) -> Result<bool, Failure> {
        let mef = asking.fqdn().clone();
        let store = asking.store.as_mut().ok_or_else(|| Failure::usage("give --store FOLDER"))?;
        let waited = store.command_state(&mef, registration)?.and_then(|state| state.waits_until);
        let was_known = is_known(store, registration)?;
        store.release();
        let goes_on = loop {
            if SystemClock.now() >= until {
                break true;
            }
            tokio::time::sleep(LOOK).await;
            if was_known && !is_known(store, registration)? {
                break false;
            }
            let waits = store.command_state(&mef, registration)?.and_then(|state| state.waits_until);
            if waited.is_some() && waits.is_none() {
                break true;
            }
        };
        store.hold(PATIENCE)?;
        Ok(goes_on && (!was_known || is_known(store, registration)?))
    }

    async fn registered(&self, asking: &mut Asking) -> Result<String, Failure> {
        if let Some(registration) = &self.registration {
            return Ok(registration.clone());
        }
        if let Some(one) = asking.known(Some(&self.stakeholder))?.into_iter().next() {
            return Ok(one.id);
        }
        let end = options::after(options::now()?, LIFE)?;
        let registered = asking.register(&self.stakeholder, end, None).await?;
        asking.succeeded()?;
        Ok(registered.registration.id)
    }
}

fn is_known(store: &DeviceStore, registration: &str) -> Result<bool, Failure> {
    Ok(store.registrations()?.iter().any(|one| one.id == registration))
}

fn failed(backoff: &mut Backoff, random: &mut Random) -> Option<UnixTime> {
    SystemClock.now().checked_add(backoff.failed(random()))
}

fn ended(registration: &str) -> Report {
    Report::new(
        format!("ended: the registration {registration} was removed, and there are no commands without one"),
        &json!({"ended": {"registration": registration}}),
    )
}

fn removed(registration: &str) -> Failure {
    Failure::refused(
        Kind::NotFound,
        format!("the registration {registration} was removed: make another with ibc registration new"),
    )
}

fn tell(json: bool, text: &str, value: &serde_json::Value) -> io::Result<()> {
    if json { writeln!(io::stdout(), "{value}") } else { writeln!(io::stdout(), "{text}") }
}
