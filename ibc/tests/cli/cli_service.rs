//! The built command `ibc` as an operator of a service uses it, from an empty directory on.

use crate::place::{Place, Ran};
use std::fs;

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
[maf]
fqdn = "maf.example.com"
[audit]
segments = "segments"
"#;

const CSE: &str = "//sp.example.com/CSE1";

/// With `ibc.toml` and nothing else.
fn configured() -> Place {
    let place = Place::new();
    place.write("ibc.toml", CONFIG);
    place
}

/// A service with a stakeholder and a client.
fn made() -> Place {
    let place = configured();
    place.ibc(&["service", "init"]).done();
    place.ibc(&["admin", "stakeholder", "add", "sp.example.com"]).done();
    place.ibc(&["admin", "client", "add", "gateway-1", "--cse", CSE, "--admit", "mef:sp.example.com"]).done();
    place
}

fn provision(place: &Place, out: &str) -> Ran {
    place.ibc(&["mef", "provision", "--client", "gateway-1", "--id", CSE, "--out", out, "--json"])
}

#[test]
fn from_the_sample_to_a_credential_that_others_trust() {
    let place = Place::new();
    let sample = place.ibc(&["config", "sample"]).done().stdout;
    place.write("ibc.toml", sample);
    place.ibc(&["config", "check"]).done();
    let made = place.ibc(&["service", "init"]).done();
    assert!(made.stdout.contains("made node node-1") && made.stdout.contains("Keep copies"), "{made:?}");
    for (name, mode) in [("keys", 0o700), ("state", 0o700), ("seal.key", 0o600), ("service.db", 0o600)] {
        assert_eq!(place.mode(name), mode, "{name}");
    }
    let again = place.ibc(&["service", "init", "--json"]).done().json();
    assert_eq!((&again["made_keys"], &again["made_kpak"]), (&false.into(), &false.into()));
    place.ibc(&["admin", "stakeholder", "add", "sp.example.com"]).done();
    place.ibc(&["admin", "client", "add", "gateway-1", "--cse", CSE, "--admit", "mef:sp.example.com"]).done();
    provision(&place, "cse1.json").done();
    assert_eq!(place.mode("cse1.json"), 0o600);
    place.ibc(&["mef", "kpaks", "--out", "kpak.json"]).done();
    place.ibc(&["credential", "validate", "--credential", "cse1.json", "--kpak", "kpak.json"]).done();
    place.write("message", "hello\n");
    place.ibc(&["sign", "--credential", "cse1.json", "--in", "message", "--out", "message.sig"]).done();
    let id_2 = place.field("cse1.json", "id2");
    let verify =
        ["verify", "--kpak", "kpak.json", "--in", "message", "--signature", "message.sig", "--id2", &id_2];
    place.ibc(&verify).done();
}

#[test]
fn a_credential_is_replaced_and_denied() {
    let place = made();
    let first = provision(&place, "one.json").done().json();
    place
        .ibc(&["mef", "provision", "--client", "gateway-1", "--id", CSE, "--out", "one.json"])
        .refused(&["one.json exists"]);
    let second = place
        .ibc(&[
            "mef",
            "reprovision",
            "--client",
            "gateway-1",
            "--credential",
            "one.json",
            "--out",
            "two.json",
            "--json",
        ])
        .done()
        .hides(&place.field("one.json", "ssk"))
        .json();
    assert_ne!(first["id2"], second["id2"]);
    let id_2 = second["id2"].as_str().unwrap();
    let denied = place.ibc(&["mef", "deny", id_2, "--reason", "stolen", "--json"]).done().json();
    assert_eq!(denied["deny_list"], 1);
    let list = place.ibc(&["mef", "deny-list", "--json"]).done().json();
    assert_eq!(list["deny_list"]["denied"][0]["id2"], id_2);
    place
        .ibc(&[
            "mef",
            "reprovision",
            "--client",
            "gateway-1",
            "--credential",
            "two.json",
            "--out",
            "three.json",
        ])
        .refused(&["not permitted", "valid and not denied"]);
    place
        .ibc(&["mef", "deny", "other.example.com@2F43534531@20990101T000000"])
        .refused(&["belongs to other.example.com"]);
    place.ibc(&["mef", "deny", "nonsense"]).misused(&["nonsense"]);
    let removed = place.ibc(&["admin", "client", "remove", "gateway-1", "--json"]).done().json();
    assert_eq!(removed["denied"], serde_json::json!([first["id2"]]));
    place.ibc(&["audit", "verify"]).done();
}

