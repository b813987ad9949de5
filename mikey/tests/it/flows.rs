//! Initiators and responders: private calls, groups, hidden names, other devices, stored messages.

use crate::model::{ALICE, Authority, BOB, NOW, PERIOD, SSV};
use eccsi_sakke::eccsi::SigningKey;
use eccsi_sakke::onem2m::UnixTime;
use eccsi_sakke::sakke::ReceiverSecretKey;
use eccsi_sakke::{Error, SysRng};
use mikey_sakke::build::{Draft, KeyId, Naming, Recipient, Sender};
use mikey_sakke::error::{BuildError, ErrorNumber, Problem};
use mikey_sakke::keys::{KeyKind, Purpose, Tgk};
use mikey_sakke::open::{Known, Opened, Receiver};
use mikey_sakke::payload::{
    CsIdMap, Extension, ExtensionType, GenericSession, IdRole, PrfFunction, SecurityPolicy, SrtpPolicy,
    SrtpSession,
};
use mikey_sakke::user::KeyPeriod;
use mikey_sakke::{BoundedReplayCache, IMessage, Refusal, User};
use std::time::Duration;

const DAY: u64 = 86_400;

fn at(seconds: u64) -> UnixTime {
    UnixTime::from_seconds(seconds)
}

fn mcx(uri: &str, kms: &str) -> User {
    User::mcx(uri, kms, KeyPeriod::new(PERIOD, 0).unwrap()).unwrap()
}

/// A user with the keys of one period.
struct Client {
    user: User,
    signing: SigningKey,
    receiving: Vec<ReceiverSecretKey>,
}

impl Client {
    fn new(kms: &Authority, user: User, time: u64) -> Self {
        let id = user.identifier(at(time)).unwrap();
        let signing = kms.signing(id.as_bytes());
        let issued = kms.z.issue(&id.sakke()).unwrap();
        let receiving = vec![issued.validate(&kms.z_public, &id.sakke()).unwrap()];
        Self { user, signing, receiving }
    }

    fn sender<'a>(&'a self, kms: &'a Authority) -> Sender<'a> {
        Sender { user: &self.user, key: &self.signing, z: &kms.z_public }
    }

    fn recipient<'a>(&'a self, kms: &'a Authority) -> Recipient<'a> {
        Recipient { user: &self.user, z: &kms.z_public }
    }

    fn open(&self, message: &IMessage, from: &Client, kms: &Authority, now: u64) -> Result<Opened, Refusal> {
        let known = [Known { user: &from.user, kpak: &kms.kpak }];
        let receiver = Receiver::new(&self.user, &self.receiving);
        let mut seen = BoundedReplayCache::new(4);
        IMessage::open(message.as_bytes(), &receiver, &known[..], &mut seen, at(now))
    }
}

fn same(a: &Tgk, b: &Tgk) -> bool {
    a.ct_eq(b).into()
}

#[test]
fn private_call_in_both_schemes() {
    let kms = Authority::new(0x15);
    for (alice, bob) in [
        (mcx(ALICE, "kms"), mcx(BOB, "kms")),
        (
            User::tel("tel:+447700900123").unwrap(),
            User::tel("tel:+447700900456").unwrap().of_kms("kms").unwrap(),
        ),
    ] {
        let (alice, bob) = (Client::new(&kms, alice, NOW), Client::new(&kms, bob, NOW));
        let mut draft = Draft::new(at(NOW), KeyId::Same(Purpose::Pck.key_id(7)));
        draft.policies.push(SrtpPolicy::MCX.to_payload(0));
        draft.map = CsIdMap::Generic(vec![GenericSession {
            cs_id: 1,
            protocol: GenericSession::SRTP,
            s: false,
            policies: vec![0],
            session_data: vec![],
            spi: vec![],
        }]);
        let (message, sent) =
            IMessage::build(&draft, &alice.sender(&kms), &bob.recipient(&kms), &mut SysRng).unwrap();
        assert_eq!(message.header().csb_id, 0x1000_0007);
        assert_eq!(message.rand().len(), 16);
        let opened = bob.open(&message, &alice, &kms, NOW).unwrap();
        assert!(same(&opened.tgk, &sent));
        assert_eq!(opened.policies, [(0, SrtpPolicy::MCX)]);
        let (key, other) =
            (opened.derive(KeyKind::Encryption, 1, 16), opened.derive(KeyKind::Encryption, 2, 16));
        assert_eq!(key.expose().len(), 16);
        assert_ne!(key.expose(), other.expose());
        // Neither the other way round nor for another.
        assert!(alice.open(&message, &bob, &kms, NOW).is_err());
        let (again, another) =
            IMessage::build(&draft, &alice.sender(&kms), &bob.recipient(&kms), &mut SysRng).unwrap();
        assert!(!same(&sent, &another));
        assert_ne!(again.rand(), message.rand());
    }
}

