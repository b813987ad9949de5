//! Batches give what single operations give, on every backend, whatever their size, whatever bad
//! entries they have and in which places.
#![cfg(all(feature = "eccsi", feature = "getrandom"))]

use crate::prepared;
use crate::rng::Given;
use crate::rng::Stuck;
use eccsi_sakke::eccsi::{IssuedKey, KmsPublicKey, KmsSecretKey, Signature, SigningKey, VerifyingKey};
use eccsi_sakke::{BatchError, Error, Identity, SysRng};

/// Runs `check` on each backend that this CPU has; without the feature `__backends` on the one
/// that the library chooses.
fn on_each(mut check: impl FnMut(&str)) {
    #[cfg(feature = "__backends")]
    for name in eccsi_sakke::__backends::Name::ALL {
        if eccsi_sakke::__backends::with(*name, || check(name.as_str())).is_none() {
            crate::not_run::not_run(name.as_str());
        }
    }
    #[cfg(not(feature = "__backends"))]
    check("selected");
}

const SIZES: [usize; 10] = [0, 1, 2, 7, 8, 9, 16, 17, 64, 65];

fn kms() -> KmsSecretKey {
    KmsSecretKey::from_bytes(&[0x42; 32]).unwrap()
}

struct Signed {
    id: Vec<u8>,
    message: Vec<u8>,
    signature: Signature,
}

/// Signatures of several signers, some of whom sign more than once.
fn signed(kms: &KmsSecretKey, count: usize) -> Vec<Signed> {
    let kpak = kms.public_key();
    let keys: Vec<(Vec<u8>, SigningKey)> = (0..count.div_ceil(2))
        .map(|i| {
            let name = format!("signer {}", i % 7).into_bytes();
            let id = Identity::new(&name);
            let key = kms.issue(id, &mut SysRng).unwrap().validate(&kpak, id).unwrap();
            (name, key)
        })
        .collect();
    (0..count)
        .map(|i| {
            let (id, key) = &keys[i / 2];
            let message = vec![i as u8; i];
            Signed { id: id.clone(), signature: key.sign(&message, &mut SysRng).unwrap(), message }
        })
        .collect()
}

impl Signed {
    fn request(&self) -> (Identity<'_>, &[u8], &Signature) {
        (Identity::new(&self.id), &self.message, &self.signature)
    }

    /// The kinds of bad entries: each is refused by a single verification.
    fn spoil(&mut self, kind: usize) {
        let mut octets = self.signature.to_bytes();
        match kind % 6 {
            0 => self.message.push(0),
            1 => self.id.push(b'!'),
            2 => octets[..32].copy_from_slice(&[0x17; 32]),
            3 => octets[63] ^= 1,
            // r = q, which is 0 modulo q
            4 => octets[..32]
                .copy_from_slice(&hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")),
            // PVT = G
            _ => octets[64..].copy_from_slice(&hex(concat!(
                "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
                "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
            ))),
        }
        self.signature = Signature::from_bytes(&octets).unwrap();
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..][..2], 16).unwrap()).collect()
}

fn check_verify(name: &str, kpak: &KmsPublicKey, all: &[Signed], bad: &[usize]) {
    let requests: Vec<_> = all.iter().map(Signed::request).collect();
    for (form, kpak) in prepared::kpak_forms(kpak.clone()) {
        let found = kpak.verify_many(&requests);
        assert_eq!(found.len(), all.len(), "{name}");
        for (i, (found, (id, message, signature))) in found.iter().zip(&requests).enumerate() {
            let expected = if bad.contains(&i) { Err(Error::InvalidSignature) } else { Ok(()) };
            assert_eq!(*found, expected, "{name}, {form}: {i} of {}", all.len());
            assert_eq!(*found, kpak.verify(*id, message, signature), "{name}, {form}: {i} one by one");
        }
    }
}

#[test]
fn verify_many_accepts_what_verify_accepts() {
    let (kms, kpak) = (kms(), kms().public_key());
    on_each(|name| {
        for size in SIZES {
            check_verify(name, &kpak, &signed(&kms, size), &[]);
        }
    });
}

