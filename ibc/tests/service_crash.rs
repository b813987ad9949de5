//! The service is killed (SIGKILL), at each step of what it does and at random moments, and started again on what
//! is left: no identifier twice, no credential without its audit entry, no gap in the chain, every key
//! answered as stored is there.
//!
//! Started without arguments, this program runs each case on each store and starts itself as the service that
//! is killed. `SLOW_TESTS=1` kills hundreds of times in place of a dozen.

#![allow(unsafe_code, reason = "a process that kills itself")]

#[path = "support/service.rs"]
mod service;
#[path = "support/setting.rs"]
mod setting;

use eccsi_sakke::onem2m::{ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef::KpakTag;
use ibc::Function;
use ibc::clock::Clock;
use ibc::service::Core;
use ibc::service::kms::{Issued, KeyDirectory, Kms, KmsError, PublicKeys};
use ibc::service::mef::{Mef, ProvisioningPolicy};
use ibc::service::store::{Store, StoreUrl};
use ibc::wire::EnrolRequest;
use service::{MEF, On, PROVIDER, Place, START, call, fqdn};
use setting::{DEVICE, GATEWAY, Setting, at_mef, key, sessions};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Where the service kills itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Nowhere: from outside, at a random moment.
    Random,
    /// As the transaction of this number begins.
    Transaction(u64),
    /// Between the two transactions, before the KMS has done anything.
    BeforeKms,
    /// Between the two transactions, with the credential in hand.
    AfterKms,
    /// After everything, before the answer is out.
    BeforeAnswer,
}

impl Step {
    const ALL: [Self; 9] = [
        Self::Transaction(1),
        Self::Transaction(2),
        Self::Transaction(3),
        Self::Transaction(4),
        Self::Transaction(5),
        Self::Transaction(6),
        Self::BeforeKms,
        Self::AfterKms,
        Self::BeforeAnswer,
    ];

    fn to_text(self) -> String {
        match self {
            Self::Random => "random".into(),
            Self::Transaction(number) => format!("transaction-{number}"),
            Self::BeforeKms => "before-kms".into(),
            Self::AfterKms => "after-kms".into(),
            Self::BeforeAnswer => "before-answer".into(),
        }
    }

    fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|step| step.to_text() == text).unwrap_or(Self::Random)
    }
}

/// SIGKILL, to this process.
fn die() -> ! {
    unsafe extern "C" {
        fn kill(pid: i32, signal: i32) -> i32;
    }
    let pid = i32::try_from(std::process::id()).unwrap();
    // SAFETY: kill takes any two numbers.
    unsafe { kill(pid, 9) };
    loop {
        std::thread::park();
    }
}

/// A clock that kills when it is read for the n-th time: as each transaction begins.
struct DyingClock {
    now: UnixTime,
    reads: AtomicU64,
    dies_at: Option<u64>,
}

impl Clock for DyingClock {
    fn now(&self) -> UnixTime {
        if self.dies_at == Some(self.reads.fetch_add(1, Ordering::SeqCst) + 1) {
            die();
        }
        self.now
    }
}

/// A KMS that kills before or after it has issued.
struct DyingKms {
    keys: Arc<KeyDirectory>,
    step: Step,
}

impl Kms for DyingKms {
    fn issue(
        &self,
        tag: Option<KpakTag>,
        id_2: &ExpiringIdentity,
        with_rsk: bool,
        now: UnixTime,
    ) -> Result<Issued, KmsError> {
        if self.step == Step::BeforeKms {
            die();
        }
        let issued = self.keys.issue(tag, id_2, with_rsk, now);
        if self.step == Step::AfterKms {
            die();
        }
        issued
    }

    fn issue_many(
        &self,
        tag: Option<KpakTag>,
        ids: &[ExpiringIdentity],
        with_rsk: bool,
        now: UnixTime,
    ) -> Result<Vec<Issued>, KmsError> {
        self.keys.issue_many(tag, ids, with_rsk, now)
    }

    fn issuing(&self, fqdn: &Fqdn, now: UnixTime) -> Result<Arc<PublicKeys>, KmsError> {
        self.keys.issuing(fqdn, now)
    }

