//! MEF Client Command at the MEF.

use crate::service::{MEF, PROVIDER, Place, call, fqdn};
use crate::setting::{DEVICE, GATEWAY, Setting, at_maf, at_mef, registration};
use ibc::Function;
use ibc::command::client::{CommandClient, Executor, Step, Task};
use ibc::service::error::Kind;
use ibc::service::sweeper::Sweeper;
use ibc::wire::{CommandArguments, CommandDescription, CommandReport, EnrolRequest, ReenrolRequest};
use std::collections::BTreeSet;
use std::time::Duration;

crate::on_each_store!(
    a_command_is_issued_reissued_reported_and_followed_by_the_next,
    a_report_about_another_command_is_discarded_and_answered,
    a_status_that_no_client_sets_changes_nothing,
    a_repeated_command_id_raises_an_alarm,
    command_ids_are_never_repeated_and_reports_stay_bounded,
    only_the_own_live_registration_has_commands,
    a_registration_begins_with_standing_commands,
    commands_point_to_the_mef,
    a_confirmed_credential_denies_the_one_it_replaced,
    an_unconfirmed_one_does_so_after_the_grace,
    what_is_issued_is_not_denied_for_others_of_its_second,
    the_clients_machine_and_the_mef_fit,
);

fn ibc(subject: &str, kind: u16) -> CommandDescription {
    CommandDescription {
        class: 4,
        arguments: CommandArguments::IbcProvisioning {
            uri: "https://mef.example.com/ibc".into(),
            subject_type: kind,
            subject_id: subject.into(),
        },
        target: None,
    }
}

fn object(path: &str) -> CommandDescription {
    CommandDescription {
        class: 3,
        arguments: CommandArguments::ManagementObject { path: path.into(), object_type: 2, specific: None },
        target: Some(DEVICE.into()),
    }
}

fn report(id: &str, status: u16) -> CommandReport {
    CommandReport { id: id.into(), status }
}

async fn registered(setting: &Setting) -> String {
    setting.register(Function::Mef, &at_mef("device"), DEVICE).await.id
}

async fn a_command_is_issued_reissued_reported_and_followed_by_the_next(place: &Place) {
    let setting = Setting::new(place).await;
    let (id, device) = (registered(&setting).await, at_mef("device"));
    let own = || call(&device, DEVICE);
    let none = setting.mef.retrieve_command(&own(), &id).await.unwrap();
    assert_eq!((none.status, none.description.class), (10, 0));
    let CommandArguments::NoMoreCommands { retry_duration } = &none.description.arguments else {
        panic!("{none:?}")
    };
    assert_eq!(retry_duration, "PT3600S");
    let first = setting.admin.queue_command(&id, &ibc(DEVICE, 3)).await.unwrap();
    let second = setting.admin.queue_command(&id, &object("/2")).await.unwrap();
    assert!(first < second);
    let issued = setting.mef.retrieve_command(&own(), &id).await.unwrap();
    assert_eq!((issued.id.as_str(), issued.status), (&*first.to_string(), 10));
    assert_eq!(issued.description, ibc(DEVICE, 3));
    for _ in 0..2 {
        let again = setting.mef.retrieve_command(&own(), &id).await.unwrap();
        assert_eq!((again.id.as_str(), again.status), (&*issued.id, 11));
        assert_eq!(again.description, issued.description);
    }
    let next = setting.mef.report_command(&own(), &id, &report(&issued.id, 20)).await.unwrap();
    assert_eq!((next.id.as_str(), next.status), (&*second.to_string(), 10));
    assert_eq!(next.description, object("/2"));
    let last = setting.mef.report_command(&own(), &id, &report(&next.id, 305)).await.unwrap();
    assert_eq!(last.description.class, 0);
    assert_ne!(last.id, none.id);
    let fates: Vec<_> = setting.admin.commands(&id).await.unwrap();
    let of = |number| fates.iter().find(|fate| fate.number == number).unwrap();
    assert_eq!((of(first).status, of(first).deliveries), (Some(20), 3));
    assert_eq!((of(second).status, of(second).deliveries), (Some(305), 1));
    assert!(place.events("a").await.iter().any(|event| event == "command reported"));
}

