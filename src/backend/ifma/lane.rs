//! Eight 64-bit words at a time.

#![cfg_attr(
    not(all(feature = "eccsi", feature = "sakke")),
    allow(dead_code, reason = "each curve uses its part of the lanes")
)]

#[cfg(feature = "eccsi")]
use crate::backend::p256::TablePoint;
#[cfg(all(feature = "__backends", feature = "eccsi"))]
use crate::backend::portable;
#[cfg(feature = "__backends")]
use crate::backend::portable::word;

/// Eight words and what IFMA does with them, word by word.
///
/// Whoever holds a value, or a proof, may use all of it.
pub(crate) trait Lanes: Copy {
    /// The proof that the CPU has the instructions.
    type Proof: Copy;

    /// Runs a job where the instructions are inlined. All that follows but `select` belongs inside.
    fn run<J: Job>(proof: Self::Proof, job: J) -> J::Output;

    /// The same, as a function of its own: for what is called often, so that it stands there once.
    fn call<J: Job>(proof: Self::Proof, job: J) -> J::Output;

    fn splat(proof: Self::Proof, x: u64) -> Self;

    /// Word `limb` of each point: 0 to 3 of x, 4 to 7 of y.
    #[cfg(feature = "eccsi")]
    fn limb(proof: Self::Proof, points: &[TablePoint; 8], limb: usize) -> Self;

    fn load(proof: Self::Proof, words: &[u64; 8]) -> Self;

    fn store(self) -> [u64; 8];

    fn add(self, other: Self) -> Self;

    fn sub(self, other: Self) -> Self;

    fn and(self, other: Self) -> Self;

    fn or(self, other: Self) -> Self;

    fn shl<const N: u32>(self) -> Self;

    fn shr<const N: u32>(self) -> Self;

    /// Shift right, with the sign.
    fn sar<const N: u32>(self) -> Self;

    /// self + the low 52 bits of the product of the low 52 bits of a and b.
    fn madd_low(self, a: Self, b: Self) -> Self;

    /// self + the high 52 bits of that product of 104 bits.
    fn madd_high(self, a: Self, b: Self) -> Self;

    /// Word i becomes word i + N modulo 8.
    fn rotate<const N: i32>(self) -> Self;

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

    /// Word j of result i is word i of row j.
    fn transpose(rows: [Self; 8]) -> [Self; 8];

    /// `row[n]`. Reads all of `row`.
    #[cfg(feature = "eccsi")]
    fn select(proof: Self::Proof, row: &[TablePoint], n: u64) -> TablePoint;
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

    fn run<J: Job>(proof: Self, _: J) -> J::Output {
        match proof {}
    }

    fn call<J: Job>(proof: Self, _: J) -> J::Output {
        match proof {}
    }

    fn splat(proof: Self, _: u64) -> Self {
        proof
    }

    #[cfg(feature = "eccsi")]
    fn limb(proof: Self, _: &[TablePoint; 8], _: usize) -> Self {
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

    fn sar<const N: u32>(self) -> Self {
        self
    }

    fn madd_low(self, _: Self, _: Self) -> Self {
        self
    }

    fn madd_high(self, _: Self, _: Self) -> Self {
        self
    }

    fn rotate<const N: i32>(self) -> Self {
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

    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        rows
    }

    #[cfg(feature = "eccsi")]
    fn select(proof: Self, _: &[TablePoint], _: u64) -> TablePoint {
        match proof {}
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

    fn run<J: Job>((): (), job: J) -> J::Output {
        job.run()
    }

    #[inline(never)]
    fn call<J: Job>((): (), job: J) -> J::Output {
        job.run()
    }

    #[inline(never)]
    fn splat((): (), x: u64) -> Self {
        Self([x; 8])
    }

    #[cfg(feature = "eccsi")]
    #[inline(never)]
    fn limb((): (), points: &[TablePoint; 8], limb: usize) -> Self {
        Self(points.map(|point| if limb < 4 { point.x[limb] } else { point.y[limb - 4] }))
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
    fn rotate<const N: i32>(self) -> Self {
        Self(core::array::from_fn(|i| self.0[(i + N as usize) % 8]))
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
    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        core::array::from_fn(|i| Self(core::array::from_fn(|j| rows[j].0[i])))
    }

    #[cfg(feature = "eccsi")]
    #[inline(never)]
    fn select((): (), row: &[TablePoint], n: u64) -> TablePoint {
        portable::select(row, n)
    }
}
