//! No secret of a finished request is left behind by the whole service: not in a core dump of the running process, not
//! in its folders, not in a dump of the database.
//!
//! The parent starts this program again as the service, lets it issue a thousand credentials and register, retrieve
//! and update keys, and tell each secret through a pipe; then it searches, in the forms in which a secret may stand
//! there. What is planted must be found: a search that cannot find shows nothing.

#[path = "support/key_files.rs"]
mod key_files;
#[path = "support/memory_search.rs"]
mod memory_search;
#[path = "support/service.rs"]
mod service;
#[path = "support/setting.rs"]
mod setting;

use ibc::Function;
use ibc::service::mef::{Mef, ProvisioningPolicy};
use ibc::service::store::StoreUrl;
use ibc::wire::EnrolRequest;
use memory_search::{Mappings, Wanted, search_core_file, search_process};
use service::{MEF, On, Place, START, call, fqdn};
use setting::{DEVICE, GATEWAY, Setting, at_mef, key, sessions};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use zeroize::Zeroizing;

const ISSUES: usize = 1000;
const KEYS: usize = 200;

/// The service: works, tells, and waits to be searched.
async fn work(place: &Place) {
    // Without the buffer of the standard library, which nobody wipes.
    let mut out = File::from(std::io::stdout().as_fd().try_clone_to_owned().unwrap());
    let mut tell = |tag: u8, octets: &[u8]| {
        out.write_all(&[tag, u8::try_from(octets.len()).unwrap()]).unwrap();
        out.write_all(octets).unwrap();
    };
    let setting = Setting::open(place).await;
    let policy = ProvisioningPolicy { live_credentials: ISSUES, ..ProvisioningPolicy::default() };
    let mef = Mef::new(setting.admin.core.clone(), fqdn(MEF), place.keys.clone(), policy);
    let session = at_mef("device");
    for number in 0..ISSUES {
        if number % 50 == 0 {
            place.clock.advance(61); // as many ends lie in a minute
        }
        let request = EnrolRequest { id: DEVICE.into(), expiration_time: None };
        let issued = mef.enrol(&call(&session, DEVICE), &request).await.unwrap();
        tell(b's', issued.ssk.expose().as_bytes());
    }
    let registry = mef.registry();
    let gateway = sessions(Function::Mef).1;
    for number in 0..KEYS {
        let mut value = Zeroizing::new([0; 32]);
        rand_core::TryRng::try_fill_bytes(&mut eccsi_sakke::SysRng, value.as_mut_slice()).unwrap();
        // Every fourth key is exported by its session, the others are given.
        let exports = number % 4 == 0;
        let device = at_mef("device");
        let request = if exports { key(Function::Mef, &[]) } else { key(Function::Mef, &*value) };
        let answer = registry.register_key(&call(&device, DEVICE), &request).await.unwrap();
        drop(request);
        let found = registry.retrieve_key(&call(&gateway, GATEWAY), &answer.relative_key_id).await.unwrap();
        tell(b'v', found.key_value.expose());
        if number % 10 == 0 {
            registry.deregister_key(&call(&device, DEVICE), MEF, &answer.relative_key_id).await.unwrap();
        }
    }
    tell(b'.', &[]);
    let mut canary = vec![0; 16].into_boxed_slice();
    std::io::stdin().lock().read_exact(&mut canary).unwrap();
    let canary: &'static [u8] = Box::leak(canary);
    tell(b'.', &[]);
    let _ = std::io::stdin().lock().read(&mut [0]);
    assert!(!std::hint::black_box(canary).is_empty());
}

/// Searches every file below a folder.
fn search_folder(folder: &Path, wanted: &Wanted, found: &mut BTreeMap<String, usize>) -> usize {
    let mut read = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read += search_folder(&path, wanted, found);
        } else if path.is_file() {
            let octets = fs::read(&path).unwrap();
            wanted.search(&octets, found);
            read += octets.len();
        }
    }
    read
}

