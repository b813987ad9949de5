//! Sums of multiples of public points in lanes, with shared doublings (Straus).

use super::super::recode::Digits;
use super::super::tables::Odd;
use super::digits::LaneDigits;
use super::entries::{LaneTable, load_vartime, look_up_own};
use super::lane_tables::WIDTH;
use super::points::{AffinePoints, Points};
use crate::backend::ifma::p256x8::Fe8;
use crate::backend::ifma::vector::Vector;

/// N times eight points and their multipliers, a point in each lane.
#[derive(Clone, Copy)]
pub(super) struct Own<'a, L, const N: usize> {
    pub(super) tables: [&'a LaneTable<L>; N],
    pub(super) digits: [LaneDigits<L>; N],
}

/// One point and its multipliers in N times eight lanes.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a, L, const N: usize> {
    pub(super) odd: Odd<'a>,
    pub(super) digits: [LaneDigits<L>; N],
}

/// Width of the digits for a table of odd multiples.
#[inline(always)]
pub(super) fn width_of(odd: Odd<'_>) -> usize {
    odd.width - 1
}

impl<L: Vector, const N: usize> Own<'_, L, N> {
    #[inline(always)]
    fn points(&self, proof: L::Proof, i: usize) -> AffinePoints<L, N> {
        let zero = [Fe8::zero(proof); N];
        let mut points = AffinePoints { x: zero, y: zero };
        for n in 0..N {
            let point = look_up_own(proof, self.tables[n], &self.digits[n].get(proof, i));
            (points.x[n], points.y[n]) = (point.x[0], point.y[0]);
        }
        points
    }
}

impl<L: Vector, const N: usize> Shared<'_, L, N> {
    #[inline(always)]
    fn points(&self, proof: L::Proof, i: usize) -> AffinePoints<L, N> {
        let zero = [Fe8::zero(proof); N];
        let mut points = AffinePoints { x: zero, y: zero };
        for n in 0..N {
            let digit = self.digits[n].get(proof, i);
            let places = digit.half.store();
            let mut entries = [&self.odd.entries[0]; 8];
            for (entry, place) in entries.iter_mut().zip(places) {
                *entry = &self.odd.entries[place as usize];
            }
            let point = load_vartime(proof, entries, &digit);
            (points.x[n], points.y[n]) = (point.x[0], point.y[0]);
        }
        points
    }
}

/// In each lane the sum over all of `own`, of which there is at least one, and `shared`. Where equal
/// or opposite points met, and where the sum is the identity, Z = 0.
#[inline(always)]
pub(super) fn sum_vartime<L: Vector, const N: usize>(
    proof: L::Proof,
    own: &[Own<'_, L, N>],
    shared: &[Shared<'_, L, N>],
) -> Points<L, N> {
    const TOP: usize = WIDTH * (Digits::count(WIDTH) - 1);
    let mut sum = Points::from_affine(proof, &own[0].points(proof, TOP / WIDTH));
    for position in (0..=TOP).rev() {
        if position < TOP {
            sum.double(proof);
        }
        if position.is_multiple_of(WIDTH) {
            for own in &own[usize::from(position == TOP)..] {
                sum.add_affine(proof, &own.points(proof, position / WIDTH));
            }
        }
        for shared in shared {
            let width = width_of(shared.odd);
            if position.is_multiple_of(width) && position / width < Digits::count(width) {
                sum.add_affine(proof, &shared.points(proof, position / width));
            }
        }
    }
    sum
}
