//! Short-lived credentials by the thousand, with tidying: the database stops growing.
//!
//! Tombstones and segments that were moved to files are left out of the plateau, as they have to be kept; what they
//! take for each record is printed. `PLATEAU_ISSUES` sets the number of issues (a million in tests/soak).

use crate::service::{MEF, On, Place, call, fqdn, psk, unhurried};
use ibc::service::audit::move_segments;
use ibc::service::mef::{Mef, ProvisioningPolicy};
use ibc::service::sweeper::Sweeper;
use ibc::wire::EnrolRequest;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Rounds: the size is looked at after each.
const ROUNDS: u64 = 20;

/// Clients at a time, each with an entity of its own.
const CLIENTS: u64 = 32;

fn entity(number: u64) -> String {
    format!("//sp.example.com/CSE{number}")
}

async fn size(place: &Place) -> u64 {
    let query = match place.on {
        On::Sqlite => "select page_count * page_size as size from pragma_page_count(), pragma_page_size()",
        #[cfg(feature = "store-postgres")]
        On::Postgres => "select pg_database_size(current_database())",
    };
    place.number(query).await.unsigned_abs()
}

/// PostgreSQL reuses the room of what was deleted once its autovacuum has come by, as it does every minute.
async fn make_room(place: &Place) {
    if place.on != On::Sqlite {
        sqlx::query("vacuum").execute(&place.raw().await).await.unwrap();
    }
}

async fn reaches_a_plateau(place: &Place) {
    let issues: u64 = match std::env::var("PLATEAU_ISSUES") {
        Ok(number) => number.parse().expect("PLATEAU_ISSUES is a number"),
        Err(_) => 4_000,
    };
    let names: Vec<_> = (0..CLIENTS).map(entity).collect();
    let identities: Vec<_> = names.iter().map(|name| (name.as_str(), 1)).collect();
    place.add_client("device", &identities).await;
    let core = place.core("a").await;
    let policy = ProvisioningPolicy { default_lifetime: Duration::from_secs(60), ..unhurried() };
    let mef = Mef::new(core.clone(), fqdn(MEF), place.keys.clone(), policy);
    let sweeper = Sweeper::new(core.clone(), Some(fqdn(MEF)), Duration::ZERO);
    let segments = place.folder.join("segments");
    std::fs::create_dir_all(&segments).unwrap();
    let each = issues / ROUNDS / CLIENTS;
    let started = Instant::now();
    let (mut sizes, mut moved) = (Vec::new(), 0);
    for _ in 0..ROUNDS {
        let mut clients = JoinSet::new();
        for name in names.clone() {
            let (mef, clock) = (mef.clone(), place.clock.clone());
            clients.spawn(async move {
                let session = psk("10-device@mef.example.com");
                for number in 0..each {
                    let request = EnrolRequest { id: name.clone(), expiration_time: None };
                    mef.enrol(&call(&session, &name), &request).await.unwrap();
                    if number % 2 == 0 && name == entity(0) {
                        clock.advance(5); // all the others issue meanwhile
                    }
                }
            });
        }
        clients.join_all().await;
        place.clock.advance(1_000); // all have expired, with every skew
        sweeper.sweep().await.unwrap();
        let now = core.store.reads().now();
        moved += move_segments(&core.store, &core.keys, &segments, (&["a".into()], now), |_| {})
            .await
            .unwrap()
            .files;
        make_room(place).await;
        sizes.push(size(place).await);
    }
    let done = each * ROUNDS * CLIENTS;
    assert_eq!(place.number("select count(*) from ibc_identity").await, 0, "what has expired is pruned");
    let (half, last) = (sizes[sizes.len() / 2 - 1], sizes[sizes.len() - 1]);
    println!(
        "{:?}: {done} issues in {:?}; database after each of {ROUNDS} rounds, KiB: {:?}; {moved} segments with {} octets",
        place.on,
        started.elapsed(),
        sizes.iter().map(|size| size / 1024).collect::<Vec<_>>(),
        std::fs::read_dir(&segments)
            .unwrap()
            .map(|file| file.unwrap().metadata().unwrap().len())
            .sum::<u64>(),
    );
    // A growing table would double in the second half.
    assert!(last <= half + half / 4, "the database grows: {sizes:?}");
    assert!(place.number("select count(*) from audit").await < 1_000, "closed segments are moved away");
}

crate::on_each_store!(reaches_a_plateau);
