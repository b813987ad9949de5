//! The RustCrypto crates behind the seams: the conservative choice, and the oracle for all others.

#[cfg(feature = "sakke")]
pub(crate) mod fp1024;
#[cfg(feature = "sakke")]
pub(crate) mod fp1024_order;
#[cfg(feature = "eccsi")]
mod p256;

/// The implementation; it has no state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RustCrypto;
