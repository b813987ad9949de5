//! No two clients have one key: clause 8.2.2.3 step 1.

use crate::service::{MAF, MEF, PROVIDER, Place, fqdn, time};
use eccsi_sakke::onem2m::{CredentialId, CredentialType};
use ibc::Function;
use ibc::service::Core;
use ibc::service::admin::{Admin, ClientChange, NewCredential, certificate_id};
use ibc::service::error::{Kind, ServiceError};
use zeroize::Zeroizing;

crate::on_each_store!(
    a_key_is_of_one_client,
    of_many_who_bind_one_key_at_once_one_client_gets_it,
    keys_from_before_are_compared_once_the_service_was_opened,
);

fn admin(core: Core) -> Admin {
    Admin { core, operator: "alice".into(), mef: Some(fqdn(MEF)), maf: Some(fqdn(MAF)), lab: false }
}

fn parse(id: &str) -> CredentialId {
    CredentialId::parse(id).unwrap()
}

/// A key of 32 such octets; none for 0.
fn credential(id: &str, octet: u8) -> ClientChange {
    let id = parse(id);
    let function = if id.kind() == CredentialType::Km { Function::Maf } else { Function::Mef };
    let key = (octet > 0).then(|| Zeroizing::new(vec![octet; 32]));
    ClientChange::AddCredential(NewCredential { function, id, not_after: time("20280101T000000"), key })
}

impl Place {
    async fn with_clients(&self, clients: &[&str]) -> Admin {
        let admin = admin(self.core("admin").await);
        for client in clients {
            admin.add_client(client, "", time("20280101T000000")).await.unwrap();
        }
        admin
    }
}

async fn bind(admin: &Admin, client: &str, id: &str, octet: u8) -> Result<(), ServiceError> {
    admin.change_client(client, None, credential(id, octet)).await
}

#[track_caller]
fn is_refused(outcome: Result<(), ServiceError>) {
    let error = outcome.expect_err("refused");
    assert_eq!(
        (error.kind(), error.text()),
        (Kind::Conflict, "another client has this key: give each client its own")
    );
}

async fn a_key_is_of_one_client(place: &Place) {
    let admin = place.with_clients(&["a", "b"]).await;
    let (km, kpm) = ("11-a@maf.example.com", "10-a@mef.example.com");
    bind(&admin, "a", km, 1).await.unwrap();
    bind(&admin, "a", kpm, 1).await.unwrap();
    for id in ["11-b@maf.example.com", "10-b@mef.example.com"] {
        is_refused(bind(&admin, "b", id, 1).await);
    }
    // The KmID that was refused is free.
    bind(&admin, "b", "11-b@maf.example.com", 2).await.unwrap();
    // Certificates have no key here that they could share.
    for (client, octet) in [("a", 1), ("b", 2)] {
        let id = certificate_id(CredentialType::NodeCertificate, &[0xa0 + octet; 32]).unwrap();
        bind(&admin, client, &id.to_string(), 0).await.unwrap();
    }
    // A disabled one may be enabled again; one that is gone is of nobody.
    let disable = ClientChange::EnableCredential(Function::Maf, parse(km), false);
    admin.change_client("a", None, disable).await.unwrap();
    for (function, id) in [(Function::Maf, km), (Function::Mef, kpm)] {
        is_refused(bind(&admin, "b", "10-b@mef.example.com", 1).await);
        let remove = ClientChange::RemoveCredential(function, parse(id));
        admin.change_client("a", None, remove).await.unwrap();
    }
    bind(&admin, "b", "10-b@mef.example.com", 1).await.unwrap();
    assert!(admin.core.shared_keys().await.unwrap().is_empty());
    assert!(!place.holds(&[1; 32]).await);
}

async fn of_many_who_bind_one_key_at_once_one_client_gets_it(place: &Place) {
    let clients: Vec<String> = (0..8).map(|number| format!("c{number}")).collect();
    let names: Vec<&str> = clients.iter().map(String::as_str).collect();
    place.with_clients(&names).await;
    let mut tasks = Vec::new();
    for client in &clients {
        let (admin, client) = (admin(place.core(client).await), client.clone());
        tasks.push(tokio::spawn(async move {
            for octet in 1..=8 {
                let id = format!("10-{client}-{octet}@mef.example.com");
                if let Err(error) = bind(&admin, &client, &id, octet).await {
                    is_refused(Err(error));
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(place.number("select count(*) from credential").await, 8);
    assert_eq!(place.number("select count(distinct key_hash) from credential").await, 8);
}

/// A key that another node is about to bind is waited for, and what came of it is obeyed.
#[cfg(feature = "store-postgres")]
#[test]
fn a_key_that_another_node_binds_meanwhile_is_waited_for() {
    crate::service::run(crate::service::On::Postgres, async |place| {
        let admin = place.with_clients(&["a", "b"]).await;
        bind(&admin, "b", "10-b@mef.example.com", 1).await.unwrap();
        let pool = place.raw().await;
        let hash: String =
            sqlx::query_scalar("select key_hash from credential").fetch_one(&pool).await.unwrap();
        let mut other = pool.acquire().await.unwrap();
        for text in ["begin", "delete from credential", "commit", "begin"] {
            sqlx::query(text).execute(&mut *other).await.unwrap();
        }
        for text in [
            "select pg_advisory_xact_lock(hashtextextended($1, 0))",
            "insert into credential (id, fn, client, enabled, not_after, day, generation, sealed, version, key_hash) \
             values ('10-x@mef.example.com', 1, 'b', 1, 1830297600, 0, 0, '', 1, $1)",
        ] {
            sqlx::query(text).bind(&hash).execute(&mut *other).await.unwrap();
        }
        let mine = admin.clone();
        let binding = tokio::spawn(async move { bind(&mine, "a", "10-a@mef.example.com", 1).await });
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        assert!(!binding.is_finished());
        sqlx::query("commit").execute(&mut *other).await.unwrap();
        is_refused(binding.await.unwrap());
    });
}

/// A database of the program before, which compared no keys.
async fn keys_from_before_are_compared_once_the_service_was_opened(place: &Place) {
    let before = place.with_clients(&["a", "b", "c", "d"]).await;
    for (client, id, octet) in [
        ("a", "10-a@mef.example.com", 1),
        ("a", "10-b@mef.example.com", 1),
        ("c", "11-c@maf.example.com", 3),
        ("d", "10-d@mef.example.com", 4),
    ] {
        bind(&before, client, id, octet).await.unwrap();
    }
    let certificate = certificate_id(CredentialType::NodeCertificate, &[7; 32]).unwrap().to_string();
    bind(&before, "c", &certificate, 0).await.unwrap();
    before.core.store.close().await;
    let pool = place.raw().await;
    for statement in [
        "drop index credential_key_hash",
        "alter table credential drop column key_hash",
        "drop table device_object",
        "delete from migration where number >= 2",
        // Two clients with one key, and a key that does not open any more.
        "update credential set client = 'b' where id = '10-b@mef.example.com'",
        "update credential set generation = 9 where client = 'd'",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    for _ in 0..2 {
        let store = place.store("node").await;
        let core = Core::open(store.clone(), place.keys.clone(), fqdn(PROVIDER)).await.unwrap();
        assert_eq!(place.number("select count(*) from credential where key_hash <> ''").await, 3);
        // Those that had one key keep it, and are named.
        assert_eq!(core.shared_keys().await.unwrap(), [["a", "b"]]);
        let now = admin(core);
        is_refused(bind(&now, "c", "10-c@mef.example.com", 1).await);
        is_refused(bind(&now, "a", "10-c@mef.example.com", 3).await);
        store.close().await;
    }
}
