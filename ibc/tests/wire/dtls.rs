//! DTLS 1.2 over UDP: many peers on one socket, lost datagrams, refusals by silence, and OpenSSL's command.

use crate::wire::lossy::{Lossy, Way, at_random};
use crate::wire::{Foreign, PATIENCE, SHORT, fqdn, free_port, hex};
use ibc::tls::{
    ClientContext, DtlsListener, DtlsStream, Exporter, FixedPsk, HandshakeLimits, Psk, PskAnswer, PskOffer,
    PskSuites, ServerContext, TlsError, Transport,
};
use std::collections::BTreeSet;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const NAME: &str = "cse.example.com";
const KEY: [u8; 32] = [0x5a; 32];

fn psk(key: &[u8]) -> Psk {
    Psk::new(key.to_vec()).expect("a length in range")
}

fn offer(identity: &str, key: &[u8]) -> Option<Arc<dyn PskOffer>> {
    Some(Arc::new(FixedPsk::new(identity, psk(key)).expect("an identity")))
}

/// A server that knows every identity that starts with "client-", and answers each message with the same.
struct Server {
    address: SocketAddr,
    listener: Arc<DtlsListener>,
    stop: Arc<AtomicBool>,
    /// What the handshakes gave: exported key or error.
    done: Arc<std::sync::Mutex<Vec<Result<String, String>>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(suites: PskSuites, limits: HandshakeLimits, patience: Duration) -> Self {
        let context = ServerContext::dtls([fqdn(NAME)])
            .psk(Arc::new(|identity: &str| {
                identity.starts_with("client-").then(|| PskAnswer::new(psk(&KEY)))
            }))
            .suites(suites)
            .build()
            .expect("a context");
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let listener = Arc::new(DtlsListener::new(&context, socket, limits).expect("a listener"));
        let address = listener.local_addr().expect("an address");
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let thread = {
            let (listener, stop, done) = (Arc::clone(&listener), Arc::clone(&stop), Arc::clone(&done));
            thread::spawn(move || {
                let mut threads = Vec::new();
                while !stop.load(Ordering::Acquire) {
                    let Some(incoming) = listener.accept(Duration::from_millis(20)).expect("alive") else {
                        continue;
                    };
                    let (stop, done): (_, Arc<std::sync::Mutex<Vec<_>>>) =
                        (Arc::clone(&stop), Arc::clone(&done));
                    threads.push(thread::spawn(move || {
                        let stream = incoming.handshake(patience);
                        let outcome = match &stream {
                            Ok(stream) => {
                                Ok(hex(&stream.export(Exporter::Connection).expect("exported").id()))
                            }
                            Err(error) => Err(error.to_string()),
                        };
                        done.lock().expect("no panic").push(outcome);
                        if let Ok(stream) = stream {
                            echo(stream, &stop);
                        }
                    }));
                }
                for thread in threads {
                    thread.join().expect("no panic");
                }
            })
        };
        Self { address, listener, stop, done, thread: Some(thread) }
    }

    fn usual() -> Self {
        Self::start(PskSuites::default(), HandshakeLimits::default(), PATIENCE)
    }

    fn outcomes(&self) -> Vec<Result<String, String>> {
        self.done.lock().expect("no panic").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("no panic");
        }
    }
}

fn echo(mut stream: DtlsStream, stop: &AtomicBool) {
    let mut buffer = vec![0; DtlsStream::MESSAGE_MAX];
    while !stop.load(Ordering::Acquire) {
        match stream.recv(&mut buffer, Duration::from_millis(50)) {
            Ok(0) => return,
            Ok(length) => stream.send(&buffer[..length]).expect("sent"),
            // The system gave the peer's port to another client.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return,
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::TimedOut, "{error}"),
        }
    }
}

fn client() -> ClientContext {
    ClientContext::psk(Transport::Dtls, PskSuites::default()).expect("a context")
}

