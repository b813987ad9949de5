//! The 1024-bit field by MULX, ADCX and ADOX.
//!
//! p of RFC 6509 parameter set 1. Radix 2⁶⁴, 16 limbs; Montgomery form with R = 2¹⁰²⁴; inputs and outputs in
//! [0, p − 1]. p fills its words, so that every result is reduced by a masked subtraction.
//!
//! A product is three kernels in assembly ([`kernels`]): the product or the square in 32 words, and the
//! reduction. Sums of products are reduced once: up to six products stay below 6p² < 2²⁰⁵⁰ in 33 words.

mod element;
mod kernels;

pub(crate) use element::Fe;

use super::Adx;
use crate::backend::portable::fp1024::P;
use crate::backend::portable::word::{mac, sbb};
use crate::backend::portable::words::{self, Words};

/// The form of an integer below p, where the compiler computes it.
pub(crate) const fn raw(a: &Words) -> Words {
    words::shifted(a, 1024, &P)
}

/// 2¹⁰²⁴ mod p: the form of 1.
pub(super) static ONE: Words = raw(&words::ONE);
/// 2²⁰⁴⁸ mod p: takes an integer to its form.
static R_2: Words = words::shifted(&words::ONE, 2048, &P);

/// A sum of products: 32 words, and what is carried beyond.
#[derive(Clone, Copy)]
struct Wide([u64; 33]);

impl Wide {
    #[inline(always)]
    fn product(proof: Adx, a: &Words, b: &Words) -> Self {
        let mut t = Self([0; 33]);
        kernels::product(proof, t.0.first_chunk_mut().expect("32 of 33 words"), a, b);
        t
    }

    #[inline(always)]
    fn square(proof: Adx, a: &Words) -> Self {
        let mut t = Self([0; 33]);
        kernels::square(proof, t.0.first_chunk_mut().expect("32 of 33 words"), a);
        t
    }

    /// Plus a product.
    #[inline(always)]
    fn add(&mut self, proof: Adx, other: &Self) {
        let top = self.0[32];
        kernels::accumulate(proof, &mut self.0, &other.0);
        debug_assert!(other.0[32] == 0 && self.0[32] - top <= 1);
    }

    /// t/2¹⁰²⁴ mod p for t ≤ p². Used up, as by the others.
    #[inline(always)]
    fn reduce(&mut self, proof: Adx) -> Words {
        let mut r = [0; 16];
        let top = kernels::reduce(proof, &mut r, &mut self.0);
        debug_assert!(top == 0, "a product of elements");
        r
    }

    /// t/2¹⁰²⁴ mod p for t ≤ 2p².
    #[inline(always)]
    fn reduce_two(&mut self, proof: Adx) -> Words {
        let mut r = [0; 16];
        let top = kernels::reduce(proof, &mut r, &mut self.0);
        // Below 2p²/2¹⁰²⁴ + p < 2.2p, less p once.
        words::reduce_once(&r, top, &P)
    }

    /// t/2¹⁰²⁴ mod p for t ≤ 6p².
    #[inline(always)]
    fn reduce_sum(&mut self, proof: Adx) -> Words {
        let mut r = [0; 16];
        let top = kernels::reduce(proof, &mut r, &mut self.0);
        // Below 6p²/2¹⁰²⁴ + p < 4.6p, less p once: q = ⌊x/2¹⁰²⁰·(2¹⁰²⁰/p)⌋ is the quotient or one less.
        let h = top << 4 | r[15] >> 60;
        debug_assert!(h < 64);
        let q = (h * 427) >> 12;
        words::reduce_once(&minus_multiple(&r, top, q), 0, &P)
    }
}

/// a + 2¹⁰²⁴·top − q·p, which lies in [0, 2p) and below 2¹⁰²⁴.
fn minus_multiple(a: &Words, top: u64, q: u64) -> Words {
    let mut r = [0; 16];
    let (mut carry, mut borrow) = (0, 0);
    for i in 0..16 {
        let limb;
        (limb, carry) = mac(0, q, P[i], carry);
        (r[i], borrow) = sbb(a[i], limb, borrow);
    }
    debug_assert!(carry + borrow == top);
    r
}

#[inline]
fn mul(proof: Adx, a: &Words, b: &Words) -> Words {
    Wide::product(proof, a, b).reduce(proof)
}

#[inline]
fn square(proof: Adx, a: &Words) -> Words {
    Wide::square(proof, a).reduce(proof)
}

fn sum_of_products<const N: usize>(proof: Adx, a: [&Words; N], b: [&Words; N]) -> Words {
    const { assert!(N >= 1 && N <= 6) };
    let mut sum = Wide::product(proof, a[0], b[0]);
    for i in 1..N {
        sum.add(proof, &Wide::product(proof, a[i], b[i]));
    }
    if N <= 2 { sum.reduce_two(proof) } else { sum.reduce_sum(proof) }
}

#[inline]
fn add(proof: Adx, a: &Words, b: &Words) -> Words {
    let mut r = [0; 16];
    kernels::add(proof, &mut r, a, b);
    r
}

#[inline]
fn sub(proof: Adx, a: &Words, b: &Words) -> Words {
    let mut r = [0; 16];
    kernels::sub(proof, &mut r, a, b);
    r
}
