//! Associations for tasks of tokio.

use crate::wire::PATIENCE;
use crate::wire::entities::{AE, CSE, Hand, Lists, NAME, entity};
use crate::wire::fqdn;
use eccsi_sakke::onem2m::{ExpirationTime, KpsaId};
use ibc::association::{Framework, Initiator, PsaKey, PsaKeys, PsaOffer, Responder, SecurityAssociation};
use ibc::tls::{DtlsStream, PskSuites, TlsStream, Transport};
use std::io;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

const ENDED: &str = "the security association has reached its end";

fn key(peer: &str) -> PsaKey {
    let (id, end) = (KpsaId::parse("gw-17@sp.example.com"), ExpirationTime::parse("20261201T000100"));
    PsaKey::new(id.expect("a KpsaID"), vec![0x17; 16], entity(peer), Some(end.expect("a time")))
        .expect("a key")
}

fn responder(clock: &Hand) -> Responder {
    let mut keys = PsaKeys::default();
    keys.add(key(AE)).expect("the first");
    Responder::new(entity(CSE), Lists::admitting(&[AE]), clock.clock()).expect("absolute").psa_keys(keys)
}

fn initiator(transport: Transport, clock: &Hand) -> Initiator {
    Initiator::new(transport, PskSuites::default(), entity(AE), clock.clock()).expect("a context")
}

/// The ends of one association over TLS, the initiator's first. It ends a minute after `clock`'s begin.
fn over_tls(clock: &Hand) -> [SecurityAssociation<TlsStream>; 2] {
    let responder = responder(clock).tls([fqdn(NAME)], PskSuites::default()).expect("a context");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let tcp = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
    let serving = thread::spawn(move || {
        responder.accept(listener.accept().expect("one").0, PATIENCE).expect("associated")
    });
    let offer = Arc::new(PsaOffer(key(CSE)));
    let initiated = initiator(Transport::Tls, clock).connect(tcp, &fqdn(NAME), offer, PATIENCE);
    [initiated.expect("associated"), serving.join().expect("no panic")]
}

/// The same over DTLS: the initiator has a socket of its own, the responder that of its listener.
fn over_dtls(clock: &Hand) -> ([SecurityAssociation<DtlsStream>; 2], ibc::association::DtlsResponder) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let responder = responder(clock)
        .dtls([fqdn(NAME)], PskSuites::default(), socket, Default::default())
        .expect("a listener");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.connect(responder.local_addr().expect("an address")).expect("connected");
    let serving = thread::spawn(move || {
        let pending = responder.accept(PATIENCE).expect("alive").expect("one");
        (pending.associate(PATIENCE).expect("associated"), responder)
    });
    let offer = Arc::new(PsaOffer(key(CSE)));
    let initiated = initiator(Transport::Dtls, clock).connect_datagrams(socket, &fqdn(NAME), offer, PATIENCE);
    let (accepted, responder) = serving.join().expect("no panic");
    ([initiated.expect("associated"), accepted], responder)
}

fn assert_ended(error: &io::Error) {
    assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::ConnectionAborted, ENDED));
}

// On one thread: a call that blocked it would keep the other end from reading, and nothing would end.
#[tokio::test]
async fn one_thread_reads_and_writes_both_ends_of_a_stream() {
    const OCTETS: usize = 4 << 20;
    let clock = Hand::at("20261201T000000");
    let [initiator, responder] = over_tls(&clock).map(|end| end.into_async().expect("a runtime"));
    assert_eq!((&initiator.peer().entity, initiator.peer().framework), (&entity(CSE), Framework::Psk));
    assert_eq!(responder.peer().entity, entity(AE));
    let exchange = async |association, sent: u8| {
        let (mut reader, mut writer) = tokio::io::split(association);
        let mut received = vec![0; OCTETS];
        let octets = vec![sent; OCTETS];
        let (read, written) = tokio::join!(reader.read_exact(&mut received), writer.write_all(&octets));
        written.expect("sent");
        assert_eq!(read.expect("all of it"), OCTETS);
        assert!(received.iter().all(|octet| *octet == sent ^ 1));
        reader.unsplit(writer)
    };
    let both = async { tokio::join!(exchange(initiator, 2), exchange(responder, 3)) };
    let (mut initiator, mut responder) = timeout(PATIENCE, both).await.expect("in time");

    let silence = timeout(Duration::from_millis(50), responder.read_u8()).await;
    assert!(silence.is_err(), "{silence:?}");
    initiator.write_all(b"ping").await.expect("sent");
    let mut message = [0; 4];
    responder.read_exact(&mut message).await.expect("after a read that was dropped");
    assert_eq!(&message, b"ping");

    initiator.shutdown().await.expect("closed");
    assert_eq!(responder.read(&mut message).await.expect("the other side's goodbye"), 0);
    let closed = initiator.write_all(b"ping").await.expect_err("closed");
    assert_eq!(closed.to_string(), "the security association was closed by this side");
}

#[tokio::test]
async fn a_stream_ends_while_a_task_waits() {
    let clock = Hand::at("20261201T000000");
    let [mut initiator, _responder] = over_tls(&clock).map(|end| end.into_async().expect("a runtime"));
    let waiting = tokio::spawn(async move { initiator.read_u8().await.expect_err("the end") });
    sleep(Duration::from_millis(50)).await;
    clock.advance(60);
    assert_ended(&timeout(PATIENCE, waiting).await.expect("in time").expect("no panic"));
}

#[tokio::test]
async fn tasks_share_an_association_of_datagrams() {
    let clock = Hand::at("20261201T000000");
    let ([initiator, responder], _listener) = over_dtls(&clock);
    let ends = [initiator, responder].map(|end| Arc::new(end.into_async().expect("a runtime")));
    assert_eq!(ends.each_ref().map(|end| &end.peer().entity), [&entity(CSE), &entity(AE)]);
    for (from, to) in [(&ends[0], &ends[1]), (&ends[1], &ends[0])] {
        let waiting = {
            let to = Arc::clone(to);
            tokio::spawn(async move {
                let mut buffer = [0; 16];
                let mut read = Vec::new();
                while read.len() < 12 {
                    let length = to.recv(&mut buffer).await.expect("a message");
                    read.extend_from_slice(&buffer[..length]);
                }
                read
            })
        };
        sleep(Duration::from_millis(20)).await; // it waits, and not for what is there
        for message in [b"one ", b"two ", b"tree"] {
            from.send(message).expect("sent");
        }
        let read = timeout(PATIENCE, waiting).await.expect("in time").expect("no panic");
        assert_eq!(read, b"one two tree");
        // What nobody could decrypt wakes the task, and is nothing.
        let nothing = timeout(Duration::from_millis(50), to.recv(&mut [0; 16])).await;
        assert!(nothing.is_err(), "{nothing:?}");
    }
    let waiting = ends.each_ref().map(|end| {
        let end = Arc::clone(end);
        tokio::spawn(async move { end.recv(&mut [0; 16]).await.expect_err("the end") })
    });
    sleep(Duration::from_millis(50)).await;
    clock.advance(60);
    for waiting in waiting {
        assert_ended(&timeout(PATIENCE, waiting).await.expect("in time").expect("no panic"));
    }
    assert_ended(&ends[0].send(b"ping").expect_err("the end"));
}
