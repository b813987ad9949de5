//! MEF and MAF on the wire: every procedure, who is let in, and what is refused with which status.

use crate::certificates;
use crate::certificates::certificate;
use crate::http::{Client, Running, lenient};
use crate::service::{MAF, MEF, PROVIDER, Place, fqdn, time};
use crate::setting::{DEVICE, GATEWAY, Setting, key_of_client};
use eccsi_sakke::eccsi::{IssuedKey, KmsPublicKey, PublicValidationToken};
use eccsi_sakke::onem2m::{CredentialType, ExpiringIdentity, KeId, SecurityUsage};
use ibc::Function;
use ibc::derive::{self, EnrolmentTarget};
use ibc::server::prometheus_client;
use ibc::server::prometheus_client::metrics::gauge::Gauge;
use ibc::server::prometheus_client::registry::Registry;
use ibc::server::{Limits, Monitor};
use ibc::service::admin::{ClientChange, NewCredential, certificate_id};
use ibc::service::mef::{Mef, ProvisioningPolicy};
use ibc::service::readiness::Readiness;
use ibc::tls::{ClientContext, Exporter, TlsError, TrustedCertificates};
use ibc::wire::{CommandArguments, CommandDescription};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

fn hex(octets: &[u8]) -> String {
    base16ct::upper::encode_string(octets)
}

/// The octets of a key value.
fn key_of(content: &Value) -> Vec<u8> {
    use base64ct::{Base64, Encoding};
    Base64::decode_vec(content["sec:skr"]["kv"].as_str().expect("a key value")).unwrap()
}

async fn registrations_go_over_the_wire(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    for mut device in [server.at_mef("device"), server.at_maf("device")] {
        let (_, _, root) = device.base();
        let path = device.register(DEVICE);
        let configuration = format!("{path}/cfg");
        device.retrieve(&configuration, DEVICE).refused(404, 4004, "no configuration yet");
        let function = if device.server == MEF { Function::Mef } else { Function::Maf };
        let written = json!({"apn": "iot"});
        setting.admin.configure("device", function, &fqdn(PROVIDER), &written).await.unwrap();
        let answer = device.retrieve(&configuration, DEVICE).content(200, 2000);
        assert_eq!(answer[root]["ccfg"], written);
        let update = json!({root: {"fq": device.server, "lbl": ["line-4"]}});
        let answer = device.update(&path, DEVICE, update).content(200, 2004);
        assert_eq!(answer, json!({root: {"lbl": ["line-4"]}}), "nothing but what was asked for");
        device.delete(&path, DEVICE).content(200, 2002);
        device.delete(&path, DEVICE).refused(404, 4004, "gone");
    }
    server.stop().await;
}

async fn keys_go_over_the_wire(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    for (mut device, mut gateway) in [
        (server.at_mef("device"), server.at_mef("gateway")),
        (server.at_maf("device"), server.at_maf("gateway")),
    ] {
        device.register(DEVICE);
        let (base, _, _) = device.base();
        let suid = if device.server == MEF { 22 } else { 32 };
        let mut body = json!({"sec:skr": {"fq": device.server, "adfq": PROVIDER, "et": "20270101T000000", "suid": suid, "tgis": [GATEWAY]}});
        let exported = device.create(base, DEVICE, 5, body.clone());
        let content = exported.content(201, 2001);
        let own = device.export(Exporter::Connection);
        let name = content["sec:skr"]["rkid"].as_str().unwrap();
        assert_eq!(name, hex(&own.id()), "both ends name the exported key alike");
        let path = format!("{base}/{name}");
        assert_eq!(exported.field("Content-Location"), Some(&*path));
        let retrieved = gateway.retrieve(&path, GATEWAY).content(200, 2000);
        assert_eq!(key_of(&retrieved), own.expose().as_slice());
        assert_eq!(retrieved["sec:skr"]["cr"], DEVICE);
        device.create(base, DEVICE, 5, body.clone()).refused(409, 4105, "a second export in one session");
        body["sec:skr"]["kv"] = "KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio=".into();
        let given = device.create(base, DEVICE, 5, body).content(201, 2001);
        let path = format!("{base}/{}", given["sec:skr"]["rkid"].as_str().unwrap());
        assert_eq!(key_of(&gateway.retrieve(&path, GATEWAY).content(200, 2000)), [42; 32]);
        let update = json!({"sec:skr": {"fq": device.server, "et": "20260801T000000"}});
        let answer = device.update(&path, DEVICE, update).content(200, 2004);
        assert_eq!(answer, json!({"sec:skr": {"et": "20260801T000000"}}));
        gateway.delete(&path, GATEWAY).refused(404, 4004, "a target de-registers nothing");
        device.delete(&path, DEVICE).content(200, 2002);
        gateway.retrieve(&path, GATEWAY).refused(404, 4004, "de-registered");
    }
    server.stop().await;
}

/// Checks a credential as its entity does before it installs it.
fn check(issued: &Value, entity: &str) -> ExpiringIdentity {
    let octets = |name: &str| base16ct::mixed::decode_vec(issued[name].as_str().unwrap()).unwrap();
    let id_2 = ExpiringIdentity::parse(issued["id2"].as_str().unwrap()).unwrap();
    assert_eq!((id_2.fqdn().as_str(), id_2.entity_id().as_str()), (MEF, entity));
    let kpak = KmsPublicKey::from_bytes(&octets("kpak").try_into().unwrap()).unwrap();
    let (ssk, pvt) = (octets("ssk").try_into().unwrap(), octets("pvt").try_into().unwrap());
    let pvt = PublicValidationToken::from_bytes(&pvt).unwrap();
    let key = IssuedKey::from_parts(&ssk, &pvt).unwrap();
    key.validate(&kpak, id_2.identity()).expect("SSK and PVT belong to ID_2 and KPAK");
    id_2
}

