//! Affine points of y² = x³ − 3x, and the test for order q.

use super::field::Parameters;
use super::field2::Complex;
use crate::backend::fp1024::{Field, FieldOctets, PointOctets};
use crate::backend::portable::{quartic, words};
use crate::error::Problem;
use crate::secret::declassify;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
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

    /// Has this point, one of the curve with y ≠ 0, order q?
    ///
    /// The group is cyclic of order 4q, so the points of order q and infinity are 4E. The pairing of order
    /// four with a point T, 4T = O, tells whether a point is one of them: it is of order q exactly if
    /// the class of f_T(x, y) in PF_p has the q-th power 1, where f_T has a fourfold zero in T and a
    /// fourfold pole at infinity. `docs/maths.md` proves it for any T over F_p² whose double is (i·s, 0): then
    ///
    /// ```text
    /// f_T = (y − λ(x − i·s))²/(x − i·s),    λ the slope of the tangent in T.
    /// ```
    ///
    /// With z of this class, z^q is in F_p exactly if the quartic residue symbol (z/p)₄ in Z\[i\] is 1, which the algorithm of
    /// Euclid gives. Constant time, unless its steps do not suffice ([`quartic`]): then the slow test decides.
    pub(crate) fn has_order_q(&self) -> Choice {
        let z = self.order_class();
        let words = |a: &F| words::from_octets(&a.to_octets());
        let (exponent, done) = quartic::symbol(&words(&z.re), &words(&z.im), F::Q);
        // Of random z all but one of 10²⁰.
        let fourth = if declassify(done).into() { exponent.ct_eq(&0) } else { is_fourth_power(&z) };
        !self.y.ct_eq(&F::zero(self.x.proof())) & fourth
    }

    /// z of the class of f_T(x, y).
    pub(super) fn order_class(&self) -> Complex<F> {
        let proof = self.x.proof();
        let (s, [u, v]) = (F::from_raw(proof, &F::S), F::LAMBDA.map(|part| F::from_raw(proof, &part)));
        // ℓ = y − λ(x − i·s); modulo F_p*, 1/(x − i·s) is x + i·s.
        let [ux, vs, us, vx] = F::mul_pairs([&u, &v, &u, &v], [&self.x, &s, &s, &self.x]);
        let line = Complex { re: self.y.sub(&ux).sub(&vs), im: us.sub(&vx) };
        line.square().mul(&Complex { re: self.x, im: s })
    }
}

/// Is z a fourth power times an element of F_p? Without the symbol: w = z̄/z has norm 1, and z^q is in F_p exactly if w^q = 1,
/// that is, if its trace V_q(w + 1/w) is 2: a Lucas chain of two products for each bit of q, 2050 in all, and an
/// inversion.
pub(super) fn is_fourth_power<F: Parameters + Field>(z: &Complex<F>) -> Choice {
    // The trace of z̄/z = z̄²/|z|²: 2(a² − b²)/(a² + b²).
    let [aa, bb] = F::squares([&z.re, &z.im]);
    let trace = aa.sub(&bb).double().mul(&aa.add(&bb).invert());
    let two = F::one(z.re.proof()).double();
    lucas::<F>(&trace, &two).ct_eq(&two)
}

/// V_q(t): the trace of w^q for w of norm 1 and trace t.
fn lucas<F: Parameters + Field>(t: &F, two: &F) -> F {
    // V_n and V_(n + 1), n from the highest bit of q on, which is public.
    let (mut low, mut high) = (*two, *t);
    for i in (0..64 * F::Q.len()).rev() {
        let one = F::Q[i / 64] >> (i % 64) & 1 == 1;
        let [square, product] =
            F::mul_pairs([if one { &high } else { &low }, &low], [if one { &high } else { &low }, &high]);
        let (square, product) = (square.sub(two), product.sub(t));
        (low, high) = if one { (product, square) } else { (square, product) };
    }
    low
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
