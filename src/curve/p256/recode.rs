//! Scalars as digits.

use super::field::Mask;
use crate::backend::p256::Limbs;
use crate::backend::portable::limbs;
use crate::backend::portable::p256_order::Q;

/// k or q − k, whichever is odd, for k in [1, q − 1]; the mask is set for q − k. Constant time.
pub(super) fn make_odd(k: &Limbs) -> (Limbs, Mask) {
    let even = limbs::barrier((k[0] & 1).wrapping_sub(1));
    (limbs::select(even, &limbs::sub(&Q, k).0, k), even)
}

/// The digits of an odd integer below 2²⁵⁶: k = Σ dᵢ·2^(width·i), all of them odd and below 2^width in
/// magnitude, the last one positive. Constant time.
///
/// Joye and Tunstall, "Exponent recoding and regular exponentiation algorithms" (AFRICACRYPT 2009).
pub(super) struct Digits {
    k: Limbs,
    width: usize,
}

/// An odd digit ±(2·half + 1).
#[derive(Clone, Copy)]
pub(super) struct Digit {
    pub(super) negative: Mask,
    pub(super) half: u64,
}

impl Digits {
    pub(super) fn new(k: &Limbs, width: usize) -> Self {
        debug_assert!(k[0] & 1 == 1);
        Self { k: *k, width }
    }

    /// How many digits there are: for the compiler, and where nothing is secret.
    pub(super) const fn count(width: usize) -> usize {
        256usize.div_ceil(width)
    }

    #[inline(always)]
    pub(super) fn get(&self, i: usize) -> Digit {
        let Self { k, width } = self;
        // With u = the bits of k from width·i + 1 on, dᵢ = 2u + 1 − 2^width; of the last one nothing
        // is subtracted, as if there were a further bit 1.
        let at = i * width + 1;
        let (limb, bit) = (at / 64, at % 64);
        let limb_or_zero = |i: usize| if i < 4 { k[i] } else { 0 };
        let mut u = limb_or_zero(limb) >> bit | (limb_or_zero(limb + 1) << 1) << (63 - bit);
        // The last one, without a division.
        if at + width > 256 {
            u |= 1 << (width - 1);
        }
        let negative = (u >> (width - 1) & 1).wrapping_sub(1);
        Digit { negative, half: (u ^ negative) & ((1 << (width - 1)) - 1) }
    }
}

/// The most digits of a [`Naf`].
pub(super) const NAF_DIGITS: usize = 257;

/// The non-adjacent form of width w of a public integer below 2²⁵⁶: digits odd or 0, below 2^(w − 1) in
/// magnitude, and of w neighbours at most one not 0.
pub(super) struct Naf {
    digits: [i16; NAF_DIGITS],
    /// All from here on are 0.
    pub(super) len: usize,
}

impl Naf {
    pub(super) fn new_vartime(k: &Limbs, width: usize) -> Self {
        debug_assert!((2..=15).contains(&width));
        let mut naf = Self { digits: [0; NAF_DIGITS], len: 0 };
        let bit = |i: usize| if i < 256 { k[i / 64] >> (i % 64) & 1 } else { 0 };
        let window = |i: usize| {
            let next = if i / 64 < 3 { k[i / 64 + 1] } else { 0 };
            (k[i / 64] >> (i % 64) | (next << 1) << (63 - i % 64)) & ((1 << width) - 1)
        };
        let (mut i, mut carry) = (0, 0);
        while i < NAF_DIGITS {
            if bit(i) == carry {
                i += 1;
                continue;
            }
            let odd = if i < 256 { window(i) + carry } else { carry };
            carry = odd >> (width - 1) & 1;
            naf.digits[i] = odd as i16 - ((carry as i16) << width);
            naf.len = i + 1;
            i += width;
        }
        naf
    }

    #[inline(always)]
    pub(super) fn digit(&self, i: usize) -> i16 {
        self.digits[i]
    }
}

