//! Secrets are gone from the memory of an object once it is dropped.
#![cfg(all(feature = "eccsi", feature = "hazmat"))]
#![allow(unsafe_code, reason = "looks at the memory of a dropped value")]

#[path = "support/backend_from_env.rs"]
mod backend_from_env;
#[path = "support/heap.rs"]
mod heap;
#[path = "support/rng.rs"]
mod rng;

use eccsi_sakke::Identity;
use eccsi_sakke::eccsi::{IssuedKey, KmsSecretKey, hazmat};
use heap::left_on_the_heap;
use rng::Stuck;
use std::mem::MaybeUninit;

/// Drops `value` in its place and gives its memory before and after.
#[inline(never)]
fn memory_around_drop<T>(value: T) -> (Vec<u8>, Vec<u8>) {
    let mut place = Box::new(MaybeUninit::<T>::zeroed());
    let address: *const u8 = place.as_ptr().cast();
    // SAFETY: the box is alive throughout and nobody else uses it. Its octets were set when it was
    // made, those of padding among them, unless the value brings other padding: none here does.
    let look = || (0..size_of::<T>()).map(|i| unsafe { address.add(i).read_volatile() }).collect::<Vec<_>>();
    place.write(value);
    let before = look();
    // SAFETY: written above, dropped once.
    unsafe { place.assume_init_drop() };
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
    let secret = issued.expose().to_vec();
    assert_wiped(issued, &secret);
}

