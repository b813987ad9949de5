//! Refusals reach the client, and cost the server no more than what it grants.

use crate::http::{Client, Running, lenient};
use crate::service::{MEF, PROVIDER, Place, fqdn, unhurried};
use crate::setting::{Setting, key_of_client};
use eccsi_sakke::onem2m::UnixTime;
use ibc::clock::Clock;
use ibc::server::{Limits, Monitor};
use ibc::service::Core;
use ibc::service::mef::Mef;
use ibc::service::readiness::Readiness;
use ibc::service::store::{Store, StoreOptions};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// More than the buffers between the two take while nobody reads.
const MUCH: usize = 3 * 1024 * 1024;

/// Sends a head, and much behind it once the server has had the time to answer.
async fn send_on(client: &mut Client, head: &str, status: u16) {
    client.send(head.as_bytes()).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let sent = client.send(&vec![b'x'; MUCH]);
    assert!(sent.is_ok(), "{status}: {sent:?}");
    assert_eq!(client.receive().map(|answer| answer.status), Some(status));
}

async fn refusals_arrive_at_a_client_that_still_sends(place: &Place) {
    let setting = Setting::new(place).await;
    let limits = Limits { message: Duration::from_secs(2), ..lenient() };
    let server = Running::with(&setting, limits, None).await;
    let host = format!("Host: {MEF}\r\n");
    let length = format!("Content-Length: {MUCH}\r\n\r\n");
    let post = format!("POST /mef HTTP/1.1\r\n{host}{length}");
    for (head, status) in [
        (post.clone(), 413),
        (format!("POST /mef HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n{MUCH:x}\r\n"), 413),
        (format!("POST /mef HTTP/1.1\r\n{host}X: {}", "x".repeat(17_000)), 431),
        (format!("POST /mef HTTP/1.1\r\nHost: other.example.com\r\n{length}"), 421),
        (format!("POST mef HTTP/1.1\r\n{host}{length}"), 400),
    ] {
        send_on(&mut server.at_mef("device"), &head, status).await;
    }
    server.stop().await;
    let server = Running::with(&setting, Limits { request_rate: 1, ..lenient() }, None).await;
    let mut device = server.at_mef("device");
    let kpak = device.message("GET", "/ibc/kpak", "", "");
    for _ in 0..4 {
        assert_eq!(device.exchange(kpak.as_bytes()).status, 200);
    }
    send_on(&mut device, &post, 429).await;
    server.stop().await;
}

