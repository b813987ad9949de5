//! Transport security: TLS 1.2 and DTLS 1.2 with pre-shared keys or certificates and the exporter of oneM2M
//! (feature `tls-openssl`, on OpenSSL 3), and TLS 1.3 with raw public keys signed with ECCSI (feature
//! `tls-rustls`). Two libraries, because neither does both.
//!
//! What TS-0003 clauses 10.2 and 10.3 ask for, and what is added for safety:
//!
//! | | here |
//! |---|---|
//! | version | TLS 1.2 and DTLS 1.2, as lowest and as highest |
//! | suites | ECDHE_PSK first, then the mandatory ones: [`PskSuites`] |
//! | server name (SNI) | required, refused with unrecognized_name otherwise |
//! | extended master secret | required before a key is exported |
//! | renegotiation, resumption, compression, early data | none |
//! | unknown, expired or refused PSK identity | fails like a wrong key: [`PskResolver`] |
//! | DTLS | cookies before any state, retransmission, bounded handshakes: [`DtlsListener`] |
//! | | suites with AEAD alone; forged datagrams are dropped: [`DtlsStream`] |
//! | export | RFC 5705 without context, 48 octets: [`Exporter`] |
//!
//! [`ServerContext`] and [`ClientContext`] hold what connections share. They do blocking I/O
//! ([`ServerContext::accept`], [`ClientContext::connect`], [`DtlsListener`], [`DtlsStream`]), or give the
//! object of one connection ([`ServerContext::connection`]) to I/O of the caller's own, such as
//! `tokio_openssl::SslStream`; then [`Session::of`] and [`Exporter::export`] take the connection. A resolver is
//! called on the thread that does the handshake: one that may wait belongs on a thread that may block.
#![cfg_attr(
    feature = "tls-openssl",
    doc = r##"
```
use eccsi_sakke::onem2m::Fqdn;
use ibc::tls::{
    ClientContext, Exporter, FixedPsk, Psk, PskAnswer, PskSuites, ServerContext, TlsError, Transport,
};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

# fn main() -> Result<(), Box<dyn std::error::Error>> {
let name = Fqdn::parse("mef.example.com")?;
let patience = Duration::from_secs(10);
let key = || Psk::new(vec![0x5a; 32]);

let server = ServerContext::tls([name.clone()])
    .psk(Arc::new(move |identity: &str| {
        (identity == "client-1@mef.example.com").then(|| key().ok().map(PskAnswer::new))?
    }))
    .build()?;
let listener = TcpListener::bind("127.0.0.1:0")?;
let address = listener.local_addr()?;
let serving = std::thread::spawn(move || {
    let mut stream = server.accept(listener.accept()?.0, patience)?;
    assert_eq!(stream.session().psk_identity(), Some("client-1@mef.example.com"));
    stream.write_all(b"hello")?;
    Ok::<_, TlsError>(stream.export(Exporter::Connection)?.id())
});

let client = ClientContext::psk(Transport::Tls, PskSuites::default())?;
let offer = Arc::new(FixedPsk::new("client-1@mef.example.com", key()?)?);
let mut stream = client.connect(TcpStream::connect(address)?, &name, Some(offer), patience)?;
let mut greeting = [0; 5];
stream.read_exact(&mut greeting)?;
assert_eq!(&greeting, b"hello");
assert_eq!(stream.export(Exporter::Connection)?.id(), serving.join().expect("no panic")?);
# Ok(())
# }
```
"##
)]

#[cfg(feature = "tls-openssl")]
mod arrivals;
#[cfg(feature = "tls-openssl")]
mod certificate;
#[cfg(feature = "tls-openssl")]
mod client;
#[cfg(feature = "tls-openssl")]
mod dtls;
#[cfg(feature = "tls-rustls")]
mod eccsi_der;
#[cfg(feature = "tls-openssl")]
mod error;
#[cfg(feature = "tls-openssl")]
mod limits;
#[cfg(feature = "tls-openssl")]
mod openssl_ffi;
#[cfg(feature = "tls-openssl")]
mod psk;
#[cfg(feature = "tls-rustls")]
pub mod raw_public_key;
#[cfg(feature = "tls-openssl")]
mod server;
#[cfg(feature = "tls-openssl")]
mod session;
#[cfg(feature = "tls-openssl")]
mod suites;
#[cfg(feature = "tls-openssl")]
mod tcp;

#[cfg(feature = "client")]
pub(crate) use dtls::AsyncArrivals;
#[cfg(feature = "tls-openssl")]
pub(crate) use dtls::DatagramArrivals;
#[cfg(all(feature = "tls-openssl", feature = "__backends"))]
#[doc(hidden)]
pub use dtls::probe as dtls_probe;

#[cfg(feature = "tls-openssl")]
pub(crate) use arrivals::Arrivals;
#[cfg(feature = "tls-openssl")]
pub use certificate::{CertificateIdentity, OwnCertificate, Pinned, TrustedCertificates};
#[cfg(feature = "tls-openssl")]
pub use client::ClientContext;
#[cfg(feature = "tls-openssl")]
pub use dtls::{DtlsIncoming, DtlsListener, DtlsStream};
#[cfg(feature = "tls-openssl")]
pub use error::TlsError;
#[cfg(all(feature = "tls-openssl", any(feature = "client", feature = "server")))]
pub(crate) use error::reason;
#[cfg(feature = "tls-openssl")]
pub use limits::{HandshakeLimiter, HandshakeLimits, HandshakePermit};
#[cfg(all(feature = "tls-openssl", feature = "server"))]
pub(crate) use psk::claim;
#[cfg(feature = "tls-openssl")]
pub use psk::{FixedPsk, Note, PSK_IDENTITY_MAX, Psk, PskAnswer, PskOffer, PskOffered, PskResolver};
#[cfg(feature = "tls-openssl")]
pub use server::{ServerBuilder, ServerContext};
#[cfg(feature = "tls-openssl")]
pub use session::{ExportedKey, Exporter, Method, Session};
#[cfg(feature = "tls-openssl")]
pub use suites::{PskSuites, Transport};
#[cfg(feature = "tls-openssl")]
pub(crate) use tcp::TcpArrivals;
#[cfg(feature = "tls-openssl")]
pub use tcp::TlsStream;

/// A fresh secret from the system.
#[cfg(feature = "tls-openssl")]
fn random<const N: usize>() -> Result<zeroize::Zeroizing<[u8; N]>, TlsError> {
    use rand_core::TryRng;
    let mut octets = zeroize::Zeroizing::new([0; N]);
    eccsi_sakke::SysRng.try_fill_bytes(octets.as_mut_slice()).map_err(|_| TlsError::Rng)?;
    Ok(octets)
}
