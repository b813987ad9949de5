//! The key pair of a KMS: z_T and Z_T.

use super::encoding::{POINT_BYTES, decode_point, encode_point, identifier_integer};
use crate::curve::ss1024::{
    self, Base, FieldOctets, LineTable, PointComb, PointOctets, Scalar, UnitComb, Weighted,
};
use crate::error::{DecodeError, Error, Part, Problem};
use crate::identity::sakke_identifier::Identifier;
use crate::secret::declassify;
use alloc::sync::Arc;
use rand_core::TryCryptoRng;
use subtle::Choice;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// z, the KMS Master Secret (RFC 6508 §2.2), with its Z.
///
/// Whoever holds it can decapsulate for every identity of the community. Wiped when dropped; there
/// is no way to clone, compare or print it, and [`expose`](Self::expose) is the one way out. Holds
/// a comb of P, 0.1 MB.
#[doc(alias = "z_T")]
#[derive(ZeroizeOnDrop)]
pub struct KmsSecretKey {
    pub(super) z: Scalar,
    #[zeroize(skip)]
    comb: PointComb,
    #[zeroize(skip)]
    public: KmsPublicKey,
}

crate::secret::redacted_debug!(KmsSecretKey);

/// Candidates for z, of which each lies in the range with a chance of 0.6, before the generator is
/// taken for broken.
const CANDIDATES: usize = 256;

impl KmsSecretKey {
    /// Octets of [`from_bytes`](Self::from_bytes) and [`expose`](Self::expose).
    pub const BYTES: usize = 128;

    /// Makes a new z, uniform in [2, q − 1], and Z = \[z\]P.
    ///
    /// Draws 128 octets, clears the top two bits, and draws again (in two cases of five) where the
    /// integer lies outside the range; it is never reduced.
    ///
    /// # Errors
    /// [`Error::Rng`] if `rng` fails, or gives nothing usable in 256 draws.
    ///
    /// # Timing
    /// Constant in z. Shows how many candidates were drawn.
    pub fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Self, Error> {
        for _ in 0..CANDIDATES {
            let mut octets = Zeroizing::new([0; Self::BYTES]);
            rng.try_fill_bytes(octets.as_mut_slice()).map_err(|_| Error::Rng)?;
            octets[0] &= 0x3f;
            if let Ok(key) = Self::from_bytes(&octets) {
                return Ok(key);
            }
        }
        Err(Error::Rng)
    }

    /// Takes z of 128 octets, big-endian. Builds the comb of P, which takes several times as long as
    /// issuing a key: some milliseconds.
    ///
    /// # Errors
    /// [`Problem::OutOfRange`] unless it lies in [2, q − 1].
    ///
    /// # Timing
    /// Constant in the value, but for whether it lies in the range.
    pub fn from_bytes(octets: &[u8; Self::BYTES]) -> Result<Self, DecodeError> {
        let z = Scalar::from_key_octets(octets)
            .ok_or(DecodeError::new(Part::MasterSecret, Problem::OutOfRange))?;
        let p = ss1024::generator();
        let comb = PointComb::new(&p);
        // By reference: a copy of z on the stack would not be wiped.
        let z_octets = core::slice::from_ref(z.as_octets());
        let [point] = ss1024::mul_many(Base { point: &p, table: Some(&comb) }, z_octets)[..] else {
            unreachable!("one scalar gives one point")
        };
        let public = KmsPublicKey::from_point(&declassify(point));
        Ok(Self { z, comb, public })
    }

    /// As [`from_bytes`](Self::from_bytes), from octets of any number.
    ///
    /// # Errors
    /// Also [`Problem::Length`].
    ///
    /// # Timing
    /// As [`from_bytes`](Self::from_bytes); depends on the length.
    pub fn from_slice(octets: &[u8]) -> Result<Self, DecodeError> {
        Self::from_bytes(DecodeError::array(Part::MasterSecret, octets)?)
    }

    /// z itself, 128 octets, big-endian: to seal it at rest.
    ///
    /// # Timing
    /// Constant: octets are copied.
    pub fn expose(&self) -> Zeroizing<[u8; Self::BYTES]> {
        Zeroizing::new(*self.z.as_octets())
    }

    /// Z.
    pub fn public_key(&self) -> KmsPublicKey {
        self.public.clone()
    }

    pub(super) fn comb(&self) -> &PointComb {
        &self.comb
    }
}

/// Z, the KMS Public Key (RFC 6508 §2.2): the root of trust of a community.
///
/// Nothing inside the scheme authenticates it: take it from a source you trust. It is a point of
/// order q, checked when it was decoded. Clones are cheap and share tables once there are any.
#[doc(alias = "Z_T")]
#[derive(Clone)]
pub struct KmsPublicKey {
    /// `04 ‖ x ‖ y`
    encoded: [u8; POINT_BYTES],
    tables: Option<Arc<Tables>>,
    lines: Option<Arc<Lines>>,
}

