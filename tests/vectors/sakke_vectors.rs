//! vectors/sakke_decapsulate.json, which `vector_files.rs` makes, run through the library; and the
//! model against the library and against RFC 6508.
#![cfg(feature = "sakke")]

use crate::model::unhex;
use crate::sakke_model;
use crate::vectors;
use crate::vectors::{Outcome, SakkeCase, SakkeKeys, SakkeStage as Stage};
use eccsi_sakke::error::{DecodeError, Error, Problem};
use eccsi_sakke::sakke::{
    EncapsulatedData, Identifier, IssuedKey, KmsPublicKey, ReceiverSecretKey, SharedSecretValue,
};
use std::collections::BTreeMap;
use subtle::ConstantTimeEq;

/// The name that the vectors have for a refusal.
fn name(error: Error) -> &'static str {
    match error {
        Error::Decode(DecodeError { problem, .. }) => match problem {
            Problem::Length { .. } => "length",
            Problem::PointForm { .. } => "form",
            Problem::NotReduced => "range",
            Problem::NotOnCurve => "curve",
            Problem::WrongOrder => "order",
            Problem::OutOfRange | Problem::TooLong { .. } => "identity",
            _ => "unexpected",
        },
        Error::InvalidKey => "key",
        Error::DecapsulationFailed => "failed",
        Error::UnusableIdentity => "identity",
        _ => "unexpected",
    }
}

/// Keys that were validated, by their octets, with and without tables.
type Keys = BTreeMap<[Vec<u8>; 3], [ReceiverSecretKey; 2]>;

/// Runs one case as far as it goes: the stage at which it ends, and how.
fn run(
    case: &SakkeCase,
    defaults: &SakkeKeys,
    keys: &mut Keys,
) -> (Stage, Result<Option<Vec<u8>>, &'static str>) {
    let given = |own: &Option<String>, default: &String| unhex(own.as_ref().unwrap_or(default));
    let z = given(&case.kms_public_key, &defaults.kms_public_key);
    let id = given(&case.identity, &defaults.identity);
    let k = given(&case.receiver_secret_key, &defaults.receiver_secret_key);

    let data = case.encapsulated_data.as_ref().map(|data| EncapsulatedData::from_slice(&unhex(data)));
    let data = match data.transpose() {
        Ok(data) => data,
        Err(error) => return (Stage::Decode, Err(name(error.into()))),
    };
    let index = [z.clone(), id.clone(), k.clone()];
    if !keys.contains_key(&index) {
        let z = match KmsPublicKey::from_slice(&z) {
            Ok(z) => z,
            Err(error) => return (Stage::Decode, Err(name(error.into()))),
        };
        let issued = || IssuedKey::from_slice(&k);
        if let Err(error) = issued() {
            return (Stage::Decode, Err(name(error.into())));
        }
        let valid = || issued().expect("decoded before").validate(&z, &Identifier::from_raw(&id)?);
        match valid() {
            Ok(plain) => {
                let prepared = valid().expect("validated before").prepared();
                keys.insert(index.clone(), [plain, prepared]);
            }
            Err(error) => return (Stage::Validate, Err(name(error))),
        }
    }
    let Some(data) = data else { return (Stage::Validate, Ok(None)) };
    let [plain, prepared] = keys[&index].each_ref().map(|key| key.decapsulate(&data));
    let outcome = match (plain, prepared) {
        (Ok(one), Ok(other)) if bool::from(one.ct_eq(&other)) => Ok(Some(one.expose().to_vec())),
        (Err(one), Err(other)) if one == other => Err(name(one)),
        _ => Err("with and without tables differ"),
    };
    (Stage::Decapsulate, outcome)
}

#[test]
fn library_agrees_on_every_case() {
    let file = vectors::load::<SakkeCase>("sakke_decapsulate.json");
    let defaults = file.defaults.as_ref().expect("keys for all cases");
    let mut keys = Keys::new();
    let mut count = 0;
    for case in &file.tests {
        let (stage, outcome) = run(case, defaults, &mut keys);
        let expected = match case.result {
            Outcome::Valid => Ok(case.ssv.as_deref().map(unhex)),
            Outcome::Invalid => Err(case.error.as_deref().expect("an invalid case has its reason")),
        };
        assert_eq!((stage, outcome), (case.stage, expected), "{}: {}", case.tc_id, case.comment);
        count += 1;
    }
    assert_eq!(count, file.number_of_tests);
}

#[test]
fn library_and_model_encapsulate_alike() {
    let kms = sakke_model::Kms::new(num_bigint::BigUint::from(0x1234_5678_9abc_def0_u64));
    let z = KmsPublicKey::from_slice(&kms.public.encode()).expect("order q");
    let prepared = z.clone().prepared();
    for (id, ssv) in [(b"alice@example.com".as_slice(), [7; 16]), (&[2], [0; 16]), (&[0, 9, 0], [0xff; 16])] {
        let receiver = sakke_model::Receiver::new(&kms, id);
        let (r, h) = receiver.encapsulate(&ssv);
        let expected = [r.encode(), h.to_vec()].concat();
        let value = SharedSecretValue::from_bytes(&ssv);
        assert_eq!(
            z.encapsulate_ssv(&Identifier::from_raw(id).expect("in range"), &value)
                .expect("usable")
                .to_bytes()[..],
            expected
        );
        assert_eq!(
            prepared
                .encapsulate_ssv(&Identifier::from_raw(id).expect("in range"), &value)
                .expect("usable")
                .to_bytes()[..],
            expected
        );
    }
}

#[test]
fn model_gives_the_values_of_rfc_6508() {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../vectors/rfc6508_sakke.json")).expect("valid JSON");
    let value = |name: &str| unhex(file[name].as_str().expect("a string"));
    let integer = |name: &str| num_bigint::BigUint::from_bytes_be(&value(name));
    let kms = sakke_model::Kms::new(integer("z"));
    assert_eq!(kms.public.encode(), value("Z"));
    let receiver = sakke_model::Receiver::new(&kms, &value("b"));
    assert_eq!(receiver.key.encode(), value("Kb"));
    let ssv = value("SSV").try_into().expect("16 octets");
    assert_eq!(sakke_model::exponent(&ssv, &value("b")), integer("r"));
    let (r, h) = receiver.encapsulate(&ssv);
    assert_eq!(r.encode(), value("Rb"));
    assert_eq!(h.to_vec(), value("H"));
    assert_eq!(sakke_model::pairing(&r, &receiver.key), integer("w"));
    assert_eq!(sakke_model::power(&sakke_model::G, &integer("r")), integer("g_r"));
    assert_eq!(receiver.decapsulate(&r, &h), Some(ssv));
    assert_eq!(sakke_model::pairing(&sakke_model::BASE, &sakke_model::BASE), *sakke_model::G);
}
