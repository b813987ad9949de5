//! Σ \[kᵢ\]Pᵢ of public points in lanes: each lane sums up its share, and shares the doublings.

use super::super::field::Fe;
use super::super::jacobian::Jacobian;
use super::digits::LaneDigits;
use super::invert::SIXTEENTH;
use super::lane_tables::{WIDTH, build, of_group};
use super::straus::{Own, sum_vartime};
use crate::backend::ifma::p256x8::{Fe8, words};
use crate::backend::ifma::vector::{Job, Vector};
use crate::backend::p256::{Kernel, Limbs};
use alloc::vec::Vec;

/// Terms of one job: 16 times eight.
pub(super) const MOST: usize = 128;

/// A scalar in [1, q − 1], and x and y below p.
pub(super) type LaneTerm = (Limbs, [Limbs; 2]);

/// Gives the sums of N times eight lanes; X, Y, Z are [`Fe8::to_integers`].
pub(super) struct LaneSums<'a, K: Kernel, const N: usize> {
    pub(super) kernel: K,
    pub(super) proof: <K::Vector as Vector>::Proof,
    /// A multiple of N · 8, at most [`MOST`].
    pub(super) terms: &'a [LaneTerm],
}

impl<K: Kernel, const N: usize> Job for LaneSums<'_, K, N> {
    type Output = [[[Limbs; 8]; 3]; N];

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Self { kernel, proof, terms } = self;
        let groups = terms.len() / 8;
        debug_assert!(terms.len() <= MOST && groups > 0 && groups.is_multiple_of(N));
        let mut points = Vec::with_capacity(groups);
        let mut digits = Vec::with_capacity(groups);
        for terms in terms.chunks_exact(8) {
            let (mut k, mut x, mut y) = ([[0; 4]; 8], [[0; 4]; 8], [[0; 4]; 8]);
            for (lane, (scalar, [first, second])) in terms.iter().enumerate() {
                (k[lane], x[lane], y[lane]) = (*scalar, *first, *second);
            }
            let x = Fe8::from_integers(proof, &words(proof, &x));
            points.push([x, Fe8::from_integers(proof, &words(proof, &y))]);
            digits.push(LaneDigits::new(proof, &k, WIDTH));
        }
        let tables = build(kernel, proof, &points);
        let mut own = Vec::with_capacity(groups / N);
        for first in (0..groups).step_by(N) {
            let mut some = Own { tables: [of_group(&tables, first); N], digits: [digits[first]; N] };
            for n in 0..N {
                (some.tables[n], some.digits[n]) = (of_group(&tables, first + n), digits[first + n]);
            }
            own.push(some);
        }
        let sum = sum_vartime(proof, &own, &[]);
        let mut out = [[[[0; 4]; 8]; 3]; N];
        for (n, out) in out.iter_mut().enumerate() {
            for (out, element) in out.iter_mut().zip([sum.x[n], sum.y[n], sum.z[n]]) {
                *out = element.to_integers(proof);
            }
        }
        out
    }
}

/// The sum of all lanes; `None` if one of them met equal or opposite points.
pub(super) fn add_lanes_vartime<K: Kernel, const N: usize>(
    kernel: K,
    sums: &[[[Limbs; 8]; 3]; N],
) -> Option<Jacobian<K>> {
    let element = |integer: &Limbs| Fe::from_limbs(kernel, kernel.field_mul(&SIXTEENTH, integer));
    let mut all = Jacobian::identity(kernel);
    for [x, y, z] in sums {
        for lane in 0..8 {
            let sum = Jacobian::new(element(&x[lane]), element(&y[lane]), element(&z[lane]));
            if sum.is_identity() != 0 {
                return None;
            }
            all = all.add_vartime(&sum);
        }
    }
    Some(all)
}
