//! Key registration, retrieval, update, de-registration.

use crate::service::{FakeExporter, MAF, PROVIDER, Place, call, psk, session};
use crate::setting::{
    DEVICE, FAR, GATEWAY, PANEL, STRANGER, Setting, at_maf, at_mef, days, exporting, key, name, refused,
    rule, saef,
};
use eccsi_sakke::onem2m::KeyIdentifier;
use ibc::Function;
use ibc::service::admin::ClientChange;
use ibc::service::error::Kind;
use ibc::service::registry::CONNECTION;
use ibc::service::rule::KNOWN;
use ibc::service::session::{Exporter, Handshake};
use ibc::wire::{KeyRegistrationRequest, KeyUpdateRequest, KeyValue};
use zeroize::Zeroizing;

crate::on_each_store!(
    a_given_key_is_stored_and_retrieved_by_its_target,
    an_exported_key_is_named_by_the_exporter,
    a_session_registers_one_exported_key,
    the_same_request_gets_the_same_key,
    keys_have_the_targets_their_use_asks_for,
    key_registration_refuses_with_the_kind_of_the_table,
    targets_come_from_policy_where_the_request_has_none,
    targets_can_be_those_that_the_stakeholder_knows,
    the_end_is_cut_and_enforced,
    outsiders_expired_and_unknown_look_the_same,
    any_identity_of_the_session_may_be_the_target,
    an_update_changes_what_was_asked,
    the_stakeholder_may_change_targets,
    what_may_not_be_updated_does_not_parse,
    a_key_that_is_de_registered_is_gone_and_its_name_is_not,
    two_clients_with_one_export_get_one_key,
    updates_at_once_lose_nothing,
    keys_are_nowhere_in_clear,
);

const BOTH: [Function; 2] = [Function::Mef, Function::Maf];

fn value(octets: &[u8]) -> Option<KeyValue> {
    Some(KeyValue::new(Zeroizing::new(octets.to_vec())))
}

fn update(function: Function) -> KeyUpdateRequest {
    KeyUpdateRequest { fqdn: name(function), expiration_time: None, labels: None, target_ids: None }
}

async fn a_given_key_is_stored_and_retrieved_by_its_target(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, gateway) = setting.registered(function).await;
        let registry = setting.registry(function);
        let labels = Some(vec!["door".to_string()]);
        let asked = KeyRegistrationRequest { labels: labels.clone(), ..key(function, &[0x5A; 32]) };
        let answer = registry.register_key(&call(&device, DEVICE), &asked).await.unwrap();
        assert_eq!(answer.ty, 5);
        assert_eq!(answer.id, answer.relative_key_id);
        assert_eq!(answer.expiration_time, "20260909T000000", "at most 100 days");
        assert_eq!((answer.admin_fqdn.as_str(), u64::from(answer.suid)), (PROVIDER, saef(function)));
        assert_eq!(
            (answer.target_ids.as_slice(), answer.source.as_str()),
            (&[GATEWAY.to_string()][..], DEVICE)
        );
        assert_eq!(answer.labels, labels);
        let identifier = format!("{}@{}", answer.relative_key_id, name(function));
        assert_eq!(KeyIdentifier::parse(&identifier).unwrap().to_string(), identifier);
        let retrieved =
            registry.retrieve_key(&call(&gateway, "/CSE2"), &answer.relative_key_id).await.unwrap();
        assert_eq!(retrieved.expiration_time, answer.expiration_time);
        assert_eq!((retrieved.admin_fqdn.as_str(), u64::from(retrieved.suid)), (PROVIDER, saef(function)));
        assert_eq!(retrieved.source, DEVICE);
        assert_eq!(&**retrieved.key_value.expose(), &[0x5A; 32]);
        assert_eq!(retrieved.labels, labels);
        let entry = place.last("key retrieved").await;
        assert_eq!(
            (entry["key"].as_str(), entry["client"].as_str()),
            (Some(&*answer.relative_key_id), Some("gateway"))
        );
        // in either case, and as often as asked
        let lower = answer.relative_key_id.to_ascii_lowercase();
        registry.retrieve_key(&call(&gateway, GATEWAY), &lower).await.unwrap();
        // Two names for one key.
        let again = registry.register_key(&call(&device, DEVICE), &asked).await.unwrap();
        assert_ne!(again.relative_key_id, answer.relative_key_id);
    }
}

