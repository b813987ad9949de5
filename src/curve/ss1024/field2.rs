//! F_p² = F_p\[i\], i² = −1: where the values of the Miller loop live.

use crate::backend::fp1024::{Arithmetic, Field};
use subtle::{Choice, ConditionallySelectable};
use zeroize::Zeroize;

/// re + i·im.
#[derive(Clone, Copy, Debug, Zeroize)]
pub(crate) struct Complex<A: Zeroize> {
    /// The part in F_p.
    pub(crate) re: A,
    /// The factor of i.
    pub(crate) im: A,
}

impl<A: Arithmetic> Complex<A> {
    /// 1.
    pub(crate) fn one(proof: A::Proof) -> Self {
        Self { re: A::one(proof), im: A::zero(proof) }
    }

    fn from_parts([re, im]: [A; 2]) -> Self {
        Self { re, im }
    }

    /// `3M`, or less where a kernel reduces lazily.
    pub(crate) fn mul(&self, b: &Self) -> Self {
        Self::from_parts(A::complex_mul([&self.re, &self.im], [&b.re, &b.im]))
    }

    /// `2M`.
    pub(crate) fn square(&self) -> Self {
        Self::from_parts(A::complex_square([&self.re, &self.im]))
    }

    /// The power to 2ⁿ: `2nM`.
    pub(crate) fn square_times(&self, n: usize) -> Self {
        Self::from_parts(A::complex_square_times([&self.re, &self.im], n))
    }

    /// Times 1 + i·t: `2M`.
    pub(crate) fn mul_unit_in_place(&mut self, t: &A) {
        A::complex_mul_unit([&mut self.re, &mut self.im], t);
    }

    /// re − i·im: modulo F_p*, the inverse.
    pub(crate) fn conjugate(&self) -> Self {
        Self { re: self.re, im: self.im.neg() }
    }
}

impl<F: Field> ConditionallySelectable for Complex<F> {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self {
            re: F::conditional_select(&a.re, &b.re, choice),
            im: F::conditional_select(&a.im, &b.im, choice),
        }
    }
}
