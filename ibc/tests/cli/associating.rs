//! `ibc associate`: whom an end accepts, what others cannot keep it from, and how it says that it has ended.

use crate::cli_client::{AE, CSE};
use crate::cli_deny::made;
use crate::device::{Listening, call};
use crate::place::Place;
use eccsi_sakke::onem2m::{EntityName, Fqdn, KpsaId};
use ibc::association::{Framework, PsaKey, PsaKeys, Responder, SecurityAssociation};
use ibc::clock::SystemClock;
use ibc::tls::{PskSuites, TlsStream};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// A gateway and a sensor with a credential each, in stores of these names. Gives their ID_2.
fn provisioned(place: &Place) -> [String; 2] {
    place.ibc(&["admin", "client", "add", "sensor", "--ae", AE]).done();
    [("gateway", "gateway-1", CSE), ("sensor", "sensor", AE)].map(|(store, client, entity)| {
        std::fs::create_dir(place.path(store)).unwrap();
        place.chmod(store, 0o700);
        place.ibc(&["mef", "kpaks", "--out", &format!("{store}/kpak.json")]).done();
        let out = format!("{store}/credential.json");
        let provision = ["mef", "provision", "--client", client, "--id", entity, "--out", &out, "--json"];
        place.ibc(&provision).done().json()["id2"].as_str().unwrap().to_owned()
    })
}

#[test]
fn who_is_denied_is_refused_at_both_ends() {
    let place = made();
    let [gateway, sensor] = provisioned(&place);
    let list = |out: &str| drop(place.ibc(&["mef", "deny-list", "--out", out]).done());
    place.ibc(&["mef", "signer", "--out", "signer.pem"]).done();
    let with = |list: &'static str| ["--deny-list", list, "--deny-list-signer", "signer.pem"];
    let listens =
        |deny_list: &[&str]| Listening::start(&place, &[&["--store", "gateway"], deny_list].concat());
    let calls = |at: &Listening, deny_list: &[&str]| {
        call(&place, &at.address, &[&["--store", "sensor", "--by", "ibc"], deny_list].concat(), "ok")
    };
    // On nobody's list; and a list that does not serve is told before anybody comes.
    list("none.txt");
    let listening = listens(&with("none.txt"));
    calls(&listening, &with("none.txt")).done();
    assert_eq!(listening.end(), "ok");
    let at = ["associate", "--listen", "127.0.0.1:0", "--as", CSE, "--peer", AE, "--store", "gateway"];
    place.write("changed.txt", place.read("none.txt").replace("mef", "maf"));
    place.ibc(&[&at[..], &with("changed.txt")].concat()).refused(&["changed.txt", "not signed"]);
    place.write_private("psa", "00".repeat(32));
    let psa = ["--psa-id", "gw-17@sp.example.com", "--psa-file", "psa"];
    place.ibc(&[&at[..7], &psa, &with("none.txt")].concat()).misused(&["--deny-list", "IBC credentials"]);

    // The sensor is denied while the gateway listens, with a list that is put in the place of the one it has read.
    list("list.txt");
    let mut listening = listens(&with("list.txt"));
    place.ibc(&["mef", "deny", &sensor]).done();
    list("list.txt");
    calls(&listening, &with("none.txt")).refused_as_object(&["does not accept"]);
    let line = listening.line();
    assert!(line.starts_with(&format!("refused {sensor}")) && line.contains("deny list"), "{line}");
    drop(listening);
    // Without a list nobody knows.
    let listening = listens(&[]);
    calls(&listening, &[]).done();
    listening.end();
    // The end that calls asks its list as well.
    place.ibc(&["mef", "deny", &gateway]).done();
    list("both.txt");
    let listening = listens(&[]);
    calls(&listening, &with("both.txt")).refused_as_object(&["on the deny list", "provisioned anew"]);
    calls(&listening, &with("none.txt")).done();
    listening.end();
}

const PSA: [&str; 4] = ["--psa-id", "gw-17@sp.example.com", "--psa-file", "psa"];

/// With a key for the two ends.
fn with_psa() -> Place {
    let place = Place::new();
    place.write_private("psa", "5a".repeat(32));
    place.write_private("other", "a5".repeat(32));
    place
}

