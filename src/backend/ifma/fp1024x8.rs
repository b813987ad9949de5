//! Eight elements of the 1024-bit field, one per lane.
//!
//! p of RFC 6509 parameter set 1. Radix 2⁵², 20 limbs; Montgomery form with R = 2¹⁰⁴⁰. Loosely reduced: each
//! element is a non-negative integer with limbs in [0, 2⁵² − 1], and the bound of its value, a multiple of
//! p, is a matter of where it comes from. Debug builds carry it along and check it:
//!
//! | from | asks | gives, times p |
//! |---|---|---|
//! | [`mul`](Fe8::mul), squares, Σ aᵢ·bᵢ | Σ of the products of bounds ≤ 4096 | 2: ab/2¹⁰⁴⁰ + p < 4096·p·2⁻¹⁶ + p |
//! | a + b | | the sum of both |
//! | a − b, −b | b ≤ 16 | that of a, plus 16: 16p is added |
//! | [`reduce`](Fe8::reduce) | | 2 |
//! | from single elements | | 7 |
//! | to single elements | ≤ 5 | |
//!
//! No bound goes beyond 2¹⁵. Each operation is one call into code with the CPU's features, and goes from
//! memory to memory: 20 limbs fill most of the registers.

mod convert;
mod curve;
mod products;

use super::vector::{Job, Vector};
use crate::backend::fp1024::{Arithmetic, Lanes};
use crate::backend::portable::fp1024::P;
use crate::backend::portable::words::{self, Words};
use zeroize::Zeroize;

/// Limbs of an element.
const N: usize = 20;
const BITS: usize = 52;
const MASK: u64 = (1 << BITS) - 1;

/// One element's limbs: constants, the same in each lane.
pub(crate) type Raw = [u64; N];

/// The form of an integer below p, where the compiler computes it.
pub(crate) const fn raw(a: &Words) -> Raw {
    words::split::<BITS, N>(&words::shifted(a, BITS * N, &P))
}

static P_LIMBS: Raw = words::split::<BITS, N>(&P);
static ZERO: Raw = [0; N];
static ONE: Raw = raw(&words::ONE);
/// What a difference is padded with: 16p, which stands for the largest subtrahend.
static SIXTEEN_P: Raw = {
    let mut limbs = [0; N];
    let mut carry = 0;
    let mut i = 0;
    while i < N {
        let limb = 16 * P_LIMBS[i] + carry;
        limbs[i] = limb & MASK;
        carry = limb >> BITS;
        i += 1;
    }
    assert!(carry == 0);
    limbs
};

/// The limbs of eight elements.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Limbs([[u64; 8]; N]);

/// Eight elements, and the proof that the CPU has what their operations need.
#[derive(Clone, Copy)]
pub(crate) struct Fe8<L: Vector> {
    limbs: Limbs,
    proof: L::Proof,
    bound: Bound,
}

/// Every lane lies below this multiple of p; known to debug builds only.
#[derive(Clone, Copy)]
struct Bound {
    #[cfg(debug_assertions)]
    times_p: u32,
}

impl Bound {
    #[inline(always)]
    fn new(times_p: u32) -> Self {
        debug_assert!(times_p <= 1 << 15, "a bound beyond 2^15");
        let _ = times_p;
        Self {
            #[cfg(debug_assertions)]
            times_p,
        }
    }

    /// Stands for 0 in release builds, where nothing depends on it.
    #[inline(always)]
    fn get(self) -> u32 {
        #[cfg(debug_assertions)]
        return self.times_p;
        #[cfg(not(debug_assertions))]
        0
    }

    /// That of the result of products whose bounds, multiplied and summed, are these.
    #[inline(always)]
    fn of_products(bounds: impl Iterator<Item = (Self, Self)>) -> Self {
        let sum: u32 = bounds.map(|(a, b)| a.get() * b.get()).sum();
        debug_assert!(sum <= 4096, "factors that were not reduced: bounds {sum}");
        Self::new(2)
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self::new(self.get() + other.get())
    }

