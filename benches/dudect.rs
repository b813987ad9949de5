//! Does a secret show in the time? Fixed against random secrets, on the machine itself: for the real
//! instructions of `ifma`, which valgrind does not know.
//!
//! `cargo bench --features __backends,hazmat --bench dudect [BACKEND [CASE]]`, with `SECONDS_EACH` (default 10).
//!
//! After Reparaz, Balasch and Verbauwhede, "Dude, is my code constant time?" (DATE 2017): measurements of
//! both classes in random order; Welch's t of all of them, and of those below each of a number of
//! percentiles, for what interrupts add hides what a branch would. The largest |t| is shown. Above
//! 10 there is a difference; below 5 none was found in so many measurements. The control compares
//! octets with an early exit and has to be found.

use eccsi_sakke::__backends::{Name, probe, with};
use eccsi_sakke::eccsi::{KmsSecretKey, SigningKey, hazmat};
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef::{Association, Credential, ExpectedPeer, PskIdentity, Role, TrustedDomains};
use eccsi_sakke::{Identity, SysRng, sakke};
use std::hint::black_box;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

type Octets = [u8; 32];

const ID: Identity<'static> = Identity::new(b"2011-02\0tel:+447700900123\0");
/// The same octets, for SAKKE.
static SAKKE_ID: LazyLock<sakke::Identifier> =
    LazyLock::new(|| sakke::Identifier::from_raw(ID.as_bytes()).expect("in range"));
const ID_2: &str = "mef.example.com@2F435345303930313132@20990101T000000";
/// Secrets of each class.
const POOL: usize = 64;
/// Operations of a batch.
const BATCH: usize = 64;
/// Measurements between two looks at the clock, and those by which percentiles are found; fewer of what takes long.
const ROUND: usize = 32;
const FIRST: usize = 10_240;
const FIRST_AT_LEAST: usize = 256;
const PERCENTILES: usize = 30;

/// Xorshift: what is random here need not be secret.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// In [1, q − 1].
    fn scalar(&mut self) -> Octets {
        let mut octets = [0; 32];
        octets.chunks_exact_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.next().to_be_bytes()));
        octets[0] &= 0x7f;
        octets[31] |= 1;
        octets
    }

    /// What a secret of a case stands for, where that is longer than the secret.
    fn seeded(seed: &Octets) -> Self {
        Self(seed.chunks_exact(8).fold(1, |state, chunk| {
            state.rotate_left(7) ^ u64::from_be_bytes(chunk.try_into().expect("8 octets"))
        }))
    }

    /// In [2, q − 1] of SAKKE, whose q has 1022 bits and a 1 at its head.
    fn long_scalar(&mut self) -> [u8; 128] {
        let mut octets = [0; 128];
        octets.chunks_exact_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.next().to_be_bytes()));
        octets[0] &= 0x0f;
        octets[127] |= 2;
        octets
    }

    /// Of both classes: the fixed one's secrets are all the same.
    fn secrets(&mut self) -> [Vec<Octets>; 2] {
        let fixed = self.scalar();
        [vec![fixed; POOL], (0..POOL).map(|_| self.scalar()).collect()]
    }
}

/// Mean and variance of what was measured, one by one (Welford).
#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, x: f64) {
        self.count += 1.0;
        let before = x - self.mean;
        self.mean += before / self.count;
        self.squares += before * (x - self.mean);
    }

    /// Welch's t.
    fn t([a, b]: &[Self; 2]) -> f64 {
        if a.count < 300.0 || b.count < 300.0 {
            return 0.0;
        }
        let error = |m: &Self| m.squares / (m.count - 1.0) / m.count;
        (a.mean - b.mean).abs() / (error(a) + error(b)).sqrt().max(f64::MIN_POSITIVE)
    }
}

/// Measures a case; gives the count and the largest |t|.
fn measure(seconds: f64, Case { secrets, mut run }: Case) -> (u64, f64) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut once = |random: &mut Random| {
        let (class, n) = ((random.next() >> 33) as usize & 1, (random.next() >> 33) as usize % POOL);
        let secret = black_box(secrets[class][n]);
        (class, run(&secret).as_nanos() as f64)
    };
    let (mut sorted, until) = (Vec::new(), Instant::now() + Duration::from_secs_f64(seconds / 4.0));
    while sorted.len() < FIRST && (sorted.len() < FIRST_AT_LEAST || Instant::now() < until) {
        sorted.push(once(&mut random).1);
    }
    sorted.sort_by(f64::total_cmp);
    // Denser towards the fast end
    let limits: [f64; PERCENTILES] = std::array::from_fn(|i| {
        let part = 1.0 - 0.5f64.powf(10.0 * (i + 1) as f64 / PERCENTILES as f64);
        sorted[((sorted.len() - 1) as f64 * part) as usize]
    });
    let mut all = [[Moments::default(); 2]; PERCENTILES + 1];
    let (mut count, until) = (0, Instant::now() + Duration::from_secs_f64(seconds));
    while Instant::now() < until {
        for _ in 0..ROUND {
            let (class, time) = once(&mut random);
            all[PERCENTILES][class].add(time);
            for (moments, limit) in all.iter_mut().zip(&limits) {
                if time <= *limit {
                    moments[class].add(time);
                }
            }
        }
        count += ROUND as u64;
    }
    (count, all.iter().map(Moments::t).fold(0.0, f64::max))
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let (backend, case) = (arguments.next().unwrap_or("ifma".into()), arguments.next().unwrap_or_default());
    let seconds = std::env::var("SECONDS_EACH").ok().and_then(|s| s.parse().ok()).unwrap_or(10.0);
    let name = Name::ALL.iter().find(|name| backend == name.as_str()).expect("a backend's name");
    println!("{:<34} {:<12} {:>12} {:>8}", "secret", "backend", "measured", "max |t|");
    let ran = with(*name, || {
        for (name, prepare) in CASES {
            if name.contains(&case) {
                let (count, t) = measure(seconds, prepare());
                println!("{name:<34} {backend:<12} {count:>12} {t:>8.2}");
            }
        }
    });
    ran.unwrap_or_else(|| println!("not run: {backend} (cpu)"));
}