async fn who_has_an_answer_holds_no_place(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let too_long = format!("POST /mef HTTP/1.1\r\nHost: {MEF}\r\nContent-Length: 99999999\r\n\r\n");
    // One that is silent.
    let mut silent = server.at_mef("device");
    assert_eq!(silent.exchange(too_long.as_bytes()).status, 413);
    let start = Instant::now();
    while server.counted("ibc_connections") > 0 {
        assert!(start.elapsed() < Duration::from_secs(8), "its place is free again");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // And one that never is.
    let mut endless = server.at_mef("device");
    endless.send(too_long.as_bytes()).unwrap();
    let piece = vec![b'x'; 64 * 1024];
    let taken = (0..1_000).take_while(|_| endless.send(&piece).is_ok()).count();
    assert!(taken < 1_000, "64 MB were taken");
    server.stop().await;
}

async fn an_answer_to_head_beyond_the_rate_is_a_head(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::with(&setting, Limits { request_rate: 1, ..lenient() }, None).await;
    let mut device = server.at_mef("device");
    let head = device.message("HEAD", "/ibc/kpak", "", "");
    let mut answers = String::new();
    for _ in 0..8 {
        device.send(head.as_bytes()).unwrap();
        answers = device.receive_head().expect("an answer");
        if answers.starts_with("HTTP/1.1 429 ") {
            break;
        }
    }
    assert!(answers.starts_with("HTTP/1.1 429 "), "{answers}");
    assert_eq!(device.rest(), b"", "nothing follows the head");
    server.stop().await;
}

/// A clock that takes its time once, when it is read for the `slow`th time from now.
struct SlowOnce {
    now: UnixTime,
    reads: AtomicU64,
    slow: AtomicU64,
}

impl Clock for SlowOnce {
    fn now(&self) -> UnixTime {
        if self.reads.fetch_add(1, Ordering::SeqCst) + 1 == self.slow.load(Ordering::SeqCst) {
            // What else waits on this thread goes on elsewhere.
            tokio::task::block_in_place(|| std::thread::sleep(Duration::from_secs(2)));
        }
        self.now
    }
}

/// The log says which client it was and why, for which the store is asked once more: meanwhile the handshake counts.
async fn a_handshake_that_is_explained_is_under_way(place: &Place) {
    let mut setting = Setting::new(place).await;
    let clock =
        Arc::new(SlowOnce { now: place.clock_now(), reads: AtomicU64::new(0), slow: AtomicU64::new(0) });
    let options = StoreOptions { clock: clock.clone(), ..place.options("slow") };
    let store = Store::open(options).await.unwrap();
    let core = Core { store, keys: place.keys.clone(), provider: fqdn(PROVIDER) };
    setting.mef = Mef::new(core, fqdn(MEF), place.keys.clone(), unhurried());
    let server = Running::with(&setting, Limits { handshakes_per_address: 1, ..lenient() }, None).await;
    // How often a handshake with a wrong key reads the clock: last of all to explain.
    let wrong = |key: [u8; 32]| Client::try_connect(server.address, MEF, &format!("device@{MEF}"), &key);
    let before = clock.reads.load(Ordering::SeqCst);
    assert!(wrong([8; 32]).is_err());
    tokio::time::sleep(Duration::from_millis(500)).await;
    let reads = clock.reads.load(Ordering::SeqCst);
    assert!(reads >= before + 2, "{before} {reads}");
    clock.slow.store(2 * reads - before, Ordering::SeqCst);
    assert!(wrong([8; 32]).is_err());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(wrong(key_of_client("device")).is_err(), "there is room for one");
    assert_eq!(server.counted("ibc_turned_away_total{reason=\"handshakes\"}"), 1);
    tokio::time::sleep(Duration::from_secs(3)).await;
    wrong(key_of_client("device")).expect("the other has been explained");
    server.stop().await;
}

crate::on_each_store!(
    refusals_arrive_at_a_client_that_still_sends,
    who_has_an_answer_holds_no_place,
    an_answer_to_head_beyond_the_rate_is_a_head,
    a_handshake_that_is_explained_is_under_way,
);

fn ready(monitor: SocketAddr) -> String {
    let mut tcp = std::net::TcpStream::connect(monitor).unwrap();
    write!(tcp, "GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut text = String::new();
    tcp.read_to_string(&mut text).unwrap();
    text
}

/// Also while the database hangs, and those who asked have gone.
#[test]
fn many_who_ask_for_health_make_one_write() {
    crate::service::run(crate::service::On::Sqlite, async |place| {
        let setting = Setting::new(place).await;
        let readiness = Readiness::new(setting.admin.core.clone(), Some(setting.mef.clone()));
        let address = "127.0.0.1:0".parse().unwrap();
        let monitor = Monitor::bind(address, Arc::default(), readiness).await.unwrap();
        let address = monitor.local_addr().unwrap();
        let serving = tokio::spawn(monitor.run(std::future::pending()));
        let raw = place.raw().await;
        for statement in [
            "create table probes (n integer)",
            "create trigger probe after update on clock begin insert into probes values (1); end",
        ] {
            sqlx::query(statement).execute(&raw).await.unwrap();
        }
        let ask = |number: usize| {
            let asking: Vec<_> =
                (0..number).map(|_| tokio::task::spawn_blocking(move || ready(address))).collect();
            async move {
                for asked in asking {
                    let _ = asked.await; // whatever it says: who comes when all places are taken is cut
                }
            }
        };
        let began = Instant::now();
        ask(40).await;
        // One, and another for each time that an answer has grown old meanwhile.
        let looks = place.number("select count(*) from probes").await;
        let most = 1 + i64::try_from(began.elapsed().as_secs() / 2).unwrap();
        assert!((1..=most).contains(&looks), "{looks} looks");
        tokio::time::sleep(Duration::from_millis(2_100)).await; // an answer holds so long
        let mut holder = raw.acquire().await.unwrap();
        sqlx::query("begin immediate").execute(&mut *holder).await.unwrap();
        let first = ask(4);
        tokio::time::sleep(Duration::from_millis(4_600)).await;
        let later = ask(4);
        tokio::time::sleep(Duration::from_millis(100)).await;
        sqlx::query("rollback").execute(&mut *holder).await.unwrap();
        drop(holder);
        first.await;
        later.await;
        let more = place.number("select count(*) from probes").await - looks;
        assert_eq!(more, 1, "looks while the database hung");
        assert!(tokio::task::spawn_blocking(move || ready(address)).await.unwrap().contains("true"));
        serving.abort();
    });
}
