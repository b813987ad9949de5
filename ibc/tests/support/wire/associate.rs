//! Two entities that associate, over either transport.

use super::entities::{Hand, NAME, entity};
use super::{PATIENCE, fqdn};
use ibc::association::{AssociationError, Initiator, Offer, Peer, Responder, SecurityAssociation};
use ibc::tls::{DtlsStream, HandshakeLimits, PskSuites, TlsStream, Transport};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What became of a handshake.
#[derive(Debug)]
pub struct Outcome {
    pub at_initiator: Result<Peer, AssociationError>,
    pub at_responder: Result<Peer, AssociationError>,
    /// What the responder's `on_refusal` was told.
    pub refusals: Vec<String>,
}

impl Outcome {
    /// Both ends know each other.
    pub fn peers(self) -> (Peer, Peer) {
        assert!(self.refusals.is_empty(), "{:?}", self.refusals);
        (self.at_initiator.expect("associated"), self.at_responder.expect("associated"))
    }

    /// The responder refused, for this reason, and the initiator does not see which.
    pub fn assert_refused_by_responder(&self, transport: Transport, reason: &str) {
        let seen = self.at_initiator.as_ref().expect_err("refused").to_string();
        match transport {
            Transport::Tls => assert!(seen.contains("bad record mac"), "{reason}: {seen}"),
            Transport::Dtls => assert_eq!(seen, "handshake did not end in its time", "{reason}"),
        }
        self.at_responder.as_ref().expect_err("refused");
        assert!(
            self.refusals.iter().any(|refusal| refusal.contains(reason)),
            "{reason}: {:?}",
            self.refusals
        );
    }
}

/// A responder in the background that associates with each who comes and answers messages with the same.
pub struct Serving {
    pub address: SocketAddr,
    pub transport: Transport,
    outcomes: Arc<Mutex<Vec<Result<Peer, AssociationError>>>>,
    refusals: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Serving {
    pub fn start(transport: Transport, responder: Responder, suites: PskSuites, patience: Duration) -> Self {
        let refusals: Arc<Mutex<Vec<String>>> = Arc::default();
        let told = Arc::clone(&refusals);
        let responder =
            responder.on_refusal(move |_, error| told.lock().expect("no panic").push(error.to_string()));
        let (stop, outcomes): (Arc<AtomicBool>, Arc<Mutex<Vec<_>>>) = Default::default();
        let (stopping, done) = (Arc::clone(&stop), Arc::clone(&outcomes));
        let (address, thread) = match transport {
            Transport::Tls => {
                let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
                listener.set_nonblocking(true).expect("set");
                let address = listener.local_addr().expect("an address");
                let responder = responder.tls([fqdn(NAME)], suites).expect("a context");
                let next = move || {
                    let (tcp, _) = listener.accept().ok()?;
                    tcp.set_nonblocking(false).expect("set");
                    let responder = responder.clone();
                    Some(move || responder.accept(tcp, patience))
                };
                (address, thread::spawn(move || serve(next, echo_tls, &stopping, &done)))
            }
            Transport::Dtls => {
                let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
                let responder = responder
                    .dtls([fqdn(NAME)], suites, socket, HandshakeLimits::default())
                    .expect("a listener");
                let address = responder.local_addr().expect("an address");
                let next = move || {
                    let pending = responder.accept(Duration::from_millis(5)).expect("alive")?;
                    Some(move || pending.associate(patience))
                };
                (address, thread::spawn(move || serve(next, echo_dtls, &stopping, &done)))
            }
        };
        Self { address, transport, outcomes, refusals, stop, thread: Some(thread) }
    }

    /// Associates from the other side, and exchanges a message.
    pub fn call(
        &self,
        initiator: &Initiator,
        offer: Arc<dyn Offer>,
        patience: Duration,
    ) -> Result<Peer, AssociationError> {
        match self.transport {
            Transport::Tls => {
                let tcp = TcpStream::connect(self.address).expect("a connection");
                let mut association = initiator.connect(tcp, &fqdn(NAME), offer, patience)?;
                association.write_all(b"ping").expect("sent");
                association.read_exact(&mut [0; 4]).expect("an answer");
                let peer = association.peer().clone();
                association.close();
                Ok(peer)
            }
            Transport::Dtls => {
                let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
                socket.connect(self.address).expect("connected");
                let mut association = initiator.connect_datagrams(socket, &fqdn(NAME), offer, patience)?;
                association.send(b"ping").expect("sent");
                let length = association.recv(&mut [0; 64], PATIENCE).expect("an answer");
                assert_eq!(length, 4);
                let peer = association.peer().clone();
                association.close();
                Ok(peer)
            }
        }
    }

    /// Stops, and tells what came of the handshakes and what was refused.
    pub fn stop(mut self) -> (Vec<Result<Peer, AssociationError>>, Vec<String>) {
        self.stop.store(true, Ordering::Release);
        self.thread.take().expect("runs").join().expect("no panic");
        let outcomes = std::mem::take(&mut *self.outcomes.lock().expect("no panic"));
        (outcomes, self.refusals.lock().expect("no panic").clone())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("no panic");
        }
    }
}

