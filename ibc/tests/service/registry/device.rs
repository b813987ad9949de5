//! Device configuration at the MEF: TS-0003 clauses 8.3.4.6 and 8.3.8.

use crate::service::{PROVIDER, Place, call, fqdn};
use crate::setting::{DEVICE, GATEWAY, Setting, at_mef};
use ibc::Function;
use ibc::service::error::Kind;
use ibc::wire::{CommandArguments, DeviceObject, DeviceReport, DeviceResult};
use serde_json::{Value, json};

crate::on_each_store!(
    a_changed_object_is_commanded_fetched_and_reported,
    a_registration_begins_with_what_the_device_has_not,
    only_the_own_registration_shows_objects,
    what_no_device_reports_changes_nothing,
    only_objects_that_a_mef_configures_are_taken,
    objects_go_with_their_client,
);

fn anchor(path: &str) -> (String, Value) {
    (path.into(), json!({"trustAnchorCred": {}}))
}

fn result(path: &str, version: u64, status: u16) -> DeviceReport {
    DeviceReport { results: vec![DeviceResult { path: path.into(), version, status }] }
}

async fn set(setting: &Setting, objects: &[(String, Value)]) -> usize {
    setting.admin.set_device_objects("device", &fqdn(PROVIDER), objects).await.unwrap()
}

async fn statuses(setting: &Setting) -> Vec<(String, u64, Option<u16>)> {
    let all = setting.admin.device_objects("device", &fqdn(PROVIDER)).await.unwrap();
    all.into_iter().map(|one| (one.path, one.version, one.status)).collect()
}

async fn registered(setting: &Setting) -> String {
    setting.register(Function::Mef, &at_mef("device"), DEVICE).await.id
}

async fn a_changed_object_is_commanded_fetched_and_reported(place: &Place) {
    let setting = Setting::new(place).await;
    let (id, device) = (registered(&setting).await, at_mef("device"));
    let own = || call(&device, DEVICE);
    assert_eq!(set(&setting, &[anchor("/b"), anchor("/a")]).await, 2);
    assert_eq!(place.last("admin configuration set").await["commands"], 1);
    // Told once, however often something changes before the device looks.
    assert_eq!(set(&setting, &[anchor("/c")]).await, 1);
    assert_eq!(place.last("admin configuration set").await["commands"], 0);
    let command = setting.mef.retrieve_command(&own(), &id).await.unwrap();
    assert_eq!((command.description.class, command.status), (2, 10));
    let uri = format!("240:https://mef.example.com/mef/{id}/dm");
    assert_eq!(command.description.arguments, CommandArguments::DeviceConfiguration { uri });
    let given = setting.mef.device_objects(&own(), &id).await.unwrap().objects;
    let object = |path: &str, version| DeviceObject {
        path: path.into(),
        version,
        object: Some(json!({"trustAnchorCred": {}})),
    };
    assert_eq!(given, [object("/a", 2), object("/b", 1), object("/c", 3)]);
    setting.mef.report_device_objects(&own(), &id, &result("/a", 2, 20)).await.unwrap();
    setting.mef.report_device_objects(&own(), &id, &result("/b", 1, 202)).await.unwrap();
    assert_eq!(place.last("device objects reported").await["failed"], "/b");
    // A version that is not the present one is passed over.
    setting.mef.report_device_objects(&own(), &id, &result("/c", 2, 20)).await.unwrap();
    assert_eq!(place.last("device objects reported").await["objects"], 0);
    let listed = [("/a".into(), 2, Some(20)), ("/b".into(), 1, Some(202)), ("/c".into(), 3, None)];
    assert_eq!(statuses(&setting).await, listed);
    // What was issued is not what waits: a change after it is told anew. What is as it was is no change.
    assert_eq!(set(&setting, &[anchor("/a")]).await, 0);
    let removed = setting.admin.remove_device_objects("device", &fqdn(PROVIDER), &["/a".into()]).await;
    assert_eq!((removed.unwrap(), statuses(&setting).await[0].clone()), (1, ("/a".into(), 4, None)));
    assert_eq!(place.last("admin configuration remove").await["commands"], 1);
    let given = setting.mef.device_objects(&own(), &id).await.unwrap().objects;
    assert_eq!(given[0], DeviceObject { path: "/a".into(), version: 4, object: None });
    setting.mef.report_device_objects(&own(), &id, &result("/a", 4, 202)).await.unwrap();
    assert_eq!(statuses(&setting).await.len(), 3, "not deleted at the device");
    setting.mef.report_device_objects(&own(), &id, &result("/a", 4, 20)).await.unwrap();
    assert_eq!(statuses(&setting).await.len(), 2);
    let unknown = setting.admin.remove_device_objects("device", &fqdn(PROVIDER), &["/a".into()]).await;
    assert_eq!(unknown.unwrap_err().kind(), Kind::NotFound);
}

