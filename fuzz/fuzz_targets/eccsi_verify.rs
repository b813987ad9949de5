//! Verification: no panic, and no signature of a key other than the one that signed.
//!
//! The input says what to do to a genuine signature: a mask over its 129 octets, then identity and
//! message. A signature that still verifies must be the genuine one, or its known twin (r, q − s).

#![no_main]

use eccsi_sakke::Identity;
use eccsi_sakke::eccsi::{KmsPublicKey, KmsSecretKey, Signature, SigningKey, hazmat};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const ID: &[u8] = b"2011-02\0tel:+447700900123\0";
const MESSAGE: &[u8] = b"message\0";

static SIGNED: LazyLock<(KmsPublicKey, SigningKey, Signature)> = LazyLock::new(|| {
    let kms = KmsSecretKey::from_bytes(&[7; 32]).expect("in range");
    let issued = hazmat::issue_with_nonce(&kms, Identity::new(ID), &[8; 32]).expect("usable");
    let key = issued.validate(&kms.public_key(), Identity::new(ID)).expect("valid");
    let signature = hazmat::sign_with_nonce(&key, MESSAGE, &[9; 32]).expect("usable");
    (kms.public_key().prepared(), key, signature)
});

fuzz_target!(|input: &[u8]| {
    let (kpak, key, genuine) = &*SIGNED;
    let Some((mask, rest)) = input.split_first_chunk::<129>() else { return };
    let octets: [u8; 129] = core::array::from_fn(|i| genuine.to_bytes()[i] ^ mask[i]);
    let (id, message) = match rest.iter().position(|octet| *octet == b'|') {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (ID, MESSAGE),
    };
    let Ok(signature) = Signature::from_bytes(&octets) else { return };
    let by_kpak = kpak.verify(Identity::new(id), message, &signature).is_ok();
    if by_kpak {
        assert_eq!((id, message), (ID, MESSAGE));
        assert_eq!((signature.r(), signature.pvt()), (genuine.r(), genuine.pvt()));
    }
    if id == ID {
        assert_eq!(by_kpak, key.verifying_key().verify(message, &signature).is_ok());
    }
});
