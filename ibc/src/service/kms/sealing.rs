//! How the root key is sealed: the one secret that opens all others.

use super::error::KeysError;
use super::sealed_file::{self, GCM_SIV, KEY, Kind, NewHeader, SealedFile};
use crate::files::kdf::{KdfHeader, KdfParameters, SALT};
use crate::files::private_file::{self, Existing};
use crate::files::{FileProblem, FormatError, hex};
use crate::memory::undumped::Undumped;
use core::fmt;
use eccsi_sakke::onem2m::UnixTime;
use hkdf::Hkdf;
use rand_core::TryCryptoRng;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::path::Path;
use zeroize::Zeroizing;

pub(super) const ROOT: &str = "root.json";

/// What seals and opens the root key.
#[derive(Clone, Copy)]
pub enum Sealing<'a> {
    /// A passphrase that an operator types in, or a file gives.
    Passphrase {
        /// Its octets.
        passphrase: &'a [u8],
        /// What a guess costs, when the root key is sealed; opening it takes what the file says.
        kdf: KdfParameters,
    },
    /// A file of 32 octets, mode 0600, on another medium than the directory: see [`create_key_file`].
    KeyFile(&'a Path),
    /// An AES key inside a PKCS#11 token.
    #[cfg(feature = "pkcs11")]
    Pkcs11(&'a super::Pkcs11),
}

impl fmt::Debug for Sealing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passphrase { kdf, .. } => {
                f.debug_struct("Passphrase").field("kdf", kdf).finish_non_exhaustive()
            }
            Self::KeyFile(path) => f.debug_tuple("KeyFile").field(path).finish(),
            #[cfg(feature = "pkcs11")]
            Self::Pkcs11(token) => f.debug_tuple("Pkcs11").field(token).finish(),
        }
    }
}

/// `about` of `root.json`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Method {
    Passphrase(KdfHeader),
    KeyFile { salt: String },
    Pkcs11 { token: String, key: String },
}

impl Method {
    const fn describe(&self) -> &'static str {
        match self {
            Self::Passphrase(_) => "a passphrase",
            Self::KeyFile { .. } => "a key file",
            Self::Pkcs11 { .. } => "a PKCS#11 token",
        }
    }
}

/// Makes a key file: 32 octets of `rng`, mode 0600.
///
/// # Errors
/// [`KeysError::File`] if there is one already, or it cannot be written; [`KeysError::Rng`].
pub fn create_key_file<R: TryCryptoRng + ?Sized>(path: &Path, rng: &mut R) -> Result<(), KeysError> {
    let mut key = Zeroizing::new([0; KEY]);
    rng.try_fill_bytes(key.as_mut_slice()).map_err(|_| KeysError::Rng)?;
    Ok(private_file::write(path, key.as_slice(), Existing::Keep)?)
}

/// HKDF-SHA-256 over the octets of the file.
fn key_of_file(path: &Path, salt: &[u8; SALT]) -> Result<Zeroizing<[u8; KEY]>, KeysError> {
    let octets = private_file::read(path, KEY as u64)?;
    if octets.len() != KEY {
        return Err(KeysError::file(path, FileProblem::Format(FormatError::Unknown("length of a key file"))));
    }
    let mut key = Zeroizing::new([0; KEY]);
    Hkdf::<Sha256>::new(Some(salt), &octets)
        .expand(b"ibc key directory v1 key file", key.as_mut_slice())
        .expect("one block");
    Ok(key)
}

/// The octets of a new `root.json`.
pub(super) fn seal_root<R: TryCryptoRng + ?Sized>(
    root: &[u8; KEY],
    sealing: &Sealing<'_>,
    now: UnixTime,
    rng: &mut R,
) -> Result<Vec<u8>, KeysError> {
    let nonce = sealed_file::nonce(rng)?;
    let mut salt = [0; SALT];
    rng.try_fill_bytes(&mut salt).map_err(|_| KeysError::Rng)?;
    let header =
        |cipher, about| NewHeader { kind: Kind::Root, name: ROOT, cipher, created: now, nonce, about };
    match sealing {
        Sealing::Passphrase { passphrase, kdf } => {
            let key = kdf.derive(passphrase, &salt).map_err(|error| in_root(Path::new(ROOT), error))?;
            header(GCM_SIV, Method::Passphrase(KdfHeader::new(kdf, &salt))).seal(&key, root)
        }
        Sealing::KeyFile(path) => {
            let key = key_of_file(path, &salt)?;
            let salt = base16ct::lower::encode_string(&salt);
            header(GCM_SIV, Method::KeyFile { salt }).seal(&key, root)
        }
        #[cfg(feature = "pkcs11")]
        Sealing::Pkcs11(token) => {
            let about = Method::Pkcs11 { token: token.token.clone(), key: token.key.clone() };
            header(super::pkcs11::CIPHER, about)
                .seal_with(|associated| token.encrypt(&nonce, associated, root))
        }
    }
}

/// Reads and opens `root.json`.
pub(super) fn open_root(folder: &Path, sealing: &Sealing<'_>) -> Result<Undumped<[u8; KEY]>, KeysError> {
    let file = SealedFile::<Method>::read(folder, ROOT, Kind::Root)?;
    let mut root = Undumped::new([0; KEY])?;
    let path = folder.join(ROOT);
    let failed = |error| in_root(&path, error);
    match (sealing, &file.about) {
        (Sealing::Passphrase { passphrase, .. }, Method::Passphrase(kdf)) => {
            let (parameters, salt) = kdf.read().map_err(failed)?;
            let key = parameters.derive(passphrase, &salt).map_err(failed)?;
            root.copy_from_slice(file.open::<KEY>(&key).map_err(failed)?.as_slice());
        }
        (Sealing::KeyFile(key_file), Method::KeyFile { salt }) => {
            let key = key_of_file(key_file, &hex::exact(salt, "salt").map_err(failed)?)?;
            root.copy_from_slice(file.open::<KEY>(&key).map_err(failed)?.as_slice());
        }
        #[cfg(feature = "pkcs11")]
        (Sealing::Pkcs11(token), Method::Pkcs11 { token: label, key }) => {
            if file.cipher != super::pkcs11::CIPHER {
                return Err(failed(FormatError::Unknown("cipher")));
            }
            if (label, key) != (&token.token, &token.key) {
                return Err(KeysError::Token(std::format!(
                    "the root key is sealed under the key {key:?} of the token {label:?}, and another is configured"
                )));
            }
            token.decrypt(&file.nonce, &file.line, &file.sealed, &mut root)?;
        }
        (_, method) => return Err(KeysError::OtherSealing { method: method.describe() }),
    }
    Ok(root)
}

fn in_root(path: &Path, error: FormatError) -> KeysError {
    KeysError::file(path, error)
}