async fn an_exported_key_is_named_by_the_exporter(place: &Place) {
    let setting = Setting::new(place).await;
    for (function, device, number) in
        [(Function::Mef, "10-device@mef.example.com", 1), (Function::Maf, "11-device@maf.example.com", 2)]
    {
        let (_, gateway) = setting.registered(function).await;
        let mut octets = [0; 48];
        FakeExporter(number).export(CONNECTION, &mut octets).unwrap();
        let registry = setting.registry(function);
        let answer = registry
            .register_key(&call(&exporting(device, number), DEVICE), &key(function, &[]))
            .await
            .unwrap();
        assert_eq!(answer.relative_key_id, base16ct::upper::encode_string(&octets[..16]));
        let retrieved =
            registry.retrieve_key(&call(&gateway, GATEWAY), &answer.relative_key_id).await.unwrap();
        assert_eq!(&**retrieved.key_value.expose(), &octets[16..]);
        assert_eq!(place.last("key registered").await["exported"], true);
    }
}

async fn a_session_registers_one_exported_key(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, _) = setting.registered(function).await;
        let registry = setting.registry(function);
        // What is refused has not used the export up.
        let nobody = KeyRegistrationRequest { suid: 99, ..key(function, &[]) };
        refused(
            registry.register_key(&call(&device, DEVICE), &nobody).await,
            Kind::ContentsUnacceptable,
            "a SUID",
        );
        let first = registry.register_key(&call(&device, DEVICE), &key(function, &[])).await.unwrap();
        let second = call(&device, DEVICE);
        place.refuses(Kind::Conflict, "a second", registry.register_key(&second, &key(function, &[]))).await;
        // Given keys have no such limit, and another session exports another key.
        registry.register_key(&call(&device, DEVICE), &key(function, &[1; 32])).await.unwrap();
        let session = if function == Function::Mef { at_mef("device") } else { at_maf("device") };
        let third = registry.register_key(&call(&session, DEVICE), &key(function, &[])).await.unwrap();
        assert_ne!(third.relative_key_id, first.relative_key_id);
    }
    let without = psk("10-device@mef.example.com");
    let asked = call(&without, DEVICE);
    let registry = setting.mef.registry();
    place
        .refuses(
            Kind::ContentsUnacceptable,
            "no exporter",
            registry.register_key(&asked, &key(Function::Mef, &[])),
        )
        .await;
}

async fn the_same_request_gets_the_same_key(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, gateway) = setting.registered(function).await;
        let registry = setting.registry(function);
        for octets in [&[][..], &[3; 32]] {
            let first = call(&device, DEVICE);
            let answer = registry.register_key(&first, &key(function, octets)).await.unwrap();
            let keys = place.number("select count(*) from registered_key").await;
            assert_eq!(registry.register_key(&first, &key(function, octets)).await.unwrap(), answer);
            assert_eq!(place.number("select count(*) from registered_key").await, keys);
        }
        // The identifier alone does not make a request the same.
        let first = call(&device, DEVICE);
        let one = registry.register_key(&first, &key(function, &[4; 32])).await.unwrap();
        let two = registry.register_key(&first, &key(function, &[5; 32])).await.unwrap();
        assert_ne!(one.relative_key_id, two.relative_key_id);
        let retrieved = registry.retrieve_key(&call(&gateway, GATEWAY), &two.relative_key_id).await.unwrap();
        assert_eq!(&**retrieved.key_value.expose(), &[5; 32]);
    }
}

/// SUID, targets, accepted: S17, S18, S70, S71.
async fn keys_have_the_targets_their_use_asks_for(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, _) = setting.registered(function).await;
        let registry = setting.registry(function);
        let tens = if function == Function::Mef { 20 } else { 30 };
        let (one, two, none) = (vec![GATEWAY], vec![GATEWAY, STRANGER], vec![]);
        for (suid, targets, accepted) in [
            (2, &one, true),
            (2, &two, false),
            (2, &none, false),
            (3, &one, true),
            (3, &two, false),
            (3, &none, false),
            (4, &one, true),
            (4, &two, true),
            (4, &none, false),
            (5, &two, true),
            (5, &none, false),
            (1, &vec![MAF], function == Function::Mef),
            (1, &one, false),
            (1, &vec![MAF, "maf2.example.com"], false),
        ] {
            let asked = KeyRegistrationRequest {
                suid: tens + suid,
                target_ids: Some(targets.iter().map(|target| (*target).into()).collect()),
                ..key(function, &[1; 32])
            };
            let outcome = registry.register_key(&call(&device, DEVICE), &asked).await;
            assert_eq!(outcome.is_ok(), accepted, "{suid} {targets:?}");
            if let Ok(answer) = outcome {
                assert_eq!(answer.target_ids, asked.target_ids.unwrap());
            }
        }
    }
}

