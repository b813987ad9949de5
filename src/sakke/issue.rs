//! RFC 6508 §6.1.1: the KMS makes the Receiver Secret Key of an identity.

use super::KmsSecretKey;
use super::batch::in_batches;
use super::encoding::{POINT_BYTES, decode_point, encode_point, identifier_integer};
use crate::curve::ss1024::{self, Base, PointOctets, Scalar};
use crate::error::{BatchError, DecodeError, Error, Part};
use crate::identity::sakke_identifier::Identifier;
use crate::secret::declassify;
use alloc::vec::Vec;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// A Receiver Secret Key as the KMS delivers it (RFC 6508 §6.1.1), not yet validated.
///
/// It decapsulates nothing: [`validate`](Self::validate) turns it into a
/// [`ReceiverSecretKey`](super::ReceiverSecretKey). Deliver it over a confidential channel. Wiped
/// when dropped.
#[doc(alias = "RSK")]
#[derive(ZeroizeOnDrop)]
pub struct IssuedKey {
    pub(super) k: PointOctets,
}

crate::secret::redacted_debug!(IssuedKey);

impl IssuedKey {
    /// Octets of the encoding.
    pub const BYTES: usize = POINT_BYTES;

    /// Decodes `04 ‖ x ‖ y`. The order of the point is checked by [`validate`](Self::validate).
    ///
    /// # Errors
    /// [`DecodeError`] for any other form, a coordinate that is not below p, a point off the
    /// curve, and (0, 0).
    ///
    /// # Timing
    /// Constant in the value, but for which check refuses it.
    pub fn from_bytes(octets: &[u8; Self::BYTES]) -> Result<Self, DecodeError> {
        Ok(Self { k: *decode_point(Part::Rsk, octets)? })
    }

    /// As [`from_bytes`](Self::from_bytes), from octets of any number.
    ///
    /// # Errors
    /// Also [`Problem::Length`](crate::error::Problem::Length).
    ///
    /// # Timing
    /// As [`from_bytes`](Self::from_bytes); depends on the length.
    pub fn from_slice(octets: &[u8]) -> Result<Self, DecodeError> {
        Self::from_bytes(DecodeError::array(Part::Rsk, octets)?)
    }

    /// A second one, wiped like this one.
    pub(super) fn duplicate(&self) -> Self {
        Self { k: self.k }
    }

    /// The key itself, `04 ‖ x ‖ y`: to deliver or to store it.
    ///
    /// # Timing
    /// Constant: octets are copied.
    pub fn expose(&self) -> Zeroizing<[u8; Self::BYTES]> {
        Zeroizing::new(encode_point(&self.k))
    }
}

impl KmsSecretKey {
    /// Makes the Receiver Secret Key of `id`: [RFC 6508 §6.1.1]. An identifier has one key, each call
    /// gives the same.
    ///
    /// # Errors
    /// [`Problem::LeadingZero`](crate::error::Problem::LeadingZero) if `id` begins with zeros that
    /// [nobody allowed](Identifier::allow_leading_zeros): the key would be that of the identifier without them.
    /// [`Error::UnusableIdentity`] if its integer is −z.
    ///
    /// # Timing
    /// Constant in z. Depends on the length of `id`.
    ///
    /// [RFC 6508 §6.1.1]: https://www.rfc-editor.org/rfc/rfc6508#section-6.1.1
    pub fn issue(&self, id: &Identifier) -> Result<IssuedKey, Error> {
        let points = self.issue_points(core::slice::from_ref(id))?;
        Ok(IssuedKey { k: points[0] })
    }

    /// Makes the key of each of `ids`, in their order: the results are those of
    /// [`issue`](Self::issue), a little faster, since they share inversions. With the feature `rayon`,
    /// on all cores.
    ///
    /// # Errors
    /// [`BatchError`] with the place of the first identifier that [`issue`](Self::issue) refuses, and why; then
    /// nothing is issued.
    ///
    /// # Timing
    /// As [`issue`](Self::issue).
    pub fn issue_many(&self, ids: &[Identifier]) -> Result<Vec<IssuedKey>, BatchError> {
        // Into a vector of its final size: one that grew would leave keys in freed memory.
        Ok(self.issue_points(ids)?.iter().map(|k| IssuedKey { k: *k }).collect())
    }

    /// The points K, one for each identity.
    fn issue_points(&self, ids: &[Identifier]) -> Result<Zeroizing<Vec<PointOctets>>, BatchError> {
        let mut points = Zeroizing::new(alloc::vec![[0; 256]; ids.len()]);
        in_batches(ids, &mut points, |ids, points| self.issue_batch(ids, points))?;
        Ok(points)
    }

    fn issue_batch(&self, ids: &[Identifier], points: &mut [PointOctets]) -> Result<(), BatchError> {
        let mut k = Vec::with_capacity(ids.len());
        for (index, id) in ids.iter().enumerate() {
            id.check_unambiguous().map_err(|error| BatchError::new(index, error.into()))?;
            let sum = identifier_integer(id).add(&self.z);
            // a + z ≡ 0: whoever chose that identity knows z already.
            if declassify(sum.is_zero()).into() {
                return Err(BatchError::new(index, Error::UnusableIdentity));
            }
            k.push(sum);
        }
        // K = [(a + z)⁻¹]P
        Scalar::invert_all(&mut k);
        let k: Zeroizing<Vec<_>> = Zeroizing::new(k.iter().map(|k| *k.as_octets()).collect());
        let p = ss1024::generator();
        let products = Zeroizing::new(ss1024::mul_many(Base { point: &p, table: Some(self.comb()) }, &k));
        points.copy_from_slice(&products);
        Ok(())
    }
}
