//! RFC 6507 §5.1.1: the KMS makes (SSK, PVT) for an identity.

use super::hash::{HashValue, hs, hs_many};
use super::nonce::{self, Nonces, Purpose, Seed};
use super::{KmsSecretKey, PublicValidationToken};
use crate::curve::p256::{self, Point, Scalar, ScalarOctets};
use crate::drbg::{self, Fresh};
use crate::error::{DecodeError, Error, Part, Problem};
use crate::identity::Identity;
use crate::secret::declassify;
use alloc::vec::Vec;
use rand_core::TryCryptoRng;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// A pair (SSK, PVT) as the KMS delivers it (RFC 6507 §5.1.1), not yet validated.
///
/// It signs nothing: [`validate`](Self::validate) turns it into a
/// [`SigningKey`](super::SigningKey). Deliver SSK over a confidential channel. Wiped when dropped.
#[doc(alias = "SSK")]
#[derive(ZeroizeOnDrop)]
pub struct IssuedKey {
    pub(super) ssk: Scalar,
    #[zeroize(skip)]
    pub(super) pvt: PublicValidationToken,
}

crate::secret::redacted_debug!(IssuedKey);

impl IssuedKey {
    /// Octets of SSK.
    pub const SSK_BYTES: usize = 32;

    /// Puts a delivered pair together: SSK of 32 octets, big-endian, and PVT.
    ///
    /// # Errors
    /// [`Problem::OutOfRange`] unless SSK lies in [1, q − 1].
    ///
    /// # Timing
    /// Constant in SSK, but for whether it lies in the range.
    pub fn from_parts(ssk: &[u8; 32], pvt: &PublicValidationToken) -> Result<Self, DecodeError> {
        let ssk = Scalar::from_octets(ssk).ok_or(DecodeError::new(Part::Ssk, Problem::OutOfRange))?;
        Ok(Self { ssk, pvt: *pvt })
    }

    /// As [`from_parts`](Self::from_parts), from octets of any number: SSK, 32, and PVT, `04 ‖ x ‖ y`, 65.
    ///
    /// # Errors
    /// [`DecodeError`] for what [`from_parts`](Self::from_parts) and
    /// [`PublicValidationToken::from_slice`] refuse; [`Problem::Length`] with the part that has another.
    ///
    /// # Timing
    /// As [`from_parts`](Self::from_parts); depends on the lengths, and on PVT.
    pub fn from_slices(ssk: &[u8], pvt: &[u8]) -> Result<Self, DecodeError> {
        Self::from_parts(DecodeError::array(Part::Ssk, ssk)?, &PublicValidationToken::from_slice(pvt)?)
    }

    /// Puts SSKs, each in its range, and PVTs together. The vector has its size from the beginning
    /// and never moves.
    pub(super) fn join(
        ssk: &[ScalarOctets],
        pvt: impl IntoIterator<Item = PublicValidationToken>,
    ) -> Vec<Self> {
        let mut keys = Vec::with_capacity(ssk.len());
        for (ssk, pvt) in ssk.iter().zip(pvt) {
            keys.push(Self { ssk: Scalar::from_reduced(ssk), pvt });
        }
        keys
    }

    /// A second one, wiped like this one.
    pub(super) fn duplicate(&self) -> Self {
        Self { ssk: self.ssk.duplicate(), pvt: self.pvt }
    }

    /// SSK itself, 32 octets, big-endian: to deliver or to store it.
    ///
    /// # Timing
    /// Constant: octets are copied.
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.ssk.as_octets())
    }

    /// PVT.
    pub fn pvt(&self) -> &PublicValidationToken {
        &self.pvt
    }
}

impl KmsSecretKey {
    /// Makes a fresh pair (SSK, PVT) for `id`: [RFC 6507 §5.1.1].
    ///
    /// Several pairs for one identity are legal; each call makes another. `rng` gives 32 octets,
    /// mixed with KSAK, KPAK and `id` into the nonce v.
    ///
    /// # Errors
    /// [`Error::Rng`] if `rng` fails.
    ///
    /// # Timing
    /// Constant in KSAK and v. Depends on the length of `id`, and on the number of redrawn v
    /// (none, up to a chance of 2⁻³²).
    ///
    /// [RFC 6507 §5.1.1]: https://www.rfc-editor.org/rfc/rfc6507#section-5.1.1
    pub fn issue<R: TryCryptoRng + ?Sized>(&self, id: Identity<'_>, rng: &mut R) -> Result<IssuedKey, Error> {
        let (kpak, fresh) = (self.kpak().to_bytes(), drbg::fresh(rng)?);
        Ok(self.issue_from(&mut Nonces::new(&self.seed(&kpak, id, &fresh)), id))
    }

