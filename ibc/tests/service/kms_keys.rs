//! The key directory of a service: what opens it, what it refuses, what is issued from it over time.

use crate::key_files;
use eccsi_sakke::eccsi::{IssuedKey, KmsSecretKey};
use eccsi_sakke::onem2m::{ExpirationTime, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef::KpakTag;
use eccsi_sakke::{Error, SysRng, sakke};
use ibc::files::kdf::KdfParameters;
use ibc::files::{FileProblem, FormatError};
use ibc::service::kms::{
    ExpiryDay, Issued, KeyDirectory, KeysError, Kms, KmsError, Sealing, ServicePublicKey, create_key_file,
};
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ibc-kms-keys-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    fn key_file(&self) -> PathBuf {
        self.0.join("key")
    }

    /// A key directory sealed under a key file.
    fn with_keys() -> (Self, KeyDirectory) {
        let folder = Self::new();
        create_key_file(&folder.key_file(), &mut SysRng).unwrap();
        KeyDirectory::create(&folder.keys(), &Sealing::KeyFile(&folder.key_file()), at(0), &mut SysRng)
            .unwrap();
        let keys = folder.open().unwrap();
        (folder, keys)
    }

    fn open(&self) -> Result<KeyDirectory, KeysError> {
        KeyDirectory::open(&self.keys(), &Sealing::KeyFile(&self.key_file()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// `seconds` into the year 2027.
fn at(seconds: u64) -> UnixTime {
    UnixTime::from_seconds(1_798_761_600 + seconds)
}

fn until(seconds: u64) -> ExpirationTime {
    ExpirationTime::from_unix(at(seconds)).unwrap()
}

fn mef() -> Fqdn {
    Fqdn::parse("mef.example.com").unwrap()
}

/// An identity of the MEF that ends then.
fn id_2(name: &str, end: u64) -> ExpiringIdentity {
    identity_of(&mef(), name, end)
}

fn identity_of(fqdn: &Fqdn, name: &str, end: u64) -> ExpiringIdentity {
    let entity = format!("//sp.example.com/{name}").parse::<eccsi_sakke::onem2m::EntityName>().unwrap();
    ExpiringIdentity::new(fqdn.clone(), entity, until(end)).unwrap()
}

/// SHA-256 in counter mode: the same octets again for the same seed.
struct Seeded(u64, u64);

impl TryRng for Seeded {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut octets = [0; 4];
        self.try_fill_bytes(&mut octets).map(|()| u32::from_le_bytes(octets))
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut octets = [0; 8];
        self.try_fill_bytes(&mut octets).map(|()| u64::from_le_bytes(octets))
    }
    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Infallible> {
        for block in octets.chunks_mut(32) {
            self.1 += 1;
            let hash = Sha256::digest([self.0.to_be_bytes(), self.1.to_be_bytes()].concat());
            block.copy_from_slice(&hash[..block.len()]);
        }
        Ok(())
    }
}
impl TryCryptoRng for Seeded {}

/// Always the same octet.
struct Stuck;

impl TryRng for Stuck {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0x2121_2121)
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0x2121_2121_2121_2121)
    }
    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Infallible> {
        octets.fill(0x21);
        Ok(())
    }
}
impl TryCryptoRng for Stuck {}

struct Broken;

impl TryRng for Broken {
    type Error = std::fmt::Error;
    fn try_next_u32(&mut self) -> Result<u32, std::fmt::Error> {
        Err(std::fmt::Error)
    }
    fn try_next_u64(&mut self) -> Result<u64, std::fmt::Error> {
        Err(std::fmt::Error)
    }
    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), std::fmt::Error> {
        Err(std::fmt::Error)
    }
}
impl TryCryptoRng for Broken {}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Everything a directory holds, by path.
fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for name in names(folder) {
        let path = folder.join(name);
        if path.is_dir() {
            files.extend(content(&path))
        } else {
            files.push((path.clone(), fs::read(&path).unwrap()))
        }
    }
    files
}

fn problem(error: &KeysError) -> &FileProblem {
    match error {
        KeysError::File(error) => error.problem(),
        other => panic!("not about a file: {other}"),
    }
}

fn format_problem(error: &KeysError) -> &FormatError {
    match problem(error) {
        FileProblem::Format(error) => error,
        other => panic!("not about a format: {other:?}"),
    }
}

/// As the receiver checks it.
fn check(issued: &Issued, id_2: &ExpiringIdentity) {
    let ssk = issued.ssk.expose().try_into().unwrap();
    let key = IssuedKey::from_parts(ssk, &issued.pvt).unwrap();
    let key = key.validate(&issued.keys.kpak, id_2.identity()).unwrap();
    let signature = key.sign(b"message", &mut SysRng).unwrap();
    issued.keys.kpak.verify(id_2.identity(), b"message", &signature).unwrap();
    if let Some(rsk) = &issued.rsk {
        let b = id_2.sakke_identifier();
        let rsk = sakke::IssuedKey::from_slice(rsk.expose()).unwrap();
        let rsk = rsk.validate(&issued.keys.z, &b).unwrap();
        let (data, ssv) = issued.keys.z.encapsulate(&b, &mut SysRng).unwrap();
        assert!(bool::from(subtle::ConstantTimeEq::ct_eq(&rsk.decapsulate(&data).unwrap(), &ssv)));
    }
}

