//! The built command `ibc` as a device uses it, against `ibc serve` of the same build.

use crate::place::{Place, Ran};
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const CONFIG: &str = r#"
provider = "sp.example.com"
node = "node-1"
[store]
url = "sqlite:service.db"
state = "state"
[keys]
directory = "keys"
key_file = "seal.key"
[mef]
fqdn = "mef.example.com"
live_credentials = 10
command_retry = "1s"
[maf]
fqdn = "maf.example.com"
[audit]
segments = "segments"
"#;

/// The MAF fetches from the MEF beside it.
const MEF_OF_MAF: &str = r#"
[[maf.mef]]
fqdn = "mef.example.com"
address = "ADDRESS"
identity = "maf@mef.example.com"
key_file = "maf.hex"
[audit]
"#;

pub(crate) const CSE: &str = "//sp.example.com/CSE1";
pub(crate) const AE: &str = "//sp.example.com/CSE1/C7";
pub(crate) const KEY: &str = "3132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f50";

/// The key of a client; [`KEY`] is that of the CSE.
fn key_of(client: &str) -> String {
    let first = match client {
        "ae" => "a1",
        "maf" => "a2",
        _ => return KEY.into(),
    };
    format!("{first}{}", &KEY[2..])
}

/// The file that has it.
fn key_file(client: &str) -> &'static str {
    match client {
        "ae" => "ae.hex",
        "maf" => "maf.hex",
        _ => "key.hex",
    }
}

