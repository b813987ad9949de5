//! What somebody sees who records everything: enrolment, registration of keys, and an association, with the suites
//! that are to be negotiated and none of the secrets.

use crate::http::{Client, Running};
use crate::service::{MEF, On, PROVIDER, Place, run};
use crate::setting::{DEVICE, GATEWAY, Setting, key_of_client};
use crate::wire::associate::Serving;
use crate::wire::entities::{Hand, Lists, entity};
use crate::wire::{Foreign, PATIENCE, hex};
use eccsi_sakke::SysRng;
use ibc::association::{IbcOffer, IbcParty, Initiator, Offer, Responder};
use ibc::tls::{ClientContext, Exporter, PskSuites, Transport};
use ibc::wire::KeyValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// 2026-06-01, as the place has it.
const NOW: &str = "20260601T000000";

/// dumpcap on the loopback interface.
struct Recording {
    program: Foreign,
    file: PathBuf,
    /// Where marks are sent.
    marks: UdpSocket,
}

impl Recording {
    /// Begins to record a port of TCP, and UDP.
    fn begin(folder: &Path, tcp: u16) -> Self {
        let marks = UdpSocket::bind("127.0.0.1:0").unwrap();
        let filter = format!("tcp port {tcp} or udp");
        let file = folder.join("recorded.pcapng");
        let path = file.to_str().unwrap();
        let program = Foreign::program("dumpcap", &["-i", "lo", "-f", &filter, "-w", path]);
        let this = Self { program, file, marks };
        this.mark(b"the recording begins");
        this
    }

