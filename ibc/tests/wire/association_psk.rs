//! PSK-based SAEF over TLS and DTLS, TD_M2M_SE_01 of TS-0013 among it.

use crate::wire::associate::{BOTH, Serving, associate};
use crate::wire::entities::{AE, CSE, Hand, Lists, NAME, OTHER, entity};
use crate::wire::{Foreign, PATIENCE, SHORT, fqdn, free_port, hex};
use eccsi_sakke::onem2m::{ExpirationTime, KpsaId};
use ibc::association::{
    AssociationError, Framework, Initiator, Offer, PsaKey, PsaKeys, PsaOffer, Responder, SecurityAssociation,
};
use ibc::tls::{PskSuites, TlsError, TlsStream, Transport};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const KPSA_ID: &str = "gw-17@sp.example.com";
const KPSA: [u8; 16] = [0x17; 16];
const NOW: &str = "20261201T000000";

fn name(text: &str) -> KpsaId {
    KpsaId::parse(text).expect("a KpsaID")
}

fn time(text: &str) -> ExpirationTime {
    ExpirationTime::parse(text).expect("a time")
}

fn key(id: &str, octets: &[u8], peer: &str, end: Option<&str>) -> PsaKey {
    PsaKey::new(name(id), octets.to_vec(), entity(peer), end.map(time)).expect("a key")
}

fn offer(key: PsaKey) -> Arc<dyn Offer> {
    Arc::new(PsaOffer(key))
}

/// The CSE, with one key it shares with the AE.
fn responder(clock: &Hand, admitted: &[&str], key: PsaKey) -> Responder {
    let mut keys = PsaKeys::default();
    keys.add(key).expect("the first");
    Responder::new(entity(CSE), Lists::admitting(admitted), clock.clock()).expect("absolute").psa_keys(keys)
}

#[test]
fn both_ends_know_each_other() {
    let clock = Hand::at(NOW);
    for transport in BOTH {
        let responder = responder(&clock, &[AE], key(KPSA_ID, &KPSA, AE, Some("20270101T000000")));
        let offer = offer(key(KPSA_ID, &KPSA, CSE, None));
        let (at_ae, at_cse) = associate(transport, responder, AE, &clock, offer, PATIENCE).peers();
        assert_eq!((at_ae.entity, at_ae.framework, at_ae.ends), (entity(CSE), Framework::Psk, None));
        assert_eq!((at_cse.entity, at_cse.framework), (entity(AE), Framework::Psk));
        assert_eq!(at_cse.ends, Some(time("20270101T000000").to_unix()));
    }
}

#[test]
fn refusals_look_alike() {
    let clock = Hand::at(NOW);
    for transport in BOTH {
        for (case, id, key_there, peer, admitted, end, reason) in [
            ("unknown", "gw-18@sp.example.com", KPSA, AE, AE, None, "no framework"),
            ("expired", KPSA_ID, KPSA, AE, AE, Some(NOW), "reached its end"),
            ("not admitted", KPSA_ID, KPSA, AE, OTHER, None, "not admitted"),
            ("itself", KPSA_ID, KPSA, CSE, CSE, None, "this entity itself"),
        ] {
            let responder = responder(&clock, &[admitted], key(id, &key_there, peer, end));
            let offer = offer(key(KPSA_ID, &KPSA, CSE, None));
            let outcome = associate(transport, responder, AE, &clock, offer, SHORT);
            eprintln!("{case}");
            outcome.assert_refused_by_responder(transport, reason);
        }
        // A wrong key is no refusal, and looks the same.
        let responder = responder(&clock, &[AE], key(KPSA_ID, &[0x18; 16], AE, None));
        let outcome =
            associate(transport, responder, AE, &clock, offer(key(KPSA_ID, &KPSA, CSE, None)), SHORT);
        let seen = outcome.at_initiator.expect_err("wrong key").to_string();
        assert!(seen.contains("bad record mac") || seen == "handshake did not end in its time", "{seen}");
        assert!(outcome.refusals.is_empty());
    }
}

