//! The lanes in plain integers.
//!
//! Each operation is a call: inlined into the whole of a job, they would take minutes to compile.

use super::{Job, Vector};
#[cfg(feature = "eccsi")]
use crate::backend::ifma::words;
#[cfg(feature = "sakke")]
use crate::backend::portable::safegcd::{self, Packed};
use crate::backend::portable::word;
#[cfg(feature = "eccsi")]
use crate::backend::table_point::{self, TablePoint};

/// Eight words in an array.
#[derive(Clone, Copy)]
pub(crate) struct Model([u64; 8]);

impl Model {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self(core::array::from_fn(|i| f(self.0[i], other.0[i])))
    }

    /// All ones for yes, else 0; behind a barrier.
    #[inline(always)]
    fn equal(a: u64, b: u64) -> u64 {
        word::barrier(word::is_zero_word(a ^ b))
    }
}

/// The product of the low 52 bits.
#[inline(always)]
fn product(a: u64, b: u64) -> u128 {
    const MASK: u64 = (1 << 52) - 1;
    u128::from(a & MASK) * u128::from(b & MASK)
}

/// The lowest bits of the words, side by side.
fn bits(words: Model) -> u8 {
    words.0.iter().rev().fold(0, |bits, word| bits << 1 | *word as u8 & 1)
}

/// All ones where the bit is set.
fn masks(bits: u8) -> Model {
    Model(core::array::from_fn(|i| word::barrier(0u64.wrapping_sub(u64::from(bits >> i & 1)))))
}

impl Vector for Model {
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
    fn permute_xor(self, n: usize) -> Self {
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
    fn words_from<const N: i32>(self, high: Self) -> Self {
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
    fn select(bits: u8, yes: Self, no: Self) -> Self {
        yes.and(masks(bits)).or(no.and(masks(!bits)))
    }

    #[inline(never)]
    fn select_lane(lane: usize, yes: Self, mut no: Self) -> Self {
        no.0[lane] = yes.0[lane];
        no
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
    fn look_up(low: Self, high: Self, index: Self) -> Self {
        Self(index.0.map(|index| {
            let all = low.0.iter().chain(&high.0).zip(0u64..);
            all.fold(0, |found, (word, i)| found | word & Self::equal(index & 15, i))
        }))
    }

    #[cfg(feature = "eccsi")]
    #[inline(never)]
    fn look_up_point((): (), row: &[TablePoint], n: u64) -> Self {
        Self::point((), &table_point::look_up(row, n))
    }
}
