//! RFC 6508 §4: Encapsulated Data and Shared Secret Values as octets.

use crate::curve::ss1024::{self, PointOctets, Scalar};
use crate::error::{DecodeError, Error, Part, Problem};
use crate::identity::sakke_identifier::Identifier;
use crate::secret::declassify;
use core::fmt;
use rand_core::TryCryptoRng;
use subtle::{Choice, ConstantTimeEq};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Octets of an encoded point: 04 ‖ x ‖ y.
pub(super) const POINT_BYTES: usize = 257;

/// Decodes 04 ‖ x ‖ y to a point of the curve with y ≠ 0. Its order is not checked.
pub(super) fn decode_point(
    part: Part,
    octets: &[u8; POINT_BYTES],
) -> Result<Zeroizing<PointOctets>, DecodeError> {
    let got = declassify(octets[0]);
    if got != 4 {
        return Err(DecodeError::new(part, Problem::PointForm { expected: 4, got }));
    }
    let mut point = Zeroizing::new([0; 256]);
    point.copy_from_slice(&octets[1..]);
    ss1024::check_point(&point).map_err(|problem| DecodeError::new(part, problem))?;
    Ok(point)
}

/// 04 ‖ x ‖ y.
pub(super) fn encode_point(point: &PointOctets) -> [u8; POINT_BYTES] {
    let mut octets = [4; POINT_BYTES];
    octets[1..].copy_from_slice(point);
    octets
}

/// The integer that an identifier stands for (RFC 6508 §2.2), in [2, q − 1].
pub(super) fn identifier_integer(id: &Identifier) -> Scalar {
    Scalar::from_key_octets(&id.integer()).expect("an identifier lies in the range")
}

/// Encapsulated Data, R ‖ H (RFC 6508 §4): what a sender sends.
///
/// R was decoded: a point of the curve other than infinity and (0, 0). Its order is not known; see
/// [`decapsulate`](super::ReceiverSecretKey::decapsulate).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EncapsulatedData([u8; Self::BYTES]);

impl EncapsulatedData {
    /// Octets: R 257, H 16. (RFC 6508 §4 counts n, the bits of H, as octets; 2L + n/8 + 1 is meant.)
    pub const BYTES: usize = 273;

    /// Decodes R ‖ H and checks R.
    ///
    /// # Errors
    /// [`DecodeError`] unless R has the form 04 ‖ x ‖ y with both coordinates below p, lies on the
    /// curve, and has y ≠ 0.
    ///
    /// # Timing
    /// Variable: R and H are public.
    pub fn from_bytes(octets: &[u8; Self::BYTES]) -> Result<Self, DecodeError> {
        let r = octets.first_chunk().expect("273 octets begin with 257");
        decode_point(Part::EncapsulatedPoint, r)?;
        Ok(Self(*octets))
    }

    /// As [`from_bytes`](Self::from_bytes), from octets of any number.
    ///
    /// # Errors
    /// Also [`Problem::Length`].
    ///
    /// # Timing
    /// Variable: R and H are public.
    pub fn from_slice(octets: &[u8]) -> Result<Self, DecodeError> {
        Self::from_bytes(DecodeError::array(Part::EncapsulatedData, octets)?)
    }

    /// R ‖ H.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        self.0
    }

    pub(super) fn from_parts(r: &PointOctets, h: &[u8; 16]) -> Self {
        let mut octets = [4; Self::BYTES];
        octets[1..POINT_BYTES].copy_from_slice(r);
        octets[POINT_BYTES..].copy_from_slice(h);
        Self(octets)
    }

    pub(super) fn r(&self) -> &PointOctets {
        self.0[1..POINT_BYTES].try_into().expect("256 octets")
    }

    pub(super) fn h(&self) -> &[u8; 16] {
        self.0.last_chunk().expect("273 octets end with 16")
    }
}

impl fmt::Debug for EncapsulatedData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncapsulatedData({self})")
    }
}

/// R ‖ H.
impl AsRef<[u8]> for EncapsulatedData {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// SSV, a Shared Secret Value of 128 bits (RFC 6508 §2.2): what encapsulation carries.
///
/// Wiped when dropped; there is no way to clone or print it, and [`expose`](Self::expose) is the
/// one way out. Compared in constant time, by [`ConstantTimeEq`].
#[doc(alias = "SSV")]
#[derive(ZeroizeOnDrop)]
pub struct SharedSecretValue(pub(super) [u8; 16]);

crate::secret::redacted_debug!(SharedSecretValue);

impl SharedSecretValue {
    /// Octets: n = 128 bits in parameter set 1, never another number.
    pub const BYTES: usize = 16;

    /// Draws 16 octets.
    ///
    /// # Errors
    /// [`Error::Rng`] if `rng` fails.
    ///
    /// # Timing
    /// Constant in the SSV.
    pub fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Self, Error> {
        let mut ssv = Self([0; 16]);
        rng.try_fill_bytes(&mut ssv.0).map_err(|_| Error::Rng)?;
        Ok(ssv)
    }

    /// Takes 16 octets: a value that several receivers are to share, or one from a peer.
    ///
    /// # Timing
    /// Constant: octets are copied.
    pub fn from_bytes(octets: &[u8; Self::BYTES]) -> Self {
        Self(*octets)
    }

    /// As [`from_bytes`](Self::from_bytes), from octets of any number.
    ///
    /// # Errors
    /// [`Problem::Length`].
    ///
    /// # Timing
    /// Depends on the length alone.
    pub fn from_slice(octets: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self::from_bytes(DecodeError::array(Part::Ssv, octets)?))
    }

    /// The value itself: the key, or what keys are derived from.
    ///
    /// # Timing
    /// Constant: octets are copied.
    pub fn expose(&self) -> Zeroizing<[u8; Self::BYTES]> {
        Zeroizing::new(self.0)
    }

    /// self xor mask: SSV to H and H to SSV.
    pub(super) fn masked(&self, mask: &[u8; 16]) -> Self {
        Self(core::array::from_fn(|i| self.0[i] ^ mask[i]))
    }
}

impl ConstantTimeEq for SharedSecretValue {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}
