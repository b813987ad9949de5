//! What the sweeper removes, publishes and erases.

use crate::service::{MEF, Place, call, fqdn};
use crate::setting::{DEVICE, GATEWAY, Setting, at_mef, exporting, key, registration};
use ibc::Function;
use ibc::service::error::Kind;
use ibc::service::sweeper::{Sweeper, Swept};
use ibc::wire::{EnrolRequest, KeyRegistrationRequest, RegistrationRequest};
use std::time::Duration;

crate::on_each_store!(
    what_has_expired_goes_and_names_stay,
    nothing_is_swept_before_its_end,
    a_value_that_ends_early_is_erased_everywhere,
    more_than_a_batch_goes_at_once,
);

fn data_keys(place: &Place) -> usize {
    place.keys.data_keys().names().unwrap().len()
}

async fn what_has_expired_goes_and_names_stay(place: &Place) {
    let setting = Setting::new(place).await;
    let (device, _) = setting.registered(Function::Mef).await;
    let registry = setting.mef.registry();
    setting
        .admin
        .queue_command(
            place.last("client registered").await["registration"].as_str().unwrap(),
            &ibc::wire::CommandDescription {
                class: 3,
                arguments: ibc::wire::CommandArguments::ManagementObject {
                    path: "/1".into(),
                    object_type: 2,
                    specific: None,
                },
                target: None,
            },
        )
        .await
        .unwrap();
    let rkid = registry
        .register_key(&call(&device, DEVICE), &key(Function::Mef, &[]))
        .await
        .unwrap()
        .relative_key_id;
    setting.mef.keep_enrolment_key(&call(&exporting("10-device@mef.example.com", 90), DEVICE)).await.unwrap();
    let asked = EnrolRequest { id: DEVICE.into(), expiration_time: Some("20260701T000000".into()) };
    let id_2 = setting.mef.enrol(&call(&device, DEVICE), &asked).await.unwrap().id2;
    setting.mef.deny(id_2.parse().unwrap(), "lost").await.unwrap();
    let keys = data_keys(place);
    let sweeper = Sweeper::new(setting.admin.core.clone(), Some(fqdn(MEF)), Duration::ZERO);
    // 2026-07-01 and the skew
    place.clock.advance(30 * 86_400 + 300);
    let swept = sweeper.sweep().await.unwrap();
    assert_eq!((swept.identities, swept.denials, swept.keys, swept.registrations), (1, 1, 0, 0));
    // 2026-09-09: keys; 2027-01-01: registrations
    place.clock.advance(70 * 86_400);
    let swept = sweeper.sweep().await.unwrap();
    assert_eq!((swept.keys, swept.enrolment_keys, swept.registrations, swept.data_keys), (1, 1, 0, 0));
    place.clock.advance(86_400);
    assert_eq!(sweeper.sweep().await.unwrap().data_keys, 1);
    assert_eq!(data_keys(place), keys - 1, "the day of key and enrolment key");
    place.clock.set(crate::service::time("20270101T000000"));
    let swept = sweeper.sweep().await.unwrap();
    assert_eq!(swept.registrations, 2);
    for table in ["registered_key", "enrolment_key", "registration", "command", "ibc_identity", "denied"] {
        assert_eq!(place.rows().await[table], 0, "{table}");
    }
    assert_eq!(place.rows().await["used_key_id"], 1, "{rkid} stays taken");
    // The session's export names a key that was: never again.
    let far =
        RegistrationRequest { expiration_time: "20271001T000000".into(), ..registration(Function::Mef) };
    registry.register_client(&call(&device, DEVICE), &far).await.unwrap_or_else(|error| panic!("{error:?}"));
    let asked =
        KeyRegistrationRequest { expiration_time: "20270301T000000".into(), ..key(Function::Mef, &[]) };
    let c = call(&device, DEVICE);
    place.refuses(Kind::Conflict, "a name that was given", registry.register_key(&c, &asked)).await;
    place.check_chains().await;
}

