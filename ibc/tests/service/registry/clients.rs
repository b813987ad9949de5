//! Client registration, configuration, update, de-registration.

use crate::service::{MAF, MEF, PROVIDER, Place, call, fqdn, psk, session};
use crate::setting::{
    DEVICE, FAR, GATEWAY, PANEL, Setting, at_mef, days, key, name, refused, registration, request_id, rule,
    sessions,
};
use ibc::Function;
use ibc::service::admin::ClientChange;
use ibc::service::error::Kind;
use ibc::service::session::{Handshake, Session};
use ibc::wire::{RegistrationRequest, RegistrationUpdateRequest};
use std::sync::Arc;

crate::on_each_store!(
    a_client_registers_and_gets_what_is_granted,
    the_end_is_cut_to_policy_and_credential,
    the_same_request_gets_the_same_answer_and_a_second_is_refused,
    registration_refuses_with_the_kind_of_the_table,
    an_expired_registration_is_as_if_not_there,
    the_configuration_is_the_stakeholders,
    an_update_gives_what_was_asked_and_no_more,
    an_earlier_end_cuts_the_keys,
    de_registration_takes_commands_and_keys_along,
    two_nodes_register_a_client_once,
);

const BOTH: [Function; 2] = [Function::Mef, Function::Maf];

fn update(function: Function, et: Option<&str>, labels: Option<&[&str]>) -> RegistrationUpdateRequest {
    RegistrationUpdateRequest {
        fqdn: name(function),
        expiration_time: et.map(Into::into),
        labels: labels.map(|labels| labels.iter().map(|label| (*label).into()).collect()),
    }
}

async fn a_client_registers_and_gets_what_is_granted(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, gateway) = sessions(function);
        let answer = setting.register(function, &device, "C1").await;
        assert_eq!(answer.ty, if function == Function::Mef { 4 } else { 3 });
        assert_eq!(answer.expiration_time, FAR);
        assert_eq!(answer.admin_fqdn, PROVIDER);
        assert_eq!(answer.client_id, DEVICE);
        assert_eq!(answer.labels.as_deref(), Some(&["line-3".to_string()][..]));
        assert_eq!((answer.assigned_symm_key_id, answer.children), (None, None));
        assert_eq!(answer.id.len(), 32);
        let entry = place.last("client registered").await;
        assert_eq!(entry["registration"], answer.id);
        assert_eq!((entry["client"].as_str(), entry["entity"].as_str()), (Some("device"), Some(DEVICE)));
        // A node registers each of its identities.
        let first = setting.register(function, &gateway, GATEWAY).await;
        let second = setting.register(function, &gateway, PANEL).await;
        assert_ne!(first.id, second.id);
    }
    assert_eq!(place.number("select count(*) from registration").await, 6);
}

async fn the_end_is_cut_to_policy_and_credential(place: &Place) {
    let setting = Setting::new(place).await;
    let (device, gateway) = sessions(Function::Mef);
    let far =
        RegistrationRequest { expiration_time: "99990101T000000".into(), ..registration(Function::Mef) };
    // 400 days from 2026-06-01
    let registry = setting.mef.registry();
    let answer = registry.register_client(&call(&device, DEVICE), &far).await.unwrap();
    assert_eq!(answer.expiration_time, "20270706T000000");
    let mut policy = rule(Function::Mef, None);
    (policy.max_lifetime, policy.version) = (Some(days(7)), 1);
    setting.admin.set_policy(&policy).await.unwrap();
    let answer = registry.register_client(&call(&gateway, GATEWAY), &far).await.unwrap();
    assert_eq!(answer.expiration_time, "20260608T000000");
    // A fraction is rounded down.
    let early = RegistrationRequest { expiration_time: "20260602T000000,9".into(), ..far };
    let answer = registry.register_client(&call(&gateway, PANEL), &early).await.unwrap();
    assert_eq!(answer.expiration_time, "20260602T000000");
}

async fn the_same_request_gets_the_same_answer_and_a_second_is_refused(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, _) = sessions(function);
        let registry = setting.registry(function);
        let first = call(&device, DEVICE);
        let answer = registry.register_client(&first, &registration(function)).await.unwrap();
        assert_eq!(registry.register_client(&first, &registration(function)).await.unwrap(), answer);
        let other = RegistrationRequest { labels: None, ..registration(function) };
        let again = call(&device, DEVICE);
        place
            .refuses(
                Kind::AlreadyRegistered,
                "another request identifier",
                registry.register_client(&again, &other),
            )
            .await;
        place
            .refuses(Kind::AlreadyRegistered, "another request", registry.register_client(&first, &other))
            .await;
    }
}

