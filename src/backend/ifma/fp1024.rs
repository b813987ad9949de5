//! One element of the 1024-bit field at a time, across the lanes of three registers.
//!
//! p of RFC 6509 parameter set 1. Radix 2⁵², 21 digits in 24 words; Montgomery form with R = 2¹⁰⁹², modulo
//! a multiple of p: **M = k·p ≡ −1 mod 2⁵², below 2¹⁰⁷⁵**. With it the multiple of M that clears the lowest
//! digit t of a number is t·M itself, so that no product stands between one digit and the next, and
//! M + 1 = 2⁵²·M' adds as t·M', one digit higher: 20 digits like p.
//!
//! **Every element is an integer below 2¹⁰⁷⁷ + 2¹⁰⁷⁶ with digits in [0, 2⁵² − 1]**, and every function takes
//! and gives such integers:
//!
//! | | before it is folded at 2¹⁰⁷⁷ | below |
//! |---|---|---|
//! | Σ of up to six products | | 6·2²¹⁵⁶/2¹⁰⁹² + M < 2¹⁰⁷⁶ |
//! | a + b | below 2¹⁰⁷⁹ | 2¹⁰⁷⁷ + 2¹⁰⁴³ |
//! | a − b | plus a multiple of p just above 2¹⁰⁷⁸: in [0, 2¹⁰⁸⁰) | 2¹⁰⁷⁷ + 2¹⁰⁴³ |
//!
//! To fold takes what lies above as h·(2¹⁰⁷⁷ mod p), a number of 1024 bits. Several independent products go
//! through one call, which hides the latency of one behind the other.

mod curve;
mod element;
mod fe;
mod products;

pub(crate) use fe::Fe;

use super::vector::Vector;
use crate::backend::portable::fp1024::P;
use crate::backend::portable::words::{self, Words};

/// Digits of an element, least significant first; the last three are 0.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Digits(pub(super) [[u64; 8]; 3]);

/// Bits of a digit.
const BITS: usize = 52;
const MASK: u64 = (1 << BITS) - 1;
/// Digits that may be other than 0.
const DIGITS: usize = 21;
/// Where sums are folded: 2¹⁰⁷⁷.
const FOLD: usize = 1077;
/// The bit of the top digit at which that is.
const FOLD_IN_TOP: u32 = (FOLD - 20 * BITS) as u32;

impl Digits {
    pub(super) const ZERO: Self = Self([[0; 8]; 3]);

    const fn of(digits: &[u64; 24]) -> Self {
        let mut all = [[0; 8]; 3];
        let mut i = 0;
        while i < 24 {
            all[i / 8][i % 8] = digits[i];
            i += 1;
        }
        Self(all)
    }

    /// An integer below 2¹⁰²⁴.
    pub(super) const fn of_words(words: &Words) -> Self {
        Self::of(&words::split::<BITS, 24>(words))
    }

    #[inline(always)]
    pub(super) fn digit(&self, i: usize) -> u64 {
        self.0.as_flattened()[i]
    }

    /// In debug builds, that the integer is one of those that elements are.
    #[inline(always)]
    fn checked(self) -> Self {
        if cfg!(debug_assertions) {
            self.check();
        }
        self
    }

    #[inline(never)]
    fn check(&self) {
        let digits = self.0.as_flattened();
        assert!(digits.iter().all(|digit| *digit <= MASK), "a digit is longer than it should be");
        assert!(digits[DIGITS - 1] < 3 << (FOLD_IN_TOP - 1), "an element is not below 2¹⁰⁷⁷ + 2¹⁰⁷⁶");
        assert!(digits[DIGITS..] == [0; 3], "the digits beyond the top are 0");
    }
}

/// The form of an integer below p, where the compiler computes it.
pub(crate) const fn raw(a: &Words) -> Digits {
    Digits::of_words(&words::shifted(a, BITS * DIGITS, &P))
}

/// M' = (k·p + 1)/2⁵², where k = −1/p mod 2⁵².
const M_PRIME: Digits = {
    let p: [u64; 24] = words::split::<BITS, 24>(&P);
    let k = crate::backend::portable::safegcd::inverse_mod_word(P[0]).wrapping_neg() & MASK;
    let mut digits = [0; 24];
    // k·p + 1: its lowest digit is 0.
    let mut carry = 1;
    let mut i = 0;
    while i < DIGITS {
        carry += k as u128 * p[i] as u128;
        if i > 0 {
            digits[i - 1] = carry as u64 & MASK;
        } else {
            assert!(carry as u64 & MASK == 0);
        }
        carry >>= BITS;
        i += 1;
    }
    assert!(carry == 0 && digits[DIGITS - 1] == 0 && digits[DIGITS - 2] < 1 << 35, "M < 2¹⁰⁷⁵");
    Digits::of(&digits)
};

/// The digits one place higher: times 2⁵².
const fn raised(digits: &Digits) -> Digits {
    let mut all = [0; 24];
    let mut i = 1;
    while i < 24 {
        all[i] = digits.0[(i - 1) / 8][(i - 1) % 8];
        i += 1;
    }
    assert!(digits.0[2][7] == 0);
    Digits::of(&all)
}

static M_LOW: Digits = M_PRIME;
/// Where the high halves of the products with M' go.
static M_HIGH: Digits = raised(&M_PRIME);

