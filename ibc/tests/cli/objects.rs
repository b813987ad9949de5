//! Configuration objects of a device: what they lead to, through all processes that share its store.

use crate::cli_client::{AE, CSE, Service};
use crate::hostile::Hostile;
use crate::place::{Place, Ran};
use crate::standing::{FAR, MEF, arguments, key, no_more, place, refused, registration, runs_for};
use serde_json::Value;
use std::process::Stdio;
use std::time::{Duration, Instant};

const STAKEHOLDER: [&str; 2] = ["--stakeholder", "sp.example.com"];
const MEF_OBJECT: &str =
    r#"{"path":"/mef","MEFClientRegCfg":{"fqdn":"mef.example.com","adminFQDN":"sp.example.com"}}"#;

fn profile(duration: &str) -> String {
    format!(
        r#"{{"path":"/saef","authenticationProfile":{{"SUID":22,"parent":"registration","TLSCiphersuites":["00AE","C0A8"],"keyRegDuration":"{duration}","registration":"/mef","targets":["{AE}"]}}}}"#
    )
}

fn write(place: &Place, objects: &[&str]) {
    place.write("objects.json", format!(r#"{{"objects":[{}]}}"#, objects.join(",")));
}

fn run(service: &Service, command: &[&str], rest: &[&str]) -> Ran {
    service.run(command, "mef", ("cse", CSE), &[rest, &["--store", "cse", "--json"]].concat())
}

fn add(service: &Service, objects: &[&str]) -> Ran {
    write(&service.place, objects);
    run(service, &["device", "object", "add", "objects.json"], &[])
}

fn list(place: &Place) -> Vec<serde_json::Value> {
    let listed = place.ibc(&["device", "object", "list", "--store", "cse", "--json"]).done().json();
    listed["objects"].as_array().unwrap().clone()
}

/// Has the MEF command a key registration, and the device execute it: the status that it reported.
fn mo_node(service: &Service, registration: &str, path: &str) -> serde_json::Value {
    let command =
        format!(r#"{{"cmci":3,"cmar":{{"mnca":{{"obp":"{path}","oti":1,"otsa":{{"suid":22}}}}}}}}"#);
    service.place.write("command.json", command);
    let at = ["--registration", registration];
    let instruct = [&["admin", "client", "instruct"], &at[..], &["--file", "command.json"]].concat();
    service.place.ibc(&instruct).done();
    let once = run(service, &["commands"], &[&STAKEHOLDER[..], &["--once", "--now"]].concat()).done().json();
    assert_eq!(once["reported"], 1, "{once}");
    let commands = [&["admin", "command", "list"], &at[..], &["--json"]].concat();
    let commands = service.place.ibc(&commands).done().json();
    let commands = commands["commands"].as_array().unwrap_or_else(|| panic!("no commands: {commands}"));
    // Behind it stands that there are no more.
    let last = commands.iter().rev().find(|command| command["class"] == 3);
    last.unwrap()["status"].clone()
}

#[test]
fn objects_lead_from_a_registration_to_its_end() {
    let service = Service::with_retry("1h");
    let added = add(&service, &[MEF_OBJECT, &profile("P10D")]).done().json();
    let registration = added["registered"][0].as_str().unwrap_or_else(|| panic!("{added}")).to_owned();
    assert_eq!(added["objects"], 2);
    assert_eq!(service.place.mode("cse/objects.json"), 0o600);
    // What is there already leads to nothing.
    assert!(add(&service, &[MEF_OBJECT]).done().json()["registered"].as_array().unwrap().is_empty());
    let listed = list(&service.place);
    assert_eq!((&listed[0]["registration"], listed.len()), (&registration.as_str().into(), 2));
    assert_eq!((&listed[1]["suid"], &listed[1]["key"]), (&22.into(), &serde_json::Value::Null));

    // A command on an object finds it in another process.
    assert_eq!(mo_node(&service, &registration, "/saef"), 20);
    assert_eq!(mo_node(&service, &registration, "/none"), 300);
    let listed = list(&service.place);
    let key = listed[1]["key"].as_str().unwrap_or_else(|| panic!("no key: {listed:?}"));
    assert!(service.place.path(&format!("cse/keys/{key}.json")).exists());

    run(&service, &["enrol"], &[]).done();
    run(&service, &["device", "object", "delete", "/none"], &[]).refused_as_object(&["no object /none"]);
    let deleted = run(&service, &["device", "object", "delete", "/mef"], &[]).done().json();
    assert_eq!(deleted["ended"][0], registration.as_str());
    for gone in ["credential.json", "since.json", "enrolment-mef.example.com.json"] {
        assert!(!service.place.path(&format!("cse/{gone}")).exists(), "{gone}");
    }
    assert_eq!(std::fs::read_dir(service.place.path("cse/keys")).unwrap().count(), 0);
    let at_mef = service.place.ibc(&["admin", "registration", "list", "--at", "mef", "--json"]).done();
    assert!(!at_mef.stdout.contains(&registration), "{at_mef:?}");
    assert_eq!(list(&service.place).len(), 1, "the profile stays");
    run(&service, &["device", "object", "delete", "/saef"], &[]).done();
    assert!(list(&service.place).is_empty());
    for wrong in ["{}", r#"{"objects":[{"path":"/x"}]}"#] {
        service.place.write("objects.json", wrong);
        run(&service, &["device", "object", "add", "objects.json"], &[]).refused_as_object(&["objects.json"]);
    }
}

#[test]
fn a_configuration_is_applied() {
    let service = Service::with_retry("1h");
    let registered = run(&service, &["registration", "new"], &STAKEHOLDER).done().json();
    let registration = registered["registration"].as_str().unwrap();
    let configure = |text: String| {
        service.place.write("configuration.json", text);
        let configure = ["cse", "--at", "mef:sp.example.com", "--file", "configuration.json"];
        service.place.ibc(&[&["admin", "client", "configure"][..], &configure].concat()).done();
    };
    let configuration = ["registration", "configuration"];
    configure(format!(r#"{{"interval":60,"objects":[{MEF_OBJECT},{}]}}"#, profile("P10D")));
    let printed = run(&service, &configuration, &["--no-apply"]).done().json();
    assert_eq!((&printed["configuration"]["interval"], list(&service.place).len()), (&60.into(), 0));
    let applied = run(&service, &configuration, &[]).done().json();
    assert_eq!(applied["applied"]["objects"], 2);
    let listed = list(&service.place);
    assert_eq!(
        (&listed[0]["registration"], listed.len()),
        (&registration.into(), 2),
        "the one that is there"
    );
    assert_eq!(mo_node(&service, registration, "/saef"), 20);
    let listed = list(&service.place);
    // One that cannot be applied is printed, and changes nothing.
    configure(String::from(r#"{"objects":[{"path":"/other"}]}"#));
    let refused = run(&service, &configuration, &[]);
    let said = refused.json();
    let message = said["applied"]["error"]["message"].as_str().unwrap();
    assert!(refused.status == 1 && message.contains("MEFClientRegCfg"), "{refused:?}");
    assert_eq!(
        (&said["configuration"]["objects"][0]["path"], list(&service.place)),
        (&"/other".into(), listed)
    );
    configure(String::from(r#"{"interval":30}"#));
    assert!(run(&service, &configuration, &[]).done().json()["applied"].is_null());
}

#[test]
fn what_stays_registers_the_next_key_of_a_profile() {
    let service = Service::with_retry("1h");
    let added = add(&service, &[MEF_OBJECT, &profile("PT18S")]).done().json();
    let registration = added["registered"][0].as_str().unwrap().to_owned();
    assert_eq!(mo_node(&service, &registration, "/saef"), 20);
    let first = list(&service.place)[1]["key"].clone();
    let stays = [&STAKEHOLDER[..], &["--store", "cse", "--json"]].concat();
    let arguments = service.arguments(&["commands"], "mef", ("cse", CSE), &stays);
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let mut staying = service.place.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    let next = || std::fs::read_dir(service.place.path("cse/keys")).unwrap().count() > 1;
    while !next() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(100));
    }
    // For a while no third one follows.
    std::thread::sleep(Duration::from_secs(3));
    staying.kill().unwrap();
    let said = staying.wait_with_output().unwrap().stdout;
    let said: Vec<serde_json::Value> =
        String::from_utf8(said).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let keys: Vec<_> = said.iter().filter_map(|line| line["objects"]["keys"].as_array()).flatten().collect();
    assert!(keys.len() == 1 && keys[0]["path"] == "/saef", "{said:?}");
    let second = list(&service.place)[1]["key"].clone();
    assert!(second == keys[0]["identifier"] && second != first, "{first} {second}");
}

#[test]
fn a_de_registration_is_repeated_until_it_is_answered() {
    let place = place();
    place.write("objects.json", format!(r#"{{"objects":[{MEF_OBJECT}]}}"#));
    let mef = Hostile::start(MEF, key, |request, before| match (request, before) {
        ("POST /mef", _) => registration(FAR),
        ("GET /mef/r1/cmd", _) => no_more("PT1H"),
        ("DELETE /mef/r1", 4..) => (2002, String::new()),
        _ => refused(5000),
    });
    let object = |command: &str, what: &str| {
        let connect = ["--mef", MEF, "--connect", &mef.address, "--as", CSE, "--store", "cse"];
        let psk = ["--psk-identity", "cse@mef.example.com", "--psk-file", "key.hex", "--json"];
        place.ibc(&[&["device", "object", command, what][..], &connect, &psk].concat())
    };
    assert_eq!(object("add", "objects.json").done().json()["registered"][0], "r1");
    let delete = object("delete", "/mef");
    let said = delete.json();
    assert!(delete.status == 1 && said["ends"] == "r1", "{delete:?}");
    assert!(said["failed"][0]["message"].as_str().unwrap().contains("5000"), "{said}");
    assert_eq!(list(&place)[0]["ends"], true);
    // Nothing else is done with it.
    place
        .ibc(&arguments(&mef, &["key", "register"], &["--suid", "22", "--target", AE]))
        .refused_as_object(&["r1 is being ended"]);
    object("add", "objects.json").refused_as_object(&["still being ended"]);
    // What stays asks, with a floor; and what comes after it goes on.
    let said = runs_for(&place, &mef, &[], Duration::from_secs(4));
    assert!(said[0]["objects"]["failed"][0]["what"] == "not de-registered", "{said:?}");
    assert_eq!((mef.count("DELETE /mef/r1"), mef.count("GET /mef/r1/cmd")), (2, 0));
    place.ibc(&arguments(&mef, &["commands"], &["--once"])).refused_as_object(&["being ended"]);
    let mut staying =
        place.command(&arguments(&mef, &["commands"], &[])).stdout(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    while staying.try_wait().unwrap().is_none() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(100));
    }
    let _ = staying.kill(); // it has ended
    let ended = staying.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stdout).unwrap();
    let last = said.lines().last().unwrap();
    assert!(ended.status.success() && last.contains(r#""ended":{"registration":"r1"}"#), "{said}");
    assert_eq!((mef.count("DELETE /mef/r1"), mef.count("POST /mef")), (5, 1));
    assert!(list(&place).is_empty());
}

#[test]
fn a_command_brings_objects_and_has_them_deleted() {
    let service = Service::with_retry("1h");
    let place = &service.place;
    let configuration = |command: &str, rest: &[&str]| {
        let whole =
            [&["admin", "configuration", command, "cse"], &STAKEHOLDER[..], rest, &["--json"]].concat();
        place.ibc(&whole)
    };
    let once = || run(&service, &["commands"], &[&STAKEHOLDER[..], &["--once", "--now"]].concat());
    write(place, &[MEF_OBJECT, &profile("P10D")]);
    let set = configuration("set", &["--file", "objects.json"]).done().json();
    assert_eq!((&set["objects"][0]["path"], &set["objects"][0]["status"]), (&"/mef".into(), &Value::Null));
    let first = once().done().json();
    let registration = first["registration"].as_str().unwrap_or_else(|| panic!("{first}"));
    assert_eq!(first["reported"], 1);
    let listed = list(place);
    assert_eq!((&listed[0]["registration"], listed.len()), (&registration.into(), 2));
    let shown = configuration("show", &[]).done().json();
    assert_eq!((&shown["objects"][0]["status"], &shown["objects"][1]["status"]), (&20.into(), &20.into()));
    assert_eq!(mo_node(&service, registration, "/saef"), 20);

    configuration("remove", &["/none"]).refused_as_object(&["no object under this path"]);
    configuration("remove", &["/mef", "/saef"]).done();
    let last = once().done().json();
    assert_eq!(last["objects"]["ended"][0], registration, "{last}");
    assert!(list(place).is_empty());
    assert_eq!(std::fs::read_dir(place.path("cse/keys")).unwrap().count(), 0, "its keys are gone");
    assert!(configuration("show", &[]).done().json()["objects"].as_array().unwrap().is_empty());
    write(place, &[r#"{"path":"/c","myCertFileCred":{}}"#]);
    configuration("set", &["--file", "objects.json"]).refused_as_object(&["objects.json"]);
}
