//! Tables of odd multiples of many public points, a point in each lane.

use super::entries::LaneTable;
use super::invert::invert_all;
use crate::backend::ifma::p256x8::Fe8;
use crate::backend::ifma::vector::Vector;
use crate::backend::p256::Kernel;
use alloc::vec::Vec;

/// Width of a digit, and entries of a table: 1, 3, … 31 times its point.
pub(super) const WIDTH: usize = 5;
pub(super) const ENTRIES: usize = 1 << (WIDTH - 1);

/// An affine point in each lane, x and y below 2p.
pub(super) type Affine8<L> = [Fe8<L>; 2];

/// The tables of at most 16 times eight points, one after the other, each of [`ENTRIES`] entries.
///
/// Sums of affine points, with five inversions that all points share. Points of odd order above 32 never
/// meet an equal or opposite one here. 19 times 5M + 1S or, of five doublings, 5M + 2S each.
#[inline(always)]
pub(super) fn build<K: Kernel>(
    kernel: K,
    proof: <K::Vector as Vector>::Proof,
    points: &[Affine8<K::Vector>],
) -> Vec<Affine8<K::Vector>> {
    let zero = Fe8::zero(proof);
    let groups = points.len();
    // The step of each group: 2m times its point.
    let mut steps = Vec::with_capacity(groups);
    steps.extend_from_slice(points);
    let mut entries = alloc::vec![[zero; 2]; groups * ENTRIES];
    for (entries, point) in entries.chunks_exact_mut(ENTRIES).zip(points) {
        entries[0] = *point;
    }
    let mut denominators = alloc::vec![zero; groups * (ENTRIES / 2 + 1)];
    let mut scratch = denominators.clone();
    let mut m = 0;
    while m < ENTRIES {
        // Entry j + step is entry m + j, for j below m; and the step is doubled, but for the last time.
        let double = m < ENTRIES / 2;
        let rows = m + usize::from(double);
        let (denominators, scratch) = (&mut denominators[..rows * groups], &mut scratch[..rows * groups]);
        for (g, step) in steps.iter().enumerate() {
            for j in 0..m {
                let [x, _] = &entries[g * ENTRIES + j];
                denominators[j * groups + g] = step[0].loose().sub(x).add_p(proof, 2).carry(proof);
            }
            if double {
                denominators[m * groups + g] = step[1].loose().twice().carry(proof);
            }
        }
        let regular = invert_all(kernel, proof, denominators, scratch, groups);
        debug_assert!(regular, "points have a large odd order");
        for (g, step) in steps.iter_mut().enumerate() {
            for j in 0..m {
                let at = g * ENTRIES + j;
                entries[at + m] = add(proof, &entries[at], step, &denominators[j * groups + g]);
            }
            if double {
                *step = twice(proof, step, &denominators[m * groups + g]);
            }
        }
        m = if m == 0 { 1 } else { 2 * m };
    }
    entries
}

/// a + b, with 1/(x_b − x_a).
#[inline(always)]
fn add<L: Vector>(proof: L::Proof, a: &Affine8<L>, b: &Affine8<L>, inverse: &Fe8<L>) -> Affine8<L> {
    let numerator = b[1].loose().sub(&a[1]).add_p(proof, 2).carry(proof); // < 2^258
    along(proof, a, &b[0], &numerator.mul(proof, inverse))
}

/// \[2\]a, with 1/(2y).
#[inline(always)]
fn twice<L: Vector>(proof: L::Proof, a: &Affine8<L>, inverse: &Fe8<L>) -> Affine8<L> {
    // 3(x² − 1)
    let t = a[0].square(proof).loose().sub(&Fe8::one(proof)).add_p(proof, 1).carry(proof); // < 2^258
    let numerator = t.loose().twice().add(&t).carry(proof); // < 2^259.6
    along(proof, a, &a[0], &numerator.mul(proof, inverse))
}

/// The third point on the line through a with this slope, below 2²⁵⁸, negated; `x_b` is that of the second.
#[inline(always)]
fn along<L: Vector>(proof: L::Proof, a: &Affine8<L>, x_b: &Fe8<L>, slope: &Fe8<L>) -> Affine8<L> {
    let square = slope.square(proof); // < 2^257
    let x = square.loose().sub(&a[0]).sub(x_b).add_p(proof, 4).reduce(proof);
    let d = a[0].loose().sub(&x).add_p(proof, 2).carry(proof); // < 2^258
    let y = slope.mul(proof, &d).loose().sub(&a[1]).add_p(proof, 2).reduce(proof);
    [x, y]
}

/// The table of group g.
#[inline(always)]
pub(super) fn of_group<L: Vector>(tables: &[Affine8<L>], g: usize) -> &LaneTable<L> {
    &tables[g * ENTRIES..][..ENTRIES]
}
