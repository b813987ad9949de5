//! What the operator of a running service does and sees.

use crate::certificates::{Certified, certificate};
use crate::http::Client;
use crate::service::MEF;
use crate::serving::{Serving, connect, enrol, key, made};
use ibc::tls::{ClientContext, TrustedCertificates};
use serde_json::Value;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

/// Whether a client with this certificate, which trusts `anchor`, is served.
fn served(address: SocketAddr, own: &Certified, anchor: &Certified) -> bool {
    let servers = TrustedCertificates::anchors_from_pem(&anchor.pem()).unwrap();
    let context = ClientContext::certificate(&own.own(), &servers).unwrap();
    let Ok(mut client) = Client::connect_with(&context, address, MEF, None) else { return false };
    let message = client.message("GET", "/ibc/kpak", "", "");
    client.send(message.as_bytes()).is_ok() && client.receive().is_some_and(|answer| answer.status == 200)
}

#[test]
fn it_takes_up_its_configuration_when_told() {
    let place = made("sqlite:service.db");
    let anchors = [certificate(None, None, (-1, 30)), certificate(None, None, (-1, 30))];
    let put = |anchor: &Certified| {
        let own = certificate(Some(anchor), Some((true, MEF)), (-1, 30));
        place.write("server.pem", own.pem());
        place.write_private("server.key", own.key.private_key_to_pem_pkcs8().unwrap());
        place.write("clients.pem", anchor.pem());
    };
    let clients = anchors
        .each_ref()
        .map(|anchor| certificate(Some(anchor), Some((false, "//sp.example.com/CSE1")), (-1, 30)));
    let config = place.read("ibc.toml");
    let with =
        |keys: &str| place.write("ibc.toml", config.replace("[server]\n", &format!("[server]\n{keys}\n")));
    let files = "certificate = \"server.pem\"\nkey = \"server.key\"\nclient_ca = \"clients.pem\"";
    put(&anchors[0]);
    let serving = Serving::start(&place, "127.0.0.1:0");
    let is_so = |what: &str, test: &dyn Fn() -> bool| {
        let until = Instant::now() + Duration::from_secs(20);
        while !test() {
            assert!(Instant::now() < until, "{what}");
            thread::sleep(Duration::from_millis(50));
        }
    };
    let mut before = serving.connect(0);
    assert!(!served(serving.address, &clients[0], &anchors[0]), "pre-shared keys only");

    with(&format!("{files}\nsessions_per_credential = 2\nlog = \"debug\""));
    serving.signal("-HUP");
    is_so("certificates are served", &|| served(serving.address, &clients[0], &anchors[0]));
    enrol(&mut before, 0).expect("the session goes on").content(201, 2001);
    let _second = serving.connect(0);
    let third = serving.connect(0).receive().expect("an answer unasked");
    assert_eq!(third.status, 429, "the session from before counts");

    put(&anchors[1]);
    assert!(!served(serving.address, &clients[1], &anchors[1]), "not before it is told");
    serving.signal("-HUP");
    is_so("the other certificate", &|| served(serving.address, &clients[1], &anchors[1]));
    assert!(
        !served(serving.address, &clients[0], &anchors[0]),
        "neither certificate nor authority of before"
    );

    // What cannot be used changes nothing.
    place.write("server.pem", "none");
    serving.signal("-HUP");
    thread::sleep(Duration::from_millis(500));
    assert!(served(serving.address, &clients[1], &anchors[1]));
    put(&anchors[1]);
    with(&format!("{files}\nlisten = \"127.0.0.1:1\""));
    place.write("ibc.toml", place.read("ibc.toml") + "[tidy]\ninterval = \"2h\"\n");
    serving.signal("-HUP");
    is_so("the limit is gone", &|| {
        let mut more = serving.connect(0);
        enrol(&mut more, 0).is_some_and(|answer| answer.status == 201)
    });
    enrol(&mut before, 0).expect("the session goes on").content(201, 2001);
    serving.signal("-TERM");
    let (status, _, log) = serving.wait();
    let log = log.join("\n");
    assert!(status.success(), "{log}");
    for words in [
        "the configuration was taken up",
        "server.pem",
        "everything stays as it was",
        "\"needs_another_start\":\"[tidy]\"",
        "\"level\":\"DEBUG\"",
    ] {
        assert!(log.contains(words), "{words}: {log}");
    }
}

