//! What one entity, one source of refusals and all together may take.

#![cfg(feature = "service")]

use crate::service::{MEF, Place, START, call, fqdn, psk, time};
use eccsi_sakke::onem2m::ExpiringIdentity;
use ibc::service::budgets::{self, Budget, REFUSALS, SUPERSEDED_IN_ALL};
use ibc::service::deny_list;
use ibc::service::error::{Kind, ServiceError};
use ibc::service::mef::{Mef, ProvisioningPolicy};
use ibc::service::session::Session;
use ibc::service::sweeper::Sweeper;
use ibc::wire::{EnrolRequest, IssuedCredential, ReenrolRequest};
use std::sync::Arc;
use std::time::Duration;

const AE: &str = "//sp.example.com/CSE090112/C190XX7T";
const CSE: &str = "//sp.example.com/CSE090112";

crate::on_each_store!(
    an_entity_gets_so_many_new_credentials_in_a_window,
    short_lives_are_renewed_in_time,
    what_is_swept_counts_for_its_whole_window,
    a_window_without_end_has_no_room_again,
    of_many_replacements_at_once_those_told_of_success_stay_valid,
    what_one_entity_leaves_on_the_deny_list_is_bounded,
    what_all_entities_leave_on_the_deny_list_is_bounded,
    replaced_credentials_are_listed_while_there_is_room,
    an_entry_stays_while_a_late_clock_accepts_its_identity,
    refusals_of_one_source_are_summed_up,
    sums_of_refusals_outlive_the_store,
);

async fn mef(place: &Place, writer: &str, policy: ProvisioningPolicy) -> Mef {
    Mef::new(place.core(writer).await, fqdn(MEF), place.keys.clone(), policy)
}

async fn device(place: &Place) -> Arc<Session> {
    place.add_client("device", &[(AE, 2), (CSE, 1)]).await;
    psk("10-device@mef.example.com")
}

async fn enrol(mef: &Mef, session: &Arc<Session>, id: &str) -> Result<IssuedCredential, ServiceError> {
    mef.enrol(&call(session, id), &EnrolRequest { id: id.into(), expiration_time: None }).await
}

#[track_caller]
fn reached<T>(outcome: Result<T, ServiceError>, budget: &Budget, seconds: u64) {
    let error = outcome.err().expect("refused");
    assert_eq!(error.kind(), Kind::TooManyRequests, "{error}");
    let reached = error.reached().expect("a budget");
    assert_eq!((reached.budget, reached.retry_after), (budget.name, Some(Duration::from_secs(seconds))));
}

/// The time that is told is the first at which it works again.
async fn an_entity_gets_so_many_new_credentials_in_a_window(place: &Place) {
    let session = device(place).await;
    let mef = mef(place, "a", ProvisioningPolicy::default()).await;
    let first = enrol(&mef, &session, AE).await.unwrap();
    place.clock.advance(600);
    let renewal = ReenrolRequest { id1: first.id2.clone(), expiration_time: None };
    mef.reenrol(&call(&session, AE), &renewal).await.unwrap();
    place.clock.advance(600);
    reached(enrol(&mef, &session, AE).await, &budgets::LIVE_CREDENTIALS, 2400);
    reached(mef.reenrol(&call(&session, AE), &renewal).await, &budgets::LIVE_CREDENTIALS, 2400);
    assert_eq!(place.number("select count(*) from ibc_identity").await, 2, "nothing is reserved");
    assert_eq!(place.number("select count(*) from denied").await, 0, "nothing is superseded");
    enrol(&mef, &session, CSE).await.expect("another entity of the same client has its own");
    place.clock.advance(2399);
    reached(enrol(&mef, &session, AE).await, &budgets::LIVE_CREDENTIALS, 1);
    place.clock.advance(1);
    enrol(&mef, &session, AE).await.unwrap();
    reached(enrol(&mef, &session, AE).await, &budgets::LIVE_CREDENTIALS, 600);
    let operator = Arc::new(Session::of_operator("test", "device"));
    enrol(&mef, &operator, AE).await.expect("an operator decides for himself");
}

