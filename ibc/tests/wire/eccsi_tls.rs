//! TLS 1.3 with raw public keys signed with ECCSI: the structures, and handshakes with each refusal.

use crate::wire::entities::{AE, CSE, Hand, Kms, Lists, MEF, NAME, OTHER, PROVIDER, at, entity};
use crate::wire::{fqdn, hex};
use eccsi_sakke::eccsi::{IssuedKey, KmsPublicKey, KmsSecretKey, SigningKey};
use eccsi_sakke::onem2m::UnixTime;
use eccsi_sakke::saef::{Credential, SaefError, TrustedDomains};
use eccsi_sakke::{Identity, SysRng};
use ibc::association::{Admission, EccsiEntity, EccsiRefusal, Framework};
use ibc::tls::raw_public_key::{
    DraftIdentifier, DraftPeers, ECCSI_SHA256, OwnRawPublicKey, PeerKeys, SigningKeyHolder,
    SubjectPublicKeyInfo, client_config, parameters_hash, public_parameters, server_config,
    signature_from_der, signature_to_der,
};
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig, ClientConnection, Error, ServerConfig, ServerConnection};
use std::io::{Read, Write};
use std::sync::Arc;

const NOW: &str = "20261201T000000";
const END: &str = "20270101T000000";

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal"))
        .collect()
}

fn vectors() -> serde_json::Value {
    serde_json::from_str(include_str!("../../../vectors/tls_ibs_der.json")).expect("JSON")
}

fn vector(vectors: &serde_json::Value, name: &str) -> Vec<u8> {
    unhex(vectors[name].as_str().expect("a text"))
}

/// KPAK of RFC 6507 Appendix A, with which the vectors were made.
fn rfc_kpak() -> KmsPublicKey {
    let mut ksak = [0; 32];
    ksak[29..].copy_from_slice(&[0x01, 0x23, 0x45]);
    KmsSecretKey::from_bytes(&ksak).expect("in range").public_key()
}

#[test]
fn structures_are_those_of_the_vectors() {
    let vectors = vectors();
    assert_eq!(public_parameters(&rfc_kpak()), vector(&vectors, "eccsi_public_parameters"));
    assert_eq!(parameters_hash(&rfc_kpak()).to_vec(), vector(&vectors, "eccsi_public_parameters_sha256"));

    let der = vector(&vectors, "eccsi_sig_value");
    let signature = signature_from_der(&der).expect("well formed");
    assert_eq!(hex(signature.r()), "269d4c8fdeb66a74e4ef8c0d5dcc597ddfe6029c2affc4936008cd2cc1045d81");
    assert_eq!(signature_to_der(&signature), der);

    let der = vector(&vectors, "identifier");
    let identifier = DraftIdentifier::from_der(&der).expect("well formed");
    assert_eq!(identifier.identity, vectors["identifier_text"][0].as_str().expect("a text"));
    assert_eq!(identifier.expiration, at("20290101T000000"));
    assert_eq!(identifier.to_der(), Ok(der.clone()));

    let spki = vector(&vectors, "subject_public_key_info");
    let info = SubjectPublicKeyInfo::from_der(&spki).expect("well formed");
    assert_eq!(info.identity, der);
    assert_eq!(info.parameters_hash.to_vec(), vector(&vectors, "eccsi_public_parameters_sha256"));
    assert_eq!(info.to_der(), spki);
    assert!(spki.windows(10).any(|window| *window == vector(&vectors, "oid_eccsi_with_sha256")));
}