#[test]
fn the_initiator_calls_neither_itself_nor_with_an_expired_key() {
    let clock = Hand::at(NOW);
    for (peer, end, expected) in [(AE, None, "this entity itself"), (CSE, Some(NOW), "reached its end")] {
        let responder = responder(&clock, &[AE], key(KPSA_ID, &KPSA, AE, None));
        let offer = offer(key(KPSA_ID, &KPSA, peer, end));
        let outcome = associate(Transport::Tls, responder, AE, &clock, offer, PATIENCE);
        let error = outcome.at_initiator.expect_err("refused");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_call_that_is_led_back_to_its_caller_fails() {
    // The AE holds the key for both roles. Its call to the CSE is led to its own responder, which answers to
    // another name than the one it wants.
    let clock = Hand::at(NOW);
    let mut keys = PsaKeys::default();
    keys.add(key(KPSA_ID, &KPSA, CSE, None)).expect("the first");
    let own_responder = Responder::new(entity(AE), Lists::admitting(&[CSE]), clock.clock())
        .expect("absolute")
        .psa_keys(keys)
        .tls([fqdn("ae.example.com")], PskSuites::default())
        .expect("a context");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving =
        thread::spawn(move || own_responder.accept(listener.accept().expect("one").0, PATIENCE).map(drop));
    let initiator =
        Initiator::new(Transport::Tls, PskSuites::default(), entity(AE), clock.clock()).expect("a context");
    let tcp = TcpStream::connect(address).expect("a connection");
    let error = initiator.connect(tcp, &fqdn(NAME), offer(key(KPSA_ID, &KPSA, CSE, None)), PATIENCE);
    let error = error.map(drop).expect_err("led astray");
    assert!(error.to_string().contains("unrecognized name"), "{error}");
    serving.join().expect("no panic").expect_err("refused");
}

#[test]
fn keys_have_sixteen_to_sixty_four_octets_outside_the_laboratory() {
    for (length, usual, laboratory) in [
        (0, false, false),
        (1, false, true),
        (15, false, true),
        (16, true, true),
        (64, true, true),
        (65, false, false),
    ] {
        let octets = || vec![1; length];
        assert_eq!(PsaKey::new(name(KPSA_ID), octets(), entity(AE), None).is_ok(), usual, "{length}");
        assert_eq!(
            PsaKey::for_laboratory(name(KPSA_ID), octets(), entity(AE), None).is_ok(),
            laboratory,
            "{length}"
        );
    }
    let relative = PsaKey::new(name(KPSA_ID), vec![1; 16], entity("/CSE090112"), None);
    assert!(matches!(relative, Err(AssociationError::Configuration(_))));
    let mut keys = PsaKeys::default();
    keys.add(key(KPSA_ID, &KPSA, AE, None)).expect("the first");
    assert!(keys.add(key("GW-17@sp.example.com", &[2; 16], OTHER, None)).is_err(), "differs in case only");
}

/// TS-0013 TD_M2M_SE_01: KpsaID test@onem2m.com, Kpsa "123456", as the three octets that these digits are in
/// hexadecimal and as six characters; the mandatory suite of each transport.
#[test]
fn td_m2m_se_01() {
    for kpsa in [vec![0x12, 0x34, 0x56], b"123456".to_vec()] {
        for (transport, cipher) in
            [(Transport::Tls, "PSK-AES128-CBC-SHA256"), (Transport::Dtls, "PSK-AES128-CCM8:@SECLEVEL=0")]
        {
            let clock = Hand::at(NOW);
            let laboratory = |peer| {
                PsaKey::for_laboratory(name("test@onem2m.com"), kpsa.clone(), entity(peer), None)
                    .expect("a key")
            };
            let serving = Serving::start(
                transport,
                responder(&clock, &[AE], laboratory(AE)),
                PskSuites::MandatoryOnly,
                PATIENCE,
            );
            let initiator = Initiator::new(transport, PskSuites::MandatoryOnly, entity(AE), clock.clock())
                .expect("a context");
            let peer = serving.call(&initiator, offer(laboratory(CSE)), PATIENCE).expect("associated");
            assert_eq!(peer.entity, entity(CSE));

            // The same with a client that is not ours.
            let (target, key) = (serving.address.to_string(), hex(&kpsa));
            let version = if transport == Transport::Tls { "-tls1_2" } else { "-dtls1_2" };
            let mut foreign = Foreign::start(
                &[
                    &["s_client", version, "-connect", &target, "-servername", NAME][..],
                    &["-psk_identity", "test@onem2m.com", "-psk", &key, "-cipher", cipher],
                ]
                .concat(),
            );
            foreign.type_in("ping\n");
            foreign.wait_for("\nping\n");
            foreign.type_in("Q\n");
            foreign.end();
            let (outcomes, refusals) = serving.stop();
            assert!(refusals.is_empty(), "{refusals:?}");
            assert_eq!(outcomes.len(), 2);
            for outcome in outcomes {
                assert_eq!(outcome.expect("associated").entity, entity(AE));
            }
            // And with a server that is not ours.
            call_s_server(&initiator, offer(laboratory(CSE)), cipher, &key);
        }
    }
}

/// Associates with OpenSSL's server, and exchanges a message.
fn call_s_server(initiator: &Initiator, offer: Arc<dyn Offer>, cipher: &str, key: &str) {
    let is_dtls = cipher.contains("CCM8");
    let port = free_port(is_dtls).to_string();
    let own: &[&str] =
        if is_dtls { &["-dtls1_2", "-listen", "-mtu", "1400"] } else { &["-tls1_2", "-naccept", "1"] };
    let mut foreign = Foreign::start(
        &[
            &["s_server", "-accept", &port, "-nocert", "-psk_identity", "test@onem2m.com"][..],
            &["-psk", key, "-cipher", cipher],
            own,
        ]
        .concat(),
    );
    foreign.wait_for("ACCEPT");
    let address = format!("127.0.0.1:{port}");
    let (name, mut buffer) = (fqdn(NAME), [0; 5]);
    if is_dtls {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.connect(address).expect("connected");
        let mut association =
            initiator.connect_datagrams(socket, &name, offer, PATIENCE).expect("associated");
        assert_eq!(association.peer().entity, entity(CSE));
        association.send(b"ping\n").expect("sent");
        foreign.wait_for("\nping\n");
        foreign.type_in("pong\n");
        association.recv(&mut buffer, PATIENCE).expect("an answer");
        association.close();
    } else {
        let tcp = TcpStream::connect(address).expect("a connection");
        let mut association = initiator.connect(tcp, &name, offer, PATIENCE).expect("associated");
        assert_eq!(association.peer().entity, entity(CSE));
        association.write_all(b"ping\n").expect("sent");
        foreign.wait_for("\nping\n");
        foreign.type_in("pong\n");
        association.read_exact(&mut buffer).expect("an answer");
        association.close();
    }
    assert_eq!(&buffer, b"pong\n");
    let said = foreign.kill();
    let suite = cipher.split(':').next().expect("a suite");
    assert!(said.contains(&format!("CIPHER is {suite}")), "{said}");
}

#[test]
fn associations_end_with_their_key() {
    let clock = Hand::at(NOW);
    let end = Some("20261201T000100");
    // TLS: both ends are cut off, also one that is waiting.
    let responder_tls = responder(&clock, &[AE], key(KPSA_ID, &KPSA, AE, end))
        .tls([fqdn(NAME)], PskSuites::default())
        .expect("a context");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (read, was_read) = std::sync::mpsc::channel();
    let serving = thread::spawn(move || {
        let mut association =
            responder_tls.accept(listener.accept().expect("one").0, PATIENCE).expect("associated");
        let mut buffer = [0; 4];
        association.read_exact(&mut buffer).expect("before the end");
        read.send(()).expect("somebody waits");
        association.read_exact(&mut buffer).expect_err("the end").kind()
    });
    let initiator =
        Initiator::new(Transport::Tls, PskSuites::default(), entity(AE), clock.clock()).expect("a context");
    let tcp = TcpStream::connect(address).expect("a connection");
    let mut association = initiator
        .connect(tcp, &fqdn(NAME), offer(key(KPSA_ID, &KPSA, CSE, end)), PATIENCE)
        .expect("associated");
    association.write_all(b"ping").expect("before the end");
    was_read.recv().expect("it was read");
    clock.advance(60);
    assert_eq!(
        association.write_all(b"ping").expect_err("the end").kind(),
        std::io::ErrorKind::ConnectionAborted
    );
    let at_responder = serving.join().expect("no panic");
    // Whichever came first: its own clock, or the other's goodbye.
    assert!(
        matches!(at_responder, std::io::ErrorKind::ConnectionAborted | std::io::ErrorKind::UnexpectedEof),
        "{at_responder:?}"
    );

    // DTLS, and a new handshake with the same key fails.
    clock.set(NOW);
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let responder_dtls = responder(&clock, &[AE], key(KPSA_ID, &KPSA, AE, end))
        .dtls([fqdn(NAME)], PskSuites::default(), socket, Default::default())
        .expect("a listener");
    let address = responder_dtls.local_addr().expect("an address");
    let clocks = clock.clone();
    let serving = thread::spawn(move || {
        let pending = responder_dtls.accept(PATIENCE).expect("alive").expect("one");
        let mut association = pending.associate(PATIENCE).expect("associated");
        let mut buffer = [0; 4];
        association.recv(&mut buffer, PATIENCE).expect("before the end");
        clocks.advance(60);
        let kind = association.recv(&mut buffer, PATIENCE).expect_err("the end").kind();
        drop(association);
        let refused = responder_dtls.accept(PATIENCE).expect("alive").expect("one").associate(SHORT);
        (kind, matches!(refused, Err(AssociationError::Tls(TlsError::TimedOut))))
    });
    let connect = |end, patience| {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.connect(address).expect("connected");
        let initiator = Initiator::new(Transport::Dtls, PskSuites::default(), entity(AE), clock.clock())
            .expect("a context");
        initiator.connect_datagrams(socket, &fqdn(NAME), offer(key(KPSA_ID, &KPSA, CSE, end)), patience)
    };
    let mut association = connect(end, PATIENCE).expect("associated");
    association.send(b"ping").expect("before the end");
    while association
        .recv(&mut [0; 4], Duration::from_millis(100))
        .is_err_and(|error| error.kind() == std::io::ErrorKind::TimedOut)
    {}
    assert_eq!(association.send(b"ping").expect_err("the end").kind(), std::io::ErrorKind::ConnectionAborted);
    connect(None, SHORT).map(drop).expect_err("the key has ended at the other side");
    assert_eq!(serving.join().expect("no panic"), (std::io::ErrorKind::ConnectionAborted, true));
}

#[tokio::test]
async fn other_io_than_this_crates_gives_the_same_peers() {
    use ibc::tls::Session;
    use std::pin::Pin;
    let clock = Hand::at(NOW);
    let responder = responder(&clock, &[AE], key(KPSA_ID, &KPSA, AE, None));
    let responder = responder.tls([fqdn(NAME)], PskSuites::default()).expect("a context");
    let initiator =
        Initiator::new(Transport::Tls, PskSuites::default(), entity(AE), clock.clock()).expect("a context");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = async {
        let (tcp, _) = listener.accept().await.expect("a connection");
        let ssl = responder.connection().expect("an object");
        let mut stream = tokio_openssl::SslStream::new(ssl, tcp).expect("an object");
        Pin::new(&mut stream).accept().await.expect("a handshake");
        responder.responder().peer(&Session::of(stream.ssl()).expect("a session")).expect("known")
    };
    let calling = async {
        let tcp = tokio::net::TcpStream::connect(address).await.expect("a connection");
        let offer = offer(key(KPSA_ID, &KPSA, CSE, None));
        let ssl = initiator.connection(&fqdn(NAME), offer).expect("an object");
        let mut stream = tokio_openssl::SslStream::new(ssl, tcp).expect("an object");
        Pin::new(&mut stream).connect().await.expect("a handshake");
        initiator.peer(&Session::of(stream.ssl()).expect("a session")).expect("known")
    };
    let (at_responder, at_initiator) = tokio::join!(serving, calling);
    assert_eq!((at_responder.entity, at_initiator.entity), (entity(AE), entity(CSE)));
}

/// What one's own goodbye makes of an association is not its end.
fn assert_closed_by_this_side(error: &std::io::Error) {
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionAborted);
    assert_eq!(error.to_string(), "the security association was closed by this side");
}

#[test]
fn halves_read_and_write_at_the_same_time() {
    const OCTETS: usize = 4 << 20;
    let clock = Hand::at(NOW);
    let responder_tls = responder(&clock, &[AE], key(KPSA_ID, &KPSA, AE, None))
        .tls([fqdn(NAME)], PskSuites::default())
        .expect("a context");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    // Both write more than the network holds before either has read all: with one thread each, none would end.
    let exchange = |association: SecurityAssociation<TlsStream>, sent: u8| {
        let (mut reader, mut writer) = association.split().expect("two halves");
        let writing = thread::spawn(move || {
            writer.write_all(&vec![sent; OCTETS]).expect("sent");
            writer
        });
        let mut received = vec![0; OCTETS];
        reader.read_exact(&mut received).expect("all of it");
        assert!(received.iter().all(|octet| *octet == sent ^ 1));
        (reader, writing.join().expect("no panic"))
    };
    let serving = thread::spawn(move || {
        let association = responder_tls.accept(listener.accept().expect("one").0, PATIENCE);
        let (mut reader, writer) = exchange(association.expect("associated"), 2);
        assert_eq!((&reader.peer().entity, reader.peer()), (&entity(AE), writer.peer()));
        reader.read(&mut [0; 4]).expect("closed by the other side")
    });
    let initiator =
        Initiator::new(Transport::Tls, PskSuites::default(), entity(AE), clock.clock()).expect("a context");
    let tcp = TcpStream::connect(address).expect("a connection");
    let offer = || offer(key(KPSA_ID, &KPSA, CSE, None));
    let association = initiator.connect(tcp, &fqdn(NAME), offer(), PATIENCE).expect("associated");
    let (mut reader, mut writer) = exchange(association, 3);
    reader.set_read_timeout(Some(Duration::from_millis(50)));
    let silence = reader.read(&mut [0; 4]).expect_err("nothing comes");
    assert_eq!(silence.kind(), std::io::ErrorKind::TimedOut);
    // One that waits learns that the other half has closed.
    reader.set_read_timeout(None);
    let waiting = thread::spawn(move || reader.read(&mut [0; 4]).expect_err("closed"));
    thread::sleep(Duration::from_millis(100));
    writer.close();
    assert_closed_by_this_side(&waiting.join().expect("no panic"));
    assert_closed_by_this_side(&writer.write_all(b"ping").expect_err("closed"));
    assert_eq!(serving.join().expect("no panic"), 0);
}

#[test]
fn halves_exchange_datagrams() {
    let clock = Hand::at(NOW);
    let end = Some("20261201T000100");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let responder_dtls = responder(&clock, &[AE], key(KPSA_ID, &KPSA, AE, end))
        .dtls([fqdn(NAME)], PskSuites::default(), socket, Default::default())
        .expect("a listener");
    let address = responder_dtls.local_addr().expect("an address");
    let serving = thread::spawn(move || {
        let pending = responder_dtls.accept(PATIENCE).expect("alive").expect("one");
        let association = pending.associate(PATIENCE).expect("associated");
        let (mut reader, mut writer) = association.split().expect("two halves");
        let mut buffer = [0; 4];
        let reading = thread::spawn(move || {
            let first = reader.recv(&mut buffer, PATIENCE).expect("a message");
            (first, reader.recv(&mut buffer, PATIENCE).expect_err("the end").to_string())
        });
        writer.send(b"pong").expect("sent"); // while the other waits
        reading.join().expect("no panic")
    });
    let initiator =
        Initiator::new(Transport::Dtls, PskSuites::default(), entity(AE), clock.clock()).expect("a context");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.connect(address).expect("connected");
    let association = initiator
        .connect_datagrams(socket, &fqdn(NAME), offer(key(KPSA_ID, &KPSA, CSE, end)), PATIENCE)
        .expect("associated");
    let (mut reader, mut writer) = association.split().expect("two halves");
    let waiting = thread::spawn(move || {
        let mut buffer = [0; 4];
        assert_eq!(reader.recv(&mut buffer, PATIENCE).expect("a message"), 4);
        assert_eq!(&buffer, b"pong");
        let silence = reader.recv(&mut buffer, Duration::from_millis(50)).expect_err("nothing comes");
        assert_eq!(silence.kind(), std::io::ErrorKind::TimedOut);
    });
    waiting.join().expect("no panic");
    writer.send(b"ping").expect("sent");
    thread::sleep(Duration::from_millis(200));
    clock.advance(60);
    let ended = "the security association has reached its end";
    assert_eq!(serving.join().expect("no panic"), (4, ended.into()));
    assert_eq!(writer.send(b"ping").expect_err("the end").to_string(), ended);
    writer.close();
    assert_eq!(
        writer.send(b"ping").expect_err("the end").to_string(),
        ended,
        "and not by the goodbye after it"
    );
}