/// What has expired supersedes nothing; the log grows all the same.
async fn short_lives_are_renewed_in_time(place: &Place) {
    let session = device(place).await;
    let policy =
        ProvisioningPolicy { default_lifetime: Duration::from_secs(60), ..ProvisioningPolicy::default() };
    let mef = mef(place, "a", policy).await;
    for _ in 0..budgets::NEW_CREDENTIALS.default {
        enrol(&mef, &session, AE).await.unwrap();
        place.clock.advance(48);
    }
    reached(enrol(&mef, &session, AE).await, &budgets::NEW_CREDENTIALS, 3600 - 60 * 48);
    place.clock.advance(3600 - 60 * 48);
    enrol(&mef, &session, AE).await.unwrap();
    assert_eq!(place.number("select count(*) from denied").await, 0);
}

/// The rows of what has ended go, and not before they count no more.
async fn what_is_swept_counts_for_its_whole_window(place: &Place) {
    let session = device(place).await;
    let policy =
        ProvisioningPolicy { default_lifetime: Duration::from_secs(10), ..ProvisioningPolicy::default() };
    let mef = mef(place, "a", policy.clone()).await;
    let sweeper = Sweeper::new(place.core("a2").await, Some(fqdn(MEF)), policy.supersede_window);
    for _ in 0..budgets::NEW_CREDENTIALS.default {
        enrol(&mef, &session, AE).await.unwrap();
        place.clock.advance(58);
        assert_eq!(sweeper.sweep().await.unwrap().identities, 0);
    }
    reached(enrol(&mef, &session, AE).await, &budgets::NEW_CREDENTIALS, 3600 - 60 * 58);
    place.clock.advance(3600 - 60 * 58);
    assert_eq!(sweeper.sweep().await.unwrap().identities, 1, "the first");
    enrol(&mef, &session, AE).await.unwrap();
}

async fn a_window_without_end_has_no_room_again(place: &Place) {
    let session = device(place).await;
    let policy = ProvisioningPolicy { supersede_window: Duration::MAX, ..ProvisioningPolicy::default() };
    let mef = mef(place, "a", policy).await;
    for _ in 0..budgets::LIVE_CREDENTIALS.default {
        enrol(&mef, &session, AE).await.unwrap();
    }
    let error = enrol(&mef, &session, AE).await.expect_err("refused");
    assert_eq!(error.kind(), Kind::TooManyRequests, "{error}");
}

/// On two nodes, as two processes that lost sight of each other do.
async fn of_many_replacements_at_once_those_told_of_success_stay_valid(place: &Place) {
    let session = device(place).await;
    let nodes = [
        mef(place, "a", ProvisioningPolicy::default()).await,
        mef(place, "b", ProvisioningPolicy::default()).await,
    ];
    let first = enrol(&nodes[0], &session, AE).await.unwrap().id2;
    place.clock.advance(3600);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..70 {
        let (mef, call) = (nodes[number % 2].clone(), call(&session, AE));
        let request = ReenrolRequest { id1: first.clone(), expiration_time: None };
        tasks.spawn(async move { mef.reenrol(&call, &request).await });
    }
    let (done, refused): (Vec<_>, Vec<_>) = tasks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (2, 68));
    for refusal in refused {
        // Once both are issued, they have superseded the one to be replaced.
        let error = refusal.expect_err("refused");
        assert!(matches!(error.kind(), Kind::TooManyRequests | Kind::NoPrivilege), "{error:?}");
    }
    let told: Vec<_> = done.into_iter().map(|done| done.unwrap().id2).collect();
    let denied: Vec<String> =
        sqlx::query_scalar("select id2 from denied").fetch_all(&place.raw().await).await.unwrap();
    assert_eq!(denied, [first], "the one that both replace, and neither of them");
    place.clock.advance(3600);
    let request = ReenrolRequest { id1: told[0].clone(), expiration_time: None };
    nodes[1].reenrol(&call(&session, AE), &request).await.expect("still valid");
}

