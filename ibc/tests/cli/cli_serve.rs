//! The built command `ibc serve` as an operator runs it: started, asked, stopped, killed under load, and searched for
//! what it should have forgotten; and the demonstration of the whole system.

use crate::http::Client;
use crate::memory_search::{Mappings, Wanted, search_core_file, search_process};
#[allow(unused_imports, reason = "its macro is for others")]
use crate::place::Place;
use crate::service::MEF;
use crate::serving::{CLIENTS, CSE, NODE, Serving, connect, enrol, entity, key, made};
use ibc::tls::Exporter;
use serde_json::{Value, json};
use sqlx::{Any, Pool};
use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn it_serves_logs_and_stops_when_told() {
    let place = made("sqlite:service.db");
    let serving = Serving::start(&place, "127.0.0.1:0");
    let mut device = serving.connect(0);
    let issued = enrol(&mut device, 0).unwrap().content(201, 2001);
    let path = device.register(&entity(0));
    device.retrieve(&format!("{path}/cmd"), CSE).refused(403, 4106, "another's name");

    let again = place.ibc(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(again.status, 1, "{again:?}");
    assert!(again.stderr.contains("another process"), "{again:?}");
    let taken = serving.address.to_string();
    let mut metrics = std::net::TcpStream::connect(serving.monitor).unwrap();
    std::io::Write::write_all(&mut metrics, b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
    let mut text = String::new();
    metrics.read_to_string(&mut text).unwrap();
    assert!(
        text.contains("ibc_requests_total{function=\"mef\",operation=\"create\",status=\"2001\"} 2"),
        "{text}"
    );

    serving.signal("-TERM");
    assert!(device.is_closed());
    let (status, stdout, log) = serving.wait();
    assert!(status.success() && stdout.contains(&taken), "{stdout}");
    let text = log.join("\n");
    assert!(
        text.contains("\"request\":\"r-2\"") && text.contains("psk 10-device0@mef.example.com"),
        "{text}"
    );
    let ssk = issued["ssk"].as_str().unwrap();
    for secret in [ssk, &ssk.to_ascii_uppercase(), &base16ct::lower::encode_string(&key(0))] {
        assert!(!text.contains(secret), "a secret is in the log");
    }
}

/// To open a pipe waits for its other end, which never comes.
#[test]
fn a_pipe_in_the_state_folder_holds_up_nobody() {
    let place = made("sqlite:service.db");
    let pipe = place.path("state/other.state");
    let put_pipe = || {
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo is there").success());
    };
    put_pipe();
    let serving = Serving::start(&place, "127.0.0.1:0");
    let refused = enrol(&mut serving.connect(0), 0).expect("an answer");
    assert_eq!(refused.status, 503);
    std::fs::remove_file(&pipe).unwrap();
    enrol(&mut serving.connect(0), 0).expect("an answer").content(201, 2001);
    put_pipe();
    serving.signal("-TERM");
    assert!(serving.wait().0.success());

    let serving = Serving::start(&place, "127.0.0.1:0");
    let _ = enrol(&mut serving.connect(0), 0);
    serving.signal("-TERM");
    let start = Instant::now();
    let (status, _, log) = serving.wait();
    assert!(status.success() && start.elapsed() < Duration::from_secs(9), "{log:?}");
    assert!(log.iter().any(|line| line.contains("other.state: not a regular file")), "{log:?}");
}

#[test]
fn it_says_what_to_do_when_it_cannot_start() {
    let place = made("sqlite:service.db");
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let refused = place.ibc(&["serve", "--listen", &address]);
    assert_eq!(refused.status, 1);
    assert!(refused.stderr.contains(&format!("cannot listen on {address}")), "{refused:?}");
    let config = place.read("ibc.toml");
    place.write_private("words", "correct horse battery staple");
    for (key, wrong, words) in [
        ("[server]\n", "[server]\ncertificate = \"server.pem\"\n", "belong together"),
        ("[server]\n", "[server]\nlisten = \"8443\"\n", "address and port"),
        ("maf.example.com", MEF, "names of their own"),
        (
            "[server]\n",
            "[[maf.mef]]\nfqdn = \"mef.example.com\"\naddress = \"x:1\"\nidentity = \"m@mef.example.com\"\nkey_file = \"none\"\n[server]\n",
            "none",
        ),
        (
            "[server]\n",
            "[[maf.mef]]\nfqdn = \"mef.example.com\"\naddress = \"x:1\"\nidentity = \"m@mef.example.com\"\nkey_file = \"words\"\n[server]\n",
            "hexadecimal digits",
        ),
    ] {
        place.write("ibc.toml", config.replacen(key, wrong, 1));
        let refused = place.ibc(&["serve", "--listen", "127.0.0.1:0"]);
        assert_eq!(refused.status, 1, "{refused:?}");
        assert!(refused.stderr.contains(words), "{words}: {refused:?}");
    }
}

/// What the clients were answered.
#[derive(Default)]
struct Answered {
    ids: Vec<(String, String)>,
    keys: Vec<String>,
    lost: usize,
}

/// A device that enrols and registers keys, over new sessions when one has ended.
fn client(number: usize, address: SocketAddr, done: &AtomicBool, answered: &Mutex<Answered>) {
    let mut body = json!({"sec:skr": {"fq": MEF, "adfq": "sp.example.com", "et": "20991231T000000", "suid": 22, "tgis": [CSE]}});
    body["sec:skr"]["kv"] = "KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio=".into();
    let body = body.to_string();
    let fields = format!(
        "X-M2M-Origin: {}\r\nX-M2M-RI: k\r\nX-M2M-RVI: 4\r\nContent-Type: application/json;ty=5\r\n",
        entity(number)
    );
    while !done.load(Ordering::Relaxed) {
        let Some(mut session) = connect(address, number) else {
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        let issued = enrol(&mut session, number);
        let message = session.message("POST", "/mef", &fields, &body);
        let registered = session.send(message.as_bytes()).ok().and_then(|()| session.receive());
        let mut answered = answered.lock().unwrap();
        for answer in [issued, registered] {
            match answer {
                Some(answer) if answer.status == 201 => {
                    let content = answer.json();
                    let text = |value: &Value| value.as_str().unwrap().to_owned();
                    match content.get("id2") {
                        Some(id_2) => answered.ids.push((text(id_2), text(&content["pvt"]))),
                        None => answered.keys.push(text(&content["sec:skr"]["rkid"])),
                    }
                }
                // Too many keys or too many in one second; or killed.
                _ => answered.lost += 1,
            }
        }
    }
}

fn killed_under_load(url: &str, pool: impl AsyncFnOnce(&Place) -> Pool<Any>) {
    let place = made(url);
    let listen = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().to_string()
    };
    let kills = if std::env::var_os("SLOW_TESTS").is_some() { 100 } else { 6 };
    let (done, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Answered::default())));
    let mut serving = Serving::start(&place, &listen);
    for number in 0..CLIENTS {
        serving.connect(number).register(&entity(number));
    }
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (done, answered, address) = (Arc::clone(&done), Arc::clone(&answered), serving.address);
            thread::spawn(move || client(number, address, &done, &answered))
        })
        .collect();
    for kill in 0..kills {
        thread::sleep(Duration::from_millis(150 + 67 * (kill % 7)));
        serving.signal("-KILL");
        serving.wait();
        serving = Serving::start(&place, &listen);
    }
    // Time for each to be answered once more.
    let until = Instant::now() + Duration::from_secs(20);
    let before = answered.lock().unwrap().ids.len();
    while answered.lock().unwrap().ids.len() < before + CLIENTS && Instant::now() < until {
        thread::sleep(Duration::from_millis(50));
    }
    done.store(true, Ordering::Relaxed);
    clients.into_iter().for_each(|client| client.join().unwrap());
    serving.signal("-TERM");
    assert!(serving.wait().0.success());
    place.ibc(&["audit", "verify"]).done();
    let Answered { ids, keys, lost } = std::mem::take(&mut *answered.lock().unwrap());
    assert!(ids.len() >= before + CLIENTS && !keys.is_empty(), "served after the last kill");
    let distinct: HashSet<_> = ids.iter().map(|(id_2, _)| id_2).collect();
    assert_eq!(distinct.len(), ids.len(), "no ID_2 twice");
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len(), "no RelativeKeyID twice");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let pool = pool(&place).await;
        let issued: Vec<(String, Vec<u8>)> =
            sqlx::query_as("select id2, pvt from ibc_identity where state = 1")
                .fetch_all(&pool)
                .await
                .unwrap();
        let issued: BTreeMap<_, _> = issued.into_iter().collect();
        for (id_2, pvt) in &ids {
            let stored = issued.get(id_2).map(|pvt| base16ct::lower::encode_string(pvt));
            assert_eq!(stored.as_ref(), Some(pvt), "{id_2}");
        }
        let stored: Vec<String> =
            sqlx::query_scalar("select rkid from registered_key").fetch_all(&pool).await.unwrap();
        let stored: HashSet<_> = stored.into_iter().collect();
        assert!(keys.iter().all(|key| stored.contains(key)), "every key answered as stored is there");
        println!(
            "{url}: {kills} kills; {} credentials, {} keys answered; {lost} answers lost or refused",
            ids.len(),
            keys.len()
        );
    });
}

