//! A device is configured by a command of its MEF (DEV_CFG), over the network: TS-0003 clauses 8.3.4.2, 8.3.4.6, 8.3.8.

use crate::client::{self, client, clock, name, own};
use crate::http::Running;
use crate::service::{MEF, PROVIDER, Place, fqdn};
use crate::setting::{DEVICE, FAR, GATEWAY, Setting};
use eccsi_sakke::onem2m::ExpirationTime;
use ibc::Function;
use ibc::client::commands::{CommandLoop, Provisioner};
use ibc::client::node::Node;
use ibc::client::{Client, DeviceStore, StoredRegistration};
use ibc::wire::{CommandArguments, CommandDescription, ObjectTypeSpecific};
use serde_json::{Value, json};
use std::path::PathBuf;

fn registration_object() -> (String, Value) {
    ("/mef".into(), json!({"MEFClientRegCfg": {"fqdn": MEF, "adminFQDN": PROVIDER}}))
}

fn profile() -> (String, Value) {
    let profile = json!({"SUID": 22, "parent": "registration", "TLSCiphersuites": ["00AE", "C0A8"],
        "keyRegDuration": "P10D", "registration": "/mef", "targets": [GATEWAY]});
    ("/saef".into(), json!({"authenticationProfile": profile}))
}

async fn registered(device: &mut Client, provisioner: &Provisioner) -> String {
    let end = ExpirationTime::parse(FAR).unwrap();
    let answer = device.register(&fqdn(PROVIDER), end, None).await.unwrap();
    let registration = StoredRegistration {
        function: Function::Mef,
        fqdn: fqdn(MEF),
        stakeholder: fqdn(PROVIDER),
        entity: name(DEVICE),
        id: answer.id.clone(),
        until: ExpirationTime::parse(&answer.expiration_time).unwrap(),
        identity: None,
    };
    store(provisioner).keep_registration(&registration).unwrap();
    answer.id
}

fn store(provisioner: &Provisioner) -> &DeviceStore {
    &provisioner.stores[0].1
}

/// One turn of commands; the statuses that were reported, in their order.
async fn turn(
    place: &Place,
    setting: &Setting,
    device: &mut Client,
    provisioner: &mut Provisioner,
    registration: &str,
) -> Vec<u16> {
    let before = setting.admin.commands(registration).await.unwrap();
    let done = |number| before.iter().any(|one| one.number == number && one.status.is_some());
    let mut commands = CommandLoop::new(device, registration, own());
    commands.turn(device, provisioner, &*clock(place)).await.unwrap();
    let after = setting.admin.commands(registration).await.unwrap();
    after.iter().filter(|one| !done(one.number)).filter_map(|one| one.status).collect()
}

