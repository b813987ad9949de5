//! Integers of 1024 bits, 16 words of 64, least significant first: what the kernels of the 1024-bit
//! field share, and the integers modulo its order are made of.

use super::word::{adc, barrier, is_zero_word, sbb};
pub(crate) use crate::backend::fp1024::Words;

/// a − b as (low, borrow).
#[inline]
pub(crate) const fn sub(a: &Words, b: &Words) -> (Words, u64) {
    let mut difference = [0; 16];
    let mut borrow = 0;
    let mut i = 0;
    while i < 16 {
        (difference[i], borrow) = sbb(a[i], b[i], borrow);
        i += 1;
    }
    (difference, borrow)
}

/// a + b as (low, carry).
#[inline]
pub(crate) const fn add(a: &Words, b: &Words) -> (Words, u64) {
    let mut sum = [0; 16];
    let mut carry = 0;
    let mut i = 0;
    while i < 16 {
        (sum[i], carry) = adc(a[i], b[i], carry);
        i += 1;
    }
    (sum, carry)
}

/// `yes` where `mask` is all ones, `no` where it is 0. What the mask is stays behind a barrier.
#[inline]
pub(crate) fn select<const N: usize>(mask: u64, yes: &[u64; N], no: &[u64; N]) -> [u64; N] {
    debug_assert!(mask == 0 || mask == !0);
    let mask = barrier(mask);
    core::array::from_fn(|i| no[i] ^ (mask & (yes[i] ^ no[i])))
}

/// (a + 2¹⁰²⁴·carry) mod m, for a value below 2m.
#[inline]
pub(crate) fn reduce_once(a: &Words, carry: u64, m: &Words) -> Words {
    let (reduced, borrow) = sub(a, m);
    // The value was below m exactly if the subtraction borrows beyond the carry.
    debug_assert!(carry & (borrow ^ 1) == 0, "the value is below 2m");
    select(0u64.wrapping_sub(borrow & (carry ^ 1)), a, &reduced)
}

/// All ones for 0, else 0.
#[inline]
pub(crate) fn is_zero(a: &[u64]) -> u64 {
    is_zero_word(a.iter().fold(0, |any, word| any | word))
}

/// All ones where a < b, else 0.
#[inline]
pub(crate) fn is_below(a: &Words, b: &Words) -> u64 {
    0u64.wrapping_sub(sub(a, b).1)
}

/// a·2ⁿ mod m for a below m, where the compiler computes it.
pub(crate) const fn shifted(a: &Words, n: usize, m: &Words) -> Words {
    let mut x = *a;
    let mut i = 0;
    while i < n {
        let (sum, carry) = add(&x, &x);
        let (reduced, borrow) = sub(&sum, m);
        x = if carry == 1 || borrow == 0 { reduced } else { sum };
        i += 1;
    }
    x
}

/// 1.
pub(crate) const ONE: Words = {
    let mut one = [0; 16];
    one[0] = 1;
    one
};

/// The integer in N limbs of BITS bits, least significant first; N·BITS ≥ 1024.
#[inline]
pub(crate) const fn split<const BITS: usize, const N: usize>(a: &Words) -> [u64; N] {
    const { assert!(N * BITS >= 1024 && BITS < 64) };
    let mut limbs = [0; N];
    let mut i = 0;
    while i < N && i * BITS < 1024 {
        let (word, shift) = (i * BITS / 64, i * BITS % 64);
        let mut limb = a[word] >> shift;
        if shift != 0 && word + 1 < 16 {
            limb |= a[word + 1] << (64 - shift);
        }
        limbs[i] = limb & ((1 << BITS) - 1);
        i += 1;
    }
    limbs
}

/// The integer in limbs below 2^BITS; it lies below 2¹⁰²⁴.
#[inline]
pub(crate) fn join<const BITS: usize, const N: usize>(limbs: &[u64; N]) -> Words {
    let mut words = [0; 16];
    for (i, limb) in limbs.iter().enumerate() {
        debug_assert!(*limb < 1 << BITS);
        let (word, shift) = (i * BITS / 64, i * BITS % 64);
        if word < 16 {
            words[word] |= limb << shift;
        }
        if shift != 0 && word + 1 < 16 {
            words[word + 1] |= limb >> (64 - shift);
        }
    }
    words
}

/// Big-endian octets as words.
#[inline]
pub(crate) fn from_octets(octets: &[u8; 128]) -> Words {
    let mut words = [0; 16];
    for (word, octets) in words.iter_mut().zip(octets.rchunks_exact(8)) {
        *word = u64::from_be_bytes(octets.try_into().expect("a chunk of eight octets"));
    }
    words
}

/// Words as big-endian octets.
#[inline]
pub(crate) fn to_octets(words: &Words) -> [u8; 128] {
    let mut octets = [0; 128];
    for (octets, word) in octets.rchunks_exact_mut(8).zip(words) {
        octets.copy_from_slice(&word.to_be_bytes());
    }
    octets
}
