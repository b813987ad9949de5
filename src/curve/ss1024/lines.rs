//! The pairing of a point K that stays with many others: the functions of Miller's loop are made once
//! and kept.
//!
//! The loop goes through q in radix 8, with digits from −3 to 4: V ← 8V + dK. All that a step
//! multiplies f⁸ by is one function without a pole but at infinity, with eight zeros in V, |d| in ±K and
//! one in −(8V + dK): a polynomial in X and Y of order 9 + |d|, in the last step of
//! order 8 + |d|. `docs/maths.md` derives it.

use super::field::Parameters;
use super::field2::Complex;
use super::function::Argument;
use super::point::Affine;
use super::walk::{Multiples, digit, order};
use crate::backend::fp1024::Field;
use alloc::vec::Vec;
use zeroize::Zeroize;

/// The coefficients of all functions of the loop that walks one point. As secret as the point.
#[derive(Zeroize)]
pub(crate) struct Lines<F: Field>(Vec<F>);

impl<F: Parameters + Field> Lines<F> {
    /// Walks the loop on `k`, of order q, and keeps the coefficients.
    pub(crate) fn new(k: &Affine<F>) -> Self {
        let small = Multiples::new(k);
        let start = small.start();
        let length = (1..F::OCTAL.len()).fold(start.order() - 1, |sum, step| sum + order::<F>(step) - 1);
        let mut all = Vec::with_capacity(length);
        all.extend(start.coefficients());
        for (step, walked) in (1..).zip(small.steps().iter()) {
            all.extend(small.function(step, walked).coefficients());
        }
        debug_assert_eq!(all.len(), length);
        Self(all)
    }

    /// The value of the function at \[i\]R: <K, R> is its fourth power in PF_p.
    pub(crate) fn value(&self, r: &Affine<F>) -> Complex<F> {
        let at = Argument::new(&r.x, &r.y);
        let mut rest = self.0.as_slice();
        let mut next = |order: usize| {
            let (function, tail) = rest.split_at(order - 1);
            rest = tail;
            at.value(order, |i| &function[i])
        };
        let Complex { re, im } = next(digit::<F>(0) + 1);
        let mut f = [re, im];
        for step in 1..F::OCTAL.len() {
            let Complex { re, im } = next(order::<F>(step));
            F::complex_step(&mut f, &[re, im]);
        }
        let [re, im] = f;
        Complex { re, im }
    }
}

#[cfg(feature = "hazmat")]
impl<F: Field> super::size::Size for Lines<F> {
    fn size(&self) -> usize {
        size_of_val(self.0.as_slice())
    }
}
