//! The odd multiples of one public point, eight at a time.

use super::super::batch::invert::invert_all;
use super::super::field::Fe;
use super::super::jacobian::{Affine, Jacobian};
use super::Sum8;
use crate::backend::ifma::p256x8::Fe8;
use crate::backend::ifma::vector::{Job, Vector};
use crate::backend::p256::{Kernel, Limbs, TablePoint};

/// How many there are.
pub(in super::super) const MULTIPLES: usize = 16;

/// 1, 3, … 31 times a public point.
///
/// \[2\]P, \[4\]P, \[8\]P and \[16\]P, and P, are scaled to the Z of \[16\]P: on the curve that is isomorphic by
/// this Z they are affine, and additions are the same there. Of the first eight multiples number i is P
/// plus \[2\]P, \[4\]P, \[8\]P by the bits of i; the others are \[16\]P more. Points of the large prime order
/// q never meet an equal or opposite one on this way.
pub(in super::super) fn odd_multiples_vartime<K: Kernel>(
    kernel: K,
    proof: <K::Vector as Vector>::Proof,
    point: &Affine<K>,
) -> [TablePoint; MULTIPLES] {
    let mut doubled = [Jacobian::from(*point); 5];
    for i in 1..doubled.len() {
        doubled[i] = doubled[i - 1];
        doubled[i].double(); // Z₃ = Y·Z
    }
    let z = doubled[4].z();
    let mut steps = doubled.map(|point| [*point.x().limbs(), *point.y().limbs()]);
    // What the Z of a step lacks: the product of the Ys from its own on.
    let mut factor = Fe::one(kernel);
    for (step, point) in steps.iter_mut().zip(&doubled).rev().skip(1) {
        factor = factor * point.y();
        let square = factor.square();
        *step = [*(point.x() * square).limbs(), *(point.y() * (square * factor)).limbs()];
    }
    let z_2 = z.square();
    let scale = [*z_2.limbs(), *(z_2 * z).limbs()];
    let mut multiples = [TablePoint::ZERO; MULTIPLES];
    K::Vector::run(proof, Multiples { kernel, proof, steps: &steps, scale: &scale, out: &mut multiples });
    multiples
}

/// The sums in lanes, and their affine coordinates on the curve itself.
struct Multiples<'a, K: Kernel> {
    kernel: K,
    proof: <K::Vector as Vector>::Proof,
    /// x and y of 1, 2, 4, 8 and 16 times the point on the isomorphic curve.
    steps: &'a [[Limbs; 2]; 5],
    /// Z² and Z³ of the isomorphism.
    scale: &'a [Limbs; 2],
    out: &'a mut [TablePoint; MULTIPLES],
}

/// The same element in each lane, below 2²⁶⁰.
#[inline(always)]
fn splat<L: Vector>(proof: L::Proof, [a, b, c, d]: &Limbs) -> Fe8<L> {
    let words = [L::splat(proof, *a), L::splat(proof, *b), L::splat(proof, *c), L::splat(proof, *d)];
    Fe8::from_montgomery(proof, &words)
}

impl<K: Kernel> Job for Multiples<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { kernel, proof, steps: [p_1, p_2, steps @ ..], scale, out } = self;
        let affine = |[x, y]: &[Limbs; 2]| [splat(proof, x), splat(proof, y)];
        let p = affine(p_1);
        let one = Fe8::one(proof);
        let (x, y) = (p[0].loose().reduce(proof), p[1].loose().reduce(proof));
        let first = Sum8 { x, y, zz: one, zzz: one };
        let sum = Sum8::select_bits(0b1010_1010, &Sum8::of_two(proof, &p, &affine(p_2)), &first);
        // [4]P and [8]P by the bits of the lane; then [16]P to all.
        let mut sums = [sum; 2];
        for (step, lanes) in steps.iter().zip([0b1100_1100, 0b1111_0000, 0b1111_1111]) {
            sums[0] = sums[1];
            sums[1] = Sum8::select_bits(lanes, &sums[0].add_affine(proof, &affine(step)), &sums[0]);
        }

        let [z_2, z_3] = [splat(proof, &scale[0]), splat(proof, &scale[1])];
        let mut inverses = [sums[0].zzz.mul(proof, &z_3), sums[1].zzz.mul(proof, &z_3)];
        let mut scratch = inverses;
        let regular = invert_all(kernel, proof, &mut inverses, &mut scratch, 1);
        debug_assert!(regular, "points have a large odd order");
        for ((sum, inverse), out) in sums.iter().zip(&inverses).zip(out.chunks_exact_mut(8)) {
            // 1/ZZZ = 1/Z³, ZZ/ZZZ = 1/Z
            let z_inverse = sum.zz.mul(proof, &z_2).mul(proof, inverse);
            let x = sum.x.mul(proof, &z_inverse.square(proof)).to_montgomery(proof);
            let y = sum.y.mul(proof, inverse).to_montgomery(proof);
            for (out, (x, y)) in out.iter_mut().zip(x.iter().zip(&y)) {
                *out = TablePoint { x: *x, y: *y };
            }
        }
    }
}
