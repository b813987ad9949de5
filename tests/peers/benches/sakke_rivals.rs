//! The rows beside ours: wolfSSL's SAKKE. Its objects are made outside of what is timed.

use super::{ID, SSV, data, id, kms};
use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup};
use eccsi_sakke::sakke::KmsPublicKey;
use eccsi_sakke_peers::wolfssl_sakke as ffi;
use std::hint::black_box;

type Group<'a> = BenchmarkGroup<'a, WallTime>;

const WOLFSSL: &str = "wolfssl";

fn z() -> [u8; 257] {
    kms().public_key().to_bytes()
}

fn rsk() -> [u8; 257] {
    *kms().issue(&id()).expect("usable").expose()
}

fn sender(id: &[u8]) -> ffi::Sender {
    let mut sender = ffi::Sender::new(&z()).expect("key is read");
    sender.to(id).expect("identity is set");
    sender
}

fn receiver() -> ffi::Receiver {
    ffi::Receiver::new(&z(), ID, &rsk()).expect("key is read")
}

pub(super) fn issue(group: &mut Group<'_>) {
    let mut peer = ffi::Kms::new(&kms().expose(), &z()).expect("key is read");
    group.bench_function(WOLFSSL, |b| b.iter(|| peer.issue(black_box(ID)).expect("issued")));
}

pub(super) fn validate(group: &mut Group<'_>) {
    let mut peer = receiver();
    assert!(peer.validate().expect("computed"), "the key is right");
    group.bench_function(WOLFSSL, |b| b.iter(|| peer.validate().expect("computed")));
}

/// wolfSSL computes \[b\]P + Z in its first call and keeps it: each call has an object of its own. And an identity
/// of its own: in Debian's build (FP_ECC) all objects of a process share a cache of multiples of the points that were
/// multiplied last, by which one recipient again and again is a known one. The row `wolfssl/same_recipient` shows that.
pub(super) fn encapsulate(group: &mut Group<'_>) {
    assert_eq!(sender(ID).encapsulate(&SSV).expect("computed"), data().to_bytes());
    let mut number = 0u32;
    group.bench_function(WOLFSSL, |b| {
        b.iter_batched_ref(
            || {
                number += 1;
                sender(&[ID, &number.to_be_bytes()].concat())
            },
            |peer| peer.encapsulate(black_box(&SSV)).expect("computed"),
            BatchSize::PerIteration,
        );
    });
    group.bench_function("wolfssl/same_recipient", |b| {
        b.iter_batched_ref(
            || sender(ID),
            |peer| peer.encapsulate(black_box(&SSV)).expect("computed"),
            BatchSize::PerIteration,
        );
    });
}

/// wolfSSL has \[b\]P + Z, and its multiples in the cache.
pub(super) fn encapsulate_prepared(group: &mut Group<'_>) {
    let mut peer = sender(ID);
    peer.prepare(ID).expect("point is made");
    assert_eq!(peer.encapsulate(&SSV).expect("computed"), data().to_bytes());
    group.bench_function("wolfssl/point", |b| {
        b.iter(|| peer.encapsulate(black_box(&SSV)).expect("computed"));
    });
}

/// As for [`encapsulate`].
pub(super) fn decapsulate(group: &mut Group<'_>) {
    let data = data().to_bytes();
    assert_eq!(receiver().decapsulate(&data).expect("right"), SSV);
    group.bench_function(WOLFSSL, |b| {
        b.iter_batched_ref(
            receiver,
            |peer| peer.decapsulate(black_box(&data)).expect("right"),
            BatchSize::PerIteration,
        );
    });
}

/// wolfSSL has \[b\]P + Z; Debian's build has no tables.
pub(super) fn decapsulate_prepared(group: &mut Group<'_>) {
    let (mut peer, data) = (receiver(), data().to_bytes());
    peer.prepare().expect("point is made");
    assert_eq!(peer.decapsulate(&data).expect("right"), SSV);
    group.bench_function("wolfssl/point", |b| {
        b.iter(|| peer.decapsulate(black_box(&data)).expect("right"));
    });
    if peer.table_sizes() == [0, 0] {
        println!("this wolfSSL has no tables: no row for them");
    }
}

/// What wolfSSL keeps of a receiver: the point \[b\]P + Z.
pub(super) fn tables(group: &mut Group<'_>) {
    let mut peer = sender(ID);
    group.bench_function("wolfssl/point", |b| b.iter(|| peer.prepare(black_box(ID))));
}

pub(super) fn load_public_key(group: &mut Group<'_>) {
    let z = KmsPublicKey::from_bytes(&z()).expect("order q").to_bytes();
    group.bench_function(WOLFSSL, |b| b.iter(|| ffi::Sender::new(black_box(&z)).is_ok()));
}
