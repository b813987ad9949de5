//! Eight elements of the field of P-256.
//!
//! Radix 2⁵², five limbs, one element per lane; Montgomery form with R = 2²⁶⁰. Loosely reduced: each
//! element is a non-negative integer below 2²⁶⁰, limbs in [0, 2⁵² − 1], and the bound of its value is a
//! matter of where it comes from:
//!
//! | from | below |
//! |---|---|
//! | [`Fe8::mul`] of a < 2^m and b < 2^n | 2^(m + n − 260) + p, which has to be at most 2²⁶⁰: debug builds ask that of the factors |
//! | [`Fe8::reduce`] | 2²⁵⁶ + 2²³¹ < 2p |
//! | [`Loose::carry`] | what was summed up, at most 2²⁶⁰ |
//!
//! p ≡ −1 mod 2⁵² makes the multiple of p that clears the lowest limb t of a sum t·p itself;
//! p + 1 = 2⁹⁶ + 2¹⁹² + (2⁴⁸ − 2¹⁶)·2²⁰⁸ in three limbs: six products. A multiplication has
//! 5·(10 + 6) = 80, a square 5·6 + 30 = 60.

mod convert;
mod inline;

pub(crate) use convert::words;

use super::vector::{Job, Vector};
use crate::backend::p256::Limbs;

/// p in limbs.
const P: [u64; 5] = [0xf_ffff_ffff_ffff, 0xfff_ffff_ffff, 0, 0x10_0000_0000, 0xffff_ffff_0000];
const MASK: u64 = (1 << 52) - 1;

/// 2²⁶⁰ mod p: 16·(2²⁵⁶ mod p) = 16·(2²²⁴ − 2¹⁹² − 2⁹⁶ + 1), in limbs.
const ONE: [u64; 5] = limbs_of(&shifted_by_four(&crate::backend::portable::p256::ONE));

/// 16·a in 320 bits.
const fn shifted_by_four(a: &Limbs) -> [u64; 5] {
    [a[0] << 4, a[1] << 4 | a[0] >> 60, a[2] << 4 | a[1] >> 60, a[3] << 4 | a[2] >> 60, a[3] >> 60]
}

/// An integer below 2²⁶⁰ in limbs of 52 bits.
const fn limbs_of(a: &[u64; 5]) -> [u64; 5] {
    [
        a[0] & MASK,
        (a[0] >> 52 | a[1] << 12) & MASK,
        (a[1] >> 40 | a[2] << 24) & MASK,
        (a[2] >> 28 | a[3] << 36) & MASK,
        (a[3] >> 16 | a[4] << 48) & MASK,
    ]
}

/// Eight elements.
#[derive(Clone, Copy)]
pub(crate) struct Fe8<L>([L; 5]);

/// Eight sums of limbs that may be negative or too long; as integers in [0, 2²⁶⁰ − 1].
#[derive(Clone, Copy)]
pub(crate) struct Loose<L>([L; 5]);

impl<L: Vector> Fe8<L> {
    /// 0 in each lane.
    #[inline(always)]
    pub(crate) fn zero(proof: L::Proof) -> Self {
        Self([L::splat(proof, 0); 5])
    }

    /// 1 in each lane.
    #[inline(always)]
    pub(crate) fn one(proof: L::Proof) -> Self {
        Self::splat(proof, &ONE)
    }

    /// Each lane as an integer below 2²⁵⁶ that is congruent to 2⁴ times the Montgomery form of
    /// [`Limbs`], for elements below 2²⁶⁰.
    #[inline(always)]
    pub(crate) fn to_integers(self, proof: L::Proof) -> [Limbs; 8] {
        // Once reduced it is below 2²⁵⁶ + 2²³¹, where the second time leaves less than 2²⁵⁶.
        let [a, b, c, d, e] = self.loose().reduce(proof).loose().reduce(proof).0.map(L::store);
        // A loop, as everywhere in lanes: a closure would be compiled without the CPU's features.
        let mut integers = [[0; 4]; 8];
        for (i, integer) in integers.iter_mut().enumerate() {
            debug_assert!(e[i] < 1 << 48);
            *integer = [
                a[i] | b[i] << 52,
                b[i] >> 12 | c[i] << 40,
                c[i] >> 24 | d[i] << 28,
                d[i] >> 36 | e[i] << 16,
            ];
        }
        integers
    }

    #[inline(always)]
    pub(crate) fn loose(self) -> Loose<L> {
        Loose(self.0)
    }

    /// In debug builds, checks that limbs have 52 bits.
    #[inline(always)]
    fn checked(self) -> Self {
        if cfg!(debug_assertions) {
            assert_below(1 << 52, &self.0);
        }
        self
    }

    /// a·b/2²⁶⁰ modulo p.
    #[inline(always)]
    pub(crate) fn mul(&self, proof: L::Proof, other: &Self) -> Self {
        L::call(proof, Mul::<L> { proof, a: self, b: other })
    }

