//! Two replicas on one PostgreSQL: the same identity within the same second from 32 clients, and a policy change
//! obeyed by both. For a replica that is killed and a database that restarts see `service_crash.rs`.

mod service;

use eccsi_sakke::service::error::Kind;
use eccsi_sakke::wire::EnrolRequest;
use service::{On, Place, call, psk};
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
