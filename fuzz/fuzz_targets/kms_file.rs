//! KMS files and public key files from outside: no panic, and the bounds of the key derivation hold.

#![no_main]

use ibc::files::kdf::KdfParameters;
use ibc::files::kms_file::KmsFile;
use ibc::files::public_key_file::{self, PublicKeyFile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(file) = KmsFile::parse(octets) {
        assert!(KdfParameters::MEMORY_KIB.contains(&file.kdf().memory_kib()));
        assert!(KdfParameters::PASSES.contains(&file.kdf().passes()));
    }
    if let Ok(file) = PublicKeyFile::parse(octets) {
        let key = &file.keys()[0];
        let written = public_key_file::to_json(&key.kpak, key.z_public.as_ref(), file.fqdn());
        let again = PublicKeyFile::parse(&written).expect("reads what it writes");
        let first = &again.keys()[0];
        assert_eq!((&first.kpak, &first.z_public, again.fqdn()), (&key.kpak, &key.z_public, file.fqdn()));
    }
});
