//! What a device does at a MEF or a MAF: `ibc enrol`, `ibc renew`, `ibc registration`, `ibc key`, `ibc commands`.

mod commands;
mod enrol;
mod key;
mod registration;

pub(super) use commands::Commands;
pub(super) use enrol::{Enrol, Renew};
pub(super) use key::Command as KeyCommand;
pub(super) use registration::Command as RegistrationCommand;

use super::failure::{Failure, Kind};
use super::{Outcome, options};
use crate::Function;
use crate::client::install::NewKpak;
use crate::client::{self, Access, Client, Patience};
use crate::files::key_file;
use crate::files::public_key_file::PublicKeyFile;
use crate::files::{private_file, public_file};
use crate::tls::{OwnCertificate, Psk, TrustedCertificates};
use clap::Args;
use core::future::Future;
use core::time::Duration;
use eccsi_sakke::onem2m::{EntityName, Fqdn, UnixTime};
use std::path::{Path, PathBuf};

/// Octets of a file with certificates.
const MAX_PEM: u64 = 1024 * 1024;

/// The longest sleep: after it the clock is read again, which may have been set, or the machine suspended.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// A server by its FQDN, which it has to prove, and its port.
#[derive(Clone, Debug)]
pub(super) struct Address {
    fqdn: Fqdn,
    port: u16,
}

fn address(text: &str) -> Result<Address, String> {
    let (name, port) =
        text.rsplit_once(':').map_or((text, Ok(Access::PORT)), |(name, port)| (name, port.parse()));
    let port = port.map_err(|_| String::from("FQDN:PORT, with a port up to 65535"))?;
    Ok(Address { fqdn: Fqdn::parse(name).map_err(|error| format!("{error}"))?, port })
}

/// How to get there, and how to prove who asks.
#[derive(Debug, Args)]
pub(super) struct Connect {
    /// Connect to this address, if the FQDN does not lead there
    #[arg(long, value_name = "HOST:PORT")]
    connect: Option<String>,
    /// The entity in whose name is asked: its CSE-ID or AE-ID, //PROVIDER/…
    #[arg(long = "as", value_name = "ID", value_parser = EntityName::parse)]
    entity: EntityName,
    /// Authenticate by a pre-shared key under this identity: KpmID at a MEF, KmID or KeID at a MAF
    #[arg(long, value_name = "IDENTITY", requires = "psk_file", required_unless_present = "certificate")]
    psk_identity: Option<String>,
    /// File of mode 0600 with that key, or - for standard input: hexadecimal digits, or the octets
    #[arg(long, value_name = "FILE|-", requires = "psk_identity")]
    psk_file: Option<PathBuf>,
    /// Authenticate by this certificate (PEM, with its chain)
    #[arg(long, value_name = "FILE", requires_all = ["key", "ca"], conflicts_with = "psk_identity")]
    certificate: Option<PathBuf>,
    /// File of mode 0600 with the private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// Certificates (PEM) that vouch for the server
    #[arg(long, value_name = "FILE", requires = "certificate")]
    ca: Option<PathBuf>,
    /// Wait so long for an answer, as in 30s
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = options::duration)]
    timeout: Duration,
}

impl Connect {
    /// The entity, which has to be absolute: elsewhere nobody could complete it.
    fn entity(&self) -> Result<&EntityName, Failure> {
        if self.entity.is_absolute() {
            return Ok(&self.entity);
        }
        Err(Failure::usage(format!(
            "--as {}: give the absolute form, //PROVIDER{}",
            self.entity, self.entity
        )))
    }

    /// Whether standard input is taken for the key already.
    fn takes_stdin(&self) -> Option<&PathBuf> {
        self.psk_file.as_ref()
    }

    fn client(&self, function: Function, address: &Address) -> Result<Client, Failure> {
        let (fqdn, origin) = (address.fqdn.clone(), self.entity()?.as_str());
        let access = match (&self.psk_identity, &self.psk_file, &self.certificate, &self.key, &self.ca) {
            (Some(identity), Some(file), ..) => {
                let key = Psk::new(key_file::read_or_stdin(file)?).map_err(client::ClientError::from)?;
                Access::psk(function, fqdn, (identity, key), origin)?
            }
            (_, _, Some(certificate), Some(key), Some(ca)) => {
                let chain = public_file::read(certificate, MAX_PEM)?;
                let key = private_file::read(key, MAX_PEM)?;
                let own = OwnCertificate::from_pem(&chain, &key).map_err(client::ClientError::from)?;
                let ca = public_file::read(ca, MAX_PEM)?;
                let servers =
                    TrustedCertificates::anchors_from_pem(&ca).map_err(client::ClientError::from)?;
                Access::certificate(function, fqdn, &own, &servers, origin)?
            }
            _ => {
                return Err(Failure::usage(
                    "authenticate by --psk-identity and --psk-file, or by --certificate, --key and --ca",
                ));
            }
        };
        let at = self.connect.clone().unwrap_or_else(|| format!("{}:{}", address.fqdn, address.port));
        let patience = Patience { connect: self.timeout, answer: self.timeout };
        Ok(Client::new(access.at(at).patience(patience)))
    }
}

/// The function.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// The MEF: its FQDN, and its port if that is not 443
    #[arg(long, value_name = "FQDN[:PORT]", value_parser = address, required_unless_present = "maf", conflicts_with = "maf")]
    mef: Option<Address>,
    /// The MAF, likewise
    #[arg(long, value_name = "FQDN[:PORT]", value_parser = address)]
    maf: Option<Address>,
    #[command(flatten)]
    connect: Connect,
}

impl Server {
    fn client(&self) -> Result<Client, Failure> {
        match (&self.mef, &self.maf) {
            (Some(mef), _) => self.connect.client(Function::Mef, mef),
            (None, Some(maf)) => self.connect.client(Function::Maf, maf),
            (None, None) => Err(Failure::usage("give --mef or --maf")),
        }
    }
}

/// What an option says that may be given again; nothing if it was not given.
fn some(list: Vec<String>) -> Option<Vec<String>> {
    (!list.is_empty()).then_some(list)
}

/// What may come besides the pinned KPAKs: those of a file from a source that somebody trusts, or the first.
fn new_kpak(file: Option<&Path>) -> Result<NewKpak, Failure> {
    let Some(path) = file else { return Ok(NewKpak::First) };
    let file = PublicKeyFile::read(path)?;
    Ok(NewKpak::Accept(file.usable(options::now()?).map(|key| key.kpak.clone()).collect()))
}

/// Runs one command to its end.
fn block_on(command: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    runtime
        .map_err(|error| Failure::refused(Kind::Internal, format!("no runtime: {error}")))?
        .block_on(command)
}

/// Sleeps until that time, or for a while.
async fn sleep_until(at: UnixTime) -> Result<(), Failure> {
    let seconds = at.as_seconds().saturating_sub(options::now()?.as_seconds());
    tokio::time::sleep(Duration::from_secs(seconds.max(1)).min(LONGEST_SLEEP)).await;
    Ok(())
}
