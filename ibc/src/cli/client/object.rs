//! `ibc device object`: configuration objects of a device, and what they lead to.

use super::asking::{Asking, LIFE, Server};
use super::block_on;
use super::connect::open_store;
use crate::cli::Outcome;
use crate::cli::failure::{Failure, Kind};
use crate::cli::options;
use crate::cli::report::Report;
use crate::client::DeviceStore;
use crate::client::node::{self, Deleted, Node, NodeObject, Object};
use crate::client::renewal::system_random;
use crate::files::{private_file, public_file};
use clap::{Args, Subcommand};
use eccsi_sakke::onem2m::{ExpirationTime, UnixTime};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Octets of a file with objects.
const MAX_OBJECTS: u64 = 256 * 1024;

/// What a device is configured with
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Configuration objects, and the registrations and keys that they lead to
    #[command(subcommand)]
    Object(ObjectCommand),
}

/// Configuration objects, and the registrations and keys that they lead to
///
/// A device is told what to do by objects, each under a path. [MEFClientRegCfg] and [MAFClientRegCfg]: be registered there under
/// this stakeholder. [authenticationProfile]: how to authenticate, and which key to register for it, once a command of the MEF
/// on this object says so (MO_NODE). [trustAnchorCred]: that there is one. They are in the store, whoever brought them: a file, or
/// the stakeholder's configuration (`ibc registration configuration`), or a command of the MEF (DEV_CFG).
///
/// `ibc commands` does what they lead to, while it stays: it registers, executes commands on them, registers another key when the
/// newest one of a profile is in the last fifth of its life, and ends what was deleted.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ObjectCommand {
    /// Add the objects of a file, or change those that are there (clauses 8.3.4.2, 8.3.4.3)
    ///
    /// An object for a registration with this MEF or MAF leads to it now; with another one, when this or another command asks
    /// there. A changed object leads to nothing by itself. The file is JSON:
    ///
    ///   {"objects": [
    ///     {"path": "/mef", "MEFClientRegCfg": {"fqdn": "mef.example.com", "adminFQDN": "sp.example.com"}},
    ///     {"path": "/saef", "authenticationProfile": {"SUID": 22, "parent": "registration",
    ///       "TLSCiphersuites": ["00AE", "C0A8"], "keyRegDuration": "P10D",
    ///       "registration": "/mef", "targets": ["//sp.example.com/CSE1"]}}]}
    ///
    /// MAFClientRegCfg is written like MEFClientRegCfg; both may have expirationTime and labels. A profile may have symmKeyID,
    /// keyRegLabels, myCertFingerprint, expirationTime, and trustAnchors, a list of paths of objects {"trustAnchorCred": {}}.
    /// The parent is registration, dataCollection or MAFClientRegCfg.
    #[command(
        verbatim_doc_comment,
        after_help = "Example:\n  ibc device object add objects.json --mef mef.example.com --as //sp.example.com/CSE1/C7 --psk-identity c7@mef.example.com --psk-file kpm.hex --store c7"
    )]
    Add(Box<Add>),
    /// Delete an object (clause 8.3.4.2)
    ///
    /// One that led to a registration ends it. Once the MEF or MAF has answered, the keys that were registered under it are gone,
    /// and so are the IBC credential and Ke (or Km) of that function, if there is no other registration with it. Until then the
    /// object stays as one that is being ended, and this command, `ibc commands`, and the other commands of `ibc device object`
    /// ask again.
    #[command(
        after_help = "Example:\n  ibc device object delete /mef --mef mef.example.com --as //sp.example.com/CSE1/C7 --psk-identity c7@mef.example.com --psk-file kpm.hex --store c7"
    )]
    Delete(Box<Delete>),
    /// List the objects, and what they led to; asks nobody
    #[command(after_help = "Example:\n  ibc device object list --store c7")]
    List(List),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Add {
    /// File with the objects, or - for standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    #[command(flatten)]
    server: Server,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Delete {
    /// Path of the object, as `list` shows it
    #[arg(value_name = "PATH")]
    path: String,
    #[command(flatten)]
    server: Server,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// The device's folder
    #[arg(long, value_name = "FOLDER")]
    store: PathBuf,
}

impl Command {
    pub(in crate::cli) fn run(self) -> Outcome {
        let Self::Object(command) = self;
        match command {
            ObjectCommand::Add(command) => command.run(),
            ObjectCommand::Delete(command) => command.run(),
            ObjectCommand::List(command) => list(&open_store(&command.store)?),
        }
    }
}

impl Add {
    fn run(self) -> Outcome {
        let objects = read(&self.file)?;
        if self.server.connect.store.is_none() {
            self.server.connect.needed_store()?;
        }
        let mut asking = self.server.open()?;
        block_on(async {
            let count = objects.len();
            asking.add_objects(objects)?;
            let done = asking.triggered().await?;
            let mut text = format!("{count} objects kept");
            let mut value = json!({"objects": count});
            done.tell(&mut text, &mut value);
            asking.succeeded_if(!done.is_nothing())?;
            Ok(done.verdict(Report::new(text, &value)))
        })
    }
}

impl Delete {
    fn run(self) -> Outcome {
        if self.server.connect.store.is_none() {
            self.server.connect.needed_store()?;
        }
        let mut asking = self.server.open()?;
        let deleted = asking.node()?.map(|node| node.deleted(&self.path)).transpose()?;
        let unknown = || {
            let message = format!("there is no object {}: ibc device object list", self.path);
            Failure::refused(Kind::NotFound, message)
        };
        block_on(async {
            let (mut text, mut value) = (format!("deleted {}", self.path), json!({"deleted": self.path}));
            match deleted {
                None | Some(Deleted::Unknown) => return Err(unknown()),
                Some(Deleted::Gone) => return Ok(Report::new(text, &value)),
                Some(Deleted::Ends(_)) => {}
            }
            let done = asking.triggered().await?;
            let ends = asking.store.as_ref().map(DeviceStore::objects).transpose()?.unwrap_or_default();
            if let Some(one) = ends.iter().find(|one| one.path == self.path) {
                value["ends"] = one.ends.clone().into();
                text = format!(
                    "{} is being ended: its registration could not be ended yet, and this is asked again by this command or ibc commands",
                    self.path
                );
            }
            done.tell(&mut text, &mut value);
            Ok(done.verdict(Report::new(text, &value)))
        })
    }
}

fn read(file: &Path) -> Result<Vec<(String, Object)>, Failure> {
    if file == Path::new("-") {
        return Ok(node::parse(&private_file::read_stdin(MAX_OBJECTS)?)?);
    }
    let octets = public_file::read(file, MAX_OBJECTS)?;
    node::parse(&octets).map_err(|error| crate::files::FileError::new(file, error).into())
}

fn list(store: &DeviceStore) -> Outcome {
    let (objects, registrations) = (store.objects()?, store.registrations()?);
    let now = options::now()?;
    let mut text = String::new();
    let mut values = Vec::new();
    for one in &objects {
        let NodeObject { path, object, ends, key } = one;
        let kind = kind(object);
        let mut value = json!({"path": path, "type": kind});
        text.push_str(&format!("{path}  {kind}"));
        if let Object::Registration(wanted) = object {
            value["fqdn"] = wanted.fqdn.as_str().into();
            value["adminFQDN"] = wanted.stakeholder.as_str().into();
            let registration = registrations.iter().find(|registration| {
                registration.function == wanted.function
                    && registration.fqdn == wanted.fqdn
                    && registration.stakeholder == wanted.stakeholder
                    && now < registration.until.to_unix()
            });
            value["registration"] = registration.map(|one| one.id.clone()).into();
            value["ends"] = ends.is_some().into();
            text.push_str(&match (ends, registration) {
                (Some(id), _) => format!("  registration {id} is being ended"),
                (None, Some(one)) => format!("  registered as {} until {}", one.id, one.until),
                (None, None) => String::from("  not registered"),
            });
        }
        if let Object::Profile(profile) = object {
            let renew =
                key.as_ref().map(|key| ExpirationTime::from_unix(key.renew).unwrap_or(ExpirationTime::MAX));
            value["suid"] = profile.profile.usage.to_u8().into();
            value["key"] = key.as_ref().map(|key| key.identifier.as_str()).into();
            value["renew"] = renew.map(|renew| format!("{renew}")).into();
            text.push_str(&match (key, renew) {
                (Some(key), Some(renew)) => format!("  key {}, the next from {renew} on", key.identifier),
                _ => String::from("  no key: no command has asked for one"),
            });
        }
        text.push('\n');
        values.push(value);
    }
    if objects.is_empty() {
        text.push_str("no objects\n");
    }
    Ok(Report::new(text.trim_end(), &json!({"objects": values})))
}

const fn kind(object: &Object) -> &'static str {
    use crate::Function;
    match object {
        Object::Registration(one) => match one.function {
            Function::Mef => "MEFClientRegCfg",
            Function::Maf => "MAFClientRegCfg",
        },
        Object::Profile(_) => "authenticationProfile",
        Object::TrustAnchor => "trustAnchorCred",
    }
}

