//! Two replicas on one PostgreSQL: the same identity within the same second from 32 clients, and a policy change
//! obeyed by both; deadlocks. For a replica that is killed and a database that restarts see `service_crash.rs`.

use crate::service;
use crate::service::{On, Place, call, psk};
use core::time::Duration;
use ibc::service::Core;
use ibc::service::error::Kind;
use ibc::service::mef::Mef;
use ibc::service::restore::Acceptance;
use ibc::service::restore::replace::{Source, check};
use ibc::service::store::backup::backup;
use ibc::service::store::{Store, StoreOptions};
use ibc::wire::EnrolRequest;
use std::collections::HashSet;
use tokio::task::JoinSet;

const CSE: &str = "//sp.example.com/CSE1";

fn request() -> EnrolRequest {
    EnrolRequest { id: CSE.into(), expiration_time: Some("20270101T000000".into()) }
}

/// The fixed clock makes all of it one second.
#[test]
fn the_same_identity_in_the_same_second_is_unique_on_two_replicas() {
    service::run(On::Postgres, async |place: &Place| {
        place.add_client("device", &[(CSE, 1)]).await;
        let replicas = [place.mef("a").await, place.mef("b").await];
        let mut clients = JoinSet::new();
        for client in 0..32 {
            let mef = replicas[client % 2].clone();
            clients.spawn(async move {
                let session = psk("10-device@mef.example.com");
                let mut issued = Vec::new();
                for _ in 0..3 {
                    match mef.enrol(&call(&session, CSE), &request()).await {
                        Ok(credential) => issued.push(credential.id2),
                        Err(error) => assert_eq!(error.kind(), Kind::Conflict, "{error:?}"),
                    }
                }
                issued
            });
        }
        let all: Vec<String> = clients.join_all().await.into_iter().flatten().collect();
        let distinct: HashSet<_> = all.iter().collect();
        assert_eq!((all.len(), distinct.len()), (61, 61), "61 ends within a minute, each given once");
        let live = "select count(*) from ibc_identity where state = 1 \
                    and not exists (select 1 from denied where denied.id2 = ibc_identity.id2)";
        assert_eq!(place.number(live).await, 2, "as many as policy leaves, whoever issued them");
        place.check_chains().await;
    });
}

/// One that asks for the credential which ends at this time.
async fn enrol(mef: Mef, end: &str) -> String {
    let request = EnrolRequest { id: CSE.into(), expiration_time: Some(end.into()) };
    mef.enrol(&call(&psk("10-device@mef.example.com"), CSE), &request).await.unwrap().id2
}

/// Another node takes X and Y in this order while this one takes Y and X in one transaction: the database ends the wait of
/// this one, which commits Y before it tries X again.
#[test]
fn a_deadlock_with_another_node_costs_nobody_an_answer() {
    const ENDS: [&str; 4] = ["20270101T000000", "20270102T000000", "20270103T000000", "20270104T000000"];
    service::run(On::Postgres, async |place: &Place| {
        place.add_client("device", &[(CSE, 1)]).await;
        let mef = place.mef("a").await;
        let first = enrol(mef.clone(), ENDS[0]).await;
        let take = |end: usize| {
            let id_2 = first.replace(ENDS[0], ENDS[end]);
            sqlx::query(
                "insert into ibc_identity (id2, kpak_tag, name, not_after, state, pvt, client, requester, \
                 replaces, reserved_at, issued_at, confirmed) \
                 select $1, kpak_tag, name, not_after, 0, pvt, client, requester, '', 0, 0, 0 from ibc_identity \
                 where id2 = $2 on conflict (id2) do nothing",
            )
            .bind(id_2)
            .bind(first.clone())
        };
        let pause = || tokio::time::sleep(Duration::from_millis(300));
        let pool = place.raw().await;
        let mut other = pool.begin().await.unwrap();
        // It waits patiently, so that the database ends the other's wait.
        sqlx::query("set local deadlock_timeout = '60s'").execute(&mut *other).await.unwrap();
        let [x, y, gate] = [1, 2, 3];
        take(x).execute(&mut *other).await.unwrap();
        // What holds the node up until both changes wait for their transaction.
        sqlx::query("savepoint gate").execute(&mut *other).await.unwrap();
        take(gate).execute(&mut *other).await.unwrap();
        let mut clients = JoinSet::new();
        for end in [gate, y, x] {
            clients.spawn(enrol(mef.clone(), ENDS[end]));
            pause().await;
        }
        sqlx::query("rollback to savepoint gate").execute(&mut *other).await.unwrap();
        pause().await;
        // Given up or not, it does not stay.
        take(y).execute(&mut *other).await.unwrap();
        other.rollback().await.unwrap();
        let mut issued = clients.join_all().await;
        issued.sort();
        let expected: Vec<_> = [x, y, gate].map(|end| first.replace(ENDS[0], ENDS[end])).into();
        assert_eq!(issued, expected);
        place.check_chains().await;
    });
}

/// A policy is read where it is used, so that there is nothing to wait for.
#[test]
fn a_disabled_client_is_refused_by_both_replicas_at_once() {
    service::run(On::Postgres, async |place: &Place| {
        place.add_client("device", &[(CSE, 1)]).await;
        let replicas = [place.mef("a").await, place.mef("b").await];
        let session = psk("10-device@mef.example.com");
        for mef in &replicas {
            mef.enrol(&call(&session, CSE), &request()).await.unwrap();
        }
        sqlx::query("update client set enabled = 0").execute(&place.raw().await).await.unwrap();
        for mef in &replicas {
            let refused = mef.enrol(&call(&session, CSE), &request()).await.unwrap_err();
            assert_eq!(refused.kind(), Kind::NoPrivilege);
        }
    });
}

