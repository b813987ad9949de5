//! Administration: what is written, what is refused, and that secrets stay inside.

use crate::service;
use crate::service::{MAF, MEF, PROVIDER, Place, fqdn, psk, time};
use eccsi_sakke::onem2m::{CredentialId, CredentialType, EntityId, EntityKind, KpsaId, SecurityUsage};
use ibc::Function;
use ibc::service::admin::{
    Admin, ClientChange, Filter, NewCredential, NewPsa, Policy, PolicyKey, certificate_id,
};
use ibc::service::error::{Kind, ServiceError};
use ibc::service::party::Bound;
use ibc::service::session::{Call, Session};
use ibc::wire::{CommandArguments, CommandDescription, EnrolRequest};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

crate::on_each_store!(
    stakeholders_come_and_go,
    clients_have_what_they_were_given,
    a_name_is_one_kind_and_one_clients,
    versions_are_compared,
    keys_are_sealed_and_come_back_only_inside,
    credential_ids_are_given_once,
    kpsa_ids_differ_in_more_than_case,
    policy_is_kept_canonical,
    configuration_and_commands_reach_registrations,
    a_removed_client_is_denied_what_it_has,
    refusals_are_audited_and_change_nothing,
);

const CSE: &str = "//sp.example.com/CSE1";

async fn admin(place: &Place) -> Admin {
    Admin {
        core: place.core("admin").await,
        operator: "alice".into(),
        mef: Some(fqdn(MEF)),
        maf: Some(fqdn(MAF)),
        lab: false,
    }
}

fn end() -> eccsi_sakke::onem2m::UnixTime {
    time("20280101T000000")
}

fn cse(text: &str) -> Bound {
    Bound::Entity(EntityId::parse(EntityKind::Cse, text).unwrap())
}

fn ae(text: &str) -> Bound {
    Bound::Entity(EntityId::parse(EntityKind::Ae, text).unwrap())
}

fn key(octet: u8, length: usize) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(vec![octet; length])
}

fn credential(id: &str, key: Option<Zeroizing<Vec<u8>>>) -> ClientChange {
    let id = CredentialId::parse(id).unwrap();
    let function = if id.kind() == CredentialType::Km { Function::Maf } else { Function::Mef };
    ClientChange::AddCredential(NewCredential { function, id, not_after: end(), key })
}

#[track_caller]
fn is<T: std::fmt::Debug>(result: Result<T, ServiceError>, kind: Kind, words: &str) {
    let error = result.expect_err("refused");
    assert_eq!(error.kind(), kind, "{error:?}");
    assert!(error.text().contains(words), "no {words:?} in {:?}", error.text());
}

async fn stakeholders_come_and_go(place: &Place) {
    let admin = admin(place).await;
    admin.add_stakeholder(&fqdn("SP.example.com.")).await.unwrap();
    is(admin.add_stakeholder(&fqdn(PROVIDER)).await, Kind::Conflict, "there already");
    admin.enable_stakeholder(&fqdn(PROVIDER), false, Some(1)).await.unwrap();
    is(admin.enable_stakeholder(&fqdn(PROVIDER), true, Some(1)).await, Kind::Conflict, "changed meanwhile");
    let all = admin.stakeholders(&Filter::default()).await.unwrap();
    assert_eq!((all[0].fqdn.as_str(), all[0].enabled, all[0].version, all.len()), (PROVIDER, false, 2, 1));
    admin.add_client("c", "", end()).await.unwrap();
    admin.change_client("c", None, ClientChange::Admit(Function::Mef, fqdn(PROVIDER))).await.unwrap();
    is(admin.remove_stakeholder(&fqdn(PROVIDER), None).await, Kind::Conflict, "dismiss them first");
    admin.change_client("c", None, ClientChange::Dismiss(Function::Mef, fqdn(PROVIDER))).await.unwrap();
    admin.remove_stakeholder(&fqdn(PROVIDER), Some(2)).await.unwrap();
    is(admin.remove_stakeholder(&fqdn(PROVIDER), None).await, Kind::NotFound, "no such stakeholder");
    let events = place.events("admin").await;
    let written: Vec<_> = events.iter().filter(|event| event.starts_with("admin stakeholder")).collect();
    assert_eq!(written, ["admin stakeholder add", "admin stakeholder disable", "admin stakeholder remove"]);
    assert_eq!(events.iter().filter(|event| *event == "refused").count(), 4);
    assert!(
        place
            .audit()
            .await
            .iter()
            .filter(|(w, ..)| w == "admin")
            .all(|(.., detail)| { detail["operator"] == "alice" || detail["origin"] == "alice" })
    );
}