async fn a_report_about_another_command_is_discarded_and_answered(place: &Place) {
    let setting = Setting::new(place).await;
    let (id, device) = (registered(&setting).await, at_mef("device"));
    let own = || call(&device, DEVICE);
    setting.admin.queue_command(&id, &object("/1")).await.unwrap();
    // Nothing is issued yet: the answer issues it.
    let issued = setting.mef.report_command(&own(), &id, &report("77", 20)).await.unwrap();
    assert_eq!(issued.status, 10);
    for other in ["0", "77", "-1", "01", "", "x", "18446744073709551616"] {
        let again = setting.mef.report_command(&own(), &id, &report(other, 20)).await.unwrap();
        assert_eq!((again.id.as_str(), again.status), (&*issued.id, 11), "{other}");
    }
    assert_eq!(setting.admin.commands(&id).await.unwrap()[0].status, None);
    place.last("command report discarded").await;
}

async fn a_status_that_no_client_sets_changes_nothing(place: &Place) {
    let setting = Setting::new(place).await;
    let (id, device) = (registered(&setting).await, at_mef("device"));
    setting.admin.queue_command(&id, &object("/1")).await.unwrap();
    let issued = setting.mef.retrieve_command(&call(&device, DEVICE), &id).await.unwrap();
    let before = setting.admin.commands(&id).await.unwrap();
    for status in [0, 10, 11, 30, 44, 99, 112, 306, 65535] {
        let (c, report) = (call(&device, DEVICE), report(&issued.id, status));
        place.refuses(Kind::BadRequest, "status", setting.mef.report_command(&c, &id, &report)).await;
    }
    assert_eq!(setting.admin.commands(&id).await.unwrap(), before);
    for body in [
        r#"{"cmid":"1"}"#,
        r#"{"cmst":20}"#,
        r#"{"cmid":"1","cmst":"20"}"#,
        r#"{"cmid":"1","cmst":20,"x":1}"#,
    ] {
        assert!(serde_json::from_str::<CommandReport>(body).is_err(), "{body}");
    }
}

async fn a_repeated_command_id_raises_an_alarm(place: &Place) {
    let setting = Setting::new(place).await;
    let (id, device) = (registered(&setting).await, at_mef("device"));
    setting.admin.queue_command(&id, &object("/1")).await.unwrap();
    let issued = setting.mef.retrieve_command(&call(&device, DEVICE), &id).await.unwrap();
    setting.mef.report_command(&call(&device, DEVICE), &id, &report(&issued.id, 40)).await.unwrap();
    assert_eq!(place.last("alarm: repeated cmdID").await["registration"], id);
    assert_eq!(setting.admin.commands(&id).await.unwrap()[0].status, Some(40));
}

async fn command_ids_are_never_repeated_and_reports_stay_bounded(place: &Place) {
    let setting = Setting::new(place).await;
    let (id, device) = (registered(&setting).await, at_mef("device"));
    let mut seen = BTreeSet::new();
    for round in 0..70 {
        let queued = setting.admin.queue_command(&id, &object("/1")).await.unwrap();
        let issued = setting.mef.retrieve_command(&call(&device, DEVICE), &id).await.unwrap();
        assert_eq!(issued.id, queued.to_string());
        let none =
            setting.mef.report_command(&call(&device, DEVICE), &id, &report(&issued.id, 20)).await.unwrap();
        assert!(seen.insert(issued.id) && seen.insert(none.id), "{round}");
    }
    assert!(place.number("select count(*) from command").await <= 64);
    for _ in 0..32 {
        setting.admin.queue_command(&id, &object("/1")).await.unwrap();
    }
    let more = setting.admin.queue_command(&id, &object("/1")).await;
    crate::setting::refused(more, Kind::ContentsUnacceptable, "a queue that is full");
}

async fn only_the_own_live_registration_has_commands(place: &Place) {
    let setting = Setting::new(place).await;
    let id = registered(&setting).await;
    setting.register(Function::Mef, &at_mef("gateway"), GATEWAY).await;
    let other = call(&at_mef("gateway"), GATEWAY);
    place.refuses(Kind::NotFound, "another's", setting.mef.retrieve_command(&other, &id)).await;
    let asked = report("1", 20);
    place.refuses(Kind::NotFound, "another's", setting.mef.report_command(&other, &id, &asked)).await;
    let own = call(&at_mef("device"), DEVICE);
    place.refuses(Kind::NotFound, "unknown", setting.mef.retrieve_command(&own, &"b".repeat(32))).await;
    let at_the_maf = setting.register(Function::Maf, &at_maf("device"), DEVICE).await.id;
    place.refuses(Kind::NotFound, "at the MAF", setting.mef.retrieve_command(&own, &at_the_maf)).await;
    setting.mef.registry().deregister_client(&own, MEF, &id).await.unwrap();
    place.refuses(Kind::NotFound, "after the end", setting.mef.retrieve_command(&own, &id)).await;
}

