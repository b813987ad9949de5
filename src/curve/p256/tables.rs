//! Tables of multiples of fixed points: their shapes, and which there are of the generator.
//!
//! | table | of | shape | octets |
//! |---|---|---|---:|
//! | [`Rows::OfGenerator`] | G | 37 rows of 64 points | 151 552 |
//! | [`generator_turned`] | G | 52 rows of 16 points, word by word | 53 248 |
//! | [`generator_odd`] | G | 256 odd multiples | 16 384 |
//! | [`Rows::OfPoint`] | a public point | 43 rows of 32 points | 88 064 |
//! | [`Rows::Small`] | G, without the feature `tables` | 8 rows of 8 points | 4 096 |

#[cfg(feature = "tables")]
mod build;
#[cfg(feature = "tables")]
mod large;
#[cfg(not(feature = "tables"))]
mod small;
#[cfg(all(test, feature = "tables"))]
mod tests;

use super::recode::Digits;
use crate::backend::p256::TablePoint;

#[cfg(feature = "tables")]
pub(crate) use build::Table;
#[cfg(feature = "tables")]
pub(super) use large::{generator_odd, generator_rows, generator_turned};
#[cfg(not(feature = "tables"))]
pub(super) use small::{Table, generator_odd, generator_rows, generator_turned};

/// The rows of one point, by the shape of the table: code for vectors wants lengths that the compiler knows.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "the feature `tables` says which of them exist")]
pub(super) enum Rows<'a> {
    /// A row for each digit of seven bits.
    OfGenerator(&'a [[TablePoint; 64]; Digits::count(7)]),
    /// A row for each digit of six bits.
    OfPoint(&'a RowsOfPoint),
    /// A row for each eighth digit of four bits: the digits between take doublings.
    Small(&'a [TablePoint; 64]),
}

/// See [`Rows::OfPoint`].
pub(super) type RowsOfPoint = [[TablePoint; 32]; Digits::count(6)];

impl<'a> Rows<'a> {
    /// The same rows in the one form for all shapes.
    #[inline(always)]
    pub(super) fn comb(self) -> Comb<'a> {
        match self {
            Self::OfGenerator(rows) => Comb { width: 7, spacing: 1, entries: rows.as_flattened() },
            Self::OfPoint(rows) => Comb { width: 6, spacing: 1, entries: rows.as_flattened() },
            Self::Small(entries) => Comb { width: 4, spacing: 8, entries },
        }
    }
}

/// Rows of odd multiples of one point P: row r holds 1, 3, … 2^width − 1 times
/// \[2^(width·spacing·r)\]P.
///
/// With spacing 1 there is a row for each digit of a scalar, and a multiplication is one addition
/// for each row, without a doubling.
#[derive(Clone, Copy)]
pub(super) struct Comb<'a> {
    pub(super) width: usize,
    pub(super) spacing: usize,
    pub(super) entries: &'a [TablePoint],
}

impl<'a> Comb<'a> {
    /// The first row, which serves a non-adjacent form one digit wider.
    pub(super) fn odd(&self) -> Odd<'a> {
        Odd { width: self.width + 1, entries: &self.entries[..1 << (self.width - 1)] }
    }

    /// The entries of row r.
    #[inline(always)]
    pub(super) fn row(&self, r: usize) -> &'a [TablePoint] {
        let len = 1 << (self.width - 1);
        &self.entries[r * len..][..len]
    }

    /// The entries of each row.
    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = &'a [TablePoint]> {
        self.entries.chunks_exact(1 << (self.width - 1))
    }
}

/// 1, 3, 5, … (2^(width − 1) − 1) times a point, for a non-adjacent form of this width.
#[derive(Clone, Copy)]
pub(super) struct Odd<'a> {
    pub(super) width: usize,
    pub(super) entries: &'a [TablePoint],
}

/// A row of 16 points for digits of five bits, word by word: word j of x, then of y, of all of them.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct TurnedRow(pub(super) [[u64; 16]; 8]);

impl TurnedRow {
    /// Bits of the digits that such rows are for.
    pub(super) const WIDTH: usize = 5;
}

/// A row for each digit.
pub(super) type TurnedRows = [TurnedRow; Digits::count(TurnedRow::WIDTH)];
