//! Eight 64-bit words at a time.

#![cfg_attr(
    not(all(feature = "eccsi", feature = "sakke")),
    allow(dead_code, reason = "each curve uses its part of the lanes")
)]

#[cfg(all(feature = "__backends", feature = "eccsi"))]
use super::words;
#[cfg(feature = "eccsi")]
use super::words::Words;
#[cfg(feature = "eccsi")]
use crate::backend::p256::TablePoint;
#[cfg(all(feature = "__backends", feature = "eccsi"))]
use crate::backend::portable;
#[cfg(all(feature = "__backends", feature = "sakke"))]
use crate::backend::portable::safegcd;
#[cfg(feature = "sakke")]
use crate::backend::portable::safegcd::Packed;
#[cfg(feature = "__backends")]
use crate::backend::portable::word;

/// Eight words and what IFMA does with them, word by word.
///
/// Whoever holds a value, or a proof, may use all of it.
pub(crate) trait Lanes: Copy {
    /// The proof that the CPU has the instructions.
    type Proof: Copy;

    #[cfg(feature = "eccsi")]
    /// Sixteen words of 32 bits.
    type Words: Words<Proof = Self::Proof>;

    /// Runs a job where the instructions are inlined. All that follows belongs inside.
    fn run<J: Job>(proof: Self::Proof, job: J) -> J::Output;

    /// The same, as a function of its own: for what is called often, so that it stands there once.
    fn call<J: Job>(proof: Self::Proof, job: J) -> J::Output;

    /// [`safegcd::divsteps`](crate::backend::portable::safegcd::divsteps), on single words: for inversions.
    #[cfg(feature = "sakke")]
    fn divsteps(proof: Self::Proof, count: u32, state: Packed) -> Packed;

    fn splat(proof: Self::Proof, x: u64) -> Self;

    fn load(proof: Self::Proof, words: &[u64; 8]) -> Self;

    fn store(self) -> [u64; 8];

    fn add(self, other: Self) -> Self;

    fn sub(self, other: Self) -> Self;

    fn and(self, other: Self) -> Self;

    fn or(self, other: Self) -> Self;

    fn shl<const N: u32>(self) -> Self;

    fn shr<const N: u32>(self) -> Self;

    /// Shift right by the words of `n`, public and below 64.
    fn shr_each(self, n: Self) -> Self;

    /// Shift right, with the sign.
    fn sar<const N: u32>(self) -> Self;

    /// self + the low 52 bits of the product of the low 52 bits of a and b.
    fn madd_low(self, a: Self, b: Self) -> Self;

    /// self + the high 52 bits of that product of 104 bits.
    fn madd_high(self, a: Self, b: Self) -> Self;

    /// Word i becomes word i ⊕ n, for a public n < 8.
    fn swap(self, n: usize) -> Self;

    /// Word 0 in all words.
    fn splat_first(self) -> Self;

    /// Word 0 shifted right; 0 in the others.
    fn first_shr<const N: u32>(self) -> Self;

    /// Words N to N + 7 of `self` followed by `high`.
    fn window<const N: i32>(self, high: Self) -> Self;

    /// A bit for each word that is greater than that of the other.
    fn above(self, other: Self) -> u8;

    /// A bit for each word that equals that of the other.
    fn equal(self, other: Self) -> u8;

    /// The words of `other` where the bit is set.
    fn choose(self, bits: u8, other: Self) -> Self;

    /// Plus `other` where the bit is set.
    fn add_where(self, bits: u8, other: Self) -> Self;

    fn xor(self, other: Self) -> Self;

    /// All ones in the words whose number has the bit `n`, else 0.
    fn with_bit(proof: Self::Proof, n: usize) -> Self;

    /// Shift left by a public number below 64.
    fn shl_by(self, n: u32) -> Self;

    /// Shift right by a public number below 64.
    fn shr_by(self, n: u32) -> Self;

    #[cfg(feature = "eccsi")]
    /// The words of a point: 0 to 3 of x, 4 to 7 of y.
    fn point(proof: Self::Proof, point: &TablePoint) -> Self;

    /// Word j of result i is word i of row j.
    fn transpose(rows: [Self; 8]) -> [Self; 8];

    /// In each word, that of `low`, then `high`, which the low four bits of `index` say. In registers:
    /// no address depends on the index.
    fn pick(low: Self, high: Self, index: Self) -> Self;

    /// `other` in word `lane`, which is public, else self.
    fn replace_lane(self, lane: usize, other: Self) -> Self;

    /// `other` in the words where a = b, else self.
    fn replace_where_equal(self, a: Self, b: Self, other: Self) -> Self;

    #[cfg(feature = "eccsi")]
    /// The words of `row[n]`. Reads all of `row`.
    fn select(proof: Self::Proof, row: &[TablePoint], n: u64) -> Self;
}

