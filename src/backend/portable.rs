//! Own arithmetic in 64-bit limbs: every platform, no `unsafe`, constant time.

pub(crate) mod limbs;
pub(crate) mod p256;
pub(crate) mod p256_order;
pub(crate) mod safegcd;

use super::ifma::lane::NoLanes;
use super::p256::{Kernel, Limbs, TablePoint};

/// The implementation; it needs nothing of the CPU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

impl Kernel for Portable {
    type Lanes = NoLanes;

    // Devices, which leave out the tables, would rather have small code: there it is a call.
    #[cfg_attr(feature = "tables", inline(always))]
    #[cfg_attr(not(feature = "tables"), inline(never))]
    fn field_mul(self, a: &Limbs, b: &Limbs) -> Limbs {
        p256::mul(a, b)
    }

    #[cfg_attr(feature = "tables", inline(always))]
    #[cfg_attr(not(feature = "tables"), inline(never))]
    fn field_square(self, a: &Limbs) -> Limbs {
        p256::square(a)
    }
}

/// `row[n]`. Reads all of `row`.
#[inline]
pub(crate) fn select(row: &[TablePoint], n: u64) -> TablePoint {
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
