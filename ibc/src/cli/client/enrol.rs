//! `ibc enrol` and `ibc renew`.

use super::connect::{Address, Connect, address};
use super::{block_on, new_kpak, sleep_until};
use crate::Function;
use crate::cli::Outcome;
use crate::cli::failure::Failure;
use crate::cli::options;
use crate::cli::report::Report;
use crate::client::renewal::system_random;
use crate::client::{CredentialKeeper, Kept};
use crate::clock::SystemClock;
use clap::Args;
use core::time::Duration;
use eccsi_sakke::onem2m::{ExpirationTime, ExpiringIdentity, UnixTime};
use serde_json::json;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// Where the credential comes from, and where it goes.
#[derive(Debug, Args)]
struct Credential {
    /// The MEF: its FQDN, and its port if that is not 443
    #[arg(long, value_name = "FQDN[:PORT]", value_parser = address)]
    mef: Address,
    #[command(flatten)]
    connect: Connect,
    /// Propose this life, as in 30d; the MEF decides
    #[arg(long, value_name = "DURATION", value_parser = options::duration)]
    lifetime: Option<Duration>,
    /// Accept the KPAKs in this public key file, besides those that are pinned in the store
    ///
    /// The first KPAK of a store is pinned as it comes, since the session with the MEF is authenticated; with this
    /// option it has to be one of the file. Another one later is a rollover, and needs this option.
    #[arg(long, value_name = "FILE")]
    kpak: Option<PathBuf>,
    /// Ask below this IBC base URI, if it is not https://MEF/ibc: its host has to be the MEF
    #[arg(long, value_name = "URI")]
    ibc_base_uri: Option<String>,
}

impl Credential {
    fn keeper(&self) -> Result<CredentialKeeper, Failure> {
        let new = new_kpak(self.kpak.as_deref())?;
        let entity = self.connect.entity()?.clone();
        let store = self.connect.needed_store()?;
        let mut client = self.connect.open(Function::Mef, &self.mef, Some(&store))?.client;
        if let Some(uri) = &self.ibc_base_uri {
            client.use_ibc_base(uri)?;
        }
        let keeper = CredentialKeeper::new(client, store, entity, (Arc::new(SystemClock), system_random()))?;
        Ok(keeper.lifetime(self.lifetime).new_kpak(new))
    }
}

fn installed(keeper: &CredentialKeeper, id_2: &ExpiringIdentity) -> Report {
    let (credential, kpak) = (keeper.store().credential_path(), keeper.store().kpak_path());
    Report::new(
        format!(
            "installed {id_2}\n  valid until {}\n  credential  {}\n  KPAK        {}",
            id_2.expiration(),
            credential.display(),
            kpak.display()
        ),
        &json!({
            "id2": id_2.as_str(),
            "until": format!("{}", id_2.expiration()),
            "credential": credential.to_string_lossy(),
            "kpak": kpak.to_string_lossy(),
        }),
    )
}

/// Get an IBC credential from a MEF: initial provisioning (clause 8.3.7.2)
///
/// Does the MEF Handshake with a pre-shared key or a certificate that the operator of the MEF has bound to this entity,
/// asks for a credential, validates all of it, and puts it into the store. A credential that is there already is
/// replaced; until that moment it stays.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ibc enrol --mef mef.example.com --as //sp.example.com/CSE1 --psk-identity cse1@mef.example.com --psk-file kpm.hex --store cse1\n  ibc enrol --mef mef.example.com --connect 127.0.0.1:8443 --as //sp.example.com/CSE1 --certificate cse1.pem --key cse1.key --ca mef-ca.pem --store cse1 --lifetime 30d\n\nThen:\n  ibc sign --credential cse1/credential.json --in message.txt --out message.sig\n  ibc renew … --store cse1 --daemon"
)]
pub(in crate::cli) struct Enrol {
    #[command(flatten)]
    credential: Credential,
}

impl Enrol {
    pub(in crate::cli) fn run(self) -> Outcome {
        let mut keeper = self.credential.keeper()?;
        block_on(async {
            let id_2 = keeper.provision().await?;
            succeeded(&mut keeper)?;
            Ok(installed(&keeper, &id_2))
        })
    }
}

/// Whoever waits to ask this MEF for commands asks at once.
fn succeeded(keeper: &mut CredentialKeeper) -> Result<(), Failure> {
    let mef = keeper.client().access().fqdn().clone();
    Ok(keeper.store().cancel_waits(&mef)?)
}

/// Renew the credential of a store in time (clause 8.3.7.3)
///
/// Once: renews now, or with --if-due only if half of the life of the credential is over. As a daemon: stays, renews from
/// half of the life on at a time moved by chance, and after a failure tries again, first within half a minute, later
/// within the hour. A credential that has expired is provisioned as for the first time. It may be killed at any moment:
/// the store holds the old credential or the new one.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ibc renew --mef mef.example.com --as //sp.example.com/CSE1 --psk-identity cse1@mef.example.com --psk-file kpm.hex --store cse1 --if-due\n  ibc renew --mef mef.example.com --as //sp.example.com/CSE1 --psk-identity cse1@mef.example.com --psk-file kpm.hex --store cse1 --daemon"
)]
pub(in crate::cli) struct Renew {
    #[command(flatten)]
    credential: Credential,
    /// Do nothing before half of the life is over
    #[arg(long, conflicts_with = "daemon")]
    if_due: bool,
    /// Stay, and renew again and again; each event is a line on standard output
    #[arg(long)]
    daemon: bool,
}

impl Renew {
    pub(in crate::cli) fn run(self, json: bool) -> Outcome {
        let mut keeper = self.credential.keeper()?;
        block_on(async {
            if self.daemon {
                return daemon(keeper, json).await;
            }
            if self.if_due {
                return match keeper.keep().await {
                    Kept::Until(until) => Ok(not_due(until)),
                    Kept::Renewed(id_2) => {
                        succeeded(&mut keeper)?;
                        Ok(installed(&keeper, &id_2))
                    }
                    Kept::Failed(error, _) => Err(error.into()),
                };
            }
            let id_2 = keeper.renew().await?;
            succeeded(&mut keeper)?;
            Ok(installed(&keeper, &id_2))
        })
    }
}

fn not_due(until: UnixTime) -> Report {
    let until = ExpirationTime::from_unix(until).unwrap_or(ExpirationTime::MAX);
    Report::new(format!("not due before {until}"), &json!({"due": format!("{until}")}))
}

async fn daemon(mut keeper: CredentialKeeper, json: bool) -> Outcome {
    let mut announced = None;
    loop {
        let next = match keeper.keep().await {
            Kept::Until(until) => {
                if announced != Some(until) {
                    not_due(until).print(json)?;
                    announced = Some(until);
                }
                until
            }
            Kept::Renewed(id_2) => {
                succeeded(&mut keeper)?;
                installed(&keeper, &id_2).print(json)?;
                continue;
            }
            Kept::Failed(error, until) => {
                announced = Some(until);
                let again = ExpirationTime::from_unix(until).unwrap_or(ExpirationTime::MAX);
                if json {
                    let text = json!({"error": {"message": format!("{error}")}, "due": format!("{again}")});
                    writeln!(io::stdout(), "{text}")?;
                } else {
                    writeln!(io::stdout(), "not renewed: {error}\n  next attempt {again}")?;
                }
                until
            }
        };
        keeper.release();
        sleep_until(next).await?;
    }
}