#[test]
fn hidden_and_unnamed_parties() {
    let kms = Authority::new(0x15);
    let (alice, bob) = (Client::new(&kms, mcx(ALICE, "kms"), NOW), Client::new(&kms, mcx(BOB, "kms"), NOW));
    let mut draft = Draft::new(at(NOW), KeyId::Same(7));
    draft.naming = Naming::Hidden;
    let build = |draft: &Draft| {
        IMessage::build(draft, &alice.sender(&kms), &bob.recipient(&kms), &mut SysRng).unwrap()
    };
    let (message, sent) = build(&draft);
    let contains = |text: &str| message.as_bytes().windows(text.len()).any(|part| part == text.as_bytes());
    assert!(!contains(ALICE) && !contains(BOB));
    assert_eq!(message.identity(IdRole::INITIATOR_UID).unwrap().data.len(), 32);
    assert!(same(&bob.open(&message, &alice, &kms, NOW).unwrap().tgk, &sent));

    draft.naming = Naming::BySignalling;
    let (message, sent) = build(&draft);
    assert_eq!(bob.open(&message, &alice, &kms, NOW).err(), Some(Refusal::NotAdmitted));
    let signalled = Known { user: &alice.user, kpak: &kms.kpak };
    let receiver = Receiver::new(&bob.user, &bob.receiving);
    let mut seen = BoundedReplayCache::new(4);
    let opened = IMessage::open(message.as_bytes(), &receiver, &signalled, &mut seen, at(NOW)).unwrap();
    assert!(same(&opened.tgk, &sent));

    draft.naming = Naming::Hidden;
    let tel = Client::new(&kms, User::tel("tel:+447700900123").unwrap(), NOW);
    let refused = IMessage::build(&draft, &tel.sender(&kms), &tel.recipient(&kms), &mut SysRng).err();
    assert_eq!(refused, Some(BuildError::NoUid));
}

/// A message need not say whom it is for. Those for others take no place, so that nobody who sends them on keeps out what is for Bob.
#[test]
fn messages_for_others_take_no_place_in_the_replay_cache() {
    let kms = Authority::new(0x15);
    let client = |uri| Client::new(&kms, mcx(uri, "kms"), NOW);
    let (alice, bob, carol) = (client(ALICE), client(BOB), client("sip:carol@example.org"));
    let mut draft = Draft::new(at(NOW), KeyId::Same(7));
    draft.naming = Naming::BySignalling;
    let build = |draft: &Draft, to: &Client| {
        IMessage::build(draft, &alice.sender(&kms), &to.recipient(&kms), &mut SysRng).unwrap().0
    };
    let signalled = Known { user: &alice.user, kpak: &kms.kpak };
    // One place, of which a quarter is one.
    let mut seen = BoundedReplayCache::new(1);
    let mut open = |message: &IMessage, keys: &[ReceiverSecretKey]| {
        let receiver = Receiver::new(&bob.user, keys);
        let opened = IMessage::open(message.as_bytes(), &receiver, &signalled, &mut seen, at(NOW));
        (opened.map(drop), seen.len())
    };
    for _ in 0..3 {
        let refused = (Err(Refusal::Decapsulation), 0);
        assert_eq!(open(&build(&draft, &carol), &bob.receiving), refused);
    }
    let message = build(&draft, &bob);
    assert_eq!(open(&message, &[]), (Err(Refusal::NoKey), 0));
    let mut unsupported = draft.clone();
    unsupported.policies.push(SecurityPolicy { number: 0, protocol: 9, parameters: vec![] });
    let refused = (Err(Refusal::PolicyProtocol(9)), 0);
    assert_eq!(open(&build(&unsupported, &bob), &bob.receiving), refused);
    assert_eq!(open(&message, &bob.receiving), (Ok(()), 1));
    assert_eq!(open(&message, &bob.receiving), (Err(Refusal::Replayed), 1));
    assert_eq!(open(&build(&draft, &bob), &bob.receiving), (Err(Refusal::ReplayCacheFull), 1));
    // One's own other device: without the extension there is nothing to open, and nothing to remember.
    let mut seen = BoundedReplayCache::new(1);
    let receiver = Receiver::new(&alice.user, &alice.receiving);
    let opened = IMessage::open_own(message.as_bytes(), &receiver, &kms.kpak, &mut seen, at(NOW));
    assert_eq!((opened.err(), seen.len()), (Some(Refusal::NotToSelf), 0));
}