async fn credentials_are_provisioned_over_the_wire(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut device = server.at_mef("device");
    let plain = |device: &Client, body: &Value, path: &str| {
        device.message("POST", path, "Content-Type: application/json\r\n", &body.to_string())
    };
    let enrol = plain(&device, &json!({"id": DEVICE, "et": "20260620T000000"}), "/ibc/enrol");
    let answer = device.exchange(enrol.as_bytes());
    assert_eq!(answer.field("Cache-Control"), Some("no-store"));
    let first = check(&answer.content(201, 2001), DEVICE);
    assert_eq!(format!("{}", first.expiration()), "20260620T000000");
    let renew = plain(&device, &json!({"id1": first.as_str()}), "/ibc/reenrol");
    let second = check(&device.exchange(renew.as_bytes()).content(201, 2001), DEVICE);
    assert!(second.expiration() > first.expiration());
    // With the fields of oneM2M, as a primitive would have them.
    let body = Some(("application/json", json!({"id": DEVICE})));
    check(&device.request("POST", "/ibc/enrol", DEVICE, body).content(201, 2001), DEVICE);

    let kpaks = device.retrieve("/ibc/kpak", DEVICE).content(200, 2000);
    assert_eq!(kpaks["fqdn"], MEF);
    assert_eq!(kpaks["kpak"].as_array().unwrap().len(), 1);
    setting.mef.deny(first, "test").await.unwrap();
    let list = device.retrieve("/ibc/denylist", DEVICE);
    assert_eq!((list.status, list.field("Content-Type")), (200, Some("text/plain; charset=utf-8")));
    let signer = place.keys.service_key().public_key();
    let list = ibc::service::deny_list::open(&list.body, signer).expect("signed by the service");
    assert_eq!(list.denied.len(), 1);

    for (path, body) in [
        ("/ibc/enrol", json!({"id": GATEWAY})),
        ("/ibc/reenrol", json!({"id1": format!("{MEF}@{}@20270101T000000", hex(GATEWAY.as_bytes()))})),
    ] {
        let message = plain(&device, &body, path);
        device.exchange(message.as_bytes()).refused(403, 4103, "another client's identity");
    }
    server.stop().await;
}

async fn commands_go_over_the_wire(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut device = server.at_mef("device");
    let path = device.register(DEVICE);
    let command = CommandDescription {
        class: 4,
        arguments: CommandArguments::IbcProvisioning {
            uri: format!("https://{MEF}/ibc"),
            subject_type: 3,
            subject_id: DEVICE.into(),
        },
        target: None,
    };
    setting.admin.queue_command(path.rsplit_once('/').unwrap().1, &command).await.unwrap();
    let commands = format!("{path}/cmd");
    let first = device.retrieve(&commands, DEVICE).content(200, 2000);
    assert_eq!(first["sec:mecc"]["cmds"]["cmar"]["ipca"]["sid"], DEVICE);
    let number = first["sec:mecc"]["cmid"].as_str().unwrap();
    let report = json!({"sec:mecc": {"cmid": number, "cmst": 20}});
    let next = device.update(&commands, DEVICE, report).content(200, 2004);
    assert!(next["sec:mecc"]["cmds"]["cmar"]["nmca"]["rdur"].is_string(), "{next}");
    device.update(&commands, DEVICE, json!({"sec:mecc": {"cmid": "1", "cmst": 10}})).refused(
        400,
        4000,
        "no client sets 10",
    );
    server.at_maf("device").retrieve("/maf/x/cmd", DEVICE).refused(404, 4004, "a MAF has no commands");
    server.stop().await;
}

async fn a_target_fetches_by_ke_id_and_a_maf_takes_the_key(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut device = server.at_mef("device");
    device.register(DEVICE);
    let exported = device.export(Exporter::Bootstrap);
    let ke_id = KeId::new(exported.id(), fqdn(MEF)).unwrap();
    let expected =
        derive::kuse(&exported.expose(), SecurityUsage::RspfMaf, &EnrolmentTarget::maf(&fqdn(MAF)));
    let mut maf = server.at_mef("maf");
    for path in
        [format!("/fetchCredentials/{ke_id}/21"), format!("/fetchCredentials/{ke_id}/21").replace('@', "%40")]
    {
        let answer = maf.retrieve(&path, MAF).content(200, 2000);
        assert_eq!((&answer["Status"], &answer["EnroleeID"]), (&json!(true), &json!(DEVICE)));
        assert_eq!(key_of(&json!({"sec:skr": {"kv": answer["Credential"]}})), expected.as_slice());
    }
    let unknown = format!("/fetchCredentials/{}@{MEF}/21", "0".repeat(32));
    assert_eq!(maf.retrieve(&unknown, MAF).content(200, 2000)["Status"], false);

    let mut at_maf = Client::connect(server.address, MAF, ke_id.as_str(), expected.as_slice())
        .expect("the MAF asks the MEF inside the handshake");
    let answer = at_maf.register(DEVICE);
    assert!(answer.starts_with("/maf/"));
    server.stop().await;
}

