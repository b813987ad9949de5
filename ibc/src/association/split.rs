//! An association in two halves: one thread reads, another writes.
//!
//! OpenSSL has one object for both directions, which one thread at a time may use. The halves share it and hold it for a
//! moment only: what waits, waits without it.

use super::established::{SecurityAssociation, Stream};
use super::peer::Peer;
use crate::tls::{Arrivals, DtlsStream, TlsStream};
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a half holds the association while the network has nothing for it.
const MOMENT: Duration = Duration::from_millis(2);

/// The pause before a writer looks again whether the peer has read.
const PAUSE: Duration = Duration::from_millis(5);

struct Shared<T>(Arc<Mutex<SecurityAssociation<T>>>);

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, SecurityAssociation<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The half that reads: [`Read`] over TLS, [`recv`](Self::recv) over DTLS. It keeps the end, and notices that the other half
/// has closed the association within a second.
#[allow(private_bounds, reason = "the two transports, and no others")]
pub struct AssociationReader<T: Stream> {
    shared: Shared<T>,
    arrivals: T::Arrivals,
    peer: Peer,
    timeout: Option<Duration>,
}

/// The half that writes: [`Write`] over TLS, [`send`](Self::send) over DTLS.
pub struct AssociationWriter<T> {
    shared: Shared<T>,
    peer: Peer,
}

impl<T: Stream> std::fmt::Debug for AssociationReader<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AssociationReader").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl<T> std::fmt::Debug for AssociationWriter<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AssociationWriter").field("peer", &self.peer).finish_non_exhaustive()
    }
}

#[allow(private_bounds, reason = "the two transports, and no others")]
impl<T: Stream> SecurityAssociation<T> {
    /// Two halves, for two threads: neither waits for the other. Whichever closes the association closes it for both; to
    /// drop one half does not.
    ///
    /// # Errors
    /// Those of a second handle of the socket.
    pub fn split(self) -> io::Result<(AssociationReader<T>, AssociationWriter<T>)> {
        let (arrivals, peer, timeout) = (self.stream.arrivals()?, self.peer().clone(), self.read_timeout);
        let shared = Arc::new(Mutex::new(self));
        let writer = AssociationWriter { shared: Shared(Arc::clone(&shared)), peer: peer.clone() };
        Ok((AssociationReader { shared: Shared(shared), arrivals, peer, timeout }, writer))
    }
}

#[allow(private_bounds, reason = "the two transports, and no others")]
impl<T: Stream> AssociationReader<T> {
    /// Who is at the other end, authenticated.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Says goodbye and ends the association, for both halves.
    pub fn close(&mut self) {
        self.shared.lock().close();
    }

    /// Tries `receive` for as long as the association lives and `patience` lasts, a moment at a time.
    fn receive(
        &mut self,
        patience: Option<Duration>,
        mut receive: impl FnMut(&mut T) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let until = patience.and_then(|patience| Instant::now().checked_add(patience));
        loop {
            let live = {
                let mut association = self.shared.lock();
                let live = association.live()?;
                match receive(&mut association.stream) {
                    Err(error) if error.kind() == io::ErrorKind::TimedOut => live,
                    done => return done,
                }
            };
            let left = until.map_or(live, |until| until.saturating_duration_since(Instant::now()).min(live));
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.arrivals.wait(left)?;
        }
    }
}

impl AssociationReader<TlsStream> {
    /// How long a read waits; `None` for as long as the association lives.
    pub fn set_read_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }
}

impl Read for AssociationReader<TlsStream> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.receive(self.timeout, |stream| {
            stream.set_deadline(Instant::now().checked_add(MOMENT));
            stream.read(buffer)
        })
    }
}

impl AssociationReader<DtlsStream> {
    /// Receives one message: see [`DtlsStream::recv`].
    ///
    /// # Errors
    /// As there; [`io::ErrorKind::ConnectionAborted`] after the end.
    pub fn recv(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        self.receive(Some(patience), |stream| stream.recv(buffer, MOMENT))
    }
}

impl<T> AssociationWriter<T> {
    /// Who is at the other end, authenticated.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }
}

#[allow(private_bounds, reason = "the two transports, and no others")]
impl<T: Stream> AssociationWriter<T> {
    /// Says goodbye and ends the association, for both halves.
    pub fn close(&mut self) {
        self.shared.lock().close();
    }
}

impl Write for AssociationWriter<TlsStream> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        loop {
            {
                let mut association = self.shared.lock();
                association.live()?;
                association.stream.set_deadline(Instant::now().checked_add(MOMENT));
                match association.stream.write(octets) {
                    // The same octets are tried again, as OpenSSL wants it; to read between is allowed.
                    Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
                    done => return done,
                }
            }
            thread::sleep(PAUSE);
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.shared.lock().flush()
    }
}

impl AssociationWriter<DtlsStream> {
    /// Sends one message: see [`DtlsStream::send`].
    ///
    /// # Errors
    /// As there; [`io::ErrorKind::ConnectionAborted`] after the end.
    pub fn send(&mut self, message: &[u8]) -> io::Result<()> {
        self.shared.lock().send(message)
    }
}
