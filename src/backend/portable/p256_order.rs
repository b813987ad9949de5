//! Integers modulo the order of P-256,
//! q = 2²⁵⁶ − 2²²⁴ + 2¹⁹² − 0x43190552_58e8617b_0c46353d_039cdaaf.
//!
//! Radix 2⁶⁴, four limbs, in [0, q − 1]. [`mul`] is Montgomery's: a·b/2²⁵⁶ mod q, 16 products and a
//! reduction of four steps with five each.

use super::limbs::Limbs;
use super::limbs::{adc, add, mac, reduce_once, wide_mul};

/// q.
pub(crate) const Q: Limbs =
    [0xf3b9_cac2_fc63_2551, 0xbce6_faad_a717_9e84, 0xffff_ffff_ffff_ffff, 0xffff_ffff_0000_0000];

/// −1/q mod 2⁶⁴.
const NEGATED_INVERSE: u64 = super::safegcd::inverse_mod_word(Q[0]).wrapping_neg();

/// 2⁵¹² mod q.
pub(crate) const R_2: Limbs = power_of_two(512);

/// 2ⁿ mod q, where the compiler computes it.
const fn power_of_two(n: usize) -> Limbs {
    let mut x = [1, 0, 0, 0];
    let mut i = 0;
    while i < n {
        x = super::limbs::add_mod(&x, &x, &Q);
        i += 1;
    }
    x
}

/// a·b/2²⁵⁶ mod q; one factor may be any four limbs, the other lies below q.
#[inline]
pub(crate) const fn mul(a: &Limbs, b: &Limbs) -> Limbs {
    let t = wide_mul(a, b);
    let low = step(&step(&step(&step(&[t[0], t[1], t[2], t[3]]))));
    // low ≤ q and t/2²⁵⁶ < q: the sum lies below 2q.
    let (sum, carry) = add(&low, &[t[4], t[5], t[6], t[7]]);
    reduce_once(&sum, carry, &Q)
}

/// (a + k·q)/2⁶⁴ for the k below 2⁶⁴ that makes it an integer.
#[inline(always)]
const fn step(a: &Limbs) -> Limbs {
    let k = a[0].wrapping_mul(NEGATED_INVERSE);
    let (_, c) = mac(a[0], k, Q[0], 0);
    let (r0, c) = mac(a[1], k, Q[1], c);
    let (r1, c) = mac(a[2], k, Q[2], c);
    let (r2, c) = mac(a[3], k, Q[3], c);
    let (r3, _) = adc(c, 0, 0);
    [r0, r1, r2, r3]
}

/// a mod q for any four limbs: 2²⁵⁶ < 2q.
#[inline]
pub(crate) const fn reduce(a: &Limbs) -> Limbs {
    reduce_once(a, 0, &Q)
}
