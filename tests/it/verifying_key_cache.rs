//! The shared cache of verifying keys: same answers, bounded, filled by good signatures only.
#![cfg(all(feature = "std", feature = "tables", feature = "eccsi", feature = "getrandom"))]

use eccsi_sakke::eccsi::{KmsSecretKey, Signature, SigningKey, VerifyingKeyCache};
use eccsi_sakke::{Error, Identity, SysRng};

fn kms() -> KmsSecretKey {
    KmsSecretKey::from_bytes(&[0x42; 32]).unwrap()
}

fn key(name: &[u8]) -> SigningKey {
    let id = Identity::new(name);
    kms().issue(id, &mut SysRng).unwrap().validate(&kms().public_key(), id).unwrap()
}

fn sign(key: &SigningKey, message: &[u8]) -> Signature {
    key.sign(message, &mut SysRng).unwrap()
}

const PAYS: usize = VerifyingKeyCache::PAYS as usize;

#[test]
fn a_signer_who_comes_back_gets_a_table() {
    let (cache, id, key) = (VerifyingKeyCache::new(kms().public_key(), 5), Identity::new(b"a"), key(b"a"));
    assert!(cache.is_empty());
    assert_eq!(cache.capacity(), 5);
    for i in 1..PAYS + 3 {
        assert_eq!(cache.verify(id, b"m", &sign(&key, b"m")), Ok(()));
        assert_eq!(cache.get(id, key.pvt()).is_some(), i >= PAYS, "{i}");
        assert_eq!(cache.len(), usize::from(i >= PAYS));
    }
    assert_eq!(cache.get(id, key.pvt()).as_ref(), Some(key.verifying_key()));
    assert!(cache.get(Identity::new(b"b"), key.pvt()).is_none());
    // With its table it refuses what it refused without.
    assert_eq!(cache.verify(id, b"n", &sign(&key, b"m")), Err(Error::InvalidSignature));
    assert_eq!(cache.verify(Identity::new(b"b"), b"m", &sign(&key, b"m")), Err(Error::InvalidSignature));
}

#[test]
fn bad_signatures_put_nothing_in_and_nothing_out() {
    let cache = VerifyingKeyCache::new(kms().public_key(), 1);
    let (id, known) = (Identity::new(b"known"), key(b"known"));
    for _ in 0..PAYS {
        cache.verify(id, b"m", &sign(&known, b"m")).unwrap();
    }
    // Keys of another KMS, and signatures of other messages
    let other = KmsSecretKey::from_bytes(&[0x43; 32]).unwrap();
    for i in 0..40u8 {
        let name = [i % 3];
        let id = Identity::new(&name);
        let forged = other.issue(id, &mut SysRng).unwrap().validate(&other.public_key(), id).unwrap();
        assert_eq!(cache.verify(id, b"m", &sign(&forged, b"m")), Err(Error::InvalidSignature));
        assert_eq!(cache.verify(id, b"m", &sign(&known, b"m")), Err(Error::InvalidSignature));
    }
    assert_eq!(cache.len(), 1);
    assert!(cache.get(id, known.pvt()).is_some());
}

/// Signers, each with a signature of `m`.
fn signers(from: u8, count: u8) -> Vec<([u8; 1], SigningKey, Signature)> {
    let signer = |i| {
        let key = key(&[i]);
        let signature = sign(&key, b"m");
        ([i], key, signature)
    };
    (from..from + count).map(signer).collect()
}

fn present(cache: &VerifyingKeyCache, signers: &[([u8; 1], SigningKey, Signature)]) -> Vec<bool> {
    signers.iter().map(|(id, key, _)| cache.get(Identity::new(id), key.pvt()).is_some()).collect()
}

#[test]
fn it_holds_as_many_as_it_has_room_for_and_never_more() {
    let signers = signers(0, 50);
    for room in [0, 1, 3, 20, 49, 50, 60] {
        let cache = VerifyingKeyCache::new(kms().public_key(), room);
        for (id, _, signature) in &signers {
            for _ in 0..PAYS {
                assert_eq!(cache.verify(Identity::new(id), b"m", signature), Ok(()));
            }
            assert!(cache.len() <= room);
        }
        assert_eq!((cache.len(), cache.capacity()), (room.min(50), room));
    }
    assert_eq!(VerifyingKeyCache::new(kms().public_key(), usize::MAX).capacity(), usize::MAX);
}