async fn key_registration_refuses_with_the_kind_of_the_table(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, _) = setting.registered(function).await;
        let registry = setting.registry(function);
        let asked = || key(function, &[1; 32]);
        let targets = |texts: &[&str]| Some(texts.iter().map(|text| (*text).into()).collect());
        let esprim = saef(function) + 1;
        let esdata = saef(function) + 2;
        for (kind, why, request) in [
            (
                Kind::BadRequest,
                "another FQDN",
                KeyRegistrationRequest { fqdn: "x.example.com".into(), ..asked() },
            ),
            (
                Kind::BadRequest,
                "no stakeholder",
                KeyRegistrationRequest { admin_fqdn: "-".into(), ..asked() },
            ),
            (Kind::BadRequest, "no time", KeyRegistrationRequest { expiration_time: "1".into(), ..asked() }),
            (
                Kind::BadRequest,
                "no identifier",
                KeyRegistrationRequest { target_ids: targets(&["//sp.example.com"]), ..asked() },
            ),
            (
                Kind::BadRequest,
                "a long target",
                KeyRegistrationRequest { target_ids: Some(vec!["/".repeat(600)]), ..asked() },
            ),
            (
                Kind::ContentsUnacceptable,
                "SP-relative",
                KeyRegistrationRequest { target_ids: targets(&["/CSE2"]), ..asked() },
            ),
            (
                Kind::ContentsUnacceptable,
                "a stem",
                KeyRegistrationRequest { target_ids: targets(&["C1"]), ..asked() },
            ),
            (
                Kind::ContentsUnacceptable,
                "the source",
                KeyRegistrationRequest { target_ids: targets(&[DEVICE]), ..asked() },
            ),
            (
                Kind::ContentsUnacceptable,
                "twice",
                KeyRegistrationRequest {
                    suid: esdata,
                    target_ids: targets(&[GATEWAY, "//SP.example.com/CSE2"]),
                    ..asked()
                },
            ),
            (
                Kind::ContentsUnacceptable,
                "the source among others",
                KeyRegistrationRequest { suid: esdata, target_ids: targets(&[GATEWAY, DEVICE]), ..asked() },
            ),
            (
                Kind::ContentsUnacceptable,
                "257 targets",
                KeyRegistrationRequest {
                    suid: esdata,
                    target_ids: Some((0..257).map(|index| format!("//sp.example.com/X{index}")).collect()),
                    ..asked()
                },
            ),
            (
                Kind::ContentsUnacceptable,
                "no targets",
                KeyRegistrationRequest { target_ids: None, ..asked() },
            ),
            (Kind::ContentsUnacceptable, "SUID 12", KeyRegistrationRequest { suid: 12, ..asked() }),
            (Kind::ContentsUnacceptable, "SUID 31", KeyRegistrationRequest { suid: 31, ..asked() }),
            (Kind::ContentsUnacceptable, "SUID 300", KeyRegistrationRequest { suid: 300, ..asked() }),
            (
                Kind::ContentsUnacceptable,
                "the other function's SUID",
                KeyRegistrationRequest { suid: 54 - saef(function), ..asked() },
            ),
            (
                Kind::ContentsUnacceptable,
                "31 octets",
                KeyRegistrationRequest { key_value: value(&[1; 31]), ..asked() },
            ),
            (
                Kind::ContentsUnacceptable,
                "33 octets",
                KeyRegistrationRequest { key_value: value(&[1; 33]), ..asked() },
            ),
            (
                Kind::ContentsUnacceptable,
                "zeros",
                KeyRegistrationRequest { key_value: value(&[0; 32]), ..asked() },
            ),
            (
                Kind::ContentsUnacceptable,
                "15 octets",
                KeyRegistrationRequest { suid: esprim, key_value: value(&[1; 15]), ..asked() },
            ),
            (
                Kind::ContentsUnacceptable,
                "65 octets",
                KeyRegistrationRequest { suid: esprim, key_value: value(&[1; 65]), ..asked() },
            ),
            (
                Kind::ContentsUnacceptable,
                "the past",
                KeyRegistrationRequest { expiration_time: "20260531T235959".into(), ..asked() },
            ),
            (
                Kind::ContentsUnacceptable,
                "labels",
                KeyRegistrationRequest { labels: Some(vec!["a".into(); 17]), ..asked() },
            ),
            (
                Kind::NoPrivilege,
                "another stakeholder",
                KeyRegistrationRequest { admin_fqdn: "sp2.example.com".into(), ..asked() },
            ),
        ] {
            let call = call(&device, DEVICE);
            place.refuses(kind, why, registry.register_key(&call, &request)).await;
        }
        let (unregistered, credential) = if function == Function::Mef {
            (at_mef("stranger"), "10-device@mef.example.com")
        } else {
            (at_maf("stranger"), "11-device@maf.example.com")
        };
        let c = call(&unregistered, STRANGER);
        place.refuses(Kind::NoPrivilege, "not registered", registry.register_key(&c, &asked())).await;
        for handshake in [Handshake::Gba, Handshake::ServerOnly] {
            let c = call(&session(handshake, credential, Some(Box::new(FakeExporter(1)))), DEVICE);
            place
                .refuses(Kind::SecurityAssociationRequired, "handshake", registry.register_key(&c, &asked()))
                .await;
        }
        let c = call(&device, GATEWAY);
        place.refuses(Kind::OriginatorNotAuthenticated, "origin", registry.register_key(&c, &asked())).await;
        // ESPrim and ESData take 16 to 64 octets.
        for length in [16, 64] {
            let asked =
                KeyRegistrationRequest { suid: esprim, key_value: value(&vec![1; length]), ..asked() };
            registry.register_key(&call(&device, DEVICE), &asked).await.unwrap();
        }
        let mut policy = rule(function, Some(u8::try_from(esprim).unwrap()));
        policy.allow = false;
        setting.admin.set_policy(&policy).await.unwrap();
        let (c, asked) = (call(&device, DEVICE), KeyRegistrationRequest { suid: esprim, ..asked() });
        place
            .refuses(Kind::ContentsUnacceptable, "what policy forbids", registry.register_key(&c, &asked))
            .await;
        setting.change("device", ClientChange::Enable(false)).await;
        let c = call(&device, DEVICE);
        place
            .refuses(Kind::NoPrivilege, "disabled", registry.register_key(&c, &key(function, &[1; 32])))
            .await;
        setting.change("device", ClientChange::Enable(true)).await;
    }
}

