//! For one sum in eight lanes, which waits for each of its products: multiplications without a call, and exchanges between
//! lanes.

use super::super::vector::{Job, Vector};
use super::{Fe8, Mul, Square};
use crate::backend::p256::Limbs;

impl<L: Vector> Fe8<L> {
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
    pub(crate) fn permute_xor(self, n: usize) -> Self {
        let Self([a, b, c, d, e]) = self;
        Self([a.permute_xor(n), b.permute_xor(n), c.permute_xor(n), d.permute_xor(n), e.permute_xor(n)])
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
