//! An association at work.

use super::peer::Peer;
use crate::clock::Clock;
use crate::tls::{Arrivals, DatagramArrivals, DtlsStream, Session, TcpArrivals, TlsStream};
use eccsi_sakke::onem2m::UnixTime;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a wait for the peer looks at the clock, which may be set meanwhile.
const LOOK: Duration = Duration::from_secs(1);

/// An established association over TLS ([`Read`] and [`Write`]) or DTLS ([`recv`](Self::recv) and
/// [`send`](Self::send)).
///
/// At its end it is closed, and everything fails with [`io::ErrorKind::ConnectionAborted`]. To read and write at the
/// same time, [`split`](Self::split) it; for tasks of tokio there is [`into_async`](Self::into_async).
pub struct SecurityAssociation<T> {
    pub(super) stream: T,
    peer: Peer,
    clock: Arc<dyn Clock>,
    pub(super) read_timeout: Option<Duration>,
    over: Option<Over>,
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
    type Arrivals: Arrivals;

    /// What waits for the peer without this stream.
    fn arrivals(&self) -> io::Result<Self::Arrivals>;
    fn session(&self) -> &Session;
    fn close(&mut self);
}

impl Stream for TlsStream {
    type Arrivals = TcpArrivals;

    fn arrivals(&self) -> io::Result<TcpArrivals> {
        Self::arrivals(self)
    }

    fn session(&self) -> &Session {
        Self::session(self)
    }

    fn close(&mut self) {
        Self::close(self);
    }
}

impl Stream for DtlsStream {
    type Arrivals = DatagramArrivals;

    fn arrivals(&self) -> io::Result<DatagramArrivals> {
        Ok(Self::arrivals(self))
    }

    fn session(&self) -> &Session {
        Self::session(self)
    }

    fn close(&mut self) {
        Self::close(self);
    }
}

/// Why nothing goes any more.
#[derive(Clone, Copy)]
enum Over {
    Closed,
    Ended,
}

impl From<Over> for io::Error {
    fn from(over: Over) -> Self {
        let why = match over {
            Over::Closed => "the security association was closed by this side",
            Over::Ended => "the security association has reached its end",
        };
        Self::new(io::ErrorKind::ConnectionAborted, why)
    }
}

impl<T> SecurityAssociation<T> {
    pub(super) fn new(stream: T, peer: Peer, clock: Arc<dyn Clock>) -> Self {
        Self { stream, peer, clock, read_timeout: None, over: None }
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
        self.end(Over::Closed);
    }

    fn end(&mut self, why: Over) {
        if self.over.is_none() {
            self.over = Some(why);
            self.stream.close();
        }
    }

    /// What is left of the association, at most [`LOOK`]; ends it if nothing is.
    pub(super) fn live(&mut self) -> io::Result<Duration> {
        if let Some(over) = self.over {
            return Err(over.into());
        }
        let now = self.clock.now();
        let left = self.peer.ends.map_or(LOOK, |end| Duration::from_secs(seconds_between(now, end)));
        if left.is_zero() {
            self.end(Over::Ended);
            return Err(Over::Ended.into());
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