#[test]
fn what_a_newcomer_does_wrong_is_explained() {
    let place = Place::new();
    place.ibc(&["admin", "client", "list"]).refused(&["ibc.toml", "ibc config sample", "--config"]);
    place.write("ibc.toml", CONFIG.replace("[mef]\nfqdn", "[mef]\nfqnd"));
    place.ibc(&["config", "check"]).refused(&["ibc.toml, line 11", "fqnd", "ibc config sample"]);
    place.write("ibc.toml", CONFIG);
    place.ibc(&["admin", "client", "list"]).refused(&["keys", "ibc service init"]);
    place.ibc(&["service", "init"]).done();
    let text = place.ibc(&["admin", "client", "list"]).done().stdout;
    assert!(text.contains("ibc admin client add"), "{text}");
    provision(&place, "x.json").json();
    let refused = place.ibc(&["mef", "provision", "--client", "nobody", "--id", CSE, "--out", "x.json"]);
    refused.refused(&["ibc admin client"]);
    place
        .ibc(&["admin", "client", "add", "c", "--cse", CSE, "--admit", "mef:sp.example.com"])
        .refused(&["no such stakeholder"]);
    place.ibc(&["admin", "client", "show", "c"]).refused(&["no such client"]);
    place.ibc(&["admin", "client", "add", "c", "--cse", CSE]).done();
    place.ibc(&["admin", "client", "add", "c", "--admit", "sp.example.com"]).misused(&["mef:sp.example.com"]);
    place.ibc(&["admin", "client", "bind", "c"]).misused(&["--cse, --ae or --maf"]);
    place
        .ibc(&["mef", "provision", "--client", "c", "--id", "//sp.example.com/CSE9", "--out", "x.json"])
        .refused(&["ibc admin client bind"]);
    place.ibc(&["mef", "provision", "--client", "c", "--id", "CSE1", "--out", "x.json"]).misused(&["CSE1"]);
    // An identity of the wrong kind, a client that is there, a version that is gone.
    place.ibc(&["admin", "client", "bind", "c", "--ae", CSE]).refused(&["AE-ID", CSE]);
    place.ibc(&["admin", "client", "add", "c"]).refused(&["there already"]);
    place.ibc(&["admin", "client", "disable", "c", "--version", "99"]).refused(&["changed meanwhile"]);
    // Keys on another medium that is not mounted; modes; a key of another service.
    fs::rename(place.path("seal.key"), place.path("away.key")).unwrap();
    place.ibc(&["audit", "verify"]).refused(&["seal.key", "No such file"]);
    place.ibc(&["service", "init"]).refused(&["seal.key"]);
    place.write_private("seal.key", [7; 32]);
    place.ibc(&["audit", "verify"]).refused(&["sealed with another key file"]);
    fs::rename(place.path("away.key"), place.path("seal.key")).unwrap();
    place.chmod("keys", 0o755);
    place.ibc(&["audit", "verify"]).refused(&["chmod 700"]);
    place.chmod("keys", 0o700);
    // The database without its keys.
    fs::rename(place.path("keys"), place.path("away")).unwrap();
    place.ibc(&["service", "init"]).refused(&["bring back the key directory"]);
    fs::rename(place.path("away"), place.path("keys")).unwrap();
    place.ibc(&["audit", "verify"]).done();
    #[cfg(feature = "store-postgres")]
    {
        let refused = place.ibc(&["audit", "verify", "--store", "postgres://u:secretword@h/d"]);
        let refused = refused.misused(&["--store", "IBC_STORE_PASSWORD"]);
        assert!(!refused.stderr.contains("secretword"));
    }
    let refused = place.ibc(&["backup", "seal.key", "--json"]);
    assert_eq!(refused.json()["error"]["kind"], "file");
}

