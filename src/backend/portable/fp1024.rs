//! The field of RFC 6509 parameter set 1, p of 1024 bits, by u64 × u64 → u128.
//!
//! Radix 2⁶¹, 17 limbs; Montgomery form, x·2¹⁰³⁷ modulo p. **Every element is an integer in [0, 2p]
//! with limbs in [0, 2⁶¹ − 1]**, and every function takes and gives such integers. The 13 bits between p
//! and 2¹⁰³⁷ make a final subtraction needless: a product of two elements, reduced, lies below
//! 4p²/2¹⁰³⁷ + 3p/2 < 3p/2 + p/2¹⁰.
//!
//! Products and reductions are apart ([`wide`]), so that sums of products are reduced once.

mod element;
mod wide;

use super::safegcd::{Modulus, inverse_mod_word};
use super::words::{self, Words};

pub(crate) use element::Fe;
use wide::Wide;

/// Limbs of an element.
pub(crate) type Limbs = [u64; N];

const N: usize = 17;
const BITS: usize = 61;
const MASK: u64 = (1 << BITS) - 1;

/// p.
pub(crate) const P: Words = [
    0x666d807afea85feb,
    0x80c5df10ac7ace87,
    0xfce3e82389857db0,
    0x9f94d6af56971f1f,
    0xa7cf3c521c3c09aa,
    0xb6aff4a831852a82,
    0x512ac5cd65681ce1,
    0xe26c6487326b4cd4,
    0x356d27f4a666a6d0,
    0xe791b39ff7c88a19,
    0x228730d531a59cb0,
    0xf40aab27e2fc0f1b,
    0xbe9ae358b3e01a2e,
    0x416c0ce19cb48261,
    0x65c61198dad0657a,
    0x997abb1f0a563fda,
];

static P_LIMBS: Limbs = words::split::<BITS, N>(&P);
static TWICE_P: Limbs = doubled(&words::split::<BITS, N>(&P));

/// p with the constants for inversion.
pub(crate) static MODULUS: Modulus<17> = Modulus::of_words(&P);

/// −1/p mod 2⁶¹.
const NEGATED_INVERSE: u64 = inverse_mod_word(P[0]).wrapping_neg() & MASK;

/// M₁ = (k·p + 1)/2⁶¹ for k = −1/p mod 2⁶¹: what [`Wide::reduce`] adds multiples of.
static M_1: Limbs = {
    let mut m = [0; N];
    let mut carry = product(NEGATED_INVERSE, P_LIMBS[0]) + 1;
    assert!(carry as u64 & MASK == 0);
    let mut i = 1;
    while i < N {
        carry = (carry >> BITS) + product(NEGATED_INVERSE, P_LIMBS[i]);
        m[i - 1] = carry as u64 & MASK;
        i += 1;
    }
    m[N - 1] = (carry >> BITS) as u64;
    assert!(2 * (m[N - 1] + 1) <= P_LIMBS[N - 1], "below p/2");
    m
};

/// 2¹⁰³⁷ mod p: the form of 1.
pub(crate) const ONE: Limbs = raw(&words::ONE);
/// 2²⁰⁷⁴ mod p: takes an integer to its form.
const R_2: Limbs = words::split::<BITS, N>(&words::shifted(&words::ONE, 2 * BITS * N, &P));

const fn doubled(a: &Limbs) -> Limbs {
    let mut r = [0; N];
    let mut carry = 0;
    let mut i = 0;
    while i < N {
        let sum = 2 * a[i] + carry;
        r[i] = sum & MASK;
        carry = sum >> BITS;
        i += 1;
    }
    r
}

/// The form of an integer below p, where the compiler computes it.
pub(crate) const fn raw(a: &Words) -> Limbs {
    words::split::<BITS, N>(&words::shifted(a, BITS * N, &P))
}

#[inline(always)]
const fn product(a: u64, b: u64) -> u128 {
    a as u128 * b as u128
}

/// In debug builds, that the integer is one of those that elements are.
#[inline(always)]
fn checked(a: Limbs) -> Limbs {
    if cfg!(debug_assertions) {
        let mut borrow = 0;
        for (a, p) in a.iter().zip(&TWICE_P) {
            assert!(*a <= MASK, "a limb is longer than it should be");
            borrow = (*p as i64 - *a as i64 + borrow) >> BITS;
        }
        assert!(borrow == 0, "an element is larger than 2p");
    }
    a
}

/// a·b/2¹⁰³⁷.
#[inline]
pub(crate) fn mul(a: &Limbs, b: &Limbs) -> Limbs {
    Wide::product(a, b).reduce()
}

/// a²/2¹⁰³⁷.
#[inline]
pub(crate) fn square(a: &Limbs) -> Limbs {
    Wide::square(a).reduce()
}

/// Σ aᵢ·bᵢ/2¹⁰³⁷ of up to six pairs, with one reduction. Below 24p²/2¹⁰³⁷ + 3p/2.
pub(crate) fn sum_of_products<const PAIRS: usize>(a: [&Limbs; PAIRS], b: [&Limbs; PAIRS]) -> Limbs {
    const { assert!(PAIRS >= 1 && PAIRS <= 6) };
    let mut sum = Wide::product(a[0], b[0]);
    for i in 1..PAIRS {
        sum.add(&Wide::product(a[i], b[i]));
    }
    sum.reduce()
}

