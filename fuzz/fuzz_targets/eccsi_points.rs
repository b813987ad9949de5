//! Points, signatures and scalars: what decodes has one encoding, and the two forms of a PVT agree.

#![no_main]

use eccsi_sakke::eccsi::{IssuedKey, KmsPublicKey, KmsSecretKey, PublicValidationToken, Signature};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let pvt = PublicValidationToken::from_slice(octets);
    assert_eq!(KmsPublicKey::from_slice(octets).is_ok(), pvt.is_ok());
    if let Ok(pvt) = pvt {
        assert_eq!(pvt.to_bytes(), octets);
        assert_eq!(PublicValidationToken::from_compressed(&pvt.to_compressed()), Ok(pvt));
    }
    if let Some(compressed) = octets.first_chunk()
        && let Ok(pvt) = PublicValidationToken::from_compressed(compressed)
    {
        assert_eq!(pvt.to_compressed(), *compressed);
        assert_eq!(PublicValidationToken::from_bytes(&pvt.to_bytes()), Ok(pvt));
        if let Some(scalar) = octets.last_chunk() {
            let issued = IssuedKey::from_parts(scalar, &pvt);
            let kms = KmsSecretKey::from_bytes(scalar);
            assert_eq!(issued.is_ok(), kms.is_ok());
            if let Ok(kms) = kms {
                assert_eq!(*kms.expose(), *scalar);
            }
        }
    }
    if let Ok(signature) = Signature::from_slice(octets) {
        assert_eq!(signature.to_bytes(), octets);
    }
});