async fn what_one_entity_leaves_on_the_deny_list_is_bounded(place: &Place) {
    let session = device(place).await;
    let policy = ProvisioningPolicy {
        supersede_window: Duration::ZERO,
        superseded: 3,
        default_lifetime: Duration::from_secs(86_400),
        ..ProvisioningPolicy::default()
    };
    let mef = mef(place, "a", policy).await;
    for _ in 0..5 {
        enrol(&mef, &session, AE).await.unwrap();
        place.clock.advance(1);
    }
    assert_eq!(place.number("select count(*) from denied").await, 3);
    // The first of them ended a day after START, and a late clock may accept it five minutes longer.
    reached(enrol(&mef, &session, AE).await, &budgets::SUPERSEDED, 86_400 + 300 - 5);
    enrol(&mef, &session, CSE).await.expect("another entity");
    place.clock.advance(86_400 + 300 - 5);
    enrol(&mef, &session, AE).await.unwrap();
}

async fn what_all_entities_leave_on_the_deny_list_is_bounded(place: &Place) {
    let session = device(place).await;
    let policy = ProvisioningPolicy { supersede_window: Duration::ZERO, ..ProvisioningPolicy::default() };
    let mef = mef(place, "a", policy).await;
    fill(place, i64::from(SUPERSEDED_IN_ALL.default)).await;
    enrol(&mef, &session, AE).await.expect("supersedes none");
    let issued = enrol(&mef, &session, AE).await.expect("supersedes none");
    reached(enrol(&mef, &session, AE).await, &SUPERSEDED_IN_ALL, 0);
    let number = mef.deny(ExpiringIdentity::parse(&issued.id2).unwrap(), "lost").await.unwrap();
    let list = mef.deny_list().await.unwrap();
    assert!(list.len() as u64 <= deny_list::MAX_OCTETS / 2, "{} octets", list.len());
    let list = deny_list::open(list.as_bytes(), place.keys.service_key().public_key()).unwrap();
    assert_eq!((list.number, list.denied.len()), (number, SUPERSEDED_IN_ALL.count() + 1));
}

/// Entries of others.
async fn fill(place: &Place, entries: i64) {
    let end = i64::try_from(time("20270101T000000").as_seconds()).unwrap();
    sqlx::query(
        "insert into denied (id2, since, not_after, reason) \
         with recursive n(i) as (select cast(1 as bigint) union all select i + 1 from n where i < $1) \
         select 'mef.example.com@2F2F73702E6578616D706C652E636F6D2F435345303930313132@' || i, 1, $2, 'superseded' from n",
    )
    .bind(entries)
    .bind(end)
    .execute(&place.raw().await)
    .await
    .unwrap();
}

async fn replaced_credentials_are_listed_while_there_is_room(place: &Place) {
    let session = device(place).await;
    let mef = mef(place, "a", ProvisioningPolicy::default()).await;
    let first = enrol(&mef, &session, AE).await.unwrap().id2;
    let renewal = ReenrolRequest { id1: first, expiration_time: None };
    mef.reenrol(&call(&session, AE), &renewal).await.unwrap();
    place.clock.advance(86_400);
    fill(place, i64::from(SUPERSEDED_IN_ALL.default) / 2).await;
    let sweeper = Sweeper::new(place.core("a2").await, Some(fqdn(MEF)), budgets::SUPERSEDE_WINDOW.time());
    assert_eq!(sweeper.sweep().await.unwrap().superseded, 0, "no room");
    sqlx::query("delete from denied where id2 like '%@1'").execute(&place.raw().await).await.unwrap();
    assert_eq!(sweeper.sweep().await.unwrap().superseded, 1, "room for one");
}

