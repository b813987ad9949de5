//! curl with a client's certificate.

use crate::http::Running;
use crate::service::{MEF, PROVIDER, Place};
use crate::setting::{DEVICE, GATEWAY, Setting};
use serde_json::{Value, json};
use std::process::{Command, Output};

crate::on_each_store!(curl_enrols_registers_and_retrieves);

/// The header fields of a request as `origin`.
fn fields(origin: &str, number: &str) -> Vec<String> {
    [format!("X-M2M-Origin: {origin}"), format!("X-M2M-RI: {number}"), "X-M2M-RVI: 3".into()]
        .into_iter()
        .flat_map(|field| ["--header".into(), field])
        .collect()
}

/// Arguments of a request that creates something below the MEF's base.
fn create(origin: &str, number: &str, ty: u8, body: &Value) -> Vec<String> {
    let mut arguments = fields(origin, number);
    let media = format!("Content-Type: application/json;ty={ty}");
    arguments.extend(["--header".into(), media, "--data-binary".into(), body.to_string(), "/mef".into()]);
    arguments
}

/// Runs curl with the files of `client`; the last argument is a path.
fn run(place: &Place, server: &Running, client: &str, arguments: &[String]) -> Output {
    let port = server.address.port();
    let file = |name: String| place.folder.join(name);
    let (path, arguments) = arguments.split_last().expect("a path");
    Command::new("curl")
        .args(["--silent", "--show-error", "--include", "--http1.1", "--noproxy", "*", "--max-time", "20"])
        .args(["--resolve", &format!("{MEF}:{port}:127.0.0.1"), "--cacert"])
        .arg(file("anchor.pem".into()))
        .arg("--cert")
        .arg(file(format!("{client}.pem")))
        .arg("--key")
        .arg(file(format!("{client}.key")))
        .args(arguments)
        .arg(format!("https://{MEF}:{port}{path}"))
        .output()
        .expect("curl is installed")
}

/// The same; the answer has this status.
fn curl(
    place: &Place,
    server: &Running,
    client: &str,
    arguments: &[String],
    status: &str,
) -> (String, Value) {
    let output = run(place, server, client, arguments);
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    let (head, body) = said.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{said}");
    (head.into(), if body.is_empty() { Value::Null } else { serde_json::from_str(body).expect("JSON") })
}

async fn curl_enrols_registers_and_retrieves(place: &Place) {
    let setting = Setting::new(place).await;
    let server = super::with_certificates(place, &setting).await;
    // Below the IBC base URI nothing of oneM2M's fields is needed.
    let body = json!({"id": DEVICE, "et": "20260620T000000"}).to_string();
    let enrol = ["--header", "Content-Type: application/json", "--data-binary", &body, "/ibc/enrol"];
    let enrol = enrol.map(String::from);
    let (head, issued) = curl(place, &server, "device", &enrol, "201 Created");
    assert!(head.contains("X-M2M-RSC: 2001") && head.contains("Cache-Control: no-store"), "{head}");
    let (credential, _) = super::install(&issued, DEVICE);
    assert_eq!(credential.id_2().expiration().to_string(), "20260620T000000");
    let (_, refused) = curl(place, &server, "gateway", &enrol, "403 Forbidden");
    assert!(refused["m2m:dbg"].is_string(), "{refused}");

    let registration =
        json!({"sec:mecr": {"fq": MEF, "adfq": PROVIDER, "et": "20270101T000000", "lbl": ["curl"]}});
    let register = create(DEVICE, "c-1", 4, &registration);
    let (head, registered) = curl(place, &server, "device", &register, "201 Created");
    assert!(head.contains("X-M2M-RI: c-1\r\n") && head.contains("X-M2M-RVI: 3\r\n"), "{head}");
    let registered = &registered["sec:mecr"];
    assert_eq!((&registered["cr"], &registered["lbl"]), (&json!(DEVICE), &json!(["curl"])));
    let location = format!("Content-Location: /mef/{}", registered["ri"].as_str().expect("an identifier"));
    assert!(head.contains(&location), "{head}");

    let given = "KysrKysrKysrKysrKysrKysrKysrKysrKysrKysrKys=";
    let key = json!({"sec:skr": {"fq": MEF, "adfq": PROVIDER, "et": "20270101T000000", "suid": 22, "tgis": [GATEWAY], "kv": given}});
    let (_, key) = curl(place, &server, "device", &create(DEVICE, "c-2", 5, &key), "201 Created");
    assert!(key["sec:skr"]["kv"].is_null(), "the source sees its record without the key");
    let path = format!("/mef/{}", key["sec:skr"]["rkid"].as_str().expect("a RelativeKeyID"));

    let mut retrieve = fields(GATEWAY, "c-3");
    retrieve.push(path);
    let (_, retrieved) = curl(place, &server, "gateway", &retrieve, "200 OK");
    assert_eq!(super::key_of(&retrieved), [43; 32]);
    assert_eq!(retrieved["sec:skr"]["cr"], DEVICE);
    // In the name of the gateway, with the device's certificate.
    curl(place, &server, "device", &retrieve, "403 Forbidden");

    let output = run(place, &server, "nobody", &enrol);
    assert!(!output.status.success(), "a certificate that nobody has bound");
    server.stop().await;
}
