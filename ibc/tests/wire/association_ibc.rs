//! IBC-based SAEF over TLS and DTLS: no third party, and each refusal.

use crate::wire::associate::{BOTH, Serving, associate};
use crate::wire::entities::{AE, CSE, Hand, Kms, Lists, MEF, NAME, OTHER, PROVIDER, at, entity};
use crate::wire::lossy::{Lossy, at_random};
use crate::wire::{PATIENCE, SHORT, fqdn};
use eccsi_sakke::saef::{Credential, SaefError, TrustedDomains};
use ibc::association::{AssociationError, Framework, IbcOffer, IbcParty, Initiator, Offer, Responder};
use ibc::tls::{ClientContext, FixedPsk, Psk, PskOffer, PskSuites, Transport};
use std::net::{TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

const NOW: &str = "20261201T000000";
const END_AE: &str = "20270101T000000";
const END_CSE: &str = "20270301T000000";

fn party(credential: Arc<Credential>, trusted: TrustedDomains) -> Arc<IbcParty> {
    Arc::new(IbcParty::new(credential, Arc::new(trusted)))
}

fn responder(clock: &Hand, admission: Arc<Lists>, party: Arc<IbcParty>) -> Responder {
    let own = party.entity().expect("trusted");
    Responder::new(own, admission, clock.clock()).expect("absolute").ibc(party).expect("its credential")
}

fn offer(party: &Arc<IbcParty>, peer: &str) -> Arc<dyn Offer> {
    Arc::new(IbcOffer::new(Arc::clone(party), entity(peer), Lists::admitting(&[])).expect("absolute"))
}

#[test]
fn both_ends_know_each_other_and_keep_the_key() {
    let (clock, kms) = (Hand::at(NOW), Kms::of(MEF));
    for transport in BOTH {
        let at_cse = party(kms.credential(CSE, END_CSE), kms.trusted());
        let at_ae = party(kms.credential(AE, END_AE), kms.trusted());
        let responder = responder(&clock, Lists::admitting(&[AE]), Arc::clone(&at_cse));
        for round in 0..2 {
            let (peer_of_ae, peer_of_cse) =
                associate(transport, responder.clone(), AE, &clock, offer(&at_ae, CSE), PATIENCE).peers();
            assert_eq!((peer_of_ae.entity, peer_of_ae.framework), (entity(CSE), Framework::Ibc));
            assert_eq!((peer_of_cse.entity, peer_of_cse.framework), (entity(AE), Framework::Ibc));
            // The AE's credential ends first. At the CSE, which sees it as a peer's, the skew is added.
            assert_eq!(peer_of_ae.ends, Some(at(END_AE)));
            assert_eq!(peer_of_cse.ends, at(END_AE).checked_add(Duration::from_secs(300)));
            assert_eq!(at_cse.keys_kept(), 1, "round {round}");
        }
    }
}

#[test]
fn entities_of_two_domains_associate() {
    let (clock, one, two) = (Hand::at(NOW), Kms::of(MEF), Kms::of("mef.example.org"));
    let both = || {
        let mut trusted = one.trusted();
        trusted.pin(fqdn(two.fqdn), fqdn(PROVIDER), two.public_key()).expect("another domain");
        trusted
    };
    let at_cse = party(one.credential(CSE, END_CSE), both());
    let at_ae = party(two.credential(AE, END_AE), both());
    let responder = responder(&clock, Lists::admitting(&[AE]), at_cse);
    associate(Transport::Dtls, responder, AE, &clock, offer(&at_ae, CSE), PATIENCE).peers();
}

#[test]
fn what_the_responder_refuses_looks_alike() {
    let (clock, kms) = (Hand::at(NOW), Kms::of(MEF));
    let other_kms = Kms::of(MEF); // another KMS that claims the domain
    let foreign = Kms::of("mef.example.org");
    let knowing = |other: &Kms| {
        let mut trusted = kms.trusted();
        if other.fqdn == MEF {
            trusted.roll_over(&fqdn(MEF), other.public_key()).expect("another tag");
        } else {
            trusted.pin(fqdn(other.fqdn), fqdn(PROVIDER), other.public_key()).expect("another domain");
        }
        trusted
    };
    for transport in BOTH {
        let denied = kms.credential(AE, END_AE);
        let deny =
            Arc::new(Lists { admitted: vec![entity(AE)], denied: vec![denied.id_2().as_str().into()] });
        let admit = || Lists::admitting(&[AE, CSE]);
        for (case, credential, trusted, admission, own, reason) in [
            ("denied", denied, kms.trusted(), deny, AE, "deny list"),
            (
                "expired",
                kms.credential(AE, "20261130T235500"),
                kms.trusted(),
                admit(),
                AE,
                "peer has expired",
            ),
            (
                "not admitted",
                kms.credential(OTHER, END_AE),
                kms.trusted(),
                admit(),
                OTHER,
                "not the one expected",
            ),
            (
                "other KMS",
                other_kms.credential(AE, END_AE),
                knowing(&other_kms),
                admit(),
                AE,
                "KPAK is not pinned",
            ),
            (
                "wrong domain",
                foreign.credential(AE, END_AE),
                knowing(&foreign),
                admit(),
                AE,
                "no KPAK is pinned",
            ),
            // Somebody else's credential for the CSE itself, which the initiator, believing itself an AE, sends.
            ("itself", kms.credential(CSE, END_AE), kms.trusted(), admit(), CSE, "own identity"),
        ] {
            let at_cse = party(kms.credential(CSE, END_CSE), kms.trusted());
            let serving = responder(&clock, admission, Arc::clone(&at_cse));
            // An initiator whose clock stands still in time for its credential.
            let its_clock = Hand::at("20261101T000000");
            let its_party = party(credential, trusted);
            let offered: Arc<dyn Offer> =
                if own == CSE { Arc::new(Blind(its_party)) } else { offer(&its_party, CSE) };
            eprintln!("{case}");
            let outcome = associate(transport, serving, own, &its_clock, offered, SHORT);
            outcome.assert_refused_by_responder(transport, reason);
            assert_eq!(at_cse.keys_kept(), 0);
        }
    }
}

/// Sends the responder's own identity back to it, with whatever key: what this crate's initiator does not do.
struct Blind(Arc<IbcParty>);

impl Offer for Blind {
    fn offer(
        &self,
        _: &eccsi_sakke::onem2m::EntityName,
        hint: Option<&str>,
        now: eccsi_sakke::onem2m::UnixTime,
    ) -> Result<ibc::association::Offered, AssociationError> {
        // The identity comes from an honest offer towards the peer, refused as it would be.
        let honest = IbcOffer::new(Arc::clone(&self.0), entity(CSE), Lists::admitting(&[]))?;
        let refused = honest.offer(&entity(CSE), hint, now);
        assert!(matches!(refused, Err(AssociationError::Saef(SaefError::OwnIdentity))), "{refused:?}");
        Ok(ibc::association::Offered {
            identity: hint.expect("the responder's own").into(),
            key: Psk::new(vec![7; 32])?,
            peer: ibc::association::Peer { entity: entity(CSE), framework: Framework::Ibc, ends: None },
        })
    }
}

#[test]
fn the_initiator_goes_no_further_with_another_than_it_wants() {
    let (clock, kms) = (Hand::at(NOW), Kms::of(MEF));
    let other_kms = Kms::of(MEF);
    for (case, at_responder, trusted_there, wanted, expected) in [
        ("another entity", kms.credential(OTHER, END_CSE), kms.trusted(), CSE, SaefError::NotAdmitted),
        ("other KMS", other_kms.credential(CSE, END_CSE), other_kms.trusted(), CSE, SaefError::UnknownKpak),
        (
            "expired",
            kms.credential(CSE, "20261130T235500"),
            kms.trusted(),
            CSE,
            SaefError::PeerCredentialExpired,
        ),
        ("itself", kms.credential(AE, END_CSE), kms.trusted(), AE, SaefError::OwnIdentity),
    ] {
        let serving = responder(
            &Hand::at("20261101T000000"),
            Lists::admitting(&[AE]),
            party(at_responder, trusted_there),
        );
        let at_ae = party(kms.credential(AE, END_AE), kms.trusted());
        let outcome = associate(Transport::Tls, serving, AE, &clock, offer(&at_ae, wanted), PATIENCE);
        let error = outcome.at_initiator.expect_err(case);
        assert!(matches!(&error, AssociationError::Saef(reason) if *reason == expected), "{case}: {error}");
        outcome.at_responder.expect_err("no session");
    }
    // On the deny list.
    let credential = kms.credential(CSE, END_CSE);
    let deny = Arc::new(Lists { admitted: vec![], denied: vec![credential.id_2().as_str().into()] });
    let serving = responder(&clock, Lists::admitting(&[AE]), party(credential, kms.trusted()));
    let at_ae = party(kms.credential(AE, END_AE), kms.trusted());
    let offered = Arc::new(IbcOffer::new(at_ae, entity(CSE), deny).expect("absolute"));
    let error =
        associate(Transport::Tls, serving, AE, &clock, offered, PATIENCE).at_initiator.expect_err("denied");
    assert!(matches!(error, AssociationError::Saef(SaefError::Denied)), "{error}");
}

#[test]
fn a_responder_without_a_hint_is_no_peer() {
    let (clock, kms) = (Hand::at(NOW), Kms::of(MEF));
    let without = Responder::new(entity(CSE), Lists::admitting(&[AE]), clock.clock()).expect("absolute");
    let at_ae = party(kms.credential(AE, END_AE), kms.trusted());
    let outcome = associate(Transport::Tls, without, AE, &clock, offer(&at_ae, CSE), PATIENCE);
    assert!(matches!(outcome.at_initiator, Err(AssociationError::UnknownIdentity)), "{outcome:?}");
}

#[test]
fn a_credential_of_another_entity_is_not_served() {
    let (clock, kms) = (Hand::at(NOW), Kms::of(MEF));
    let responder = Responder::new(entity(CSE), Lists::admitting(&[AE]), clock.clock()).expect("absolute");
    let error =
        responder.ibc(party(kms.credential(OTHER, END_CSE), kms.trusted())).map(drop).expect_err("another");
    assert!(matches!(error, AssociationError::Configuration(_)), "{error}");
}

#[test]
fn an_expired_own_credential_serves_nobody() {
    let (clock, kms) = (Hand::at(NOW), Kms::of(MEF));
    let at_cse = party(kms.credential(CSE, "20261201T000000"), kms.trusted());
    let serving = responder(&clock, Lists::admitting(&[AE]), at_cse);
    // The initiator accepts it for the skew.
    let at_ae = party(kms.credential(AE, END_AE), kms.trusted());
    let outcome = associate(Transport::Dtls, serving, AE, &clock, offer(&at_ae, CSE), SHORT);
    outcome.assert_refused_by_responder(Transport::Dtls, "own credential has expired");
}

#[test]
fn thirty_two_at_once_while_others_claim_random_identities() {
    let (clock, kms) = (Hand::at(NOW), Kms::of(MEF));
    let names: Vec<String> = (0..32).map(|n| format!("//sp.example.com/CSE090112/Cae{n}")).collect();
    let absent = "//sp.example.com/CSE090112/Cabsent";
    let calling: Vec<&str> = names.iter().map(String::as_str).collect();
    let admitted = [&calling[..], &[absent]].concat();
    for transport in BOTH {
        let at_cse = party(kms.credential(CSE, END_CSE), kms.trusted());
        let responder = responder(&clock, Lists::admitting(&admitted), Arc::clone(&at_cse));
        let serving = Serving::start(transport, responder, PskSuites::default(), Duration::from_secs(5));
        let stranger = kms.credential("//sp.example.com/CSE090112/Cstranger", END_AE);
        let (serving, clock) = (&serving, &clock);
        thread::scope(|scope| {
            for name in &calling {
                let at_ae = party(kms.credential(name, END_AE), kms.trusted());
                scope.spawn(move || {
                    let initiator =
                        Initiator::new(transport, PskSuites::default(), entity(name), clock.clock())
                            .expect("a context");
                    let peer = serving.call(&initiator, offer(&at_ae, CSE), PATIENCE).expect("associated");
                    assert_eq!(peer.entity, entity(CSE));
                });
            }
            for n in 0..32 {
                let identity = match n % 4 {
                    // Admitted, and claimed by somebody who does not have its key.
                    3 => kms.credential(absent, END_AE).psk_identity().expect("short enough").to_string(),
                    0 => stranger.psk_identity().expect("short enough").to_string(),
                    1 => format!("stranger-{n}@sp.example.com"),
                    _ => format!("{MEF}@{n:02}@20270101T000000@{}", "A".repeat(48)),
                };
                scope.spawn(move || claim(serving, &identity));
            }
        });
        assert_eq!(at_cse.keys_kept(), 32, "and none of the others'");
    }
}

#[test]
fn a_renewed_credential_serves_at_once_on_the_same_socket() {
    let (clock, kms) = (Hand::at(NOW), Kms::of(MEF));
    for transport in BOTH {
        let at_cse = party(kms.credential(CSE, "20261202T000000"), kms.trusted());
        let responder = responder(&clock, Lists::admitting(&[AE]), Arc::clone(&at_cse));
        let serving = Serving::start(transport, responder, PskSuites::default(), PATIENCE);
        let at_ae = party(kms.credential(AE, END_AE), kms.trusted());
        let initiator =
            Initiator::new(transport, PskSuites::default(), entity(AE), clock.clock()).expect("a context");
        let call = || serving.call(&initiator, offer(&at_ae, CSE), PATIENCE).expect("associated").ends;
        assert_eq!(call(), at("20261202T000000").checked_add(Duration::from_secs(300)));
        let trusted = || Arc::new(kms.trusted());
        at_cse.renew(kms.credential(OTHER, END_CSE), trusted()).expect_err("another entity's");
        at_cse.renew(kms.credential(CSE, END_CSE), trusted()).expect("its own");
        assert_eq!(call(), Some(at(END_AE)));
    }
}

/// 200 of them, 20 at a time. What it took is printed; a clock is no part of the test.
#[test]
fn associations_come_about_though_five_percent_are_lost() {
    const LANES: u64 = 20;
    const ROUNDS: u64 = 10;
    let (clock, kms) = (Hand::at(NOW), Kms::of(MEF));
    let at_cse = party(kms.credential(CSE, END_CSE), kms.trusted());
    let responder = responder(&clock, Lists::admitting(&[AE]), at_cse);
    let serving = Serving::start(Transport::Dtls, responder, PskSuites::default(), PATIENCE);
    let at_ae = party(kms.credential(AE, END_AE), kms.trusted());
    let initiator =
        Initiator::new(Transport::Dtls, PskSuites::default(), entity(AE), clock.clock()).expect("a context");
    let (serving, initiator, at_ae) = (&serving, &initiator, &at_ae);
    // Milliseconds, datagrams, datagrams lost.
    let associate = |seed, percent| {
        let lossy = Lossy::before(serving.address, at_random(seed, percent));
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.connect(lossy.address).expect("connected");
        let start = Instant::now();
        let association = initiator.connect_datagrams(socket, &fqdn(NAME), offer(at_ae, CSE), PATIENCE);
        assert_eq!(association.expect("associated").peer().entity, entity(CSE));
        (start.elapsed().as_millis(), lossy.came(), lossy.lost())
    };
    let (_, without_loss, _) = associate(0, 0);
    let associate = &associate;
    let mut all: Vec<_> = thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| {
                scope.spawn(move || {
                    (0..ROUNDS).map(|round| associate(lane * ROUNDS + round, 5)).collect::<Vec<_>>()
                })
            })
            .collect();
        lanes.into_iter().flat_map(|lane| lane.join().expect("no panic")).collect()
    });
    all.sort_unstable();
    let lost: usize = all.iter().map(|(_, _, lost)| lost).sum();
    let came: usize = all.iter().map(|(_, came, _)| came).sum();
    let hit = all.iter().filter(|(_, _, lost)| *lost > 0).count();
    eprintln!(
        "{} associations, {hit} of them with loss: {came} datagrams, {lost} lost, {without_loss} without loss \
         each; median {} ms, p99 {} ms, longest {} ms",
        all.len(),
        all[all.len() / 2].0,
        all[all.len() * 99 / 100].0,
        all[all.len() - 1].0,
    );
    assert_eq!(all.len() as u64, LANES * ROUNDS);
    // Six datagrams each and those sent again, of which 5 in 100 are lost: about 65, in 53 of the associations.
    assert!(
        (30..=130).contains(&lost) && hit >= 30,
        "the loss was real: {lost} datagrams, {hit} associations"
    );
    assert!(came > all.len() * without_loss, "what was lost was sent again");
}

/// A handshake with an identity and no key for it.
fn claim(serving: &Serving, identity: &str) {
    let context = ClientContext::psk(serving.transport, PskSuites::default()).expect("a context");
    let offer: Arc<dyn PskOffer> =
        Arc::new(FixedPsk::new(identity, Psk::new(vec![7; 32]).expect("a key")).expect("an identity"));
    let refused = match serving.transport {
        Transport::Tls => {
            let tcp = TcpStream::connect(serving.address).expect("a connection");
            context.connect(tcp, &fqdn(NAME), Some(offer), PATIENCE).map(drop)
        }
        Transport::Dtls => {
            let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
            socket.connect(serving.address).expect("connected");
            ibc::tls::DtlsStream::connect(&context, socket, &fqdn(NAME), Some(offer), SHORT).map(drop)
        }
    };
    refused.expect_err("a stranger");
}
