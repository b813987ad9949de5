//! The way of the Miller loop that keeps its lines: all multiples V of a point K that it meets, and
//! the function of each step. `docs/maths.md` derives both.

use super::field::{Parameters, invert_all};
use super::function::Function;
use super::point::Affine;
use crate::backend::fp1024::Field;
use alloc::vec::Vec;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The highest digit.
const MAX_DIGIT: usize = 4;

pub(super) fn digit<A: Parameters>(step: usize) -> usize {
    usize::from(A::OCTAL[step].unsigned_abs())
}

fn is_last<A: Parameters>(step: usize) -> bool {
    step + 1 == A::OCTAL.len()
}

/// The order of the function of a step, which is the number of its zeros: eight in V, |d| in ±K, one in
/// −(8V + dK). In the last step, where 8V + dK is infinity, that one is missing.
pub(super) fn order<A: Parameters>(step: usize) -> usize {
    8 + digit::<A>(step) + usize::from(!is_last::<A>(step))
}

/// dK and its function, for one d. Wiped when dropped.
#[derive(ZeroizeOnDrop)]
pub(super) struct Multiple<A: Parameters> {
    pub(super) x: A,
    y: A,
    /// Zeros: d in K and one in −dK.
    pub(super) function: Function<A>,
}

/// K, 2K, 3K, 4K.
pub(super) struct Multiples<F: Parameters>([Multiple<F>; MAX_DIGIT]);

impl<F: Parameters + Field> Multiples<F> {
    pub(super) fn new(k: &Affine<F>) -> Self {
        let tangent = k.x.square().sub(&F::one(k.x.proof())).triple().mul(&k.y.double().invert());
        let (f_2, two) = third(k, k, &tangent);
        let (chord, three) = third(k, &two, &slope(k, &two));
        let f_3 = f_2.product_over_vertical(&chord, &two.x);
        let (chord, four) = third(k, &three, &slope(k, &three));
        let f_4 = f_3.product_over_vertical(&chord, &three.x);
        let multiple = |point: Affine<F>, function| Multiple { x: point.x, y: point.y, function };
        let f_1 = Function::vertical(&k.x);
        Self([multiple(*k, f_1), multiple(two, f_2), multiple(three, f_3), multiple(four, f_4)])
    }

    /// The function that the loop begins with, for the highest digit d: zeros d in K and one in −dK.
    pub(super) fn start(&self) -> &Function<F> {
        &self.0[digit::<F>(0) - 1].function
    }

    /// What the function of a step needs of dK, and whether d is negative.
    pub(super) fn of_step(&self, step: usize) -> Option<(&Multiple<F>, bool)> {
        let multiple = &self.0[digit::<F>(step).checked_sub(1)?];
        Some((multiple, F::OCTAL[step] < 0))
    }

    /// All steps but the first digit, in their order.
    pub(super) fn steps(&self) -> Zeroizing<Vec<Step<F>>> {
        let walked = self.walk();
        let one = F::one(self.0[0].x.proof());
        let mut steps = Zeroizing::new(Vec::with_capacity(F::OCTAL.len() - 1));
        // 1/Z of V
        let mut u = one;
        let mut parts = walked.iter();
        let mut next = || parts.next().expect("three doublings, and an addition where the digit asks for it");
        for step in 1..F::OCTAL.len() {
            let mut all = [F::zero(one.proof()); 12];
            for i in 0..3 {
                let [x, y, numerator, inverse] = next();
                let uu = u.square();
                let [x, uuu, slope] = F::mul_pairs([x, &uu, numerator], [&uu, &u, inverse]);
                let [y, product] = F::mul_pairs([y, &slope], [&uuu, &x]);
                (all[2 * i], all[2 * i + 1], all[6 + i]) = (slope, product.sub(&y), x);
                u = *inverse;
            }
            if let (Some((multiple, negative)), false) = (self.of_step(step), is_last::<F>(step)) {
                let [x, _, numerator, inverse] = next();
                let [slope, uu] = F::mul_pairs([numerator, &u], [inverse, &u]);
                let [x, product] = F::mul_pairs([x, &slope], [&uu, &multiple.x]);
                let c = if negative { product.add(&multiple.y) } else { product.sub(&multiple.y) };
                (all[9], all[10], all[11]) = (slope, c, x);
                u = *inverse;
            }
            steps.push(Step(all));
        }
        steps
    }

    /// X and Y of V before each doubling and addition, the numerator of the slope, and the inverse of its
    /// denominator, which is the Z after it.
    fn walk(&self) -> Zeroizing<Vec<[F; 4]>> {
        let count = 4 * F::OCTAL.len();
        let mut walked = Zeroizing::new(Vec::with_capacity(count));
        let mut z = Zeroizing::new(Vec::with_capacity(count));
        let Multiple { x, y, .. } = &self.0[digit::<F>(0) - 1];
        let zero = F::zero(x.proof());
        let mut v = [*x, *y, F::one(x.proof())];
        for step in 1..F::OCTAL.len() {
            for _ in 0..3 {
                let (next, numerator) = double(&v);
                walked.push([v[0], v[1], numerator, zero]);
                z.push(next[2]);
                v = next;
            }
            if let (Some((multiple, negative)), false) = (self.of_step(step), is_last::<F>(step)) {
                let y = if negative { multiple.y.neg() } else { multiple.y };
                let (next, numerator) = add(&v, &multiple.x, &y);
                walked.push([v[0], v[1], numerator, zero]);
                z.push(next[2]);
                v = next;
            }
        }
        v.zeroize();
        invert_all(&mut z);
        for ([.., inverse], z) in walked.iter_mut().zip(z.iter()) {
            *inverse = *z;
        }
        walked
    }

