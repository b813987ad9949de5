#![cfg_attr(all(feature = "eccsi", feature = "getrandom"), doc = include_str!("../README.md"))]
#![cfg_attr(not(all(feature = "eccsi", feature = "getrandom")), doc = "Identity-based cryptography.")]
//!
//! # Modules, from the bottom up
//!
//! | module | what |
//! |---|---|
//! | [`error`], [`identity`] | what can go wrong; the octets a key is bound to |
//! | `secret` (private) | redacted `Debug`, marks for the constant-time checker |
//! | `public_octets`, `serde_octets` (private) | text, octets and serde of public types |
//! | `backend` (private) | arithmetic behind one seam per modulus |
//! | `drbg` (private) | HMAC-DRBG, for nonces and factors |
//! | `hash` (private) | SHA-256 and HMAC of many messages at once |
//! | `curve` (private) | scalars and points that cannot hold a bad value |
//! | [`onem2m`] | identifiers of oneM2M |
//! | [`eccsi`] | RFC 6507 |
//! | [`sakke`] | RFC 6508 |
//! | [`saef`] | the IBC-based security association of oneM2M |
//! | `serde_exposing_secrets` (feature `serde`) | serde for secret keys, where a field asks for it |
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod error;
pub mod identity;
pub mod onem2m;
#[cfg(any(feature = "eccsi", feature = "sakke"))]
mod public_octets;
#[cfg(any(feature = "eccsi", feature = "sakke"))]
mod secret;
#[cfg(all(feature = "serde", any(feature = "eccsi", feature = "sakke")))]
mod serde_octets;

#[cfg(any(feature = "eccsi", feature = "sakke"))]
mod backend;
#[cfg(any(feature = "eccsi", feature = "sakke"))]
mod curve;
#[cfg(any(feature = "eccsi", feature = "sakke"))]
mod drbg;

#[cfg(feature = "eccsi")]
pub mod eccsi;
#[cfg(feature = "eccsi")]
mod hash;
#[cfg(feature = "eccsi")]
pub mod saef;
#[cfg(feature = "sakke")]
pub mod sakke;
#[cfg(all(feature = "serde", any(feature = "eccsi", feature = "sakke")))]
pub mod serde_exposing_secrets;

pub use error::{BatchError, DecodeError, Error};
#[cfg(feature = "getrandom")]
pub use getrandom::SysRng;
pub use identity::{Identity, OwnedIdentity};
/// The crates whose types and traits stand in this crate's API, in the versions that it takes.
#[cfg(feature = "p256")]
pub use p256;
/// As above.
pub use {rand_core, signature, subtle, zeroize};
/// For tests and benches, no promise.
#[cfg(all(feature = "__backends", any(feature = "eccsi", feature = "sakke")))]
#[doc(hidden)]
pub mod __backends {
    #[cfg(feature = "sakke")]
    pub use crate::backend::fp1024::probe as fp1024;
    pub use crate::backend::{Name, force, with};
    #[cfg(feature = "eccsi")]
    pub use crate::curve::p256::probe;
}
#[cfg(feature = "__ctgrind")]
#[doc(hidden)]
pub use secret::ctgrind as __ctgrind;
