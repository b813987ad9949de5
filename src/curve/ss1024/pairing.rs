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

use super::field::{Parameters, invert_all};
use super::field2::Complex;
use super::point::Affine;
use crate::backend::fp1024::Field;
use alloc::vec::Vec;
use zeroize::{Zeroize, Zeroizing};

/// (X : Y : Z) for (X/Z², Y/Z³): the running multiple of K.
#[derive(Clone, Copy, Zeroize)]
struct Jacobian<F: Zeroize> {
    x: F,
    y: F,
    z: F,
}

/// Where the functions are evaluated: the point R, of which they see (−x, i·y).
struct Argument<F> {
    x: F,
    y: F,
    /// x²
    xx: F,
}

impl<F: Parameters> Argument<F> {
    fn new(r: &Affine<F>) -> Self {
        Self { x: r.x, y: r.y, xx: r.x.square() }
    }
}

/// The Miller loop step by step, nothing kept. Each of 1021 digits costs `12M + 5S` (tangent 7M + 5S,
/// square 2M, product 3M), each of 351 additions `14M + 3S`: with the end `17171M + 6159S` and an
/// inversion.
pub(crate) fn pairing<F: Parameters>(k: &Affine<F>, r: &Affine<F>) -> F {
    let at = Argument::new(r);
    let mut f = Complex::ONE;
    let mut v = Jacobian { x: k.x, y: k.y, z: F::ONE };
    let last = F::NAF.len() - 1;
    for (i, digit) in F::NAF.iter().enumerate().skip(1) {
        let tangent = double(&mut v, &at);
        f = f.square().mul(&tangent);
        if *digit != 0 && i != last {
            let y = if *digit > 0 { k.y } else { k.y.neg() };
            let chord = add(&mut v, &Affine { x: k.x, y }, &at);
            f = f.mul(&chord);
        }
    }
    v.zeroize();
    finish(&f)
}

