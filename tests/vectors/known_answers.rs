//! Issuing and signing against stored answers, and against the model on random inputs.

#![cfg(all(feature = "eccsi", feature = "hazmat"))]

use crate::model::p256::{Q, to_octets};
use crate::model::{Stream, concat, eccsi, hex, unhex};
use crate::prepared;
use crate::rng::{Given, Stuck};
use crate::vectors;
use crate::vectors::{IssueSignCase, SaefCase, SaefParty};
use eccsi_sakke::eccsi::{
    IssuedKey, KmsPublicKey, KmsSecretKey, PublicValidationToken, Signature, SigningKey, VerifyingKey, hazmat,
};
use eccsi_sakke::error::{DecodeError, Part, Problem};
use eccsi_sakke::{Error, Identity};
use num_bigint::BigUint;

fn array<const N: usize>(text: &str) -> [u8; N] {
    unhex(text).try_into().expect("length")
}

/// What `TEST_BACKEND` names must be there, or nothing that looks like a test has run.
#[cfg(all(feature = "__backends", target_os = "linux"))]
#[test]
fn a_backend_that_nobody_knows_fails() {
    let runs = |backend: &str| {
        let program = std::env::current_exe().expect("path of this program");
        let output = std::process::Command::new(program).arg("--list").env("TEST_BACKEND", backend).output();
        output.expect("starts").status.success()
    };
    assert!(runs("portable"));
    assert!(!runs("portabel") && !runs(""));
}

#[test]
fn issuing_and_signing_give_every_value_of_each_vector() {
    let file = vectors::load::<IssueSignCase>("eccsi_issue_sign.json");
    let mut run = 0;
    for case in &file.tests {
        known_answer(case);
        run += 1;
    }
    assert_eq!(run, file.number_of_tests);
}

fn known_answer(case: &IssueSignCase) {
    let name = format!("{}: {}", case.tc_id, case.comment);
    let (id, message) = (case.id.to_vec(), case.msg.to_vec());
    let id = Identity::new(&id);
    let kms = KmsSecretKey::from_bytes(&array(&case.ksak)).expect("KSAK");
    let kpak = kms.public_key();
    assert_eq!(hex(kpak.to_bytes()), case.kpak, "{name}");

    let mut issued = vec![hazmat::issue_with_nonce(&kms, id, &array(&case.v)).expect("usable v")];
    if let Some(fresh) = &case.issue_fresh {
        let mut rng = Given::new(&unhex(fresh));
        issued.push(kms.issue(id, &mut rng).expect("issued"));
        assert_eq!(rng.left(), 0, "{name}: 32 octets were drawn");
        let mut rng = Given::new(&unhex(fresh));
        issued.extend(kms.issue_many(&[id], &mut rng).expect("issued"));
    }
    for issued in issued {
        assert_eq!(hex(issued.pvt().to_bytes()), case.pvt, "{name}");
        assert_eq!(hex(*issued.expose()), case.ssk, "{name}");
        assert_eq!(hex(hazmat::hs(&kpak, id, issued.pvt())), case.hs, "{name}");
        let key = issued.validate(&kpak, id).expect("valid");
        sign(case, &name, &key, &message);
    }
}

fn sign(case: &IssueSignCase, name: &str, key: &SigningKey, message: &[u8]) {
    let mut signatures = vec![hazmat::sign_with_nonce(key, message, &array(&case.j)).expect("usable j")];
    if let Some(fresh) = &case.sign_fresh {
        let mut rng = Given::new(&unhex(fresh));
        signatures.push(key.sign(message, &mut rng).expect("signed"));
        assert_eq!(rng.left(), 0, "{name}: 32 octets were drawn");
        let mut rng = Given::new(&unhex(fresh));
        signatures.push(key.sign_checked(message, &mut rng).expect("signed"));
        assert_eq!(rng.left(), 0, "{name}: 32 octets were drawn");
    }
    for signature in signatures {
        assert_eq!(hex(signature.r()), case.r, "{name}");
        assert_eq!(hex(hazmat::he(key.verifying_key().hs(), signature.r(), message)), case.he, "{name}");
        assert_eq!(hex(signature.s()), case.s, "{name}");
        assert_eq!(hex(signature.to_bytes()), case.sig, "{name}");
        assert_eq!(key.verifying_key().verify(message, &signature), Ok(()), "{name}");
    }
}

/// The ECCSI values inside the SAEF vectors; the key derivation has a test of its own.
#[test]
fn credentials_of_the_saef_vectors_are_issued_as_stated() {
    for case in vectors::load::<SaefCase>("saef.json").tests {
        for party in [&case.client, &case.server] {
            credential(party);
        }
    }
}

