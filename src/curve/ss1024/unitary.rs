//! PF_p = F_p²*/F_p* (RFC 6508 §2.1): the group in which pairing values live, cyclic of order
//! p + 1.
//!
//! A class is kept as any of its elements re + i·im, so that no operation needs an inversion:
//! factors of F_p come and go. The RFC's name for the class is im/re, one element of F_p. The
//! only class without that name, re = 0, has order two and does not occur in PF_p\[q\].

use super::field::{Parameters, invert_all};
use super::field2::Complex;
use super::mul::Group;
use crate::backend::fp1024::Field;
use alloc::vec::Vec;
use subtle::{Choice, ConditionallySelectable};

impl<F: Parameters> Group for Complex<F> {
    /// im/re.
    type Entry = F;

    const IDENTITY: Self = Self::ONE;

    /// `2M`.
    fn double(&self) -> Self {
        self.square()
    }

    /// `3M`.
    fn add(&self, b: &Self) -> Self {
        self.mul(b)
    }

    fn neg_if(&self, choice: Choice) -> Self {
        Self::conditional_select(self, &self.conjugate(), choice)
    }

    /// `2M`.
    fn add_entry(&self, t: &F) -> Self {
        self.mul_unit(t)
    }

    fn neg_entry_if(t: &F, choice: Choice) -> F {
        F::conditional_select(t, &t.neg(), choice)
    }

    /// `4M` each and one inversion.
    fn entries(elements: &[Self]) -> Vec<F> {
        let mut entries: Vec<F> = elements.iter().map(|element| element.re).collect();
        invert_all(&mut entries);
        for (entry, element) in entries.iter_mut().zip(elements) {
            *entry = Field::mul(entry, &element.im);
        }
        entries
    }
}

/// g = <P, P>.
pub(super) fn generator<F: Parameters>() -> Complex<F> {
    Complex { re: F::ONE, im: F::G }
}
