//! Configuration objects of a device in its store, and what they lead to at the server in this process.

use crate::client::{client, clock, end, name, own, provisioner};
use crate::http::Running;
use crate::service::{MEF, PROVIDER, Place, fqdn};
use crate::setting::{DEVICE, FAR, GATEWAY, Setting, days};
use eccsi_sakke::onem2m::{ExpirationTime, SecurityUsage, UnixTime};
use ibc::Function;
use ibc::client::commands::CommandLoop;
use ibc::client::install::{Expected, NewKpak};
use ibc::client::node::{Deleted, Node, Object, ProfileObject, RegistrationObject, parse};
use ibc::client::{Client, ClientError, DeviceStore, StoredRegistration};
use ibc::command::object::{PSK_SUITES, Parent, Profile};
use ibc::wire::{CommandArguments, CommandDescription, ObjectTypeSpecific};

const DAY: u64 = 86_400;

fn registration_object() -> Object {
    Object::Registration(RegistrationObject {
        function: Function::Mef,
        fqdn: fqdn(MEF),
        stakeholder: fqdn(PROVIDER),
        end: Some(end(FAR)),
        labels: None,
    })
}

fn profile_object() -> ProfileObject {
    ProfileObject {
        profile: Profile {
            usage: SecurityUsage::RspfSaef,
            parent: Parent::Registration,
            suites: PSK_SUITES.to_vec(),
            key_id: None,
            key_duration: Some(days(10)),
            has_mef_registration: false,
            has_maf_registration: false,
            fingerprint: None,
            trust_anchors: 0,
        },
        registration: Some("/node/mef".into()),
        trust_anchors: vec![],
        targets: vec![GATEWAY.into()],
        labels: None,
        end: None,
    }
}

fn profile() -> Object {
    Object::Profile(Box::new(profile_object()))
}

fn open(place: &Place) -> DeviceStore {
    DeviceStore::open(&place.folder.join("device")).unwrap()
}

fn objects(list: &[(&str, Object)]) -> Vec<(String, Object)> {
    list.iter().map(|(path, object)| ((*path).into(), object.clone())).collect()
}

/// Registers what objects want, as a device does.
async fn register_wanted(place: &Place, store: &DeviceStore, device: &mut Client) -> Vec<String> {
    let mut registered = Vec::new();
    let entity = name(DEVICE);
    let wanted = Node::new(store, &entity).wanted((Function::Mef, &fqdn(MEF)), place.clock_now()).unwrap();
    for wanted in wanted {
        let answer = device.register(&wanted.stakeholder, wanted.end.unwrap(), wanted.labels).await.unwrap();
        let registration = StoredRegistration {
            function: wanted.function,
            fqdn: wanted.fqdn,
            stakeholder: wanted.stakeholder,
            entity: entity.clone(),
            id: answer.id.clone(),
            until: ExpirationTime::parse(&answer.expiration_time).unwrap(),
            identity: None,
        };
        store.keep_registration(&registration).unwrap();
        registered.push(answer.id);
    }
    registered
}

async fn registrations(place: &Place) -> (i64, i64) {
    (
        place.number("select count(*) from registration").await,
        place.number("select count(*) from registered_key").await,
    )
}

fn command(path: &str, suid: u8) -> CommandDescription {
    CommandDescription {
        class: 3,
        arguments: CommandArguments::ManagementObject {
            path: path.into(),
            object_type: 1,
            specific: Some(ObjectTypeSpecific { suid }),
        },
        target: Some(DEVICE.into()),
    }
}

async fn executes(
    place: &Place,
    setting: &Setting,
    device: &mut Client,
    registration: &str,
    path: &str,
) -> u64 {
    setting.admin.queue_command(registration, &command(path, 22)).await.unwrap();
    place.clock.advance(3_600);
    // Another process each time: nothing is known but what is in the store.
    let mut commands = CommandLoop::new(device, registration, own());
    let turn = commands.turn(device, &mut provisioner(place), &*clock(place)).await.unwrap();
    assert_eq!(turn.reported, 1);
    place.last("command reported").await["status"].as_u64().unwrap()
}

