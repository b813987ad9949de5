//! `ibc mef`: what an operator does for a client of the store, without a network.

use super::failure::{Failure, Kind};
use super::report::Report;
use super::site::{End, Opened, Site, operator, shown};
use super::{Outcome, options};
use crate::files::private_file::{self, Existing};
use crate::files::public_file;
use crate::service::admin::{Denied, Whom};
use crate::service::deny_list::Publish;
use crate::service::session::{Call, Session};
use crate::wire::{EnrolRequest, IssuedCredential, ReenrolRequest};
use clap::{Args, Subcommand};
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, ExpiringIdentity};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Issue an IBC credential to a client's CSE or AE (clause 8.3.7.2)
    ///
    /// As the client itself would get it over the network: the identity has to be bound to it. The credential goes into
    /// a file of mode 0600 and is kept nowhere else; one that is lost is issued anew, under another ID_2.
    #[command(
        after_help = "Example:\n  ibc mef provision --client gateway-1 --id //sp.example.com/CSE1 --lifetime 30d --out cse1.json"
    )]
    Provision(Provision),
    /// Issue a credential in place of one that is still valid (clause 8.3.7.3)
    #[command(
        after_help = "Example:\n  ibc mef reprovision --client gateway-1 --credential cse1.json --out cse1-new.json"
    )]
    Reprovision(Reprovision),
    /// Deny an identity before it expires, or all of a client, and publish the new deny list
    ///
    /// Says which other credentials the client still has, and whether it can get more: whoever holds its key gets one at
    /// once unless --disable-client.
    #[command(
        after_help = "Examples:\n  ibc mef deny mef.example.com@2F2F73…@20270101T000000 --reason \"lost credential\"\n  ibc mef deny --client sensor-1 --disable-client --reason \"device stolen\""
    )]
    Deny(Deny),
    /// Show the credentials that were issued: which live, which are denied, for whom
    #[command(
        after_help = "Examples:\n  ibc mef list --client gateway-1\n  ibc mef list --state denied --since 20270101T000000"
    )]
    List(super::admin::listed::Issued),
    /// Print the newest deny list with its signature, as it is published
    #[command(after_help = "Example:\n  ibc mef deny-list --out denylist.txt")]
    DenyList(Published),
    /// Print the public key that signs deny lists and checkpoints, in PEM: what ibc verify takes as --deny-list-signer
    #[command(after_help = "Example:\n  ibc mef signer --out signer.pem")]
    Signer(Published),
    /// Print the KPAKs of this MEF with their times, as they are published: what ibc verify takes as --kpak
    #[command(after_help = "Example:\n  ibc mef kpaks --out kpak.json")]
    Kpaks(Published),
}

