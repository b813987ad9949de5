//! SAKKE, RFC 6508 parameter set 1: group = operation, entry = implementation.
//!
//! `cargo bench --bench sakke`; with `--features __backends` on each backend in turn; beside wolfSSL by `cargo bench -p eccsi-sakke-peers --bench sakke_and_rivals`, and with the bare
//! pairing with `--features hazmat` (wolfSSL offers none).

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use eccsi_sakke::SysRng;
use eccsi_sakke::sakke::{
    EncapsulatedData, Identifier, IssuedKey, KmsPublicKey, KmsSecretKey, ReceiverSecretKey, SharedSecretValue,
};
use std::hint::black_box;

#[cfg(feature = "rivals")]
#[path = "../tests/peers/benches/sakke_rivals.rs"]
mod rivals;

const ID: &[u8] = b"2011-02\0tel:+447700900123\0";
const SSV: [u8; 16] = [0x5a; 16];
/// Items of a batch.
const BATCH: usize = 64;

/// Runs `f` on each backend of this machine; entries are named after them. Without the feature
/// `__backends`, on the one that the library chooses. The model of `ifma` is no backend to be measured.
fn on_each(mut f: impl FnMut(&str)) {
    #[cfg(feature = "__backends")]
    for name in eccsi_sakke::__backends::Name::ALL {
        use eccsi_sakke::__backends::{Name, with};
        if *name != Name::IfmaModel && with(*name, || f(name.as_str())).is_none() {
            println!("not run: {} (cpu)", name.as_str());
        }
    }
    #[cfg(not(feature = "__backends"))]
    f("selected");
}

fn kms() -> KmsSecretKey {
    KmsSecretKey::from_bytes(&[0x17; 128]).expect("in range")
}

fn ssv() -> SharedSecretValue {
    SharedSecretValue::from_bytes(&SSV)
}

fn data() -> EncapsulatedData {
    kms().public_key().encapsulate_ssv(&id(), &ssv()).expect("usable")
}

fn key() -> ReceiverSecretKey {
    let (kms, id) = (kms(), id());
    kms.issue(&id).and_then(|issued| issued.validate(&kms.public_key(), &id)).expect("valid")
}

fn identifier(octets: &[u8]) -> Identifier {
    Identifier::from_raw(octets).expect("in range").allow_leading_zeros()
}

fn id() -> Identifier {
    identifier(ID)
}

fn names() -> Vec<[u8; 4]> {
    (0..BATCH as u32).map(|i| (i + 2).to_be_bytes()).collect()
}

/// As many names as long as this one.
fn names_of(name: &[u8]) -> Vec<Vec<u8>> {
    let with = |i: usize| {
        let mut name = name.to_vec();
        name[9] = i as u8;
        name
    };
    (0..BATCH).map(with).collect()
}

fn issue(c: &mut Criterion) {
    let (id, names) = (&id(), names());
    let ids: Vec<_> = names.iter().map(|name| identifier(name)).collect();
    let mut group = c.benchmark_group("sakke-issue");
    on_each(|own| {
        let kms = kms();
        group.bench_function(own, |b| b.iter(|| kms.issue(black_box(id))));
    });
    #[cfg(feature = "rivals")]
    rivals::issue(&mut group);
    group.finish();

    let mut group = c.benchmark_group("sakke-issue_many");
    group.throughput(Throughput::Elements(BATCH as u64));
    on_each(|own| {
        let kms = kms();
        group.bench_function(format!("{own}/{BATCH}"), |b| b.iter(|| kms.issue_many(black_box(&ids))));
    });
    group.finish();
}

fn validate(c: &mut Criterion) {
    let id = &id();
    let octets = kms().issue(id).expect("usable").expose();
    let mut group = c.benchmark_group("sakke-validate");
    on_each(|own| {
        let z = kms().public_key();
        let prepared = z.clone().prepared().prepared_to_validate();
        for (form, z) in [("", z), ("/kms_table", prepared)] {
            group.bench_function(format!("{own}{form}"), |b| {
                b.iter_batched(
                    || IssuedKey::from_bytes(&octets).expect("a point"),
                    |key| key.validate(&z, id),
                    BatchSize::SmallInput,
                );
            });
        }
    });
    #[cfg(feature = "rivals")]
    rivals::validate(&mut group);
    group.finish();

    let names = names_of(ID);
    let ids: Vec<_> = names.iter().map(|name| identifier(name)).collect();
    let keys = kms().issue_many(&ids).expect("usable");
    let requests: Vec<_> = ids.iter().zip(&keys).collect();
    let mut group = c.benchmark_group("sakke-validate_many");
    group.throughput(Throughput::Elements(BATCH as u64));
    on_each(|own| {
        let z = kms().public_key();
        let prepared = z.clone().prepared().prepared_to_validate();
        for (form, z) in [("", z), ("/kms_table", prepared)] {
            group.bench_function(format!("{own}{form}/{BATCH}"), |b| {
                b.iter(|| IssuedKey::validate_many(black_box(&requests), &z, &mut SysRng));
            });
        }
    });
    group.finish();

    let octets = kms().public_key().to_bytes();
    let mut group = c.benchmark_group("sakke-load_public_key");
    on_each(|own| {
        group.bench_function(own, |b| b.iter(|| KmsPublicKey::from_bytes(black_box(&octets))));
    });
    #[cfg(feature = "rivals")]
    rivals::load_public_key(&mut group);
    group.finish();
}

