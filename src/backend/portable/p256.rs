//! The field of P-256: p = 2²⁵⁶ − 2²²⁴ + 2¹⁹² + 2⁹⁶ − 1.
//!
//! Radix 2⁶⁴, four limbs. Elements are in Montgomery form, x·2²⁵⁶ mod p, in [0, p − 1]; every
//! function takes and gives such values. Nothing is aliased.
//!
//! Multiplication costs 16 products and a reduction of four steps. Since p ≡ −1 mod 2⁶⁴, the
//! multiple of p that clears the lowest limb t of a number is t·p itself, and as
//! p + 1 = 2⁹⁶ + P\[3\]·2¹⁹², to add it is to add t·2³² to the next two limbs, and one product.

use super::limbs::Limbs;
use super::limbs::{adc, add, mac, reduce_once, wide_mul, wide_square};

/// p.
pub(crate) const P: Limbs = [0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_ffff, 0, 0xffff_ffff_0000_0001];

/// 2²⁵⁶ mod p: the Montgomery form of 1.
pub(crate) const ONE: Limbs = power_of_two(256);
/// 2⁵¹² mod p.
pub(crate) const R_2: Limbs = power_of_two(512);
/// 2⁷⁶⁸ mod p.
pub(crate) const R_3: Limbs = power_of_two(768);

/// 2ⁿ mod p, where the compiler computes it.
const fn power_of_two(n: usize) -> Limbs {
    let mut x = [1, 0, 0, 0];
    let mut i = 0;
    while i < n {
        x = super::limbs::add_mod(&x, &x, &P);
        i += 1;
    }
    x
}

/// a·b/2²⁵⁶ mod p.
#[inline(always)]
pub(crate) const fn mul(a: &Limbs, b: &Limbs) -> Limbs {
    reduce(&wide_mul(a, b))
}

/// a²/2²⁵⁶ mod p.
#[inline(always)]
pub(crate) const fn square(a: &Limbs) -> Limbs {
    reduce(&wide_square(a))
}

/// t/2²⁵⁶ mod p for t ≤ (p − 1)².
#[inline(always)]
const fn reduce(t: &[u64; 8]) -> Limbs {
    let low = [t[0], t[1], t[2], t[3]];
    let low = step(&step(&step(&step(&low))));
    // low ≤ p, since it is (t mod 2²⁵⁶ + k·p)/2²⁵⁶ with k < 2²⁵⁶; the sum lies below 2p.
    let (sum, carry) = add(&low, &[t[4], t[5], t[6], t[7]]);
    reduce_once(&sum, carry, &P)
}

/// (a + a₀·p)/2⁶⁴.
#[inline(always)]
const fn step(a: &Limbs) -> Limbs {
    let (r0, c) = adc(a[1], a[0] << 32, 0);
    let (r1, c) = adc(a[2], a[0] >> 32, c);
    let (r2, r3) = mac(a[3], a[0], P[3], c);
    [r0, r1, r2, r3]
}
