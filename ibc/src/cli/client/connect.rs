//! Where MEF and MAF are, and how a device proves itself there.

use crate::Function;
use crate::cli::failure::{Failure, Kind};
use crate::cli::options;
use crate::client::{self, Access, Client, DeviceStore, Patience};
use crate::files::{key_file, private_file, public_file};
use crate::tls::{OwnCertificate, Psk, TrustedCertificates};
use clap::Args;
use core::time::Duration;
use eccsi_sakke::onem2m::{EntityName, Fqdn, SecurityUsage};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Octets of a file with certificates.
const MAX_PEM: u64 = 1024 * 1024;

/// How long another process may hold the store.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A server by its FQDN, which it has to prove, and its port.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) fqdn: Fqdn,
    pub(super) port: u16,
}

pub(super) fn address(text: &str) -> Result<Address, String> {
    let (name, port) =
        text.rsplit_once(':').map_or((text, Ok(Access::PORT)), |(name, port)| (name, port.parse()));
    let port = port.map_err(|_| String::from("FQDN:PORT, with a port up to 65535"))?;
    Ok(Address { fqdn: Fqdn::parse(name).map_err(|error| format!("{error}"))?, port })
}

/// Opens a device's folder, waits for its turn, and drops the keys that nobody may use any more.
pub(super) fn open_store(folder: &Path) -> Result<DeviceStore, Failure> {
    let store = DeviceStore::open_within(folder, PATIENCE)?;
    if let Some(mode) = store.open_to_others()? {
        let folder = folder.display();
        writeln!(
            io::stderr(),
            "note: others can look into {folder} (mode {mode:04o}), where this device has its secrets: chmod 700 {folder}"
        )?;
    }
    store.forget_ended_keys(options::now()?)?;
    Ok(store)
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
    /// The device's folder: what it has, and what comes of this command
    ///
    /// Credential, KPAKs, registrations, enrolment key, Km, registered keys, how far its commands are. One process at a time
    /// changes it; a second waits for ten seconds. At a MAF it has the key to authenticate with, if neither --psk-identity nor
    /// --certificate is given: Km, or what `ibc registration new --mef` put there.
    #[arg(long, value_name = "FOLDER")]
    pub(super) store: Option<PathBuf>,
    /// Authenticate by a pre-shared key under this identity: KpmID at a MEF, KmID or KeID at a MAF
    #[arg(long, value_name = "IDENTITY", requires = "psk_file")]
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
    pub(super) fn entity(&self) -> Result<&EntityName, Failure> {
        if self.entity.is_absolute() {
            return Ok(&self.entity);
        }
        Err(Failure::usage(format!(
            "--as {}: give the absolute form, //PROVIDER{}",
            self.entity, self.entity
        )))
    }

    /// Whether standard input is taken for the key already.
    pub(super) fn takes_stdin(&self) -> Option<&PathBuf> {
        self.psk_file.as_ref()
    }

    /// The device's folder, which waits for its turn.
    pub(super) fn store(&self) -> Result<Option<DeviceStore>, Failure> {
        self.store.as_deref().map(open_store).transpose()
    }

    /// The same for a command that makes no sense without it.
    pub(super) fn needed_store(&self) -> Result<DeviceStore, Failure> {
        self.store()?.ok_or_else(|| Failure::usage("say where the device keeps what it has: --store FOLDER"))
    }

    pub(super) fn open(
        &self,
        function: Function,
        address: &Address,
        store: Option<&DeviceStore>,
    ) -> Result<Opened, Failure> {
        let (fqdn, origin) = (address.fqdn.clone(), self.entity()?.as_str());
        let mut kms = Vec::new();
        let access = match (&self.psk_identity, &self.psk_file, &self.certificate, &self.key, &self.ca) {
            (_, _, Some(certificate), Some(key), Some(ca)) => {
                let chain = public_file::read(certificate, MAX_PEM)?;
                let key = private_file::read(key, MAX_PEM)?;
                let own = OwnCertificate::from_pem(&chain, &key).map_err(client::ClientError::from)?;
                let ca = public_file::read(ca, MAX_PEM)?;
                let servers =
                    TrustedCertificates::anchors_from_pem(&ca).map_err(client::ClientError::from)?;
                Access::certificate(function, fqdn, &own, &servers, origin)?
            }
            (identity, file, ..) => {
                let keys = match (identity, file, store) {
                    (Some(identity), Some(file), _) => {
                        vec![(identity.clone(), key_file::read_or_stdin(file)?)]
                    }
                    (_, _, Some(store)) if function == Function::Maf => {
                        kept_keys(store, &fqdn, self.entity()?)?
                    }
                    _ => return Err(Failure::usage(no_proof(function))),
                };
                for (identity, key) in keys.iter().filter(|_| function == Function::Maf) {
                    if let Some(octets) = key.first_chunk().filter(|_| key.len() == 32) {
                        kms.push((identity.clone(), Zeroizing::new(*octets)));
                    }
                }
                by_psk(function, fqdn, keys, origin)?
            }
        };
        let at = self.connect.clone().unwrap_or_else(|| format!("{}:{}", address.fqdn, address.port));
        let patience = Patience { connect: self.timeout, answer: self.timeout };
        Ok(Opened { client: Client::new(access.at(at).patience(patience)), kms })
    }
}

