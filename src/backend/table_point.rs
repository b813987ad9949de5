//! The entries of tables of P-256 points, and the look-up that reads a whole row.

use super::portable::limbs::{self, Limbs};

/// An affine point in a table: coordinates in Montgomery form, x·2²⁵⁶ mod p, each below p. One
/// cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct TablePoint {
    pub(crate) x: Limbs,
    pub(crate) y: Limbs,
}

impl TablePoint {
    pub(crate) const ZERO: Self = Self { x: [0; 4], y: [0; 4] };
}

/// `row[n]`. Reads all of `row`.
#[inline]
pub(crate) fn look_up(row: &[TablePoint], n: u64) -> TablePoint {
    let mut found = TablePoint::ZERO;
    for (entry, i) in row.iter().zip(0u64..) {
        let mask = limbs::barrier(limbs::is_zero_word(i ^ n));
        for (found, limb) in found.x.iter_mut().zip(&entry.x) {
            *found |= limb & mask;
        }
        for (found, limb) in found.y.iter_mut().zip(&entry.y) {
            *found |= limb & mask;
        }
    }
    found
}
