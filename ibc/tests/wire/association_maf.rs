//! MAF-based SAEF and its like with a MEF, with a key source that counts: coalescing, negative cache, bounds.

use crate::wire::associate::{BOTH, Serving, associate};
use crate::wire::entities::{AE, CSE, Hand, Lists, MEF, OTHER, at, entity};
use crate::wire::{PATIENCE, SHORT, fqdn};
use eccsi_sakke::onem2m::{
    CredentialId, CredentialType, ExpirationTime, KeyIdentifier, RelativeKeyId, SecurityUsage,
};
use ibc::association::{
    AssociationError, Framework, Initiator, KeyLookup, KeyOrigin, KeySource, LookupLimits, Offer,
    RegisteredKey, RegisteredKeyOffer, Responder, RetrievalError,
};
use ibc::tls::{PskSuites, Transport};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

const MAF: &str = "maf.example.com";
const NOW: &str = "20261201T000000";
const END: &str = "20270101T000000";
const KC: [u8; 32] = [0xc5; 32];

fn identifier(n: u8, fqdn_text: &str) -> KeyIdentifier {
    KeyIdentifier::new(RelativeKeyId::from_octets(&[n; 16]), fqdn(fqdn_text)).expect("fits")
}

/// What the source knows of a key.
#[derive(Clone)]
struct Row {
    usage: SecurityUsage,
    end: &'static str,
    origin: KeyOrigin,
}

/// A MAF that counts who asks.
#[derive(Default)]
struct Counting {
    rows: Mutex<HashMap<KeyIdentifier, Row>>,
    asked: AtomicUsize,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    takes: Mutex<Duration>,
    down: std::sync::atomic::AtomicBool,
}

impl Counting {
    fn with(n: u8, fqdn_text: &str, usage: SecurityUsage, origin: KeyOrigin) -> Arc<Self> {
        let source = Self::default();
        let row = Row { usage, end: END, origin };
        source.rows.lock().expect("no panic").insert(identifier(n, fqdn_text), row);
        Arc::new(source)
    }

    fn usual() -> Arc<Self> {
        Self::with(1, MAF, SecurityUsage::MafSaef, KeyOrigin::Entity(entity(AE)))
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl KeySource for Counting {
    fn retrieve(&self, key: &KeyIdentifier, _: Instant) -> Result<RegisteredKey, RetrievalError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(now, Ordering::SeqCst);
        let takes = *self.takes.lock().expect("no panic");
        thread::sleep(takes);
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) {
            return Err(RetrievalError::Unavailable);
        }
        let row = self.rows.lock().expect("no panic").get(key).cloned().ok_or(RetrievalError::Refused)?;
        let expiration = ExpirationTime::parse(row.end).expect("a time");
        Ok(RegisteredKey { key: Zeroizing::new(KC), usage: row.usage, expiration, origin: row.origin })
    }
}

fn lookup(source: &Arc<Counting>, limits: LookupLimits) -> KeyLookup {
    let source: Arc<dyn KeySource> = source.clone();
    KeyLookup::new(source, limits).maf(fqdn(MAF)).mef(fqdn(MEF))
}

fn responder(clock: &Hand, lookup: KeyLookup) -> Responder {
    Responder::new(entity(CSE), Lists::admitting(&[AE, CSE]), clock.clock())
        .expect("absolute")
        .registered_keys(lookup)
}

fn offer(n: u8, fqdn_text: &str, usage: SecurityUsage) -> Arc<dyn Offer> {
    let end = ExpirationTime::parse(END).expect("a time");
    let offer =
        RegisteredKeyOffer::new(identifier(n, fqdn_text), &Zeroizing::new(KC), usage, end, entity(CSE));
    Arc::new(offer.expect("a key for associations"))
}

fn usual_offer() -> Arc<dyn Offer> {
    offer(1, MAF, SecurityUsage::MafSaef)
}

#[test]
fn both_ends_know_each_other_and_the_key_is_fetched_once() {
    for (transport, fqdn_text, usage, framework) in [
        (Transport::Tls, MAF, SecurityUsage::MafSaef, Framework::Maf),
        (Transport::Dtls, MAF, SecurityUsage::MafSaef, Framework::Maf),
        (Transport::Tls, MEF, SecurityUsage::RspfSaef, Framework::Mef),
        (Transport::Dtls, MEF, SecurityUsage::RspfSaef, Framework::Mef),
    ] {
        let clock = Hand::at(NOW);
        let source = Counting::with(1, fqdn_text, usage, KeyOrigin::Entity(entity(AE)));
        let responder = responder(&clock, lookup(&source, LookupLimits::default()));
        for _ in 0..3 {
            let (at_ae, at_cse) =
                associate(transport, responder.clone(), AE, &clock, offer(1, fqdn_text, usage), PATIENCE)
                    .peers();
            assert_eq!((at_ae.entity, at_ae.framework, at_ae.ends), (entity(CSE), framework, Some(at(END))));
            assert_eq!(
                (at_cse.entity, at_cse.framework, at_cse.ends),
                (entity(AE), framework, Some(at(END)))
            );
        }
        assert_eq!(source.asked(), 1);
    }
}