#[test]
fn signers_that_are_equally_active_do_not_push_one_another_out() {
    let signers = signers(0, 24);
    let cache = VerifyingKeyCache::new(kms().public_key(), 8);
    let round = || {
        for (id, _, signature) in &signers {
            assert_eq!(cache.verify(Identity::new(id), b"m", signature), Ok(()));
        }
    };
    (0..PAYS).for_each(|_| round());
    let first = present(&cache, &signers);
    assert_eq!(first.iter().filter(|present| **present).count(), 8);
    for i in 0..80 {
        round();
        assert!(present(&cache, &signers) == first, "round {i}");
    }
}

#[test]
fn who_is_much_more_active_takes_the_room_of_those_who_are_quiet() {
    let (old, new) = (signers(0, 8), signers(100, 8));
    let cache = VerifyingKeyCache::new(kms().public_key(), 8);
    let rounds = |signers: &[([u8; 1], SigningKey, Signature)], count| {
        for _ in 0..count {
            for (id, _, signature) in signers {
                assert_eq!(cache.verify(Identity::new(id), b"m", signature), Ok(()));
            }
        }
    };
    rounds(&old, 40);
    assert_eq!(present(&cache, &old), [true; 8]);
    rounds(&new, PAYS);
    assert_eq!(present(&cache, &old), [true; 8], "not for a few signatures");
    rounds(&new, 400);
    assert_eq!((present(&cache, &new), cache.len()), (vec![true; 8], 8));
    assert_eq!(present(&cache, &old), [false; 8]);
}

#[test]
fn batches_give_what_single_calls_give_and_count_as_such() {
    let signers = signers(0, 6);
    let cache = VerifyingKeyCache::new(kms().public_key().prepared(), 4);
    let mut tables = 0;
    for round in 0..8 {
        // Each in its turn has a wrong message, of a known key and of a new one.
        let batch: Vec<_> = (0..30)
            .map(|i| {
                let (id, _, signature) = &signers[i % 6];
                let message = if i == 7 * round % 30 { &b"n"[..] } else { b"m" };
                (Identity::new(id), message, signature)
            })
            .collect();
        let outcomes = cache.verify_many(&batch);
        let single: Vec<_> = batch
            .iter()
            .map(|(id, message, signature)| kms().public_key().verify(*id, message, signature))
            .collect();
        assert_eq!(outcomes, single, "{round}");
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_err()).count(), 1);
        assert!(cache.len() >= tables);
        tables = cache.len();
    }
    assert_eq!(tables, 4, "five signatures for each in one batch, so that they had six in the second");
    assert!(cache.verify_many(&[]).is_empty());
    // Bad ones count for nothing.
    let cache = VerifyingKeyCache::new(kms().public_key(), 4);
    let bad: Vec<_> =
        signers.iter().map(|(id, _, signature)| (Identity::new(id), &b"n"[..], signature)).collect();
    for _ in 0..PAYS {
        assert!(cache.verify_many(&bad).iter().all(|outcome| *outcome == Err(Error::InvalidSignature)));
    }
    assert!(cache.is_empty());
}

#[test]
fn threads_share_it() {
    let cache = VerifyingKeyCache::new(kms().public_key().prepared(), 8);
    let keys: Vec<_> = (0..6u8).map(|i| ([i], key(&[i]))).collect();
    let signed: Vec<_> = keys.iter().map(|(id, key)| (id, sign(key, b"m"))).collect();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (cache, signed) = (&cache, &signed);
            scope.spawn(move || {
                for i in 0..60 {
                    let (id, signature) = &signed[(i * (thread + 1)) % 6];
                    let expected = if i % 7 == 3 { Err(Error::InvalidSignature) } else { Ok(()) };
                    let message: &[u8] = if expected.is_ok() { b"m" } else { b"other" };
                    assert_eq!(cache.verify(Identity::new(*id), message, signature), expected);
                }
            });
        }
    });
    // All six came often enough, whoever counted.
    for (id, key) in &keys {
        assert_eq!(cache.get(Identity::new(id), key.pvt()).as_ref(), Some(key.verifying_key()));
    }
}

/// As its documentation says: what is verified again counts again, whoever sends it.
#[test]
fn a_signature_that_is_sent_again_counts_again_for_its_signer_and_nobody_else() {
    let cache = VerifyingKeyCache::new(kms().public_key(), 5);
    let (id, key) = (Identity::new(b"a"), key(b"a"));
    let signature = sign(&key, b"m");
    for i in 1..=PAYS {
        assert_eq!(cache.verify(Identity::new(b"b"), b"m", &signature), Err(Error::InvalidSignature));
        assert_eq!(cache.verify(id, b"m", &signature), Ok(()));
        assert_eq!(cache.len(), usize::from(i == PAYS));
    }
    assert!(cache.get(id, key.pvt()).is_some() && cache.get(Identity::new(b"b"), key.pvt()).is_none());
}
