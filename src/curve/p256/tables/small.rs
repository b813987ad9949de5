//! The generator's table for devices: 4 096 octets, whose first row serves as odd multiples, too.

use super::super::generator_table_small::COMB;
use super::{Odd, Rows, TurnedRows};

/// Without the feature `tables` no table of another point can exist.
pub(crate) enum Table {}

impl Table {
    pub(in super::super) fn rows(&self) -> Rows<'_> {
        match *self {}
    }
}

pub(in super::super) fn generator_rows() -> Rows<'static> {
    Rows::Small(&COMB)
}

pub(in super::super) fn generator_turned() -> Option<&'static TurnedRows> {
    None
}

pub(in super::super) fn generator_odd() -> Odd<'static> {
    generator_rows().comb().odd()
}