/// 2¹⁰⁷⁷ mod p.
static FOLDED_LOW: Digits = Digits::of_words(&words::shifted(&words::ONE, FOLD, &P));
static FOLDED_HIGH: Digits = raised(&Digits::of_words(&words::shifted(&words::ONE, FOLD, &P)));

/// What stays of the digits of a sum that is folded.
static UNFOLDED: Digits = {
    let mut digits = [u64::MAX; 24];
    digits[DIGITS - 1] = (1 << FOLD_IN_TOP) - 1;
    Digits::of(&digits)
};

/// The least multiple of p above 2¹⁰⁷⁸, in digits so large that those below 2^`bits` can be subtracted from
/// each: 2^`bits` is borrowed from the next. Not so the top digit, which is large by itself.
const fn padding(bits: usize) -> Digits {
    // 2¹⁰⁷⁸ + p − (2¹⁰⁷⁸ mod p), the sum of the last two below 2¹⁰²⁴
    let (rest, borrow) = words::sub(&P, &words::shifted(&words::ONE, FOLD + 1, &P));
    assert!(borrow == 0);
    let mut digits: [u64; 24] = words::split::<BITS, 24>(&rest);
    digits[DIGITS - 1] += 1 << (FOLD_IN_TOP + 1);
    let mut i = 0;
    while i < DIGITS - 1 {
        digits[i] += 1 << bits;
        // An overflow would stop the compiler.
        digits[i + 1] -= 1 << (bits - BITS);
        i += 1;
    }
    i = 0;
    while i < DIGITS - 1 {
        assert!(digits[i] >= (1 << bits) - (1 << (bits - BITS)));
        i += 1;
    }
    Digits::of(&digits)
}

/// For digits of 52 bits.
static PADDING: Digits = padding(BITS);

/// For the digits of up to three products, not yet carried.
static LONG_PADDING: Digits = padding(61);

/// An integer in registers. Digits may be longer than 52 bits where that is said.
pub(super) type Row<L> = [L; 3];

#[inline(always)]
fn load<L: Vector>(proof: L::Proof, digits: &Digits) -> Row<L> {
    [L::load(proof, &digits.0[0]), L::load(proof, &digits.0[1]), L::load(proof, &digits.0[2])]
}

#[inline(always)]
fn store<L: Vector>(row: Row<L>) -> Digits {
    Digits(row.map(L::store)).checked()
}

/// Digits of 52 bits again, for digits below 2⁶³ whose integer lies below 2¹⁰⁹².
///
/// Once what exceeds 52 bits is added to the next digit, a digit exceeds them by one carry at most. Those
/// are settled all at once, as an addition of 24 bits settles its carries: bits of digits that send one on, and of
/// those that pass one on.
#[inline(always)]
fn carry<L: Vector>(proof: L::Proof, t: Row<L>) -> Row<L> {
    let mask = L::splat(proof, MASK);
    let zero = L::splat(proof, 0);
    let high = t.map(L::shr::<52>);
    let low = t.map(|t| t.and(mask));
    let sum = [
        low[0].add(zero.words_from::<7>(high[0])),
        low[1].add(high[0].words_from::<7>(high[1])),
        low[2].add(high[1].words_from::<7>(high[2])),
    ];
    let side_by_side = |bits: [u8; 3]| u32::from_le_bytes([bits[0], bits[1], bits[2], 0]);
    let send = side_by_side(sum.map(|sum| sum.above(mask)));
    let pass = side_by_side(sum.map(|sum| sum.equal(mask)));
    let [c0, c1, c2, _] = ((send << 1).wrapping_add(pass) ^ pass).to_le_bytes();
    let one = L::splat(proof, 1);
    [
        sum[0].add_where(c0, one).and(mask),
        sum[1].add_where(c1, one).and(mask),
        sum[2].add_where(c2, one).and(mask),
    ]
}

/// Below 2¹⁰⁷⁷ + 2¹⁰⁴³, for an integer below 2¹⁰⁸⁰ in digits below 2⁵⁵.
#[inline(always)]
fn fold<L: Vector>(proof: L::Proof, t: Row<L>) -> Row<L> {
    let [low, high] = [load(proof, &FOLDED_LOW), load(proof, &FOLDED_HIGH)];
    let stays: Row<L> = load(proof, &UNFOLDED);
    // The top digit is word 4 of the last register.
    let h = t[2].permute_xor(4).splat_first().shr::<FOLD_IN_TOP>();
    core::array::from_fn(|k| t[k].and(stays[k]).madd_low(low[k], h).madd_high(high[k], h))
}

/// a + b, not yet folded.
#[inline(always)]
fn sum<L: Vector>(a: Row<L>, b: Row<L>) -> Row<L> {
    core::array::from_fn(|k| a[k].add(b[k]))
}

/// a − b plus a multiple of p, not yet folded: in [0, 2¹⁰⁸⁰) for elements, and each digit positive.
#[inline(always)]
fn difference<L: Vector>(proof: L::Proof, a: Row<L>, b: Row<L>) -> Row<L> {
    let padding = load(proof, &PADDING);
    core::array::from_fn(|k| a[k].add(padding[k]).sub(b[k]))
}
