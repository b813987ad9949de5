//! The signature r ‖ s ‖ PVT.

use super::PublicValidationToken;
use crate::curve::p256::{self, Scalar};
use crate::error::{DecodeError, Part, Problem};
use ::signature::SignatureEncoding;

/// An ECCSI signature (RFC 6507 §3.3): r (32) ‖ s (32) ‖ PVT (65), 129 octets, integers big-endian.
///
/// One that exists is well formed: 0 < r < p, 0 < s < q, PVT on the curve. The RFC asks only for
/// the last; the bounds on r and s shut out r = s = 0, which a verifier that overlooks the
/// condition Jx ≠ 0 takes for a signature of anything, and a second encoding of s.
///
/// From (r, s) anyone can make (r, q − s), which verifies as well (RFC 6507 §6): do not take the
/// octets for a unique name of a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    r: [u8; 32],
    s: [u8; 32],
    pvt: PublicValidationToken,
}

impl Signature {
    /// Octets of a signature.
    pub const BYTES: usize = 129;

    /// r and s of a signer, who keeps their ranges.
    pub(super) fn new(r: [u8; 32], s: [u8; 32], pvt: PublicValidationToken) -> Self {
        Self { r, s, pvt }
    }

    /// Decodes a signature and checks its form.
    ///
    /// # Errors
    /// [`DecodeError`] for r = 0, r ≥ p, s = 0, s ≥ q, and for what
    /// [`PublicValidationToken::from_bytes`] refuses.
    ///
    /// # Timing
    /// Variable: a signature is public.
    pub fn from_bytes(octets: &[u8; 129]) -> Result<Self, DecodeError> {
        let (r, rest) = octets.split_first_chunk::<32>().expect("129 octets");
        let (s, pvt) = rest.split_first_chunk::<32>().expect("97 octets");
        if *r == [0; 32] || !p256::is_field_element(r) {
            return Err(DecodeError::new(Part::R, Problem::OutOfRange));
        }
        if Scalar::from_octets(s).is_none() {
            return Err(DecodeError::new(Part::S, Problem::OutOfRange));
        }
        Ok(Self { r: *r, s: *s, pvt: PublicValidationToken::from_slice(pvt)? })
    }

    /// As [`from_bytes`](Self::from_bytes), from octets of any number.
    ///
    /// # Errors
    /// Also [`Problem::Length`].
    ///
    /// # Timing
    /// Variable: a signature is public.
    pub fn from_slice(octets: &[u8]) -> Result<Self, DecodeError> {
        Self::from_bytes(DecodeError::array(Part::Signature, octets)?)
    }

    /// r ‖ s ‖ PVT.
    pub fn to_bytes(&self) -> [u8; 129] {
        let mut out = [0; 129];
        out[..32].copy_from_slice(&self.r);
        out[32..64].copy_from_slice(&self.s);
        out[64..].copy_from_slice(&self.pvt.to_bytes());
        out
    }

    /// r, an integer in [1, p − 1].
    pub fn r(&self) -> &[u8; 32] {
        &self.r
    }

    /// s, an integer in [1, q − 1].
    pub fn s(&self) -> &[u8; 32] {
        &self.s
    }

    /// PVT of the signer.
    pub fn pvt(&self) -> &PublicValidationToken {
        &self.pvt
    }
}

impl core::fmt::Debug for Signature {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Signature(")?;
        for octet in self.to_bytes() {
            write!(f, "{octet:02x}")?;
        }
        f.write_str(")")
    }
}

impl SignatureEncoding for Signature {
    type Repr = [u8; 129];
}
