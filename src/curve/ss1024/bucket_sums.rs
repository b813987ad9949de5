//! Sums Σ \[kᵢ\]Kᵢ of many secret points with public scalars, by buckets.
//!
//! A scalar is cut into windows of w bits, digits from −2^(w−1) + 1 to 2^(w−1). For each window there is a bucket for
//! each j from 1 on, the sum of all ±Kᵢ whose digit is ±j; the window's part is Σ j·bucket j, by adding up sums from the highest
//! bucket on (Pippenger 1976). Windows do not depend on each other: a backend with lanes has one in each lane.
//!
//! Digits choose addresses, and are public. What is added is not looked at: the formulas have no exception for points of
//! odd order, the identity included.

use super::edwards::{Edwards, Niels};
use super::field::Parameters;
use super::mul::{FieldGroup, Group};
use super::point::Affine;
use crate::backend::fp1024::{Arithmetic, Field};
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// How an implementation has N independent elements side by side.
pub(super) trait SideBySide<const N: usize>: Copy {
    type Single: Parameters + Field;
    type Wide: Parameters<Proof = <Self::Single as Arithmetic>::Proof>;

    fn proof(self) -> <Self::Single as Arithmetic>::Proof;
    /// Coordinates of N rows, and those of each.
    fn gather<const M: usize>(rows: [[&Self::Single; M]; N]) -> [Self::Wide; M];
    /// What a sum or a doubling gave, as N rows.
    fn scatter<const M: usize>(row: &[Self::Wide; M]) -> [[Self::Single; M]; N];
}

/// A point as an entry of a table, and the last coordinate of its opposite, whose others are these in turn.
type Entry<F> = [F; 4];

fn signed<F>(entry: &Entry<F>, negative: bool) -> [&F; 3] {
    if negative { [&entry[1], &entry[0], &entry[3]] } else { [&entry[0], &entry[1], &entry[2]] }
}

fn entries<F: Parameters + Field>(points: &[Affine<F>]) -> Zeroizing<Vec<Entry<F>>> {
    let points: Zeroizing<Vec<_>> = Zeroizing::new(points.iter().map(Edwards::from_affine).collect());
    let entries: Zeroizing<Vec<Niels<F>>> = Zeroizing::new(Edwards::entries(&points));
    let mut signed = Zeroizing::new(Vec::with_capacity(entries.len()));
    signed.extend(entries.iter().map(|[minus, plus, d]| [*minus, *plus, *d, d.neg()]));
    signed
}

/// Digits of a big-endian integer in radix 2ʷ, least significant first, `count` of them: more than it has bits/w.
fn digits_vartime(k: &[u8], w: usize, count: usize) -> Vec<i16> {
    let bit = |i: usize| k.len().checked_sub(i / 8 + 1).map_or(0, |at| i16::from(k[at] >> (i % 8) & 1));
    let mut carry = 0;
    let mut digits = Vec::with_capacity(count);
    for window in 0..count {
        let digit = (0..w).fold(carry, |digit, i| digit + (bit(w * window + i) << i));
        carry = i16::from(digit > 1 << (w - 1));
        digits.push(digit - (carry << w));
    }
    debug_assert_eq!(carry, 0, "a digit is missing");
    digits
}

/// Windows that a number of so many bits takes, the carry out of it included.
const fn windows(bits: usize, w: usize) -> usize {
    bits / w + 1
}

/// The width of windows for which `points` points with scalars of so many bits take the fewest products, N windows
/// side by side.
fn width<const N: usize>(points: usize, bits: &[usize]) -> usize {
    let cost = |w: &usize| {
        let all: usize = bits.iter().map(|bits| windows(*bits, *w)).sum();
        all.div_ceil(N) * (7 * points + 16 * (1 << (w - 1)))
    };
    (2..12).min_by_key(cost).unwrap_or(2)
}

/// Coordinates within the bounds of sums: in lanes those that come from single elements are larger.
fn reduced<A: Arithmetic, const M: usize>(row: [A; M]) -> [A; M] {
    row.map(|coordinate| coordinate.reduce())
}

/// The parts of N windows, one beside the other: Σ digitᵢ·Kᵢ each.
fn parts_vartime<S: SideBySide<N>, const N: usize>(
    side: S,
    entries: &[Entry<S::Single>],
    digits: impl Fn(usize) -> [i16; N],
    highest: usize,
) -> Zeroizing<[[S::Single; 4]; N]> {
    // Bucket 0 takes what belongs nowhere.
    let buckets = highest + 1;
    let identity = Edwards::<S::Single>::identity(side.proof()).0;
    let mut sums = Zeroizing::new(alloc::vec![identity; N * buckets]);
    for (i, entry) in entries.iter().enumerate() {
        let digits = digits(i);
        let place = |lane: usize| lane * buckets + usize::from(digits[lane].unsigned_abs());
        let term = S::gather(digits.map(|digit| signed(entry, digit < 0)));
        let mut sum = Edwards(reduced(S::gather(core::array::from_fn(|lane| sums[place(lane)].each_ref()))));
        sum.add_entry_in_place(&term);
        for (lane, row) in S::scatter(&sum.0).into_iter().enumerate() {
            sums[place(lane)] = row;
        }
    }
    let mut running = Edwards::<S::Wide>::identity(side.proof());
    let mut total = running;
    for j in (1..buckets).rev() {
        let bucket = S::gather(core::array::from_fn(|lane| sums[lane * buckets + j].each_ref()));
        running = running.add(&Edwards(reduced(bucket)));
        total = total.add(&running);
    }
    Zeroizing::new(S::scatter(&total.0))
}

/// Σ \[kᵢ\]Kᵢ, for each place in the rows of scalars one sum: big-endian integers of any length, public, the rows as
/// long as each other. The points have order q.
pub(super) fn sums_vartime<S: SideBySide<N>, const N: usize, const M: usize>(
    side: S,
    points: &[Affine<S::Single>],
    scalars: &[[&[u8]; M]],
) -> [Edwards<S::Single>; M] {
    let entries = entries(points);
    let bits: [usize; M] = core::array::from_fn(|sum| {
        let bits = |k: &[u8]| {
            let zeros = k.iter().take_while(|octet| **octet == 0).count();
            8 * (k.len() - zeros)
        };
        scalars.iter().map(|row| bits(row[sum])).max().unwrap_or(0)
    });
    let w = width::<N>(points.len(), &bits);
    let counts = bits.map(|bits| windows(bits, w));
    // The windows of all sums, one behind the other.
    let digits: Vec<Vec<i16>> = scalars
        .iter()
        .map(|row| row.iter().zip(counts).flat_map(|(k, count)| digits_vartime(k, w, count)).collect())
        .collect();
    let all: usize = counts.iter().sum();
    let mut parts = Zeroizing::new(Vec::with_capacity(all.next_multiple_of(N)));
    for first in (0..all).step_by(N) {
        let window =
            |i: usize| core::array::from_fn(|lane| digits[i].get(first + lane).copied().unwrap_or(0));
        parts.extend_from_slice(&parts_vartime(side, &entries, window, 1 << (w - 1))[..]);
    }
    let mut rest = &parts[..];
    counts.map(|count| {
        let (of_sum, others) = rest.split_at(count);
        rest = others;
        let sum = Edwards::identity(side.proof());
        of_sum.iter().rev().fold(sum, |sum, part| sum.double_times(w).add(&Edwards(*part)))
    })
}
