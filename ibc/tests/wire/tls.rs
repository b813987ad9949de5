//! TLS 1.2 with pre-shared keys and certificates: this crate at both ends, and OpenSSL's command at one.

use crate::certificates::certificate;
use crate::wire::{Foreign, PATIENCE, fqdn, free_port, hex};
use ibc::tls::{
    ClientContext, Exporter, FixedPsk, HandshakeLimiter, HandshakeLimits, Method, OwnCertificate, Psk,
    PskAnswer, PskOffer, PskResolver, PskSuites, ServerContext, Session, TlsError, TlsStream, Transport,
    TrustedCertificates,
};
use openssl::ssl::{
    Ssl, SslContext, SslContextBuilder, SslMethod, SslOptions, SslSession, SslStream, SslVersion,
};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const NAME: &str = "mef.example.com";
const IDENTITY: &str = "client-1@mef.example.com";
const KEY: [u8; 32] = [0x5a; 32];
const MANDATORY: &str = "TLS_PSK_WITH_AES_128_CBC_SHA256";

fn psk(key: &[u8]) -> Psk {
    Psk::new(key.to_vec()).expect("a length in range")
}

/// Knows one identity.
fn resolver() -> Arc<dyn PskResolver> {
    Arc::new(|identity: &str| (identity == IDENTITY).then(|| PskAnswer::new(psk(&KEY))))
}

fn psk_server() -> ServerContext {
    ServerContext::tls([fqdn(NAME)]).psk(resolver()).build().expect("a context")
}

fn offer(identity: &str, key: &[u8]) -> Option<Arc<dyn PskOffer>> {
    Some(Arc::new(FixedPsk::new(identity, psk(key)).expect("an identity")))
}

/// Accepts one connection and hands the stream, or the refusal, to `then`.
fn serve<T: Send + 'static>(
    server: ServerContext,
    then: impl FnOnce(Result<TlsStream, TlsError>) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let thread = thread::spawn(move || {
        let (tcp, _) = listener.accept().expect("a connection");
        then(server.accept(tcp, PATIENCE))
    });
    (address, thread)
}

fn connect(
    client: &ClientContext,
    address: SocketAddr,
    name: &str,
    offer: Option<Arc<dyn PskOffer>>,
) -> Result<TlsStream, TlsError> {
    client.connect(TcpStream::connect(address).expect("a connection"), &fqdn(name), offer, PATIENCE)
}

/// Answers "ping" with "pong".
fn pong(mut stream: TlsStream) -> TlsStream {
    let mut ping = [0; 4];
    stream.read_exact(&mut ping).expect("a message");
    assert_eq!(&ping, b"ping");
    stream.write_all(b"pong").expect("sent");
    stream
}

fn ping(stream: &mut TlsStream) {
    stream.write_all(b"ping").expect("sent");
    let mut pong = [0; 4];
    stream.read_exact(&mut pong).expect("a message");
    assert_eq!(&pong, b"pong");
}

fn exported(stream: &TlsStream, exporter: Exporter) -> (String, String) {
    let key = stream.export(exporter).expect("an extended master secret");
    assert_eq!(Exporter::from_label(exporter.label()), Some(exporter));
    assert_eq!(key.expose_octets()[..], [&key.id()[..], &key.expose()[..]].concat());
    (hex(&key.id()), hex(&*key.expose()))
}

#[test]
fn each_suite_gives_a_session_and_the_same_exported_keys_at_both_ends() {
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
        let server =
            ServerContext::tls([fqdn(NAME)]).psk(resolver()).suites(at_server).build().expect("a context");
        let (address, serving) = serve(server, |stream| pong(stream.expect("a session")));
        let client = ClientContext::psk(Transport::Tls, at_client).expect("a context");
        let mut stream = connect(&client, address, NAME, offer(IDENTITY, &KEY)).expect("a session");
        ping(&mut stream);
        let served = serving.join().expect("no panic");
        for session in [stream.session(), served.session()] {
            assert_eq!(session.suite(), suite);
            assert_eq!(session.psk_identity(), Some(IDENTITY));
            assert_eq!(session.server_name(), NAME);
            assert!(session.has_extended_master_secret());
        }
        let connection = exported(&stream, Exporter::Connection);
        assert_eq!(connection, exported(&served, Exporter::Connection));
        let bootstrap = exported(&stream, Exporter::Bootstrap);
        assert_eq!(bootstrap, exported(&served, Exporter::Bootstrap));
        assert_ne!(connection, bootstrap, "two labels");
    }
}

