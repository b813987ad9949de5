//! Secrets are gone from the memory of an object once it is dropped.
#![allow(unsafe_code, reason = "looks at the memory of a dropped value")]

use eccsi_sakke::Identity;
use eccsi_sakke::eccsi::{KmsSecretKey, hazmat};
use std::mem::ManuallyDrop;

/// Drops `value` in its place and gives its memory before and after.
#[inline(never)]
fn memory_around_drop<T>(value: T) -> (Vec<u8>, Vec<u8>) {
    let mut place = Box::new(ManuallyDrop::new(value));
    let address: *const u8 = (&raw const *place).cast();
    let look = || {
        // SAFETY: the box is alive throughout and nobody else uses it; octets of padding may be
        // uninitialised, which a volatile read through a raw pointer passes on as they are.
        (0..size_of::<T>()).map(|i| unsafe { address.add(i).read_volatile() }).collect::<Vec<_>>()
    };
    let before = look();
    // SAFETY: dropped once, here; the box holds a ManuallyDrop and drops nothing.
    unsafe { ManuallyDrop::drop(&mut place) };
    (before, look())
}

fn assert_wiped<T>(value: T, secret: &[u8]) {
    let (before, after) = memory_around_drop(value);
    let found = |memory: &[u8]| memory.windows(8).any(|window| secret.windows(8).any(|part| part == window));
    assert!(found(&before), "the search finds the secret while it is there");
    assert!(!found(&after), "eight octets of the secret are still there");
}

fn kms() -> KmsSecretKey {
    KmsSecretKey::from_bytes(&std::array::from_fn(|i| 0x31 + i as u8)).unwrap()
}

#[test]
fn ksak_is_wiped() {
    let secret = kms().expose().to_vec();
    assert_wiped(kms(), &secret);
}

#[test]
fn issued_ssk_is_wiped() {
    let issued = hazmat::issue_with_nonce(&kms(), Identity::new(b"id"), &[3; 32]).unwrap();
    let secret = issued.expose_ssk().to_vec();
    assert_wiped(issued, &secret);
}

#[test]
fn ssk_of_a_signing_key_is_wiped() {
    let id = Identity::new(b"id");
    let issued = hazmat::issue_with_nonce(&kms(), id, &[3; 32]).unwrap();
    let key = issued.validate(&kms().public_key(), id).unwrap();
    let secret = key.expose_ssk().to_vec();
    assert_wiped(key, &secret);
}

#[test]
fn exposed_copies_are_wiped() {
    let exposed = kms().expose();
    let secret = exposed.to_vec();
    assert_wiped(exposed, &secret);
}

#[test]
fn a_value_that_is_not_wiped_would_be_noticed() {
    let octets: [u8; 32] = std::array::from_fn(|i| 0x31 + i as u8);
    let (before, after) = memory_around_drop(octets);
    assert_eq!(before, octets);
    assert_eq!(after, octets);
}
