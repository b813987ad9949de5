//! `ibc commands`.

use super::{Address, Connect, address, block_on, sleep_until};
use crate::Function;
use crate::cli::Outcome;
use crate::cli::failure::Failure;
use crate::cli::options;
use crate::cli::report::Report;
use crate::client::commands::{CommandLoop, Provisioner};
use crate::client::node::Node;
use crate::client::renewal::{Backoff, system_random};
use crate::client::{Client, ClientError, CredentialStore};
use crate::clock::{Clock, SystemClock};
use crate::command::client::Procedure;
use crate::wire::ResponseStatusCode;
use clap::{Args, ValueEnum};
use core::time::Duration;
use eccsi_sakke::onem2m::{EntityId, EntityKind, ExpirationTime, Fqdn};
use serde_json::json;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// Execute the commands of a MEF (clause 8.3.9)
///
/// Registers with the MEF under the stakeholder, unless it is, retrieves commands, executes them and reports each, until
/// there are no more. IBC_PROV is executed: the credential is provisioned, validated and put into the store. Commands on
/// management objects are reported as not found, since this program has none; those for certificates and device
/// configuration as not supported. Without --once it stays, and asks again when the MEF said.
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
    /// The folder of the credential
    #[arg(long, value_name = "FOLDER")]
    store: PathBuf,
    /// Accept the KPAKs in this public key file, besides those that are pinned in the store
    #[arg(long, value_name = "FILE")]
    kpak: Option<PathBuf>,
    /// The registration, if the store does not know it
    #[arg(long, value_name = "ID")]
    registration: Option<String>,
    /// End when there are no more commands
    #[arg(long)]
    once: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OfKind {
    Cse,
    Ae,
}

impl Commands {
    pub(in crate::cli) fn run(self, json: bool) -> Outcome {
        let entity = self.connect.entity()?;
        let kind = match self.kind {
            Some(OfKind::Cse) => EntityKind::Cse,
            Some(OfKind::Ae) => EntityKind::Ae,
            None => entity.kind().ok_or_else(|| {
                Failure::usage(format!("{entity} may be a CSE or an AE: say which by --kind"))
            })?,
        };
        let own = EntityId::new(kind, entity.clone())?;
        let client = self.connect.client(Function::Mef, &self.mef)?;
        let store = CredentialStore::open(&self.store)?;
        block_on(self.execute(client, store, own, json))
    }

    async fn execute(
        &self,
        mut client: Client,
        store: CredentialStore,
        own: EntityId,
        json: bool,
    ) -> Outcome {
        let mut registration = match self.known(&store) {
            Some(registration) => registration,
            None => self.register(&mut client, &store).await?,
        };
        let mut executor = Provisioner {
            stores: vec![(own.name().clone(), store)],
            new: super::new_kpak(self.kpak.as_deref())?,
            node: Node::new(),
            clock: Arc::new(SystemClock),
        };
        let mut commands = CommandLoop::new(&client, &registration, vec![own.clone()]);
        let (mut backoff, mut random) = (Backoff::default(), system_random());
        loop {
            let (reported, next) = match commands.turn(&mut client, &mut executor, &SystemClock).await {
                Ok(turn) => {
                    backoff = Backoff::default();
                    (turn.reported, turn.again)
                }
                Err(error) if error.response_status_code() == Some(ResponseStatusCode::NotFound) => {
                    // It has expired, or was removed.
                    let [(_, store)] = &executor.stores[..] else { return Err(error.into()) };
                    registration = self.register(&mut client, store).await?;
                    commands = CommandLoop::new(&client, &registration, vec![own.clone()]);
                    commands.succeeded(Procedure::Registration);
                    continue;
                }
                Err(error) if self.once => return Err(error.into()),
                Err(error) => {
                    tell(
                        json,
                        &format!("no commands: {error}"),
                        &json!({"error": {"message": format!("{error}")}}),
                    )?;
                    (0, SystemClock.now().checked_add(backoff.failed(random())))
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
            client.disconnect();
            sleep_until(next).await?;
        }
    }

    fn known(&self, store: &CredentialStore) -> Option<String> {
        self.registration.clone().or_else(|| store.registration(&self.mef.fqdn, &self.stakeholder))
    }

    async fn register(&self, client: &mut Client, store: &CredentialStore) -> Result<String, Failure> {
        const LIFE: Duration = Duration::from_secs(365 * 86_400);
        let end = options::after(options::now()?, LIFE)?;
        let registration =
            client.register(&self.stakeholder, end, None).await.map_err(|error| match error {
                ClientError::Refused(refusal)
                    if refusal.response_status_code
                        == Some(ResponseStatusCode::OriginatorHasAlreadyRegistered) =>
                {
                    let advice =
                        "there is a registration that this store does not know: give it by --registration";
                    Failure::refused(crate::cli::failure::Kind::Conflict, format!("{refusal}; {advice}"))
                }
                error => error.into(),
            })?;
        store.remember_registration(&self.mef.fqdn, &self.stakeholder, &registration.id)?;
        Ok(registration.id)
    }
}

fn tell(json: bool, text: &str, value: &serde_json::Value) -> io::Result<()> {
    if json { writeln!(io::stdout(), "{value}") } else { writeln!(io::stdout(), "{text}") }
}
