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
use eccsi_sakke::{Identity, SysRng};
use std::hint::black_box;
use std::time::{Duration, Instant};

type Octets = [u8; 32];

const ID: Identity<'static> = Identity::new(b"2011-02\0tel:+447700900123\0");
const ID_2: &str = "mef.example.com@2F435345303930313132@20990101T000000";
/// Secrets, and objects made of them, of each class.
const POOL: usize = 64;
/// Measurements between two looks at the clock.
const ROUND: usize = 512;
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
        if a.count < 1000.0 || b.count < 1000.0 {
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
        // To the same place, lest the address shows.
        let secret = black_box(secrets[class][n]);
        let start = Instant::now();
        run(&secret, class, n);
        (class, start.elapsed().as_nanos() as f64)
    };
    let mut sorted: Vec<f64> = (0..20 * ROUND).map(|_| once(&mut random).1).collect();
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

/// Secrets of both classes, and what to do with one of a class and a number below [`POOL`].
struct Case {
    secrets: [Vec<Octets>; 2],
    run: Run,
}

/// What is measured: takes a secret, its class and its number.
type Run = Box<dyn FnMut(&Octets, usize, usize)>;

impl Case {
    fn new(secrets: [Vec<Octets>; 2], run: impl FnMut(&Octets, usize, usize) + 'static) -> Self {
        Self { secrets, run: Box::new(run) }
    }
}

/// Makes a case, by its name.
type Maker = (&'static str, fn() -> Case);

const CASES: &[Maker] = &[
    ("control: early exit, must be found", || {
        let secrets = Random(1).secrets();
        let wanted = secrets[0][0];
        Case::new(secrets, move |secret, _, _| {
            black_box(secret.iter().zip(&wanted).all(|(a, b)| black_box(a) == b));
        })
    }),
    ("k of [k]G", || {
        let secrets = Random(2).secrets();
        Case::new(secrets, move |secret, _, _| _ = black_box(probe::mul_generator(secret)))
    }),
    ("k of [k]P", || {
        let (secrets, point) = (Random(3).secrets(), probe::mul_generator(&[7; 32]));
        Case::new(secrets, move |secret, _, _| _ = black_box(probe::mul(secret, &point)))
    }),
    ("a of a⁻¹, ab, ab + a mod q", || {
        let secrets = Random(4).secrets();
        Case::new(secrets, move |secret, _, _| _ = black_box(probe::order(secret, &[7; 32])))
    }),
    ("j of sign", || {
        let secrets = Random(5).secrets();
        let key = key(&[7; 32]);
        Case::new(secrets, move |secret, _, _| {
            _ = black_box(hazmat::sign_with_nonce(&key, b"message", secret));
        })
    }),
    ("SSK of sign", || {
        let keys = Random(6).secrets().map(|v| v.iter().map(key).collect::<Vec<_>>());
        Case::new(Random(12).secrets(), move |_, class, n| {
            _ = black_box(keys[class][n].sign(b"message", &mut SysRng))
        })
    }),
    ("v of issue", || {
        let (secrets, kms) = (Random(7).secrets(), kms());
        Case::new(secrets, move |secret, _, _| {
            _ = black_box(hazmat::issue_with_nonce(&kms, ID, secret));
        })
    }),
    ("v of issue_many, 64", || {
        let mut random = Random(10);
        let kms = kms();
        // Of a batch all v are of one class.
        let [fixed, _] = random.secrets();
        let batches: [Vec<Vec<Octets>>; 2] = std::array::from_fn(|class| {
            let mut batch = || if class == 0 { fixed.clone() } else { random.secrets()[1].clone() };
            (0..POOL).map(|_| batch()).collect()
        });
        Case::new(Random(12).secrets(), move |_, class, n| {
            let requests: Vec<_> = batches[class][n].iter().map(|v| (ID, v)).collect();
            _ = black_box(hazmat::issue_many_with_nonces(&kms, &requests));
        })
    }),
    ("SSK of sign_many, 64", || {
        let keys = Random(11).secrets().map(|v| v.iter().map(key).collect::<Vec<_>>());
        Case::new(Random(12).secrets(), move |_, class, n| {
            drop(black_box(keys[class][n].sign_many(&[&b"message"[..]; 64], &mut SysRng)))
        })
    }),
    ("KSAK of issue", || {
        let kms = Random(8).secrets().map(|ksak| {
            let kms = |ksak: &Octets| KmsSecretKey::from_bytes(ksak).expect("in range");
            ksak.iter().map(kms).collect::<Vec<_>>()
        });
        Case::new(Random(12).secrets(), move |_, class, n| {
            _ = black_box(kms[class][n].issue(ID, &mut SysRng))
        })
    }),
    ("SSK of the shared key of SAEF", || {
        let trusted = trusted();
        let own =
            Random(9).secrets().map(|v| v.iter().map(|v| credential(ID_2, v, &trusted)).collect::<Vec<_>>());
        let peer = credential("mef.example.com@2F43534532@20990101T000000", &[9; 32], &trusted);
        let peer: PskIdentity = peer.psk_identity().expect("short");
        let policy = EntityName::parse("//sp.example.com/CSE2").and_then(ExpectedPeer::new).expect("valid");
        Case::new(Random(12).secrets(), move |_, class, n| {
            let association = Association {
                own: &own[class][n],
                role: Role::Server,
                trusted: &trusted,
                policy: &policy,
                skew: Association::DEFAULT_SKEW,
            };
            _ = black_box(association.derive(&peer, UnixTime::EPOCH).expect("admitted"));
        })
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
    Credential::install(id_2, issued, &kms().public_key(), trusted, UnixTime::EPOCH).expect("valid")
}