#[test]
fn lists_have_filters_and_pages() {
    let place = made();
    let add = |rest: &[&str]| place.ibc(&[&["admin"][..], rest].concat()).done();
    add(&["stakeholder", "add", "sp2.example.com"]);
    for number in 0..3 {
        let name = format!("sensor-{number}");
        add(&["client", "add", &name, "--label", "Hall", "--admit", "maf:sp2.example.com"]);
        let of = ["--at", "mef", "--stakeholder", "sp2.example.com", "--client", &name];
        add(&[&["policy", "add"][..], &of].concat());
        let id = format!("k-{number}@sp2.example.com");
        let key = format!("{number}.psa");
        add(&["psa", "add", &id, "--between", CSE, "/CSE2", "--generate", &key]);
    }
    let all = |what: &str, filter: &[&str], name: &str, id: &str| {
        let (mut found, mut after) = (Vec::new(), Vec::new());
        loop {
            let list = ["admin", what, "list", "--limit", "2", "--json"];
            let page = place.ibc(&[&list[..], filter, &strings(&after)].concat()).done().json();
            let rows = page[name].as_array().unwrap();
            assert!(rows.len() <= 2, "{page}");
            found.extend(rows.iter().map(|row| row[id].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(next) => after = vec![String::from("--after"), next.into()],
                None => return found,
            }
        }
    };
    let sensors = ["sensor-0", "sensor-1", "sensor-2"];
    for (what, filter, name, id, expected) in [
        ("client", &["--name", "hall"][..], "clients", "client", &sensors[..]),
        ("client", &["--at", "maf", "--stakeholder", "sp2.example.com"], "clients", "client", &sensors),
        ("client", &["--entity", "/CSE1"], "clients", "client", &["gateway-1"]),
        ("policy", &["--stakeholder", "sp2.example.com"], "policy", "client", &sensors),
        ("policy", &["--client", "sensor-1", "--at", "mef"], "policy", "client", &["sensor-1"]),
        ("psa", &["--name", "K-1"], "psas", "psa", &["k-1@sp2.example.com"]),
        ("psa", &["--entity", "/CSE7"], "psas", "psa", &[]),
        ("stakeholder", &["--name", "sp2"], "stakeholders", "stakeholder", &["sp2.example.com"]),
    ] {
        assert_eq!(all(what, filter, name, id), expected, "{what} {filter:?}");
    }
    assert_eq!(all("psa", &["--stakeholder", "sp2.example.com"], "psas", "psa").len(), 3);
    let text = place.ibc(&["admin", "client", "list", "--name", "sensor", "--limit", "2"]).done().stdout;
    assert!(text.trim_end().ends_with("more: --after sensor-1"), "{text}");
    let text = place.ibc(&["admin", "policy", "list", "--client", "nobody"]).done().stdout;
    assert!(text.contains("no such policy"), "{text}");
    place.ibc(&["admin", "policy", "list", "--after", "x"]).refused(&["FUNCTION:STAKEHOLDER:CLIENT:SUID"]);
    place.ibc(&["admin", "client", "list", "--limit", "0"]).misused(&["--limit"]);
}

fn strings(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

#[test]
fn secrets_come_from_files_and_are_never_shown() {
    let place = made();
    let digits = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    place.write("kpm.hex", format!("{digits}\n"));
    let add = |file: &'static str| {
        ["admin", "client", "add-key", "gateway-1", "--kpm-id", "gw@mef.example.com", "--key-file", file]
    };
    place.ibc(&add("kpm.hex")).refused(&["chmod 600"]);
    place.ibc_with_input(&add("-"), digits.as_bytes()).done().hides(digits);
    place.ibc(&["admin", "client", "show", "gateway-1", "--json"]).done().hides(digits);
    place.ibc(&["audit", "show", "--json"]).done().hides(digits);
    place.write_private("short", [1; 8]);
    place
        .ibc(&[
            "admin",
            "client",
            "add-key",
            "gateway-1",
            "--kpm-id",
            "b@mef.example.com",
            "--key-file",
            "short",
        ])
        .refused(&["16 to 64 octets", "lab"]);
    let psa =
        ["admin", "psa", "add", "Gw-17@sp.example.com", "--between", CSE, "/CSE2", "--generate", "psa.key"];
    place.ibc(&psa).done();
    assert_eq!((place.mode("psa.key"), place.read("psa.key").trim_end().len()), (0o600, 64));
    place
        .ibc(&[
            "admin",
            "psa",
            "add",
            "gw-17@sp.example.com",
            "--between",
            CSE,
            "/CSE2",
            "--generate",
            "other.key",
        ])
        .refused(&["given before"]);
    assert!(!place.files().contains(&"other.key".into()), "no key stays that belongs to nothing");
    let fingerprint = "ab".repeat(32);
    let certificate =
        ["admin", "client", "add-certificate", "gateway-1", "--at", "mef", "--kind", "node", "--sha256"];
    place.ibc(&[&certificate[..], &[&fingerprint]].concat()).done();
    place.ibc(&[&certificate[..], &["abc"]].concat()).misused(&["64 hexadecimal digits"]);
    let shown = place.ibc(&["admin", "client", "show", "gateway-1", "--json"]).done().json();
    assert_eq!(shown["credentials"][1]["id"], format!("34-{fingerprint}"));
    place
        .ibc(&[
            "admin",
            "client",
            "remove-credential",
            "gateway-1",
            "--at",
            "mef",
            "--credential",
            "10-gw@mef.example.com",
        ])
        .done();
    place.ibc(&["admin", "psa", "disable", "Gw-17@sp.example.com"]).done();
    place.ibc(&["admin", "psa", "remove", "Gw-17@sp.example.com"]).done();
}

#[test]
fn a_key_is_bound_from_its_digits_or_its_octets_or_is_made() {
    let place = made();
    let add = |id: &str, option: &str, file: &str| {
        place.ibc(&["admin", "client", "add-key", "gateway-1", "--kpm-id", id, option, file])
    };
    // 64 digits could be the 64 octets of a key as well: they are read as the device reads them.
    let short = "00112233445566";
    place.write_private("short.hex", format!("{short}\n"));
    add("a@mef.example.com", "--key-file", "short.hex").refused(&["16 to 64 octets"]).hides(&short.repeat(3));
    let digits = "0".repeat(130);
    place.write_private("long.hex", &digits);
    add("b@mef.example.com", "--key-file", "long.hex").refused(&["16 to 64 octets"]).hides(&digits);
    let text = "correct horse battery staple, twice over";
    place.write_private("text", text);
    add("c@mef.example.com", "--key-file", "text").refused(&["text", "hexadecimal digits"]).hides(text);
    place.write_private("raw", [0x80; 32]);
    add("d@mef.example.com", "--key-file", "raw").done();

    add("e@mef.example.com", "--generate", "made.kpm").done().hides(&"0".repeat(32));
    assert_eq!((place.mode("made.kpm"), place.read("made.kpm").trim_end().len()), (0o600, 64));
    let made = place.read("made.kpm");
    add("e@mef.example.com", "--generate", "again.kpm").refused(&[]);
    assert!(!place.path("again.kpm").exists(), "no key stays that belongs to nothing");
    add("f@mef.example.com", "--generate", "made.kpm").refused(&["made.kpm exists"]);
    assert_eq!(place.read("made.kpm"), made);
    place
        .ibc(&["admin", "client", "add-key", "gateway-1", "--kpm-id", "g@mef.example.com"])
        .misused(&["--generate"]);
}

#[test]
fn policy_configuration_and_stakeholders_by_command() {
    let place = made();
    let at = ["--at", "mef", "--stakeholder", "sp.example.com"];
    let policy = |command: &'static str, rest: &[&'static str]| {
        place.ibc(&[&["admin", "policy", command][..], &at, rest, &["--json"]].concat())
    };
    let row = policy(
        "add",
        &["--client", "gateway-1", "--suid", "22", "--target", "/CSE2", "--max-lifetime", "30d"],
    )
    .done()
    .json();
    assert_eq!(row["targets"], serde_json::json!(["//sp.example.com/CSE2"]));
    assert_eq!((&row["max_lifetime_seconds"], &row["version"]), (&2_592_000.into(), &1.into()));
    policy("add", &["--suid", "32"]).json();
    policy("disable", &["--client", "gateway-1", "--suid", "22", "--version", "1"]).done();
    assert_eq!(policy("show", &["--client", "gateway-1", "--suid", "22"]).done().json()["allow"], false);
    policy("remove", &["--client", "gateway-1", "--suid", "22"]).done();
    place.write("cfg.json", "{\"fqdn\":\"mef.example.com\"}");
    let configure =
        ["admin", "client", "configure", "gateway-1", "--at", "mef:sp.example.com", "--file", "cfg.json"];
    place.ibc(&configure).done();
    place.write("cfg.json", "{");
    place.ibc(&configure).misused(&["cfg.json", "not JSON"]);
    place.ibc(&["admin", "stakeholder", "remove", "sp.example.com"]).refused(&["dismiss them first"]);
    place.ibc(&["admin", "client", "dismiss", "gateway-1", "--at", "mef:sp.example.com"]).done();
    place.ibc(&["admin", "stakeholder", "remove", "sp.example.com"]).done();
    let set = place.ibc(&[
        "admin",
        "client",
        "set",
        "gateway-1",
        "--label",
        "roof",
        "--until",
        "20400101T000000",
        "--json",
    ]);
    let set = set.done().json();
    assert_eq!((&set["label"], &set["until"]), (&"roof".into(), &"20400101T000000".into()));
}

