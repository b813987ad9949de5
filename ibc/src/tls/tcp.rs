//! TLS over a blocking TCP connection.

use super::arrivals::Arrivals;
use super::error::{TlsError, timed_out};
use super::psk;
use super::session::{ExportedKey, Exporter, Session};
use openssl::ssl::{self, ErrorCode, ShutdownState, SslStream};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// How long a goodbye may take, should the peer have stopped reading.
const GOODBYE: Duration = Duration::from_secs(1);

/// A TCP connection whose reads and writes end at a given instant: a peer that sends one octet now and then
/// cannot stretch them.
#[derive(Debug)]
pub(super) struct TimedTcp {
    tcp: TcpStream,
    until: Option<Instant>,
}

impl TimedTcp {
    pub(super) fn new(tcp: TcpStream, patience: Duration) -> io::Result<Self> {
        tcp.set_nodelay(true)?;
        // One that comes from a runtime would fail at once, as if its time had run out.
        tcp.set_nonblocking(false)?;
        Ok(Self { tcp, until: Instant::now().checked_add(patience) })
    }

    /// What is left, for a call that takes "no time out" as `None` and no zero.
    fn left(&self) -> io::Result<Option<Duration>> {
        let Some(until) = self.until else { return Ok(None) };
        match until.checked_duration_since(Instant::now()) {
            Some(left) if !left.is_zero() => Ok(Some(left)),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl Read for TimedTcp {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tcp.set_read_timeout(self.left()?)?;
        self.tcp.read(buffer)
    }
}

impl Write for TimedTcp {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(self.left()?)?;
        self.tcp.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

/// An established TLS session over a blocking TCP connection.
#[derive(Debug)]
pub struct TlsStream {
    stream: SslStream<TimedTcp>,
    session: Session,
}

impl TlsStream {
    pub(super) fn handshake(
        mut stream: SslStream<TimedTcp>,
        step: fn(&mut SslStream<TimedTcp>) -> Result<(), ssl::Error>,
    ) -> Result<Self, TlsError> {
        step(&mut stream).map_err(|error| match error.code() {
            _ if psk::refused(stream.ssl()) => TlsError::Refused,
            ErrorCode::WANT_READ | ErrorCode::WANT_WRITE => TlsError::TimedOut,
            _ => TlsError::handshake(error),
        })?;
        let session = Session::of(stream.ssl())?;
        stream.get_mut().until = None;
        Ok(Self { stream, session })
    }

    /// What the handshake proved.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Exports a key: see [`Exporter::export`].
    ///
    /// # Errors
    /// As there.
    pub fn export(&self, exporter: Exporter) -> Result<ExportedKey, TlsError> {
        exporter.export(self.stream.ssl())
    }

    /// Reads and writes after this instant fail with [`io::ErrorKind::TimedOut`]; `None` lifts the limit.
    pub fn set_deadline(&mut self, until: Option<Instant>) {
        self.stream.get_mut().until = until;
    }

    /// What waits for the peer without this stream.
    pub(crate) fn arrivals(&self) -> io::Result<TcpArrivals> {
        self.stream.get_ref().tcp.try_clone().map(TcpArrivals)
    }

    /// Makes reads and writes fail with [`io::ErrorKind::TimedOut`] where they would wait; gives another handle of the
    /// connection, to wait with.
    #[cfg(feature = "client")]
    pub(crate) fn nonblocking(&self) -> io::Result<TcpStream> {
        let tcp = &self.stream.get_ref().tcp;
        tcp.set_nonblocking(true)?;
        tcp.try_clone()
    }

    /// Says goodbye and closes the connection in both directions.
    pub fn close(&mut self) {
        // The time of the last read or write may be over, and then nothing would be said.
        self.stream.get_mut().until = Instant::now().checked_add(GOODBYE);
        let _ = self.stream.shutdown(); // the peer may be gone, which is what is wanted
        let _ = self.stream.get_ref().tcp.shutdown(Shutdown::Both);
    }
}

/// Another handle of the connection. The time of its reads is the connection's, which nobody but a reader sets.
pub(crate) struct TcpArrivals(TcpStream);

impl Arrivals for TcpArrivals {
    fn wait(&self, patience: Duration) -> io::Result<()> {
        self.0.set_read_timeout(Some(patience))?;
        match self.0.peek(&mut [0]) {
            Err(error) if !timed_out(&error) && error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }
}

/// One name for time that ran out.
fn plain(error: io::Error) -> io::Error {
    if timed_out(&error) { io::ErrorKind::TimedOut.into() } else { error }
}

/// Gives 0 if the peer has said goodbye. A connection that ends without fails with [`io::ErrorKind::UnexpectedEof`]: whoever cuts
/// it could otherwise cut what was said.
impl Read for TlsStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer).map_err(plain)?;
        let is_cut =
            read == 0 && !buffer.is_empty() && !self.stream.get_shutdown().contains(ShutdownState::RECEIVED);
        if is_cut { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(read) }
    }
}

impl Write for TlsStream {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.stream.write(octets).map_err(plain)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush().map_err(plain)
    }
}