#[test]
fn verify_many_names_a_bad_signature_in_any_place() {
    let (kms, kpak) = (kms(), kms().public_key());
    on_each(|name| {
        for place in 0..17 {
            for kind in [place, place + 1] {
                let mut all = signed(&kms, 17);
                all[place].spoil(kind);
                check_verify(name, &kpak, &all, &[place]);
            }
        }
        let mut all = signed(&kms, 66);
        let bad = [0, 7, 8, 15, 16, 63, 64, 65];
        for (kind, place) in bad.into_iter().enumerate() {
            all[place].spoil(kind);
        }
        check_verify(name, &kpak, &all, &bad);
        let mut all = signed(&kms, 9);
        for (kind, signed) in all.iter_mut().enumerate() {
            signed.spoil(kind);
        }
        check_verify(name, &kpak, &all, &[0, 1, 2, 3, 4, 5, 6, 7, 8]);
    });
}

#[test]
fn verify_many_takes_the_same_signature_many_times() {
    let (kms, kpak) = (kms(), kms().public_key());
    let one = signed(&kms, 1).remove(0);
    let mut bad = signed(&kms, 1).remove(0);
    bad.spoil(0);
    on_each(|name| {
        let requests: Vec<_> = (0..40).map(|i| if i == 21 { bad.request() } else { one.request() }).collect();
        let found = kpak.verify_many(&requests);
        let refused: Vec<_> = (0..40).filter(|i| found[*i].is_err()).collect();
        assert_eq!(refused, [21], "{name}");
    });
}

#[test]
fn verifying_keys_verify_many() {
    let kms = [kms(), KmsSecretKey::from_bytes(&[0x43; 32]).unwrap()];
    on_each(|name| {
        for size in SIZES {
            let mut all: Vec<_> = kms.iter().flat_map(|kms| signed(kms, size.div_ceil(2))).collect();
            let kpak_of = |i: usize| kms[i / size.div_ceil(2)].public_key();
            let bare: Vec<_> = all
                .iter()
                .enumerate()
                .map(|(i, signed)| {
                    VerifyingKey::new(&kpak_of(i), Identity::new(&signed.id), signed.signature.pvt()).unwrap()
                })
                .collect();
            for bad in [None, (size > 0).then_some(size / 2)] {
                if let Some(bad) = bad {
                    all[bad].spoil(bad);
                }
                for mixed in [false, true] {
                    #[cfg(feature = "tables")]
                    let keys: Vec<_> = (bare.iter().cloned().enumerate())
                        .map(|(i, key)| if mixed && i % 3 == 0 { key } else { key.prepared() })
                        .collect();
                    #[cfg(not(feature = "tables"))]
                    let keys = if mixed { bare.clone() } else { Vec::from_iter(bare.iter().cloned()) };
                    for keys in [&keys, &bare] {
                        let requests: Vec<_> = (keys.iter().zip(&all))
                            .map(|(key, signed)| (key, &signed.message[..], &signed.signature))
                            .collect();
                        let found = VerifyingKey::verify_many(&requests);
                        assert_eq!(found.len(), all.len());
                        for (i, (key, message, signature)) in requests.iter().enumerate() {
                            assert_eq!(found[i], key.verify(message, signature), "{name}: {i} of {size}");
                            // A key does not know its identity: another ID in the request changes nothing.
                            let id_only = bad == Some(i) && i % 6 == 1;
                            assert_eq!(found[i].is_err(), bad == Some(i) && !id_only, "{name}: {i}");
                        }
                    }
                }
            }
        }
    });
}

#[test]
fn sign_many_gives_the_signatures_of_sign() {
    let (kms, kpak, id) = (kms(), kms().public_key(), Identity::new(b"signs often"));
    let octets: Vec<u8> = (0..65 * 32u32).map(|i| ((i * i) >> 3) as u8).collect();
    on_each(|name| {
        let key = kms.issue(id, &mut SysRng).unwrap().validate(&kpak, id).unwrap();
        for size in SIZES {
            let messages: Vec<_> = (0..size).map(|i| vec![i as u8; i * 3]).collect();
            let messages: Vec<_> = messages.iter().map(|message| &message[..]).collect();
            let mut rng = Given::new(&octets[..32 * size]);
            let many = key.sign_many(&messages, &mut rng).unwrap();
            assert_eq!(rng.left(), 0, "{name}");
            let mut rng = Given::new(&octets[..32 * size]);
            let single: Vec<_> =
                messages.iter().map(|message| key.sign(message, &mut rng).unwrap()).collect();
            assert_eq!(many, single, "{name}, {size}");
            for (message, signature) in messages.iter().zip(&many) {
                assert_eq!(kpak.verify(id, message, signature), Ok(()), "{name}");
            }
            if size > 0 {
                let mut short = Given::new(&octets[..32 * size - 1]);
                assert_eq!(key.sign_many(&messages, &mut short).unwrap_err(), Error::Rng, "{name}");
            }
        }
    });
}