#[test]
fn an_origin_known_by_its_credential_is_looked_up() {
    let clock = Hand::at(NOW);
    let credential =
        CredentialId::new(CredentialType::Km, "client-01@maf.example.com").expect("a Credential-ID");
    for known in [true, false] {
        let source =
            Counting::with(1, MAF, SecurityUsage::MafSaef, KeyOrigin::Credential(credential.clone()));
        let expected = credential.clone();
        let lookup = lookup(&source, LookupLimits::default())
            .origins(move |asked| (known && *asked == expected).then(|| entity(AE)));
        let outcome =
            associate(Transport::Tls, responder(&clock, lookup), AE, &clock, usual_offer(), PATIENCE);
        if known {
            assert_eq!(outcome.peers().1.entity, entity(AE));
        } else {
            outcome.assert_refused_by_responder(Transport::Tls, "no entity is known");
        }
    }
}

#[test]
fn refusals_look_alike() {
    let from = |text| KeyOrigin::Entity(entity(text));
    for transport in BOTH {
        for (case, n, at_maf, usage, end, origin, reason, asked) in [
            ("unknown", 2, MAF, SecurityUsage::MafSaef, END, from(AE), "not given out", 1),
            ("wrong usage", 1, MAF, SecurityUsage::MafEsPrim, END, from(AE), "another use", 1),
            ("usage of a MEF", 1, MAF, SecurityUsage::RspfSaef, END, from(AE), "another use", 1),
            ("expired", 1, MAF, SecurityUsage::MafSaef, NOW, from(AE), "reached its end", 1),
            ("itself", 1, MAF, SecurityUsage::MafSaef, END, from(CSE), "this entity itself", 1),
            ("not admitted", 1, MAF, SecurityUsage::MafSaef, END, from(OTHER), "not admitted", 1),
            ("relative origin", 1, MAF, SecurityUsage::MafSaef, END, from("/CSE2"), "no entity is known", 1),
            (
                "foreign MAF",
                1,
                "maf.example.org",
                SecurityUsage::MafSaef,
                END,
                from(AE),
                "not fetched from this",
                0,
            ),
        ] {
            let clock = Hand::at(NOW);
            let source = Counting::default();
            source.rows.lock().expect("no panic").insert(identifier(1, at_maf), Row { usage, end, origin });
            let source = Arc::new(source);
            let responder = responder(&clock, lookup(&source, LookupLimits::default()));
            eprintln!("{case}");
            let outcome =
                associate(transport, responder, AE, &clock, offer(n, at_maf, SecurityUsage::MafSaef), SHORT);
            outcome.assert_refused_by_responder(transport, reason);
            assert_eq!(source.asked(), asked, "{case}");
        }
    }
}

#[test]
fn the_initiator_refuses_itself_an_ended_key_and_keys_for_another_use() {
    let clock = Hand::at(END);
    let source = Counting::usual();
    let outcome = associate(
        Transport::Tls,
        responder(&clock, lookup(&source, LookupLimits::default())),
        AE,
        &clock,
        usual_offer(),
        PATIENCE,
    );
    assert!(matches!(outcome.at_initiator, Err(AssociationError::Expired)), "{outcome:?}");
    assert_eq!(source.asked(), 0);
    let clock = Hand::at(NOW);
    let outcome = associate(
        Transport::Tls,
        responder(&clock, lookup(&source, LookupLimits::default())),
        CSE,
        &clock,
        usual_offer(),
        PATIENCE,
    );
    assert!(matches!(outcome.at_initiator, Err(AssociationError::OwnIdentity)), "{outcome:?}");
    for usage in SecurityUsage::ALL {
        let end = ExpirationTime::parse(END).expect("a time");
        let offer = RegisteredKeyOffer::new(identifier(1, MAF), &Zeroizing::new(KC), usage, end, entity(CSE));
        assert_eq!(offer.is_ok(), matches!(usage.to_u8(), 22 | 32), "{usage}");
    }
}

#[test]
fn a_refusal_is_remembered_for_its_time() {
    let clock = Hand::at(NOW);
    let source = Counting::usual();
    let limits = LookupLimits { remember_refusal: Duration::from_secs(60), ..LookupLimits::default() };
    let handshakes = |limits, count| {
        let responder = responder(&clock, lookup(&source, limits));
        for _ in 0..count {
            let unknown = offer(2, MAF, SecurityUsage::MafSaef);
            associate(Transport::Tls, responder.clone(), AE, &clock, unknown, PATIENCE)
                .at_initiator
                .expect_err("unknown");
        }
        source.asked.swap(0, Ordering::SeqCst)
    };
    assert_eq!(handshakes(limits, 4), 1);
    assert_eq!(handshakes(LookupLimits { remember_refusal: Duration::ZERO, ..limits }, 4), 4);
}

