//! What holds for every identity, receiver and value: SAKKE from one end to the other.
#![cfg(feature = "sakke")]

use crate::model;
use crate::model::Stream;
use crate::rng::Given;
use eccsi_sakke::sakke::{
    EncapsulatedData, Identifier, IssuedKey, KmsSecretKey, ReceiverSecretKey, SharedSecretValue,
};
use eccsi_sakke::{BatchError, Error};
use num_bigint::BigUint;

fn kms(stream: &mut Stream) -> KmsSecretKey {
    loop {
        let mut z: [u8; 128] = stream.octets(128).try_into().expect("128 octets");
        z[0] &= 0x3f;
        if let Ok(kms) = KmsSecretKey::from_bytes(&z) {
            return kms;
        }
    }
}

/// Octets that stand for an integer of at least 2.
fn name(stream: &mut Stream, length: usize) -> Vec<u8> {
    let mut name = stream.octets(length);
    *name.last_mut().expect("not empty") |= 2;
    name
}

fn ssv(stream: &mut Stream) -> SharedSecretValue {
    SharedSecretValue::from_slice(&stream.octets(16)).expect("16 octets")
}

/// An identifier of raw octets, whatever stands in front.
fn identifier(octets: &[u8]) -> Identifier {
    Identifier::from_raw(octets).expect("in range").allow_leading_zeros()
}

fn key(kms: &KmsSecretKey, id: &[u8]) -> ReceiverSecretKey {
    let id = &identifier(id);
    kms.issue(id).expect("usable").validate(&kms.public_key(), id).expect("valid")
}

#[test]
fn all_ways_agree_for_identities_of_each_length() {
    let mut stream = Stream::new("sakke: lengths");
    let (own, other) = (kms(&mut stream), kms(&mut stream));
    let z = own.public_key();
    let prepared = z.clone().prepared();
    for length in 1..=127 {
        let name = name(&mut stream, length);
        let (id, ssv) = (&identifier(&name), ssv(&mut stream));
        let data = z.encapsulate_ssv(id, &ssv).expect("usable");
        assert_eq!(prepared.encapsulate_ssv(id, &ssv).as_ref(), Ok(&data), "{length}: tables of the KMS");
        let recipient = if length % 2 == 0 { z.recipient(id) } else { prepared.recipient(id) };
        let recipient = recipient.expect("usable");
        assert_eq!(recipient.encapsulate_ssv(&ssv).as_ref(), Ok(&data), "{length}: point of the receiver");

        let receiver = key(&own, &name);
        assert_eq!(receiver.decapsulate(&data).expect("right").expose(), ssv.expose(), "{length}");
        // Tables cost more than the rest: not for each length.
        if length % 8 == 7 {
            let recipient = recipient.prepared();
            assert_eq!(recipient.encapsulate_ssv(&ssv).as_ref(), Ok(&data), "{length}: its table");
            let receiver = receiver.prepared();
            assert_eq!(receiver.decapsulate(&data).expect("right").expose(), ssv.expose(), "{length}: lines");
            let foreign = other.public_key().encapsulate_ssv(id, &ssv).expect("usable");
            assert_eq!(receiver.decapsulate(&foreign).err(), Some(Error::DecapsulationFailed), "{length}");
            let stranger = key(&other, &name);
            assert_eq!(stranger.decapsulate(&data).err(), Some(Error::DecapsulationFailed), "{length}");
        }
    }
}

/// RFC 6508 §6.2.3: r hashes the identity in, so that one SSV gives each receiver another r, and with
/// it another R and another mask.
#[test]
fn one_value_for_many_receivers_shares_nothing_but_the_value() {
    let mut stream = Stream::new("sakke: many");
    let (kms, ssv) = (kms(&mut stream), ssv(&mut stream));
    let names: Vec<_> = (0..5).map(|_| name(&mut stream, 20)).collect();
    let ids: Vec<_> = names.iter().map(|name| identifier(name)).collect();
    let data = kms.public_key().encapsulate_many(&ids, &ssv).expect("usable");
    let octets: Vec<_> = data.iter().map(EncapsulatedData::to_bytes).collect();
    for i in 0..data.len() {
        for j in 0..i {
            assert_ne!(octets[i][..257], octets[j][..257], "R");
            assert_ne!(octets[i][257..], octets[j][257..], "H");
        }
        assert_eq!(key(&kms, &names[i]).decapsulate(&data[i]).expect("right").expose(), ssv.expose());
    }
}