fn connect(
    client: &ClientContext,
    address: SocketAddr,
    name: &str,
    offer: Option<Arc<dyn PskOffer>>,
    patience: Duration,
) -> Result<DtlsStream, TlsError> {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.connect(address).expect("connected");
    DtlsStream::connect(client, socket, &fqdn(name), offer, patience)
}

/// Sends until the answer comes: messages may be lost.
fn ping(stream: &mut DtlsStream, message: &[u8]) {
    let mut buffer = vec![0; DtlsStream::MESSAGE_MAX];
    for _ in 0..40 {
        stream.send(message).expect("sent");
        match stream.recv(&mut buffer, Duration::from_millis(500)) {
            Ok(length) => {
                assert_eq!(&buffer[..length], message);
                return;
            }
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::TimedOut, "{error}"),
        }
    }
    panic!("no answer");
}

#[test]
fn each_suite_gives_a_session_and_the_same_exported_key_at_both_ends() {
    const MANDATORY: &str = "TLS_PSK_WITH_AES_128_CCM_8";
    for (at_server, at_client, suite) in [
        (
            PskSuites::ForwardSecretFirst,
            PskSuites::ForwardSecretFirst,
            "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256",
        ),
        (PskSuites::DheFirst, PskSuites::DheFirst, "TLS_DHE_PSK_WITH_AES_128_GCM_SHA256"),
        (PskSuites::DheFirst, PskSuites::ForwardSecretFirst, MANDATORY),
        (PskSuites::ForwardSecretFirst, PskSuites::MandatoryOnly, MANDATORY),
        (PskSuites::MandatoryOnly, PskSuites::ForwardSecretFirst, MANDATORY),
    ] {
        let server = Server::start(at_server, HandshakeLimits::default(), PATIENCE);
        let client = ClientContext::psk(Transport::Dtls, at_client).expect("a context");
        let mut stream =
            connect(&client, server.address, NAME, offer("client-1", &KEY), PATIENCE).expect("a session");
        assert_eq!(stream.session().suite(), suite);
        ping(&mut stream, b"a message");
        ping(&mut stream, &[7; 8000]);
        let exported = hex(&stream.export(Exporter::Connection).expect("exported").id());
        assert_eq!(server.outcomes(), [Ok(exported)]);
        stream.close();
    }
}

#[test]
fn wrong_keys_and_unknown_identities_meet_silence() {
    let server = Server::start(PskSuites::default(), HandshakeLimits::default(), SHORT);
    for (identity, key) in [("client-1", [0x5b; 32]), ("stranger", KEY)] {
        let error = connect(&client(), server.address, NAME, offer(identity, &key), SHORT)
            .map(drop)
            .expect_err("refused");
        assert!(matches!(error, TlsError::TimedOut), "{identity}: {error}");
    }
    // The one alert that is sent: about the server's name, which is no secret.
    let error = connect(&client(), server.address, "other.example.com", offer("client-1", &KEY), PATIENCE)
        .map(drop)
        .expect_err("refused");
    assert!(error.to_string().contains("unrecognized name"), "{error}");
}

#[test]
fn thirty_two_peers_share_the_socket() {
    let server = Server::usual();
    let address = server.address;
    let clients: Vec<_> = (0..32)
        .map(|n| {
            thread::spawn(move || {
                let identity = format!("client-{n}");
                let mut stream =
                    connect(&client(), address, NAME, offer(&identity, &KEY), PATIENCE).expect("a session");
                for round in 0..5 {
                    ping(&mut stream, format!("{identity} in round {round}").as_bytes());
                }
                hex(&stream.export(Exporter::Connection).expect("exported").id())
            })
        })
        .collect();
    let at_clients: BTreeSet<_> =
        clients.into_iter().map(|thread| thread.join().expect("no panic")).collect();
    let at_server: BTreeSet<_> =
        server.outcomes().into_iter().map(|outcome| outcome.expect("a session")).collect();
    assert_eq!(at_clients.len(), 32);
    assert_eq!(at_clients, at_server);
    assert_eq!(server.listener.handshakes_under_way(), 0);
}

