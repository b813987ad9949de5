//! The key pair of a KMS: KSAK and KPAK.

use crate::curve::p256::{self, BasePoint, Point, Scalar};
use crate::error::{DecodeError, Error, Part, Problem};
use crate::secret::declassify;
use rand_core::TryCryptoRng;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// KSAK, the KMS Secret Authentication Key (RFC 6507 §4.2), with its KPAK.
///
/// Whoever holds it can become any identity of the community. Wiped when dropped; there is no way
/// to clone, compare or print it, and [`expose`](Self::expose) and its like are the only ways out.
#[doc(alias = "KSAK")]
#[derive(ZeroizeOnDrop)]
pub struct KmsSecretKey {
    pub(super) ksak: Scalar,
    #[zeroize(skip)]
    kpak: KmsPublicKey,
}

crate::secret::redacted_debug!(KmsSecretKey);

impl KmsSecretKey {
    /// Octets of [`from_bytes`](Self::from_bytes) and [`expose`](Self::expose).
    pub const BYTES: usize = 32;

    /// Candidates drawn before a generator counts as broken: a sound one needs the second with a
    /// chance of 2⁻³².
    const CANDIDATES: usize = 16;

    /// Makes a new KSAK, uniform in [1, q − 1], and KPAK = \[KSAK\]G.
    ///
    /// Draws 32 octets, and again in the rare case (2⁻³²) that they lie outside the range; they are
    /// never reduced.
    ///
    /// # Errors
    /// [`Error::Rng`] if `rng` fails, or gives only octets outside the range, as one that is stuck at
    /// all zeros does.
    ///
    /// # Timing
    /// Constant in KSAK. Shows how many candidates were drawn.
    pub fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Self, Error> {
        for _ in 0..Self::CANDIDATES {
            let mut octets = Zeroizing::new([0; 32]);
            rng.try_fill_bytes(octets.as_mut_slice()).map_err(|_| Error::Rng)?;
            if let Ok(key) = Self::from_bytes(&octets) {
                return Ok(key);
            }
        }
        Err(Error::Rng)
    }

    /// Takes a KSAK of 32 octets, big-endian.
    ///
    /// # Errors
    /// [`Problem::OutOfRange`] unless it lies in [1, q − 1].
    ///
    /// # Timing
    /// Constant in the value, but for whether it lies in the range.
    pub fn from_bytes(octets: &[u8; 32]) -> Result<Self, DecodeError> {
        let ksak = Scalar::from_octets(octets).ok_or(DecodeError::new(Part::Ksak, Problem::OutOfRange))?;
        let kpak = declassify(p256::mul_generator(&ksak));
        Ok(Self { ksak, kpak: KmsPublicKey::from_point(kpak) })
    }

    /// As [`from_bytes`](Self::from_bytes), from octets of any number.
    ///
    /// # Errors
    /// Also [`Problem::Length`].
    ///
    /// # Timing
    /// As [`from_bytes`](Self::from_bytes); depends on the length.
    pub fn from_slice(octets: &[u8]) -> Result<Self, DecodeError> {
        Self::from_bytes(DecodeError::array(Part::Ksak, octets)?)
    }

    /// KSAK itself, 32 octets, big-endian: to seal it at rest.
    ///
    /// # Timing
    /// Constant: octets are copied.
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.ksak.as_octets())
    }

    /// KPAK.
    pub fn public_key(&self) -> KmsPublicKey {
        self.kpak.clone()
    }

    pub(super) fn kpak(&self) -> &KmsPublicKey {
        &self.kpak
    }
}

/// KPAK, the KMS Public Authentication Key (RFC 6507 §4.2): the root of trust of a community.
///
/// Nothing inside the scheme authenticates it: take it from a source you trust. It is a point of
/// the curve, checked when it was decoded. Clones are cheap and share a table once there is one.
#[doc(alias = "KPAK")]
#[derive(Clone)]
pub struct KmsPublicKey {
    base: BasePoint,
    /// As it enters hashes.
    encoded: [u8; 65],
}

impl KmsPublicKey {
    /// Octets of the encoding.
    pub const BYTES: usize = 65;

    /// Decodes `04 ‖ x ‖ y`, 65 octets, and checks the point (RFC 6507 §3.2, §4.2).
    ///
    /// # Errors
    /// [`DecodeError`] for the compressed and hybrid forms, a coordinate that is not below p, and
    /// a point off the curve.
    ///
    /// # Timing
    /// Variable: KPAK is public.
    pub fn from_bytes(octets: &[u8; 65]) -> Result<Self, DecodeError> {
        Point::decode(Part::Kpak, octets).map(Self::from_point)
    }

    /// As [`from_bytes`](Self::from_bytes), from octets of any number.
    ///
    /// # Errors
    /// Also [`Problem::Length`].
    ///
    /// # Timing
    /// Variable: KPAK is public.
    pub fn from_slice(octets: &[u8]) -> Result<Self, DecodeError> {
        Self::from_bytes(DecodeError::array(Part::Kpak, octets)?)
    }

    /// `04 ‖ x ‖ y`.
    pub fn to_bytes(&self) -> [u8; 65] {
        self.encoded
    }

    /// The same key with a table of its multiples, for those who verify often under it. What a
    /// table costs and gives depends on the backend: `docs/benchmarks.md`. Clones share it.
    ///
    /// # Timing
    /// Variable: KPAK is public.
    #[cfg(feature = "tables")]
    pub fn prepared(self) -> Self {
        Self { base: self.base.prepared(), ..self }
    }

    pub(crate) fn from_point(point: Point) -> Self {
        Self { base: BasePoint::new(point), encoded: point.encode() }
    }

    pub(crate) fn point(&self) -> &Point {
        self.base.point()
    }

    pub(super) fn base(&self) -> &BasePoint {
        &self.base
    }
}

crate::public_octets::encoded_point!(KmsPublicKey);
