//! \[k\]G for many secret k, one in each lane.

use super::digits::LaneDigits;
use super::entries::Row;
use super::invert::invert_all;
use super::points::{AffinePoints, Sums};
use crate::backend::ifma::p256x8::Fe8;
use crate::backend::ifma::vector::{Job, Vector};
use crate::backend::p256::{Kernel, Limbs, PointOctets, TablePoint};
use crate::backend::portable::limbs;

/// Writes \[kᵢ\]P for secret kᵢ in [1, q − 1] from the rows of P. Gives false if one of the sums met
/// equal points on its way, which happens for a handful of k only: then nothing of `out` counts.
///
/// The rows are walked once for all scalars, N times eight of which go side by side. The compiler knows all
/// lengths, so that the lanes' code has no number that is not a constant or a counter.
pub(super) struct CombMany<
    'a,
    K: Kernel,
    const N: usize,
    const GROUPS: usize,
    const ROW: usize,
    const ROWS: usize,
> {
    pub(super) kernel: K,
    pub(super) proof: <K::Vector as Vector>::Proof,
    /// A row of 1, 3, … 2·`ROW` − 1 times a point for each digit.
    pub(super) rows: &'a [[TablePoint; ROW]; ROWS],
    pub(super) scalars: &'a Scalars<N, GROUPS>,
    pub(super) out: &'a mut Points<N, GROUPS>,
}

/// Scalars, in groups of N times eight.
pub(super) type Scalars<const N: usize, const GROUPS: usize> = [[[Limbs; 8]; N]; GROUPS];
/// Points, likewise.
pub(super) type Points<const N: usize, const GROUPS: usize> = [[[PointOctets; 8]; N]; GROUPS];

impl<K: Kernel, const N: usize, const GROUPS: usize, const ROW: usize, const ROWS: usize>
    CombMany<'_, K, N, GROUPS, ROW, ROWS>
{
    /// Bits of a digit.
    const WIDTH: usize = ROW.ilog2() as usize + 1;

    #[inline(always)]
    fn digits(&self) -> [[LaneDigits<K::Vector>; N]; GROUPS] {
        let mut digits = [[LaneDigits::new(self.proof, &[[1, 0, 0, 0]; 8], Self::WIDTH); N]; GROUPS];
        for (digits, scalars) in digits.as_flattened_mut().iter_mut().zip(self.scalars.as_flattened()) {
            *digits = LaneDigits::new(self.proof, scalars, Self::WIDTH);
        }
        digits
    }

    #[inline(always)]
    fn sums(&self) -> [Sums<K::Vector, N>; GROUPS] {
        let Self { proof, rows, .. } = *self;
        let zero = [Fe8::zero(proof); N];
        let mut sums = [Sums { x: zero, y: zero, zz: zero, zzz: zero }; GROUPS];
        let digits = self.digits();
        for (r, entries) in rows.iter().enumerate() {
            let row = Row::new(proof, entries);
            for (sum, digits) in sums.iter_mut().zip(&digits) {
                let mut points = AffinePoints { x: zero, y: zero };
                for (n, digits) in digits.iter().enumerate() {
                    let point = row.look_up(proof, &digits.get_of_width(proof, r, Self::WIDTH));
                    (points.x[n], points.y[n]) = (point.x[0], point.y[0]);
                }
                if r == 0 {
                    *sum = Sums::from_affine(proof, &points);
                } else {
                    sum.add_affine(proof, &points);
                }
            }
        }
        sums
    }
}

impl<K: Kernel, const N: usize, const GROUPS: usize, const ROW: usize, const ROWS: usize> Job
    for CombMany<'_, K, N, GROUPS, ROW, ROWS>
{
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let Self { kernel, proof, .. } = self;
        let sums = self.sums();
        let mut inverses = [[Fe8::zero(proof); N]; GROUPS];
        for (inverses, sum) in inverses.iter_mut().zip(&sums) {
            *inverses = sum.zzz;
        }
        let mut scratch = [[Fe8::zero(proof); N]; GROUPS];
        let (elements, scratch) = (inverses.as_flattened_mut(), scratch.as_flattened_mut());
        if !invert_all(kernel, proof, elements, scratch, 1) {
            return false;
        }
        for ((out, sum), inverses) in self.out.iter_mut().zip(&sums).zip(&inverses) {
            for (n, (out, inverse)) in out.iter_mut().zip(inverses).enumerate() {
                // 1/ZZZ = 1/Z³, ZZ/ZZZ = 1/Z
                let z_2 = sum.zz[n].mul(proof, inverse).square(proof);
                let x = sum.x[n].mul(proof, &z_2).to_reduced_integers(proof);
                let y = sum.y[n].mul(proof, inverse).to_reduced_integers(proof);
                for (out, (x, y)) in out.iter_mut().zip(x.iter().zip(&y)) {
                    out[..32].copy_from_slice(&limbs::to_octets(x));
                    out[32..].copy_from_slice(&limbs::to_octets(y));
                }
            }
        }
        true
    }
}
