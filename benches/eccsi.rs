//! ECCSI and the shared key of the IBC-based SAEF: group = operation, entry = implementation.
//!
//! `cargo bench --bench eccsi`; with `--features __backends` on each backend in turn; also beside wolfSSL and AWS-LC by `cargo bench -p eccsi-sakke-peers --bench eccsi_and_rivals`. AWS-LC
//! has no ECCSI: its ECDSA and ECDH on the same curve are the yardstick. Signing there costs one
//! multiplication of the generator, as here; verification one of the generator and one of
//! another point, where ECCSI has one of the generator more (KPAK).

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use eccsi_sakke::eccsi::{IssuedKey, KmsPublicKey, KmsSecretKey, SigningKey, VerifyingKey};
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef::{Association, Credential, ExpectedPeer, Role, TrustedDomains};
use eccsi_sakke::{Identity, SysRng};
use std::hint::black_box;

#[cfg(feature = "rivals")]
#[path = "../tests/peers/benches/eccsi_rivals.rs"]
mod rivals;

const ID: Identity<'static> =
    Identity::new(b"mef.example.com@2F2F73702E6578616D706C652E636F6D2F435345303930313132@20270301T000000");
const MESSAGE: &[u8] = b"a message of thirty-two octets..";

/// Entries of a batch.
const BATCHES: [usize; 3] = [8, 64, 512];

/// Runs `f` on each backend of this machine; entries are named after them. Without the feature
/// `__backends`, on the one that the library chooses.
fn on_each(mut f: impl FnMut(&str)) {
    #[cfg(feature = "__backends")]
    for name in eccsi_sakke::__backends::Name::ALL {
        if eccsi_sakke::__backends::with(*name, || f(name.as_str())).is_none() {
            println!("not run: {} (cpu)", name.as_str());
        }
    }
    #[cfg(not(feature = "__backends"))]
    f("selected");
}

fn kms() -> KmsSecretKey {
    KmsSecretKey::from_bytes(&[0x5a; 32]).expect("in range")
}

fn key(kpak: &KmsPublicKey) -> SigningKey {
    kms().issue(ID, &mut SysRng).and_then(|issued| issued.validate(kpak, ID)).expect("valid")
}

fn issue(c: &mut Criterion) {
    let kms = kms();
    let mut group = c.benchmark_group("eccsi-issue");
    on_each(|own| {
        group.bench_function(own, |b| b.iter(|| kms.issue(black_box(ID), &mut SysRng)));
    });
    #[cfg(feature = "rivals")]
    rivals::issue(&mut group);
    group.finish();

    let mut group = c.benchmark_group("eccsi-issue_many");
    for size in [1, 64, 4096] {
        let ids = vec![ID; size];
        group.throughput(Throughput::Elements(size as u64));
        on_each(|own| {
            group.bench_function(BenchmarkId::new(own, size), |b| {
                b.iter(|| kms.issue_many(black_box(&ids), &mut SysRng));
            });
        });
    }
    group.finish();
}

fn validate(c: &mut Criterion) {
    let mut group = c.benchmark_group("eccsi-validate");
    let kpak = kms().public_key();
    let issued = kms().issue(ID, &mut SysRng).expect("system generator");
    let (ssk, pvt) = (issued.expose(), *issued.pvt());
    on_each(|own| {
        group.bench_function(own, |b| {
            b.iter_batched(
                || IssuedKey::from_parts(&ssk, &pvt).expect("in range"),
                |issued| issued.validate(&kpak, black_box(ID)),
                BatchSize::SmallInput,
            );
        });
    });
    #[cfg(feature = "rivals")]
    rivals::validate(&mut group);
    group.finish();

    let mut group = c.benchmark_group("eccsi-validate_many");
    for size in BATCHES {
        let keys: Vec<_> = (0..size).map(|_| IssuedKey::from_parts(&ssk, &pvt).expect("in range")).collect();
        let requests: Vec<_> = keys.iter().map(|key| (ID, key)).collect();
        group.throughput(Throughput::Elements(size as u64));
        on_each(|own| {
            group.bench_function(BenchmarkId::new(own, size), |b| {
                b.iter(|| IssuedKey::validate_many(black_box(&requests), &kpak, &mut SysRng));
            });
        });
    }
    group.finish();
}

