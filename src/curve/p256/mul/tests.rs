//! Where the incomplete additions of [`super`] meet equal points, shown with logarithms in place of points.
//!
//! The group of the curve is that of the integers modulo q, by \[a\]P ↦ a. [`Logarithms`] is a kernel whose points
//! are those integers, and whose additions fail where those of the curve do. So the code that multiplies points runs
//! as it is, on its 256 bits, and each meeting is seen. Scalars: all patterns of the first and of the last seven bits,
//! which hold the outermost digits of every width, around zeros, ones and alternating bits; all within 2¹² of 0 and
//! of q; and those that are expected to meet.

use super::super::jacobian::Jacobian;
use super::super::tables::Rows;
use super::{comb, windows};
use crate::backend::ifma::vector::NoVector;
use crate::backend::p256::{Kernel, Limbs, TablePoint};
use crate::backend::portable::limbs;
use crate::backend::portable::p256::ONE;
use crate::backend::portable::p256_order::Q;
use core::array::from_fn;
use core::cell::Cell;
use std::vec::Vec;

std::thread_local! {
    /// How often an addition was given equal points.
    static EQUAL: Cell<usize> = const { Cell::new(0) };
}

/// The point \[a\]P is (0, a, 1), the identity (0, a, 0); in a table (0, a).
#[derive(Clone, Copy)]
struct Logarithms;

fn add(a: &Limbs, b: &Limbs) -> Limbs {
    limbs::add_mod(a, b, &Q)
}

impl Logarithms {
    /// a ← a + b; says whether the sum of points would be right.
    fn add(a: &mut Limbs, b: &Limbs) -> bool {
        let (equal, opposite) = (a == b, add(a, b) == [0; 4]);
        EQUAL.set(EQUAL.get() + usize::from(equal));
        *a = add(a, b);
        !equal && !opposite
    }
}

impl Kernel for Logarithms {
    type Vector = NoVector;

    /// By 0 and 1, which is all that leaves a sum.
    fn field_mul(self, a: &Limbs, b: &Limbs) -> Limbs {
        match *b {
            ONE => *a,
            [0, 0, 0, 0] => *b,
            _ => unreachable!("Z is 0 or 1"),
        }
    }

    fn field_square(self, a: &Limbs) -> Limbs {
        self.field_mul(a, a)
    }

    fn field_sub(self, a: &Limbs, b: &Limbs) -> Limbs {
        limbs::sub_mod(a, b, &Q)
    }

    fn field_negate_if(self, mask: u64, a: &Limbs) -> Limbs {
        if mask == 0 { *a } else { self.field_sub(&[0; 4], a) }
    }

    fn double(self, [_, a, _]: &mut [Limbs; 3], times: usize) {
        (0..times).for_each(|_| *a = add(a, a));
    }

    fn add_affine(self, [_, a, z]: &mut [Limbs; 3], entry: &TablePoint) {
        if !Self::add(a, &entry.y) {
            *z = [0; 4];
        }
    }

    fn add_to_sum(self, [_, a, zz, zzz]: &mut [Limbs; 4], entry: &TablePoint) {
        if !Self::add(a, &entry.y) {
            (*zz, *zzz) = ([0; 4], [0; 4]);
        }
    }
}

/// 2ⁿ·a modulo q.
fn shifted(a: u64, n: usize) -> Limbs {
    (0..n).fold([a, 0, 0, 0], |a, _| add(&a, &a))
}

/// 1, 3, 5, … times \[2ⁿ\]P.
fn row<const N: usize>(n: usize) -> [TablePoint; N] {
    let (base, step) = (shifted(1, n), shifted(2, n));
    let mut y = limbs::sub_mod(&base, &step, &Q);
    from_fn(|_| {
        y = add(&y, &step);
        TablePoint { x: [0; 4], y }
    })
}

/// All below q but 0, of each pattern.
fn scalars() -> Vec<Limbs> {
    const BITS: u32 = 7;
    let mut all = Vec::new();
    for middle in [0, u64::MAX, 0x5555_5555_5555_5555] {
        for first in 0..1 << BITS {
            for last in 0..1 << BITS {
                let low = middle << BITS | last;
                all.push([low, middle, middle, first << (64 - BITS) | middle >> BITS]);
            }
        }
    }
    for i in 1..1 << 12 {
        all.extend([[i, 0, 0, 0], limbs::sub(&Q, &[i, 0, 0, 0]).0]);
    }
    all.retain(|k| *k != [0; 4] && limbs::sub(k, &Q).1 == 1);
    all
}

/// Multiplies by each scalar: equal points meet once for `meets`, if any, and for its opposite, and for no other.
fn check(multiply: impl Fn(&Limbs) -> Jacobian<Logarithms>, meets: Option<Limbs>) {
    let meet: Vec<_> = meets.into_iter().flat_map(|k| [k, limbs::sub(&Q, &k).0]).collect();
    let mut scalars = scalars();
    scalars.extend(&meet);
    for k in &scalars {
        EQUAL.set(0);
        let product = multiply(k);
        assert_eq!((product.y().limbs(), product.is_identity()), (k, 0));
        assert_eq!(EQUAL.get(), usize::from(meet.contains(k)), "{k:x?}");
    }
}

/// The last digit d stands at 2²⁵². k = 2·d·2²⁵² − q, and 15 is the last digit of such a k.
#[test]
fn a_row_for_each_digit_meets_equal_points_for_one_scalar_and_its_opposite() {
    let meets = Some(shifted(15, 253));
    let of_generator: [[TablePoint; 64]; 37] = from_fn(|r| row(7 * r));
    check(|k| comb(Logarithms, Rows::OfGenerator(&of_generator), k), meets);
    let of_point: [[TablePoint; 32]; 43] = from_fn(|r| row(6 * r));
    check(|k| comb(Logarithms, Rows::OfPoint(&of_point), k), meets);
}

/// The last addition is that of digit 56, at 2²²⁴. k = q + 2·d·2²²⁴, and −15 is the digit of such a k.
#[test]
fn eight_rows_meet_equal_points_for_one_scalar_and_its_opposite() {
    let rows: [[TablePoint; 8]; 8] = from_fn(|r| row(32 * r));
    let entries: &[TablePoint; 64] = rows.as_flattened().try_into().expect("8 times 8");
    check(|k| comb(Logarithms, Rows::Small(entries), k), Some(limbs::sub(&Q, &shifted(15, 225)).0));
}

/// The last addition is that of digit 0. k = q + 2·d, and such a k has another digit.
#[test]
fn windows_meet_equal_points_for_no_scalar() {
    check(|k| windows(Logarithms, &row(0), k), None);
}
