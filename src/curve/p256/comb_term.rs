//! A public multiple of a point that has a comb, as a sum of entries.

use super::field::Mask;
use super::recode::{Digit, Digits, make_odd};
use super::tables::Comb;
use crate::backend::p256::{Limbs, TablePoint};

/// One point of a sum over combs, and its public scalar.
pub(super) struct CombTerm<'a> {
    comb: Comb<'a>,
    digits: Digits,
    negated: Mask,
}

impl<'a> CombTerm<'a> {
    /// `None` for k = 0.
    pub(super) fn new_vartime(comb: Comb<'a>, k: &Limbs) -> Option<Self> {
        debug_assert_eq!(comb.spacing, 1);
        let (odd, negated) = make_odd(k);
        (*k != [0; 4]).then(|| Self { comb, digits: Digits::new(&odd, comb.width), negated })
    }

    #[inline(always)]
    pub(super) fn count(&self) -> usize {
        self.comb.rows().len()
    }

    #[inline(always)]
    pub(super) fn entry(&self, row: usize) -> (&'a TablePoint, Mask) {
        let Digit { half, negative } = self.digits.get(row);
        (&self.comb.row(row)[half as usize], negative ^ self.negated)
    }
}