async fn any_pool(url: &str) -> Pool<Any> {
    sqlx::any::install_default_drivers();
    sqlx::any::AnyPoolOptions::new().max_connections(2).connect(url).await.unwrap()
}

#[test]
fn killed_under_load_it_loses_and_doubles_nothing() {
    killed_under_load("sqlite:service.db", async |place| {
        any_pool(&format!("sqlite:{}", place.path("service.db").display())).await
    });
}

#[cfg(feature = "store-postgres")]
#[test]
fn killed_under_load_on_postgresql() {
    let server = std::env::var("TEST_POSTGRES_URL").expect("TEST_POSTGRES_URL names a server");
    let name = format!("ibc_serve_{}", std::process::id());
    let url = server.replace("/postgres?", &format!("/{name}?"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let execute = |what: String| {
        runtime.block_on(async {
            let pool = any_pool(&server).await;
            sqlx::query(sqlx::AssertSqlSafe(what)).execute(&pool).await.unwrap();
        });
    };
    execute(format!("create database {name}"));
    killed_under_load(&url, async |_| any_pool(&url).await);
    execute(format!("drop database {name} with (force)"));
}

/// Hundreds of credentials (a thousand with `SLOW_TESTS=1`) and two hundred keys over the wire, on sessions that stay open and on others: the process has
/// nothing of them, in what a core dump holds.
#[test]
fn nothing_is_left_in_memory() {
    let place = made("sqlite:service.db");
    let serving = Serving::start(&place, "127.0.0.1:0");
    let mut wanted = Wanted::new();
    let mut open: Vec<_> = (0..CLIENTS).map(|number| serving.connect(number)).collect();
    let (mut issued, mut number) = (0, 0);
    let issues = if std::env::var_os("SLOW_TESTS").is_some() { 1000 } else { 250 };
    while issued < issues {
        let device = number % CLIENTS;
        number += 1;
        let answer = match number % 5 {
            0 => enrol(&mut serving.connect(device), device),
            _ => enrol(&mut open[device], device),
        };
        match answer {
            Some(answer) if answer.status == 201 => {
                let ssk = base16ct::mixed::decode_vec(answer.json()["ssk"].as_str().unwrap()).unwrap();
                wanted.add(format!("SSK {issued}"), &ssk);
                issued += 1;
            }
            // 61 of one second
            _ => thread::sleep(Duration::from_millis(50)),
        }
    }
    let mut gateway =
        Client::try_connect(serving.address, MEF, &format!("gateway@{MEF}"), &key(200)).unwrap();
    for (number, device) in open.iter_mut().enumerate() {
        device.register(&entity(number));
    }
    for number in 0..200usize {
        let device = number % CLIENTS;
        let mut body = json!({"sec:skr": {"fq": MEF, "adfq": "sp.example.com", "et": "20991231T000000", "suid": 22, "tgis": [CSE]}});
        let mut session = serving.connect(device);
        let value = if number % 4 == 0 {
            let exported = session.export(Exporter::Connection).expose().to_vec();
            session.create("/mef", &entity(device), 5, body).content(201, 2001);
            let name = base16ct::upper::encode_string(&session.export(Exporter::Connection).id());
            gateway.retrieve(&format!("/mef/{name}"), CSE).content(200, 2000);
            exported
        } else {
            let mut value = [0; 32];
            rand_core::TryRng::try_fill_bytes(&mut eccsi_sakke::SysRng, &mut value).unwrap();
            use base64ct::{Base64, Encoding};
            body["sec:skr"]["kv"] = Base64::encode_string(&value).into();
            let answer = open[device].create("/mef", &entity(device), 5, body).content(201, 2001);
            let path = format!("/mef/{}", answer["sec:skr"]["rkid"].as_str().unwrap());
            gateway.retrieve(&path, CSE).content(200, 2000);
            value.to_vec()
        };
        wanted.add(format!("value {number}"), &value);
    }
    let mut planted = Wanted::new();
    planted.add("name of the node", NODE.as_bytes());
    let nothing = BTreeMap::new();
    let (found, octets) = search_process(serving.child.id(), Mappings::Dumped, &wanted);
    assert_eq!(found, nothing, "in what a core dump holds");
    println!("not in {octets} octets of mappings that a core dump holds");
    assert!(
        search_process(serving.child.id(), Mappings::Dumped, &planted).0.contains_key("name of the node")
    );
    match search_core_file(serving.child.id(), &place.path(""), &wanted) {
        Some((found, octets)) => {
            assert_eq!(found, nothing, "in the file of gcore");
            println!("not in {octets} octets of the file of gcore");
        }
        None => println!("not run: gcore (needs Debian's package gdb)"),
    }
    drop((open, gateway));
    serving.signal("-TERM");
    assert!(serving.wait().0.success());
}

#[cfg(feature = "tls-rustls")]
#[test]
fn the_demonstration_shows_the_whole_system() {
    let place = Place::new();
    let shown = place.ibc(&["demo"]).done();
    for words in [
        "The whole system",
        "TLS_ECDHE_PSK",
        "POST /ibc/reenrol",
        "IBC-based SAEF",
        "0x0704",
        "MAF-based SAEF",
        "Summary",
    ] {
        assert!(shown.stdout.contains(words), "{words}");
    }
    assert!(!shown.stdout.contains("cryptography, in one process"), "it says which it is");
    let json = place.ibc(&["demo", "--json"]).done().json();
    assert_eq!(json["demonstrates"], "the whole system");
    let steps = json["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 7);
    for secret in ["ssk", "kc"] {
        assert!(steps.iter().all(|step| step.get(secret).is_none()), "{secret}");
    }
    for step in &steps[4..] {
        assert_eq!(step["cse_received"], "\"temperature 21.5 C\" from //sp.example.com/CSE090112/C190XX7T");
        assert_eq!(step["ae_received"], "\"open valve 4\" from //sp.example.com/CSE090112");
    }
    let secret = place.ibc(&["demo", "--json", "--show-secret"]).done().json();
    assert_eq!(secret["steps"][1]["ssk"].as_str().unwrap().len(), 64);
    assert_eq!(place.files(), ["pass"]);
}
