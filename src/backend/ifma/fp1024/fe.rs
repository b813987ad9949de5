//! The element type: digits, and what shows that the CPU can work on them.

use super::Digits;
use crate::backend::ifma::vector::Vector;
use zeroize::Zeroize;

/// An element of F_p, and the proof that the CPU has what its operations need.
#[derive(Clone, Copy)]
pub(crate) struct Fe<L: Vector> {
    pub(super) digits: Digits,
    pub(super) proof: L::Proof,
}

impl<L: Vector> Fe<L> {
    #[inline(always)]
    pub(in crate::backend::ifma) fn digits(&self) -> &Digits {
        &self.digits
    }

    #[inline(always)]
    pub(in crate::backend::ifma) fn of_digits(proof: L::Proof, digits: Digits) -> Self {
        Self { digits: digits.checked(), proof }
    }

    #[inline(always)]
    pub(in crate::backend::ifma) fn proof_of_cpu(&self) -> L::Proof {
        self.proof
    }
}

impl<L: Vector> Zeroize for Fe<L> {
    fn zeroize(&mut self) {
        self.digits.0.as_flattened_mut().zeroize();
    }
}

impl<L: Vector> core::fmt::Debug for Fe<L> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.digits.fmt(f)
    }
}