async fn clients_have_what_they_were_given(place: &Place) {
    let admin = admin(place).await;
    admin.add_stakeholder(&fqdn(PROVIDER)).await.unwrap();
    admin.add_client("gateway-1", "the first", end()).await.unwrap();
    is(admin.add_client("gateway-1", "", end()).await, Kind::Conflict, "there already");
    for name in ["", "a b", "a/b", &"x".repeat(65)] {
        is(admin.add_client(name, "", end()).await, Kind::BadRequest, "1 to 64 letters");
    }
    is(admin.add_client("c", &"x".repeat(65), end()).await, Kind::BadRequest, "64 octets");
    is(admin.add_client("c", "", service::START).await, Kind::ContentsUnacceptable, "has passed");
    let fingerprint = certificate_id(CredentialType::NodeCertificate, &[7; 32]).unwrap().to_string();
    for change in [
        ClientChange::Bind(cse("//SP.example.com/CSE1")),
        ClientChange::Bind(ae("//sp.example.com/CSE1/C7")),
        ClientChange::Bind(Bound::Maf(fqdn(MAF))),
        ClientChange::Admit(Function::Mef, fqdn(PROVIDER)),
        ClientChange::Label("renamed".into()),
        ClientChange::End(time("20270101T000000")),
        credential("10-gateway-1@mef.example.com", Some(key(1, 32))),
        credential(&fingerprint, None),
        ClientChange::Enable(false),
    ] {
        admin.change_client("gateway-1", None, change).await.unwrap();
    }
    let client = admin.client("gateway-1").await.unwrap();
    let names: Vec<_> = client.identities.iter().map(Bound::as_str).collect();
    assert_eq!(names, [CSE, "//sp.example.com/CSE1/C7", MAF]);
    assert_eq!((client.label.as_str(), client.enabled, client.version), ("renamed", false, 10));
    assert_eq!(client.not_after, time("20270101T000000"));
    assert_eq!(client.admissions, [(Function::Mef, PROVIDER.into())]);
    let keys: Vec<_> = client.credentials.iter().map(|one| (one.id.clone(), one.has_key)).collect();
    assert_eq!(keys, [("10-gateway-1@mef.example.com".into(), true), (fingerprint, false)]);
    is(admin.client("nobody").await, Kind::NotFound, "no such client");
    let unknown = ClientChange::Admit(Function::Mef, fqdn("other.example.com"));
    is(admin.change_client("gateway-1", None, unknown).await, Kind::NotFound, "no such stakeholder");
    let twice = ClientChange::Admit(Function::Mef, fqdn(PROVIDER));
    is(admin.change_client("gateway-1", None, twice).await, Kind::Conflict, "already");
    let absent = ClientChange::Unbind(cse("//sp.example.com/CSE9"));
    is(admin.change_client("gateway-1", None, absent).await, Kind::NotFound, "no such thing");
    assert_eq!(admin.client("gateway-1").await.unwrap().version, 10, "refusals change nothing");
    assert_eq!(admin.clients(&Filter::default()).await.unwrap().len(), 1);
}

