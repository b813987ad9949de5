//! The stored vectors of both schemes in a few lines, for the one test program that is built as the release profile is.
//! What is refused, and where, the tests of each file look at more closely.

use eccsi_sakke::eccsi::{KmsPublicKey, KmsSecretKey, Signature, hazmat};
use eccsi_sakke::{Identity, sakke};
use serde_json::Value;

/// Runs all; gives how many there are.
pub(crate) fn run() -> usize {
    let mut count = 0;
    for (text, run) in [
        (include_str!("../../vectors/eccsi_issue_sign.json"), issue_sign as fn(&Value, &Value)),
        (include_str!("../../vectors/eccsi_verify.json"), verify),
        (include_str!("../../vectors/sakke_decapsulate.json"), decapsulate),
    ] {
        let file: Value = serde_json::from_str(text).expect("valid JSON");
        let cases = file["tests"].as_array().expect("tests");
        assert_eq!(Some(cases.len() as u64), file["numberOfTests"].as_u64());
        for case in cases {
            run(case, &file["defaults"]);
        }
        count += cases.len();
    }
    count
}

/// Hexadecimal digits, or a pattern and how often it comes.
fn octets(value: &Value) -> Vec<u8> {
    if let (Some(_), Some(count)) = (value.get("repeat"), value.get("count").and_then(Value::as_u64)) {
        return octets(&value["repeat"]).repeat(count as usize);
    }
    let text = value.as_str().expect("hexadecimal digits");
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..][..2], 16).expect("hexadecimal"))
        .collect()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    octets(value).try_into().expect("length")
}

fn issue_sign(case: &Value, _: &Value) {
    let (id, message) = (octets(&case["id"]), octets(&case["msg"]));
    let id = Identity::new(&id);
    let kms = KmsSecretKey::from_bytes(&array(&case["ksak"])).expect("KSAK");
    assert_eq!(kms.public_key().to_bytes(), array(&case["kpak"]), "{case}");
    let issued = hazmat::issue_with_nonce(&kms, id, &array(&case["v"])).expect("usable v");
    assert_eq!(*issued.expose(), array(&case["ssk"]), "{case}");
    assert_eq!(issued.pvt().to_bytes(), array(&case["pvt"]), "{case}");
    let key = issued.validate(&kms.public_key(), id).expect("valid");
    let signature = hazmat::sign_with_nonce(&key, &message, &array(&case["j"])).expect("usable j");
    assert_eq!(signature.to_bytes(), array(&case["sig"]), "{case}");
}

fn verify(case: &Value, _: &Value) {
    let (id, message) = (octets(&case["id"]), octets(&case["msg"]));
    let kpak = KmsPublicKey::from_slice(&octets(&case["kpak"])).expect("KPAK");
    let found = Signature::from_slice(&octets(&case["sig"]))
        .is_ok_and(|signature| kpak.verify(Identity::new(&id), &message, &signature).is_ok());
    assert_eq!(found, case["result"] == "valid", "{case}");
}

fn decapsulate(case: &Value, defaults: &Value) {
    let given = |name: &str| octets(case.get(name).unwrap_or(&defaults[name]));
    let id = given("identity");
    let key = || {
        let z = sakke::KmsPublicKey::from_slice(&given("kmsPublicKey")).ok()?;
        let issued = sakke::IssuedKey::from_slice(&given("receiverSecretKey")).ok()?;
        issued.validate(&z, &sakke::Identifier::from_raw(&id).ok()?).ok()
    };
    let data = |data: &Value| sakke::EncapsulatedData::from_slice(&octets(data)).ok();
    let found = match case.get("encapsulatedData") {
        None => key().is_some(),
        Some(encoded) => {
            let ssv = data(encoded).and_then(|data| key()?.decapsulate(&data).ok());
            assert!(ssv.as_ref().is_none_or(|ssv| *ssv.expose() == array(&case["ssv"])), "{case}");
            ssv.is_some()
        }
    };
    assert_eq!(found, case["result"] == "valid", "{case}");
}
