//! A service on a store of its own, for the tests of the service core.
//!
//! Each test is written once and runs on every store: `on_each_store!` makes one test function for SQLite, and with
//! the feature `store-postgres` one for PostgreSQL, which needs the server that `TEST_POSTGRES_URL` names
//! (`tests/postgres start FOLDER`).

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use eccsi_sakke::onem2m::{ExpirationTime, Fqdn, UnixTime};
use ibc::clock::ManualClock;
use ibc::service::audit::chain::{Entry, Head};
use ibc::service::kms::{KeyDirectory, Sealing, create_key_file};
use ibc::service::mef::{Mef, ProvisioningPolicy};
use ibc::service::session::{Authenticated, Call, Exporter, Handshake, Session};
use ibc::service::store::{CONNECTIONS, Store, StoreOptions, StoreUrl};
use ibc::service::{Core, error::ServiceError};
use sqlx::Row;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// 2026-06-01 00:00:00 UTC.
pub const START: UnixTime = UnixTime::from_seconds(1_780_272_000);
pub const MEF: &str = "mef.example.com";
pub const MAF: &str = "maf.example.com";
pub const PROVIDER: &str = "sp.example.com";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Sqlite,
    #[cfg(feature = "store-postgres")]
    Postgres,
}

/// Makes a test on each store of `async fn name(place: &Place)`.
#[macro_export]
macro_rules! on_each_store {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                $crate::service::run($crate::service::On::Sqlite, async |place| super::$name(place).await);
            })*
        }
        #[cfg(feature = "store-postgres")]
        mod postgres {
            $(#[test]
            fn $name() {
                $crate::service::run($crate::service::On::Postgres, async |place| super::$name(place).await);
            })*
        }
    };
}

/// Runs a test in a folder and on a database of its own, which are gone afterwards.
pub fn run(on: On, test: impl AsyncFnOnce(&Place)) {
    match on {
        On::Sqlite => run_at(on, "", test),
        #[cfg(feature = "store-postgres")]
        On::Postgres => run_at(on, &postgres(), test),
    }
}

/// The same on this PostgreSQL.
#[cfg(feature = "store-postgres")]
pub fn run_on_server(url: &str, test: impl AsyncFnOnce(&Place)) {
    run_at(On::Postgres, url, test);
}

fn run_at(on: On, server: &str, test: impl AsyncFnOnce(&Place)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let place = Place::new(on, server).await;
        test(&place).await;
        place.clean(server).await;
    });
}

/// A folder with keys, state files and a database.
pub struct Place {
    pub folder: PathBuf,
    pub url: StoreUrl,
    pub clock: Arc<ManualClock>,
    pub keys: Arc<KeyDirectory>,
    pub on: On,
    database: Option<String>,
}

impl Place {
    async fn new(on: On, #[allow(unused_variables, reason = "of PostgreSQL")] server: &str) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("ibc_test_{}_{number}", std::process::id());
        let folder = std::env::temp_dir().join(&name);
        // What a killed process of this number has left.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("state")).unwrap();
        let (url, database) = match on {
            On::Sqlite => (StoreUrl::Sqlite(folder.join("service.db")), None),
            #[cfg(feature = "store-postgres")]
            On::Postgres => {
                let pool = any_pool(server).await;
                sqlx::query(sqlx::AssertSqlSafe(format!("create database {name}")))
                    .execute(&pool)
                    .await
                    .unwrap();
                (StoreUrl::Postgres(server.replace("/postgres?", &format!("/{name}?"))), Some(name.clone()))
            }
        };
        let clock = Arc::new(ManualClock::new(START));
        let keys = Arc::new(make_keys(&folder));
        let place = Self { folder, url, clock, keys, on, database };
        // Makes the tables.
        place.store("setup").await.close().await;
        place
    }

    /// A place that another process made.
    pub fn open(on: On, folder: PathBuf, url: StoreUrl, now: UnixTime) -> Self {
        let sealing = folder.join("seal.key");
        let keys = Arc::new(KeyDirectory::open(&folder.join("keys"), &Sealing::KeyFile(&sealing)).unwrap());
        Self { folder, url, clock: Arc::new(ManualClock::new(now)), keys, on, database: None }
    }

