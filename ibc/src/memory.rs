//! Memory for secrets: pages that no core dump holds, and an allocator that wipes what is freed.
//!
//! # Safety
//!
//! `unsafe` of this package stands here and in `tls::openssl_ffi`. Each file states its own argument.

#[cfg(all(feature = "service", unix))]
#[allow(unsafe_code, reason = "asks the system for memory of a kind; see Safety there")]
pub(crate) mod undumped;
#[allow(unsafe_code, reason = "the interface of allocators is; see Safety there")]
pub(crate) mod wiping_allocator;
