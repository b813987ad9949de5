//! RFC 6508 §6.1.2 for many keys of one KMS, by small exponents.
//!
//! Key i is right exactly if Kᵢ has order q and <\[aᵢ\]P + Z, Kᵢ> = g. Orders are tested one by one; nothing else would do, since
//! a pairing does not see a part of order 2 or 4. With factors ρᵢ, random and below 2¹²⁸, all the equations hold if
//!
//! ```text
//! <P, Σ [ρᵢaᵢ]Kᵢ>·<Z, Σ [ρᵢ]Kᵢ> = g^Σρᵢ
//! ```
//!
//! does, up to a chance of 2⁻¹²⁸ (Bellare, Garay and Rabin 1998): on the left is Π <\[aᵢ\]P + Z, Kᵢ>^ρᵢ, and the quotients
//! Dᵢ = <\[aᵢ\]P + Z, Kᵢ>/g lie in a group of prime order q > 2¹²⁸. If one of them is not 1, then whatever the other ρᵢ are at
//! most one value of its own ρᵢ makes Π Dᵢ^ρᵢ = 1. Where an equation fails, its halves are tried, and what is left is
//! validated one by one. Halves take the same ρᵢ: whoever made the keys knows none of them, so that the bound holds for each.
//!
//! The factors come from an HMAC-DRBG over fresh octets and all keys of the equation ([`Factors`]), and not from the generator:
//! equal factors let errors pass that cancel out, and those of a generator that is stuck would be equal.

use super::super::encoding::identifier_integer;
use super::super::{IssuedKey, KmsPublicKey, ReceiverSecretKey};
use crate::curve::ss1024::{self, Scalar, Weighted};
use crate::drbg::{self, FACTOR, Factors, Fresh};
use crate::error::{BatchError, Error};
use crate::identity::sakke_identifier::Identifier;
use crate::secret::declassify;
use alloc::vec::Vec;
use rand_core::TryCryptoRng;
use sha2::{Digest, Sha256};

/// Keys of one equation at most: more would gain little, and the sums have 0.6 KB of points for each.
const BATCH: usize = 512;

/// From this many on an equation costs less than to look at each.
const FEW: usize = 4;

/// Left to be validated one by one, from this many keys on it pays to prepare Z for them.
const PREPARED: usize = 4;

/// One key of order q with its factor ρ.
struct Term<'a> {
    key: &'a IssuedKey,
    rho: Scalar,
    /// ρ·a mod q
    rho_a: Scalar,
}

impl IssuedKey {
    /// Validates many keys against one KMS public key and the identifiers they were issued for:
    /// [RFC 6508 §6.1.2].
    ///
    /// Gives for each, in their order, what [`validate`](Self::validate) gives, several times as fast: the order of each K is
    /// tested, and the equations are tested in one by random exponents; only where that one fails they are looked at closer.
    /// A key that does not belong to Z and its identifier passes with a chance of at most 2⁻¹²⁸ for each equation that it is
    /// in, at most eight, over the 32 octets that `rng` gives for all. From these and the keys an HMAC-DRBG
    /// draws the exponents, so that with a generator that is stuck, or foreseen, whoever made the keys still has to
    /// try 2¹²⁸ batches.
    ///
    /// The keys themselves are copied and stay with the caller. With the feature `rayon`, on all cores. It is
    /// fastest where Z is [prepared to validate](KmsPublicKey::prepared_to_validate). The results have not computed
    /// \[a\]P + Z, as decapsulation does then each time until the key is [prepared](ReceiverSecretKey::prepared).
    ///
    /// # Errors
    /// [`Error::Rng`] if `rng` fails; then nothing was validated. In the place of each key that
    /// [`validate`](Self::validate) refuses, its error with that place.
    ///
    /// # Timing
    /// Constant in all K. Depends on the public values, on the outcomes, and on exponents that are hash values.
    ///
    /// [RFC 6508 §6.1.2]: https://www.rfc-editor.org/rfc/rfc6508#section-6.1.2
    #[allow(non_snake_case, reason = "symbols of RFC 6508 §6.1.2")]
    pub fn validate_many<R: TryCryptoRng + ?Sized>(
        keys: &[(&Identifier, &Self)],
        Z: &KmsPublicKey,
        rng: &mut R,
    ) -> Result<Vec<Result<ReceiverSecretKey, BatchError>>, Error> {
        let fresh = drbg::fresh(rng)?;
        let shown = shown_valid(keys, Z, &fresh);
        let left = shown.iter().filter(|shown| !**shown).count();
        let prepared = if left < PREPARED { Z.clone() } else { Z.clone().prepared_to_validate() };
        let validate = |(index, ((id, key), shown)): (usize, (&(&Identifier, &Self), &bool))| {
            if *shown {
                return Ok(ReceiverSecretKey::new(key.duplicate(), id, Z, None));
            }
            key.validate_by(&prepared, Z, id).map_err(|error| BatchError::new(index, error))
        };
        #[cfg(not(feature = "rayon"))]
        return Ok(keys.iter().zip(&shown).enumerate().map(validate).collect());
        #[cfg(feature = "rayon")]
        {
            use rayon::prelude::*;
            Ok(keys.par_iter().zip(&shown).enumerate().map(validate).collect())
        }
    }
}