    /// Sends octets to itself until they are in the file, with all that came before.
    fn mark(&self, octets: &[u8]) {
        let until = Instant::now() + PATIENCE;
        while !std::fs::read(&self.file).is_ok_and(|file| contains(&file, octets)) {
            assert!(Instant::now() < until, "nothing is recorded: {}", self.program.said());
            self.marks.send_to(octets, self.marks.local_addr().unwrap()).unwrap();
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Ends; `tcp` is the port of TLS, `udp` that of DTLS.
    fn end(self, tcp: u16, udp: u16) -> Recorded {
        self.mark(b"the recording ends");
        self.program.interrupt();
        Recorded { octets: std::fs::read(&self.file).unwrap(), file: self.file, tcp, udp }
    }
}

struct Recorded {
    file: PathBuf,
    octets: Vec<u8>,
    tcp: u16,
    udp: u16,
}

impl Recorded {
    /// What tshark says of each packet that passes a filter: these fields.
    fn fields(&self, filter: &str, fields: &[&str]) -> Vec<Vec<String>> {
        let mut command = Command::new("tshark");
        command.arg("-n").arg("-r").arg(&self.file).args(["-Y", filter, "-T", "fields"]);
        command.args([
            "-d",
            &format!("tcp.port=={},tls", self.tcp),
            "-d",
            &format!("udp.port=={},dtls", self.udp),
        ]);
        for field in fields {
            command.args(["-e", field]);
        }
        let output = command.output().expect("tshark is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| line.split('\t').map(String::from).collect()).collect()
    }

    /// What was sent, by stream and direction, so that nothing hides between two segments.
    fn streams(&self) -> Vec<Vec<u8>> {
        let mut streams = BTreeMap::<_, Vec<u8>>::new();
        let fields = ["tcp.stream", "tcp.srcport", "tcp.payload"];
        for segment in self.fields("tcp.len > 0", &fields) {
            let payload = base16ct::mixed::decode_vec(segment[2].as_bytes()).expect("hexadecimal");
            streams.entry((segment[0].clone(), segment[1].clone())).or_default().extend(payload);
        }
        streams.into_values().collect()
    }

    /// In which forms these octets, or either half of them, can be seen.
    fn forms_of(&self, streams: &[Vec<u8>], secret: &[u8]) -> Vec<&'static str> {
        let seen =
            |form: &[u8]| contains(&self.octets, form) || streams.iter().any(|stream| contains(stream, form));
        let mut forms = Vec::new();
        for half in [&secret[..secret.len() / 2], &secret[secret.len() / 2..]] {
            let base64 = serde_json::to_string(&KeyValue::new(Zeroizing::new(half.to_vec()))).unwrap();
            // Without the last digit, which depends on what follows.
            let base64 = base64.trim_matches(['"', '=']);
            let base64 = &base64[..base64.len() - 1];
            for (name, form) in [
                ("octets", half.to_vec()),
                ("hexadecimal", hex(half).into_bytes()),
                ("HEXADECIMAL", hex(half).to_uppercase().into_bytes()),
                ("base64", base64.as_bytes().to_vec()),
            ] {
                if seen(&form) && !forms.contains(&name) {
                    forms.push(name);
                }
            }
        }
        forms
    }
}

fn contains(octets: &[u8], part: &[u8]) -> bool {
    octets.windows(part.len()).any(|window| window == part)
}

fn random() -> [u8; 32] {
    let mut octets = [0; 32];
    rand_core::TryRng::try_fill_bytes(&mut SysRng, &mut octets).unwrap();
    octets
}

/// The value of a key in base64.
fn base64(key: &[u8]) -> Value {
    serde_json::to_value(KeyValue::new(Zeroizing::new(key.to_vec()))).unwrap()
}

/// A client with one of its identities.
type Party = (&'static str, &'static str);

/// Enrols, and registers two keys for `target`, who retrieves one; gives the credential, and what is secret.
fn at_the_mef(server: &Running, party: Party, target: Party, suites: PskSuites) -> (Value, Vec<Vec<u8>>) {
    let ((client, id), (other, other_id)) = (party, target);
    let context = ClientContext::psk(Transport::Tls, suites).unwrap();
    let (identity, psk) = (format!("{client}@{MEF}"), key_of_client(client));
    let mut session =
        Client::connect_with(&context, server.address, MEF, Some((&identity, &psk))).expect("a session");
    let enrol = Some(("application/json", json!({"id": id})));
    let issued = session.request("POST", "/ibc/enrol", id, enrol).content(201, 2001);
    session.register(id);
    let given = random();
    let mut body = json!({"sec:skr": {"fq": MEF, "adfq": PROVIDER, "et": "20270101T000000", "suid": 22, "tgis": [other_id]}});
    session.create("/mef", id, 5, body.clone()).content(201, 2001);
    body["sec:skr"]["kv"] = base64(&given);
    let key = session.create("/mef", id, 5, body).content(201, 2001);
    let path = format!("/mef/{}", key["sec:skr"]["rkid"].as_str().unwrap());
    let retrieved = server.at_mef(other).retrieve(&path, other_id).content(200, 2000);
    assert_eq!(super::key_of(&retrieved), given);

    let mut secrets = vec![psk.to_vec(), given.to_vec()];
    for exporter in [Exporter::Connection, Exporter::Bootstrap] {
        secrets.push(session.export(exporter).expose().to_vec());
    }
    for part in ["ssk", "rsk"] {
        if let Some(text) = issued[part].as_str() {
            secrets.push(base16ct::mixed::decode_vec(text).unwrap());
        }
    }
    (issued, secrets)
}

#[test]
fn a_recorded_session_shows_the_suites_and_no_secret() {
    for (suites, tls, dtls) in
        [(PskSuites::ForwardSecretFirst, "0xccac", "0xccac"), (PskSuites::MandatoryOnly, "0x00ae", "0xc0a8")]
    {
        run(On::Sqlite, async |place| record(place, suites, tls, dtls).await);
    }
}

async fn record(place: &Place, suites: PskSuites, tls: &str, dtls: &str) {
    let setting = Setting::new(place).await;
    let server = Running::new(&setting).await;
    let tcp = server.address.port();
    let recording = Recording::begin(&place.folder, tcp);
    let control = random();
    recording.mark(&control);
    recording.mark(hex(&control).as_bytes());
    recording.mark(hex(&control).to_uppercase().as_bytes());
    recording.mark(base64(&control).as_str().unwrap().as_bytes());

    let (gateway, device) = (("gateway", GATEWAY), ("device", DEVICE));
    let (at_gateway, mut secrets) = at_the_mef(&server, gateway, device, suites);
    let (at_device, more) = at_the_mef(&server, device, gateway, suites);
    secrets.extend(more);
    server.stop().await;
    let (udp, identities, key) = associate(&at_gateway, &at_device, suites);
    secrets.push(key);
    let recorded = recording.end(tcp, udp);

    let streams = recorded.streams();
    assert_eq!(
        recorded.forms_of(&streams, &control),
        ["octets", "hexadecimal", "HEXADECIMAL", "base64"],
        "what is sent in the clear is found"
    );
    for secret in &secrets {
        assert!(secret.len() >= 32);
        let forms = recorded.forms_of(&streams, secret);
        assert!(forms.is_empty(), "{suites:?}: a secret of {} octets as {forms:?}", secret.len());
    }
    // What has to be there, or something else was recorded.
    for public in [format!("device@{MEF}"), MEF.into()].iter().chain(&identities) {
        assert!(contains(&recorded.octets, public.as_bytes()), "{public}");
    }
    assert!(!contains(&recorded.octets, b"X-M2M"));
    check_handshakes(&recorded, tls, dtls);
}

/// IBC-based SAEF over DTLS with what the MEF has issued: the responder's port, both PSK identities, the key.
fn associate(at_gateway: &Value, at_device: &Value, suites: PskSuites) -> (u16, [String; 2], Vec<u8>) {
    let clock = Hand::at(NOW);
    let [gateway, device] = [(at_gateway, GATEWAY), (at_device, DEVICE)].map(|(issued, id)| {
        let (credential, trusted) = super::install(issued, id);
        let identity = credential.psk_identity().unwrap().to_string();
        (Arc::new(IbcParty::new(credential, trusted)), identity)
    });
    let responder = Responder::new(entity(GATEWAY), Lists::admitting(&[DEVICE]), clock.clock()).unwrap();
    let serving = Serving::start(Transport::Dtls, responder.ibc(gateway.0).unwrap(), suites, PATIENCE);
    let offer: Arc<dyn Offer> =
        Arc::new(IbcOffer::new(device.0, entity(GATEWAY), Lists::admitting(&[])).unwrap());
    let key = offer.offer(&entity(DEVICE), Some(&gateway.1), clock.clock().now()).unwrap().key;
    let initiator = Initiator::new(Transport::Dtls, suites, entity(DEVICE), clock.clock()).unwrap();
    let peer = serving.call(&initiator, offer, PATIENCE).expect("associated");
    assert_eq!(peer.entity, entity(GATEWAY));
    let port = serving.address.port();
    let (outcomes, refusals) = serving.stop();
    assert!(outcomes.iter().all(Result::is_ok) && refusals.is_empty(), "{outcomes:?} {refusals:?}");
    (port, [gateway.1, device.1], key.expose().to_vec())
}

/// Versions, suites, extended master secret; no ticket, and no second handshake.
fn check_handshakes(recorded: &Recorded, tls: &str, dtls: &str) {
    let hellos = |layer: &str, port: String| {
        let fields = ["ciphersuite", "version", "extension.type"];
        let fields = fields.map(|name| format!("{layer}.handshake.{name}"));
        let fields: Vec<_> = fields.iter().map(String::as_str).collect();
        recorded.fields(&format!("{layer}.handshake.type == 2 && {port}"), &fields)
    };
    let over_tls = hellos("tls", format!("tcp.port == {}", recorded.tcp));
    let over_dtls = hellos("dtls", format!("udp.port == {}", recorded.udp));
    // Those who retrieve keys do so with the default suites.
    let suites: Vec<_> = over_tls.iter().map(|hello| hello[0].as_str()).collect();
    assert_eq!(suites, [tls, "0xccac", tls, "0xccac"], "{over_tls:?}");
    // One, or several of the same if this machine is slow.
    assert!(!over_dtls.is_empty() && over_dtls.iter().all(|hello| hello[0] == dtls), "{over_dtls:?}");
    let all = over_tls.iter().map(|hello| (hello, "0x0303"));
    for (hello, version) in all.chain(over_dtls.iter().map(|hello| (hello, "0xfefd"))) {
        assert_eq!(hello[1], version);
        assert!(hello[2].split(',').any(|extension| extension == "23"), "extended master secret: {hello:?}");
    }
    let packets = |filter: &str| recorded.fields(filter, &["frame.number"]).len();
    for (filter, why) in
        [("tls.handshake.type == 4", "a ticket"), ("tls.handshake.type == 0", "another handshake")]
    {
        assert_eq!(packets(filter), 0, "{why}");
    }
    assert!(packets("tls.app_data") >= 16, "requests and answers");
    assert!(packets(&format!("dtls.app_data && udp.port == {}", recorded.udp)) >= 2, "a message each way");
}
