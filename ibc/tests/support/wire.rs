//! What the tests of connections share.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]

#[cfg(feature = "tls-openssl")]
#[path = "wire/associate.rs"]
pub mod associate;
#[path = "wire/entities.rs"]
pub mod entities;
#[path = "wire/lossy.rs"]
pub mod lossy;

use eccsi_sakke::onem2m::Fqdn;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Long enough for any handshake on a busy machine; nothing waits for it where all goes well.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// For handshakes over DTLS that have to fail by silence.
pub const SHORT: Duration = Duration::from_millis(2500);

pub fn fqdn(text: &str) -> Fqdn {
    Fqdn::parse(text).expect("an FQDN")
}

pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// `openssl` of the system at the other end: not this crate's code on either side.
pub struct Foreign {
    child: Child,
    input: Option<ChildStdin>,
    said: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Foreign {
    pub fn start(arguments: &[&str]) -> Self {
        Self::program("openssl", arguments)
    }

    /// Another program of the system.
    pub fn program(name: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(name);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        let said: Arc<Mutex<String>> = Arc::default();
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("piped")), Box::new(child.stderr.take().expect("piped"))];
        let readers = streams.map(|mut stream| {
            let said = Arc::clone(&said);
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(length @ 1..) = stream.read(&mut buffer) {
                    said.lock().expect("no panic").push_str(&String::from_utf8_lossy(&buffer[..length]));
                }
            })
        });
        let input = child.stdin.take();
        Self { child, input, said, readers: readers.into() }
    }

    /// Types a text.
    pub fn type_in(&mut self, text: &str) {
        self.input.as_mut().expect("open").write_all(text.as_bytes()).expect("sent");
    }

    /// Waits until it has said this.
    pub fn wait_for(&self, text: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.said.lock().expect("no panic").contains(text) {
            assert!(Instant::now() < until, "{text:?} in {}", self.said.lock().expect("no panic"));
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// What it has said so far.
    pub fn said(&self) -> String {
        self.said.lock().expect("no panic").clone()
    }

    /// Waits until it ends; gives all it has said.
    pub fn end(mut self) -> String {
        self.child.wait().expect("ended");
        self.all()
    }

    /// Asks it to end, as a terminal does; gives all it has said.
    pub fn interrupt(self) -> String {
        // The shell's own: the program of this name is in a package that need not be there.
        let kill = format!("kill -INT {}", self.child.id());
        let asked = Command::new("sh").args(["-c", &kill]).status();
        assert!(asked.expect("a shell").success());
        self.end()
    }

    /// Ends it; gives all it has said.
    pub fn kill(mut self) -> String {
        self.child.kill().expect("it was started here");
        self.child.wait().expect("ended");
        self.all()
    }

    fn all(mut self) -> String {
        drop(self.input.take());
        for reader in self.readers.drain(..) {
            reader.join().expect("no panic");
        }
        self.said.lock().expect("no panic").clone()
    }
}

/// A port that is free, and that nobody else is given: below those that the system gives to connections, each once in
/// this process, from a beginning of its own.
pub fn free_port(udp: bool) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let beginning = 10_000 + std::process::id() as u16 % 200 * 100;
    loop {
        let port = beginning + NEXT.fetch_add(1, Ordering::Relaxed) % 100;
        let here = SocketAddr::from(([127, 0, 0, 1], port));
        let free = if udp {
            std::net::UdpSocket::bind(here).is_ok()
        } else {
            std::net::TcpListener::bind(here).is_ok()
        };
        if free {
            return port;
        }
    }
}
