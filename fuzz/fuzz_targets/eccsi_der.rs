//! The DER of ECCSI in TLS: what is read has one encoding, and nothing panics.

#![no_main]

use ibc::tls::raw_public_key::{DraftIdentifier, SubjectPublicKeyInfo, signature_from_der, signature_to_der};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(info) = SubjectPublicKeyInfo::from_der(octets) {
        let again = info.to_der();
        assert_eq!(SubjectPublicKeyInfo::from_der(&again), Ok(info));
        // Parameters in full are read, and written as their hash. What stands in front of the identity tells which
        // they were; the identity may hold anything, the hash too.
        let hash = [&[0x30, 0x22, 0x04, 0x20][..], &info.parameters_hash].concat();
        let at = again.windows(hash.len()).position(|window| *window == hash).expect("it was written");
        let identity = again.len() - at - hash.len();
        assert_eq!(again == octets, octets[..octets.len() - identity].ends_with(&hash));
    }
    if let Ok(signature) = signature_from_der(octets) {
        assert_eq!(signature_to_der(&signature), octets);
    }
    if let Ok(identifier) = DraftIdentifier::from_der(octets) {
        assert_eq!(identifier.to_der().as_deref(), Ok(octets));
    }
});