/// How both ends fail, as texts.
fn failure(server: ServerContext, identity: &str, key: &[u8]) -> (String, String) {
    let (address, serving) = serve(server, |stream| stream.map(drop).expect_err("no session").to_string());
    let client = ClientContext::psk(Transport::Tls, PskSuites::default()).expect("a context");
    let error = connect(&client, address, NAME, offer(identity, key)).map(drop).expect_err("no session");
    (error.to_string(), serving.join().expect("no panic"))
}

#[test]
fn an_unknown_identity_fails_like_a_wrong_key() {
    let (unknown, at_server) = failure(psk_server(), "client-2@mef.example.com", &KEY);
    let (wrong_key, _) = failure(psk_server(), IDENTITY, &[0x5b; 32]);
    assert_eq!(unknown, wrong_key);
    assert!(unknown.contains("bad record mac"), "{unknown}");
    assert!(at_server.contains("refused by this side"), "{at_server}");
}

#[test]
fn a_resolver_that_panics_refuses() {
    let server = ServerContext::tls([fqdn(NAME)])
        .psk(Arc::new(|_: &str| -> Option<PskAnswer> { panic!("for the test") }))
        .build()
        .expect("a context");
    let (at_client, _) = failure(server, IDENTITY, &KEY);
    assert!(at_client.contains("bad record mac"), "{at_client}");
}

#[test]
fn another_server_name_is_refused() {
    let (address, serving) = serve(psk_server(), |stream| stream.map(drop));
    let client = ClientContext::psk(Transport::Tls, PskSuites::default()).expect("a context");
    let error = connect(&client, address, "maf.example.com", offer(IDENTITY, &KEY)).expect_err("refused");
    assert!(error.to_string().contains("unrecognized name"), "{error}");
    serving.join().expect("no panic").expect_err("refused");
}

/// A client made with the crate openssl alone, which does what this crate's clients do not.
fn raw_client(change: impl FnOnce(&mut SslContextBuilder)) -> SslContextBuilder {
    let mut context = SslContext::builder(SslMethod::tls()).expect("a context");
    context.set_max_proto_version(Some(SslVersion::TLS1_2)).expect("known");
    context.set_psk_client_callback(|_, _, identity, key| {
        identity[..IDENTITY.len()].copy_from_slice(IDENTITY.as_bytes());
        key[..32].copy_from_slice(&KEY);
        Ok(32)
    });
    context.set_cipher_list("PSK-AES128-CBC-SHA256").expect("known");
    change(&mut context);
    context
}

fn raw_connect(
    context: &SslContext,
    address: SocketAddr,
    change: impl FnOnce(&mut Ssl),
) -> Result<SslStream<TcpStream>, String> {
    let mut ssl = Ssl::new(context).expect("an object");
    change(&mut ssl);
    let tcp = TcpStream::connect(address).expect("a connection");
    tcp.set_read_timeout(Some(PATIENCE)).expect("set");
    let mut stream = SslStream::new(ssl, tcp).expect("an object");
    stream.connect().map(|()| stream).map_err(|error| error.to_string())
}

fn named(ssl: &mut Ssl) {
    ssl.set_hostname(NAME).expect("set");
}

#[test]
fn a_client_that_names_no_server_is_refused() {
    let (address, serving) = serve(psk_server(), |stream| stream.map(drop));
    let error = raw_connect(&raw_client(|_| ()).build(), address, |_| ()).expect_err("refused");
    assert!(error.contains("unrecognized name"), "{error}");
    serving.join().expect("no panic").expect_err("refused");
}

#[test]
fn without_extended_master_secret_nothing_is_exported() {
    const NO_EXTENDED_MASTER_SECRET: u64 = 1; // SSL_OP_NO_EXTENDED_MASTER_SECRET, no name in the crate openssl
    let (address, serving) = serve(psk_server(), |stream| {
        let stream = stream.expect("a session");
        let refusals = [Exporter::Bootstrap, Exporter::Connection].map(|exporter| stream.export(exporter));
        (stream.session().has_extended_master_secret(), refusals)
    });
    let client = raw_client(|context| {
        context.set_options(SslOptions::from_bits_retain(NO_EXTENDED_MASTER_SECRET));
    });
    let _stream = raw_connect(&client.build(), address, named).expect("a session");
    let (extended, refusals) = serving.join().expect("no panic");
    assert!(!extended);
    for refusal in refusals {
        assert!(matches!(refusal, Err(TlsError::NoExtendedMasterSecret)), "{refusal:?}");
    }
}

