//! F_p² = F_p\[i\], i² = −1: where the values of the Miller loop live.

use crate::backend::fp1024::Field;
use subtle::{Choice, ConditionallySelectable};
use zeroize::Zeroize;

/// re + i·im.
#[derive(Clone, Copy, Debug, Zeroize)]
pub(crate) struct Complex<F: Zeroize> {
    /// The part in F_p.
    pub(crate) re: F,
    /// The factor of i.
    pub(crate) im: F,
}

impl<F: Field> Complex<F> {
    /// 1.
    pub(crate) const ONE: Self = Self { re: F::ONE, im: F::ZERO };

    /// `3M`.
    pub(crate) fn mul(&self, b: &Self) -> Self {
        let [re, im] = F::complex_mul([&self.re, &self.im], [&b.re, &b.im]);
        Self { re, im }
    }

    /// `2M`.
    pub(crate) fn square(&self) -> Self {
        let [re, im] = F::complex_square([&self.re, &self.im]);
        Self { re, im }
    }

    /// The product with 1 + i·t: `2M`.
    pub(crate) fn mul_unit(&self, t: &F) -> Self {
        let [re, im] = F::complex_mul_unit([&self.re, &self.im], t);
        Self { re, im }
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