    /// Makes a pair for each of `ids`, in their order: the results are those of [`issue`](Self::issue)
    /// called one by one with the same octets of `rng`, of which each takes 32; they are drawn all at
    /// once. Faster than one by one, since all share one inversion, and most of all where the CPU has
    /// AVX-512 IFMA, eight at a time. With the feature `rayon`, on all cores.
    ///
    /// # Errors
    /// [`Error::Rng`] if `rng` fails; then nothing was issued.
    ///
    /// # Timing
    /// As [`issue`](Self::issue).
    pub fn issue_many<R: TryCryptoRng + ?Sized>(
        &self,
        ids: &[Identity<'_>],
        rng: &mut R,
    ) -> Result<Vec<IssuedKey>, Error> {
        // The generator is asked in the order of the identities, before any work is shared out.
        let fresh = nonce::fresh_many(ids.len(), rng)?;
        let requests: Vec<_> = ids.iter().copied().zip(fresh.iter()).collect();
        let (ssk, pvt) = in_batches(&requests, |batch, ssk| self.issue_batch(batch, ssk));
        Ok(IssuedKey::join(&ssk, pvt))
    }

    /// Writes the SSKs and gives the PVTs.
    fn issue_batch(
        &self,
        batch: &[(Identity<'_>, &Fresh)],
        ssk: &mut [ScalarOctets],
    ) -> Vec<PublicValidationToken> {
        let kpak = self.kpak().to_bytes();
        let seeds: Vec<_> = batch.iter().map(|(id, fresh)| self.seed(&kpak, *id, fresh)).collect();
        let v = nonce::first_of_many(&seeds);
        let points: Vec<_> = p256::mul_generator_many(v.iter()).into_iter().map(declassify).collect();
        let hs = hs_many(self.kpak().point(), batch.iter().zip(&points).map(|((id, _), pvt)| (*id, pvt)));
        let mut pvt = Vec::with_capacity(batch.len());
        for (i, (id, _)) in batch.iter().enumerate() {
            let key = self
                .bind_to(&hs[i], &v[i], points[i])
                .unwrap_or_else(|| self.issue_from(&mut Nonces::new(&seeds[i]), *id));
            ssk[i] = *key.ssk.as_octets();
            pvt.push(key.pvt);
        }
        pvt
    }

    /// The seed of the nonces for an identity.
    fn seed<'a>(&'a self, kpak: &'a [u8; 65], id: Identity<'a>, fresh: &'a Fresh) -> Seed<'a> {
        let purpose = Purpose::Issue;
        Seed { purpose, secret: &self.ksak, kpak, context: id.as_bytes(), message_hash: &[], fresh }
    }

    fn issue_from(&self, nonces: &mut Nonces, id: Identity<'_>) -> IssuedKey {
        loop {
            // 1) v, random in [1, q − 1]
            let v = nonces.next();
            // 2) PVT = [v]G
            let pvt = p256::mul_generator(&v);
            // 5) once more with another v where a value is excluded
            if let Some(key) = self.bind(id, &v, pvt) {
                return key;
            }
        }
    }

    /// Steps 3 to 5: `None` if HS or SSK is 0 modulo q.
    pub(super) fn bind(&self, id: Identity<'_>, v: &Scalar, pvt: Point) -> Option<IssuedKey> {
        let pvt = declassify(pvt);
        // 3) HS = hash(G ‖ KPAK ‖ ID ‖ PVT)
        self.bind_to(&hs(self.kpak().point(), id, &pvt), v, pvt)
    }

    /// Steps 4 and 5.
    fn bind_to(&self, hs: &HashValue, v: &Scalar, pvt: Point) -> Option<IssuedKey> {
        let hs = hs.scalar();
        // 4) SSK = KSAK + HS·v mod q
        let ssk = hs.mul_add(v, &self.ksak);
        // 5)
        if hs.is_zero() || ssk.is_zero() {
            return None;
        }
        Some(IssuedKey { ssk, pvt: PublicValidationToken::from_point(pvt) })
    }
}

/// Requests that share one inversion. Beyond a few dozen the inversion no longer shows; the bound
/// keeps the memory of a batch small and gives every core its share.
const BATCH: usize = 256;

/// Does `work` batch by batch, with the feature `rayon` on all cores.
///
/// Each call writes the SSKs of its batch into their places in one buffer, which is wiped: keys that
/// moved from vector to vector would leave copies in freed memory.
pub(super) fn in_batches<T: Sync, U: Send>(
    items: &[T],
    work: impl Fn(&[T], &mut [ScalarOctets]) -> Vec<U> + Sync,
) -> (Zeroizing<Vec<ScalarOctets>>, Vec<U>) {
    let mut ssk = Zeroizing::new(alloc::vec![[0; 32]; items.len()]);
    #[cfg(not(feature = "rayon"))]
    let rest =
        items.chunks(BATCH).zip(ssk.chunks_mut(BATCH)).flat_map(|(batch, ssk)| work(batch, ssk)).collect();
    #[cfg(feature = "rayon")]
    let rest = {
        use rayon::prelude::*;
        items
            .par_chunks(BATCH)
            .zip(ssk.par_chunks_mut(BATCH))
            .flat_map_iter(|(batch, ssk)| work(batch, ssk))
            .collect()
    };
    (ssk, rest)
}
