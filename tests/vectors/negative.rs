//! The verification and key vectors: what is refused, and at which stage.

#![cfg(feature = "eccsi")]

use crate::model::{hex, unhex};
use crate::prepared::{key_forms, kpak_forms};
use crate::rng::Stuck;
use crate::vectors;
use crate::vectors::{KeyCase, Kind, Outcome, Stage, VerifyCase};
use eccsi_sakke::eccsi::{
    IssuedKey, KmsPublicKey, KmsSecretKey, PublicValidationToken, Signature, VerifyingKey,
};
use eccsi_sakke::error::Problem;
use eccsi_sakke::{DecodeError, Error, Identity};

#[test]
fn verification_accepts_and_refuses_each_vector_at_the_stated_stage() {
    let file = vectors::load::<VerifyCase>("eccsi_verify.json");
    let mut run = 0;
    for case in &file.tests {
        verification(case);
        run += 1;
    }
    assert_eq!(run, file.number_of_tests);
}

fn verification(case: &VerifyCase) {
    let name = format!("{}: {}", case.tc_id, case.comment);
    let (id, message, octets) = (case.id.to_vec(), case.msg.to_vec(), unhex(&case.sig));
    let id = Identity::new(&id);
    let signature = match Signature::from_slice(&octets) {
        Ok(signature) => signature,
        Err(_) => return assert_eq!(case.stage, Some(Stage::Decode), "{name}"),
    };
    assert_ne!(case.stage, Some(Stage::Decode), "{name}: must not decode");
    assert_eq!(hex(signature.to_bytes()), case.sig, "{name}: encodes as before");
    let expected = match (case.result, case.stage) {
        (Outcome::Valid, None) => Ok(()),
        (Outcome::Invalid, Some(Stage::Verify)) => Err(Error::InvalidSignature),
        other => panic!("{name}: {other:?}"),
    };
    let plain = KmsPublicKey::from_slice(&unhex(&case.kpak)).expect("KPAK");
    for (kind, kpak) in kpak_forms(plain) {
        assert_eq!(kpak.verify(id, &message, &signature), expected, "{name}: {kind}");
        let key = VerifyingKey::new(&kpak, id, signature.pvt()).expect("Y is a point");
        for (key_kind, found) in key_forms(key, |key| key.verify(&message, &signature)) {
            assert_eq!(found, expected, "{name}: {key_kind}, {kind}");
        }
    }
}

/// A `VerifyingKey` belongs to one PVT: a signature that carries another one is refused, though it
/// may verify under KPAK and the identity.
#[test]
fn a_verifying_key_refuses_the_signature_of_another_pvt() {
    let kms = KmsSecretKey::from_bytes(&[7; 32]).expect("KSAK");
    let (kpak, id) = (kms.public_key(), Identity::new(b"one identity"));
    let [one, two] = [1, 2]
        .map(|octet| kms.issue(id, &mut Stuck(octet)).expect("issued").validate(&kpak, id).expect("valid"));
    let of_two = two.sign(b"message", &mut Stuck(3)).expect("signed");
    assert_eq!(kpak.verify(id, b"message", &of_two), Ok(()));
    // r and s are right for `one`; only the octets of PVT are those of `two`
    let of_one = one.sign(b"message", &mut Stuck(3)).expect("signed").to_bytes();
    let exchanged = [&of_one[..64], &two.pvt().to_bytes()].concat();
    let exchanged = Signature::from_slice(&exchanged).expect("well formed");
    for signature in [of_two, exchanged] {
        let key = VerifyingKey::new(&kpak, id, one.pvt()).expect("valid");
        for (kind, found) in key_forms(key, |key| key.verify(b"message", &signature)) {
            assert_eq!(found, Err(Error::InvalidSignature), "{kind}");
        }
    }
}

#[test]
fn keys_are_accepted_and_refused_as_each_vector_states() {
    let file = vectors::load::<KeyCase>("eccsi_keys.json");
    let mut run = 0;
    for case in &file.tests {
        key(case);
        run += 1;
    }
    assert_eq!(run, file.number_of_tests);
}

