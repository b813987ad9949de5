//! The keys of a service: a directory of sealed files, and what is done with them.
//!
//! One directory for each deployment, shared by its nodes, outside the database and apart from its
//! backups; mode 0700, every file 0600.
//!
//! | file | kind | sealed | header, `about` |
//! |---|---|---|---|
//! | `root.json` | `root` | root key, 32 octets | how it is sealed, see [`Sealing`] |
//! | `service.json` | `service` | ECDSA P-256 scalar (32) ‖ secret for refusals (32) | `public_key` |
//! | `kms-TAG.json` | `kms` | KSAK (32) ‖ z (128) | `fqdn`, `kpak`, `z_public`, `not_before`, `not_after`, and `issuing_ended` once it has |
//! | `data/YYYYMMDD-N.json` | `data` | key of registered values, 32 octets | `day`, `generation` |
//!
//! TAG is the tag of the KPAK in six lower-case hexadecimal digits, so that no two KPAKs of a
//! directory have the same. Names that begin with a dot are of files being written or erased.
//!
//! Each file has two lines of text. The first is the header, a JSON object:
//!
//! | field | meaning |
//! |---|---|
//! | `format`, `version` | `"ibc-keys"`, 1 |
//! | `kind`, `name` | as in the table above: a file under another name does not open |
//! | `cipher` | `name`, `nonce` (12 octets) |
//! | `created` | time, `YYYYMMDDThhmmss` |
//! | `about` | of the kind |
//!
//! The second is ciphertext and tag (16 octets); the octets of the first line, as they stand, are the
//! associated data. All octets are in hexadecimal. The cipher is AES-256-GCM-SIV (RFC 8452) under
//! HKDF-Expand-SHA-256(root key, `"ibc key directory v1 "` ‖ kind, 32). Only `root.json` has another
//! key, by `about`:
//!
//! | `about` | cipher and key |
//! |---|---|
//! | `{"passphrase":{"name":"argon2id",…}}` | AES-256-GCM-SIV, argon2id of the passphrase: [`kdf`](crate::files::kdf) |
//! | `{"key-file":{"salt":…}}` | AES-256-GCM-SIV, HKDF-SHA-256 of the file's 32 octets, that salt (32), info `"ibc key directory v1 key file"` |
//! | `{"pkcs11":{"token":…,"key":…}}` | CKM_AES_GCM, tag of 128 bits, an AES key that the token never gives out |
//!
//! Files appear complete or not at all, and none is overwritten, but `root.json` when the sealing
//! changes and `kms-TAG.json` when its issuing ends. Whoever can write the directory can put an older
//! copy of a file in its place: that is not noticed.
//!
//! # Where keys lie while the service runs
//!
//! KSAK, z, the root key, data keys and the signing key lie in memory that core dumps leave out, locked
//! where the limit allows (`backend::undumped`). Whatever computes with them runs on threads of its
//! own, whose stacks are left out of dumps too and overwritten after each operation; what comes back
//! from them is in boxes that are wiped ([`SecretOctets`]). [`protect_process`] turns core dumps
//! off altogether; a service calls it first.

mod data_keys;
mod directory;
mod erase;
mod error;
mod issuer;
mod kms_key;
#[cfg(feature = "pkcs11")]
mod pkcs11;
mod sealed_file;
mod sealing;
mod secret_octets;
mod service_key;
mod state;
mod vault;

pub use data_keys::{DataKeys, ExpiryDay, SealedValue};
pub use directory::KeyDirectory;
pub use error::{KeysError, KmsError};
pub use issuer::{Issued, Kms};
pub use kms_key::PublicKeys;
#[cfg(feature = "pkcs11")]
pub use pkcs11::Pkcs11;
pub use sealing::{Sealing, create_key_file};
pub use secret_octets::SecretOctets;
pub use service_key::{ServiceKey, ServicePublicKey};
pub use vault::protect_process;
