//! A server under load, on loopback, server and clients in this process: rates and times from the client's side.
//!
//! `cargo bench -p ibc --bench load`; `TEST_POSTGRES_URL` (tests/postgres start FOLDER) adds
//! PostgreSQL, `LOAD_SECONDS` sets the length of each case (5). No criterion: what counts is the whole distribution.

#[path = "../tests/support/http.rs"]
mod http;
#[path = "../tests/support/service.rs"]
mod service;
#[path = "../tests/support/setting.rs"]
mod setting;

use eccsi_sakke::onem2m::{EntityKind, ExpirationTime};
use http::{Client, Running, lenient};
use ibc::Function;
use ibc::server::Limits;
use ibc::service::admin::ClientChange;
use ibc::service::mef::{Mef, ProvisioningPolicy};
use serde_json::json;
use service::{MEF, On, PROVIDER, Place, START, fqdn};
use setting::{Setting, entity, key_of_client};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Clients, each with an entity of its own.
const CLIENTS: usize = 32;

/// What the clients of a case saw.
#[derive(Default)]
struct Seen {
    times: Vec<Duration>,
    failures: usize,
}

impl Seen {
    fn print(mut self, case: &str, seconds: f64) {
        self.times.sort_unstable();
        let at = |share: f64| {
            let index = (self.times.len() as f64 * share) as usize;
            self.times
                .get(index.min(self.times.len().saturating_sub(1)))
                .map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
        };
        println!(
            "| {case} | {:.0} | {:.1} | {:.1} | {} |",
            self.times.len() as f64 / seconds,
            at(0.5),
            at(0.99),
            self.failures
        );
    }
}

fn seconds() -> u64 {
    std::env::var("LOAD_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5)
}

fn name(number: usize) -> String {
    format!("//sp.example.com/LOAD{number}")
}

/// Clients that repeat `work`, each with its number and what it keeps, until time is up.
fn clients<T>(
    count: usize,
    start: impl Fn(usize) -> T + Sync,
    work: impl Fn(usize, &mut T) -> bool + Sync,
) -> (Seen, f64) {
    let (started, length) = (Instant::now(), Duration::from_secs(seconds()));
    let seen = thread::scope(|scope| {
        let client = |number| {
            let (start, work) = (&start, &work);
            scope.spawn(move || {
                let (mut seen, mut kept) = (Seen::default(), start(number));
                while started.elapsed() < length {
                    let begun = Instant::now();
                    if work(number, &mut kept) {
                        seen.times.push(begun.elapsed());
                    } else {
                        seen.failures += 1;
                    }
                }
                seen
            })
        };
        let threads: Vec<_> = (0..count).map(client).collect();
        threads.into_iter().fold(Seen::default(), |mut all, thread| {
            let seen = thread.join().expect("no panic");
            all.times.extend(seen.times);
            all.failures += seen.failures;
            all
        })
    });
    (seen, started.elapsed().as_secs_f64())
}

fn connect(address: SocketAddr, number: usize) -> Option<Client> {
    let name = format!("load{number}");
    Client::connect(address, MEF, &format!("{name}@{MEF}"), &key_of_client(&name)).ok()
}

fn enrol(client: &mut Client, number: usize) -> bool {
    // Each its own end: those of one entity that end in the same minute would be looked for one by one.
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let ahead = Duration::from_secs(86_400 + NUMBER.fetch_add(1, Ordering::Relaxed));
    let end = START.checked_add(ahead).and_then(|end| ExpirationTime::from_unix(end).ok()).expect("in range");
    let body = json!({"id": name(number), "et": end.to_string()}).to_string();
    let message = client.message("POST", "/ibc/enrol", "Content-Type: application/json\r\n", &body);
    client.send(message.as_bytes()).is_ok() && client.receive().is_some_and(|answer| answer.status == 201)
}

fn session_and_enrolment(address: SocketAddr) -> (Seen, f64) {
    clients(
        8,
        |_| (),
        |number, ()| connect(address, number).is_some_and(|mut client| enrol(&mut client, number)),
    )
}

async fn prepared(place: &Place) -> Setting {
    let mut setting = Setting::new(place).await;
    let policy = ProvisioningPolicy { live_credentials: 1_000_000, ..ProvisioningPolicy::default() };
    setting.mef = Mef::new(setting.admin.core.clone(), fqdn(MEF), place.keys.clone(), policy);
    for number in 0..CLIENTS {
        let client = format!("load{number}");
        setting.client(&client, &[entity(EntityKind::Cse, &name(number))]).await;
        setting.change(&client, ClientChange::Admit(Function::Mef, fqdn(PROVIDER))).await;
    }
    setting
}

async fn load(place: &Place) {
    let setting = prepared(place).await;
    let limits = Limits {
        sessions_per_credential: 10_000,
        handshakes: 1_000,
        handshakes_per_address: 1_000,
        idle: Duration::from_secs(600),
        message: Duration::from_secs(600),
        ..lenient()
    };
    let server = Running::with(&setting, limits, None).await;
    let address = server.address;
    let store = format!("{:?}", place.on);
    let case = |text: &str, (seen, seconds): (Seen, f64)| seen.print(&format!("{text}, {store}"), seconds);
    case("handshakes alone, 8 clients", clients(8, |_| (), |number, ()| connect(address, number).is_some()));
    case("handshake and enrolment, 8 clients", session_and_enrolment(address));
    let in_session = clients(
        CLIENTS,
        |number| connect(address, number).expect("a session"),
        |number, client| enrol(client, number),
    );
    case("enrolments in open sessions, 32 clients", in_session);
    let idle: Vec<_> = (0..1000).filter_map(|number| connect(address, number % CLIENTS)).collect();
    let slow: Vec<_> = (0..200)
        .filter_map(|number| {
            let mut client = connect(address, number % CLIENTS)?;
            client.send(b"POST /ibc/enrol HTTP/1.1\r\nHost").ok()?;
            Some(client)
        })
        .collect();
    let others = format!("the same beside {} idle and {} slow clients", idle.len(), slow.len());
    case(&others, session_and_enrolment(address));
    drop((idle, slow));
    let flood = AtomicBool::new(true);
    thread::scope(|scope| {
        for number in 0..16 {
            let flood = &flood;
            scope.spawn(move || {
                let mut refused = 0;
                while flood.load(Ordering::Relaxed) {
                    let identity = format!("x{number}-{refused}@{MEF}");
                    assert!(
                        Client::connect(address, MEF, &identity, &[7; 32]).is_err(),
                        "an unknown identity"
                    );
                    refused += 1;
                }
            });
        }
        case("the same while 16 threads claim random identities", session_and_enrolment(address));
        flood.store(false, Ordering::Relaxed);
    });
    println!("random identities refused: {}", server.counted("ibc_handshakes_total{outcome=\"failed\"}"));
    server.stop().await;
}

fn main() {
    println!("| case, store | a second | p50, ms | p99, ms | failures |\n|---|---|---|---|---|");
    service::run(On::Sqlite, async |place| load(place).await);
    #[cfg(feature = "store-postgres")]
    if std::env::var_os("TEST_POSTGRES_URL").is_some() {
        service::run(On::Postgres, async |place| load(place).await);
    }
}