#[derive(Debug, Args)]
pub(super) struct Destination {
    #[command(flatten)]
    site: Site,
    /// For which client of the store
    #[arg(long, value_name = "CLIENT")]
    client: String,
    #[command(flatten)]
    end: End,
    /// Write the credential into this new file of mode 0600
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
pub(super) struct Provision {
    #[command(flatten)]
    to: Destination,
    /// The CSE-ID or AE-ID
    #[arg(long, value_name = "ID", value_parser = EntityName::parse)]
    id: EntityName,
}

#[derive(Debug, Args)]
pub(super) struct Reprovision {
    #[command(flatten)]
    to: Destination,
    /// The credential that is replaced
    #[arg(long, value_name = "FILE", required_unless_present = "id1", conflicts_with = "id1")]
    credential: Option<PathBuf>,
    /// Its ID_2
    #[arg(long, value_name = "ID_2", value_parser = ExpiringIdentity::parse)]
    id1: Option<ExpiringIdentity>,
}

#[derive(Debug, Args)]
pub(super) struct Deny {
    #[command(flatten)]
    site: Site,
    /// The identity: FQDN@hexBinary@time
    #[arg(value_name = "ID_2", value_parser = ExpiringIdentity::parse, required_unless_present = "client")]
    id2: Option<ExpiringIdentity>,
    /// All live credentials of this client
    #[arg(long, value_name = "CLIENT", conflicts_with = "id2")]
    client: Option<String>,
    /// Refuse the client everything, until ibc admin client enable
    #[arg(long)]
    disable_client: bool,
    /// Deny an ID_2 that this MEF does not know as issued: a loss of the database may have taken it
    #[arg(long, conflicts_with = "client")]
    force: bool,
    /// Why, for the audit log
    #[arg(long, default_value = "")]
    reason: String,
}

#[derive(Debug, Args)]
pub(super) struct Published {
    #[command(flatten)]
    site: Site,
    /// Write into this file and not to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Command {
    pub(super) fn run(self) -> Outcome {
        match self {
            Self::Provision(command) => command.run(),
            Self::Reprovision(command) => command.run(),
            Self::Deny(command) => command.run(),
            Self::List(command) => command.run(),
            Self::DenyList(Published { site, out }) => {
                site.run(async |opened| deny_list(&opened, out.as_deref()).await)
            }
            Self::Signer(Published { site, out }) => site.run(async |opened| {
                let pem = opened.admin.core.keys.service_key().public_key().to_pem();
                let value = json!({"signer": pem});
                publish(pem.into_bytes(), out.as_deref(), &value)
            }),
            Self::Kpaks(Published { site, out }) => site.run(async |opened| {
                let kpaks = opened.mef()?.kpaks();
                let mut octets = serde_json::to_vec_pretty(&kpaks).map_err(internal)?;
                octets.push(b'\n');
                publish(octets, out.as_deref(), &serde_json::to_value(&kpaks).map_err(internal)?)
            }),
        }
    }
}

fn internal(error: impl core::fmt::Display) -> Failure {
    Failure::refused(Kind::Internal, format!("{error}"))
}

/// Something public, into a file or to standard output.
fn publish(octets: Vec<u8>, out: Option<&Path>, value: &serde_json::Value) -> Outcome {
    match out {
        None => Ok(Report::raw(Zeroizing::new(octets), value)),
        Some(path) => {
            public_file::write(path, &octets, Existing::Replace)?;
            Ok(Report::new(format!("wrote {}", path.display()), &json!({"out": shown(path)})))
        }
    }
}

impl Destination {
    fn check(&self) -> Result<Option<String>, Failure> {
        options::check_absent(&self.out, self.force)?;
        let end: Option<ExpirationTime> = self.end.get(options::now()?)?;
        Ok(end.map(|end| format!("{end}")))
    }

    fn call(&self, origin: &str) -> Call {
        Call {
            session: Arc::new(Session::of_operator(&operator(), &self.client)),
            origin: origin.into(),
            request_id: format!("cli-{}", std::process::id()),
        }
    }

