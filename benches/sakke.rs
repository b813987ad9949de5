//! SAKKE, RFC 6508 parameter set 1: one group for each operation, one id for each implementation.
//!
//! `cargo bench --bench sakke --no-default-features --features sakke`

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use eccsi_sakke::Identity;
use eccsi_sakke::sakke::{IssuedKey, KmsPublicKey, KmsSecretKey, SharedSecretValue};
use std::hint::black_box;

const ID: &[u8] = b"2011-02\0tel:+447700900123\0";

fn kms() -> KmsSecretKey {
    KmsSecretKey::from_bytes(&[0x17; 128]).expect("in range")
}

fn ssv() -> SharedSecretValue {
    SharedSecretValue::from_bytes(&[0x5a; 16])
}

fn keys(c: &mut Criterion) {
    let (kms, id) = (kms(), Identity::new(ID));
    let z = kms.public_key();
    c.benchmark_group("sakke-issue").bench_function("rustcrypto", |b| b.iter(|| kms.issue(black_box(id))));
    let names: Vec<_> = (0u32..64).map(|i| (i + 2).to_be_bytes()).collect();
    let ids: Vec<_> = names.iter().map(|name| Identity::new(name)).collect();
    c.benchmark_group("sakke-issue").bench_function("rustcrypto/batch=64", |b| {
        b.iter(|| kms.issue_many(black_box(&ids)));
    });
    let octets = kms.issue(id).expect("usable").expose();
    c.benchmark_group("sakke-validate").bench_function("rustcrypto", |b| {
        b.iter_batched(
            || IssuedKey::from_bytes(&octets).expect("a point"),
            |key| key.validate(&z, id),
            BatchSize::SmallInput,
        );
    });
    let octets = z.to_bytes();
    c.benchmark_group("sakke-load-public-key").bench_function("rustcrypto", |b| {
        b.iter(|| KmsPublicKey::from_bytes(black_box(&octets)));
    });
}

fn encapsulate(c: &mut Criterion) {
    let (kms, id, ssv) = (kms(), Identity::new(ID), ssv());
    let z = kms.public_key();
    let prepared = z.clone().prepared();
    let recipient = prepared.recipient(id).expect("usable").prepared();
    c.benchmark_group("sakke-encapsulate-no-tables").bench_function("rustcrypto", |b| {
        b.iter(|| z.encapsulate_ssv(black_box(id), &ssv));
    });
    c.benchmark_group("sakke-encapsulate-new-recipient").bench_function("rustcrypto", |b| {
        b.iter(|| prepared.encapsulate_ssv(black_box(id), &ssv));
    });
    c.benchmark_group("sakke-encapsulate-prepared-recipient").bench_function("rustcrypto", |b| {
        b.iter(|| recipient.encapsulate_ssv(black_box(&ssv)));
    });
}

fn decapsulate(c: &mut Criterion) {
    let (kms, id) = (kms(), Identity::new(ID));
    let z = kms.public_key();
    let data = z.encapsulate_ssv(id, &ssv()).expect("usable");
    let key = kms.issue(id).expect("usable").validate(&z, id).expect("valid");
    c.benchmark_group("sakke-decapsulate-no-tables").bench_function("rustcrypto", |b| {
        b.iter(|| key.decapsulate(black_box(&data)));
    });
    let key = key.prepared();
    c.benchmark_group("sakke-decapsulate-prepared").bench_function("rustcrypto", |b| {
        b.iter(|| key.decapsulate(black_box(&data)));
    });
}

fn tables(c: &mut Criterion) {
    let (kms, id) = (kms(), Identity::new(ID));
    let z = kms.public_key();
    let recipient = z.recipient(id).expect("usable");
    let ready = z.clone().prepared().recipient(id).expect("usable");
    let valid = || kms.issue(id).expect("usable").validate(&z, id).expect("valid");
    let mut group = c.benchmark_group("sakke-tables");
    group.sample_size(20);
    group.bench_function("rustcrypto/kms-secret-key", |b| b.iter(|| KmsSecretKey::from_bytes(&[0x17; 128])));
    group.bench_function("rustcrypto/kms-public-key", |b| {
        b.iter_batched(|| z.clone(), KmsPublicKey::prepared, BatchSize::SmallInput);
    });
    group.bench_function("rustcrypto/recipient", |b| {
        b.iter_batched(|| recipient.clone(), |recipient| recipient.prepared(), BatchSize::SmallInput);
    });
    group.bench_function("rustcrypto/recipient-of-prepared-kms", |b| {
        b.iter_batched(|| ready.clone(), |recipient| recipient.prepared(), BatchSize::SmallInput);
    });
    group.bench_function("rustcrypto/receiver-secret-key", |b| {
        b.iter_batched(valid, |key| key.prepared(), BatchSize::PerIteration);
    });
}

criterion_group!(benches, keys, encapsulate, decapsulate, tables);
criterion_main!(benches);
