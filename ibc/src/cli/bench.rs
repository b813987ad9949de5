//! `ibc bench`: throughput of issuing, on this machine.

use super::failure::{Failure, Kind};
use super::report::Report;
use super::{Outcome, options, site};
use crate::clock::SystemClock;
use crate::service::Core;
use crate::service::admin::{Admin, ClientChange};
use crate::service::bench::{self, Measurement};
use crate::service::kms::{KeyDirectory, Sealing};
use crate::service::mef::{Mef, ProvisioningPolicy};
use crate::service::party::Bound;
use crate::service::setup;
use crate::service::store::{CONNECTIONS, Store, StoreOptions, StoreUrl};
use clap::Args;
use core::time::Duration;
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::{EntityId, EntityKind, Fqdn};
use indicatif::ProgressBar;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, process};

const FQDN: &str = "mef.bench.example.com";

/// Measure how many credentials are issued in a second, with and without the store
///
/// Makes keys and a database of its own in a temporary folder below --folder, and removes them. Each request is what a
/// client causes: two transactions, each on the disk with its audit entry before the answer, and the issuing between
/// them, validated. Measured for one client and for 32 at once.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ibc bench --seconds 10\n  ibc bench --store postgres://ibc@localhost/scratch --json"
)]
pub(super) struct Bench {
    /// How long each of the four measurements takes
    #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Where the temporary folder is made: on the disk that the database will be on
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
    /// An empty database of PostgreSQL, in place of SQLite. It is filled, and not emptied
    ///
    /// The password comes from the environment variable IBC_STORE_PASSWORD.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// A folder that is removed when dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that stays is a nuisance and no failure.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Bench {
    pub(super) fn run(self, json: bool) -> Outcome {
        let folder = Folder(self.folder.join(format!(".ibc-bench-{}", process::id())));
        let url = self.url(&folder.0)?;
        let failed =
            |error: std::io::Error| Failure::refused(Kind::File, format!("{}: {error}", folder.0.display()));
        setup::make_folder(&folder.0.join("state")).map_err(failed)?;
        site::protect();
        let database = if self.store.is_some() { "postgres" } else { "sqlite" };
        let measured = site::block_on(self.measure(&folder.0, url, json))?;
        Ok(report(&measured, database))
    }

    fn url(&self, folder: &Path) -> Result<StoreUrl, Failure> {
        match &self.store {
            None => Ok(StoreUrl::Sqlite(folder.join("bench.db"))),
            Some(url) => {
                crate::config::store_url(url).map_err(|why| Failure::usage(format!("--store: {why}")))
            }
        }
    }

    async fn measure(&self, folder: &Path, url: StoreUrl, json: bool) -> Result<Vec<Measurement>, Failure> {
        if setup::is_in_use(&url).await? {
            return Err(Failure::refused(
                Kind::Refused,
                "the database is not empty: give one that is, for this alone",
            ));
        }
        let mef = make(folder, url).await?;
        let mut measured = Vec::new();
        let progress = if json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        progress.enable_steady_tick(Duration::from_millis(200));
        for with_store in [false, true] {
            for clients in [1, 32] {
                let what = if with_store { "with the store" } else { "the KMS alone" };
                progress.set_message(format!("{what}, {clients} clients: {} s", self.seconds));
                measured.push(
                    bench::measure(&mef.0, clients, with_store, Duration::from_secs(self.seconds)).await?,
                );
            }
        }
        progress.finish_and_clear();
        mef.1.close().await;
        Ok(measured)
    }
}

/// A MEF with 32 clients.
async fn make(folder: &Path, url: StoreUrl) -> Result<(Mef, Store), Failure> {
    let fqdn = Fqdn::parse(FQDN)?;
    let (now, key_file, directory) = (options::now()?, folder.join("seal.key"), folder.join("keys"));
    let sealing = Sealing::KeyFile(&key_file);
    let fail = |error: crate::service::kms::KeysError| Failure::refused(Kind::Key, format!("{error}"));
    setup::make_keys(&directory, &sealing, now).map_err(fail)?;
    let keys = Arc::new(KeyDirectory::open(&directory, &sealing).map_err(fail)?);
    let until = options::after(now, Duration::from_secs(730 * 86_400))?;
    keys.rotate(&fqdn, now, until, now, &mut SysRng).map_err(fail)?;
    let store = Store::open(StoreOptions {
        url,
        connections: CONNECTIONS,
        writer: "bench".into(),
        state_folder: folder.join("state"),
        state_key: keys.subkey("state files"),
        clock: Arc::new(SystemClock),
        clock_tolerance: Duration::from_secs(60),
        clock_lead: None,
    })
    .await?;
    let core =
        Core { store: store.clone(), keys: Arc::clone(&keys), provider: Fqdn::parse("bench.example.com")? };
    let admin = Admin {
        core: core.clone(),
        operator: "bench".into(),
        mef: Some(fqdn.clone()),
        maf: None,
        lab: false,
    };
    for number in 0..32 {
        let entity = EntityId::parse(EntityKind::Cse, &bench::entity(number))?;
        admin.add_client(&bench::client(number), "", until.to_unix()).await?;
        admin.change_client(&bench::client(number), None, ClientChange::Bind(Bound::Entity(entity))).await?;
    }
    Ok((Mef::new(core, fqdn, keys, ProvisioningPolicy::default()), store))
}

fn report(measured: &[Measurement], database: &str) -> Report {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let mut lines = std::vec![String::from("            clients  issued a second       p50       p99")];
    let mut values = Vec::new();
    for one in measured {
        let what = if one.with_store { database } else { "KMS alone" };
        lines.push(format!(
            "{what:<11} {:>7}  {:>15.0}  {:>5} us  {:>5} us",
            one.clients,
            one.rate(),
            micros(one.p50),
            micros(one.p99)
        ));
        values.push(
            json!({"store": one.with_store.then_some(database), "clients": one.clients, "issued": one.issued,
            "seconds": one.elapsed.as_secs_f64(), "per_second": one.rate(), "p50_us": micros(one.p50),
            "p99_us": micros(one.p99)}),
        );
    }
    Report::new(lines.join("\n"), &json!({"measurements": values}))
}
