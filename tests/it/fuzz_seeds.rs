//! The seeds of fuzz targets are what their names say, so that a run starts behind the decoders. `WRITE_VECTORS=1`
//! writes those of SAKKE.
#![cfg(feature = "sakke")]

use eccsi_sakke::sakke::{
    EncapsulatedData, Identifier, IssuedKey, KmsPublicKey, KmsSecretKey, SharedSecretValue,
};
use std::path::Path;
use std::sync::LazyLock;

/// As in the targets.
static ID: LazyLock<Identifier> =
    LazyLock::new(|| Identifier::from_raw(b"2011-02\0tel:+447700900123\0").expect("in range"));
const Z: [u8; 128] = [7; 128];
const SSV: [u8; 16] = [0x5a; 16];

fn kms() -> KmsSecretKey {
    KmsSecretKey::from_bytes(&Z).expect("in range")
}

/// The stored seed, which must be `octets`.
fn seed(name: &str, octets: &[u8]) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    if std::env::var_os("WRITE_VECTORS").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        std::fs::write(&path, octets).expect("writable");
    }
    let stored = std::fs::read(&path).unwrap_or_default();
    assert!(stored == octets, "fuzz/seeds/{name} is another; WRITE_VECTORS=1 writes it");
    stored
}

#[test]
fn seeds_of_encapsulated_data_are_decapsulated() {
    let z = kms().public_key();
    let key = kms().issue(&ID).and_then(|issued| issued.validate(&z, &ID)).expect("valid");
    let genuine = z.encapsulate_ssv(&ID, &SharedSecretValue::from_bytes(&SSV)).expect("usable").to_bytes();
    let opened = |octets: &[u8]| {
        let data = EncapsulatedData::from_slice(octets).expect("decodes");
        key.decapsulate(&data).map(|ssv| *ssv.expose())
    };
    assert_eq!(opened(&seed("sakke_encapsulated_data/genuine", &genuine)), Ok(SSV));

    let masked = |mask: Vec<u8>| -> Vec<u8> { genuine.iter().zip(mask).map(|(a, b)| a ^ b).collect() };
    let mut mask = [0; 273];
    assert_eq!(opened(&masked(seed("sakke_encapsulated_data/unchanged", &mask))), Ok(SSV));
    mask[272] = 1;
    assert!(opened(&masked(seed("sakke_encapsulated_data/h_changed", &mask))).is_err());
    // −R decodes too.
    let minus = minus(&genuine);
    assert!(opened(&seed("sakke_encapsulated_data/minus_r", &minus)).is_err());
}

/// (x, p − y) in place of (x, y).
fn minus(data: &[u8; 273]) -> Vec<u8> {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../vectors/rfc6509_params.json")).expect("valid JSON");
    let p = num_bigint::BigUint::parse_bytes(file["p"].as_str().expect("hexadecimal").as_bytes(), 16);
    let y = p.expect("hexadecimal") - num_bigint::BigUint::from_bytes_be(&data[129..257]);
    let digits = y.to_bytes_be();
    [&data[..129], &vec![0; 128 - digits.len()], &digits, &data[257..]].concat()
}

#[test]
fn seeds_of_keys_decode() {
    let z = kms().public_key();
    let public = seed("sakke_keys/kms_public_key", &z.to_bytes());
    assert_eq!(KmsPublicKey::from_slice(&public), Ok(z.clone()));
    let issued =
        seed("sakke_keys/receiver_secret_key", kms().issue(&ID).expect("usable").expose().as_slice());
    IssuedKey::from_slice(&issued).expect("a point").validate(&z, &ID).expect("valid");
    let secret = seed("sakke_keys/master_secret", &Z);
    KmsSecretKey::from_bytes(secret.as_slice().try_into().expect("128 octets")).expect("in range");
    let identity = seed("sakke_keys/identity", ID.as_bytes());
    kms().issue(&Identifier::from_raw(&identity).expect("in range")).expect("usable");
}
