//! Points of tables in lanes: looked up by secret digits from a row that all lanes share, from tables
//! with one lane for each, or loaded by public digits.

use super::digits::LaneDigit;
use super::points::AffinePoints;
use crate::backend::ifma::p256x8::Fe8;
use crate::backend::ifma::vector::Vector;
use crate::backend::p256::TablePoint;

/// The most vectors of one word: rows have up to 128 points.
const MOST: usize = 16;

/// A row of points, turned: word j of points 8c to 8c + 7 in vector c of word j.
pub(super) struct Row<L> {
    words: [[L; MOST]; 8],
    used: usize,
}

impl<L: Vector> Row<L> {
    /// For a power of two of points, from 8 to 128.
    #[inline(always)]
    pub(super) fn new(proof: L::Proof, points: &[TablePoint]) -> Self {
        debug_assert!(points.len().is_power_of_two() && points.len() >= 8 && points.len() <= 8 * MOST);
        let mut row = Self { words: [[L::splat(proof, 0); MOST]; 8], used: points.len() / 8 };
        for (c, points) in points.chunks_exact(8).enumerate() {
            let mut rows = [L::splat(proof, 0); 8];
            for (row, point) in rows.iter_mut().zip(points) {
                *row = L::point(proof, point);
            }
            let turned = L::transpose(rows);
            for (word, turned) in row.words.iter_mut().zip(turned) {
                word[c] = turned;
            }
        }
        row
    }

    /// In each lane the point of its digit. Reads all of the row, in the same order whatever the digits.
    #[inline(always)]
    pub(super) fn look_up(&self, proof: L::Proof, digit: &LaneDigit<L>) -> AffinePoints<L, 1> {
        let one = L::splat(proof, 1);
        // All ones where bit 4, 5, 6 of the index is 0
        let mut clear = [digit.half.shr::<4>(), digit.half.shr::<5>(), digit.half.shr::<6>()];
        for bit in &mut clear {
            *bit = bit.and(one).sub(one);
        }
        let mut words = [one; 8];
        for (found, word) in words.iter_mut().zip(&self.words) {
            *found = self.look_up_word(word, digit.half, &clear);
        }
        signed(proof, words, digit)
    }

    /// Of each sixteen points one; then of each two one, by the next bit of the index.
    #[inline(always)]
    fn look_up_word(&self, word: &[L; MOST], index: L, clear: &[L; 3]) -> L {
        let mut found = [word[0]; MOST / 2];
        let mut count = self.used.div_ceil(2);
        for c in 0..count {
            found[c] = L::look_up(word[2 * c], word[2 * c + 1], index);
        }
        for clear in clear {
            if count > 1 {
                count /= 2;
                for c in 0..count {
                    let (low, high) = (found[2 * c], found[2 * c + 1]);
                    found[c] = high.xor(low.xor(high).and(*clear));
                }
            }
        }
        found[0]
    }
}

/// In each lane the point at its place, negated where the mask says so. The places are public.
#[inline(always)]
pub(super) fn load_vartime<L: Vector>(
    proof: L::Proof,
    points: [&TablePoint; 8],
    digit: &LaneDigit<L>,
) -> AffinePoints<L, 1> {
    let mut rows = [L::splat(proof, 0); 8];
    for (row, point) in rows.iter_mut().zip(points) {
        *row = L::point(proof, point);
    }
    signed(proof, L::transpose(rows), digit)
}

/// From Montgomery forms of x and y, ± by the digit.
#[inline(always)]
fn signed<L: Vector>(proof: L::Proof, words: [L; 8], digit: &LaneDigit<L>) -> AffinePoints<L, 1> {
    let [a, b, c, d, e, f, g, h] = words;
    let x = Fe8::from_montgomery(proof, &[a, b, c, d]);
    let y = Fe8::from_montgomery(proof, &[e, f, g, h]);
    let mut point = AffinePoints { x: [x], y: [y] };
    point.negate_where(proof, &[digit.negative]);
    point
}

/// Eight tables of `ENTRIES` points, one in each lane: x and y of entry i in all lanes.
pub(super) type LaneTable<L> = [[Fe8<L>; 2]];

/// In each lane the point of its digit. Reads all of the table.
#[inline(always)]
pub(super) fn look_up_own<L: Vector>(
    proof: L::Proof,
    table: &LaneTable<L>,
    digit: &LaneDigit<L>,
) -> AffinePoints<L, 1> {
    let [mut x, mut y] = table[0];
    for (i, entry) in table.iter().enumerate().skip(1) {
        let i = L::splat(proof, i as u64);
        let here = digit.half.equal(i);
        x = Fe8::select_bits(here, &entry[0], &x);
        y = Fe8::select_bits(here, &entry[1], &y);
    }
    let mut point = AffinePoints { x: [x], y: [y] };
    point.negate_where(proof, &[digit.negative]);
    point
}