/// Another node brings a copy back, the newest one, while this one runs: its next transaction notices.
#[test]
fn a_replica_under_which_a_copy_was_brought_back_writes_no_more() {
    service::run(On::Postgres, async |place: &Place| {
        place.add_client("device", &[(CSE, 1)]).await;
        let mef = place.mef("a").await;
        let session = psk("10-device@mef.example.com");
        mef.enrol(&call(&session, CSE), &request()).await.unwrap();
        let copy = place.folder.join("copy");
        backup(&place.url, &copy, place.keys.service_key(), place.clock_now()).await.unwrap();
        let options = StoreOptions { state_folder: place.folder.join("state-b"), ..place.options("b.cli") };
        std::fs::create_dir(&options.state_folder).unwrap();
        let (fqdn, own) = (service::fqdn(service::MEF), ["b".to_owned()]);
        let acceptance =
            Acceptance { options: &options, own: &own, keys: &place.keys, mef: Some(&fqdn), operator: "bob" };
        let source = Source { file: &copy, unsigned: false, keep: None };
        drop(check(&acceptance, source).await.unwrap().put(false).await.unwrap());
        for _ in 0..2 {
            let refused = mef.enrol(&call(&session, CSE), &request()).await.unwrap_err();
            assert!(refused.cause().unwrap().to_string().contains("start it again"), "{refused:?}");
        }
        mef.store().clone().close().await;
        place.mef("a").await.enrol(&call(&session, CSE), &request()).await.unwrap();
        place.check_chains().await;
    });
}

/// Its state file is not missing: it is another node's chain.
#[test]
fn a_second_node_of_one_name_is_told_so() {
    service::run(On::Postgres, async |place: &Place| {
        place.add_client("device", &[(CSE, 1)]).await;
        let first = place.mef("node").await;
        enrol(first.clone(), "20270101T000000").await;
        let folder = place.folder.join("other");
        std::fs::create_dir_all(&folder).unwrap();
        let options = || StoreOptions { state_folder: folder.clone(), ..place.options("node") };
        let refusal = async |store: Store| {
            let core = Core { store, keys: place.keys.clone(), provider: service::fqdn("sp.example.com") };
            let mef = Mef::new(core, service::fqdn(service::MEF), place.keys.clone(), Default::default());
            let error =
                mef.enrol(&call(&psk("10-device@mef.example.com"), CSE), &request()).await.unwrap_err();
            mef.shut_down().await;
            error.cause().unwrap().to_string()
        };
        let why = refusal(service_store(options()).await).await;
        assert!(why.contains("another process writes under the name node"), "{why}");
        assert!(!why.contains("accept-loss"), "{why}");
        enrol(first.clone(), "20270102T000000").await;
        first.shut_down().await;
        let why = refusal(service_store(options()).await).await;
        assert!(why.contains("node.state is missing"), "nobody else is there: {why}");
    });
}

async fn service_store(options: StoreOptions) -> Store {
    Store::open(options).await.unwrap()
}

/// What one node writes is the time of all.
#[test]
fn a_clock_ahead_of_the_servers_stops_its_own_node_alone() {
    service::run(On::Postgres, async |place: &Place| {
        place.add_client("device", &[(CSE, 1)]).await;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let clock = |ahead: u64| {
            std::sync::Arc::new(ibc::clock::ManualClock::new(eccsi_sakke::onem2m::UnixTime::from_seconds(
                now + ahead,
            )))
        };
        let options = |writer: &str, ahead: u64| StoreOptions {
            clock: clock(ahead),
            clock_lead: Some(Duration::from_secs(60)),
            ..place.options(writer)
        };
        let change = async |store: &Store| {
            let core = Core {
                store: store.clone(),
                keys: place.keys.clone(),
                provider: service::fqdn("sp.example.com"),
            };
            let admin = ibc::service::admin::Admin {
                core,
                operator: "test".into(),
                mef: Some(service::fqdn(service::MEF)),
                maf: None,
                lab: false,
            };
            admin
                .set_policy(&crate::setting::rule(ibc::Function::Mef, None))
                .await
                .map_err(|error| error.cause().map(ToString::to_string))
        };
        let fast = service_store(options("fast", 300 * 86_400)).await;
        let right = service_store(options("right", 0)).await;
        let why = change(&fast).await.unwrap_err().unwrap();
        for words in ["seconds ahead of the database server's", "set the one that is wrong"] {
            assert!(why.contains(words), "{why}");
        }
        // The other one is refused for what it asks, not for its clock.
        assert_eq!(change(&right).await.unwrap_err(), None, "there is no such stakeholder");
        let slow = service_store(StoreOptions {
            clock: std::sync::Arc::new(ibc::clock::ManualClock::new(service::START)),
            ..options("slow", 0)
        })
        .await;
        let why = change(&slow).await.unwrap_err().unwrap();
        for words in ["seconds behind the latest write", "here 20260601T000000", "the database server's says"]
        {
            assert!(why.contains(words), "{why}");
        }
        for store in [fast, right, slow] {
            store.close().await;
        }
    });
}