#[test]
fn only_version_1_2_is_spoken() {
    for version in [SslVersion::TLS1_1, SslVersion::TLS1_3] {
        let (address, serving) = serve(psk_server(), |stream| stream.map(drop));
        let client = raw_client(|context| {
            context.set_max_proto_version(Some(version)).expect("known");
            context.set_min_proto_version(Some(version)).expect("known");
            context.set_security_level(0);
            context.set_cipher_list("PSK").expect("known");
        });
        raw_connect(&client.build(), address, named).expect_err("another version");
        serving.join().expect("no panic").expect_err("another version");
    }
}

#[test]
fn sessions_are_not_resumed() {
    let server = psk_server();
    let client = raw_client(|_| ()).build();
    let mut last: Option<SslSession> = None;
    for _ in 0..2 {
        let (address, serving) = serve(server.clone(), |stream| drop(pong(stream.expect("a session"))));
        let mut stream = raw_connect(&client, address, |ssl| {
            named(ssl);
            if let Some(session) = &last {
                // SAFETY: session and context belong together.
                #[allow(unsafe_code)]
                unsafe {
                    ssl.set_session(session).expect("set");
                }
            }
        })
        .expect("a session");
        assert!(!stream.ssl().session_reused());
        stream.write_all(b"ping").expect("sent");
        stream.read_exact(&mut [0; 4]).expect("an answer");
        last = stream.ssl().session().map(ToOwned::to_owned);
        assert!(last.as_ref().is_some_and(|session| session.id().is_empty()), "nothing to come back with");
        serving.join().expect("no panic");
    }
}

#[test]
fn identities_have_at_most_255_octets() {
    let longest = "i".repeat(255);
    let expected = longest.clone();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let server = ServerContext::tls([fqdn(NAME)])
        .psk(Arc::new(move |identity: &str| {
            counter.fetch_add(1, Ordering::Relaxed);
            (identity == expected).then(|| PskAnswer::new(psk(&KEY)))
        }))
        .build()
        .expect("a context");
    let (address, serving) = serve(server.clone(), |stream| drop(pong(stream.expect("a session"))));
    let client = ClientContext::psk(Transport::Tls, PskSuites::default()).expect("a context");
    ping(&mut connect(&client, address, NAME, offer(&longest, &KEY)).expect("a session"));
    serving.join().expect("no panic");
    assert_eq!(asked.load(Ordering::Relaxed), 1);

    // A peer that has a longer one: it is not looked up, and fails like any unknown one.
    let (address, serving) = serve(server, |stream| stream.map(drop));
    let too_long = raw_client(|context| {
        context.set_psk_client_callback(|_, _, identity, key| {
            identity[..256].fill(b'i');
            key[..32].copy_from_slice(&KEY);
            Ok(32)
        });
    });
    let error = raw_connect(&too_long.build(), address, named).expect_err("refused");
    assert!(error.contains("bad record mac"), "{error}");
    serving.join().expect("no panic").expect_err("refused");
    assert_eq!(asked.load(Ordering::Relaxed), 1);

    assert!(FixedPsk::new(&"i".repeat(256), psk(&KEY)).is_err());
    assert!(FixedPsk::new("", psk(&KEY)).is_err());
    assert!(FixedPsk::new("a\0b", psk(&KEY)).is_err());
    assert!(Psk::new(vec![]).is_err() && Psk::new(vec![1; 65]).is_err());
    let hint =
        |octets: usize| ServerContext::tls([fqdn(NAME)]).psk(resolver()).hint("h".repeat(octets)).build();
    assert!(hint(255).is_ok() && hint(256).is_err());
}

