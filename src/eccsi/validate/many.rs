//! RFC 6507 §5.1.2 for many keys, by a random linear combination.
//!
//! Key i is right exactly if \[SSKᵢ\]G = KPAK + \[HSᵢ\]PVTᵢ. With factors cᵢ, random and below 2¹²⁸, all
//! of them hold if
//!
//! ```text
//! [Σ cᵢ·SSKᵢ]G = [Σ cᵢ]KPAK + Σ [cᵢ·HSᵢ]PVTᵢ
//! ```
//!
//! does, up to a chance of 2⁻¹²⁸: the points Dᵢ = \[SSKᵢ\]G − KPAK − \[HSᵢ\]PVTᵢ lie in a group of prime
//! order q > 2¹²⁸; if one of them is not the identity, then whatever the other cᵢ are at most one value of
//! its own cᵢ makes Σ \[cᵢ\]Dᵢ the identity. Where the sum fails, its halves are tried, and few keys
//! one by one. Halves take the same cᵢ: whoever made the keys knows none of them, so that the bound
//! holds for each sum.
//!
//! The factors are not the generator's own octets, but those of an HMAC-DRBG over them and over all keys of the sum
//! ([`Factors`]). A generator that is stuck gives equal octets, and with equal factors errors that cancel out would pass.
//! With these a key that is changed changes all factors, so that whoever made the keys, and foresees the
//! generator, has to try 2¹²⁸ batches.

use super::super::hash::{HashValue, hs_many};
use super::super::{IssuedKey, KmsPublicKey, SigningKey, VerifyingKey, batches};
use crate::curve::p256::{self, BasePoint, Point, Scalar};
use crate::drbg::{self, FACTOR, Factors, Fresh};
use crate::error::{BatchError, Error};
use crate::identity::Identity;
use crate::secret::declassify;
use alloc::vec::Vec;
use rand_core::TryCryptoRng;
use sha2::{Digest, Sha256};

/// Keys of one sum, which with KPAK has 128 terms.
const BATCH: usize = 127;

/// From this many on a sum costs less than to look at each.
const FEW: usize = 4;

/// One key with its factor c.
struct Summand<'a> {
    issued: &'a IssuedKey,
    hs: HashValue,
    c: Scalar,
    /// c·HS mod q
    c_hs: Scalar,
    /// \[SSK\]G
    y: Point,
}