fn serve<A, T: 'static>(
    next: impl Fn() -> Option<A>,
    echo: fn(SecurityAssociation<T>, &AtomicBool),
    stop: &Arc<AtomicBool>,
    outcomes: &Arc<Mutex<Vec<Result<Peer, AssociationError>>>>,
) where
    A: FnOnce() -> Result<SecurityAssociation<T>, AssociationError> + Send + 'static,
{
    let mut threads = Vec::new();
    while !stop.load(Ordering::Acquire) {
        let Some(associate) = next() else {
            thread::sleep(Duration::from_millis(1));
            continue;
        };
        let (stop, outcomes) = (Arc::clone(stop), Arc::clone(outcomes));
        threads.push(thread::spawn(move || match associate() {
            Ok(association) => {
                outcomes.lock().expect("no panic").push(Ok(association.peer().clone()));
                echo(association, &stop);
            }
            Err(error) => outcomes.lock().expect("no panic").push(Err(error)),
        }));
    }
    for thread in threads {
        thread.join().expect("no panic");
    }
}

fn echo_tls(mut association: SecurityAssociation<TlsStream>, stop: &AtomicBool) {
    association.set_read_timeout(Some(Duration::from_millis(50)));
    let mut buffer = [0; 64];
    while !stop.load(Ordering::Acquire) {
        match association.read(&mut buffer) {
            Ok(0) => return,
            Ok(length) => association.write_all(&buffer[..length]).expect("sent"),
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {}
            Err(_) => return,
        }
    }
}

fn echo_dtls(mut association: SecurityAssociation<DtlsStream>, stop: &AtomicBool) {
    let mut buffer = [0; 64];
    while !stop.load(Ordering::Acquire) {
        match association.recv(&mut buffer, Duration::from_millis(50)) {
            Ok(0) => return,
            Ok(length) => association.send(&buffer[..length]).expect("sent"),
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {}
            Err(_) => return,
        }
    }
}

/// One handshake of `own` with `responder`, and a message each way if it succeeds.
pub fn associate(
    transport: Transport,
    responder: Responder,
    own: &str,
    clock: &Hand,
    offer: Arc<dyn Offer>,
    patience: Duration,
) -> Outcome {
    let serving = Serving::start(transport, responder, PskSuites::default(), patience);
    let initiator =
        Initiator::new(transport, PskSuites::default(), entity(own), clock.clock()).expect("a context");
    let at_initiator = serving.call(&initiator, offer, patience);
    let (mut outcomes, refusals) = serving.stop();
    assert_eq!(outcomes.len(), 1, "one handshake");
    Outcome { at_initiator, at_responder: outcomes.remove(0), refusals }
}

pub const BOTH: [Transport; 2] = [Transport::Tls, Transport::Dtls];
