//! MEF Client Command, message by message: the eleven steps of figure 8.3.4.6-1 of TS-0003 over the network.

use crate::http::{Client, Running};
use crate::service::{MEF, PROVIDER, Place, fqdn};
use crate::setting::{DEVICE, FAR, Setting, key_of_client};
use eccsi_sakke::onem2m::{EntityId, EntityKind, ExpiringIdentity};
use ibc::command::client::{CommandClient, Received, Step, Task};
use ibc::command::values::status;
use ibc::wire::{CommandArguments, CommandDescription, CommandReport};
use serde_json::{Value, json};

const ISSUED: u16 = 10;

fn ibc_prov() -> CommandDescription {
    let uri = format!("https://{MEF}/ibc");
    let arguments = CommandArguments::IbcProvisioning { uri, subject_type: 3, subject_id: DEVICE.into() };
    CommandDescription { class: 4, arguments, target: None }
}

/// A command as it has to be answered: its identifier.
fn command(content: &Value, class: u16, status: u16) -> String {
    let command = &content["sec:mecc"];
    assert_eq!((&command["cmds"]["cmci"], &command["cmst"]), (&class.into(), &status.into()), "{content}");
    command["cmid"].as_str().unwrap().to_owned()
}

async fn commands(place: &Place) -> i64 {
    place.number("select count(*) from command").await
}

async fn the_eleven_steps_of_a_command(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    setting.admin.add_standing_command(&fqdn(PROVIDER), Some("device"), &ibc_prov()).await.unwrap();
    let own = vec![EntityId::parse(EntityKind::Ae, DEVICE).unwrap()];
    let mut machine = CommandClient::new(fqdn(MEF), own);
    let mut device =
        Client::connect(server.address, MEF, &format!("device@{MEF}"), &key_of_client("device")).unwrap();
    assert_eq!(commands(place).await, 0, "commands exist below a registration");

    // 1: the client asks for a registration.
    let request = json!({"sec:mecr": {"fq": MEF, "adfq": PROVIDER, "et": FAR}});
    let answer = device.create("/mef", DEVICE, 4, request);
    let content = answer.content(201, 2001);
    // 2: <mefClientReg> is created.
    let registration = content["sec:mecr"]["ri"].as_str().unwrap().to_owned();
    assert_eq!(place.last("client registered").await["registration"], registration.as_str());
    // 3: <mefClientCmd> is created as its child.
    assert_eq!(commands(place).await, 1);
    // 4: the answer refers to the child.
    let child = &content["sec:mecr"]["ch"];
    assert_eq!(child.as_array().map(Vec::len), Some(1), "{content}");
    assert_eq!((&child[0]["nm"], &child[0]["val"]), (&"cmd".into(), &format!("{registration}/cmd").into()));
    // 5: the client retrieves what was referred to.
    assert!(machine.retrieve(place.clock_now()), "Command Retrieve follows the registration");
    let path = format!("/mef/{}", child[0]["val"].as_str().unwrap());
    let answer = device.retrieve(&path, DEVICE);
    // 6: the MEF forms the answer;
    let delivered = place.last("command delivered").await;
    assert_eq!(delivered["registration"], registration.as_str());
    // 7: and it holds the command, issued for the first time.
    let content = answer.content(200, 2000);
    let first = command(&content, 4, ISSUED);
    // 8: the client executes it,
    assert!(!machine.retrieve(place.clock_now()), "nothing is retrieved before the report");
    let received = serde_json::from_value(content["sec:mecc"].clone()).unwrap();
    let Received::Execute(Task::IbcProvisioning { uri, subject }) =
        machine.take(Some(&received), place.clock_now())
    else {
        panic!("a command in order: {content}")
    };
    assert_eq!((uri, subject.as_str()), (format!("https://{MEF}/ibc"), DEVICE));
    let issued =
        device.request("POST", "/ibc/enrol", DEVICE, Some(("application/json", json!({"id": DEVICE}))));
    assert_eq!(issued.status, 201, "{issued:?}");
    let id_2 = ExpiringIdentity::parse(issued.json()["id2"].as_str().unwrap()).unwrap();
    assert_eq!(id_2.entity_id().as_str(), DEVICE);
    // another command comes up meanwhile,
    setting.admin.queue_command(&registration, &ibc_prov()).await.unwrap();
    // 9: and reports what came of it.
    let report = machine.executed(status::OK);
    assert_eq!(report, CommandReport { id: first.clone(), status: 20 });
    let answer = device.update(&path, DEVICE, json!({"sec:mecc": report}));
    // 10: the MEF updates the resource: the report, and the next command.
    let reported = place.last("command reported").await;
    assert_eq!((&reported["status"], &reported["registration"]), (&20.into(), &registration.as_str().into()));
    // 11: the answer holds the next one; the client goes on with 8.
    let content = answer.content(200, 2004);
    let second = command(&content, 4, ISSUED);
    assert_ne!(first, second, "an identifier never comes again");
    let received = serde_json::from_value(content["sec:mecc"].clone()).unwrap();
    let Received::Execute(Task::IbcProvisioning { .. }) = machine.take(Some(&received), place.clock_now())
    else {
        panic!("a command in order: {content}")
    };
    // A failure is reported as well.
    let report = machine.executed(status::IBC_PROV_SERVER);
    let answer = device.update(&path, DEVICE, json!({"sec:mecc": report}));
    assert_eq!(place.last("command reported").await["status"], status::IBC_PROV_SERVER);
    // There are no more: the client waits as long as it is told to.
    let content = answer.content(200, 2004);
    command(&content, 0, ISSUED);
    let received = serde_json::from_value(content["sec:mecc"].clone()).unwrap();
    let Received::Next(Step::WaitUntil(until)) = machine.take(Some(&received), place.clock_now()) else {
        panic!("no more commands: {content}")
    };
    assert_eq!(until.as_seconds() - place.clock_now().as_seconds(), 3_600);
    assert!(!machine.retrieve(place.clock_now()));
    place.clock.advance(3_600);
    assert!(machine.retrieve(place.clock_now()));
    server.stop().await;
}

crate::on_each_store!(the_eleven_steps_of_a_command);
