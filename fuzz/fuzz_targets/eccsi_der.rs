//! The DER of ECCSI in TLS: what is read has one encoding, and nothing panics.

#![no_main]

use eccsi_sakke::tls::raw_public_key::{
    DraftIdentifier, SubjectPublicKeyInfo, signature_from_der, signature_to_der,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(info) = SubjectPublicKeyInfo::from_der(octets) {
        let again = info.to_der();
        assert_eq!(SubjectPublicKeyInfo::from_der(&again), Ok(info));
        // Parameters in full are read, and written as their hash.
        let hash = [&[0x30, 0x22, 0x04, 0x20][..], &info.parameters_hash].concat();
        assert_eq!(again == octets, octets.windows(hash.len()).any(|window| window == hash));
    }
    if let Ok(signature) = signature_from_der(octets) {
        assert_eq!(signature_to_der(&signature), octets);
    }
    if let Ok(identifier) = DraftIdentifier::from_der(octets) {
        assert_eq!(identifier.to_der().as_deref(), Ok(octets));
    }
});
