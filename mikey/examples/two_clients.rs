//! Two clients of a mission-critical service and their KMS: a private call key by SDP, then a key for a group.
//! `cargo run -p mikey-sakke --example two_clients`

use eccsi_sakke::onem2m::UnixTime;
use eccsi_sakke::{SysRng, eccsi, sakke};
use mikey_sakke::build::{Draft, KeyId, Naming, Recipient, Sender};
use mikey_sakke::keys::{KeyKind, Purpose};
use mikey_sakke::open::{Known, Receiver};
use mikey_sakke::payload::SrtpPolicy;
use mikey_sakke::user::KeyPeriod;
use mikey_sakke::{BoundedReplayCache, IMessage, User, sdp};
use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

/// What a KMS holds. It issues keys for one period at a time.
struct Kms {
    ksak: eccsi::KmsSecretKey,
    z: sakke::KmsSecretKey,
}

impl Kms {
    /// The keys of a user, which the client checks before it takes them.
    fn keys(
        &self,
        user: &User,
        now: UnixTime,
    ) -> Result<(eccsi::SigningKey, sakke::ReceiverSecretKey), Box<dyn Error>> {
        let id = user.identifier(now).ok_or("no key period")?;
        let signing =
            self.ksak.issue(id.identity(), &mut SysRng)?.validate(&self.ksak.public_key(), id.identity())?;
        let receiving = self.z.issue(&id.sakke())?.validate(&self.z.public_key(), &id.sakke())?;
        Ok((signing, receiving))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let now = UnixTime::from_seconds(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs());
    let kms = Kms {
        ksak: eccsi::KmsSecretKey::generate(&mut SysRng)?,
        z: sakke::KmsSecretKey::generate(&mut SysRng)?,
    };
    let (kpak, z) = (kms.ksak.public_key(), kms.z.public_key());
    let period = KeyPeriod::new(2_592_000, 0)?;
    let user = |uri| User::mcx(uri, "kms.example.org", period);
    let (alice, bob, server) =
        (user("sip:alice@example.org")?, user("sip:bob@example.org")?, user("sip:gms@example.org")?);
    let (alice_signing, _) = kms.keys(&alice, now)?;
    let (_, bob_key) = kms.keys(&bob, now)?;
    let (server_signing, _) = kms.keys(&server, now)?;

    // Alice sends a private call key (PCK). Who calls whom does not show.
    let mut draft = Draft::new(now, KeyId::Same(Purpose::Pck.key_id(1)));
    draft.naming = Naming::Hidden;
    draft.policies.push(SrtpPolicy::MCX.to_payload(0));
    let sender = Sender { user: &alice, key: &alice_signing, z: &z };
    let (message, _) = IMessage::build(&draft, &sender, &Recipient { user: &bob, z: &z }, &mut SysRng)?;
    let attribute = message.to_sdp_attribute();
    println!("Alice: {}…", &attribute[..48]);

    // Bob reads it from the session description. He knows two initiators, and remembers what he has seen.
    let octets = sdp::parse_attribute(&attribute)?;
    let known = [Known { user: &alice, kpak: &kpak }, Known { user: &server, kpak: &kpak }];
    let keys = [bob_key];
    let receiver = Receiver::new(&bob, &keys);
    let mut seen = BoundedReplayCache::new(1_000);
    let opened = IMessage::open(&octets, &receiver, &known[..], &mut seen, now)?;
    let (key, salt) = (opened.derive(KeyKind::Encryption, 0, 16), opened.derive(KeyKind::Salt, 0, 12));
    println!("Bob: {} octets of key and {} of salt for SRTP", key.expose().len(), salt.expose().len());
    match IMessage::open(&octets, &receiver, &known[..], &mut seen, now) {
        Err(refusal) => println!("Bob, the second time: {refusal}"),
        Ok(_) => return Err("a message was opened twice".into()),
    }

    // The group management server sends a group master key (GMK), to each member under its GUK-ID.
    let gmk_id = Purpose::Gmk.key_id(42);
    let draft = Draft::new(now, KeyId::Group(gmk_id));
    let sender = Sender { user: &server, key: &server_signing, z: &z };
    let members = [Recipient { user: &alice, z: &z }, Recipient { user: &bob, z: &z }];
    let (messages, _) = IMessage::build_many(&draft, &sender, &members, &mut SysRng)?;
    let opened = IMessage::open(messages[1].as_bytes(), &receiver, &known[..], &mut seen, now)?;
    let guk_id = opened.message.header().csb_id;
    println!("Bob: GUK-ID {guk_id:08x}, of the GMK {:08x}", opened.tgk.guk_id(guk_id, bob.uri())?);
    Ok(())
}
