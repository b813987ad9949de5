//! Divsteps with conditional moves, for their latency: three instructions from one parity to the next.

use crate::backend::portable::safegcd::{self, Packed};
use core::arch::asm;

/// As [`safegcd::divsteps`], for `count` ≥ 1.
///
/// In place of f the loop has t = −f where δ > 0, else f: what is added to an odd g. A divstep replaces t
/// by g where it swaps, and negates the outcome exactly where ζ becomes −1, which is where
/// δ comes to be positive, or stays so. The parity of the next g is bit 1 of the sum that is
/// halved for it.
#[inline(always)]
pub(crate) fn divsteps(count: u32, state: Packed) -> Packed {
    debug_assert!((1..=20).contains(&count));
    // The first one, so that twice g fits its word.
    let Packed { zeta, f, g } = safegcd::divsteps(1, state);
    let signed = |zeta: i64, f: i64| (f ^ (zeta >> 63)) - (zeta >> 63);
    let mut t = signed(zeta, f);
    let mut sum = g << 1;
    let mut zeta = zeta as i32; // at most 591 in magnitude
    if count > 1 {
        // SAFETY: instructions of every x86-64, on registers alone; the one branch depends on `count`.
        unsafe {
            asm!(
                "2:",
                "mov {g}, {sum}",
                "sar {g}, 1",
                "mov {swapped:e}, -2",
                "sub {swapped:e}, {zeta:e}", // −ζ − 2
                "dec {zeta:e}",
                "xor {addend:e}, {addend:e}",
                "test {sum}, 2",
                "cmovnz {addend}, {t}",
                "test {sum:e}, {positive:e}", // is g odd and δ > 0? the lowest bit of a sum is 0
                "cmovnz {zeta:e}, {swapped:e}",
                "cmovnz {t}, {g}",
                "mov {swapped}, {t}",
                "neg {swapped}",
                "cmp {zeta:e}, -1",
                "cmove {t}, {swapped}",
                "mov {positive:e}, {zeta:e}",
                "shr {positive:e}, 30", // 3 for ζ < 0, else 0
                "lea {sum}, [{g} + {addend}]",
                "dec {left:e}",
                "jnz 2b",
                left = inout(reg) count - 1 => _,
                zeta = inout(reg) zeta,
                t = inout(reg) t,
                sum = inout(reg) sum,
                positive = inout(reg) (zeta as u32) >> 30 => _,
                g = out(reg) _,
                swapped = out(reg) _,
                addend = out(reg) _,
                options(pure, nomem, nostack),
            );
        }
    }
    let zeta = i64::from(zeta);
    Packed { zeta, f: signed(zeta, t), g: sum >> 1 }
}