/// A PSK identity, and the key behind it.
pub(super) type Named = (String, Zeroizing<Vec<u8>>);

/// Access by the first of these keys that the function takes.
pub(super) fn by_psk(
    function: Function,
    fqdn: Fqdn,
    keys: Vec<Named>,
    origin: &str,
) -> Result<Access, Failure> {
    let mut access = None;
    for (identity, key) in keys {
        let named = (identity.as_str(), Psk::new(key).map_err(client::ClientError::from)?);
        access = Some(match access.take() {
            None => Access::psk(function, fqdn.clone(), named, origin)?,
            Some(access) => Access::or_psk(access, named)?,
        });
    }
    access.ok_or_else(|| Failure::usage(no_proof(function)))
}

/// What the store has for a MAF, at least one, in the order in which it is tried: Km by the KmID that the MAF assigned; keys
/// that were registered at a MEF for it, by their Key Identifiers, the one that lasts longest first; those that the MAF
/// fetches from a MEF, by the KeID.
pub(super) fn kept_keys(store: &DeviceStore, maf: &Fqdn, entity: &EntityName) -> Result<Vec<Named>, Failure> {
    let mut kept = Vec::new();
    if let Some(km) = store.master_key(maf)?.filter(|km| km.entity == *entity) {
        kept.push((km.km_id.as_str().into(), Zeroizing::new(km.key.to_vec())));
    }
    let mut registered = store.live_keys(options::now()?)?;
    registered.retain(|key| {
        key.usage == SecurityUsage::RspfMaf && key.targets.iter().any(|target| target == maf.as_str())
    });
    registered.sort_by_key(|key| core::cmp::Reverse(key.end));
    kept.extend(registered.into_iter().map(|key| (key.identifier.as_str().into(), key.key)));
    for key in store.enrolment_keys()?.into_iter().filter(|key| key.entity == *entity) {
        kept.push((key.ke_id.as_str().into(), Zeroizing::new(key.master_key(maf).to_vec())));
    }
    if !kept.is_empty() {
        return Ok(kept);
    }
    Err(Failure::refused(
        Kind::NotFound,
        format!(
            "{} has no key for {maf}: register at a MEF with --store {0}, from whose key one is derived \
             (ibc registration new --mef FQDN), or give --psk-identity and --psk-file",
            store.folder().display()
        ),
    ))
}

/// How a client proves itself, where nothing of it was given.
pub(super) const fn no_proof(function: Function) -> &'static str {
    match function {
        Function::Mef => "authenticate by --psk-identity and --psk-file, or by --certificate, --key and --ca",
        Function::Maf => {
            "authenticate by --psk-identity and --psk-file, by --certificate, --key and --ca, or by what --store FOLDER has"
        }
    }
}

/// A client, and the keys of its handshakes that may be Km at a MAF, by their PSK identities.
pub(super) struct Opened {
    pub(super) client: Client,
    pub(super) kms: Vec<(String, Zeroizing<[u8; 32]>)>,
}