/// What objects led to at one function.
#[derive(Default)]
pub(super) struct Triggered {
    /// Identifiers of the registrations that were made.
    pub(super) registered: Vec<String>,
    /// And of those that were ended.
    pub(super) ended: Vec<String>,
    /// Key Identifiers, with the paths of their profiles.
    keys: Vec<(String, String)>,
    /// What failed, and the first reason.
    failed: Vec<(String, Failure)>,
}

impl Triggered {
    /// Both together.
    pub(super) fn and(mut self, mut later: Self) -> Self {
        self.registered.append(&mut later.registered);
        self.ended.append(&mut later.ended);
        self.keys.append(&mut later.keys);
        self.failed.append(&mut later.failed);
        self
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.registered.is_empty() && self.ended.is_empty() && self.keys.is_empty()
    }

    pub(super) fn has_failed(&self) -> bool {
        !self.failed.is_empty()
    }

    /// Tells about it, below a report.
    pub(super) fn tell(&self, text: &mut String, value: &mut Value) {
        for id in &self.registered {
            text.push_str(&format!("\n  registered  {id}"));
        }
        for id in &self.ended {
            text.push_str(&format!(
                "\n  ended       {id}, and what was registered under it or came with it is gone"
            ));
        }
        for (path, identifier) in &self.keys {
            text.push_str(&format!("\n  key         {identifier} for {path}"));
        }
        for (what, failure) in &self.failed {
            text.push_str(&format!("\n  {what}: {failure}"));
        }
        value["registered"] = json!(self.registered);
        value["ended"] = json!(self.ended);
        let keys = |(path, identifier): &(String, String)| json!({"path": path, "identifier": identifier});
        value["keys"] = self.keys.iter().map(keys).collect();
        let failed =
            |(what, failure): &(String, Failure)| json!({"what": what, "message": format!("{failure}")});
        value["failed"] = self.failed.iter().map(failed).collect();
    }