#[test]
fn opens_with_its_passphrase_and_with_nothing_else() {
    let folder = Folder::new();
    let kdf = KdfParameters::new(19 * 1024, 2, 1).unwrap();
    let with = |passphrase| Sealing::Passphrase { passphrase, kdf };
    let (path, key_file) = (folder.keys(), folder.key_file());
    KeyDirectory::create(&path, &with(b"first"), at(0), &mut SysRng).unwrap();
    let keys = KeyDirectory::open(&path, &with(b"first")).unwrap();
    let public = keys.rotate(&mef(), at(0), until(1000), at(0), &mut SysRng).unwrap();
    for wrong in [&b""[..], b"First", b"first\n"] {
        let error = KeyDirectory::open(&path, &with(wrong)).unwrap_err();
        assert!(error.is_sealed(), "{error}");
    }
    create_key_file(&key_file, &mut SysRng).unwrap();
    let error = KeyDirectory::open(&path, &Sealing::KeyFile(&key_file)).unwrap_err();
    assert!(matches!(error, KeysError::OtherSealing { method: "a passphrase" }), "{error}");

    // Another sealing writes root.json anew, and nothing else.
    let before = content(&path);
    for (sealing, old) in [(with(b"second"), with(b"first")), (Sealing::KeyFile(&key_file), with(b"second"))]
    {
        keys.seal_anew(&sealing, at(1), &mut SysRng).unwrap();
        KeyDirectory::open(&path, &old).unwrap_err();
        let again = KeyDirectory::open(&path, &sealing).unwrap();
        assert_eq!(again.list(), std::slice::from_ref(&public));
        assert_eq!(again.service_key().public_key(), keys.service_key().public_key());
        let changed: Vec<_> = content(&path)
            .into_iter()
            .zip(&before)
            .filter(|(new, old)| new != *old)
            .map(|(new, _)| new.0)
            .collect();
        assert_eq!(changed, [path.join("root.json")]);
    }
    // Another key file of the same form does not open it.
    let other = folder.0.join("other");
    create_key_file(&other, &mut SysRng).unwrap();
    assert!(KeyDirectory::open(&path, &Sealing::KeyFile(&other)).unwrap_err().is_sealed());
}

#[test]
fn key_files_are_private_and_have_32_octets() {
    let (folder, _keys) = Folder::with_keys();
    let key_file = folder.key_file();
    assert_eq!(fs::read(&key_file).unwrap().len(), 32);
    let error = create_key_file(&key_file, &mut SysRng).unwrap_err();
    assert!(matches!(problem(&error), FileProblem::Exists), "{error}");
    let good = fs::read(&key_file).unwrap();
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(&key_file, Permissions::from_mode(mode)).unwrap();
        assert!(matches!(problem(&folder.open().unwrap_err()), FileProblem::Permissions { .. }));
    }
    fs::set_permissions(&key_file, Permissions::from_mode(0o600)).unwrap();
    fs::write(&key_file, &good[..31]).unwrap();
    assert_eq!(format_problem(&folder.open().unwrap_err()), &FormatError::Unknown("length of a key file"));
    fs::write(&key_file, [&good[..], b"\n"].concat()).unwrap();
    assert!(matches!(problem(&folder.open().unwrap_err()), FileProblem::TooLarge { .. }));
    fs::write(&key_file, &good).unwrap();
    folder.open().unwrap();
}

#[test]
fn makes_private_files_in_an_empty_place_only() {
    let (folder, keys) = Folder::with_keys();
    keys.rotate(&mef(), at(0), until(1000), at(0), &mut SysRng).unwrap();
    keys.data_keys().seal(ExpiryDay::of(until(0)), b"", b"value", &mut SysRng).unwrap();
    for (path, _) in content(&folder.keys()) {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600, "{path:?}");
    }
    for path in [folder.keys(), folder.keys().join("data")] {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o700, "{path:?}");
    }
    assert!(names(&folder.keys()).iter().all(|name| !name.starts_with('.')));
    let key_file = folder.key_file();
    let create = |path: &Path| KeyDirectory::create(path, &Sealing::KeyFile(&key_file), at(0), &mut SysRng);
    assert!(matches!(create(&folder.keys()).unwrap_err(), KeysError::NotEmpty(_)));
    assert!(matches!(create(&key_file).unwrap_err(), KeysError::NotADirectory(_)));
    let open = folder.0.join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, Permissions::from_mode(0o750)).unwrap();
    assert!(matches!(create(&open).unwrap_err(), KeysError::DirectoryMode { mode: 0o750, .. }));
    assert!(matches!(
        KeyDirectory::create(&folder.0.join("new"), &Sealing::KeyFile(&key_file), at(0), &mut Broken),
        Err(KeysError::Rng)
    ));
    // Files that are no file of ours are left alone; a mode that lets others in is not.
    fs::write(folder.keys().join("notes.txt"), b"").unwrap();
    folder.open().unwrap();
    for path in [folder.keys(), folder.keys().join("data")] {
        fs::set_permissions(&path, Permissions::from_mode(0o705)).unwrap();
        assert!(matches!(folder.open().unwrap_err(), KeysError::DirectoryMode { mode: 0o705, .. }));
        fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
    }
    assert!(matches!(
        KeyDirectory::open(&folder.0.join("absent"), &Sealing::KeyFile(&key_file)).unwrap_err(),
        KeysError::NotADirectory(_)
    ));
}

/// Opens a file again.
type Reopen = Box<dyn Fn() -> Result<(), KeysError>>;

/// A directory with one KPAK and one value, and what reads each of its files anew.
fn with_every_kind() -> (Folder, Vec<(PathBuf, Reopen)>) {
    let (folder, keys) = Folder::with_keys();
    let public = keys.rotate(&mef(), at(0), until(1000), at(0), &mut SysRng).unwrap();
    let day = ExpiryDay::of(until(0));
    let sealed = keys.data_keys().seal(day, b"aad", b"value", &mut SysRng).unwrap();
    let path = folder.keys();
    let open = |path: PathBuf, key_file: PathBuf| {
        move || KeyDirectory::open(&path, &Sealing::KeyFile(&key_file)).map(drop)
    };
    let reopen: Box<dyn Fn() -> _> = Box::new(open(path.clone(), folder.key_file()));
    let reopen_too: Box<dyn Fn() -> _> = Box::new(open(path.clone(), folder.key_file()));
    let refreshed = folder.open().unwrap();
    let refresh: Box<dyn Fn() -> _> = Box::new(move || refreshed.refresh());
    let key_file = folder.key_file();
    let at_data = path.clone();
    let value: Box<dyn Fn() -> _> = Box::new(move || {
        // Opened anew, since keys that were read stay.
        let keys = KeyDirectory::open(&at_data, &Sealing::KeyFile(&key_file))?;
        keys.data_keys().open_value(day, sealed.generation, b"aad", &sealed.octets).map(drop)
    });
    let files = vec![
        (path.join("root.json"), reopen),
        (path.join("service.json"), reopen_too),
        (path.join(format!("kms-{}.json", public.tag)), refresh),
        (path.join("data").join(format!("{day}-1.json")), value),
    ];
    (folder, files)
}

