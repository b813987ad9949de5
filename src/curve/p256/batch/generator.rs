//! \[k\]G for many secret k, one in each lane.

use super::super::tables::Comb;
use super::digits::LaneDigits;
use super::entries::Row;
use super::invert::invert_all;
use super::points::{AffinePoints, Sums};
use crate::backend::ifma::lane::{Job, Lanes};
use crate::backend::ifma::p256x8::Fe8;
use crate::backend::p256::{Kernel, Limbs, PointOctets};
use crate::backend::portable::limbs;

/// Scalars of one job.
pub(super) const MOST: usize = 64;

/// Points of one job in units of N times eight.
const MOST_GROUPS: usize = 4;

/// Writes \[kᵢ\]P for secret kᵢ in [1, q − 1] from the rows of P. Gives false if one of the sums met
/// equal points on its way, which happens for a handful of k only: then nothing of `out` counts.
///
/// The rows are walked once for all scalars.
pub(super) struct CombMany<'a, K: Kernel, const N: usize> {
    pub(super) kernel: K,
    pub(super) proof: <K::Lanes as Lanes>::Proof,
    /// With a row for each digit.
    pub(super) comb: Comb<'a>,
    /// At most [`MOST`], and N · 32.
    pub(super) scalars: &'a [Limbs],
    pub(super) out: &'a mut [PointOctets],
}

impl<K: Kernel, const N: usize> CombMany<'_, K, N> {
    /// Of N times eight scalars the digits; where there are none left, those of 1.
    #[inline(always)]
    fn digits(&self, group: usize) -> [LaneDigits<K::Lanes>; N] {
        let mut digits = [LaneDigits::new(self.proof, &[[1, 0, 0, 0]; 8], self.comb.width); N];
        for (n, digits) in digits.iter_mut().enumerate() {
            let mut scalars = [[1, 0, 0, 0]; 8];
            for (to, k) in
                scalars.iter_mut().zip(&self.scalars[((group * N + n) * 8).min(self.scalars.len())..])
            {
                *to = *k;
            }
            *digits = LaneDigits::new(self.proof, &scalars, self.comb.width);
        }
        digits
    }

    #[inline(always)]
    fn sums(&self, groups: usize) -> [Sums<K::Lanes, N>; MOST_GROUPS] {
        let Self { proof, comb, .. } = *self;
        let zero = [Fe8::zero(proof); N];
        let mut sums = [Sums { x: zero, y: zero, zz: zero, zzz: zero }; MOST_GROUPS];
        let mut digits = [self.digits(0); MOST_GROUPS];
        for (group, digits) in digits[..groups].iter_mut().enumerate().skip(1) {
            *digits = self.digits(group);
        }
        for (r, entries) in comb.rows().enumerate() {
            let row = Row::new(proof, entries);
            for (sum, digits) in sums[..groups].iter_mut().zip(&digits) {
                let mut points = AffinePoints { x: zero, y: zero };
                for (n, digits) in digits.iter().enumerate() {
                    let point = row.pick(proof, &digits.get(proof, r));
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

impl<K: Kernel, const N: usize> Job for CombMany<'_, K, N> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let Self { kernel, proof, .. } = self;
        let groups = self.scalars.len().div_ceil(8 * N);
        debug_assert!(groups > 0 && groups <= MOST_GROUPS && self.scalars.len() <= MOST);
        let sums = self.sums(groups);
        let mut inverses = [Fe8::zero(proof); MOST / 8];
        for (inverses, sum) in inverses.chunks_exact_mut(N).zip(&sums[..groups]) {
            inverses.copy_from_slice(&sum.zzz);
        }
        let (inverses, mut scratch) = (&mut inverses[..groups * N], [Fe8::zero(proof); MOST / 8]);
        if !invert_all(kernel, proof, inverses, &mut scratch[..groups * N], 1) {
            return false;
        }
        for (i, out) in self.out.chunks_mut(8).enumerate() {
            let (sum, n) = (&sums[i / N], i % N);
            // 1/ZZZ = 1/Z³, ZZ/ZZZ = 1/Z
            let z_2 = sum.zz[n].mul(proof, &inverses[i]).square(proof);
            let x = sum.x[n].mul(proof, &z_2).to_reduced_integers(proof);
            let y = sum.y[n].mul(proof, &inverses[i]).to_reduced_integers(proof);
            for (out, (x, y)) in out.iter_mut().zip(x.iter().zip(&y)) {
                out[..32].copy_from_slice(&limbs::to_octets(x));
                out[32..].copy_from_slice(&limbs::to_octets(y));
            }
        }
        true
    }
}