fn key(case: &KeyCase) {
    let name = format!("{}: {}", case.tc_id, case.comment);
    let octets = |field: &Option<String>| unhex(field.as_ref().expect(&name));
    let refused: Option<DecodeError> = match case.kind {
        Kind::Kpak => match KmsPublicKey::from_slice(&octets(&case.kpak)) {
            Ok(kpak) => {
                assert_eq!(hex(kpak.to_bytes()), *case.kpak.as_ref().expect("kpak"), "{name}");
                None
            }
            Err(error) => Some(error),
        },
        Kind::Pvt => match PublicValidationToken::from_slice(&octets(&case.pvt)) {
            Ok(pvt) => {
                assert_eq!(hex(pvt.to_bytes()), *case.pvt.as_ref().expect("pvt"), "{name}");
                let again = PublicValidationToken::from_compressed(&pvt.to_compressed());
                assert_eq!(again, Ok(pvt), "{name}: through the compressed form");
                None
            }
            Err(error) => Some(error),
        },
        Kind::PvtCompressed => match <[u8; 33]>::try_from(octets(&case.pvt)) {
            Ok(octets) => match PublicValidationToken::from_compressed(&octets) {
                Ok(pvt) => {
                    assert_eq!(Some(hex(pvt.to_bytes())), case.point, "{name}");
                    assert_eq!(pvt.to_compressed(), octets, "{name}");
                    None
                }
                Err(error) => Some(error),
            },
            Err(_) => return refused_by_the_type(case),
        },
        Kind::Ksak => match <[u8; 32]>::try_from(octets(&case.ksak)) {
            Ok(octets) => match KmsSecretKey::from_bytes(&octets) {
                Ok(ksak) => {
                    assert_eq!(*ksak.expose(), octets, "{name}");
                    assert_eq!(Some(hex(ksak.public_key().to_bytes())), case.kpak, "{name}");
                    None
                }
                Err(error) => Some(error),
            },
            Err(_) => return refused_by_the_type(case),
        },
        Kind::Ssk => match <[u8; 32]>::try_from(octets(&case.ssk)) {
            Ok(octets) => match IssuedKey::from_parts(&octets, &pvt(case)) {
                Ok(issued) => {
                    assert_eq!(*issued.expose(), octets, "{name}");
                    None
                }
                Err(error) => Some(error),
            },
            Err(_) => return refused_by_the_type(case),
        },
        Kind::Issued => return issued(case, &name),
    };
    match refused {
        None => assert_eq!((case.result, case.stage), (Outcome::Valid, None), "{name}"),
        Some(error) => {
            assert_eq!((case.result, case.stage), (Outcome::Invalid, Some(Stage::Decode)), "{name}");
            let flag = match error.problem {
                Problem::Length { .. } => "Length",
                Problem::PointForm { .. } => "PointForm",
                Problem::NotReduced => "NotReduced",
                Problem::NotOnCurve => "NotOnCurve",
                Problem::OutOfRange => "OutOfRange",
                other => panic!("{name}: {other:?}"),
            };
            assert!(case.flags.iter().any(|known| known == flag), "{name}: {error}");
        }
    }
}

/// The library takes an array of the right length, so that a wrong one cannot be expressed.
fn refused_by_the_type(case: &KeyCase) {
    assert_eq!((case.result, case.stage), (Outcome::Invalid, Some(Stage::Decode)));
    assert!(case.flags.iter().any(|flag| flag == "Length"));
}

fn pvt(case: &KeyCase) -> PublicValidationToken {
    PublicValidationToken::from_slice(&unhex(case.pvt.as_ref().expect("pvt"))).expect("PVT")
}

fn issued(case: &KeyCase, name: &str) {
    let kpak = KmsPublicKey::from_slice(&unhex(case.kpak.as_ref().expect("kpak"))).expect("KPAK");
    let ssk: [u8; 32] = unhex(case.ssk.as_ref().expect("ssk")).try_into().expect("32 octets");
    let id = case.id.as_ref().expect("id").to_vec();
    for (_, kpak) in kpak_forms(kpak) {
        let issued = IssuedKey::from_parts(&ssk, &pvt(case)).expect("SSK");
        match issued.validate(&kpak, Identity::new(&id)) {
            Ok(key) => {
                assert_eq!((case.result, case.stage), (Outcome::Valid, None), "{name}");
                assert_eq!(Some(hex(key.verifying_key().hs())), case.hs, "{name}");
                assert_eq!(*key.expose(), ssk, "{name}");
            }
            Err(error) => {
                assert_eq!((case.result, case.stage), (Outcome::Invalid, Some(Stage::Verify)), "{name}");
                assert_eq!(error, Error::InvalidKey, "{name}");
            }
        }
    }
}