#[test]
fn no_octet_of_any_file_can_be_changed_unnoticed() {
    let (_folder, files) = with_every_kind();
    for (path, read) in &files {
        read().unwrap();
        let good = fs::read(path).unwrap();
        for at in 0..good.len() {
            for bit in [0x01, 0x20] {
                let mut changed = good.clone();
                changed[at] ^= bit;
                fs::write(path, &changed).unwrap();
                assert!(read().is_err(), "{path:?}, octet {at}, bit {bit:02x}");
            }
        }
        for length in (0..good.len()).step_by(37).chain([good.len() - 1]) {
            fs::write(path, &good[..length]).unwrap();
            assert!(read().is_err(), "{path:?}, {length} octets");
        }
        fs::write(path, [&good[..], b"\n"].concat()).unwrap();
        assert!(read().is_err(), "{path:?}, with an empty line");
        fs::write(path, &good).unwrap();
        read().unwrap();
    }
}

#[test]
fn hostile_files_are_refused_and_named() {
    let (folder, files) = with_every_kind();
    for (path, read) in &files {
        let good = fs::read(path).unwrap();
        let text = String::from_utf8(good.clone()).unwrap();
        for (from, to, expected) in [
            ("\"version\":1", "\"version\":2", FormatError::Unknown("version")),
            ("ibc-keys", "ibc-kexs", FormatError::Unknown("format")),
            ("\"kind\":\"", "\"kind\":\"x", FormatError::Unknown("kind")),
            ("\"name\":\"", "\"name\":\"x", FormatError::Misnamed),
            ("AES-256-GCM-SIV", "AES-256-GCM", FormatError::Unknown("cipher")),
            ("{\"format\"", "[\"format\"", FormatError::NotAnObject),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            fs::write(path, changed).unwrap();
            let error = read().unwrap_err();
            assert_eq!(format_problem(&error), &expected, "{path:?}: {from}");
            assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        }
        fs::write(path, text.replacen("\"version\":1", "\"version\":1,\"version\":1", 1)).unwrap();
        assert!(matches!(format_problem(&read().unwrap_err()), FormatError::Json(_)));
        fs::write(path, text.replacen("\"about\":", "\"more\":1,\"about\":", 1)).unwrap();
        assert!(matches!(format_problem(&read().unwrap_err()), FormatError::Json(_)));
        fs::write(path, [&good[..], &[b'0'; 10_000]].concat()).unwrap();
        assert!(matches!(problem(&read().unwrap_err()), FileProblem::TooLarge { .. }));
        fs::write(path, b"\xff\n\xff\n").unwrap();
        assert_eq!(format_problem(&read().unwrap_err()), &FormatError::NotText);

        let target = folder.0.join("target");
        fs::write(&target, &good).unwrap();
        fs::set_permissions(&target, Permissions::from_mode(0o600)).unwrap();
        fs::remove_file(path).unwrap();
        symlink(&target, path).unwrap();
        assert!(matches!(problem(&read().unwrap_err()), FileProblem::NotRegular));
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
        assert!(matches!(problem(&read().unwrap_err()), FileProblem::NotRegular));
        fs::remove_dir(path).unwrap();
        fs::write(path, &good).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(problem(&read().unwrap_err()), FileProblem::Permissions { mode: 0o640 }));
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
        read().unwrap();
    }
}

#[test]
fn swapped_files_are_refused() {
    let (folder, keys) = Folder::with_keys();
    let a = keys.rotate(&mef(), at(0), until(1000), at(0), &mut SysRng).unwrap();
    let b = keys.rotate(&mef(), at(0), until(1000), at(0), &mut SysRng).unwrap();
    let [a, b] = [a, b].map(|public| folder.keys().join(format!("kms-{}.json", public.tag)));
    let swap = |a: &Path, b: &Path| {
        let aside = folder.0.join("aside");
        fs::rename(a, &aside).unwrap();
        fs::rename(b, a).unwrap();
        fs::rename(&aside, b).unwrap();
    };
    swap(&a, &b);
    assert_eq!(format_problem(&folder.open().unwrap_err()), &FormatError::Misnamed);
    assert_eq!(format_problem(&keys.refresh().unwrap_err()), &FormatError::Misnamed);
    assert_eq!(keys.list().len(), 2, "what was open stays");
    swap(&a, &b);
    folder.open().unwrap();
    // The same KPAK under a second name.
    let second = folder.keys().join("kms-000000.json");
    fs::copy(&a, &second).unwrap();
    assert_eq!(format_problem(&folder.open().unwrap_err()), &FormatError::Misnamed);
    fs::remove_file(&second).unwrap();

    let day = ExpiryDay::of(until(0));
    let data = keys.data_keys();
    let sealed = data.seal(day, b"", b"value", &mut SysRng).unwrap();
    assert_eq!(data.new_generation(day, &mut SysRng).unwrap(), 2);
    let [one, two] = [1, 2].map(|n| folder.keys().join(format!("data/{day}-{n}.json")));
    swap(&one, &two);
    let error = folder.open().unwrap().data_keys().open_value(day, 1, b"", &sealed.octets).unwrap_err();
    assert_eq!(format_problem(&error), &FormatError::Misnamed);
    swap(&one, &two);

    // A file of another directory, in the right place.
    let (other, other_keys) = Folder::with_keys();
    let foreign = other_keys.rotate(&mef(), at(0), until(1000), at(0), &mut SysRng).unwrap();
    let name = format!("kms-{}.json", foreign.tag);
    fs::copy(other.keys().join(&name), folder.keys().join(&name)).unwrap();
    assert!(folder.open().unwrap_err().is_sealed());
    fs::remove_file(folder.keys().join(&name)).unwrap();
    fs::copy(other.keys().join("service.json"), folder.keys().join("service.json")).unwrap();
    assert!(folder.open().unwrap_err().is_sealed());
}