#[test]
fn nothing_is_remembered_of_who_returns_no_cookie() {
    let server = Server::usual();
    // A real ClientHello, the first datagram of a client that hears nothing.
    let trap = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let trapped = trap.local_addr().expect("an address");
    let sending = thread::spawn(move || {
        connect(&client(), trapped, NAME, offer("client-1", &KEY), Duration::from_millis(100))
            .map(drop)
            .expect_err("silence")
    });
    let mut buffer = [0; 2048];
    let length = trap.recv(&mut buffer).expect("a datagram");
    let hello = buffer[..length].to_vec();
    sending.join().expect("no panic");

    for n in 0..hello.len() {
        let stranger = UdpSocket::bind("127.0.0.1:0").expect("a port");
        stranger.set_read_timeout(Some(PATIENCE)).expect("set");
        let garbage: Vec<u8> =
            hello.iter().enumerate().map(|(at, octet)| if at == n { !octet } else { *octet }).collect();
        stranger.send_to(&garbage, server.address).expect("sent");
        stranger.send_to(&hello[..n], server.address).expect("sent");
        stranger.send_to(&hello, server.address).expect("sent");
        // Answers come in order; the one to the good datagram is a HelloVerifyRequest (type 3), no larger than it.
        let answered = (0..3).any(|_| {
            let length = stranger.recv(&mut buffer).expect("an answer");
            assert!(length <= hello.len(), "no amplification: {length}");
            buffer[0] == 22 && buffer[13] == 3
        });
        assert!(answered);
    }
    assert_eq!(server.listener.peers(), 0);
    assert_eq!(server.listener.handshakes_under_way(), 0);
    let mut stream =
        connect(&client(), server.address, NAME, offer("client-1", &KEY), PATIENCE).expect("a session");
    ping(&mut stream, b"still served");
}

#[test]
fn handshakes_under_way_are_bounded_and_make_room_again() {
    let limits = HandshakeLimits { total: 2, per_address: 2 };
    let server = Server::start(PskSuites::default(), limits, Duration::from_secs(6));
    // Peers with a wrong key hold their places until the server's patience ends.
    let address = server.address;
    let stalled: Vec<_> = (0..2)
        .map(|_| {
            thread::spawn(move || {
                connect(&client(), address, NAME, offer("client-1", &[1; 32]), SHORT)
                    .map(drop)
                    .expect_err("refused");
            })
        })
        .collect();
    let until = Instant::now() + PATIENCE;
    while server.listener.handshakes_under_way() < 2 {
        assert!(Instant::now() < until, "both begin");
        thread::sleep(Duration::from_millis(5));
    }
    let error = connect(&client(), address, NAME, offer("client-2", &KEY), Duration::from_millis(500));
    assert!(matches!(error, Err(TlsError::TimedOut)), "no room");
    let mut stream =
        connect(&client(), address, NAME, offer("client-3", &KEY), PATIENCE).expect("room again");
    ping(&mut stream, b"served");
    for thread in stalled {
        thread.join().expect("no panic");
    }
}

#[test]
fn honest_clients_go_on_while_others_claim_random_identities() {
    let limits = HandshakeLimits { total: 512, per_address: 512 };
    let server = Server::start(PskSuites::default(), limits, Duration::from_secs(3));
    let address = server.address;
    let flood: Vec<_> = (0..64)
        .map(|n| {
            thread::spawn(move || {
                connect(&client(), address, NAME, offer(&format!("stranger-{n}"), &KEY), SHORT)
                    .map(drop)
                    .expect_err("refused");
            })
        })
        .collect();
    let honest: Vec<_> = (0..32)
        .map(|n| {
            thread::spawn(move || {
                let offer = offer(&format!("client-{n}"), &KEY);
                ping(&mut connect(&client(), address, NAME, offer, PATIENCE).expect("a session"), b"ping");
            })
        })
        .collect();
    for thread in honest.into_iter().chain(flood) {
        thread.join().expect("no panic");
    }
    assert_eq!(server.outcomes().iter().filter(|outcome| outcome.is_ok()).count(), 32);
}

