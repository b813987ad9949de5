//! The associations of the demonstration: both ends in this process, over real sockets.

use super::place::Place;
use super::{ANSWER, Enrolled, MAF, PROVIDER, REPORT, Story, Welcome, access, failed, told};
use crate::Function;
use crate::association::{
    EccsiEntity, IbcOffer, IbcParty, Initiator, KeyLookup, LookupLimits, Offer, Peer, RegisteredKeyOffer,
    Responder, SecurityAssociation,
};
use crate::cli::failure::Failure;
use crate::cli::options;
use crate::client::{Client, KeyRequest, NetworkKeySource};
use crate::clock::SystemClock;
use crate::tls::{DtlsStream, HandshakeLimits, PskSuites, Transport};
use core::time::Duration;
use eccsi_sakke::onem2m::{Fqdn, SecurityUsage};
use rustls::pki_types::ServerName;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread;
use tokio::task::block_in_place;

/// The name under which the gateway is called.
const GATEWAY: &str = "cse090112.sp.example.com";
const PATIENCE: Duration = Duration::from_secs(10);
const HOUR: Duration = Duration::from_secs(3600);

/// What one end saw.
struct Seen {
    peer: Peer,
    message: Vec<u8>,
}

fn wrong(error: &dyn core::fmt::Display) -> Failure {
    failed("an association", error)
}

fn udp() -> Result<UdpSocket, Failure> {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| wrong(&error))
}

/// Sends what it has to say, or answers what comes. The association stays open with the caller, so that nobody hears
/// a goodbye before the other has read.
fn talk(
    mut association: SecurityAssociation<DtlsStream>,
    first: Option<&[u8]>,
) -> std::io::Result<(SecurityAssociation<DtlsStream>, Seen)> {
    let mut buffer = [0; 256];
    if let Some(first) = first {
        association.send(first)?;
    }
    let length = association.recv(&mut buffer, PATIENCE)?;
    if first.is_none() {
        association.send(ANSWER)?;
    }
    let seen = Seen { peer: association.peer().clone(), message: buffer[..length].into() };
    Ok((association, seen))
}

/// An association over DTLS in which the AE reports and the CSE answers: what the CSE saw and what the AE saw.
fn over_dtls(
    story: &mut Story,
    responder: Responder,
    ae: &Enrolled,
    offer: Arc<dyn Offer>,
) -> Result<(Seen, Seen), Failure> {
    let name = Fqdn::parse(GATEWAY)?;
    let responder = responder.dtls([name.clone()], PskSuites::default(), udp()?, HandshakeLimits::default());
    let responder = responder.map_err(|error| wrong(&error))?;
    let address = responder.local_addr().map_err(|error| wrong(&error))?;
    let initiator =
        Initiator::new(Transport::Dtls, PskSuites::default(), ae.name.clone(), Arc::new(SystemClock));
    let initiator = initiator.map_err(|error| wrong(&error))?;
    let socket = udp()?;
    socket.connect(address).map_err(|error| wrong(&error))?;
    let serving = || {
        let pending = responder.accept(PATIENCE).map_err(|error| wrong(&error))?;
        let pending = pending.ok_or_else(|| wrong(&"nobody came"))?;
        let association = pending.associate(PATIENCE).map_err(|error| wrong(&error))?;
        talk(association, None).map_err(|error| wrong(&error))
    };
    block_in_place(|| {
        thread::scope(|scope| {
            let serving = scope.spawn(serving);
            let association = initiator.connect_datagrams(socket, &name, offer, PATIENCE);
            let association = association.map_err(|error| wrong(&error))?;
            let session = association.session();
            story.value("suite", "suite", session.suite());
            story.value("psk_identity", "psk_identity", session.psk_identity().unwrap_or_default());
            let (_open, at_ae) = talk(association, Some(REPORT)).map_err(|error| wrong(&error))?;
            let (_open, at_cse) = serving.join().map_err(|_| wrong(&"the gateway stopped"))??;
            Ok((at_cse, at_ae))
        })
    })
}

