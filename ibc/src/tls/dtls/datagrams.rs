//! What OpenSSL reads from and writes to: datagrams of one peer.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::vec::Vec;

/// Most datagrams that wait for one peer's session; more are lost, as on the way.
const INBOX: usize = 64;

/// Octets of the largest datagram that is received whole.
pub(super) const DATAGRAM_MAX: usize = 65_535;

/// Datagrams that came for one peer's session.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    content: Mutex<Content>,
    came: Condvar,
}

#[derive(Debug, Default)]
struct Content {
    datagrams: VecDeque<Vec<u8>>,
    /// No more will come: another session has taken the peer's place.
    closed: bool,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, datagram: &[u8]) {
        let mut content = self.lock();
        if content.datagrams.len() < INBOX {
            content.datagrams.push_back(datagram.into());
            self.came.notify_one();
        }
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.came.notify_all();
    }

    fn pop(&self) -> Option<Vec<u8>> {
        self.lock().datagrams.pop_front()
    }

    /// Waits for a datagram; tells whether there is one.
    fn wait(&self, patience: Duration) -> io::Result<bool> {
        let nothing = |content: &mut Content| content.datagrams.is_empty() && !content.closed;
        let (content, _) = self
            .came
            .wait_timeout_while(self.lock(), patience, nothing)
            .unwrap_or_else(PoisonError::into_inner);
        match (content.datagrams.is_empty(), content.closed) {
            (false, _) => Ok(true),
            (true, false) => Ok(false),
            (true, true) => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }
}

/// Where the datagrams of a session come from.
enum Source {
    /// From a socket of its own, connected to the peer; holds one that came while waiting.
    Socket { arrived: Option<Vec<u8>>, buffer: Vec<u8> },
    /// From the listener, which owns the socket. The registration ends with the session.
    Listener { inbox: Arc<Inbox>, registration: Option<Registration> },
}

/// Runs when the session ends.
pub(super) struct Registration(pub(super) Option<std::boxed::Box<dyn FnOnce() + Send>>);

impl Drop for Registration {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

/// The datagrams of one peer. Reading never blocks: [`wait`](Self::wait) does.
pub(super) struct Datagrams {
    socket: Arc<UdpSocket>,
    peer: SocketAddr,
    source: Source,
}

impl std::fmt::Debug for Datagrams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Datagrams").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Datagrams {
    /// Those of a socket that is connected to the peer.
    pub(super) fn of_socket(socket: UdpSocket) -> io::Result<Self> {
        let peer = socket.peer_addr()?;
        let source = Source::Socket { arrived: None, buffer: std::vec![0; DATAGRAM_MAX] };
        Ok(Self { socket: Arc::new(socket), peer, source })
    }

    /// Those that the listener sorts into `inbox`.
    pub(super) fn of_listener(socket: Arc<UdpSocket>, peer: SocketAddr, inbox: Arc<Inbox>) -> Self {
        Self { socket, peer, source: Source::Listener { inbox, registration: None } }
    }

    pub(super) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The same for another peer: the listener's object between two strangers.
    pub(super) fn turn_to(&mut self, new_peer: SocketAddr, datagram: &[u8]) -> Option<Arc<Inbox>> {
        let Source::Listener { inbox, .. } = &self.source else { return None };
        while inbox.pop().is_some() {} // what an earlier stranger left
        inbox.push(datagram);
        self.peer = new_peer;
        Some(Arc::clone(inbox))
    }

    /// What the listener sorts datagrams into.
    pub(super) fn inbox(&self) -> Option<&Arc<Inbox>> {
        match &self.source {
            Source::Listener { inbox, .. } => Some(inbox),
            Source::Socket { .. } => None,
        }
    }

    pub(super) fn register(&mut self, until: Registration) {
        if let Source::Listener { registration, .. } = &mut self.source {
            *registration = Some(until);
        }
    }

    /// Waits for a datagram; tells whether there is one.
    pub(super) fn wait(&mut self, patience: Duration) -> io::Result<bool> {
        match &mut self.source {
            Source::Listener { inbox, .. } => inbox.wait(patience),
            Source::Socket { arrived, .. } if arrived.is_some() => Ok(true),
            Source::Socket { arrived, buffer } => {
                *arrived = receive(&self.socket, buffer, patience)?;
                Ok(arrived.is_some())
            }
        }
    }
}

/// Receives one datagram from a connected socket, if one comes in time.
fn receive(socket: &UdpSocket, buffer: &mut [u8], patience: Duration) -> io::Result<Option<Vec<u8>>> {
    let until = Instant::now().checked_add(patience);
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(None);
        }
        socket.set_read_timeout(left)?;
        match socket.recv(buffer) {
            Ok(length) => return Ok(Some(buffer[..length].into())),
            // The network's word that nobody listens is not authenticated: anybody could end handshakes.
            Err(error) if lost_on_the_way(&error) || error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if crate::tls::error::timed_out(&error) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

/// Errors that tell of an earlier datagram's fate.
pub(super) fn lost_on_the_way(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, NetworkUnreachable};
    matches!(error.kind(), ConnectionRefused | ConnectionReset | HostUnreachable | NetworkUnreachable)
}

impl Read for Datagrams {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let datagram = match &mut self.source {
            Source::Socket { arrived, .. } => arrived.take(),
            Source::Listener { inbox, .. } => inbox.pop(),
        };
        let datagram = datagram.ok_or(io::ErrorKind::WouldBlock)?;
        // As from a socket: what does not fit is cut off, and the record will not verify.
        let length = datagram.len().min(buffer.len());
        buffer[..length].copy_from_slice(&datagram[..length]);
        Ok(length)
    }
}

impl Write for Datagrams {
    fn write(&mut self, datagram: &[u8]) -> io::Result<usize> {
        let sent = match self.source {
            Source::Socket { .. } => self.socket.send(datagram),
            Source::Listener { .. } => self.socket.send_to(datagram, self.peer),
        };
        match sent {
            Err(error) if lost_on_the_way(&error) || error.kind() == io::ErrorKind::WouldBlock => {
                Ok(datagram.len())
            }
            sent => sent,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