fn credential(party: &SaefParty) {
    let kms = KmsSecretKey::from_bytes(&array(&party.ksak)).expect("KSAK");
    let (kpak, id) = (kms.public_key(), unhex(&party.id));
    assert_eq!(id, party.id_text.as_bytes());
    assert_eq!(hex(kpak.to_bytes()), party.kpak);
    let issued = hazmat::issue_with_nonce(&kms, Identity::new(&id), &array(&party.v)).expect("usable v");
    assert_eq!(hex(issued.pvt().to_bytes()), party.pvt);
    assert_eq!(hex(*issued.expose()), party.ssk);
    let key = issued.validate(&kpak, Identity::new(&id)).expect("valid");
    assert_eq!(hex(key.verifying_key().hs()), party.hs);
    assert_eq!(hex(key.verifying_key().to_bytes()), party.y);
}

/// Lengths at which something could change: none, one, SHA-256 blocks, the length prefix.
const LENGTHS: [usize; 16] = [0, 1, 2, 26, 31, 32, 33, 55, 56, 63, 64, 65, 127, 128, 206, 1000];

#[test]
fn random_keys_and_signatures_are_those_of_the_model() {
    let mut stream = Stream::new("known_answers: hedged");
    for round in 0..300 {
        let (id, message) = (stream.octets(LENGTHS[round % 16]), stream.octets(LENGTHS[round / 16 % 16]));
        let (ksak, fresh) = (stream.scalar(), [stream.block(), stream.block()]);
        let expected = eccsi::issue_hedged(&ksak, &id, &fresh[0]);
        let signed = eccsi::sign_hedged(&expected, &message, &fresh[1]);

        let kms = KmsSecretKey::from_bytes(&to_octets(&ksak)).expect("KSAK");
        let kpak = kms.public_key();
        let issued = kms.issue(Identity::new(&id), &mut Given::new(&fresh[0])).expect("issued");
        assert_eq!(kpak.to_bytes(), expected.kpak, "KPAK, round {round}");
        assert_eq!(issued.pvt().to_bytes(), expected.pvt, "PVT, round {round}");
        assert_eq!(*issued.expose(), to_octets(&expected.ssk), "SSK, round {round}");
        let key = issued.validate(&kpak, Identity::new(&id)).expect("valid");
        assert_eq!(*key.verifying_key().hs(), expected.hs, "HS, round {round}");
        let signature = key.sign(&message, &mut Given::new(&fresh[1])).expect("signed");
        assert_eq!(hex(signature.to_bytes()), hex(&signed.signature), "signature, round {round}");
        assert_eq!(kpak.verify(Identity::new(&id), &message, &signature), Ok(()), "round {round}");
        let j = hazmat::recover_j(&kpak, Identity::new(&id), &message, &signature);
        assert_eq!(j, Some(signed.j_point.encode()), "J, round {round}");
    }
}

/// Random r and s, so that J is a random point: compares the whole point, not only one bit.
#[test]
fn verification_recovers_the_point_j_of_the_model() {
    let mut stream = Stream::new("known_answers: J");
    for round in 0..100 {
        let (ksak, v) = (stream.scalar(), stream.scalar());
        let (id, message) = (stream.octets(round), stream.octets(round));
        let key = eccsi::issue(&ksak, &id, &v).expect("usable v");
        let octets = concat(&[&to_octets(&stream.scalar()), &to_octets(&stream.scalar()), &key.pvt]);
        let signature = Signature::from_slice(&octets).expect("well formed");
        let expected = eccsi::recover_j(&key.kpak, &id, &message, &octets).expect("well formed");
        for (_, kpak) in prepared::kpak_forms(KmsPublicKey::from_bytes(&key.kpak).expect("KPAK")) {
            let j = hazmat::recover_j(&kpak, Identity::new(&id), &message, &signature);
            assert_eq!(j, Some(expected.encode()), "round {round}");
            let y = VerifyingKey::new(&kpak, Identity::new(&id), signature.pvt()).expect("valid");
            assert_eq!(y.to_bytes(), eccsi::public_key(&key.ssk).encode(), "Y, round {round}");
        }
    }
}

#[test]
fn a_batch_gives_the_keys_of_single_issues_in_order() {
    let mut stream = Stream::new("known_answers: batch");
    let kms = KmsSecretKey::from_bytes(&to_octets(&stream.scalar())).expect("KSAK");
    // 256 share one inversion
    for size in [0, 1, 2, 255, 256, 257, 600] {
        let names: Vec<Vec<u8>> = (0..size).map(|n| format!("user {n}").into_bytes()).collect();
        let ids: Vec<Identity<'_>> = names.iter().map(|name| Identity::new(name)).collect();
        let fresh = stream.octets(32 * size);
        let batch = kms.issue_many(&ids, &mut Given::new(&fresh)).expect("issued");
        assert_eq!(batch.len(), size);
        let mut rng = Given::new(&fresh);
        for (id, issued) in ids.iter().zip(&batch) {
            let single = kms.issue(*id, &mut rng).expect("issued");
            assert_eq!(single.pvt(), issued.pvt(), "{id:?}");
            assert_eq!(*single.expose(), *issued.expose(), "{id:?}");
        }
        let nonces: Vec<[u8; 32]> = (0..size).map(|_| to_octets(&stream.scalar())).collect();
        let requests: Vec<_> = ids.iter().copied().zip(&nonces).collect();
        let batch = hazmat::issue_many_with_nonces(&kms, &requests).expect("usable nonces");
        assert_eq!(batch.len(), size);
        for ((id, v), issued) in requests.iter().zip(&batch) {
            let single = hazmat::issue_with_nonce(&kms, *id, v).expect("usable v");
            assert_eq!(single.pvt(), issued.pvt(), "{id:?}");
            assert_eq!(*single.expose(), *issued.expose(), "{id:?}");
        }
    }
}

