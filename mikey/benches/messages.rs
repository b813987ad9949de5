//! I_MESSAGEs: made, opened, and made for a group of 100.
//!
//! `cargo bench -p mikey-sakke --bench messages`

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use eccsi_sakke::onem2m::UnixTime;
use eccsi_sakke::{SysRng, eccsi, sakke};
use mikey_sakke::build::{Draft, KeyId, Recipient, Sender};
use mikey_sakke::open::{Known, Receiver};
use mikey_sakke::replay::NoReplayCache;
use mikey_sakke::user::KeyPeriod;
use mikey_sakke::{IMessage, User};

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
const MEMBERS: usize = 100;

fn user(uri: &str) -> User {
    let period = KeyPeriod::new(2_592_000, 0).expect("in range");
    User::mcx(uri, "kms.example.org", period).expect("valid")
}

fn messages(c: &mut Criterion) {
    let ksak = eccsi::KmsSecretKey::from_bytes(&[0x15; 32]).expect("in range");
    let z = sakke::KmsSecretKey::from_bytes(&[0x15; 128]).expect("in range");
    let (kpak, z_public) = (ksak.public_key().prepared(), z.public_key().prepared());
    let (alice, bob) = (user("sip:alice@example.org"), user("sip:bob@example.org"));
    let id = alice.identifier(NOW).expect("a period");
    let issued = ksak.issue(id.identity(), &mut SysRng).expect("usable");
    let signing = issued.validate(&kpak, id.identity()).expect("valid");
    let id = bob.identifier(NOW).expect("a period").sakke();
    let receiving = z.issue(&id).and_then(|issued| issued.validate(&z_public, &id)).expect("valid");
    let keys = [receiving.prepared()];

    let draft = Draft::new(NOW, KeyId::Same(1));
    let sender = Sender { user: &alice, key: &signing, z: &z_public };
    let recipient = Recipient { user: &bob, z: &z_public };
    let build = || IMessage::build(&draft, &sender, &recipient, &mut SysRng).expect("valid").0;
    c.bench_function("mikey-build/prepared", |b| b.iter(build));

    let message = build();
    let known = [Known { user: &alice, kpak: &kpak }];
    let receiver = Receiver::new(&bob, &keys);
    c.bench_function("mikey-open/prepared", |b| {
        b.iter(|| {
            let opened = IMessage::open(message.as_bytes(), &receiver, &known[..], &mut NoReplayCache, NOW);
            opened.expect("genuine")
        });
    });
    c.bench_function("mikey-parse", |b| b.iter(|| IMessage::parse(message.as_bytes()).expect("well-formed")));

    let members: Vec<_> = (0..MEMBERS).map(|number| user(&format!("sip:{number}@example.org"))).collect();
    let recipients: Vec<_> = members.iter().map(|user| Recipient { user, z: &z_public }).collect();
    let draft = Draft::new(NOW, KeyId::Group(1));
    let mut group = c.benchmark_group("mikey-build-group");
    group.throughput(Throughput::Elements(MEMBERS as u64));
    group.bench_function("prepared/members=100", |b| {
        b.iter(|| IMessage::build_many(&draft, &sender, &recipients, &mut SysRng).expect("valid"));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = messages
}
criterion_main!(benches);
