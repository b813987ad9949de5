//! A core dump of a running KMS holds no key: not KSAK and z, which it uses all the time, nor anything of what
//! it has made, sealed or opened and given out.
//!
//! The parent starts this program again as the service, lets it work and tell what it made through a pipe, and
//! then searches its memory: the mappings that a core dump would hold, all mappings, and the file that gcore
//! writes (Debian's package gdb), registers included. Core dumps stay possible for the test: the service does
//! not call `protect_process` before the search is over.

#![allow(unsafe_code, reason = "asks the system whether core dumps are off")]

#[path = "../../tests/support/backend_from_env.rs"]
mod backend_from_env;
#[path = "support/key_files.rs"]
mod key_files;
#[path = "support/memory_search.rs"]
mod memory_search;

use eccsi_sakke::onem2m::{EntityName, ExpirationTime, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::sakke::Identifier;
use eccsi_sakke::{Identity, SysRng};
use ibc::service::kms::{ExpiryDay, Issued, KeyDirectory, Kms, Sealing, create_key_file, protect_process};
use memory_search::{FORMS, Mappings, Wanted, search_core_file, search_process};
use num_bigint::BigUint;
use p256::elliptic_curve::PrimeField;
use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{ProjectivePoint, Scalar};
use rand_core::TryRng;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

const ISSUES: usize = 1000;
const ISSUES_WITH_RSK: usize = 24;
const VALUES: usize = 300;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    match &arguments[1..] {
        [role, directory, key_file] if role == "service" => {
            service(Path::new(directory), Path::new(key_file));
        }
        #[cfg(feature = "pkcs11")]
        [role, directory, key_file] if role == "token" => {
            token::service(Path::new(directory), Path::new(key_file));
        }
        // The arguments of a test runner.
        _ => parent(),
    }
}

fn end(days: u64) -> ExpirationTime {
    ExpirationTime::from_unix(UnixTime::from_seconds(NOW.as_seconds() + days * 86_400)).unwrap()
}

fn id_2(number: usize) -> ExpiringIdentity {
    let entity: EntityName = format!("//sp.example.com/S{number}").parse().unwrap();
    ExpiringIdentity::new(Fqdn::parse("mef.example.com").unwrap(), entity, end(30)).unwrap()
}

/// The program under test.
fn service(directory: &Path, key_file: &Path) {
    // Without the buffer of the standard library, which nobody wipes.
    let mut out = File::from(std::io::stdout().as_fd().try_clone_to_owned().unwrap());
    let mut input = File::from(std::io::stdin().as_fd().try_clone_to_owned().unwrap());
    let keys = KeyDirectory::open(directory, &Sealing::KeyFile(key_file)).unwrap();
    let mut tell = |tag: u8, octets: &[u8]| {
        out.write_all(&[tag]).unwrap();
        out.write_all(&(octets.len() as u32).to_be_bytes()).unwrap();
        out.write_all(octets).unwrap();
    };
    let mut tell_issued = |issued: &Issued, id_2: &ExpiringIdentity| {
        tell(b'i', id_2.as_bytes());
        tell(b'p', &issued.pvt.to_bytes());
        tell(b's', issued.ssk.expose());
        if let Some(rsk) = &issued.rsk {
            tell(b'r', &rsk.expose()[1..]);
        }
    };
    for number in 0..ISSUES / 2 {
        let id_2 = id_2(number);
        tell_issued(&keys.issue(None, &id_2, false, NOW).unwrap(), &id_2);
    }
    let ids: Vec<_> = (ISSUES / 2..ISSUES).map(id_2).collect();
    for (issued, id_2) in keys.issue_many(None, &ids, false, NOW).unwrap().iter().zip(&ids) {
        tell_issued(issued, id_2);
    }
    let ids: Vec<_> = (ISSUES..ISSUES + ISSUES_WITH_RSK).map(id_2).collect();
    let (single, many) = ids.split_at(ISSUES_WITH_RSK / 2);
    for id_2 in single {
        tell_issued(&keys.issue(None, id_2, true, NOW).unwrap(), id_2);
    }
    for (issued, id_2) in keys.issue_many(None, many, true, NOW).unwrap().iter().zip(many) {
        tell_issued(issued, id_2);
    }
    for number in 0..VALUES {
        let mut value = zeroize::Zeroizing::new(vec![0; 32]);
        SysRng.try_fill_bytes(&mut value).unwrap();
        tell(b'v', &value);
        let day = ExpiryDay::of(end(number as u64 % 7));
        let sealed = keys.data_keys().seal(day, b"record", &value, &mut SysRng).unwrap();
        let opened = keys.data_keys().open_value(day, sealed.generation, b"record", &sealed.octets).unwrap();
        assert_eq!(opened.octets(), 32);
        keys.service_key().sign("test", &sealed.octets, &mut SysRng).unwrap();
        let refusal = keys.service_key().refusal(&sealed.octets);
        tell(b'v', refusal.expose());
    }
    tell(b'.', if keys.is_locked() { b"locked" } else { b"not locked" });

    // What is to be found comes in afterwards, and stays.
    let mut length = [0; 4];
    input.read_exact(&mut length).unwrap();
    let mut canaries = vec![0; u32::from_be_bytes(length) as usize].into_boxed_slice();
    input.read_exact(&mut canaries).unwrap();
    let canaries: &'static [u8] = Box::leak(canaries);
    tell(b'.', b"");
    input.read_exact(&mut [0]).unwrap();
    assert!(!std::hint::black_box(canaries).is_empty());

    // Last, what a service does first.
    protect_process().unwrap();
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    // SAFETY: asks, and changes nothing.
    assert_eq!(unsafe { libc::prctl(libc::PR_GET_DUMPABLE) }, 0);
    tell(b'.', b"");
    input.read_exact(&mut [0]).unwrap();
}