fn tell(story: &mut Story, at_cse: &Seen, at_ae: &Seen) {
    let text =
        |seen: &Seen| format!("{:?} from {}", String::from_utf8_lossy(&seen.message), seen.peer.entity);
    story.value("framework", "framework", &format!("{}", at_cse.peer.framework));
    story.value("the CSE received", "cse_received", &text(at_cse));
    story.value("the AE received", "ae_received", &text(at_ae));
}

/// IBC-based SAEF over DTLS.
pub(super) fn by_ibc(story: &mut Story, ae: &Enrolled, cse: &Enrolled) -> Result<(), Failure> {
    story.step(
        "They associate: IBC-based, over DTLS",
        "The CSE sends its ID_2, the tag of its KPAK and its PVT as hint, the AE sends its own as psk_identity.\n\
         From its own SSK and the other's public part each end derives the same key. Nobody else is asked, and\n\
         both ends know with whom they speak.",
    );
    let party =
        |one: &Enrolled| Arc::new(IbcParty::new(Arc::clone(&one.credential), Arc::clone(&one.trusted)));
    story.value("hint", "hint", &format!("{}", cse.credential.psk_identity()?));
    let responder = Responder::new(cse.name.clone(), Arc::new(Welcome), Arc::new(SystemClock));
    let responder = responder.and_then(|responder| responder.ibc(party(cse)));
    let responder = responder.map_err(|error| wrong(&error))?;
    let offer = IbcOffer::new(party(ae), cse.name.clone(), Arc::new(Welcome));
    let offer = offer.map_err(|error| wrong(&error))?;
    let (at_cse, at_ae) = over_dtls(story, responder, ae, Arc::new(offer))?;
    tell(story, &at_cse, &at_ae);
    Ok(())
}

/// TLS 1.3 with raw public keys, signed with ECCSI.
pub(super) fn by_eccsi(story: &mut Story, ae: &Enrolled, cse: &Enrolled) -> Result<(), Failure> {
    story.step(
        "They associate: TLS 1.3 signed with ECCSI",
        "Each end shows its ID_2 as its raw public key and signs the handshake with its SSK. The keys of the\n\
         session are ephemeral: whoever learns an SSK later can read nothing of it.",
    );
    let entity = |one: &Enrolled| {
        let (credential, trusted) = (Arc::clone(&one.credential), Arc::clone(&one.trusted));
        EccsiEntity::new(credential, trusted, Arc::new(Welcome), Arc::new(SystemClock))
    };
    let (client, server) = (entity(ae), entity(cse));
    let serve = server.responder([Fqdn::parse(GATEWAY)?]).map_err(|error| wrong(&error))?;
    let call = client.initiator(cse.name.clone()).map_err(|error| wrong(&error))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| wrong(&error))?;
    let address = listener.local_addr().map_err(|error| wrong(&error))?;
    let serving = move || -> Result<Seen, Failure> {
        let (tcp, _) = listener.accept().map_err(|error| wrong(&error))?;
        tcp.set_read_timeout(Some(PATIENCE)).map_err(|error| wrong(&error))?;
        let connection = rustls::ServerConnection::new(Arc::new(serve)).map_err(|error| wrong(&error))?;
        let mut stream = rustls::StreamOwned::new(connection, tcp);
        let mut message = [0; REPORT.len()];
        stream.read_exact(&mut message).map_err(|error| wrong(&error))?;
        let peer = server.peer(&stream.conn, None)?;
        stream.write_all(ANSWER).and_then(|()| stream.flush()).map_err(|error| wrong(&error))?;
        Ok(Seen { peer, message: message.into() })
    };
    let calling = || -> Result<(Seen, String), Failure> {
        let tcp = TcpStream::connect(address).map_err(|error| wrong(&error))?;
        tcp.set_read_timeout(Some(PATIENCE)).map_err(|error| wrong(&error))?;
        let name = ServerName::try_from(GATEWAY).map_err(|error| wrong(&error))?;
        let connection =
            rustls::ClientConnection::new(Arc::new(call), name).map_err(|error| wrong(&error))?;
        let mut stream = rustls::StreamOwned::new(connection, tcp);
        stream.write_all(REPORT).and_then(|()| stream.flush()).map_err(|error| wrong(&error))?;
        let mut message = [0; ANSWER.len()];
        stream.read_exact(&mut message).map_err(|error| wrong(&error))?;
        let peer = client.peer(&stream.conn, Some(&cse.name))?;
        let suite = stream.conn.negotiated_cipher_suite();
        let suite = suite.map_or_else(String::new, |suite| format!("{:?}", suite.suite()));
        Ok((Seen { peer, message: message.into() }, suite))
    };
    let (at_cse, at_ae) = block_in_place(|| {
        thread::scope(|scope| {
            let serving = scope.spawn(serving);
            let at_ae = calling();
            (serving.join(), at_ae)
        })
    });
    let (at_ae, suite) = at_ae?;
    let at_cse = at_cse.map_err(|_| wrong(&"the gateway stopped"))??;
    story.value("suite", "suite", &suite);
    story.value("signature scheme", "scheme", "0x0704, eccsi_sha256");
    story.value("raw public key", "raw_public_key", &format!("{}", ae.credential.id_2()));
    tell(story, &at_cse, &at_ae);
    Ok(())
}