    /// a²/2²⁶⁰ modulo p.
    #[inline(always)]
    pub(crate) fn square(&self, proof: L::Proof) -> Self {
        L::call(proof, Square::<L> { proof, a: self })
    }
}

struct Mul<'a, L: Vector> {
    proof: L::Proof,
    a: &'a Fe8<L>,
    b: &'a Fe8<L>,
}

impl<L: Vector> Job for Mul<'_, L> {
    type Output = Fe8<L>;

    #[inline(always)]
    fn run(self) -> Fe8<L> {
        let Self { proof, a: Fe8(a), b: Fe8(b) } = self;
        assert_product_fits(a, b);
        let zero = L::splat(proof, 0);
        let mut t = [zero; 6];
        for b in b {
            for j in 0..5 {
                t[j] = t[j].madd_low(a[j], *b);
            }
            for j in 0..5 {
                t[j + 1] = t[j + 1].madd_high(a[j], *b);
            }
            t = clear_lowest(proof, &t, zero);
        }
        finish(proof, &t)
    }
}

struct Square<'a, L: Vector> {
    proof: L::Proof,
    a: &'a Fe8<L>,
}

impl<L: Vector> Job for Square<'_, L> {
    type Output = Fe8<L>;

    #[inline(always)]
    fn run(self) -> Fe8<L> {
        let Self { proof, a: Fe8(a) } = self;
        assert_product_fits(a, a);
        let zero = L::splat(proof, 0);
        let mut c = [zero; 10];
        for i in 0..5 {
            for j in i + 1..5 {
                c[i + j] = c[i + j].madd_low(a[i], a[j]);
                c[i + j + 1] = c[i + j + 1].madd_high(a[i], a[j]);
            }
        }
        for c in &mut c {
            *c = c.add(*c);
        }
        for i in 0..5 {
            c[2 * i] = c[2 * i].madd_low(a[i], a[i]);
            c[2 * i + 1] = c[2 * i + 1].madd_high(a[i], a[i]);
        }
        let mut t = [c[0], c[1], c[2], c[3], c[4], c[5]];
        for i in 0..5 {
            t = clear_lowest(proof, &t, if i < 4 { c[6 + i] } else { zero });
        }
        finish(proof, &t)
    }
}

/// In debug builds, that a·b/2²⁶⁰ + p stays below 2²⁶⁰ in each lane, by the highest limbs.
#[inline(always)]
fn assert_product_fits<L: Vector>(a: &[L; 5], b: &[L; 5]) {
    if cfg!(debug_assertions) {
        assert_highest_limbs_fit(&a[4].store(), &b[4].store());
    }
}

#[inline(never)]
fn assert_highest_limbs_fit(a: &[u64; 8], b: &[u64; 8]) {
    // a < (a₄ + 1)·2²⁰⁸, likewise b, and p < 2²⁵⁶.
    let fits = |(a, b): (&u64, &u64)| (u128::from(*a) + 1) * (u128::from(*b) + 1) <= (1 << 104) - (1 << 100);
    assert!(a.iter().zip(b).all(fits), "factors whose product does not stay below 2²⁶⁰");
}

/// In debug builds, that all limbs lie below a bound.
#[inline(always)]
fn assert_below<L: Vector, const N: usize>(bound: u64, limbs: &[L; N]) {
    let mut all = [[0; 8]; N];
    for (words, limb) in all.iter_mut().zip(limbs) {
        *words = limb.store();
    }
    assert_words_below(bound, all.as_flattened());
}

#[inline(never)]
fn assert_words_below(bound: u64, words: &[u64]) {
    assert!(words.iter().all(|word| *word < bound), "a limb is longer than it should be");
}

/// In debug builds, that each lane of an element, or of each of some, lies below a power of two: `below!(a, 257.6)` for
/// 2^257.6. By the highest limb alone, so that a value above the bound by less than 2²⁰⁸ passes.
macro_rules! below {
    ($elements:expr, $power:literal) => {
        if cfg!(debug_assertions) {
            const LIMIT: u64 = $crate::backend::ifma::p256x8::highest_limb(stringify!($power));
            $elements.assert_highest_limb(LIMIT);
        }
    };
}
pub(crate) use below;

/// ⌊2^(power − 208)⌋ for a power such as `257.6`, of three digits before the point and one or none behind it.
pub(crate) const fn highest_limb(power: &str) -> u64 {
    /// ⌈2³²·2^(i/10)⌉
    const TENTHS: [u64; 10] = [
        0x1_0000_0000,
        0x1_125f_bee3,
        0x1_2611_186c,
        0x1_3b2c_47c0,
        0x1_51cb_453c,
        0x1_6a09_e668,
        0x1_8406_003c,
        0x1_9fdf_8bcd,
        0x1_bdb8_cdae,
        0x1_ddb6_8012,
    ];
    let digits = power.as_bytes();
    let mut whole = 0;
    let mut i = 0;
    while i < 3 {
        whole = 10 * whole + (digits[i] - b'0') as u32;
        i += 1;
    }
    let tenth = if digits.len() > 3 { (digits[4] - b'0') as usize } else { 0 };
    ((TENTHS[tenth] as u128) << (whole - 208) >> 32) as u64
}