#[test]
fn the_hint_reaches_the_client_and_may_stop_it() {
    struct Choosy;
    impl PskOffer for Choosy {
        fn offer(&self, hint: Option<&str>) -> Option<ibc::tls::PskOffered> {
            (hint == Some("the right hint")).then(|| ibc::tls::PskOffered {
                identity: IDENTITY.into(),
                answer: PskAnswer::new(psk(&KEY)),
            })
        }
    }
    for (hint, good) in [(Some("the right hint"), true), (Some("another"), false), (None, false)] {
        let mut builder = ServerContext::tls([fqdn(NAME)]).psk(resolver());
        if let Some(hint) = hint {
            builder = builder.hint(hint);
        }
        let (address, serving) = serve(builder.build().expect("a context"), |stream| stream.map(drop));
        let client = ClientContext::psk(Transport::Tls, PskSuites::default()).expect("a context");
        let stream = connect(&client, address, NAME, Some(Arc::new(Choosy)));
        match stream {
            Ok(_) => assert!(good),
            Err(error) => assert!(!good && matches!(error, TlsError::Refused), "{error}"),
        }
        assert_eq!(serving.join().expect("no panic").is_ok(), good);
    }
}

#[test]
fn a_client_that_says_nothing_does_not_hold_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut silent = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
    let trickle = thread::spawn(move || {
        // One octet at a time: a limit on each read alone would never strike.
        for octet in [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3].into_iter().cycle() {
            if silent.write_all(&[octet]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    let (tcp, _) = listener.accept().expect("a connection");
    let error = psk_server().accept(tcp, Duration::from_millis(300)).map(drop).expect_err("no handshake");
    assert!(matches!(error, TlsError::TimedOut | TlsError::Handshake(_)), "{error}");
    trickle.join().expect("no panic");
}

/// Passes on what a client sends with the one octet changed that is `+`, and back what the server sends.
fn changing_plus_to_nul(server: SocketAddr) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let pass = |mut from: TcpStream, mut to: TcpStream, change: fn(&mut [u8])| {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            change(&mut buffer[..length]);
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Both);
    };
    let thread = thread::spawn(move || {
        let (client, _) = listener.accept().expect("a connection");
        let server = TcpStream::connect(server).expect("connected");
        let (from_server, to_client) =
            (server.try_clone().expect("cloned"), client.try_clone().expect("cloned"));
        let back = thread::spawn(move || pass(from_server, to_client, |_| ()));
        pass(client, server, |octets| {
            let identity = octets.windows(9).position(|octets| octets == b"example.+");
            if let Some(at) = identity {
                octets[at + 8] = 0;
            }
        });
        back.join().expect("no panic");
    });
    (address, thread)
}

/// OpenSSL gives identities as text of C: one with a NUL would be taken for what stands before it.
#[test]
fn an_identity_with_a_nul_is_nobodys() {
    let asked: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
    let asking = Arc::clone(&asked);
    let server = ServerContext::tls([fqdn(NAME)])
        .psk(Arc::new(move |identity: &str| {
            asking.lock().expect("no panic").push(identity.into());
            Some(PskAnswer::new(psk(&KEY)))
        }))
        .build()
        .expect("a context");
    for (identity, seen) in
        [("client@example.com", Some("client@example.com")), ("client@example.+com", None)]
    {
        let (address, serving) = serve(server.clone(), |outcome| outcome.map(drop).is_ok());
        let (address, passing) = changing_plus_to_nul(address);
        let client = ClientContext::psk(Transport::Tls, PskSuites::MandatoryOnly).expect("a context");
        let outcome = connect(&client, address, NAME, offer(identity, &KEY)).map(drop);
        assert_eq!((outcome.is_ok(), serving.join().expect("no panic")), (seen.is_some(), seen.is_some()));
        passing.join().expect("no panic");
        assert_eq!(asked.lock().expect("no panic").pop().as_deref(), seen);
    }
}

#[test]
fn honest_clients_go_on_while_others_claim_random_identities() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (honest, strangers) = (32, 200);
    let limiter = HandshakeLimiter::new(HandshakeLimits { total: 64, per_address: 64 });
    let serving = thread::spawn(move || {
        let server = psk_server();
        let mut threads = Vec::new();
        for _ in 0..honest + strangers {
            let (tcp, from) = listener.accept().expect("a connection");
            let permit = loop {
                match limiter.admit(from.ip()) {
                    Some(permit) => break permit,
                    None => thread::sleep(Duration::from_millis(1)),
                }
            };
            let server = server.clone();
            threads.push(thread::spawn(move || {
                let stream = server.accept(tcp, PATIENCE);
                drop(permit);
                stream.map(|stream| drop(pong(stream))).is_ok()
            }));
        }
        let good =
            threads.into_iter().map(|thread| thread.join().expect("no panic")).filter(|good| *good).count();
        (good, limiter.under_way())
    });
    let client = ClientContext::psk(Transport::Tls, PskSuites::default()).expect("a context");
    let flood: Vec<_> = (0..4)
        .map(|lane| {
            let client = client.clone();
            thread::spawn(move || {
                for n in 0..strangers / 4 {
                    let identity = format!("stranger-{lane}-{n}@mef.example.com");
                    connect(&client, address, NAME, offer(&identity, &KEY)).map(drop).expect_err("refused");
                }
            })
        })
        .collect();
    let clients: Vec<_> = (0..honest)
        .map(|_| {
            let client = client.clone();
            thread::spawn(move || {
                ping(&mut connect(&client, address, NAME, offer(IDENTITY, &KEY)).expect("a session"));
            })
        })
        .collect();
    for thread in clients.into_iter().chain(flood) {
        thread.join().expect("no panic");
    }
    assert_eq!(serving.join().expect("no panic"), (honest, 0));
}