#[test]
fn a_handshake_that_fails_is_explained_in_the_log() {
    let place = made("sqlite:service.db");
    for (client, rest) in [("device1", &["disable"][..]), ("device2", &["remove"]), ("device3", &["enable"])]
    {
        place.ibc(&["admin", "client", rest[0], client]).done();
    }
    let own = |number: usize| format!("10-device{number}@{MEF}");
    place
        .ibc(&["admin", "client", "disable-credential", "device3", "--at", "mef", "--credential", &own(3)])
        .done();
    let serving = Serving::start(&place, "127.0.0.1:0");
    let fails = |server: &str, identity: &str, key: &[u8]| {
        let failure = Client::try_connect(serving.address, server, identity, key).err().expect("refused");
        format!("{failure}")
    };
    let wrong_key = fails(MEF, &format!("device0@{MEF}"), &key(1));
    let told = [
        fails(MEF, &format!("device1@{MEF}"), &key(1)),
        fails(MEF, &format!("device2@{MEF}"), &key(2)),
        fails(MEF, &format!("device3@{MEF}"), &key(3)),
        fails(MEF, "nonsense\nin two lines", &key(0)),
    ];
    for text in &told {
        assert_eq!(text, &wrong_key, "peers are told the same");
    }
    assert!(!wrong_key.contains("ssl/"), "no place in the sources of OpenSSL: {wrong_key}");
    fails("other.example.com", &format!("device0@{MEF}"), &key(0));
    fails("maf.example.com", "nobody@maf.example.com", &key(0));
    fails("maf.example.com", &format!("{}@{MEF}", "0123456789ABCDEF".repeat(2)), &key(0));
    assert!(connect(serving.address, 0).is_some());
    serving.signal("-TERM");
    let (_, _, log) = serving.wait();
    let failed: Vec<Value> = log
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["fields"].take())
        .filter(|fields| fields["message"] == "a handshake failed")
        .collect();
    let expected = [
        (MEF, "device0@mef.example.com", "another one than that of client device0"),
        (MEF, "device1@mef.example.com", "client device1 is disabled"),
        (MEF, "device2@mef.example.com", "no client has this identity here"),
        (MEF, "device3@mef.example.com", "this credential of client device3 is disabled"),
        (MEF, "nonsense\u{fffd}in two lines", "no KpmID"),
        ("other.example.com", "", "none of this server's"),
        ("maf.example.com", "nobody@maf.example.com", "no client has this identity here"),
        (
            "maf.example.com",
            "0123456789ABCDEF0123456789ABCDEF@mef.example.com",
            "no MEF of this MAF has this KeID",
        ),
    ];
    assert_eq!(failed.len(), expected.len(), "{failed:#?}");
    // Each connection has its own task: their lines come in any order.
    for (server, identity, why) in expected {
        let is_it = |fields: &&Value| fields["server"] == server && fields["identity"] == identity;
        let fields = failed.iter().find(is_it).unwrap_or_else(|| panic!("{server} {identity}: {failed:#?}"));
        let said = fields["why"].as_str().unwrap();
        assert!(said.contains(why), "{why}: {said}");
        assert!(!said.contains("ssl/"), "{said}");
    }
}

#[test]
fn a_request_that_fails_is_logged_with_its_client_and_procedure() {
    let place = made("sqlite:service.db");
    let listed = place.ibc(&["kms", "list", "--json"]).done().json();
    place.ibc(&["kms", "end", listed["kpaks"][0]["tag"].as_str().unwrap(), "--json"]).done();
    let serving = Serving::start(&place, "127.0.0.1:0");
    let answer = enrol(&mut serving.connect(3), 3).expect("an answer");
    assert_eq!(answer.rsc(), 5000);
    serving.signal("-TERM");
    let (_, _, log) = serving.wait();
    let lines = log.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let failed: Vec<_> = lines.filter(|line| line["fields"]["message"] == "a request failed").collect();
    let [failed] = &failed[..] else { panic!("one line: {log:#?}") };
    let span = &failed["span"];
    assert_eq!((&span["name"], &span["procedure"]), (&"request".into(), &"enrol".into()), "{failed}");
    assert_eq!(span["client"], format!("psk 10-device3@{MEF}"));
}
