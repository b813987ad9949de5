//! Encapsulated Data: no panic, one encoding, and no value from data that the sender did not make.
//!
//! The first 273 octets are decoded as they are, and taken as a mask over genuine data. What the mask
//! changes must be refused; so must all data that decode, but for the genuine ones.

#![no_main]

use eccsi_sakke::Error;
use eccsi_sakke::sakke::{EncapsulatedData, Identifier, KmsSecretKey, ReceiverSecretKey, SharedSecretValue};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static ID: LazyLock<Identifier> =
    LazyLock::new(|| Identifier::from_raw(b"2011-02\0tel:+447700900123\0").expect("in range"));
const SSV: [u8; 16] = [0x5a; 16];

static KEY: LazyLock<(ReceiverSecretKey, [u8; 273])> = LazyLock::new(|| {
    let kms = KmsSecretKey::from_bytes(&[7; 128]).expect("in range");
    let z = kms.public_key();
    let data = z.encapsulate_ssv(&ID, &SharedSecretValue::from_bytes(&SSV)).expect("usable");
    let key = kms.issue(&ID).and_then(|issued| issued.validate(&z, &ID)).expect("valid");
    (key.prepared(), data.to_bytes())
});

fuzz_target!(|input: &[u8]| {
    let (key, genuine) = &*KEY;
    let whole = EncapsulatedData::from_slice(input);
    assert!(whole.is_err() || input.len() == EncapsulatedData::BYTES);
    let Some(octets) = input.first_chunk::<273>() else { return };
    let masked = std::array::from_fn(|i| genuine[i] ^ octets[i]);
    for octets in [*octets, masked] {
        let Ok(data) = EncapsulatedData::from_bytes(&octets) else { continue };
        assert_eq!(data.to_bytes(), octets);
        match key.decapsulate(&data) {
            Ok(ssv) => assert_eq!((*ssv.expose(), octets), (SSV, *genuine)),
            Err(refused) => assert_eq!((refused, octets == *genuine), (Error::DecapsulationFailed, false)),
        }
    }
});