async fn configuration_objects_lead_to_registration(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut device = client(&server, Function::Mef, "device", DEVICE);
    let entity = name(DEVICE);
    let store = open(place);
    Node::new(&store, &entity).added(objects(&[("/node/mef", registration_object())])).unwrap();
    let registered = register_wanted(place, &store, &mut device).await;
    assert_eq!((registered.len(), registrations(place).await), (1, (1, 0)));
    Node::new(&store, &entity).added(objects(&[("/node/mef", registration_object())])).unwrap();
    assert!(register_wanted(place, &store, &mut device).await.is_empty(), "it is there already");

    // Commands on what is in the store.
    Node::new(&store, &entity).added(objects(&[("/node/saef", profile())])).unwrap();
    drop(store);
    for (path, status) in [("/node/saef", 20), ("/node/none", 300), ("/node/mef", 301)] {
        assert_eq!(executes(place, &setting, &mut device, &registered[0], path).await, status, "{path}");
    }
    assert_eq!(registrations(place).await, (1, 1));
    let store = open(place);
    let known = store.objects().unwrap();
    let key = known.iter().find_map(|one| one.key.clone()).expect("the key of the profile");
    let kept = store.key_of(&key.identifier).unwrap().expect("the key itself");
    assert_eq!((kept.usage, &kept.targets[..]), (SecurityUsage::RspfSaef, &[GATEWAY.into()][..]));
    server.stop().await;
}

async fn a_deleted_object_is_ended_until_that_is_answered(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut device = client(&server, Function::Mef, "device", DEVICE);
    let entity = name(DEVICE);
    let store = open(place);
    let all = [("/node/mef", registration_object()), ("/node/saef", profile())];
    Node::new(&store, &entity).added(objects(&all)).unwrap();
    let registered = register_wanted(place, &store, &mut device).await;
    let issued = device.enrol(&entity, None).await.unwrap();
    let expected = Expected { mef: fqdn(MEF), entity: entity.clone(), replaces: None };
    store.install(&issued, &expected, &NewKpak::First, place.clock_now()).unwrap();
    drop(store);
    assert_eq!(executes(place, &setting, &mut device, &registered[0], "/node/saef").await, 20);
    server.stop().await;

    // Nobody answers: everything stays, and is known to be ended, by the next process too.
    let store = open(place);
    let node = Node::new(&store, &entity);
    assert_eq!(node.deleted("/node/none").unwrap(), Deleted::Unknown);
    assert_eq!(node.deleted("/node/mef").unwrap(), Deleted::Ends(registered[0].clone()));
    node.end_registrations(&mut device).await.expect_err("the server has stopped");
    drop(store);
    let store = open(place);
    let node = Node::new(&store, &entity);
    assert!(node.ends(Function::Mef, &fqdn(MEF), &registered[0]).unwrap());
    let now = place.clock_now();
    assert!(node.wanted((Function::Mef, &fqdn(MEF)), now).unwrap().is_empty());
    assert!(matches!(
        node.added(objects(&[("/node/mef", registration_object())])),
        Err(ClientError::Configuration(_))
    ));
    assert_eq!((store.registrations().unwrap().len(), store.keys().unwrap().len()), (1, 1));
    assert!(store.installed().unwrap().is_some());

    // It is answered; then what belongs to it is gone, here and there, and nothing is left to be ended.
    let server = Running::new(&setting).await;
    let mut device = client(&server, Function::Mef, "device", DEVICE);
    assert_eq!(node.end_registrations(&mut device).await.unwrap(), registered);
    assert_eq!(registrations(place).await, (0, 0));
    assert!(store.registrations().unwrap().is_empty() && store.keys().unwrap().is_empty());
    assert!(store.installed().unwrap().is_none(), "its credential");
    assert!(!store.pinned(&fqdn(MEF)).unwrap().is_empty(), "what is public stays pinned");
    assert!(node.end_registrations(&mut device).await.unwrap().is_empty());
    assert_eq!(store.objects().unwrap().len(), 1, "the profile");

    // One that is gone at the function already is as good.
    node.added(objects(&[("/node/mef", registration_object())])).unwrap();
    let registered = register_wanted(place, &store, &mut device).await;
    device.deregister(&registered[0]).await.unwrap();
    node.deleted("/node/mef").unwrap();
    assert_eq!(node.end_registrations(&mut device).await.unwrap(), registered);
    server.stop().await;
}

