//! Octets that Python gives, and that are secret.

use eccsi_sakke::zeroize::Zeroizing;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes};

/// `bytes`, or a `bytearray`, which its owner can overwrite.
#[derive(FromPyObject)]
pub(crate) enum SecretOctets<'py> {
    Fixed(Bound<'py, PyBytes>),
    Changing(Bound<'py, PyByteArray>),
}

impl SecretOctets<'_> {
    /// Works with the octets: those of `bytes` where they are, those of a `bytearray`, which other threads may change
    /// meanwhile, in a copy that is wiped.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&[u8]) -> T) -> T {
        match self {
            Self::Fixed(octets) => work(octets.as_bytes()),
            Self::Changing(octets) => work(&Zeroizing::new(octets.to_vec())),
        }
    }
}