async fn certificates_are_bound_by_an_administrator(place: &Place) {
    let setting = Setting::new(place).await;
    let anchor = certificate(None, None, (-1, 30));
    let own = certificate(Some(&anchor), Some((true, MEF)), (-1, 30));
    let trust = TrustedCertificates::anchors_from_pem(&anchor.pem()).unwrap();
    let server = Running::with(&setting, lenient(), Some((own.own(), trust.clone()))).await;
    let vouched = certificate(Some(&anchor), Some((false, DEVICE)), (-1, 30));
    let pinned = certificate(None, Some((false, DEVICE)), (-1, 30));
    let stranger = certificate(None, Some((false, DEVICE)), (-1, 30));
    let connect = |certificate: &certificates::Certified| {
        let context = ClientContext::certificate(&certificate.own(), &trust).unwrap();
        Client::connect_with(&context, server.address, MEF, None)
    };
    connect(&vouched).unwrap().retrieve("/ibc/kpak", DEVICE).content(200, 2000);
    let enrol = |client: &mut Client| {
        client.request("POST", "/ibc/enrol", DEVICE, Some(("application/json", json!({"id": DEVICE}))))
    };
    enrol(&mut connect(&vouched).unwrap()).refused(403, 4103, "vouched for, and nobody's");
    let bind = async |certificate: &certificates::Certified| {
        let id = certificate_id(CredentialType::NodeCertificate, &certificate.sha256()).unwrap();
        let new =
            NewCredential { function: Function::Mef, id, not_after: time("20280101T000000"), key: None };
        setting.change("device", ClientChange::AddCredential(new)).await;
    };
    bind(&vouched).await;
    bind(&pinned).await;
    for certificate in [&vouched, &pinned] {
        let mut client = connect(certificate).unwrap();
        check(&enrol(&mut client).content(201, 2001), DEVICE);
        client.register(DEVICE);
        let name = client.export(Exporter::Connection).id();
        let body = json!({"sec:skr": {"fq": MEF, "adfq": PROVIDER, "et": "20270101T000000", "suid": 22, "tgis": [GATEWAY]}});
        let answer = client.create("/mef", DEVICE, 5, body).content(201, 2001);
        assert_eq!(answer["sec:skr"]["rkid"], hex(&name), "certificate sessions export as well");
        sqlx::query("delete from registered_key").execute(&place.raw().await).await.unwrap();
        sqlx::query("delete from registration").execute(&place.raw().await).await.unwrap();
    }
    // TLS 1.2: the client's certificate is judged after its side is done, or while it waits.
    let refused = connect(&stranger)
        .map(|mut client| client.send(b"GET / HTTP/1.1\r\n\r\n").is_err() || client.is_closed());
    assert!(matches!(refused, Err(TlsError::Handshake(_)) | Ok(true)), "neither bound nor vouched for");
    server.stop().await;
}

/// Devices of a private authority send its certificate along; that nobody vouches for it does not matter.
async fn what_is_bound_is_accepted_below_any_authority(place: &Place) {
    let setting = Setting::new(place).await;
    let anchor = certificate(None, None, (-1, 30));
    let own = certificate(Some(&anchor), Some((true, MEF)), (-1, 30));
    let trust = TrustedCertificates::anchors_from_pem(&anchor.pem()).unwrap();
    let server = Running::with(&setting, lenient(), Some((own.own(), TrustedCertificates::default()))).await;
    let served = |own: &ibc::tls::OwnCertificate| {
        let context = ClientContext::certificate(own, &trust).unwrap();
        let mut client = Client::connect_with(&context, server.address, MEF, None)
            .map_err(|error| format!("{error:?}"))?;
        let message = client.message("GET", "/ibc/kpak", "", "");
        client.send(message.as_bytes()).map_err(|error| error.to_string())?;
        client.receive().map(|answer| answer.status).ok_or_else(|| String::from("closed"))
    };
    let refused = |own: &ibc::tls::OwnCertificate| served(own).is_err();
    let bind = async |certificate: &certificates::Certified| {
        let id = certificate_id(CredentialType::NodeCertificate, &certificate.sha256()).unwrap();
        let new =
            NewCredential { function: Function::Mef, id, not_after: time("20280101T000000"), key: None };
        setting.change("device", ClientChange::AddCredential(new)).await;
    };
    let private = certificate(None, None, (-1, 30));
    let expired = certificate(None, None, (-30, -1));
    for authority in [&private, &expired] {
        let device = certificate(Some(authority), Some((false, DEVICE)), (-1, 30));
        assert!(refused(&device.own_below(authority)), "nobody's");
        bind(&device).await;
        assert_eq!(served(&device.own_below(authority)), Ok(200), "with its chain");
        assert_eq!(served(&device.own()), Ok(200), "without");
        let other = certificate(Some(authority), Some((false, DEVICE)), (-1, 30));
        assert!(refused(&other.own_below(authority)), "the authority is not what is bound");
        let late = certificate(Some(authority), Some((false, DEVICE)), (-30, -1));
        bind(&late).await;
        assert!(refused(&late.own_below(authority)), "its dates are its own");
    }
    bind(&private).await;
    let below = certificate(Some(&private), Some((false, DEVICE)), (-1, 30));
    assert!(refused(&below.own_below(&private)), "who binds an authority binds nothing below it");
    server.stop().await;
}