#[test]
fn the_files_are_as_documented() {
    let (folder, keys) = Folder::with_keys();
    let public = keys.rotate(&mef(), at(0), until(1000), at(0), &mut SysRng).unwrap();
    let day = ExpiryDay::of(until(0));
    assert_eq!(day.to_string(), "20270101");
    let sealed = keys.data_keys().seal(day, b"aad", b"value", &mut SysRng).unwrap();
    let secrets = key_files::open_all(&folder.keys(), &folder.key_file());
    let [(name, ksak, z)] = &secrets.kms[..] else { panic!("one KPAK") };
    assert_eq!(*name, format!("kms-{}.json", public.tag));
    assert_eq!(KmsSecretKey::from_bytes(ksak[..].try_into().unwrap()).unwrap().public_key(), public.kpak);
    assert_eq!(sakke::KmsSecretKey::from_bytes(z[..].try_into().unwrap()).unwrap().public_key(), public.z);
    assert_eq!(public.tag, KpakTag::of(&public.kpak));
    let [(name, key)] = &secrets.data[..] else { panic!("one data key") };
    assert_eq!(name, "20270101-1.json");

    use aes_gcm_siv::aead::{Aead, Payload};
    use aes_gcm_siv::{Aes256GcmSiv, KeyInit, Nonce};
    let (nonce, ciphertext) = sealed.octets.split_first_chunk::<12>().unwrap();
    let aad = [&b"ibc value v1"[..], b"20270101", &[0, 0, 0, 1], b"aad"].concat();
    let value = Aes256GcmSiv::new_from_slice(key)
        .unwrap()
        .decrypt(&Nonce::from(*nonce), Payload { msg: ciphertext, aad: &aad })
        .unwrap();
    assert_eq!(value, b"value");
    assert_eq!(secrets.service.len(), 64);
    let (_, json, _) = key_files::parts(&folder.keys().join("service.json"));
    let point = key_files::from_hex(json["about"]["public_key"].as_str().unwrap());
    assert_eq!(point, keys.service_key().public_key().to_sec1());
}

#[test]
fn rolls_over_from_one_kpak_to_the_next() {
    let (folder, keys) = Folder::with_keys();
    let fqdn = mef();
    assert_eq!(keys.issuing(&fqdn, at(0)), Err(KmsError::NoKpak));
    let old = keys.rotate(&fqdn, at(100), until(1000), at(50), &mut SysRng).unwrap();
    let new = keys.rotate(&fqdn, at(500), until(2000), at(400), &mut SysRng).unwrap();
    let other = Fqdn::parse("other.example.com").unwrap();
    keys.rotate(&other, at(0), until(9000), at(0), &mut SysRng).unwrap();
    // Another node, before and after it looks again.
    let node = folder.open().unwrap();
    let tags = |keys: &KeyDirectory, now| -> Vec<_> {
        keys.public_keys(&fqdn, at(now)).iter().map(|public| public.tag).collect()
    };
    let issuing = |keys: &KeyDirectory, now| keys.issuing(&fqdn, at(now)).map(|public| public.tag);
    for (now, expected) in [
        (99, Err(KmsError::NoKpak)),
        (100, Ok(old.tag)),
        (499, Ok(old.tag)),
        (500, Ok(new.tag)),
        (999, Ok(new.tag)),
        (1000, Ok(new.tag)),
        (1999, Ok(new.tag)),
        (2000, Err(KmsError::NoKpak)),
    ] {
        assert_eq!(issuing(&keys, now), expected, "{now}");
        if let Ok(tag) = expected {
            let id_2 = id_2("S1", now + 1);
            let issued = keys.issue(None, &id_2, false, at(now)).unwrap();
            assert_eq!(issued.keys.tag, tag, "{now}");
            check(&issued, &id_2);
        }
    }
    assert_eq!(tags(&keys, 0), [old.tag, new.tag]);
    assert_eq!(tags(&keys, 999), [old.tag, new.tag]);
    assert_eq!(tags(&keys, 1000), [new.tag]);
    assert!(tags(&keys, 2000).is_empty());

    let ended = keys.end_issuing(new.tag, at(600), &mut SysRng).unwrap();
    assert_eq!(ended.issuing_ended, Some(at(600)));
    assert_eq!(issuing(&keys, 600), Ok(old.tag), "the older one steps in");
    assert_eq!(issuing(&keys, 1000), Err(KmsError::NoKpak));
    assert_eq!(tags(&keys, 600), [old.tag, new.tag], "still published");
    assert_eq!(
        keys.issue(Some(new.tag), &id_2("S1", 700), false, at(600)).unwrap_err(),
        KmsError::NotIssuing
    );
    assert_eq!(keys.end_issuing(new.tag, at(700), &mut SysRng).unwrap(), ended, "once and for all");
    assert_eq!(issuing(&node, 600), Ok(new.tag));
    node.refresh().unwrap();
    assert_eq!(issuing(&node, 600), Ok(old.tag));
    assert_eq!(issuing(&folder.open().unwrap(), 600), Ok(old.tag));

    // Of two that begin together, the one made later.
    let one = keys.rotate(&fqdn, at(3000), until(4000), at(2500), &mut SysRng).unwrap();
    let two = keys.rotate(&fqdn, at(3000), until(4000), at(2501), &mut SysRng).unwrap();
    assert_eq!(issuing(&keys, 3000), Ok(two.tag));
    // A tag chooses another one that may issue.
    let id_2 = id_2("S1", 4000);
    assert_eq!(keys.issue(Some(one.tag), &id_2, false, at(3000)).unwrap().keys.tag, one.tag);

    assert!(matches!(keys.erase(two.tag, at(3999)), Err(KeysError::StillValid { .. })));
    keys.erase(old.tag, at(1000)).unwrap();
    assert!(matches!(keys.erase(old.tag, at(1000)), Err(KeysError::UnknownKpak(_))));
    assert_eq!(tags(&keys, 0).len(), 3);
    node.refresh().unwrap();
    assert_eq!(tags(&node, 0).len(), 3);
    assert_eq!(folder.open().unwrap().list().len(), 4);
    for (not_before, not_after, now) in [(5, 5, 0), (6, 5, 0), (0, 5, 5), (0, 5, 6)] {
        let made = keys.rotate(&fqdn, at(not_before), until(not_after), at(now), &mut SysRng);
        assert!(matches!(made, Err(KeysError::Validity)));
    }
    let lab = Fqdn::parse_lab("mef").unwrap();
    assert!(matches!(keys.rotate(&lab, at(0), until(5), at(0), &mut SysRng), Err(KeysError::SingleLabel)));
    assert!(matches!(keys.end_issuing(old.tag, at(0), &mut SysRng), Err(KeysError::UnknownKpak(_))));
}

