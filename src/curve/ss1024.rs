//! The supersingular curve of RFC 6509 parameter set 1: y² = x³ − 3x over F_p, p of 1024 bits.
//!
//! | | |
//! |---|---|
//! | p | 1024 bits, p ≡ 3 mod 4 |
//! | q | prime, 1022 bits, p + 1 = 4q |
//! | E(F_p) | cyclic of order 4q: 3 is no square, so (0, 0) is the only point of order two |
//! | embedding degree | 2; distortion map (x, y) ↦ (−x, i·y) |
//! | P, g = <P, P> | generators of the group of order q and of PF_p\[q\] |
//!
//! Points of order q are multiplied in Edwards form ([`edwards`]); a point that is paired once is walked in
//! Jacobian coordinates ([`pairing`]), one that is paired often leaves its functions ([`lines`]). A point
//! that an outsider chose is never multiplied and never walked by the Miller loop; it is only what the
//! loop's functions are evaluated at.
//!
//! The functions here choose the backend, once for each operation.

mod bucket_sums;
mod edwards;
mod eight;
mod field;
mod field2;
mod function;
mod generic;
mod lane_lines;
mod lanes;
mod lines;
mod mul;
mod pairing;
mod point;
mod scalar;
#[cfg(feature = "hazmat")]
mod size;
mod tables;
#[cfg(test)]
mod tests;
mod unitary;
mod walk;

pub(crate) use crate::backend::fp1024::{Base, Commit, Committed, FieldOctets, PointOctets, Weighted};
pub(crate) use scalar::Scalar;
#[cfg(feature = "hazmat")]
pub(crate) use size::Size;
pub(crate) use tables::{LineTable, PointComb, UnitComb};

use crate::backend::fp1024::{Ops, ScalarOctets};
use crate::error::Problem;
use alloc::vec::Vec;
use subtle::Choice;
use tables::{base, job, on_backend};
use zeroize::Zeroizing;

/// P, the generator: x ‖ y.
pub(crate) const fn generator() -> PointOctets {
    field::GENERATOR
}

/// g = <P, P>.
pub(crate) const fn pairing_generator() -> FieldOctets {
    field::PAIRING_GENERATOR
}

/// Checks that both coordinates lie below p and satisfy the curve equation, and that y ≠ 0.
///
/// A secret point leaks nothing but which of the checks failed.
pub(crate) fn check_point(point: &PointOctets) -> Result<(), Problem> {
    on_backend!(ops => ops.check_point(point))
}

/// Is the point, any one of the curve with y ≠ 0, of order q?
pub(crate) fn has_order_q(point: &PointOctets) -> Choice {
    on_backend!(ops => ops.has_order_q(point))
}

/// \[k\]B for secret k ≠ 0, each with the same base; one inversion for all.
pub(crate) fn mul_many(b: Base<'_, PointComb>, k: &[ScalarOctets]) -> Vec<PointOctets> {
    on_backend!(ops => ops.mul_many(base(b), k))
}

/// \[k\]P + Q, or `None` for the identity. All inputs public.
pub(crate) fn mul_add_vartime(k: &Scalar, p: Base<'_, PointComb>, q: &PointOctets) -> Option<PointOctets> {
    on_backend!(ops => ops.mul_add_vartime(k.as_octets(), base(p), q))
}

/// For each job (r, terms): Σ \[kᵢ\]Bᵢ over its terms, and g^r as an element of PF_p; one inversion
/// for all.
pub(crate) fn commit_many(jobs: &[Commit<'_, PointComb>], g: Option<&UnitComb>) -> Vec<Committed> {
    on_backend!(ops => {
        let jobs: Vec<_> = jobs.iter().map(job).collect();
        ops.commit_many(&jobs, g.and_then(tables::Form::find))
    })
}

/// Is \[kᵢ\]B = Rᵢ? R is any point of the curve.
pub(crate) fn equals_many(b: Base<'_, PointComb>, k: &[ScalarOctets], r: &[&PointOctets]) -> Vec<Choice> {
    on_backend!(ops => ops.equals_many(base(b), k, r))
}

/// The pairings <K, Rᵢ>: the loop walks K, of order q; R is any point of the curve with y ≠ 0. One
/// inversion for all.
pub(crate) fn pairing_many(k: Base<'_, LineTable>, r: &[&PointOctets]) -> Zeroizing<Vec<FieldOctets>> {
    Zeroizing::new(on_backend!(ops => ops.pairing_many(base(k), r)))
}

/// <\[b\]P + Z, K> from the lines of P and Z, all three public. K is any point of the curve with y ≠ 0,
/// and secret.
pub(crate) fn pairing_product_vartime(
    b: &Scalar,
    p: Base<'_, LineTable>,
    z: Base<'_, LineTable>,
    k: &PointOctets,
) -> Zeroizing<FieldOctets> {
    Zeroizing::new(on_backend!(ops => {
        ops.pairing_product_vartime(b.as_octets(), base(p), base(z), k)
    }))
}

/// Is <P, Σ \[kᵢ\]Kᵢ>·<Z, Σ \[lᵢ\]Kᵢ> = g^c? P, Z and all scalars are public, the Kᵢ, of order q, secret. No if one of the
/// sums is infinity.
pub(crate) fn pairings_agree_vartime(
    p: Base<'_, LineTable>,
    z: Base<'_, LineTable>,
    terms: &[Weighted<'_>],
    c: &Scalar,
) -> Choice {
    on_backend!(ops => ops.pairings_agree_vartime(base(p), base(z), terms, c.as_octets()))
}