struct Service {
    child: Child,
    input: ChildStdin,
}

impl Service {
    fn next(&mut self) -> (u8, Vec<u8>) {
        let out = self.child.stdout.as_mut().unwrap();
        let mut head = [0; 5];
        out.read_exact(&mut head).expect("the service is alive");
        let mut octets = vec![0; u32::from_be_bytes(*head.last_chunk().unwrap()) as usize];
        out.read_exact(&mut octets).unwrap();
        (head[0], octets)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// v = (SSK − KSAK)/HS.
fn v_of(issued: &Told, ksak: &Scalar, kpak: &[u8]) -> Vec<u8> {
    let generator = ProjectivePoint::GENERATOR.to_affine().to_sec1_point(false);
    let hash = Sha256::digest([generator.as_bytes(), kpak, &issued.id_2, &issued.pvt].concat());
    let hs = <Scalar as Reduce<p256::FieldBytes>>::reduce(&hash);
    let ssk = scalar(&issued.ssk);
    let v = (ssk - ksak) * hs.invert().unwrap();
    let point = (ProjectivePoint::GENERATOR * v).to_affine().to_sec1_point(false);
    assert_eq!(point.as_bytes(), issued.pvt, "PVT = [v]G");
    v.to_repr().to_vec()
}

fn scalar(octets: &[u8]) -> Scalar {
    Scalar::from_repr(<[u8; 32]>::try_from(octets).unwrap().into()).unwrap()
}

#[derive(Default)]
struct Told {
    id_2: Vec<u8>,
    pvt: Vec<u8>,
    ssk: Vec<u8>,
    rsk: Option<Vec<u8>>,
}

fn parent() {
    let folder = std::env::temp_dir().join(format!("ibc-core-dump-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let (directory, key_file) = (folder.join("keys"), folder.join("key"));
    create_key_file(&key_file, &mut SysRng).unwrap();
    KeyDirectory::create(&directory, &Sealing::KeyFile(&key_file), NOW, &mut SysRng).unwrap();
    let public = {
        let keys = KeyDirectory::open(&directory, &Sealing::KeyFile(&key_file)).unwrap();
        keys.rotate(&Fqdn::parse("mef.example.com").unwrap(), NOW, end(400), NOW, &mut SysRng).unwrap()
    };

    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg("service")
        .args([&directory, &key_file])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = child.stdin.take().unwrap();
    let pid = child.id();
    let mut service = Service { child, input };
    let (mut told, mut values): (Vec<Told>, Vec<Vec<u8>>) = Default::default();
    let locked = loop {
        match service.next() {
            (b'i', id_2) => told.push(Told { id_2, ..Told::default() }),
            (b'p', pvt) => told.last_mut().unwrap().pvt = pvt,
            (b's', ssk) => told.last_mut().unwrap().ssk = ssk,
            (b'r', rsk) => told.last_mut().unwrap().rsk = Some(rsk),
            (b'v', value) => values.push(value),
            (b'.', locked) => break locked,
            other => panic!("{other:?}"),
        }
    };
    let with_rsk = told.iter().filter(|issued| issued.rsk.is_some()).count();
    assert_eq!((told.len(), with_rsk, values.len()), (ISSUES + ISSUES_WITH_RSK, ISSUES_WITH_RSK, 2 * VALUES));

    // What the service has made and given out, and what it holds as long as it runs.
    let (mut finished, mut held) = (Wanted::new(), Wanted::new());
    let secrets = key_files::open_all(&directory, &key_file);
    let [(_, ksak_octets, z_octets)] = &secrets.kms[..] else { panic!("one KPAK") };
    let (ksak, kpak) = (scalar(ksak_octets), public.kpak.to_bytes());
    let z = BigUint::from_bytes_be(z_octets);
    for (number, issued) in told.iter().enumerate() {
        finished.add(format!("SSK {number}"), &issued.ssk);
        finished.add(format!("v {number}"), &v_of(issued, &ksak, &kpak));
        if let Some(rsk) = &issued.rsk {
            finished.add(format!("RSK {number}, x"), &rsk[..128]);
            finished.add(format!("RSK {number}, y"), &rsk[128..]);
            let a = BigUint::from_bytes_be(Identifier::hash_of(Identity::new(&issued.id_2)).as_bytes());
            let sum = (a + &z).to_bytes_be();
            // Only its end: the beginning is that of z.
            finished.add(format!("a + z {number}"), &sum[sum.len() - 24..]);
        }
    }
    for (number, value) in values.iter().enumerate() {
        finished.add(format!("value {number}"), value);
    }
    held.add("KSAK", ksak_octets);
    held.add("z", z_octets);
    held.add("root key", &secrets.root);
    held.add("scalar of the service", &secrets.service[..32]);
    held.add("secret for refusals", &secrets.service[32..]);
    assert_eq!(secrets.data.len(), 7);
    for (name, key) in &secrets.data {
        held.add(format!("data key {name}"), key);
    }

    let nothing = BTreeMap::new();
    let search = |wanted: &Wanted, what: &str| {
        let (found, octets) = search_process(pid, Mappings::Dumped, wanted);
        assert_eq!(found, nothing, "{what} in what a core dump holds");
        println!("{what}: not in {octets} octets of mappings that a core dump holds");
        match search_core_file(pid, &folder, wanted) {
            Some((found, octets)) => {
                assert_eq!(found, nothing, "{what} in the file of gcore");
                println!("{what}: not in {octets} octets of the file of gcore");
            }
            None => println!("not run: gcore (needs Debian's package gdb)"),
        }
    };
    search(&finished, "SSK, v, RSK, a + z, values");
    search(&held, "KSAK, z, root key, signing key, data keys");
    // What was overwritten is nowhere at all, the stacks that dumps leave out among them.
    let (found, octets) = search_process(pid, Mappings::All, &finished);
    assert_eq!(found, nothing, "in all memory");
    println!("SSK, v, RSK, a + z, values: not in {octets} octets of all mappings");
    // And the search finds what is there: the keys in use, in the pages that dumps leave out.
    let (found, _) = search_process(pid, Mappings::All, &held);
    for name in &held.names {
        assert!(found.contains_key(name), "{name} is in use, and should be somewhere: {found:?}");
    }
    println!("keys in use: found in the memory that dumps leave out; {}", String::from_utf8_lossy(&locked));

    // It finds each form where a dump would hold it.
    let mut canaries = Wanted::new();
    let mut planted = Vec::new();
    for (form, (name, encode)) in FORMS.iter().enumerate() {
        for before in 0..3 {
            let secret = Sha256::digest([b"canary", &[form as u8, before as u8][..]].concat());
            canaries.add(format!("{name}, {before} octets after another"), &secret);
            planted.extend(encode(&[&[0x5a; 2][..before], &secret].concat()));
            planted.push(b'|');
        }
    }
    service.input.write_all(&(planted.len() as u32).to_be_bytes()).unwrap();
    service.input.write_all(&planted).unwrap();
    assert_eq!(service.next().0, b'.');
    let in_core = search_core_file(pid, &folder, &canaries).map(|(found, _)| found);
    for found in [Some(search_process(pid, Mappings::Dumped, &canaries).0), in_core].into_iter().flatten() {
        assert_eq!(found.keys().collect::<Vec<_>>().len(), canaries.names.len(), "{found:?}");
    }
    println!("canaries: each of {} found", canaries.names.len());
    service.input.write_all(b".").unwrap();
    assert_eq!(service.next().0, b'.');
    service.input.write_all(b".").unwrap();
    assert!(service.child.wait().unwrap().success());
    #[cfg(feature = "pkcs11")]
    token::parent(&folder, &held);
    fs::remove_dir_all(&folder).unwrap();
    println!("core_dump: ok");
}

/// The root key unwrapped by SoftHSM, whose library computes in this process: what it leaves there.
#[cfg(feature = "pkcs11")]
mod token {
    use super::{KeyDirectory, Mappings, NOW, Sealing, SysRng, Wanted, search_process};
    use ibc::service::kms::Pkcs11;
    use std::collections::BTreeMap;
    use std::fs::{self, Permissions};
    use std::io::{Read, Write};
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;
    use std::process::{Command, Stdio};

    pub(crate) fn service(directory: &Path, folder: &Path) {
        let module =
            ["/usr/lib/softhsm", "/usr/lib/x86_64-linux-gnu/softhsm", "/usr/lib/aarch64-linux-gnu/softhsm"]
                .map(|folder| Path::new(folder).join("libsofthsm2.so"));
        let module = module.into_iter().find(|path| path.exists()).expect("SoftHSM");
        let pin_file = folder.join("pin");
        let token = Pkcs11 { module, token: "core".into(), key: "root".into(), pin_file };
        if std::env::var_os("SEAL").is_some() {
            let keys = KeyDirectory::open(directory, &Sealing::KeyFile(&folder.join("key"))).unwrap();
            token.make_key().unwrap();
            keys.seal_anew(&Sealing::Pkcs11(&token), NOW, &mut SysRng).unwrap();
            return;
        }
        let keys = KeyDirectory::open(directory, &Sealing::Pkcs11(&token)).unwrap();
        std::io::stdout().write_all(b".").unwrap();
        std::io::stdout().flush().unwrap();
        std::io::stdin().read_exact(&mut [0]).unwrap();
        drop(keys);
    }

    pub(crate) fn parent(folder: &Path, held: &Wanted) {
        let (conf, tokens, pin) = (folder.join("softhsm2.conf"), folder.join("tokens"), folder.join("pin"));
        fs::create_dir(&tokens).unwrap();
        fs::write(&conf, format!("directories.tokendir = {}\n", tokens.display())).unwrap();
        fs::write(&pin, "5678").unwrap();
        fs::set_permissions(&pin, Permissions::from_mode(0o600)).unwrap();
        let made = Command::new("softhsm2-util")
            .args(["--init-token", "--free", "--label", "core", "--so-pin", "1234", "--pin", "5678"])
            .env("SOFTHSM2_CONF", &conf)
            .output()
            .expect("SoftHSM 2, Debian's package softhsm2");
        assert!(made.status.success(), "{made:?}");
        let mut service = Command::new(std::env::current_exe().unwrap());
        service.arg("token").arg(folder.join("keys")).arg(folder).env("SOFTHSM2_CONF", &conf);
        assert!(service.env("SEAL", "1").status().unwrap().success());
        let mut child =
            service.env_remove("SEAL").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let (found, octets) = search_process(child.id(), Mappings::Dumped, held);
        child.stdin.take().unwrap().write_all(b".").unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(found, BTreeMap::new(), "after SoftHSM has unwrapped the root key");
        println!("keys in use, the root key unwrapped by SoftHSM: not in {octets} octets");
    }
}
