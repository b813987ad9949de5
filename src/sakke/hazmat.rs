//! The intermediate values of RFC 6508, for its vectors and for research.
//!
//! Everything here is secret in use: g^r and w give SSV away, and so does r. Nothing is wiped.

use super::encoding::{decode_point, encode_point};
use super::{EncapsulatedData, KmsPublicKey, ReceiverSecretKey, SharedSecretValue, hash};
use crate::curve::ss1024::{self, Base, Commit, LineTable, PointComb, Scalar, Size, UnitComb};
use crate::error::{DecodeError, Error, Part, Problem};
use crate::identity::sakke_identifier::Identifier;
use alloc::vec::Vec;

/// The steps of HashToIntegerRange(s, q), RFC 6508 §5.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashSteps {
    /// A = hash(s)
    pub a: [u8; 32],
    /// h_1 to h_4
    pub h: [[u8; 32]; 4],
    /// v_1 to v_4
    pub v: [[u8; 32]; 4],
    /// (v_1 ‖ v_2 ‖ v_3 ‖ v_4) mod q
    pub r: [u8; 128],
}

/// HashToIntegerRange(s, q) with its steps.
///
/// # Timing
/// Constant in the octets of `s`. Depends on its length.
pub fn hash_to_integer_range_q(s: &[u8]) -> HashSteps {
    let mut blocks = hash::Blocks::new(&[s]);
    let mut steps = HashSteps { a: blocks.a, h: [[0; 32]; 4], v: [[0; 32]; 4], r: [0; 128] };
    let mut all = [0; 128];
    for i in 0..4 {
        let (h, v) = blocks.next();
        (steps.h[i], steps.v[i]) = (h, *v);
        all[32 * i..][..32].copy_from_slice(v.as_slice());
    }
    steps.r = *Scalar::reduce(&all).as_octets();
    steps
}

/// HashToIntegerRange(w, 2¹²⁸).
///
/// # Timing
/// Constant in w.
pub fn mask(w: &[u8; 128]) -> [u8; 16] {
    *hash::mask(w)
}

/// The steps of an encapsulation, RFC 6508 §6.2.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncapsulationSteps {
    /// r
    pub r: [u8; 128],
    /// \[b\]P + Z
    pub bound: [u8; 257],
    /// R
    pub point: [u8; 257],
    /// g^r
    pub g_r: [u8; 128],
    /// HashToIntegerRange(g^r, 2¹²⁸)
    pub mask: [u8; 16],
    /// H
    pub h: [u8; 16],
}

/// Encapsulates with all steps visible.
///
/// # Errors
/// As [`KmsPublicKey::encapsulate_ssv`].
///
/// # Timing
/// Constant in the SSV, as [`KmsPublicKey::encapsulate_ssv`].
pub fn encapsulation_steps(
    kms: &KmsPublicKey,
    id: &Identifier,
    ssv: &SharedSecretValue,
) -> Result<EncapsulationSteps, Error> {
    let r = hash::exponent(&ssv.0, id);
    let bound = kms.bound_point(id)?;
    let job =
        Commit { r: r.as_octets(), terms: alloc::vec![(r.as_octets(), Base { point: &bound, table: None })] };
    let committed = ss1024::commit_many(&[job], None).remove(0);
    if committed.is_infinity.into() {
        return Err(Error::UnusableIdentity);
    }
    let (point, g_r) = (committed.point, committed.power);
    let mask = mask(&g_r);
    Ok(EncapsulationSteps {
        r: *r.as_octets(),
        bound: encode_point(&bound),
        point: encode_point(&point),
        g_r,
        mask,
        h: ssv.masked(&mask).0,
    })
}

/// w = <R, K>, RFC 6508 §6.2.2 step 2.
///
/// # Timing
/// Constant in K, as [`ReceiverSecretKey::decapsulate`].
pub fn pairing_of(key: &ReceiverSecretKey, data: &EncapsulatedData) -> [u8; 128] {
    key.pairings(core::slice::from_ref(data))[0]
}

/// <A, B> of two encoded points. The loop walks `a`, which must have order q; `b` is any point
/// with y ≠ 0.
///
/// # Errors
/// [`DecodeError`] for a point that cannot be decoded, or `a` of another order.
///
/// # Timing
/// Constant in both points, but for which check refuses one.
pub fn pairing(a: &[u8; 257], b: &[u8; 257]) -> Result<[u8; 128], DecodeError> {
    let (a, b) = (decode_point(Part::Rsk, a)?, decode_point(Part::EncapsulatedPoint, b)?);
    if !bool::from(ss1024::has_order_q(&a)) {
        return Err(DecodeError::new(Part::Rsk, Problem::WrongOrder));
    }
    Ok(ss1024::pairing_many(Base { point: &a, table: None }, &[&b])[0])
}

/// Has an encoded point order q?
///
/// # Errors
/// [`DecodeError`] for a point that cannot be decoded.
///
/// # Timing
/// Constant in the point, but for which check refuses it.
pub fn has_order_q(point: &[u8; 257]) -> Result<bool, DecodeError> {
    Ok(ss1024::has_order_q(&*decode_point(Part::Rsk, point)?).into())
}

/// Octets of what a prepared object keeps: its name, and the size of its tables.
pub fn table_sizes() -> Vec<(&'static str, usize)> {
    let p = ss1024::generator();
    let (comb, g, lines) = (PointComb::new(&p).size(), UnitComb::of_g().size(), LineTable::new(&p).size());
    alloc::vec![
        ("KmsSecretKey", comb),
        ("KmsPublicKey, prepared", 2 * comb + g),
        ("Recipient, prepared", comb + g),
        ("KmsPublicKey, prepared to validate", 2 * lines),
        ("ReceiverSecretKey, prepared", comb + lines),
    ]
}