#[test]
fn the_loss_of_any_single_datagram_is_made_good() {
    let server = Server::usual();
    let address = server.address;
    let runs: Vec<_> = [Way::ToServer, Way::ToClient]
        .into_iter()
        .flat_map(|way| (0..7).map(move |number| (way, number)))
        .map(|(way, number)| {
            thread::spawn(move || {
                let lossy = Lossy::before(address, move |at, n| at == way && n == number);
                let mut stream = connect(&client(), lossy.address, NAME, offer("client-1", &KEY), PATIENCE)
                    .unwrap_or_else(|error| panic!("{way:?} {number}: {error}"));
                for _ in 0..4 {
                    ping(&mut stream, b"ping");
                }
                assert_eq!(lossy.lost(), 1, "{way:?} {number}: as many datagrams as that");
            })
        })
        .collect();
    for run in runs {
        run.join().expect("no panic");
    }
}

#[test]
fn handshakes_succeed_though_five_percent_are_lost() {
    let server = Server::usual();
    let address = server.address;
    let rounds = 40;
    let lanes: Vec<_> = (0..8)
        .map(|lane| {
            thread::spawn(move || {
                (0..rounds / 8)
                    .map(|round| {
                        let lossy = Lossy::before(address, at_random(lane * 100 + round, 5));
                        let mut stream =
                            connect(&client(), lossy.address, NAME, offer("client-1", &KEY), PATIENCE)
                                .expect("a session");
                        ping(&mut stream, b"ping");
                        lossy.lost()
                    })
                    .sum::<usize>()
            })
        })
        .collect();
    let lost: usize = lanes.into_iter().map(|lane| lane.join().expect("no panic")).sum();
    assert!(lost >= 5, "the loss was real: {lost}");
}

/// A record without keys: type, version, epoch, number, and a body that may be less than its header says.
fn record(kind: u8, version: u16, epoch: u16, number: u64, says: u16, body: &[u8]) -> Vec<u8> {
    let header = (u64::from(epoch) << 48) | (number & 0xffff_ffff_ffff);
    [&[kind][..], &version.to_be_bytes(), &header.to_be_bytes(), &says.to_be_bytes(), body].concat()
}

fn whole(kind: u8, epoch: u16, number: u64, body: &[u8]) -> Vec<u8> {
    let length = body.len().try_into().expect("a short body");
    record(kind, 0xfefd, epoch, number, length, body)
}

/// A fragment of a handshake message.
fn fragment(kind: u8, length: u32, sequence: u16, offset: u32, body: &[u8]) -> Vec<u8> {
    let three = |value: u32| value.to_be_bytes()[1..].to_vec();
    let octets: u32 = body.len().try_into().expect("a short body");
    [&[kind][..], &three(length), &sequence.to_be_bytes(), &three(offset), &three(octets), body].concat()
}

const HIGHEST: u64 = (1 << 48) - 1;

/// SplitMix64.
fn random_octets(seed: &mut u64, count: usize) -> Vec<u8> {
    (0..count.div_ceil(8))
        .flat_map(|_| {
            *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *seed;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31)).to_be_bytes()
        })
        .take(count)
        .collect()
}

