//! The C interface of `eccsi-sakke`: what `include/eccsi_sakke.h` declares.
//!
//! | module | what |
//! |---|---|
//! | `edge` | pointers to references and back, handles, panics: all unsafe code |
//! | `handles` | the types of the header, and sizes |
//! | `error`, `random`, `batch` | codes with their texts; generators of the caller |
//! | `ksak`, `kpak`, `signing_key`, `verifying_key` | RFC 6507 |
//! | `sakke_id`, `sakke_kms`, `sakke_sender`, `sakke_receiver` | RFC 6508 |
//! | `identifiers`, `id_2` | identifiers of oneM2M |
//! | `saef` | the IBC-based security association of oneM2M |
//! | `mikey`, `mikey_open` | messages of RFC 6509, made and opened |
//! | `mikey_message`, `mikey_policy` | what they say, keys that are derived from them, SDP |
//!
//! A function here checks and converts what C gives, calls one method of the library, and converts what it gives.
#![allow(missing_debug_implementations, reason = "C alone sees the types")]
#![allow(non_camel_case_types, reason = "types are called as in the header")]
// `no_mangle` counts as unsafe code. That there is no other is held by tests/it/layering.rs.
#![allow(unsafe_code)]

mod batch;
mod edge;
pub mod error;
pub mod handles;
pub mod id_2;
pub mod identifiers;
pub mod kpak;
pub mod ksak;
pub mod mikey;
pub mod mikey_message;
pub mod mikey_open;
pub mod mikey_policy;
pub mod random;
pub mod saef;
pub mod sakke_id;
pub mod sakke_kms;
pub mod sakke_receiver;
pub mod sakke_sender;
pub mod signing_key;
pub mod verifying_key;
