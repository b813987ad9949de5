//! Whole steps of the curve code in one call each, in place: between two calls an element would be copied, by
//! code without vectors, at the cost of a good part of its arithmetic.

use super::fe::Fe;
use super::products::sums;
use super::{Digits, LONG_PADDING, Row, carry, difference, load, store, sum};
use crate::backend::ifma::vector::{Job, Vector};

/// Products and their sums and differences, before they are carried: digits up to 3·84·2⁵² < 2⁶⁰ are subtracted.
#[inline(always)]
fn long_difference<L: Vector>(proof: L::Proof, a: Row<L>, b: Row<L>) -> Row<L> {
    let padding = load(proof, &LONG_PADDING);
    core::array::from_fn(|k| a[k].add(padding[k]).sub(b[k]))
}

#[inline(always)]
fn put<L: Vector>(row: Row<L>) -> Digits {
    Digits(row.map(L::store))
}

/// The common end of both formulas: X = E·F, Y = G·H, Z = F·G, T = E·H. Factors below 2¹⁰⁸⁰.
#[inline(always)]
fn finish<L: Vector>(proof: L::Proof, p: &mut [Fe<L>; 4], [e, f, g, h]: [Row<L>; 4]) {
    let [e, f, g, h] = [carry(proof, e), carry(proof, f), carry(proof, g), carry(proof, h)];
    let [in_f, in_g, in_h] = [put(f), put(g), put(h)];
    let [x, y, z, t] = sums::<L, 4, 1>(proof, &[[e], [g], [f], [e]], &[[&in_f], [&in_h], [&in_g], [&in_h]]);
    p[0] = Fe::of_digits(proof, store(carry(proof, x)));
    p[1] = Fe::of_digits(proof, store(carry(proof, y)));
    p[2] = Fe::of_digits(proof, store(carry(proof, z)));
    p[3] = Fe::of_digits(proof, store(carry(proof, t)));
}

/// As [`Arithmetic::edwards_add`](crate::backend::fp1024::Arithmetic::edwards_add).
pub(super) struct EdwardsAdd<'a, L: Vector> {
    pub(super) p: &'a mut [Fe<L>; 4],
    pub(super) entry: &'a [Fe<L>; 3],
}

impl<L: Vector> Job for EdwardsAdd<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let proof = self.entry[0].proof_of_cpu();
        let x: Row<L> = load(proof, self.p[0].digits());
        let y = load(proof, self.p[1].digits());
        let z = load(proof, self.p[2].digits());
        let t = load(proof, self.p[3].digits());
        let minus = carry(proof, difference(proof, y, x));
        let plus = carry(proof, sum(y, x));
        let d = sum(z, z);
        let [m, n, c] = sums::<L, 3, 1>(
            proof,
            &[[minus], [plus], [t]],
            &[[self.entry[0].digits()], [self.entry[1].digits()], [self.entry[2].digits()]],
        );
        let e = long_difference(proof, n, m);
        let f = long_difference(proof, d, c);
        finish(proof, self.p, [e, f, sum(d, c), sum(n, m)]);
    }
}

/// As [`Arithmetic::edwards_double`](crate::backend::fp1024::Arithmetic::edwards_double).
pub(super) struct EdwardsDouble<'a, L: Vector>(pub(super) &'a mut [Fe<L>; 4]);

impl<L: Vector> Job for EdwardsDouble<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let proof = self.0[0].proof_of_cpu();
        let x: Row<L> = load(proof, self.0[0].digits());
        let y = load(proof, self.0[1].digits());
        let z = load(proof, self.0[2].digits());
        let both = carry(proof, sum(x, y));
        let in_both = put(both);
        let [a, b, c, e] = sums::<L, 4, 1>(
            proof,
            &[[x], [y], [z], [both]],
            &[[self.0[0].digits()], [self.0[1].digits()], [self.0[2].digits()], [&in_both]],
        );
        let ab = sum(a, b);
        let e = long_difference(proof, e, ab);
        let f = long_difference(proof, b, sum(a, sum(c, c)));
        let g = long_difference(proof, b, a);
        let h = long_difference(proof, load(proof, &Digits::ZERO), ab);
        finish(proof, self.0, [e, f, g, h]);
    }
}

/// (a0 + i·a1)², by (a0 + a1)(a0 − a1) + i·(2·a0)·a1.
#[inline(always)]
fn complex_square<L: Vector>(proof: L::Proof, a: &mut [Digits; 2]) {
    let [a0, a1]: [Row<L>; 2] = [load(proof, &a[0]), load(proof, &a[1])];
    // Factors may be as large as 2¹⁰⁸⁰ here: 2¹⁰⁸⁰·2¹⁰⁷⁹/2¹⁰⁹² is far below M.
    let plus = put(carry(proof, sum::<L>(a0, a1)));
    let minus = carry(proof, difference(proof, a0, a1));
    let twice = carry(proof, sum::<L>(a0, a0));
    let [re, im] = sums::<L, 2, 1>(proof, &[[minus], [twice]], &[[&plus], [&a[1]]]);
    a[0] = store(carry(proof, re));
    a[1] = store(carry(proof, im));
}

/// (a0 + i·a1) to the power 2ⁿ, times (b0 + i·b1): two sums of two products.
#[inline(always)]
fn square_and_multiply<L: Vector>(proof: L::Proof, a: &mut [Digits; 2], n: usize, b: [&Digits; 2]) {
    for _ in 0..n {
        complex_square::<L>(proof, a);
    }
    let [b0, b1]: [Row<L>; 2] = [load(proof, b[0]), load(proof, b[1])];
    let minus_b1 = carry(proof, difference(proof, load(proof, &Digits::ZERO), b1));
    let s = [&a[0], &a[1]];
    let [re, im] = sums::<L, 2, 2>(proof, &[[b0, minus_b1], [b1, b0]], &[s, s]);
    a[0] = store(carry(proof, re));
    a[1] = store(carry(proof, im));
}