    fn public_keys(&self, fqdn: &Fqdn, now: UnixTime) -> Vec<Arc<PublicKeys>> {
        self.keys.public_keys(fqdn, now)
    }
}

/// The service that is killed: provisions in two tasks and registers keys in two, and prints a line for each
/// answer.
async fn serve(place: &Place, writer: &str, step: Step, round: u64) {
    let dies_at = if let Step::Transaction(number) = step { Some(number) } else { None };
    let now = START.checked_add(Duration::from_secs(round)).unwrap();
    let clock = Arc::new(DyingClock { now, reads: AtomicU64::new(0), dies_at });
    let mut options = place.options(writer);
    options.clock = clock;
    let store = Store::open(options).await.unwrap();
    let core = Core { store, keys: place.keys.clone(), provider: fqdn(PROVIDER) };
    let kms = Arc::new(DyingKms { keys: place.keys.clone(), step });
    let policy = ProvisioningPolicy { live_credentials: 1_000_000, ..ProvisioningPolicy::default() };
    let mef = Mef::new(core, fqdn(MEF), kms, policy);
    make_room(place, &mef).await;
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..2 {
        tasks.spawn(provision(mef.clone(), step));
        tasks.spawn(register_keys(mef.clone(), step, 2 * round + task));
    }
    tasks.join_all().await;
}

/// De-registers what earlier rounds have left, before a registration has as many keys as it may have.
async fn make_room(place: &Place, mef: &Mef) {
    let names: Vec<String> =
        sqlx::query_scalar("select rkid from registered_key").fetch_all(&place.raw().await).await.unwrap();
    for name in names.iter().filter(|_| names.len() > 100) {
        println!("going {name} .");
        mef.registry().deregister_key(&call(&at_mef("device"), DEVICE), MEF, name).await.unwrap();
    }
}