/// For each key whether an equation that holds showed it to be right.
#[allow(non_snake_case, reason = "symbols of RFC 6508 §6.1.2")]
fn shown_valid(keys: &[(&Identifier, &IssuedKey)], Z: &KmsPublicKey, fresh: &Fresh) -> Vec<bool> {
    let work = |keys: &[(&Identifier, &IssuedKey)]| batch(keys, Z, fresh);
    #[cfg(not(feature = "rayon"))]
    return keys.chunks(BATCH).flat_map(work).collect();
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        let share = keys.len().div_ceil(rayon::current_num_threads());
        keys.par_chunks(share.clamp(FEW, BATCH)).flat_map_iter(work).collect()
    }
}

#[allow(non_snake_case, reason = "symbols of RFC 6508 §6.1.2")]
fn batch(keys: &[(&Identifier, &IssuedKey)], Z: &KmsPublicKey, fresh: &Fresh) -> Vec<bool> {
    let mut shown = alloc::vec![false; keys.len()];
    if keys.len() < FEW {
        return shown;
    }
    // SHA-256(Z ‖ a₁ ‖ K₁ ‖ a₂ ‖ K₂ …)
    let mut equations = Sha256::new_with_prefix(Z.point());
    for (id, key) in keys {
        equations.update(id.integer());
        equations.update(key.k);
    }
    let mut factors = Factors::new(b"eccsi-sakke validate rsk v1", &equations.finalize().into(), fresh);
    // Each with its place.
    let mut terms = Vec::with_capacity(keys.len());
    for (place, (id, key)) in keys.iter().enumerate() {
        // Hash values of more than anybody can guess: they tell nothing of K.
        let rho = half(&declassify(factors.next()));
        // Of another order: left to be refused by itself.
        if declassify(ss1024::has_order_q(&key.k)).into() {
            let rho_a = rho.mul(&identifier_integer(id));
            terms.push((place, Term { key, rho, rho_a }));
        }
    }
    find_valid(&terms, Z, &mut shown);
    shown
}

/// A factor as a scalar.
fn half(octets: &[u8; FACTOR]) -> Scalar {
    let mut all = [0; 128];
    all[128 - FACTOR..].copy_from_slice(octets);
    Scalar::reduce(&all)
}

#[allow(non_snake_case, reason = "symbols of RFC 6508 §6.1.2")]
fn find_valid(terms: &[(usize, Term<'_>)], Z: &KmsPublicKey, shown: &mut [bool]) {
    if terms.len() < FEW {
        return;
    }
    if equation_holds(terms, Z) {
        for (place, _) in terms {
            shown[*place] = true;
        }
        return;
    }
    let (left, right) = terms.split_at(terms.len() / 2);
    find_valid(left, Z, shown);
    find_valid(right, Z, shown);
}

/// <P, Σ \[ρᵢaᵢ\]Kᵢ>·<Z, Σ \[ρᵢ\]Kᵢ> = g^Σρᵢ
#[allow(non_snake_case, reason = "symbols of RFC 6508 §6.1.2")]
fn equation_holds(terms: &[(usize, Term<'_>)], Z: &KmsPublicKey) -> bool {
    let sum = |sum: Scalar, (_, term): &(usize, Term<'_>)| sum.add(&term.rho);
    let exponent = terms.iter().fold(half(&[0; FACTOR]), sum);
    let weighted: Vec<_> = terms
        .iter()
        .map(|(_, Term { key, rho, rho_a })| Weighted {
            point: &key.k,
            factors: [rho_a.as_octets(), rho.as_octets()],
        })
        .collect();
    declassify(Z.pairings_agree_vartime(&weighted, &exponent)).into()
}