/// What has ended handshakes and sessions, or could, without knowing a key.
fn crafted(seed: &mut u64) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for epoch in [0, 1, 2, 0xffff] {
        for kind in [0, 20, 21, 22, 23, 24, 255] {
            for length in
                (0..=80).chain([16_383, 16_384, 16_385, 16_392, 16_400, 16_408, 16_409, 18_432, 18_433])
            {
                let number = [1, 900, 1 << 20, HIGHEST][length % 4];
                all.push(whole(kind, epoch, number, &random_octets(seed, length)));
            }
            all.push(record(kind, 0xfefd, epoch, 901, 64, &[1; 63]));
            all.push(record(kind, 0xfefd, epoch, 901, 0xffff, &[1; 100]));
            for version in [0, 0x0303, 0xfefc, 0xfefe, 0xfeff, 0xffff] {
                all.push(record(kind, version, epoch, 902, 1, &[1]));
                all.push(record(kind, version, epoch, 902, 48, &[1; 48]));
            }
        }
        // Fatal and warning alerts, close_notify among them; ChangeCipherSpec, right and wrong.
        for (level, alert) in [(2, 40), (2, 0), (1, 0), (1, 90), (1, 100), (9, 9)] {
            all.extend([1, 903, HIGHEST].map(|number| whole(21, epoch, number, &[level, alert])));
        }
        for body in [&[1][..], &[2], &[], &[1, 1], &[1, 0, 1]] {
            all.push(whole(20, epoch, 904, body));
        }
        // HelloRequest, and messages of every type with numbers that are not due.
        for sequence in [0, 1, 2, 3, 9, 10, 0xffff] {
            all.push(whole(22, epoch, 905, &fragment(0, 0, sequence, 0, &[])));
            all.push(whole(22, epoch, HIGHEST, &fragment(0, 5, sequence, 0, b"hello")));
        }
        for kind in [4, 11, 13, 15, 20, 22, 24, 99] {
            all.push(whole(22, epoch, 906, &fragment(kind, 4, 2, 0, b"1234")));
        }
        for (length, offset, octets) in [(10, 8, 4), (4, 0, 5), (0xff_ffff, 0xff_fff0, 15), (100_000, 0, 10)]
        {
            all.push(whole(22, epoch, 907, &fragment(14, length, 2, offset, &vec![0; octets])));
            all.push(whole(22, epoch, 907, &fragment(16, length, 2, offset, &vec![0; octets])));
        }
    }
    // Several in one datagram, and the beginning of another after them.
    let short = whole(23, 1, 908, &[0]);
    all.push([&whole(23, 1, 908, &[0; 40])[..], &short].concat());
    all.push([&short[..], &short, &short[..7]].concat());
    all.push([&whole(23, 0, 909, b"in the clear")[..], &whole(21, 1, 909, &[0; 15])].concat());
    all
}

/// A datagram at random; every other one with a header that reaches the keys, more often than chance would have it.
fn random_datagram(seed: &mut u64, n: usize) -> Vec<u8> {
    let mut datagram = random_octets(seed, n % 120);
    if n.is_multiple_of(2) && datagram.len() > 12 {
        datagram[..5].copy_from_slice(&[20 + (n / 2 % 4) as u8, 0xfe, 0xfd, 0, 1]);
        let length = (datagram.len() - 13).try_into().expect("short");
        datagram[11..13].copy_from_slice(&u16::to_be_bytes(length));
    }
    datagram
}

