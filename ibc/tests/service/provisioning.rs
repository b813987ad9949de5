//! IBC credential provisioning and re-provisioning: S4 to S13 at the service core, on each store.

#![cfg(feature = "service")]

use crate::service;
use crate::service::{MEF, Place, START, call, psk, session, time};
use eccsi_sakke::eccsi::{IssuedKey, KmsPublicKey, PublicValidationToken};
use eccsi_sakke::onem2m::{ExpirationTime, ExpiringIdentity};
use ibc::clock::Clock;
use ibc::service::error::{Kind, ServiceError};
use ibc::service::mef::Mef;
use ibc::service::session::{Call, Handshake, Session};
use ibc::wire::{EnrolRequest, IssuedCredential, ReenrolRequest};
use std::collections::HashSet;
use std::sync::Arc;

const AE: &str = "//sp.example.com/CSE090112/C190XX7T";
const CSE: &str = "//sp.example.com/CSE090112";

crate::on_each_store!(
    issues_four_parts_that_fit,
    builds_the_identity_from_fqdn_id_and_expiry,
    cuts_the_expiry_or_refuses_it,
    the_same_second_gives_earlier_expiries,
    many_at_once_are_all_different,
    refuses_what_the_client_may_not_have,
    refuses_other_handshakes,
    refuses_what_is_no_identity_or_time,
    replaces_a_credential_that_is_valid,
    refuses_to_replace_what_is_not_the_clients,
    only_the_newest_stay_live,
    a_name_is_a_cse_or_an_ae,
    each_step_leaves_its_audit_entry,
    a_disabled_client_gets_nothing,
);

fn enrol(id: &str, et: Option<&str>) -> EnrolRequest {
    EnrolRequest { id: id.into(), expiration_time: et.map(Into::into) }
}

fn reenrol(id1: &str, et: Option<&str>) -> ReenrolRequest {
    ReenrolRequest { id1: id1.into(), expiration_time: et.map(Into::into) }
}

async fn device(place: &Place) -> (Mef, Arc<Session>) {
    place.add_client("device", &[(AE, 2), (CSE, 1)]).await;
    (place.mef("a").await, psk("10-device@mef.example.com"))
}

fn unhex<const N: usize>(text: &str) -> [u8; N] {
    base16ct::lower::decode_vec(text).unwrap().try_into().unwrap()
}

/// The check of RFC 6507 §5.1.2, as the device makes it.
fn validate(credential: &IssuedCredential) -> ExpiringIdentity {
    let id_2 = ExpiringIdentity::parse(&credential.id2).unwrap();
    let pvt = PublicValidationToken::from_bytes(&unhex(&credential.pvt)).unwrap();
    let kpak = KmsPublicKey::from_bytes(&unhex(&credential.kpak)).unwrap();
    let issued = IssuedKey::from_parts(&unhex(credential.ssk.expose()), &pvt).unwrap();
    issued.validate(&kpak, id_2.identity()).unwrap();
    id_2
}

#[track_caller]
fn refused<T>(outcome: Result<T, ServiceError>, kind: Kind, code: u16) {
    let error = outcome.err().expect("refused");
    assert_eq!((error.kind(), error.kind().response_status_code().number()), (kind, code), "{error}");
}

/// S8: all four parts, together, and they fit.
async fn issues_four_parts_that_fit(place: &Place) {
    let (mef, session) = device(place).await;
    let credential = mef.enrol(&call(&session, AE), &enrol(AE, None)).await.unwrap();
    validate(&credential);
    let published = mef.kpaks();
    assert_eq!(published.fqdn, MEF);
    assert!(published.kpak.iter().any(|kpak| kpak.kpak == credential.kpak && kpak.from == "20260601T000000"));
    assert!(credential.rsk.is_none());
}

