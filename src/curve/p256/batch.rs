//! Many operations at once: one in each lane of a kernel that has lanes, else one after the other with
//! shared inversions.

mod checks;
mod digits;
mod entries;
mod generator;
pub(super) mod invert;
mod lane_tables;
mod points;
mod straus;
mod sums;

use super::field::is_reduced;
use super::jacobian::{Affine, Jacobian, coordinates, normalize};
use super::mul::{self, BARE, Term};
use super::order;
use super::tables::{Odd, Rows, Table, generator_rows};
use crate::backend::ifma::vector::Vector;
use crate::backend::p256::{Base, Check, Kernel, Limbs, PointOctets, ScalarOctets, TablePoint};
use crate::backend::portable::{limbs, p256_order};
use alloc::vec::Vec;
use checks::{BareChecks, CombChecks, LaneCheck};
use generator::CombMany;
use sums::{LaneSums, LaneTerm, add_lanes_vartime};
use zeroize::Zeroizing;

/// \[kᵢ\]G for secret kᵢ in [1, q − 1], at most [`BATCH`].
pub(super) fn mul_generator_many<K: Kernel>(kernel: K, scalars: &[Limbs], out: &mut [PointOctets]) {
    debug_assert!(scalars.len() <= BATCH && scalars.len() == out.len());
    if let (Some(proof), Rows::OfGenerator(rows)) = (kernel.vectors(), generator_rows()) {
        let done = match scalars.len() {
            0..=1 => false,
            2..=8 => comb_many::<K, 1, 1, _, _>(kernel, proof, rows, scalars, out),
            9..=16 => comb_many::<K, 2, 1, _, _>(kernel, proof, rows, scalars, out),
            17..=32 => comb_many::<K, 2, 2, _, _>(kernel, proof, rows, scalars, out),
            _ => comb_many::<K, 2, 4, _, _>(kernel, proof, rows, scalars, out),
        };
        if done {
            return;
        }
    }
    let mut points = [Jacobian::identity(kernel); BATCH];
    for (point, k) in points.iter_mut().zip(scalars) {
        *point = mul::generator(kernel, k);
    }
    normalize::<K, BATCH>(&points[..scalars.len()], |i, point| out[i] = point.to_octets());
}

/// The same by [`CombMany`], for at most 8·`N`·`GROUPS`; false where that does not work out.
fn comb_many<K: Kernel, const N: usize, const GROUPS: usize, const ROW: usize, const ROWS: usize>(
    kernel: K,
    proof: <K::Vector as Vector>::Proof,
    rows: &[[TablePoint; ROW]; ROWS],
    scalars: &[Limbs],
    out: &mut [PointOctets],
) -> bool {
    // Lanes that are left over take 1.
    let mut all = Zeroizing::new([[[[1, 0, 0, 0]; 8]; N]; GROUPS]);
    all.as_flattened_mut().as_flattened_mut()[..scalars.len()].copy_from_slice(scalars);
    let mut points = [[[[0; 64]; 8]; N]; GROUPS];
    let job = CombMany { kernel, proof, rows, scalars: &all, out: &mut points };
    let done = K::Vector::run(proof, job);
    if done {
        out.copy_from_slice(&points.as_flattened().as_flattened()[..out.len()]);
    }
    done
}

/// Points that share an inversion.
pub(super) const BATCH: usize = 64;

/// Entries of the table that is made of a shared point that has none.
const SHARED: usize = 16;

/// [`Ops::combinations_have_x_vartime`](crate::backend::p256::Ops::combinations_have_x_vartime) in lanes; `alone` does
/// the checks that do not fit into them.
pub(super) fn check_many_vartime<K: Kernel>(
    kernel: K,
    proof: <K::Vector as Vector>::Proof,
    checks: &[Check<'_, Table>],
    shared: Option<Base<'_, Table>>,
    alone: impl Fn(&Check<'_, Table>) -> bool,
    out: &mut [bool],
) {
    let made = shared.filter(|shared| shared.table.is_none()).map(|shared| {
        let multiples: [_; SHARED] =
            mul::odd_multiples_vartime(&Affine::from_octets(kernel, shared.point).into());
        let mut odd = [TablePoint::ZERO; SHARED];
        normalize::<K, SHARED>(&multiples, |i, point| odd[i] = point.to_table());
        odd
    });
    let odd = match (&made, shared) {
        (Some(made), _) => Some(Odd { width: SHARED.ilog2() as usize + 2, entries: made }),
        (None, shared) => shared.and_then(|shared| shared.table).map(|table| table.rows().comb().odd()),
    };
    // Which checks go with combs, and which without; what does not fit into lanes is left to itself.
    let mut with_combs = Vec::with_capacity(checks.len());
    let mut bare = Vec::with_capacity(checks.len());
    for (i, check) in checks.iter().enumerate() {
        match lane_check(check, odd.is_some()) {
            Some(lane) if lane.comb.is_some() => with_combs.push((i, lane)),
            Some(lane) => bare.push((i, lane)),
            None => out[i] = alone(check),
        }
    }
    for (jobs, combs) in [(&with_combs, true), (&bare, false)] {
        for jobs in jobs.chunks(checks::MOST) {
            let mut answers = [None; checks::MOST];
            let lanes: Vec<_> = jobs.iter().map(|(_, lane)| *lane).collect();
            in_lanes(kernel, proof, &lanes, odd.filter(|_| !combs), &mut answers[..lanes.len()]);
            for ((i, _), answer) in jobs.iter().zip(answers) {
                out[*i] = answer.unwrap_or_else(|| alone(&checks[*i]));
            }
        }
    }
}

/// A check for a lane, if it has no special values.
fn lane_check<'a>(check: &Check<'a, Table>, shared: bool) -> Option<LaneCheck<'a>> {
    let [x, g, k, h] = [check.x, &check.g, &check.k, &check.h].map(limbs::from_octets);
    let [first, second] = coordinates(check.point.point);
    let regular = g != [0; 4] && k != [0; 4] && (h != [0; 4] || !shared) && is_reduced(&x);
    let comb = check.point.table.filter(|_| !shared).map(|table| table.rows().comb());
    regular.then_some(LaneCheck { x, g, k, h, point: [first, second], comb })
}

