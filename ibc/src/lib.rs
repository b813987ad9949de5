//! Identity-based key service: what an operator of a KMS, MEF or MAF runs, and what their devices run.
//!
//! The cryptography is the package `eccsi-sakke`; this one has no arithmetic. It is a library, for those who build
//! a MEF, a MAF or a device of their own, and the command `ibc`.
//!
//! # Modules, from the bottom up
//!
//! | module | feature | what |
//! |---|---|---|
//! | `memory` (private) | | memory for keys that no core dump holds; an allocator that wipes what is freed |
//! | `redacted` (private) | | a `Debug` that shows nothing |
//! | [`clock`] | | the time |
//! | [`Function`] | `client`, `service` | MEF or MAF |
//! | `json` (private) | `cli`, `client`, `service` | the one reader of JSON from outside |
//! | [`wire`] | `client`, `service` | bodies of requests and answers |
//! | [`credential_fetcher`] | `client`, `service` | what a MAF needs of the network: keys by their KeID |
//! | [`mod@derive`] | `client`, `service` | keys that both ends derive from an enrolment key |
//! | [`command`] | `client`, `service` | MEF Client Command: its numbers and the client's side |
//! | [`files`] | `cli`, `client`, `service` | what stands on disk |
//! | [`tls`] | `tls-openssl`, `tls-rustls` | pre-shared keys, certificates, ECCSI in (D)TLS |
//! | [`association`] | likewise | security associations between two entities |
//! | `http` (private) | `client` | HTTP/1.1 and the names of its oneM2M binding |
//! | [`service`] | `service` | KMS, MEF and MAF on a durable store, without network |
//! | [`client`] | `client` | the client of MEF and MAF |
//! | [`server`] | `server` | MEF and MAF over HTTP on TLS |
//! | [`config`] | `service` | the configuration of a node |
//! | [`cli`] | `cli` | the command `ibc` |
//!
//! # Dev builds
//!
//! Cargo does not optimise the dependencies of a dev build. The arithmetic below then is some hundred times slower, and an
//! issue takes 850 KiB of stack: the threads of a KMS have room for it, those of others with small stacks may not. In the
//! workspace that depends on this package:
//!
//! ```toml
//! [profile.dev.package.eccsi-sakke]
//! opt-level = 3
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(unsafe_code)]

extern crate alloc;

#[cfg(any(feature = "client", feature = "service"))]
mod memory;
#[cfg(any(feature = "cli", feature = "client", feature = "service", feature = "tls-openssl"))]
mod redacted;

#[cfg(any(feature = "tls-openssl", feature = "tls-rustls"))]
pub mod association;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "client")]
pub mod client;
pub mod clock;
#[cfg(any(feature = "client", feature = "service"))]
pub mod command;
#[cfg(feature = "service")]
pub mod config;
#[cfg(any(feature = "client", feature = "service"))]
pub mod credential_fetcher;
#[cfg(any(feature = "client", feature = "service"))]
pub mod derive;
#[cfg(any(feature = "cli", feature = "client", feature = "service"))]
pub mod files;
#[cfg(any(feature = "client", feature = "service"))]
mod function;
#[cfg(feature = "client")]
#[cfg_attr(not(feature = "server"), allow(dead_code, unused_imports, reason = "the server's half"))]
mod http;
#[cfg(any(feature = "cli", feature = "client", feature = "service"))]
mod json;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "service")]
pub mod service;
#[cfg(any(feature = "tls-openssl", feature = "tls-rustls"))]
pub mod tls;
#[cfg(any(feature = "client", feature = "service"))]
pub mod wire;

#[cfg(any(feature = "client", feature = "service"))]
pub use function::Function;
#[cfg(any(feature = "client", feature = "service"))]
pub use memory::wiping_allocator::WipingAllocator;

/// For tests and fuzzing, no promise.
#[cfg(feature = "__backends")]
#[doc(hidden)]
pub mod __probe {
    #[cfg(feature = "server")]
    pub use crate::server::probe as http;
    #[cfg(feature = "tls-openssl")]
    pub use crate::tls::dtls_probe as dtls;
}
