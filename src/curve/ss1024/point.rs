//! Affine points of y² = x³ − 3x, and the test for order q.

use super::field::{Parameters, pow_q_minus_1};
use crate::backend::fp1024::{Field, FieldOctets, PointOctets};
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

impl<F: Parameters + Field> Affine<F> {
    /// Takes two coordinates below p that satisfy the equation, with y ≠ 0.
    ///
    /// (0, 0), the one point of order two, is refused: no pairing is taken there.
    pub(crate) fn decode(proof: F::Proof, octets: &PointOctets) -> Result<Self, Problem> {
        let (x, y) = halves(octets);
        let (x, y) = (F::from_octets(proof, x), F::from_octets(proof, y));
        let zero = F::zero(proof);
        let reduced = x.is_some() & y.is_some();
        if !bool::from(declassify(reduced)) {
            return Err(Problem::NotReduced);
        }
        let point = Self { x: x.unwrap_or(zero), y: y.unwrap_or(zero) };
        if !bool::from(declassify(point.is_on_curve())) {
            return Err(Problem::NotOnCurve);
        }
        let two = point.y.ct_eq(&zero);
        if bool::from(declassify(two)) { Err(Problem::WrongOrder) } else { Ok(point) }
    }

    /// Reads a point that [`decode`](Self::decode) once accepted, or that the curve code made.
    pub(crate) fn load(proof: F::Proof, octets: &PointOctets) -> Self {
        let zero = F::zero(proof);
        let (x, y) = halves(octets);
        // Octets that no check has seen would be a caller's bug; a zero keeps the function total
        // without a branch.
        Self { x: F::from_octets(proof, x).unwrap_or(zero), y: F::from_octets(proof, y).unwrap_or(zero) }
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
        self.y.square().ct_eq(&self.x.square().sub(&F::three(self.x.proof())).mul(&self.x))
    }

    /// The generator P of RFC 6509.
    pub(crate) fn generator(proof: F::Proof) -> Self {
        let [x, y] = F::P;
        Self { x: F::from_raw(proof, &x), y: F::from_raw(proof, &y) }
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
        let proof = self.x.proof();
        let one = F::one(proof);
        let not_zero = !self.y.ct_eq(&F::zero(proof));
        // x is a square, w = √x, 1/w = h.
        let h = pow_q_minus_1(&self.x);
        let w = self.x.mul(&h);
        let halves = w.mul(&h).ct_eq(&one);
        // m = 2(x + y/w); its partner 2(x − y/w) is 12/m, a square exactly if m is none.
        let m = self.x.add(&self.y.mul(&h)).double();
        let k = pow_q_minus_1(&m);
        let root = m.mul(&k);
        // t = √m, or, since k = ±1/√−m then, √(12/m) = √−12·k.
        let t = F::conditional_select(&F::from_raw(proof, &F::S).double().mul(&k), &root, root.mul(&k).ct_eq(&one));
        // u = t(t + 2w)/2, times the square 4.
        let u = t.add(&w.double()).mul(&t).double();
        let power = pow_q_minus_1(&u);
        let halves_twice = power.square().mul(&u).ct_eq(&one);
        not_zero & halves & halves_twice
    }
}

fn halves(octets: &PointOctets) -> (&FieldOctets, &FieldOctets) {
    let (x, y) = octets.split_at(128);
    (x.try_into().expect("half of 256 octets"), y.try_into().expect("half of 256 octets"))
}

impl<F: Field> ConditionallySelectable for Affine<F> {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self { x: F::conditional_select(&a.x, &b.x, choice), y: F::conditional_select(&a.y, &b.y, choice) }
    }
}