const AE_URI: &str = "//sp.example.com/CSE090112/C190XX7T";
const VALID: (i64, i64) = (-1, 30);
const EXPIRED: (i64, i64) = (-30, -1);

#[test]
fn one_port_serves_pre_shared_keys_and_certificates() {
    let anchor = certificate(None, None, VALID);
    let at_server = certificate(Some(&anchor), Some((true, NAME)), VALID);
    let good = certificate(Some(&anchor), Some((false, AE_URI)), VALID);
    let pinned = certificate(None, Some((false, AE_URI)), VALID);
    let stranger = certificate(None, Some((false, AE_URI)), VALID);
    let pinned_but_expired = certificate(None, Some((false, AE_URI)), EXPIRED);
    let expired = certificate(Some(&anchor), Some((false, AE_URI)), EXPIRED);

    let known = [pinned.sha256(), pinned_but_expired.sha256()];
    let anchors = TrustedCertificates::anchors_from_pem(&anchor.pem()).expect("an anchor");
    let clients = anchors.clone().or_pinned(Arc::new(move |sha256| known.contains(sha256)));
    let server = ServerContext::tls([fqdn(NAME)])
        .psk(resolver())
        .certificates(at_server.own(), clients)
        .build()
        .expect("a context");

    let (address, serving) = serve(server.clone(), |stream| pong(stream.expect("a session")));
    let client = ClientContext::psk(Transport::Tls, PskSuites::default()).expect("a context");
    ping(&mut connect(&client, address, NAME, offer(IDENTITY, &KEY)).expect("a session"));
    assert_eq!(serving.join().expect("no panic").session().psk_identity(), Some(IDENTITY));

    for accepted in [&good, &pinned] {
        let (address, serving) = serve(server.clone(), |stream| pong(stream.expect("a session")));
        let client = ClientContext::certificate(&accepted.own(), &anchors).expect("a context");
        let mut stream = connect(&client, address, NAME, None).expect("a session");
        ping(&mut stream);
        let served = serving.join().expect("no panic");
        let Method::Certificate(identity) = served.session().method() else { panic!("a certificate") };
        assert_eq!(identity.sha256, accepted.sha256());
        assert_eq!(identity.uris, [AE_URI]);
        assert_eq!(served.session().suite(), "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
        let Method::Certificate(identity) = stream.session().method() else { panic!("a certificate") };
        assert_eq!(identity.dns_names, [NAME]);
        assert_eq!(exported(&stream, Exporter::Bootstrap), exported(&served, Exporter::Bootstrap));
    }

    for refused in [&stranger, &pinned_but_expired, &expired] {
        let (address, serving) = serve(server.clone(), |stream| stream.map(drop));
        let client = ClientContext::certificate(&refused.own(), &anchors).expect("a context");
        connect(&client, address, NAME, None).map(drop).expect_err("refused");
        serving.join().expect("no panic").expect_err("refused");
    }

    // A client without a certificate, or with the server's name wrong, or that does not know the anchor.
    let (address, serving) = serve(server.clone(), |stream| stream.map(drop));
    let mut without = SslContext::builder(SslMethod::tls()).expect("a context");
    without.set_max_proto_version(Some(SslVersion::TLS1_2)).expect("known");
    raw_connect(&without.build(), address, named).expect_err("refused");
    serving.join().expect("no panic").expect_err("refused");

    let other = TrustedCertificates::anchors_from_pem(&stranger.pem()).expect("an anchor");
    let (address, serving) = serve(server.clone(), |stream| stream.map(drop));
    let client = ClientContext::certificate(&good.own(), &other).expect("a context");
    connect(&client, address, NAME, None).map(drop).expect_err("an unknown anchor");
    serving.join().expect("no panic").expect_err("refused by the client");

    let wild = certificate(Some(&anchor), Some((true, "*.example.com")), VALID);
    let server =
        ServerContext::tls([fqdn(NAME)]).certificates(wild.own(), anchors.clone()).build().expect("built");
    let (address, serving) = serve(server, |stream| stream.map(drop));
    let client = ClientContext::certificate(&good.own(), &anchors).expect("a context");
    connect(&client, address, NAME, None).map(drop).expect_err("a wildcard");
    serving.join().expect("no panic").expect_err("refused by the client");
}

#[test]
fn contexts_are_not_mixed_up() {
    let own = certificate(None, Some((true, NAME)), VALID);
    let trusted = TrustedCertificates::anchors_from_pem(&own.pem()).expect("an anchor");
    let configuration = |error: TlsError| assert!(matches!(error, TlsError::Configuration(_)), "{error}");
    configuration(ServerContext::tls([]).psk(resolver()).build().map(drop).expect_err("no name"));
    configuration(ServerContext::tls([fqdn(NAME)]).build().map(drop).expect_err("nothing accepted"));
    let dtls =
        ServerContext::dtls([fqdn(NAME)]).psk(resolver()).certificates(own.own(), trusted.clone()).build();
    configuration(dtls.map(drop).expect_err("certificates over DTLS"));
    let certified = ClientContext::certificate(&own.own(), &trusted).expect("a context");
    configuration(certified.connection(&fqdn(NAME), offer(IDENTITY, &KEY)).map(drop).expect_err("a key"));
    let with_psk = ClientContext::psk(Transport::Tls, PskSuites::default()).expect("a context");
    configuration(with_psk.connection(&fqdn(NAME), None).map(drop).expect_err("no key"));
    let other = certificate(None, Some((true, NAME)), VALID);
    let key = other.key.private_key_to_pem_pkcs8().expect("encoded");
    configuration(OwnCertificate::from_pem(&own.pem(), &key).map(drop).expect_err("another key"));
}

#[test]
fn s_client_is_served_and_exports_the_same_key() {
    for cipher in ["PSK-AES128-CBC-SHA256", "ECDHE-PSK-AES128-CBC-SHA256", "ECDHE-PSK-CHACHA20-POLY1305"] {
        let (address, serving) = serve(psk_server(), |stream| {
            let stream = pong(stream.expect("a session"));
            exported(&stream, Exporter::Connection)
        });
        let (target, key) = (address.to_string(), hex(&KEY));
        let mut peer = Foreign::start(
            &[
                &["s_client", "-tls1_2", "-connect", &target, "-servername", NAME, "-ign_eof"][..],
                &["-psk_identity", IDENTITY, "-psk", &key, "-cipher", cipher],
                &["-keymatexport", "EXPORTER-oneM2M-Connection", "-keymatexportlen", "48"],
            ]
            .concat(),
        );
        peer.type_in("ping");
        let text = peer.end();
        let (id, exported_key) = serving.join().expect("no panic");
        let keying_material =
            format!("Keying material: {}{}", id.to_uppercase(), exported_key.to_uppercase());
        assert!(text.contains(&keying_material), "{cipher}: {text}");
        assert!(text.contains("pong"), "{text}");
    }
}

#[test]
fn s_client_may_not_renegotiate() {
    let (address, serving) = serve(psk_server(), |stream| {
        let mut rest = Vec::new();
        let _ = stream.expect("a session").read_to_end(&mut rest);
        rest
    });
    let (target, key) = (address.to_string(), hex(&KEY));
    let mut peer = Foreign::start(
        &[
            &["s_client", "-tls1_2", "-connect", &target, "-servername", NAME, "-no_ign_eof"][..],
            &["-psk_identity", IDENTITY, "-psk", &key, "-cipher", "PSK-AES128-CBC-SHA256"],
        ]
        .concat(),
    );
    peer.wait_for("Verify return code"); // its last word on the handshake
    peer.type_in("R\n");
    let text = peer.end();
    assert!(text.contains("RENEGOTIATING") && text.contains("no renegotiation"), "{text}");
    assert!(serving.join().expect("no panic").is_empty(), "nothing came through after the attempt");
}

#[test]
fn s_server_is_a_server_for_this_client() {
    for (cipher, suite) in [
        ("PSK-AES128-CBC-SHA256", MANDATORY),
        ("ECDHE-PSK-AES128-CBC-SHA256", "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256"),
    ] {
        let (port, key) = (free_port(false).to_string(), hex(&KEY));
        let peer = Foreign::start(
            &[
                &["s_server", "-tls1_2", "-accept", &port, "-nocert", "-rev", "-naccept", "1"][..],
                &["-psk", &key, "-psk_identity", IDENTITY, "-psk_hint", "a hint", "-cipher", cipher],
                &["-keymatexport", "EXPORTER-oneM2M-Bootstrap", "-keymatexportlen", "48"],
            ]
            .concat(),
        );
        peer.wait_for("ACCEPT");
        let tcp = TcpStream::connect(format!("127.0.0.1:{port}")).expect("it listens");
        let client = ClientContext::psk(Transport::Tls, PskSuites::default()).expect("a context");
        let mut stream =
            client.connect(tcp, &fqdn(NAME), offer(IDENTITY, &KEY), PATIENCE).expect("a session");
        assert_eq!(stream.session().suite(), suite);
        stream.write_all(b"ping\n").expect("sent");
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"gnip\n");
        let (id, exported_key) = exported(&stream, Exporter::Bootstrap);
        stream.close();
        let text = peer.end();
        // With -rev some versions print no keying material; s_client has printed the same above.
        if text.contains("Keying material:") {
            assert!(
                text.contains(&format!("{}{}", id.to_uppercase(), exported_key.to_uppercase())),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn contexts_serve_tokio_as_well() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.expect("a connection");
        let ssl = psk_server().connection().expect("an object");
        let mut stream = tokio_openssl::SslStream::new(ssl, tcp).expect("an object");
        std::pin::Pin::new(&mut stream).accept().await.expect("a handshake");
        let session = Session::of(stream.ssl()).expect("a session");
        stream.write_all(b"hello").await.expect("sent");
        (
            session.psk_identity().map(String::from),
            Exporter::Connection.export(stream.ssl()).expect("exported").id(),
        )
    });
    let client = ClientContext::psk(Transport::Tls, PskSuites::default()).expect("a context");
    let ssl = client.connection(&fqdn(NAME), offer(IDENTITY, &KEY)).expect("an object");
    let tcp = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let mut stream = tokio_openssl::SslStream::new(ssl, tcp).expect("an object");
    std::pin::Pin::new(&mut stream).connect().await.expect("a handshake");
    let mut hello = [0; 5];
    stream.read_exact(&mut hello).await.expect("a message");
    let (identity, id) = serving.await.expect("no panic");
    assert_eq!(identity.as_deref(), Some(IDENTITY));
    assert_eq!(Exporter::Connection.export(stream.ssl()).expect("exported").id(), id);
}

/// As tokio's `into_std` gives them.
#[test]
fn a_non_blocking_connection_is_made_blocking() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = thread::spawn(move || {
        let (tcp, _) = listener.accept().expect("a connection");
        tcp.set_nonblocking(true).expect("a socket");
        pong(psk_server().accept(tcp, PATIENCE).expect("a session"));
    });
    let tcp = TcpStream::connect(address).expect("connected");
    tcp.set_nonblocking(true).expect("a socket");
    let client = ClientContext::psk(Transport::Tls, PskSuites::default()).expect("a context");
    let stream = client.connect(tcp, &fqdn(NAME), offer(IDENTITY, &KEY), PATIENCE);
    ping(&mut stream.expect("a session"));
    server.join().expect("no panic");
}
