//! A service of its own for the demonstration, in a temporary folder.

use super::super::{AE_ID, CSE_ID, FQDN};
use super::{MAF, PROVIDER, failed};
use crate::Function;
use crate::cli::failure::Failure;
use crate::cli::options;
use crate::clock::SystemClock;
use crate::server::{Server, ServerOptions};
use crate::service::admin::{Admin, ClientChange, NewCredential, Policy, PolicyKey};
use crate::service::kms::{KeyDirectory, PublicKeys, Sealing};
use crate::service::maf::Maf;
use crate::service::mef::{Mef, ProvisioningPolicy};
use crate::service::party::Bound;
use crate::service::store::{CONNECTIONS, Store, StoreOptions, StoreUrl};
use crate::service::{Core, setup};
use core::net::SocketAddr;
use core::time::Duration;
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::{CredentialId, EntityId, EntityKind, Fqdn, KmId, KpmId};
use rand_core::TryRng;
use std::path::PathBuf;
use std::sync::Arc;
use std::{env, fs, process};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// A client of MEF and MAF, as the operator knows it.
pub(super) struct Device {
    pub(super) label: &'static str,
    pub(super) entity: &'static str,
    kind: EntityKind,
    /// Kpm and Km: the same here.
    pub(super) key: Zeroizing<[u8; 32]>,
}

impl Device {
    fn new(label: &'static str, entity: &'static str, kind: EntityKind) -> Result<Self, Failure> {
        let mut key = Zeroizing::new([0; 32]);
        SysRng.try_fill_bytes(key.as_mut_slice()).map_err(|error| failed("the random generator", &error))?;
        Ok(Self { label, entity, kind, key })
    }

    pub(super) fn kpm_id(&self) -> String {
        format!("{}@{FQDN}", self.label.to_ascii_lowercase())
    }

    pub(super) fn km_id(&self) -> String {
        format!("{}@{MAF}", self.label.to_ascii_lowercase())
    }
}

/// The service at work.
pub(super) struct Place {
    folder: PathBuf,
    store: Store,
    pub(super) address: SocketAddr,
    pub(super) public: Arc<PublicKeys>,
    pub(super) cse: Device,
    pub(super) ae: Device,
    serving: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Place {
    pub(super) async fn start() -> Result<Self, Failure> {
        let folder = env::temp_dir().join(format!("ibc-demo-{}", process::id()));
        setup::make_folder(&folder.join("state")).map_err(|error| failed("a temporary folder", &error))?;
        let made = Self::start_in(folder.clone()).await;
        if made.is_err() {
            let _ = fs::remove_dir_all(&folder); // the failure is what is told
        }
        made
    }

    async fn start_in(folder: PathBuf) -> Result<Self, Failure> {
        let now = options::now()?;
        let (directory, seal) = (folder.join("keys"), folder.join("seal.key"));
        let sealing = Sealing::KeyFile(&seal);
        setup::make_keys(&directory, &sealing, now).map_err(|error| failed("making keys", &error))?;
        let keys =
            KeyDirectory::open(&directory, &sealing).map_err(|error| failed("opening keys", &error))?;
        let keys = Arc::new(keys);
        let store = Store::open(StoreOptions {
            url: StoreUrl::Sqlite(folder.join("service.db")),
            connections: CONNECTIONS,
            writer: "demo".into(),
            state_folder: folder.join("state"),
            state_key: keys.subkey("state files"),
            clock: Arc::new(SystemClock),
            clock_tolerance: Duration::from_secs(60),
            clock_lead: None,
        })
        .await?;
        let core = Core { store: store.clone(), keys: Arc::clone(&keys), provider: Fqdn::parse(PROVIDER)? };
        let (mef, maf) = (Fqdn::parse(FQDN)?, Fqdn::parse(MAF)?);
        let admin = Admin {
            core: core.clone(),
            operator: "demo".into(),
            mef: Some(mef.clone()),
            maf: Some(maf.clone()),
            lab: false,
        };
        let public = admin.rotate(&mef, now, options::after(now, 2 * YEAR)?).await?;
        let cse = Device::new("CSE", CSE_ID, EntityKind::Cse)?;
        let ae = Device::new("AE", AE_ID, EntityKind::Ae)?;
        admit(&admin, [&cse, &ae]).await?;
        let mef = Mef::new(core.clone(), mef, keys, ProvisioningPolicy::default());
        let options = ServerOptions { maf: Some(Maf::without_mefs(core, maf)), ..ServerOptions::of_mef(mef) };
        let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0)), options).await?;
        let address = server.local_addr().map_err(|error| failed("listening", &error))?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server.run(async {
            let _ = stopped.await; // either way it is time to end
        }));
        Ok(Self { folder, store, address, public, cse, ae, serving: Some((stop, task)) })
    }

    pub(super) fn device(&self, label: &str) -> &Device {
        if label == self.cse.label { &self.cse } else { &self.ae }
    }

    /// Ends the servers and removes everything.
    pub(super) async fn stop(mut self) {
        if let Some((stop, task)) = self.serving.take() {
            let _ = stop.send(());
            let _ = task.await; // what is left is removed in any case
        }
        self.store.clone().close().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder); // nothing else can be done about it
    }
}

/// What an operator does with `ibc admin`.
async fn admit(admin: &Admin, devices: [&Device; 2]) -> Result<(), Failure> {
    let provider = Fqdn::parse(PROVIDER)?;
    admin.add_stakeholder(&provider).await?;
    for function in [Function::Mef, Function::Maf] {
        let key = PolicyKey { function, stakeholder: provider.clone(), client: None, usage: None };
        let policy = Policy {
            key,
            allow: true,
            targets: Vec::new(),
            default_targets: Vec::new(),
            max_lifetime: None,
            version: 0,
        };
        admin.set_policy(&policy).await?;
    }
    for device in devices {
        let client = device.label.to_ascii_lowercase();
        let end = options::after(options::now()?, YEAR)?.to_unix();
        admin.add_client(&client, "", end).await?;
        let entity = EntityId::parse(device.kind, device.entity)?;
        let credential = |function, id| {
            let key = Some(Zeroizing::new(device.key.to_vec()));
            ClientChange::AddCredential(NewCredential { function, id, not_after: end, key })
        };
        for change in [
            ClientChange::Bind(Bound::Entity(entity)),
            ClientChange::Admit(Function::Mef, provider.clone()),
            ClientChange::Admit(Function::Maf, provider.clone()),
            credential(Function::Mef, CredentialId::from(&KpmId::parse(&device.kpm_id())?)),
            credential(Function::Maf, CredentialId::from(&KmId::parse(&device.km_id())?)),
        ] {
            admin.change_client(&client, None, change).await?;
        }
    }
    Ok(())
}
