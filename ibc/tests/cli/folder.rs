//! The device's folder: who may see it, what is kept there, and for how long.

use crate::cli_client::{AE, CSE, KEY, Service};
use crate::hostile::Hostile;
use crate::place::Place;
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, Fqdn, KeyIdentifier, KmId, SecurityUsage};
use ibc::client::{DeviceStore, MasterKey};
use ibc::files::registered_key_file::RegisteredKeyFile;
use ibc::wire::root::ResourceType;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

const MAF: &str = "maf.example.com";
const PAST: &str = "20200101T000000";
const SOON: &str = "29980101T000000";
const FAR: &str = "29990101T000000";

fn key(number: u8, usage: SecurityUsage, (fqdn, target): (&str, &str), end: &str) -> RegisteredKeyFile {
    RegisteredKeyFile {
        key: Zeroizing::new(vec![number; 32]),
        identifier: KeyIdentifier::parse(&format!("{number:032X}@{fqdn}")).unwrap(),
        usage,
        end: ExpirationTime::parse(end).unwrap(),
        source: AE.into(),
        targets: vec![target.into()],
        stakeholder: Fqdn::parse("sp.example.com").unwrap(),
        labels: vec![],
    }
}

fn keys(place: &Place, store: &str) -> usize {
    std::fs::read_dir(place.path(store).join("keys")).map_or(0, Iterator::count)
}

#[test]
fn the_folder_is_its_owners() {
    let service = Service::new();
    let enrol = || service.run(&["enrol"], "mef", ("cse", CSE), &["--store", "a/cse"]);
    assert!(!enrol().done().stderr.contains("note"));
    assert_eq!((service.place.mode("a"), service.place.mode("a/cse")), (0o700, 0o700));
    service.place.chmod("a/cse", 0o755);
    let noted = enrol().done().stderr;
    assert!(
        noted.contains("others can look into a/cse (mode 0755)") && noted.contains("chmod 700"),
        "{noted}"
    );
    let credential = service.place.read("a/cse/credential.json");
    for mode in [0o770, 0o702, 0o1777] {
        service.place.chmod("a/cse", mode);
        enrol().refused(&["a/cse", "lets others put files into it", "chmod 700"]);
    }
    assert_eq!(service.place.read("a/cse/credential.json"), credential);
}

#[test]
fn keys_that_have_ended_are_forgotten() {
    let place = Place::new();
    let at = |end| key(1, SecurityUsage::MafSaef, (MAF, CSE), end);
    let associate = |rest: &[&str]| {
        let common = ["associate", "--connect", "127.0.0.1:9", "--as", AE, "--peer", CSE, "--store", "ae"];
        place.ibc(&[&common, rest].concat())
    };
    let put = |key: &RegisteredKeyFile| DeviceStore::open(&place.path("ae")).unwrap().keep_key(key).unwrap();
    put(&at(FAR));
    associate(&[]).refused(&["no connection"]);
    assert_eq!(keys(&place, "ae"), 1);
    put(&at(PAST));
    associate(&[]).misused(&["nothing to associate with"]);
    assert_eq!(keys(&place, "ae"), 0);
    // As a key for a MAF likewise.
    put(&key(2, SecurityUsage::RspfMaf, ("mef.example.com", MAF), PAST));
    let new = ["registration", "new", "--maf", MAF, "--connect", "127.0.0.1:9", "--as", AE, "--store", "ae"];
    place.ibc(&[&new[..], &["--stakeholder", "sp.example.com"]].concat()).refused(&["ae has no key for"]);
    assert_eq!(keys(&place, "ae"), 0);
}