/// What is to be computed in lanes. Implementations of `run`, and all that they call with lanes, are
/// `inline(always)`: code outside the function with the CPU features cannot take the instructions in.
/// (A closure would do, could it be given that attribute.)
pub(crate) trait Job {
    type Output;

    fn run(self) -> Self::Output;
}

/// No lanes: for kernels of single elements. There is no value, so that nothing is compiled.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NoLanes {}

impl Lanes for NoLanes {
    type Proof = Self;
    #[cfg(feature = "eccsi")]
    type Words = Self;

    fn run<J: Job>(proof: Self, _: J) -> J::Output {
        match proof {}
    }

    fn call<J: Job>(proof: Self, _: J) -> J::Output {
        match proof {}
    }

    #[cfg(feature = "sakke")]
    fn divsteps(proof: Self, _: u32, _: Packed) -> Packed {
        match proof {}
    }

    fn splat(proof: Self, _: u64) -> Self {
        proof
    }

    fn load(proof: Self, _: &[u64; 8]) -> Self {
        proof
    }

    fn store(self) -> [u64; 8] {
        match self {}
    }

    fn add(self, _: Self) -> Self {
        self
    }

    fn sub(self, _: Self) -> Self {
        self
    }

    fn and(self, _: Self) -> Self {
        self
    }

    fn or(self, _: Self) -> Self {
        self
    }

    fn shl<const N: u32>(self) -> Self {
        self
    }

    fn shr<const N: u32>(self) -> Self {
        self
    }

    fn shr_each(self, _: Self) -> Self {
        self
    }

    fn sar<const N: u32>(self) -> Self {
        self
    }

    fn madd_low(self, _: Self, _: Self) -> Self {
        self
    }

    fn madd_high(self, _: Self, _: Self) -> Self {
        self
    }

    fn swap(self, _: usize) -> Self {
        self
    }

    fn splat_first(self) -> Self {
        self
    }

    fn first_shr<const N: u32>(self) -> Self {
        self
    }

    fn window<const N: i32>(self, _: Self) -> Self {
        self
    }

    fn above(self, _: Self) -> u8 {
        match self {}
    }

    fn equal(self, _: Self) -> u8 {
        match self {}
    }

    fn choose(self, _: u8, _: Self) -> Self {
        self
    }

    fn add_where(self, _: u8, _: Self) -> Self {
        self
    }

    fn with_bit(proof: Self, _: usize) -> Self {
        proof
    }

    fn xor(self, _: Self) -> Self {
        self
    }

    fn shl_by(self, _: u32) -> Self {
        self
    }

    fn shr_by(self, _: u32) -> Self {
        self
    }

    #[cfg(feature = "eccsi")]
    fn point(proof: Self, _: &TablePoint) -> Self {
        proof
    }

    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        rows
    }

    fn pick(low: Self, _: Self, _: Self) -> Self {
        low
    }

    fn replace_lane(self, _: usize, _: Self) -> Self {
        self
    }

    fn replace_where_equal(self, _: Self, _: Self, _: Self) -> Self {
        self
    }

    #[cfg(feature = "eccsi")]
    fn select(proof: Self, _: &[TablePoint], _: u64) -> Self {
        proof
    }
}

/// The lanes in plain integers.
///
/// Each operation is a call: inlined into the whole of a job, they would take minutes to compile.
#[cfg(feature = "__backends")]
#[derive(Clone, Copy)]
pub(crate) struct Model([u64; 8]);

#[cfg(feature = "__backends")]
impl Model {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self(core::array::from_fn(|i| f(self.0[i], other.0[i])))
    }

    /// All ones for yes, else 0; behind a barrier.
    #[inline(always)]
    fn equal(a: u64, b: u64) -> u64 {
        portable::limbs::barrier(portable::limbs::is_zero_word(a ^ b))
    }
}

/// The product of the low 52 bits.
#[cfg(feature = "__backends")]
#[inline(always)]
fn product(a: u64, b: u64) -> u128 {
    const MASK: u64 = (1 << 52) - 1;
    u128::from(a & MASK) * u128::from(b & MASK)
}

/// The lowest bits of the words, side by side.
#[cfg(feature = "__backends")]
fn bits(words: Model) -> u8 {
    words.0.iter().rev().fold(0, |bits, word| bits << 1 | *word as u8 & 1)
}

/// All ones where the bit is set.
#[cfg(feature = "__backends")]
fn masks(bits: u8) -> Model {
    Model(core::array::from_fn(|i| word::barrier(0u64.wrapping_sub(u64::from(bits >> i & 1)))))
}

#[cfg(feature = "__backends")]
impl Lanes for Model {
    type Proof = ();
    #[cfg(feature = "eccsi")]
    type Words = words::Model;

    fn run<J: Job>((): (), job: J) -> J::Output {
        job.run()
    }

    #[inline(never)]
    fn call<J: Job>((): (), job: J) -> J::Output {
        job.run()
    }

    #[cfg(feature = "sakke")]
    fn divsteps((): (), count: u32, state: Packed) -> Packed {
        safegcd::divsteps(count, state)
    }