async fn a_registration_begins_with_what_the_device_has_not(place: &Place) {
    let setting = Setting::new(place).await;
    set(&setting, &[anchor("/a")]).await;
    let device = at_mef("device");
    let answer = setting.register(Function::Mef, &device, DEVICE).await;
    assert_eq!(answer.children.map(|children| children.len()), Some(1), "the answer refers to a command");
    let command = setting.mef.retrieve_command(&call(&device, DEVICE), &answer.id).await.unwrap();
    assert_eq!(command.description.class, 2);
    let report = result("/a", 1, 20);
    setting.mef.report_device_objects(&call(&device, DEVICE), &answer.id, &report).await.unwrap();
    setting
        .mef
        .registry()
        .deregister_client(&call(&device, DEVICE), "mef.example.com", &answer.id)
        .await
        .unwrap();
    let again = setting.register(Function::Mef, &device, DEVICE).await;
    assert!(again.children.is_none(), "the device has everything");
}

async fn only_the_own_registration_shows_objects(place: &Place) {
    let setting = Setting::new(place).await;
    let id = registered(&setting).await;
    set(&setting, &[anchor("/a")]).await;
    let (other, report) = (call(&at_mef("gateway"), GATEWAY), result("/a", 1, 20));
    place.refuses(Kind::NotFound, "", setting.mef.device_objects(&other, &id)).await;
    let refused = setting.mef.report_device_objects(&other, &id, &report);
    place.refuses(Kind::NotFound, "", refused).await;
    let own = call(&at_mef("device"), DEVICE);
    place.refuses(Kind::NotFound, "", setting.mef.device_objects(&own, "x")).await;
    assert_eq!(statuses(&setting).await, [("/a".into(), 1, None)]);
}

async fn what_no_device_reports_changes_nothing(place: &Place) {
    let setting = Setting::new(place).await;
    let (id, device) = (registered(&setting).await, at_mef("device"));
    set(&setting, &[anchor("/a")]).await;
    for status in [0, 10, 43, 200, 203, 65535] {
        let (own, report) = (call(&device, DEVICE), result("/a", 1, status));
        let refused = setting.mef.report_device_objects(&own, &id, &report);
        place.refuses(Kind::BadRequest, "status", refused).await;
    }
    let results = vec![DeviceResult { path: "/a".into(), version: 1, status: 20 }; 65];
    let (own, report) = (call(&device, DEVICE), DeviceReport { results });
    let many = setting.mef.report_device_objects(&own, &id, &report);
    place.refuses(Kind::BadRequest, "more results", many).await;
    assert_eq!(statuses(&setting).await, [("/a".into(), 1, None)]);
}

async fn only_objects_that_a_mef_configures_are_taken(place: &Place) {
    let setting = Setting::new(place).await;
    let sp = fqdn(PROVIDER);
    let large = json!({"trustAnchorCred": {"x": "x".repeat(640)}});
    for (path, object, kind) in [
        ("/a", json!({"myCertFileCred": {}}), Kind::BadRequest),
        ("/a", json!({"authenticationProfile": {"symmKeyValue": "00"}}), Kind::BadRequest),
        ("/a", json!({"authenticationProfile": {"x": [{"symmKeyValue": "00"}]}}), Kind::BadRequest),
        ("/a", json!({"trustAnchorCred": {}, "MEFClientRegCfg": {}}), Kind::BadRequest),
        ("/a", json!({}), Kind::BadRequest),
        ("a", json!({"trustAnchorCred": {}}), Kind::BadRequest),
        ("/a b", json!({"trustAnchorCred": {}}), Kind::BadRequest),
        ("/a", large, Kind::ContentsUnacceptable),
    ] {
        let refused = setting.admin.set_device_objects("device", &sp, &[(path.into(), object)]).await;
        assert_eq!(refused.unwrap_err().kind(), kind, "{path}");
    }
    let many: Vec<_> = (0..65).map(|number| anchor(&format!("/{number}"))).collect();
    let refused = setting.admin.set_device_objects("device", &sp, &many).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::ContentsUnacceptable);
    assert!(statuses(&setting).await.is_empty(), "all or nothing");
    for (client, stakeholder) in [("nobody", PROVIDER), ("device", "nobody.example.com")] {
        let refused = setting.admin.set_device_objects(client, &fqdn(stakeholder), &[anchor("/a")]).await;
        assert_eq!(refused.unwrap_err().kind(), Kind::NotFound, "{client}");
    }
}

async fn objects_go_with_their_client(place: &Place) {
    let setting = Setting::new(place).await;
    set(&setting, &[anchor("/a")]).await;
    setting.admin.remove_client("device", None).await.unwrap();
    assert_eq!(place.number("select count(*) from device_object").await, 0);
}
