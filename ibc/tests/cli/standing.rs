//! Commands of a device that stay, or could be made to, and what keeps them from asking without end.

use crate::cli_client::{CSE, KEY};
use crate::hostile::Hostile;
use crate::place::Place;
use std::process::Stdio;
use std::time::{Duration, Instant};

pub(crate) const MEF: &str = "mef.example.com";
const PAST: &str = "20200101T000000";
pub(crate) const FAR: &str = "29990101T000000";

pub(crate) fn key(_: &str) -> Option<Vec<u8>> {
    base16ct::lower::decode_vec(KEY).ok()
}

pub(crate) fn registration(end: &str) -> (u16, String) {
    let text =
        r#"{"sec:mecr":{"ty":ID,"ri":"r1","et":"END","adfq":"sp.example.com","cr":"//sp.example.com/CSE1"}}"#;
    (
        2001,
        text.replace("END", end)
            .replace("ID", &ibc::wire::root::ResourceType::MefClientReg.number().to_string()),
    )
}

/// A command that is reported as not supported, and each time another.
fn command(number: usize) -> String {
    format!(
        r#"{{"sec:mecc":{{"cmid":"{number}","cmst":10,"cmds":{{"cmci":2,"cmar":{{"dcca":{{"dcu":"1:https://{MEF}/x"}}}}}}}}}}"#
    )
}

pub(crate) fn no_more(wait: &str) -> (u16, String) {
    (
        2000,
        format!(
            r#"{{"sec:mecc":{{"cmid":"0","cmst":10,"cmds":{{"cmci":0,"cmar":{{"nmca":{{"rdur":"{wait}"}}}}}}}}}}"#
        ),
    )
}

pub(crate) fn refused(code: u16) -> (u16, String) {
    (code, String::from(r#"{"m2m:dbg":"no"}"#))
}

pub(crate) fn arguments<'a>(mef: &'a Hostile, command: &[&'a str], rest: &[&'a str]) -> Vec<&'a str> {
    let connect = ["--mef", MEF, "--connect", &mef.address, "--as", CSE, "--store", "cse"];
    let psk = ["--psk-identity", "cse@mef.example.com", "--psk-file", "key.hex", "--json"];
    [command, &connect, &psk, &["--stakeholder", "sp.example.com"], rest].concat()
}

pub(crate) fn place() -> Place {
    let place = Place::new();
    place.write_private("key.hex", KEY);
    place
}

/// Lets `ibc commands` run for so long, in which it must not end; gives what it said.
pub(crate) fn runs_for(
    place: &Place,
    mef: &Hostile,
    rest: &[&str],
    time: Duration,
) -> Vec<serde_json::Value> {
    let mut command = place.command(&arguments(mef, &["commands"], rest));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + time;
    while Instant::now() < until && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(ended.is_none(), "it stays: {output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_mef_that_commands_without_end_is_left_after_one_turn() {
    let place = place();
    let mef = Hostile::start(MEF, key, |request, before| match request {
        "POST /mef" => registration(FAR),
        "GET /mef/r1/cmd" => (2000, command(1_000_000 * (before + 1))),
        "PUT /mef/r1/cmd" => (2004, command(before + 1)),
        _ => refused(4004),
    });
    let new = place.ibc(&arguments(&mef, &["registration", "new"], &[])).done().json();
    assert_eq!((&new["commands"]["reported"], &new["commands"]["more"]), (&64.into(), &true.into()), "{new}");
    assert_eq!(mef.count("PUT /mef/r1/cmd"), 64);
    let once = place.ibc(&arguments(&mef, &["commands"], &["--once"])).done().json();
    assert_eq!((&once["reported"], &once["more"]), (&64.into(), &true.into()), "{once}");
    // One that stays takes a turn a second.
    runs_for(&place, &mef, &[], Duration::from_secs(4));
    assert!((3..=7).contains(&mef.count("GET /mef/r1/cmd")), "{}", mef.count("GET /mef/r1/cmd"));
}

#[test]
fn a_mef_that_wants_to_be_asked_at_once_is_asked_each_second() {
    let place = place();
    let mef = Hostile::start(MEF, key, |request, _| match request {
        "POST /mef" => registration(FAR),
        "GET /mef/r1/cmd" => no_more("PT0S"),
        _ => refused(4004),
    });
    runs_for(&place, &mef, &[], Duration::from_secs(4));
    assert!((1..=5).contains(&mef.count("GET /mef/r1/cmd")), "{}", mef.count("GET /mef/r1/cmd"));
}

#[test]
fn a_registration_that_is_of_no_use_is_made_again_later() {
    let place = place();
    let mef = Hostile::start(MEF, key, |request, _| match request {
        "POST /mef" => registration(PAST),
        _ => refused(4004),
    });
    runs_for(&place, &mef, &[], Duration::from_secs(5));
    assert_eq!(mef.count("POST /mef"), 2);
    // One that is named is not made anew, and ends the command.
    let named = place.ibc(&arguments(&mef, &["commands"], &["--registration", "r1"])).done().json();
    assert_eq!(named["ended"]["registration"], "r1");
    assert_eq!(mef.count("POST /mef"), 2);
}

#[test]
fn a_registration_that_is_refused_is_asked_for_later() {
    let place = place();
    let mef = Hostile::start(MEF, key, |request, before| match (request, before) {
        ("POST /mef", 0) => registration(PAST),
        ("POST /mef", _) => refused(4103),
        _ => refused(4004),
    });
    let said = runs_for(&place, &mef, &[], Duration::from_secs(5));
    assert_eq!(mef.count("POST /mef"), 2);
    let message = said[0]["error"]["message"].as_str().unwrap();
    assert!(said.len() == 1 && message.contains("4103") && said[0]["again"].is_string(), "{said:?}");
    // Where the first is refused somebody has to do something; where nobody answers, nobody has.
    let place = self::place();
    let mef = Hostile::start(MEF, key, |_, _| refused(4103));
    place.ibc(&arguments(&mef, &["commands"], &[])).refused_as_object(&["4103"]);
    let busy = Hostile::start(MEF, key, |_, _| refused(5000));
    assert_eq!(runs_for(&place, &busy, &[], Duration::from_secs(3)).len(), 1);
    assert_eq!(busy.count("POST /mef"), 1);
}

#[test]
fn a_refusal_names_the_request() {
    let place = place();
    for code in [4000, 4103, 4004, 4117, 5000] {
        let mef = Hostile::start(MEF, key, move |_, _| refused(code));
        let new = place.ibc(&arguments(&mef, &["registration", "new"], &[]));
        let id = mef.ids().pop().unwrap();
        new.refused_as_object(&[&code.to_string(), &format!("request {id} in its log")]);
    }
}
