//! What stands on disk: the sealed KMS file, credentials, batches of them, and public keys.
//!
//! | file | content | mode | module |
//! |---|---|---|---|
//! | KMS file | KSAK and z, sealed under a passphrase | 0600 | [`kms_file`], [`kdf`] |
//! | credential | identity, SSK, PVT, KPAK; RSK and Z for SAKKE | 0600 | [`credential_file`] |
//! | batch | credentials, one a line | 0600 | [`batch_file`] |
//! | identity list | one identity a line | any | [`identity_list`] |
//! | public key | KPAK with its tag, and Z | any | [`public_key_file`] |
//! | symmetric key | hexadecimal digits, or octets | 0600 | [`key_file`] |
//! | registered key | a key with its Key Identifier, SUID, end, source and targets | 0600 | [`registered_key_file`] |
//!
//! Parsers work on octets and know no paths; [`private_file`] and [`public_file`] do the reading and
//! writing, and [`FileError`] puts the path to what went wrong. Messages never contain a secret. Unix only: what
//! keeps a secret file private is its mode.

#[cfg(any(feature = "cli", feature = "service"))]
pub mod batch_file;
pub mod credential_file;
#[cfg(any(feature = "cli", feature = "service"))]
pub(crate) mod duration;
mod error;
pub(crate) mod hex;
#[cfg(any(feature = "cli", feature = "service"))]
pub mod identity_list;
pub(crate) mod json;
#[cfg(any(feature = "cli", feature = "service"))]
pub mod kdf;
pub mod key_file;
#[cfg(any(feature = "cli", feature = "service"))]
pub mod kms_file;
mod on_disk;
pub mod private_file;
pub mod public_file;
pub mod public_key_file;
#[cfg(feature = "client")]
pub mod registered_key_file;

pub use error::{FileError, FileProblem, FormatError};
#[cfg(feature = "service")]
pub(crate) use on_disk::{check_room, open_at_once};
