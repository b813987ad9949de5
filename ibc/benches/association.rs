//! Associations on loopback, both ends in this process on a thread each: group = framework, entry = transport and
//! suites. One iteration is a connection, the handshake, and the server's knowledge of its peer.
//!
//! `cargo bench -p ibc --bench association`

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use eccsi_sakke::SysRng;
use eccsi_sakke::eccsi::KmsSecretKey;
use eccsi_sakke::onem2m::{
    EntityName, ExpirationTime, ExpiringIdentity, Fqdn, KeyIdentifier, KpsaId, RelativeKeyId, SecurityUsage,
};
use eccsi_sakke::saef::{Credential, TrustedDomains};
use ibc::association::{
    Admission, EccsiEntity, Framework, IbcOffer, IbcParty, Initiator, KeyLookup, KeyOrigin, KeySource,
    LookupLimits, Offer, PsaKey, PsaKeys, PsaOffer, RegisteredKey, RegisteredKeyOffer, Responder,
    RetrievalError,
};
use ibc::clock::{Clock, SystemClock};
use ibc::tls::{HandshakeLimits, PskSuites, Transport};
use rustls::pki_types::ServerName;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

const AE: &str = "//sp.example.com/CSE090112/C190XX7T";
const CSE: &str = "//sp.example.com/CSE090112";
const PATIENCE: Duration = Duration::from_secs(10);

fn name(text: &str) -> EntityName {
    EntityName::parse(text).expect("valid")
}

fn fqdn(text: &str) -> Fqdn {
    Fqdn::parse(text).expect("valid")
}

struct Anyone;

impl Admission for Anyone {
    fn admits(&self, _: &EntityName, _: Framework) -> bool {
        true
    }

    fn is_denied(&self, _: &ExpiringIdentity) -> bool {
        false
    }
}

/// A MAF in the same process.
struct Maf;

impl KeySource for Maf {
    fn retrieve(&self, _: &KeyIdentifier, _: Instant) -> Result<RegisteredKey, RetrievalError> {
        Ok(RegisteredKey {
            key: [7; 32].into(),
            usage: SecurityUsage::MafSaef,
            expiration: ExpirationTime::MAX,
            origin: KeyOrigin::Entity(name(AE)),
        })
    }
}

struct Kms {
    key: KmsSecretKey,
    trusted: Arc<TrustedDomains>,
}

impl Kms {
    fn new() -> Self {
        let key = KmsSecretKey::generate(&mut SysRng).expect("random");
        let kpak = key.public_key().prepared();
        let mut trusted = TrustedDomains::new();
        trusted.pin(fqdn("mef.example.com"), fqdn("sp.example.com"), kpak).expect("first");
        Self { key, trusted: Arc::new(trusted) }
    }

    fn credential(&self, entity: &str) -> Arc<Credential> {
        let end = ExpirationTime::parse("20991231T000000").expect("valid");
        let id_2 = ExpiringIdentity::new(fqdn("mef.example.com"), name(entity), end).expect("valid");
        let issued = self.key.issue(id_2.identity(), &mut SysRng).expect("issued");
        let now = SystemClock.now();
        Arc::new(
            Credential::install(id_2, &issued, &self.key.public_key(), &self.trusted, now).expect("valid"),
        )
    }

    fn party(&self, entity: &str) -> Arc<IbcParty> {
        Arc::new(IbcParty::new(self.credential(entity), Arc::clone(&self.trusted)))
    }
}

/// A responder on a thread of its own, which tells each association it has.
fn serve(responder: Responder, transport: Transport) -> (SocketAddr, Receiver<EntityName>) {
    let (sender, receiver) = channel();
    let names = [fqdn("cse.example.com")];
    let address = match transport {
        Transport::Tls => {
            let responder = responder.tls(names, PskSuites::default()).expect("a context");
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = listener.local_addr().expect("an address");
            thread::spawn(move || {
                for tcp in listener.incoming() {
                    let association =
                        responder.accept(tcp.expect("a connection"), PATIENCE).expect("associated");
                    if sender.send(association.peer().entity.clone()).is_err() {
                        return;
                    }
                }
            });
            address
        }
        Transport::Dtls => {
            let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
            let limits = HandshakeLimits::default();
            let responder = responder.dtls(names, PskSuites::default(), socket, limits).expect("a listener");
            let address = responder.local_addr().expect("an address");
            thread::spawn(move || {
                loop {
                    let Some(pending) = responder.accept(PATIENCE).expect("alive") else { return };
                    let association = pending.associate(PATIENCE).expect("associated");
                    if sender.send(association.peer().entity.clone()).is_err() {
                        return;
                    }
                }
            });
            address
        }
    };
    (address, receiver)
}

fn associate(initiator: &Initiator, transport: Transport, address: SocketAddr, offer: Arc<dyn Offer>) {
    let name = fqdn("cse.example.com");
    match transport {
        Transport::Tls => {
            let tcp = TcpStream::connect(address).expect("a connection");
            initiator.connect(tcp, &name, offer, PATIENCE).map(drop).expect("associated");
        }
        Transport::Dtls => {
            let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
            socket.connect(address).expect("connected");
            initiator.connect_datagrams(socket, &name, offer, PATIENCE).map(drop).expect("associated");
        }
    }
}

