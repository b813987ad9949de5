//! What one command of a device learns and the next one uses; and two devices that associate.

use crate::cli_client::{AE, CSE, KEY, Service};
use crate::place::{Place, Ran};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const STAKEHOLDER: [&str; 2] = ["--stakeholder", "sp.example.com"];

/// A command of a device at a function, with nothing but its store.
fn by_store(service: &Service, command: &[&str], function: &str, entity: &str, rest: &[&str]) -> Ran {
    let (option, fqdn) = (format!("--{function}"), format!("{function}.example.com"));
    let connect = [&option, fqdn.as_str(), "--connect", &service.address, "--as", entity];
    service.place.ibc(&[command, &connect[..], rest].concat())
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// Key for the CSE at the MEF, KmID at the MAF: a gateway that is registered with both.
fn gateway(service: &Service) {
    let at_maf = [&STAKEHOLDER[..], &["--store", "gateway"]].concat();
    service.run(&["registration", "new"], "mef", ("cse", CSE), &at_maf).done();
    by_store(service, &["registration", "new"], "maf", CSE, &at_maf).done();
}

#[test]
fn a_device_gets_from_a_key_for_the_mef_to_an_association_by_the_maf() {
    let service = Service::new();
    let store = ["--store", "sensor"];
    let with_stakeholder = [&STAKEHOLDER[..], &store].concat();
    // Before there is anything the store cannot help.
    by_store(&service, &["registration", "new"], "maf", AE, &with_stakeholder)
        .refused(&["sensor has no key for maf.example.com", "ibc registration new --mef"]);
    let new = [&with_stakeholder[..], &["--json"]].concat();
    let at_mef = service.run(&["registration", "new"], "mef", ("ae", AE), &new).done().json();
    let ke_id = text(&at_mef["ke_id"]);
    assert!(ke_id.ends_with("@mef.example.com"), "{ke_id}");
    let kept = "sensor/enrolment-mef.example.com.json";
    assert_eq!(at_mef["ke_in"], kept);
    assert_eq!(service.place.mode(kept), 0o600);
    assert_eq!(service.place.field(kept, "identity"), ke_id);

    // By KeID, not registered yet: no keys.
    gateway(&service);
    let target = ["--suid", "32", "--target"];
    let for_ae = [&STAKEHOLDER[..], &target, &[AE, "--store", "gateway", "--json"]].concat();
    let waiting = by_store(&service, &["key", "register"], "maf", CSE, &for_ae).done().json();
    let waiting = ["--id", waiting["identifier"].as_str().unwrap()];
    let retrieve = [&waiting[..], &store].concat();
    by_store(&service, &["key", "retrieve"], "maf", AE, &retrieve).refused(&["4103"]);
    assert!(!service.place.path("sensor/keys").exists());

    let at_maf = by_store(&service, &["registration", "new"], "maf", AE, &new).done().json();
    let km_id = text(&at_maf["identity"]);
    let kept = "sensor/km-maf.example.com.json";
    assert_eq!((&at_maf["km_in"], service.place.mode(kept)), (&kept.into(), 0o600));
    assert_eq!(service.place.field(kept, "identity"), km_id);
    by_store(&service, &["key", "retrieve"], "maf", AE, &retrieve).done();

    let for_cse = [&STAKEHOLDER[..], &target, &[CSE], &store, &["--json"]].concat();
    let key = by_store(&service, &["key", "register"], "maf", AE, &for_cse).done().json();
    let identifier = text(&key["identifier"]);
    assert_eq!(key["out"][0], format!("sensor/keys/{identifier}.json"));
    assert_eq!(service.place.mode(key["out"][0].as_str().unwrap()), 0o600);
    // In its handshakes it was the KmID, of which the MAF tells the operator.
    let shown = service.place.ibc(&["admin", "client", "show", "ae", "--json"]).done();
    assert!(shown.stdout.contains(&km_id.to_lowercase()) || shown.stdout.contains(&km_id), "{shown:?}");

    let listens = ["--store", "gateway", "--maf", "maf.example.com", "--function", &service.address];
    let calls = ["--store", "sensor", "--by", "maf"];
    let (heard, said) = associate(&service, &listens, &calls, "21.5 degrees\n");
    assert_eq!((heard.as_str(), said["framework"].as_str()), ("21.5 degrees\n", Some("maf")));
    assert_eq!(said["psk_identity"], identifier);
}

#[test]
fn a_key_that_was_registered_for_a_maf_opens_the_way_to_it() {
    let service = Service::new();
    let store = [&STAKEHOLDER[..], &["--store", "sensor", "--json"]].concat();
    let for_maf = [&store[..], &["--suid", "21", "--target", "maf.example.com"]].concat();
    let key = service.run(&["key", "register"], "mef", ("ae", AE), &for_maf).done().json();
    assert_eq!((&key["suid"], &key["targets"][0]), (&21.into(), &"maf.example.com".into()));
    // Nothing but that key.
    std::fs::remove_file(service.place.path("sensor/enrolment-mef.example.com.json")).unwrap();
    let at_maf = by_store(&service, &["registration", "new"], "maf", AE, &store).done().json();
    assert!(text(&at_maf["identity"]).ends_with("@maf.example.com"), "{at_maf}");
    let for_cse = [&store[..], &["--suid", "32", "--target", CSE]].concat();
    by_store(&service, &["key", "register"], "maf", AE, &for_cse).done();
}

#[test]
fn what_one_command_learns_the_next_finds() {
    let service = Service::new();
    let store = ["--store", "cse"];
    let run = |command: &[&str], rest: &[&str]| {
        service.run(command, "maf", ("cse", CSE), &[rest, &store, &["--json"]].concat())
    };
    let register = [&STAKEHOLDER[..], &["--suid", "32", "--target", AE]].concat();
    let key = run(&["key", "register"], &register).done().json();
    let registration = text(&key["registration"]);
    assert_eq!(service.place.mode("cse/registrations.json"), 0o600);
    // It is there for whoever comes next: no identifier has to be given.
    run(&["registration", "new"], &STAKEHOLDER).refused_as_object(&["4117", &registration]);
    let updated = run(&["registration", "update"], &["--lifetime", "10d"]).done().json();
    assert_eq!(updated["registration"], registration.as_str());
    let again = run(&["key", "register"], &register).done().json();
    assert_eq!(again["registration"], registration.as_str());
    assert_eq!(std::fs::read_dir(service.place.path("cse/keys")).unwrap().count(), 2);
    // Of keys too: what is changed and what is removed.
    let id = ["--id", again["identifier"].as_str().unwrap()];
    run(&["key", "update"], &[&id[..], &["--label", "new"]].concat()).done();
    let kept = service.place.read(&format!("cse/keys/{}.json", text(&again["identifier"])));
    assert!(kept.contains(r#""labels":["new"]"#), "{}", kept.len());
    run(&["key", "delete"], &id).done();
    assert_eq!(std::fs::read_dir(service.place.path("cse/keys")).unwrap().count(), 1);
    let removed = run(&["registration", "delete"], &[]).done().json();
    assert_eq!(removed["removed"], registration.as_str());
    assert_eq!(std::fs::read_dir(service.place.path("cse/keys")).unwrap().count(), 0, "they go with it");
    run(&["registration", "update"], &["--lifetime", "10d"]).refused_as_object(&["knows no registration"]);
    service
        .run(&["registration", "delete"], "maf", ("cse", CSE), &[])
        .misused(&["--id ID", "--store FOLDER"]);
}

fn instruct(service: &Service, registration: &str) {
    service.place.write(
        "command.json",
        format!(
            r#"{{"cmci":4,"cmar":{{"ipca":{{"uri":"https://mef.example.com/ibc","sty":2,"sid":"{CSE}"}}}}}}"#
        ),
    );
    let rest = ["--registration", registration, "--file", "command.json"];
    service.place.ibc(&[&["admin", "client", "instruct"][..], &rest].concat()).done();
}

#[test]
fn commands_follow_the_procedures_of_every_process() {
    let service = Service::with_retry("1h");
    let run = |command: &[&str], rest: &[&str]| {
        service.run(command, "mef", ("cse", CSE), &[rest, &["--store", "cse", "--json"]].concat())
    };
    let has_credential = || service.place.path("cse/credential.json").exists();
    let new = run(&["registration", "new"], &STAKEHOLDER).done().json();
    assert_eq!(new["commands"]["reported"], 0);
    let registration = text(&new["registration"]);
    instruct(&service, &registration);
    // The MEF said in an hour: the next process waits as well.
    let once = [&STAKEHOLDER[..], &["--once"]].concat();
    let waits = run(&["commands"], &once).done().json();
    assert_eq!((&waits["reported"], &waits["again"]), (&0.into(), &new["commands"]["again"]));
    assert!(!has_credential());
    // Left alone where that is asked for, but not waited for any more.
    let update = ["--lifetime", "10d"];
    let left = [&update[..], &["--no-commands"]].concat();
    assert!(run(&["registration", "update"], &left).done().json()["commands"].is_null());
    assert!(!has_credential());
    let update = run(&["registration", "update"], &update).done().json();
    assert_eq!(update["commands"]["reported"], 1);
    assert!(has_credential(), "Registration Update is followed by Command Retrieve");
    // A credential, a key, a configuration: whatever succeeds ends the wait.
    let asks: [&dyn Fn(); 3] = [
        &|| drop(run(&["enrol"], &[]).done()),
        &|| {
            drop(
                run(
                    &["key", "register"],
                    &[&STAKEHOLDER[..], &["--suid", "22", "--target", AE, "--no-commands"]].concat(),
                )
                .done(),
            )
        },
        &|| {
            service.place.write("configuration.json", r#"{"interval":60}"#);
            let configure = ["cse", "--at", "mef:sp.example.com", "--file", "configuration.json"];
            service.place.ibc(&[&["admin", "client", "configure"][..], &configure].concat()).done();
            drop(run(&["registration", "configuration"], &["--no-commands"]).done());
        },
    ];
    for ask in asks {
        instruct(&service, &registration);
        assert_eq!(run(&["commands"], &once).done().json()["reported"], 0, "it waits");
        ask();
        assert_eq!(run(&["commands"], &once).done().json()["reported"], 1, "it waits no more");
    }
}

#[test]
fn a_de_registration_ends_commands() {
    let service = Service::new();
    let stays = [&STAKEHOLDER[..], &["--store", "cse", "--json"]].concat();
    service.run(&["registration", "new"], "mef", ("cse", CSE), &stays).done();
    for (by, from_here) in [("this store", true), ("another", false)] {
        let arguments = service.arguments(&["commands"], "mef", ("cse", CSE), &stays);
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let mut staying = service.place.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(1_500));
        assert!(staying.try_wait().unwrap().is_none(), "it stays");
        let registrations = service.place.read("cse/registrations.json");
        let id = registrations.split(r#""id":""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
        let delete: &[&str] = if from_here { &["--store", "cse"] } else { &["--id", &id] };
        service.run(&["registration", "delete"], "mef", ("cse", CSE), delete).done();
        let until = Instant::now() + Duration::from_secs(60);
        while staying.try_wait().unwrap().is_none() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
        }
        let ended = staying.try_wait().unwrap();
        if ended.is_none() {
            staying.kill().unwrap();
        }
        let mut said = String::new();
        staying.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        staying.wait().unwrap();
        assert_eq!(ended.and_then(|status| status.code()), Some(0), "{by}: {said}");
        assert!(said.contains(&format!(r#""ended":{{"registration":"{id}"}}"#)), "{by}: {said}");
        // Nothing is registered again: a new one is the first.
        service.run(&["registration", "new"], "mef", ("cse", CSE), &stays).done();
    }
}

#[test]
fn two_processes_at_one_store_wait_for_each_other() {
    let service = Service::new();
    let new = [&STAKEHOLDER[..], &["--store", "cse"]].concat();
    service.run(&["registration", "new"], "mef", ("cse", CSE), &new).done();
    let lock = std::fs::File::create(service.place.path("cse/lock")).unwrap();
    lock.lock().unwrap();
    let update = ["--store", "cse", "--lifetime", "10d"];
    let letting_go = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(2));
        drop(lock);
    });
    let began = Instant::now();
    service.run(&["registration", "update"], "mef", ("cse", CSE), &update).done();
    assert!(began.elapsed() >= Duration::from_millis(1_500), "it has waited");
    letting_go.join().unwrap();
    let lock = std::fs::File::create(service.place.path("cse/lock")).unwrap();
    lock.lock().unwrap();
    service
        .run(&["registration", "update"], "mef", ("cse", CSE), &update)
        .refused(&["cse is in use by another process"]);
}

#[test]
fn the_ibc_base_uri_is_one_of_the_mef() {
    let service = Service::new();
    let enrol =
        |uri: &str| service.run(&["enrol"], "mef", ("cse", CSE), &["--store", "cse", "--ibc-base-uri", uri]);
    for elsewhere in ["https://other.example.com/ibc", "http://mef.example.com/ibc", "mef.example.com"] {
        enrol(elsewhere).refused(&["IBC base URI", "host is the MEF"]);
    }
    enrol("https://mef.example.com/elsewhere").refused(&["4004"]);
    assert!(!service.place.path("cse/credential.json").exists());
    enrol("https://MEF.example.com:8443/ibc/").done();
    let renew = ["--store", "cse", "--ibc-base-uri", "https://other.example.com/ibc"];
    service.run(&["renew"], "mef", ("cse", CSE), &renew).refused(&["host is the MEF"]);
}

/// The end that listens, as the gateway.
pub(crate) struct Listening {
    child: Child,
    pub(crate) address: String,
    said: BufReader<std::process::ChildStderr>,
}

impl Listening {
    pub(crate) fn start(place: &Place, rest: &[&str]) -> Self {
        let common = ["associate", "--listen", "127.0.0.1:0", "--as", CSE, "--peer", AE];
        let mut child = place
            .command(&[&common[..], rest].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening at ").unwrap_or_else(|| panic!("{line}")).into();
        Self { child, address, said }
    }

    /// The next line on its standard error.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line
    }

    /// Its standard output.
    pub(crate) fn output(&mut self) -> &mut std::process::ChildStdout {
        self.child.stdout.as_mut().unwrap()
    }

    /// What it printed, once it has ended by itself.
    pub(crate) fn end(mut self) -> String {
        let mut heard = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut heard).unwrap();
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{said}");
        assert!(said.contains(&format!("associated with {AE}")) && said.contains("closed:"), "{said}");
        heard
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn call(place: &Place, address: &str, rest: &[&str], message: &str) -> Ran {
    let common = ["associate", "--connect", address, "--as", AE, "--peer", CSE, "--json"];
    place.ibc_with_input(&[&common[..], rest].concat(), message.as_bytes())
}

/// One association, in which the AE sends a message: what the CSE printed, and what the AE says of it.
fn associate(
    service: &Service,
    listens: &[&str],
    calls: &[&str],
    message: &str,
) -> (String, serde_json::Value) {
    let listening = Listening::start(&service.place, listens);
    let said = call(&service.place, &listening.address, calls, message).done().hides(KEY).json();
    assert_eq!((&said["peer"], &said["sent"]), (&CSE.into(), &message.len().into()));
    (listening.end(), said)
}

#[test]
fn devices_associate_by_all_three_ways_over_both_transports() {
    let service = Service::new();
    for (client, entity, folder) in [("cse", CSE, "gateway"), ("ae", AE, "sensor")] {
        service.run(&["enrol"], "mef", (client, entity), &["--store", folder]).done();
    }
    let register = |function: &str, suid: &str| {
        let rest = ["--suid", suid, "--target", CSE, "--store", "sensor"];
        service.run(&["key", "register"], function, ("ae", AE), &[&STAKEHOLDER[..], &rest].concat()).done();
    };
    register("maf", "32");
    register("mef", "22");
    let psa = ["--psa-id", "gw-17@sp.example.com", "--psa-file", "key.hex"];
    let with_key = |function| {
        let identity = format!("cse@{function}.example.com");
        let function_name = format!("{function}.example.com");
        [
            format!("--{function}"),
            function_name,
            "--function".into(),
            service.address.clone(),
            "--psk-identity".into(),
            identity,
            "--psk-file".into(),
            "key.hex".into(),
        ]
    };
    for transport in [&[][..], &["--dtls"]] {
        let by = |way: &str, listens: &[&str], calls: &[&str]| {
            let message = format!("hello by {way}\n");
            let calls = [&["--by", way][..], calls, transport].concat();
            let (heard, said) = associate(&service, &[listens, transport].concat(), &calls, &message);
            assert_eq!((heard, said["framework"].as_str()), (message, Some(way)), "{transport:?}");
        };
        by("psk", &psa, &psa);
        by("ibc", &["--store", "gateway"], &["--store", "sensor"]);
        for function in ["maf", "mef"] {
            let at = with_key(function);
            by(function, &at.each_ref().map(String::as_str), &["--store", "sensor"]);
        }
    }
}

#[test]
fn an_association_takes_a_key_for_what_it_was_registered() {
    let service = Service::new();
    let register = |suid: &str, target: &str, lifetime: &str, out: &str| {
        let rest = ["--suid", suid, "--target", target, "--lifetime", lifetime, "--out", out];
        service.run(&["key", "register"], "maf", ("ae", AE), &[&STAKEHOLDER[..], &rest].concat()).done();
    };
    register("32", CSE, "5d", "good.json");
    register("33", CSE, "5d", "primitive.json");
    register("32", "//sp.example.com/CSE2", "5d", "other.json");
    register("32", CSE, "2s", "short.json");
    let at_maf = [
        "--maf",
        "maf.example.com",
        "--function",
        &service.address,
        "--psk-identity",
        "cse@maf.example.com",
        "--psk-file",
        "key.hex",
    ];
    let mut listening = Listening::start(&service.place, &at_maf);
    let address = listening.address.clone();
    let with = |rest: &[&str]| call(&service.place, &address, &[&["--by", "maf"][..], rest].concat(), "");
    with(&["--key-file", "primitive.json"]).refused_as_object(&["SUID 33", "not for 32"]);
    with(&["--key-file", "other.json"]).refused_as_object(&["was not registered for", CSE]);
    with(&["--store", "sensor"]).refused_as_object(&["no key of SUID 32", "ibc key register --maf"]);
    std::thread::sleep(Duration::from_secs(3));
    with(&["--key-file", "short.json"]).refused_as_object(&["reached its end", "ibc key register"]);
    // What the end that listens does not have: it refuses, and says why.
    let psa = ["--by", "psk", "--psa-id", "gw-17@sp.example.com", "--psa-file", "key.hex"];
    call(&service.place, &address, &psa, "")
        .refused_as_object(&["does not accept", "the other end says why"]);
    let line = listening.line();
    assert!(line.starts_with("refused gw-17@sp.example.com: ") && line.contains("not"), "{line}");
    assert!(listening.line().contains("still listening"));
    // It goes on, and serves who is right.
    call(&service.place, &address, &["--by", "maf", "--key-file", "good.json"], "ok").done();
    assert_eq!(listening.end(), "ok");
    call(&service.place, &address, &["--by", "maf", "--key-file", "good.json"], "")
        .refused_as_object(&["no connection to"]);
    let none = ["associate", "--listen", "127.0.0.1:0", "--as", CSE, "--peer", AE];
    service.place.ibc(&none).misused(&["--psa-id", "--maf or --mef", "ibc enrol --store"]);
}
