//! The values that never leave a key derivation, for test vectors and research.
//!
//! **Z and PRK are secret.** Whoever has either can compute every key of these two credentials. Nothing is
//! wiped.

use super::SaefError;
use super::association::{self, ExaminedPeer};

/// The x-coordinate of Z = \[SSK_A\](KPAK_B + \[HS_B\]PVT_B), 32 octets, big-endian.
///
/// # Errors
/// [`SaefError::PeerKey`].
///
/// # Timing
/// Constant in SSK.
pub fn z(peer: &ExaminedPeer<'_>) -> Result<[u8; 32], SaefError> {
    peer.z().map(|z| *z)
}

/// PRK = HKDF-Extract(salt = label, IKM = x-coordinate of Z), 32 octets.
///
/// # Timing
/// Constant in `z`.
pub fn prk(z: &[u8; 32]) -> [u8; 32] {
    association::extract(z)
}

/// The info of HKDF-Expand: public, and the same at both ends.
///
/// # Timing
/// Variable: all in it is public.
pub fn info<'a>(peer: &'a ExaminedPeer<'_>) -> &'a [u8] {
    peer.info()
}