async fn an_entry_stays_while_a_late_clock_accepts_its_identity(place: &Place) {
    let session = device(place).await;
    let mef = mef(place, "a", ProvisioningPolicy::default()).await;
    let request = EnrolRequest { id: AE.into(), expiration_time: Some("20260601T000100".into()) };
    let issued = mef.enrol(&call(&session, AE), &request).await.unwrap();
    let other = enrol(&mef, &session, CSE).await.unwrap();
    mef.deny(ExpiringIdentity::parse(&issued.id2).unwrap(), "lost").await.unwrap();
    let listed = async |mef: &Mef| {
        mef.deny(ExpiringIdentity::parse(&other.id2).unwrap(), "a new list").await.unwrap();
        mef.deny_list().await.unwrap().contains(&issued.id2)
    };
    place.clock.advance(60 + 299);
    assert!(listed(&mef).await, "a peer that is five minutes late accepts it");
    place.clock.advance(1);
    assert!(!listed(&mef).await);
}

async fn refusals_of_one_source_are_summed_up(place: &Place) {
    let _ = device(place).await;
    let core = place.core("a").await;
    let mef = Mef::new(core.clone(), fqdn(MEF), place.keys.clone(), ProvisioningPolicy::default());
    let (nobody, other) = (psk("10-nobody@mef.example.com"), psk("10-other@mef.example.com"));
    let more = 100;
    for number in 0..REFUSALS.default + more {
        let error = enrol(&mef, &nobody, AE).await.expect_err("refused");
        assert_eq!(error.kind(), Kind::NoPrivilege, "the answer is the same");
        let is_summed = error.reached().is_some_and(|reached| reached.budget == REFUSALS.name);
        assert_eq!(is_summed, number >= REFUSALS.default, "number {number}");
    }
    enrol(&mef, &other, AE).await.expect_err("refused");
    let entries =
        async |event: &str| place.audit().await.into_iter().filter(|entry| entry.2 == event).count();
    assert_eq!(entries("refused").await, REFUSALS.count() + 1, "another source has its own");
    place.clock.advance(60);
    enrol(&mef, &nobody, AE).await.expect_err("refused");
    assert_eq!(entries("refused").await, REFUSALS.count() + 2, "and so has another minute");
    drop(mef);
    core.store.close().await;
    let audit = place.audit().await;
    let [(_, _, _, sum)] = &audit.iter().filter(|entry| entry.2 == "refusals").collect::<Vec<_>>()[..] else {
        panic!("one sum: {audit:?}")
    };
    assert_eq!(
        (sum["session"].as_str(), sum["number"].as_u64()),
        (Some("psk 10-nobody@mef.example.com"), Some(more.into()))
    );
    assert_eq!(sum["from"], "20260601T000000");
    assert_eq!(START, time("20260601T000000"));
    place.check_chains().await;
}

/// The numbers in the entries of sums, in order.
async fn sums(place: &Place) -> Vec<u64> {
    let entries = place.audit().await.into_iter().filter(|entry| entry.2 == "refusals");
    entries.map(|(_, _, _, sum)| sum["number"].as_u64().unwrap()).collect()
}

async fn refuse(mef: &Mef, number: u32) {
    for _ in 0..number {
        enrol(mef, &psk("10-nobody@mef.example.com"), AE).await.expect_err("refused");
    }
}