async fn a_name_is_one_kind_and_one_clients(place: &Place) {
    let admin = admin(place).await;
    for name in ["a", "b"] {
        admin.add_client(name, "", end()).await.unwrap();
    }
    // `/S1` may be read as either.
    let (as_cse, as_ae) = (cse("//sp.example.com/S1"), ae("//sp.example.com/S1"));
    admin.change_client("a", None, ClientChange::Bind(as_cse.clone())).await.unwrap();
    is(
        admin.change_client("b", None, ClientChange::Bind(as_ae.clone())).await,
        Kind::Conflict,
        "another kind",
    );
    is(admin.change_client("a", None, ClientChange::Bind(as_ae)).await, Kind::Conflict, "another kind");
    is(
        admin.change_client("b", None, ClientChange::Bind(as_cse.clone())).await,
        Kind::Conflict,
        "another client",
    );
    is(admin.change_client("a", None, ClientChange::Bind(as_cse.clone())).await, Kind::Conflict, "already");
    let relative = ClientChange::Bind(cse("/CSE1"));
    is(admin.change_client("a", None, relative).await, Kind::BadRequest, "absolute form");
    admin.change_client("a", None, ClientChange::Unbind(as_cse.clone())).await.unwrap();
    admin.change_client("b", None, ClientChange::Bind(as_cse)).await.unwrap();
    // Two at once: one of them has it.
    let race = |name: &'static str| {
        let admin = admin.clone();
        async move { admin.change_client(name, None, ClientChange::Bind(cse("//sp.example.com/RACE"))).await }
    };
    let (one, two) = tokio::join!(race("a"), race("b"));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
}

async fn versions_are_compared(place: &Place) {
    let admin = admin(place).await;
    admin.add_client("c", "", end()).await.unwrap();
    admin.change_client("c", Some(1), ClientChange::Label("one".into())).await.unwrap();
    is(
        admin.change_client("c", Some(1), ClientChange::Label("two".into())).await,
        Kind::Conflict,
        "meanwhile",
    );
    is(admin.remove_client("c", Some(1)).await, Kind::Conflict, "meanwhile");
    let client = admin.client("c").await.unwrap();
    assert_eq!((client.label.as_str(), client.version), ("one", 2));
    admin.remove_client("c", Some(2)).await.unwrap();
}

async fn keys_are_sealed_and_come_back_only_inside(place: &Place) {
    let admin = admin(place).await;
    admin.add_client("c", "", end()).await.unwrap();
    let id = "10-c@mef.example.com";
    for length in [0, 15, 65] {
        let refused = admin.change_client("c", None, credential(id, Some(key(1, length)))).await;
        is(refused, Kind::ContentsUnacceptable, "16 to 64 octets");
    }
    is(
        admin.change_client("c", None, credential(id, Some(key(0, 32)))).await,
        Kind::ContentsUnacceptable,
        "zeros",
    );
    is(admin.change_client("c", None, credential(id, None)).await, Kind::BadRequest, "needs its key");
    let foreign = credential("10-c@other.example.com", Some(key(1, 32)));
    is(admin.change_client("c", None, foreign).await, Kind::BadRequest, "that of the MEF");
    let lab = Admin { lab: true, ..admin.clone() };
    lab.change_client("c", None, credential("10-short@mef.example.com", Some(key(9, 6)))).await.unwrap();

    let secret = b"a key that nobody may read: 0123";
    let secret_key = Zeroizing::new(secret.to_vec());
    admin.change_client("c", None, credential(id, Some(secret_key))).await.unwrap();
    let parsed = CredentialId::parse(id).unwrap();
    let core = &admin.core;
    let found = core.credential_key(Function::Mef, &parsed).await.unwrap().unwrap();
    assert_eq!(found.expose(), secret);
    assert!(core.credential_key(Function::Maf, &parsed).await.unwrap().is_none());
    // In no row, log or file of the store.
    let dump = format!("{:?}{:?}", place.audit().await, admin.client("c").await.unwrap());
    assert!(!dump.contains("nobody may read"));
    if let ibc::service::store::StoreUrl::Sqlite(path) = &place.url {
        for suffix in ["", "-wal"] {
            let octets = std::fs::read(format!("{}{suffix}", path.display())).unwrap_or_default();
            assert!(!octets.windows(16).any(|window| window == &secret[..16]), "{suffix}");
        }
    }
    // A row moved under another name does not open.
    let moved = "update credential set id = '10-thief@mef.example.com' where id = '10-c@mef.example.com'";
    sqlx::query(moved).execute(&place.raw().await).await.unwrap();
    let thief = CredentialId::parse("10-thief@mef.example.com").unwrap();
    is(core.credential_key(Function::Mef, &thief).await, Kind::Unavailable, "");
    let back = "update credential set id = '10-c@mef.example.com' where id = '10-thief@mef.example.com'";
    sqlx::query(back).execute(&place.raw().await).await.unwrap();
    for (change, there) in [
        (ClientChange::EnableCredential(Function::Mef, parsed.clone(), false), false),
        (ClientChange::EnableCredential(Function::Mef, parsed.clone(), true), true),
        (ClientChange::Enable(false), false),
        (ClientChange::Enable(true), true),
        (ClientChange::RemoveCredential(Function::Mef, parsed.clone()), false),
    ] {
        admin.change_client("c", None, change).await.unwrap();
        assert_eq!(core.credential_key(Function::Mef, &parsed).await.unwrap().is_some(), there);
    }
}