#[test]
fn parameters_in_full_count_by_their_hash() {
    let vectors = vectors();
    let (spki, hash) = (vector(&vectors, "subject_public_key_info"), vector(&vectors, "parameters_hash"));
    let parameters = vector(&vectors, "eccsi_public_parameters");
    let start = spki.windows(hash.len()).position(|window| *window == hash).expect("inside");
    let (oid, identity) = (&spki[4..start], &spki[start + hash.len()..]);
    let algorithm =
        [&[0x30, 0x81, u8::try_from(oid.len() + parameters.len()).expect("short")], oid, &parameters]
            .concat();
    let content = [&algorithm[..], identity].concat();
    let long = |content: &[u8]| {
        [&[0x30, 0x82], &u16::try_from(content.len()).expect("short").to_be_bytes()[..], content].concat()
    };
    let full = if content.len() < 256 {
        [&[0x30, 0x81, u8::try_from(content.len()).expect("short")], &content[..]].concat()
    } else {
        long(&content)
    };
    let info = SubjectPublicKeyInfo::from_der(&full).expect("well formed");
    assert_eq!(info.parameters_hash, parameters_hash(&rfc_kpak()));
    // Others have another hash, whatever they are.
    let at = full.len() - identity.len() - 1;
    let mut changed = full.clone();
    changed[at] ^= 1;
    assert_ne!(
        SubjectPublicKeyInfo::from_der(&changed).expect("well formed").parameters_hash,
        info.parameters_hash
    );
}

#[test]
fn identities_of_any_length_come_back() {
    for length in [0, 1, 65, 66, 127, 128, 206, 255, 256, 70_000] {
        let identity = vec![b'i'; length];
        let der = SubjectPublicKeyInfo { parameters_hash: [7; 32], identity: &identity }.to_der();
        let info = SubjectPublicKeyInfo::from_der(&der).expect("well formed");
        assert_eq!((info.identity, info.parameters_hash), (&identity[..], [7; 32]), "{length}");
    }
}

#[test]
fn nothing_but_der_is_read() {
    let vectors = vectors();
    let spki = vector(&vectors, "subject_public_key_info");
    let signature = vector(&vectors, "eccsi_sig_value");
    let identifier = vector(&vectors, "identifier");
    // Cut anywhere, or with something behind: none of the three.
    for (name, whole) in [("spki", &spki), ("signature", &signature), ("identifier", &identifier)] {
        let refused = |der: &[u8]| match name {
            "spki" => SubjectPublicKeyInfo::from_der(der).is_err(),
            "signature" => signature_from_der(der).is_err(),
            _ => DraftIdentifier::from_der(der).is_err(),
        };
        assert!(!refused(whole));
        for length in 0..whole.len() {
            assert!(refused(&whole[..length]), "{name} cut at {length}");
        }
        assert!(refused(&[&whole[..], &[0]].concat()), "{name} with something behind");
        // A longer form of the same outer length.
        let content = &whole[whole.len() - if whole[1] < 0x80 { whole.len() - 2 } else { whole.len() - 3 }..];
        let longer =
            [&[0x30, 0x82], &u16::try_from(content.len()).expect("short").to_be_bytes()[..], content]
                .concat();
        assert!(refused(&longer), "{name} with a longer length");
        // Something behind, inside the sequence.
        let inside = [content, &[0x05, 0x00]].concat();
        let inside = [&[0x30, 0x81, u8::try_from(inside.len()).expect("short")], &inside[..]].concat();
        assert!(refused(&inside), "{name} with an element too many");
    }
    let mut version = identifier.clone();
    assert_eq!(version[4], 1);
    version[4] = 2;
    assert!(DraftIdentifier::from_der(&version).is_err(), "another version");
    // Another algorithm, unused bits in the identity.
    let oid = vector(&vectors, "oid_eccsi_with_sha256");
    let at_oid = spki.windows(oid.len()).position(|window| *window == oid).expect("inside");
    let mut other = spki.clone();
    other[at_oid + oid.len() - 1] ^= 1;
    assert!(SubjectPublicKeyInfo::from_der(&other).is_err(), "another algorithm");
    let bits = spki.len() - identifier.len() - 1;
    let mut unused = spki.clone();
    assert_eq!(unused[bits], 0);
    unused[bits] = 1;
    assert!(SubjectPublicKeyInfo::from_der(&unused).is_err(), "unused bits");
}

