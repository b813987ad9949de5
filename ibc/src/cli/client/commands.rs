//! `ibc commands`.

use super::asking::{Asking, CommandTurns, LIFE, identities};
use super::connect::{Address, Connect, PATIENCE, address};
use super::object::Triggered;
use super::{block_on, new_kpak};
use crate::Function;
use crate::cli::Outcome;
use crate::cli::failure::{Failure, Kind};
use crate::cli::options;
use crate::cli::report::Report;
use crate::client::commands::Turn;
use crate::client::node::NodeObject;
use crate::client::renewal::{Backoff, system_random};
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

/// How long nothing is due, if nobody says.
const LONGEST_LOOK: Duration = Duration::from_secs(365 * 86_400);

/// The shortest time between two requests of a process that stays, whatever the MEF says, and whatever it refuses.
const FLOOR: Duration = Duration::from_secs(1);

/// Execute the commands of a MEF (clause 8.3.9)
///
/// Registers with the MEF under the stakeholder, unless it is, retrieves commands, executes them and reports each, until
/// there are no more, or 64 of them in one turn. When to ask again is kept in the store: this command, started anew, waits as long as the MEF said,
/// unless another command has had to do with the MEF since. IBC_PROV is executed: the credential is provisioned, validated and put into the store. Commands on
/// management objects (MO_NODE) find the objects of the store, and register keys under their profiles: `ibc device object`. What
/// else objects lead to at this MEF is done as well: registrations, other keys before the newest ones end, de-registrations.
/// DEV_CFG brings objects into the store, which lead to these procedures in turn (`ibc admin configuration`), or runs --dm-client.
/// Commands for certificates are reported as not supported. Without --once it stays, and asks again when the MEF said; it ends when the registration is
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
    /// Run this program to configure the device by a protocol that is not this project's (DEV_CFG)
    ///
    /// It gets two arguments, the number of the protocol (1, 2 OMA DM; 3 LwM2M; 4 TR-069) and the URI, and ten minutes. Exit
    /// status 0 is reported as done, 2 as a fault of the server, any other as one of the device. Without it such commands are
    /// refused (43).
    #[arg(long, value_name = "PROGRAM")]
    dm_client: Option<PathBuf>,
    /// The registration, if the store does not know it
    #[arg(long, value_name = "ID")]
    registration: Option<String>,
    /// End after one turn, or when the time to ask has not come
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
        let (mut backoff, mut random) = (Backoff::default(), system_random());
        let mut registration = loop {
            match self.registered(&mut asking).await {
                Err(failure) if !self.once && failure.is_temporary() => {
                    let until = later(backoff.failed(random()));
                    not_done(json, "not registered", &failure, until)?;
                    pause(&mut asking, until).await?;
                }
                registered => break registered?,
            }
        };
        if self.now {
            asking.succeeded()?;
        }
        let mut objects = Objects::default();
        loop {
            let done = objects.look(&mut asking, random()).await?;
            if let Some(done) = &done {
                if done.ended.contains(&registration) {
                    return Ok(ended(&registration));
                }
                if !self.once {
                    tell_objects(json, done)?;
                }
            }
            let is_ending = match asking.node()? {
                Some(node) => node.ends(Function::Mef, asking.fqdn(), &registration)?,
                None => false,
            };
            if is_ending {
                // No use is made of it any more; what is asked is only that it ends.
                if self.once {
                    let message =
                        format!("the registration {registration} is being ended: its object was deleted");
                    return Err(Failure::refused(Kind::Refused, message));
                }
                asking.client.disconnect();
                let next = objects.next(&asking)?;
                if !self.sleep(&mut asking, &registration, &objects, next).await? {
                    return Ok(ended(&registration));
                }
                continue;
            }
            let (reported, next) = match self.look(&mut asking, &registration, &own).await? {
                Looked::Turn(turn) => {
                    backoff = Backoff::default();
                    (turn.reported, turn.again)
                }
                Looked::Removed if self.once => return Err(removed(&registration)),
                Looked::Removed => return Ok(ended(&registration)),
                Looked::Failed(error) if self.once => return Err(error.into()),
                // It has reached its end. Made anew, it is looked at soon; and later each time that this is of no use.
                Looked::Failed(error)
                    if error.response_status_code() == Some(ResponseStatusCode::NotFound) =>
                {
                    let is_first = backoff == Backoff::default();
                    let wait = later(backoff.failed(random()));
                    match self.registered(&mut asking).await {
                        Ok(again) => registration = again,
                        Err(failure) => not_done(json, "not registered", &failure, wait)?,
                    }
                    // One that has ended already by the clock here would be made again and again.
                    let is_live = !asking.known(Some(&self.stakeholder))?.is_empty();
                    let soon = is_first && is_live;
                    (0, Some(if soon { later(FLOOR) } else { wait }))
                }
                Looked::Failed(error) => {
                    let wait = later(backoff.failed(random()));
                    not_done(json, "no commands", &error, wait)?;
                    (0, Some(wait))
                }
            };
            let again = next.map(|next| ExpirationTime::from_unix(next).unwrap_or(ExpirationTime::MAX));
            let value = json!({
                "registration": registration, "reported": reported, "more": again.is_none(),
                "again": again.map(|again| format!("{again}")),
            });
            let again = again
                .map_or_else(|| String::from("at once: there may be more"), |again| format!("after {again}"));
            let text =
                format!("{reported} commands reported\n  registration {registration}\n  again  {again}");
            let brought = objects.brought(&mut asking, random()).await?;
            if let Some(brought) = brought.as_ref().filter(|_| !self.once) {
                tell_objects(json, brought)?;
                if brought.ended.contains(&registration) {
                    return Ok(ended(&registration));
                }
            }
            let done = match brought {
                Some(brought) => Some(done.unwrap_or_default().and(brought)),
                None => done,
            };
            objects.seen(&asking)?;
            if self.once {
                let Some(done) = done else { return Ok(Report::new(text, &value)) };
                let (mut text, mut value) = (text, value);
                let mut led_to = json!({});
                if !done.is_nothing() || done.has_failed() {
                    done.tell(&mut text, &mut led_to);
                    value["objects"] = led_to;
                }
                return Ok(done.verdict(Report::new(text, &value)));
            }
            if reported > 0 {
                tell(json, &text, &value)?;
            }
            asking.client.disconnect();
            let next = next.unwrap_or(UnixTime::EPOCH).min(objects.next(&asking)?).max(later(FLOOR));
            if !self.sleep(&mut asking, &registration, &objects, next).await? {
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
        let mut turns = CommandTurns::new(
            &asking.client,
            (registration, own.to_vec()),
            (store, new),
            self.dm_client.clone(),
        )?;
        let turn = turns.turn(&mut asking.client).await;
        asking.store = Some(turns.into_store());
        Ok(match turn {
            Ok(turn) => Looked::Turn(turn),
            Err(error) if error.response_status_code() == Some(ResponseStatusCode::NotFound) => {
                // One that was named on the command line is not made anew.
                let is_over = self.registration.is_none()
                    && until.is_some_and(|until| until.to_unix() <= SystemClock.now());
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

    /// Sleeps until then, or until another process has asked this MEF for something or changed the objects. False if the
    /// registration is gone.
    async fn sleep(
        &self,
        asking: &mut Asking,
        registration: &str,
        objects: &Objects,
        until: UnixTime,
    ) -> Result<bool, Failure> {
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
            if (waited.is_some() && waits.is_none()) || store.objects()? != objects.seen {
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

/// What the objects lead to, in a process that stays.
#[derive(Default)]
struct Objects {
    /// As this process left them.
    seen: Vec<NodeObject>,
    backoff: Backoff,
    /// After a failure: not before then, unless somebody changes the objects.
    again: Option<UnixTime>,
}

impl Objects {
    /// Does what they lead to now, unless that failed a short while ago.
    async fn look(&mut self, asking: &mut Asking, random: u32) -> Result<Option<Triggered>, Failure> {
        let changed = asking.store.as_ref().map(DeviceStore::objects).transpose()?.unwrap_or_default();
        if changed == self.seen && self.again.is_some_and(|again| SystemClock.now() < again) {
            return Ok(None);
        }
        if changed != self.seen {
            self.backoff = Backoff::default();
        }
        let done = asking.triggered().await?;
        asking.succeeded_if(!done.is_nothing())?;
        if done.has_failed() {
            self.again = Some(later(self.backoff.failed(random)));
        } else {
            (self.again, self.backoff) = (None, Backoff::default());
        }
        self.seen(asking)?;
        Ok(Some(done))
    }

    /// Does what objects lead to that a command has brought.
    async fn brought(&mut self, asking: &mut Asking, random: u32) -> Result<Option<Triggered>, Failure> {
        let all = asking.store.as_ref().map(DeviceStore::objects).transpose()?.unwrap_or_default();
        let differ = |(one, before): (&NodeObject, &NodeObject)| {
            (&one.path, &one.object, &one.ends) != (&before.path, &before.object, &before.ends)
        };
        if all.len() == self.seen.len() && !all.iter().zip(&self.seen).any(differ) {
            return Ok(None);
        }
        self.look(asking, random).await
    }

    /// They are as this process left them.
    fn seen(&mut self, asking: &Asking) -> Result<(), Failure> {
        self.seen = asking.store.as_ref().map(DeviceStore::objects).transpose()?.unwrap_or_default();
        Ok(())
    }

    /// When to look next: after a failure, or when a key is due; not before a second from now.
    fn next(&self, asking: &Asking) -> Result<UnixTime, Failure> {
        let key = asking.next_key()?.map(|key| self.again.map_or(key, |again| again.max(key)));
        let next = [self.again, key].into_iter().flatten().min();
        Ok(next.unwrap_or_else(|| later(LONGEST_LOOK)).max(later(FLOOR)))
    }
}

fn tell_objects(json: bool, done: &Triggered) -> Result<(), Failure> {
    if done.is_nothing() && !done.has_failed() {
        return Ok(());
    }
    let (mut text, mut value) = (String::from("objects"), json!({}));
    done.tell(&mut text, &mut value);
    Ok(tell(json, &text, &json!({"objects": value}))?)
}

fn is_known(store: &DeviceStore, registration: &str) -> Result<bool, Failure> {
    Ok(store.registrations()?.iter().any(|one| one.id == registration))
}

/// The time so far from now; a clock at its end stays there.
fn later(wait: Duration) -> UnixTime {
    let now = SystemClock.now();
    now.checked_add(wait).unwrap_or(now)
}

/// Sleeps until then, and lets others at the store meanwhile.
async fn pause(asking: &mut Asking, until: UnixTime) -> Result<(), Failure> {
    if let Some(store) = &mut asking.store {
        store.release();
    }
    while SystemClock.now() < until {
        tokio::time::sleep(LOOK).await;
    }
    match &mut asking.store {
        Some(store) => Ok(store.hold(PATIENCE)?),
        None => Ok(()),
    }
}

fn not_done(json: bool, what: &str, why: &impl core::fmt::Display, again: UnixTime) -> io::Result<()> {
    let again = ExpirationTime::from_unix(again).unwrap_or(ExpirationTime::MAX);
    let value = json!({"error": {"message": format!("{why}")}, "again": format!("{again}")});
    tell(json, &format!("{what}: {why}\n  again  after {again}"), &value)
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