/// With `SLOW_TESTS=1` a million at random and more than ten thousand others, for each suite, to each end.
///
/// DHE-PSK-AES128-CCM8 is offered as well, and not taken between these two ends, which both have GCM before it; to the
/// filter it is as PSK-AES128-CCM8.
#[test]
fn forged_datagrams_end_no_session() {
    let is_slow = std::env::var_os("SLOW_TESTS").is_some();
    let (random, rounds) = if is_slow { (1_000_000, 4) } else { (2000, 1) };
    for (suites, suite) in [
        (PskSuites::ForwardSecretFirst, "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256"),
        (PskSuites::DheFirst, "TLS_DHE_PSK_WITH_AES_128_GCM_SHA256"),
        (PskSuites::MandatoryOnly, "TLS_PSK_WITH_AES_128_CCM_8"),
    ] {
        let server = Server::start(suites, HandshakeLimits::default(), PATIENCE);
        let proxy = Lossy::before(server.address, |_, _| false);
        let client = ClientContext::psk(Transport::Dtls, suites).expect("a context");
        let mut stream =
            connect(&client, proxy.address, NAME, offer("client-1", &KEY), PATIENCE).expect("a session");
        assert_eq!(stream.session().suite(), suite);
        ping(&mut stream, b"before");
        let mut seed = 1;
        let mut known = vec![b"\x17\xfe\xfd\0\x01\0\0\0\0\x03\x84\0\x01\0".to_vec()];
        known.extend((0..rounds).flat_map(|_| crafted(&mut seed)));
        let crafted = known.len();
        assert!(!is_slow || crafted >= 10_000, "{crafted}");
        let mut forged = known.into_iter().chain((0..random).map(|n| random_datagram(&mut seed, n)));
        // No more at once than wait for one session.
        let (mut batch, mut sent) = (0, 0);
        loop {
            let datagrams: Vec<_> = forged.by_ref().take(40).collect();
            if datagrams.is_empty() {
                break;
            }
            for datagram in &datagrams {
                proxy.forge(Way::ToServer, datagram);
                proxy.forge(Way::ToClient, datagram);
            }
            sent += datagrams.len();
            ping(&mut stream, format!("{suite}, after batch {batch}").as_bytes());
            batch += 1;
        }
        assert_eq!(sent, crafted + random);
        println!("{suite}: goes on after {crafted} crafted and {random} random datagrams to each end");
        assert_eq!(server.listener.peers(), 1);
    }
}

#[test]
fn forged_datagrams_end_no_handshake() {
    for suites in [PskSuites::ForwardSecretFirst, PskSuites::DheFirst, PskSuites::MandatoryOnly] {
        let server = Server::start(suites, HandshakeLimits::default(), PATIENCE);
        // Few of the large ones: they are to be refused, not to fill the sockets' buffers.
        let all: Vec<_> = crafted(&mut 2)
            .into_iter()
            .enumerate()
            .filter(|(n, datagram)| datagram.len() < 2000 || n % 16 == 0)
            .map(|(_, datagram)| datagram)
            .collect();
        let rounds = all.len().div_ceil(20);
        for (round, forged) in all.chunks(20).enumerate() {
            let forged = forged.to_vec();
            let proxy = Lossy::forging(
                server.address,
                |_, _| false,
                move |_, _| {
                    let both = [Way::ToServer, Way::ToClient];
                    both.into_iter()
                        .flat_map(|way| forged.iter().map(move |datagram| (way, datagram.clone())))
                        .collect()
                },
            );
            let client = ClientContext::psk(Transport::Dtls, suites).expect("a context");
            let mut stream = connect(&client, proxy.address, NAME, offer("client-1", &KEY), PATIENCE)
                .unwrap_or_else(|error| panic!("{suites:?}, round {round} of {rounds}: {error}"));
            ping(&mut stream, b"after all");
        }
    }
}

#[test]
fn an_alert_in_the_clear_does_not_outweigh_what_the_server_sends() {
    let server = Server::usual();
    // With the first flight lost too: the alert is there a second before the server answers.
    let proxy = Lossy::forging(
        server.address,
        |way, number| way == Way::ToServer && number == 0,
        |_, _| vec![(Way::ToClient, whole(21, 0, 7, &[2, 40]))],
    );
    let mut stream =
        connect(&client(), proxy.address, NAME, offer("client-1", &KEY), PATIENCE).expect("a session");
    ping(&mut stream, b"here");
}