async fn credential_ids_are_given_once(place: &Place) {
    let admin = admin(place).await;
    admin.add_client("c", "", end()).await.unwrap();
    let add = async |id: &str| admin.change_client("c", None, credential(id, Some(key(1, 32)))).await;
    add("10-One@mef.example.com").await.unwrap();
    is(add("10-one@mef.example.com").await, Kind::Conflict, "differs in case");
    add("11-Km-1@maf.example.com").await.unwrap();
    is(add("11-km-1@maf.example.com").await, Kind::Conflict, "there already");
    let kpm = CredentialId::parse("10-One@mef.example.com").unwrap();
    admin.change_client("c", None, ClientChange::RemoveCredential(Function::Mef, kpm)).await.unwrap();
    add("10-one@mef.example.com").await.unwrap();
    let km = CredentialId::parse("11-km-1@maf.example.com").unwrap();
    admin.change_client("c", None, ClientChange::RemoveCredential(Function::Maf, km)).await.unwrap();
    is(add("11-KM-1@maf.example.com").await, Kind::Conflict, "given before");
    // Types that no client authenticates with here, and functions that do not go with them.
    let wrong = NewCredential {
        function: Function::Maf,
        id: CredentialId::parse("10-x@mef.example.com").unwrap(),
        not_after: end(),
        key: Some(key(1, 32)),
    };
    let refused = admin.change_client("c", None, ClientChange::AddCredential(wrong)).await;
    is(refused, Kind::BadRequest, "KpmID at the MEF");
    assert!(certificate_id(CredentialType::Kpm, &[0; 32]).is_err());
}

fn psa(id: &str, a: &str, b: &str, key: Zeroizing<Vec<u8>>) -> NewPsa {
    let entity = |text| EntityId::parse(EntityKind::Cse, text).unwrap();
    NewPsa { id: KpsaId::parse(id).unwrap(), entities: [entity(a), entity(b)], not_after: end(), key }
}

async fn kpsa_ids_differ_in_more_than_case(place: &Place) {
    let admin = admin(place).await;
    let (a, b) = (CSE, "//sp.example.com/CSE2");
    let issued = admin.add_psa(psa("gw-16@sp.example.com", a, b, key(3, 16)));
    is(issued.await, Kind::NotFound, "no such stakeholder");
    for issuer in [PROVIDER, "other.example.com"] {
        admin.add_stakeholder(&fqdn(issuer)).await.unwrap();
    }
    admin.add_psa(psa("Gw-17@sp.example.com", a, b, key(3, 16))).await.unwrap();
    is(admin.add_psa(psa("gw-17@sp.example.com", a, b, key(3, 16))).await, Kind::Conflict, "given before");
    admin.add_psa(psa("gw-17@other.example.com", a, b, key(4, 16))).await.unwrap();
    is(admin.add_psa(psa("x@sp.example.com", a, a, key(3, 16))).await, Kind::BadRequest, "two entities");
    is(admin.add_psa(psa("x@sp.example.com", a, "/CSE2", key(3, 16))).await, Kind::BadRequest, "absolute");
    is(admin.add_psa(psa("x@sp.example.com", a, b, key(3, 6))).await, Kind::ContentsUnacceptable, "16 to 64");
    let lab = Admin { lab: true, ..admin.clone() };
    lab.add_psa(psa("x@sp.example.com", a, b, key(3, 6))).await.unwrap();
    let id = KpsaId::parse("Gw-17@sp.example.com").unwrap();
    assert_eq!(admin.core.psa_key(&id).await.unwrap().unwrap().expose(), [3; 16]);
    admin.enable_psa(&id, false, Some(1)).await.unwrap();
    assert!(admin.core.psa_key(&id).await.unwrap().is_none());
    is(admin.enable_psa(&id, true, Some(1)).await, Kind::Conflict, "meanwhile");
    assert_eq!(admin.psas(&Filter::default()).await.unwrap().len(), 3);
    admin.remove_psa(&id, Some(2)).await.unwrap();
    is(admin.add_psa(psa("GW-17@sp.example.com", a, b, key(3, 16))).await, Kind::Conflict, "given before");
}