async fn targets_come_from_policy_where_the_request_has_none(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, gateway) = setting.registered(function).await;
        let mut policy = rule(function, Some(u8::try_from(saef(function)).unwrap()));
        policy.default_targets = vec![GATEWAY.into()];
        setting.admin.set_policy(&policy).await.unwrap();
        let registry = setting.registry(function);
        let asked = KeyRegistrationRequest { target_ids: None, ..key(function, &[]) };
        let answer = registry.register_key(&call(&device, DEVICE), &asked).await.unwrap();
        assert_eq!(answer.target_ids, [GATEWAY]);
        registry.retrieve_key(&call(&gateway, GATEWAY), &answer.relative_key_id).await.unwrap();
    }
}

async fn targets_can_be_those_that_the_stakeholder_knows(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, _) = setting.registered(function).await;
        let mut policy = rule(function, None);
        (policy.targets, policy.version) = (vec![KNOWN.into()], 1);
        setting.admin.set_policy(&policy).await.unwrap();
        let registry = setting.registry(function);
        registry.register_key(&call(&device, DEVICE), &key(function, &[1; 32])).await.unwrap();
        let asked =
            KeyRegistrationRequest { target_ids: Some(vec![STRANGER.into()]), ..key(function, &[1; 32]) };
        let c = call(&device, DEVICE);
        place.refuses(Kind::ContentsUnacceptable, "unknown", registry.register_key(&c, &asked)).await;
        // A change of policy holds for the next request, at every node.
        (policy.targets, policy.version) = (vec![STRANGER.into()], 2);
        setting.admin.set_policy(&policy).await.unwrap();
        registry.register_key(&call(&device, DEVICE), &asked).await.unwrap();
        let c = call(&device, DEVICE);
        place
            .refuses(
                Kind::ContentsUnacceptable,
                "not listed",
                registry.register_key(&c, &key(function, &[1; 32])),
            )
            .await;
    }
}