#[test]
fn signatures_have_one_encoding_and_values_in_range() {
    let good = vector(&vectors(), "eccsi_sig_value");
    let (r, s, pvt) = (&good[5..37], &good[40..72], &good[74..]);
    let encode = |r: &[u8], s: &[u8], pvt: &[u8]| {
        let element =
            |tag: u8, content: &[u8]| [&[tag, u8::try_from(content.len()).expect("short")], content].concat();
        let content = [element(2, r), element(2, s), element(4, pvt)].concat();
        let length = u8::try_from(content.len()).expect("short");
        if length < 128 {
            [&[0x30, length], &content[..]].concat()
        } else {
            [&[0x30, 0x81, length], &content[..]].concat()
        }
    };
    let with_sign = |octets: &[u8]| [&[0], octets].concat();
    assert_eq!(encode(r, &with_sign(s), pvt), good);
    assert!(signature_from_der(&encode(r, &with_sign(s), pvt)).is_ok());
    let off_curve: Vec<u8> = pvt[..64].iter().copied().chain([pvt[64] ^ 1]).collect();
    let q = unhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    for (case, der) in [
        ("r with a zero in front", encode(&with_sign(r), &with_sign(s), pvt)),
        ("s negative", encode(r, s, pvt)),
        ("r of 33 octets", encode(&[&[1], r].concat(), &with_sign(s), pvt)),
        ("r zero", encode(&[0], &with_sign(s), pvt)),
        ("s zero", encode(r, &[0], pvt)),
        ("s not below q", encode(r, &with_sign(&q), pvt)),
        ("r empty", encode(&[], &with_sign(s), pvt)),
        ("PVT cut", encode(r, &with_sign(s), &pvt[..64])),
        ("PVT longer", encode(r, &with_sign(s), &[pvt, &[0]].concat())),
        ("PVT off the curve", encode(r, &with_sign(s), &off_curve)),
    ] {
        assert!(signature_from_der(&der).is_err(), "{case}");
    }
    // Short integers are padded, and come back short.
    let small = signature_from_der(&encode(&[1], &[2], pvt)).expect("in range");
    assert_eq!((small.r()[31], small.s()[31]), (1, 2));
    assert_eq!(signature_to_der(&small), encode(&[1], &[2], pvt));
}

/// Carries records to and fro until nothing more comes; tells who failed first.
fn pump(client: &mut ClientConnection, server: &mut ServerConnection) -> Result<(), (&'static str, Error)> {
    let mut failure = None;
    loop {
        let mut moved = false;
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).expect("memory");
        }
        let mut rest = &wire[..];
        while !rest.is_empty() {
            moved = true;
            server.read_tls(&mut rest).expect("memory");
            if let Err(error) = server.process_new_packets() {
                failure.get_or_insert(("server", error));
                break;
            }
        }
        wire.clear();
        while server.wants_write() {
            server.write_tls(&mut wire).expect("memory");
        }
        let mut rest = &wire[..];
        while !rest.is_empty() {
            moved = true;
            client.read_tls(&mut rest).expect("memory");
            if let Err(error) = client.process_new_packets() {
                failure.get_or_insert(("client", error));
                break;
            }
        }
        if !moved {
            return failure.map_or(Ok(()), Err);
        }
    }
}

fn connections(
    client: ClientConfig,
    server: ServerConfig,
    name: &str,
) -> (ClientConnection, ServerConnection) {
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let client = ClientConnection::new(Arc::new(client), name).expect("a connection");
    (client, ServerConnection::new(Arc::new(server)).expect("a connection"))
}

fn entity_with(
    credential: Arc<Credential>,
    trusted: TrustedDomains,
    admission: Arc<dyn Admission>,
    clock: &Hand,
) -> EccsiEntity {
    EccsiEntity::new(credential, Arc::new(trusted), admission, clock.clock())
}