    /// That of a difference; `self` is the subtrahend's.
    #[inline(always)]
    fn of_difference(self, minuend: Self) -> Self {
        debug_assert!(self.get() <= 16, "a subtrahend with bound {}", self.get());
        Self::new(minuend.get() + 16)
    }
}

/// Limbs in registers.
type Row<L> = [L; N];

#[inline(always)]
fn load<L: Vector>(proof: L::Proof, limbs: &Limbs) -> Row<L> {
    let mut row = [L::splat(proof, 0); N];
    for (row, limb) in row.iter_mut().zip(&limbs.0) {
        *row = L::load(proof, limb);
    }
    row
}

/// Carries from the lowest limb to the top, for limbs in (−2⁶³, 2⁶³).
#[inline(always)]
fn carried<L: Vector>(proof: L::Proof, t: &Row<L>) -> Limbs {
    let mask = L::splat(proof, MASK);
    let mut limbs = Limbs([[0; 8]; N]);
    let mut carry = L::splat(proof, 0);
    for (i, (limb, t)) in limbs.0.iter_mut().zip(t).enumerate() {
        let sum = t.add(carry);
        carry = sum.sar::<52>();
        // The top limb has no more than 52 bits, since the integer is not negative and below 2¹⁰⁴⁰.
        *limb = if i + 1 < N { sum.and(mask) } else { sum }.store();
    }
    limbs
}

/// a + b.
struct Add<'a, L: Vector>(&'a Fe8<L>, &'a Fe8<L>);

impl<L: Vector> Job for Add<'_, L> {
    type Output = Fe8<L>;

    #[inline(always)]
    fn run(self) -> Fe8<L> {
        let (a, b, proof) = (self.0, self.1, self.0.proof);
        let mut t: Row<L> = load(proof, &a.limbs);
        for (t, b) in t.iter_mut().zip(&b.limbs.0) {
            *t = t.add(L::load(proof, b));
        }
        Fe8::new(proof, carried(proof, &t), a.bound.plus(b.bound))
    }
}

/// a − b.
struct Sub<'a, L: Vector>(&'a Fe8<L>, &'a Fe8<L>);

impl<L: Vector> Job for Sub<'_, L> {
    type Output = Fe8<L>;

    #[inline(always)]
    fn run(self) -> Fe8<L> {
        let (a, b, proof) = (self.0, self.1, self.0.proof);
        let mut t: Row<L> = load(proof, &a.limbs);
        for i in 0..N {
            t[i] = t[i].add(L::splat(proof, SIXTEEN_P[i])).sub(L::load(proof, &b.limbs.0[i]));
        }
        Fe8::new(proof, carried(proof, &t), b.bound.of_difference(a.bound))
    }
}

/// −a.
struct Neg<'a, L: Vector>(&'a Fe8<L>);

impl<L: Vector> Job for Neg<'_, L> {
    type Output = Fe8<L>;

    #[inline(always)]
    fn run(self) -> Fe8<L> {
        let (a, proof) = (self.0, self.0.proof);
        let mut t: Row<L> = load(proof, &a.limbs);
        for (t, p) in t.iter_mut().zip(SIXTEEN_P) {
            *t = L::splat(proof, p).sub(*t);
        }
        Fe8::new(proof, carried(proof, &t), a.bound.of_difference(Bound::new(0)))
    }
}

/// The same values below 2p.
///
/// With h = ⌊x/2¹⁰²⁰⌋ < 2²⁰, q = ⌊h·⌊2⁵⁰/(p/2¹⁰²⁰)⌋/2⁵⁰⌋ is at most x/p, and less than it by at most
/// 2¹⁰²⁰/p + 2²⁰/2⁵⁰ + 1 < 2. q·p is subtracted by adding q·(2¹⁰⁴⁰ − p) and forgetting 2¹⁰⁴⁰.
struct Reduce<'a, L: Vector>(&'a Fe8<L>);

