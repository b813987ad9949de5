//! Every backend gives the same in SAKKE, octet for octet, with and without tables, alone and in batches; and
//! objects whose tables one backend built work on each other.
//!
//! `SLOW_TESTS=1` takes more rounds.

#![cfg(all(feature = "__backends", feature = "sakke", feature = "hazmat"))]

use crate::model;
use crate::model::Stream;
use crate::sakke_model;
use eccsi_sakke::__backends::{Name, with};
use eccsi_sakke::Error;
use eccsi_sakke::sakke::{
    EncapsulatedData, Identifier, IssuedKey, KmsPublicKey, KmsSecretKey, ReceiverSecretKey, Recipient,
    SharedSecretValue, hazmat,
};

fn rounds(reduced: usize, full: usize) -> usize {
    if std::env::var_os("SLOW_TESTS").is_some() { full } else { reduced }
}

/// Runs `check` on each backend that this CPU has.
fn on_each(check: impl Fn(&str)) {
    for name in Name::ALL {
        if with(*name, || check(name.as_str())).is_none() {
            crate::not_run::not_run(name.as_str());
        }
    }
}

/// A KMS, names, one value.
struct Inputs {
    z: [u8; 128],
    names: Vec<Vec<u8>>,
    ssv: [u8; 16],
}

impl Inputs {
    fn new(stream: &mut Stream, count: usize) -> Self {
        let mut z: [u8; 128] = stream.octets(128).try_into().expect("128 octets");
        z[0] &= 0x1f;
        let names = (0..count).map(|i| {
            let mut name = stream.octets(1 + i * 41 % 127);
            *name.last_mut().expect("not empty") |= 2;
            name
        });
        Self { z, names: names.collect(), ssv: stream.octets(16).try_into().expect("16 octets") }
    }

    /// q − z.
    fn minus_z(&self) -> Vec<u8> {
        let z = num_bigint::BigUint::from_bytes_be(&self.z);
        (&*sakke_model::Q - z).to_bytes_be()
    }

    fn ids(&self) -> Vec<Identifier> {
        let id = |name| Identifier::from_raw(name).expect("in range").allow_leading_zeros();
        self.names.iter().map(|name| id(name)).collect()
    }

    fn kms(&self) -> KmsSecretKey {
        KmsSecretKey::from_bytes(&self.z).expect("in range")
    }

    fn ssv(&self) -> SharedSecretValue {
        SharedSecretValue::from_bytes(&self.ssv)
    }
}

fn opened(outcomes: &[Result<SharedSecretValue, impl Into<Error> + Copy>]) -> Vec<Result<[u8; 16], Error>> {
    let octets = |ssv: &SharedSecretValue| *ssv.expose();
    outcomes.iter().map(|outcome| outcome.as_ref().map(octets).map_err(|error| (*error).into())).collect()
}

/// Everything that SAKKE does, as octets: the same on each backend.
fn transcript(inputs: &Inputs) -> Vec<Vec<u8>> {
    let (kms, ids, ssv) = (inputs.kms(), inputs.ids(), inputs.ssv());
    let z = kms.public_key();
    let mut all = vec![z.to_bytes().to_vec()];

    let keys = kms.issue_many(&ids).expect("usable");
    for (key, id) in keys.iter().zip(&ids).take(3) {
        assert_eq!(*key.expose(), *kms.issue(id).expect("usable").expose());
    }
    all.extend(keys.iter().map(|key| key.expose().to_vec()));

    let prepared = z.clone().prepared().prepared_to_validate();
    let data = prepared.encapsulate_many(&ids, &ssv).expect("usable");
    assert_eq!(z.encapsulate_ssv(&ids[0], &ssv).as_ref(), Ok(&data[0]), "no table");
    let recipient = z.recipient(&ids[1]).expect("usable");
    assert_eq!(recipient.encapsulate_ssv(&ssv).as_ref(), Ok(&data[1]), "the point");
    assert_eq!(recipient.prepared().encapsulate_ssv(&ssv).as_ref(), Ok(&data[1]), "its table");
    all.extend(data.iter().map(|data| data.to_bytes().to_vec()));
    let steps = hazmat::encapsulation_steps(&z, &ids[0], &ssv).expect("usable");
    all.extend([steps.r.to_vec(), steps.bound.to_vec(), steps.g_r.to_vec()]);

    let octets = keys[0].expose();
    let issued = || IssuedKey::from_bytes(&octets).expect("a point");
    for z in [&z, &prepared] {
        assert!(issued().validate(z, &ids[1]).is_err(), "of another identity");
    }
    let key = issued().validate(&z, &ids[0]).expect("valid");
    let tables = issued().validate(&prepared, &ids[0]).expect("valid").prepared();
    let outcomes = opened(&tables.decapsulate_many(&data));
    assert_eq!(outcomes[0], Ok(inputs.ssv));
    assert!(outcomes[1..].iter().all(|outcome| *outcome == Err(Error::DecapsulationFailed)));
    for data in &data[..2] {
        let one = key.decapsulate(data);
        assert_eq!(opened(&[one]), opened(&[tables.decapsulate(data)]));
        all.push(hazmat::pairing_of(&key, data).to_vec());
        assert_eq!(hazmat::pairing_of(&tables, data), hazmat::pairing_of(&key, data));
    }
    // Full lanes, and lanes that are not full, with good and bad ones in every place
    let many: Vec<_> = (0..21).map(|i| data[usize::from(i % 5 == 3)].clone()).collect();
    for count in [0, 1, 4, 5, 8, 9, 21] {
        let expected: Vec<_> = (0..count)
            .map(|i| if i % 5 == 3 { Err(Error::DecapsulationFailed) } else { Ok(inputs.ssv) })
            .collect();
        assert_eq!(opened(&tables.decapsulate_many(&many[..count])), expected, "{count}");
    }
    all
}

