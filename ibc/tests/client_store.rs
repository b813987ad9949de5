//! A process that installs credentials, and keeps registrations, keys and objects, is killed at any moment: the store holds the old
//! credential or the new one, with the KPAK it needs, never none; and the old registration, key and
//! object or the new ones.
//!
//! This program is both: without an argument the one that kills, with a folder the one that is killed.

use eccsi_sakke::SysRng;
use eccsi_sakke::eccsi::KmsSecretKey;
use eccsi_sakke::onem2m::{
    EntityName, ExpirationTime, ExpiringIdentity, Fqdn, KeyIdentifier, SecurityUsage, UnixTime,
};
use ibc::Function;
use ibc::client::install::{Expected, NewKpak};
use ibc::client::node::{NodeObject, Object, RegistrationObject};
use ibc::client::{DeviceStore, StoredRegistration};
use ibc::files::registered_key_file::RegisteredKeyFile;
use ibc::wire::{IssuedCredential, SecretText};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use zeroize::Zeroizing;

const MEF: &str = "mef.example.com";
const ENTITY: &str = "//sp.example.com/CSE1";
/// 2026-06-01 00:00:00 UTC.
const NOW: UnixTime = UnixTime::from_seconds(1_780_272_000);

/// How often a process is killed.
const KILLS: u32 = 60;

fn expected() -> Expected {
    Expected { mef: Fqdn::parse(MEF).unwrap(), entity: EntityName::parse(ENTITY).unwrap(), replaces: None }
}

/// The KMS of a round: another one every third, so that KPAKs are pinned between credentials.
fn ksak(number: u64) -> KmsSecretKey {
    let mut octets = [0; 32];
    octets[31] = 1 + u8::try_from(number / 3 % 200).unwrap();
    KmsSecretKey::from_bytes(&octets).unwrap()
}

fn issue(number: u64) -> IssuedCredential {
    let end = ExpirationTime::from_unix(UnixTime::from_seconds(NOW.as_seconds() + 1 + number)).unwrap();
    let id_2 =
        ExpiringIdentity::new(Fqdn::parse(MEF).unwrap(), EntityName::parse(ENTITY).unwrap(), end).unwrap();
    let ksak = ksak(number);
    let key = ksak.issue(id_2.identity(), &mut SysRng).unwrap();
    let key = key.validate(&ksak.public_key(), id_2.identity()).unwrap();
    let hex = base16ct::lower::encode_string;
    IssuedCredential {
        id2: id_2.as_str().into(),
        ssk: SecretText::new(hex(key.expose().as_slice())),
        pvt: hex(&key.pvt().to_bytes()),
        kpak: hex(&ksak.public_key().to_bytes()),
        rsk: None,
        z_public: None,
    }
}

fn registration(number: u64) -> StoredRegistration {
    StoredRegistration {
        function: Function::Mef,
        fqdn: Fqdn::parse(MEF).unwrap(),
        stakeholder: Fqdn::parse("sp.example.com").unwrap(),
        entity: EntityName::parse(ENTITY).unwrap(),
        id: number.to_string(),
        until: ExpirationTime::MAX,
        identity: None,
    }
}

/// One name, for values that follow one another.
fn key(number: u64) -> RegisteredKeyFile {
    RegisteredKeyFile {
        key: Zeroizing::new(vec![1; 32]),
        identifier: KeyIdentifier::parse("A1B2C3D4E5F60718293A4B5C6D7E8F90@mef.example.com").unwrap(),
        usage: SecurityUsage::RspfSaef,
        end: ExpirationTime::MAX,
        source: ENTITY.into(),
        targets: vec!["//sp.example.com/CSE2".into()],
        stakeholder: Fqdn::parse("sp.example.com").unwrap(),
        labels: vec![number.to_string()],
    }
}

fn object(number: u64) -> NodeObject {
    let object = Object::Registration(RegistrationObject {
        function: Function::Mef,
        fqdn: Fqdn::parse(MEF).unwrap(),
        stakeholder: Fqdn::parse("sp.example.com").unwrap(),
        end: None,
        labels: None,
    });
    NodeObject { path: "/mef".into(), object, ends: Some(number.to_string()), key: None }
}

/// Installs one after another, and says which is there.
fn install(folder: &Path, mut number: u64) {
    let store = DeviceStore::open(folder).unwrap();
    loop {
        let new = NewKpak::Accept(vec![ksak(number).public_key()]);
        store.install(&issue(number), &expected(), &new, NOW).unwrap();
        store.keep_registration(&registration(number)).unwrap();
        store.keep_key(&key(number)).unwrap();
        store.put_objects(&[object(number)]).unwrap();
        println!("{number}");
        number += 1;
    }
}

/// Which credential is there, after checking all of it.
fn look(folder: &Path) -> u64 {
    let store = DeviceStore::open(folder).unwrap();
    let file = store.credential().unwrap().expect("never none");
    let kpak = file.kpak().clone();
    let (identity, _) = file.validate().expect("its parts belong together");
    let id_2 = identity.id_2().unwrap();
    let pinned = store.pinned(&Fqdn::parse(MEF).unwrap()).unwrap();
    assert!(pinned.iter().any(|key| key.kpak == kpak), "the KPAK of the credential is pinned");
    let since = store.installed().unwrap().unwrap().since;
    assert!(since.is_none_or(|since| since == NOW));
    let number = id_2.expiration().to_unix().as_seconds() - NOW.as_seconds() - 1;
    // What follows a credential is of the same round, or still of the one before.
    let follows = |text: &str| (number.saturating_sub(1)..=number).contains(&text.parse::<u64>().unwrap());
    let registrations = store.registrations().unwrap();
    assert!(registrations.len() == 1 && follows(&registrations[0].id), "{number}: {registrations:?}");
    let keys = store.keys().unwrap();
    assert!(keys.len() == 1 && follows(&keys[0].labels[0]), "{number}: {keys:?}");
    let objects = store.objects().unwrap();
    let led_to = objects.iter().map(|one| one.ends.clone().unwrap()).collect::<Vec<_>>();
    assert!(led_to.len() == 1 && follows(&led_to[0]), "{number}: {objects:?}");
    let folders = [folder.to_path_buf(), folder.join("keys")];
    let parts = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".part"));
    assert_eq!(parts.count(), 0, "what was half written is removed");
    number
}

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    if let [_, word, folder, number] = &arguments[..]
        && word == "install"
    {
        install(Path::new(folder), number.parse().unwrap());
    }
    let folder = std::env::temp_dir().join(format!("ibc-client-store-{}", std::process::id()));
    let (mut next, mut between) = (0, 0);
    for round in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["install", folder.to_str().unwrap(), &next.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told: u64 = lines.next().expect("a credential was installed").unwrap().parse().unwrap();
        std::thread::sleep(Duration::from_micros(u64::from(round * 7_919 % 40_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            told = line.parse().unwrap_or(told);
        }
        let found = look(&folder);
        assert!(found == told || found == told + 1, "told {told}, found {found}");
        between += u32::from(found == told + 1);
        next = found + 1;
    }
    std::fs::remove_dir_all(&folder).unwrap();
    println!(
        "killed {KILLS} times while {next} credentials were installed; {between} times between rename and word"
    );
}