/// S6 and S5: FQDN, hexBinary of the identity as asked for, and the expiry.
async fn builds_the_identity_from_fqdn_id_and_expiry(place: &Place) {
    let (mef, session) = device(place).await;
    for (origin, id, text) in [
        (AE, AE, "2F2F73702E6578616D706C652E636F6D2F4353453039303131322F4331393058583754"),
        ("C190XX7T", "/CSE090112/C190XX7T", "2F4353453039303131322F4331393058583754"),
        (CSE, CSE, "2F2F73702E6578616D706C652E636F6D2F435345303930313132"),
    ] {
        let issued = mef.enrol(&call(&session, origin), &enrol(id, Some("20270101T000000"))).await.unwrap();
        assert_eq!(issued.id2, format!("{MEF}@{text}@20270101T000000"));
        validate(&issued);
    }
}

async fn cuts_the_expiry_or_refuses_it(place: &Place) {
    let (mut mef, session) = device(place).await;
    let asked = |et| enrol(AE, et);
    // without a proposal: 30 days
    let issued = mef.enrol(&call(&session, AE), &asked(None)).await.unwrap();
    assert!(issued.id2.ends_with("@20260701T000000"), "{}", issued.id2);
    // a fraction is rounded down
    let issued = mef.enrol(&call(&session, AE), &asked(Some("20270101T000000,9"))).await.unwrap();
    assert!(issued.id2.ends_with("@20270101T000000"), "{}", issued.id2);
    // beyond 400 days: cut
    let issued = mef.enrol(&call(&session, AE), &asked(Some("20271231T000000"))).await.unwrap();
    assert!(issued.id2.ends_with("@20270706T000000"), "{}", issued.id2);
    // or refused, where policy says so
    mef = {
        let policy = ibc::service::mef::ProvisioningPolicy { refuse_longer: true, ..service::unhurried() };
        Mef::new(place.core("b").await, service::fqdn(MEF), place.keys.clone(), policy)
    };
    let outcome = mef.enrol(&call(&session, AE), &asked(Some("20271231T000000"))).await;
    refused(outcome, Kind::ContentsUnacceptable, 4102);
    for past in ["20260601T000000", "20260531T235959", "19700101T000000"] {
        refused(mef.enrol(&call(&session, AE), &asked(Some(past))).await, Kind::ContentsUnacceptable, 4102);
    }
}

/// S7 and decision 17: unique, and never later than asked.
async fn the_same_second_gives_earlier_expiries(place: &Place) {
    let (mef, session) = device(place).await;
    let request = enrol(AE, Some("20270101T000000"));
    for second in 0..=60u64 {
        let issued = mef.enrol(&call(&session, AE), &request).await.unwrap();
        let end = validate(&issued).expiration().to_unix();
        assert_eq!(end.as_seconds(), time("20270101T000000").as_seconds() - second);
    }
    refused(mef.enrol(&call(&session, AE), &request).await, Kind::Conflict, 4105);
}

async fn many_at_once_are_all_different(place: &Place) {
    let (mef, session) = device(place).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (mef, call) = (mef.clone(), call(&session, AE));
        tasks.spawn(async move { mef.enrol(&call, &enrol(AE, Some("20270101T000000"))).await.unwrap() });
    }
    let issued = tasks.join_all().await;
    let identities: HashSet<_> = issued.iter().map(|issued| issued.id2.clone()).collect();
    let tokens: HashSet<_> = issued.iter().map(|issued| issued.pvt.clone()).collect();
    assert_eq!((identities.len(), tokens.len()), (50, 50));
    assert_eq!(place.number("select count(*) from ibc_identity where state = 1").await, 50);
}

async fn refuses_what_the_client_may_not_have(place: &Place) {
    let (mef, session) = device(place).await;
    place.add_client("other", &[("//sp.example.com/CSE2", 1)]).await;
    for id in
        ["//sp.example.com/CSE2", "//sp.example.com/CSE090112/C190XX7U", "//other.example.com/CSE090112"]
    {
        refused(mef.enrol(&call(&session, AE), &enrol(id, None)).await, Kind::NoPrivilege, 4103);
    }
    refused(
        mef.enrol(&call(&psk("10-nobody@mef.example.com"), AE), &enrol(AE, None)).await,
        Kind::NoPrivilege,
        4103,
    );
    for origin in ["//sp.example.com/CSE2", "CSE090112", "C190XX7U", "", "190XX7T"] {
        refused(
            mef.enrol(&call(&session, origin), &enrol(AE, None)).await,
            Kind::OriginatorNotAuthenticated,
            4106,
        );
    }
    assert_eq!(place.number("select count(*) from ibc_identity").await, 0);
    assert_eq!(place.number("select count(*) from audit where event = 'refused'").await, 9);
}