/// V ← 2V; gives the tangent in V at the argument: EFD "dbl-2001-b" for a = −3 and the line,
/// `7M + 5S`.
///
/// The line λ(x + Vx) − Vy + i·y, with λ = 3(X² − Z⁴)/(2YZ), times 2YZ·Z².
fn double<F: Parameters>(v: &mut Jacobian<F>, at: &Argument<F>) -> Complex<F> {
    let delta = v.z.square();
    let gamma = v.y.square();
    let beta = v.x.mul(&gamma);
    let alpha = triple(&v.x.sub(&delta).mul(&v.x.add(&delta)));
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
fn add<F: Parameters>(v: &mut Jacobian<F>, s: &Affine<F>, at: &Argument<F>) -> Complex<F> {
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

/// f⁴ as an element of PF_p: its imaginary over its real part. `5M` and an inversion.
fn finish<F: Parameters>(f: &Complex<F>) -> F {
    let t = f.square().square();
    t.im.mul(&t.re.invert())
}

fn triple<F: Field>(a: &F) -> F {
    a.double().add(a)
}

/// The coefficients of all functions of the loop that walks one point: whoever pairs that point
/// often builds them once. As secret as the point.
///
/// Digit 0 leaves a tangent (λx + μ) + i·y: two coefficients. Another digit d leaves a parabola:
/// the functions of 2V + dK = (V + dK) + V, through V, V and dK, in one, (x² + αx + β) + i·γy:
/// three. For q of 1022 bits: 2393 coefficients, 306 304 octets.
#[derive(Zeroize)]
pub(crate) struct Lines<F: Field>(Vec<F>);

/// One step of the loop in Jacobian coordinates, before all inversions are made at once.
enum Step<F> {
    /// V, and the numerator of λ.
    Tangent { x: F, y: F, slope: F },
    /// V, the numerators of both slopes, and X of V + dK.
    Parabola { x: F, y: F, slopes: [F; 2], wx: F },
}

impl<F: Zeroize> Zeroize for Step<F> {
    fn zeroize(&mut self) {
        match self {
            Self::Tangent { x, y, slope } => {
                x.zeroize();
                y.zeroize();
                slope.zeroize();
            }
            Self::Parabola { x, y, slopes, wx } => {
                x.zeroize();
                y.zeroize();
                slopes.zeroize();
                wx.zeroize();
            }
        }
    }
}

impl<F: Parameters> Lines<F> {
    /// Walks the loop on `k`, of order q, and keeps the coefficients. Measured for q of 1022
    /// bits: `17198M + 6477S` and one inversion.
    pub(crate) fn new(k: &Affine<F>) -> Self {
        let last = F::NAF.len() - 1;
        let mut steps = Zeroizing::new(Vec::with_capacity(last));
        // The Z after each addition or doubling; their inverses are the denominators.
        let mut z = Zeroizing::new(Vec::with_capacity(2 * F::NAF.len()));
        let mut v = Jacobian { x: k.x, y: k.y, z: F::ONE };
        for (i, digit) in F::NAF.iter().enumerate().skip(1) {
            if *digit == 0 || i == last {
                let delta = v.z.square();
                let gamma = v.y.square();
                let beta4 = v.x.mul(&gamma).double().double();
                let alpha = triple(&v.x.sub(&delta).mul(&v.x.add(&delta)));
                steps.push(Step::Tangent { x: v.x, y: v.y, slope: alpha });
                v.z = v.y.add(&v.z).square().sub(&gamma).sub(&delta);
                v.x = alpha.square().sub(&beta4.double());
                v.y = beta4.sub(&v.x).mul(&alpha).sub(&gamma.square().double().double().double());
                z.push(v.z);
            } else {
                let zz = v.z.square();
                let zzz = zz.mul(&v.z);
                let y = if *digit > 0 { k.y } else { k.y.neg() };
                let s = Affine { x: k.x.mul(&zz), y: y.mul(&zzz) };
                let before = Affine { x: v.x, y: v.y };
                let (w, same, z1, first) = add_co_z(&before, &s, &v.z);
                let (sum, _, z2, second) = add_co_z(&w, &same, &z1);
                steps.push(Step::Parabola { x: v.x, y: v.y, slopes: [first, second], wx: w.x });
                v = Jacobian { x: sum.x, y: sum.y, z: z2 };
                z.extend([z1, z2]);
            }
        }
        v.zeroize();
        invert_all(&mut z);

        let mut lines = Vec::with_capacity(3 * F::NAF.len());
        let mut inverses = z.iter();
        let mut next = || *inverses.next().expect("as many as were pushed");
        // 1/Z of V
        let mut u = F::ONE;
        for step in steps.iter() {
            let uu = u.square();
            match step {
                Step::Tangent { x, y, slope } => {
                    let (vx, vy) = (x.mul(&uu), y.mul(&uu.mul(&u)));
                    u = next();
                    let lambda = slope.mul(&u);
                    lines.extend([lambda, lambda.mul(&vx).sub(&vy)]);
                }
                Step::Parabola { x, y, slopes, wx } => {
                    let (vx, vy) = (x.mul(&uu), y.mul(&uu.mul(&u)));
                    let middle = next();
                    u = next();
                    let (first, second) = (slopes[0].mul(&middle), slopes[1].mul(&u));
                    // (X − Vx)(X + Vx + Wx + λ₁λ₂) + (λ₁ + λ₂)(Vy − Y), at X = −x, Y = i·y.
                    let alpha = wx.mul(&middle.square()).add(&first.mul(&second)).neg();
                    let slope = first.add(&second);
                    let beta = slope.mul(&vy).sub(&vx.mul(&vx.sub(&alpha)));
                    lines.extend([alpha, beta, slope.neg()]);
                }
            }
        }
        Self(lines)
    }

    /// <K, R> for the K that was walked. A tangent costs `6M`, a parabola `7M`: with the end `6482M + 1S`
    /// and an inversion.
    pub(crate) fn pairing(&self, r: &Affine<F>) -> F {
        let at = Argument::new(r);
        let mut f = Complex::ONE;
        let mut rest = self.0.as_slice();
        let last = F::NAF.len() - 1;
        for (i, digit) in F::NAF.iter().enumerate().skip(1) {
            let value;
            if *digit == 0 || i == last {
                let (line, tail) = rest.split_at(2);
                value = Complex { re: line[0].mul(&at.x).add(&line[1]), im: at.y };
                rest = tail;
            } else {
                let (parabola, tail) = rest.split_at(3);
                value = Complex {
                    re: parabola[0].mul(&at.x).add(&at.xx).add(&parabola[1]),
                    im: parabola[2].mul(&at.y),
                };
                rest = tail;
            }
            f = f.square().mul(&value);
        }
        finish(&f)
    }

    /// Octets that the table takes.
    #[cfg(feature = "hazmat")]
    pub(crate) fn size(&self) -> usize {
        size_of_val(self.0.as_slice())
    }
}

/// The sum of two points with one Z (Meloni 2007): (A + B, A with the new Z, the new Z, the
/// numerator of the slope). The new Z is the denominator. `5M + 2S`.
fn add_co_z<F: Parameters>(a: &Affine<F>, b: &Affine<F>, z: &F) -> (Affine<F>, Affine<F>, F, F) {
    let d = a.x.sub(&b.x);
    let slope = a.y.sub(&b.y);
    let c = d.square();
    let (w1, w2) = (a.x.mul(&c), b.x.mul(&c));
    let same = Affine { x: w1, y: a.y.mul(&w1.sub(&w2)) };
    let x = slope.square().sub(&w1).sub(&w2);
    let y = slope.mul(&w1.sub(&x)).sub(&same.y);
    (Affine { x, y }, same, z.mul(&d), slope)
}