    /// A report that refuses if something failed: the objects stay, and lead to it later.
    pub(super) fn verdict(self, report: Report) -> Report {
        match self.failed.into_iter().next() {
            None => report,
            Some((what, failure)) => {
                let kind = match failure {
                    Failure::Refused { kind, .. } => kind,
                    Failure::Usage(_) | Failure::Told | Failure::OutputClosed => Kind::Refused,
                };
                report.refusing(
                    kind,
                    format!("{what}; the objects are kept, and it is tried again by ibc commands"),
                )
            }
        }
    }
}

impl Asking {
    /// The objects in the store.
    pub(super) fn node(&self) -> Result<Option<Node<'_>>, Failure> {
        Ok(self.store.as_ref().map(|store| Node::new(store, &self.entity)))
    }

    pub(super) fn add_objects(&self, objects: Vec<(String, Object)>) -> Result<(), Failure> {
        match self.node()? {
            Some(node) => Ok(node.added(objects)?),
            None => Ok(()),
        }
    }

    /// Does what the objects lead to at this function: ends registrations, makes others, registers keys. What fails keeps
    /// nothing else from being done.
    pub(super) async fn triggered(&mut self) -> Result<Triggered, Failure> {
        let mut done = Triggered::default();
        let Some(store) = &self.store else { return Ok(done) };
        match Node::new(store, &self.entity).end_registrations(&mut self.client).await {
            Ok(ended) => done.ended = ended,
            Err(error) => done.failed.push((String::from("not de-registered"), error.into())),
        }
        let (function, fqdn, now) = (self.function(), self.fqdn().clone(), options::now()?);
        for wanted in Node::new(store, &self.entity).wanted((function, &fqdn), now)? {
            let end = wanted.end.map_or_else(|| options::after(now, LIFE), Ok)?;
            match self.register(&wanted.stakeholder, end, wanted.labels).await {
                Ok(registered) => done.registered.push(registered.registration.id),
                Err(failure) => {
                    done.failed.push((format!("not registered under {}", wanted.stakeholder), failure));
                }
            }
        }
        let Some(store) = &self.store else { return Ok(done) };
        let node = Node::new(store, &self.entity);
        for renewed in node.renew_keys(&mut self.client, now, &mut *system_random()).await? {
            match renewed.key {
                Ok(key) => done.keys.push((renewed.path, key.identifier.as_str().into())),
                Err(error) => done.failed.push((format!("no key for {}", renewed.path), error.into())),
            }
        }
        Ok(done)
    }

    /// When a key under a profile is due here, if one will be.
    pub(super) fn next_key(&self) -> Result<Option<UnixTime>, Failure> {
        let now = options::now()?;
        let next = self.node()?.map(|node| node.next_key(&self.client, now)).transpose()?;
        Ok(next.flatten())
    }

    pub(super) fn succeeded_if(&self, something: bool) -> Result<(), Failure> {
        if something { self.succeeded() } else { Ok(()) }
    }
}
