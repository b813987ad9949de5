//! Messages that must be refused, each with its reason. An independent writer makes them (`tests/model`).

use crate::model::{
    self, ALICE, Authority, BOB, Draft, EXTENSION, IDRI, IDRR, KMS, KMSI, KMSR, NOW, PERIOD, Piece, RAND,
    SAKKE, SP, T, idr, number, policy, sign, timestamp, uid,
};
use eccsi_sakke::eccsi::SigningKey;
use eccsi_sakke::onem2m::UnixTime;
use eccsi_sakke::sakke::ReceiverSecretKey;
use mikey_sakke::error::Problem;
use mikey_sakke::open::{Known, Opened, Receiver};
use mikey_sakke::payload::{IdRole, PayloadType};
use mikey_sakke::replay::NoReplayCache;
use mikey_sakke::user::KeyPeriod;
use mikey_sakke::{BoundedReplayCache, IMessage, Refusal, User};

struct World {
    kms: Authority,
    alice: User,
    bob: User,
    signing: SigningKey,
    keys: Vec<ReceiverSecretKey>,
    draft: Draft,
}

fn user(uri: &str) -> User {
    User::mcx(uri, KMS, KeyPeriod::new(PERIOD, 0).unwrap()).unwrap()
}

impl World {
    fn new() -> Self {
        let kms = Authority::new(0x15);
        let period = number(NOW);
        let signing = kms.signing(&uid(ALICE, period));
        let keys = vec![kms.receiving(&uid(BOB, period))];
        let draft = model::draft(&kms, NOW);
        Self { kms, alice: user(ALICE), bob: user(BOB), signing, keys, draft }
    }

    fn open(&self, octets: &[u8], now: u64) -> Result<Opened, Refusal> {
        let known = [Known { user: &self.alice, kpak: &self.kms.kpak }];
        let receiver = Receiver::new(&self.bob, &self.keys);
        IMessage::open(octets, &receiver, &known[..], &mut NoReplayCache, UnixTime::from_seconds(now))
    }

    /// The draft, changed.
    fn changed(&self, change: impl FnOnce(&mut Draft)) -> Draft {
        let mut draft = self.draft.clone();
        change(&mut draft);
        draft
    }

    /// Changed, then signed: only the change is wrong.
    fn signed(&self, change: impl FnOnce(&mut Draft)) -> Vec<u8> {
        self.changed(change).signed_by(&self.signing)
    }

    /// Changed, without a valid signature: what is refused before that.
    fn unsigned(&self, change: impl FnOnce(&mut Draft)) -> Vec<u8> {
        self.changed(change).with_signature(&[0; 129])
    }
}

/// Counts what is refused for the expected reason.
struct Cases<'a>(&'a World, usize);

impl Cases<'_> {
    fn refusal(&mut self, name: &str, octets: &[u8], expected: Refusal) {
        self.refusal_at(name, octets, NOW, expected);
    }

    fn refusal_at(&mut self, name: &str, octets: &[u8], now: u64, expected: Refusal) {
        assert_eq!(self.0.open(octets, now).err(), Some(expected), "{name}");
        self.1 += 1;
    }

    fn problem(&mut self, name: &str, octets: &[u8], expected: Problem) {
        match self.0.open(octets, NOW) {
            Err(Refusal::Malformed(error)) => {
                assert_eq!(error.problem, expected, "{name}");
                assert!(error.at <= octets.len(), "{name}: {}", error.at);
            }
            other => panic!("{name}: {other:?}"),
        }
        self.1 += 1;
    }
}

#[test]
fn what_the_others_are_changed_from_is_accepted() {
    let world = World::new();
    let octets = world.draft.signed_by(&world.signing);
    let opened = world.open(&octets, NOW).unwrap();
    assert_eq!(*opened.tgk.expose(), model::SSV);
    assert_eq!(opened.message.as_bytes(), octets);
    // A responder ignores the V bit. General extensions may stand elsewhere.
    world.open(&world.signed(|draft| draft.header[0] |= 0x80), NOW).unwrap();
    world.open(&world.signed(|draft| draft.pieces.swap(SAKKE, EXTENSION)), NOW).unwrap();
}