/// Batches end at 32 identities; the results are those of single calls, in their order, whatever the
/// number of threads.
#[test]
fn batches_give_what_single_calls_give() {
    let mut stream = Stream::new("sakke: batches");
    let kms = kms(&mut stream);
    let (z, ssv) = (kms.public_key().prepared(), ssv(&mut stream));
    let names: Vec<_> = (0..67).map(|i| name(&mut stream, 1 + i % 40)).collect();
    let ids: Vec<_> = names.iter().map(|name| identifier(name)).collect();
    for size in [0, 1, 31, 32, 33, 67] {
        let keys = kms.issue_many(&ids[..size]).expect("usable");
        let data = z.encapsulate_many(&ids[..size], &ssv).expect("usable");
        assert_eq!((keys.len(), data.len()), (size, size));
        for at in [0, 1, 30, 31, 32, 33, 63, 64, 66].into_iter().filter(|at| *at < size) {
            assert_eq!(keys[at].expose(), kms.issue(&ids[at]).expect("usable").expose(), "{at} of {size}");
            assert_eq!(Ok(&data[at]), z.encapsulate_ssv(&ids[at], &ssv).as_ref(), "{at} of {size}");
        }
    }
}

#[test]
fn a_batch_with_one_bad_identity_gives_nothing() {
    let mut stream = Stream::new("sakke: bad batches");
    let kms = kms(&mut stream);
    let (z, ssv) = (kms.public_key(), ssv(&mut stream));
    let names: Vec<_> = (0..40).map(|_| name(&mut stream, 9)).collect();
    let minus_z = minus(&kms.expose());
    for (bad, at) in [(&minus_z[..], 0), (&minus_z, 39), (&minus_z, 33)] {
        let mut ids: Vec<_> = names.iter().map(|name| identifier(name)).collect();
        ids[at] = identifier(bad);
        let single = kms.issue(&ids[at]).expect_err("refused");
        let refused = BatchError { index: at, error: single };
        assert_eq!(kms.issue_many(&ids).err(), Some(refused), "{at}");
        for z in [z.clone(), z.clone().prepared()] {
            assert_eq!(z.encapsulate_many(&ids, &ssv), Err(refused), "{at}");
        }
    }
    // Two bad ones: the first decides.
    let mut ids: Vec<_> = names.iter().map(|name| identifier(name)).collect();
    (ids[3], ids[36]) = (identifier(&minus_z), Identifier::from_raw(b"\0ab").expect("in range"));
    let refused = BatchError { index: 3, error: Error::UnusableIdentity };
    assert_eq!(kms.issue_many(&ids).err(), Some(refused));
    for z in [z.clone(), z.prepared()] {
        assert_eq!(z.encapsulate_many(&ids, &ssv), Err(refused));
    }
    ids.swap(3, 36);
    let refused = kms.issue_many(&ids).expect_err("zeros in front");
    assert_eq!((refused.index, refused.error), (3, kms.issue(&ids[3]).expect_err("refused")));
}

/// Each key gets the outcome that it gets alone, in its place, and what is refused stays with the caller.
#[test]
fn validate_many_takes_what_validate_takes_and_names_the_rest() {
    let mut stream = Stream::new("sakke: validate many");
    let (kms, other) = (kms(&mut stream), kms(&mut stream));
    let z = kms.public_key();
    let ids: Vec<_> = (0..9).map(|_| identifier(&name(&mut stream, 9))).collect();
    let mut keys = kms.issue_many(&ids).expect("usable");
    keys[2] = other.issue(&ids[2]).expect("usable");
    keys.swap(5, 6);
    let requests: Vec<_> = ids.iter().zip(&keys).collect();
    for size in [0, 1, 3, 9] {
        let mut rng = Given::new(&[0x3c; 32]);
        let found = IssuedKey::validate_many(&requests[..size], &z, &mut rng).expect("random octets");
        assert_eq!((found.len(), rng.left()), (size, 0));
        for (index, found) in found.iter().enumerate() {
            let single = keys[index].validate(&z, &ids[index]);
            let error = single.as_ref().err().map(|error| BatchError { index, error: *error });
            assert_eq!(found.as_ref().err(), error.as_ref(), "{index} of {size}");
            assert_eq!(error.is_some(), [2, 5, 6].contains(&index));
            if let (Ok(found), Ok(single)) = (found, single) {
                assert_eq!((found.identity(), found.kms_public_key()), (&ids[index], &z));
                assert_eq!(found.expose(), single.expose());
            }
        }
    }
    assert_eq!(IssuedKey::validate_many(&requests, &z, &mut Given::new(&[0; 31])).err(), Some(Error::Rng));
    // Refused, and still here: it was for the other identifier.
    assert!(keys[5].validate(&z, &ids[5]).is_err());
    assert!(keys[5].validate(&z, &ids[6]).is_ok());
}

/// q − z: the identity that no key exists for.
fn minus(z: &[u8; 128]) -> Vec<u8> {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../vectors/rfc6509_params.json")).expect("valid JSON");
    let q = model::unhex(file["q"].as_str().expect("hexadecimal"));
    (BigUint::from_bytes_be(&q) - BigUint::from_bytes_be(z)).to_bytes_be()
}