/// Integers (a, b) with a ≡ ±b·h mod q (the flag is set for −), 0 ≤ a < 2¹²⁸, 0 < b ≤ 2¹²⁸, for h in [0, q − 1].
///
/// Euclid's algorithm on (q, h), stopped half-way: Antipa, Brown, Gallant, Lambert, Struik and
/// Vanstone, "Accelerated verification of ECDSA signatures" (SAC 2005). All rᵢ ≡ ±tᵢ·h mod q with
/// alternating signs and tᵢ·rᵢ₋₁ ≤ q: the first rᵢ below 2¹²⁸ has tᵢ ≤ q/2¹²⁸.
pub(super) fn half_size_vartime(h: &Limbs) -> (Limbs, Limbs, bool) {
    let (mut r0, mut r1) = (Q, *h);
    let (mut t0, mut t1) = ([0; 4], [1, 0, 0, 0]);
    let mut negative = false;
    while r1[2] | r1[3] != 0 {
        // (r0, t0) ← (r0 − n·r1, t0 + n·t1), n the quotient, a power of two at a time
        while limbs::sub(&r0, &r1).1 == 0 {
            let mut shift = leading_zeros(&r1) - leading_zeros(&r0);
            let (mut rest, borrow) = limbs::sub(&r0, &shift_left(&r1, shift));
            if borrow == 1 {
                shift -= 1;
                rest = limbs::sub(&r0, &shift_left(&r1, shift)).0;
            }
            r0 = rest;
            t0 = limbs::add(&t0, &shift_left(&t1, shift)).0;
        }
        (r0, r1) = (r1, r0);
        (t0, t1) = (t1, t0);
        negative = !negative;
    }
    debug_assert!(t1[3] == 0 && t1[2] <= 1 && t1 != [0; 4]);
    (r1, t1, negative)
}

fn leading_zeros(a: &Limbs) -> u32 {
    let top = a.iter().rposition(|limb| *limb != 0).unwrap_or(0);
    (3 - top as u32) * 64 + a[top].leading_zeros()
}

fn shift_left(a: &Limbs, by: u32) -> Limbs {
    let (limbs, bits) = ((by / 64) as usize, by % 64);
    core::array::from_fn(|i| {
        let at = |i: usize, down: usize| i.checked_sub(down).map_or(0, |i| a[i]);
        at(i, limbs) << bits | (at(i, limbs + 1) >> 1) >> (63 - bits)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::{BigInt, BigUint};
    use std::vec::Vec;

    fn big(a: &Limbs) -> BigUint {
        BigUint::from_slice(&a.iter().flat_map(|l| [*l as u32, (*l >> 32) as u32]).collect::<Vec<_>>())
    }

    fn samples() -> Vec<Limbs> {
        let mut all =
            Vec::from([[0; 4], [1, 0, 0, 0], [u64::MAX; 4], [0, 0, 1, 0], [u64::MAX, u64::MAX, 0, 0]]);
        all.extend((0..=64).map(|i| limbs::sub(&Q, &[i, 0, 0, 0]).0));
        let mut x = 1u64;
        let mut next = || {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            x
        };
        all.extend((0..500).map(|_| [next(), next(), next(), next()]));
        all
    }

    #[test]
    fn digits_sum_up_to_the_scalar() {
        for k in samples() {
            let k = crate::backend::portable::p256_order::reduce(&k);
            if k == [0; 4] {
                continue;
            }
            let (odd, negated) = make_odd(&k);
            assert_eq!(big(&odd), if negated == 0 { big(&k) } else { big(&Q) - big(&k) });
            for width in 4..=8 {
                let digits = Digits::new(&odd, width);
                let sum: BigInt = (0..Digits::count(width))
                    .map(|i| {
                        let Digit { negative, half } = digits.get(i);
                        assert!(half < 1 << (width - 1));
                        let value = BigInt::from(2 * half + 1) << (width * i);
                        if negative == 0 { value } else { -value }
                    })
                    .sum();
                assert_eq!(sum, BigInt::from(big(&odd)));
            }
        }
    }

    #[test]
    fn naf_sums_up_to_the_scalar() {
        for k in samples() {
            for width in 2..=11 {
                let naf = Naf::new_vartime(&k, width);
                let mut sum = BigInt::ZERO;
                for i in 0..NAF_DIGITS {
                    let digit = naf.digit(i);
                    assert!(digit == 0 || digit % 2 != 0 && digit.abs() < 1 << (width - 1));
                    assert!(digit == 0 || i < naf.len);
                    sum += BigInt::from(digit) << i;
                }
                assert_eq!(sum, BigInt::from(big(&k)));
            }
        }
    }

    #[test]
    fn half_size_factors_fit_the_scalar() {
        for h in samples() {
            let h = crate::backend::portable::p256_order::reduce(&h);
            let (a, b, negative) = half_size_vartime(&h);
            let (a, b) = (big(&a), big(&b));
            assert!(a.bits() <= 128 && b.bits() <= 129 && b != BigUint::ZERO);
            let product = b * big(&h) % big(&Q);
            let expected = if negative { (big(&Q) - a) % big(&Q) } else { a };
            assert_eq!(product, expected);
        }
    }
}