async fn the_end_is_cut_and_enforced(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, gateway) = setting.registered(function).await;
        let mut policy = rule(function, Some(u8::try_from(saef(function)).unwrap()));
        policy.max_lifetime = Some(days(1));
        setting.admin.set_policy(&policy).await.unwrap();
        let registry = setting.registry(function);
        let answer = registry.register_key(&call(&device, DEVICE), &key(function, &[1; 32])).await.unwrap();
        let end = if function == Function::Mef { "20260602T000000" } else { "20260603T000000" };
        assert_eq!(answer.expiration_time, end);
        place.clock.advance(86_399);
        registry.retrieve_key(&call(&gateway, GATEWAY), &answer.relative_key_id).await.unwrap();
        place.clock.advance(1);
        let c = call(&gateway, GATEWAY);
        place.refuses(Kind::NotFound, "expired", registry.retrieve_key(&c, &answer.relative_key_id)).await;
    }
}

async fn outsiders_expired_and_unknown_look_the_same(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, gateway) = setting.registered(function).await;
        let registry = setting.registry(function);
        let asked = KeyRegistrationRequest { suid: saef(function) + 2, ..key(function, &[1; 32]) };
        let rkid = registry.register_key(&call(&device, DEVICE), &asked).await.unwrap().relative_key_id;
        let short = KeyRegistrationRequest {
            expiration_time: if function == Function::Mef { "20260601T000010" } else { "20260601T000030" }
                .into(),
            ..asked
        };
        let expired = registry.register_key(&call(&device, DEVICE), &short).await.unwrap().relative_key_id;
        place.clock.advance(20);
        let stranger = if function == Function::Mef { at_mef("stranger") } else { at_maf("stranger") };
        let mut texts = Vec::new();
        for (why, session, origin, id) in [
            ("outsider", &stranger, STRANGER, rkid.as_str()),
            ("source", &device, DEVICE, rkid.as_str()),
            ("expired", &gateway, GATEWAY, expired.as_str()),
            ("unknown", &gateway, GATEWAY, "00112233445566778899AABBCCDDEEFF"),
        ] {
            let c = call(session, origin);
            place.refuses(Kind::NotFound, why, registry.retrieve_key(&c, id)).await;
            texts.push(registry.retrieve_key(&c, id).await.unwrap_err().text());
        }
        assert!(texts.windows(2).all(|two| two[0] == two[1]), "{texts:?}");
        // A key of the other function is not there either.
        let (other, session) = match function {
            Function::Mef => (setting.maf.registry(), at_maf("gateway")),
            Function::Maf => (setting.mef.registry(), at_mef("gateway")),
        };
        let c = call(&session, GATEWAY);
        place.refuses(Kind::NotFound, "the other function", other.retrieve_key(&c, &rkid)).await;
        for text in ["", "A1", "zz112233445566778899AABBCCDDEEFF", "00112233445566778899AABBCCDDEEFF00"] {
            let c = call(&gateway, GATEWAY);
            place.refuses(Kind::BadRequest, text, registry.retrieve_key(&c, text)).await;
        }
        for handshake in [Handshake::Gba, Handshake::ServerOnly] {
            let credential = if function == Function::Mef {
                "10-gateway@mef.example.com"
            } else {
                "11-gateway@maf.example.com"
            };
            let c = call(&session_of(handshake, credential), GATEWAY);
            place
                .refuses(Kind::SecurityAssociationRequired, "handshake", registry.retrieve_key(&c, &rkid))
                .await;
        }
        // A source that is disabled has no keys any more.
        setting.change("device", ClientChange::Enable(false)).await;
        let c = call(&gateway, GATEWAY);
        place.refuses(Kind::NotFound, "a disabled source", registry.retrieve_key(&c, &rkid)).await;
        setting.change("device", ClientChange::Enable(true)).await;
    }
}

fn session_of(handshake: Handshake, credential: &str) -> std::sync::Arc<ibc::service::session::Session> {
    session(handshake, credential, None)
}

async fn any_identity_of_the_session_may_be_the_target(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, gateway) = setting.registered(function).await;
        let registry = setting.registry(function);
        let asked =
            KeyRegistrationRequest { target_ids: Some(vec![PANEL.into()]), ..key(function, &[1; 32]) };
        let rkid = registry.register_key(&call(&device, DEVICE), &asked).await.unwrap().relative_key_id;
        for origin in [PANEL, GATEWAY, "/CSE2/C7", "C7"] {
            registry.retrieve_key(&call(&gateway, origin), &rkid).await.unwrap();
        }
    }
}