/// (a0 + i·a1)(b0 + i·b1): three products (Karatsuba) and two reductions.
pub(crate) fn complex_mul(a: [&Limbs; 2], b: [&Limbs; 2]) -> [Limbs; 2] {
    let [m0, m1] = [Wide::product(a[0], b[0]), Wide::product(a[1], b[1])];
    // The sums may reach 4p: 16p² is far below 2¹⁰³⁶·p.
    let mut im = Wide::product(&unreduced_sum(a[0], a[1]), &unreduced_sum(b[0], b[1]));
    let mut re = m0;
    let (mut re_carry, mut im_carry) = (0, 0);
    for i in 0..2 * N {
        // m0 − m1 + 4p² ≥ 0, as m1 ≤ 4p²; the product of the sums is not less than m0 + m1.
        let limb = m0.0[i] as i64 - m1.0[i] as i64 + FOUR_P_2.0[i] as i64 + re_carry;
        re.0[i] = limb as u64 & MASK;
        re_carry = limb >> BITS;
        let limb = im.0[i] as i64 - m0.0[i] as i64 - m1.0[i] as i64 + im_carry;
        im.0[i] = limb as u64 & MASK;
        im_carry = limb >> BITS;
    }
    debug_assert!(re_carry == 0 && im_carry == 0);
    [re.reduce(), im.reduce()]
}

/// (2p)².
static FOUR_P_2: Wide = {
    let mut t = [0; 2 * N];
    let mut carry = 0;
    let mut i = 0;
    while i < 2 * N {
        let mut j = i.saturating_sub(N - 1);
        while j <= i && j < N {
            carry += product(TWICE_P[j], TWICE_P[i - j]);
            j += 1;
        }
        t[i] = carry as u64 & MASK;
        carry >>= BITS;
        i += 1;
    }
    assert!(carry == 0);
    Wide(t)
};

/// a + b, at most 4p.
fn unreduced_sum(a: &Limbs, b: &Limbs) -> Limbs {
    let mut r = [0; N];
    let mut carry = 0;
    for i in 0..N {
        let sum = a[i] + b[i] + carry;
        r[i] = sum & MASK;
        carry = sum >> BITS;
    }
    r
}

/// a + b mod 2p.
#[inline]
pub(crate) fn add(a: &Limbs, b: &Limbs) -> Limbs {
    // The sum, and the sum less 2p; the second if it is not negative.
    let (mut sum, mut less) = ([0; N], [0; N]);
    let (mut carry, mut borrow) = (0, 0);
    for i in 0..N {
        let limb = (a[i] + b[i]) as i64;
        let s = limb + carry;
        sum[i] = s as u64 & MASK;
        carry = s >> BITS;
        let l = limb - TWICE_P[i] as i64 + borrow;
        less[i] = l as u64 & MASK;
        borrow = l >> BITS;
    }
    checked(words::select(borrow as u64, &sum, &less))
}

/// a − b mod 2p.
#[inline]
pub(crate) fn sub(a: &Limbs, b: &Limbs) -> Limbs {
    let (mut difference, mut more) = ([0; N], [0; N]);
    let (mut borrow, mut carry) = (0, 0);
    for i in 0..N {
        let limb = a[i] as i64 - b[i] as i64;
        let d = limb + borrow;
        difference[i] = d as u64 & MASK;
        borrow = d >> BITS;
        let m = limb + TWICE_P[i] as i64 + carry;
        more[i] = m as u64 & MASK;
        carry = m >> BITS;
    }
    checked(words::select(borrow as u64, &more, &difference))
}

/// 2p − a.
#[inline]
pub(crate) fn neg(a: &Limbs) -> Limbs {
    let mut r = [0; N];
    let mut borrow = 0;
    for i in 0..N {
        let d = TWICE_P[i] as i64 - a[i] as i64 + borrow;
        r[i] = d as u64 & MASK;
        borrow = d >> BITS;
    }
    checked(r)
}

/// The integer in [0, p − 1] whose form this is.
pub(crate) fn to_integer(a: &Limbs) -> Words {
    let mut one = [0; N];
    one[0] = 1;
    // Below 2p/2¹⁰³⁷ + 3p/2 < 2¹⁰²⁴.
    words::reduce_once(&words::join::<BITS, N>(&mul(a, &one)), 0, &P)
}

/// The form of an integer below 2¹⁰²⁴, which is less than 2p.
pub(crate) fn from_integer(a: &Words) -> Limbs {
    mul(&words::split::<BITS, N>(a), &R_2)
}

/// All ones for a multiple of p, else 0: 0, p or 2p.
pub(crate) fn is_zero(a: &Limbs) -> u64 {
    let differs = |b: &Limbs| a.iter().zip(b).fold(0, |any, (a, b)| any | (a ^ b));
    words::is_zero(a) | words::is_zero(&[differs(&P_LIMBS)]) | words::is_zero(&[differs(&TWICE_P)])
}