#[test]
fn a_kpak_is_rotated_and_ended() {
    let place = made();
    let first = provision(&place, "one.json").done().json();
    let old =
        place.ibc(&["kms", "list", "--json"]).done().json()["kpaks"][0]["tag"].as_str().unwrap().to_owned();
    let new = place.ibc(&["kms", "rotate", "--json"]).done().json()["tag"].as_str().unwrap().to_owned();
    assert_ne!(old, new);
    let ended = place.ibc(&["kms", "end", &old, "--json"]).done().json();
    assert_eq!(ended["issuing"], new.as_str());
    place.ibc(&["kms", "end", "zzzzzz"]).refused(&["ibc kms list"]);
    provision(&place, "two.json").done();
    assert_ne!(place.field("one.json", "kpak"), place.field("two.json", "kpak"));
    // Both are trusted: the credential under the old one is still good.
    place.ibc(&["mef", "kpaks", "--out", "kpak.json"]).done();
    for credential in ["one.json", "two.json"] {
        place.ibc(&["credential", "validate", "--credential", credential, "--kpak", "kpak.json"]).done();
    }
    assert!(first["id2"].as_str().is_some());
}

#[test]
fn an_older_copy_is_refused_until_the_loss_is_accepted() {
    let place = made();
    let kept = provision(&place, "one.json").done().json();
    place.ibc(&["backup", "copy"]).done();
    assert_eq!(place.mode("copy"), 0o600);
    place.ibc(&["mef", "deny", kept["id2"].as_str().unwrap()]).done();
    provision(&place, "two.json").done();
    // Nothing is touched without --accept-loss.
    place.ibc(&["restore", "copy"]).refused(&["older copy", "ibc restore --accept-loss", "are lost"]);
    let dry = place.ibc(&["restore", "copy", "--dry-run", "--accept-loss", "--json"]).done().json();
    assert_eq!((&dry["older"], &dry["losses"][0]["writer"]), (&true.into(), &"node-1.cli".into()));
    assert_eq!(place.ibc(&["audit", "verify", "--json"]).done().json()["holds"], true);
    place.ibc(&["mef", "provision", "--client", "gateway-1", "--id", CSE, "--out", "more.json"]).done();
    assert!(!place.files().iter().any(|name| name.contains("replaced")));
    let accepted = place.ibc(&["restore", "copy", "--accept-loss", "--json"]).done().json();
    let replaced = accepted["kept"].as_str().unwrap();
    assert!(replaced.starts_with("service.db.replaced-"), "{replaced}");
    assert!(place.files().contains(&replaced.to_owned()));
    assert_eq!((&accepted["lost"], &accepted["denied"]), (&true.into(), &1.into()));
    assert_eq!(place.ibc(&["restore", "--accept-loss", "--json"]).done().json()["lost"], false);
    let list = place.ibc(&["mef", "deny-list"]).done().stdout;
    assert!(list.contains(kept["id2"].as_str().unwrap()));
    provision(&place, "three.json").done();
    assert_ne!(place.field("two.json", "kpak"), place.field("three.json", "kpak"));
    let verified = place.ibc(&["audit", "verify", "--json"]).done().json();
    assert_eq!(verified["holds"], true);
    assert!(verified["chains"][0]["lost"].as_u64().unwrap() > 0, "{verified}");
    place.write("nonsense", "no copy");
    place.ibc(&["restore", "nonsense"]).refused(&["nonsense", "no backup"]);
    place.ibc(&["restore", "service.db", "--unsigned"]).refused(&["the database itself"]);
    place.ibc(&["restore", "keys"]).refused(&["no regular file"]);
    let copy = fs::read(place.path("copy")).unwrap();
    place.write("half", &copy[..copy.len() / 2]);
    place.ibc(&["restore", "half"]).refused(&["cut off", "--unsigned"]);
    place.ibc(&["restore", "half", "--unsigned", "--accept-loss"]).refused(&["half is damaged"]);
    place.ibc(&["restore"]).misused(&["FILE"]);
    place.ibc(&["restore", "--accept-loss", "--dry-run"]).misused(&["FILE"]);
}

