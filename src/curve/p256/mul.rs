//! Multiplication: one function for secret scalars per kind of base, the others `_vartime`.
//!
//! # Secret scalars
//!
//! k or q − k, whichever is odd, is recoded into odd digits, one for each window, whatever its
//! value; the digit picks by a scan of the whole row. No digit is 0, so that no sum begins at the
//! identity and nothing has to be masked out. The formula for addition is not complete, it needs
//! points that are neither equal nor opposite, and gets them: to a sum \[a\]P is added \[d·2^n\]P
//! with d odd. The digits in a stand in other places, so that a ± d·2^n, written in odd digits
//! below 2^width and multiples of 2^width, is not 0. Modulo q it can be 0 only where the integers
//! come near q, with the last digits, where k ≠ 0 still excludes opposite points; there the
//! addition is one that doubles as well. Debug builds assert all of it at each addition; `tests`
//! runs this code over logarithms and finds exactly the scalars for which points are equal; `docs/p256.md` explains.

#[cfg(test)]
mod tests;

use super::comb_term::CombTerm;
use super::field::Mask;
use super::jacobian::{Affine, Jacobian, Sum, normalize};
use super::lanes::{self, Entries, Public, Secret, Turned};
use super::recode::{Digit, Digits, Naf, make_odd};
use super::tables::{Comb, Odd, Rows, generator_rows, generator_turned};
use crate::backend::ifma::vector::Vector;
use crate::backend::p256::{Kernel, Limbs, TablePoint};
use crate::secret::declassify;

/// Writes the entry of a row for a digit to `entry`: written where it is wanted, for the reason that [`Jacobian::double`]
/// gives.
#[inline(always)]
fn entry<K: Kernel>(kernel: K, row: &[TablePoint], digit: Digit, entry: &mut TablePoint) {
    kernel.look_up(row, digit.half, entry);
    entry.y = kernel.field_negate_if(digit.negative, &entry.y);
}

/// \[k\]G for a secret k in [1, q − 1].
pub(super) fn generator<K: Kernel>(kernel: K, k: &Limbs) -> Jacobian<K> {
    if let (Some(proof), Some(rows)) = (kernel.vectors(), generator_turned()) {
        let (odd, negated) = make_odd(k);
        let entries = Turned::new(rows, &odd);
        if let Some(sum) = sum_in_lanes(kernel, proof, &entries, negated) {
            return sum;
        }
    }
    comb(kernel, generator_rows(), k)
}

/// `None` where equal or opposite points met in lanes: for a handful of the 2²⁵⁶ scalars, which no one draws.
fn sum_in_lanes<K: Kernel>(
    kernel: K,
    proof: <K::Vector as Vector>::Proof,
    entries: &impl Entries<K::Vector>,
    negated: Mask,
) -> Option<Jacobian<K>> {
    let mut sum = lanes::sum(kernel, proof, entries);
    sum.negate_if(negated);
    (declassify(sum.is_identity()) == 0).then_some(sum)
}

/// \[k\]P from the rows of P, for a secret k in [1, q − 1].
pub(super) fn comb<K: Kernel>(kernel: K, rows: Rows<'_>, k: &Limbs) -> Jacobian<K> {
    let (k, negated) = make_odd(k);
    let comb = rows.comb();
    let digits = Digits::new(&k, comb.width);
    if let (Some(proof), Rows::OfPoint(rows)) = (kernel.vectors(), rows)
        && let Some(sum) = sum_in_lanes(kernel, proof, &Secret::new(rows, &digits), negated)
    {
        return sum;
    }
    let mut sum = match comb.spacing {
        1 => comb_without_doublings(kernel, comb, &digits),
        _ => comb_with_doublings(kernel, comb, &digits),
    };
    sum.negate_if(negated);
    sum
}

/// The sum where rows stand for every eighth digit: column by column, and doublings between them.
fn comb_with_doublings<K: Kernel>(kernel: K, comb: Comb<'_>, digits: &Digits) -> Jacobian<K> {
    let rows = comb.rows().len();
    let mut sum = Jacobian::identity(kernel);
    for column in (0..comb.spacing).rev() {
        if column + 1 != comb.spacing {
            sum.double_times(comb.width);
        }
        for (row, entries) in comb.rows().enumerate() {
            let mut point = TablePoint::ZERO;
            entry(kernel, entries, digits.get(row * comb.spacing + column), &mut point);
            let first = column + 1 == comb.spacing && row == 0;
            let last = column == 0 && row + 1 == rows;
            if first {
                sum = Jacobian::from_table(kernel, &point);
            } else if last {
                sum.add_or_double(&point);
            } else {
                sum.add_distinct(&point);
            }
        }
    }
    sum
}

/// The sum where there is a row for each digit, so that nothing is doubled.
fn comb_without_doublings<K: Kernel>(kernel: K, comb: Comb<'_>, digits: &Digits) -> Jacobian<K> {
    let count = comb.rows().len();
    debug_assert!(count > 2);
    let mut first = TablePoint::ZERO;
    entry(kernel, comb.row(0), digits.get(0), &mut first);
    let mut sum = Sum::new(kernel, &first);
    // While one is added the next one is looked up, into the other of two places.
    let mut places = [TablePoint::ZERO; 2];
    entry(kernel, comb.row(1), digits.get(1), &mut places[1]);
    for i in 2..count {
        let Digit { negative, half } = digits.get(i);
        let [even, odd] = &mut places;
        let (this, next) = if i % 2 == 0 { (odd, even) } else { (even, odd) };
        sum.add_and_look_up(this, comb.row(i), half, next);
        next.y = kernel.field_negate_if(negative, &next.y);
        debug_assert!(sum.is_degenerate() == 0, "equal or opposite points, which the digits rule out");
    }
    let mut sum = sum.to_jacobian();
    sum.add_or_double(&places[(count - 1) % 2]);
    sum
}