#[test]
fn other_devices_of_the_initiator() {
    let kms = Authority::new(0x15);
    let (alice, bob) = (Client::new(&kms, mcx(ALICE, "kms"), NOW), Client::new(&kms, mcx(BOB, "kms"), NOW));
    let mut draft = Draft::new(at(NOW), KeyId::Same(7));
    let parameters = Extension { extension_type: ExtensionType::KEY_PARAMETERS, data: vec![1, 2, 3] };
    draft.extensions.push(parameters.clone());
    let build = |draft: &Draft| {
        IMessage::build(draft, &alice.sender(&kms), &bob.recipient(&kms), &mut SysRng).unwrap()
    };
    let open_own = |client: &Client, octets: &[u8]| {
        let receiver = Receiver::new(&client.user, &client.receiving);
        let mut seen = BoundedReplayCache::new(4);
        IMessage::open_own(octets, &receiver, &kms.kpak, &mut seen, at(NOW))
    };
    let (message, _) = build(&draft);
    assert_eq!(open_own(&alice, message.as_bytes()).err(), Some(Refusal::NotToSelf));
    draft.to_self = true;
    let (message, sent) = build(&draft);
    assert!(same(&open_own(&alice, message.as_bytes()).unwrap().tgk, &sent));
    assert!(same(&bob.open(&message, &alice, &kms, NOW).unwrap().tgk, &sent));
    assert_eq!(message.extension(ExtensionType::KEY_PARAMETERS), Some(&parameters));
    assert_eq!(open_own(&bob, message.as_bytes()).err(), Some(Refusal::Identity(IdRole::INITIATOR)));
    let mut octets = message.as_bytes().to_vec();
    *octets.last_mut().unwrap() ^= 1;
    assert_eq!(open_own(&alice, &octets).err(), Some(Refusal::Signature));

    // What the initiator signed is read as carefully.
    for (data, expected) in [(vec![], Problem::Truncated), (vec![4, 1, 2], Problem::Nested)] {
        draft.to_self = false;
        draft.extensions = vec![Extension { extension_type: ExtensionType::SAKKE_TO_SELF, data }];
        let refused = open_own(&alice, build(&draft).0.as_bytes()).err();
        assert!(
            matches!(refused, Some(Refusal::Malformed(error)) if error.problem == expected),
            "{refused:?}"
        );
    }
}

#[test]
fn group_over_two_kms_and_a_later_member() {
    let (home, abroad) = (Authority::new(0x15), Authority::new(0x16));
    let server = Client::new(&home, mcx("sip:gms@example.org", "home"), NOW);
    let place = |number: usize| if number.is_multiple_of(3) { (&abroad, "abroad") } else { (&home, "home") };
    let members: Vec<_> = (0..8)
        .map(|number| {
            Client::new(
                place(number).0,
                mcx(&format!("sip:member{number}@example.org"), place(number).1),
                NOW,
            )
        })
        .collect();
    let recipients: Vec<_> =
        members.iter().enumerate().map(|(number, member)| member.recipient(place(number).0)).collect();
    let gmk_id = Purpose::Gmk.key_id(0x0abc_def1);
    let mut draft = Draft::new(at(NOW), KeyId::Group(gmk_id));
    draft.policies.push(SrtpPolicy::MCX_GROUP.to_payload(0));
    let (early, late) = recipients.split_at(7);
    let (mut messages, gmk) =
        IMessage::build_many(&draft, &server.sender(&home), early, &mut SysRng).unwrap();
    assert_eq!(messages.len(), 7);
    draft.rand = Some(messages[0].rand().to_vec());
    messages.extend(IMessage::build_with(&draft, &server.sender(&home), late, &gmk, &mut SysRng).unwrap());

    let mut guk_ids = Vec::new();
    for (member, message) in members.iter().zip(&messages) {
        let opened = member.open(message, &server, &home, NOW).unwrap();
        assert!(same(&opened.tgk, &gmk));
        assert_eq!(message.rand(), messages[0].rand());
        let guk_id = message.header().csb_id;
        assert_eq!(opened.tgk.guk_id(guk_id, member.user.uri()), Ok(gmk_id));
        guk_ids.push(guk_id);
    }
    // Each for itself alone.
    assert_eq!(
        members[1].open(&messages[2], &server, &home, NOW).err(),
        Some(Refusal::Identity(IdRole::RESPONDER))
    );
    guk_ids.sort_unstable();
    guk_ids.dedup();
    assert_eq!(guk_ids.len(), 8);
    let (none, _) = IMessage::build_many(&draft, &server.sender(&home), &[], &mut SysRng).unwrap();
    assert!(none.is_empty());
}

