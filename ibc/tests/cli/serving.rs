//! The built command `ibc serve` with clients, for tests.

use crate::http::{Answer, Client};
use crate::place::Place;
use crate::service::MEF;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::thread::{self, JoinHandle};

/// Long enough to be looked for in memory.
pub(crate) const NODE: &str = "node-whose-name-is-found";
pub(crate) const CSE: &str = "//sp.example.com/CSE1";
pub(crate) const CLIENTS: usize = 8;

pub(crate) fn entity(number: usize) -> String {
    format!("//sp.example.com/CSE1/C{number}")
}

pub(crate) fn key(number: usize) -> [u8; 32] {
    let mut key = [0x6b; 32];
    key[0] = u8::try_from(number).unwrap();
    key
}

/// A service whose clients are `CLIENTS` devices, and a gateway that may have their keys.
pub(crate) fn made(url: &str) -> Place {
    let place = Place::new();
    place.write(
        "ibc.toml",
        format!(
            "provider = \"sp.example.com\"\nnode = \"{NODE}\"\n[store]\nurl = \"{url}\"\nstate = \"state\"\n\
             [keys]\ndirectory = \"keys\"\nkey_file = \"seal.key\"\n[mef]\nfqdn = \"{MEF}\"\nlive_credentials = 1000000\n\
             [maf]\nfqdn = \"maf.example.com\"\n[server]\ncredential_rate = 10000\nrequest_rate = 10000\naddress_rate = 10000\n\
             [audit]\nsegments = \"segments\"\n"
        ),
    );
    place.ibc(&["service", "init"]).done();
    place.ibc(&["admin", "stakeholder", "add", "sp.example.com"]).done();
    place.ibc(&["admin", "policy", "add", "--at", "mef", "--stakeholder", "sp.example.com"]).done();
    let client = |name: &str, kind: &str, entity: &str, key: &[u8]| {
        place.ibc(&["admin", "client", "add", name, kind, entity, "--admit", "mef:sp.example.com"]).done();
        place.write_private("kpm", key);
        let id = format!("{name}@{MEF}");
        place.ibc(&["admin", "client", "add-key", name, "--kpm-id", &id, "--key-file", "kpm"]).done();
    };
    client("gateway", "--cse", CSE, &key(200));
    for number in 0..CLIENTS {
        client(&format!("device{number}"), "--ae", &entity(number), &key(number));
    }
    place
}

/// `ibc serve`, and what it has logged.
pub(crate) struct Serving {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) monitor: SocketAddr,
    log: JoinHandle<Vec<String>>,
}

impl Serving {
    pub(crate) fn start(place: &Place, listen: &str) -> Self {
        let arguments = ["serve", "--listen", listen, "--monitor", "127.0.0.1:0", "--log-format", "json"];
        let mut child =
            place.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let mut seen = Vec::new();
        let mut address_of = |message: &str| -> SocketAddr {
            loop {
                let line = lines.next().unwrap_or_else(|| panic!("it ended: {seen:?}"));
                let value: Value = serde_json::from_str(&line).expect("one JSON object a line");
                seen.push(line);
                if value["fields"]["message"] == message {
                    return value["fields"]["address"].as_str().unwrap().parse().unwrap();
                }
            }
        };
        let monitor = address_of("metrics and health");
        let address = address_of("listening");
        let log = thread::spawn(move || {
            seen.extend(lines);
            seen
        });
        Self { child, address, monitor, log }
    }

    pub(crate) fn connect(&self, number: usize) -> Client {
        connect(self.address, number).expect("a session")
    }

    pub(crate) fn signal(&self, signal: &str) {
        // The shell's own: the program of this name is in a package that need not be there.
        let kill = format!("kill {signal} {}", self.child.id());
        let status = std::process::Command::new("sh").args(["-c", &kill]).status();
        assert!(status.unwrap().success());
    }

    /// Ends it; gives its exit status, standard output and log.
    pub(crate) fn wait(mut self) -> (std::process::ExitStatus, String, Vec<String>) {
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        (self.child.wait().unwrap(), stdout, self.log.join().unwrap())
    }
}

pub(crate) fn connect(address: SocketAddr, number: usize) -> Option<Client> {
    Client::try_connect(address, MEF, &format!("device{number}@{MEF}"), &key(number)).ok()
}

pub(crate) fn enrol(client: &mut Client, number: usize) -> Option<Answer> {
    let body = json!({"id": entity(number)}).to_string();
    let message = client.message("POST", "/ibc/enrol", "Content-Type: application/json\r\n", &body);
    client.send(message.as_bytes()).ok()?;
    client.receive()
}
