//! The generator's tables with the feature `tables`: 221 184 octets.

use super::super::generator_table::{COMB, ODD, ROWS_OF_16};
use super::{Odd, Rows, TurnedRow, TurnedRows};

static TURNED: TurnedRows = {
    let mut rows = [TurnedRow([[0; 16]; 8]); 52];
    let mut i = 0;
    while i < rows.len() * 16 {
        let (row, n) = (&mut rows[i / 16].0, i % 16);
        let mut word = 0;
        while word < 4 {
            row[word][n] = ROWS_OF_16[i].x[word];
            row[word + 4][n] = ROWS_OF_16[i].y[word];
            word += 1;
        }
        i += 1;
    }
    rows
};

/// For one secret scalar in lanes: eight additions, and rows of which two stay in the first cache.
pub(in super::super) fn generator_turned() -> Option<&'static TurnedRows> {
    Some(&TURNED)
}

pub(in super::super) fn generator_rows() -> Rows<'static> {
    Rows::OfGenerator(&COMB)
}

pub(in super::super) fn generator_odd() -> Odd<'static> {
    Odd { width: 10, entries: &ODD }
}