#[test]
fn a_tag_that_is_taken_is_drawn_again() {
    let (folder, keys) = Folder::with_keys();
    let first = keys.rotate(&mef(), at(0), until(10), at(0), &mut Seeded(1, 0)).unwrap();
    let second = keys.rotate(&mef(), at(0), until(10), at(0), &mut Seeded(1, 0)).unwrap();
    assert_ne!(first.tag, second.tag);
    // The generator does give the same KSAK again.
    let (_other, other_keys) = Folder::with_keys();
    assert_eq!(
        other_keys.rotate(&mef(), at(0), until(10), at(0), &mut Seeded(1, 0)).unwrap().kpak,
        first.kpak
    );
    keys.rotate(&mef(), at(0), until(10), at(0), &mut Stuck).unwrap();
    assert!(matches!(keys.rotate(&mef(), at(0), until(10), at(0), &mut Stuck), Err(KeysError::NoFreeTag)));
    let before = content(&folder.keys());
    assert!(matches!(keys.rotate(&mef(), at(0), until(10), at(0), &mut Broken), Err(KeysError::Rng)));
    assert!(matches!(keys.end_issuing(first.tag, at(0), &mut Broken), Err(KeysError::Rng)));
    assert_eq!(content(&folder.keys()), before);
}

#[test]
fn issues_for_its_domain_and_within_its_time_only() {
    let (_folder, keys) = Folder::with_keys();
    let other = Fqdn::parse("other.example.com").unwrap();
    let mine = keys.rotate(&mef(), at(100), until(1000), at(0), &mut SysRng).unwrap();
    let theirs = keys.rotate(&other, at(100), until(1000), at(0), &mut SysRng).unwrap();
    let unknown = KpakTag::from_bytes(mine.tag.to_bytes().map(|octet| !octet));
    for (tag, id_2, now, expected) in [
        (Some(unknown), id_2("S1", 500), 200, KmsError::UnknownKpak),
        (None, identity_of(&Fqdn::parse("third.example.com").unwrap(), "S1", 500), 200, KmsError::NoKpak),
        (Some(theirs.tag), id_2("S1", 500), 200, KmsError::OtherDomain),
        (Some(mine.tag), identity_of(&other, "S1", 500), 200, KmsError::OtherDomain),
        (Some(mine.tag), id_2("S1", 500), 99, KmsError::NotIssuing),
        (Some(mine.tag), id_2("S1", 1000), 1000, KmsError::NotIssuing),
        (None, id_2("S1", 500), 99, KmsError::NoKpak),
        (None, id_2("S1", 500), 500, KmsError::Expired),
        (None, id_2("S1", 1001), 200, KmsError::ExpiryBeyondKpak { not_after: at(1000) }),
    ] {
        let many = [identity_of(id_2.fqdn(), "S0", 500), id_2.clone()];
        assert_eq!(keys.issue(tag, &id_2, false, at(now)).unwrap_err(), expected, "{expected}");
        assert!(keys.issue_many(tag, &many, false, at(now)).is_err(), "{expected}");
    }
    for with_rsk in [false, true] {
        let id_2 = id_2("S1", 1000);
        let (one, two) = (
            keys.issue(None, &id_2, with_rsk, at(200)).unwrap(),
            keys.issue(None, &id_2, with_rsk, at(200)).unwrap(),
        );
        assert_eq!(one.rsk.is_some(), with_rsk);
        assert_ne!(one.pvt.to_bytes(), two.pvt.to_bytes());
        check(&one, &id_2);
        check(&two, &id_2);
    }
    // Of one call, each under the KPAK of its domain, in order.
    for with_rsk in [false, true] {
        let count = if with_rsk { 20 } else { 600 };
        let ids: Vec<_> = (0..count)
            .map(|i| identity_of(if i % 50 < 40 { &mine.fqdn } else { &other }, &format!("S{i}"), 900))
            .collect();
        let issued = keys.issue_many(None, &ids, with_rsk, at(200)).unwrap();
        assert_eq!(issued.len(), ids.len());
        for (issued, id_2) in issued.iter().zip(&ids) {
            assert_eq!(issued.keys.fqdn, *id_2.fqdn());
            assert_eq!(issued.rsk.is_some(), with_rsk);
            check(issued, id_2);
        }
        let pvts: BTreeSet<_> = issued.iter().map(|issued| issued.pvt.to_bytes()).collect();
        assert_eq!(pvts.len(), ids.len());
    }
    assert!(keys.issue_many(None, &[], true, at(200)).unwrap().is_empty());
}