#[test]
fn a_batch_with_one_bad_nonce_or_too_few_octets_issues_nothing() {
    let kms = KmsSecretKey::from_bytes(&[7; 32]).expect("KSAK");
    let id = Identity::new(b"id");
    for at in [0, 1, 255, 256, 511, 599] {
        let mut nonces = [[1; 32]; 600];
        nonces[at] = [0; 32];
        let requests: Vec<_> = nonces.iter().map(|v| (id, v)).collect();
        assert_eq!(hazmat::issue_many_with_nonces(&kms, &requests).err(), Some(nonce_out_of_range()), "{at}");
        let fresh = vec![5; 32 * at + 31];
        assert_eq!(kms.issue_many(&[id; 600], &mut Given::new(&fresh)).err(), Some(Error::Rng), "{at}");
    }
}

fn nonce_out_of_range() -> Error {
    Error::Decode(DecodeError { part: Part::Nonce, problem: Problem::OutOfRange })
}

#[test]
fn nonces_out_of_range_are_refused_not_reduced() {
    let kms = KmsSecretKey::from_bytes(&[7; 32]).expect("KSAK");
    let id = Identity::new(b"id");
    let key = hazmat::issue_with_nonce(&kms, id, &[1; 32]).expect("usable v");
    let key = key.validate(&kms.public_key(), id).expect("valid");
    for nonce in [BigUint::ZERO, Q.clone(), &*Q + 1u32, (BigUint::from(1u32) << 256) - 1u32] {
        let nonce = to_octets(&nonce);
        assert_eq!(hazmat::issue_with_nonce(&kms, id, &nonce).err(), Some(nonce_out_of_range()));
        assert_eq!(hazmat::sign_with_nonce(&key, b"", &nonce), Err(nonce_out_of_range()));
        assert_eq!(hazmat::mul_generator(&nonce), Err(nonce_out_of_range()));
    }
}

#[test]
fn a_failing_generator_stops_every_operation() {
    let kms = KmsSecretKey::from_bytes(&[7; 32]).expect("KSAK");
    let id = Identity::new(b"id");
    let key = kms.issue(id, &mut Stuck(1)).expect("issued").validate(&kms.public_key(), id).expect("valid");
    for octet in [0x00, 0xff] {
        assert_eq!(KmsSecretKey::generate(&mut Stuck(octet)).err(), Some(Error::Rng), "never in range");
    }
    for octets in [0, 1, 31] {
        let short = || Given::new(&vec![9; octets]);
        assert_eq!(KmsSecretKey::generate(&mut short()).err(), Some(Error::Rng));
        assert_eq!(kms.issue(id, &mut short()).err(), Some(Error::Rng));
        assert_eq!(key.sign(b"", &mut short()), Err(Error::Rng));
        assert_eq!(key.sign_checked(b"", &mut short()), Err(Error::Rng));
    }
}

#[test]
fn a_generated_ksak_is_in_range_and_never_reduced() {
    // octets of the generator that are no KSAK: zero, then q; then one that is
    let good = to_octets(&(&*Q - 1u32));
    let octets = concat(&[&[0; 32], &to_octets(&Q), &good]);
    let kms = KmsSecretKey::generate(&mut Given::new(&octets)).expect("third candidate");
    assert_eq!(*kms.expose(), good);
}

#[test]
fn a_stuck_generator_repeats_no_nonce_for_another_input() {
    let kms = KmsSecretKey::from_bytes(&[7; 32]).expect("KSAK");
    let kpak = kms.public_key();
    let issue = |id: &[u8]| kms.issue(Identity::new(id), &mut Stuck(0)).expect("issued");
    let (one, two) = (issue(b"one"), issue(b"two"));
    assert_ne!(one.pvt(), two.pvt());
    let key = one.validate(&kpak, Identity::new(b"one")).expect("valid");
    let sign = |message: &[u8]| key.sign(message, &mut Stuck(0)).expect("signed");
    assert_ne!(sign(b"one").r(), sign(b"two").r());
    assert_eq!(sign(b"one"), sign(b"one"));
    let other: IssuedKey = KmsSecretKey::from_bytes(&[8; 32])
        .expect("KSAK")
        .issue(Identity::new(b"one"), &mut Stuck(0))
        .expect("issued");
    let pvt: &PublicValidationToken = other.pvt();
    assert_ne!(pvt, key.pvt());
}