#[test]
fn both_ends_know_each_other() {
    let (clock, kms) = (Hand::at(NOW), Kms::of(MEF));
    let cse =
        entity_with(kms.credential(CSE, "20270301T000000"), kms.trusted(), Lists::admitting(&[AE]), &clock);
    let ae = entity_with(kms.credential(AE, END), kms.trusted(), Lists::admitting(&[]), &clock);
    let (mut client, mut server) = connections(
        ae.initiator(entity(CSE)).expect("a configuration"),
        cse.responder([fqdn(NAME)]).expect("a configuration"),
        NAME,
    );
    assert!(ae.peer(&client, Some(&entity(CSE))).is_err(), "before the handshake nobody is known");
    pump(&mut client, &mut server).expect("a handshake");
    assert_eq!(client.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    let at_ae = ae.peer(&client, Some(&entity(CSE))).expect("known");
    let at_cse = cse.peer(&server, None).expect("known");
    assert_eq!(
        (&at_ae.entity, at_ae.framework, at_ae.ends),
        (&entity(CSE), Framework::EccsiTls, Some(at(END)))
    );
    assert_eq!((&at_cse.entity, at_cse.framework), (&entity(AE), Framework::EccsiTls));
    assert!(ae.peer(&client, Some(&entity(OTHER))).is_err());

    client.writer().write_all(b"ping").expect("memory");
    pump(&mut client, &mut server).expect("records");
    let mut ping = [0; 4];
    server.reader().read_exact(&mut ping).expect("a message");
    assert_eq!(&ping, b"ping");
    assert_eq!(client.tls13_tickets_received(), 0);

    let export = |into: &mut [u8; 32], at_client: bool| {
        let label = b"EXPORTER-test";
        if at_client {
            client.export_keying_material(&mut *into, label, None)
        } else {
            server.export_keying_material(&mut *into, label, None)
        }
        .map(drop)
        .expect("exported");
    };
    let (mut one, mut two) = ([0; 32], [1; 32]);
    export(&mut one, true);
    export(&mut two, false);
    assert_eq!(one, two);
}

#[test]
fn each_session_is_a_handshake_of_its_own() {
    let (clock, kms) = (Hand::at(NOW), Kms::of(MEF));
    let cse = entity_with(kms.credential(CSE, END), kms.trusted(), Lists::admitting(&[AE]), &clock);
    let ae = entity_with(kms.credential(AE, END), kms.trusted(), Lists::admitting(&[]), &clock);
    let client = Arc::new(ae.initiator(entity(CSE)).expect("a configuration"));
    let server = Arc::new(cse.responder([fqdn(NAME)]).expect("a configuration"));
    for round in 0..3 {
        let name = ServerName::try_from(NAME).expect("a name");
        let mut client = ClientConnection::new(Arc::clone(&client), name).expect("a connection");
        let mut server = ServerConnection::new(Arc::clone(&server)).expect("a connection");
        pump(&mut client, &mut server).expect("a handshake");
        assert_eq!(client.handshake_kind(), Some(rustls::HandshakeKind::Full), "round {round}");
    }
    // The configuration outlives the credential, but does not work any more.
    clock.set(END);
    let name = ServerName::try_from(NAME).expect("a name");
    let mut client = ClientConnection::new(client, name).expect("a connection");
    let mut server = ServerConnection::new(server).expect("a connection");
    pump(&mut client, &mut server).expect_err("expired");
}

/// Who fails, and that the other sees no more than access_denied.
fn assert_refused(case: &str, client: ClientConfig, server: ServerConfig, by: &str) {
    let (mut client, mut server) = connections(client, server, NAME);
    let (who, error) = pump(&mut client, &mut server).expect_err(case);
    assert_eq!(who, by, "{case}: {error}");
    let refusal = rustls::CertificateError::ApplicationVerificationFailure;
    assert!(matches!(&error, Error::InvalidCertificate(reason) if *reason == refusal), "{case}: {error}");
    let seen = if by == "server" {
        client.process_new_packets().map(drop)
    } else {
        server.process_new_packets().map(drop)
    };
    assert_eq!(seen, Err(Error::AlertReceived(AlertDescription::AccessDenied)), "{case}");
}

#[test]
fn refusals_look_alike_in_both_directions() {
    let (clock, kms) = (Hand::at(NOW), Kms::of(MEF));
    let earlier = Hand::at("20261101T000000");
    let (other_kms, foreign) = (Kms::of(MEF), Kms::of("mef.example.org"));
    let wide = || {
        let mut trusted = kms.trusted();
        trusted.roll_over(&fqdn(MEF), other_kms.public_key()).expect("another tag");
        trusted.pin(fqdn(foreign.fqdn), fqdn(PROVIDER), foreign.public_key()).expect("another domain");
        trusted
    };
    let admit_all = || Lists::admitting(&[AE, CSE, OTHER]);
    // In turn, the one with the bad credential calls and is called. It trusts widely and has a slow clock.
    for (case, credential, name) in [
        ("expired", kms.credential(AE, "20261130T235500"), AE),
        ("not admitted", kms.credential(OTHER, END), OTHER),
        ("other KMS", other_kms.credential(AE, END), AE),
        ("wrong domain", foreign.credential(AE, END), AE),
        ("denied", kms.credential(AE, "20261231T000000"), AE),
        ("itself", kms.credential(CSE, "20261231T000000"), CSE),
    ] {
        let strict = Arc::new(Lists {
            admitted: vec![entity(AE), entity(CSE)],
            denied: if case == "denied" { vec![credential.id_2().as_str().into()] } else { vec![] },
        });
        let good = entity_with(kms.credential(CSE, END), kms.trusted(), strict, &clock);
        let bad = entity_with(credential, wide(), admit_all(), &earlier);
        // Calling itself, it would stop by its own rules: it asks for another and meets the good one.
        let asked = if case == "itself" {
            LooseClient(wide(), &bad).config()
        } else {
            bad.initiator(entity(CSE)).expect("a configuration")
        };
        assert_refused(case, asked, good.responder([fqdn(NAME)]).expect("a configuration"), "server");
        let wanted = if case == "not admitted" { AE } else { name };
        assert_refused(
            case,
            good.initiator(entity(wanted)).expect("a configuration"),
            LooseClient(wide(), &bad).responder(),
            "client",
        );
    }
}

/// Accepts whoever is signed for by a trusted KPAK, as an attacker would.
struct LooseClient<'a>(TrustedDomains, &'a EccsiEntity);