    /// The function of a step.
    pub(super) fn function(&self, step: usize, walked: &Step<F>) -> Function<F> {
        let multiple = self.of_step(step).map(|(multiple, negative)| {
            (multiple.x, multiple.function.reflect(|same, opposite| if negative { *opposite } else { *same }))
        });
        step_function(step, walked, multiple.as_ref().map(|(x, function)| (x, function)))
    }
}

/// Slopes and constants of the tangents in V, 2V, 4V (Y − slope·X + constant); their X; the same of the
/// line through 8V and dK, and X of 8V. Zeros where there is no such line.
#[derive(Clone, Copy, Zeroize)]
pub(super) struct Step<A: Zeroize>(pub(super) [A; 12]);

/// The function of a step: zeros eight in V, |d| in ±K, one in −(8V + dK).
///
/// `multiple` is X of dK, and the function with zeros |d| in ±K and one in −dK, for d ≠ 0.
pub(super) fn step_function<A: Parameters>(
    step: usize,
    Step(walked): &Step<A>,
    multiple: Option<(&A, &Function<A>)>,
) -> Function<A> {
    let line = |i: usize| Function::line(&walked[i], &walked[i + 1]);
    let (tangent, x_2, x_4) = (line(0), &walked[7], &walked[8]);
    // V, V, 2V, −4V
    let function = tangent.product_over_vertical(&line(2), x_2);
    // V⁴, −4V
    let four = function.product_over_vertical(&tangent, x_2);
    // V⁴, 4V, −8V
    let function = four.product_over_vertical(&line(4), x_4);
    // V⁸, −8V
    let function = four.product_over_vertical(&function, x_4);
    let Some((x_d, of_d)) = multiple else { return function };
    // V⁸, dK, −(8V + dK); in the last step, where 8V = −dK, it is that already
    let function =
        if is_last::<A>(step) { function } else { function.product_over_vertical(&line(9), &walked[11]) };
    // V⁸, ±K as often as d says, −(8V + dK)
    if digit::<A>(step) == 1 { function } else { function.product_over_vertical(of_d, x_d) }
}

/// The slope of the line through two points with different X.
fn slope<F: Parameters + Field>(a: &Affine<F>, b: &Affine<F>) -> F {
    b.y.sub(&a.y).mul(&b.x.sub(&a.x).invert())
}

/// The line through a and b, and a + b.
fn third<F: Parameters + Field>(a: &Affine<F>, b: &Affine<F>, slope: &F) -> (Function<F>, Affine<F>) {
    let x = slope.square().sub(&a.x).sub(&b.x);
    let y = slope.mul(&a.x.sub(&x)).sub(&a.y);
    (Function::line(slope, &slope.mul(&a.x).sub(&a.y)), Affine { x, y })
}

/// 2V in Jacobian coordinates, and the numerator of the tangent's slope; the denominator is the new Z.
/// EFD "dbl-2001-b" for a = −3: `3M + 5S`.
fn double<A: Parameters>([x, y, z]: &[A; 3]) -> ([A; 3], A) {
    let [delta, gamma, sum] = A::squares([z, y, &y.add(z)]);
    let [beta, product] = A::mul_pairs([x, &x.sub(&delta)], [&gamma, &x.add(&delta)]);
    let alpha = product.triple();
    let beta4 = beta.double().double();
    let [alpha2, gamma2] = A::squares([&alpha, &gamma]);
    let x = alpha2.sub(&beta4.double());
    let y = beta4.sub(&x).mul(&alpha).sub(&gamma2.double().double().double());
    ([x, y, sum.sub(&gamma).sub(&delta)], alpha)
}

/// V + S for an affine S, and the numerator of the slope; the denominator is the new Z. `8M + 3S`.
fn add<A: Parameters>([x, y, z]: &[A; 3], s_x: &A, s_y: &A) -> ([A; 3], A) {
    let zz = z.square();
    let [u, zzz] = A::mul_pairs([s_x, &zz], [&zz, z]);
    let h = u.sub(x);
    let [s, hh, z] = A::mul_pairs([s_y, &h, z], [&zzz, &h, &h]);
    let r = s.sub(y);
    let [hhh, xhh, rr] = A::mul_pairs([&hh, x, &r], [&h, &hh, &r]);
    let x = rr.sub(&hhh).sub(&xhh.double());
    let [left, right] = A::mul_pairs([&xhh.sub(&x), y], [&r, &hhh]);
    ([x, left.sub(&right), z], r)
}