/// ⌊2⁵⁰·2¹⁰²⁰/p⌋, with all ones for what p has below its highest word.
const RECIPROCAL: u64 = ((1u128 << 110) / (P[15] as u128 + 1)) as u64;

/// 2¹⁰⁴⁰ − p.
static MINUS_P: Raw = {
    let mut limbs = [0; N];
    let mut i = 0;
    while i < N {
        limbs[i] = MASK - P_LIMBS[i];
        i += 1;
    }
    limbs[0] += 1; // p is odd
    limbs
};

impl<L: Vector> Job for Reduce<'_, L> {
    type Output = Fe8<L>;

    #[inline(always)]
    fn run(self) -> Fe8<L> {
        let (a, proof) = (self.0, self.0.proof);
        let zero = L::splat(proof, 0);
        let h = L::load(proof, &a.limbs.0[N - 1]).shr::<32>();
        // h·RECIPROCAL has 67 bits at most: its part above 2⁵⁰ from both halves.
        let reciprocal = L::splat(proof, RECIPROCAL);
        let high = zero.madd_high(h, reciprocal).shl::<2>();
        let q = high.or(zero.madd_low(h, reciprocal).shr::<50>());
        let mut t: Row<L> = load(proof, &a.limbs);
        for i in 0..N {
            let limb = L::splat(proof, MINUS_P[i]);
            t[i] = t[i].madd_low(q, limb);
            if i + 1 < N {
                t[i + 1] = t[i + 1].madd_high(q, limb);
            }
        }
        let mut limbs = carried(proof, &t);
        limbs.0[N - 1] = L::load(proof, &limbs.0[N - 1]).and(L::splat(proof, MASK)).store();
        Fe8::new(proof, limbs, Bound::new(2))
    }
}

/// `yes` in the lanes whose bit is set, `no` in the others.
struct Select<'a, L: Vector> {
    bits: u8,
    yes: &'a Fe8<L>,
    no: &'a Fe8<L>,
}

impl<L: Vector> Job for Select<'_, L> {
    type Output = Fe8<L>;

    #[inline(always)]
    fn run(self) -> Fe8<L> {
        let Self { bits, yes, no } = self;
        let proof = no.proof;
        let mut limbs = Limbs([[0; 8]; N]);
        for i in 0..N {
            let [yes, no] = [L::load(proof, &yes.limbs.0[i]), L::load(proof, &no.limbs.0[i])];
            limbs.0[i] = L::select(bits, yes, no).store();
        }
        Fe8::new(proof, limbs, Bound::new(yes.bound.get().max(no.bound.get())))
    }
}

/// One lane in all lanes.
struct Broadcast<'a, L: Vector> {
    a: &'a Fe8<L>,
    lane: usize,
}

impl<L: Vector> Job for Broadcast<'_, L> {
    type Output = Fe8<L>;

    #[inline(always)]
    fn run(self) -> Fe8<L> {
        let mut limbs = Limbs([[0; 8]; N]);
        for i in 0..N {
            limbs.0[i] = L::splat(self.a.proof, self.a.limbs.0[i][self.lane]).store();
        }
        Fe8::new(self.a.proof, limbs, self.a.bound)
    }
}

impl<L: Vector> Fe8<L> {
    #[inline(always)]
    fn new(proof: L::Proof, limbs: Limbs, bound: Bound) -> Self {
        let element = Self { limbs, proof, bound };
        if cfg!(debug_assertions) {
            element.check();
        }
        element
    }

    /// That each lane keeps the promises.
    #[inline(never)]
    fn check(&self) {
        let limbs = &self.limbs.0;
        assert!(limbs.as_flattened().iter().all(|limb| *limb <= MASK), "a limb is longer than it should be");
        let below = (u64::from(self.bound.get()) * (P_LIMBS[N - 1] + 1)).min(MASK);
        assert!(limbs[N - 1].iter().all(|limb| *limb <= below), "a lane exceeds its bound");
    }
}