#[test]
fn a_copy_of_another_service_is_refused_whatever_is_accepted() {
    let (place, other) = (made(), made());
    other.ibc(&["backup", "copy"]).done();
    place.write("copy", fs::read(other.path("copy")).unwrap());
    for options in [&[][..], &["--accept-loss"], &["--accept-loss", "--unsigned"], &["--dry-run"]] {
        place.ibc(&[&["restore", "copy"][..], options].concat()).refused(&["another service"]);
    }
    place.ibc(&["audit", "verify"]).done();
    provision(&place, "one.json").done();
}

#[test]
fn an_emptied_machine_is_brought_back() {
    let place = made();
    provision(&place, "one.json").done();
    place.ibc(&["backup", "copy"]).done();
    fs::remove_file(place.path("service.db")).unwrap();
    fs::remove_dir_all(place.path("state")).unwrap();
    place.ibc(&["restore", "copy"]).refused(&["nobody can tell", "--accept-loss"]);
    assert!(!place.files().contains(&"service.db".into()));
    let text = place.ibc(&["restore", "copy", "--accept-loss"]).done().stdout;
    assert!(text.contains("state file of node-1.cli") && !text.contains("kept"), "{text}");
    assert!(text.lines().all(|line| !line.ends_with(' ') && !line.contains("deny list 0")), "{text}");
    provision(&place, "two.json").done();
    place.ibc(&["audit", "verify"]).done();
}