#[test]
fn those_who_ask_at_once_cause_one_question() {
    for transport in BOTH {
        let clock = Hand::at(NOW);
        let source = Counting::usual();
        *source.takes.lock().expect("no panic") = Duration::from_millis(500);
        let limits = LookupLimits { deadline: Duration::from_secs(20), ..LookupLimits::default() };
        let serving = Serving::start(
            transport,
            responder(&clock, lookup(&source, limits)),
            PskSuites::default(),
            PATIENCE,
        );
        thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| {
                    let initiator =
                        Initiator::new(transport, PskSuites::default(), entity(AE), clock.clock())
                            .expect("a context");
                    serving.call(&initiator, usual_offer(), PATIENCE).expect("associated");
                });
            }
        });
        assert_eq!(source.asked(), 1);
        let (outcomes, _) = serving.stop();
        assert_eq!(outcomes.into_iter().filter(Result::is_ok).count(), 32);
    }
}

#[test]
fn questions_at_once_are_bounded_and_the_rest_refused() {
    let clock = Hand::at(NOW);
    let source = Counting::usual();
    *source.takes.lock().expect("no panic") = Duration::from_millis(500);
    let limits = LookupLimits { parallel: 3, deadline: Duration::from_secs(20), ..LookupLimits::default() };
    let serving = Serving::start(
        Transport::Tls,
        responder(&clock, lookup(&source, limits)),
        PskSuites::default(),
        PATIENCE,
    );
    thread::scope(|scope| {
        for n in 100..132 {
            let (serving, clock) = (&serving, &clock);
            scope.spawn(move || {
                let initiator =
                    Initiator::new(Transport::Tls, PskSuites::default(), entity(AE), clock.clock())
                        .expect("a context");
                serving
                    .call(&initiator, offer(n, MAF, SecurityUsage::MafSaef), PATIENCE)
                    .map(drop)
                    .expect_err("unknown");
            });
        }
    });
    assert!(source.most_at_once.load(Ordering::SeqCst) <= 3);
    let (_, refusals) = serving.stop();
    assert!(refusals.iter().any(|refusal| refusal == "too many keys are being fetched"), "{refusals:?}");
}

#[test]
fn a_late_answer_fails_its_handshake_and_serves_the_next() {
    let clock = Hand::at(NOW);
    let source = Counting::usual();
    *source.takes.lock().expect("no panic") = Duration::from_millis(800);
    let limits = LookupLimits { deadline: Duration::from_millis(100), ..LookupLimits::default() };
    let responder = responder(&clock, lookup(&source, limits));
    let outcome = associate(Transport::Tls, responder.clone(), AE, &clock, usual_offer(), PATIENCE);
    outcome.assert_refused_by_responder(Transport::Tls, "did not come in time");
    let until = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < until, "the answer comes");
        if associate(Transport::Tls, responder.clone(), AE, &clock, usual_offer(), PATIENCE)
            .at_initiator
            .is_ok()
        {
            break;
        }
    }
    assert_eq!(source.asked(), 1, "the one answer served");
}

#[test]
fn a_source_that_is_down_is_asked_again_and_a_key_at_hand_still_serves() {
    let clock = Hand::at(NOW);
    let source = Counting::usual();
    source.down.store(true, Ordering::SeqCst);
    let limits = LookupLimits { ask_again: Duration::ZERO, ..LookupLimits::default() };
    let responder = responder(&clock, lookup(&source, limits));
    let handshake = || associate(Transport::Tls, responder.clone(), AE, &clock, usual_offer(), PATIENCE);
    handshake().assert_refused_by_responder(Transport::Tls, "could not be asked");
    source.down.store(false, Ordering::SeqCst);
    handshake().peers();
    source.down.store(true, Ordering::SeqCst);
    handshake().peers();
    // Asked again each time, and a registration that is gone is noticed.
    source.down.store(false, Ordering::SeqCst);
    source.rows.lock().expect("no panic").clear();
    handshake().assert_refused_by_responder(Transport::Tls, "not given out");
    assert_eq!(source.asked(), 4);
    // The key's end is the end, whatever is at hand.
    let clock_at_end = Hand::at(END);
    let kept = Counting::usual();
    let lookup = lookup(&kept, LookupLimits::default());
    let responder = Responder::new(entity(CSE), Lists::admitting(&[AE]), clock_at_end.clock())
        .expect("absolute")
        .registered_keys(lookup);
    associate(Transport::Tls, responder, AE, &clock, usual_offer(), PATIENCE)
        .assert_refused_by_responder(Transport::Tls, "reached its end");
}