async fn an_update_changes_what_was_asked(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, gateway) = setting.registered(function).await;
        let registry = setting.registry(function);
        let asked = KeyRegistrationRequest { suid: saef(function) + 2, ..key(function, &[8; 32]) };
        let rkid = registry.register_key(&call(&device, DEVICE), &asked).await.unwrap().relative_key_id;
        let end = Some("20260701T000000".to_string());
        let own = || call(&device, DEVICE);
        let request = KeyUpdateRequest { expiration_time: end.clone(), ..update(function) };
        let answer = registry.update_key(&own(), &rkid, &request).await.unwrap();
        assert_eq!((answer.expiration_time, answer.labels, answer.target_ids), (end.clone(), None, None));
        let request = KeyUpdateRequest { labels: Some(vec!["x".into()]), ..update(function) };
        let answer = registry.update_key(&own(), &rkid, &request).await.unwrap();
        assert_eq!((answer.expiration_time, answer.target_ids), (None, None));
        assert_eq!(answer.labels.as_deref(), Some(&["x".to_string()][..]));
        // The same key, under the data key of another day.
        let retrieved = registry.retrieve_key(&call(&gateway, GATEWAY), &rkid).await.unwrap();
        assert_eq!((Some(retrieved.expiration_time), retrieved.labels.unwrap().len()), (end, 1));
        assert_eq!(&**retrieved.key_value.expose(), &[8; 32]);
        let request =
            KeyUpdateRequest { target_ids: Some(vec![STRANGER.into(), PANEL.into()]), ..update(function) };
        let answer = registry.update_key(&own(), &rkid, &request).await.unwrap();
        assert_eq!(answer.target_ids, request.target_ids);
        let stranger = if function == Function::Mef { at_mef("stranger") } else { at_maf("stranger") };
        registry.retrieve_key(&call(&stranger, STRANGER), &rkid).await.unwrap();
        let request = KeyUpdateRequest { target_ids: Some(vec![STRANGER.into()]), ..update(function) };
        registry.update_key(&own(), &rkid, &request).await.unwrap();
        let other = call(&gateway, GATEWAY);
        place.refuses(Kind::NotFound, "no target any more", registry.retrieve_key(&other, &rkid)).await;
        let targets = |texts: &[&str]| Some(texts.iter().map(|text| (*text).into()).collect());
        for (kind, why, request) in [
            (Kind::BadRequest, "nothing", update(function)),
            (Kind::BadRequest, "FQDN", KeyUpdateRequest { fqdn: "x.example.com".into(), ..request.clone() }),
            (
                Kind::BadRequest,
                "no time",
                KeyUpdateRequest { expiration_time: Some("x".into()), ..update(function) },
            ),
            (
                Kind::ContentsUnacceptable,
                "the past",
                KeyUpdateRequest { expiration_time: Some("20260101T000000".into()), ..update(function) },
            ),
            (
                Kind::ContentsUnacceptable,
                "no targets",
                KeyUpdateRequest { target_ids: targets(&[]), ..update(function) },
            ),
            (
                Kind::ContentsUnacceptable,
                "the source",
                KeyUpdateRequest { target_ids: targets(&[DEVICE]), ..update(function) },
            ),
            (
                Kind::ContentsUnacceptable,
                "relative",
                KeyUpdateRequest { target_ids: targets(&["/CSE2"]), ..update(function) },
            ),
        ] {
            let own = own();
            place.refuses(kind, why, registry.update_key(&own, &rkid, &request)).await;
        }
        let other = call(&gateway, GATEWAY);
        place.refuses(Kind::NotFound, "another's", registry.update_key(&other, &rkid, &request)).await;
        place
            .refuses(Kind::NotFound, "another's", registry.deregister_key(&other, &name(function), &rkid))
            .await;
        let own = own();
        place.refuses(Kind::NotFound, "unknown", registry.update_key(&own, &"0".repeat(32), &request)).await;
        place.refuses(Kind::BadRequest, "no name", registry.update_key(&own, "x", &request)).await;
    }
}