#[test]
fn ssk_of_a_signing_key_is_wiped() {
    let id = Identity::new(b"id");
    let issued = hazmat::issue_with_nonce(&kms(), id, &[3; 32]).unwrap();
    let key = issued.validate(&kms().public_key(), id).unwrap();
    let secret = key.expose().to_vec();
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

#[test]
fn batches_leave_no_key_in_freed_memory() {
    const SIZE: usize = 600;
    let (kms, id) = (kms(), Identity::new(b"many"));
    let nonces: Vec<[u8; 32]> = (0..SIZE).map(|i| [1 + (i % 250) as u8; 32]).collect();
    let requests: Vec<_> = nonces.iter().map(|v| (id, v)).collect();
    for watched in [0, 1, 255, 256, 511, 599] {
        let ssk = hazmat::issue_with_nonce(&kms, id, &nonces[watched]).unwrap().expose();
        for secret in [&ssk[..], &nonces[watched]] {
            let left = left_on_the_heap(secret, || {
                let keys = hazmat::issue_many_with_nonces(&kms, &requests).unwrap();
                assert_eq!(keys.len(), SIZE);
            });
            assert_eq!(left, 0, "key {watched}");
        }
    }
}

/// The octets of a scalar, and its limbs as they lie in memory here.
fn forms(secret: &[u8; 32]) -> [Vec<u8>; 2] {
    [secret.to_vec(), secret.iter().rev().copied().collect()]
}

#[test]
fn batches_leave_no_key_of_a_signer_in_freed_memory() {
    let id = Identity::new(b"signs many");
    let kms = KmsSecretKey::from_bytes(&std::array::from_fn(|i| 0x51 + 3 * i as u8)).unwrap();
    let kpak = kms.public_key();
    let issued = || hazmat::issue_with_nonce(&kms, id, &[0x29; 32]).unwrap();
    let key = issued().validate(&kpak, id).unwrap();
    let messages = [&b"a message"[..], b"another"].repeat(20);
    let keys: Vec<_> = (0..40).map(|_| issued()).collect();
    let requests: Vec<_> = keys.iter().map(|key| (id, key)).collect();
    // One wrong key, so that the sum is taken apart.
    let eve = Identity::new(b"eve");
    let wrong: Vec<_> =
        keys.iter().enumerate().map(|(i, key)| (if i == 7 { eve } else { id }, key)).collect();
    for secret in forms(&key.expose()) {
        let left = left_on_the_heap(&secret, || {
            assert_eq!(key.sign_many(&messages, &mut Stuck(5)).unwrap().len(), 40);
            assert!(IssuedKey::validate_many(&requests, &kpak, &mut Stuck(6)).unwrap()[39].is_ok());
            assert!(IssuedKey::validate_many(&wrong, &kpak, &mut Stuck(6)).unwrap()[7].is_err());
        });
        assert_eq!(left, 0);
    }
    let ids = vec![id; 40];
    for secret in forms(&kms.expose()) {
        let left = left_on_the_heap(&secret, || drop(kms.issue_many(&ids, &mut Stuck(7)).unwrap()));
        assert_eq!(left, 0);
    }
    // SSK as it came out of a batch
    let ssk = kms.issue_many(&ids, &mut Stuck(7)).unwrap()[33].expose();
    for secret in forms(&ssk) {
        let left = left_on_the_heap(&secret, || drop(kms.issue_many(&ids, &mut Stuck(7)).unwrap()));
        assert_eq!(left, 0);
    }
}

#[test]
fn a_key_left_in_freed_memory_would_be_noticed() {
    let secret: [u8; 32] = std::array::from_fn(|i| 0x91 + i as u8);
    assert_eq!(left_on_the_heap(&secret, || drop(vec![secret; 3])), 3);
    let keys = vec![secret; 3];
    assert_eq!(left_on_the_heap(&secret, || std::thread::spawn(|| drop(keys)).join().unwrap()), 3);
    assert_eq!(left_on_the_heap(&secret, || drop(zeroize::Zeroizing::new(vec![secret; 3]))), 0);
}

#[cfg(feature = "sakke")]
mod sakke {
    use super::heap::large_blocks;
    use super::rng::Stuck;
    use super::{assert_wiped, left_on_the_heap};
    use eccsi_sakke::sakke::{Identifier, IssuedKey, KmsSecretKey, SharedSecretValue, hazmat};

    fn kms() -> KmsSecretKey {
        KmsSecretKey::from_bytes(&std::array::from_fn(|i| 0x11 + i as u8)).unwrap()
    }

    fn identifier(octets: &[u8]) -> Identifier {
        Identifier::from_raw(octets).unwrap()
    }

    fn issued() -> IssuedKey {
        kms().issue(&identifier(b"id")).unwrap()
    }

    #[test]
    fn z_is_wiped() {
        let secret = kms().expose().to_vec();
        assert_wiped(kms(), &secret);
    }

    #[test]
    fn issued_rsk_is_wiped() {
        let secret = issued().expose()[1..].to_vec();
        assert_wiped(issued(), &secret);
    }

    /// Names for a few batches.
    fn names() -> Vec<[u8; 2]> {
        (0..70u8).map(|i| [b'b', i]).collect()
    }

    #[test]
    fn batches_leave_no_rsk_in_freed_memory() {
        let (kms, names) = (kms(), names());
        let ids: Vec<_> = names.iter().map(|name| identifier(name)).collect();
        for watched in [0, 31, 32, 69] {
            let id = &ids[watched];
            let secret = kms.issue(id).unwrap().expose();
            // x, then y
            for secret in [&secret[1..], &secret[129..]] {
                let left = left_on_the_heap(secret, || {
                    assert_eq!(kms.issue_many(&ids).unwrap().len(), 70);
                    drop(kms.issue(id).unwrap());
                });
                assert_eq!(left, 0, "key {watched}");
            }
            let (z, keys) = (kms.public_key(), kms.issue_many(&ids).unwrap());
            let requests: Vec<_> = ids.iter().zip(&keys).take(8).collect();
            let left = left_on_the_heap(&keys[watched.min(7)].expose()[1..], || {
                let valid = IssuedKey::validate_many(&requests, &z, &mut Stuck(6)).unwrap();
                assert!(valid.iter().all(Result::is_ok));
            });
            assert_eq!(left, 0, "validated key");
        }
    }

    /// a + z gives z away. The shared inversion keeps products of them: the first is one itself.
    #[test]
    fn batches_leave_no_sum_with_z_in_freed_memory() {
        let kms =
            KmsSecretKey::from_bytes(&std::array::from_fn(|i| 0x12_u8.wrapping_add((5 * i) as u8))).unwrap();
        let names = names();
        let ids: Vec<_> = names.iter().map(|name| identifier(name)).collect();
        for watched in [0, 32, 64] {
            let mut sum = kms.expose();
            let mut carry = 0;
            for (octet, a) in sum.iter_mut().rev().zip(names[watched].iter().rev().chain([&0; 4])) {
                carry += u16::from(*octet) + u16::from(*a);
                *octet = carry as u8;
                carry >>= 8;
            }
            // The last octets: the others are those of z.
            let left = left_on_the_heap(&sum[120..], || drop(kms.issue_many(&ids).unwrap()));
            assert_eq!(left, 0, "identity {watched}");
        }
        let left = left_on_the_heap(&kms.expose()[..], || drop(kms.issue_many(&ids).unwrap()));
        assert_eq!(left, 0, "z");
    }

    #[test]
    fn encapsulating_leaves_neither_r_nor_the_power_of_g_in_freed_memory() {
        let (z, names) = (kms().public_key(), names());
        let ids: Vec<_> = names.iter().map(|name| identifier(name)).collect();
        let (prepared, ssv) = (z.clone().prepared(), SharedSecretValue::from_bytes(&[0x77; 16]));
        for watched in [0, 32, 69] {
            let id = &ids[watched];
            let steps = hazmat::encapsulation_steps(&z, id, &ssv).unwrap();
            let recipient = z.recipient(id).unwrap().prepared();
            for secret in [&steps.r[..], &steps.g_r, &steps.mask] {
                let left = left_on_the_heap(secret, || {
                    assert_eq!(prepared.encapsulate_many(&ids, &ssv).unwrap().len(), 70);
                    assert!(z.encapsulate_ssv(id, &ssv).is_ok());
                    assert!(recipient.encapsulate_ssv(&ssv).is_ok());
                });
                assert_eq!(left, 0, "receiver {watched}");
            }
        }
    }

    #[test]
    fn decapsulating_leaves_neither_w_nor_ssv_in_freed_memory() {
        let id = &identifier(b"to decapsulate");
        let ssv = || SharedSecretValue::from_bytes(&std::array::from_fn(|i| 0xb1 + i as u8));
        let z = kms().public_key();
        let data = z.encapsulate_ssv(id, &ssv()).unwrap();
        let key = || kms().issue(id).unwrap().validate(&z, id).unwrap();
        let w = hazmat::pairing_of(&key(), &data);
        let r = hazmat::encapsulation_steps(&z, id, &ssv()).unwrap().r;
        for secret in [&w[..], &*ssv().expose(), &r] {
            for key in [key(), key().prepared()] {
                assert_eq!(left_on_the_heap(secret, || drop(key.decapsulate(&data).unwrap())), 0);
                let many = vec![data.clone(); 13];
                let left = left_on_the_heap(secret, || {
                    assert!(key.decapsulate_many(&many).iter().all(Result::is_ok));
                });
                assert_eq!(left, 0, "batch");
            }
        }
    }

    /// The table of K is the one large block of a prepared key; what is made on the way to it, and when it
    /// is used, is wiped too.
    #[test]
    fn line_table_of_k_is_wiped() {
        let id = &identifier(b"lines");
        let z = kms().public_key();
        let data = z.encapsulate_ssv(id, &SharedSecretValue::from_bytes(&[0x78; 16])).unwrap();
        let key = kms().issue(id).unwrap().validate(&z, id).unwrap();
        let (freed, not_wiped) = large_blocks(|| {
            let key = key.prepared();
            assert!(key.decapsulate(&data).is_ok());
            drop(key);
        });
        assert!(freed >= 1, "the table is a large block");
        assert_eq!(not_wiped, 0);
    }

    #[test]
    fn a_large_block_that_is_not_wiped_would_be_noticed() {
        let (freed, not_wiped) = large_blocks(|| drop(std::hint::black_box(vec![1_u8; 1 << 19])));
        assert!(freed >= 1 && not_wiped >= 1);
    }

    #[test]
    fn validated_rsk_is_wiped() {
        let key = issued().validate(&kms().public_key(), &identifier(b"id")).unwrap();
        let secret = key.expose()[1..].to_vec();
        assert_wiped(key, &secret);
    }

    #[test]
    fn ssv_is_wiped() {
        let ssv = SharedSecretValue::from_bytes(&std::array::from_fn(|i| 0x31 + i as u8));
        let secret = ssv.expose().to_vec();
        assert_wiped(ssv, &secret);
    }
}
