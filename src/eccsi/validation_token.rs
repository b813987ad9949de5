//! PVT, the public half of a user's key.

use crate::curve::p256::Point;
use crate::error::{DecodeError, Part};

/// PVT, the Public Validation Token of a user (RFC 6507 §4.3): a point of the curve.
///
/// Every signature carries one. It is checked when it is decoded, wherever it comes from: the
/// arithmetic would not notice a point of another curve, and an attacker would use that.
#[doc(alias = "PVT")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicValidationToken(Point);

impl PublicValidationToken {
    /// Octets of the encoding.
    pub const BYTES: usize = 65;

    /// Octets of the compressed encoding.
    pub const COMPRESSED_BYTES: usize = 33;

    /// Decodes `04 ‖ x ‖ y`, 65 octets, the one form of RFC 6507 §3.2.
    ///
    /// # Errors
    /// [`DecodeError`] for the compressed and hybrid forms, a coordinate that is not below p, and
    /// a point off the curve.
    ///
    /// # Timing
    /// Variable: PVT is public.
    pub fn from_bytes(octets: &[u8; 65]) -> Result<Self, DecodeError> {
        Point::decode(Part::Pvt, octets).map(Self)
    }

    /// As [`from_bytes`](Self::from_bytes), from octets of any number.
    ///
    /// # Errors
    /// Also [`Problem::Length`](crate::error::Problem::Length).
    ///
    /// # Timing
    /// Variable: PVT is public.
    pub fn from_slice(octets: &[u8]) -> Result<Self, DecodeError> {
        Self::from_bytes(DecodeError::array(Part::Pvt, octets)?)
    }

    /// Decodes `02 | 03 ‖ x`, 33 octets (SEC 1 §2.3.4). RFC 6507 has no such form; the PSK identity
    /// of the IBC-based security association uses it to save room.
    ///
    /// # Errors
    /// [`DecodeError`] for another first octet, x not below p, and an x that no point has.
    ///
    /// # Timing
    /// Variable: PVT is public.
    pub fn from_compressed(octets: &[u8; 33]) -> Result<Self, DecodeError> {
        Point::decompress(Part::Pvt, octets).map(Self)
    }

    /// `04 ‖ x ‖ y`.
    pub fn to_bytes(&self) -> [u8; 65] {
        self.0.encode()
    }

    /// `02 | 03 ‖ x`.
    pub fn to_compressed(&self) -> [u8; 33] {
        self.0.compress()
    }

    pub(crate) fn from_point(point: Point) -> Self {
        Self(point)
    }

    pub(crate) fn point(&self) -> &Point {
        &self.0
    }
}