    /// The same folder and keys with another database.
    pub fn with_url(&self, url: StoreUrl) -> Self {
        Self { url, ..Self::open(self.on, self.folder.clone(), self.url.clone(), self.clock_now()) }
    }

    /// What its clock says.
    pub fn clock_now(&self) -> UnixTime {
        use ibc::clock::Clock;
        self.clock.now()
    }

    /// The URL of the store as text.
    pub fn url_text(&self) -> String {
        match &self.url {
            StoreUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
            StoreUrl::Postgres(url) => url.clone(),
        }
    }

    async fn clean(self, server: &str) {
        if let Some(name) = &self.database {
            let pool = any_pool(server).await;
            sqlx::query(sqlx::AssertSqlSafe(format!("drop database {name} with (force)")))
                .execute(&pool)
                .await
                .unwrap();
        }
        std::fs::remove_dir_all(&self.folder).unwrap();
    }

    pub fn options(&self, writer: &str) -> StoreOptions {
        StoreOptions {
            url: self.url.clone(),
            connections: CONNECTIONS,
            writer: writer.into(),
            state_folder: self.folder.join("state"),
            state_key: self.keys.subkey("state files"),
            clock: self.clock.clone(),
            clock_tolerance: Duration::from_secs(60),
            clock_lead: None,
        }
    }

    pub async fn store(&self, writer: &str) -> Store {
        Store::open(self.options(writer)).await.unwrap()
    }

    pub async fn core(&self, writer: &str) -> Core {
        Core { store: self.store(writer).await, keys: self.keys.clone(), provider: fqdn(PROVIDER) }
    }

    pub async fn mef(&self, writer: &str) -> Mef {
        Mef::new(self.core(writer).await, fqdn(MEF), self.keys.clone(), unhurried())
    }

    /// A connection past the service, as somebody with the database's password has it.
    pub async fn raw(&self) -> sqlx::Pool<sqlx::Any> {
        any_pool(&self.url_text()).await
    }

    /// Every chain of the audit log, followed from its beginning: the number of entries.
    pub async fn check_chains(&self) -> u64 {
        let rows = sqlx::query("select writer, seq, at, event, detail, hash from audit order by writer, seq")
            .fetch_all(&self.raw().await)
            .await
            .unwrap();
        let mut heads = std::collections::BTreeMap::new();
        for row in &rows {
            let (number, at): (i64, i64) = (row.get("seq"), row.get("at"));
            let entry = Entry {
                writer: row.get("writer"),
                number: number.unsigned_abs(),
                at: UnixTime::from_seconds(at.unsigned_abs()),
                event: row.get("event"),
                detail: row.get("detail"),
                hash: row.get::<Vec<u8>, _>("hash").try_into().unwrap(),
            };
            heads.entry(entry.writer.clone()).or_insert(Head::START).follow(&entry).unwrap();
        }
        rows.len() as u64
    }

    /// All audit entries: (writer, number, event, detail).
    pub async fn audit(&self) -> Vec<(String, i64, String, serde_json::Value)> {
        let rows = sqlx::query("select writer, seq, event, detail from audit order by writer, seq")
            .fetch_all(&self.raw().await)
            .await
            .unwrap();
        rows.iter()
            .map(|row| {
                let detail: String = row.get("detail");
                (row.get("writer"), row.get("seq"), row.get("event"), serde_json::from_str(&detail).unwrap())
            })
            .collect()
    }
}

/// What tests issue with that are not about how often: an entity gets as many credentials as it asks for.
pub fn unhurried() -> ProvisioningPolicy {
    ProvisioningPolicy {
        supersede_window: Duration::ZERO,
        superseded: usize::MAX,
        ..ProvisioningPolicy::default()
    }
}

