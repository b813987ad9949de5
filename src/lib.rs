#![cfg_attr(all(feature = "eccsi", feature = "getrandom"), doc = include_str!("../README.md"))]
#![cfg_attr(not(all(feature = "eccsi", feature = "getrandom")), doc = "Identity-based cryptography.")]
//!
//! # Modules, from the bottom up
//!
//! | module | what |
//! |---|---|
//! | [`error`], [`identity`] | what can go wrong; the octets a key is bound to |
//! | `secret` (private) | redacted `Debug`, marks for the constant-time checker |
//! | `serde_octets` (private) | serde for fixed numbers of octets |
//! | `backend` (private) | arithmetic behind one seam per modulus |
//! | `hash` (private) | SHA-256 and HMAC of many messages at once |
//! | `curve` (private) | scalars and points that cannot hold a bad value |
//! | [`onem2m`] | identifiers of oneM2M |
//! | [`eccsi`] | RFC 6507 |
//! | [`sakke`] | RFC 6508 |
//! | [`saef`] | the IBC-based security association of oneM2M |
//! | `tls` (features `tls-openssl`, `tls-rustls`) | pre-shared keys, certificates, ECCSI in (D)TLS |
//! | `association` (likewise) | security associations between two entities |
//! | `files` (features `cli`, `client`, `service`) | what stands on disk |
//! | `wire` (features `client`, `service`) | bodies of requests and answers |
//! | `derive` (features `client`, `service`) | keys that both ends derive from an enrolment key |
//! | `command` (features `client`, `service`) | MEF Client Command: its numbers and the client's side |
//! | `http` (private) | HTTP/1.1 and the names of its oneM2M binding |
//! | `client` (feature `client`) | the client of MEF and MAF |
//! | `service` (feature `service`) | KMS, MEF and MAF on a durable store |
//! | `server` (feature `http`) | MEF and MAF over HTTP on TLS |
//! | `cli` (feature `cli`) | the command `ibc` |
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(any(
    feature = "cli",
    feature = "client",
    feature = "service",
    feature = "std",
    feature = "tls-openssl",
    feature = "tls-rustls",
    test
))]
extern crate std;

pub mod error;
pub mod identity;
pub mod onem2m;
#[cfg(any(feature = "eccsi", feature = "sakke"))]
mod secret;
#[cfg(all(feature = "serde", any(feature = "eccsi", feature = "sakke")))]
mod serde_octets;

#[cfg(any(feature = "eccsi", feature = "sakke"))]
mod backend;
#[cfg(any(feature = "eccsi", feature = "sakke"))]
mod curve;

#[cfg(feature = "eccsi")]
pub mod eccsi;
#[cfg(feature = "eccsi")]
mod hash;
#[cfg(feature = "eccsi")]
pub mod saef;
#[cfg(feature = "sakke")]
pub mod sakke;

#[cfg(any(feature = "tls-openssl", feature = "tls-rustls"))]
pub mod association;
#[cfg(any(feature = "tls-openssl", feature = "tls-rustls"))]
pub mod tls;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "client")]
pub mod client;
#[cfg(any(feature = "client", feature = "service"))]
pub mod command;
#[cfg(feature = "service")]
pub mod config;
#[cfg(any(feature = "client", feature = "service"))]
pub mod derive;
#[cfg(any(feature = "cli", feature = "client", feature = "service"))]
pub mod files;
#[cfg(any(feature = "client", feature = "http"))]
#[cfg_attr(not(feature = "http"), allow(dead_code, unused_imports, reason = "the server's half"))]
mod http;
#[cfg(feature = "http")]
pub mod server;
#[cfg(feature = "service")]
pub mod service;
#[cfg(any(feature = "client", feature = "service"))]
pub mod wire;

#[cfg(any(feature = "client", feature = "service"))]
pub use backend::wiping_allocator::WipingAllocator;
pub use error::{DecodeError, Error};
#[cfg(feature = "getrandom")]
pub use getrandom::SysRng;
pub use identity::Identity;
/// For tests and benches, no promise.
#[cfg(all(feature = "__backends", any(feature = "eccsi", feature = "sakke")))]
#[doc(hidden)]
pub mod __backends {
    #[cfg(feature = "sakke")]
    pub use crate::backend::fp1024::probe as fp1024;
    pub use crate::backend::{Name, force, with};
    #[cfg(feature = "eccsi")]
    pub use crate::curve::p256::probe;
    #[cfg(feature = "http")]
    pub use crate::server::probe as http;
}
#[cfg(feature = "__ctgrind")]
#[doc(hidden)]
pub use secret::ctgrind as __ctgrind;
