//! Mistakes, told before they cost something.

use crate::place::Place;
use std::process::Stdio;

const CSE: &str = "//sp.example.com/CSE1";

fn configured() -> Place {
    let place = Place::new();
    let sample = place.ibc(&["config", "sample"]).done().stdout;
    place.write("ibc.toml", sample);
    place
}

fn made() -> Place {
    let place = configured();
    place.ibc(&["service", "init"]).done();
    place.ibc(&["admin", "stakeholder", "add", "sp.example.com"]).done();
    place.ibc(&["admin", "client", "add", "gateway-1", "--cse", CSE, "--admit", "mef:sp.example.com"]).done();
    place
}

#[test]
fn with_json_an_error_of_usage_is_an_object_too() {
    let place = Place::new();
    for arguments in [
        &["--json", "verify"][..],
        &["mef", "deny", "nonsense", "--json"],
        &["admin", "client", "set", "x", "--json"],
        &["nonsense", "--json"],
    ] {
        let ran = place.ibc(arguments);
        assert_eq!(ran.status, 2, "{ran:?}");
        assert_eq!(ran.json()["error"]["kind"], "usage", "{ran:?}");
        let message = ran.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(!message.is_empty() && !message.contains("For more information"), "{message}");
    }
    let help = place.ibc(&["verify", "--help", "--json"]).done();
    assert!(help.stdout.contains("Usage:"));
}

#[test]
fn a_client_is_added_whole_or_not_at_all() {
    let place = made();
    let add = |arguments: &[&str]| place.ibc(&[&["admin", "client", "add", "second"], arguments].concat());
    add(&["--cse", "//sp.example.com/CSE2", "--cse", CSE]).refused(&["bound to another client"]);
    place.ibc(&["admin", "client", "show", "second"]).refused(&["no such client"]);
    add(&["--cse", "//sp.example.com/CSE2", "--admit", "mef:unknown.example.com"]).refused(&["stakeholder"]);
    place.ibc(&["admin", "client", "show", "second"]).refused(&["no such client"]);
    add(&["--cse", "//sp.example.com/CSE2", "--admit", "mef:sp.example.com"]).done();
    // Of two new identities one is taken: neither is bound.
    let bind = ["admin", "client", "bind", "second", "--cse", "//sp.example.com/CSE3", "--cse", CSE];
    place.ibc(&bind).refused(&["bound to another client"]);
    let shown = place.ibc(&["admin", "client", "show", "second", "--json"]).done().stdout;
    assert!(shown.contains("CSE2") && !shown.contains("CSE3"), "{shown}");
}

#[test]
fn a_configuration_is_checked_by_opening_what_it_names() {
    let place = configured();
    let fresh = place.ibc(&["config", "check", "--json"]).done().json();
    assert_eq!(fresh["to_be_made"], serde_json::json!(["keys", "state folder", "tables"]));
    place.ibc(&["service", "init"]).done();
    let ready = place.ibc(&["config", "check", "--json"]).done().json();
    assert_eq!((&ready["to_be_made"], &ready["opened"]), (&serde_json::json!([]), &true.into()));

    let config = place.read("ibc.toml");
    let with = |from: &str, to: &str| place.write("ibc.toml", config.replacen(from, to, 1));
    let check = || place.ibc(&["config", "check"]);
    with(
        "#certificate = \"server.pem\"\n#key = \"server.key\"",
        "certificate = \"server.pem\"\nkey = \"server.key\"",
    );
    check().refused(&["server."]);
    place.ibc(&["config", "check", "--file-only"]).done();
    place.write("ibc.toml", &config);
    place.chmod("state", 0o777);
    check().refused(&["state has mode 0777", "chmod 700"]);
    place.ibc(&["admin", "client", "list"]).refused(&["state has mode 0777"]);
    place.chmod("state", 0o700);
    place.chmod("service.db", 0o644);
    check().refused(&["service.db has mode 0644", "chmod 600"]);
    place.ibc(&["audit", "show"]).refused(&["service.db has mode 0644"]);
    place.ibc(&["admin", "client", "list"]).refused(&["service.db has mode 0644"]);
    place.chmod("service.db", 0o600);
    for (from, to, words) in [
        ("#keep = \"90d\"", "keep = \"36500d\"", "[audit] keep reaches before 1970"),
        (
            "#max_lifetime = \"400d\"",
            "max_lifetime = \"9000000d\"",
            "[mef] max_lifetime reaches beyond the year 9999",
        ),
        (
            "#supersede_window = \"1h\"",
            "supersede_window = \"9000000d\"",
            "[mef] supersede_window reaches beyond the year 9999",
        ),
        (
            "#clock_tolerance = \"60s\"",
            "clock_tolerance = \"9000000d\"",
            "[store] clock_tolerance reaches beyond the year 9999",
        ),
        ("#log = \"info\"", "log = \"loud\"", "error, warn, info, debug, trace"),
    ] {
        with(from, to);
        check().refused(&[words]);
    }
    place.write("ibc.toml", &config);
    std::fs::rename(place.path("seal.key"), place.path("aside")).unwrap();
    check().refused(&["seal.key"]);
}

