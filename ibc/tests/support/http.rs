//! A server in this process, and a client that sends whatever it is told to.

#![allow(dead_code, reason = "each test file uses its part")]

use crate::service::{MAF, MEF, fqdn};
use crate::setting::{Setting, key_of_client};
use ibc::server::{Limits, Metrics, Server, ServerOptions};
use ibc::tls::{
    ClientContext, ExportedKey, Exporter, FixedPsk, OwnCertificate, Psk, PskOffer, PskSuites, TlsError,
    TlsStream, Transport, TrustedCertificates,
};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, block_in_place};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server at work.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) metrics: Arc<Metrics>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// What tests ask of a server: everything comes from one address.
pub(crate) fn lenient() -> Limits {
    Limits { address_rate: 100_000, credential_rate: 100_000, ..Limits::default() }
}

impl Running {
    pub(crate) async fn new(setting: &Setting) -> Self {
        Self::with(setting, lenient(), None).await
    }

    pub(crate) async fn with(
        setting: &Setting,
        limits: Limits,
        certificate: Option<(OwnCertificate, TrustedCertificates)>,
    ) -> Self {
        let metrics = Arc::new(Metrics::default());
        let options = ServerOptions {
            maf: Some(setting.maf.clone()),
            certificate,
            limits,
            metrics: Arc::clone(&metrics),
            ..ServerOptions::of_mef(setting.mef.clone())
        };
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), options).await.unwrap();
        let address = server.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        Self { address, metrics, stop, task }
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap();
    }

    /// A session of this client of the [`Setting`] at the MEF.
    pub(crate) fn at_mef(&self, client: &str) -> Client {
        Client::connect(self.address, MEF, &format!("{client}@{MEF}"), &key_of_client(client)).unwrap()
    }

    /// The same at the MAF.
    pub(crate) fn at_maf(&self, client: &str) -> Client {
        Client::connect(self.address, MAF, &format!("{client}@{MAF}"), &key_of_client(client)).unwrap()
    }

    /// How often something of this name was counted.
    pub(crate) fn counted(&self, sample: &str) -> u64 {
        let text = self.metrics.text();
        let line = text.lines().find(|line| line.starts_with(sample));
        line.map_or(0, |line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (one, value) = line.split_once(':')?;
            one.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// X-M2M-RSC.
    pub(crate) fn rsc(&self) -> u16 {
        self.field("X-M2M-RSC").unwrap_or_else(|| panic!("no status code: {self:?}")).parse().unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The content, after checking statuses of a success.
    pub(crate) fn content(&self, status: u16, rsc: u16) -> Value {
        assert_eq!(
            (self.status, self.rsc()),
            (status, rsc),
            "{self:?} {}",
            String::from_utf8_lossy(&self.body)
        );
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// Checks the statuses of a refusal.
    pub(crate) fn refused(&self, status: u16, rsc: u16, why: &str) {
        assert_eq!((self.status, self.rsc()), (status, rsc), "{why}: {self:?}");
        assert!(self.json()["m2m:dbg"].is_string(), "{why}");
        assert_eq!(self.field("Cache-Control"), Some("no-store"), "{why}");
    }
}

/// One session. Blocks, wherever it is called.
pub(crate) struct Client {
    stream: TlsStream,
    pub(crate) server: String,
    number: u32,
}

impl Client {
    pub(crate) fn connect(
        address: SocketAddr,
        server: &str,
        identity: &str,
        key: &[u8],
    ) -> Result<Self, TlsError> {
        let context = ClientContext::psk(Transport::Tls, PskSuites::default())?;
        Self::connect_with(&context, address, server, Some((identity, key)))
    }

    /// The same where nobody may be listening.
    pub(crate) fn try_connect(
        address: SocketAddr,
        server: &str,
        identity: &str,
        key: &[u8],
    ) -> Result<Self, TlsError> {
        let context = ClientContext::psk(Transport::Tls, PskSuites::default())?;
        let tcp = TcpStream::connect(address).map_err(TlsError::Io)?;
        Self::over(&context, tcp, server, Some((identity, key)))
    }

    pub(crate) fn connect_with(
        context: &ClientContext,
        address: SocketAddr,
        server: &str,
        psk: Option<(&str, &[u8])>,
    ) -> Result<Self, TlsError> {
        Self::over(context, TcpStream::connect(address).unwrap(), server, psk)
    }

    fn over(
        context: &ClientContext,
        tcp: TcpStream,
        server: &str,
        psk: Option<(&str, &[u8])>,
    ) -> Result<Self, TlsError> {
        let offer = psk.map(|(identity, key)| {
            let key = Psk::new(key.to_vec()).unwrap();
            Arc::new(FixedPsk::new(identity, key).unwrap()) as Arc<dyn PskOffer>
        });
        let stream = block_in_place(|| context.connect(tcp, &fqdn(server), offer, PATIENCE))?;
        Ok(Self { stream, server: server.into(), number: 0 })
    }

    pub(crate) fn export(&self, exporter: Exporter) -> ExportedKey {
        self.stream.export(exporter).unwrap()
    }

    /// Sends octets as they are.
    pub(crate) fn send(&mut self, octets: &[u8]) -> std::io::Result<()> {
        block_in_place(|| self.stream.write_all(octets))
    }

    /// Reads the head of an answer; `None` if the connection ends before one.
    pub(crate) fn receive_head(&mut self) -> Option<String> {
        self.stream.set_deadline(Some(Instant::now() + PATIENCE));
        let mut octets = Vec::new();
        let mut octet = [0];
        block_in_place(|| {
            while !octets.ends_with(b"\r\n\r\n") {
                match self.stream.read(&mut octet) {
                    Ok(1) => octets.push(octet[0]),
                    Err(error) if error.kind() == std::io::ErrorKind::TimedOut => panic!("no answer in time"),
                    _ => return None,
                }
            }
            Some(String::from_utf8(octets).unwrap())
        })
    }

    /// Reads an answer; `None` if the connection ends before one.
    pub(crate) fn receive(&mut self) -> Option<Answer> {
        let head = self.receive_head()?;
        block_in_place(|| {
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            let answer = Answer { status, head, body: Vec::new() };
            let length = answer.field("Content-Length").map_or(0, |length| length.parse().unwrap());
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body).ok()?;
            Some(Answer { body, ..answer })
        })
    }

    /// All that comes until the server ends the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        self.stream.set_deadline(Some(Instant::now() + PATIENCE));
        let mut octets = Vec::new();
        let read = block_in_place(|| self.stream.read_to_end(&mut octets));
        assert!(read.is_ok(), "{read:?}");
        octets
    }

    pub(crate) fn exchange(&mut self, octets: &[u8]) -> Answer {
        self.send(octets).unwrap();
        self.receive().expect("an answer")
    }

    /// Whether the server has closed the connection.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.receive().is_none()
    }

    /// A request with the fields of oneM2M, as `origin`.
    pub(crate) fn request(
        &mut self,
        method: &str,
        path: &str,
        origin: &str,
        body: Option<(&str, Value)>,
    ) -> Answer {
        self.number += 1;
        let number = self.number;
        let mut fields = format!("X-M2M-Origin: {origin}\r\nX-M2M-RI: r-{number}\r\nX-M2M-RVI: 4\r\n");
        let text = match body {
            Some((media, body)) => {
                fields += &format!("Content-Type: {media}\r\n");
                body.to_string()
            }
            None => String::new(),
        };
        let answer = self.exchange(self.message(method, path, &fields, &text).as_bytes());
        assert_eq!(answer.field("X-M2M-RI"), Some(&*format!("r-{number}")));
        assert_eq!(answer.field("X-M2M-RVI"), Some("4"));
        answer
    }

    /// A message with these fields, Host and Content-Length.
    pub(crate) fn message(&self, method: &str, path: &str, fields: &str, body: &str) -> String {
        let (server, length) = (&self.server, body.len());
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {server}\r\n{fields}Content-Length: {length}\r\n\r\n{body}"
        )
    }

    pub(crate) fn create(&mut self, path: &str, origin: &str, ty: u16, body: Value) -> Answer {
        self.request("POST", path, origin, Some((&format!("application/json;ty={ty}"), body)))
    }

    pub(crate) fn update(&mut self, path: &str, origin: &str, body: Value) -> Answer {
        self.request("PUT", path, origin, Some(("application/json", body)))
    }

    pub(crate) fn retrieve(&mut self, path: &str, origin: &str) -> Answer {
        self.request("GET", path, origin, None)
    }

    pub(crate) fn delete(&mut self, path: &str, origin: &str) -> Answer {
        self.request("DELETE", path, origin, None)
    }

    /// Registers with the function; gives the path of the registration.
    pub(crate) fn register(&mut self, origin: &str) -> String {
        let (base, ty, root) = self.base();
        let body = json!({root: {"fq": self.server, "adfq": "sp.example.com", "et": "20270101T000000", "lbl": ["line-3"]}});
        let answer = self.create(base, origin, ty, body);
        let content = answer.content(201, 2001);
        assert_eq!(content[root]["ty"], ty);
        let path = format!("{base}/{}", content[root]["ri"].as_str().unwrap());
        assert_eq!(answer.field("Content-Location"), Some(&*path));
        path
    }

    /// Path, resource type and root member of registrations.
    pub(crate) fn base(&self) -> (&'static str, u16, &'static str) {
        if self.server == MEF { ("/mef", 4, "sec:mecr") } else { ("/maf", 3, "sec:macr") }
    }
}