async fn registration_refuses_with_the_kind_of_the_table(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, _) = sessions(function);
        let registry = setting.registry(function);
        let asked = || registration(function);
        let label = |text: String| Some(vec![text]);
        for (kind, why, request) in [
            (
                Kind::BadRequest,
                "another FQDN",
                RegistrationRequest { fqdn: "other.example.com".into(), ..asked() },
            ),
            (Kind::BadRequest, "no FQDN", RegistrationRequest { fqdn: String::new(), ..asked() }),
            (
                Kind::BadRequest,
                "no stakeholder",
                RegistrationRequest { admin_fqdn: "sp example".into(), ..asked() },
            ),
            (Kind::BadRequest, "a long name", RegistrationRequest { admin_fqdn: "a".repeat(600), ..asked() }),
            (Kind::BadRequest, "no time", RegistrationRequest { expiration_time: "86400".into(), ..asked() }),
            (
                Kind::BadRequest,
                "a zone",
                RegistrationRequest { expiration_time: "20270101T000000Z".into(), ..asked() },
            ),
            (
                Kind::ContentsUnacceptable,
                "now",
                RegistrationRequest { expiration_time: "20260601T000000".into(), ..asked() },
            ),
            (
                Kind::ContentsUnacceptable,
                "many labels",
                RegistrationRequest { labels: Some(vec!["a".into(); 17]), ..asked() },
            ),
            (
                Kind::ContentsUnacceptable,
                "a long label",
                RegistrationRequest { labels: label("a".repeat(65)), ..asked() },
            ),
            (
                Kind::BadRequest,
                "an empty label",
                RegistrationRequest { labels: label(String::new()), ..asked() },
            ),
            (Kind::BadRequest, "a control", RegistrationRequest { labels: label("a\nb".into()), ..asked() }),
            (
                Kind::NoPrivilege,
                "a stakeholder that has not admitted it",
                RegistrationRequest { admin_fqdn: "sp2.example.com".into(), ..asked() },
            ),
            (
                Kind::NoPrivilege,
                "an unknown stakeholder",
                RegistrationRequest { admin_fqdn: "sp3.example.com".into(), ..asked() },
            ),
        ] {
            let call = call(&device, DEVICE);
            place.refuses(kind, why, registry.register_client(&call, &request)).await;
        }
        let credential =
            if function == Function::Mef { format!("10-device@{MEF}") } else { format!("11-device@{MAF}") };
        let unknown =
            if function == Function::Mef { format!("10-nobody@{MEF}") } else { format!("11-nobody@{MAF}") };
        let other =
            if function == Function::Mef { format!("11-device@{MAF}") } else { format!("10-device@{MEF}") };
        let none = Arc::new(Session::new(Handshake::PreSharedKey, None, None));
        for (kind, why, session, origin) in [
            (Kind::SecurityAssociationRequired, "GBA", session(Handshake::Gba, &credential, None), DEVICE),
            (
                Kind::SecurityAssociationRequired,
                "server only",
                session(Handshake::ServerOnly, &credential, None),
                DEVICE,
            ),
            (Kind::SecurityAssociationRequired, "no credential", none, DEVICE),
            (Kind::NoPrivilege, "an unknown credential", psk(&unknown), DEVICE),
            (Kind::NoPrivilege, "a credential of the other function", psk(&other), DEVICE),
            (Kind::OriginatorNotAuthenticated, "another's identity", psk(&credential), GATEWAY),
            (Kind::OriginatorNotAuthenticated, "no identity", psk(&credential), ""),
        ] {
            let call = call(&session, origin);
            place.refuses(kind, why, registry.register_client(&call, &asked())).await;
        }
        let call = request_id(&call(&device, DEVICE), "a b");
        place
            .refuses(Kind::BadRequest, "a request identifier", registry.register_client(&call, &asked()))
            .await;
    }
    // A MAF is no client of the MEF's registration.
    let call = call(&at_mef("maf"), MAF);
    let registry = setting.mef.registry();
    place
        .refuses(Kind::NoPrivilege, "a MAF", registry.register_client(&call, &registration(Function::Mef)))
        .await;
    setting.admin.enable_stakeholder(&fqdn(PROVIDER), false, None).await.unwrap();
    let call = crate::service::call(&at_mef("device"), DEVICE);
    place
        .refuses(
            Kind::NoPrivilege,
            "a disabled stakeholder",
            registry.register_client(&call, &registration(Function::Mef)),
        )
        .await;
}