struct Anyone(Vec<KmsPublicKey>);

impl PeerKeys for Anyone {
    fn kpak(&self, presented: &SubjectPublicKeyInfo<'_>) -> Option<KmsPublicKey> {
        self.0.iter().find(|kpak| parameters_hash(kpak) == presented.parameters_hash).cloned()
    }
}

impl LooseClient<'_> {
    fn anyone(&self) -> Arc<Anyone> {
        let domains = [MEF, "mef.example.org"];
        Arc::new(Anyone(
            domains
                .iter()
                .flat_map(|domain| self.0.kpaks(&fqdn(domain)).cloned().collect::<Vec<_>>())
                .collect(),
        ))
    }

    fn own(&self) -> OwnRawPublicKey {
        self.1.raw_public_key()
    }

    fn config(&self) -> ClientConfig {
        client_config(&self.own(), self.anyone()).expect("a configuration")
    }

    fn responder(&self) -> ServerConfig {
        server_config(&self.own(), [fqdn(NAME)], self.anyone()).expect("a configuration")
    }
}

/// A key pair outside oneM2M.
fn key(kms: &KmsSecretKey, id: &[u8]) -> Arc<SigningKey> {
    let id = Identity::new(id);
    let issued: IssuedKey = kms.issue(id, &mut SysRng).expect("issued");
    Arc::new(issued.validate(&kms.public_key(), id).expect("valid"))
}

#[test]
fn an_impostor_with_anothers_identity_fails() {
    let kms = KmsSecretKey::generate(&mut SysRng).expect("random");
    let anyone = || Arc::new(Anyone(vec![kms.public_key()]));
    let honest = || OwnRawPublicKey::new(Identity::new(b"honest"), key(&kms, b"honest"));
    let impostor = || OwnRawPublicKey::new(Identity::new(b"honest"), key(&kms, b"impostor"));
    let server = |own: &OwnRawPublicKey| server_config(own, [fqdn(NAME)], anyone()).expect("a configuration");
    let client = |own: &OwnRawPublicKey| client_config(own, anyone()).expect("a configuration");
    let (mut one, mut two) = connections(client(&honest()), server(&honest()), NAME);
    pump(&mut one, &mut two).expect("a handshake");
    assert_refused("client", client(&impostor()), server(&honest()), "server");
    assert_refused("server", client(&honest()), server(&impostor()), "client");
}