/// Rate and times of many, one after another: what the mean of criterion does not show.
fn distribution(name: &str, associate: impl Fn()) {
    let mut times: Vec<_> = (0..1_000)
        .map(|_| {
            let start = Instant::now();
            associate();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    let rate = times.len() as f64 / times.iter().sum::<f64>();
    println!("{name}: {rate:.0} a second, p50 {:.2} ms, p99 {:.2} ms", times[500] * 1e3, times[990] * 1e3);
}

fn psk_frameworks(c: &mut Criterion) {
    let clock = Arc::new(SystemClock);
    let kms = Kms::new();
    let responder = || Responder::new(name(CSE), Arc::new(Anyone), clock.clone()).expect("absolute");
    let psa = |peer| {
        let id = KpsaId::parse("gw-17@sp.example.com").expect("valid");
        PsaKey::new(id, vec![5; 16], name(peer), None).expect("long enough")
    };
    let mut keys = PsaKeys::default();
    keys.add(psa(AE)).expect("first");
    let lookup = KeyLookup::new(Arc::new(Maf), LookupLimits::default()).maf(fqdn("maf.example.com"));
    let kc = RegisteredKeyOffer::new(
        KeyIdentifier::new(RelativeKeyId::from_octets(&[1; 16]), fqdn("maf.example.com")).expect("valid"),
        &[7; 32].into(),
        SecurityUsage::MafSaef,
        ExpirationTime::MAX,
        name(CSE),
    );
    let ibc = |party| IbcOffer::new(party, name(CSE), Arc::new(Anyone)).expect("absolute");
    let frameworks: [(&str, Responder, Arc<dyn Offer>); 3] = [
        ("psk", responder().psa_keys(keys), Arc::new(PsaOffer(psa(CSE)))),
        ("maf", responder().registered_keys(lookup), Arc::new(kc.expect("for associations"))),
        ("ibc", responder().ibc(kms.party(CSE)).expect("its own"), Arc::new(ibc(kms.party(AE)))),
    ];
    let mut group = c.benchmark_group("association");
    group.sample_size(20);
    for transport in [Transport::Tls, Transport::Dtls] {
        let initiator =
            Initiator::new(transport, PskSuites::default(), name(AE), clock.clone()).expect("a context");
        for (framework, responder, offer) in &frameworks {
            let (address, associated) = serve(responder.clone(), transport);
            distribution(&format!("{framework}, {transport:?}"), || {
                associate(&initiator, transport, address, Arc::clone(offer));
                associated.recv_timeout(PATIENCE).expect("associated");
            });
            group.bench_function(BenchmarkId::new(*framework, format!("{transport:?}")), |b| {
                b.iter(|| {
                    associate(&initiator, transport, address, Arc::clone(offer));
                    associated.recv_timeout(PATIENCE).expect("associated")
                });
            });
        }
        // Peers never seen before: both ends derive.
        let strangers: Vec<_> = (0..64).map(|n| (n, kms.party(&format!("{CSE}/Cae{n}")))).collect();
        group.bench_function(BenchmarkId::new("ibc, new peers", format!("{transport:?}")), |b| {
            b.iter_custom(|rounds| {
                let mut spent = Duration::ZERO;
                let mut left = rounds;
                while left > 0 {
                    let party = Arc::new(IbcParty::new(kms.credential(CSE), Arc::clone(&kms.trusted)));
                    let (address, associated) = serve(responder().ibc(party).expect("its own"), transport);
                    for (n, stranger) in strangers.iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
                        let own = name(&format!("{CSE}/Cae{n}"));
                        let initiator = Initiator::new(transport, PskSuites::default(), own, clock.clone());
                        let (initiator, offer) =
                            (initiator.expect("a context"), Arc::new(ibc(Arc::clone(stranger))));
                        let start = Instant::now();
                        associate(&initiator, transport, address, offer);
                        associated.recv_timeout(PATIENCE).expect("associated");
                        spent += start.elapsed();
                        left -= 1;
                    }
                }
                spent
            });
        });
    }
}

fn eccsi_tls(c: &mut Criterion) {
    let kms = Kms::new();
    let entity = |text| {
        EccsiEntity::new(
            kms.credential(text),
            Arc::clone(&kms.trusted),
            Arc::new(Anyone),
            Arc::new(SystemClock),
        )
    };
    let (ae, cse) = (entity(AE), entity(CSE));
    let server = Arc::new(cse.responder([fqdn("cse.example.com")]).expect("a configuration"));
    let client = Arc::new(ae.initiator(name(CSE)).expect("a configuration"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for tcp in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&server)).expect("a connection");
            let mut stream = rustls::StreamOwned::new(connection, tcp.expect("a connection"));
            // Reads until the client goes, which it does once it has seen what it waits for.
            let _ = stream.read(&mut [0]);
            cse.peer(&stream.conn, None).expect("known");
        }
    });
    let associate = || {
        let server_name = ServerName::try_from("cse.example.com").expect("a name");
        let connection = rustls::ClientConnection::new(Arc::clone(&client), server_name);
        let mut connection = connection.expect("a connection");
        let mut tcp = TcpStream::connect(address).expect("a connection");
        tcp.set_nodelay(true).expect("set");
        while connection.is_handshaking() {
            connection.complete_io(&mut tcp).expect("a handshake");
        }
        connection.send_close_notify();
        connection.complete_io(&mut tcp).expect("sent");
        // The server has verified this end when it closes.
        let _ = tcp.read(&mut [0; 64]);
    };
    distribution("eccsi, TLS 1.3", associate);
    let mut group = c.benchmark_group("association");
    group.sample_size(20);
    group.bench_function(BenchmarkId::new("eccsi, TLS 1.3", "Tls"), |b| {
        b.iter(associate);
    });
}

criterion_group!(benches, psk_frameworks, eccsi_tls);
criterion_main!(benches);