#[test]
fn issue_many_gives_the_keys_of_issue() {
    let kms = kms();
    let octets: Vec<u8> = (0..300 * 32u32).map(|i| ((i * i) >> 4) as u8).collect();
    on_each(|name| {
        for size in SIZES.into_iter().chain([257, 300]) {
            let names: Vec<_> = (0..size).map(|i| format!("{}", i % 60)).collect();
            let ids: Vec<_> = names.iter().map(|name| Identity::new(name.as_bytes())).collect();
            let many = kms.issue_many(&ids, &mut Given::new(&octets[..32 * size])).unwrap();
            let mut rng = Given::new(&octets[..32 * size]);
            assert_eq!(many.len(), size, "{name}");
            for (id, many) in ids.iter().zip(many) {
                let single = kms.issue(*id, &mut rng).unwrap();
                assert_eq!(many.expose(), single.expose(), "{name}, {size}");
                assert_eq!(many.pvt(), single.pvt(), "{name}, {size}");
            }
            if size > 0 {
                let mut short = Given::new(&octets[..32 * size - 1]);
                assert_eq!(kms.issue_many(&ids, &mut short).unwrap_err(), Error::Rng, "{name}");
            }
        }
    });
}

/// Keys with their identities; several for one identity, and one of them twice.
fn issued(kms: &KmsSecretKey, count: usize) -> Vec<(Vec<u8>, IssuedKey)> {
    let mut keys: Vec<_> = (0..count)
        .map(|i| {
            let name = format!("{}", i / 3).into_bytes();
            let key = kms.issue(Identity::new(&name), &mut SysRng).unwrap();
            (name, key)
        })
        .collect();
    if count > 1 {
        let (name, key) = &keys[0];
        keys[count - 1] = (name.clone(), IssuedKey::from_parts(&key.expose(), key.pvt()).unwrap());
    }
    keys
}

/// SSK + add modulo 2²⁵⁶, which stays below q but for a chance of 2⁻³².
fn shifted(key: &IssuedKey, add: i64) -> IssuedKey {
    let mut ssk = *key.expose();
    let mut carry = i128::from(add);
    for octet in ssk.iter_mut().rev() {
        carry += i128::from(*octet);
        *octet = carry as u8;
        carry >>= 8;
    }
    IssuedKey::from_parts(&ssk, key.pvt()).unwrap()
}

/// Compares with `validate`; gives the places of the keys that were refused.
fn refused(name: &str, keys: &[(Vec<u8>, IssuedKey)], kpak: &KmsPublicKey) -> Vec<usize> {
    let requests: Vec<_> = keys.iter().map(|(id, key)| (Identity::new(id), key)).collect();
    let found = IssuedKey::validate_many(&requests, kpak, &mut SysRng).unwrap();
    assert_eq!(found.len(), keys.len(), "{name}");
    let mut refused = Vec::new();
    for (i, (found, (id, key))) in found.into_iter().zip(requests).enumerate() {
        let single = IssuedKey::from_parts(&key.expose(), key.pvt()).unwrap().validate(kpak, id);
        match (found, single) {
            (Ok(found), Ok(single)) => {
                assert_eq!(found.expose(), single.expose(), "{name}: {i}");
                assert_eq!(found.verifying_key(), single.verifying_key(), "{name}: {i}");
                assert_eq!((found.kms_public_key(), found.is_for(id)), (kpak, true), "{name}: {i}");
                if i == 0 {
                    let signature = found.sign(b"works", &mut SysRng).unwrap();
                    assert_eq!(kpak.verify(id, b"works", &signature), Ok(()), "{name}");
                }
            }
            (Err(BatchError { index, error: Error::InvalidKey }), Err(Error::InvalidKey)) => {
                assert_eq!(index, i, "{name}");
                refused.push(i);
            }
            (found, single) => panic!("{name}: {i}: {found:?} in a batch, {single:?} by itself"),
        }
    }
    refused
}

