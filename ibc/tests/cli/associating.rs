//! `ibc associate`: whom an end accepts, what others cannot keep it from, and how it says that it has ended.

use crate::cli_client::{AE, CSE};
use crate::cli_deny::made;
use crate::device::{Listening, call};
use crate::place::Place;
use std::io::Write;
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

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
    let listens = |deny_list: &[&str]| Listening::start(&place, &[&["--store", "gateway"], deny_list].concat());
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
