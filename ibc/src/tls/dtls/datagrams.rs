//! What OpenSSL reads from and writes to: datagrams of one peer.

use super::filter::{End, RecordFilter, Stage, number_of};
use crate::tls::arrivals::Arrivals;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
#[cfg(feature = "client")]
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use std::vec::Vec;

/// Most datagrams that wait for one peer's session; more are lost, as on the way.
const INBOX: usize = 64;

/// How long an alert in the clear waits for something else from the server: until the first flight has been sent again,
/// and answered.
const ALERT_WAITS: Duration = Duration::from_secs(2);

/// Octets of the largest datagram that is received whole.
pub(super) const DATAGRAM_MAX: usize = 65_535;

/// Datagrams that came for one peer's session.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    content: Mutex<Content>,
    came: Condvar,
}

#[derive(Debug, Default)]
struct Content {
    datagrams: VecDeque<Vec<u8>>,
    /// No more will come: another session has taken the peer's place.
    closed: bool,
    /// The task that waits, where none of the threads does.
    waiting: Option<Waker>,
}

impl Content {
    fn wake(&mut self) {
        if let Some(task) = self.waiting.take() {
            task.wake();
        }
    }
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
            content.wake();
        }
    }

    pub(super) fn close(&self) {
        let mut content = self.lock();
        content.closed = true;
        self.came.notify_all();
        content.wake();
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

#[cfg(feature = "client")]
impl Inbox {
    /// Ready once there is a datagram, or will be none.
    fn poll(&self, task: &mut Context<'_>) -> Poll<()> {
        let mut content = self.lock();
        if !content.datagrams.is_empty() || content.closed {
            return Poll::Ready(());
        }
        content.waiting = Some(task.waker().clone());
        Poll::Pending
    }
}

/// Where the datagrams of one peer arrive, seen from outside of its session.
pub(crate) enum DatagramArrivals {
    Socket(Arc<UdpSocket>),
    Inbox(Arc<Inbox>),
}

impl Arrivals for DatagramArrivals {
    fn wait(&self, patience: Duration) -> io::Result<()> {
        match self {
            Self::Inbox(inbox) => inbox.wait(patience).map(drop),
            Self::Socket(socket) => {
                socket.set_read_timeout(Some(patience))?;
                // Whatever it is, only receiving tells: an error it reports is one of a single datagram.
                let _ = socket.peek(&mut [0]);
                Ok(())
            }
        }
    }
}

/// The same for a task of tokio.
#[cfg(feature = "client")]
pub(crate) enum AsyncArrivals {
    /// Another handle of the socket.
    Socket(tokio::net::UdpSocket),
    Inbox(Arc<Inbox>),
}

#[cfg(feature = "client")]
impl DatagramArrivals {
    pub(super) fn into_async(self) -> io::Result<AsyncArrivals> {
        Ok(match self {
            Self::Socket(socket) => {
                socket.set_nonblocking(true)?; // tokio takes no others
                AsyncArrivals::Socket(tokio::net::UdpSocket::from_std(socket.try_clone()?)?)
            }
            Self::Inbox(inbox) => AsyncArrivals::Inbox(inbox),
        })
    }
}

#[cfg(feature = "client")]
impl AsyncArrivals {
    /// Waits until something may have come. What it was, only reading tells.
    pub(crate) async fn wait(&self) -> io::Result<()> {
        match self {
            Self::Inbox(inbox) => {
                std::future::poll_fn(|task| inbox.poll(task)).await;
                Ok(())
            }
            // The error of a single datagram makes it readable, too.
            Self::Socket(socket) => match socket.peek_sender().await {
                Err(error) if !lost_on_the_way(&error) => Err(error),
                _ => Ok(()),
            },
        }
    }
}

/// Where the datagrams of a session come from.
enum Source {
    /// From a socket of its own, connected to the peer.
    Socket { buffer: Vec<u8> },
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

/// The datagrams of one peer. Reading never blocks: [`wait`](Self::wait) does, for one at a time, so that what the last
/// one changed is known when the next is looked at.
pub(super) struct Datagrams {
    socket: Arc<UdpSocket>,
    peer: SocketAddr,
    source: Source,
    filter: RecordFilter,
    /// What has come and OpenSSL may see.
    arrived: Option<Vec<u8>>,
    alerted: Option<Instant>,
}

impl std::fmt::Debug for Datagrams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Datagrams").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Datagrams {
    /// Those of a socket that is connected to the peer, and is made blocking.
    pub(super) fn of_socket(socket: UdpSocket) -> io::Result<Self> {
        let peer = socket.peer_addr()?;
        socket.set_nonblocking(false)?;
        let source = Source::Socket { buffer: std::vec![0; DATAGRAM_MAX] };
        Ok(Self::new(Arc::new(socket), peer, source, End::Client))
    }

    /// Those that the listener sorts into `inbox`.
    pub(super) fn of_listener(socket: Arc<UdpSocket>, peer: SocketAddr, inbox: Arc<Inbox>) -> Self {
        Self::new(socket, peer, Source::Listener { inbox, registration: None }, End::Server)
    }

    fn new(socket: Arc<UdpSocket>, peer: SocketAddr, source: Source, end: End) -> Self {
        Self { socket, peer, source, filter: RecordFilter::new(end, 0), arrived: None, alerted: None }
    }

    pub(super) fn arrivals(&self) -> DatagramArrivals {
        match &self.source {
            Source::Socket { .. } => DatagramArrivals::Socket(Arc::clone(&self.socket)),
            Source::Listener { inbox, .. } => DatagramArrivals::Inbox(Arc::clone(inbox)),
        }
    }

    pub(super) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The same for another peer: the listener's object between two strangers. This datagram OpenSSL sees as it is.
    pub(super) fn turn_to(&mut self, new_peer: SocketAddr, datagram: &[u8]) -> Option<Arc<Inbox>> {
        let Source::Listener { inbox, .. } = &self.source else { return None };
        self.arrived = Some(datagram.into()); // in place of what an earlier stranger left
        self.filter = RecordFilter::new(End::Server, number_of(datagram).unwrap_or(0));
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

    /// Waits for a datagram; tells whether there was one. What it has for OpenSSL is there to be read then.
    pub(super) fn wait(&mut self, patience: Duration, stage: Stage) -> io::Result<bool> {
        if self.arrived.is_some() {
            return Ok(true);
        }
        let doubt = self.alerted.map(|since| ALERT_WAITS.saturating_sub(since.elapsed()));
        if doubt.is_some_and(|doubt| doubt.is_zero()) {
            (self.alerted, self.arrived) = (None, self.filter.take_alert());
            return Ok(true);
        }
        let patience = doubt.map_or(patience, |doubt| doubt.min(patience));
        let datagram = match &mut self.source {
            Source::Listener { inbox, .. } if inbox.wait(patience)? => inbox.pop(),
            Source::Listener { .. } => None,
            Source::Socket { buffer } => receive(&self.socket, buffer, patience)?,
        };
        let Some(mut datagram) = datagram else { return Ok(false) };
        self.filter.retain(&mut datagram, stage);
        self.arrived = Some(datagram).filter(|datagram| !datagram.is_empty());
        if !self.filter.holds_alert() {
            self.alerted = None;
        } else if self.alerted.is_none() {
            self.alerted = Some(Instant::now());
        }
        Ok(true)
    }
}

/// Receives one datagram from a connected socket, if one comes in time; with no patience, if one is there.
fn receive(socket: &UdpSocket, buffer: &mut [u8], patience: Duration) -> io::Result<Option<Vec<u8>>> {
    if patience.is_zero() {
        return receive_arrived(socket, buffer);
    }
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
            // Also what a socket says that somebody has made non-blocking, by another handle.
            Err(error) if crate::tls::error::timed_out(&error) => socket.set_nonblocking(false)?,
            Err(error) => return Err(error),
        }
    }
}

