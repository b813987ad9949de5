//! PF_p = F_p²*/F_p* (RFC 6508 §2.1): the group in which pairing values live, cyclic of order
//! p + 1.
//!
//! A class is kept as any of its elements re + i·im, so that no operation needs an inversion:
//! factors of F_p come and go. The RFC's name for the class is im/re, one element of F_p. The
//! only class without that name, re = 0, has order two and does not occur in PF_p\[q\].

use super::field::{Parameters, invert_all};
use super::field2::Complex;
use super::mul::{FieldGroup, Group};
use crate::backend::fp1024::{Arithmetic, Field};
use alloc::vec::Vec;
use subtle::Choice;

impl<A: Parameters> Group for Complex<A> {
    type Element = A;
    /// im/re.
    type Entry = [A; 1];

    fn identity(proof: A::Proof) -> Self {
        Self::one(proof)
    }

    /// `2M`.
    fn double_in_place(&mut self) {
        *self = self.square();
    }

    fn double_times(&self, n: usize) -> Self {
        self.square_times(n)
    }

    /// A product in F_p².
    fn add(&self, b: &Self) -> Self {
        self.mul(b)
    }

    fn neg(&self) -> Self {
        self.conjugate()
    }

    /// `2M`.
    fn add_entry_in_place(&mut self, [t]: &[A; 1]) {
        self.mul_unit_in_place(t);
    }
}

impl<F: Parameters + Field> FieldGroup for Complex<F> {
    type Parts = [F; 2];

    fn to_parts(self) -> [F; 2] {
        [self.re, self.im]
    }

    fn from_parts([re, im]: [F; 2]) -> Self {
        Self { re, im }
    }

    fn look_up_parts(table: &[[F; 2]], index: u64) -> [F; 2] {
        F::look_up(table, index)
    }

    fn look_up_entry(out: &mut [F; 1], table: &[[F; 1]], index: u64, negative: Choice) {
        F::look_up_signed(out, table, index, negative);
    }

    /// `4M` each and one inversion.
    fn entries(elements: &[Self]) -> Vec<[F; 1]> {
        let mut inverses: Vec<F> = elements.iter().map(|element| element.re).collect();
        invert_all(&mut inverses);
        inverses
            .iter()
            .zip(elements)
            .map(|(inverse, element)| [Arithmetic::mul(inverse, &element.im)])
            .collect()
    }
}

/// g = <P, P>.
pub(super) fn generator<A: Parameters>(proof: A::Proof) -> Complex<A> {
    Complex { re: A::one(proof), im: A::from_raw(proof, &A::G) }
}