/// Fewer than this are done faster one by one.
const FEW: usize = 2;

fn in_lanes<K: Kernel>(
    kernel: K,
    proof: <K::Vector as Vector>::Proof,
    checks: &[LaneCheck<'_>],
    shared: Option<Odd<'_>>,
    out: &mut [Option<bool>],
) {
    let combs = checks[0].comb.is_some();
    match checks.len() {
        0..FEW => {}
        FEW..=8 if combs => K::Vector::run(proof, CombChecks::<K, 1> { proof, checks, out }),
        _ if combs => K::Vector::run(proof, CombChecks::<K, 2> { proof, checks, out }),
        FEW..=8 => K::Vector::run(proof, BareChecks::<K, 1> { kernel, proof, checks, shared, out }),
        _ => K::Vector::run(proof, BareChecks::<K, 2> { kernel, proof, checks, shared, out }),
    }
}

/// Σ \[kᵢ\]Pᵢ of public points, with shared doublings.
pub(super) fn sum_vartime<K: Kernel>(kernel: K, terms: &[(ScalarOctets, PointOctets)]) -> Jacobian<K> {
    let mut sum = Jacobian::identity(kernel);
    for terms in terms.chunks(sums::MOST) {
        let in_lanes = kernel.vectors().and_then(|proof| lane_sum_vartime(kernel, proof, terms));
        sum = sum.add_vartime(&in_lanes.unwrap_or_else(|| bare_sum_vartime(kernel, terms)));
    }
    sum
}

/// One element at a time: non-adjacent forms over odd multiples, as for a single combination.
fn bare_sum_vartime<K: Kernel>(kernel: K, terms: &[(ScalarOctets, PointOctets)]) -> Jacobian<K> {
    let mut multiples = Vec::with_capacity(terms.len() * BARE);
    for (_, point) in terms {
        multiples.extend(mul::odd_multiples_vartime::<K, BARE>(&Affine::from_octets(kernel, point).into()));
    }
    let mut odd = alloc::vec![[TablePoint::ZERO; BARE]; terms.len()];
    for (odd, multiples) in odd.chunks_mut(BATCH / BARE).zip(multiples.chunks(BATCH)) {
        normalize::<K, BATCH>(multiples, |i, point| odd[i / BARE][i % BARE] = point.to_table());
    }
    let terms: Vec<_> = (terms.iter().zip(&odd))
        .map(|((k, _), odd)| Some(Term::bare_vartime(odd, &limbs::from_octets(k), false)))
        .collect();
    mul::straus_vartime(kernel, &terms)
}

/// In lanes, where there are enough terms for that; `None` where it does not work out.
fn lane_sum_vartime<K: Kernel>(
    kernel: K,
    proof: <K::Vector as Vector>::Proof,
    terms: &[(ScalarOctets, PointOctets)],
) -> Option<Jacobian<K>> {
    const LANES: usize = 16;
    let mut lanes: Vec<LaneTerm> = (terms.iter())
        .map(|(k, point)| (limbs::from_octets(k), coordinates(point)))
        .filter(|(k, _)| *k != [0; 4])
        .collect();
    // Lanes that are left over take the first point once each, and off its multiplier.
    let (first, point) = *lanes.first().filter(|_| lanes.len() >= LANES)?;
    let spare = lanes.len().next_multiple_of(LANES) - lanes.len();
    lanes[0].0 = limbs::sub_mod(&first, &[spare as u64, 0, 0, 0], &p256_order::Q);
    lanes.resize(lanes.len() + spare, ([1, 0, 0, 0], point));
    if lanes[0].0 == [0; 4] {
        return None;
    }
    add_lanes_vartime(kernel, &K::Vector::run(proof, LaneSums::<K, 2> { kernel, proof, terms: &lanes }))
}

/// Replaces each scalar, none of which is 0, by its inverse modulo q; one inversion for all.
pub(super) fn scalar_invert_many<K: Kernel>(kernel: K, scalars: &mut [ScalarOctets]) {
    // Each multiplication divides by 2²⁵⁶; the inversion brings as many of these factors as are
    // needed on the way back.
    let mut elements = Zeroizing::new(Vec::with_capacity(scalars.len()));
    elements.extend(scalars.iter().map(limbs::from_octets));
    let mut products: Zeroizing<Vec<Limbs>> = Zeroizing::new(Vec::with_capacity(scalars.len()));
    for element in elements.iter() {
        let product = products.last().map_or(*element, |before| kernel.order_mul(before, element));
        products.push(product);
    }
    let Some(product) = products.last() else { return };
    let mut inverse = Zeroizing::new(order::invert(kernel, product));
    for i in (1..scalars.len()).rev() {
        scalars[i] = limbs::to_octets(&kernel.order_mul(&inverse, &products[i - 1]));
        *inverse = kernel.order_mul(&inverse, &elements[i]);
    }
    scalars[0] = limbs::to_octets(&inverse);
}
