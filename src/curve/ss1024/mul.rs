//! Multiplication by scalars in constant time, for points and for elements of PF_p alike.
//!
//! A scalar k is recoded into n digits that are all ±1: with k' = (k + 2ⁿ − 1)/2 mod q,
//! Σ (2k'ᵢ − 1)2ⁱ = 2k' − (2ⁿ − 1) ≡ k. No digit is zero, so that every scalar takes the same
//! steps; a table holds half of the combinations, the sign gives the others; every look-up reads
//! the whole table (Hamburg, "Fast and compact elliptic-curve cryptography", 2012).

use super::field::{Parameters, SignedDigits};
use crate::backend::fp1024::{Arithmetic, Field};
use alloc::vec::Vec;
use subtle::{Choice, ConditionallySelectable};
use zeroize::{Zeroize, Zeroizing};

/// A group of prime order q, written additively. Its elements may stand in lanes.
pub(crate) trait Group: Copy + Zeroize {
    /// What coordinates are made of.
    type Element: Parameters;
    /// An element in the form in which tables keep it.
    type Entry: Copy + Zeroize;

    /// The neutral element.
    fn identity(proof: <Self::Element as Arithmetic>::Proof) -> Self;
    /// a ← 2a
    fn double_in_place(&mut self);
    /// a + b
    fn add(&self, b: &Self) -> Self;
    /// −a
    fn neg(&self) -> Self;
    /// a ← a + b
    fn add_entry_in_place(&mut self, b: &Self::Entry);

    /// 2ⁿ·a
    fn double_times(&self, n: usize) -> Self {
        let mut a = *self;
        for _ in 0..n {
            a.double_in_place();
        }
        a
    }
    /// 2a
    fn double(&self) -> Self {
        self.double_times(1)
    }
    /// a + b
    #[cfg(test)]
    fn add_entry(&self, b: &Self::Entry) -> Self {
        let mut a = *self;
        a.add_entry_in_place(b);
        a
    }
}

/// The same, one element at a time: tables can be made and read.
pub(crate) trait FieldGroup: Group<Element: Field> + ConditionallySelectable {
    /// All coordinates.
    type Parts: Copy + Zeroize;

    /// As coordinates.
    fn to_parts(self) -> Self::Parts;
    /// From coordinates.
    fn from_parts(parts: Self::Parts) -> Self;
    /// `table[index]`. Reads all of it.
    fn look_up_parts(table: &[Self::Parts], index: u64) -> Self::Parts;
    /// Writes `table[index]`, or −`table[index]`. Reads all of it.
    fn look_up_entry(out: &mut Self::Entry, table: &[Self::Entry], index: u64, negative: Choice);
    /// Brings elements into the form of tables.
    fn entries(elements: &[Self]) -> Vec<Self::Entry>;
}

/// Digits of the scalar that one look-up takes.
pub(super) const TEETH: usize = 6;
/// Tables, each for a ninth of the columns; they share the doublings.
pub(super) const BLOCKS: usize = 9;
/// Entries of a table: the sign of the highest tooth is taken out.
const ENTRIES: usize = 1 << (TEETH - 1);

/// A comb of Lim and Lee (1994) with nine tables of 32 entries each.
///
/// Digit i of the scalar belongs to tooth i/(9c), block i/c mod 9 and column i mod c, where
/// n = 54c. Entry m of block j is the sum over the teeth a of ±2^(9ca + cj)·B, the sign of tooth a
/// plus where bit a of m is set, that of the highest tooth always plus.
#[derive(Zeroize)]
pub(crate) struct Comb<G: Group>(Vec<G::Entry>);

impl<G: FieldGroup> Comb<G> {
    /// Builds the tables: 1007 + 45 doublings, 324 additions, and the conversion of 288 entries. For
    /// n = 1026: on points `12736M`, on PF_p 4552 products with 3904 reductions, and an inversion.
    pub(crate) fn new(base: &G) -> Self {
        let columns = G::Element::DIGITS / (TEETH * BLOCKS);
        // 2^(c·i)·B for i below 54: tooth i/9 of block i mod 9.
        let mut powers = Zeroizing::new(Vec::with_capacity(TEETH * BLOCKS));
        powers.push(*base);
        for i in 1..TEETH * BLOCKS {
            let next = powers[i - 1].double_times(columns);
            powers.push(next);
        }
        let mut elements = Zeroizing::new(Vec::with_capacity(ENTRIES * BLOCKS));
        for block in 0..BLOCKS {
            let tooth = |a: usize| powers[BLOCKS * a + block];
            // Entry 0: the highest tooth minus all others. Setting bit a adds twice tooth a.
            let first = (0..TEETH - 1).fold(tooth(TEETH - 1), |sum, a| sum.add(&tooth(a).neg()));
            let start = elements.len();
            elements.push(first);
            for a in 0..TEETH - 1 {
                let twice = tooth(a).double();
                for m in 0..1 << a {
                    let with = elements[start + m].add(&twice);
                    elements.push(with);
                }
            }
        }
        Self(G::entries(&elements))
    }