#[test]
fn a_life_that_is_cut_is_said() {
    let place = made();
    let provision = |lifetime: &str, out: &str| {
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
        ])
    };
    assert!(!provision("30d", "one.json").done().stdout.contains("until"));
    let cut = provision("5000d", "two.json").done().stdout;
    assert!(cut.contains("until ") && cut.contains("max_lifetime"), "{cut}");
}

#[test]
fn a_new_passphrase_is_long_enough() {
    let place = configured();
    place.write_private("short", "abc");
    let init = ["kms", "init", "--kms", "kms.ibc", "--passphrase-file", "short"];
    place.ibc(&init).refused(&["fewer than 12 characters"]);
    assert!(!place.files().contains(&"kms.ibc".to_owned()));
    let config = place.read("ibc.toml").replace("key_file = \"seal.key\"", "passphrase_file = \"short\"");
    place.write("ibc.toml", config);
    place.ibc(&["service", "init"]).refused(&["short", "fewer than 12 characters"]);
    assert!(!place.files().contains(&"keys".to_owned()));
}

/// Runs a command on a terminal, which `script` makes, and answers its question.
fn on_a_terminal(place: &Place, command: &str, answer: &str) -> (bool, String) {
    use std::io::Write;
    let ibc = env!("CARGO_BIN_EXE_ibc");
    let mut child = std::process::Command::new("script")
        .args(["--quiet", "--return", "--command", &format!("{ibc} {command}"), "/dev/null"])
        .current_dir(place.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script, of util-linux");
    writeln!(child.stdin.take().unwrap(), "{answer}").unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn what_cannot_be_undone_is_asked_on_a_terminal() {
    let place = made();
    let tag = place.ibc(&["kms", "list", "--json"]).done().stdout;
    let tag = tag.split("\"tag\":\"").nth(1).unwrap()[..6].to_owned();
    let (done, said) = on_a_terminal(&place, &format!("kms end {tag}"), "no");
    assert!(!done && said.contains("Type yes") && said.contains("nothing was changed"), "{said}");
    let (done, said) = on_a_terminal(&place, "admin client remove gateway-1", "n");
    assert!(!done && said.contains("Client gateway-1 loses"), "{said}");
    place.ibc(&["admin", "client", "show", "gateway-1"]).done();
    let (done, said) = on_a_terminal(&place, "admin client remove gateway-1", "yes");
    assert!(done && said.contains("removed client"), "{said}");
    let (done, said) = on_a_terminal(&place, &format!("kms end {tag} --yes"), "");
    assert!(done && !said.contains("Type yes"), "{said}");
    // A script is asked nothing.
    place.ibc(&["admin", "stakeholder", "remove", "sp.example.com"]).done();
}