async fn a_registration_begins_with_standing_commands(place: &Place) {
    let setting = Setting::new(place).await;
    let stakeholder = fqdn(PROVIDER);
    setting.admin.add_standing_command(&stakeholder, None, &object("/all")).await.unwrap();
    setting.admin.add_standing_command(&stakeholder, Some("device"), &ibc(DEVICE, 3)).await.unwrap();
    setting.admin.add_standing_command(&stakeholder, Some("gateway"), &ibc(GATEWAY, 2)).await.unwrap();
    let device = at_mef("device");
    let answer = setting.register(Function::Mef, &device, DEVICE).await;
    let children = answer.children.unwrap();
    assert_eq!((children.len(), children[0].resource_type), (1, 6));
    assert_eq!((children[0].name.as_str(), &*children[0].value), ("cmd", &*format!("{}/cmd", answer.id)));
    let first = setting.mef.retrieve_command(&call(&device, DEVICE), &answer.id).await.unwrap();
    assert_eq!(first.description, object("/all"));
    let second =
        setting.mef.report_command(&call(&device, DEVICE), &answer.id, &report(&first.id, 20)).await.unwrap();
    assert_eq!(second.description, ibc(DEVICE, 3));
    let last = setting
        .mef
        .report_command(&call(&device, DEVICE), &answer.id, &report(&second.id, 20))
        .await
        .unwrap();
    assert_eq!(last.description.class, 0);
    assert_eq!(setting.admin.clear_standing_commands(&stakeholder, None).await.unwrap(), 1);
    let maf = setting.maf.registry();
    let at_maf =
        maf.register_client(&call(&at_maf("device"), DEVICE), &registration(Function::Maf)).await.unwrap();
    assert_eq!(at_maf.children, None);
}

async fn commands_point_to_the_mef(place: &Place) {
    let setting = Setting::new(place).await;
    let id = registered(&setting).await;
    let uri = |uri: &str| CommandDescription {
        class: 4,
        arguments: CommandArguments::IbcProvisioning {
            uri: uri.into(),
            subject_type: 3,
            subject_id: DEVICE.into(),
        },
        target: None,
    };
    for (accepted, description) in [
        (true, uri("https://mef.example.com/ibc")),
        (true, uri("https://MEF.example.com:8443/ibc")),
        (false, uri("https://mef.example.org/ibc")),
        (false, uri("http://mef.example.com/ibc")),
        (false, CommandDescription { class: 3, ..uri("https://mef.example.com/ibc") }),
        (
            false,
            CommandDescription {
                class: 2,
                arguments: CommandArguments::DeviceConfiguration { uri: "1:https://dm.example.com/".into() },
                target: None,
            },
        ),
        (
            true,
            CommandDescription {
                class: 2,
                arguments: CommandArguments::DeviceConfiguration { uri: "1:https://mef.example.com/".into() },
                target: None,
            },
        ),
        (
            false,
            CommandDescription {
                class: 0,
                arguments: CommandArguments::NoMoreCommands { retry_duration: "PT1H".into() },
                target: None,
            },
        ),
    ] {
        let outcome = setting.admin.queue_command(&id, &description).await;
        assert_eq!(outcome.is_ok(), accepted, "{description:?}");
    }
}

async fn enrolled_twice(setting: &Setting) -> (String, String) {
    let device = at_mef("device");
    let asked = EnrolRequest { id: DEVICE.into(), expiration_time: None };
    let first = setting.mef.enrol(&call(&device, DEVICE), &asked).await.unwrap().id2;
    let asked = ReenrolRequest { id1: first.clone(), expiration_time: None };
    let second = setting.mef.reenrol(&call(&device, DEVICE), &asked).await.unwrap().id2;
    (first, second)
}