#[test]
fn the_newest_copy_is_brought_back_and_nothing_is_lost() {
    let place = made();
    provision(&place, "one.json").done();
    place.ibc(&["backup", "copy"]).done();
    let restored = place.ibc(&["restore", "copy", "--json"]).done().json();
    assert_eq!((&restored["restored"], &restored["lost"]), (&true.into(), &false.into()));
    provision(&place, "two.json").done();
    assert_eq!(place.field("one.json", "kpak"), place.field("two.json", "kpak"));
    let shown = place.ibc(&["audit", "show", "--last", "100"]).done().stdout;
    assert!(shown.contains("backup") && shown.contains("database restored"), "{shown}");
    assert_eq!(place.ibc(&["audit", "verify", "--json"]).done().json()["holds"], true);
}

#[test]
fn tidy_moves_entries_and_verify_finds_what_was_changed() {
    let place = made();
    provision(&place, "one.json").done();
    // Entries are older than one second, then.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    let tidied = place.ibc(&["tidy", "--audit-older-than", "1s", "--json"]).done().json();
    assert_eq!(tidied["audit_files"], 1, "{tidied}");
    let verified = place.ibc(&["audit", "verify", "--json"]).done().json();
    assert_eq!((&verified["holds"], &verified["chains"][0]["segments"]), (&true.into(), &1.into()));
    assert_eq!(verified["state_files"], 1);
    let file = fs::read_dir(place.path("segments")).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("gateway-1", "gateway-2", 1)).unwrap();
    place.ibc(&["audit", "verify"]).refused(&["does not hold", "keep database"]);
    fs::write(&file, text).unwrap();
    let text = place.ibc(&["audit", "verify"]).done().stdout;
    assert!(text.starts_with("the audit log holds"), "{text}");
    let shown = place.ibc(&["audit", "show", "--last", "2", "--json"]).done().json();
    assert_eq!(shown["entries"].as_array().unwrap().len(), 2);
}