impl<L: Vector> Zeroize for Fe8<L> {
    fn zeroize(&mut self) {
        self.limbs.0.as_flattened_mut().zeroize();
        // Public, but then nothing of a wiped table differs from 0.
        #[cfg(debug_assertions)]
        self.bound.times_p.zeroize();
    }
}

impl<L: Vector> Arithmetic for Fe8<L> {
    type Proof = L::Proof;
    type Raw = Raw;

    fn proof(&self) -> L::Proof {
        self.proof
    }

    fn zero(proof: L::Proof) -> Self {
        Self { bound: Bound::new(0), ..Self::from_raw(proof, &ZERO) }
    }

    fn one(proof: L::Proof) -> Self {
        Self::from_raw(proof, &ONE)
    }

    fn from_raw(proof: L::Proof, raw: &Raw) -> Self {
        Self::new(proof, Limbs(raw.map(|limb| [limb; 8])), Bound::new(1))
    }

    fn add(&self, b: &Self) -> Self {
        L::call(self.proof, Add(self, b))
    }

    fn sub(&self, b: &Self) -> Self {
        L::call(self.proof, Sub(self, b))
    }

    fn neg(&self) -> Self {
        L::call(self.proof, Neg(self))
    }

    fn mul(&self, b: &Self) -> Self {
        Self::sum_of_products([self], [b])
    }

    fn square(&self) -> Self {
        L::call(self.proof, products::Square(self))
    }

    fn reduce(&self) -> Self {
        L::call(self.proof, Reduce(self))
    }

    fn sum_of_products<const PAIRS: usize>(a: [&Self; PAIRS], b: [&Self; PAIRS]) -> Self {
        L::call(a[0].proof, products::Sum { a, b })
    }

    fn mul_pairs_into<const M: usize>(out: &mut [Self; M], a: [&Self; M], b: [&Self; M]) {
        curve::mul_pairs_into(out, a, b);
    }

    fn complex_mul(a: [&Self; 2], b: [&Self; 2]) -> [Self; 2] {
        let mut out = [Self::zero(a[0].proof); 2];
        curve::complex_mul(&mut out, a, b);
        out
    }

    fn complex_square(a: [&Self; 2]) -> [Self; 2] {
        let mut out = [Self::zero(a[0].proof); 2];
        curve::complex_square(&mut out, a);
        out
    }

    fn complex_step(f: &mut [Self; 2], g: &[Self; 2]) {
        curve::complex_step(f, g);
    }

    fn edwards_add(p: &mut [Self; 4], entry: &[Self; 3]) {
        curve::edwards_add(p, entry);
    }

    fn edwards_double(p: &mut [Self; 4]) {
        curve::edwards_double(p);
    }

    /// Reduced, as several follow one another in combs.
    fn complex_mul_unit(a: [&mut Self; 2], t: &Self) {
        let [re, im] = [a[0].sub(&t.mul(a[1])), a[1].add(&t.mul(a[0]))];
        for (a, unreduced) in a.into_iter().zip([&re, &im]) {
            L::call(t.proof, curve::Into(a, Reduce(unreduced)));
        }
    }
}

impl<L: Vector> Lanes for Fe8<L> {
    type Single = super::fp1024::Fe<L>;

    fn from_singles(singles: [&Self::Single; 8]) -> Self {
        L::call(singles[0].proof(), convert::FromSingles(singles))
    }

    fn set_singles(&mut self, singles: [&Self::Single; 8]) {
        L::call(self.proof, curve::Into(self, convert::FromSingles(singles)));
    }

    fn to_singles(&self) -> [Self::Single; 8] {
        L::call(self.proof, convert::ToSingles(self))
    }

    fn broadcast(&self, lane: usize) -> Self {
        L::call(self.proof, Broadcast { a: self, lane })
    }

    fn select(bits: u8, yes: &Self, no: &Self) -> Self {
        L::call(no.proof, Select { bits, yes, no })
    }
}