async fn the_stakeholder_may_change_targets(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, gateway) = setting.registered(function).await;
        let registry = setting.registry(function);
        let asked = KeyRegistrationRequest { suid: saef(function) + 2, ..key(function, &[8; 32]) };
        let rkid = registry.register_key(&call(&device, DEVICE), &asked).await.unwrap().relative_key_id;
        let name = rkid.parse().unwrap();
        for targets in [&[][..], &[DEVICE.to_string()], &["/CSE2".to_string()]] {
            let change = setting.admin.change_targets(function, &name, targets);
            place.refuses(Kind::ContentsUnacceptable, "targets", change).await;
        }
        let to_stranger = [STRANGER.to_string()];
        setting.admin.change_targets(function, &name, &to_stranger).await.unwrap();
        let stranger = if function == Function::Mef { at_mef("stranger") } else { at_maf("stranger") };
        registry.retrieve_key(&call(&stranger, STRANGER), &rkid).await.unwrap();
        let other = call(&gateway, GATEWAY);
        place.refuses(Kind::NotFound, "no target any more", registry.retrieve_key(&other, &rkid)).await;
        let unknown = "00112233445566778899AABBCCDDEEFF".parse().unwrap();
        let change = setting.admin.change_targets(function, &unknown, &to_stranger);
        place.refuses(Kind::NotFound, "an unknown key", change).await;
    }
}

async fn what_may_not_be_updated_does_not_parse(_: &Place) {
    for member in [
        r#""suid":22"#,
        r#""adfq":"sp.example.com""#,
        r#""kv":"AAAA""#,
        r#""rkid":"A""#,
        r#""cr":"x""#,
        r#""lbl":["a"]"#,
    ] {
        let body = format!(r#"{{"fq":"mef.example.com","lbl":["a"],{member}}}"#);
        assert!(serde_json::from_str::<KeyUpdateRequest>(&body).is_err(), "{member}");
    }
    let whole = r#"{"fq":"maf.example.com","adfq":"sp.example.com","et":"20270101T000000","suid":32}"#;
    assert!(serde_json::from_str::<KeyRegistrationRequest>(whole).is_ok());
    for member in ["fq", "adfq", "et", "suid"] {
        let mut body: serde_json::Value = serde_json::from_str(whole).unwrap();
        body.as_object_mut().unwrap().remove(member);
        assert!(serde_json::from_value::<KeyRegistrationRequest>(body).is_err(), "{member}");
    }
    for member in
        [r#""rkid":"A""#, r#""cr":"x""#, r#""ty":5"#, r#""fq":"x.example.com""#, r#""kv":"not base64!""#]
    {
        let body = format!("{},{member}}}", &whole[..whole.len() - 1]);
        assert!(serde_json::from_str::<KeyRegistrationRequest>(&body).is_err(), "{member}");
    }
}

async fn a_key_that_is_de_registered_is_gone_and_its_name_is_not(place: &Place) {
    let setting = Setting::new(place).await;
    for function in BOTH {
        let (device, gateway) = setting.registered(function).await;
        let registry = setting.registry(function);
        let rkid =
            registry.register_key(&call(&device, DEVICE), &key(function, &[])).await.unwrap().relative_key_id;
        let names = place.number("select count(*) from used_key_id").await;
        registry.deregister_key(&call(&device, DEVICE), &name(function), &rkid).await.unwrap();
        assert_eq!(place.last("key deregistered").await["key"], rkid);
        assert_eq!(place.number("select count(*) from registered_key").await, 0);
        assert_eq!(place.number("select count(*) from used_key_id").await, names);
        assert_eq!(place.number("select count(*) from early_end").await, 1, "to be erased");
        let (own, other) = (call(&device, DEVICE), call(&gateway, GATEWAY));
        place.refuses(Kind::NotFound, "retrieval", registry.retrieve_key(&other, &rkid)).await;
        place.refuses(Kind::NotFound, "again", registry.deregister_key(&own, &name(function), &rkid)).await;
        place
            .refuses(Kind::Conflict, "the same export", registry.register_key(&own, &key(function, &[])))
            .await;
    }
}

/// Two clients cannot export the same octets; that two requests do, on two nodes, must still give one key.
async fn two_clients_with_one_export_get_one_key(place: &Place) {
    let setting = Setting::new(place).await;
    setting.registered(Function::Mef).await;
    let other = place.mef("b").await;
    let nodes = [setting.mef.registry(), other.registry()];
    let tasks: Vec<_> = (0..8)
        .map(|index| {
            let registry = nodes[index % 2].clone();
            let (credential, origin, target) = if index % 4 < 2 {
                ("10-device@mef.example.com", DEVICE, GATEWAY)
            } else {
                ("10-gateway@mef.example.com", GATEWAY, DEVICE)
            };
            tokio::spawn(async move {
                let session = exporting(credential, 77);
                let asked = KeyRegistrationRequest {
                    target_ids: Some(vec![target.into()]),
                    ..key(Function::Mef, &[])
                };
                registry.register_key(&call(&session, origin), &asked).await
            })
        })
        .collect();
    let mut registered = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => registered += 1,
            // two nodes that wait for each other: one of them may repeat
            Err(error) if error.kind() == Kind::Unavailable => {}
            outcome => refused(outcome, Kind::Conflict, "the second"),
        }
    }
    assert_eq!(registered, 1);
    assert_eq!(place.number("select count(*) from registered_key").await, 1);
    assert_eq!(place.number("select count(*) from used_key_id").await, 1);
    place.check_chains().await;
}