impl IssuedKey {
    /// Validates many pairs against one KMS public key and the identities they were issued for:
    /// [RFC 6507 §5.1.2].
    ///
    /// Gives for each, in their order, what [`validate`](Self::validate) gives, several times as fast: the
    /// equations are tested in one random linear combination, and looked at closer only where it
    /// fails. A wrong key passes with a chance of at most 2⁻¹²⁸ for each sum that it is in, at most
    /// six, over the 32 octets that `rng` gives for all. From these and the keys an HMAC-DRBG draws the
    /// factors, so that with a generator that is stuck, or foreseen, whoever made the keys still has to try
    /// 2¹²⁸ batches. The keys themselves are copied into
    /// the signing keys and stay with the caller. With the feature `rayon`, on all cores.
    ///
    /// # Errors
    /// [`Error::Rng`] if `rng` fails; then nothing was validated. In the place of each pair that does not
    /// belong to KPAK and its identity, [`Error::InvalidKey`] with that place.
    ///
    /// # Timing
    /// Constant in all SSKs. Depends on the public values, and on the outcomes.
    ///
    /// [RFC 6507 §5.1.2]: https://www.rfc-editor.org/rfc/rfc6507#section-5.1.2
    pub fn validate_many<R: TryCryptoRng + ?Sized>(
        keys: &[(Identity<'_>, &Self)],
        kpak: &KmsPublicKey,
        rng: &mut R,
    ) -> Result<Vec<Result<SigningKey, BatchError>>, Error> {
        // Made before any key is touched, and never moved: an entry that moved, be it of a refusal, would take along
        // what the stack held of the key before it.
        let refused = |index| Err(BatchError::new(index, Error::InvalidKey));
        let mut signing_keys: Vec<_> = (0..keys.len()).map(refused).collect();
        let fresh = drbg::fresh(rng)?;
        let valid = batches::map(keys, BATCH, |keys| validate_batch(keys, kpak, &fresh));
        for (slot, ((_, issued), valid)) in signing_keys.iter_mut().zip(keys.iter().zip(valid)) {
            if let Ok((hs, y)) = valid {
                let verifying = VerifyingKey { hs, pvt: issued.pvt, y: BasePoint::new(y) };
                *slot = Ok(SigningKey { issued: issued.duplicate(), kpak: kpak.clone(), verifying });
            }
        }
        Ok(signing_keys)
    }
}

/// HS and Y of each valid key.
fn validate_batch(
    keys: &[(Identity<'_>, &IssuedKey)],
    kpak: &KmsPublicKey,
    fresh: &Fresh,
) -> Vec<Result<(HashValue, Point), Error>> {
    // [SSK]G is the public key of SSK; it may be looked at, whether it is the expected one or not.
    let y = declassify_each(p256::mul_generator_many(keys.iter().map(|(_, issued)| &issued.ssk)));
    let hs = hs_many(kpak.point(), keys.iter().map(|(id, issued)| (*id, issued.pvt.point())));
    // SHA-256(KPAK ‖ HS₁ ‖ Y₁ ‖ HS₂ ‖ Y₂ …); HS stands for KPAK, ID and PVT.
    let mut equations = Sha256::new_with_prefix(kpak.point().encode());
    for (hs, y) in hs.iter().zip(&y) {
        equations.update(hs.0);
        equations.update(y.encode());
    }
    let mut factors = Factors::new(b"eccsi-sakke validate v1", &equations.finalize().into(), fresh);
    let summands: Vec<_> = (keys.iter().zip(hs).zip(y))
        .map(|(((_, issued), hs), y)| {
            let c = Scalar::from_half(&factors.next());
            Summand { issued, c_hs: c.mul(&hs.scalar()), c, hs, y }
        })
        .collect();
    let mut valid = Vec::with_capacity(summands.len());
    find_valid(&summands, kpak, &mut valid);
    valid
}

fn declassify_each(points: Vec<Point>) -> Vec<Point> {
    points.into_iter().map(declassify).collect()
}

/// Appends an outcome for each of `summands`.
fn find_valid(
    summands: &[Summand<'_>],
    kpak: &KmsPublicKey,
    valid: &mut Vec<Result<(HashValue, Point), Error>>,
) {
    // §5.1.1 never issues a key with HS = 0.
    let usable = |summand: &Summand<'_>| !summand.hs.scalar().is_zero();
    if summands.len() < FEW {
        valid.extend(summands.iter().map(|summand| {
            let right = usable(summand) && summand.is_valid(kpak);
            right.then_some((summand.hs, summand.y)).ok_or(Error::InvalidKey)
        }));
    } else if summands.iter().all(usable) && sum_holds(summands, kpak) {
        valid.extend(summands.iter().map(|summand| Ok((summand.hs, summand.y))));
    } else {
        let (left, right) = summands.split_at(summands.len() / 2);
        find_valid(left, kpak, valid);
        find_valid(right, kpak, valid);
    }
}

impl Summand<'_> {
    /// KPAK = \[SSK\]G − \[HS\]PVT, by itself
    fn is_valid(&self, kpak: &KmsPublicKey) -> bool {
        let (hs, pvt) = (self.hs.scalar(), self.issued.pvt.point());
        p256::add_mul_vartime(kpak.point(), &hs, pvt).is_some_and(|y| y == self.y)
    }
}

/// \[Σ cᵢ·SSKᵢ\]G = \[Σ cᵢ\]KPAK + Σ \[cᵢ·HSᵢ\]PVTᵢ. Constant time on the left.
fn sum_holds(summands: &[Summand<'_>], kpak: &KmsPublicKey) -> bool {
    let (zero, one) = (Scalar::from_half(&[0; FACTOR]), Scalar::one());
    let (mut c_ssk, mut c) = (zero, Scalar::from_half(&[0; FACTOR]));
    for summand in summands {
        c_ssk = summand.c.mul_add(&summand.issued.ssk, &c_ssk);
        c = summand.c.mul_add(&one, &c);
    }
    let mut terms = Vec::with_capacity(summands.len() + 1);
    terms.extend(summands.iter().map(|summand| (&summand.c_hs, summand.issued.pvt.point())));
    terms.push((&c, kpak.point()));
    let right = p256::sum_vartime(&terms);
    // A sum of 0 says nothing of its parts, and is left to its halves.
    !c_ssk.is_zero() && right == Some(declassify(p256::mul_generator(&c_ssk)))
}