async fn an_expired_registration_is_as_if_not_there(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, _) = sessions(function);
        let registry = setting.registry(function);
        let end = if function == Function::Mef { "20260602T000000" } else { "20260604T000000" };
        let request = RegistrationRequest { expiration_time: end.into(), ..registration(function) };
        let short = registry.register_client(&call(&device, DEVICE), &request).await.unwrap();
        let registered =
            registry.register_key(&call(&device, DEVICE), &key(function, &[9; 32])).await.unwrap();
        assert_eq!(registered.expiration_time, end, "a key ends with its registration");
        place.clock.advance(86_400 * if function == Function::Mef { 1 } else { 2 });
        let (asked, fqdn) = (update(function, Some(FAR), None), name(function));
        let id = short.id.as_str();
        let c = call(&device, DEVICE);
        place.refuses(Kind::NotFound, "update", registry.update_client(&c, id, &asked)).await;
        place.refuses(Kind::NotFound, "configuration", registry.configuration(&c, &fqdn, id)).await;
        place.refuses(Kind::NotFound, "de-registration", registry.deregister_client(&c, &fqdn, id)).await;
        place.refuses(Kind::NoPrivilege, "a key", registry.register_key(&c, &key(function, &[9; 32]))).await;
        if function == Function::Mef {
            place.refuses(Kind::NotFound, "a command", setting.mef.retrieve_command(&c, id)).await;
        }
        let again = registry.register_client(&call(&device, DEVICE), &registration(function)).await.unwrap();
        assert_ne!(again.id, short.id);
    }
}

async fn the_configuration_is_the_stakeholders(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, gateway) = sessions(function);
        let registry = setting.registry(function);
        let id = setting.register(function, &device, DEVICE).await.id;
        let (own, fqdn) = (call(&device, DEVICE), name(function));
        place.refuses(Kind::NotFound, "none", registry.configuration(&own, &fqdn, &id)).await;
        let configuration = serde_json::json!({"mefKeyRegCfg": {"SUID": 22}});
        setting
            .admin
            .configure("device", function, &crate::service::fqdn(PROVIDER), &configuration)
            .await
            .unwrap();
        assert_eq!(registry.configuration(&own, &fqdn, &id).await.unwrap().configuration, configuration);
        let other = call(&gateway, GATEWAY);
        place.refuses(Kind::NotFound, "another's", registry.configuration(&other, &fqdn, &id)).await;
        place.refuses(Kind::NotFound, "unknown", registry.configuration(&own, &fqdn, &"a".repeat(32))).await;
        place.refuses(Kind::NotFound, "no identifier", registry.configuration(&own, &fqdn, "x")).await;
        place.refuses(Kind::BadRequest, "FQDN", registry.configuration(&own, "x.example.com", &id)).await;
    }
}

async fn an_update_gives_what_was_asked_and_no_more(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, gateway) = sessions(function);
        let registry = setting.registry(function);
        let id = setting.register(function, &device, DEVICE).await.id;
        let own = || call(&device, DEVICE);
        let end = "20261001T000000";
        let answer = registry.update_client(&own(), &id, &update(function, Some(end), None)).await.unwrap();
        assert_eq!((answer.expiration_time.as_deref(), answer.labels), (Some(end), None));
        let answer =
            registry.update_client(&own(), &id, &update(function, None, Some(&["a", "b"]))).await.unwrap();
        assert_eq!((answer.expiration_time, answer.labels.unwrap().len()), (None, 2));
        let answer = registry.update_client(&own(), &id, &update(function, None, Some(&[]))).await.unwrap();
        assert_eq!((answer.labels, answer.assigned_symm_key_id), (Some(vec![]), None));
        for (kind, why, request) in [
            (Kind::BadRequest, "nothing", update(function, None, None)),
            (Kind::BadRequest, "no time", update(function, Some("soon"), None)),
            (Kind::ContentsUnacceptable, "the past", update(function, Some("20260101T000000"), None)),
            (Kind::ContentsUnacceptable, "labels", update(function, None, Some(&["a"; 17]))),
            (
                Kind::BadRequest,
                "another FQDN",
                RegistrationUpdateRequest {
                    fqdn: "x.example.com".into(),
                    ..update(function, Some(FAR), None)
                },
            ),
        ] {
            let own = own();
            place.refuses(kind, why, registry.update_client(&own, &id, &request)).await;
        }
        let (other, request) = (call(&gateway, GATEWAY), update(function, Some(FAR), None));
        place.refuses(Kind::NotFound, "another's", registry.update_client(&other, &id, &request)).await;
    }
    // Members that may not be updated do not parse: creator, stakeholder.
    for member in [r#""adfq":"sp.example.com""#, r#""cr":"//a.b/C1""#, r#""aski":"x@y.z""#] {
        let body = format!(r#"{{"fq":"mef.example.com","et":"{FAR}",{member}}}"#);
        assert!(serde_json::from_str::<RegistrationUpdateRequest>(&body).is_err(), "{member}");
    }
    let body = format!(r#"{{"fq":"mef.example.com","adfq":"sp.example.com","et":"{FAR}","ri":"x"}}"#);
    assert!(serde_json::from_str::<RegistrationRequest>(&body).is_err());
    assert!(
        serde_json::from_str::<RegistrationRequest>(r#"{"fq":"mef.example.com","adfq":"sp.example.com"}"#)
            .is_err()
    );
}

async fn an_earlier_end_cuts_the_keys(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, gateway) = sessions(function);
        let registry = setting.registry(function);
        let id = setting.register(function, &device, DEVICE).await.id;
        setting.register(function, &gateway, GATEWAY).await;
        let registered =
            registry.register_key(&call(&device, DEVICE), &key(function, &[5; 32])).await.unwrap();
        let end = "20260610T120000";
        registry
            .update_client(&call(&device, DEVICE), &id, &update(function, Some(end), None))
            .await
            .unwrap();
        let other = call(&gateway, GATEWAY);
        let retrieved = registry.retrieve_key(&other, &registered.relative_key_id).await.unwrap();
        assert_eq!(retrieved.expiration_time, end);
        assert_eq!(&**retrieved.key_value.expose(), &[5; 32]);
        registry
            .update_client(&call(&device, DEVICE), &id, &update(function, Some(FAR), None))
            .await
            .unwrap();
        let retrieved = registry.retrieve_key(&other, &registered.relative_key_id).await.unwrap();
        assert_eq!(retrieved.expiration_time, end, "a later end gives no key a longer life");
    }
}

