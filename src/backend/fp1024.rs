//! The seam of the 1024-bit curve of RFC 6509: whole operations over encoded scalars and points
//! ([`Ops`]), and below it the promise of a field kernel ([`Field`]).
//!
//! An implementation may offer just a field and take the generic curve code of
//! [`curve::ss1024`](crate::curve::ss1024), or write an operation its own way (lanes of eight,
//! lazy reduction, other windows) and keep only the octets at both ends.

use crate::error::Problem;
use alloc::vec::Vec;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, CtOption};
use zeroize::Zeroize;

/// An element of F_p or of PF_p: 128 octets, big-endian, below p.
pub(crate) type FieldOctets = [u8; 128];

/// An affine point of the curve, never the identity: x ‖ y, each as [`FieldOctets`].
pub(crate) type PointOctets = [u8; 256];

/// A scalar: 128 octets, big-endian, below the group order q.
pub(crate) type ScalarOctets = [u8; 128];

/// A point with what is kept of it to make an operation faster.
#[derive(Debug)]
pub(crate) struct Base<'a, T> {
    /// The point.
    pub(crate) point: &'a PointOctets,
    /// The table that was built from it, if any.
    pub(crate) table: Option<&'a T>,
}

// Written out: a derived `Clone` would ask for `T: Clone`.
impl<T> Clone for Base<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Base<'_, T> {}

/// What an implementation of the group of RFC 6509 parameter set 1 has to offer.
///
/// Arguments keep the promises of their types, and every point that is multiplied or walked by
/// the Miller loop has order q unless the function says otherwise. Operations without `_vartime`
/// in their name run in time independent of the values of scalars *and* of points.
pub(crate) trait Ops {
    /// Multiples of one point, for multiplications by many scalars.
    type Comb: Zeroize + Send + Sync;
    /// Powers of g = <P, P>, for exponentiations by many scalars.
    type UnitComb: Zeroize + Send + Sync;
    /// The line coefficients of the Miller loop that walks one point. As secret as the point.
    type Lines: Zeroize + Send + Sync;

    /// Checks that both coordinates lie below p and satisfy the curve equation, and that y ≠ 0.
    ///
    /// A secret point leaks nothing but which of the checks failed.
    fn check_point(&self, point: &PointOctets) -> Result<(), Problem>;

    /// Is the point, any one of the curve with y ≠ 0, of order q?
    fn has_order_q(&self, point: &PointOctets) -> Choice;

    /// Builds the comb of `point`.
    fn comb(&self, point: &PointOctets) -> Self::Comb;

    /// Builds the comb of g.
    fn unit_comb(&self) -> Self::UnitComb;

    /// Builds the line table of `point`.
    fn lines(&self, point: &PointOctets) -> Self::Lines;

    /// \[k\]B for secret k ≠ 0, each with the same base; one inversion for all.
    fn mul_many(&self, base: Base<'_, Self::Comb>, k: &[ScalarOctets]) -> Vec<PointOctets>;

    /// \[k\]P + Q, or `None` for the identity. All inputs public.
    fn mul_add_vartime(&self, k: &ScalarOctets, p: &PointOctets, q: &PointOctets) -> Option<PointOctets>;

    /// For each job (r, terms): Σ \[kᵢ\]Bᵢ over its terms, and g^r as an element of PF_p; one
    /// inversion for all.
    fn commit_many(&self, jobs: &[Commit<'_, Self::Comb>], g: Option<&Self::UnitComb>) -> Vec<Committed>;

    /// Is \[k\]B = R? R is any point of the curve.
    fn mul_equals(&self, k: &ScalarOctets, base: Base<'_, Self::Comb>, r: &PointOctets) -> Choice;

    /// The pairing <K, R>: the loop walks K, of order q; R is any point of the curve with y ≠ 0.
    fn pairing(&self, k: Base<'_, Self::Lines>, r: &PointOctets) -> FieldOctets;
}

/// One encapsulation: the exponent r of g, and the terms whose sum is \[r\](\[b\]P + Z).
#[derive(Debug)]
pub(crate) struct Commit<'a, T> {
    /// The exponent of g.
    pub(crate) r: &'a ScalarOctets,
    /// (kᵢ, Bᵢ)
    pub(crate) terms: Vec<(&'a ScalarOctets, Base<'a, T>)>,
}

/// What [`Ops::commit_many`] gives for one job. As secret as r.
pub(crate) struct Committed {
    /// The sum of the terms.
    pub(crate) point: PointOctets,
    /// g^r
    pub(crate) power: FieldOctets,
    /// The sum is infinity, and `point` holds zeros.
    pub(crate) is_infinity: Choice,
}

// `Choice` has no `Zeroize`; whether the sum is infinity is public.
impl Zeroize for Committed {
    fn zeroize(&mut self) {
        self.point.zeroize();
        self.power.zeroize();
    }
}

/// A prime field with p ≡ 3 mod 4: what the generic curve code asks of a kernel.
///
/// All operations run in time independent of the values. Elements are kept in any form the
/// kernel likes, as long as [`ct_eq`](ConstantTimeEq::ct_eq) compares values.
///
/// The provided methods are the places where a kernel gains by reducing lazily: it overrides
/// them with one reduction per output.
pub(crate) trait Field:
    Copy + ConditionallySelectable + ConstantTimeEq + Zeroize + Send + Sync + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;

    /// a + b
    fn add(&self, b: &Self) -> Self;
    /// a − b
    fn sub(&self, b: &Self) -> Self;
    /// −a
    fn neg(&self) -> Self;
    /// a·b
    fn mul(&self, b: &Self) -> Self;
    /// a²
    fn square(&self) -> Self;
    /// a⁻¹; 0 for a = 0.
    fn invert(&self) -> Self;

    /// Big-endian octets; none unless the value lies below p.
    fn from_octets(octets: &FieldOctets) -> CtOption<Self>;
    /// Big-endian octets of the one representative below p.
    fn to_octets(&self) -> FieldOctets;

    /// 2a
    fn double(&self) -> Self {
        self.add(self)
    }

    /// (a0 + i·a1)(b0 + i·b1) in F_p², by Karatsuba: `3M`.
    fn complex_mul(a: [&Self; 2], b: [&Self; 2]) -> [Self; 2] {
        let m0 = a[0].mul(b[0]);
        let m1 = a[1].mul(b[1]);
        let cross = a[0].add(a[1]).mul(&b[0].add(b[1]));
        [m0.sub(&m1), cross.sub(&m0).sub(&m1)]
    }

    /// (a0 + i·a1)² in F_p²: `2M`, (a0 + a1)(a0 − a1) + 2i·a0·a1.
    fn complex_square(a: [&Self; 2]) -> [Self; 2] {
        let re = a[0].add(a[1]).mul(&a[0].sub(a[1]));
        [re, a[0].mul(a[1]).double()]
    }

    /// (a0 + i·a1)(1 + i·t) in F_p²: `2M`.
    fn complex_mul_unit(a: [&Self; 2], t: &Self) -> [Self; 2] {
        [a[0].sub(&a[1].mul(t)), a[1].add(&a[0].mul(t))]
    }
}