#[test]
fn the_drafts_identifier_serves_where_it_is_configured() {
    let kms = KmsSecretKey::generate(&mut SysRng).expect("random");
    let identifier = |name: &str, end: &str| {
        DraftIdentifier { identity: name.into(), expiration: at(end) }.to_der().expect("a UTCTime")
    };
    let peers = |admitted: &'static str| {
        Arc::new(DraftPeers {
            kpaks: vec![kms.public_key()],
            admits: Box::new(move |name| name == admitted),
            now: Box::new(|| at(NOW)),
        })
    };
    let own = |der: &[u8]| OwnRawPublicKey::new(Identity::new(der), key(&kms, der));
    let device = own(&identifier("device-1.example.com", END));
    let server_identity = own(&identifier(NAME, END));
    let server = || {
        server_config(&server_identity, [fqdn(NAME)], peers("device-1.example.com")).expect("a configuration")
    };
    let client = |own: &OwnRawPublicKey, wants| client_config(own, peers(wants)).expect("a configuration");
    let (mut one, mut two) = connections(client(&device, NAME), server(), NAME);
    pump(&mut one, &mut two).expect("a handshake");

    assert_refused("another server", client(&device, "other.example.com"), server(), "client");
    let expired = own(&identifier("device-1.example.com", "20261130T235959"));
    assert_refused("expired", client(&expired, NAME), server(), "server");
    let plain = own(b"device-1.example.com");
    assert_refused("no Identifier", client(&plain, NAME), server(), "server");
    let other = KmsSecretKey::generate(&mut SysRng).expect("random");
    let der = identifier("device-1.example.com", END);
    let foreign = OwnRawPublicKey::new(Identity::new(&der), key(&other, &der));
    assert_refused("other KMS", client(&foreign, NAME), server(), "server");
}

#[test]
fn a_client_names_its_server_and_speaks_this_scheme() {
    let (clock, kms) = (Hand::at(NOW), Kms::of(MEF));
    let cse = entity_with(kms.credential(CSE, END), kms.trusted(), Lists::admitting(&[AE]), &clock);
    let ae = entity_with(kms.credential(AE, END), kms.trusted(), Lists::admitting(&[]), &clock);
    let responder = || cse.responder([fqdn(NAME)]).expect("a configuration");
    for name in ["other.example.com", "127.0.0.1"] {
        let (mut client, mut server) =
            connections(ae.initiator(entity(CSE)).expect("a configuration"), responder(), name);
        let (who, _) = pump(&mut client, &mut server).expect_err("another name, or none");
        assert_eq!(who, "server", "{name}");
    }
    // X.509 on the client's side: the two have no certificate type in common.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let x509 = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("supported")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let (mut client, mut server) = connections(x509, responder(), NAME);
    pump(&mut client, &mut server).expect_err("no raw public keys");
    assert_eq!(ECCSI_SHA256.as_str(), None);
    assert_eq!(u16::from(ECCSI_SHA256), 0x0704);
}

#[test]
fn a_credential_ends_the_session_it_made() {
    let (clock, kms) = (Hand::at(NOW), Kms::of(MEF));
    let cse =
        entity_with(kms.credential(CSE, "20270301T000000"), kms.trusted(), Lists::admitting(&[AE]), &clock);
    let ae = entity_with(kms.credential(AE, END), kms.trusted(), Lists::admitting(&[]), &clock);
    let (mut client, mut server) = connections(
        ae.initiator(entity(CSE)).expect("a configuration"),
        cse.responder([fqdn(NAME)]).expect("a configuration"),
        NAME,
    );
    pump(&mut client, &mut server).expect("a handshake");
    let peer = cse.peer(&server, None).expect("known");
    assert!(!peer.has_ended(at(NOW)));
    let end = at(END).as_seconds() + 300;
    assert!(!peer.has_ended(UnixTime::from_seconds(end - 1)) && peer.has_ended(UnixTime::from_seconds(end)));
    clock.advance(end - at(NOW).as_seconds());
    assert!(cse.peer(&server, None).is_err(), "asked later, the peer is not accepted any more");
    let _: &dyn SigningKeyHolder = &*key(&KmsSecretKey::generate(&mut SysRng).expect("random"), b"any");
}

/// One handshake by these configurations; says who failed.
fn handshake(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
) -> Result<ServerConnection, &'static str> {
    let name = ServerName::try_from(NAME).expect("a name");
    let mut client = ClientConnection::new(Arc::clone(client), name).expect("a connection");
    let mut server = ServerConnection::new(Arc::clone(server)).expect("a connection");
    pump(&mut client, &mut server).map(|()| server).map_err(|(who, _)| who)
}