async fn updates_at_once_lose_nothing(place: &Place) {
    let setting = Setting::new(place).await;
    let (device, gateway) = setting.registered(Function::Mef).await;
    let registry = setting.mef.registry();
    let rkid = registry
        .register_key(&call(&device, DEVICE), &key(Function::Mef, &[6; 32]))
        .await
        .unwrap()
        .relative_key_id;
    let other = place.mef("b").await;
    let nodes = [registry.clone(), other.registry()];
    let tasks: Vec<_> = (0..16)
        .map(|index| {
            let (registry, rkid) = (nodes[index % 2].clone(), rkid.clone());
            tokio::spawn(async move {
                let request = KeyUpdateRequest {
                    expiration_time: Some(format!("202607{:02}T000000", index + 1)),
                    labels: Some(vec![format!("{}", index + 1)]),
                    ..update(Function::Mef)
                };
                registry.update_key(&call(&at_mef("device"), DEVICE), &rkid, &request).await
            })
        })
        .collect();
    let mut updated = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => updated += 1,
            // compare and swap: may be repeated
            outcome => refused(outcome, Kind::Unavailable, "a race"),
        }
    }
    assert!(updated > 0);
    let version = place.number("select version from registered_key").await;
    assert_eq!(version, 1 + updated, "each update that was answered is one version");
    // End, label and sealed value are those of one update.
    let retrieved = registry.retrieve_key(&call(&gateway, GATEWAY), &rkid).await.unwrap();
    let label: u32 = retrieved.labels.unwrap()[0].parse().unwrap();
    assert_eq!(retrieved.expiration_time, format!("202607{label:02}T000000"));
    assert_eq!(&**retrieved.key_value.expose(), &[6; 32]);
}

async fn keys_are_nowhere_in_clear(place: &Place) {
    let setting = Setting::new(place).await;
    let given: Vec<u8> = (1..=32).map(|index| index * 7).collect();
    let mut exported = [0; 48];
    FakeExporter(41).export(CONNECTION, &mut exported).unwrap();
    for function in BOTH {
        let (device, gateway) = setting.registered(function).await;
        let registry = setting.registry(function);
        let rkid = registry
            .register_key(&call(&device, DEVICE), &key(function, &given))
            .await
            .unwrap()
            .relative_key_id;
        registry.retrieve_key(&call(&gateway, GATEWAY), &rkid).await.unwrap();
        let request = KeyUpdateRequest { expiration_time: Some(FAR.into()), ..update(function) };
        registry.update_key(&call(&device, DEVICE), &rkid, &request).await.unwrap();
        let bad = KeyRegistrationRequest { suid: 99, ..key(function, &given) };
        refused(
            registry.register_key(&call(&device, DEVICE), &bad).await,
            Kind::ContentsUnacceptable,
            "SUID",
        );
    }
    let session = exporting("10-device@mef.example.com", 41);
    setting.mef.registry().register_key(&call(&session, DEVICE), &key(Function::Mef, &[])).await.unwrap();
    assert!(place.holds(PROVIDER.as_bytes()).await, "the search finds what is there");
    assert!(!place.holds(&given).await);
    assert!(!place.holds(&exported[16..]).await);
    // The audit log least of all.
    let audit = format!("{:?}", place.audit().await);
    assert!(!audit.contains(&base16ct::lower::encode_string(&given)));
}
