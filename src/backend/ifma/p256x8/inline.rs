//! For code that waits for its results: multiplications that are not calls, and what one sum in eight
//! lanes needs beyond the operations of batches.

use super::super::lane::{Job, Lanes};
use super::{Fe8, Mul, Square};
use crate::backend::p256::Limbs;

impl<L: Lanes> Fe8<L> {
    /// As [`mul`](Self::mul).
    #[inline(always)]
    pub(crate) fn mul_inline(&self, proof: L::Proof, other: &Self) -> Self {
        Mul::<L> { proof, a: self, b: other }.run()
    }

    /// As [`square`](Self::square).
    #[inline(always)]
    pub(crate) fn square_inline(&self, proof: L::Proof) -> Self {
        Square::<L> { proof, a: self }.run()
    }

    /// The element of lane i ⊕ n in lane i.
    #[inline(always)]
    pub(crate) fn swap(self, n: usize) -> Self {
        let Self([a, b, c, d, e]) = self;
        Self([a.swap(n), b.swap(n), c.swap(n), d.swap(n), e.swap(n)])
    }

    /// The first lane as an integer below 2²⁵⁶ that is congruent to 2⁴ times the Montgomery form of
    /// [`Limbs`], for elements below 2²⁶⁰.
    #[inline(always)]
    pub(crate) fn to_integer(self, proof: L::Proof) -> Limbs {
        // Once reduced it is below 2²⁵⁶ + 2²³¹, where the second time leaves less than 2²⁵⁶.
        let Self([a, b, c, d, e]) = self.loose().reduce(proof).loose().reduce(proof);
        let [a, b, c, d, e] = [a.store()[0], b.store()[0], c.store()[0], d.store()[0], e.store()[0]];
        debug_assert!(e < 1 << 48);
        [a | b << 52, b >> 12 | c << 40, c >> 24 | d << 28, d >> 36 | e << 16]
    }
}