#[test]
fn values_open_where_they_were_sealed_and_until_their_day_is_erased() {
    let (folder, keys) = Folder::with_keys();
    let data = keys.data_keys();
    const DAY: u64 = 86_400;
    let days = [0, 1, 2].map(|day| ExpiryDay::of(until(day * DAY + 5000)));
    assert_eq!(days[0], ExpiryDay::of(until(0)));
    assert_eq!(days[0], ExpiryDay::of(until(DAY - 1)));
    assert!(days[0] < days[1]);
    let sealed = days.map(|day| data.seal(day, b"record 1", b"secret value", &mut SysRng).unwrap());
    assert_eq!(sealed[0].octets.len(), 12 + 28);
    assert_eq!(names(&folder.keys().join("data")).len(), 3);
    let again = folder.open().unwrap();
    for keys in [&keys, &again] {
        let data = keys.data_keys();
        let value = data.open_value(days[0], 1, b"record 1", &sealed[0].octets).unwrap();
        assert_eq!(value.expose(), b"secret value");
        for (day, generation, aad, octets) in [
            (days[1], 1, &b"record 1"[..], &sealed[0].octets[..]),
            (days[0], 1, b"record 2", &sealed[0].octets),
            (days[0], 1, b"record 1", &sealed[1].octets),
            (days[0], 1, b"record 1", &sealed[0].octets[..39]),
            (days[0], 1, b"record 1", &sealed[0].octets[..27]),
            (days[0], 1, b"record 1", &[]),
        ] {
            assert!(matches!(data.open_value(day, generation, aad, octets), Err(KeysError::Sealed)));
        }
        for at in 0..sealed[0].octets.len() {
            let mut changed = sealed[0].octets.clone();
            changed[at] ^= 0x10;
            assert!(
                data.open_value(days[0], 1, b"record 1", &changed).unwrap_err().is_sealed(),
                "octet {at}"
            );
        }
        assert!(matches!(
            data.open_value(days[0], 2, b"record 1", &sealed[0].octets),
            Err(KeysError::Erased)
        ));
    }
    for value in [&b""[..], &[7; 5000]] {
        let sealed = data.seal(days[0], b"", value, &mut SysRng).unwrap();
        assert_eq!(data.open_value(days[0], 1, b"", &sealed.octets).unwrap().expose(), value);
    }
    assert!(matches!(data.seal(days[0], b"", b"", &mut Broken), Err(KeysError::Rng)));

    // A new generation is seen by the other node at once, and the old one is gone for both.
    assert_eq!(data.new_generation(days[0], &mut SysRng).unwrap(), 2);
    let newer = again.data_keys().seal(days[0], b"record 1", b"another", &mut SysRng).unwrap();
    assert_eq!(newer.generation, 2);
    let file = folder.keys().join(format!("data/{}-1.json", days[0]));
    let witness = folder.0.join("witness");
    fs::hard_link(&file, &witness).unwrap();
    assert!(again.data_keys().erase(days[0], 1).unwrap());
    assert!(!again.data_keys().erase(days[0], 1).unwrap());
    assert!(fs::read(&witness).unwrap().iter().all(|octet| *octet == 0), "overwritten");
    for keys in [&keys, &again] {
        let data = keys.data_keys();
        assert!(matches!(
            data.open_value(days[0], 1, b"record 1", &sealed[0].octets),
            Err(KeysError::Erased)
        ));
        let value = data.open_value(days[0], 2, b"record 1", &newer.octets).unwrap();
        assert_eq!(value.expose(), b"another");
    }
    assert_eq!(data.generations(days[0]).unwrap(), [2]);

    assert_eq!(data.erase_before(days[2]).unwrap(), 2);
    assert_eq!(names(&folder.keys().join("data")), [format!("{}-1.json", days[2])]);
    data.open_value(days[2], 1, b"record 1", &sealed[2].octets).unwrap();
    assert!(matches!(data.open_value(days[1], 1, b"record 1", &sealed[1].octets), Err(KeysError::Erased)));
    // What comes later for an erased day starts anew, and opens nothing old.
    assert_eq!(data.seal(days[1], b"record 1", b"late", &mut SysRng).unwrap().generation, 1);
    assert!(matches!(data.open_value(days[1], 1, b"record 1", &sealed[1].octets), Err(KeysError::Sealed)));
    // An erasing that was cut off is ended when the directory is opened.
    let cut = folder.keys().join("data/.20270101-2.json.erase");
    fs::write(&cut, b"sealed").unwrap();
    folder.open().unwrap();
    assert!(!cut.exists());
}

#[test]
fn more_days_than_are_kept_in_memory_open() {
    let (_folder, keys) = Folder::with_keys();
    let data = keys.data_keys();
    let days: Vec<_> = (0..530).map(|day| ExpiryDay::of(until(day * 86_400))).collect();
    let sealed: Vec<_> = days
        .iter()
        .map(|day| data.seal(*day, b"", day.to_string().as_bytes(), &mut SysRng).unwrap().octets)
        .collect();
    for (day, sealed) in days.iter().zip(&sealed).chain(days.iter().zip(&sealed)) {
        assert_eq!(data.open_value(*day, 1, b"", sealed).unwrap().expose(), day.to_string().as_bytes());
    }
}