#[test]
fn a_key_that_a_maf_refuses_is_not_the_last() {
    let place = Place::new();
    {
        let store = DeviceStore::open(&place.path("ae")).unwrap();
        let entity = EntityName::parse(AE).unwrap();
        let km_id = KmId::parse("first@maf.example.com").unwrap();
        store.keep_master_key(&MasterKey { km_id, entity, key: Zeroizing::new([1; 32]) }).unwrap();
        store.keep_key(&key(2, SecurityUsage::RspfMaf, ("mef.example.com", MAF), FAR)).unwrap();
        store.keep_key(&key(3, SecurityUsage::RspfMaf, ("mef.example.com", MAF), SOON)).unwrap();
    }
    // It has forgotten the KmID, and the newer key is not there yet.
    let older = key(3, SecurityUsage::RspfMaf, ("mef.example.com", MAF), SOON).identifier.to_string();
    let knows = move |identity: &str| (identity == older).then(|| vec![3; 32]);
    let maf = Hostile::start(MAF, knows, |_, _| {
        let ty = ResourceType::MafClientReg.number();
        let text = format!(
            r#"{{"sec:macr":{{"ty":{ty},"ri":"r1","et":"{FAR}","adfq":"sp.example.com","cr":"{AE}","aski":"second@{MAF}"}}}}"#
        );
        (2001, text)
    });
    let new = ["registration", "new", "--maf", MAF, "--connect", &maf.address, "--as", AE, "--store", "ae"];
    place.ibc(&[&new[..], &["--stakeholder", "sp.example.com"]].concat()).done();
    // What it took is what stands behind the KmID from now on.
    assert_eq!(place.field("ae/km-maf.example.com.json", "identity"), format!("second@{MAF}"));
    assert_eq!(place.field("ae/km-maf.example.com.json", "key"), "03".repeat(32));
    // One that takes none of them is told of as ever.
    let maf = Hostile::start(MAF, |_| None, |_, _| (5000, String::new()));
    let update =
        ["registration", "update", "--maf", MAF, "--connect", &maf.address, "--as", AE, "--store", "ae"];
    place.ibc(&[&update[..], &["--lifetime", "5d"]].concat()).refused(&["handshake failed"]);
}

/// Stays until it is dropped.
struct Staying(Child);

impl Drop for Staying {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn two_that_keep_the_same_key_register_one() {
    let service = Service::new();
    let register = ["--stakeholder", "sp.example.com", "--suid", "32", "--target", CSE, "--lifetime", "5d"];
    let keep = [&register[..], &["--store", "ae", "--keep", "--json"]].concat();
    let arguments = service.arguments(&["key", "register"], "maf", ("ae", AE), &keep);
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let said = ["first", "second"];
    let all = said.map(|said| {
        let said = std::fs::File::create(service.place.path(said)).unwrap();
        Staying(service.place.command(&arguments).stdout(said).stderr(Stdio::null()).spawn().unwrap())
    });
    let until = Instant::now() + Duration::from_secs(60);
    while said.iter().any(|said| service.place.read(said).lines().count() == 0) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(all);
    let [first, second] = said.map(|said| {
        let said = service.place.read(said);
        let line = said.lines().next().expect("it has a key");
        serde_json::from_str::<serde_json::Value>(line).unwrap()
    });
    assert_eq!(first["identifier"], second["identifier"], "{first} {second}");
    assert_eq!(keys(&service.place, "ae"), 1);
}

#[test]
fn what_is_wrong_with_a_file_is_said_in_its_own_words() {
    let place = Place::new();
    place.write_private("key.hex", KEY);
    let run = || {
        let update =
            ["registration", "update", "--mef", "mef.example.com", "--connect", "127.0.0.1:9", "--as", CSE];
        let psk = ["--psk-identity", "cse@mef.example.com", "--psk-file", "key.hex", "--store", "cse"];
        place.ibc(&[&update[..], &psk, &["--lifetime", "5d"]].concat())
    };
    std::fs::create_dir(place.path("cse")).unwrap();
    place.chmod("cse", 0o700);
    std::fs::create_dir(place.path("cse/keys")).unwrap();
    let registration = r#"{"function":"mef","fqdn":"mef.example.com","adminFQDN":"sp.example.com","entity":"//sp.example.com/CSE1","id":"1","until":"29990101T000000"}"#;
    for (file, content, word) in [
        ("registrations.json", r#"{"registrations":[1]}"#, "a registration"),
        ("registrations.json", r#"{"registrations":{}}"#, "registrations"),
        (
            "registrations.json",
            &format!(r#"{{"registrations":[{}]}}"#, registration.replace("\"mef\"", "3")),
            "line 1",
        ),
        (
            "registrations.json",
            &format!(r#"{{"registrations":[{}]}}"#, registration.replace("\"mef\"", "\"kms\"")),
            "kms",
        ),
        ("keys/A.json", r#"{"key":1}"#, "key"),
        ("keys/A.json", "[1]", "not a JSON object"),
    ] {
        place.write_private(&format!("cse/{file}"), content);
        let said = run().refused(&[&format!("cse/{file}"), word]).stderr;
        for internal in ["struct ", "enum ", "variant identifier", "Row", "List", "ReadKey"] {
            assert!(!said.contains(internal), "{said}");
        }
        std::fs::remove_file(place.path(&format!("cse/{file}"))).unwrap();
    }
}