/// S4: by a pre-shared key or certificates only.
async fn refuses_other_handshakes(place: &Place) {
    let (mef, _) = device(place).await;
    let gba = session(Handshake::Gba, "10-device@mef.example.com", None);
    let server_only = Arc::new(Session::new(Handshake::ServerOnly, None, None));
    for session in [gba, server_only] {
        refused(
            mef.enrol(&call(&session, AE), &enrol(AE, None)).await,
            Kind::SecurityAssociationRequired,
            4107,
        );
    }
    let certificate = session(Handshake::Certificate, "10-device@mef.example.com", None);
    mef.enrol(&call(&certificate, AE), &enrol(AE, None)).await.unwrap();
}

/// S5: other kinds than a CSE-ID or AE-ID are refused, and so is what is no time.
async fn refuses_what_is_no_identity_or_time(place: &Place) {
    let (mef, session) = device(place).await;
    let long = format!("/{}", "x".repeat(600));
    for id in [
        "",
        "C190XX7T",
        "CSE090112",
        "/CSE/1/2",
        "//sp.example.com",
        "/CSE 1",
        "/CSE%2F1",
        "https://x.example/CSE",
        &long,
    ] {
        refused(mef.enrol(&call(&session, AE), &enrol(id, None)).await, Kind::BadRequest, 4000);
    }
    for et in ["", "2027-01-01T00:00:00", "20270101T000000Z", "20270229T000000", "99999999T000000"] {
        refused(mef.enrol(&call(&session, AE), &enrol(AE, Some(et))).await, Kind::BadRequest, 4000);
    }
    for request_id in ["", "a b", &"x".repeat(65), "ä", "a\n"] {
        let call = Call { request_id: request_id.into(), ..call(&session, AE) };
        refused(mef.enrol(&call, &enrol(AE, None)).await, Kind::BadRequest, 4000);
    }
    assert_eq!(place.number("select count(*) from ibc_identity").await, 0);
}

/// S10, S11, S13: the same entity, another expiry, fresh PVT and SSK.
async fn replaces_a_credential_that_is_valid(place: &Place) {
    let (mef, session) = device(place).await;
    let first = mef.enrol(&call(&session, AE), &enrol(AE, Some("20270101T000000"))).await.unwrap();
    place.clock.advance(3600);
    let second =
        mef.reenrol(&call(&session, AE), &reenrol(&first.id2, Some("20270601T000000"))).await.unwrap();
    let (old, new) = (validate(&first), validate(&second));
    assert_eq!((new.entity_id(), new.fqdn()), (old.entity_id(), old.fqdn()));
    assert_eq!(new.expiration(), ExpirationTime::parse("20270601T000000").unwrap());
    assert_ne!(first.pvt, second.pvt);
    assert_ne!(first.ssk.expose(), second.ssk.expose());
    // S12: the same expiry again is another identity
    let third =
        mef.reenrol(&call(&session, AE), &reenrol(&second.id2, Some("20270601T000000"))).await.unwrap();
    assert!(third.id2.ends_with("@20270531T235959"), "{}", third.id2);
}