async fn nothing_is_swept_before_its_end(place: &Place) {
    let setting = Setting::new(place).await;
    let (device, gateway) = setting.registered(Function::Maf).await;
    let registry = setting.maf.registry();
    let rkid = registry
        .register_key(&call(&device, DEVICE), &key(Function::Maf, &[1; 32]))
        .await
        .unwrap()
        .relative_key_id;
    let (rows, keys) = (place.rows().await, data_keys(place));
    let sweeper = Sweeper::new(setting.admin.core.clone(), None, Duration::ZERO);
    for _ in 0..2 {
        assert_eq!(sweeper.sweep().await.unwrap(), Swept::default());
        // to the last second of the day before
        place.clock.set(crate::service::time("20260908T235959"));
    }
    assert_eq!((place.rows().await, data_keys(place)), (rows, keys));
    registry.retrieve_key(&call(&gateway, GATEWAY), &rkid).await.unwrap();
}

async fn a_value_that_ends_early_is_erased_everywhere(place: &Place) {
    let setting = Setting::new(place).await;
    let (device, gateway) = setting.registered(Function::Mef).await;
    let registry = setting.mef.registry();
    let mut names = Vec::new();
    for octet in 1..=3 {
        let asked = key(Function::Mef, &[octet; 32]);
        names.push(registry.register_key(&call(&device, DEVICE), &asked).await.unwrap().relative_key_id);
    }
    // Of the same day: an enrolment key.
    setting.mef.keep_enrolment_key(&call(&exporting("10-device@mef.example.com", 91), DEVICE)).await.unwrap();
    let day = place.number("select day from registered_key limit 1").await;
    assert_eq!(place.number("select count(*) from enrolment_key where generation = 1").await, 1);
    registry.deregister_key(&call(&device, DEVICE), MEF, &names[0]).await.unwrap();
    let keys = data_keys(place);
    let sweeper = Sweeper::new(setting.admin.core.clone(), Some(fqdn(MEF)), Duration::ZERO);
    let swept = sweeper.sweep().await.unwrap();
    assert_eq!((swept.resealed, swept.data_keys), (3, 0), "two keys and an enrolment key");
    assert_eq!(data_keys(place), keys + 1);
    assert_eq!(place.number("select count(*) from registered_key where generation = 2").await, 2);
    // Not before no node can be storing what it sealed a moment ago.
    place.clock.advance(119);
    assert_eq!(sweeper.sweep().await.unwrap(), Swept::default());
    place.clock.advance(1);
    assert_eq!(sweeper.sweep().await.unwrap(), Swept { data_keys: 1, ..Swept::default() });
    assert_eq!(data_keys(place), keys);
    assert_eq!(place.rows().await["early_end"], 0);
    assert_eq!(place.last("data key erased").await["day"], day);
    for (octet, name) in (1..).zip(&names).skip(1) {
        let retrieved = registry.retrieve_key(&call(&gateway, GATEWAY), name).await.unwrap();
        assert_eq!(&**retrieved.key_value.expose(), &[octet; 32]);
    }
    let other = call(&at_mef("gateway"), GATEWAY);
    place.refuses(Kind::NotFound, "the one that ended", registry.retrieve_key(&other, &names[0])).await;
    // What is registered now lies under the new key.
    registry.register_key(&call(&device, DEVICE), &key(Function::Mef, &[4; 32])).await.unwrap();
    assert_eq!(place.number("select count(*) from registered_key where generation = 2").await, 3);
}

async fn more_than_a_batch_goes_at_once(place: &Place) {
    let setting = Setting::new(place).await;
    let (device, _) = setting.registered(Function::Mef).await;
    let registry = setting.mef.registry();
    for index in 0..256 {
        let asked = KeyRegistrationRequest {
            expiration_time: "20260601T000100".into(),
            key_value: None,
            ..key(Function::Mef, &[])
        };
        let session = exporting("10-device@mef.example.com", 100_000 + index);
        registry.register_key(&call(&session, DEVICE), &asked).await.unwrap();
    }
    let c = call(&device, DEVICE);
    let asked = key(Function::Mef, &[1; 32]);
    place.refuses(Kind::ContentsUnacceptable, "more than 256", registry.register_key(&c, &asked)).await;
    place.clock.advance(60);
    let sweeper = Sweeper::new(setting.admin.core.clone(), None, Duration::ZERO);
    assert_eq!(sweeper.sweep().await.unwrap().keys, 256);
    registry.register_key(&c, &asked).await.unwrap();
}
