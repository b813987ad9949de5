//! Multiplication by scalars in constant time, for points and for elements of PF_p alike.
//!
//! A scalar k is recoded into n digits that are all ±1: with k' = (k + 2ⁿ − 1)/2 mod q,
//! Σ (2k'ᵢ − 1)2ⁱ = 2k' − (2ⁿ − 1) ≡ k. No digit is zero, so that every scalar takes the same
//! steps; a table holds half of the combinations, the sign gives the others; every look-up reads
//! the whole table (Hamburg, "Fast and compact elliptic-curve cryptography", 2012).

use super::field::{Parameters, SignedDigits};
use alloc::vec::Vec;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

/// A group of prime order q, written additively.
pub(crate) trait Group: Copy + ConditionallySelectable + Zeroize {
    /// An element in the form in which tables keep it.
    type Entry: Copy + ConditionallySelectable + Zeroize;

    /// The neutral element.
    const IDENTITY: Self;

    /// 2a
    fn double(&self) -> Self;
    /// 2ⁿ·a
    fn double_times(&self, n: usize) -> Self {
        (0..n).fold(*self, |a, _| a.double())
    }
    /// a + b
    fn add(&self, b: &Self) -> Self;
    /// −a, or a
    fn neg_if(&self, choice: Choice) -> Self;
    /// a + b
    fn add_entry(&self, b: &Self::Entry) -> Self;
    /// −b, or b
    fn neg_entry_if(b: &Self::Entry, choice: Choice) -> Self::Entry;
    /// Brings elements into the form of tables.
    fn entries(elements: &[Self]) -> Vec<Self::Entry>;
}

/// Digits of the scalar that one look-up takes.
const TEETH: usize = 6;
/// Tables, each for a quarter of the columns; they share the doublings.
const BLOCKS: usize = 4;
/// Entries of a table: the sign of the highest tooth is taken out.
const ENTRIES: usize = 1 << (TEETH - 1);

/// A comb of Lim and Lee (1994) with four tables of 32 entries each.
///
/// Digit i of the scalar belongs to tooth i/(4c), block i/c mod 4 and column i mod c, where
/// n = 24c. Entry m of block j is the sum over the teeth a of ±2^(4ca + cj)·B, the sign of tooth a
/// plus where bit a of m is set, that of the highest tooth always plus.
///
/// For n = 1032: 49 152 octets on points, 16 384 on PF_p.
#[derive(Zeroize)]
pub(crate) struct Comb<G: Group>(Vec<G::Entry>);

impl<G: Group> Comb<G> {
    /// Builds the tables: 989 + 20 doublings, 144 additions, and the conversion of 128 entries. For
    /// n = 1032: on points `4990M + 4036S`, on PF_p `2962M`, and an inversion.
    pub(crate) fn new<F: Parameters>(base: &G) -> Self {
        let columns = F::DIGITS / (TEETH * BLOCKS);
        // 2^(c·i)·B for i below 24: tooth i/4 of block i mod 4.
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
            let first =
                (0..TEETH - 1).fold(tooth(TEETH - 1), |sum, a| sum.add(&tooth(a).neg_if(Choice::from(1))));
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

    /// Octets that the tables take.
    #[cfg(feature = "hazmat")]
    pub(crate) fn size(&self) -> usize {
        size_of_val(self.0.as_slice())
    }
}

/// Σ kᵢ·Bᵢ by combs, which share the doublings: for n = 1032, 172 additions for each term and 42
/// doublings. On points one term costs `1372M + 168S`, two `2576M + 168S`; on PF_p one `428M`.
pub(crate) fn comb_sum<F: Parameters, G: Group>(terms: &[(&Comb<G>, &SignedDigits)]) -> G {
    let columns = F::DIGITS / (TEETH * BLOCKS);
    let mut sum = G::IDENTITY;
    for column in (0..columns).rev() {
        if column + 1 != columns {
            sum = sum.double();
        }
        for (comb, k) in terms {
            for block in 0..BLOCKS {
                let sign = |a: usize| k.sign(columns * (BLOCKS * a + block) + column);
                let entry = look_up(&comb.0[ENTRIES * block..][..ENTRIES], TEETH, sign);
                let (entry, negative) = entry;
                sum = sum.add_entry(&G::neg_entry_if(&entry, negative));
            }
        }
    }
    sum
}

/// Reads the entry for `teeth` signs, and whether it is to be negated.
fn look_up<E: Copy + ConditionallySelectable>(
    table: &[E],
    teeth: usize,
    sign: impl Fn(usize) -> u64,
) -> (E, Choice) {
    let top = sign(teeth - 1);
    // With a negative top the others are read inverted: the entry stands for the opposite.
    let flip = top ^ 1;
    let index = (0..teeth - 1).fold(0, |index, a| index | (sign(a) ^ flip) << a);
    let mut entry = table[0];
    for (i, candidate) in table.iter().enumerate().skip(1) {
        entry.conditional_assign(candidate, (i as u64).ct_eq(&index));
    }
    (entry, Choice::from(flip as u8))
}

/// Digits ±1 in one window of [`mul`].
const WINDOW: usize = 6;

/// k·B without a table made beforehand: 172 windows over the 32 odd multiples of B.
///
/// For n = 1032, on points `4869M + 4108S`, on PF_p `2660M`.
pub(crate) fn mul<F: Parameters, G: Group>(base: &G, k: &SignedDigits) -> G {
    // Index m stands for signs of the window's digits as in the comb: the odd number 2m + 1.
    let twice = base.double();
    let mut odd = Zeroizing::new([*base; 1 << (WINDOW - 1)]);
    for m in 1..odd.len() {
        odd[m] = odd[m - 1].add(&twice);
    }
    // Entry m has top +2⁵ and the lower digits ±: 2⁵ + Σ ±2ᵃ = 2m + 1.
    let mut product: Option<G> = None;
    for window in (0..F::DIGITS / WINDOW).rev() {
        let (multiple, negative) = look_up(&odd[..], WINDOW, |a| k.sign(WINDOW * window + a));
        let multiple = multiple.neg_if(negative);
        product = Some(match product {
            None => multiple,
            Some(product) => product.double_times(WINDOW).add(&multiple),
        });
    }
    product.unwrap_or(G::IDENTITY)
}

/// k·B for public k and B, by the non-adjacent form.
pub(crate) fn mul_vartime<G: Group>(base: &G, k: &[u8]) -> G {
    let minus = base.neg_if(Choice::from(1));
    let mut product = G::IDENTITY;
    for digit in naf_vartime(k).into_iter().rev() {
        product = product.double();
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
