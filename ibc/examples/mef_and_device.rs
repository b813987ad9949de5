//! A MEF with its KMS in this process, and a device that enrols there over TLS:
//! `cargo run -p ibc --example mef_and_device`

use eccsi_sakke::onem2m::{CredentialId, EntityId, EntityKind, EntityName, ExpirationTime, Fqdn, KpmId};
use eccsi_sakke::saef::{Credential, TrustedDomains};
use ibc::Function;
use ibc::client::install::{Expected, NewKpak, check};
use ibc::client::{Access, Client};
use ibc::clock::{Clock, SystemClock};
use ibc::server::{Server, ServerOptions};
use ibc::service::admin::{Admin, ClientChange, NewCredential};
use ibc::service::kms::{KeyDirectory, Sealing};
use ibc::service::mef::{Mef, ProvisioningPolicy};
use ibc::service::party::Bound;
use ibc::service::store::{CONNECTIONS, Store, StoreOptions, StoreUrl};
use ibc::service::{Core, setup};
use ibc::tls::Psk;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const DEVICE: &str = "//sp.example.com/CSE1/C190XX7T";
const KPM_ID: &str = "device-1@mef.example.com";
const DAY: Duration = Duration::from_secs(86_400);

/// What an operator does once: keys, database, a KPAK, and one client with its key and its identity.
async fn make(folder: &Path, kpm: [u8; 32]) -> Result<Mef, Box<dyn Error>> {
    let (mef, provider) = (Fqdn::parse("mef.example.com")?, Fqdn::parse("sp.example.com")?);
    let now = SystemClock.now();
    let end = ExpirationTime::from_unix(now.checked_add(800 * DAY).ok_or("no such time")?)?;
    let (directory, key_file) = (folder.join("keys"), folder.join("seal.key"));
    setup::make_folder(&folder.join("state"))?;
    setup::make_keys(&directory, &Sealing::KeyFile(&key_file), now)?;
    let keys = Arc::new(KeyDirectory::open(&directory, &Sealing::KeyFile(&key_file))?);
    let store = Store::open(StoreOptions {
        url: StoreUrl::Sqlite(folder.join("service.db")),
        connections: CONNECTIONS,
        writer: "node-1".into(),
        state_folder: folder.join("state"),
        state_key: keys.subkey("state files"),
        clock: Arc::new(SystemClock),
        clock_tolerance: Duration::from_secs(60),
        clock_lead: None,
    })
    .await?;
    let core = Core { store, keys: Arc::clone(&keys), provider: provider.clone() };
    let operator = "example".into();
    let admin = Admin { core: core.clone(), operator, mef: Some(mef.clone()), maf: None, lab: false };
    admin.rotate(&mef, now, end).await?;
    admin.add_stakeholder(&provider).await?;
    admin.add_client("device-1", "an example", end.to_unix()).await?;
    let id = CredentialId::from(&KpmId::parse(KPM_ID)?);
    let key = Some(kpm.to_vec().into());
    for change in [
        ClientChange::Bind(Bound::Entity(EntityId::parse(EntityKind::Ae, DEVICE)?)),
        ClientChange::Admit(Function::Mef, provider),
        ClientChange::AddCredential(NewCredential {
            function: Function::Mef,
            id,
            not_after: end.to_unix(),
            key,
        }),
    ] {
        admin.change_client("device-1", None, change).await?;
    }
    Ok(Mef::new(core, mef, keys, ProvisioningPolicy::default()))
}

/// What a device does: asks, checks, and only then has a credential.
async fn enrol(address: &str, kpm: [u8; 32]) -> Result<Credential, Box<dyn Error>> {
    let mef = Fqdn::parse("mef.example.com")?;
    let access =
        Access::psk(Function::Mef, mef.clone(), (KPM_ID, Psk::new(kpm.to_vec())?), DEVICE)?.at(address);
    let issued = Client::new(access).enrol(&EntityName::parse(DEVICE)?, None).await?;
    let entity = EntityName::parse(DEVICE)?;
    let (now, expected) = (SystemClock.now(), Expected { mef: mef.clone(), entity, replaces: None });
    // Nothing is pinned yet: the session with the MEF vouches for the first KPAK.
    let checked = check(&issued, &expected, &[], &NewKpak::First, now)?;
    let mut trusted = TrustedDomains::new();
    trusted.pin(mef, Fqdn::parse("sp.example.com")?, checked.kpak().clone())?;
    Ok(checked.into_credential(&trusted, now)?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("mef-and-device-{}", std::process::id()));
    let kpm = [0x4b; 32]; // from a generator, in earnest
    let mef = make(&folder, kpm).await?;
    let server = Server::bind("127.0.0.1:0".parse()?, ServerOptions::of_mef(mef.clone())).await?;
    let address = server.local_addr()?.to_string();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(async {
        let _ = stopped.await;
    }));
    let credential = enrol(&address, kpm).await?;
    println!("the device is {}", credential.id_2());
    println!("others may call it by {}", credential.psk_identity()?);
    let _ = stop.send(());
    serving.await?;
    mef.shut_down().await;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