#[test]
fn octets_missing_or_too_many() {
    let world = World::new();
    let mut cases = Cases(&world, 0);
    let octets = world.draft.signed_by(&world.signing);
    for end in 0..octets.len() {
        cases.problem(&format!("cut at {end}"), &octets[..end], Problem::Truncated);
    }
    for more in 1..=8 {
        let octets = [&octets[..], &vec![0; more]].concat();
        cases.problem(&format!("{more} more"), &octets, Problem::Trailing);
    }
    cases.problem("too long", &vec![1; IMessage::MAX_BYTES + 1], Problem::TooLong);
    assert_eq!(cases.1, octets.len() + 9);
    assert_eq!(octets.len(), 590);
}

#[test]
fn numbers_that_are_not_known() {
    let world = World::new();
    let mut cases = Cases(&world, 0);
    for value in 0..=255_u8 {
        if value != 1 {
            let octets = world.unsigned(|draft| draft.version = value);
            cases.problem("version", &octets, Problem::Version(value));
            let octets = world.unsigned(|draft| draft.pieces[SAKKE].1[0] = value);
            cases.refusal("SAKKE parameters", &octets, Refusal::SakkeParameters(value));
        }
        if value != 26 {
            let octets = world.unsigned(|draft| draft.data_type = value);
            cases.problem("data type", &octets, Problem::DataType(value));
        }
        if value != 2 {
            let octets = world.unsigned(|draft| draft.pieces[SAKKE].1[1] = value);
            cases.refusal("ID scheme", &octets, Refusal::IdScheme(value));
        }
        if value > 2 {
            let octets = world.unsigned(|draft| draft.header[6] = value);
            cases.problem("map type", &octets, Problem::MapType(value));
        }
        if value > 3 {
            let octets = world.unsigned(|draft| draft.pieces[T].1[0] = value);
            cases.problem("TS type", &octets, Problem::TimestampType(value));
        }
        if ![0, 2, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 21, 26].contains(&value) {
            let octets = world.unsigned(|draft| draft.pieces[EXTENSION].0 = value);
            cases.problem("payload", &octets, Problem::UnknownPayload(PayloadType(value)));
        }
        if (2..128).contains(&value) {
            let octets = world.unsigned(|draft| draft.header[0] = value);
            cases.refusal("PRF", &octets, Refusal::Prf(value));
        }
        if value < 16 && value != 2 {
            let octets = world.unsigned(|draft| draft.sign[0] = value << 4);
            cases.refusal("S type", &octets, Refusal::SignatureType(value));
        }
    }
    // A counter, and seconds alone.
    for kind in [2, 3] {
        let octets = world.unsigned(|draft| draft.pieces[T].1 = vec![kind, 0, 0, 0, 0]);
        cases.refusal("TS type", &octets, Refusal::TimestampType(kind));
    }
    assert_eq!(cases.1, 4 * 255 + 253 + 252 + 242 + 126 + 15 + 2);
}