fn sign(c: &mut Criterion) {
    let mut group = c.benchmark_group("eccsi-sign");
    let key = key(&kms().public_key());
    on_each(|own| {
        group.bench_function(own, |b| b.iter(|| key.sign(black_box(MESSAGE), &mut SysRng)));
    });
    #[cfg(feature = "rivals")]
    rivals::sign(&mut group);
    group.finish();

    let mut group = c.benchmark_group("eccsi-sign_many");
    for size in BATCHES {
        let messages = vec![MESSAGE; size];
        group.throughput(Throughput::Elements(size as u64));
        on_each(|own| {
            group.bench_function(BenchmarkId::new(own, size), |b| {
                b.iter(|| key.sign_many(black_box(&messages), &mut SysRng));
            });
        });
    }
    group.finish();
}

fn verify(c: &mut Criterion) {
    let kpak = kms().public_key();
    let signature = key(&kpak).sign(MESSAGE, &mut SysRng).expect("system generator");

    let mut group = c.benchmark_group("eccsi-verify-new_signer");
    on_each(|own| {
        for (table, kpak) in [("", kpak.clone()), ("/kpak_table", kpak.clone().prepared())] {
            group.bench_function(format!("{own}{table}"), |b| {
                b.iter(|| kpak.verify(black_box(ID), black_box(MESSAGE), black_box(&signature)));
            });
        }
    });
    #[cfg(feature = "rivals")]
    rivals::verify(&mut group);
    group.finish();

    let mut group = c.benchmark_group("eccsi-verify-known_signer");
    let signer = VerifyingKey::new(&kpak, ID, signature.pvt()).expect("a point");
    on_each(|own| {
        for (table, signer) in [("", signer.clone()), ("/table", signer.clone().prepared())] {
            group.bench_function(format!("{own}{table}"), |b| {
                b.iter(|| signer.verify(black_box(MESSAGE), black_box(&signature)));
            });
        }
    });
    group.finish();

    let mut group = c.benchmark_group("eccsi-verify_many");
    for size in BATCHES {
        let prepared = kpak.clone().prepared();
        group.throughput(Throughput::Elements(size as u64));
        on_each(|own| {
            let requests = vec![(ID, MESSAGE, &signature); size];
            group.bench_function(BenchmarkId::new(format!("{own}/new_signers"), size), |b| {
                b.iter(|| prepared.verify_many(black_box(&requests)));
            });
            let signer = signer.clone().prepared();
            let requests = vec![(&signer, MESSAGE, &signature); size];
            group.bench_function(BenchmarkId::new(format!("{own}/known_signers"), size), |b| {
                b.iter(|| VerifyingKey::verify_many(black_box(&requests)));
            });
        });
    }
    group.finish();

    let mut group = c.benchmark_group("eccsi-build_table");
    on_each(|own| {
        group.bench_function(own, |b| b.iter(|| black_box(kpak.clone()).prepared()));
    });
    group.finish();
}

fn saef(c: &mut Criterion) {
    let mut group = c.benchmark_group("saef-shared_key");
    let mut trusted = TrustedDomains::new();
    let fqdn = Fqdn::parse("mef.example.com").expect("valid");
    let provider = Fqdn::parse("sp.example.com").expect("valid");
    trusted.pin(fqdn, provider, kms().public_key().prepared()).expect("first");
    let install = |id_2: &str| {
        let id_2 = ExpiringIdentity::parse(id_2).expect("valid");
        let issued = kms().issue(id_2.identity(), &mut SysRng).expect("system generator");
        Credential::install(id_2, &issued, &kms().public_key(), &trusted, UnixTime::EPOCH).expect("valid")
    };
    let own = install("mef.example.com@2F435345303930313132@20990101T000000");
    let peer = install("mef.example.com@2F43534532@20990101T000000").psk_identity().expect("short");
    let expected = EntityName::parse("//sp.example.com/CSE2").expect("valid");
    let policy = ExpectedPeer::new(expected).expect("absolute");
    let skew = Association::DEFAULT_SKEW;
    let association = Association { own: &own, role: Role::Server, trusted: &trusted, policy: &policy, skew };
    on_each(|own| {
        group.bench_function(own, |b| b.iter(|| association.derive(black_box(&peer), UnixTime::EPOCH)));
    });
    #[cfg(feature = "rivals")]
    rivals::agree(&mut group);
    group.finish();
}

criterion_group!(benches, issue, validate, sign, verify, saef);
criterion_main!(benches);