    /// Writes what a column and a block of the scalar k stand for.
    pub(super) fn entry(&self, out: &mut G::Entry, k: &SignedDigits, column: usize, block: usize) {
        let columns = G::Element::DIGITS / (TEETH * BLOCKS);
        let (index, negative) = index(TEETH, |a| k.sign(columns * (BLOCKS * a + block) + column));
        G::look_up_entry(out, &self.0[ENTRIES * block..][..ENTRIES], index, negative);
    }

    /// A place for entries.
    pub(super) fn some_entry(&self) -> G::Entry {
        self.0[0]
    }
}

#[cfg(feature = "hazmat")]
impl<G: Group> super::size::Size for Comb<G> {
    fn size(&self) -> usize {
        size_of_val(self.0.as_slice())
    }
}

/// Σ kᵢ·Bᵢ by combs, which share the doublings: for n = 1026, 171 additions for each term and 18
/// doublings.
pub(crate) fn comb_sum<G: FieldGroup>(
    proof: <G::Element as Arithmetic>::Proof,
    terms: &[(&Comb<G>, &SignedDigits)],
) -> G {
    let columns = G::Element::DIGITS / (TEETH * BLOCKS);
    let mut sum = G::identity(proof);
    let Some(mut entry) = terms.first().map(|(comb, _)| comb.some_entry()) else { return sum };
    for column in (0..columns).rev() {
        if column + 1 != columns {
            sum.double_in_place();
        }
        for (comb, k) in terms {
            for block in 0..BLOCKS {
                comb.entry(&mut entry, k, column, block);
                sum.add_entry_in_place(&entry);
            }
        }
    }
    sum
}

/// Which entry stands for these signs, and whether it is to be negated.
fn index(teeth: usize, sign: impl Fn(usize) -> u64) -> (u64, Choice) {
    let top = sign(teeth - 1);
    // With a negative top the others are read inverted: the entry stands for the opposite.
    let flip = top ^ 1;
    let index = (0..teeth - 1).fold(0, |index, a| index | (sign(a) ^ flip) << a);
    (index, Choice::from(flip as u8))
}

/// Digits ±1 in one window of [`mul`].
const WINDOW: usize = 6;

/// k·B without a table made beforehand: 171 windows over the 32 odd multiples of B.
pub(crate) fn mul<G: FieldGroup>(base: &G, k: &SignedDigits) -> G {
    // Index m stands for signs of the window's digits as in the comb: the odd number 2m + 1.
    let twice = base.double();
    let mut odd = Zeroizing::new([base.to_parts(); 1 << (WINDOW - 1)]);
    let mut multiple = *base;
    for odd in &mut odd[1..] {
        multiple = multiple.add(&twice);
        *odd = multiple.to_parts();
    }
    // Entry m has top +2⁵ and the lower digits ±: 2⁵ + Σ ±2ᵃ = 2m + 1.
    let mut product: Option<G> = None;
    for window in (0..G::Element::DIGITS / WINDOW).rev() {
        let (index, negative) = index(WINDOW, |a| k.sign(WINDOW * window + a));
        let multiple = G::from_parts(G::look_up_parts(&odd[..], index));
        let multiple = G::conditional_select(&multiple, &multiple.neg(), negative);
        product = Some(match product {
            None => multiple,
            Some(product) => product.double_times(WINDOW).add(&multiple),
        });
    }
    product.unwrap_or(*base)
}

/// k·B for public k and B, by the non-adjacent form.
pub(crate) fn mul_vartime<G: Group>(proof: <G::Element as Arithmetic>::Proof, base: &G, k: &[u8]) -> G {
    let minus = base.neg();
    let mut product = G::identity(proof);
    for digit in naf_vartime(k).into_iter().rev() {
        product.double_in_place();
        match digit {
            1 => product = product.add(base),
            -1 => product = product.add(&minus),
            _ => {}
        }
    }
    product
}

/// The non-adjacent form of a big-endian integer, least significant digit first.
fn naf_vartime(k: &[u8]) -> Vec<i8> {
    let bits: Vec<i8> =
        k.iter().rev().flat_map(|octet| (0..8).map(move |i| (octet >> i & 1) as i8)).collect();
    let bit = |i: usize| bits.get(i).copied().unwrap_or(0);
    let mut carry = 0;
    let mut digits = Vec::with_capacity(bits.len() + 1);
    for i in 0..=bits.len() {
        let sum = bit(i) + carry;
        // An odd rest followed by a one is taken as −1, and 1 is carried.
        let digit = if sum & 1 == 0 { 0 } else { 1 - 2 * bit(i + 1) };
        carry = (sum - digit) / 2;
        digits.push(digit);
    }
    while digits.last() == Some(&0) {
        digits.pop();
    }
    digits
}