#[test]
fn who_says_nothing_keeps_nobody_out() {
    let place = with_psa();
    let patient = [&PSA[..], &["--timeout", "60s"]].concat();
    let listening = Listening::start(&place, &patient);
    let mut silent: Vec<_> = (0..8).map(|_| TcpStream::connect(&listening.address).unwrap()).collect();
    silent[0].write_all(&[22, 3, 1]).unwrap();
    call(&place, &listening.address, &PSA, "ok").done();
    assert_eq!(listening.end(), "ok");

    // Over DTLS one with another key is silent after the first messages: the peer drops what it sends.
    let listening = Listening::start(&place, &[&patient[..], &["--dtls"]].concat());
    let wrong = ["--psa-id", "gw-17@sp.example.com", "--psa-file", "other", "--dtls", "--timeout", "60s"];
    let common = ["associate", "--connect", &listening.address, "--as", AE, "--peer", CSE];
    let mut wrong = place.command(&[&common[..], &wrong].concat()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let outcome = call(&place, &listening.address, &[&PSA[..], &["--dtls"]].concat(), "ok");
    assert!(wrong.try_wait().unwrap().is_none(), "it waits for an answer");
    wrong.kill().unwrap();
    wrong.wait().unwrap();
    outcome.done();
    assert_eq!(listening.end(), "ok");
}

#[test]
fn what_cannot_be_carried_out_is_a_usage_error() {
    let place = with_psa();
    let ends = ["--as", CSE, "--peer", AE];
    let both = ["--maf", "maf.example.com", "--mef", "mef.example.com"];
    let listen = ["associate", "--listen", "127.0.0.1:0"];
    place.ibc(&[&listen[..], &ends, &PSA, &both].concat()).misused(&["--maf and --mef", "give one"]);
    let connect = ["associate", "--connect", "127.0.0.1:9", "--wait", "18446744073709551615s"];
    place.ibc(&[&connect[..], &ends, &PSA].concat()).misused(&["--wait is longer than the clock goes"]);
    let patient = ["--timeout", "18446744073709551615s", "--linger", "18446744073709551615s"];
    place
        .ibc(&[&["associate", "--connect", "127.0.0.1:9"], &ends[..], &PSA, &patient].concat())
        .refused(&["refused"]);
}

/// An end that connects, with a standard input that stays open until it is dropped.
fn calling(place: &Place, address: &str, rest: &[&str]) -> Child {
    let common = ["associate", "--connect", address, "--as", AE, "--peer", CSE];
    let arguments = [&common[..], &PSA, rest].concat();
    let mut command = place.command(&arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[track_caller]
fn ends_with(mut child: Child, status: i32, words: &str) {
    let stdin = child.stdin.take();
    let until = Instant::now() + Duration::from_secs(60);
    while child.try_wait().unwrap().is_none() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    drop(stdin);
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.code() == Some(status) && said.contains(words), "{:?}: {said}", ended.status);
}

/// The gateway in this process, to do what the command does not.
struct Peer {
    address: String,
    accepting: JoinHandle<SecurityAssociation<TlsStream>>,
}

impl Peer {
    fn start() -> Self {
        let entity = |text: &str| EntityName::parse(text).unwrap();
        let id = KpsaId::parse(PSA[1]).unwrap();
        let mut keys = PsaKeys::default();
        keys.add(PsaKey::new(id, Zeroizing::new(vec![0x5a; 32]), entity(AE), None).unwrap()).unwrap();
        let admission = Arc::new(|_: &EntityName, _: Framework| true);
        let responder = Responder::new(entity(CSE), admission, Arc::new(SystemClock)).unwrap().psa_keys(keys);
        let responder =
            responder.tls([Fqdn::parse("cse1.sp.example.com").unwrap()], PskSuites::default()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let accepting = std::thread::spawn(move || {
            responder.accept(listener.accept().unwrap().0, Duration::from_secs(60)).unwrap()
        });
        Self { address, accepting }
    }

    fn association(self) -> SecurityAssociation<TlsStream> {
        self.accepting.join().unwrap()
    }

    fn close(self) {
        self.association().close();
    }
}

/// Waits until the peer has printed this.
fn hears(listening: &mut Listening, text: &str) {
    let mut heard = vec![0; text.len()];
    listening.output().read_exact(&mut heard).unwrap();
    assert_eq!(heard, text.as_bytes());
}

#[test]
fn each_end_of_an_association_has_its_status() {
    let place = with_psa();
    // The peer is gone without a word, with the words of this end still coming.
    let mut listening = Listening::start(&place, &PSA);
    let mut child = calling(&place, &listening.address, &[]);
    child.stdin.as_mut().unwrap().write_all(b"first\n").unwrap();
    hears(&mut listening, "first\n");
    drop(listening);
    ends_with(child, 4, "the connection to the peer broke");

    // The peer closes in order: as one that connects would, if both could.
    let responder = Peer::start();
    let child = calling(&place, &responder.address, &[]);
    responder.close();
    ends_with(child, 3, "before standard input had ended; 0 octets sent");

    // Nobody takes what comes.
    let listening = Listening::start(&place, &PSA);
    let mut child = calling(&place, &listening.address, &[]);
    child.stdin.as_mut().unwrap().write_all(b"ok").unwrap();
    drop(child.stdin.take());
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0), "nothing came");
    assert_eq!(listening.end(), "ok");
    for (arguments, status, words) in
        [(["/dev/full", "/dev/null"], 6, "standard output"), (["/dev/null", "."], 6, "standard input")]
    {
        let responder = Peer::start();
        let common = ["associate", "--connect", &responder.address, "--as", AE, "--peer", CSE];
        let mut command = place.command(&[&common[..], &PSA, &["--linger", "60s"]].concat());
        command.stdout(File::options().write(true).open(arguments[0]).unwrap());
        command.stdin(File::open(arguments[1]).unwrap());
        let child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut association = responder.association();
        let _ = association.write_all(b"to be printed");
        ends_with(child, status, words);
    }
}

#[test]
fn an_association_ends_with_its_credential() {
    let place = made();
    provisioned(&place);
    let short = ["mef", "provision", "--client", "sensor", "--id", AE, "--lifetime", "8s", "--force"];
    place.ibc(&[&short[..], &["--out", "sensor/credential.json"]].concat()).done();
    let listening = Listening::start(&place, &["--store", "gateway"]);
    let common = ["associate", "--connect", &listening.address, "--as", AE, "--peer", CSE];
    let mut command = place.command(&[&common[..], &["--store", "sensor", "--by", "ibc"]].concat());
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    ends_with(child, 5, "the end of its key or credential");
}
