//! Denying with the built command, and what peers make of it.

use crate::place::{Place, Ran};

const CSE: &str = "//sp.example.com/CSE1";

/// A MEF on SQLite with a client of one CSE.
pub(crate) fn made() -> Place {
    let place = Place::new();
    let sample = place.ibc(&["config", "sample"]).done().stdout;
    place.write("ibc.toml", sample);
    place.ibc(&["service", "init"]).done();
    place.ibc(&["admin", "stakeholder", "add", "sp.example.com"]).done();
    place.ibc(&["admin", "client", "add", "gateway-1", "--cse", CSE, "--admit", "mef:sp.example.com"]).done();
    place
}

fn provision(place: &Place, out: &str, lifetime: &str) -> Ran {
    place.ibc(&[
        "mef",
        "provision",
        "--client",
        "gateway-1",
        "--id",
        CSE,
        "--lifetime",
        lifetime,
        "--out",
        out,
        "--json",
    ])
}

fn id_2(place: &Place, out: &str, lifetime: &str) -> String {
    provision(place, out, lifetime).done().json()["id2"].as_str().unwrap().to_owned()
}

#[test]
fn a_denial_says_what_is_left_and_takes_all_of_a_client() {
    let place = made();
    let (first, second) = (id_2(&place, "one.json", "10d"), id_2(&place, "two.json", "20d"));
    let mistyped = first.replacen("43534531@", "43534532@", 1); // CSE2
    place.ibc(&["mef", "deny", &mistyped]).refused(&["never issued here", "--force"]);
    assert!(place.ibc(&["mef", "deny-list"]).done().stdout.contains("\"denied\":[]"), "nothing was denied");
    let denied = place.ibc(&["mef", "deny", &first, "--reason", "lost", "--json"]).done().json();
    assert_eq!(denied["denied"], serde_json::json!([first]));
    assert_eq!(denied["still_live"], serde_json::json!([second]));
    assert_eq!((&denied["client"], &denied["client_is_enabled"]), (&"gateway-1".into(), &true.into()));
    let again = place.ibc(&["mef", "deny", &first]).done().stdout;
    for words in ["nothing to deny", "gateway-1, enabled", "ibc admin client disable gateway-1", &second] {
        assert!(again.contains(words), "{words}: {again}");
    }
    // Whoever has the key gets another, until the client is disabled.
    let third = id_2(&place, "three.json", "30d");
    let all =
        place.ibc(&["mef", "deny", "--client", "gateway-1", "--disable-client", "--json"]).done().json();
    let mut denied = all["denied"].as_array().unwrap().clone();
    denied.sort_by_key(ToString::to_string);
    let mut expected = [second, third].map(serde_json::Value::from).to_vec();
    expected.sort_by_key(ToString::to_string);
    assert_eq!(denied, expected);
    assert_eq!((&all["still_live"], &all["client_is_enabled"]), (&serde_json::json!([]), &false.into()));
    provision(&place, "four.json", "30d").refused_json("not permitted");
    place.ibc(&["mef", "deny", "--client", "nobody"]).refused(&["no such client"]);
    place.ibc(&["mef", "deny"]).misused(&["ID_2"]);
    let forced = place.ibc(&["mef", "deny", &mistyped, "--force", "--json"]).done().json();
    assert_eq!(forced["denied"], serde_json::json!([mistyped]));
    let events = place.ibc(&["audit", "show", "--last", "50"]).done().stdout;
    assert!(events.contains("admin client disable") && events.contains("denied"), "{events}");
    place.ibc(&["audit", "verify"]).done();
}

#[test]
fn peers_ask_a_deny_list_that_was_signed() {
    let place = made();
    let denied = id_2(&place, "one.json", "10d");
    let kept = id_2(&place, "two.json", "20d");
    place.ibc(&["mef", "kpaks", "--out", "kpak.json"]).done();
    place.ibc(&["mef", "signer", "--out", "signer.pem"]).done();
    place.write("message", "m");
    for (credential, signature) in [("one.json", "one.sig"), ("two.json", "two.sig")] {
        place.ibc(&["sign", "--credential", credential, "--in", "message", "--out", signature]).done();
    }
    place.ibc(&["mef", "deny-list", "--out", "before.txt"]).done();
    place.ibc(&["mef", "deny", &denied]).done();
    place.ibc(&["mef", "deny-list", "--out", "denylist.txt"]).done();
    let verify = |id_2: &str, signature: &str, list: &[&str]| {
        let common =
            ["verify", "--kpak", "kpak.json", "--in", "message", "--signature", signature, "--id2", id_2];
        place.ibc(&[&common, list].concat())
    };
    let with = |list: &'static str| ["--deny-list", list, "--deny-list-signer", "signer.pem"];
    verify(&denied, "one.sig", &[]).done();
    verify(&denied, "one.sig", &with("before.txt")).done();
    verify(&denied, "one.sig", &with("denylist.txt")).refused(&["is denied", "do not trust"]);
    verify(&kept, "two.sig", &with("denylist.txt")).done();
    // Neither a changed list, nor another's, nor one that nobody vouches for.
    let changed = place.read("denylist.txt").replace(&denied[20..], &kept[20..]);
    place.write("changed.txt", changed);
    verify(&denied, "one.sig", &with("changed.txt")).refused(&["changed.txt", "not signed by this service"]);
    let other = made();
    place.write("signer.pem", other.ibc(&["mef", "signer"]).done().stdout);
    verify(&kept, "two.sig", &with("denylist.txt")).refused(&["not signed by this service"]);
    verify(&kept, "two.sig", &["--deny-list", "denylist.txt"]).misused(&["--deny-list-signer"]);
    place.write("signer.pem", "none");
    verify(&kept, "two.sig", &with("denylist.txt")).refused(&["signer.pem", "ibc mef signer"]);

    place.ibc(&["mef", "signer", "--out", "signer.pem"]).done();
    let peer = |credential: &str| {
        let shown = place.ibc(&["credential", "show", "--credential", credential, "--json"]).done().json();
        shown["psk_identity"].as_str().unwrap().to_owned()
    };
    place.ibc(&["admin", "client", "add", "ae", "--ae", "//sp.example.com/CSE1/C7"]).done();
    let own = ["mef", "provision", "--client", "ae", "--id", "//sp.example.com/CSE1/C7", "--out", "ae.json"];
    place.ibc(&own).done();
    let derive = |peer: &str, out: &str, list: &[&str]| {
        let common = [
            "saef",
            "derive",
            "--credential",
            "ae.json",
            "--kpak",
            "kpak.json",
            "--role",
            "client",
            "--peer",
            peer,
            "--out",
            out,
        ];
        place.ibc(&[&common, list].concat())
    };
    derive(&peer("one.json"), "k1", &[]).done();
    derive(&peer("one.json"), "k2", &with("denylist.txt")).refused(&["deny list"]);
    derive(&peer("two.json"), "k3", &with("denylist.txt")).done();
}