#[test]
fn operations() {
    let mut stream = Stream::new("sakke: backends agree");
    for round in 0..rounds(2, 200) {
        let inputs = Inputs::new(&mut stream, 9 + round % 9);
        let oracle = with(Name::RustCrypto, || transcript(&inputs)).expect("everywhere");
        on_each(|name| {
            assert!(transcript(&inputs) == oracle, "{name} differs from rustcrypto, round {round}")
        });
    }
}

/// K of each identity, then made wrong in each way that there is: the point of a key of order q.
fn spoilt(key: &IssuedKey, how: usize) -> IssuedKey {
    let octets = key.expose();
    let number = |octets: &[u8]| num_bigint::BigUint::from_bytes_be(octets);
    let k = sakke_model::Point::new(number(&octets[1..129]), number(&octets[129..]));
    let point = match how {
        // <[a]P + Z, K> is g², g⁻¹, g³
        0 => k.add(&k),
        1 => k.negate(),
        2 => k.add(&k).add(&k),
        // The equation holds, and the order is another.
        _ => k.add(&sakke_model::small_order()[how % 3]),
    };
    IssuedKey::from_slice(&point.encode()).expect("a point")
}

/// The places that were refused. Each outcome is the one that the key has by itself.
fn refused(ids: &[Identifier], keys: &[IssuedKey], z: &KmsPublicKey, octet: u8) -> Vec<usize> {
    let requests: Vec<_> = ids.iter().zip(keys).collect();
    let mut rng = crate::rng::Given::new(&[octet; 32]);
    let found = IssuedKey::validate_many(&requests, z, &mut rng).expect("enough octets");
    let wrong = found.iter().enumerate().filter_map(|(index, found)| {
        let refused = found.as_ref().err()?;
        let error = keys[index].validate(z, &ids[index]).expect_err("refused by itself, too");
        assert_eq!((refused.index, refused.error), (index, error));
        Some(index)
    });
    wrong.collect()
}

/// Keys are validated by one equation, and those that are wrong are named: alone, in groups, and where errors cancel out
/// with equal factors, also with a generator that is stuck.
#[test]
fn validate_many() {
    let inputs = Inputs::new(&mut Stream::new("sakke: validate many"), 21);
    let (kms, ids) = (inputs.kms(), inputs.ids());
    let plain = kms.public_key();
    let issued = || kms.issue_many(&ids).expect("usable");
    let with_wrong = |wrong: &[(usize, usize)]| {
        let mut keys = issued();
        for (at, how) in wrong {
            keys[*at] = spoilt(&keys[*at], *how);
        }
        keys
    };
    // g·g·g⁻², and g²·g⁻²
    let (three, two) = (with_wrong(&[(1, 0), (2, 0), (3, 1)]), with_wrong(&[(0, 2), (20, 1)]));
    let orders = with_wrong(&[(0, 3), (7, 4), (8, 5)]);
    let mut swapped = issued();
    swapped.swap(4, 11);
    on_each(|name| {
        assert_eq!(refused(&ids[..5], &issued()[..5], &plain, 7), [0usize; 0], "{name}");
        if name == "ifma-model" {
            return; // takes minutes, and is the code of `ifma`
        }
        let z = plain.clone().prepared_to_validate();
        assert_eq!(refused(&ids, &issued(), &z, 7), [0usize; 0], "{name}");
        assert_eq!(refused(&ids, &three, &z, 0), [1, 2, 3], "{name}");
        assert_eq!(refused(&ids, &two, &z, 0xff), [0, 20], "{name}");
        assert_eq!(refused(&ids, &orders, &z, 1), [0, 7, 8], "{name}");
        assert_eq!(refused(&ids, &swapped, &z, 2), [4, 11], "{name}");
        let found = IssuedKey::validate_many(
            &[(&ids[0], &issued()[0])],
            &plain,
            &mut crate::rng::Given::new(&[1; 31]),
        );
        assert_eq!(found.err(), Some(Error::Rng));
    });
    // What comes out decapsulates, with and without tables.
    let keys = issued();
    let requests: Vec<_> = ids.iter().zip(&keys).collect();
    let valid =
        IssuedKey::validate_many(&requests, &plain, &mut crate::rng::Given::new(&[1; 32])).expect("octets");
    let data = plain.encapsulate_many(&ids, &inputs.ssv()).expect("usable");
    for (at, key) in valid.into_iter().enumerate().take(3) {
        let key = key.expect("valid");
        assert_eq!(key.decapsulate(&data[at]).map(|ssv| *ssv.expose()), Ok(inputs.ssv));
        assert_eq!(key.prepared().decapsulate(&data[at]).map(|ssv| *ssv.expose()), Ok(inputs.ssv));
    }
    let minus_z = inputs.minus_z();
    let mut ids = ids;
    ids[6] = Identifier::from_raw(&minus_z).expect("in range").allow_leading_zeros();
    assert_eq!(refused(&ids, &keys, &plain, 3), [6], "[a]P + Z is infinity, as it says");
}

