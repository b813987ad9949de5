//! One UDP socket for many peers.

use super::cookie::{self, Sender};
use super::datagrams::{DATAGRAM_MAX, Datagrams, Inbox, Registration};
use super::stream::{DtlsStream, MTU};
use crate::tls::error::{TlsError, timed_out};
use crate::tls::limits::{HandshakeLimiter, HandshakeLimits, HandshakePermit};
use crate::tls::openssl_ffi::{self, Heard};
use crate::tls::server::ServerContext;
use crate::tls::suites::Transport;
use openssl::ssl::SslStream;
use std::boxed::Box;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How often the sorting thread looks whether it is still needed.
const LOOK_UP: Duration = Duration::from_millis(200);

/// A DTLS server's socket. A thread of its own receives all datagrams, answers strangers with a cookie, and
/// sorts the rest to their sessions.
///
/// Until a peer has returned its cookie, nothing is remembered of it. Then it counts as a handshake under
/// way, of which there are at most as many as [`HandshakeLimits`] say; beyond them its datagrams are
/// dropped, and it tries again by itself. Whoever holds most of them makes room for others.
///
/// A peer that starts anew from the same address and port (RFC 6347 section 4.2.8) gets a new session, which
/// takes the place of the old one when its handshake is done, and not before: nobody else can end a session.
///
/// The thread lives until the listener and all its sessions are dropped.
#[derive(Debug)]
pub struct DtlsListener {
    shared: Arc<Shared>,
    limiter: Arc<HandshakeLimiter>,
    incoming: Mutex<Receiver<DtlsIncoming>>,
}

#[derive(Debug)]
struct Shared {
    socket: Arc<UdpSocket>,
    peers: Mutex<HashMap<SocketAddr, PeerInboxes>>,
    closing: AtomicBool,
}

/// Where the datagrams of one peer go.
#[derive(Debug)]
struct PeerInboxes {
    /// Of the session, or of the first handshake.
    current: Arc<Inbox>,
    /// Whether `current` has done its handshake.
    established: bool,
    /// Of a handshake that is to take its place.
    next: Option<Arc<Inbox>>,
}

impl Shared {
    fn peers(&self) -> MutexGuard<'_, HashMap<SocketAddr, PeerInboxes>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sorts a datagram into the inboxes of its sender; `false` if it is for nobody yet.
    fn sort(&self, sender: SocketAddr, datagram: &[u8]) -> bool {
        let peers = self.peers();
        let Some(peer) = peers.get(&sender) else { return false };
        if peer.established && peer.next.is_none() && begins_anew(datagram) {
            return false;
        }
        // Until the new handshake is done both get all: each drops what is not for it.
        for inbox in core::iter::once(&peer.current).chain(&peer.next) {
            inbox.push(datagram);
        }
        true
    }

    fn begin(&self, sender: SocketAddr, inbox: Arc<Inbox>) {
        match self.peers().entry(sender) {
            Entry::Occupied(mut peer) => peer.get_mut().next = Some(inbox),
            Entry::Vacant(place) => {
                place.insert(PeerInboxes { current: inbox, established: false, next: None });
            }
        }
    }

    /// The handshake behind `inbox` is done.
    fn establish(&self, sender: SocketAddr, inbox: &Arc<Inbox>) {
        if let Some(peer) = self.peers().get_mut(&sender) {
            if let Some(next) = peer.next.take_if(|next| Arc::ptr_eq(next, inbox)) {
                peer.current.close();
                peer.current = next;
            }
            peer.established |= Arc::ptr_eq(&peer.current, inbox);
        }
    }

    /// The session or handshake behind `inbox` is over.
    fn end(&self, sender: SocketAddr, inbox: &Arc<Inbox>) {
        if let Entry::Occupied(mut place) = self.peers().entry(sender) {
            let peer = place.get_mut();
            peer.next.take_if(|next| Arc::ptr_eq(next, inbox));
            if Arc::ptr_eq(&peer.current, inbox) {
                match peer.next.take() {
                    Some(next) => *peer = PeerInboxes { current: next, established: false, next: None },
                    None => drop(place.remove()),
                }
            }
        }
    }
}

/// A ClientHello in the clear: record type 22, epoch 0, message type 1.
fn begins_anew(datagram: &[u8]) -> bool {
    datagram.first() == Some(&22) && datagram.get(3..5) == Some(&[0, 0]) && datagram.get(13) == Some(&1)
}

impl DtlsListener {
    /// Serves `socket`, which is bound and not connected. It is made blocking: its owner is a thread that waits.
    ///
    /// # Errors
    /// [`TlsError::Configuration`] for a context for TLS, [`TlsError::Io`].
    pub fn new(
        context: &ServerContext,
        socket: UdpSocket,
        limits: HandshakeLimits,
    ) -> Result<Self, TlsError> {
        if context.transport() != Transport::Dtls {
            return Err(TlsError::Configuration("a UDP socket needs a context for DTLS"));
        }
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(LOOK_UP))?;
        let shared = Arc::new(Shared {
            socket: Arc::new(socket),
            peers: Mutex::default(),
            closing: AtomicBool::new(false),
        });
        let limiter = HandshakeLimiter::new(limits);
        let (sender, receiver) = sync_channel(limits.total.max(1));
        let sorter = Sorter {
            shared: Arc::clone(&shared),
            limiter: Arc::clone(&limiter),
            context: context.clone(),
            verified: sender,
            stranger: None,
        };
        thread::Builder::new().name("dtls".into()).spawn(move || sorter.run())?;
        Ok(Self { shared, limiter, incoming: Mutex::new(receiver) })
    }

    /// The next peer that has returned its cookie; `None` if none came in time. Many threads may wait.
    ///
    /// # Errors
    /// [`TlsError::Io`] if the receiving thread has ended.
    pub fn accept(&self, patience: Duration) -> Result<Option<DtlsIncoming>, TlsError> {
        let incoming = self.incoming.lock().unwrap_or_else(PoisonError::into_inner);
        match incoming.recv_timeout(patience) {
            Ok(incoming) => Ok(Some(incoming)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(io::Error::from(io::ErrorKind::BrokenPipe).into()),
        }
    }

    /// The socket's own address.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.shared.socket.local_addr()
    }

    /// How many handshakes are under way.
    pub fn handshakes_under_way(&self) -> usize {
        self.limiter.under_way()
    }

    /// How many peers have a session or a handshake.
    pub fn peers(&self) -> usize {
        self.shared.peers().len()
    }
}

