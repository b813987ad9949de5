//! OpenSSL's command types requests to MEF and MAF.

use crate::http::Running;
use crate::service::{MAF, MEF, PROVIDER, Place};
use crate::setting::{DEVICE, GATEWAY, Setting, key_of_client};
use crate::wire::{Foreign, PATIENCE, hex};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

crate::on_each_store!(a_key_is_registered_that_s_client_exports);

/// The answers in what `s_client` has printed so far: each head, and its body.
fn answers(said: &str) -> Vec<(String, Value)> {
    let answers = said.split("HTTP/1.1 ").skip(1);
    answers
        .filter_map(|answer| {
            let (head, rest) = answer.split_once("\r\n\r\n")?;
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "))?;
            let body = rest.get(..length.parse().ok()?)?;
            let body = if body.is_empty() { Value::Null } else { serde_json::from_str(body).ok()? };
            Some((head.into(), body))
        })
        .collect()
}

/// A session of the device that somebody types.
struct Typed {
    peer: Foreign,
    server: &'static str,
    sent: usize,
}

impl Typed {
    fn start(server: &Running, name: &'static str, cipher: &str) -> Self {
        let (target, key) = (server.address.to_string(), hex(&key_of_client("device")));
        let peer = Foreign::start(
            &[
                &["s_client", "-tls1_2", "-connect", &target, "-servername", name, "-ign_eof"][..],
                &["-psk_identity", &format!("device@{name}"), "-psk", &key, "-cipher", cipher],
                &["-keymatexport", "EXPORTER-oneM2M-Connection", "-keymatexportlen", "48"],
            ]
            .concat(),
        );
        Self { peer, server: name, sent: 0 }
    }

    /// Types a request, and waits for its answer, which has this status.
    fn request(&mut self, method: &str, path: &str, fields: &str, body: &str, status: u16) -> Value {
        self.sent += 1;
        let (server, number, length) = (self.server, self.sent, body.len());
        self.peer.type_in(&format!(
            "{method} {path} HTTP/1.1\r\nHost: {server}\r\nX-M2M-Origin: {DEVICE}\r\nX-M2M-RI: s-{number}\r\n\
             X-M2M-RVI: 4\r\n{fields}Content-Length: {length}\r\n\r\n{body}"
        ));
        let until = Instant::now() + PATIENCE;
        loop {
            let said = self.peer.said();
            if let Some((head, body)) = answers(&said).into_iter().nth(number - 1) {
                assert!(head.contains(&format!("X-M2M-RSC: {status}\r\n")), "{head} {body}");
                assert!(head.contains(&format!("X-M2M-RI: s-{number}\r\n")), "{head}");
                return body;
            }
            assert!(Instant::now() < until, "no answer to {method} {path}: {said}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// With each suite that TLS has for pre-shared keys: its mandatory one, and those that are forward secret. (The other
/// mandatory one is DTLS's.)
async fn a_key_is_registered_that_s_client_exports(place: &Place) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    for (name, base, ty, root, suid) in [(MEF, "/mef", 4, "sec:mecr", 22), (MAF, "/maf", 3, "sec:macr", 32)] {
        for cipher in ["PSK-AES128-CBC-SHA256", "ECDHE-PSK-AES128-CBC-SHA256", "ECDHE-PSK-CHACHA20-POLY1305"]
        {
            let mut device = Typed::start(&server, name, cipher);
            let registration =
                json!({root: {"fq": name, "adfq": PROVIDER, "et": "20270101T000000"}}).to_string();
            let media = |ty: u8| format!("Content-Type: application/json;ty={ty}\r\n");
            let registered = device.request("POST", base, &media(ty), &registration, 2001);
            assert_eq!(registered[root]["cr"], DEVICE);
            let key = json!({"sec:skr": {"fq": name, "adfq": PROVIDER, "et": "20270101T000000", "suid": suid, "tgis": [GATEWAY]}}).to_string();
            let key = device.request("POST", base, &media(5), &key, 2001);
            let id = key["sec:skr"]["rkid"].as_str().expect("a RelativeKeyID").to_owned();

            let mut gateway = if name == MEF { server.at_mef("gateway") } else { server.at_maf("gateway") };
            let retrieved = gateway.retrieve(&format!("{base}/{id}"), GATEWAY).content(200, 2000);
            assert_eq!(retrieved["sec:skr"]["cr"], DEVICE);

            let path = format!("{base}/{}", registered[root]["ri"].as_str().expect("an identifier"));
            device.request("DELETE", &path, "Connection: close\r\n", "", 2002);
            let said = device.peer.end();
            let (_, material) = said.split_once("Keying material: ").expect("exported");
            let material = &material[..96];
            assert_eq!(id, material[..32], "{cipher}");
            assert_eq!(hex(&super::key_of(&retrieved)), material[32..].to_lowercase(), "{cipher}");
            assert!(said.contains(&format!("Cipher is {cipher}")), "{said}");
            assert!(said.contains("Extended master secret: yes"), "{said}");
        }
    }
    server.stop().await;
}