#[test]
fn nodes_that_race_for_a_data_key_get_the_same() {
    let (folder, first) = Folder::with_keys();
    let nodes = [first, folder.open().unwrap(), folder.open().unwrap()];
    for round in 0..20 {
        let day = ExpiryDay::of(until(round * 86_400));
        let barrier = std::sync::Barrier::new(6);
        let sealed: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..6)
                .map(|i| {
                    let (barrier, data) = (&barrier, nodes[i % 3].data_keys());
                    scope.spawn(move || {
                        barrier.wait();
                        let sealed = data.seal(day, b"", b"value", &mut SysRng).unwrap();
                        (sealed, data.new_generation(day, &mut SysRng).unwrap())
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for (sealed, made) in sealed {
            for node in &nodes {
                let value = node.data_keys().open_value(day, sealed.generation, b"", &sealed.octets).unwrap();
                assert_eq!(value.expose(), b"value");
            }
            assert!(made > 1);
        }
        let generations = nodes[0].data_keys().generations(day).unwrap();
        assert_eq!(generations, (1..=generations.len() as u32).collect::<Vec<_>>());
    }
}

#[test]
fn the_service_signs_for_one_purpose_at_a_time() {
    let (folder, keys) = Folder::with_keys();
    let service = keys.service_key();
    let signature = service.sign("deny list", b"octets", &mut SysRng).unwrap();
    let public = ServicePublicKey::from_sec1(&service.public_key().to_sec1()).unwrap();
    assert_eq!(folder.open().unwrap().service_key().public_key(), &public);
    assert!(public.verify("deny list", b"octets", &signature));
    for (label, octets) in [("deny lis", &b"toctets"[..]), ("audit", b"octets"), ("deny list", b"octet")] {
        assert!(!public.verify(label, octets, &signature), "{label}");
    }
    for at in 0..64 {
        let mut changed = signature;
        changed[at] ^= 1;
        assert!(!public.verify("deny list", b"octets", &changed), "octet {at}");
    }
    assert!(!public.verify("deny list", b"octets", &[0; 64]));
    assert_ne!(service.sign("deny list", b"octets", &mut SysRng).unwrap(), signature, "hedged");
    assert!(matches!(service.sign("deny list", b"octets", &mut Broken), Err(KeysError::Rng)));
    let (_other, other) = Folder::with_keys();
    assert!(!other.service_key().public_key().verify("deny list", b"octets", &signature));
    for octets in [[0; 65], [4; 65]] {
        assert!(ServicePublicKey::from_sec1(&octets).is_err());
    }
    // The same stand-in for the same identity, and another for another one.
    assert_eq!(service.refusal(b"a").expose(), folder.open().unwrap().service_key().refusal(b"a").expose());
    assert_ne!(service.refusal(b"a").expose(), service.refusal(b"b").expose());
    assert_ne!(service.refusal(b"a").expose(), other.service_key().refusal(b"a").expose());
    assert_eq!(service.refusal(b"a").octets(), 32);
}

/// By OpenSSL, which reads the key as SubjectPublicKeyInfo.
#[cfg(feature = "tls-openssl")]
#[test]
fn others_verify_what_the_service_signs() {
    use openssl::{bn::BigNum, ecdsa::EcdsaSig, pkey::PKey};
    let (_folder, keys) = Folder::with_keys();
    let service = keys.service_key();
    let signature = service.sign("label", b"octets", &mut SysRng).unwrap();
    let key = PKey::public_key_from_der(&service.public_key().to_spki()).unwrap().ec_key().unwrap();
    let [r, s] = [&signature[..32], &signature[32..]].map(|half| BigNum::from_slice(half).unwrap());
    let hash = Sha256::digest(b"ibc service v1\x00\x05labeloctets");
    assert!(EcdsaSig::from_private_components(r, s).unwrap().verify(&hash, &key).unwrap());
}

#[test]
fn state_opens_for_its_purpose_only() {
    let (folder, keys) = Folder::with_keys();
    let sealed = keys.seal_state("audit", b"sequence 7", &mut SysRng).unwrap();
    let again = folder.open().unwrap();
    assert_eq!(again.open_state("audit", &sealed).unwrap().expose(), b"sequence 7");
    assert!(again.open_state("clock", &sealed).unwrap_err().is_sealed());
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 4;
        assert!(again.open_state("audit", &changed).unwrap_err().is_sealed(), "octet {at}");
        assert!(again.open_state("audit", &sealed[..at]).unwrap_err().is_sealed(), "{at} octets");
    }
}

#[test]
fn nothing_that_is_printed_holds_a_secret() {
    let (folder, keys) = Folder::with_keys();
    keys.rotate(&mef(), at(0), until(1000), at(0), &mut SysRng).unwrap();
    let id_2 = id_2("S1", 500);
    let issued = keys.issue(None, &id_2, true, at(0)).unwrap();
    let kdf = KdfParameters::DEFAULT;
    let passphrase = Sealing::Passphrase { passphrase: b"correct horse", kdf };
    let shown = [
        format!("{issued:?} {:#?}", issued),
        format!("{keys:?} {keys:#?}"),
        format!("{:?} {:?}", keys.data_keys(), keys.service_key()),
        format!("{passphrase:?} {:?}", Sealing::KeyFile(&folder.key_file())),
        format!("{:?}", keys.issue(None, &id_2, true, at(2000))),
        format!(
            "{:?} {}",
            folder.open().unwrap(),
            KeyDirectory::open(&folder.keys(), &passphrase).unwrap_err()
        ),
    ];
    let mut secrets = vec![
        b"correct horse".to_vec(),
        issued.ssk.expose().to_vec(),
        issued.rsk.as_ref().unwrap().expose()[1..].to_vec(),
        fs::read(folder.key_file()).unwrap(),
    ];
    let files = key_files::open_all(&folder.keys(), &folder.key_file());
    secrets.extend([files.root, files.service]);
    secrets.extend(files.kms.into_iter().flat_map(|(_, ksak, z)| [ksak, z]));
    for secret in &secrets {
        let hex: String = secret[..8].iter().map(|octet| format!("{octet:02x}")).collect();
        let decimal = format!("{:?}", &secret[..8]);
        let decimal = decimal.trim_matches(['[', ']']);
        let text = String::from_utf8_lossy(&secret[..8]);
        for shown in &shown {
            assert!(!shown.to_lowercase().contains(&hex), "{shown}");
            assert!(!shown.contains(decimal), "{shown}");
            assert!(!shown.contains(&*text), "{shown}");
        }
        // Nor does any file.
        for (path, content) in content(&folder.keys()) {
            assert!(!content.windows(16).any(|window| window == hex.as_bytes()), "{path:?}");
        }
    }
    assert_eq!(KmsError::from(Error::Rng).to_string(), Error::Rng.to_string());
}

#[cfg(feature = "pkcs11")]
mod pkcs11 {
    use super::{Folder, at, check, format_problem, id_2, mef, names, until};
    use eccsi_sakke::SysRng;
    use ibc::files::{FileProblem, FormatError};
    use ibc::service::kms::{KeyDirectory, KeysError, Kms, Pkcs11, Sealing};
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    const FOLDER: &str = "ECCSI_SAKKE_TEST_TOKEN";

    fn module() -> PathBuf {
        let folders =
            ["/usr/lib/softhsm", "/usr/lib/x86_64-linux-gnu/softhsm", "/usr/lib/aarch64-linux-gnu/softhsm"];
        let found =
            folders.iter().map(|folder| Path::new(folder).join("libsofthsm2.so")).find(|path| path.exists());
        found.expect("SoftHSM 2, Debian's package softhsm2")
    }

    fn write_private(path: &Path, content: &[u8]) {
        fs::write(path, content).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    }

    /// SoftHSM finds its tokens by an environment variable, so the test runs in a process of its own.
    #[test]
    fn the_root_key_is_sealed_by_a_token() {
        if std::env::var_os(FOLDER).is_some() {
            return with_a_token();
        }
        let folder = Folder::new();
        let (conf, tokens) = (folder.0.join("softhsm2.conf"), folder.0.join("tokens"));
        fs::create_dir(&tokens).unwrap();
        fs::write(&conf, format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display()))
            .unwrap();
        let made = Command::new("softhsm2-util")
            .args(["--init-token", "--free", "--label", "kms token", "--so-pin", "1234", "--pin", "5678"])
            .env("SOFTHSM2_CONF", &conf)
            .output()
            .expect("SoftHSM 2, Debian's package softhsm2");
        assert!(made.status.success(), "{made:?}");
        let run = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kms_keys::pkcs11::the_root_key_is_sealed_by_a_token", "--nocapture"])
            .env("SOFTHSM2_CONF", &conf)
            .env(FOLDER, &folder.0)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&run.stdout);
        assert!(
            run.status.success() && text.contains("1 passed"),
            "{text}{}",
            String::from_utf8_lossy(&run.stderr)
        );
    }

    fn with_a_token() {
        let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
        let (path, pin_file) = (folder.join("sealed"), folder.join("pin"));
        write_private(&pin_file, b"5678\n");
        let token = Pkcs11 {
            module: module(),
            token: "kms token".into(),
            key: "kms root".into(),
            pin_file: pin_file.clone(),
        };
        let with = |token: &Pkcs11| KeyDirectory::open(&path, &Sealing::Pkcs11(token));
        let create =
            |token: &Pkcs11| KeyDirectory::create(&path, &Sealing::Pkcs11(token), at(0), &mut SysRng);
        let refused = |result: Result<(), KeysError>, text: &str| match result {
            Err(KeysError::Token(message)) => assert!(message.contains(text), "{message}"),
            other => panic!("{text}: {other:?}"),
        };
        refused(create(&token), "there is no AES key");
        assert_eq!(names(&path), ["data", "service.json"], "nothing that opens");
        fs::remove_dir_all(&path).unwrap();
        token.make_key().unwrap();
        refused(token.make_key(), "already");
        create(&token).unwrap();
        let keys = with(&token).unwrap();
        keys.rotate(&mef(), at(0), until(1000), at(0), &mut SysRng).unwrap();
        let again = with(&token).unwrap();
        assert_eq!(again.list(), keys.list());
        let id_2 = id_2("S1", 500);
        check(&again.issue(None, &id_2, true, at(0)).unwrap(), &id_2);

        let another = |key: &str| Pkcs11 { key: key.into(), ..token.clone() };
        refused(with(&another("other")).map(drop), "another is configured");
        refused(with(&Pkcs11 { token: "other".into(), ..token.clone() }).map(drop), "another is configured");
        refused(with(&Pkcs11 { module: "/no/such.so".into(), ..token.clone() }).map(drop), "");
        for (pin, mode) in [(&b"5679"[..], 0o600), (b"5678", 0o640)] {
            let pin_file = folder.join("other pin");
            fs::write(&pin_file, pin).unwrap();
            fs::set_permissions(&pin_file, Permissions::from_mode(mode)).unwrap();
            match with(&Pkcs11 { pin_file, ..token.clone() }) {
                Err(KeysError::Token(message)) if mode == 0o600 => {
                    assert!(message.contains("IN"), "{message}")
                }
                Err(KeysError::File(error)) if mode == 0o640 => {
                    assert!(matches!(error.problem(), FileProblem::Permissions { .. }), "{error}");
                }
                other => panic!("{other:?}"),
            }
        }
        // Every octet of the file counts here too.
        let root = path.join("root.json");
        let good = fs::read(&root).unwrap();
        for at in 0..good.len() {
            let mut changed = good.clone();
            changed[at] ^= 1;
            fs::write(&root, &changed).unwrap();
            assert!(with(&token).is_err(), "octet {at}");
        }
        let text = String::from_utf8(good.clone()).unwrap();
        fs::write(&root, text.replacen("CKM_AES_GCM", "CKM_AES_CBC", 1)).unwrap();
        assert_eq!(format_problem(&with(&token).unwrap_err()), &FormatError::Unknown("cipher"));
        fs::write(&root, &good).unwrap();
        // A second key seals the same root key anew; the first opens it no more.
        another("second").make_key().unwrap();
        keys.seal_anew(&Sealing::Pkcs11(&another("second")), at(1), &mut SysRng).unwrap();
        refused(with(&token).map(drop), "another is configured");
        assert_eq!(with(&another("second")).unwrap().list(), keys.list());
        // A key that can leave the token is none.
        extractable_key(&Pkcs11 { key: "loose".into(), ..token.clone() });
        let sealing = another("loose");
        refused(keys.seal_anew(&Sealing::Pkcs11(&sealing), at(2), &mut SysRng), "can be read out");
        with(&another("second")).unwrap();
    }

    fn extractable_key(token: &Pkcs11) {
        use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
        use cryptoki::mechanism::Mechanism;
        use cryptoki::object::Attribute;
        let library = Pkcs11::new(&token.module).unwrap();
        library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
        let session =
            library.open_rw_session(library.get_slots_with_initialized_token().unwrap()[0]).unwrap();
        session
            .login(cryptoki::session::UserType::User, Some(&cryptoki::types::AuthPin::new("5678".into())))
            .unwrap();
        let template = [
            Attribute::Token(true),
            Attribute::Label(token.key.as_bytes().to_vec()),
            Attribute::ValueLen(32.into()),
            Attribute::Sensitive(true),
            Attribute::Extractable(true),
            Attribute::Encrypt(true),
        ];
        session.generate_key(&Mechanism::AesKeyGen, &template).unwrap();
        drop(session);
        library.finalize().unwrap();
    }
}