/// Bits of a window of a point without a table.
const WINDOW: usize = 5;

/// \[k\]P for a secret k in [1, q − 1]: 52 windows.
pub(super) fn variable<K: Kernel>(kernel: K, point: &Affine<K>, k: &Limbs) -> Jacobian<K> {
    let table: [TablePoint; 1 << (WINDOW - 1)] = match kernel.vectors() {
        Some(proof) => lanes::odd_multiples::odd_multiples_vartime(kernel, proof, point),
        None => {
            let mut table = [TablePoint::ZERO; 1 << (WINDOW - 1)];
            let multiples: [_; 1 << (WINDOW - 1)] = odd_multiples_vartime(&(*point).into());
            normalize::<K, { 1 << (WINDOW - 1) }>(&multiples, |i, point| table[i] = point.to_table());
            table
        }
    };
    windows(kernel, &table, k)
}

/// \[k\]P from 1, 3, … 31 times P, for a secret k in [1, q − 1].
fn windows<K: Kernel>(kernel: K, table: &[TablePoint; 1 << (WINDOW - 1)], k: &Limbs) -> Jacobian<K> {
    const LAST: usize = Digits::count(WINDOW) - 1;
    let (k, negated) = make_odd(k);
    let digits = Digits::new(&k, WINDOW);
    let mut point = TablePoint::ZERO;
    entry(kernel, table, digits.get(LAST), &mut point);
    let mut sum = Jacobian::from_table(kernel, &point);
    for i in (0..LAST).rev() {
        sum.double_times(WINDOW);
        entry(kernel, table, digits.get(i), &mut point);
        if i == 0 {
            sum.add_or_double(&point);
        } else {
            sum.add_distinct(&point);
        }
    }
    sum.negate_if(negated);
    sum
}

/// The sum of the terms, without doublings, for public scalars.
pub(super) fn combs_vartime<K: Kernel>(kernel: K, terms: &[CombTerm<'_>]) -> Jacobian<K> {
    if let (Some(proof), [a, b]) = (kernel.vectors(), terms) {
        let sum = lanes::sum(kernel, proof, &Public([a, b]));
        // Z = 0: equal or opposite points met, which an author of points can bring about.
        // The formulas below handle all points.
        if sum.is_identity() == 0 {
            return sum;
        }
    }
    let entries = || {
        terms
            .iter()
            .flat_map(|term| (0..term.count()).map(|row| term.entry(row)))
            .map(|(entry, negative)| TablePoint { x: entry.x, y: kernel.field_negate_if(negative, &entry.y) })
    };
    let mut all = entries();
    let Some(first) = all.next() else { return Jacobian::identity(kernel) };
    let mut sum = Sum::new(kernel, &first);
    for entry in all {
        sum.add(&entry);
    }
    if sum.is_degenerate() == 0 {
        return sum.to_jacobian();
    }
    // As above; these formulas handle all points.
    let mut sum = Jacobian::identity(kernel);
    for entry in entries() {
        sum.add_affine_vartime(&entry);
    }
    sum
}

/// Odd multiples of points without a table, for scalars of 256 bits and for those of half the size.
pub(super) const BARE: usize = 8;
pub(super) const BARE_HALF: usize = 4;

/// 1, 3, … 2·N − 1 times a public point.
///
/// On the isomorphic curve on which \[2\]P is affine, so that each step is an addition of an affine
/// point, which is the same on all of them; and one product back.
pub(super) fn odd_multiples_vartime<K: Kernel, const N: usize>(point: &Jacobian<K>) -> [Jacobian<K>; N] {
    let (mut sum, two) = point.with_double();
    let step = two.over_own_z();
    let mut odd = [*point; N];
    for odd in &mut odd[1..] {
        sum.add_unchecked(&step);
        *odd = sum.times_z(&two);
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
    pub(super) fn bare_vartime<const N: usize>(odd: &'a [TablePoint; N], k: &Limbs, negative: bool) -> Self {
        Self::new_vartime(Odd { width: N.ilog2() as usize + 2, entries: odd }, k, negative)
    }
}

/// The sum of the terms, with shared doublings (Straus).
pub(super) fn straus_vartime<K: Kernel>(kernel: K, terms: &[Option<Term<'_>>]) -> Jacobian<K> {
    let mut sum = Jacobian::identity(kernel);
    let len = terms.iter().flatten().map(|term| term.naf.len).max().unwrap_or(0);
    let mut doublings = 0;
    for i in (0..len).rev() {
        doublings += 1;
        for term in terms.iter().flatten() {
            let digit = term.naf.digit(i);
            if digit != 0 {
                sum.double_times(core::mem::take(&mut doublings));
                let entry = &term.entries[usize::from(digit.unsigned_abs()) / 2];
                let negative = 0u64.wrapping_sub(u64::from((digit < 0) != term.negative));
                let y = kernel.field_negate_if(negative, &entry.y);
                sum.add_affine_vartime(&TablePoint { x: entry.x, y });
            }
        }
    }
    sum.double_times(doublings);
    sum
}