#[test]
fn stored_messages_and_two_periods() {
    let kms = Authority::new(0x15);
    // 2026-12-31T12:00:00Z: keys of January are accepted, and those of December up to the second.
    let december = 1_798_718_400;
    let january = december + DAY;
    let (alice, bob) = ("tel:+447700900123", "tel:+447700900456");
    let client = |uri: &str, time| Client::new(&kms, User::tel(uri).unwrap(), time);
    let old = (client(alice, december), client(bob, december));
    let new = (client(alice, january), client(bob, january));
    let build = |from: &Client, to: &Client, time| {
        let draft = Draft::new(at(time), KeyId::Same(1));
        IMessage::build(&draft, &from.sender(&kms), &to.recipient(&kms), &mut SysRng).unwrap().0
    };
    let stored = build(&old.0, &old.1, december);
    let fresh = build(&new.0, &new.1, january);
    let mut keys = old.1.receiving;
    keys.extend(new.1.receiving);
    let known = [Known { user: &old.0.user, kpak: &kms.kpak }];
    let open = |message: &IMessage, past: u64, now| {
        let receiver = Receiver::new(&old.1.user, &keys).deferred(Duration::from_secs(past));
        let mut seen = BoundedReplayCache::new(4);
        IMessage::open(message.as_bytes(), &receiver, &known[..], &mut seen, at(now)).map(drop)
    };
    assert_eq!(open(&fresh, 300, january), Ok(()));
    assert_eq!(open(&stored, 300, december), Ok(()));
    assert_eq!(open(&stored, 300, december + DAY), Err(Refusal::Stale));
    assert_eq!(open(&stored, 7 * DAY, december + DAY), Ok(()));
    // Noon of the second, and of the third.
    assert_eq!(open(&stored, 7 * DAY, december + 2 * DAY), Ok(()));
    assert_eq!(open(&stored, 7 * DAY, december + 3 * DAY), Err(Refusal::KeyPeriod));
    // A sender's clock is a day ahead: the period would be accepted, the time is not.
    assert_eq!(open(&fresh, 300, december), Err(Refusal::Future));
}

#[test]
fn drafts_that_are_no_messages() {
    let kms = Authority::new(0x15);
    let (alice, bob) = (Client::new(&kms, mcx(ALICE, "kms"), NOW), Client::new(&kms, mcx(BOB, "kms"), NOW));
    let tel = Client::new(&kms, User::tel("tel:+447700900123").unwrap(), NOW);
    let refused = |change: fn(&mut Draft), to: &Client| {
        let mut draft = Draft::new(at(NOW), KeyId::Same(1));
        change(&mut draft);
        IMessage::build(&draft, &alice.sender(&kms), &to.recipient(&kms), &mut SysRng).err()
    };
    assert_eq!(refused(|_| {}, &bob), None);
    assert_eq!(refused(|draft| draft.time = at(NOW + PERIOD), &bob), Some(BuildError::SigningKey));
    assert_eq!(refused(|draft| draft.time = at(u64::MAX), &bob), Some(BuildError::Time));
    assert_eq!(refused(|_| {}, &tel), Some(BuildError::IdScheme));
    let invalid = |change, expected| match refused(change, &bob) {
        Some(BuildError::Invalid(error)) => assert_eq!(error.problem, expected),
        other => panic!("{other:?}"),
    };
    let twice = |draft: &mut Draft| {
        draft.policies = vec![SecurityPolicy { number: 4, protocol: 0, parameters: vec![] }; 2];
    };
    invalid(twice, Problem::DuplicatePolicy(4));
    invalid(|draft| draft.map = CsIdMap::Generic(vec![]), Problem::Sessions(0));
    let empty = |draft: &mut Draft| draft.rand = Some(vec![]);
    invalid(empty, Problem::Length(mikey_sakke::payload::PayloadType::RAND));
    let long = |draft: &mut Draft| draft.rand = Some(vec![0; 256]);
    assert_eq!(refused(long, &bob), Some(BuildError::TooLong { max: 255, got: 256 }));
    let mut empty = Empty;
    let draft = Draft::new(at(NOW), KeyId::Same(1));
    let failed = IMessage::build(&draft, &alice.sender(&kms), &bob.recipient(&kms), &mut empty).err();
    assert_eq!(failed, Some(BuildError::Crypto(Error::Rng)));
    let tgk = Tgk::from_bytes(&SSV);
    let failed =
        IMessage::build_with(&draft, &alice.sender(&kms), &[bob.recipient(&kms)], &tgk, &mut empty).err();
    assert_eq!(failed, Some(BuildError::Crypto(Error::Rng)));
}