    #[inline(never)]
    fn splat((): (), x: u64) -> Self {
        Self([x; 8])
    }

    #[inline(never)]
    fn load((): (), words: &[u64; 8]) -> Self {
        Self(*words)
    }

    #[inline(never)]
    fn store(self) -> [u64; 8] {
        self.0
    }

    #[inline(never)]
    fn add(self, other: Self) -> Self {
        self.zip(other, u64::wrapping_add)
    }

    #[inline(never)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, u64::wrapping_sub)
    }

    #[inline(never)]
    fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    #[inline(never)]
    fn or(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    #[inline(never)]
    fn shl<const N: u32>(self) -> Self {
        Self(self.0.map(|a| a << N))
    }

    #[inline(never)]
    fn shr<const N: u32>(self) -> Self {
        Self(self.0.map(|a| a >> N))
    }

    #[inline(never)]
    fn shr_each(self, n: Self) -> Self {
        self.zip(n, |a, n| a >> n)
    }

    #[inline(never)]
    fn sar<const N: u32>(self) -> Self {
        Self(self.0.map(|a| (a as i64 >> N) as u64))
    }

    #[inline(never)]
    fn madd_low(self, a: Self, b: Self) -> Self {
        self.add(a.zip(b, |a, b| product(a, b) as u64 & ((1 << 52) - 1)))
    }

    #[inline(never)]
    fn madd_high(self, a: Self, b: Self) -> Self {
        self.add(a.zip(b, |a, b| (product(a, b) >> 52) as u64))
    }

    #[inline(never)]
    fn swap(self, n: usize) -> Self {
        Self(core::array::from_fn(|i| self.0[i ^ n]))
    }

    #[inline(never)]
    fn splat_first(self) -> Self {
        Self([self.0[0]; 8])
    }

    #[inline(never)]
    fn first_shr<const N: u32>(self) -> Self {
        let mut words = [0; 8];
        words[0] = self.0[0] >> N;
        Self(words)
    }

    #[inline(never)]
    fn window<const N: i32>(self, high: Self) -> Self {
        let at = |i: usize| if i < 8 { self.0[i] } else { high.0[i - 8] };
        Self(core::array::from_fn(|i| at(i + N as usize)))
    }

    #[inline(never)]
    fn above(self, other: Self) -> u8 {
        // Greater where the other one less this one borrows.
        bits(self.zip(other, |a, b| word::sbb(b, a, 0).1))
    }

    #[inline(never)]
    fn equal(self, other: Self) -> u8 {
        bits(self.zip(other, |a, b| word::is_zero_word(a ^ b) & 1))
    }

    #[inline(never)]
    fn choose(self, bits: u8, other: Self) -> Self {
        let [yes, no] = [masks(bits), masks(!bits)];
        self.and(no).or(other.and(yes))
    }

    #[inline(never)]
    fn add_where(self, bits: u8, other: Self) -> Self {
        self.add(other.and(masks(bits)))
    }

    #[inline(never)]
    fn with_bit((): (), n: usize) -> Self {
        Self(core::array::from_fn(|i| if i & n == 0 { 0 } else { !0 }))
    }

    #[inline(never)]
    fn xor(self, other: Self) -> Self {
        self.zip(other, |a, b| a ^ b)
    }

    #[inline(never)]
    fn shl_by(self, n: u32) -> Self {
        Self(self.0.map(|a| a << n))
    }

    #[inline(never)]
    fn shr_by(self, n: u32) -> Self {
        Self(self.0.map(|a| a >> n))
    }

    #[cfg(feature = "eccsi")]
    #[inline(never)]
    fn point((): (), point: &TablePoint) -> Self {
        let TablePoint { x, y } = point;
        Self(core::array::from_fn(|i| if i < 4 { x[i] } else { y[i - 4] }))
    }

    #[inline(never)]
    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        core::array::from_fn(|i| Self(rows.map(|row| row.0[i])))
    }

    #[inline(never)]
    fn pick(low: Self, high: Self, index: Self) -> Self {
        Self(index.0.map(|index| {
            let all = low.0.iter().chain(&high.0).zip(0u64..);
            all.fold(0, |found, (word, i)| found | word & Self::equal(index & 15, i))
        }))
    }

    #[inline(never)]
    fn replace_lane(mut self, lane: usize, other: Self) -> Self {
        self.0[lane] = other.0[lane];
        self
    }

    #[inline(never)]
    fn replace_where_equal(self, a: Self, b: Self, other: Self) -> Self {
        let mask = a.zip(b, Self::equal);
        Self(core::array::from_fn(|i| self.0[i] ^ (mask.0[i] & (self.0[i] ^ other.0[i]))))
    }

    #[cfg(feature = "eccsi")]
    #[inline(never)]
    fn select((): (), row: &[TablePoint], n: u64) -> Self {
        Self::point((), &portable::select(row, n))
    }
}
