//! Whether a service can serve: it says so while the next request would succeed, and why not otherwise.

use crate::service::{MEF, Place, START, call, fqdn, psk, time};
use eccsi_sakke::onem2m::ExpirationTime;
use ibc::clock::Clock;
use ibc::service::error::Kind;
use ibc::service::mef::Mef;
use ibc::service::readiness::Readiness;
use ibc::wire::EnrolRequest;
use std::time::Duration;

const DEVICE: &str = "//sp.example.com/CSE1";

async fn made(place: &Place) -> (Mef, Readiness) {
    place.add_client("device", &[(DEVICE, 1)]).await;
    let core = place.core("node").await;
    let mef = Mef::new(core.clone(), fqdn(MEF), place.keys.clone(), Default::default());
    (mef.clone(), Readiness::new(core, Some(mef)))
}

async fn enrol(mef: &Mef, end: &str) -> Result<(), Kind> {
    let request = EnrolRequest { id: DEVICE.into(), expiration_time: Some(end.into()) };
    let call = call(&psk(&format!("10-device@{MEF}")), DEVICE);
    mef.enrol(&call, &request).await.map(drop).map_err(|error| error.kind())
}

async fn without_a_kpak_that_issues(place: &Place) {
    let (mef, readiness) = made(place).await;
    readiness.check().await.unwrap();
    let tag = place.keys.list()[0].tag;
    place.keys.end_issuing(tag, START, &mut eccsi_sakke::SysRng).unwrap();
    let why = readiness.check().await.unwrap_err();
    assert!(why.contains(MEF) && why.contains("no KPAK"), "{why}");
    assert_eq!(enrol(&mef, "20260701T000000").await, Err(Kind::Unavailable));
    let end = ExpirationTime::parse("20280601T000000").unwrap();
    place.keys.rotate(&fqdn(MEF), START, end, START, &mut eccsi_sakke::SysRng).unwrap();
    readiness.check().await.unwrap();
    enrol(&mef, "20260702T000000").await.unwrap();
    mef.shut_down().await;
}

async fn with_a_clock_behind_the_database(place: &Place) {
    let (mef, readiness) = made(place).await;
    readiness.check().await.unwrap();
    enrol(&mef, "20260702T000000").await.expect("a write, and its time");
    place.clock.set(time("20260531T000000"));
    let why = readiness.check().await.unwrap_err();
    assert!(why.contains("86400 seconds behind"), "{why}");
    assert_eq!(enrol(&mef, "20260701T000000").await, Err(Kind::Unavailable));
    place.clock.set(START);
    readiness.check().await.unwrap();
    mef.shut_down().await;
}

async fn with_a_folder_that_takes_no_files(place: &Place) {
    let (mef, readiness) = made(place).await;
    let audited = place.audit().await.len();
    for folder in ["state", "keys/data"] {
        let (at, aside) = (place.folder.join(folder), place.folder.join("aside"));
        std::fs::rename(&at, &aside).unwrap();
        let why = readiness.check().await.unwrap_err();
        assert!(why.contains(at.to_str().unwrap()), "{why}");
        std::fs::rename(&aside, &at).unwrap();
        readiness.check().await.unwrap();
        assert!(
            std::fs::read_dir(&at)
                .unwrap()
                .all(|entry| { !entry.unwrap().file_name().to_str().unwrap().contains("room") })
        );
    }
    assert_eq!(place.audit().await.len(), audited, "asking leaves no entry");
    assert_eq!(place.clock.now(), START);
    mef.shut_down().await;
}

async fn with_a_database_that_is_locked(place: &Place) {
    let (mef, readiness) = made(place).await;
    readiness.check().await.unwrap();
    let pool = place.raw().await;
    let mut holder = pool.acquire().await.unwrap();
    let lock = match place.on {
        crate::service::On::Sqlite => ["begin immediate", "select 1"],
        #[cfg(feature = "store-postgres")]
        crate::service::On::Postgres => ["begin", "lock table clock in access exclusive mode"],
    };
    for statement in lock {
        sqlx::query(statement).execute(&mut *holder).await.unwrap();
    }
    let waited = tokio::time::timeout(Duration::from_secs(1), readiness.check()).await;
    assert!(!matches!(waited, Ok(Ok(()))), "nothing can be written");
    sqlx::query("rollback").execute(&mut *holder).await.unwrap();
    readiness.check().await.unwrap();
    mef.shut_down().await;
}

/// A clock that is ahead for a moment does no harm by it.
async fn without_moving_the_time_of_the_store(place: &Place) {
    let (mef, readiness) = made(place).await;
    enrol(&mef, "20260701T000000").await.unwrap();
    place.clock.advance(86_400);
    readiness.check().await.unwrap();
    place.clock.set(START);
    readiness.check().await.unwrap();
    enrol(&mef, "20260702T000000").await.unwrap();
    let mark = place.number("select mark from clock").await;
    assert_eq!(mark.unsigned_abs(), START.as_seconds());
    mef.shut_down().await;
}

crate::on_each_store!(
    without_moving_the_time_of_the_store,
    without_a_kpak_that_issues,
    with_a_clock_behind_the_database,
    with_a_folder_that_takes_no_files,
    with_a_database_that_is_locked,
);