fn encapsulate(c: &mut Criterion) {
    let (id, ssv, names) = (&id(), ssv(), names());
    let ids: Vec<_> = names.iter().map(|name| identifier(name)).collect();

    let mut group = c.benchmark_group("sakke-encapsulate-new_recipient");
    on_each(|own| {
        let z = kms().public_key();
        group.bench_function(own, |b| b.iter(|| z.encapsulate_ssv(black_box(id), &ssv)));
        let z = z.prepared();
        group.bench_function(format!("{own}/kms_table"), |b| {
            b.iter(|| z.encapsulate_ssv(black_box(id), &ssv));
        });
    });
    #[cfg(feature = "rivals")]
    rivals::encapsulate(&mut group);
    group.finish();

    let mut group = c.benchmark_group("sakke-encapsulate-known_recipient");
    on_each(|own| {
        let recipient = kms().public_key().recipient(id).expect("usable");
        group.bench_function(format!("{own}/point"), |b| {
            b.iter(|| recipient.encapsulate_ssv(black_box(&ssv)));
        });
        let recipient = recipient.prepared();
        group.bench_function(format!("{own}/table"), |b| {
            b.iter(|| recipient.encapsulate_ssv(black_box(&ssv)));
        });
    });
    #[cfg(feature = "rivals")]
    rivals::encapsulate_prepared(&mut group);
    group.finish();

    let mut group = c.benchmark_group("sakke-encapsulate_many");
    group.throughput(Throughput::Elements(BATCH as u64));
    on_each(|own| {
        let z = kms().public_key().prepared();
        group.bench_function(format!("{own}/kms_table/{BATCH}"), |b| {
            b.iter(|| z.encapsulate_many(black_box(&ids), &ssv));
        });
    });
    group.finish();
}

fn decapsulate(c: &mut Criterion) {
    let data = data();
    // wolfSSL's first decapsulation computes [b]P + Z; here that was done by validation.
    let mut group = c.benchmark_group("sakke-decapsulate-first");
    on_each(|own| {
        let key = key();
        group.bench_function(own, |b| b.iter(|| key.decapsulate(black_box(&data))));
    });
    #[cfg(feature = "rivals")]
    rivals::decapsulate(&mut group);
    group.finish();

    let mut group = c.benchmark_group("sakke-decapsulate-prepared");
    on_each(|own| {
        let key = key().prepared();
        group.bench_function(format!("{own}/table"), |b| b.iter(|| key.decapsulate(black_box(&data))));
    });
    #[cfg(feature = "rivals")]
    rivals::decapsulate_prepared(&mut group);
    group.finish();

    let many: Vec<_> = (0..BATCH).map(|_| data.clone()).collect();
    let mut group = c.benchmark_group("sakke-decapsulate_many");
    group.throughput(Throughput::Elements(BATCH as u64));
    on_each(|own| {
        let key = key().prepared();
        group.bench_function(format!("{own}/table/{BATCH}"), |b| {
            b.iter(|| key.decapsulate_many(black_box(&many)));
        });
    });
    group.finish();
}

#[cfg(feature = "hazmat")]
fn pairing(c: &mut Criterion) {
    use eccsi_sakke::sakke::hazmat::pairing_of;
    let data = data();
    let mut group = c.benchmark_group("sakke-pairing");
    on_each(|own| {
        for (form, key) in [("", key()), ("/table", key().prepared())] {
            group.bench_function(format!("{own}{form}"), |b| b.iter(|| pairing_of(&key, black_box(&data))));
        }
    });
    group.finish();
}

#[cfg(not(feature = "hazmat"))]
fn pairing(_: &mut Criterion) {}

fn tables(c: &mut Criterion) {
    let id = &id();
    let mut group = c.benchmark_group("sakke-build_table");
    group.sample_size(20);
    on_each(|own| {
        let z = kms().public_key();
        let recipient = z.recipient(id).expect("usable");
        let ready = z.clone().prepared().recipient(id).expect("usable");
        group.bench_function(format!("{own}/kms_secret_key"), |b| {
            b.iter(|| KmsSecretKey::from_bytes(&[0x17; 128]));
        });
        group.bench_function(format!("{own}/kms_public_key"), |b| {
            b.iter_batched(|| z.clone(), KmsPublicKey::prepared, BatchSize::SmallInput);
        });
        group.bench_function(format!("{own}/kms_public_key_to_validate"), |b| {
            b.iter_batched(|| z.clone(), KmsPublicKey::prepared_to_validate, BatchSize::SmallInput);
        });
        group.bench_function(format!("{own}/recipient"), |b| {
            b.iter_batched(|| recipient.clone(), |recipient| recipient.prepared(), BatchSize::SmallInput);
        });
        group.bench_function(format!("{own}/recipient_of_prepared_kms"), |b| {
            b.iter_batched(|| ready.clone(), |recipient| recipient.prepared(), BatchSize::SmallInput);
        });
        group.bench_function(format!("{own}/recipient_point"), |b| b.iter(|| z.recipient(black_box(id))));
        group.bench_function(format!("{own}/receiver_secret_key"), |b| {
            b.iter_batched(key, |key| key.prepared(), BatchSize::PerIteration);
        });
    });
    #[cfg(feature = "rivals")]
    rivals::tables(&mut group);
    group.finish();
}

criterion_group!(benches, issue, validate, encapsulate, decapsulate, pairing, tables);
criterion_main!(benches);