/// MAF-based SAEF: the key is exported between AE and MAF, and fetched by the CSE.
pub(super) async fn by_maf(
    story: &mut Story,
    place: &Place,
    ae: &Enrolled,
    cse: &Enrolled,
) -> Result<(), Failure> {
    let (provider, maf) = (Fqdn::parse(PROVIDER)?, Fqdn::parse(MAF)?);
    let end = options::after(options::now()?, HOUR)?;
    let mut client = Client::new(access(place, &place.ae, Function::Maf)?);
    client.register(&provider, end, None).await.map_err(|error| told(&error))?;
    let mut gateway = Client::new(access(place, &place.cse, Function::Maf)?);
    gateway.register(&provider, end, None).await.map_err(|error| told(&error))?;
    let request = KeyRequest {
        stakeholder: provider,
        end,
        usage: SecurityUsage::MafSaef,
        targets: Some(Vec::from([cse.name.as_str().into()])),
        labels: None,
    };
    let key = client.register_exported_key(&request).await.map_err(|error| told(&error))?;
    story.step(
        "They associate: MAF-based, over DTLS",
        "The AE opens a session with the MAF and registers the key that both export from it, for the CSE. It\n\
         sends the Key Identifier; the CSE asks the MAF for the key, inside the handshake, and learns whose it is.",
    );
    story.value("request of the AE", "request", "POST /maf, ty=5, suid=32, without a key value");
    story.value("Key Identifier", "key_identifier", &format!("{}", key.identifier));
    story.secret("Kc", "kc", key.key.as_slice());
    let retrieval = format!("GET /maf/{}", key.identifier.relative().as_str());
    story.value("request of the CSE", "retrieval", &retrieval);
    let source = NetworkKeySource::new([access(place, &place.cse, Function::Maf)?]);
    let source = source.map_err(|error| wrong(&error))?;
    let lookup = KeyLookup::new(Arc::new(source), LookupLimits::default()).maf(maf);
    let responder = Responder::new(cse.name.clone(), Arc::new(Welcome), Arc::new(SystemClock));
    let responder = responder.map_err(|error| wrong(&error))?.registered_keys(lookup);
    let offer =
        RegisteredKeyOffer::new(key.identifier, &key.key, SecurityUsage::MafSaef, end, cse.name.clone());
    let offer = offer.map_err(|error| wrong(&error))?;
    let (at_cse, at_ae) = over_dtls(story, responder, ae, Arc::new(offer))?;
    tell(story, &at_cse, &at_ae);
    Ok(())
}
