//! The Tate-Lichtenbaum pairing <K, R> of RFC 6508 §3.2.
//!
//! Miller's loop walks multiples V of K and multiplies up values, at the distorted point
//! \[i\]R = (−x, i·y), of functions whose zeros and poles are those multiples. What makes it short:
//!
//! * the result counts modulo F_p* only, so vertical lines and every other factor in F_p are left
//!   out, denominators among them: no inversion in the loop;
//! * the loop follows the non-adjacent form of q: 353 digits that are not 0, where q − 1 has 513
//!   ones;
//! * the last step would add K to −K: a vertical line, left out. Only its tangent counts;
//! * passing to the quotient by F_p* is the largest part of the final exponentiation. What remains
//!   is to raise to (p + 1)/q = 4: two squarings.
//!
//! The digits of q are public and fix the sequence of operations; no branch depends on a
//! coordinate. `docs/maths.md` derives each step.

use super::field::Parameters;
use super::field2::Complex;
use super::point::Affine;
use crate::backend::fp1024::Field;
use zeroize::Zeroize;

/// (X : Y : Z) for (X/Z², Y/Z³): the running multiple of K.
#[derive(Clone, Copy, Zeroize)]
struct Jacobian<F: Zeroize> {
    x: F,
    y: F,
    z: F,
}

/// The value at \[i\]R of the function of the Miller loop, step by step, nothing kept; <K, R> is its fourth
/// power in PF_p. Each of 1021 digits costs 14 products and a multiplication in F_p² of 4, each of 351 additions 14
/// and 4 as well: 24 696 products with 21 952 reductions.
pub(super) fn value<F: Parameters + Field>(k: &Affine<F>, r: &Affine<F>) -> Complex<F> {
    let proof = k.x.proof();
    let mut f = Complex::one(proof);
    let mut v = Jacobian { x: k.x, y: k.y, z: F::one(proof) };
    let last = F::NAF.len() - 1;
    for (i, digit) in F::NAF.iter().enumerate().skip(1) {
        let tangent = double(&mut v, r);
        f = f.square().mul(&tangent);
        if *digit != 0 && i != last {
            let y = if *digit > 0 { k.y } else { k.y.neg() };
            let chord = add(&mut v, &Affine { x: k.x, y }, r);
            f = f.mul(&chord);
        }
    }
    v.zeroize();
    f
}

/// V ← 2V; gives the tangent in V at the argument: EFD "dbl-2001-b" for a = −3 and the line,
/// `7M + 5S`.
///
/// The line λ(x + Vx) − Vy + i·y, with λ = 3(X² − Z⁴)/(2YZ), times 2YZ·Z².
fn double<F: Parameters + Field>(v: &mut Jacobian<F>, at: &Affine<F>) -> Complex<F> {
    let delta = v.z.square();
    let gamma = v.y.square();
    let beta = v.x.mul(&gamma);
    let alpha = v.x.sub(&delta).mul(&v.x.add(&delta)).triple();
    let z = v.y.add(&v.z).square().sub(&gamma).sub(&delta);
    let line = Complex {
        re: delta.mul(&at.x).add(&v.x).mul(&alpha).sub(&gamma.double()),
        im: z.mul(&delta).mul(&at.y),
    };
    let beta4 = beta.double().double();
    let x = alpha.square().sub(&beta4.double());
    let y = beta4.sub(&x).mul(&alpha).sub(&gamma.square().double().double().double());
    *v = Jacobian { x, y, z };
    line
}

/// V ← V + S; gives the line through both at the argument: `11M + 3S`.
///
/// The line λ(x + Sx) − Sy + i·y, with λ = R/(ZH) for R = Sy·Z³ − Y and H = Sx·Z² − X, times ZH.
fn add<F: Parameters + Field>(v: &mut Jacobian<F>, s: &Affine<F>, at: &Affine<F>) -> Complex<F> {
    let zz = v.z.square();
    let h = s.x.mul(&zz).sub(&v.x);
    let r = s.y.mul(&zz.mul(&v.z)).sub(&v.y);
    let z = v.z.mul(&h);
    let line = Complex { re: at.x.add(&s.x).mul(&r).sub(&s.y.mul(&z)), im: z.mul(&at.y) };
    let hh = h.square();
    let hhh = hh.mul(&h);
    let xhh = v.x.mul(&hh);
    let x = r.square().sub(&hhh).sub(&xhh.double());
    let y = xhh.sub(&x).mul(&r).sub(&v.y.mul(&hhh));
    *v = Jacobian { x, y, z };
    line
}
