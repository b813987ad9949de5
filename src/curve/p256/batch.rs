//! Many operations at once: one in each lane of a kernel that has lanes, else one after the other with
//! shared inversions.

mod checks;
mod digits;
mod entries;
mod generator;
mod invert;
mod lane_tables;
mod points;
mod straus;

use super::jacobian::{Jacobian, normalize};
use super::mul;
use super::own::{self, Own};
use super::tables::{Odd, Table, generator_comb, generator_comb_for_lanes};
use crate::backend::ifma::lane::Lanes;
use crate::backend::p256::{Base, Check, Kernel, Limbs, Ops, PointOctets, TablePoint};
use crate::backend::portable::limbs;
use alloc::vec::Vec;
use checks::{BareChecks, CombChecks, LaneCheck};
use generator::CombMany;

/// \[kᵢ\]G for secret kᵢ in [1, q − 1], at most [`BATCH`].
pub(super) fn mul_generator_many<K: Kernel>(kernel: K, scalars: &[Limbs], out: &mut [PointOctets]) {
    debug_assert!(scalars.len() <= BATCH && scalars.len() == out.len());
    if let (Some(proof), 2..) = (kernel.lanes(), scalars.len()) {
        let comb = generator_comb();
        let done = if scalars.len() <= 8 {
            K::Lanes::run(proof, CombMany::<K, 1> { kernel, proof, comb, scalars, out: &mut *out })
        } else {
            K::Lanes::run(proof, CombMany::<K, 2> { kernel, proof, comb, scalars, out: &mut *out })
        };
        if done {
            return;
        }
    }
    let comb = if kernel.lanes().is_some() { generator_comb_for_lanes() } else { generator_comb() };
    let mut points = [Jacobian::identity(kernel); BATCH];
    for (point, k) in points.iter_mut().zip(scalars) {
        *point = mul::comb(kernel, comb, k);
    }
    normalize::<K, BATCH>(&points[..scalars.len()], |i, point| out[i] = point.to_octets());
}

/// Points that share an inversion.
pub(super) const BATCH: usize = 64;

/// Entries of the table that is made of a shared point that has none.
const SHARED: usize = 16;

/// [`Ops::combinations_have_x_vartime`] in lanes.
pub(super) fn check_many_vartime<K: Kernel>(
    kernel: K,
    proof: <K::Lanes as Lanes>::Proof,
    checks: &[Check<'_, Table>],
    shared: Option<Base<'_, Table>>,
    out: &mut [bool],
) {
    let made = shared.filter(|shared| shared.table.is_none()).map(|shared| {
        let multiples: [_; SHARED] = mul::odd_multiples_vartime(&own::affine(kernel, shared.point).into());
        let mut odd = [TablePoint::ZERO; SHARED];
        normalize::<K, SHARED>(&multiples, |i, point| odd[i] = point.to_table());
        odd
    });
    let odd = match (&made, shared) {
        (Some(made), _) => Some(Odd { width: SHARED.ilog2() as usize + 2, entries: made }),
        (None, shared) => shared.and_then(|shared| shared.table).map(|table| table.comb().odd()),
    };
    // Which checks go with combs, and which without; what does not fit into lanes is left to itself.
    let mut with_combs = Vec::with_capacity(checks.len());
    let mut bare = Vec::with_capacity(checks.len());
    for (i, check) in checks.iter().enumerate() {
        match lane_check(check, odd.is_some()) {
            Some(lane) if lane.comb.is_some() => with_combs.push((i, lane)),
            Some(lane) => bare.push((i, lane)),
            None => out[i] = Own(kernel).check_vartime(check, shared),
        }
    }
    for (jobs, combs) in [(&with_combs, true), (&bare, false)] {
        for jobs in jobs.chunks(checks::MOST) {
            let mut answers = [None; checks::MOST];
            let lanes: Vec<_> = jobs.iter().map(|(_, lane)| *lane).collect();
            in_lanes(kernel, proof, &lanes, odd.filter(|_| !combs), &mut answers[..lanes.len()]);
            for ((i, _), answer) in jobs.iter().zip(answers) {
                out[*i] = answer.unwrap_or_else(|| Own(kernel).check_vartime(&checks[*i], shared));
            }
        }
    }
}

/// A check for a lane, if it has no special values.
fn lane_check<'a>(check: &Check<'a, Table>, shared: bool) -> Option<LaneCheck<'a>> {
    let [x, g, k, h] = [check.x, &check.g, &check.k, &check.h].map(limbs::from_octets);
    let [first, second] = own::coordinates(check.point.point);
    let regular = g != [0; 4] && k != [0; 4] && (h != [0; 4] || !shared) && own::is_reduced(&x);
    let comb = check.point.table.filter(|_| !shared).map(Table::comb);
    regular.then_some(LaneCheck { x, g, k, h, point: [first, second], comb })
}

/// Fewer than this are done faster one by one.
const FEW: usize = 2;

fn in_lanes<K: Kernel>(
    kernel: K,
    proof: <K::Lanes as Lanes>::Proof,
    checks: &[LaneCheck<'_>],
    shared: Option<Odd<'_>>,
    out: &mut [Option<bool>],
) {
    let combs = checks[0].comb.is_some();
    match checks.len() {
        ..FEW => {}
        ..=8 if combs => K::Lanes::run(proof, CombChecks::<K, 1> { proof, checks, out }),
        _ if combs => K::Lanes::run(proof, CombChecks::<K, 2> { proof, checks, out }),
        ..=8 => K::Lanes::run(proof, BareChecks::<K, 1> { kernel, proof, checks, shared, out }),
        _ => K::Lanes::run(proof, BareChecks::<K, 2> { kernel, proof, checks, shared, out }),
    }
}