/// OpenSSL 3.0 ends a session with Encrypt-then-MAC at the first record that does not verify, and without it CBC is what
/// Lucky Thirteen was about.
#[test]
fn cbc_is_not_served() {
    let server = Server::usual();
    let (target, key) = (server.address.to_string(), hex(&KEY));
    let peer = Foreign::start(
        &[
            &["s_client", "-dtls1_2", "-connect", &target, "-servername", NAME][..],
            &["-psk_identity", "client-1", "-psk", &key, "-cipher", "ECDHE-PSK-AES128-CBC-SHA256"],
        ]
        .concat(),
    );
    peer.wait_for("handshake failure");
    assert!(server.outcomes().iter().all(Result::is_err));
}

#[test]
fn s_client_is_served_and_exports_the_same_key() {
    for (suites, cipher, shows) in [
        (PskSuites::default(), "PSK-AES128-CCM8:@SECLEVEL=0", "Cipher is PSK-AES128-CCM8"),
        (PskSuites::default(), "ECDHE-PSK-CHACHA20-POLY1305", "Server Temp Key: X25519, 253 bits"),
        (PskSuites::DheFirst, "DHE-PSK-AES128-CCM8:@SECLEVEL=0", "Server Temp Key: DH, 2048 bits"),
    ] {
        let server = Server::start(suites, HandshakeLimits::default(), PATIENCE);
        let (target, key) = (server.address.to_string(), hex(&KEY));
        let mut peer = Foreign::start(
            &[
                &["s_client", "-dtls1_2", "-connect", &target, "-servername", NAME][..],
                &["-psk_identity", "client-1", "-psk", &key, "-cipher", cipher],
                &["-keymatexport", "EXPORTER-oneM2M-Connection", "-keymatexportlen", "48"],
            ]
            .concat(),
        );
        peer.type_in("ping\n");
        peer.wait_for("\nping\n");
        peer.type_in("Q\n");
        let text = peer.end();
        let id = server.outcomes().remove(0).expect("a session");
        assert!(text.contains(&format!("Keying material: {}", id.to_uppercase())), "{cipher}: {text}");
        assert!(text.contains(shows), "{cipher}: {text}");
    }
}

#[test]
fn s_server_is_a_server_for_this_client() {
    for (cipher, suite) in [
        ("PSK-AES128-CCM8:@SECLEVEL=0", "TLS_PSK_WITH_AES_128_CCM_8"),
        ("ECDHE-PSK-CHACHA20-POLY1305", "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256"),
    ] {
        let (port, key) = (free_port(true), hex(&KEY));
        let accept = port.to_string();
        let mut peer = Foreign::start(
            &[
                &["s_server", "-dtls1_2", "-listen", "-accept", &accept, "-nocert", "-mtu", "1400"][..],
                &["-psk", &key, "-psk_identity", "client-1", "-psk_hint", "a hint", "-cipher", cipher],
            ]
            .concat(),
        );
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        // Its first ClientHello may come before the server is there: that one is sent again.
        let mut stream =
            connect(&client(), address, NAME, offer("client-1", &KEY), PATIENCE).expect("a session");
        assert_eq!(stream.session().suite(), suite);
        stream.send(b"a line from this crate\n").expect("sent");
        peer.wait_for("a line from this crate");
        peer.type_in("pong\n");
        let mut buffer = [0; 64];
        let length = stream.recv(&mut buffer, PATIENCE).expect("an answer");
        assert_eq!(&buffer[..length], b"pong\n");
        stream.close();
        peer.kill();
    }
}

#[test]
fn messages_have_bounds() {
    let server = Server::usual();
    let mut stream =
        connect(&client(), server.address, NAME, offer("client-1", &KEY), PATIENCE).expect("a session");
    for length in [0, DtlsStream::MESSAGE_MAX + 1] {
        assert!(stream.send(&vec![0; length]).is_err(), "{length}");
    }
    ping(&mut stream, &[1]);
}