/// Keys that lie apart, as those of a keystore, are lent one by one; and the sender has of its message what the receiver has.
#[test]
fn keys_can_be_lent_and_the_sender_has_the_same() {
    let kms = Authority::new(0x15);
    let (alice, bob) = (Client::new(&kms, mcx(ALICE, "kms"), NOW), Client::new(&kms, mcx(BOB, "kms"), NOW));
    let mut draft = Draft::new(at(NOW), KeyId::Same(7));
    draft.policies.push(SrtpPolicy::MCX_GROUP.to_payload(3));
    let build = |draft: &Draft| {
        IMessage::build(draft, &alice.sender(&kms), &bob.recipient(&kms), &mut SysRng).unwrap()
    };
    let (message, tgk) = build(&draft);
    let sent = Opened::sent(message, at(NOW), &tgk).unwrap();
    let keys = [&alice.receiving[0], &bob.receiving[0]];
    let known = [Known { user: &alice.user, kpak: &kms.kpak }];
    let octets = sent.message.as_bytes();
    let mut seen = BoundedReplayCache::new(1);
    let opened =
        IMessage::open(octets, &Receiver::new(&bob.user, &keys), &known[..], &mut seen, at(NOW)).unwrap();
    assert!(same(&opened.tgk, &sent.tgk));
    assert_eq!((&opened.policies, opened.time), (&sent.policies, sent.time));
    assert_eq!(opened.policies, [(3, SrtpPolicy::MCX_GROUP)]);
    let (here, there) = (sent.derive(KeyKind::Tek, 1, 16), opened.derive(KeyKind::Tek, 1, 16));
    assert_eq!(here.expose(), there.expose());
    let refused = |draft: &Draft| {
        let (message, tgk) = build(draft);
        Opened::sent(message, at(NOW), &tgk).err()
    };
    draft.map = CsIdMap::Srtp(vec![SrtpSession { policy: 4, ssrc: 1, roc: 0 }]);
    assert_eq!(refused(&draft), Some(Refusal::PolicyNumber(4)));
    draft.policies.clear();
    draft.prf = PrfFunction(5);
    assert_eq!(refused(&draft), Some(Refusal::Prf(5)));
}

/// A generator that gives nothing.
struct Empty;

impl eccsi_sakke::rand_core::TryRng for Empty {
    type Error = std::fmt::Error;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Err(std::fmt::Error)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Err(std::fmt::Error)
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
        Err(std::fmt::Error)
    }
}

impl eccsi_sakke::rand_core::TryCryptoRng for Empty {}

#[test]
fn refusals_have_the_numbers_of_mikey() {
    let parse = IMessage::parse(&[]).unwrap_err();
    for (refusal, number) in [
        (Refusal::Signature, ErrorNumber::AuthFailure),
        (Refusal::NotAdmitted, ErrorNumber::AuthFailure),
        (Refusal::Decapsulation, ErrorNumber::AuthFailure),
        (Refusal::Replayed, ErrorNumber::InvalidTimestamp),
        (Refusal::KeyPeriod, ErrorNumber::InvalidTimestamp),
        (Refusal::Prf(5), ErrorNumber::InvalidPrf),
        (Refusal::IdScheme(9), ErrorNumber::InvalidId),
        (Refusal::Certificate, ErrorNumber::InvalidCertificate),
        (Refusal::PolicyProtocol(1), ErrorNumber::InvalidPolicy),
        (Refusal::PolicyParameter(1), ErrorNumber::InvalidPolicyParameters),
        (Refusal::NoKey, ErrorNumber::Unspecified),
        (Refusal::from(parse), ErrorNumber::UnsupportedMessage),
    ] {
        assert_eq!(refusal.error_number(), number, "{refusal}");
    }
    let numbers = [ErrorNumber::AuthFailure as u8, ErrorNumber::InvalidPolicyParameters as u8];
    assert_eq!(numbers, [0, 10]);
    assert_eq!(ErrorNumber::UnsupportedMessage as u8, 13);
    assert_eq!(PrfFunction::HMAC_SHA_256.to_string(), "PRF-HMAC-SHA-256");
}