/// (a0 + i·a1) to the power 2ⁿ.
pub(super) struct ComplexSquares<'a, L: Vector> {
    pub(super) a: [&'a Fe<L>; 2],
    pub(super) n: usize,
}

impl<L: Vector> Job for ComplexSquares<'_, L> {
    type Output = [Fe<L>; 2];

    #[inline(always)]
    fn run(self) -> [Fe<L>; 2] {
        let proof = self.a[0].proof_of_cpu();
        let mut a = [*self.a[0].digits(), *self.a[1].digits()];
        for _ in 0..self.n {
            complex_square::<L>(proof, &mut a);
        }
        [Fe::of_digits(proof, a[0]), Fe::of_digits(proof, a[1])]
    }
}

/// (a0 + i·a1)(b0 + i·b1).
pub(super) struct ComplexMul<'a, L: Vector> {
    pub(super) a: [&'a Fe<L>; 2],
    pub(super) b: [&'a Fe<L>; 2],
}

impl<L: Vector> Job for ComplexMul<'_, L> {
    type Output = [Fe<L>; 2];

    #[inline(always)]
    fn run(self) -> [Fe<L>; 2] {
        let proof = self.a[0].proof_of_cpu();
        let mut a = [*self.a[0].digits(), *self.a[1].digits()];
        square_and_multiply::<L>(proof, &mut a, 0, [self.b[0].digits(), self.b[1].digits()]);
        [Fe::of_digits(proof, a[0]), Fe::of_digits(proof, a[1])]
    }
}

/// f ← f⁸·g.
pub(super) struct ComplexStep<'a, L: Vector> {
    pub(super) f: &'a mut [Fe<L>; 2],
    pub(super) g: &'a [Fe<L>; 2],
}

impl<L: Vector> Job for ComplexStep<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let proof = self.f[0].proof_of_cpu();
        let mut a = [*self.f[0].digits(), *self.f[1].digits()];
        square_and_multiply::<L>(proof, &mut a, 3, [self.g[0].digits(), self.g[1].digits()]);
        self.f[0] = Fe::of_digits(proof, a[0]);
        self.f[1] = Fe::of_digits(proof, a[1]);
    }
}

/// f ← f⁸·g, for two at a time: four products side by side in place of two.
pub(super) struct ComplexSteps<'a, L: Vector> {
    pub(super) f: [&'a mut [Fe<L>; 2]; 2],
    pub(super) g: [&'a [Fe<L>; 2]; 2],
}

impl<L: Vector> Job for ComplexSteps<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let proof = self.g[0][0].proof_of_cpu();
        let [f0, f1] = self.f;
        let mut a = [*f0[0].digits(), *f0[1].digits(), *f1[0].digits(), *f1[1].digits()];
        for _ in 0..3 {
            complex_squares_of_two::<L>(proof, &mut a);
        }
        let g: [[Row<L>; 2]; 2] = [
            [load(proof, self.g[0][0].digits()), load(proof, self.g[0][1].digits())],
            [load(proof, self.g[1][0].digits()), load(proof, self.g[1][1].digits())],
        ];
        let zero = load(proof, &Digits::ZERO);
        let minus =
            [carry(proof, difference(proof, zero, g[0][1])), carry(proof, difference(proof, zero, g[1][1]))];
        let v = [[g[0][0], minus[0]], [g[0][1], g[0][0]], [g[1][0], minus[1]], [g[1][1], g[1][0]]];
        let s = [[&a[0], &a[1]], [&a[0], &a[1]], [&a[2], &a[3]], [&a[2], &a[3]]];
        let [re0, im0, re1, im1] = sums::<L, 4, 2>(proof, &v, &s);
        f0[0] = Fe::of_digits(proof, store(carry(proof, re0)));
        f0[1] = Fe::of_digits(proof, store(carry(proof, im0)));
        f1[0] = Fe::of_digits(proof, store(carry(proof, re1)));
        f1[1] = Fe::of_digits(proof, store(carry(proof, im1)));
    }
}

/// (a0 + i·a1)² and (a2 + i·a3)².
#[inline(always)]
fn complex_squares_of_two<L: Vector>(proof: L::Proof, a: &mut [Digits; 4]) {
    let (a0, a1): (Row<L>, Row<L>) = (load(proof, &a[0]), load(proof, &a[1]));
    let (a2, a3): (Row<L>, Row<L>) = (load(proof, &a[2]), load(proof, &a[3]));
    let plus = [put(carry(proof, sum::<L>(a0, a1))), put(carry(proof, sum::<L>(a2, a3)))];
    let minus = [carry(proof, difference(proof, a0, a1)), carry(proof, difference(proof, a2, a3))];
    let twice = [carry(proof, sum::<L>(a0, a0)), carry(proof, sum::<L>(a2, a2))];
    let v = [[minus[0]], [twice[0]], [minus[1]], [twice[1]]];
    let s = [[&plus[0]], [&a[1]], [&plus[1]], [&a[3]]];
    let [re0, im0, re1, im1] = sums::<L, 4, 1>(proof, &v, &s);
    *a = [
        store(carry(proof, re0)),
        store(carry(proof, im0)),
        store(carry(proof, re1)),
        store(carry(proof, im1)),
    ];
}