/// A service at work, stopped when dropped.
pub(crate) struct Service {
    pub(crate) place: Place,
    pub(crate) address: String,
    server: Child,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Service {
    /// With a client for the CSE and one for the AE, both admitted at MEF and MAF, each with one key for both.
    pub(crate) fn new() -> Self {
        Self::with_retry("1s")
    }

    /// The MEF says to ask for commands again after so long.
    pub(crate) fn with_retry(retry: &str) -> Self {
        let place = Place::new();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let config = CONFIG.replace("\"1s\"", &format!("\"{retry}\""));
        place.write("ibc.toml", config.replace("[audit]", &MEF_OF_MAF.replace("ADDRESS", &address)));
        for client in ["cse", "ae", "maf"] {
            place.write_private(key_file(client), format!("{}\n", key_of(client)));
        }
        place.ibc(&["service", "init"]).done();
        place.ibc(&["admin", "stakeholder", "add", "sp.example.com"]).done();
        for (client, kind, id) in [("cse", "--cse", CSE), ("ae", "--ae", AE)] {
            place
                .ibc(&[
                    "admin",
                    "client",
                    "add",
                    client,
                    kind,
                    id,
                    "--admit",
                    "mef:sp.example.com",
                    "--admit",
                    "maf:sp.example.com",
                ])
                .done();
            for (option, function) in [("--kpm-id", "mef"), ("--km-id", "maf")] {
                let identity = format!("{client}@{function}.example.com");
                place
                    .ibc(&[
                        "admin",
                        "client",
                        "add-key",
                        client,
                        option,
                        &identity,
                        "--key-file",
                        key_file(client),
                    ])
                    .done();
            }
        }
        let maf = ["maf", "--maf", "maf.example.com", "--admit", "mef:sp.example.com"];
        place.ibc(&[&["admin", "client", "add"][..], &maf].concat()).done();
        let key = ["maf", "--kpm-id", "maf@mef.example.com", "--key-file", "maf.hex"];
        place.ibc(&[&["admin", "client", "add-key"][..], &key].concat()).done();
        for function in ["mef", "maf"] {
            place
                .ibc(&["admin", "policy", "add", "--at", function, "--stakeholder", "sp.example.com"])
                .done();
        }
        let monitor = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let server = place
            .command(&["serve", "--listen", &address, "--monitor", &monitor, "--log", "warn"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let service = Self { place, address, server };
        let until = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(&service.address).is_err() {
            assert!(Instant::now() < until, "the service does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        service
    }

    /// The arguments of `ibc COMMAND` as a client of the service at `function`.
    pub(crate) fn arguments(
        &self,
        command: &[&str],
        function: &str,
        (client, entity): (&str, &str),
        rest: &[&str],
    ) -> Vec<String> {
        let fqdn = format!("{function}.example.com");
        let (option, identity) = (format!("--{function}"), format!("{client}@{fqdn}"));
        let connect = [
            &option,
            fqdn.as_str(),
            "--connect",
            &self.address,
            "--as",
            entity,
            "--psk-identity",
            &identity,
            "--psk-file",
            key_file(client),
        ];
        [command, &connect[..], rest].concat().into_iter().map(String::from).collect()
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, command: &[&str], function: &str, who: (&str, &str), rest: &[&str]) -> Ran {
        let arguments = self.arguments(command, function, who, rest);
        self.place.ibc(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).hides(&key_of(who.0))
    }

    /// Lets it run, with what it says in the file `said`, until `enough` or for two minutes; then kills it.
    fn runs_until(
        &self,
        command: &[&str],
        function: &str,
        who: (&str, &str),
        rest: &[&str],
        mut enough: impl FnMut() -> bool,
    ) {
        let arguments = self.arguments(command, function, who, rest);
        let mut child = self
            .place
            .command(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
            .stdout(File::create(self.place.path("said")).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let until = Instant::now() + Duration::from_secs(120);
        while !enough() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
        }
        let ended = child.try_wait().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(ended.is_none(), "it stays: {ended:?}\n{}", self.place.read("said"));
    }

    /// The lines of `said`, as JSON.
    fn said(&self) -> Vec<serde_json::Value> {
        let said = self.place.read("said");
        said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

#[test]
fn a_device_enrols_renews_and_signs() {
    let service = Service::new();
    let enrol = |rest: &[&str]| service.run(&["enrol"], "mef", ("cse", CSE), rest);
    let first = enrol(&["--store", "cse", "--lifetime", "10d", "--json"]).done().json();
    assert_eq!(service.place.mode("cse/credential.json"), 0o600);
    let credential = ["--credential", "cse/credential.json", "--kpak", "cse/kpak.json"];
    service.place.ibc(&[&["credential", "validate"], &credential[..]].concat()).done();
    let ssk = service.place.field("cse/credential.json", "ssk");

    let renew = |rest: &[&str]| service.run(&["renew"], "mef", ("cse", CSE), rest);
    let waits = renew(&["--store", "cse", "--if-due", "--json"]).done().json();
    assert!(waits["due"].is_string(), "{waits}");
    let second = renew(&["--store", "cse", "--json"]).done().hides(&ssk).json();
    assert_ne!(first["id2"], second["id2"]);
    assert_eq!(service.place.field("cse/credential.json", "id2"), second["id2"].as_str().unwrap());
    service.place.ibc(&[&["credential", "validate"], &credential[..]].concat()).done();

    // With the public key file of the operator the first KPAK has to be one of it.
    service.place.ibc(&["mef", "kpaks", "--out", "kpak.json"]).done();
    enrol(&["--store", "other", "--kpak", "kpak.json"]).done();
    service
        .place
        .ibc(&[
            "kms",
            "init",
            "--kms",
            "k.ibc",
            "--passphrase-file",
            "pass",
            "--kdf-memory-mib",
            "19",
            "--kdf-passes",
            "2",
        ])
        .done();
    service
        .place
        .ibc(&[
            "kms",
            "export-public",
            "--kms",
            "k.ibc",
            "--passphrase-file",
            "pass",
            "--out",
            "foreign.json",
        ])
        .done();
    enrol(&["--store", "third", "--kpak", "foreign.json"]).refused(&["not installed", "KPAK"]);
    assert!(!service.place.path("third/credential.json").exists());

    service.run(&["enrol"], "mef", ("cse", AE), &["--store", "x"]).refused(&["4106", "--as"]);
    service
        .run(&["enrol"], "mef", ("nobody", CSE), &["--store", "x"])
        .refused(&["handshake failed", "PSK identity"]);
    service.run(&["enrol"], "mef", ("cse", "/CSE1"), &["--store", "x"]).misused(&["//PROVIDER/CSE1"]);
    // The octets that the digits mean; and text that means nothing.
    let octets = base16ct::lower::decode_vec(KEY).unwrap();
    service.place.write_private("key.hex", [&octets[..], &[0x80]].concat());
    enrol(&["--store", "raw"]).refused(&["handshake failed", "PSK identity"]);
    let binary = [0x80; 32];
    service.place.write_private("raw.key", binary);
    let id = "raw@mef.example.com";
    service.place.ibc(&["admin", "client", "add-key", "cse", "--kpm-id", id, "--key-file", "raw.key"]).done();
    service.place.write_private("key.hex", binary);
    service.run(&["enrol"], "mef", ("raw", CSE), &["--store", "raw"]).done();
    service.place.write_private("key.hex", format!("0x{KEY}"));
    enrol(&["--store", "x"]).refused(&["key.hex", "hexadecimal digits"]);
    service.place.chmod("key.hex", 0o644);
    enrol(&["--store", "x"]).refused(&["key.hex", "644"]);
}

#[test]
fn keys_are_registered_and_retrieved() {
    let service = Service::new();
    let (ae, cse) = (("ae", AE), ("cse", CSE));
    for (function, suid) in [("mef", "22"), ("maf", "32")] {
        let key = |command, who, rest: &[&str]| service.run(&["key", command], function, who, rest);
        let out = format!("{function}-out.json");
        let register = [
            "--stakeholder",
            "sp.example.com",
            "--suid",
            suid,
            "--target",
            CSE,
            "--lifetime",
            "5d",
            "--label",
            "line 3",
        ];
        let exported =
            key("register", ae, &[&register[..], &["--out", &out, "--json"]].concat()).done().json();
        let identifier = exported["identifier"].as_str().unwrap();
        assert!(exported["key"].is_null());
        assert_eq!(service.place.mode(&out), 0o600);
        let file = |name: &str| serde_json::from_str::<serde_json::Value>(&service.place.read(name)).unwrap();
        let registered = file(&out);
        let kept = ["identifier", "suid", "source", "adminFQDN", "end"];
        assert_eq!(
            (&registered["identifier"], &registered["end"]),
            (&exported["identifier"], &exported["until"])
        );
        assert_eq!((&registered["source"], &registered["targets"][0]), (&AE.into(), &CSE.into()));
        assert_eq!(
            (&registered["labels"][0], &registered["adminFQDN"]),
            (&"line 3".into(), &"sp.example.com".into())
        );
        let digits = registered["key"].as_str().unwrap();

        // The CSE is registered with its own key, and retrieves the other's.
        service.place.write_private("own.hex", "41".repeat(32));
        let own =
            ["--stakeholder", "sp.example.com", "--suid", suid, "--target", AE, "--key-file", "own.hex"];
        let own = key("register", cse, &[&own[..], &["--json"]].concat()).done().json();
        let retrieved = format!("{function}-in.json");
        key("retrieve", cse, &["--id", identifier, "--out", &retrieved]).done().hides(digits);
        let retrieved = file(&retrieved);
        for name in kept.into_iter().chain(["key", "labels"]) {
            assert_eq!(retrieved[name], registered[name], "{name}");
        }
        assert!(retrieved["targets"].is_null(), "a target is not told the others");
        let raw = format!("{function}-in.hex");
        key("retrieve", cse, &["--id", identifier, "--out", &raw, "--raw"]).done().hides(digits);
        assert_eq!(service.place.read(&raw).trim(), digits);
        let own = own["identifier"].as_str().unwrap();
        let shown = key("retrieve", ae, &["--id", own, "--show-secret", "--json"]).done().json();
        assert_eq!(shown["key"], "41".repeat(32));
        key("retrieve", ae, &["--id", own]).misused(&["--out", "--show-secret"]);
        key("retrieve", cse, &["--id", own, "--show-secret"]).refused(&["4004"]);

        let relative = identifier.split('@').next().unwrap();
        let updated = key("update", ae, &["--id", relative, "--lifetime", "3d", "--json"]).done().json();
        assert!(updated["until"].is_string(), "{updated}");
        key("update", ae, &["--id", relative]).misused(&["--lifetime"]);
        key("delete", ae, &["--id", relative]).done();
        key("retrieve", cse, &["--id", relative, "--show-secret"]).refused(&["4004"]);
        key("delete", ae, &["--id", "X@other.example.com"]).refused(&["is at other.example.com"]);
    }
}

#[test]
fn a_registration_lives_from_new_to_delete() {
    let service = Service::new();
    for function in ["mef", "maf"] {
        let run =
            |command, rest: &[&str]| service.run(&["registration", command], function, ("cse", CSE), rest);
        let new = ["--stakeholder", "sp.example.com", "--lifetime", "40d"];
        let registered = run("new", &[&new[..], &["--json"]].concat()).done().json();
        let id = registered["registration"].as_str().unwrap();
        assert_eq!((&registered["client"], &registered["command_waits"]), (&CSE.into(), &false.into()));
        run("new", &new).refused(&["4117"]);
        run("configuration", &["--id", id]).refused(&["4004"]);

        let at = format!("{function}:sp.example.com");
        service.place.write("configuration.json", r#"{"interval":60}"#);
        let configure = ["admin", "client", "configure", "cse", "--at", &at, "--file", "configuration.json"];
        service.place.ibc(&configure).done();
        let shown = run("configuration", &["--id", id, "--json"]).done().json();
        assert_eq!(shown["configuration"]["interval"], 60);

        let updated = run("update", &["--id", id, "--lifetime", "10d", "--json"]).done().json();
        let ends = [&registered, &updated].map(|answer| answer["until"].as_str().unwrap().to_owned());
        assert!(ends[1] < ends[0], "{ends:?}");
        run("update", &["--id", id]).misused(&["--lifetime"]);
        service.run(&["registration", "delete"], function, ("ae", AE), &["--id", id]).refused(&["4004"]);
        run("delete", &["--id", id]).done();
        run("delete", &["--id", id]).refused(&["4004"]);
        run("new", &new).done();
    }
}

#[test]
fn commands_of_the_mef_are_executed() {
    let service = Service::new();
    let commands = |rest: &[&str]| {
        let common = ["--stakeholder", "sp.example.com", "--store", "cse", "--once", "--now"];
        service.run(&["commands"], "mef", ("cse", CSE), &[&common[..], rest].concat())
    };
    let none = commands(&["--json"]).done().json();
    assert_eq!(none["reported"], 0);
    let registration = none["registration"].as_str().unwrap();
    service.place.write(
        "command.json",
        format!(
            r#"{{"cmci":4,"cmar":{{"ipca":{{"uri":"https://mef.example.com/ibc","sty":2,"sid":"{CSE}"}}}}}}"#
        ),
    );
    service
        .place
        .ibc(&["admin", "client", "instruct", "--registration", registration, "--file", "command.json"])
        .done();
    let one = commands(&["--json"]).done().json();
    assert_eq!((&one["reported"], &one["registration"]), (&1.into(), &none["registration"]));
    service
        .place
        .ibc(&["credential", "validate", "--credential", "cse/credential.json", "--kpak", "cse/kpak.json"])
        .done();
}

#[test]
fn the_daemon_renews_again_and_again_and_may_be_killed() {
    let service = Service::new();
    service.run(&["enrol"], "mef", ("cse", CSE), &["--store", "cse", "--lifetime", "8s"]).done();
    let mut seen = std::collections::BTreeSet::new();
    let renew = ["--store", "cse", "--lifetime", "8s"];
    service.runs_until(&["renew", "--daemon"], "mef", ("cse", CSE), &renew, || {
        seen.insert(service.place.field("cse/credential.json", "id2"));
        seen.len() >= 3
    });
    assert!(seen.len() >= 3, "the first credential and two that replaced it: {seen:?}");
    let credential = ["--credential", "cse/credential.json", "--kpak", "cse/kpak.json"];
    service.place.ibc(&[&["credential", "validate"], &credential[..]].concat()).done();
}

#[test]
fn a_key_is_registered_again_before_it_ends() {
    let service = Service::new();
    let mut seen = std::collections::BTreeSet::new();
    let register = ["--stakeholder", "sp.example.com", "--suid", "32", "--target", CSE, "--lifetime", "8s"];
    let keep = [&register[..], &["--out", "kc.hex", "--raw", "--keep", "--json"]].concat();
    service.runs_until(&["key", "register"], "maf", ("ae", AE), &keep, || {
        if service.place.path("kc.hex").exists() {
            seen.insert(service.place.read("kc.hex"));
        }
        // The file is written first.
        seen.len() >= 3 && service.said().len() >= seen.len()
    });
    assert!(seen.len() >= 3, "the first key and two that followed it: {}", service.place.read("said"));
    let said = service.said();
    for key in &seen {
        assert!(!service.place.read("said").contains(key.trim()), "a key on standard output");
    }
    // The last one lives, and is the one in the file.
    let identifier = said.last().unwrap()["identifier"].as_str().unwrap();
    let retrieve = ["--id", identifier, "--out", "in.hex", "--raw"];
    service.run(&["key", "retrieve"], "maf", ("cse", CSE), &retrieve).done();
    assert_eq!(service.place.read("in.hex"), service.place.read("kc.hex"));
}

#[test]
fn a_client_that_stays_executes_commands_as_they_come() {
    let service = Service::new();
    let stays = ["--stakeholder", "sp.example.com", "--store", "cse", "--json"];
    let first = service.run(&["commands"], "mef", ("cse", CSE), &[&stays[..], &["--once"]].concat());
    let registration = first.done().json()["registration"].as_str().unwrap().to_owned();
    let provide = format!(
        r#"{{"cmci":4,"cmar":{{"ipca":{{"uri":"https://mef.example.com/ibc","sty":2,"sid":"{CSE}"}}}}}}"#
    );
    service.place.write("command.json", provide);
    let instruct = ["admin", "client", "instruct", "--registration", &registration, "--file", "command.json"];
    let mut seen = std::collections::BTreeSet::new();
    // Another command whenever the one before was executed: each gives another credential.
    service.runs_until(&["commands"], "mef", ("cse", CSE), &stays, || {
        if service.place.path("cse/credential.json").exists() {
            seen.insert(service.place.field("cse/credential.json", "id2"));
        }
        if service.said().len() == seen.len() && seen.len() < 3 {
            service.place.ibc(&instruct).done();
            let until = Instant::now() + Duration::from_secs(60);
            while service.said().len() == seen.len() && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        seen.len() >= 3
    });
    assert_eq!(seen.len(), 3, "{}", service.place.read("said"));
    for turn in service.said() {
        assert_eq!((&turn["reported"], &turn["registration"]), (&1.into(), &registration.as_str().into()));
    }
    let credential = ["--credential", "cse/credential.json", "--kpak", "cse/kpak.json"];
    service.place.ibc(&[&["credential", "validate"], &credential[..]].concat()).done();
}