/// Points of all orders: the order test and the pairing that walks a good point.
#[test]
fn points_of_other_orders() {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../vectors/sakke_decapsulate.json")).expect("valid JSON");
    let cases = file["tests"].as_array().expect("tests");
    let points: Vec<[u8; 257]> = cases
        .iter()
        .filter_map(|case| model::unhex(case["encapsulatedData"].as_str()?).first_chunk().copied())
        .filter(|point| hazmat::has_order_q(point).is_ok())
        .collect();
    assert!(points.len() > 10);
    let good = points.iter().find(|point| hazmat::has_order_q(point) == Ok(true)).expect("one of order q");
    let all =
        || points.iter().map(|b| (hazmat::has_order_q(b), hazmat::pairing(good, b))).collect::<Vec<_>>();
    let oracle = with(Name::RustCrypto, all).expect("everywhere");
    assert!(oracle.iter().any(|(order, _)| *order == Ok(false)));
    on_each(|name| assert!(all() == oracle, "{name} differs from rustcrypto"));
    // [q]R, and of R + T for each T of order 2 and 4.
    let number = |octets: &[u8]| num_bigint::BigUint::from_bytes_be(octets);
    let good = sakke_model::Point::new(number(&good[1..129]), number(&good[129..]));
    let mut others: Vec<_> = sakke_model::small_order().iter().map(|t| good.add(t)).collect();
    others.push(good);
    for point in others {
        let expected = point.mul(&sakke_model::Q) == sakke_model::Point::INFINITY;
        let encoded: [u8; 257] = point.encode().try_into().expect("257 octets");
        on_each(|name| assert_eq!(hazmat::has_order_q(&encoded), Ok(expected), "{name}: {point:?}"));
    }
}

/// What one backend prepared.
struct Prepared {
    z: KmsPublicKey,
    kms: KmsSecretKey,
    recipient: Recipient,
    key: ReceiverSecretKey,
}

#[test]
fn tables_of_one_backend_serve_under_another() {
    let inputs = Inputs::new(&mut Stream::new("sakke: tables of another backend"), 6);
    let (ids, ssv) = (inputs.ids(), inputs.ssv());
    let prepare = || {
        let kms = inputs.kms();
        let z = kms.public_key().prepared().prepared_to_validate();
        let recipient = z.recipient(&ids[0]).expect("usable").prepared();
        let key = kms.issue(&ids[0]).expect("usable").validate(&z, &ids[0]).expect("valid").prepared();
        Prepared { z, kms, recipient, key }
    };
    let all: Vec<_> = Name::ALL.iter().filter_map(|name| with(*name, prepare)).collect();
    let expected: Vec<EncapsulatedData> = all[0].z.encapsulate_many(&ids, &ssv).expect("usable");
    let rsk = all[0].kms.issue(&ids[0]).expect("usable").expose();
    on_each(|name| {
        for Prepared { z, kms, recipient, key } in &all {
            assert_eq!(z.encapsulate_many(&ids, &ssv).as_ref(), Ok(&expected), "{name}");
            assert_eq!(recipient.encapsulate_ssv(&ssv).as_ref(), Ok(&expected[0]), "{name}");
            assert_eq!(*kms.issue(&ids[0]).expect("usable").expose(), *rsk, "{name}");
            let issued = IssuedKey::from_bytes(&rsk).expect("a point");
            assert!(issued.validate(z, &ids[0]).is_ok(), "{name}");
            let outcomes = opened(&key.decapsulate_many(&expected));
            assert_eq!(outcomes[0], Ok(inputs.ssv), "{name}");
            assert!(outcomes[1..].iter().all(Result::is_err), "{name}");
        }
    });
}