/// What `pg_dump` makes of the database.
fn database_dump(url: &str) -> Vec<u8> {
    let versions = fs::read_dir("/usr/lib/postgresql").unwrap().map(|entry| entry.unwrap().path());
    let programs = versions.map(|version| version.join("bin/pg_dump")).filter(|path| path.exists());
    let number = |path: &PathBuf| -> Option<u32> { path.iter().nth(4)?.to_str()?.parse().ok() };
    let newest = programs.max_by_key(number).expect("Debian's package postgresql");
    let output = Command::new(newest).arg(url).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

async fn nothing_is_left(place: &Place) {
    let setting = Setting::new(place).await;
    setting.registered(Function::Mef).await;
    setting.mef.shut_down().await;
    drop(setting);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["child", &format!("{:?}", place.on), &place.url_text()])
        .arg(&place.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut next = move || {
        let mut head = [0; 2];
        output.read_exact(&mut head).expect("the service is alive");
        let mut octets = vec![0; usize::from(head[1])];
        output.read_exact(&mut octets).unwrap();
        (head[0], octets)
    };
    let mut wanted = Wanted::new();
    let (mut issued, mut values) = (0, 0);
    loop {
        match next() {
            (b's', digits) => {
                wanted.add(format!("SSK {issued}"), &base16ct::lower::decode_vec(&digits).unwrap());
                issued += 1;
            }
            (b'v', value) => {
                wanted.add(format!("value {values}"), &value);
                values += 1;
            }
            _ => break,
        }
    }
    assert_eq!((issued, values), (ISSUES, KEYS));
    let nothing = BTreeMap::new();
    let (found, octets) = search_process(child.id(), Mappings::Dumped, &wanted);
    assert_eq!(found, nothing, "in what a core dump holds");
    println!("{:?}: not in {octets} octets of mappings that a core dump holds", place.on);
    match search_core_file(child.id(), &place.folder, &wanted) {
        Some((found, octets)) => {
            assert_eq!(found, nothing, "in the file of gcore");
            println!("{:?}: not in {octets} octets of the file of gcore", place.on);
        }
        None => println!("not run: gcore (needs Debian's package gdb)"),
    }
    // Master keys as well, in what lies on disks.
    let secrets = key_files::open_all(&place.folder.join("keys"), &place.folder.join("seal.key"));
    for (tag, ksak, z) in &secrets.kms {
        wanted.add(format!("KSAK {tag:?}"), ksak);
        wanted.add(format!("z {tag:?}"), z);
    }
    for (name, key) in &secrets.data {
        wanted.add(format!("data key {name}"), key);
    }
    wanted.add("root key", &secrets.root);
    let mut found = BTreeMap::new();
    let octets = search_folder(&place.folder, &wanted, &mut found);
    assert_eq!(found, nothing, "in the folders");
    println!("{:?}: not in {octets} octets of files", place.on);
    if place.on != On::Sqlite {
        let dump = database_dump(&place.url_text());
        let mut found = BTreeMap::new();
        wanted.search(&dump, &mut found);
        assert_eq!(found, nothing, "in the dump of the database");
        assert!(dump.len() > 100_000, "it was dumped: {} octets", dump.len());
        println!("{:?}: not in {} octets of a dump of the database", place.on, dump.len());
    }
    // And what is there is found.
    let canary = [0xC3, 7, 99, 250, 18, 4, 201, 77, 5, 166, 240, 31, 88, 142, 9, 63];
    input.write_all(&canary).unwrap();
    assert_eq!(next().0, b'.');
    let mut planted = Wanted::new();
    planted.add("canary", &canary);
    assert!(search_process(child.id(), Mappings::Dumped, &planted).0.contains_key("canary"));
    fs::write(place.folder.join("canary"), base16ct::lower::encode_string(&canary)).unwrap();
    let mut found = BTreeMap::new();
    search_folder(&place.folder, &planted, &mut found);
    assert!(found.contains_key("canary"));
    child.kill().unwrap();
    child.wait().unwrap();
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, child, on, url, folder] = arguments.as_slice()
        && child == "child"
    {
        let on = if on == "Sqlite" { On::Sqlite } else { other_store() };
        let place = Place::open(on, folder.into(), StoreUrl::parse(url).unwrap(), START);
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
            .block_on(work(&place));
        return ExitCode::SUCCESS;
    }
    service::run(On::Sqlite, nothing_is_left);
    let mut passed = 1;
    if other_store() != On::Sqlite {
        service::run(other_store(), nothing_is_left);
        passed += 1;
    }
    println!("{passed} passed, 0 failed");
    ExitCode::SUCCESS
}

/// PostgreSQL, where it is built in.
fn other_store() -> On {
    #[cfg(feature = "store-postgres")]
    return On::Postgres;
    #[cfg(not(feature = "store-postgres"))]
    On::Sqlite
}