/// Leaves the socket non-blocking, as a task that shares it needs it; [`receive`] makes it blocking again.
fn receive_arrived(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<Option<Vec<u8>>> {
    socket.set_nonblocking(true)?;
    match socket.recv(buffer) {
        Ok(length) => Ok(Some(buffer[..length].into())),
        Err(error) if lost_on_the_way(&error) || error.kind() == io::ErrorKind::Interrupted => Ok(None),
        Err(error) if crate::tls::error::timed_out(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Errors that tell of an earlier datagram's fate.
pub(super) fn lost_on_the_way(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, NetworkUnreachable};
    matches!(error.kind(), ConnectionRefused | ConnectionReset | HostUnreachable | NetworkUnreachable)
}

impl Read for Datagrams {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let datagram = self.arrived.take().ok_or(io::ErrorKind::WouldBlock)?;
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

#[cfg(all(test, feature = "client"))]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn an_inbox_wakes_the_task_that_waits() {
        let (inbox, woken) = (Inbox::default(), Arc::new(Woken::default()));
        let waker = Waker::from(Arc::clone(&woken));
        let mut task = Context::from_waker(&waker);
        let woken = || woken.0.load(Ordering::SeqCst);

        assert!(inbox.poll(&mut task).is_pending());
        inbox.push(b"datagram");
        assert_eq!(woken(), 1);
        assert!(inbox.poll(&mut task).is_ready());
        inbox.push(b"another");
        assert_eq!(woken(), 1, "nobody waits");

        while inbox.pop().is_some() {}
        assert!(inbox.poll(&mut task).is_pending());
        inbox.close();
        assert_eq!(woken(), 2);
        assert!(inbox.poll(&mut task).is_ready());
    }
}