/// What a sender keeps to write to many receivers of one KMS.
pub(super) struct Tables {
    pub(super) p: PointComb,
    pub(super) z: PointComb,
    pub(super) g: Arc<UnitComb>,
}

/// What a receiver, or the KMS itself, keeps to validate many keys.
struct Lines {
    p: LineTable,
    z: LineTable,
}

impl KmsPublicKey {
    /// Octets of the encoding.
    pub const BYTES: usize = POINT_BYTES;

    /// Decodes `04 ‖ x ‖ y`, 257 octets, and checks that Z is a point of order q.
    ///
    /// # Errors
    /// [`DecodeError`] for any other form, a coordinate that is not below p, a point off the
    /// curve, and [`Problem::WrongOrder`] for one of another order.
    ///
    /// # Timing
    /// Variable: Z is public.
    pub fn from_bytes(octets: &[u8; Self::BYTES]) -> Result<Self, DecodeError> {
        let point = decode_point(Part::Z, octets)?;
        if !bool::from(ss1024::has_order_q(&point)) {
            return Err(DecodeError::new(Part::Z, Problem::WrongOrder));
        }
        Ok(Self::from_point(&point))
    }

    fn from_point(point: &PointOctets) -> Self {
        Self { encoded: encode_point(point), tables: None, lines: None }
    }

    /// As [`from_bytes`](Self::from_bytes), from octets of any number.
    ///
    /// # Errors
    /// Also [`Problem::Length`].
    ///
    /// # Timing
    /// Variable: Z is public.
    pub fn from_slice(octets: &[u8]) -> Result<Self, DecodeError> {
        Self::from_bytes(DecodeError::array(Part::Z, octets)?)
    }

    /// `04 ‖ x ‖ y`.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        self.encoded
    }

    /// The same key with combs of P, Z and g, 0.3 MB: each encapsulation to a new receiver then
    /// costs about a quarter. Building them takes about as long as one and a half without them.
    ///
    /// # Timing
    /// Variable: Z is public.
    pub fn prepared(self) -> Self {
        let tables = self.tables.clone().unwrap_or_else(|| {
            Arc::new(Tables {
                p: PointComb::new(&ss1024::generator()),
                z: PointComb::new(self.point()),
                g: Arc::new(UnitComb::of_g()),
            })
        });
        Self { tables: Some(tables), ..self }
    }

    /// The same key with the functions of the pairing's loops that walk P and Z, about 0.4 MB each (on
    /// `ifma` 0.6 MB): each [validation](super::IssuedKey::validate) then costs about a third. Building them
    /// takes about as long as two validations without them.
    ///
    /// # Timing
    /// Variable: Z is public.
    pub fn prepared_to_validate(self) -> Self {
        let lines = self.lines.clone().unwrap_or_else(|| {
            Arc::new(Lines { p: LineTable::new(&ss1024::generator()), z: LineTable::new(self.point()) })
        });
        Self { lines: Some(lines), ..self }
    }

    /// \[b\]P + Z, the point that stands for an identity under this KMS.
    pub(super) fn bound_point(&self, id: &Identifier) -> Result<PointOctets, Error> {
        self.bound_point_of(&identifier_integer(id))
    }

    pub(super) fn bound_point_of(&self, b: &Scalar) -> Result<PointOctets, Error> {
        let p = Base { point: &ss1024::generator(), table: self.tables().map(|tables| &tables.p) };
        ss1024::mul_add_vartime(b, p, self.point()).ok_or(Error::UnusableIdentity)
    }

    /// <\[b\]P + Z, K> = <P, K>^b·<Z, K>, if there are lines of P and Z.
    pub(super) fn pairing_with_bound_point(
        &self,
        b: &Scalar,
        k: &PointOctets,
    ) -> Option<Zeroizing<FieldOctets>> {
        let Lines { p, z } = self.lines.as_deref()?;
        let p = Base { point: &ss1024::generator(), table: Some(p) };
        Some(ss1024::pairing_product_vartime(b, p, Base { point: self.point(), table: Some(z) }, k))
    }

    /// Is <P, Σ \[kᵢ\]Kᵢ>·<Z, Σ \[lᵢ\]Kᵢ> = g^c? With the lines of P and Z if there are any.
    pub(super) fn pairings_agree_vartime(&self, terms: &[Weighted<'_>], c: &Scalar) -> Choice {
        let lines = self.lines.as_deref();
        let p = Base { point: &ss1024::generator(), table: lines.map(|lines| &lines.p) };
        let z = Base { point: self.point(), table: lines.map(|lines| &lines.z) };
        ss1024::pairings_agree_vartime(p, z, terms, c)
    }

    pub(super) fn tables(&self) -> Option<&Tables> {
        self.tables.as_deref()
    }

    pub(super) fn point(&self) -> &PointOctets {
        self.encoded.last_chunk().expect("257 octets end with 256")
    }
}

crate::public_octets::encoded_point!(KmsPublicKey);