async fn the_newest_key_of_a_profile_is_followed_by_another(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut device = client(&server, Function::Mef, "device", DEVICE);
    let entity = name(DEVICE);
    let store = open(place);
    let last = ExpirationTime::from_unix(place.clock_now().checked_add(days(17)).unwrap()).unwrap();
    let profile = Object::Profile(Box::new(ProfileObject { end: Some(last), ..profile_object() }));
    Node::new(&store, &entity)
        .added(objects(&[("/node/mef", registration_object()), ("/node/saef", profile)]))
        .unwrap();
    let registered = register_wanted(place, &store, &mut device).await;
    // Without a command no key is registered.
    place.clock.advance(DAY);
    let mut no_chance = || 0;
    let node = Node::new(&store, &entity);
    assert!(node.renew_keys(&mut device, place.clock_now(), &mut no_chance).await.unwrap().is_empty());
    assert_eq!(node.next_key(&device, place.clock_now()).unwrap(), None);
    drop(store);
    assert_eq!(executes(place, &setting, &mut device, &registered[0], "/node/saef").await, 20);
    let store = open(place);
    let node = Node::new(&store, &entity);
    let first = store.keys().unwrap().remove(0);
    let next = node.next_key(&device, place.clock_now()).unwrap().expect("a time");
    let before_end = first.end.to_unix().as_seconds() - next.as_seconds();
    assert!((3 * DAY / 2..=2 * DAY).contains(&before_end), "{before_end}: the last fifth of ten days");

    // Not before that time; then once.
    let until = |at: UnixTime| at.as_seconds() - place.clock_now().as_seconds();
    place.clock.advance(until(next) - 1);
    assert!(node.renew_keys(&mut device, place.clock_now(), &mut no_chance).await.unwrap().is_empty());
    place.clock.advance(1);
    let mut renewed = node.renew_keys(&mut device, place.clock_now(), &mut no_chance).await.unwrap();
    let second = renewed.remove(0).key.unwrap();
    assert_ne!(second.identifier, first.identifier);
    assert_eq!((second.end, store.keys().unwrap().len()), (last, 2), "not beyond the profile's end");
    assert!(node.renew_keys(&mut device, place.clock_now(), &mut no_chance).await.unwrap().is_empty());
    assert_eq!(registrations(place).await, (1, 2));

    // What fails is not tried again at once, by no process.
    let next = node.next_key(&device, place.clock_now()).unwrap().expect("a time");
    place.clock.advance(until(next));
    server.stop().await;
    let failed = node.renew_keys(&mut device, place.clock_now(), &mut no_chance).await.unwrap();
    assert!(failed.len() == 1 && failed[0].key.is_err());
    let server = Running::new(&setting).await;
    let mut device = client(&server, Function::Mef, "device", DEVICE);
    assert!(node.renew_keys(&mut device, place.clock_now(), &mut no_chance).await.unwrap().is_empty());
    place.clock.advance(15);
    assert_eq!(node.renew_keys(&mut device, place.clock_now(), &mut no_chance).await.unwrap().len(), 1);

    // A profile that is not in force, or not there, leads to nothing.
    place.clock.advance(until(last.to_unix()));
    assert!(node.renew_keys(&mut device, place.clock_now(), &mut no_chance).await.unwrap().is_empty());
    assert_eq!(node.deleted("/node/saef").unwrap(), Deleted::Gone);
    assert_eq!(node.next_key(&device, place.clock_now()).unwrap(), None);
    server.stop().await;
}