/// A device that restarts, with a fixed port.
#[test]
fn a_peer_that_starts_anew_from_the_same_port_gets_a_new_session() {
    let context = ServerContext::dtls([fqdn(NAME)])
        .psk(Arc::new(|_: &str| Some(PskAnswer::new(psk(&KEY)))))
        .build()
        .expect("a context");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let listener = DtlsListener::new(&context, socket, HandshakeLimits::default()).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let device = UdpSocket::bind("127.0.0.1:0").expect("a port");
    device.connect(address).expect("connected");
    let start = |key: [u8; 32], patience| {
        let socket = device.try_clone().expect("cloned");
        thread::spawn(move || {
            DtlsStream::connect(&client(), socket, &fqdn(NAME), offer("client-1", &key), patience)
        })
    };
    let next = |patience| {
        let incoming = listener.accept(PATIENCE).expect("alive").expect("a peer");
        incoming.handshake(patience)
    };
    let mut buffer = [0; 64];

    let calling = start(KEY, PATIENCE);
    let mut first = next(PATIENCE).expect("a session");
    let mut at_device = calling.join().expect("no panic").expect("a session");

    // Somebody at its address who does not have the key: the session stays.
    let calling = start([1; 32], SHORT);
    next(SHORT).map(drop).expect_err("no key");
    calling.join().expect("no panic").map(drop).expect_err("no key");
    at_device.send(b"still there").expect("sent");
    let length = first.recv(&mut buffer, PATIENCE).expect("a message");
    assert_eq!(&buffer[..length], b"still there");
    assert_eq!(listener.peers(), 1);

    // The device itself, after a restart: a new session takes the place of the old one.
    drop(at_device);
    let calling = start(KEY, PATIENCE);
    let mut second = next(PATIENCE).expect("a session");
    let mut at_device = calling.join().expect("no panic").expect("a session");
    let over = loop {
        match first.recv(&mut buffer, PATIENCE) {
            Ok(length) => panic!("{length} octets for the old session"),
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {}
            Err(error) => break error.kind(),
        }
    };
    assert_eq!(over, std::io::ErrorKind::ConnectionReset);
    drop(first);
    at_device.send(b"here again").expect("sent");
    let length = second.recv(&mut buffer, PATIENCE).expect("a message");
    assert_eq!(&buffer[..length], b"here again");
    assert_eq!(listener.peers(), 1);
    drop(second);
    assert_eq!(listener.peers(), 0);
}

/// What waits at a socket does so in the system, not in a loop: seen by another handle of the same socket.
fn waits(handle: &UdpSocket) -> bool {
    const LITTLE: Duration = Duration::from_millis(50);
    handle.set_read_timeout(Some(LITTLE)).expect("a socket");
    let since = Instant::now();
    let error = handle.recv_from(&mut [0]).expect_err("nothing comes");
    assert!(matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut), "{error}");
    since.elapsed() >= LITTLE / 2
}

/// As tokio's `into_std` gives them.
#[test]
fn a_non_blocking_socket_is_made_blocking() {
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.connect(silent.local_addr().expect("an address")).expect("connected");
    let handle = socket.try_clone().expect("another handle");
    socket.set_nonblocking(true).expect("a socket");
    assert!(!waits(&handle));
    let patience = Duration::from_millis(300);
    let error = DtlsStream::connect(&client(), socket, &fqdn(NAME), offer("client-1", &KEY), patience)
        .map(drop)
        .expect_err("silence");
    assert!(matches!(error, TlsError::TimedOut), "{error}");
    assert!(waits(&handle), "client");

    let context = ServerContext::dtls([fqdn(NAME)]).psk(Arc::new(|_: &str| None)).build().expect("a context");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let handle = socket.try_clone().expect("another handle");
    socket.set_nonblocking(true).expect("a socket");
    let _listener = DtlsListener::new(&context, socket, HandshakeLimits::default()).expect("a listener");
    assert!(waits(&handle), "server");
    // And if it is made so again behind the listener's back: it is noticed the next time that nothing comes.
    handle.set_nonblocking(true).expect("a socket");
    thread::sleep(Duration::from_millis(500));
    assert!(waits(&handle), "server, later");
}
