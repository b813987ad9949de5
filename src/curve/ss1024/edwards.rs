//! The curve in the form −X² + Y² = 1 + X²Y², for scalar multiplication.
//!
//! With s² = −3 and t² = 2s³ (s is chosen so that t exists), x ↦ u = x/s turns y² = x³ − 3x into
//! the Montgomery curve s⁻³y² = u³ + u, and
//!
//! ```text
//! X = t·x/(s·y),   Y = (x + s)/(x − s)
//! ```
//!
//! is an isomorphism of groups onto this one, which takes the point at infinity to (0, 1).
//!
//! Here −1 is not a square and 1 is, so the addition formulas are not complete on the whole
//! curve. **They are on the subgroup of order q**: for points of odd order no denominator
//! vanishes, the identity and doublings included (Hisil, Wong, Carter, Dawson, "Twisted Edwards
//! curves revisited", 2008; a proof for this curve in `docs/maths.md`). Points of other orders
//! never come here. The tests try every pair of points on small fields.

use super::field::{Parameters, invert_all};
use super::mul::{FieldGroup, Group};
use super::point::Affine;
use crate::backend::fp1024::Field;
use alloc::vec::Vec;
use subtle::{Choice, ConditionallySelectable};
use zeroize::Zeroize;

/// [X, Y, Z, T] for (X : Y : Z : T) with XY = ZT: extended coordinates. Order q or the identity.
#[derive(Clone, Copy, Debug, Zeroize)]
pub(crate) struct Edwards<A: Zeroize>(pub(super) [A; 4]);

/// (Y − X, Y + X, 2XY) of an affine point: what a mixed addition wants.
pub(crate) type Niels<A> = [A; 3];

impl<A: Parameters> Edwards<A> {
    /// (x·d, y·d, d) of the point (x, y) of y² = x³ − 3x; d = 0 for the identity. `5M`.
    pub(crate) fn to_fraction(self) -> [A; 3] {
        let [x, y, z, _] = self.0;
        let proof = x.proof();
        let (sum, difference) = (y.add(&z), y.sub(&z));
        let [x, y, d] = A::mul_pairs([&sum, &sum, &difference], [&x, &z, &x]);
        let [x, y] = A::mul_pairs([&x, &y], [&A::from_raw(proof, &A::S), &A::from_raw(proof, &A::T)]);
        [x, y, d]
    }
}

impl<F: Parameters + Field> Edwards<F> {
    /// From a point of order q. `5M`.
    pub(crate) fn from_affine(point: &Affine<F>) -> Self {
        let proof = point.x.proof();
        let s = F::from_raw(proof, &F::S);
        let (plus, minus) = (point.x.add(&s), point.x.sub(&s));
        let scaled = point.x.mul(&F::from_raw(proof, &F::T_OVER_S));
        Self(F::mul_pairs([&scaled, &plus, &minus, &scaled], [&minus, &point.y, &point.y, &plus]))
    }

    /// Is it (x, y)? Without an inversion: `7M`.
    pub(crate) fn equals(self, point: &Affine<F>) -> Choice {
        let [x, y, d] = self.to_fraction();
        let [right_x, right_y] = F::mul_pairs([&point.x, &point.y], [&d, &d]);
        !d.ct_eq(&F::zero(d.proof())) & x.ct_eq(&right_x) & y.ct_eq(&right_y)
    }
}

impl<A: Parameters> Group for Edwards<A> {
    type Element = A;
    type Entry = Niels<A>;

    fn identity(proof: A::Proof) -> Self {
        let (zero, one) = (A::zero(proof), A::one(proof));
        Self([zero, one, one, zero])
    }

    /// `4M + 4S`.
    fn double_in_place(&mut self) {
        A::edwards_double(&mut self.0);
    }

    /// EFD "add-2008-hwcd-3" with a = −1, k = 2d = 2: `8M`.
    fn add(&self, b: &Self) -> Self {
        let ([x, y, z, t], [b_x, b_y, b_z, b_t]) = (&self.0, &b.0);
        let (minus, plus) = (y.sub(x), y.add(x));
        let [m, n, c, d] = A::mul_pairs([&minus, &plus, t, z], [&b_y.sub(b_x), &b_y.add(b_x), b_t, b_z]);
        let (c, d) = (c.double(), d.double());
        let (e, f, g, h) = (n.sub(&m), d.sub(&c), d.add(&c), n.add(&m));
        Self(A::mul_pairs([&e, &g, &f, &e], [&f, &h, &g, &h]))
    }

    fn neg(&self) -> Self {
        let [x, y, z, t] = &self.0;
        Self([x.neg(), *y, *z, t.neg()])
    }

    /// `7M`.
    fn add_entry_in_place(&mut self, entry: &Niels<A>) {
        A::edwards_add(&mut self.0, entry);
    }
}

impl<F: Parameters + Field> FieldGroup for Edwards<F> {
    type Parts = [F; 4];

    fn to_parts(self) -> [F; 4] {
        self.0
    }

    fn from_parts(parts: [F; 4]) -> Self {
        Self(parts)
    }

    fn look_up_parts(table: &[[F; 4]], index: u64) -> [F; 4] {
        F::look_up(table, index)
    }

    /// Of −(x, y) = (−x, y) the entry is (y + x, y − x, −2xy).
    fn look_up_entry(out: &mut Niels<F>, table: &[Niels<F>], index: u64, negative: Choice) {
        F::look_up_signed(out, table, index, negative);
    }

    /// `6M` each and one inversion. No Z is zero.
    fn entries(points: &[Self]) -> Vec<Niels<F>> {
        let mut inverses: Vec<F> = points.iter().map(|point| point.0[2]).collect();
        invert_all(&mut inverses);
        let entry = |(point, inverse): (&Self, &F)| {
            let [x, y] = F::mul_pairs([&point.0[0], &point.0[1]], [inverse, inverse]);
            [y.sub(&x), y.add(&x), x.mul(&y).double()]
        };
        let entries = points.iter().zip(&inverses).map(entry).collect();
        inverses.zeroize();
        entries
    }
}

impl<F: Field> ConditionallySelectable for Edwards<F> {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self(core::array::from_fn(|i| F::conditional_select(&a.0[i], &b.0[i], choice)))
    }
}
