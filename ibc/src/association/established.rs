//! An association at work.

use super::peer::Peer;
use crate::clock::Clock;
use crate::tls::{DtlsStream, Session, TlsStream};
use eccsi_sakke::onem2m::UnixTime;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a wait for the peer looks at the clock, which may be set meanwhile.
const LOOK: Duration = Duration::from_secs(1);

/// An established association over TLS ([`Read`] and [`Write`]) or DTLS ([`recv`](Self::recv) and
/// [`send`](Self::send)).
///
/// At its end it is closed, and everything fails with [`io::ErrorKind::ConnectionAborted`].
pub struct SecurityAssociation<T> {
    stream: T,
    peer: Peer,
    clock: Arc<dyn Clock>,
    read_timeout: Option<Duration>,
    ended: bool,
}

impl<T: std::fmt::Debug> std::fmt::Debug for SecurityAssociation<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecurityAssociation")
            .field("peer", &self.peer)
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

/// What both transports can do.
pub(super) trait Stream {
    fn session(&self) -> &Session;
    fn close(&mut self);
}

impl Stream for TlsStream {
    fn session(&self) -> &Session {
        Self::session(self)
    }

    fn close(&mut self) {
        Self::close(self);
    }
}

impl Stream for DtlsStream {
    fn session(&self) -> &Session {
        Self::session(self)
    }

    fn close(&mut self) {
        Self::close(self);
    }
}

fn over() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the security association has reached its end")
}

impl<T> SecurityAssociation<T> {
    pub(super) fn new(stream: T, peer: Peer, clock: Arc<dyn Clock>) -> Self {
        Self { stream, peer, clock, read_timeout: None, ended: false }
    }

    /// Who is at the other end, authenticated.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }
}

#[allow(private_bounds, reason = "the two transports, and no others")]
impl<T: Stream> SecurityAssociation<T> {
    /// The session below.
    pub fn session(&self) -> &Session {
        self.stream.session()
    }

    /// Says goodbye and ends the association.
    pub fn close(&mut self) {
        if !self.ended {
            self.ended = true;
            self.stream.close();
        }
    }

    /// What is left of the association, at most [`LOOK`]; ends it if nothing is.
    fn live(&mut self) -> io::Result<Duration> {
        let now = self.clock.now();
        let left = match self.peer.ends {
            _ if self.ended => Duration::ZERO,
            None => LOOK,
            Some(end) => Duration::from_secs(seconds_between(now, end)),
        };
        if left.is_zero() {
            self.close();
            return Err(over());
        }
        Ok(left.min(LOOK))
    }

    /// Tries `receive` for as long as the association lives and `patience` lasts. It gets the time it may take
    /// and fails with `TimedOut` when that is over.
    fn receive(
        &mut self,
        patience: Option<Duration>,
        mut receive: impl FnMut(&mut T, Duration) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let until = patience.and_then(|patience| Instant::now().checked_add(patience));
        loop {
            let live = self.live()?;
            let left = until.map_or(live, |until| until.saturating_duration_since(Instant::now()).min(live));
            match receive(&mut self.stream, left) {
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    if until.is_some_and(|until| Instant::now() >= until) {
                        return Err(error);
                    }
                }
                done => return done,
            }
        }
    }
}

fn seconds_between(now: UnixTime, end: UnixTime) -> u64 {
    end.as_seconds().saturating_sub(now.as_seconds())
}

impl SecurityAssociation<TlsStream> {
    /// How long a read waits; `None` for as long as the association lives.
    pub fn set_read_timeout(&mut self, timeout: Option<Duration>) {
        self.read_timeout = timeout;
    }
}

impl Read for SecurityAssociation<TlsStream> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.receive(self.read_timeout, |stream, left| {
            stream.set_deadline(Instant::now().checked_add(left));
            stream.read(buffer)
        })
    }
}

impl Write for SecurityAssociation<TlsStream> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        // A peer that does not read holds a write until the association ends, and no longer: the same octets
        // are tried again, as OpenSSL wants it.
        self.receive(None, |stream, left| {
            stream.set_deadline(Instant::now().checked_add(left));
            stream.write(octets)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.live()?;
        self.stream.flush()
    }
}

impl SecurityAssociation<DtlsStream> {
    /// Sends one message: see [`DtlsStream::send`].
    ///
    /// # Errors
    /// As there; [`io::ErrorKind::ConnectionAborted`] after the end.
    pub fn send(&mut self, message: &[u8]) -> io::Result<()> {
        self.live()?;
        self.stream.send(message)
    }

    /// Receives one message: see [`DtlsStream::recv`].
    ///
    /// # Errors
    /// As there; [`io::ErrorKind::ConnectionAborted`] after the end.
    pub fn recv(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        self.receive(Some(patience), |stream, left| stream.recv(buffer, left))
    }
}