#[test]
fn a_renewed_credential_serves_configurations_that_were_there() {
    let (clock, kms) = (Hand::at(NOW), Kms::of(MEF));
    let cse = entity_with(kms.credential(CSE, END), kms.trusted(), Lists::admitting(&[AE]), &clock);
    let ae = entity_with(kms.credential(AE, END), kms.trusted(), Lists::admitting(&[]), &clock);
    let client = Arc::new(ae.initiator(entity(CSE)).expect("a configuration"));
    let server = Arc::new(cse.responder([fqdn(NAME)]).expect("a configuration"));
    handshake(&client, &server).expect("before the end");
    clock.set(END);
    handshake(&client, &server).map(drop).expect_err("both have expired");

    let later = "20280101T000000";
    let another = ae.renew(kms.credential(OTHER, later), Arc::new(kms.trusted()));
    another.expect_err("another entity's");
    handshake(&client, &server).map(drop).expect_err("nothing has changed");
    ae.renew(kms.credential(AE, later), Arc::new(kms.trusted())).expect("the same entity's");
    cse.clone().renew(kms.credential(CSE, later), Arc::new(kms.trusted())).expect("by a clone");
    let done = handshake(&client, &server).expect("renewed");
    assert_eq!(cse.peer(&done, None).expect("known").ends, Some(at(later)));
}

#[test]
fn each_side_learns_why_it_refused() {
    let (clock, kms, foreign) = (Hand::at(NOW), Kms::of(MEF), Kms::of(MEF));
    let told: Arc<std::sync::Mutex<Vec<(String, EccsiRefusal)>>> = Arc::default();
    let telling = |entity: EccsiEntity| {
        let told = Arc::clone(&told);
        entity.on_refusal(move |who, why| told.lock().expect("no panic").push((who.into(), *why)))
    };
    let of = |kms: &Kms, name, admitted: &[&str]| {
        telling(entity_with(kms.credential(name, END), kms.trusted(), Lists::admitting(admitted), &clock))
    };
    let id_2 = |name: &str| kms.credential(name, END).id_2().as_str().to_owned();
    let case = |client: ClientConfig, server: ServerConfig, by, name: &str, why| {
        assert_eq!(handshake(&Arc::new(client), &Arc::new(server)).map(drop), Err(by));
        let told = std::mem::take(&mut *told.lock().expect("no panic"));
        assert!(matches!(&told[..], [(who, reason)] if *who == id_2(name) && *reason == why), "{told:?}");
    };
    let (ae, cse) = (of(&kms, AE, &[]), of(&kms, CSE, &[]));
    let initiator = |entity: &EccsiEntity| entity.initiator(self::entity(CSE)).expect("a configuration");
    let responder = |entity: &EccsiEntity| entity.responder([fqdn(NAME)]).expect("a configuration");
    let refused = |error| EccsiRefusal::Identity(error);
    case(initiator(&ae), responder(&cse), "server", AE, refused(SaefError::NotAdmitted));
    let impostor = of(&foreign, CSE, &[AE]);
    case(initiator(&ae), responder(&impostor), "client", CSE, refused(SaefError::UnknownKpak));

    // The right identity, and another's key behind it.
    let (admitting, credential) = (of(&kms, CSE, &[AE]), kms.credential(AE, END));
    struct Other(Arc<Credential>);
    impl SigningKeyHolder for Other {
        fn signing_key(&self) -> &SigningKey {
            self.0.signing_key()
        }
    }
    let holder = Arc::new(Other(kms.credential(OTHER, END)));
    let own = OwnRawPublicKey::new(credential.id_2().identity(), holder);
    struct All(KmsPublicKey);
    impl PeerKeys for All {
        fn kpak(&self, _: &SubjectPublicKeyInfo<'_>) -> Option<KmsPublicKey> {
            Some(self.0.clone())
        }
    }
    let forger = client_config(&own, Arc::new(All(kms.public_key()))).expect("a configuration");
    case(forger, responder(&admitting), "server", AE, EccsiRefusal::Signature);
}