#[test]
fn payloads_missing_twice_or_out_of_order() {
    let world = World::new();
    let mut cases = Cases(&world, 0);
    let kind = [
        PayloadType::T,
        PayloadType::RAND,
        PayloadType::IDR,
        PayloadType::IDR,
        PayloadType::IDR,
        PayloadType::IDR,
        PayloadType::SP,
        PayloadType::SAKKE,
        PayloadType::GENERAL_EXTENSION,
    ];
    for piece in [T, RAND, SAKKE] {
        let octets = world.signed(|draft| drop(draft.pieces.remove(piece)));
        cases.problem("missing", &octets, Problem::Missing(kind[piece]));
    }
    let octets = world.signed(|draft| drop(draft.pieces.remove(IDRI)));
    cases.refusal("no initiator", &octets, Refusal::NotAdmitted);
    let octets = world.signed(|draft| drop(draft.pieces.remove(SP)));
    assert!(world.open(&octets, NOW).is_ok(), "the default policy");
    for (piece, kind) in kind.into_iter().enumerate() {
        let octets = world.signed(|draft| draft.pieces.insert(piece, draft.pieces[piece].clone()));
        let expected = if piece == SP { Problem::DuplicatePolicy(0) } else { Problem::Duplicate(kind) };
        cases.problem("twice", &octets, expected);
        // Each to every place behind.
        for place in piece + 1..EXTENSION {
            let octets = world.signed(|draft| {
                let moved = draft.pieces.remove(piece);
                draft.pieces.insert(place, moved);
            });
            let expected = if piece < IDRI { Problem::Missing(kind) } else { Problem::Order(kind) };
            cases.problem(&format!("{piece} at {place}"), &octets, expected);
        }
    }
    // The chain ends before SIGN, wherever.
    for piece in T..=EXTENSION {
        let octets = world.unsigned(|draft| draft.pieces[piece].0 = 0);
        cases.problem("chain ends", &octets, Problem::Unsigned);
    }
    let octets = world.unsigned(|draft| draft.pieces.clear());
    cases.problem("nothing but SIGN", &octets, Problem::Missing(PayloadType::T));
    let octets = world.signed(|draft| draft.pieces.insert(SP, Piece(7, vec![0, 0, 1, 0x30])));
    cases.refusal("CERT", &octets, Refusal::Certificate);
    assert_eq!(cases.1, 3 + 1 + 9 + 28 + 9 + 1 + 1);
}

#[test]
fn lengths_that_do_not_fit() {
    let world = World::new();
    let mut cases = Cases(&world, 0);
    // Where the length of each payload stands.
    for (piece, at) in [(IDRI, 2), (IDRR, 2), (KMSI, 2), (KMSR, 2), (SP, 2), (EXTENSION, 1)] {
        let octets = world.unsigned(|draft| draft.pieces[piece].1[at..at + 2].fill(0xff));
        cases.problem("length FFFF", &octets, Problem::Truncated);
        for change in [1, -1_i16, 2, -2, 5, -5] {
            let octets = world.unsigned(|draft| {
                let field = &mut draft.pieces[piece].1[at..at + 2];
                let length = i16::from_be_bytes([field[0], field[1]]) + change;
                field.copy_from_slice(&length.to_be_bytes());
            });
            // What follows is read out of step; whatever that gives is no message.
            let refused = world.open(&octets, NOW).err();
            assert!(matches!(refused, Some(Refusal::Malformed(_))), "{piece} {change}: {refused:?}");
            cases.1 += 1;
        }
    }
    for length in [0, 1, 271, 272, 274, 275, 512, 0xffff_u16] {
        let octets =
            world.unsigned(|draft| draft.pieces[SAKKE].1[2..4].copy_from_slice(&length.to_be_bytes()));
        let inside = length < 512;
        let expected = if inside { Problem::Length(PayloadType::SAKKE) } else { Problem::Truncated };
        cases.problem("SAKKE", &octets, expected);
    }
    for length in [0, 1, 32, 64, 128, 130, 0xfff_u16] {
        let octets = world.unsigned(|draft| draft.sign = (0x2000 | length).to_be_bytes());
        cases.problem("SIGN", &octets, Problem::Length(PayloadType::SIGN));
    }
    let octets = world.unsigned(|draft| draft.pieces[RAND].1 = vec![0]);
    cases.problem("RAND", &octets, Problem::Length(PayloadType::RAND));
    // Parameters of a policy that end inside, or stand there twice.
    for end in (1..model::GCM.len()).filter(|end| end % 3 != 0) {
        let octets = world.unsigned(|draft| draft.pieces[SP] = policy(&model::GCM[..end]));
        cases.problem("SP", &octets, Problem::PolicyParameters);
    }
    let octets = world.unsigned(|draft| draft.pieces[SP] = policy(&[0, 1, 6, 0, 1, 6]));
    cases.problem("SP", &octets, Problem::PolicyParameters);
    assert_eq!(cases.1, 6 * 7 + 8 + 7 + 1 + 18 + 1);
}