async fn policy_is_kept_canonical(place: &Place) {
    let admin = admin(place).await;
    admin.add_stakeholder(&fqdn(PROVIDER)).await.unwrap();
    let row = |suid: Option<u8>, targets: &[&str]| Policy {
        key: PolicyKey {
            function: Function::Mef,
            stakeholder: fqdn(PROVIDER),
            client: None,
            usage: suid.map(|suid| SecurityUsage::from_u8(suid).unwrap()),
        },
        allow: true,
        targets: targets.iter().map(|text| String::from(*text)).collect(),
        default_targets: Vec::new(),
        max_lifetime: Some(Duration::from_secs(3600)),
        version: 0,
    };
    admin.set_policy(&row(Some(22), &["//SP.example.com/CSE2", "/CSE1", CSE])).await.unwrap();
    let all = admin.policies(&Filter::default()).await.unwrap();
    assert_eq!(all[0].targets, [CSE, "//sp.example.com/CSE2"]);
    assert_eq!((all[0].version, all[0].max_lifetime), (1, Some(Duration::from_secs(3600))));
    is(admin.set_policy(&row(Some(22), &[])).await, Kind::Conflict, "already");
    admin.set_policy(&Policy { version: 1, allow: false, ..row(Some(22), &[]) }).await.unwrap();
    is(admin.set_policy(&Policy { version: 1, ..row(Some(22), &[]) }).await, Kind::Conflict, "meanwhile");
    admin.set_policy(&row(Some(21), &["MAF.example.com"])).await.unwrap();
    admin.set_policy(&row(None, &[])).await.unwrap();
    is(admin.set_policy(&row(Some(32), &[])).await, Kind::BadRequest, "21 to 25 at the MEF");
    is(admin.set_policy(&row(Some(23), &["maf.example.com"])).await, Kind::BadRequest, "a target is");
    let nobody =
        Policy { key: PolicyKey { client: Some("nobody".into()), ..row(None, &[]).key }, ..row(None, &[]) };
    is(admin.set_policy(&nobody).await, Kind::NotFound, "no such client");
    admin.enable_policy(&row(Some(22), &[]).key, true, Some(2)).await.unwrap();
    admin.remove_policy(&row(Some(22), &[]).key, Some(3)).await.unwrap();
    is(admin.remove_policy(&row(Some(22), &[]).key, None).await, Kind::NotFound, "no such row");
    assert_eq!(admin.policies(&Filter::default()).await.unwrap().len(), 2);
}