/// S10: unknown, reserved only, expired, denied and another client's ID_1 look the same.
async fn refuses_to_replace_what_is_not_the_clients(place: &Place) {
    let (mef, session) = device(place).await;
    place.add_client("other", &[("//sp.example.com/CSE2", 1)]).await;
    let other = psk("10-other@mef.example.com");
    let theirs = mef.enrol(&call(&other, "/CSE2"), &enrol("/CSE2", None)).await.unwrap().id2;
    let short = mef.enrol(&call(&session, AE), &enrol(AE, Some("20260601T000010"))).await.unwrap().id2;
    let denied = mef.enrol(&call(&session, AE), &enrol(AE, None)).await.unwrap().id2;
    mef.deny(ExpiringIdentity::parse(&denied).unwrap(), "lost").await.unwrap();
    let unknown = denied.replace("@2026", "@2027");
    place.clock.advance(10);
    for id1 in [&theirs, &short, &denied, &unknown] {
        refused(mef.reenrol(&call(&session, AE), &reenrol(id1, None)).await, Kind::NoPrivilege, 4103);
    }
    for id1 in
        ["", "x", &theirs.replace(MEF, "mef2.example.com"), &theirs.to_lowercase(), &format!("{theirs}@")]
    {
        refused(mef.reenrol(&call(&session, AE), &reenrol(id1, None)).await, Kind::BadRequest, 4000);
    }
}

async fn only_the_newest_stay_live(place: &Place) {
    let (mef, session) = device(place).await;
    let mut issued = Vec::new();
    for _ in 0..4 {
        issued.push(mef.enrol(&call(&session, AE), &enrol(AE, None)).await.unwrap().id2);
        place.clock.advance(1);
    }
    let rows: Vec<String> = sqlx::query_scalar("select id2 from denied order by id2")
        .fetch_all(&place.raw().await)
        .await
        .unwrap();
    let mut expected = issued[..2].to_vec();
    expected.sort();
    assert_eq!(rows, expected);
    refused(mef.reenrol(&call(&session, AE), &reenrol(&issued[1], None)).await, Kind::NoPrivilege, 4103);
    mef.reenrol(&call(&session, AE), &reenrol(&issued[3], None)).await.unwrap();
}

async fn a_name_is_a_cse_or_an_ae(place: &Place) {
    place.add_client("cse", &[("//sp.example.com/S1", 1)]).await;
    place.add_client("ae", &[("//sp.example.com/S1", 2)]).await;
    let mef = place.mef("a").await;
    mef.enrol(&call(&psk("10-cse@mef.example.com"), "/S1"), &enrol("/S1", None)).await.unwrap();
    refused(
        mef.enrol(&call(&psk("10-ae@mef.example.com"), "S1"), &enrol("S1", None)).await,
        Kind::Conflict,
        4105,
    );
}

async fn each_step_leaves_its_audit_entry(place: &Place) {
    let (mef, session) = device(place).await;
    let issued = mef.enrol(&call(&session, AE), &enrol(AE, None)).await.unwrap();
    let entries = place.audit().await;
    let events: Vec<_> =
        entries.iter().map(|(writer, number, event, _)| (writer.as_str(), *number, event.as_str())).collect();
    assert_eq!(events, [("a", 1, "reserved"), ("a", 2, "issued")]);
    let (reserved, done) = (&entries[0].3, &entries[1].3);
    assert_eq!(reserved["id2"], issued.id2);
    assert_eq!(done["pvt"], issued.pvt);
    assert_eq!(
        (&done["client"], &done["requester"]),
        (&"device".into(), &"10-device@mef.example.com".into())
    );
    let text = format!("{entries:?}");
    assert!(!text.contains(issued.ssk.expose()), "the log holds SSK");
}

async fn a_disabled_client_gets_nothing(place: &Place) {
    let (mef, session) = device(place).await;
    let raw = place.raw().await;
    for (off, on) in [
        ("update client set enabled = 0", "update client set enabled = 1"),
        ("update credential set enabled = 0", "update credential set enabled = 1"),
        ("update client set not_after = 1", "update client set not_after = 4000000000"),
        ("update credential set not_after = 1", "update credential set not_after = 4000000000"),
    ] {
        sqlx::query(off).execute(&raw).await.unwrap();
        refused(mef.enrol(&call(&session, AE), &enrol(AE, None)).await, Kind::NoPrivilege, 4103);
        sqlx::query(on).execute(&raw).await.unwrap();
        mef.enrol(&call(&session, AE), &enrol(AE, None)).await.unwrap();
    }
    assert_eq!(place.clock.now(), START);
}