async fn provision(mef: Mef, step: Step) {
    let session = at_mef("device");
    loop {
        let request = EnrolRequest { id: DEVICE.into(), expiration_time: None };
        match mef.enrol(&call(&session, DEVICE), &request).await {
            Ok(_) if step == Step::BeforeAnswer => die(),
            Ok(issued) => println!("issued {} {}", issued.id2, issued.pvt),
            // 61 of one second
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Registers keys, and de-registers old ones, since a registration has so many and no more.
async fn register_keys(mef: Mef, step: Step, task: u64) {
    let registry = mef.registry();
    let session = at_mef("device");
    let mut names = VecDeque::new();
    for number in 0u64.. {
        let value = Sha256::digest([task.to_be_bytes(), number.to_be_bytes()].concat());
        match registry.register_key(&call(&session, DEVICE), &key(Function::Mef, &value)).await {
            Ok(_) if step == Step::BeforeAnswer => die(),
            Ok(answer) => {
                println!("key {} {}", answer.relative_key_id, base16ct::lower::encode_string(&value));
                names.push_back(answer.relative_key_id);
            }
            Err(error) => panic!("{error:?}"),
        }
        if number > 0 {
            let name = names.pop_front().unwrap();
            // Said before it is done: afterwards it is there or not.
            println!("going {name} .");
            registry.deregister_key(&call(&session, DEVICE), MEF, &name).await.unwrap();
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// The service in a process of its own.
struct Served {
    child: Child,
    reader: JoinHandle<Vec<String>>,
}

impl Served {
    fn start(place: &Place, writer: &str, step: Step, round: u64) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child", &format!("{:?}", place.on), &place.url_text()])
            .arg(&place.folder)
            .args([writer, &step.to_text(), &round.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let reader = std::thread::spawn(move || lines.lines().map_while(Result::ok).collect());
        Self { child, reader }
    }

    /// Waits until it has died, and gives its whole answers.
    fn answers(mut self) -> Vec<String> {
        let status = self.child.wait().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "{status}");
        // A line without its end was torn by the kill, and was no answer.
        let is_whole = |line: &String| {
            let words: Vec<_> = line.split(' ').collect();
            matches!(words[..], ["issued", _, pvt] if pvt.len() == 130)
                || matches!(words[..], ["key", _, value] if value.len() == 64)
                || matches!(words[..], ["going", _, "."])
        };
        self.reader.join().unwrap().into_iter().filter(is_whole).collect()
    }

    fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.answers()
    }
}

/// Starts the service once more, lets it run until it dies, and gives its whole answers.
fn run_child(place: &Place, step: Step, round: u64, wait: Duration) -> Vec<String> {
    let served = Served::start(place, "a", step, round);
    if step != Step::Random {
        return served.answers();
    }
    std::thread::sleep(wait);
    served.kill()
}

/// What must hold after any number of kills.
async fn check(place: &Place, answers: &[String]) {
    let entries = place.audit().await;
    let mut issued: HashMap<String, String> = HashMap::new();
    for (_, _, event, detail) in &entries {
        if event == "issued" {
            let (id_2, pvt) = (detail["id2"].as_str().unwrap(), detail["pvt"].as_str().unwrap());
            assert!(issued.insert(id_2.into(), pvt.into()).is_none(), "issued twice: {id_2}");
        }
    }
    let mut answered = HashMap::new();
    for line in answers.iter().filter(|line| line.starts_with("issued ")) {
        let mut words = line.split(' ').skip(1);
        let (id_2, pvt) = (words.next().unwrap(), words.next().unwrap());
        assert!(answered.insert(id_2, pvt).is_none(), "answered twice: {id_2}");
        assert_eq!(issued.get(id_2).map(String::as_str), Some(pvt), "no audit entry: {id_2}");
    }
    let rows = place.number("select count(*) from ibc_identity where state = 1").await;
    assert_eq!(rows as usize, issued.len(), "each issued row has its entry");
    assert!(place.check_chains().await >= 2 * issued.len() as u64);
}

/// Every key answered as stored is there, under a name of its own, with its value.
async fn check_keys(setting: &Setting, answers: &[String]) -> usize {
    let (registry, session) = (setting.mef.registry(), sessions(Function::Mef).1);
    let mut names = HashSet::new();
    let going = answers.iter().filter(|line| line.starts_with("going "));
    let going: HashSet<_> = going.map(|line| line.split(' ').nth(1).unwrap()).collect();
    for line in answers.iter().filter(|line| line.starts_with("key ")) {
        let mut words = line.split(' ').skip(1);
        let (name, value) = (words.next().unwrap(), words.next().unwrap());
        assert!(names.insert(name), "answered twice: {name}");
        if going.contains(name) {
            continue;
        }
        let found = registry.retrieve_key(&call(&session, GATEWAY), name).await.unwrap();
        assert_eq!(base16ct::lower::encode_string(found.key_value.expose()), value, "{name}");
    }
    names.len()
}

async fn crash(place: &Place) {
    let setting = Setting::new(place).await;
    setting.registered(Function::Mef).await;
    setting.mef.shut_down().await;
    let slow = std::env::var_os("SLOW_TESTS").is_some();
    let mut answers = Vec::new();
    let mut round = 0;
    for step in Step::ALL {
        round += 1;
        answers.extend(run_child(place, step, round, Duration::ZERO));
        check(place, &answers).await;
    }
    let kills = if slow { 250 } else { 12 };
    for kill in 0..kills {
        round += 1;
        // spread over start, first requests and full load
        let jitter = u64::from(std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos() % 1_000_000);
        let wait = Duration::from_millis(20 + 61 * (kill * 7 % 20)) + Duration::from_micros(jitter / 20);
        answers.extend(run_child(place, Step::Random, round, wait));
    }
    check(place, &answers).await;
    assert!(!answers.is_empty(), "the service answered something before it died");
    // It still works, at a time not before its last.
    place.clock.advance(round + 1);
    let setting = Setting::open(place).await;
    let keys = check_keys(&setting, &answers).await;
    let credentials = answers.iter().filter(|line| line.starts_with("issued ")).count();
    assert!(keys > 0 && credentials > 0, "credentials and keys were answered");
    let request = EnrolRequest { id: DEVICE.into(), expiration_time: Some("20270101T000000".into()) };
    setting.mef.enrol(&call(&at_mef("device"), DEVICE), &request).await.unwrap();
    println!(
        "{:?}: {} kills at steps, {kills} at random, {credentials} credentials and {keys} keys answered",
        place.on,
        Step::ALL.len(),
    );
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, child, on, url, folder, writer, step, round] = arguments.as_slice()
        && child == "child"
    {
        let on = if on == "Sqlite" { On::Sqlite } else { other_store() };
        let url = StoreUrl::parse(url).unwrap();
        let place = Place::open(on, folder.into(), url, START);
        runtime().block_on(serve(&place, writer, Step::parse(step), round.parse().unwrap()));
        return ExitCode::FAILURE; // it has to be killed
    }
    service::run(On::Sqlite, crash);
    let mut passed = 1;
    #[cfg(feature = "store-postgres")]
    {
        service::run(On::Postgres, crash);
        replicas::one_dies_and_the_database_restarts();
        passed += 2;
    }
    println!("{passed} passed, 0 failed");
    ExitCode::SUCCESS
}

#[cfg(feature = "store-postgres")]
mod replicas {
    use super::*;
    use crate::setting::entity;
    use eccsi_sakke::onem2m::EntityKind;
    use ibc::service::admin::ClientChange;
    use ibc::service::error::Kind;
    use tokio::task::JoinSet;

    /// Clients of the replica that lives.
    const CLIENTS: usize = 32;

    /// Credentials that each of them wants.
    const WANTED: usize = 40;

    /// Two replicas under load on one server: one is killed, then the server; everything answered is unique and
    /// there, and what was refused could be repeated.
    pub(super) fn one_dies_and_the_database_restarts() {
        let folder = std::env::temp_dir().join(format!("ibc_replicas_{}", std::process::id()));
        let url = server("start", &folder);
        service::run_on_server(&url, async |place| {
            let setting = Setting::new(place).await;
            setting.registered(Function::Mef).await;
            let names: Vec<_> =
                (0..CLIENTS).map(|number| format!("//sp.example.com/CSE10{number}")).collect();
            for name in &names {
                setting.change("device", ClientChange::Bind(entity(EntityKind::Cse, name))).await;
            }
            setting.mef.shut_down().await;
            let other = Served::start(place, "a", Step::Random, 0);
            let mef = place.mef("b").await;
            let mut clients = JoinSet::new();
            for name in names {
                clients.spawn(client(mef.clone(), name));
            }
            tokio::time::sleep(Duration::from_millis(1500)).await;
            let mut answers = other.kill();
            let of_the_dead = answers.len();
            server("kill", &folder);
            tokio::time::sleep(Duration::from_millis(300)).await;
            server("restart", &folder);
            let mut refusals = 0;
            for (issued, refused) in clients.join_all().await {
                assert_eq!(issued.len(), WANTED, "each client of the living replica got all");
                answers.extend(issued);
                refusals += refused;
            }
            check(place, &answers).await;
            check_keys(&Setting::open(place).await, &answers).await;
            assert!(of_the_dead > 0, "the replica that died had answered");
            println!(
                "{} credentials, {of_the_dead} of the replica that died, {refusals} refusals repeated",
                answers.len()
            );
        });
        server("stop", &folder);
    }

    /// Asks until it has what it wants.
    async fn client(mef: Mef, name: String) -> (Vec<String>, usize) {
        let session = at_mef("device");
        let (mut issued, mut refusals) = (Vec::new(), 0);
        while issued.len() < WANTED {
            let request = EnrolRequest { id: name.clone(), expiration_time: None };
            match mef.enrol(&call(&session, &name), &request).await {
                Ok(credential) => issued.push(format!("issued {} {}", credential.id2, credential.pvt)),
                Err(error) => {
                    assert_eq!(error.kind(), Kind::Unavailable, "{error:?}");
                    refusals += 1;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        (issued, refusals)
    }

    /// `tests/postgres COMMAND FOLDER`
    fn server(command: &str, folder: &std::path::Path) -> String {
        let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/postgres");
        let output = Command::new(script).arg(command).arg(folder).output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

/// PostgreSQL, where it is built in.
fn other_store() -> On {
    #[cfg(feature = "store-postgres")]
    return On::Postgres;
    #[cfg(not(feature = "store-postgres"))]
    On::Sqlite
}
