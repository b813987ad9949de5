//! Between eight single elements and lanes.
//!
//! Single elements are in Montgomery form with one digit more: x·2¹⁰⁹² there, x·2¹⁰⁴⁰ here.

use super::{Bound, Fe8, N, products};
use crate::backend::ifma::fp1024::{Digits, Fe};
use crate::backend::ifma::vector::{Job, Vector};

/// One step of Montgomery's reduction modulo p takes the digit off: a single element lies below 2¹⁰⁷⁷ + 2¹⁰⁷⁶
/// < 5.01·2⁵²·p, which gives less than 5.01p + p.
pub(super) struct FromSingles<'a, L: Vector>(pub(super) [&'a Fe<L>; 8]);

impl<L: Vector> Job for FromSingles<'_, L> {
    type Output = Fe8<L>;

    #[inline(always)]
    fn run(self) -> Fe8<L> {
        let proof = self.0[0].proof_of_cpu();
        let mut t = [L::splat(proof, 0); N + 1];
        for third in 0..3 {
            let mut rows = [t[0]; 8];
            for (row, single) in rows.iter_mut().zip(self.0) {
                *row = L::load(proof, &single.digits().0[third]);
            }
            let limbs = L::transpose(rows);
            for (i, limb) in limbs.into_iter().enumerate() {
                if 8 * third + i <= N {
                    t[8 * third + i] = limb;
                }
            }
        }
        products::step(proof, &t, Bound::new(7))
    }
}

/// The same limbs one place higher: times 2⁵². At most 5p < 2¹⁰²⁵ + 2¹⁰²⁴ may lie in a lane.
pub(super) struct ToSingles<'a, L: Vector>(pub(super) &'a Fe8<L>);

impl<L: Vector> Job for ToSingles<'_, L> {
    type Output = [Fe<L>; 8];

    #[inline(always)]
    fn run(self) -> [Fe<L>; 8] {
        let (a, proof) = (self.0, self.0.proof);
        debug_assert!(a.bound.get() <= 5, "lanes with bound {} for single elements", a.bound.get());
        let zero = L::splat(proof, 0);
        let mut digits = [Digits::ZERO; 8];
        for third in 0..3 {
            let mut rows = [zero; 8];
            for (i, row) in rows.iter_mut().enumerate() {
                let digit = 8 * third + i;
                if (1..=N).contains(&digit) {
                    *row = L::load(proof, &a.limbs.0[digit - 1]);
                }
            }
            let rows = L::transpose(rows);
            for lane in 0..8 {
                digits[lane].0[third] = rows[lane].store();
            }
        }
        digits.map(|digits| Fe::of_digits(proof, digits))
    }
}
