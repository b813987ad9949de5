//! Whole steps of the curve code in lanes. Eight elements have 1280 octets: results are written where they are
//! wanted, and sums and differences of the same two are made together.

use super::products::Sum;
use super::{Fe8, N, Row, SIXTEEN_P, carried, load};
use crate::backend::fp1024::Arithmetic;
use crate::backend::ifma::vector::{Job, Vector};

/// a + b and a − b, with 2a in place of a where that is asked for.
struct SumAndDifference<'a, L: Vector, const TWICE: bool>(&'a Fe8<L>, &'a Fe8<L>);

impl<L: Vector, const TWICE: bool> Job for SumAndDifference<'_, L, TWICE> {
    type Output = [Fe8<L>; 2];

    #[inline(always)]
    fn run(self) -> [Fe8<L>; 2] {
        let (a, b, proof) = (self.0, self.1, self.0.proof);
        let mut sum: Row<L> = load(proof, &a.limbs);
        let mut difference = sum;
        for i in 0..N {
            let a = if TWICE { sum[i].add(sum[i]) } else { sum[i] };
            let b = L::load(proof, &b.limbs.0[i]);
            sum[i] = a.add(b);
            difference[i] = a.add(L::splat(proof, SIXTEEN_P[i])).sub(b);
        }
        let a_bound = if TWICE { a.bound.plus(a.bound) } else { a.bound };
        [
            Fe8::new(proof, carried(proof, &sum), a_bound.plus(b.bound)),
            Fe8::new(proof, carried(proof, &difference), b.bound.of_difference(a_bound)),
        ]
    }
}

/// Another job, whose result goes where it is wanted.
pub(super) struct Into<'a, J: Job>(pub(super) &'a mut J::Output, pub(super) J);

impl<J: Job> Job for Into<'_, J> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        *self.0 = self.1.run();
    }
}

fn product_into<L: Vector>(out: &mut Fe8<L>, a: &Fe8<L>, b: &Fe8<L>) {
    L::call(a.proof, Into(out, Sum { a: [a], b: [b] }));
}

/// The common end of both formulas: X = E·F, Y = G·H, Z = F·G, T = E·H.
fn finish<L: Vector>(p: &mut [Fe8<L>; 4], [e, f, g, h]: [&Fe8<L>; 4]) {
    product_into(&mut p[0], e, f);
    product_into(&mut p[1], g, h);
    product_into(&mut p[2], f, g);
    product_into(&mut p[3], e, h);
}

pub(super) fn edwards_add<L: Vector>(p: &mut [Fe8<L>; 4], entry: &[Fe8<L>; 3]) {
    let proof = p[0].proof;
    // y + x, y − x
    let sides = L::call(proof, SumAndDifference::<L, false>(&p[1], &p[0]));
    let m = sides[1].mul(&entry[0]);
    let n = sides[0].mul(&entry[1]);
    let c = p[3].mul(&entry[2]);
    // h, e; g, f
    let first = L::call(proof, SumAndDifference::<L, false>(&n, &m));
    let second = L::call(proof, SumAndDifference::<L, true>(&p[2], &c));
    finish(p, [&first[1], &second[1], &second[0], &first[0]]);
}

pub(super) fn edwards_double<L: Vector>(p: &mut [Fe8<L>; 4]) {
    let proof = p[0].proof;
    let (a, b, c) = (p[0].square(), p[1].square(), p[2].square());
    let both = p[0].add(&p[1]);
    let square = both.square();
    // a + b, g
    let sides = L::call(proof, SumAndDifference::<L, false>(&b, &a));
    let e = square.sub(&sides[0]);
    let f = sides[1].sub(&c.double());
    let h = sides[0].neg();
    finish(p, [&e, &f, &sides[1], &h]);
}

/// As for single elements; 2·a0·a1 has 2a0 for a factor.
pub(super) fn complex_square<L: Vector>(out: &mut [Fe8<L>; 2], a: [&Fe8<L>; 2]) {
    let sides = L::call(a[0].proof, SumAndDifference::<L, false>(a[0], a[1]));
    let twice = a[0].double();
    product_into(&mut out[0], &sides[0], &sides[1]);
    product_into(&mut out[1], &twice, a[1]);
}

/// Two sums of two products.
pub(super) fn complex_mul<L: Vector>(out: &mut [Fe8<L>; 2], a: [&Fe8<L>; 2], b: [&Fe8<L>; 2]) {
    let minus_b1 = b[1].neg();
    L::call(a[0].proof, Into(&mut out[0], Sum { a, b: [b[0], &minus_b1] }));
    L::call(a[0].proof, Into(&mut out[1], Sum { a, b: [b[1], b[0]] }));
}

pub(super) fn complex_step<L: Vector>(f: &mut [Fe8<L>; 2], g: &[Fe8<L>; 2]) {
    let zero = Fe8::zero(f[0].proof());
    let (mut first, mut second) = ([zero, zero], [zero, zero]);
    complex_square(&mut first, [&f[0], &f[1]]);
    complex_square(&mut second, [&first[0], &first[1]]);
    complex_square(&mut first, [&second[0], &second[1]]);
    complex_mul(f, [&first[0], &first[1]], [&g[0], &g[1]]);
}

pub(super) fn mul_pairs_into<L: Vector, const M: usize>(
    out: &mut [Fe8<L>; M],
    a: [&Fe8<L>; M],
    b: [&Fe8<L>; M],
) {
    for (out, (a, b)) in out.iter_mut().zip(a.into_iter().zip(b)) {
        product_into(out, a, b);
    }
}
