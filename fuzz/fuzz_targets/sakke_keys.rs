//! Points, master secrets and identities of SAKKE: what decodes has one encoding; what is no key of the
//! receiver does not validate.

#![no_main]

use eccsi_sakke::sakke::{Identifier, IssuedKey, KmsPublicKey, KmsSecretKey, hazmat};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static ID: LazyLock<Identifier> =
    LazyLock::new(|| Identifier::from_raw(b"2011-02\0tel:+447700900123\0").expect("in range"));

static KMS: LazyLock<(KmsSecretKey, KmsPublicKey, [u8; 257])> = LazyLock::new(|| {
    let kms = KmsSecretKey::from_bytes(&[7; 128]).expect("in range");
    let k = *kms.issue(&ID).expect("usable").expose();
    let z = kms.public_key();
    (kms, z, k)
});

fuzz_target!(|octets: &[u8]| {
    let (kms, z, genuine) = &*KMS;
    let issued = IssuedKey::from_slice(octets);
    let public = KmsPublicKey::from_slice(octets);
    assert!(public.is_err() || issued.is_ok(), "both are points");
    if let Ok(public) = &public {
        assert_eq!(public.to_bytes(), octets);
    }
    if let Ok(issued) = issued {
        assert_eq!(*issued.expose(), octets);
        let order_q = hazmat::has_order_q(&issued.expose()).expect("a point");
        assert_eq!(public.is_ok(), order_q);
        assert_eq!(issued.validate(z, &ID).is_ok(), octets == genuine);
    }
    if let Some(secret) = octets.first_chunk()
        && let Ok(kms) = KmsSecretKey::from_bytes(secret)
    {
        assert_eq!(*kms.expose(), *secret);
    }
    // An identifier is taken or refused for its integer alone; zeros in front keep it from a key.
    let digits = octets.iter().skip_while(|octet| **octet == 0).count();
    if let Ok(id) = Identifier::from_raw(octets) {
        assert!((1..=128).contains(&digits));
        assert_eq!(id.as_bytes(), octets);
        assert_eq!(kms.issue(&id).is_ok(), z.recipient(&id).is_ok() && digits == octets.len());
        assert_eq!(kms.issue(&id.clone().allow_leading_zeros()).err(), z.recipient(&id).err());
    }
});
