//! What the tests of connections share.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]

#[cfg(feature = "tls-openssl")]
pub mod associate;
pub mod entities;
pub mod lossy;

use eccsi_sakke::onem2m::Fqdn;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Long enough for any handshake on a busy machine; nothing waits for it where all goes well.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// For handshakes over DTLS that have to fail by silence.
pub const SHORT: Duration = Duration::from_millis(1500);

pub fn fqdn(text: &str) -> Fqdn {
    Fqdn::parse(text).expect("an FQDN")
}

pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// `openssl` of the system, which is not this crate's code on either side.
pub fn openssl(arguments: &[&str]) -> Command {
    let mut command = Command::new("openssl");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A port that was free a moment ago.
pub fn free_port(udp: bool) -> u16 {
    let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    if udp {
        std::net::UdpSocket::bind(any).and_then(|socket| socket.local_addr()).expect("a port").port()
    } else {
        std::net::TcpListener::bind(any).and_then(|socket| socket.local_addr()).expect("a port").port()
    }
}
