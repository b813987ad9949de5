//! Batches that a crash or a stranger left: either taken up, or left exactly as they were.

#![no_main]

use eccsi_sakke::eccsi::KmsSecretKey;
use eccsi_sakke::sakke;
use ibc::files::batch_file::{BatchFile, BatchKeys};
use ibc::files::identity_list::Sameness;
use libfuzzer_sys::fuzz_target;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::LazyLock;

/// In memory where the system offers that.
static PATH: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let path = folder.join(format!("ibc-fuzz-batch-{}", std::process::id()));
    fs::write(&path, "").expect("a writable folder");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("own file");
    path
});

/// KSAK of the seeds.
static KMS: LazyLock<KmsSecretKey> = LazyLock::new(|| {
    let mut ksak = [0; 32];
    ksak[29..].copy_from_slice(&[1, 0x23, 0x45]);
    KmsSecretKey::from_bytes(&ksak).expect("in range")
});

/// Z of the seeds.
static Z: LazyLock<sakke::KmsPublicKey> = LazyLock::new(|| {
    let mut z = [0; 128];
    z[125..].copy_from_slice(&[1, 0x23, 0x45]);
    sakke::KmsSecretKey::from_bytes(&z).expect("in range").public_key()
});

fuzz_target!(|octets: &[u8]| {
    fs::write(&*PATH, octets).expect("own file");
    let kpak = KMS.public_key();
    let with_rsk = octets.windows(5).any(|word| word == b"\"rsk\"");
    let keys = BatchKeys { kpak: &kpak, z_public: with_rsk.then_some(&*Z) };
    match BatchFile::reopen(&PATH, keys, Sameness::Octets) {
        Err(_) => assert_eq!(fs::read(&*PATH).expect("own file"), octets),
        Ok(None) => unreachable!("the file is there"),
        Ok(Some(batch)) => {
            let kept = octets.len() - batch.cut() as usize;
            let credentials = batch.credentials();
            drop(batch);
            assert_eq!(fs::read(&*PATH).expect("own file"), octets[..kept]);
            let again = BatchFile::reopen(&PATH, keys, Sameness::Octets).expect("clean").expect("there");
            assert_eq!((again.credentials(), again.cut()), (credentials, 0));
        }
    }
});