async fn configuration_and_commands_reach_registrations(place: &Place) {
    let admin = admin(place).await;
    admin.add_stakeholder(&fqdn(PROVIDER)).await.unwrap();
    admin.add_client("c", "", end()).await.unwrap();
    let value = serde_json::json!({"fqdn": MEF});
    let at = fqdn(PROVIDER);
    is(admin.configure("c", Function::Mef, &at, &value).await, Kind::NotFound, "admit it first");
    admin.change_client("c", None, ClientChange::Admit(Function::Mef, at.clone())).await.unwrap();
    admin.configure("c", Function::Mef, &at, &value).await.unwrap();
    let large = serde_json::json!({"x": "y".repeat(17_000)});
    is(admin.configure("c", Function::Mef, &at, &large).await, Kind::ContentsUnacceptable, "16 KiB");
    let insert = "insert into registration (id, fn, client, stakeholder, entity, not_after, labels, assigned, config, \
                  created, version) values ('r1', 1, 'c', 'sp.example.com', '//sp.example.com/CSE1', 1830297600, '[]', \
                  '', '', 0, 1)";
    sqlx::query(insert).execute(&place.raw().await).await.unwrap();
    admin.configure("c", Function::Mef, &at, &value).await.unwrap();
    let config: String = sqlx::query_scalar("select config from registration where id = 'r1'")
        .fetch_one(&place.raw().await)
        .await
        .unwrap();
    assert_eq!(config, value.to_string());
    admin.configure_registration("r1", &value).await.unwrap();
    is(admin.configure_registration("r2", &value).await, Kind::NotFound, "no such registration");

    let command = |uri: &str| CommandDescription {
        class: 4,
        arguments: CommandArguments::IbcProvisioning {
            uri: uri.into(),
            subject_type: 2,
            subject_id: CSE.into(),
        },
        target: None,
    };
    let good = command("https://mef.example.com/ibc");
    assert_eq!(admin.queue_command("r1", &good).await.unwrap(), 1);
    assert_eq!(admin.queue_command("r1", &good).await.unwrap(), 2);
    is(admin.queue_command("r2", &good).await, Kind::NotFound, "no such registration");
    is(admin.queue_command("r1", &command("https://evil.example.org/")).await, Kind::BadRequest, "the MEF");
    let other_class = CommandDescription { class: 1, ..good };
    is(admin.queue_command("r1", &other_class).await, Kind::BadRequest, "another class");
    let idle = CommandDescription {
        class: 0,
        arguments: CommandArguments::NoMoreCommands { retry_duration: "PT1H".into() },
        target: None,
    };
    is(admin.queue_command("r1", &idle).await, Kind::BadRequest, "not queued");
}

async fn a_removed_client_is_denied_what_it_has(place: &Place) {
    let admin = admin(place).await;
    admin.add_client("c", "", end()).await.unwrap();
    admin.change_client("c", None, ClientChange::Bind(cse(CSE))).await.unwrap();
    admin.change_client("c", None, credential("10-c@mef.example.com", Some(key(1, 32)))).await.unwrap();
    let mef = place.mef("mef").await;
    let request = EnrolRequest { id: CSE.into(), expiration_time: None };
    let issued = mef.enrol(&service::call(&psk("10-c@mef.example.com"), CSE), &request).await.unwrap();
    // An operator may do the same for the client, and for no other identity.
    let call = |origin: &str| Call {
        session: Arc::new(Session::of_operator("alice", "c")),
        origin: origin.into(),
        request_id: "1".into(),
    };
    let by_operator = mef.enrol(&call(CSE), &request).await.unwrap();
    let other = "//sp.example.com/CSE2";
    let foreign = EnrolRequest { id: other.into(), expiration_time: None };
    is(mef.enrol(&call(other), &foreign).await, Kind::OriginatorNotAuthenticated, "");
    let removed = admin.remove_client("c", None).await.unwrap();
    let mut expected = vec![issued.id2.clone(), by_operator.id2.clone()];
    expected.sort();
    assert_eq!((removed.denied, removed.deny_list), (expected, Some(1)));
    assert!(mef.deny_list().await.unwrap().contains(&issued.id2));
    is(mef.enrol(&call(CSE), &request).await, Kind::NoPrivilege, "");
    let requesters: Vec<_> = place
        .audit()
        .await
        .into_iter()
        .filter(|(_, _, event, _)| event == "issued")
        .map(|(.., detail)| detail["requester"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(requesters, ["10-c@mef.example.com", "operator alice"]);
    for table in ["client", "client_identity", "credential"] {
        let query = match table {
            "client" => "select count(*) from client",
            "client_identity" => "select count(*) from client_identity",
            _ => "select count(*) from credential",
        };
        assert_eq!(place.number(query).await, 0, "{table}");
    }
    place.check_chains().await;
}

async fn refusals_are_audited_and_change_nothing(place: &Place) {
    let admin = admin(place).await;
    is(admin.remove_client("nobody", None).await, Kind::NotFound, "no such client");
    let (.., event, detail) = place.audit().await.pop().unwrap();
    assert_eq!(event, "refused");
    assert_eq!((&detail["procedure"], &detail["origin"]), (&"admin client remove".into(), &"alice".into()));
    assert_eq!((&detail["kind"], &detail["session"]), (&"not_found".into(), &"operator".into()));
}