#[test]
fn maps_that_do_not_fit() {
    let world = World::new();
    let mut cases = Cases(&world, 0);
    let header = |sessions: u8, kind: u8, info: &[u8]| {
        world.unsigned(|draft| {
            draft.header.truncate(5);
            draft.header.extend([sessions, kind]);
            draft.header.extend(info);
        })
    };
    cases.problem("GENERIC-ID without", &header(0, 2, &[]), Problem::Sessions(0));
    cases.problem("SRTP-ID without", &header(0, 0, &[]), Problem::Sessions(0));
    for sessions in 1..=255 {
        cases.problem("empty map with", &header(sessions, 1, &[]), Problem::Sessions(sessions));
    }
    let session = [4, 0, 0, 0, 0, 0];
    let twice = [session, session].concat();
    cases.problem("CS ID twice", &header(2, 2, &twice), Problem::DuplicateSession(4));
    for (length, s) in (1..=16).flat_map(|length| [(length, 0), (length, 0x80)]) {
        if (length, s) == (4, 0) || (length, s) == (10, 0x80) {
            continue;
        }
        let mut session = vec![4, 0, s, 0, length];
        session.extend(vec![0; usize::from(length) + 1]);
        cases.problem("session data", &header(1, 2, &session), Problem::SessionData(length.into()));
    }
    assert_eq!(cases.1, 2 + 255 + 1 + 30);
}

#[test]
fn signatures_over_something_else() {
    let world = World::new();
    let mut cases = Cases(&world, 0);
    let whole = world.draft.unsigned();
    let (n, sakke_at) = (whole.len(), world.draft.body_at(SAKKE));
    let zero_signature = [&whole[..], &[0; 129]].concat();
    let mut other_csb = whole.clone();
    other_csb[4] ^= 1;
    let covered: [(&str, &[u8]); 10] = [
        ("without S type and length", &whole[..n - 2]),
        ("without the length", &whole[..n - 1]),
        ("without SIGN's number", &whole[..n - 3]),
        ("with the signature's place", &zero_signature),
        ("without HDR", &whole[world.draft.body_at(T) - 1..]),
        ("without the version", &whole[1..]),
        ("SAKKE alone", &whole[sakke_at..sakke_at + 277]),
        ("without SAKKE", &whole[..sakke_at]),
        ("nothing", &[]),
        ("another CSB ID", &other_csb),
    ];
    for (name, covered) in covered {
        let octets = world.draft.with_signature(&sign(&world.signing, covered));
        cases.refusal(name, &octets, Refusal::Signature);
    }
    let period = number(NOW);
    let foreign = Authority::new(0x16);
    let others = [
        ("by Bob", world.kms.signing(&uid(BOB, period))),
        ("with last period's key", world.kms.signing(&uid(ALICE, period - 1))),
        ("with next period's key", world.kms.signing(&uid(ALICE, period + 1))),
        ("with the URI as identity", world.kms.signing(ALICE.as_bytes())),
        ("of another KMS", foreign.signing(&uid(ALICE, period))),
    ];
    for (name, key) in &others {
        cases.refusal(name, &world.draft.signed_by(key), Refusal::Signature);
    }
    for signature in [[0; 129], [0xff; 129], [4; 129]] {
        cases.refusal("no signature", &world.draft.with_signature(&signature), Refusal::Signature);
    }
    assert_eq!(cases.1, 10 + 5 + 3);
}