async fn handshakes_of_strangers_fail_alike(place: &Place) {
    let setting = Setting::new(place).await;
    setting.change("stranger", ClientChange::Enable(false)).await;
    let server = Running::new(&setting).await;
    let mut seen = Vec::new();
    let device = key_of_client("device");
    for (name, identity, key) in [
        (MEF, format!("device@{MEF}"), [8; 32]),
        (MEF, format!("nobody@{MEF}"), device),
        (MEF, format!("stranger@{MEF}"), key_of_client("stranger")),
        (MEF, "no identity of ours".into(), device),
        (MEF, format!("device@{MAF}"), device),
        (MAF, format!("device@{MEF}"), device),
    ] {
        match Client::connect(server.address, name, &identity, &key) {
            Err(error) => seen.push(error.to_string()),
            Ok(_) => panic!("{identity} was let in at {name}"),
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");
    let other = Client::connect(server.address, "other.example.com", &format!("device@{MEF}"), &device);
    assert!(matches!(other, Err(TlsError::Handshake(_))), "another server's name");
    assert_eq!(server.counted("ibc_handshakes_total{outcome=\"done\"}"), 0);
    server.stop().await;
}

async fn originators_are_those_of_the_session(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut device = server.at_mef("device");
    let path = device.register("C1");
    for origin in [GATEWAY, "//sp2.example.com/CSE1/C1", "C2", "device", "//SP.example.com/CSE1/c1"] {
        device.retrieve(&format!("{path}/cmd"), origin).refused(403, 4106, origin);
    }
    for origin in [DEVICE, "/CSE1/C1", "C1"] {
        device.retrieve(&format!("{path}/cmd"), origin).content(200, 2000);
    }
    server.at_mef("gateway").retrieve(&format!("{path}/cmd"), GATEWAY).refused(404, 4004, "another client's");
    server.stop().await;
}

async fn hostile_messages_have_their_status(place: &Place) {
    /// Method, path, fields, body.
    type Sent = (&'static str, &'static str, String, String);
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let fields = format!("X-M2M-Origin: {DEVICE}\r\nX-M2M-RI: 1\r\nX-M2M-RVI: 4\r\n");
    let json4 = "Content-Type: application/json;ty=4\r\n";
    let plain = "Content-Type: application/json\r\n";
    let own = format!("{MEF}@{}@20270101T000000", hex(DEVICE.as_bytes()));
    let body = json!({"sec:mecr": {"fq": MEF, "adfq": PROVIDER, "et": "20270101T000000"}}).to_string();
    let twice = format!("{{\"sec:mecr\":{{\"fq\":\"{MEF}\",\"fq\":\"{MEF}\"}}}}");
    let with = |field: &str| format!("{fields}{json4}{field}");
    let create = |fields: String| -> Sent { ("POST", "/mef", fields, body.clone()) };
    let cases: Vec<(Sent, (u16, u16))> = vec![
        (create(with(&format!("X-M2M-Origin: {DEVICE}\r\n"))), (400, 4000)),
        (create(with("X-M2M-RI: 1\r\n")), (400, 4000)),
        (create(with("X-M2M-RVI: 4\r\n")), (400, 4000)),
        (create(with(json4)), (400, 4000)),
        (create(fields.replace("X-M2M-Origin", "X-Other") + json4), (400, 4000)),
        (create(fields.replace(DEVICE, "") + json4), (400, 4000)),
        (create(fields.replace(DEVICE, &"C".repeat(600)) + json4), (400, 4000)),
        (create(fields.replace(DEVICE, GATEWAY) + json4), (403, 4106)),
        (create(fields.replace("RI: 1", "RI: ") + json4), (400, 4000)),
        (create(fields.replace("RI: 1", "RI: a b") + json4), (400, 4000)),
        (create(fields.replace("RI: 1", &format!("RI: {}", "1".repeat(65))) + json4), (400, 4000)),
        (create(fields.replace("X-M2M-RVI: 4\r\n", "") + json4), (400, 4000)),
        (create(fields.replace("RVI: 4", "RVI: 1") + json4), (501, 4001)),
        (create(fields.clone()), (415, 4015)),
        (create(fields.clone() + "Content-Type: application/xml;ty=4\r\n"), (415, 4015)),
        (create(fields.clone() + "Content-Type: application/json;charset=utf-16;ty=4\r\n"), (415, 4015)),
        (create(fields.clone() + "Content-Type: application/json\r\n"), (400, 4000)),
        (create(fields.clone() + "Content-Type: application/json;ty=2\r\n"), (400, 4000)),
        (create(fields.clone() + "Content-Type: application/json;ty=3\r\n"), (400, 4000)),
        (create(fields.clone() + "Content-Type: application/json;ty=5\r\n"), (400, 4000)),
        (create(with("Accept: text/html\r\n")), (406, 5207)),
        (("POST", "/mef", with(""), String::new()), (400, 4000)),
        (("POST", "/mef", with(""), "{".into()), (400, 4000)),
        (("POST", "/mef", with(""), "[]".into()), (400, 4000)),
        (("POST", "/mef", with(""), format!("[{body}]")), (400, 4000)),
        (
            ("POST", "/mef", with(""), json!({"sec:mecr": [MEF, PROVIDER, "20270101T000000"]}).to_string()),
            (400, 4000),
        ),
        (("POST", "/ibc/enrol", plain.into(), json!([DEVICE]).to_string()), (400, 4000)),
        (("POST", "/ibc/enrol", plain.into(), json!([DEVICE, "20270101T000000"]).to_string()), (400, 4000)),
        (("POST", "/ibc/reenrol", plain.into(), json!([own]).to_string()), (400, 4000)),
        (("POST", "/mef", with(""), "\u{0}".into()), (400, 4000)),
        (("POST", "/mef", with(""), twice), (400, 4000)),
        (("POST", "/mef", with(""), body.replace("adfq", "x")), (400, 4000)),
        (("POST", "/mef", with(""), body.replace(MEF, MAF)), (400, 4000)),
        (("POST", "/mef", with(""), "[".repeat(60_000)), (400, 4000)),
        (("POST", "/mef", with(""), body.replace("line", "\u{fffd}") + " "), (201, 2001)),
        (("POST", "/mef?rcn=1", with(""), body.clone()), (400, 4000)),
        (("GET", "/mef", fields.clone(), String::new()), (405, 4005)),
        (("GET", "/ibc/kpak", fields.clone() + json4, body.clone()), (400, 4000)),
        (("PATCH", "/mef", fields.clone(), String::new()), (405, 4005)),
        (("DELETE", "/mef", fields.clone(), String::new()), (405, 4005)),
        (("GET", "/", fields.clone(), String::new()), (404, 4004)),
        (("GET", "/maf/x/cfg", fields.clone(), String::new()), (404, 4004)),
        (("GET", "/mef/../etc/passwd", fields.clone(), String::new()), (404, 4004)),
        (("GET", "/mef/%2e%2e/cfg", fields.clone(), String::new()), (404, 4004)),
        (("GET", "/fetchCredentials/x/21", fields.clone(), String::new()), (404, 4004)),
        (("GET", "/ibc/enrol", fields.clone(), String::new()), (405, 4005)),
        (
            ("POST", "/ibc/enrol", "Content-Type: application/json\r\n".into(), "{\"id\":1}".into()),
            (400, 4000),
        ),
        (
            ("POST", "/ibc/enrol", "Content-Type: application/json\r\n".into(), "{\"id\":\"x y\"}".into()),
            (400, 4000),
        ),
        (
            ("POST", "/ibc/reenrol", "Content-Type: application/json\r\n".into(), "{\"id1\":\"x\"}".into()),
            (400, 4000),
        ),
    ];
    let mut device = server.at_mef("device");
    for ((method, path, fields, body), (status, rsc)) in cases {
        let before = place.rows().await;
        let message = device.message(method, path, &fields, &body);
        let answer = device.exchange(message.as_bytes());
        let shown: String = message.chars().take(300).collect();
        assert_eq!((answer.status, answer.rsc()), (status, rsc), "{shown}\n{answer:?}");
        if status >= 400 {
            answer.refused(status, rsc, &shown);
            assert_eq!(place.rows().await, before, "the store is unchanged: {shown}");
        }
    }
    assert_eq!(place.last("refused").await["kind"], "bad_request", "each has its audit entry");
    server.stop().await;
}

async fn what_is_no_request_ends_the_connection(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let host = format!("Host: {MEF}\r\n");
    for (message, status) in [
        ("\u{16}\u{3}\u{1}\r\n\r\n".to_owned(), 400),
        ("GET /\r\n\r\n".into(), 400),
        (format!("GET http://{MEF}/mef HTTP/1.1\r\n{host}\r\n"), 400),
        (format!("GET * HTTP/1.1\r\n{host}\r\n"), 400),
        ("GET /mef HTTP/1.1\r\n\r\n".into(), 400),
        (format!("GET /mef HTTP/1.1\r\nHost: {MEF}:00000443\r\n\r\n"), 421),
        (format!("POST /mef HTTP/1.0\r\n{host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400),
        (format!("GET /mef HTTP/1.1\r\nHost: {MAF}\r\n\r\n"), 421),
        (format!("GET /mef HTTP/1.1\r\n{host}{host}\r\n"), 400),
        (format!("GET https://{MAF}/mef HTTP/1.1\r\n{host}\r\n"), 421),
        (format!("GET /{} HTTP/1.1\r\n{host}\r\n", "a".repeat(17_000)), 431),
        (format!("GET / HTTP/1.1\r\n{host}{}\r\n", "A: b\r\n".repeat(80)), 431),
        (format!("POST /mef HTTP/1.1\r\n{host}Content-Length: 65537\r\n\r\n"), 413),
        (format!("POST /mef HTTP/1.1\r\n{host}Content-Length: 99999999999999999999\r\n\r\n"), 413),
        (format!("POST /mef HTTP/1.1\r\n{host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), 400),
        (
            format!(
                "POST /mef HTTP/1.1\r\n{host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            400,
        ),
        (format!("POST /mef HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n10001\r\n"), 413),
    ] {
        let mut client = server.at_mef("device");
        let answer = client.exchange(message.as_bytes());
        let shown: String = message.chars().take(120).collect();
        assert_eq!(answer.status, status, "{shown}");
        assert!(answer.json()["m2m:dbg"].is_string() && answer.field("X-M2M-RSC").is_none(), "{shown}");
        assert!(client.is_closed(), "{shown}");
    }
    // An answer to HEAD is a head, and what follows it is the next answer.
    let mut client = server.at_mef("device");
    let head = client.message("HEAD", "/ibc/kpak", "", "");
    let kpak = client.message("GET", "/ibc/kpak", "", "");
    client.send(format!("{head}{kpak}").as_bytes()).unwrap();
    let said = client.receive_head().expect("an answer");
    assert!(said.starts_with("HTTP/1.1 405 "), "{said}");
    assert_eq!(client.receive().expect("an answer").status, 200);
    // Cut off inside a message: nothing is answered, and others go on.
    let mut cut = server.at_mef("device");
    cut.send(format!("POST /mef HTTP/1.1\r\n{host}Content-Length: 5\r\n\r\nab").as_bytes()).unwrap();
    drop(cut);
    server.at_mef("device").register(DEVICE);
    server.stop().await;
}

async fn requests_follow_one_another_on_a_connection(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut device = server.at_mef("device");
    let kpak = device.message("GET", "/ibc/kpak", "", "");
    device.send(format!("{kpak}{kpak}{kpak}").as_bytes()).unwrap();
    for _ in 0..3 {
        assert_eq!(device.receive().expect("an answer").status, 200);
    }
    // One that asks before it sends its body, and in pieces.
    let head = device.message(
        "POST",
        "/ibc/enrol",
        "Content-Type: application/json\r\nExpect: 100-continue\r\n",
        "",
    );
    let body = json!({"id": DEVICE}).to_string();
    let head = head.replace("Content-Length: 0", "Transfer-Encoding: chunked");
    assert_eq!(device.exchange(head.as_bytes()).status, 100);
    let (first, second) = body.split_at(5);
    let chunks = format!("{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n", first.len(), second.len());
    check(&device.exchange(chunks.as_bytes()).content(201, 2001), DEVICE);
    let last = device.message("GET", "/ibc/kpak", "Connection: close\r\n", "");
    assert_eq!(device.exchange(last.as_bytes()).field("Connection"), Some("close"));
    assert!(device.is_closed());
    server.stop().await;
}

async fn numbers_and_times_are_bounded(place: &Place) {
    let setting = Setting::new(place).await;
    let short = Duration::from_millis(300);
    let limits = Limits { sessions_per_credential: 2, message: short, idle: short, ..lenient() };
    let server = Running::with(&setting, limits, None).await;
    let mut slow = server.at_mef("device");
    slow.send(b"GET /ibc/kpak HTTP/1.1\r\n").unwrap();
    assert_eq!(slow.receive().expect("an answer").status, 408);
    let mut slow = server.at_mef("device");
    slow.send(format!("POST /mef HTTP/1.1\r\nHost: {MEF}\r\nContent-Length: 9\r\n\r\n1").as_bytes()).unwrap();
    assert_eq!(slow.receive().expect("an answer").status, 408);
    let (mut one, mut two, mut three) =
        (server.at_mef("gateway"), server.at_mef("gateway"), server.at_mef("gateway"));
    let kpak = one.message("GET", "/ibc/kpak", "", "");
    assert_eq!(two.exchange(kpak.as_bytes()).status, 200);
    let refused = three.exchange(kpak.as_bytes());
    assert_eq!((refused.status, refused.field("Retry-After")), (429, Some("1")));
    assert!(one.is_closed(), "idle for too long");
    assert!(two.is_closed());
    server.stop().await;

    let server = Running::with(&setting, Limits { address_rate: 1, ..lenient() }, None).await;
    let let_in = (0..8)
        .filter(|_| {
            let device = key_of_client("device");
            Client::connect(server.address, MEF, &format!("device@{MEF}"), &device).is_ok()
        })
        .count();
    assert!((4..8).contains(&let_in), "a burst of four passes: {let_in}");
    assert!(server.counted("ibc_turned_away_total{reason=\"address_rate\"}") >= 1);
    server.stop().await;
}

async fn budgets_are_told_with_their_time(place: &Place) {
    let mut setting = Setting::new(place).await;
    let policy = ProvisioningPolicy::default();
    setting.mef = Mef::new(setting.admin.core.clone(), fqdn(MEF), place.keys.clone(), policy);
    let server = Running::with(&setting, Limits { request_rate: 1, ..lenient() }, None).await;
    let mut device = server.at_mef("device");
    let body = json!({"id": DEVICE}).to_string();
    let enrol = device.message("POST", "/ibc/enrol", "Content-Type: application/json\r\n", &body);
    for _ in 0..2 {
        check(&device.exchange(enrol.as_bytes()).content(201, 2001), DEVICE);
    }
    let refused = device.exchange(enrol.as_bytes());
    refused.refused(429, 5000, "a third credential in an hour");
    let wait: u64 = refused.field("Retry-After").expect("a time").parse().unwrap();
    assert!((3500..=3600).contains(&wait), "{wait}");
    assert_eq!(server.counted("ibc_limits_reached_total{limit=\"live_credentials\"}"), 1);
    // The session goes on; its fifth request is one too many, and ends it.
    let kpak = device.message("GET", "/ibc/kpak", "", "");
    assert_eq!(device.exchange(kpak.as_bytes()).status, 200);
    let refused = device.exchange(kpak.as_bytes());
    assert_eq!((refused.status, refused.field("Retry-After")), (429, Some("1")));
    assert!(device.is_closed());
    assert_eq!(server.counted("ibc_limits_reached_total{limit=\"request_rate\"}"), 1);
    let mut gateway = server.at_mef("gateway");
    assert_eq!(gateway.exchange(kpak.as_bytes()).status, 200, "another credential has its own");
    server.stop().await;
}

async fn what_is_no_request_is_counted_by_its_status(place: &Place) {
    let setting = Setting::new(place).await;
    let server =
        Running::with(&setting, Limits { message: Duration::from_millis(300), ..lenient() }, None).await;
    let host = format!("Host: {MEF}\r\n");
    for (sent, status) in [
        ("GET / HTTP/1.1\r\n".into(), 408),
        (format!("POST /mef HTTP/1.1\r\n{host}Content-Length: 9\r\n\r\n1"), 408),
        ("GET\r\n\r\n".into(), 400),
        (format!("GET mef HTTP/1.1\r\n{host}\r\n"), 400),
        ("GET / HTTP/1.1\r\nHost: other.example.com\r\n\r\n".into(), 421),
        (format!("POST /mef HTTP/1.1\r\n{host}Content-Length: 99999999\r\n\r\n"), 413),
        (format!("POST /mef HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\nx\r\n"), 400),
        (format!("GET / HTTP/1.1\r\n{host}X: {}\r\n\r\n", "x".repeat(17_000)), 431),
    ] {
        let sample = format!("ibc_messages_refused_total{{status=\"{status}\"}}");
        let before = server.counted(&sample);
        let mut client = server.at_mef("device");
        let _ = client.send(sent.as_bytes()); // it may have been answered before all is sent
        assert_eq!(client.receive().map(|answer| answer.status), Some(status), "{sent:.60}");
        assert_eq!(server.counted(&sample), before + 1, "{sent:.60}");
    }
    server.stop().await;
    let server = Running::with(&setting, Limits { sessions_per_credential: 1, ..lenient() }, None).await;
    let _held = server.at_mef("device");
    let mut second = server.at_mef("device");
    assert_eq!(second.receive().expect("why").status, 429);
    assert_eq!(server.counted("ibc_messages_refused_total{status=\"429\"}"), 1);
    server.stop().await;
}

async fn a_client_that_was_disabled_gets_nothing_more(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let mut device = server.at_mef("device");
    let body = json!({"sec:mecr": {"fq": MEF, "adfq": PROVIDER, "et": "20270101T000000"}}).to_string();
    let fields = format!(
        "X-M2M-Origin: {DEVICE}\r\nX-M2M-RI: same\r\nX-M2M-RVI: 4\r\nContent-Type: application/json;ty=4\r\n"
    );
    let register = device.message("POST", "/mef", &fields, &body);
    let first = device.exchange(register.as_bytes()).content(201, 2001);
    assert_eq!(device.exchange(register.as_bytes()).content(201, 2001), first, "asked again");
    device.retrieve("/ibc/kpak", DEVICE).content(200, 2000);
    setting.change("device", ClientChange::Enable(false)).await;
    let refusals = "select count(*) from audit where event = 'refused'";
    let before = place.number(refusals).await;
    device.exchange(register.as_bytes()).refused(403, 4103, "its answer was for a client");
    device.retrieve("/ibc/kpak", DEVICE).refused(403, 4103, "published for clients");
    device.retrieve("/ibc/denylist", DEVICE).refused(403, 4103, "published for clients");
    assert_eq!(place.number(refusals).await, before + 3);
    server.stop().await;
}

async fn a_session_too_many_is_closed_at_once(place: &Place) {
    let setting = Setting::new(place).await;
    let limits = Limits { sessions_per_credential: 1, ..lenient() };
    let server = Running::with(&setting, limits, None).await;
    let mut first = server.at_mef("gateway");
    let kpak = first.message("GET", "/ibc/kpak", "", "");
    assert_eq!(first.exchange(kpak.as_bytes()).status, 200);
    // Nothing is asked on it, and nothing ends it from this side.
    let start = Instant::now();
    let mut second = server.at_mef("gateway");
    let said = second.receive().expect("why");
    assert_eq!((said.status, said.field("Retry-After")), (429, Some("1")));
    assert!(second.is_closed());
    while server.counted("ibc_connections") > 1 {
        assert!(start.elapsed() < Duration::from_secs(10), "its place is free again");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(first.exchange(kpak.as_bytes()).status, 200, "the first goes on");
    server.stop().await;
}

/// From another address of this machine.
async fn connect_from(source: [u8; 4], server: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((source, 0).into())?;
    socket.connect(server).await
}

async fn silent_connections_keep_nobody_out(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let flood = async || {
        let mut silent = Vec::new();
        for number in 0..Limits::default().handshakes + 64 {
            let source = [127, 0, 0, 2 + u8::try_from(number % 4).unwrap()];
            silent.push(connect_from(source, server.address).await.unwrap());
        }
        silent
    };
    let start = Instant::now();
    let mut silent = flood().await;
    for _ in 0..10 {
        server.at_mef("device").retrieve("/ibc/kpak", DEVICE).content(200, 2000);
        drop(silent);
        silent = flood().await;
    }
    assert!(start.elapsed() < Limits::default().handshake, "served meanwhile, not after");
    assert!(server.counted("ibc_turned_away_total{reason=\"handshakes\"}") >= 10);
    server.stop().await;

    // Alone, silence lasts no longer than a ClientHello may take; nor do octets that come one by one.
    let limits = Limits { client_hello: Duration::from_millis(500), ..lenient() };
    let server = Running::with(&setting, limits, None).await;
    for beginning in [&b""[..], b"\x16", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"] {
        let mut silent = TcpStream::connect(server.address).await.unwrap();
        silent.write_all(beginning).await.unwrap();
        let start = Instant::now();
        let read = tokio::time::timeout(Duration::from_secs(5), silent.read(&mut [0; 64])).await;
        assert!(matches!(read, Ok(Ok(0) | Err(_))), "{read:?}");
        assert!(start.elapsed() >= Duration::from_millis(400));
    }
    server.stop().await;
}

async fn a_stopping_server_answers_what_has_begun(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let (mut idle, mut busy) = (server.at_mef("device"), server.at_mef("device"));
    let message = busy.message(
        "POST",
        "/ibc/enrol",
        "Content-Type: application/json\r\n",
        &json!({"id": DEVICE}).to_string(),
    );
    let (begin, rest) = message.split_at(40);
    busy.send(begin.as_bytes()).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let address = server.address;
    let stopping = tokio::spawn(server.stop());
    assert!(idle.is_closed());
    busy.send(rest.as_bytes()).unwrap();
    let answer = busy.receive().expect("an answer");
    assert_eq!(answer.field("Connection"), Some("close"));
    check(&answer.content(201, 2001), DEVICE);
    stopping.await.unwrap();
    assert!(std::net::TcpStream::connect(address).is_err(), "nobody listens any more");
}

async fn metrics_and_health_have_a_port_of_their_own(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let readiness = Readiness::new(setting.admin.core.clone(), Some(setting.mef.clone()));
    let monitor =
        Monitor::bind("127.0.0.1:0".parse().unwrap(), server.metrics.clone(), readiness).await.unwrap();
    let address = monitor.local_addr().unwrap();
    let serving = tokio::spawn(monitor.run(std::future::pending()));
    let scrape = |path: &str| {
        tokio::task::block_in_place(|| {
            let mut tcp = std::net::TcpStream::connect(address).unwrap();
            write!(tcp, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            let mut text = String::new();
            tcp.read_to_string(&mut text).unwrap();
            text
        })
    };
    let mut device = server.at_mef("device");
    device.register(DEVICE);
    device.retrieve("/mef/x/cfg", DEVICE).refused(404, 4004, "no such registration");
    let text = scrape("/metrics");
    for sample in [
        "ibc_requests_total{function=\"mef\",operation=\"create\",status=\"2001\"} 1",
        "ibc_requests_total{function=\"mef\",operation=\"retrieve\",status=\"4004\"} 1",
        "ibc_handshakes_total{outcome=\"done\"} 1",
        "ibc_connections 1",
    ] {
        assert!(text.contains(sample), "{sample}\n{text}");
    }
    assert!(!text.contains("device"), "no identity is in a metric");
    // The same beside what the rest of a program counts.
    let mut registry = Registry::default();
    registry.register("own", "Of the program", Gauge::<i64>::default());
    server.metrics.register(&mut registry);
    let mut both = String::new();
    prometheus_client::encoding::text::encode(&mut both, &registry).unwrap();
    let counted = "ibc_requests_total{function=\"mef\",operation=\"create\",status=\"2001\"} 1";
    assert!(both.contains("own 0") && both.contains(counted), "{both}");
    assert_eq!(both.matches("# EOF").count(), 1);
    assert!(scrape("/health/live").starts_with("HTTP/1.1 200"));
    assert!(scrape("/health/ready").contains("{\"ready\":true}"));
    let writes = || place.number("select count(*) from audit");
    let before = writes().await;
    assert!(scrape("/health/ready").contains("{\"ready\":true}"));
    assert_eq!(writes().await, before, "asking leaves nothing");
    assert!(scrape("/mef").starts_with("HTTP/1.1 404"));
    // Nobody keeps it busy by silence.
    let silent: Vec<_> = (0..100).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
    assert!(scrape("/health/live").starts_with("HTTP/1.1 200"));
    drop(silent);
    server.stop().await;
    setting.mef.shut_down().await;
    tokio::time::sleep(Duration::from_secs(2)).await; // an answer holds so long
    let gone = scrape("/health/ready");
    assert!(gone.starts_with("HTTP/1.1 503") && gone.contains("the writer has ended"), "{gone}");
    serving.abort();
}

crate::on_each_store!(
    registrations_go_over_the_wire,
    keys_go_over_the_wire,
    credentials_are_provisioned_over_the_wire,
    commands_go_over_the_wire,
    a_target_fetches_by_ke_id_and_a_maf_takes_the_key,
    certificates_are_bound_by_an_administrator,
    what_is_bound_is_accepted_below_any_authority,
    handshakes_of_strangers_fail_alike,
    originators_are_those_of_the_session,
    hostile_messages_have_their_status,
    what_is_no_request_ends_the_connection,
    requests_follow_one_another_on_a_connection,
    numbers_and_times_are_bounded,
    budgets_are_told_with_their_time,
    what_is_no_request_is_counted_by_its_status,
    a_client_that_was_disabled_gets_nothing_more,
    a_session_too_many_is_closed_at_once,
    silent_connections_keep_nobody_out,
    a_stopping_server_answers_what_has_begun,
    metrics_and_health_have_a_port_of_their_own,
);
