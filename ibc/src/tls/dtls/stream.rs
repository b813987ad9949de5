//! Handshake and records over datagrams.

#[cfg(feature = "client")]
use super::datagrams::AsyncArrivals;
use super::datagrams::{DatagramArrivals, Datagrams};
use super::filter::{Overhead, Stage};
use crate::tls::client::ClientContext;
use crate::tls::error::TlsError;
use crate::tls::openssl_ffi;
use crate::tls::psk::{self, PskOffer};
use crate::tls::session::{ExportedKey, Exporter, Session};
use crate::tls::suites::Transport;
use eccsi_sakke::onem2m::Fqdn;
use openssl::ssl::{self, ErrorCode, SslCipherRef, SslRef, SslStream};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Octets of the largest datagram in a handshake: what IPv6 carries everywhere (1280), less the headers of
/// IPv6 and UDP.
pub(super) const MTU: u32 = 1232;

/// An established DTLS session with one peer. One message is one datagram: it may be lost or come out of
/// order, but not twice.
///
/// Datagrams that are not the peer's are dropped, whatever is in them, and the session goes on. During the handshake that
/// holds as far as DTLS 1.2 allows: what is well-formed and comes in the clear before the peer's own is taken for it, and
/// the handshake fails. An alert in the clear ends it when the server has said nothing else for 2 s.
///
/// A server keeps receiving for a while after its handshake: should its last flight be lost, the client asks
/// again, and [`recv`](Self::recv) answers.
#[derive(Debug)]
pub struct DtlsStream {
    stream: SslStream<Datagrams>,
    session: Session,
}

impl DtlsStream {
    /// Most octets of a message: those of a record.
    pub const MESSAGE_MAX: usize = 16_384;

    /// Does the handshake as client over `socket`, which is connected to the server; within `patience`. The socket is
    /// made blocking, should it come from a runtime.
    /// Flights that stay without answer are sent again after 1 s, 2 s, 4 s, …
    ///
    /// # Errors
    /// [`TlsError::TimedOut`] also if the server refused: it does not answer then.
    pub fn connect(
        context: &ClientContext,
        socket: UdpSocket,
        server: &Fqdn,
        offer: Option<Arc<dyn PskOffer>>,
        patience: Duration,
    ) -> Result<Self, TlsError> {
        if context.transport() != Transport::Dtls {
            return Err(TlsError::Configuration("a UDP socket needs a context for DTLS"));
        }
        let mut ssl = context.connection(server, offer)?;
        ssl.set_mtu(MTU)?;
        let stream = SslStream::new(ssl, Datagrams::of_socket(socket)?)?;
        Self::handshake(stream, patience, SslStream::connect)
    }

    pub(super) fn handshake(
        mut stream: SslStream<Datagrams>,
        patience: Duration,
        step: fn(&mut SslStream<Datagrams>) -> Result<(), ssl::Error>,
    ) -> Result<Self, TlsError> {
        let clock = Clock::new(patience);
        loop {
            match step(&mut stream) {
                Ok(()) => break,
                Err(error) if error.code() == ErrorCode::WANT_READ => {
                    let left = clock.left().ok_or(TlsError::TimedOut)?;
                    wait(&mut stream, left).map_err(TlsError::from_wait)?;
                }
                Err(_) if psk::refused(stream.ssl()) => return Err(TlsError::Refused),
                Err(error) => return Err(TlsError::handshake(error)),
            }
        }
        let session = Session::of(stream.ssl())?;
        Ok(Self { stream, session })
    }

    /// What the handshake proved.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Where the peer sends from.
    pub fn peer_address(&self) -> SocketAddr {
        self.stream.get_ref().peer()
    }

    /// Exports a key: see [`Exporter::export`].
    ///
    /// # Errors
    /// As there.
    pub fn export(&self, exporter: Exporter) -> Result<ExportedKey, TlsError> {
        exporter.export(self.stream.ssl())
    }

    /// Sends one message.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for an empty one or more than [`MESSAGE_MAX`](Self::MESSAGE_MAX) octets;
    /// those of the socket.
    pub fn send(&mut self, message: &[u8]) -> io::Result<()> {
        if !(1..=Self::MESSAGE_MAX).contains(&message.len()) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.stream.ssl_write(message).map(drop).map_err(into_io)
    }

    /// Receives one message, of which what does not fit into `buffer` comes next time. Gives 0 if the peer has
    /// closed the session.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] if none comes within `patience`; [`io::ErrorKind::ConnectionReset`] once the
    /// peer has begun a new session from the same address.
    pub fn recv(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        let clock = Clock::new(patience);
        loop {
            match self.stream.ssl_read(buffer) {
                Ok(length) => return Ok(length),
                Err(error) if error.code() == ErrorCode::ZERO_RETURN => return Ok(0),
                Err(error) if error.code() == ErrorCode::WANT_READ => {
                    let left = clock.left().ok_or(io::ErrorKind::TimedOut)?;
                    wait(&mut self.stream, left)?;
                }
                Err(error) => return Err(into_io(error)),
            }
        }
    }

    /// Receives one message if one has come: as [`recv`](Self::recv), which never waits.
    #[cfg(feature = "client")]
    pub(crate) fn recv_arrived(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            match self.recv(buffer, Duration::ZERO) {
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    let stage = stage(self.stream.ssl());
                    if !self.stream.get_mut().wait(Duration::ZERO, stage)? {
                        return Ok(None);
                    }
                }
                done => return done.map(Some),
            }
        }
    }

    /// The same for a task of tokio.
    #[cfg(feature = "client")]
    pub(crate) fn async_arrivals(&self) -> io::Result<AsyncArrivals> {
        self.arrivals().into_async()
    }

    /// What waits for the peer without this stream.
    pub(crate) fn arrivals(&self) -> DatagramArrivals {
        self.stream.get_ref().arrivals()
    }

    /// Says goodbye.
    pub fn close(&mut self) {
        let _ = self.stream.shutdown(); // not answered, and lost like any datagram
    }
}

/// Waits for a datagram until `left` is over or the last flight has to be sent again, which it is.
fn wait(stream: &mut SslStream<Datagrams>, left: Duration) -> io::Result<()> {
    let (retransmit, stage) = (openssl_ffi::retransmit_in(stream.ssl()), stage(stream.ssl()));
    let come = stream.get_mut().wait(retransmit.map_or(left, |retransmit| retransmit.min(left)), stage)?;
    if !come {
        openssl_ffi::retransmit(stream).map_err(|_| io::ErrorKind::TimedOut)?; // often enough in vain
    }
    Ok(())
}

fn stage(ssl: &SslRef) -> Stage {
    let done = ssl.is_init_finished();
    let suite =
        if done { ssl.current_cipher().map(SslCipherRef::name) } else { openssl_ffi::pending_suite(ssl) };
    match suite.and_then(Overhead::of) {
        Some(overhead) if done => Stage::Established(overhead),
        Some(overhead) => Stage::Chosen(overhead),
        None => Stage::Hello,
    }
}

fn into_io(error: ssl::Error) -> io::Error {
    error.into_io_error().unwrap_or_else(io::Error::other)
}

/// Until when.
struct Clock(Option<Instant>);

impl Clock {
    fn new(patience: Duration) -> Self {
        Self(Instant::now().checked_add(patience))
    }

    /// What is left; `None` if nothing is.
    fn left(&self) -> Option<Duration> {
        match self.0 {
            None => Some(Duration::MAX),
            Some(until) => until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()),
        }
    }
}
