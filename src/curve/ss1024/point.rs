//! Affine points of y² = x³ − 3x, and the test for order q.

use super::field::Parameters;
use crate::backend::fp1024::{FieldOctets, PointOctets};
use crate::error::Problem;
use crate::secret::declassify;
use subtle::{Choice, ConditionallySelectable};
use zeroize::Zeroize;

/// A point of the curve other than the one at infinity.
#[derive(Clone, Copy, Debug, Zeroize)]
pub(crate) struct Affine<F: Zeroize> {
    /// The first coordinate.
    pub(crate) x: F,
    /// The second.
    pub(crate) y: F,
}

impl<F: Parameters> Affine<F> {
    /// Takes two coordinates below p that satisfy the equation, with y ≠ 0.
    ///
    /// (0, 0), the one point of order two, is refused: no pairing is taken there.
    pub(crate) fn decode(octets: &PointOctets) -> Result<Self, Problem> {
        let (x, y) = halves(octets);
        let (x, y) = (F::from_octets(x), F::from_octets(y));
        let reduced = x.is_some() & y.is_some();
        if !bool::from(declassify(reduced)) {
            return Err(Problem::NotReduced);
        }
        let point = Self { x: x.unwrap_or(F::ZERO), y: y.unwrap_or(F::ZERO) };
        if !bool::from(declassify(point.is_on_curve())) {
            return Err(Problem::NotOnCurve);
        }
        let two = point.y.ct_eq(&F::ZERO);
        if bool::from(declassify(two)) { Err(Problem::WrongOrder) } else { Ok(point) }
    }

    /// Reads a point that [`decode`](Self::decode) once accepted, or that the curve code made.
    pub(crate) fn load(octets: &PointOctets) -> Self {
        let (x, y) = halves(octets);
        // Octets that no check has seen would be a caller's bug; a zero keeps the function total
        // without a branch.
        Self { x: F::from_octets(x).unwrap_or(F::ZERO), y: F::from_octets(y).unwrap_or(F::ZERO) }
    }

    /// x ‖ y.
    pub(crate) fn to_octets(self) -> PointOctets {
        let mut octets = [0; 256];
        octets[..128].copy_from_slice(&self.x.to_octets());
        octets[128..].copy_from_slice(&self.y.to_octets());
        octets
    }

    /// y² = x(x² − 3): `1M + 2S`.
    pub(crate) fn is_on_curve(&self) -> Choice {
        self.y.square().ct_eq(&self.x.square().sub(&F::three()).mul(&self.x))
    }

    /// The generator P of RFC 6509.
    pub(crate) fn generator() -> Self {
        let [x, y] = F::P;
        Self { x, y }
    }

    /// Has this point, one of the curve with y ≠ 0, order q?
    ///
    /// The group is cyclic of order 4q, so the points of order q and infinity are 4E: what can be
    /// halved twice. A point (x, y) can be halved exactly if x is a square; its halves
    /// are then ((u, v) with u one of t(t ± 2w)/2, where w² = x and t² is the one square
    /// among 2(x ± y/w). Whether *they* can be halved is the question whether u is a square, which
    /// has the same answer for both. `docs/maths.md` proves it.
    ///
    /// Three powers to the exponent q − 1 = (p − 3)/4 and some products; for a square a,
    /// h = a^((p−3)/4) has a·h² = 1, so it gives √a = a·h and 1/√a = h at once.
    /// `683M + 3061S` in all.
    pub(crate) fn has_order_q(&self) -> Choice {
        let not_zero = !self.y.ct_eq(&F::ZERO);
        // x is a square, w = √x, 1/w = h.
        let h = self.x.pow_q_minus_1();
        let w = self.x.mul(&h);
        let halves = w.mul(&h).ct_eq(&F::ONE);
        // m = 2(x + y/w); its partner 2(x − y/w) is 12/m, a square exactly if m is none.
        let m = self.x.add(&self.y.mul(&h)).double();
        let k = m.pow_q_minus_1();
        let root = m.mul(&k);
        // t = √m, or, since k = ±1/√−m then, √(12/m) = √−12·k.
        let t = F::conditional_select(&F::S.double().mul(&k), &root, root.mul(&k).ct_eq(&F::ONE));
        // u = t(t + 2w)/2, times the square 4.
        let u = t.add(&w.double()).mul(&t).double();
        let power = u.pow_q_minus_1();
        let halves_twice = power.square().mul(&u).ct_eq(&F::ONE);
        not_zero & halves & halves_twice
    }
}

fn halves(octets: &PointOctets) -> (&FieldOctets, &FieldOctets) {
    let (x, y) = octets.split_at(128);
    (x.try_into().expect("half of 256 octets"), y.try_into().expect("half of 256 octets"))
}

impl<F: Parameters> ConditionallySelectable for Affine<F> {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self { x: F::conditional_select(&a.x, &b.x, choice), y: F::conditional_select(&a.y, &b.y, choice) }
    }
}
