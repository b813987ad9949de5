//! The built command `ibc`: every command at work, and each refusal.

use crate::place::{PASSPHRASE, Place};
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Stdio;

const AE: &[&str] = &["--fqdn", "mef.example.com", "--ae-id", "//sp.example.com/CSE1/C190XX7T"];
const CSE: &[&str] = &["--fqdn", "mef.example.com", "--cse-id", "//sp.example.com/CSE1"];

fn with<'a>(start: &[&'a str], rest: &[&'a str]) -> Vec<&'a str> {
    [start, rest].concat()
}

/// A KMS, `ae.json`, `cse.json` and `message`.
fn place_with_credentials() -> Place {
    let place = Place::with_kms();
    place.issue(&with(AE, &["--out", "ae.json"])).done();
    place.issue(&with(CSE, &["--out", "cse.json"])).done();
    place.write("message", "a message\n");
    place
}

fn psk_identity(place: &Place, credential: &str) -> String {
    let shown = place.ibc(&["credential", "show", "--credential", credential, "--json"]).done().json();
    shown["psk_identity"].as_str().unwrap().to_owned()
}

#[test]
fn init_makes_a_sealed_file_and_keeps_an_existing_one() {
    let place = Place::new();
    let made = place.init("kms.ibc").done();
    assert_eq!(place.mode("kms.ibc"), 0o600);
    let file = place.read("kms.ibc");
    let header: serde_json::Value = serde_json::from_str(file.lines().next().unwrap()).unwrap();
    assert_eq!((&header["format"], &header["kdf"]["name"]), (&"ibc-kms".into(), &"argon2id".into()));
    assert_eq!((&header["kdf"]["memory_kib"], &header["kdf"]["passes"]), (&(19 * 1024).into(), &2.into()));
    assert!(made.stdout.contains(header["kpak"].as_str().unwrap()));
    assert!(!file.contains(PASSPHRASE));
    place.init("kms.ibc").refused(&["kms.ibc exists"]);
    assert_eq!(place.read("kms.ibc"), file);
    assert_eq!(place.files(), ["kms.ibc", "pass"], "no temporary file stays");
    let made =
        place.ibc(&["kms", "init", "--kms", "two.ibc", "--passphrase-file", "pass", "--json"]).done().json();
    let header: serde_json::Value =
        serde_json::from_str(place.read("two.ibc").lines().next().unwrap()).unwrap();
    assert_eq!((&header["kdf"]["memory_kib"], &header["kdf"]["passes"]), (&65536.into(), &3.into()));
    assert_eq!(made["kpak"], header["kpak"]);
    assert_eq!(made["z_public"], header["z_public"]);
    assert_eq!(header["z_public"].as_str().unwrap().len(), 514);
}

#[test]
fn passphrases_come_from_private_files_or_standard_input() {
    let place = Place::with_kms();
    let export = |file| ["kms", "export-public", "--kms", "kms.ibc", "--passphrase-file", file];
    for input in [format!("{PASSPHRASE}\n"), format!("{PASSPHRASE}\r\n"), PASSPHRASE.into()] {
        place.ibc_with_input(&export("-"), input.as_bytes()).done();
    }
    place.ibc_with_input(&export("-"), format!("{PASSPHRASE}\n\n").as_bytes()).refused(&["wrong passphrase"]);
    place.ibc_with_input(&export("-"), b"\n").refused(&["empty"]);
    place.ibc_with_input(&export("-"), &[b'x'; 2000]).refused(&["more than 1024 octets"]);
    place.write_private("wrong", "wrong horse\n");
    place.ibc(&export("wrong")).refused(&["kms.ibc", "wrong passphrase", "backup"]);
    for mode in [0o640, 0o604, 0o660] {
        place.chmod("pass", mode);
        place.ibc(&export("pass")).refused(&["pass", "chmod 600 pass"]);
    }
    place.chmod("pass", 0o400);
    place.ibc(&export("pass")).done();
    place.ibc(&export(".")).refused(&["not a regular file"]);
    place.ibc(&export("absent")).refused(&["absent", "No such file"]);
    symlink("pass", place.path("link")).unwrap();
    place.ibc(&export("link")).done();
    // Without a terminal there is nobody to ask. setsid(1) takes the terminal away, if there is one.
    let mut command = std::process::Command::new("setsid");
    command.arg("-w").arg(env!("CARGO_BIN_EXE_ibc")).current_dir(place.path("")).stdin(Stdio::null());
    let asked = command.args(["kms", "export-public", "--kms", "kms.ibc"]).output().unwrap();
    crate::place::Ran::from(asked).misused(&["--passphrase-file"]);
}

#[test]
fn a_changed_kms_file_does_not_open() {
    let place = Place::with_kms();
    let file = place.read("kms.ibc");
    let (header, body) = file.split_once('\n').unwrap();
    let flip = |text: &str, at: usize| {
        let mut octets = text.as_bytes().to_vec();
        octets[at] = if octets[at] == b'0' { b'1' } else { b'0' };
        String::from_utf8(octets).unwrap()
    };
    let salt = header.find("\"salt\":\"").unwrap() + 8;
    let nonce = header.find("\"nonce\":\"").unwrap() + 9;
    let created = header.find("\"created\":\"").unwrap() + 11 + 14;
    let other = Place::with_kms();
    let z = |file: &str| {
        let header: serde_json::Value = serde_json::from_str(file.lines().next().unwrap()).unwrap();
        header["z_public"].as_str().unwrap().to_owned()
    };
    let foreign_z = z(&other.read("kms.ibc"));
    for (what, changed) in [
        ("salt", format!("{}\n{body}", flip(header, salt))),
        ("nonce", format!("{}\n{body}", flip(header, nonce))),
        ("time", format!("{}\n{body}", flip(header, created))),
        ("Z of another KMS", file.replace(&z(&file), &foreign_z)),
        ("a blank in the header", format!("{header} \n{body}")),
        ("body", format!("{header}\n{}", flip(body, 10))),
        ("tag", format!("{header}\n{}", flip(body, body.len() - 3))),
        ("body cut", format!("{header}\n{}\n", &body[..body.len() - 5])),
        ("passes", file.replace("\"passes\":2", "\"passes\":3")),
    ] {
        assert_ne!(changed, file, "{what}");
        place.write("kms.ibc", changed);
        place.kms("export-public", &[]).refused(&["wrong passphrase, or the file was changed", "backup"]);
    }
    for (changed, words) in [
        (file.replace("19456", "4294967295"), "memory_kib is not between"),
        (file.replace("\"version\":1", "\"version\":9"), "unknown version"),
        (file.replace("\"format\"", "\"formal\""), "unknown field"),
        ("{}\n".into(), "missing field"),
        ("nonsense".into(), "unknown format"),
    ] {
        place.write("kms.ibc", changed);
        place.kms("export-public", &[]).refused(&["kms.ibc", words]);
    }
    place.write("kms.ibc", "x".repeat(20_000));
    place.kms("export-public", &[]).refused(&["kms.ibc has more than 16384 octets"]);
    place.write("kms.ibc", &file);
    place.chmod("kms.ibc", 0o644);
    place.kms("export-public", &[]).refused(&["chmod 600 kms.ibc"]);
}

#[test]
fn export_public_writes_either_form() {
    let place = Place::with_kms();
    let short: serde_json::Value = serde_json::from_str(&place.read("kpak.json")).unwrap();
    assert_eq!(short["kpak"].as_str().unwrap().len(), 130);
    assert_eq!(short["tag"].as_str().unwrap().len(), 6);
    assert_eq!(short["z_public"].as_str().unwrap().len(), 514);
    let printed = place.kms("export-public", &[]).done();
    assert_eq!(printed.stdout, place.read("kpak.json"));
    let full = place.kms("export-public", &["--fqdn", "MEF.example.com.", "--json"]).done().json();
    assert_eq!((&full["fqdn"], &full["kpak"][0]["tag"]), (&"mef.example.com".into(), &short["tag"]));
    assert_eq!(full["kpak"][0]["z_public"], short["z_public"]);
    place.kms("export-public", &["--out", "kpak.json"]).refused(&["kpak.json exists"]);
    place.kms("export-public", &["--out", "kpak.json", "--force"]).done();
    place.kms("export-public", &["--fqdn", "no fqdn"]).misused(&["--fqdn"]);
}

#[test]
fn issues_in_every_form_of_identity() {
    let place = Place::with_kms();
    let issued = place.issue(&with(AE, &["--out", "ae.json", "--json"])).done().json();
    assert_eq!(place.mode("ae.json"), 0o600);
    assert_eq!(issued["id2"], place.field("ae.json", "id2"));
    assert_eq!(issued["pvt"], place.field("ae.json", "pvt"));
    assert!(
        issued["id2"]
            .as_str()
            .unwrap()
            .starts_with("mef.example.com@2F2F73702E6578616D706C652E636F6D2F435345312F4331393058583754@")
    );
    let id_2 = issued["id2"].as_str().unwrap();
    place.issue(&["--id2", id_2, "--out", "again.json"]).done();
    assert_ne!(place.field("ae.json", "pvt"), place.field("again.json", "pvt"));
    place.issue(&["--id-hex", "616C696365", "--out", "alice.json"]).done();
    assert_eq!(place.field("alice.json", "id_hex"), "616c696365");
    place.issue(&["--id-hex", "", "--out", "empty.json"]).done();
    place.issue(&with(CSE, &["--lifetime", "12h", "--out", "short.json"])).done();
    for file in ["ae.json", "again.json", "alice.json", "empty.json", "short.json"] {
        place.ibc(&["credential", "validate", "--credential", file, "--kpak", "kpak.json"]).done();
        let ssk = place.field(file, "ssk");
        place.ibc(&["credential", "show", "--credential", file]).done().hides(&ssk);
    }
    let before = place.read("ae.json");
    place.issue(&with(AE, &["--out", "ae.json"])).refused(&["ae.json exists"]);
    assert_eq!(place.read("ae.json"), before);
    place.issue(&with(AE, &["--out", "ae.json", "--force"])).done();
    assert_ne!(place.read("ae.json"), before);
    assert_eq!(place.mode("ae.json"), 0o600);
}

#[test]
fn issues_nothing_for_what_could_not_be_used() {
    let place = Place::with_kms();
    let out = ["--out", "x.json"];
    for (arguments, words) in [
        (with(CSE, &["--expires", "20200101T000000"]), "past"),
        (with(CSE, &["--expires", "20990101T000000"]), "--allow-long"),
        (with(CSE, &["--lifetime", "401d"]), "400 days"),
        (vec!["--id2", "mef.example.com@2F43534531@20200101T000000"], "past"),
        (vec!["--id2", "MEF.example.com@2F43534531@20270101T000000"], "canonical"),
        (vec!["--id2", "nonsense"], "ID_2"),
        (vec!["--id-hex", "0"], "hexadecimal"),
        (
            vec![
                "--id-hex",
                "6d65662e6578616d706c652e636f6d403246343335333435333140323032373031303154303030303030",
            ],
            "id2",
        ),
        (vec!["--fqdn", "mef.example.com", "--cse-id", "/CSE1/C2"], "CSE-ID"),
        (vec!["--fqdn", "mef.example.com", "--ae-id", "C190XX7T"], "stem"),
        (vec!["--fqdn", "mef.example.com", "--cse-id", &format!("/{}", "x".repeat(200))], "255"),
    ] {
        place.issue(&with(&arguments, &out)).refused(&[words]);
    }
    place.issue(&with(CSE, &["--expires", "20990101T000000", "--allow-long", "--out", "long.json"])).done();
    for arguments in [
        vec![],
        vec!["--cse-id", "/CSE1"],
        with(CSE, &["--id-hex", "00"]),
        with(CSE, &["--lifetime", "1d", "--expires", "20270101T000000"]),
        with(CSE, &["--lifetime", "30"]),
        with(CSE, &["--lifetime", "0d"]),
        with(CSE, &["--expires", "tomorrow"]),
        vec!["--id-hex", "00", "--hex"],
        vec!["--id-hex", "00", "--lifetime", "1d"],
        vec!["--id2", "mef.example.com@2F43534531@20270101T000000", "--expires", "20270101T000000"],
        with(CSE, &["--hex"]),
    ] {
        place.issue(&with(&arguments, &out)).misused(&[]);
    }
    place.issue(&["--id-hex", "00"]).misused(&["--out"]);
    place.issue(&["--id-hex", "00", "--out", "no/such/directory/x.json"]).refused(&["No such file"]);
    assert!(!place.path("x.json").exists());
}

#[test]
fn validate_refuses_what_does_not_belong_together() {
    let place = place_with_credentials();
    let validate = |file| place.ibc(&["credential", "validate", "--credential", file, "--kpak", "kpak.json"]);
    validate("ae.json").done();
    let good = place.read("ae.json");
    place
        .ibc_with_input(
            &["credential", "validate", "--credential", "-", "--kpak", "kpak.json"],
            good.as_bytes(),
        )
        .done();
    let (ssk, other) = (place.field("ae.json", "ssk"), place.field("cse.json", "ssk"));
    let (rsk, other_rsk) = (place.field("ae.json", "rsk"), place.field("cse.json", "rsk"));
    let z = place.field("ae.json", "z_public");
    for (what, bad, words) in [
        ("SSK of another", good.replace(&ssk, &other), "does not belong"),
        ("another name", good.replace("583754", "583755"), "does not belong"),
        ("unknown field", good.replace("{\"id2\"", "{\"x\":1,\"id2\""), "unknown field `x`"),
        ("no identity", good.replace("\"id2\"", "\"rsk\""), "hexadecimal"),
        ("RSK of another", good.replace(&rsk, &other_rsk), "RSK: key does not belong"),
        ("RSK without Z", good.replace(&format!(",\"z_public\":\"{z}\""), ""), "rsk and z_public"),
        ("RSK compressed", good.replace("\"rsk\":\"04", "\"rsk\":\"02"), "RSK: point form"),
        ("RSK short", good.replace(&rsk, &rsk[2..]), "257 octets expected"),
        ("Z no point", good.replace(&z[2..], &"0".repeat(512)), "Z: "),
        ("SSK zero", good.replace(&ssk, &"0".repeat(64)), "SSK: integer out of range"),
        ("PVT compressed", good.replace("\"pvt\":\"04", "\"pvt\":\"02"), "PVT: point form"),
        ("large", format!("{good}{}", " ".repeat(20_000)), "more than 16384 octets"),
        ("an array", format!("[{good}]"), "not a JSON object"),
    ] {
        assert_ne!(bad, good, "{what}");
        place.write_private("bad.json", bad);
        validate("bad.json").refused(&[words]).hides(&ssk).hides(&other).hides(&rsk).hides(&other_rsk);
    }
    // RSK and Z of another KMS, which belong together, and KPAK as it should be
    let foreign = Place::with_kms();
    foreign.issue(&["--id2", &place.field("ae.json", "id2"), "--out", "ae.json"]).done();
    let swapped = good.replace(&rsk, &foreign.field("ae.json", "rsk"));
    place.write_private("bad.json", swapped.replace(&z, &foreign.field("ae.json", "z_public")));
    validate("bad.json").refused(&["Z that is not the one beside the trusted KPAK"]);
    // A public key file without Z: the answer says that nobody vouches for it
    let public = place.read("kpak.json");
    place.write("eccsi.json", public.replace(&format!(",\"z_public\":\"{z}\""), ""));
    let under = |kpak| {
        let command = ["credential", "validate", "--credential", "ae.json", "--kpak", kpak];
        place.ibc(&with(&command, &["--json"])).done().json()
    };
    assert_eq!(under("kpak.json")["rsk"], serde_json::json!({"valid": true, "z_trusted": true}));
    assert_eq!(under("eccsi.json")["rsk"], serde_json::json!({"valid": true, "z_trusted": false}));
    place.chmod("ae.json", 0o644);
    validate("ae.json").refused(&["chmod 600 ae.json"]);
    place.chmod("ae.json", 0o600);
    // Another KMS
    let other = Place::with_kms();
    place.write("other.json", other.read("kpak.json"));
    place
        .ibc(&["credential", "validate", "--credential", "ae.json", "--kpak", "other.json"])
        .refused(&["not trusted"]);
    place.kms("export-public", &["--fqdn", "mef.example.org", "--out", "org.json"]).done();
    place
        .ibc(&["credential", "validate", "--credential", "ae.json", "--kpak", "org.json"])
        .refused(&["mef.example.org"]);
    // Expiry
    place.issue(&with(CSE, &["--lifetime", "1s", "--out", "brief.json"])).done();
    std::thread::sleep(std::time::Duration::from_millis(2100));
    validate("brief.json").refused(&["expired"]);
    place.ibc(&["sign", "--credential", "brief.json", "--in", "message", "--hex"]).refused(&["expired"]);
}

#[test]
fn secrets_are_shown_only_when_asked_for() {
    let place = place_with_credentials();
    let (ssk, rsk) = (place.field("ae.json", "ssk"), place.field("ae.json", "rsk"));
    for json in [&[][..], &["--json"]] {
        let show = with(&["credential", "show", "--credential", "ae.json"], json);
        let shown = place.ibc(&show).done().hides(&ssk).hides(&rsk[2..]);
        assert!(shown.stdout.contains(&place.field("ae.json", "z_public")));
        let shown = place.ibc(&with(&show, &["--show-secret"])).done();
        assert!(shown.stdout.contains(&ssk) && shown.stdout.contains(&rsk));
    }
    let shown = place.ibc(&["credential", "show", "--credential", "ae.json", "--json"]).done().json();
    assert_eq!(shown["id2"], place.field("ae.json", "id2"));
    assert_eq!(shown["tag"], place.field("kpak.json", "tag"));
    assert!(shown.get("ssk").is_none() && shown.get("rsk").is_none());
}

#[test]
fn rsk_is_there_unless_it_is_left_out() {
    let place = Place::with_kms();
    let issue = |rest: &[&str]| place.issue(&with(&["--id-hex", "00", "--json"], rest));
    assert_eq!(issue(&["--out", "with.json"]).done().json()["with_rsk"], true);
    assert_eq!(issue(&["--out", "without.json", "--no-rsk"]).done().json()["with_rsk"], false);
    let rsk = place.field("with.json", "rsk");
    assert_eq!((rsk.len(), place.field("with.json", "z_public").len()), (514, 514));
    assert_eq!(place.field("with.json", "z_public"), place.field("kpak.json", "z_public"));
    assert!(!place.read("without.json").contains("rsk") && !place.read("without.json").contains("z_public"));
    // An identity has one RSK.
    issue(&["--out", "again.json"]).done().hides(&rsk[2..]);
    assert_eq!(place.field("again.json", "rsk"), rsk);
    let validate = ["credential", "validate", "--kpak", "kpak.json", "--json", "--credential"];
    assert_eq!(place.ibc(&with(&validate, &["without.json"])).done().json()["rsk"], serde_json::Value::Null);
    place.issue(&["--id-hex", "00", "--out", "x.json", "--with-rsk"]).misused(&["--with-rsk"]);
    place.issue(&["--from", "list", "--no-rsk", "--out", "x.jsonl"]).misused(&["--no-rsk"]);
}

/// Encapsulated data that `ae.json` signed and `cse.json` opens, with the key in `key.ssv`.
fn place_with_a_key_sent() -> (Place, String) {
    let place = place_with_credentials();
    let id_2 = place.field("cse.json", "id2");
    let sent = ["--id2", &id_2, "--out", "key.sakke", "--ssv-out", "key.ssv"];
    place.ibc(&with(ENCAPSULATE, &sent)).done();
    (place, id_2)
}

const ENCAPSULATE: &[&str] = &["sakke", "encapsulate", "--kpak", "kpak.json"];
const DECAPSULATE: &[&str] = &["sakke", "decapsulate", "--credential", "cse.json"];

fn digits(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[test]
fn a_key_is_sent_to_an_identity() {
    let (place, id_2) = place_with_a_key_sent();
    let (data, ssv) = (fs::read(place.path("key.sakke")).unwrap(), fs::read(place.path("key.ssv")).unwrap());
    assert_eq!((data.len(), ssv.len(), place.mode("key.ssv")), (273, 16, 0o600));
    let opened = with(DECAPSULATE, &["--in", "key.sakke", "--out", "opened.ssv"]);
    let told = place.ibc(&opened).done().hides(&digits(&ssv));
    assert!(told.stdout.contains("signature"), "says that the sender is not known");
    assert_eq!((fs::read(place.path("opened.ssv")).unwrap(), place.mode("opened.ssv")), (ssv.clone(), 0o600));
    place.ibc(&opened).refused(&["opened.ssv exists"]);
    place.ibc(&with(&opened, &["--force"])).done();
    let shown = with(DECAPSULATE, &["--in", "-", "--show-secret", "--json"]);
    let shown = place.ibc_with_input(&shown, &data).done().json();
    assert_eq!((&shown["ssv"], &shown["receiver"]), (&digits(&ssv).into(), &id_2.clone().into()));
    // In hexadecimal, and a key that is given
    let given = ["--id2", &id_2, "--ssv-file", "key.ssv", "--hex", "--out", "hex.sakke"];
    let told = place.ibc(&with(&with(ENCAPSULATE, &given), &["--json"])).done().hides(&digits(&ssv)).json();
    assert_eq!(place.read("hex.sakke"), format!("{}\n", told["encapsulated_data"].as_str().unwrap()));
    assert_eq!((&told["tag"], place.read("hex.sakke").len()), (&place.field("kpak.json", "tag").into(), 547));
    let shown = with(DECAPSULATE, &["--in", "hex.sakke", "--hex", "--show-secret"]);
    assert!(place.ibc(&shown).done().stdout.contains(&digits(&ssv)));
    // An SSV determines the encapsulated data (RFC 6508 has no other randomness).
    assert_eq!(told["encapsulated_data"], digits(&data));
    // An identity that is not oneM2M's; the key on the terminal, and from standard input
    place.issue(&["--id-hex", "", "--out", "empty.json"]).done();
    let sent = with(ENCAPSULATE, &["--id-hex", "", "--out", "empty.sakke", "--show-secret", "--json"]);
    let key = place.ibc(&sent).done().json()["ssv"].as_str().unwrap().to_owned();
    let open = ["sakke", "decapsulate", "--credential", "empty.json", "--in", "empty.sakke", "--show-secret"];
    assert!(place.ibc(&open).done().stdout.contains(&key));
    let sent = with(ENCAPSULATE, &["--id-hex", "", "--out", "stdin.sakke", "--ssv-file", "-"]);
    place.ibc_with_input(&sent, &ssv).done();
    // The file of all forms of a public key
    place.kms("export-public", &["--fqdn", "mef.example.com", "--out", "com.json"]).done();
    let sent = ["sakke", "encapsulate", "--kpak", "com.json", "--id2", &id_2, "--out", "com.sakke"];
    place.ibc(&with(&sent, &["--ssv-file", "key.ssv"])).done();
    assert_eq!(fs::read(place.path("com.sakke")).unwrap(), data);
}

#[test]
fn encapsulates_nothing_that_could_not_be_opened() {
    let (place, id_2) = place_with_a_key_sent();
    let to = ["--id2", &id_2, "--out", "x.sakke"];
    let encapsulate = |rest: &[&str]| place.ibc(&with(ENCAPSULATE, rest));
    for (octets, words) in [(&[0; 15][..], "16 octets expected, 15 given"), (&[0; 17], "17 given")] {
        place.write_private("bad.ssv", octets);
        encapsulate(&with(&to, &["--ssv-file", "bad.ssv"])).refused(&["bad.ssv: SSV", words]);
    }
    place.chmod("key.ssv", 0o644);
    encapsulate(&with(&to, &["--ssv-file", "key.ssv"])).refused(&["chmod 600 key.ssv"]);
    place.chmod("key.ssv", 0o600);
    let key = ["--ssv-file", "key.ssv"];
    // Z is missing, another FQDN, several keys
    let public = place.read("kpak.json");
    let z = place.field("kpak.json", "z_public");
    place.write("eccsi.json", public.replace(&format!(",\"z_public\":\"{z}\""), ""));
    let with_file = |file: &str, rest: &[&str]| {
        place.ibc(&[&["sakke", "encapsulate", "--kpak", file][..], &to, &key, rest].concat())
    };
    with_file("eccsi.json", &[]).refused(&["eccsi.json has no z_public"]);
    place.kms("export-public", &["--fqdn", "mef.example.org", "--out", "org.json"]).done();
    with_file("org.json", &[]).refused(&["mef.example.org"]);
    let other = Place::with_kms();
    let several = format!("{{\"kpak\":[{},{}]}}", public.trim_end(), other.read("kpak.json").trim_end());
    place.write("several.json", several);
    with_file("several.json", &[]).refused(&["several keys", "--tag"]);
    with_file("several.json", &["--tag", "0"]).refused(&["tag 0"]);
    assert!(!place.path("x.sakke").exists());
    with_file("several.json", &["--tag", &place.field("kpak.json", "tag"), "--force"]).done();
    assert_eq!(fs::read(place.path("x.sakke")).unwrap(), fs::read(place.path("key.sakke")).unwrap());
    // An expired receiver, malformed identities
    let expired = ["--id2", "mef.example.com@2F43534531@20200101T000000", "--out", "y.sakke"];
    encapsulate(&with(&expired, &key)).refused(&["expired", "new ID_2"]);
    encapsulate(&with(&["--id2", "nonsense", "--out", "y.sakke"], &key)).refused(&["ID_2"]);
    // Files that are there
    encapsulate(&with(&to, &key)).refused(&["x.sakke exists"]);
    let fresh = ["--id2", &id_2, "--out", "y.sakke"];
    encapsulate(&with(&fresh, &["--ssv-out", "key.ssv"])).refused(&["key.ssv exists"]);
    encapsulate(&fresh).misused(&["--ssv-out"]);
    encapsulate(&with(&fresh, &["--ssv-out", "y.sakke"])).misused(&["two files"]);
    encapsulate(&with(&fresh, &["--ssv-out", "y.ssv", "--ssv-file", "key.ssv"])).misused(&["--ssv-file"]);
    encapsulate(&["--out", "y.sakke", "--show-secret"]).misused(&["--id2"]);
    assert!(!place.path("y.sakke").exists() && !place.path("y.ssv").exists());
}

#[test]
fn decapsulates_only_what_is_whole_and_for_this_credential() {
    let (place, id_2) = place_with_a_key_sent();
    let data = fs::read(place.path("key.sakke")).unwrap();
    let ssv = digits(&fs::read(place.path("key.ssv")).unwrap());
    let decapsulate = |credential: &str, file: &str| {
        place.ibc(&["sakke", "decapsulate", "--credential", credential, "--in", file, "--out", "x.ssv"])
    };
    let flipped = |at: usize| {
        let mut octets = data.clone();
        octets[at] ^= 1;
        octets
    };
    // A point of the curve that is not R: P of RFC 6509 would do as well.
    let rsk: Vec<u8> = {
        let text = place.field("ae.json", "rsk");
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    for (what, bad, words) in [
        ("H changed", flipped(272), "not for this key, or changed"),
        ("another R", [&rsk, &data[257..]].concat(), "not for this key, or changed"),
        ("R off the curve", flipped(256), "R: point not on the curve"),
        ("R compressed", flipped(0), "R: point form"),
        ("truncated", data[..272].to_vec(), "273 octets expected, 272 given"),
        ("one octet more", [&data[..], &[0]].concat(), "274 given"),
        ("empty", Vec::new(), "0 given"),
        ("large", vec![4; 5000], "more than 2048 octets"),
    ] {
        place.write("bad.sakke", bad);
        let refused = decapsulate("cse.json", "bad.sakke").refused(&[words]).hides(&ssv);
        assert!(refused.stdout.is_empty(), "{what}");
    }
    // Another receiver, another KMS
    decapsulate("ae.json", "key.sakke").refused(&["not for this key"]).hides(&ssv);
    let other = Place::with_kms();
    other.issue(&["--id2", &id_2, "--out", "cse.json"]).done();
    place.write_private("foreign.json", other.read("cse.json"));
    decapsulate("foreign.json", "key.sakke").refused(&["not for this key"]).hides(&ssv);
    let refused = place.ibc(&with(DECAPSULATE, &["--in", "bad.sakke", "--show-secret", "--json"]));
    assert_eq!((refused.status, &refused.json()["error"]["kind"]), (1, &"file".into()));
    place.write("bad.sakke", flipped(272));
    let refused = place.ibc(&with(DECAPSULATE, &["--in", "bad.sakke", "--show-secret", "--json"]));
    assert_eq!((refused.status, &refused.json()["error"]["kind"]), (1, &"decapsulation".into()));
    // The credential: RSK of another identity, no RSK, open to others, expired
    let good = place.read("cse.json");
    let (rsk, other_rsk) = (place.field("cse.json", "rsk"), place.field("ae.json", "rsk"));
    place.write_private("swapped.json", good.replace(&rsk, &other_rsk));
    decapsulate("swapped.json", "key.sakke").refused(&["does not belong"]).hides(&rsk).hides(&other_rsk);
    place.issue(&["--id2", &id_2, "--no-rsk", "--out", "without.json"]).done();
    decapsulate("without.json", "key.sakke").refused(&["without.json has no RSK", "--no-rsk"]);
    place.chmod("cse.json", 0o640);
    decapsulate("cse.json", "key.sakke").refused(&["chmod 600 cse.json"]);
    place.chmod("cse.json", 0o600);
    let expired = good.replace(&id_2, "mef.example.com@2F43534531@20200101T000000");
    place.write_private("expired.json", expired);
    decapsulate("expired.json", "key.sakke").refused(&["expired", "--allow-expired"]);
    let anyway =
        ["sakke", "decapsulate", "--credential", "expired.json", "--in", "key.sakke", "--out", "x.ssv"];
    place.ibc(&with(&anyway, &["--allow-expired"])).refused(&["does not belong"]);
    decapsulate("cse.json", "absent").refused(&["absent"]);
    place.ibc(&with(DECAPSULATE, &["--in", "key.sakke"])).misused(&["--out"]);
    place.ibc(&["sakke", "decapsulate", "--credential", "-", "--in", "-", "--show-secret"]).misused(&["one"]);
    assert!(!place.path("x.ssv").exists());
    decapsulate("cse.json", "key.sakke").done();
}

#[test]
fn a_batch_has_rsks_throughout_or_not_at_all() {
    let place = Place::with_kms();
    place.write("list", hex_list(0..2));
    let (plain, full) = (["--from", "list", "--hex", "--out", "plain.jsonl"], ["--out", "full.jsonl"]);
    place.issue(&plain).done();
    let with_rsk = with(&["--from", "list", "--hex", "--with-rsk"], &full);
    let issued = place.issue(&with(&with_rsk, &["--json"])).done().json();
    assert_eq!((&issued["issued"], &issued["with_rsk"]), (&2.into(), &true.into()));
    let complete = place.read("full.jsonl");
    assert!(complete.lines().all(|line| line.contains("\"rsk\"") && line.contains("\"z_public\"")));
    // Continued as it began, and not otherwise
    place.write("list", hex_list(0..3));
    place.issue(&with(&["--from", "list", "--hex"], &full)).refused(&["line 1", "with --with-rsk"]);
    place.issue(&with(&plain, &["--with-rsk"])).refused(&["plain.jsonl, line 1", "without --with-rsk"]);
    assert_eq!(place.read("full.jsonl"), complete);
    place.write("full.jsonl", &complete[..complete.len() - 600]);
    let mended = place.issue(&with(&with_rsk, &["--json"])).done().json();
    assert_eq!((&mended["issued"], &mended["in_file"]), (&2.into(), &3.into()));
    let validate = ["credential", "validate", "--batch", "full.jsonl", "--kpak", "kpak.json"];
    let valid = place.ibc(&with(&validate, &["--json"])).done().json();
    assert_eq!((&valid["with_rsk"], &valid["z_trusted"]), (&3.into(), &true.into()));
    // A line is a credential, as those issued one by one.
    place.write_private("one.json", place.read("full.jsonl").lines().nth(1).unwrap());
    place.issue(&["--id-hex", "00000001", "--out", "single.json"]).done();
    assert_eq!(place.field("one.json", "rsk"), place.field("single.json", "rsk"));
    let lines: Vec<serde_json::Value> =
        place.read("full.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [first, second] = [&lines[0]["rsk"], &lines[1]["rsk"]].map(|rsk| rsk.as_str().unwrap());
    place.write("full.jsonl", place.read("full.jsonl").replace(second, first));
    place.ibc(&validate).refused(&["full.jsonl, line 2", "RSK: key does not belong"]).hides(&first[2..]);
}

#[test]
fn signs_and_verifies() {
    let place = place_with_credentials();
    let id_2 = place.field("ae.json", "id2");
    let sign = ["sign", "--credential", "ae.json", "--in", "message"];
    place.ibc(&with(&sign, &["--out", "raw.sig"])).done();
    place.ibc(&with(&sign, &["--out", "hex.sig", "--hex"])).done();
    assert_eq!(fs::read(place.path("raw.sig")).unwrap().len(), 129);
    assert_eq!(place.read("hex.sig").len(), 259);
    let on_stdout = place.command(&sign).output().unwrap();
    assert_eq!(on_stdout.stdout.len(), 129);
    let json = place.ibc(&with(&sign, &["--json"])).done().json();
    place.write("json.sig", json["signature"].as_str().unwrap());
    place.ibc(&with(&sign, &["--out", "raw.sig"])).refused(&["raw.sig exists"]);

    let verify = ["verify", "--kpak", "kpak.json", "--id2", &id_2];
    let message = ["--in", "message"];
    for signature in [
        &["--signature", "raw.sig"][..],
        &["--signature", "hex.sig", "--hex"],
        &["--signature", "json.sig", "--hex"],
    ] {
        let arguments = with(&with(&verify, &message), signature);
        assert!(place.ibc(&arguments).done().stdout.starts_with("valid"));
        assert_eq!(place.ibc(&with(&arguments, &["--json"])).done().json()["valid"], true);
    }
    let from_stdin = with(&verify, &["--in", "-", "--signature", "raw.sig"]);
    place.ibc_with_input(&from_stdin, b"a message\n").done();
    let changed = place.ibc_with_input(&from_stdin, b"a message").refused(&["does not verify"]);
    assert_eq!(changed.stdout, "invalid\n");
    let changed = place.ibc_with_input(&with(&from_stdin, &["--json"]), b"");
    assert_eq!((changed.status, changed.json()["valid"].clone()), (1, false.into()));

    let rest = ["--in", "message", "--signature", "raw.sig"];
    let cse = place.field("cse.json", "id2");
    place.ibc(&with(&["verify", "--kpak", "kpak.json", "--id2", &cse], &rest)).refused(&["does not verify"]);
    place
        .ibc(&with(&["verify", "--kpak", "kpak.json", "--id-hex", "00"], &rest))
        .refused(&["does not verify"]);
    let other = Place::with_kms();
    place.write("other.json", other.read("kpak.json"));
    place
        .ibc(&with(&["verify", "--kpak", "other.json", "--id2", &id_2], &rest))
        .refused(&["does not verify"]);
    // An expired signer
    let old = ["verify", "--kpak", "kpak.json", "--id2", "mef.example.com@2F43534531@20200101T000000"];
    place.ibc(&with(&old, &rest)).refused(&["expired", "--allow-expired"]);
    place.ibc(&with(&with(&old, &rest), &["--allow-expired"])).refused(&["does not verify"]);

    let raw = fs::read(place.path("raw.sig")).unwrap();
    for (bad, words) in [
        (raw[..128].to_vec(), "129 octets expected, 128 given"),
        ([&[0; 64], &raw[64..]].concat(), "r: integer out of range"),
        ([&raw[..32], &[0xff; 32], &raw[64..]].concat(), "s: integer out of range"),
        ([&raw[..128], &[raw[128] ^ 1]].concat(), "PVT: point not on the curve"),
        (vec![0; 5000], "more than 1024 octets"),
    ] {
        place.write("bad.sig", bad);
        place
            .ibc(&with(&verify, &["--in", "message", "--signature", "bad.sig"]))
            .refused(&["bad.sig", words]);
    }
    place.ibc(&with(&verify, &["--in", "message", "--signature", "raw.sig", "--hex"])).refused(&["raw.sig"]);
    place.ibc(&with(&verify, &["--in", "-", "--signature", "-"])).misused(&["one option only"]);
    place
        .ibc(&["verify", "--kpak", "kpak.json", "--in", "message", "--signature", "raw.sig"])
        .misused(&["--id2"]);
}

#[test]
fn both_sides_of_an_association_derive_one_key() {
    let place = place_with_credentials();
    let (ae, cse) = (psk_identity(&place, "ae.json"), psk_identity(&place, "cse.json"));
    let derive = |own: &str, peer: &str, role: &str, rest: &[&str]| {
        let common =
            ["saef", "derive", "--credential", own, "--peer", peer, "--role", role, "--kpak", "kpak.json"];
        place.ibc(&with(&common, rest))
    };
    derive("ae.json", &cse, "client", &["--out", "ae.key", "--expect", "//sp.example.com/CSE1"]).done();
    let printed = derive("cse.json", &ae, "server", &["--show-secret", "--json"]).done().json();
    let key = place.read("ae.key");
    assert_eq!((key.len(), place.mode("ae.key")), (65, 0o600));
    assert_eq!(printed["key"], key.trim_end());
    let quiet = derive("ae.json", &cse, "client", &["--out", "again.key", "--json"]).done().hides(&key);
    assert_eq!(quiet.json()["key_id"], printed["key_id"]);
    assert_eq!(quiet.json()["peer"], "//sp.example.com/CSE1");
    assert_eq!(quiet.json()["own_psk_identity"], ae);
    derive("ae.json", &cse, "client", &["--out", "third.key"]).done().hides(&key);
    derive("ae.json", &cse, "server", &["--out", "swapped.key"]).done();
    assert_ne!(place.read("swapped.key"), key);

    derive("ae.json", &cse, "client", &["--out", "ae.key"]).refused(&["ae.key exists"]);
    derive("ae.json", &cse, "client", &["--show-secret", "--expect", "//sp.example.com/CSE2"])
        .refused(&["not the one expected"])
        .hides(&key);
    derive("ae.json", &ae, "client", &["--show-secret"]).refused(&["own identity"]);
    derive("ae.json", &cse[..cse.len() - 1], "client", &["--show-secret"]).refused(&["PSK identity"]);
    derive("ae.json", &cse.replace("mef.", "mff."), "client", &["--show-secret"])
        .refused(&["no KPAK is pinned"]);
    derive("ae.json", &cse, "client", &[]).misused(&["--out"]);
    derive("ae.json", &cse, "client", &["--show-secret", "--skew", "301"]).misused(&["--skew"]);
    place.issue(&["--id-hex", "00", "--out", "raw.json"]).done();
    derive("raw.json", &cse, "client", &["--show-secret"]).refused(&["not for an ID_2"]);
    // SP-relative identities need the provider to compare.
    place.issue(&["--fqdn", "mef.example.com", "--cse-id", "/CSE9", "--out", "rel.json"]).done();
    let rel = psk_identity(&place, "rel.json");
    derive("rel.json", &rel, "client", &["--show-secret"]).misused(&["--provider"]);
    derive("rel.json", &cse, "client", &["--show-secret", "--provider", "sp.example.com"]).done();
}

#[test]
fn two_kms_associate_when_each_knows_the_other() {
    let (place, other) = (Place::with_kms(), Place::with_kms());
    place.issue(&with(AE, &["--out", "ae.json"])).done();
    other
        .issue(&["--fqdn", "mef.example.org", "--cse-id", "//sp.example.com/CSE1", "--out", "cse.json"])
        .done();
    place.kms("export-public", &["--fqdn", "mef.example.com", "--out", "com.json"]).done();
    other.kms("export-public", &["--fqdn", "mef.example.org", "--out", "org.json"]).done();
    place.write("org.json", other.read("org.json"));
    other.write("com.json", place.read("com.json"));
    let (ae, cse) = (psk_identity(&place, "ae.json"), psk_identity(&other, "cse.json"));
    let derive = |place: &Place, own: &str, peer: &str, role: &str, rest: &[&str]| {
        let common = ["saef", "derive", "--credential", own, "--peer", peer, "--role", role];
        let keys = ["--kpak", "com.json", "--kpak", "org.json", "--show-secret"];
        place.ibc(&[&common[..], &keys, rest].concat())
    };
    let trust_org = ["--provider", "mef.example.org=sp.example.com", "--json"];
    let trust_com = ["--provider", "mef.example.com=sp.example.com", "--json"];
    let client = derive(&place, "ae.json", &cse, "client", &trust_org).done().json();
    let server = derive(&other, "cse.json", &ae, "server", &trust_com).done().json();
    assert_eq!((&client["key"], &client["key_id"]), (&server["key"], &server["key_id"]));
    // The KMS of one MEF must not name the entities of another's provider.
    derive(&place, "ae.json", &cse, "client", &[]).misused(&["--provider mef.example.org=PROVIDER"]);
    let elsewhere = ["--provider", "mef.example.org=other.example.com"];
    derive(&place, "ae.json", &cse, "client", &elsewhere).refused(&["service provider", "--provider"]);
}

fn hex_list(range: std::ops::Range<u32>) -> String {
    range.map(|number| format!("{number:08x}\n")).collect()
}

fn identities(place: &Place, batch: &str) -> Vec<String> {
    let field = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        value["id2"].as_str().or(value["id_hex"].as_str()).unwrap().to_owned()
    };
    place.read(batch).lines().map(field).collect()
}

#[test]
fn a_batch_is_issued_once_and_goes_on_where_it_stopped() {
    let place = Place::with_kms();
    place.write("list", format!("{}00000003\n0000000A\n", hex_list(0..20)));
    let bulk = ["--from", "list", "--hex", "--out", "batch.jsonl"];
    let first = place.issue(&bulk).done();
    assert!(first.stdout.contains("issued 20 credentials"), "{first:?}");
    assert!(
        first.stderr.contains("line 21 repeats line 4") && first.stderr.contains("line 22 repeats line 11")
    );
    assert_eq!(place.mode("batch.jsonl"), 0o600);
    let complete = place.read("batch.jsonl");
    place.ibc(&["credential", "validate", "--batch", "batch.jsonl", "--kpak", "kpak.json"]).done();
    let again = place.issue(&with(&bulk, &["--json"])).done().json();
    assert_eq!(
        (&again["issued"], &again["there_before"], &again["in_file"]),
        (&0.into(), &20.into(), &20.into())
    );
    assert_eq!(again["repeated_lines"][0], serde_json::json!({"line": 21, "first": 4}));
    assert_eq!(place.read("batch.jsonl"), complete);
    // A torn last line
    place.write("batch.jsonl", &complete[..complete.len() - 100]);
    place
        .ibc(&["credential", "validate", "--batch", "batch.jsonl", "--kpak", "kpak.json"])
        .refused(&["line 20", "no end"]);
    let mended = place.issue(&with(&bulk, &["--json"])).done().json();
    assert_eq!((&mended["issued"], &mended["in_file"]), (&1.into(), &20.into()));
    assert!(mended["cut_octets"].as_u64().unwrap() > 0);
    assert_eq!(identities(&place, "batch.jsonl"), hex_list(0..20).lines().collect::<Vec<_>>());
    // A longer list
    place.write("list", hex_list(0..25));
    let more = place.issue(&with(&bulk, &["--json"])).done().json();
    assert_eq!((&more["issued"], &more["there_before"]), (&5.into(), &20.into()));
    // From standard input
    let arguments = [
        "kms",
        "issue",
        "--kms",
        "kms.ibc",
        "--passphrase-file",
        "pass",
        "--from",
        "-",
        "--hex",
        "--out",
        "piped.jsonl",
    ];
    place.ibc_with_input(&arguments, hex_list(0..5).as_bytes()).done();
    assert_eq!(identities(&place, "piped.jsonl").len(), 5);
    let twice = [
        "kms",
        "issue",
        "--kms",
        "kms.ibc",
        "--passphrase-file",
        "-",
        "--from",
        "-",
        "--hex",
        "--out",
        "y.jsonl",
    ];
    place.ibc(&twice).misused(&["one option only"]);
}

#[test]
fn a_batch_of_entities_is_not_issued_again_because_time_went_on() {
    let place = Place::with_kms();
    place.write("list", "//sp.example.com/CSE1\n//SP.example.com./CSE1\n/CSE2\n//sp.example.com/CSE1/C7\n");
    let bulk = ["--from", "list", "--fqdn", "mef.example.com", "--lifetime", "90d", "--out", "batch.jsonl"];
    let first = place.issue(&with(&bulk, &["--json"])).done().json();
    assert_eq!((&first["issued"], &first["repeated"]), (&3.into(), &1.into()));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let again = place.issue(&with(&bulk, &["--json"])).done().json();
    assert_eq!((&again["issued"], &again["there_before"]), (&0.into(), &3.into()));
}

#[test]
fn a_list_with_a_mistake_issues_nothing() {
    let place = Place::with_kms();
    for (list, form, words) in [
        (
            "00\n01\nxyz\n02\n0\n",
            &["--hex"][..],
            &["list, line 3", "hexadecimal", "1 more line", "nothing was issued"][..],
        ),
        ("00\n\n01\n", &["--hex"], &["line 2", "empty line"]),
        ("/CSE1\nXSE2\n", &["--fqdn", "mef.example.com"], &["line 2", "starts with '/'"]),
        ("mef.example.com@2F43534531@20200101T000000\n", &[], &["line 1", "past"]),
        ("/CSE1\n", &["--fqdn", "mef.example.com", "--lifetime", "500d"], &["line 1", "--allow-long"]),
    ] {
        place.write("list", list);
        place.issue(&with(&["--from", "list", "--out", "batch.jsonl"], form)).refused(words);
        assert!(!place.path("batch.jsonl").exists());
    }
    place.issue(&["--from", "absent", "--out", "batch.jsonl"]).refused(&["absent"]);
    place.issue(&["--from", ".", "--out", "batch.jsonl"]).refused(&["not a regular file"]);
    assert!(!place.path("batch.jsonl").exists());
}

#[test]
fn a_batch_file_that_is_none_is_left_alone() {
    let place = Place::with_kms();
    place.write("list", hex_list(0..3));
    let bulk = ["--from", "list", "--hex", "--out", "batch.jsonl"];
    for (content, words) in [
        ("precious notes", "unknown line"),
        ("precious notes\n", "not a JSON object"),
        ("{\"id_hex\":\"00\"}\n", "missing field"),
    ] {
        place.write_private("batch.jsonl", content);
        place.issue(&bulk).refused(&["batch.jsonl, line 1", words]);
        assert_eq!(place.read("batch.jsonl"), content);
    }
    let other = Place::with_kms();
    other.write("list", hex_list(0..3));
    other.issue(&bulk).done();
    place.write_private("batch.jsonl", other.read("batch.jsonl"));
    place.issue(&bulk).refused(&["batch.jsonl, line 1", "another KMS"]);
    assert_eq!(place.read("batch.jsonl"), other.read("batch.jsonl"));
    other.chmod("batch.jsonl", 0o644);
    other.issue(&bulk).refused(&["chmod 600 batch.jsonl"]);
    other.chmod("batch.jsonl", 0o600);
    let held = fs::File::open(other.path("batch.jsonl")).unwrap();
    held.lock().unwrap();
    other.issue(&bulk).refused(&["in use by another process"]);
    let (one, two) = (other.read("batch.jsonl"), other.read("batch.jsonl"));
    drop(held);
    other.write("batch.jsonl", one + &two);
    other.issue(&bulk).refused(&["twice"]);
}

#[test]
fn validate_batch_names_the_bad_line() {
    let place = Place::with_kms();
    place.write("list", hex_list(0..3));
    place.issue(&["--from", "list", "--hex", "--out", "batch.jsonl"]).done();
    let good = place.read("batch.jsonl");
    let validate = ["credential", "validate", "--batch", "batch.jsonl", "--kpak", "kpak.json"];
    assert_eq!(place.ibc(&with(&validate, &["--json"])).done().json()["credentials"], 3);
    place.write("batch.jsonl", good.replace("00000001", "00000009"));
    place.ibc(&validate).refused(&["batch.jsonl, line 2", "does not belong"]);
}

#[test]
fn refusals_in_json_are_objects_with_a_kind() {
    let place = place_with_credentials();
    place.write_private("wrong", "wrong\n");
    for (arguments, kind) in [
        (vec!["kms", "export-public", "--kms", "kms.ibc", "--passphrase-file", "wrong"], "sealed"),
        (vec!["kms", "export-public", "--kms", "absent", "--passphrase-file", "pass"], "file"),
        (vec!["credential", "show", "--credential", "pass"], "format"),
        (vec!["kms", "issue", "--kms", "kms.ibc", "--id2", "x", "--out", "x"], "identity"),
        (
            vec![
                "saef",
                "derive",
                "--credential",
                "ae.json",
                "--peer",
                "x",
                "--role",
                "client",
                "--kpak",
                "kpak.json",
                "--show-secret",
            ],
            "identity",
        ),
    ] {
        let ran = place.ibc(&with(&arguments, &["--json"]));
        assert_eq!(ran.status, 1, "{ran:#?}");
        assert!(ran.stderr.is_empty(), "{ran:#?}");
        assert_eq!(ran.json()["error"]["kind"], kind);
        assert!(ran.json()["error"]["message"].as_str().unwrap().len() > 10);
    }
    // What looks like a credential and is the passphrase is not shown.
    let shown = place.ibc(&["credential", "show", "--credential", "pass"]).refused(&["not a JSON object"]);
    assert!(!shown.stderr.contains(PASSPHRASE));
}

#[test]
fn a_closed_output_is_no_panic() {
    let place = place_with_credentials();
    for arguments in
        [&["demo"][..], &["credential", "show", "--credential", "ae.json"], &["--help"], &["--version"]]
    {
        let mut child =
            place.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert!(
            ended.status.code().is_some_and(|code| code <= 1) && !stderr.contains("panick"),
            "{arguments:?}: {stderr}"
        );
    }
}

#[test]
fn help_teaches_by_example() {
    let place = Place::new();
    for command in [
        &["kms", "init"][..],
        &["kms", "issue"],
        &["kms", "export-public"],
        &["credential", "validate"],
        &["credential", "show"],
        &["sign"],
        &["verify"],
        &["saef", "derive"],
        &["sakke", "encapsulate"],
        &["sakke", "decapsulate"],
        &["demo"],
        &[],
    ] {
        let help = place.ibc(&with(command, &["--help"])).done();
        assert!(help.stdout.contains("Example") && help.stdout.contains("--json"), "{command:?}");
    }
    place.ibc(&[]).misused(&["Usage"]);
    place.ibc(&["kms", "invent"]).misused(&["invent"]);
}

#[test]
fn demo_shows_every_step_and_keeps_nothing() {
    let place = Place::new();
    let shown = place.ibc(&["demo", "--cryptography"]).done();
    for words in [
        "KSAK",
        "KPAK",
        "ID_2",
        "PVT",
        "validated",
        "verified",
        "refused",
        "KibcID",
        "SAKKE",
        "RSK",
        "equal",
        "escrow",
        "SECRET",
    ] {
        assert!(shown.stdout.contains(words), "{words}");
    }
    assert_eq!(place.files(), ["pass"]);
    let json = place.ibc(&["demo", "--cryptography", "--json"]).done().json();
    let steps = json["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 12);
    for secret in ["ssk", "ksak", "z", "rsk", "ssv", "client_key", "server_key"] {
        assert!(steps.iter().all(|step| step.get(secret).is_none()), "{secret}");
    }
    let secret = place.ibc(&["demo", "--cryptography", "--json", "--show-secret"]).done().json();
    assert_eq!(secret["steps"][0]["ksak"].as_str().unwrap().len(), 64);
    assert_eq!(secret["steps"][6]["client_key"], secret["steps"][6]["server_key"]);
    assert_ne!(secret["steps"][6]["client_key"], secret["steps"][7]["client_key"]);
    assert_eq!(secret["steps"][9]["ssv"], secret["steps"][10]["ssv"]);
    assert_eq!(secret["steps"][9]["ssv"].as_str().unwrap().len(), 32);
}

#[test]
fn demo_keeps_files_that_the_other_commands_take() {
    let place = Place::new();
    let told = place.ibc(&["demo", "--keep", "kept", "--passphrase-file", "pass"]).done();
    for secret in ["ae.json", "cse.json", "kms.ibc"] {
        assert_eq!(place.mode(&format!("kept/{secret}")), 0o600);
    }
    // The commands it names are run as they stand.
    let commands: Vec<_> = told.stdout.lines().filter_map(|line| line.strip_prefix("  ibc ")).collect();
    assert_eq!(commands.len(), 6);
    for command in commands {
        let arguments: Vec<_> = command.split(' ').collect();
        let ran = place.command(&arguments).current_dir(place.path("kept")).output().unwrap();
        crate::place::Ran::from(ran).done();
    }
    assert_eq!(place.read("kept/ae.key"), place.read("kept/cse.key"));
    assert_eq!(fs::read(place.path("kept/key.ssv")).unwrap().len(), 16);
    place.ibc(&["demo", "--keep", "kept", "--passphrase-file", "pass"]).refused(&["another directory"]);
    let export = ["kms", "export-public", "--kms", "kept/kms.ibc", "--passphrase-file", "pass"];
    place.ibc(&export).done();
}
