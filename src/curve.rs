//! The curves: decoded scalars and points, and the operations on them.

#[cfg(feature = "eccsi")]
pub(crate) mod p256;
#[cfg(feature = "sakke")]
pub(crate) mod ss1024;