#[test]
fn flipped_bits() {
    let world = World::new();
    let mut cases = Cases(&world, 0);
    let octets = world.draft.signed_by(&world.signing);
    let body = |piece| world.draft.body_at(piece);
    let n = world.draft.unsigned().len();
    let data = |piece, skip| body(piece) + skip..body(piece) + world.draft.pieces[piece].1.len();
    let regions = [
        (4..8, Refusal::Signature),
        // The highest octet of T shows another year, the lowest and the fraction the same period.
        (body(T) + 1..body(T) + 2, Refusal::KeyPeriod),
        (body(T) + 4..body(T) + 9, Refusal::Signature),
        (data(RAND, 1), Refusal::Signature),
        (data(IDRI, 4), Refusal::NotAdmitted),
        (data(IDRR, 4), Refusal::Identity(IdRole::RESPONDER)),
        (data(KMSI, 4), Refusal::Identity(IdRole::INITIATOR_KMS)),
        (data(KMSR, 4), Refusal::Identity(IdRole::RESPONDER_KMS)),
        (data(SAKKE, 4), Refusal::Signature),
        (data(EXTENSION, 3), Refusal::Signature),
        (n..n + 129, Refusal::Signature),
    ];
    let mut expected = 0;
    for (region, refusal) in regions {
        expected += region.len();
        for at in region {
            let mut octets = octets.clone();
            octets[at] ^= 1 << (at % 8);
            cases.refusal(&format!("octet {at}"), &octets, refusal);
        }
    }
    assert_eq!(cases.1, expected);
    assert_eq!(expected, 4 + 1 + 5 + 16 + 21 + 19 + 15 + 15 + 273 + 4 + 129);
}

#[test]
fn sakke_data_that_an_initiator_signed() {
    let world = World::new();
    let mut cases = Cases(&world, 0);
    // Signed as they are, so that only SAKKE can refuse them.
    for at in (0..273).step_by(8) {
        let octets = world.signed(|draft| draft.pieces[SAKKE].1[4 + at] ^= 1 << (at % 7));
        cases.refusal(&format!("octet {at}"), &octets, Refusal::Decapsulation);
    }
    let period = number(NOW);
    let foreign = Authority::new(0x16);
    let others = [
        ("to Alice", world.kms.encapsulated(&uid(ALICE, period))),
        ("to Bob in the last period", world.kms.encapsulated(&uid(BOB, period - 1))),
        ("under another Z", foreign.encapsulated(&uid(BOB, period))),
        ("zeros", vec![0; 273]),
    ];
    for (name, data) in others {
        let octets = world.signed(|draft| draft.pieces[SAKKE].1.splice(4.., data).for_each(drop));
        cases.refusal(name, &octets, Refusal::Decapsulation);
    }
    assert_eq!(cases.1, 35 + 4);
}

#[test]
fn other_times_and_periods() {
    let world = World::new();
    let mut cases = Cases(&world, 0);
    let octets = world.draft.signed_by(&world.signing);
    for (now, expected) in [
        (NOW + 301, Refusal::Stale),
        (NOW + 86_400, Refusal::Stale),
        (NOW - 301, Refusal::Future),
        (NOW - 86_400, Refusal::Future),
        (NOW + PERIOD + 2 * 86_400, Refusal::KeyPeriod),
        (NOW - PERIOD - 2 * 86_400, Refusal::KeyPeriod),
        (0, Refusal::KeyPeriod),
        (u64::MAX, Refusal::KeyPeriod),
    ] {
        cases.refusal_at(&format!("at {now}"), &octets, now, expected);
    }
    for now in [NOW + 300, NOW - 300] {
        assert!(world.open(&octets, now).is_ok());
    }
    // T of another period, signed with the key of this one.
    for change in [-1, 1_i64] {
        let time = NOW.strict_add_signed(change * PERIOD as i64);
        let octets = world.signed(|draft| draft.pieces[T] = timestamp(time));
        cases.refusal("T of another period", &octets, Refusal::KeyPeriod);
        cases.refusal_at("T of another period, then", &octets, time, Refusal::Signature);
    }
    // All of the next period, which Bob has no key for.
    let next = NOW + PERIOD;
    let draft = model::draft(&world.kms, next);
    let octets = draft.signed_by(&world.kms.signing(&uid(ALICE, number(next))));
    cases.refusal_at("no key", &octets, next, Refusal::NoKey);
    assert_eq!(cases.1, 8 + 4 + 1);
}