async fn sums_of_refusals_outlive_the_store(place: &Place) {
    let _ = device(place).await;
    let mef = mef(place, "a", ProvisioningPolicy::default()).await;
    refuse(&mef, REFUSALS.default + 3).await;
    drop(mef);
    for _ in 0..100 {
        if sums(place).await == [3] {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the sum is lost");
}

/// What the database did not take stays as it is, and is in the log once.
#[test]
fn sums_that_cannot_be_written_are_tried_again() {
    crate::service::run(crate::service::On::Sqlite, async |place| {
        let _ = device(place).await;
        let core = place.core("a").await;
        let mef = Mef::new(core.clone(), fqdn(MEF), place.keys.clone(), ProvisioningPolicy::default());
        let raw = place.raw().await;
        refuse(&mef, REFUSALS.default + 3).await;
        let trigger = "create trigger no_sums before insert on audit when new.event = 'refusals' \
                       begin select raise(abort, 'no'); end";
        sqlx::query(trigger).execute(&raw).await.unwrap();
        place.clock.advance(60);
        // The answer to the second comes after the sum was tried.
        refuse(&mef, REFUSALS.default + 5).await;
        assert!(sums(place).await.is_empty());
        sqlx::query("drop trigger no_sums").execute(&raw).await.unwrap();
        place.clock.advance(60);
        refuse(&mef, 2).await;
        assert_eq!(sums(place).await, [3, 5]);
        refuse(&mef, REFUSALS.default).await;
        drop(mef);
        core.store.close().await;
        assert_eq!(sums(place).await, [3, 5, 2]);
        place.check_chains().await;
    });
}

/// Another node had the same thought: one entry is enough.
#[cfg(feature = "store-postgres")]
#[test]
fn what_is_denied_already_is_not_audited_again() {
    crate::service::run(crate::service::On::Postgres, async |place| {
        let session = device(place).await;
        let mef = mef(place, "a", ProvisioningPolicy::default()).await;
        let first = enrol(&mef, &session, AE).await.unwrap().id2;
        let renewal = ReenrolRequest { id1: first.clone(), expiration_time: None };
        mef.reenrol(&call(&session, AE), &renewal).await.unwrap();
        place.clock.advance(86_400);
        let raw = place.raw().await;
        let mut other = raw.begin().await.unwrap();
        let end = i64::try_from(time("20270101T000000").as_seconds()).unwrap();
        sqlx::query("insert into denied (id2, since, not_after, reason) values ($1, 1, $2, 'superseded')")
            .bind(&first)
            .bind(end)
            .execute(&mut *other)
            .await
            .unwrap();
        let policy = ProvisioningPolicy::default();
        let sweeper = Sweeper::new(place.core("a2").await, Some(fqdn(MEF)), policy.supersede_window);
        let sweeping = tokio::spawn(async move { sweeper.sweep().await });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!sweeping.is_finished(), "it waits for the other");
        other.commit().await.unwrap();
        assert_eq!(sweeping.await.unwrap().unwrap().superseded, 0);
        assert!(place.audit().await.iter().all(|entry| entry.2 != "denied"));
    });
}

/// Also for an identity of another MEF, which this one was told of.
#[test]
fn a_denial_is_on_the_list_of_the_mef_that_is_asked() {
    crate::service::run(crate::service::On::Sqlite, async |place| {
        let mef = mef(place, "a", ProvisioningPolicy::default()).await;
        let other =
            format!("mef2.example.com@{}@20270101T000000", base16ct::upper::encode_string(AE.as_bytes()));
        let number = mef.deny(ExpiringIdentity::parse(&other).unwrap(), "lost").await.unwrap();
        let list = mef.deny_list().await.unwrap();
        let list = deny_list::open(list.as_bytes(), place.keys.service_key().public_key()).unwrap();
        assert_eq!((list.fqdn.as_str(), list.number), (MEF, number));
        assert_eq!(list.denied[0].id2, other);
    });
}

/// The document has the table of the code, and the sample of the configuration its numbers.
#[test]
fn documents_have_every_budget() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(root.join("../docs/operating.md")).unwrap();
    for budget in budgets::ALL {
        let line = format!(
            "| `{}` | {} {} | {} | {} |",
            budget.name,
            budget.default,
            budget.unit.as_str(),
            budget.of,
            budget.reason
        );
        assert!(document.contains(&line), "docs/operating.md lacks this line:\n{line}");
    }
    for budget in [
        budgets::CONNECTIONS,
        budgets::SESSIONS_PER_CREDENTIAL,
        budgets::ADDRESS_RATE,
        budgets::CREDENTIAL_RATE,
        budgets::REQUEST_RATE,
        budgets::LIVE_CREDENTIALS,
    ] {
        let line = format!("#{} = {}\n", budget.name, budget.default);
        assert!(ibc::config::SAMPLE.contains(&line), "the sample lacks {line}");
    }
}
