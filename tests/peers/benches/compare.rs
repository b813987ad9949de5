//! Own operations as multiples of AWS-LC's on the same curve, side by side.
//!
//! `cargo bench -p eccsi-sakke-peers --bench compare [FILTER]`
//!
//! Machines are noisy and clocks change; so all entries take turns, thousands of times, and each
//! shows its fastest turn and its median. Only the ratios of one run mean anything.

use aws_lc_rs::agreement::{self, EphemeralPrivateKey, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
};
use eccsi_sakke::__backends::{Name, probe, with};
use eccsi_sakke::eccsi::{IssuedKey, KmsSecretKey, Signature, VerifyingKey};
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef::{Association, Credential, ExpectedPeer, Role, TrustedDomains};
use eccsi_sakke::{Identity, SysRng};
use std::hint::black_box;
use std::time::{Duration, Instant};

const ID: Identity<'static> =
    Identity::new(b"mef.example.com@2F2F73702E6578616D706C652E636F6D2F435345303930313132@20270301T000000");
const MESSAGE: &[u8] = b"a message of thirty-two octets..";

struct Entry<'a> {
    operation: &'static str,
    /// `None` for the rival.
    backend: Option<Name>,
    /// How many results one call gives.
    batch: u32,
    run: Box<dyn FnMut() + 'a>,
    times: Vec<Duration>,
}

impl Entry<'_> {
    /// The fastest turn and the median, for one result each in µs; `None` if it never ran.
    fn micros(&self) -> Option<[f64; 2]> {
        let mut times = self.times.clone();
        times.sort();
        let each = |time: &Duration| time.as_secs_f64() * 1e6 / f64::from(self.batch);
        Some([each(times.first()?), each(&times[times.len() / 2])])
    }
}

fn main() {
    let filter = std::env::args().nth(1).filter(|argument| !argument.starts_with('-')).unwrap_or_default();
    let seconds = std::env::var("SECONDS_EACH").ok().and_then(|s| s.parse().ok()).unwrap_or(1.0);
    let mut all = entries();
    all.retain(|entry| entry.operation.contains(&filter));
    let until = Instant::now() + Duration::from_secs_f64(seconds * all.len() as f64);
    while Instant::now() < until {
        for entry in &mut all {
            let Entry { backend, run, times, .. } = entry;
            let mut turn = || {
                run(); // warms the caches that the others have used
                for _ in 0..4 {
                    let start = Instant::now();
                    run();
                    times.push(start.elapsed());
                }
            };
            match backend {
                Some(name) => {
                    with(*name, turn);
                }
                None => turn(),
            }
        }
    }
    println!(
        "{:<30} {:<14} {:>10} {:>8} {:>10} {:>8}",
        "operation", "backend", "µs", "ratio", "median", "ratio"
    );
    let row = |operation: &str, backend: &str, micros: [f64; 2], rival: Option<[f64; 2]>| {
        let ratio = |i: usize| rival.map_or(String::new(), |rival| format!("{:.2}", micros[i] / rival[i]));
        let ([best, median], ratios) = (micros, [ratio(0), ratio(1)]);
        println!(
            "{operation:<30} {backend:<14} {best:>10.2} {:>8} {median:>10.2} {:>8}",
            ratios[0], ratios[1]
        );
    };
    let rivals = || all.iter().filter(|entry| entry.backend.is_none());
    for rival in rivals() {
        let micros = rival.micros().expect("AWS-LC runs everywhere");
        row(rival.operation, "aws-lc-rs", micros, Some(micros));
    }
    for entry in &all {
        let (Some(name), Some(micros)) = (entry.backend, entry.micros()) else { continue };
        let against = rival_of(entry.operation);
        let rival = rivals().find(|rival| rival.operation == against).and_then(Entry::micros);
        row(entry.operation, name.as_str(), micros, rival);
    }
}

/// What an operation is measured against.
fn rival_of(operation: &str) -> &'static str {
    match operation {
        _ if operation.starts_with("sign") => "sign (ECDSA)",
        _ if operation.starts_with("verify") => "verify (ECDSA)",
        _ if operation.starts_with("issue") => "issue (key generation)",
        _ => "validate, saef (ECDH)",
    }
}

