//! A core dump of a running KMS holds no key: not KSAK and z, which it uses all the time, nor anything of what
//! it has made, sealed or opened and given out.
//!
//! The parent starts this program again as the service, lets it work and tell what it made through a pipe, and
//! then searches its memory: the mappings that a core dump would hold, all mappings, and the file that gcore
//! writes (Debian's package gdb), registers included. Core dumps stay possible for the test: the service does
//! not call `protect_process` before the search is over.

#![allow(unsafe_code, reason = "asks the system whether core dumps are off")]

mod key_files;

use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding};
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::sakke::identifier_of;
use eccsi_sakke::service::kms::{
    ExpiryDay, Issued, KeyDirectory, Kms, Sealing, create_key_file, protect_process,
};
use num_bigint::BigUint;
use p256::elliptic_curve::PrimeField;
use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{ProjectivePoint, Scalar};
use rand_core::TryRng;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
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

/// The ways in which a secret may stand in memory.
const FORMS: [(&str, fn(&[u8]) -> Vec<u8>); 7] = [
    ("octets", |octets| octets.to_vec()),
    ("octets reversed", |octets| octets.iter().rev().copied().collect()),
    ("limbs reversed", |octets| octets.rchunks(8).flatten().copied().collect()),
    ("hex", |octets| octets.iter().flat_map(|octet| format!("{octet:02x}").into_bytes()).collect()),
    ("HEX", |octets| octets.iter().flat_map(|octet| format!("{octet:02X}").into_bytes()).collect()),
    ("base64", |octets| base64::<Base64Unpadded>(octets)),
    ("base64url", |octets| base64::<Base64UrlUnpadded>(octets)),
];

fn base64<E: Encoding>(octets: &[u8]) -> Vec<u8> {
    let mut text = vec![0; E::encoded_len(octets)];
    let length = E::encode(octets, &mut text).unwrap().len();
    assert_eq!(length, text.len());
    text
}

/// Fragments of secrets: eight octets of each, in each form, wherever they begin.
#[derive(Default)]
struct Wanted {
    names: Vec<String>,
    /// Octets as they are, in windows of 8.
    octets: HashMap<[u8; 8], usize>,
    /// Text, in windows of 16 characters.
    text: HashMap<[u8; 16], usize>,
    /// One bit for the first 8 octets of each window.
    filter: Vec<u64>,
}

const FILTER_BITS: u32 = 24;

fn filter_place(window: &[u8]) -> usize {
    let window = u64::from_le_bytes(*window.first_chunk().unwrap());
    (window.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - FILTER_BITS)) as usize
}

impl Wanted {
    fn new() -> Self {
        Self { filter: vec![0; (1 << FILTER_BITS) / 64], ..Self::default() }
    }

    fn mark(&mut self, window: &[u8]) {
        let place = filter_place(window);
        self.filter[place / 64] |= 1 << (place % 64);
    }

    fn add(&mut self, name: impl Into<String>, secret: &[u8]) {
        assert!(secret.len() >= 16);
        let number = self.names.len();
        self.names.push(name.into());
        // Reversed limbs, in either order of their octets, are windows of these two.
        let reversed: Vec<u8> = secret.iter().rev().copied().collect();
        for octets in [secret, &reversed] {
            for window in octets.windows(8) {
                self.octets.insert(window.try_into().unwrap(), number);
                self.mark(window);
            }
        }
        let mut texts = vec![FORMS[3].1(secret), FORMS[4].1(secret)];
        // In base64 three octets share four characters: it matters how many octets came before.
        for before in 0..3 {
            let shifted = [&[0; 3][..before], secret].concat();
            for encode in [base64::<Base64Unpadded>, base64::<Base64UrlUnpadded>] {
                let text = encode(&shifted);
                let (first, last) = ((8 * before).div_ceil(6), 8 * shifted.len() / 6);
                texts.push(text[first..last].to_vec());
            }
        }
        for text in texts {
            for window in text.windows(16) {
                self.text.insert(window.try_into().unwrap(), number);
                self.mark(window);
            }
        }
    }

    /// The names of those found, and how often.
    fn search(&self, memory: &[u8], found: &mut BTreeMap<String, usize>) {
        for (at, window) in memory.windows(8).enumerate() {
            let place = filter_place(window);
            if self.filter[place / 64] & (1 << (place % 64)) == 0 {
                continue;
            }
            let octets = self.octets.get(window);
            let text = memory.get(at..at + 16).and_then(|window| self.text.get(window));
            for number in [octets, text].into_iter().flatten() {
                *found.entry(self.names[*number].clone()).or_default() += 1;
            }
        }
    }
}

/// Which mappings are read.
#[derive(Clone, Copy, PartialEq)]
enum Mappings {
    /// Those a core dump may hold.
    Dumped,
    All,
}

/// Searches the memory of a process. Gives what was found, and how many octets were read.
fn search_process(pid: u32, mappings: Mappings, wanted: &Wanted) -> (BTreeMap<String, usize>, usize) {
    let smaps = fs::read_to_string(format!("/proc/{pid}/smaps")).unwrap();
    let mut memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let (mut found, mut read) = (BTreeMap::new(), 0);
    let mut range = None;
    for line in smaps.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        if let Some((start, end)) = words[0].split_once('-')
            && let (Ok(start), Ok(end)) = (u64::from_str_radix(start, 16), u64::from_str_radix(end, 16))
        {
            let special = words.get(5).is_some_and(|name| name.starts_with("[v"));
            range = (words[1].starts_with('r') && !special).then_some((start, end));
        } else if words[0] == "VmFlags:"
            && let Some((start, end)) = range.take()
            && (mappings == Mappings::All || !words.contains(&"dd"))
        {
            let mut octets = vec![0; (end - start) as usize];
            memory.seek(SeekFrom::Start(start)).unwrap();
            memory.read_exact(&mut octets).unwrap_or_else(|error| panic!("{line}: {error}"));
            wanted.search(&octets, &mut found);
            read += octets.len();
        }
    }
    assert!(read > 1_000_000, "only {read} octets were read");
    (found, read)
}

/// Searches the core file that gcore writes; `None` without gcore.
fn search_core_file(pid: u32, folder: &Path, wanted: &Wanted) -> Option<(BTreeMap<String, usize>, usize)> {
    let prefix = folder.join("core");
    let made = Command::new("gcore").arg("-o").arg(&prefix).arg(pid.to_string()).output().ok()?;
    let path = folder.join(format!("core.{pid}"));
    let core = fs::read(&path).unwrap_or_else(|error| panic!("{error}: {made:?}"));
    fs::remove_file(&path).unwrap();
    let mut found = BTreeMap::new();
    wanted.search(&core, &mut found);
    Some((found, core.len()))
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
            let a = BigUint::from_bytes_be(&identifier_of(&issued.id_2));
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
    fs::remove_dir_all(&folder).unwrap();
    println!("core_dump: ok");
}