impl<L: Vector> Fe8<L> {
    #[inline(always)]
    pub(crate) fn assert_highest_limb(&self, limit: u64) {
        assert_below(limit + 1, &[self.0[4]]);
    }
}

/// (t + t₀·p)/2⁵², with `next` as the new highest limb. Sums stay below 2⁵⁹: a limb takes at most 32
/// products below 2⁵² (doubled ones counted twice), six of the multiples of p, and a carry.
#[inline(always)]
fn clear_lowest<L: Vector>(proof: L::Proof, t: &[L; 6], next: L) -> [L; 6] {
    if cfg!(debug_assertions) {
        assert_below(1 << 59, t);
    }
    let m = t[0];
    // The low 52 bits of t₀ vanish; the rest is carried.
    let t1 = t[1].add(m.shr::<52>());
    let (p1, p3, p4) = (L::splat(proof, 1 << 44), L::splat(proof, 1 << 36), L::splat(proof, P[4]));
    [
        t1.madd_low(m, p1),
        t[2].madd_high(m, p1),
        t[3].madd_low(m, p3),
        t[4].madd_high(m, p3).madd_low(m, p4),
        t[5].madd_high(m, p4),
        next,
    ]
}

/// Carries; the sixth limb is 0.
#[inline(always)]
fn finish<L: Vector>(proof: L::Proof, t: &[L; 6]) -> Fe8<L> {
    let mask = L::splat(proof, MASK);
    let mut r = [t[0], t[1], t[2], t[3], t[4]];
    for i in 0..4 {
        r[i + 1] = r[i + 1].add(r[i].shr::<52>());
        r[i] = r[i].and(mask);
    }
    Fe8(r).checked()
}

impl<L: Vector> Loose<L> {
    #[inline(always)]
    pub(crate) fn add(self, other: &Fe8<L>) -> Self {
        let mut sums = self;
        for (sum, other) in sums.0.iter_mut().zip(&other.0) {
            *sum = sum.add(*other);
        }
        sums
    }

    /// Twice the sums.
    #[inline(always)]
    pub(crate) fn twice(self) -> Self {
        let mut sums = self;
        for sum in &mut sums.0 {
            *sum = sum.add(*sum);
        }
        sums
    }

    #[inline(always)]
    pub(crate) fn sub(self, other: &Fe8<L>) -> Self {
        let mut sums = self;
        for (sum, other) in sums.0.iter_mut().zip(&other.0) {
            *sum = sum.sub(*other);
        }
        sums
    }

    /// self + k·p; makes a difference positive.
    #[inline(always)]
    pub(crate) fn add_p(self, proof: L::Proof, k: u64) -> Self {
        let mut sums = self;
        for (sum, p) in sums.0.iter_mut().zip(P) {
            *sum = sum.add(L::splat(proof, p * k));
        }
        sums
    }

    /// Limbs in [0, 2⁵² − 1] again.
    #[inline(always)]
    pub(crate) fn carry(self, proof: L::Proof) -> Fe8<L> {
        let mask = L::splat(proof, MASK);
        let mut r = self.0;
        for i in 0..4 {
            r[i + 1] = r[i + 1].add(r[i].sar::<52>());
            r[i] = r[i].and(mask);
        }
        Fe8(r).checked()
    }

    /// Below 2²⁵⁶ + 2²³¹: with h the bits from 2²⁵⁶ on, h < 2⁴, adds h·(2²²⁴ − 2¹⁹² − 2⁹⁶ + 1) to the rest.
    #[inline(always)]
    pub(crate) fn reduce(self, proof: L::Proof) -> Fe8<L> {
        let [a, b, c, d, e] = self.carry(proof).0;
        let h = e.shr::<48>();
        let e = e.and(L::splat(proof, (1 << 48) - 1));
        let reduced = Self([a.add(h), b.sub(h.shl::<44>()), c, d.sub(h.shl::<36>()), e.add(h.shl::<16>())])
            .carry(proof);
        if cfg!(debug_assertions) {
            reduced.assert_highest_limb((1 << 48) + (1 << 23));
        }
        reduced
    }
}

#[cfg(all(test, feature = "__backends"))]
mod tests {
    use super::super::vector::Model;
    use super::*;

    fn highest(top: u64) -> Fe8<Model> {
        Fe8::splat((), &[MASK, MASK, MASK, MASK, top])
    }

    #[test]
    fn factors_below_2_260_and_2_259_have_a_product() {
        let _ = highest(MASK).mul((), &highest(MASK >> 1));
        let _ = highest(MASK >> 1).square(());
    }

    /// Its highest limb would have 53 bits.
    #[test]
    #[cfg_attr(debug_assertions, should_panic(expected = "does not stay below"))]
    fn factors_of_2_260_have_none() {
        let _ = highest(MASK).mul((), &highest(MASK));
    }
}