    fn finish(&self, issued: &IssuedCredential, asked: Option<&str>) -> Outcome {
        // With room for everything, so that no part of SSK stays in a smaller buffer.
        let mut octets = Zeroizing::new(Vec::with_capacity(16 * 1024));
        serde_json::to_writer(&mut *octets, issued).map_err(internal)?;
        octets.push(b'\n');
        private_file::write(&self.out, &octets, options::existing(self.force)).map_err(|error| {
            let message = format!(
                "{error}; the credential was issued and is lost: deny {} and issue another",
                issued.id2
            );
            Failure::refused(Kind::File, message)
        })?;
        let rsk = if issued.rsk.is_some() { " with RSK" } else { "" };
        // Both have the one form of a time.
        let granted = issued.id2.rsplit('@').next().unwrap_or_default();
        let is_cut = asked.is_some_and(|asked| granted < asked);
        let note = match asked {
            Some(asked) if is_cut => format!(
                "\n  until {granted}, not {asked}: as long as [mef] max_lifetime, the client and the KPAK allow"
            ),
            _ => String::new(),
        };
        Ok(Report::new(
            format!("issued{rsk} {}\n  to    {}{note}", issued.id2, self.out.display()),
            &json!({"id2": issued.id2, "out": shown(&self.out), "has_rsk": issued.rsk.is_some(), "until": granted,
                "is_cut": is_cut}),
        ))
    }
}

/// Refusals of provisioning say little, since they go to clients; an operator may know more.
fn explain(error: crate::service::error::ServiceError, client: &str) -> Failure {
    use crate::service::error::Kind as Of;
    let advice = match error.kind() {
        Of::NoPrivilege => format!(
            ": see with ibc admin client show {client} that it is there, enabled, has this identity, and that the credential to be replaced is its own, valid and not denied"
        ),
        Of::OriginatorNotAuthenticated => format!(
            ": client {client} has no such identity, or no such client is there: ibc admin client bind"
        ),
        _ => return error.into(),
    };
    Failure::refused(Kind::Refused, format!("{}{advice}", error.text()))
}

impl Provision {
    fn run(self) -> Outcome {
        let Self { to, id } = self;
        let asked = to.check()?;
        to.site.run(async |opened| {
            let id = String::from(id.to_absolute(&opened.config.provider)?.as_str());
            let call = to.call(&id);
            let request = EnrolRequest { id, expiration_time: asked.clone() };
            let issued =
                opened.mef()?.enrol(&call, &request).await.map_err(|error| explain(error, &to.client))?;
            to.finish(&issued, asked.as_deref())
        })
    }
}

impl Reprovision {
    fn run(self) -> Outcome {
        let Self { to, credential, id1 } = self;
        let asked = to.check()?;
        let id1 = match (&credential, id1) {
            (Some(path), _) => {
                let file = crate::files::credential_file::CredentialFile::read(path)?;
                let id_2 = file.identity().id_2().cloned();
                id_2.ok_or_else(|| {
                    Failure::refused(Kind::Identity, format!("{}: its identity is no ID_2", path.display()))
                })?
            }
            (None, Some(id1)) => id1,
            (None, None) => return Err(Failure::usage("give --credential or --id1")),
        };
        to.site.run(async |opened| {
            let name = id1.entity_id().to_absolute(&opened.config.provider)?;
            let call = to.call(name.as_str());
            let request = ReenrolRequest { id1: id1.as_str().into(), expiration_time: asked.clone() };
            let issued =
                opened.mef()?.reenrol(&call, &request).await.map_err(|error| explain(error, &to.client))?;
            to.finish(&issued, asked.as_deref())
        })
    }
}

impl Deny {
    fn run(self) -> Outcome {
        let Self { site, id2, client, disable_client, force, reason } = self;
        site.run(async |opened| {
            let fqdn = opened.mef_fqdn()?;
            let whom = match (id2, client) {
                (Some(id_2), _) if *id_2.fqdn() != fqdn => {
                    let message =
                        format!("{id_2} belongs to {}, this MEF is {fqdn}: deny it there", id_2.fqdn());
                    return Err(Failure::refused(Kind::Identity, message));
                }
                (Some(id_2), _) => Whom::Identity { id_2, even_unknown: force },
                (None, Some(client)) => Whom::Client(client),
                (None, None) => return Err(Failure::usage("give an ID_2, or --client")),
            };
            let denied = opened.admin.deny(whom, &reason, disable_client).await?;
            Ok(Report::new(denied_text(&denied), &denied_json(&denied)))
        })
    }
}

fn denied_text(denied: &Denied) -> String {
    let mut text = match &denied.denied[..] {
        [] => "nothing to deny: what is live is denied already".into(),
        all => format!("denied {}", all.join("\n       ")),
    };
    text.push_str(&format!("\n  in         deny list {}", denied.deny_list));
    if let Some((client, is_enabled)) = &denied.client {
        let advice = if *is_enabled {
            format!("enabled: it can get other credentials until ibc admin client disable {client}")
        } else {
            "disabled".into()
        };
        text.push_str(&format!("\n  client     {client}, {advice}"));
        for id_2 in &denied.still_live {
            text.push_str(&format!("\n  still live {id_2}"));
        }
    }
    text
}

fn denied_json(denied: &Denied) -> serde_json::Value {
    let client = denied.client.as_ref();
    json!({
        "denied": denied.denied, "deny_list": denied.deny_list, "still_live": denied.still_live,
        "client": client.map(|(client, _)| client), "client_is_enabled": client.map(|(_, enabled)| enabled),
    })
}

async fn deny_list(opened: &Opened, out: Option<&Path>) -> Outcome {
    let mef = opened.mef()?;
    let mut list = mef.deny_list().await?;
    if list.is_empty() {
        // Who wants to check it needs a signed one, even if nobody is denied.
        let publish = Publish { fqdn: opened.mef_fqdn()?, keys: Arc::clone(&opened.admin.core.keys) };
        opened.admin.core.store.write(publish).await?;
        list = mef.deny_list().await?;
    }
    let (body, signature) = list.trim_end().split_once('\n').unwrap_or((&list, ""));
    let body: serde_json::Value = crate::json::from_str(body).map_err(internal)?;
    let key = base16ct::lower::encode_string(&opened.admin.core.keys.service_key().public_key().to_spki());
    let value = json!({"deny_list": body, "signature": signature, "signer": key});
    publish(list.into_bytes(), out, &value)
}