#[test]
fn bench_measures_both_ways() {
    let place = Place::new();
    let measured = place.ibc(&["bench", "--seconds", "1", "--json"]).done().json();
    let rows = measured["measurements"].as_array().unwrap();
    let of = |row: &serde_json::Value| {
        (row["store"].as_str().map(str::to_owned), row["clients"].as_u64().unwrap())
    };
    let kinds: Vec<_> = rows.iter().map(of).collect();
    let sqlite = || Some(String::from("sqlite"));
    assert_eq!(kinds, [(None, 1), (None, 32), (sqlite(), 1), (sqlite(), 32)]);
    assert!(rows.iter().all(|row| row["per_second"].as_f64().unwrap() > 0.0));
    assert!(rows.iter().all(|row| row["p50_us"].as_u64() <= row["p99_us"].as_u64()));
    assert_eq!(place.files(), ["pass"], "the temporary folder is gone");
}

#[test]
fn two_commands_at_once_take_turns() {
    let place = made();
    let run = |number: u32| {
        let name = format!("c-{number}");
        place
            .command(&["admin", "client", "add", &name])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..4).map(run).collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    let all = place.ibc(&["admin", "client", "list", "--json"]).done().json();
    assert_eq!(all["clients"].as_array().unwrap().len(), 5);
    place.ibc(&["audit", "verify"]).done();
}

/// Somebody with the file of the database.
fn execute(place: &Place, statement: &'static str) {
    let url = format!("sqlite:{}", place.path("service.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        sqlx::any::install_default_drivers();
        let pool = sqlx::any::AnyPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
        assert!(sqlx::query(statement).execute(&pool).await.unwrap().rows_affected() > 0, "{statement}");
        pool.close().await;
    });
}

#[test]
fn what_the_log_does_not_say_shows_where_it_is_replayed() {
    let place = made();
    provision(&place, "one.json").done();
    place.ibc(&["admin", "client", "disable", "gateway-1"]).done();
    let holds = place.ibc(&["audit", "verify", "--deep"]).done();
    assert!(
        holds.stdout.contains("the audit log holds") && holds.stdout.contains(" rows by the log"),
        "{holds:?}"
    );
    assert!(!place.ibc(&["audit", "verify"]).done().stdout.contains("rows by the log"));
    execute(&place, "update client set enabled = 1");
    place.ibc(&["audit", "verify"]).done();
    let found = place.ibc(&["audit", "verify", "--deep"]).refused(&["does not hold (1 findings)"]);
    assert!(found.stdout.contains("! the client gateway-1 is not what entry"), "{found:?}");
    let found = place.ibc(&["audit", "verify", "--deep", "--json"]).json();
    assert_eq!((&found["holds"], &found["rows"]["uncertain"]), (&false.into(), &0.into()));
    execute(&place, "update client set enabled = 0");
    place.ibc(&["audit", "verify", "--deep"]).done();
    // The state file of commands at this node, with and without --deep.
    fs::remove_file(place.path("state/node-1.cli.state")).unwrap();
    for deep in [&[][..], &["--deep"][..]] {
        let found = place.ibc(&[&["audit", "verify"], deep].concat()).refused(&["does not hold"]);
        assert!(found.stdout.contains("the state file of node-1.cli is missing"), "{found:?}");
    }
}

/// What docs/operating.md says of those who write to both.
#[test]
fn an_older_database_shows_unless_its_state_folder_is_as_old() {
    let place = made();
    let copy = |from: &str, to: &str| fs::copy(place.path(from), place.path(to)).unwrap();
    copy("service.db", "old.db");
    copy("state/node-1.cli.state", "old.state");
    provision(&place, "one.json").done();
    let id_2 = place.field("one.json", "id2");
    place.ibc(&["mef", "deny", &id_2]).done();
    for name in ["service.db-wal", "service.db-shm"] {
        let _ = fs::remove_file(place.path(name));
    }
    copy("old.db", "service.db");
    place.ibc(&["audit", "verify", "--deep"]).refused(&["does not hold"]);
    copy("old.state", "state/node-1.cli.state");
    let _ = fs::remove_file(place.path("state/denylist.json"));
    place.ibc(&["audit", "verify", "--deep"]).done();
}
