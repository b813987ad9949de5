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
use super::mul::Group;
use super::point::Affine;
use alloc::vec::Vec;
use subtle::{Choice, ConditionallySelectable};
use zeroize::Zeroize;

/// (X : Y : Z : T) with XY = ZT: extended coordinates. Order q or the identity.
#[derive(Clone, Copy, Debug, Zeroize)]
pub(crate) struct Edwards<F: Zeroize> {
    x: F,
    y: F,
    z: F,
    t: F,
}

/// (Y − X, Y + X, 2XY) of an affine point: what a mixed addition wants.
#[derive(Clone, Copy, Debug, Zeroize)]
pub(crate) struct Niels<F: Zeroize> {
    y_minus_x: F,
    y_plus_x: F,
    xy2: F,
}

impl<F: Parameters> Edwards<F> {
    /// From a point of order q. `5M`.
    pub(crate) fn from_affine(point: &Affine<F>) -> Self {
        let plus = point.x.add(&F::S);
        let minus = point.x.sub(&F::S);
        let scaled = point.x.mul(&F::T_OVER_S);
        Self { x: scaled.mul(&minus), y: plus.mul(&point.y), z: minus.mul(&point.y), t: scaled.mul(&plus) }
    }

    /// (x·d, y·d, d) of the point (x, y) of y² = x³ − 3x; d = 0 for the identity. `5M`.
    pub(crate) fn to_fraction(self) -> [F; 3] {
        let sum = self.y.add(&self.z);
        let d = self.y.sub(&self.z).mul(&self.x);
        [sum.mul(&self.x).mul(&F::S), sum.mul(&self.z).mul(&F::T), d]
    }

    /// Is it (x, y)? Without an inversion: `7M`.
    pub(crate) fn equals(self, point: &Affine<F>) -> Choice {
        let [x, y, d] = self.to_fraction();
        !d.ct_eq(&F::ZERO) & x.ct_eq(&point.x.mul(&d)) & y.ct_eq(&point.y.mul(&d))
    }

    /// EFD "dbl-2008-hwcd" without T: `3M + 4S`.
    fn double_without_t(&self) -> [F; 4] {
        let a = self.x.square();
        let b = self.y.square();
        let c = self.z.square().double();
        let e = self.x.add(&self.y).square().sub(&a).sub(&b);
        let g = b.sub(&a);
        let f = g.sub(&c);
        let h = a.add(&b).neg();
        [e, f, g, h]
    }

    /// From the common end of the formulas: X = EF, Y = GH, Z = FG, T = EH.
    fn finish([e, f, g, h]: [F; 4]) -> Self {
        Self { x: e.mul(&f), y: g.mul(&h), z: f.mul(&g), t: e.mul(&h) }
    }
}

impl<F: Parameters> Group for Edwards<F> {
    type Entry = Niels<F>;

    const IDENTITY: Self = Self { x: F::ZERO, y: F::ONE, z: F::ONE, t: F::ZERO };

    /// EFD "dbl-2008-hwcd" with a = −1: `4M + 4S`.
    fn double(&self) -> Self {
        Self::finish(self.double_without_t())
    }

    /// The last of n doublings makes T, the others leave it out: `n(3M + 4S) + 1M`.
    fn double_times(&self, n: usize) -> Self {
        let mut point = *self;
        for i in 0..n {
            let parts = point.double_without_t();
            let [e, f, g, h] = parts;
            point = if i + 1 == n {
                Self::finish(parts)
            } else {
                Self { x: e.mul(&f), y: g.mul(&h), z: f.mul(&g), t: F::ZERO }
            };
        }
        point
    }

    /// EFD "add-2008-hwcd-3" with a = −1, k = 2d = 2: `8M`.
    fn add(&self, b: &Self) -> Self {
        let m = self.y.sub(&self.x).mul(&b.y.sub(&b.x));
        let n = self.y.add(&self.x).mul(&b.y.add(&b.x));
        let c = self.t.mul(&b.t).double();
        let d = self.z.mul(&b.z).double();
        Self::finish([n.sub(&m), d.sub(&c), d.add(&c), n.add(&m)])
    }

    fn neg_if(&self, choice: Choice) -> Self {
        Self {
            x: F::conditional_select(&self.x, &self.x.neg(), choice),
            t: F::conditional_select(&self.t, &self.t.neg(), choice),
            ..*self
        }
    }

    /// The same with Z = 1 on the right and its sums made beforehand: `7M`.
    fn add_entry(&self, b: &Niels<F>) -> Self {
        let m = self.y.sub(&self.x).mul(&b.y_minus_x);
        let n = self.y.add(&self.x).mul(&b.y_plus_x);
        let c = self.t.mul(&b.xy2);
        let d = self.z.double();
        Self::finish([n.sub(&m), d.sub(&c), d.add(&c), n.add(&m)])
    }

    fn neg_entry_if(entry: &Niels<F>, choice: Choice) -> Niels<F> {
        Niels {
            y_minus_x: F::conditional_select(&entry.y_minus_x, &entry.y_plus_x, choice),
            y_plus_x: F::conditional_select(&entry.y_plus_x, &entry.y_minus_x, choice),
            xy2: F::conditional_select(&entry.xy2, &entry.xy2.neg(), choice),
        }
    }

    /// `6M` each and one inversion. No Z is zero.
    fn entries(points: &[Self]) -> Vec<Niels<F>> {
        let mut inverses: Vec<F> = points.iter().map(|point| point.z).collect();
        invert_all(&mut inverses);
        let entry = |(point, inverse): (&Self, &F)| {
            let (x, y) = (point.x.mul(inverse), point.y.mul(inverse));
            Niels { y_minus_x: y.sub(&x), y_plus_x: y.add(&x), xy2: x.mul(&y).double() }
        };
        let entries = points.iter().zip(&inverses).map(entry).collect();
        inverses.zeroize();
        entries
    }
}

impl<F: Parameters> ConditionallySelectable for Edwards<F> {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self {
            x: F::conditional_select(&a.x, &b.x, choice),
            y: F::conditional_select(&a.y, &b.y, choice),
            z: F::conditional_select(&a.z, &b.z, choice),
            t: F::conditional_select(&a.t, &b.t, choice),
        }
    }
}

impl<F: Parameters> ConditionallySelectable for Niels<F> {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self {
            y_minus_x: F::conditional_select(&a.y_minus_x, &b.y_minus_x, choice),
            y_plus_x: F::conditional_select(&a.y_plus_x, &b.y_plus_x, choice),
            xy2: F::conditional_select(&a.xy2, &b.xy2, choice),
        }
    }
}
