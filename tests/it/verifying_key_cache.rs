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

#[test]
fn it_never_holds_more_than_it_has_room_for() {
    for room in [0, 1, 3, 20] {
        let cache = VerifyingKeyCache::new(kms().public_key(), room);
        for i in 0..25u8 {
            let key = key(&[i]);
            for _ in 0..PAYS {
                assert_eq!(cache.verify(Identity::new(&[i]), b"m", &sign(&key, b"m")), Ok(()));
            }
            assert_eq!(cache.get(Identity::new(&[i]), key.pvt()).is_some(), room > 0, "the last one is here");
            assert!(cache.len() <= room);
        }
    }
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