impl Drop for DtlsListener {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
    }
}

/// A peer that receives at its address, and whose handshake has begun.
#[derive(Debug)]
pub struct DtlsIncoming {
    stream: SslStream<Datagrams>,
    permit: HandshakePermit,
    shared: Arc<Shared>,
}

impl DtlsIncoming {
    /// Where it sends from.
    pub fn peer_address(&self) -> SocketAddr {
        self.stream.get_ref().peer()
    }

    /// Does the rest of the handshake on this thread, within `patience`.
    ///
    /// # Errors
    /// [`TlsError::TimedOut`] also after a refusal or for a wrong key: DTLS drops what does not verify.
    pub fn handshake(self, patience: Duration) -> Result<DtlsStream, TlsError> {
        let Self { stream, permit, shared } = self;
        let (sender, inbox) = (stream.get_ref().peer(), stream.get_ref().inbox().cloned());
        let done = DtlsStream::handshake(stream, patience, SslStream::accept);
        drop(permit);
        if let (Ok(_), Some(inbox)) = (&done, inbox) {
            shared.establish(sender, &inbox);
        }
        done
    }
}

/// The thread that receives.
struct Sorter {
    shared: Arc<Shared>,
    limiter: Arc<HandshakeLimiter>,
    context: ServerContext,
    verified: SyncSender<DtlsIncoming>,
    /// What looks at the datagrams of strangers: one object for all of them.
    stranger: Option<(SslStream<Datagrams>, Sender)>,
}

impl Sorter {
    fn run(mut self) {
        let mut buffer = std::vec![0; DATAGRAM_MAX];
        loop {
            let closing = self.shared.closing.load(Ordering::Acquire);
            if closing && self.shared.peers().is_empty() {
                return;
            }
            match self.shared.socket.recv_from(&mut buffer) {
                Ok((length, sender)) => {
                    let datagram = &buffer[..length];
                    if !self.shared.sort(sender, datagram) && !closing {
                        self.meet(sender, datagram);
                    }
                }
                // Also what a socket says that somebody has made non-blocking, by another handle.
                Err(error) if timed_out(&error) => {
                    let _ = self.shared.socket.set_nonblocking(false); // tried again the next time
                }
                // Errors of a socket that is not connected tell of single datagrams; a pause, should one stay.
                Err(_) => thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// A datagram of somebody without a session.
    fn meet(&mut self, sender: SocketAddr, datagram: &[u8]) {
        let Some((mut stream, cell)) = self.stranger.take().or_else(|| self.new_stranger(sender).ok()) else {
            return; // no memory: like a lost datagram
        };
        *cell.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        let Some(inbox) = stream.get_mut().turn_to(sender, datagram) else { return };
        match openssl_ffi::listen(&mut stream) {
            Ok(Heard::Nothing) => self.stranger = Some((stream, cell)),
            Ok(Heard::Verified) => self.begin(stream, sender, inbox),
            Err(_) => {} // a broken datagram; the next stranger gets a fresh object
        }
    }

    fn new_stranger(&self, sender: SocketAddr) -> Result<(SslStream<Datagrams>, Sender), TlsError> {
        let cell = Sender::default();
        let mut ssl = self.context.connection()?;
        ssl.set_mtu(MTU)?;
        cookie::set_sender(&mut ssl, Arc::clone(&cell))?;
        let datagrams = Datagrams::of_listener(Arc::clone(&self.shared.socket), sender, Arc::default());
        Ok((SslStream::new(ssl, datagrams)?, cell))
    }

    fn begin(&self, mut stream: SslStream<Datagrams>, sender: SocketAddr, inbox: Arc<Inbox>) {
        let making_room = Arc::clone(&inbox);
        let Some(permit) = self.limiter.admit_until(sender.ip(), move || making_room.close()) else { return };
        // The object may be older than the hint it was made with.
        let Ok(hint) = self.context.current_hint() else { return };
        if hint.is_some_and(|hint| openssl_ffi::set_psk_identity_hint_of(&mut stream, &hint).is_err()) {
            return;
        }
        self.shared.begin(sender, Arc::clone(&inbox));
        let shared = Arc::clone(&self.shared);
        let end = Box::new(move || shared.end(sender, &inbox));
        stream.get_mut().register(Registration(Some(end)));
        // A full queue drops the object, and the peer with it.
        let _ = self.verified.try_send(DtlsIncoming { stream, permit, shared: Arc::clone(&self.shared) });
    }
}
