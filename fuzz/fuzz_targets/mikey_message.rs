//! I_MESSAGEs from a stranger: no panic, one encoding for what is read, and no key without a signature.

#![no_main]

use eccsi_sakke::onem2m::UnixTime;
use eccsi_sakke::{eccsi, sakke};
use libfuzzer_sys::fuzz_target;
use mikey_sakke::open::{Known, Receiver};
use mikey_sakke::payload::{Payload, SrtpPolicy};
use mikey_sakke::user::KeyPeriod;
use mikey_sakke::{BoundedReplayCache, IMessage, User};
use std::sync::LazyLock;

struct World {
    alice: User,
    bob: User,
    kpak: eccsi::KmsPublicKey,
    keys: [sakke::ReceiverSecretKey; 1],
}

/// The time of the seed.
const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let period = KeyPeriod::new(2_592_000, 0).expect("in range");
    let user = |uri| User::mcx(uri, "kms.example.org", period).expect("valid");
    let (alice, bob) = (user("sip:alice@example.org"), user("sip:bob@example.org"));
    let kpak = eccsi::KmsSecretKey::from_bytes(&[0x15; 32]).expect("in range").public_key();
    let z = sakke::KmsSecretKey::from_bytes(&[0x15; 128]).expect("in range");
    let id = bob.identifier(NOW).expect("a period").sakke();
    let key = z.issue(&id).and_then(|issued| issued.validate(&z.public_key(), &id)).expect("valid");
    World { alice, bob, kpak, keys: [key] }
});

fuzz_target!(|octets: &[u8]| {
    let Ok(message) = IMessage::parse(octets) else { return };
    let again = IMessage::from_parts(message.header(), message.payloads(), message.sign()).expect("was read");
    assert_eq!(again.as_bytes(), octets);
    let (_, _, _) = (message.timestamp().near(NOW), message.rand(), message.sakke());
    for payload in message.payloads() {
        match payload {
            Payload::Policy(policy) => drop(SrtpPolicy::read(policy)),
            Payload::Extension(extension) => drop(extension.sakke_to_self()),
            _ => {}
        }
    }
    let world = &*WORLD;
    let known = [Known { user: &world.alice, kpak: &world.kpak }];
    let receiver = Receiver::new(&world.bob, &world.keys);
    let mut seen = BoundedReplayCache::new(4);
    // Two messages have a signature by Alice: the seed, and the other form of its signature.
    let opened = IMessage::open(octets, &receiver, &known[..], &mut seen, NOW);
    assert!(opened.is_err() || octets.starts_with(&SEED[..SEED.len() - 129]), "forged");
});

const SEED: &[u8] = include_bytes!("../seeds/mikey_message/genuine");