/// Secrets of both classes, and what to do with one.
struct Case {
    secrets: [Vec<Octets>; 2],
    run: Box<dyn FnMut(&Octets) -> Duration>,
}

impl Case {
    /// `run` is measured; what it works on `prepare` has made of the secret, at the same place for all.
    ///
    /// Between the two, `run` goes over an object of neither class: lest caches, the heap and the predictors of
    /// branches on public values keep what `prepare` left there, other things for each class.
    fn new<T: 'static>(
        number: u64,
        mut prepare: impl FnMut(&Octets) -> T + 'static,
        mut run: impl FnMut(&T) + 'static,
    ) -> Self {
        let neither = prepare(&[0x33; 32]);
        let mut place = Box::new(None::<T>);
        let run = move |secret: &Octets| {
            *place = None; // gives its memory back for the next
            *place = Some(prepare(secret));
            run(&neither);
            let object = Option::as_ref(&place).expect("just put there");
            let start = Instant::now();
            run(object);
            start.elapsed()
        };
        Self { secrets: Random(number).secrets(), run: Box::new(run) }
    }
}

/// Makes a case, by its name.
type Maker = (&'static str, fn() -> Case);

const CASES: &[Maker] = &[
    ("control: early exit, must be found", || {
        let wanted = Random(1).secrets()[0][0];
        Case::new(1, Octets::clone, move |secret| {
            black_box(secret.iter().zip(&wanted).all(|(a, b)| black_box(a) == b));
        })
    }),
    ("k of [k]G", || Case::new(2, Octets::clone, |k| _ = black_box(probe::mul_generator(k)))),
    ("k of [k]P", || {
        let point = probe::mul_generator(&[7; 32]);
        Case::new(3, Octets::clone, move |k| _ = black_box(probe::mul(k, &point)))
    }),
    ("a of a⁻¹, ab, ab + a mod q", || {
        Case::new(4, Octets::clone, |a| _ = black_box(probe::order(a, &[7; 32])))
    }),
    ("j of sign", || {
        let key = key(&[7; 32]);
        Case::new(5, Octets::clone, move |j| _ = black_box(hazmat::sign_with_nonce(&key, b"message", j)))
    }),
    ("SSK of sign", || Case::new(6, key, |key| _ = black_box(key.sign(b"message", &mut SysRng)))),
    ("v of issue", || {
        let kms = kms();
        Case::new(7, Octets::clone, move |v| _ = black_box(hazmat::issue_with_nonce(&kms, ID, v)))
    }),
    ("v of issue_many, 64", || {
        let kms = kms();
        // Of a batch all v are of one class.
        let batch = |seed: &Octets| {
            let mut random = Random::seeded(seed);
            (0..BATCH).map(|_| random.scalar()).collect::<Vec<_>>()
        };
        Case::new(10, batch, move |batch| {
            let requests: Vec<_> = batch.iter().map(|v| (ID, v)).collect();
            _ = black_box(hazmat::issue_many_with_nonces(&kms, &requests));
        })
    }),
    ("SSK of sign_many, 64", || {
        Case::new(11, key, |key| drop(black_box(key.sign_many(&[&b"message"[..]; BATCH], &mut SysRng))))
    }),
    ("KSAK of issue", || {
        let kms = |ksak: &Octets| KmsSecretKey::from_bytes(ksak).expect("in range");
        Case::new(8, kms, |kms| _ = black_box(kms.issue(ID, &mut SysRng)))
    }),
    ("SSK of the shared key of SAEF", || {
        let trusted = Rc::new(trusted());
        let peer = credential("mef.example.com@2F43534532@20990101T000000", &[9; 32], &trusted);
        let peer: PskIdentity = peer.psk_identity().expect("short");
        let policy = EntityName::parse("//sp.example.com/CSE2").and_then(ExpectedPeer::new).expect("valid");
        let installed_at = Rc::clone(&trusted);
        Case::new(
            9,
            move |v| credential(ID_2, v, &installed_at),
            move |own| {
                let (role, skew) = (Role::Server, Association::DEFAULT_SKEW);
                let association = Association { own, role, trusted: &trusted, policy: &policy, skew };
                _ = black_box(association.derive(&peer, UnixTime::EPOCH).expect("admitted"));
            },
        )
    }),
    ("z of a SAKKE key", || Case::new(13, long, |z| _ = black_box(sakke::KmsSecretKey::from_bytes(z)))),
    ("z of RSK issue", || Case::new(14, sakke_kms, |kms| _ = black_box(kms.issue(&SAKKE_ID)))),
    ("z of RSK issue_many, 64", || {
        Case::new(15, sakke_kms, |kms| drop(black_box(kms.issue_many(&vec![SAKKE_ID.clone(); BATCH]))))
    }),
    ("K of RSK validate", || {
        let issued = |seed: &Octets| {
            let kms = sakke_kms(seed);
            (kms.public_key(), kms.issue(&SAKKE_ID).expect("usable").expose())
        };
        Case::new(16, issued, |(kms, k)| {
            let issued = sakke::IssuedKey::from_bytes(k).expect("a point");
            _ = black_box(issued.validate(kms, &SAKKE_ID).expect("valid"));
        })
    }),
    ("SSV of encapsulate", || {
        let kms = sakke_kms(&[1; 32]).public_key().prepared();
        Case::new(17, ssv, move |ssv| _ = black_box(kms.encapsulate_ssv(&SAKKE_ID, ssv)))
    }),
    ("K of decapsulate", || {
        Case::new(18, receiver, |(key, data)| _ = black_box(key.decapsulate(data).expect("right")))
    }),
    ("K of tables and decapsulate", || {
        let prepared = |seed: &Octets| {
            let (key, data) = receiver(seed);
            (key.prepared(), data)
        };
        Case::new(19, prepared, |(key, data)| _ = black_box(key.decapsulate(data).expect("right")))
    }),
    ("SSV of decapsulate", || {
        let (key, _) = receiver(&[1; 32]);
        let (kms, key) = (key.kms_public_key().clone().prepared(), key.prepared());
        let data = move |seed: &Octets| kms.encapsulate_ssv(&SAKKE_ID, &ssv(seed)).expect("usable");
        Case::new(20, data, move |data| _ = black_box(key.decapsulate(data).expect("right")))
    }),
    ("SSVs of decapsulate_many, 64", || {
        let (key, _) = receiver(&[1; 32]);
        let (kms, key) = (key.kms_public_key().clone().prepared(), key.prepared());
        let data = move |seed: &Octets| {
            let mut random = Random::seeded(seed);
            let ssv = |_| kms.encapsulate_ssv(&SAKKE_ID, &ssv(&random.scalar())).expect("usable");
            (0..BATCH).map(ssv).collect::<Vec<_>>()
        };
        Case::new(21, data, move |data| drop(black_box(key.decapsulate_many(data))))
    }),
];

fn kms() -> KmsSecretKey {
    KmsSecretKey::from_bytes(&[0x5a; 32]).expect("in range")
}

/// The key that is issued with this v.
fn key(v: &Octets) -> SigningKey {
    let kms = kms();
    hazmat::issue_with_nonce(&kms, ID, v).expect("in range").validate(&kms.public_key(), ID).expect("valid")
}

fn trusted() -> TrustedDomains {
    let mut trusted = TrustedDomains::new();
    let fqdn = Fqdn::parse("mef.example.com").expect("valid");
    let provider = Fqdn::parse("sp.example.com").expect("valid");
    trusted.pin(fqdn, provider, kms().public_key().prepared()).expect("first");
    trusted
}

fn credential(id_2: &str, v: &Octets, trusted: &TrustedDomains) -> Credential {
    let id_2 = ExpiringIdentity::parse(id_2).expect("valid");
    let issued = hazmat::issue_with_nonce(&kms(), id_2.identity(), v).expect("in range");
    Credential::install(id_2, &issued, &kms().public_key(), trusted, UnixTime::EPOCH).expect("valid")
}

fn long(seed: &Octets) -> [u8; 128] {
    Random::seeded(seed).long_scalar()
}

fn sakke_kms(seed: &Octets) -> sakke::KmsSecretKey {
    sakke::KmsSecretKey::from_bytes(&long(seed)).expect("in range")
}

fn ssv(seed: &Octets) -> sakke::SharedSecretValue {
    sakke::SharedSecretValue::from_bytes(seed.first_chunk().expect("16 octets"))
}

/// The key of a KMS of its own, and something to decapsulate.
fn receiver(seed: &Octets) -> (sakke::ReceiverSecretKey, sakke::EncapsulatedData) {
    let kms = sakke_kms(seed);
    let key = kms.issue(&SAKKE_ID).expect("usable").validate(&kms.public_key(), &SAKKE_ID).expect("valid");
    let data = kms.public_key().encapsulate_ssv(&SAKKE_ID, &ssv(&[7; 32])).expect("usable");
    (key, data)
}