/// A key directory with one KPAK for [`MEF`], valid for two years from [`START`].
pub fn make_keys(folder: &Path) -> KeyDirectory {
    let key_file = folder.join("seal.key");
    create_key_file(&key_file, &mut eccsi_sakke::SysRng).unwrap();
    let sealing = Sealing::KeyFile(&key_file);
    KeyDirectory::create(&folder.join("keys"), &sealing, START, &mut eccsi_sakke::SysRng).unwrap();
    let keys = KeyDirectory::open(&folder.join("keys"), &sealing).unwrap();
    let end = ExpirationTime::parse("20280601T000000").unwrap();
    keys.rotate(&fqdn(MEF), START, end, START, &mut eccsi_sakke::SysRng).unwrap();
    keys
}

#[cfg(feature = "store-postgres")]
fn postgres() -> String {
    std::env::var("TEST_POSTGRES_URL")
        .expect("TEST_POSTGRES_URL names a server: tests/postgres start FOLDER makes one and prints it")
}

async fn any_pool(url: &str) -> sqlx::Pool<sqlx::Any> {
    sqlx::any::install_default_drivers();
    sqlx::any::AnyPoolOptions::new().max_connections(2).connect(url).await.unwrap()
}

pub fn fqdn(text: &str) -> Fqdn {
    Fqdn::parse(text).unwrap()
}

pub fn time(text: &str) -> UnixTime {
    ExpirationTime::parse(text).unwrap().to_unix()
}

/// A session by a pre-shared key with this Credential-ID, as `10-client@mef.example.com`.
pub fn psk(credential: &str) -> Arc<Session> {
    session(Handshake::PreSharedKey, credential, None)
}

pub fn session(handshake: Handshake, credential: &str, exporter: Option<Box<dyn Exporter>>) -> Arc<Session> {
    let id = eccsi_sakke::onem2m::CredentialId::parse(credential).unwrap();
    Arc::new(Session::new(handshake, Some(Authenticated::Credential(id)), exporter))
}

pub fn call(session: &Arc<Session>, origin: &str) -> Call {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let request_id = format!("r-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    Call { session: session.clone(), origin: origin.into(), request_id }
}

/// An exporter that gives `label` and a number, hashed.
pub struct FakeExporter(pub u64);

impl Exporter for FakeExporter {
    fn export(&self, label: &str, out: &mut [u8; 48]) -> Result<(), ServiceError> {
        use sha2::{Digest, Sha256};
        let first = Sha256::digest(format!("{label} {} 1", self.0));
        let second = Sha256::digest(format!("{label} {} 2", self.0));
        out[..32].copy_from_slice(&first);
        out[32..].copy_from_slice(&second[..16]);
        Ok(())
    }
}

impl Place {
    /// A client with one credential at the MEF and these identities, kind 1 for a CSE and 2 for an AE.
    pub async fn add_client(&self, name: &str, identities: &[(&str, i64)]) {
        let pool = self.raw().await;
        let end = i64::try_from(time("20280101T000000").as_seconds()).unwrap();
        sqlx::query("insert into client (id, label, enabled, not_after, version) values ($1, '', 1, $2, 1)")
            .bind(name)
            .bind(end)
            .execute(&pool)
            .await
            .unwrap();
        for (identity, kind) in identities {
            sqlx::query("insert into client_identity (client, name, kind) values ($1, $2, $3)")
                .bind(name)
                .bind(*identity)
                .bind(*kind)
                .execute(&pool)
                .await
                .unwrap();
        }
        sqlx::query(
            "insert into credential (id, fn, client, enabled, not_after, day, generation, sealed, version) \
             values ($1, 1, $2, 1, $3, 0, 0, $4, 1)",
        )
        .bind(format!("10-{name}@{MEF}"))
        .bind(name)
        .bind(end)
        .bind(Vec::<u8>::new())
        .execute(&pool)
        .await
        .unwrap();
    }

    /// One value of the database.
    pub async fn number(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.raw().await).await.unwrap()
    }

    /// The names of all audit events, in the order of one writer.
    pub async fn events(&self, writer: &str) -> Vec<String> {
        self.audit().await.into_iter().filter(|(w, ..)| w == writer).map(|(_, _, event, _)| event).collect()
    }
}