async fn profiles_alone_lead_to_nothing(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut device = client(&server, Function::Mef, "device", DEVICE);
    let entity = name(DEVICE);
    let store = open(place);
    let node = Node::new(&store, &entity);
    node.added(objects(&[("/node/mef", registration_object())])).unwrap();
    register_wanted(place, &store, &mut device).await;
    let before = (registrations(place).await, place.audit().await.len());
    let anchor = ("/node/anchor", Object::TrustAnchor);
    for all in [&[("/node/saef", profile())][..], &[("/node/saef", profile())], &[anchor]] {
        node.added(objects(all)).unwrap();
        assert!(register_wanted(place, &store, &mut device).await.is_empty());
        let mut no_chance = || 0;
        assert!(node.renew_keys(&mut device, place.clock_now(), &mut no_chance).await.unwrap().is_empty());
    }
    assert_eq!(node.deleted("/node/saef").unwrap(), Deleted::Gone);
    let Object::Registration(other) = registration_object() else { panic!("it is one") };
    let changed = RegistrationObject { labels: Some(vec!["line-3".into()]), ..other.clone() };
    node.added(objects(&[("/node/mef", Object::Registration(changed))])).unwrap();
    assert!(register_wanted(place, &store, &mut device).await.is_empty());
    assert!(node.end_registrations(&mut device).await.unwrap().is_empty());
    assert_eq!(
        (registrations(place).await, place.audit().await.len()),
        before,
        "nothing was asked of the MEF"
    );
    // Nor does it become another registration, or that of another object.
    let elsewhere = RegistrationObject { stakeholder: fqdn("sp2.example.com"), ..other };
    let refused = [("/node/mef", Object::Registration(elsewhere)), ("/node/mef2", registration_object())];
    for refused in refused {
        assert!(matches!(node.added(objects(&[refused])), Err(ClientError::Configuration(_))));
    }
    server.stop().await;
}

#[test]
fn objects_are_read_as_they_are_written() {
    let read = |text: &str| parse(text.as_bytes());
    let good = r#"{"path":"/saef","authenticationProfile":{"SUID":22,"parent":"registration","TLSCiphersuites":["00AE","C0A8"],"keyRegDuration":"P10D","registration":"/node/mef","targets":["TARGET"]}}"#;
    let good = good.replace("TARGET", GATEWAY);
    let list = |rows: &str| format!(r#"{{"objects":[{rows}]}}"#);
    assert_eq!(read(&list(&good)).unwrap(), [(String::from("/saef"), profile())]);
    let mef = r#"{"path":"/mef","MEFClientRegCfg":{"fqdn":"mef.example.com","adminFQDN":"sp.example.com"}}"#;
    assert_eq!(read(&list(mef)).unwrap().len(), 1);
    for (wrong, words) in [
        (list(&mef.replace("/mef\"", "mef\"")), "begins with /"),
        (list(&mef.replace("/mef\"", "/m\\u0007\"")), "begins with /"),
        (list(&format!("{mef},{mef}")), "same path"),
        (list(r#"{"path":"/mef"}"#), "one of MEFClientRegCfg"),
        (list(&mef.replace("}}", r#"},"trustAnchorCred":{}}"#)), "one of MEFClientRegCfg"),
        (list(&mef.replace("}}", r#","symmKeyValue":"00"}}"#)), "unknown field"),
        (
            list(r#"{"path":"/mef","MEFClientRegCfg":["mef.example.com","sp.example.com"]}"#),
            "fqdn and adminFQDN",
        ),
        (list(&good.replace("00AE", "AE")), "four hexadecimal"),
        (list(&good.replace("00AE", "+0AE")), "four hexadecimal"),
        (list(&good.replace("P10D", "10d")), "xs:duration"),
        (list(&good.replace("P10D", "PT0S")), "xs:duration"),
        (list(&good.replace("\"parent\":\"registration\"", "\"parent\":\"node\"")), "unknown variant"),
        (list(&vec!["{}"; 300].join(",")), "path"),
        (String::from("[]"), "object"),
    ] {
        let error = read(&wrong).expect_err(&wrong).to_string();
        assert!(error.contains(words), "{wrong}: {error}");
    }
}

crate::on_each_store!(
    configuration_objects_lead_to_registration,
    a_deleted_object_is_ended_until_that_is_answered,
    the_newest_key_of_a_profile_is_followed_by_another,
    profiles_alone_lead_to_nothing,
);