async fn a_confirmed_credential_denies_the_one_it_replaced(place: &Place) {
    let setting = Setting::new(place).await;
    let (id, device) = (registered(&setting).await, at_mef("device"));
    setting.admin.queue_command(&id, &ibc(DEVICE, 3)).await.unwrap();
    let issued = setting.mef.retrieve_command(&call(&device, DEVICE), &id).await.unwrap();
    let (first, second) = enrolled_twice(&setting).await;
    let sweeper = Sweeper::new(setting.admin.core.clone(), Some(fqdn(MEF)), Duration::ZERO);
    assert_eq!(sweeper.sweep().await.unwrap().superseded, 0);
    setting.mef.report_command(&call(&device, DEVICE), &id, &report(&issued.id, 20)).await.unwrap();
    assert_eq!(place.last("credential confirmed").await["entity"], DEVICE);
    let swept = sweeper.sweep().await.unwrap();
    assert_eq!((swept.superseded, swept.deny_list), (1, Some(1)));
    let list = setting.mef.deny_list().await.unwrap();
    assert!(list.contains(&first) && !list.contains(&second));
    assert_eq!(sweeper.sweep().await.unwrap(), Default::default());
}

async fn an_unconfirmed_one_does_so_after_the_grace(place: &Place) {
    let setting = Setting::new(place).await;
    let (first, second) = enrolled_twice(&setting).await;
    let sweeper = Sweeper::new(setting.admin.core.clone(), Some(fqdn(MEF)), Duration::ZERO);
    place.clock.advance(86_399);
    assert_eq!(sweeper.sweep().await.unwrap().superseded, 0);
    place.clock.advance(1);
    let swept = sweeper.sweep().await.unwrap();
    assert_eq!((swept.superseded, swept.deny_list), (1, Some(1)));
    let list = setting.mef.deny_list().await.unwrap();
    assert!(list.contains(&first) && !list.contains(&second));
    // Published again before the next update is due, though nothing is new.
    place.clock.advance(17 * 3_600);
    assert_eq!(sweeper.sweep().await.unwrap().deny_list, None);
    place.clock.advance(2 * 3_600);
    assert_eq!(sweeper.sweep().await.unwrap().deny_list, Some(2));
}

async fn what_is_issued_is_not_denied_for_others_of_its_second(place: &Place) {
    let setting = Setting::new(place).await;
    let device = at_mef("device");
    let asked = EnrolRequest { id: DEVICE.into(), expiration_time: None };
    let mut issued = Vec::new();
    for _ in 0..4 {
        issued.push(setting.mef.enrol(&call(&device, DEVICE), &asked).await.unwrap().id2);
    }
    assert_eq!(place.number("select count(*) from denied").await, 2, "two stay");
    let newest = ReenrolRequest { id1: issued.pop().unwrap(), expiration_time: None };
    setting.mef.reenrol(&call(&device, DEVICE), &newest).await.unwrap();
}

struct Obedient(Vec<Task>);

impl Executor for Obedient {
    fn execute(&mut self, task: &Task) -> u16 {
        self.0.push(task.clone());
        20
    }
}

async fn the_clients_machine_and_the_mef_fit(place: &Place) {
    let setting = Setting::new(place).await;
    let (id, device) = (registered(&setting).await, at_mef("device"));
    setting.admin.queue_command(&id, &ibc(DEVICE, 3)).await.unwrap();
    setting.admin.queue_command(&id, &object("/1")).await.unwrap();
    let own = eccsi_sakke::onem2m::EntityId::parse(eccsi_sakke::onem2m::EntityKind::Ae, DEVICE).unwrap();
    let mut client = CommandClient::new(fqdn(MEF), vec![own]);
    let mut executor = Obedient(vec![]);
    let now = crate::service::START;
    assert!(client.retrieve(now));
    let mut answer = setting.mef.retrieve_command(&call(&device, DEVICE), &id).await.unwrap();
    let until = loop {
        let body = serde_json::to_vec(&answer).unwrap();
        match client.receive(&body, now, &mut executor) {
            Step::Report(report) => {
                answer = setting.mef.report_command(&call(&device, DEVICE), &id, &report).await.unwrap();
            }
            Step::WaitUntil(until) => break until,
            Step::NotUnderstood => panic!("{}", String::from_utf8_lossy(&body)),
        }
    };
    assert_eq!(until.as_seconds(), now.as_seconds() + 3_600);
    assert_eq!(executor.0.len(), 2);
    let statuses: Vec<_> = setting
        .admin
        .commands(&id)
        .await
        .unwrap()
        .into_iter()
        .filter(|fate| fate.class != 0)
        .map(|fate| fate.status)
        .collect();
    assert_eq!(statuses, [Some(20), Some(20)]);
}
