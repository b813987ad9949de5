//! SAKKE, RFC 6508 parameter set 1: group = operation, entry = implementation.
//!
//! `cargo bench --bench sakke`, beside wolfSSL with `--features __bench_rivals`, and with the bare
//! pairing with `--features hazmat` (wolfSSL offers none).

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use eccsi_sakke::Identity;
use eccsi_sakke::sakke::{
    EncapsulatedData, IssuedKey, KmsPublicKey, KmsSecretKey, ReceiverSecretKey, SharedSecretValue,
};
use std::hint::black_box;

#[cfg(feature = "__bench_rivals")]
#[path = "sakke_rivals.rs"]
mod rivals;

const ID: &[u8] = b"2011-02\0tel:+447700900123\0";
const SSV: [u8; 16] = [0x5a; 16];
const OWN: &str = "rustcrypto";

fn kms() -> KmsSecretKey {
    KmsSecretKey::from_bytes(&[0x17; 128]).expect("in range")
}

fn ssv() -> SharedSecretValue {
    SharedSecretValue::from_bytes(&SSV)
}

fn data() -> EncapsulatedData {
    kms().public_key().encapsulate_ssv(Identity::new(ID), &ssv()).expect("usable")
}

fn key() -> ReceiverSecretKey {
    let (kms, id) = (kms(), Identity::new(ID));
    kms.issue(id).and_then(|issued| issued.validate(&kms.public_key(), id)).expect("valid")
}

fn keys(c: &mut Criterion) {
    let (kms, id) = (kms(), Identity::new(ID));
    let z = kms.public_key();

    let mut group = c.benchmark_group("sakke-issue");
    group.bench_function(OWN, |b| b.iter(|| kms.issue(black_box(id))));
    #[cfg(feature = "__bench_rivals")]
    rivals::issue(&mut group);
    group.finish();

    let names: Vec<_> = (0u32..64).map(|i| (i + 2).to_be_bytes()).collect();
    let ids: Vec<_> = names.iter().map(|name| Identity::new(name)).collect();
    let mut group = c.benchmark_group("sakke-issue_many");
    group.throughput(Throughput::Elements(64));
    group.bench_function("rustcrypto/64", |b| b.iter(|| kms.issue_many(black_box(&ids))));
    group.finish();

    let octets = kms.issue(id).expect("usable").expose();
    let mut group = c.benchmark_group("sakke-validate");
    group.bench_function(OWN, |b| {
        b.iter_batched(
            || IssuedKey::from_bytes(&octets).expect("a point"),
            |key| key.validate(&z, id),
            BatchSize::SmallInput,
        );
    });
    #[cfg(feature = "__bench_rivals")]
    rivals::validate(&mut group);
    group.finish();

    let octets = z.to_bytes();
    let mut group = c.benchmark_group("sakke-load_public_key");
    group.bench_function(OWN, |b| b.iter(|| KmsPublicKey::from_bytes(black_box(&octets))));
    #[cfg(feature = "__bench_rivals")]
    rivals::load_public_key(&mut group);
    group.finish();
}

fn encapsulate(c: &mut Criterion) {
    let (id, ssv) = (Identity::new(ID), ssv());
    let z = kms().public_key();
    let prepared = z.clone().prepared();
    let recipient = z.recipient(id).expect("usable");

    let mut group = c.benchmark_group("sakke-encapsulate-new_recipient");
    group.bench_function(OWN, |b| b.iter(|| z.encapsulate_ssv(black_box(id), &ssv)));
    group
        .bench_function("rustcrypto/kms_table", |b| b.iter(|| prepared.encapsulate_ssv(black_box(id), &ssv)));
    #[cfg(feature = "__bench_rivals")]
    rivals::encapsulate(&mut group);
    group.finish();

    let mut group = c.benchmark_group("sakke-encapsulate-known_recipient");
    group.bench_function("rustcrypto/point", |b| b.iter(|| recipient.encapsulate_ssv(black_box(&ssv))));
    let recipient = recipient.prepared();
    group.bench_function("rustcrypto/table", |b| b.iter(|| recipient.encapsulate_ssv(black_box(&ssv))));
    #[cfg(feature = "__bench_rivals")]
    rivals::encapsulate_prepared(&mut group);
    group.finish();

    let names: Vec<_> = (0u32..64).map(|i| (i + 2).to_be_bytes()).collect();
    let ids: Vec<_> = names.iter().map(|name| Identity::new(name)).collect();
    let mut group = c.benchmark_group("sakke-encapsulate_many");
    group.throughput(Throughput::Elements(64));
    group.bench_function("rustcrypto/kms_table/64", |b| {
        b.iter(|| prepared.encapsulate_many(black_box(&ids), &ssv));
    });
    group.finish();
}

fn decapsulate(c: &mut Criterion) {
    let (data, key) = (data(), key());

    // wolfSSL's first decapsulation computes [b]P + Z; here that was done by validation.
    let mut group = c.benchmark_group("sakke-decapsulate-first");
    group.bench_function(OWN, |b| b.iter(|| key.decapsulate(black_box(&data))));
    #[cfg(feature = "__bench_rivals")]
    rivals::decapsulate(&mut group);
    group.finish();

    let key = self::key().prepared();
    let mut group = c.benchmark_group("sakke-decapsulate-prepared");
    group.bench_function("rustcrypto/table", |b| b.iter(|| key.decapsulate(black_box(&data))));
    #[cfg(feature = "__bench_rivals")]
    rivals::decapsulate_prepared(&mut group);
    group.finish();
}

#[cfg(feature = "hazmat")]
fn pairing(c: &mut Criterion) {
    use eccsi_sakke::sakke::hazmat::pairing_of;
    let data = data();
    let mut group = c.benchmark_group("sakke-pairing");
    for (name, key) in [(OWN, key()), ("rustcrypto/table", key().prepared())] {
        group.bench_function(name, |b| b.iter(|| pairing_of(&key, black_box(&data))));
    }
    group.finish();
}

#[cfg(not(feature = "hazmat"))]
fn pairing(_: &mut Criterion) {}

fn tables(c: &mut Criterion) {
    let id = Identity::new(ID);
    let z = kms().public_key();
    let recipient = z.recipient(id).expect("usable");
    let ready = z.clone().prepared().recipient(id).expect("usable");

    let mut group = c.benchmark_group("sakke-build_table");
    group.sample_size(20);
    group.bench_function("rustcrypto/kms_secret_key", |b| b.iter(|| KmsSecretKey::from_bytes(&[0x17; 128])));
    group.bench_function("rustcrypto/kms_public_key", |b| {
        b.iter_batched(|| z.clone(), KmsPublicKey::prepared, BatchSize::SmallInput);
    });
    group.bench_function("rustcrypto/recipient", |b| {
        b.iter_batched(|| recipient.clone(), |recipient| recipient.prepared(), BatchSize::SmallInput);
    });
    group.bench_function("rustcrypto/recipient_of_prepared_kms", |b| {
        b.iter_batched(|| ready.clone(), |recipient| recipient.prepared(), BatchSize::SmallInput);
    });
    group.bench_function("rustcrypto/recipient_point", |b| b.iter(|| z.recipient(black_box(id))));
    group.bench_function("rustcrypto/receiver_secret_key", |b| {
        b.iter_batched(key, |key| key.prepared(), BatchSize::PerIteration);
    });
    #[cfg(feature = "__bench_rivals")]
    rivals::tables(&mut group);
    group.finish();
}

criterion_group!(benches, keys, encapsulate, decapsulate, pairing, tables);
criterion_main!(benches);
