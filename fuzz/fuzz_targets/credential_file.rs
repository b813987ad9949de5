//! Credentials from outside: what is read is written in one form, which reads as the same.

#![no_main]

use ibc::files::credential_file::CredentialFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(credential) = CredentialFile::parse(octets) else { return };
    let written = credential.rewritten();
    let again = CredentialFile::parse(&written).expect("reads what it writes");
    assert_eq!(again.identity(), credential.identity());
    assert_eq!(again.kpak(), credential.kpak());
    assert_eq!(again.key().pvt(), credential.key().pvt());
    let z = |file: &CredentialFile| file.sakke().map(|sakke| sakke.z_public.clone());
    assert_eq!(z(&again), z(&credential));
    assert_eq!(again.rewritten(), written);
    let _ = credential.validate();
});
