//! Multiplication: one function for secret scalars per kind of base, the others `_vartime`.
//!
//! # Secret scalars
//!
//! k is folded to k or q − k below 2²⁵⁵ and recoded into signed digits, one for each window,
//! whatever its value; the digit picks by a scan of the whole row; a digit 0 adds a point that a
//! mask throws away. The formula for addition is not complete, it needs points that are
//! neither equal nor opposite, and gets them: a partial sum \[a\]P meets \[b\]P = \[d·2^n\]P, d ≠ 0, with
//! a ± b = 0 as integers never, because the digits of a weigh less than 2^n or are multiples
//! of 2^(n + width), and |b| ≤ 2^(n + width − 1) lies strictly between; nor modulo q, because
//! |a| + |b| < q. Debug builds assert it at each addition.

use super::field::Mask;
use super::jacobian::{Affine, Jacobian, normalize};
use super::recode::{Digits, Naf, fold};
use super::tables::{Comb, Odd};
use crate::backend::p256::{Kernel, Limbs, TablePoint};

/// \[k\]P from the rows of P, for a secret k below q.
pub(super) fn comb<K: Kernel>(kernel: K, comb: Comb<'_>, k: &Limbs) -> Jacobian<K> {
    let (k, negated) = fold(k);
    let digits = Digits::new(&k, comb.width);
    let mut sum = Jacobian::identity(kernel);
    let mut empty: Mask = !0;
    for column in (0..comb.spacing).rev() {
        if column + 1 != comb.spacing {
            sum = double_times(&sum, comb.width);
        }
        for (row, entries) in comb.rows().enumerate() {
            let digit = digits.get(row * comb.spacing + column);
            let entry = Affine::from_table(kernel, &kernel.select(entries, digit.magnitude));
            let none = digit.is_zero();
            sum = sum.add_selected(empty, &entry.negate_if(digit.negative), none);
            empty &= none;
        }
    }
    sum.negate_if(negated)
}

/// \[k\]P for a secret k below q: 52 windows of five bits.
pub(super) fn variable<K: Kernel>(kernel: K, point: &Affine<K>, k: &Limbs) -> Jacobian<K> {
    const WIDTH: usize = 5;
    let table = multiples::<K, { 1 << (WIDTH - 1) }>(point);
    let (k, negated) = fold(k);
    let digits = Digits::new(&k, WIDTH);
    let mut sum = Jacobian::identity(kernel);
    let mut empty: Mask = !0;
    for i in (0..Digits::count(WIDTH)).rev() {
        sum = double_times(&sum, WIDTH);
        let digit = digits.get(i);
        let entry = Affine::from_table(kernel, &kernel.select(&table, digit.magnitude));
        let none = digit.is_zero();
        sum = sum.add_selected(empty, &entry.negate_if(digit.negative), none);
        empty &= none;
    }
    sum.negate_if(negated)
}

fn double_times<K: Kernel>(point: &Jacobian<K>, times: usize) -> Jacobian<K> {
    (0..times).fold(*point, |point, _| point.double())
}

/// 1 to N times a public point.
fn multiples<K: Kernel, const N: usize>(point: &Affine<K>) -> [TablePoint; N] {
    let mut jacobian = [Jacobian::from(*point); N];
    for i in 1..N {
        jacobian[i] =
            if i % 2 == 1 { jacobian[i / 2].double() } else { jacobian[i - 1].add_affine_vartime(point) };
    }
    let mut table = [TablePoint::ZERO; N];
    normalize::<K, N>(&jacobian, |i, point| table[i] = point.to_table());
    table
}

/// \[k\]P from the rows of P, added to `sum`, for a public k.
pub(super) fn comb_vartime<K: Kernel>(kernel: K, sum: &mut Jacobian<K>, comb: Comb<'_>, k: &Limbs) {
    debug_assert_eq!(comb.spacing, 1);
    let (k, negated) = fold(k);
    let digits = Digits::new(&k, comb.width);
    for (row, entries) in comb.rows().enumerate() {
        let digit = digits.get(row);
        if digit.magnitude != 0 {
            let entry = Affine::from_table(kernel, &entries[digit.magnitude as usize - 1]);
            *sum = sum.add_affine_vartime(&entry.negate_if(digit.negative ^ negated));
        }
    }
}

/// Width of the non-adjacent form for points without a table.
const BARE_WIDTH: usize = 5;
/// Their odd multiples.
pub(super) const BARE: usize = 1 << (BARE_WIDTH - 2);

/// 1, 3, … 15 times a public point.
pub(super) fn odd_multiples_vartime<K: Kernel>(point: &Jacobian<K>) -> [Jacobian<K>; BARE] {
    let two = point.double();
    let mut odd = [*point; BARE];
    for i in 1..BARE {
        odd[i] = odd[i - 1].add_vartime(&two);
    }
    odd
}

/// One point of a sum, its multiples and its public scalar.
pub(super) struct Term<'a> {
    entries: &'a [TablePoint],
    naf: Naf,
    negative: bool,
}

impl<'a> Term<'a> {
    /// \[k\]P, or \[−k\]P where `negative`, from odd multiples of P.
    pub(super) fn new_vartime(odd: Odd<'a>, k: &Limbs, negative: bool) -> Self {
        debug_assert_eq!(odd.entries.len(), 1 << (odd.width - 2));
        Self { entries: odd.entries, naf: Naf::new_vartime(k, odd.width), negative }
    }

    /// The same from what [`odd_multiples_vartime`] gave.
    pub(super) fn bare_vartime(odd: &'a [TablePoint; BARE], k: &Limbs, negative: bool) -> Self {
        Self::new_vartime(Odd { width: BARE_WIDTH, entries: odd }, k, negative)
    }
}

/// The sum of the terms, with shared doublings (Straus).
pub(super) fn straus_vartime<K: Kernel>(kernel: K, terms: &[Option<Term<'_>>]) -> Jacobian<K> {
    let mut sum = Jacobian::identity(kernel);
    let len = terms.iter().flatten().map(|term| term.naf.len).max().unwrap_or(0);
    for i in (0..len).rev() {
        sum = sum.double();
        for term in terms.iter().flatten() {
            let digit = term.naf.digit(i);
            if digit != 0 {
                let entry = &term.entries[usize::from(digit.unsigned_abs()) / 2];
                let negative = 0u64.wrapping_sub(u64::from((digit < 0) != term.negative));
                sum = sum.add_affine_vartime(&Affine::from_table(kernel, entry).negate_if(negative));
            }
        }
    }
    sum
}