async fn a_configured_device_registers_keys_and_is_unconfigured(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let (mut device, mut provisioner) =
        (client(&server, Function::Mef, "device", DEVICE), client::provisioner(place));
    let sp = fqdn(PROVIDER);
    // The operator configures before the device is there.
    setting.admin.set_device_objects("device", &sp, &[registration_object(), profile()]).await.unwrap();
    let id = registered(&mut device, &provisioner).await;
    let specific = Some(ObjectTypeSpecific { suid: 22 });
    let arguments = CommandArguments::ManagementObject { path: "/saef".into(), object_type: 1, specific };
    let mo_node = CommandDescription { class: 3, arguments, target: Some(DEVICE.into()) };
    setting.admin.queue_command(&id, &mo_node).await.unwrap();
    let statuses = turn(place, &setting, &mut device, &mut provisioner, &id).await;
    assert_eq!(statuses, [20, 20], "the profile is there when MO_NODE names it");
    assert_eq!(place.number("select count(*) from registered_key").await, 1);
    let objects = store(&provisioner).objects().unwrap();
    assert_eq!(objects.iter().map(|one| &*one.path).collect::<Vec<_>>(), ["/mef", "/saef"]);
    let shown = setting.admin.device_objects("device", &sp).await.unwrap();
    assert!(shown.iter().all(|one| one.status == Some(20)), "{shown:?}");

    // One that cannot be applied is told by its path; the others are applied.
    let twice = ("/again".into(), registration_object().1);
    let anchor = ("/anchor".into(), json!({"trustAnchorCred": {}}));
    setting.admin.set_device_objects("device", &sp, &[twice, anchor]).await.unwrap();
    place.clock.advance(3_600);
    let statuses = turn(place, &setting, &mut device, &mut provisioner, &id).await;
    assert_eq!(statuses, [202]);
    let shown = setting.admin.device_objects("device", &sp).await.unwrap();
    let shown: Vec<_> = shown.iter().map(|one| (&*one.path, one.status)).collect();
    let all = [("/again", Some(202)), ("/anchor", Some(20)), ("/mef", Some(20)), ("/saef", Some(20))];
    assert_eq!(shown, all);
    assert_eq!(store(&provisioner).objects().unwrap().len(), 3);

    // Deleted again: what the object led to ends.
    let paths = ["/again", "/anchor", "/saef", "/mef"].map(String::from);
    setting.admin.remove_device_objects("device", &sp, &paths).await.unwrap();
    place.clock.advance(3_600);
    assert_eq!(turn(place, &setting, &mut device, &mut provisioner, &id).await, [20]);
    assert!(setting.admin.device_objects("device", &sp).await.unwrap().is_empty());
    let entity = name(DEVICE);
    let ended = Node::new(store(&provisioner), &entity).end_registrations(&mut device).await.unwrap();
    assert_eq!(ended, [id]);
    assert_eq!(place.number("select count(*) from registration").await, 0);
    assert_eq!(place.number("select count(*) from registered_key").await, 0);
    assert!(store(&provisioner).objects().unwrap().is_empty());
    server.stop().await;
}

fn by(protocol: &str, uri: &str) -> CommandDescription {
    let arguments = CommandArguments::DeviceConfiguration { uri: format!("{protocol}:{uri}") };
    CommandDescription { class: 2, arguments, target: None }
}

async fn other_protocols_are_left_to_a_program(place: &Place) {
    use std::os::unix::fs::PermissionsExt;
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let (mut device, mut provisioner) =
        (client(&server, Function::Mef, "device", DEVICE), client::provisioner(place));
    let id = registered(&mut device, &provisioner).await;
    let uri = format!("https://{MEF}/dm");
    let program = |exit: u8| -> PathBuf {
        let path = place.folder.join(format!("dm-{exit}"));
        let told = place.folder.join("told");
        std::fs::write(&path, format!("#!/bin/sh\necho \"$@\" > '{}'\nexit {exit}\n", told.display()))
            .unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        path
    };
    for (program, status) in [
        (None, 43),
        (Some(program(0)), 20),
        (Some(program(2)), 201),
        (Some(program(7)), 202),
        (Some(place.folder.join("none")), 202),
    ] {
        provisioner.dm_client = program;
        setting.admin.queue_command(&id, &by("3", &uri)).await.unwrap();
        place.clock.advance(3_600);
        assert_eq!(turn(place, &setting, &mut device, &mut provisioner, &id).await, [status]);
    }
    assert_eq!(std::fs::read_to_string(place.folder.join("told")).unwrap(), format!("3 {uri}\n"));
    // Its own protocol, and no registration behind the URI, or no number.
    for (command, status) in [
        (by("240", &uri), 43),
        (by("240", &format!("https://{MEF}/mef/x/dm")), 201),
        (by("70000", &uri), 42),
        (by("", &uri), 42),
    ] {
        setting.admin.queue_command(&id, &command).await.unwrap();
        place.clock.advance(3_600);
        assert_eq!(turn(place, &setting, &mut device, &mut provisioner, &id).await, [status], "{command:?}");
    }
    server.stop().await;
}

crate::on_each_store!(
    a_configured_device_registers_keys_and_is_unconfigured,
    other_protocols_are_left_to_a_program,
);