#[test]
fn validate_many_takes_what_validate_takes() {
    let (kms, kpak) = (kms(), kms().public_key());
    on_each(|name| {
        for size in SIZES.into_iter().chain([127, 128, 130]) {
            assert_eq!(refused(name, &issued(&kms, size), &kpak), [0usize; 0], "{name}, {size}");
        }
    });
}

#[test]
fn validate_many_names_the_bad_keys() {
    let (kms, kpak) = (kms(), kms().public_key());
    let other = KmsSecretKey::from_bytes(&[0x43; 32]).unwrap();
    on_each(|name| {
        for place in 0..20 {
            let mut keys = issued(&kms, 20);
            match place % 4 {
                0 => keys[place].1 = shifted(&keys[place].1, 1),
                1 => keys[place].0.push(b'!'),
                2 => keys[place].1 = other.issue(Identity::new(&keys[place].0), &mut SysRng).unwrap(),
                // PVT of another key of this identity
                _ => {
                    let pvt = *kms.issue(Identity::new(&keys[place].0), &mut SysRng).unwrap().pvt();
                    keys[place].1 = IssuedKey::from_parts(&keys[place].1.expose(), &pvt).unwrap();
                }
            }
            assert_eq!(refused(name, &keys, &kpak), [place], "{name}");
        }
        let mut keys = issued(&kms, 70);
        let bad = [0, 1, 7, 8, 31, 32, 33, 63, 64, 69];
        for place in bad {
            keys[place].1 = shifted(&keys[place].1, 1 + place as i64);
        }
        assert_eq!(refused(name, &keys, &kpak), bad, "{name}");
        let all: Vec<_> = (0..33).collect();
        assert_eq!(refused(name, &issued(&other, 33), &kpak), all, "{name}");
    });
}

/// What a sum without random factors would let pass.
#[test]
fn validate_many_is_not_deceived_by_errors_that_cancel_out() {
    let (kms, kpak) = (kms(), kms().public_key());
    on_each(|name| {
        let mut keys = issued(&kms, 24);
        for (place, add) in [(2, 5), (3, -5), (9, 7), (17, -3), (22, -4)] {
            keys[place].1 = shifted(&keys[place].1, add);
        }
        assert_eq!(refused(name, &keys, &kpak), [2, 3, 9, 17, 22], "{name}");
    });
}

/// Equal factors let errors pass that cancel out: with a generator that is stuck, and with one whose octets repeat, they
/// must not be equal.
#[test]
fn validate_many_does_not_trust_a_stuck_generator() {
    let (kms, kpak) = (kms(), kms().public_key());
    on_each(|name| {
        for size in [4, 24, 130] {
            for octet in [0, 1, 0xff] {
                let mut keys = issued(&kms, size);
                keys[0].1 = shifted(&keys[0].1, 1);
                keys[1].1 = shifted(&keys[1].1, -1);
                let requests: Vec<_> = keys.iter().map(|(id, key)| (Identity::new(id), key)).collect();
                let found = IssuedKey::validate_many(&requests, &kpak, &mut Stuck(octet)).unwrap();
                let refused: Vec<_> = (0..size).filter(|i| found[*i].is_err()).collect();
                assert_eq!(refused, [0, 1], "{name}, {size}, {octet}");
            }
        }
    });
}

#[test]
fn validate_many_needs_its_generator() {
    let keys = issued(&kms(), 5);
    let requests: Vec<_> = keys.iter().map(|(id, key)| (Identity::new(id), key)).collect();
    let kpak = kms().public_key();
    let found = IssuedKey::validate_many(&requests, &kpak, &mut Given::new(&[1; 31]));
    assert_eq!(found.unwrap_err(), Error::Rng);
    let mut rng = Given::new(&[1; 32]);
    assert!(IssuedKey::validate_many(&requests, &kpak, &mut rng).unwrap().iter().all(Result::is_ok));
    assert_eq!(rng.left(), 0);
}
