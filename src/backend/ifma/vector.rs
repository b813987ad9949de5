//! Eight 64-bit words at a time.

#![cfg_attr(
    not(all(feature = "eccsi", feature = "sakke")),
    allow(dead_code, reason = "each curve uses its part of the lanes")
)]

#[cfg(feature = "__backends")]
mod model;
#[cfg(feature = "eccsi")]
mod none;

#[cfg(feature = "__backends")]
pub(crate) use model::Model;
#[cfg(feature = "eccsi")]
pub(crate) use none::NoVector;

#[cfg(feature = "eccsi")]
use super::words::Words;
#[cfg(feature = "sakke")]
use crate::backend::portable::safegcd::Packed;
#[cfg(feature = "eccsi")]
use crate::backend::table_point::TablePoint;

/// Eight words and what IFMA does with them, word by word.
///
/// A value, or a proof, shows that the CPU has the instructions: whoever holds one may call all of this.
pub(crate) trait Vector: Copy + Send + Sync + 'static {
    /// The proof that the CPU has the instructions: a token that only the check of the CPU makes.
    type Proof: Copy + Send + Sync + 'static;

    #[cfg(feature = "eccsi")]
    /// Sixteen words of 32 bits.
    type Words: Words<Proof = Self::Proof>;

    /// Runs a job where the instructions are inlined. All that follows belongs inside.
    fn run<J: Job>(proof: Self::Proof, job: J) -> J::Output;

    /// The same, never inlined: for what is called often, so that its code exists once.
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

    /// Word i ⊕ n in word i, for a public n < 8.
    fn permute_xor(self, n: usize) -> Self;

    /// Word 0 in all words.
    fn splat_first(self) -> Self;

    /// Word 0 shifted right; 0 in the others.
    fn first_shr<const N: u32>(self) -> Self;

    /// Words N to N + 7 of the sixteen of `self` and `high`.
    fn words_from<const N: i32>(self, high: Self) -> Self;

    /// A bit for each word that is greater than that of the other.
    fn above(self, other: Self) -> u8;

    /// A bit for each word that equals that of the other.
    fn equal(self, other: Self) -> u8;

    /// The words of `yes` where the bit is set, else those of `no`. The bits may be secret.
    fn select(bits: u8, yes: Self, no: Self) -> Self;

    /// The word of `yes` in this lane, which is public, else those of `no`.
    fn select_lane(lane: usize, yes: Self, no: Self) -> Self;

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

    /// In each word the one, of the sixteen of `low` and `high`, that the low four bits of `index` number. In
    /// registers: no address depends on the index.
    fn look_up(low: Self, high: Self, index: Self) -> Self;

    #[cfg(feature = "eccsi")]
    /// The words of `row[n]`. Reads all of `row`.
    fn look_up_point(proof: Self::Proof, row: &[TablePoint], n: u64) -> Self;
}

/// What is to be computed in lanes. Implementations of `run`, and all that they call with lanes, are
/// `inline(always)`: code outside the function with the CPU features cannot take the instructions in.
/// (A closure would do, could it be given that attribute.)
pub(crate) trait Job {
    type Output;

    fn run(self) -> Self::Output;
}