#[test]
fn messages_that_were_there_before() {
    let world = World::new();
    let known = Known { user: &world.alice, kpak: &world.kms.kpak };
    let receiver = Receiver::new(&world.bob, &world.keys);
    let mut cache = BoundedReplayCache::new(8);
    let mut open = |octets: &[u8], now| {
        let now = UnixTime::from_seconds(now);
        IMessage::open(octets, &receiver, &known, &mut cache, now).map(drop)
    };
    let octets = world.draft.signed_by(&world.signing);
    // What is not genuine takes no place.
    let mut forged = octets.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(open(&forged, NOW), Err(Refusal::Signature));
    assert_eq!(open(&octets, NOW), Ok(()));
    assert_eq!(open(&octets, NOW), Err(Refusal::Replayed));
    assert_eq!(open(&octets, NOW + 300), Err(Refusal::Replayed));
    assert_eq!(open(&octets, NOW + 301), Err(Refusal::Stale));
    // Signed anew it is the same message.
    assert_eq!(open(&world.draft.signed_by(&world.signing), NOW), Err(Refusal::Replayed));
    let another = |rand: u8| world.signed(|draft| draft.pieces[RAND].1[1] = rand);
    assert_eq!(open(&another(1), NOW), Ok(()));
    // Two of eight places are Alice's.
    assert_eq!(open(&another(2), NOW), Err(Refusal::ReplayCacheFull));
}

#[test]
fn identities_and_policies() {
    let world = World::new();
    let mut cases = Cases(&world, 0);
    let (period, carol) = (number(NOW), "sip:carol@example.org");
    let replace = |piece: usize, with: Piece| world.signed(|draft| draft.pieces[piece] = with);
    cases.refusal("IDRi", &replace(IDRI, idr(1, carol.as_bytes())), Refusal::NotAdmitted);
    cases.refusal("IDRi", &replace(IDRI, idr(1, b"")), Refusal::NotAdmitted);
    cases.refusal("IDRi", &replace(IDRI, idr(1, b"alice@example.org")), Refusal::NotAdmitted);
    cases.refusal("IDRuidi", &replace(IDRI, idr(8, &uid(carol, period))), Refusal::NotAdmitted);
    cases.refusal("IDRuidi", &replace(IDRI, idr(8, &uid(ALICE, period - 1))), Refusal::NotAdmitted);
    for (piece, role, value) in [
        (IDRR, 2, carol.as_bytes()),
        (IDRR, 9, &uid(carol, period)),
        (IDRR, 9, &uid(BOB, period + 1)),
        (KMSI, 6, b"kms.example.com"),
        (KMSR, 7, b"kms.example.com"),
    ] {
        cases.refusal("IDR", &replace(piece, idr(role, value)), Refusal::Identity(IdRole(role)));
    }
    let both = world.signed(|draft| draft.pieces.insert(IDRR, idr(8, &uid(carol, period))));
    cases.refusal("URI and the UID of another", &both, Refusal::Identity(IdRole::INITIATOR_UID));

    for protocol in 1..=8 {
        let octets = world.signed(|draft| draft.pieces[SP].1[1] = protocol);
        cases.refusal("SP", &octets, Refusal::PolicyProtocol(protocol));
    }
    for (kind, value) in [
        (0, 3),
        (0, 4),
        (0, 5),
        (0, 7),
        (1, 15),
        (2, 5),
        (3, 33),
        (4, 15),
        (5, 1),
        (6, 25),
        (7, 0),
        (8, 0),
        (9, 1),
        (10, 0),
        (11, 21),
        (12, 1),
        (13, 0),
        (17, 0),
        (18, 0),
        (19, 1),
        (20, 17),
        (21, 0),
        (255, 0),
    ] {
        let octets = replace(SP, policy(&[kind, 1, value]));
        cases.refusal("SP", &octets, Refusal::PolicyParameter(kind));
    }
    cases.refusal("SP", &replace(SP, policy(&[1, 2, 0, 16])), Refusal::PolicyParameter(1));
    let octets = world.signed(|draft| draft.header[10] = 9);
    cases.refusal("policy 9", &octets, Refusal::PolicyNumber(9));
    assert_eq!(cases.1, 5 + 5 + 1 + 8 + 23 + 1 + 1);
}