fn entries() -> Vec<Entry<'static>> {
    let mut all = Vec::new();
    let mut add = |operation, backend, batch, run: Box<dyn FnMut()>| {
        all.push(Entry { operation, backend, batch, run, times: Vec::new() });
    };

    add("issue (key generation)", None, 1, {
        let rng = SystemRandom::new();
        Box::new(move || drop(black_box(EphemeralPrivateKey::generate(&agreement::ECDH_P256, &rng))))
    });
    let signer = || EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("key pair");
    add("sign (ECDSA)", None, 1, {
        let (rng, key) = (SystemRandom::new(), signer());
        Box::new(move || {
            let _ = black_box(key.sign(&rng, black_box(MESSAGE)));
        })
    });
    add("verify (ECDSA)", None, 1, {
        let key = signer();
        let signature = key.sign(&SystemRandom::new(), MESSAGE).expect("signature");
        let public = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key().as_ref());
        let public = public.expect("public key");
        Box::new(move || public.verify_sig(black_box(MESSAGE), signature.as_ref()).expect("valid"))
    });
    add("validate, saef (ECDH)", None, 1, {
        let own = PrivateKey::generate(&agreement::ECDH_P256).expect("key");
        let peer = PrivateKey::generate(&agreement::ECDH_P256).and_then(|key| key.compute_public_key());
        let peer = peer.expect("key").as_ref().to_vec();
        let peer = UnparsedPublicKey::new(&agreement::ECDH_P256, peer);
        Box::new(move || {
            agreement::agree(&own, black_box(&peer), (), |z| Ok::<_, ()>(black_box(z[0]))).expect("agreed");
        })
    });

    let kms = || KmsSecretKey::from_bytes(&[0x5a; 32]).expect("in range");
    let issued = || kms().issue(ID, &mut SysRng).expect("system generator");
    let key = || issued().validate(&kms().public_key(), ID).expect("valid");
    for name in Name::ALL {
        let backend = Some(*name);
        // Tables are those of the backend that uses them.
        with(*name, || {
            add("issue", backend, 1, {
                let kms = kms();
                Box::new(move || drop(black_box(kms.issue(black_box(ID), &mut SysRng))))
            });
            add("issue_many, 4096", backend, 4096, {
                let (kms, ids) = (kms(), vec![ID; 4096]);
                Box::new(move || drop(black_box(kms.issue_many(black_box(&ids), &mut SysRng))))
            });
            add("validate", backend, 1, {
                let (issued, kpak) = (issued(), kms().public_key().prepared());
                Box::new(move || {
                    let issued = IssuedKey::from_parts(&issued.expose(), issued.pvt());
                    drop(black_box(issued.expect("in range").validate(&kpak, black_box(ID))));
                })
            });
            add("sign", backend, 1, {
                let key = key();
                Box::new(move || {
                    let _ = black_box(key.sign(black_box(MESSAGE), &mut SysRng));
                })
            });
            let signature = key().sign(MESSAGE, &mut SysRng).expect("system generator");
            add("verify, new signer", backend, 1, {
                let (kpak, signature) = (kms().public_key().prepared(), signature);
                Box::new(move || kpak.verify(black_box(ID), MESSAGE, black_box(&signature)).expect("valid"))
            });
            add("verify, known signer", backend, 1, {
                let key = VerifyingKey::new(&kms().public_key(), ID, signature.pvt()).expect("a point");
                let key = key.prepared();
                Box::new(move || key.verify(MESSAGE, black_box(&signature)).expect("valid"))
            });
            add("validate_many, 64", backend, 64, {
                let (keys, kpak): (Vec<_>, _) = ((0..64).map(|_| issued()).collect(), kms().public_key());
                Box::new(move || {
                    let requests: Vec<_> = keys.iter().map(|key| (black_box(ID), key)).collect();
                    drop(black_box(IssuedKey::validate_many(&requests, &kpak, &mut SysRng)));
                })
            });
            add("sign_many, 64", backend, 64, {
                let key = key();
                Box::new(move || drop(black_box(key.sign_many(black_box(&[MESSAGE; 64]), &mut SysRng))))
            });
            let signatures: Vec<_> =
                (0..64).map(|_| key().sign(MESSAGE, &mut SysRng).expect("system generator")).collect();
            add("verify_many, 64 new signers", backend, 64, {
                let (kpak, signatures) = (kms().public_key().prepared(), signatures.clone());
                Box::new(move || {
                    let requests: Vec<_> = signatures.iter().map(|s| (black_box(ID), MESSAGE, s)).collect();
                    assert!(kpak.verify_many(&requests).iter().all(Result::is_ok));
                })
            });
            add("verify_many, 64 known signers", backend, 64, {
                let key =
                    |s: &Signature| VerifyingKey::new(&kms().public_key(), ID, s.pvt()).expect("a point");
                let keys: Vec<_> = signatures.iter().map(|s| key(s).prepared()).collect();
                Box::new(move || {
                    let requests: Vec<_> =
                        keys.iter().zip(&signatures).map(|(key, s)| (key, MESSAGE, s)).collect();
                    assert!(VerifyingKey::verify_many(&requests).iter().all(Result::is_ok));
                })
            });
            add("saef", backend, 1, saef(kms()));
            add("table (as ECDH)", backend, 1, {
                let kpak = kms().public_key();
                Box::new(move || drop(black_box(kpak.clone().prepared())))
            });
            add("part: [k]G", backend, 1, Box::new(|| _ = black_box(probe::mul_generator(&[0x7a; 32]))));
            let point = probe::mul_generator(&[0x7b; 32]);
            add("part: [k]P", backend, 1, Box::new(move || _ = black_box(probe::mul(&[0x7a; 32], &point))));
            add("part: 1/a mod q", backend, 1, {
                Box::new(|| _ = black_box(probe::order(&black_box([0x7a; 32]), &black_box([0x7b; 32]))))
            });
        });
    }
    all
}

fn saef(kms: KmsSecretKey) -> Box<dyn FnMut()> {
    let mut trusted = TrustedDomains::new();
    let fqdn = Fqdn::parse("mef.example.com").expect("valid");
    let provider = Fqdn::parse("sp.example.com").expect("valid");
    trusted.pin(fqdn, provider, kms.public_key().prepared()).expect("first");
    let install = |id_2: &str| {
        let id_2 = ExpiringIdentity::parse(id_2).expect("valid");
        let issued = kms.issue(id_2.identity(), &mut SysRng).expect("system generator");
        Credential::install(id_2, &issued, &kms.public_key(), &trusted, UnixTime::EPOCH).expect("valid")
    };
    let own = install("mef.example.com@2F435345303930313132@20990101T000000");
    let peer = install("mef.example.com@2F43534532@20990101T000000").psk_identity().expect("short");
    let policy = EntityName::parse("//sp.example.com/CSE2").and_then(ExpectedPeer::new).expect("valid");
    Box::new(move || {
        let skew = Association::DEFAULT_SKEW;
        let association =
            Association { own: &own, role: Role::Server, trusted: &trusted, policy: &policy, skew };
        drop(black_box(association.derive(black_box(&peer), UnixTime::EPOCH).expect("admitted")));
    })
}