async fn de_registration_takes_commands_and_keys_along(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, gateway) = setting.registered(function).await;
        let registry = setting.registry(function);
        let asked = key(function, &[5; 32]);
        let rkid = registry.register_key(&call(&device, DEVICE), &asked).await.unwrap().relative_key_id;
        let id = place.last("key registered").await["key"].as_str().map(str::to_owned);
        assert_eq!(id, Some(rkid.clone()));
        let registrations = place.number("select count(*) from registration").await;
        let id: String = sqlx::query_scalar("select id from registration where entity = $1 and fn = $2")
            .bind(DEVICE)
            .bind(if function == Function::Mef { 1_i64 } else { 2 })
            .fetch_one(&place.raw().await)
            .await
            .unwrap();
        if function == Function::Mef {
            setting.mef.retrieve_command(&call(&device, DEVICE), &id).await.unwrap();
            assert_eq!(place.number("select count(*) from command").await, 1);
        }
        let (other, fqdn) = (call(&gateway, GATEWAY), name(function));
        place.refuses(Kind::NotFound, "another's", registry.deregister_client(&other, &fqdn, &id)).await;
        registry.deregister_client(&call(&device, DEVICE), &fqdn, &id).await.unwrap();
        assert_eq!(place.number("select count(*) from registration").await, registrations - 1);
        assert_eq!(place.number("select count(*) from command").await, 0);
        assert_eq!(place.number("select count(*) from registered_key").await, 0);
        assert!(place.number("select count(*) from used_key_id").await > 0, "its name stays taken");
        assert_eq!(place.last("client deregistered").await["keys"][0], rkid);
        place.refuses(Kind::NotFound, "its key", registry.retrieve_key(&other, &rkid)).await;
        let own = call(&device, DEVICE);
        place.refuses(Kind::NotFound, "again", registry.deregister_client(&own, &fqdn, &id)).await;
        place.refuses(Kind::NoPrivilege, "a key", registry.register_key(&own, &asked)).await;
        setting.register(function, &device, DEVICE).await;
    }
    // Who was dismissed may leave, and no more.
    let device = at_mef("device");
    let id: String = sqlx::query_scalar("select id from registration where entity = $1 and fn = 1")
        .bind(DEVICE)
        .fetch_one(&place.raw().await)
        .await
        .unwrap();
    setting.change("device", ClientChange::Dismiss(Function::Mef, fqdn(PROVIDER))).await;
    let registry = setting.mef.registry();
    let own = call(&device, DEVICE);
    let asked = update(Function::Mef, Some(FAR), None);
    place.refuses(Kind::NoPrivilege, "an update", registry.update_client(&own, &id, &asked)).await;
    place
        .refuses(Kind::NoPrivilege, "a key", registry.register_key(&own, &key(Function::Mef, &[1; 32])))
        .await;
    registry.deregister_client(&own, MEF, &id).await.unwrap();
}

async fn two_nodes_register_a_client_once(place: &Place) {
    let setting = Setting::new(place).await;
    let other = place.mef("b").await;
    let nodes = [setting.mef.registry(), other.registry()];
    let tasks: Vec<_> = (0..8)
        .map(|index| {
            let registry = nodes[index % 2].clone();
            tokio::spawn(async move {
                registry.register_client(&call(&at_mef("device"), DEVICE), &registration(Function::Mef)).await
            })
        })
        .collect();
    let mut registered = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => registered += 1,
            outcome => refused(outcome, Kind::AlreadyRegistered, "the second"),
        }
    }
    assert_eq!(registered, 1);
    assert_eq!(place.number("select count(*) from registration").await, 1);
    place.check_chains().await;
}
