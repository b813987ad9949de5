//! Verification in lanes: does \[g\]G + \[k\]P, or \[g\]G + \[k\]P + \[h\]Q with one Q for all, have
//! a given x?

use super::super::tables::{Comb, Odd, generator_odd, generator_rows};
use super::digits::LaneDigits;
use super::entries::load_vartime;
use super::lane_tables::{WIDTH, build, of_group};
use super::points::{AffinePoints, Elements, Sums};
use super::straus::{Own, Shared, sum_vartime, width_of};
use crate::backend::ifma::p256x8::{Fe8, words};
use crate::backend::ifma::vector::{Job, Vector};
use crate::backend::p256::{Kernel, Limbs, TablePoint};
use alloc::vec::Vec;

/// Checks of one job.
pub(super) const MOST: usize = 64;

/// One check, for a lane. Scalars lie in [1, q − 1], coordinates and x below p.
#[derive(Clone, Copy)]
pub(super) struct LaneCheck<'a> {
    pub(super) x: Limbs,
    pub(super) g: Limbs,
    pub(super) k: Limbs,
    pub(super) h: Limbs,
    /// Where P has no comb.
    pub(super) point: [Limbs; 2],
    pub(super) comb: Option<Comb<'a>>,
}

/// Eight from a list; the last one again where it ends.
#[inline(always)]
fn eight<'c, 'a>(checks: &'c [LaneCheck<'a>], group: usize) -> [&'c LaneCheck<'a>; 8] {
    let last = checks.len() - 1;
    let mut eight = [&checks[last]; 8];
    for (lane, check) in eight.iter_mut().enumerate() {
        *check = &checks[(8 * group + lane).min(last)];
    }
    eight
}

/// Digits of one of the scalars, of N groups from the first one on.
#[inline(always)]
fn digits<L: Vector, const N: usize>(
    proof: L::Proof,
    checks: &[LaneCheck<'_>],
    first: usize,
    width: usize,
    scalar: impl Fn(&LaneCheck<'_>) -> Limbs,
) -> [LaneDigits<L>; N] {
    let mut digits = [LaneDigits::new(proof, &[[1, 0, 0, 0]; 8], width); N];
    for (n, digits) in digits.iter_mut().enumerate() {
        *digits = LaneDigits::new(proof, &eight(checks, first + n).map(&scalar), width);
    }
    digits
}

/// For each check whether X/ZZ = r; `None` where equal or opposite points met, or the sum is the identity.
#[inline(always)]
fn answers<L: Vector, const N: usize>(
    proof: L::Proof,
    x: &Elements<L, N>,
    zz: &Elements<L, N>,
    checks: &[LaneCheck<'_>],
    first: usize,
    out: &mut [Option<bool>],
) {
    for n in 0..N {
        let Some(out) = out.get_mut(8 * (first + n)..) else { return };
        let r = Fe8::from_integers(proof, &words(proof, &eight(checks, first + n).map(|check| check.x)));
        // X/Z² = r, without an inversion
        let difference = r.mul(proof, &zz[n]).loose().sub(&x[n]).add_p(proof, 2).carry(proof);
        let difference = difference.to_reduced_integers(proof);
        let zz = zz[n].to_reduced_integers(proof);
        for (out, (difference, zz)) in out.iter_mut().zip(difference.iter().zip(&zz)) {
            *out = (*zz != [0; 4]).then_some(*difference == [0; 4]);
        }
    }
}

/// Points without tables: builds those of all lanes, then walks 256 doublings for N groups at a time.
pub(super) struct BareChecks<'a, K: Kernel, const N: usize> {
    pub(super) kernel: K,
    pub(super) proof: <K::Vector as Vector>::Proof,
    /// From 1 to [`MOST`].
    pub(super) checks: &'a [LaneCheck<'a>],
    pub(super) shared: Option<Odd<'a>>,
    pub(super) out: &'a mut [Option<bool>],
}

impl<K: Kernel, const N: usize> Job for BareChecks<'_, K, N> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { kernel, proof, checks, shared, out } = self;
        let groups = checks.len().div_ceil(8 * N) * N;
        let mut points = Vec::with_capacity(groups);
        for group in 0..groups {
            let eight = eight(checks, group);
            let x = Fe8::from_integers(proof, &words(proof, &eight.map(|check| check.point[0])));
            let y = Fe8::from_integers(proof, &words(proof, &eight.map(|check| check.point[1])));
            points.push([x, y]);
        }
        let tables = build(kernel, proof, &points);
        let odd = generator_odd();
        for first in (0..groups).step_by(N) {
            let mut own = [of_group(&tables, first); N];
            for (n, table) in own.iter_mut().enumerate() {
                *table = of_group(&tables, first + n);
            }
            let own = Own { tables: own, digits: digits(proof, checks, first, WIDTH, |check| check.k) };
            let of_generator =
                Shared { odd, digits: digits(proof, checks, first, width_of(odd), |check| check.g) };
            let sum = match shared {
                None => sum_vartime(proof, &[own], &[of_generator]),
                Some(odd) => {
                    let digits = digits(proof, checks, first, width_of(odd), |check| check.h);
                    sum_vartime(proof, &[own], &[of_generator, Shared { odd, digits }])
                }
            };
            let mut zz = sum.z;
            for zz in &mut zz {
                *zz = zz.square(proof);
            }
            answers(proof, &sum.x, &zz, checks, first, out);
        }
    }
}

/// Points with combs: one addition for each row.
pub(super) struct CombChecks<'a, K: Kernel, const N: usize> {
    pub(super) proof: <K::Vector as Vector>::Proof,
    /// From 1 to [`MOST`]; each has a comb, all of the same form.
    pub(super) checks: &'a [LaneCheck<'a>],
    pub(super) out: &'a mut [Option<bool>],
}

/// In each lane the point of row r that its digit says.
#[inline(always)]
fn row<'a, L: Vector, const N: usize>(
    proof: L::Proof,
    combs: impl Fn(usize, usize) -> Comb<'a>,
    digits: &[LaneDigits<L>; N],
    r: usize,
) -> AffinePoints<L, N> {
    let zero = [Fe8::zero(proof); N];
    let mut points = AffinePoints { x: zero, y: zero };
    for (n, digits) in digits.iter().enumerate() {
        let digit = digits.get(proof, r);
        let places = digit.half.store();
        let mut entries = [&TablePoint::ZERO; 8];
        for (lane, (entry, place)) in entries.iter_mut().zip(places).enumerate() {
            *entry = &combs(n, lane).row(r)[place as usize];
        }
        let point = load_vartime(proof, entries, &digit);
        (points.x[n], points.y[n]) = (point.x[0], point.y[0]);
    }
    points
}

impl<K: Kernel, const N: usize> Job for CombChecks<'_, K, N> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { proof, checks, out } = self;
        let generator = generator_rows().comb();
        let comb_of = |check: &LaneCheck<'_>| check.comb.map_or(generator.width, |comb| comb.width);
        let width = comb_of(&checks[0]);
        for first in (0..checks.len().div_ceil(8 * N) * N).step_by(N) {
            let mut combs = [[generator; 8]; N];
            for (n, combs) in combs.iter_mut().enumerate() {
                for (comb, check) in combs.iter_mut().zip(eight(checks, first + n)) {
                    *comb = check.comb.unwrap_or(generator);
                }
            }
            let of_generator: [LaneDigits<K::Vector>; N] =
                digits(proof, checks, first, generator.width, |check| check.g);
            let of_point: [LaneDigits<K::Vector>; N] = digits(proof, checks, first, width, |check| check.k);
            let mut sum = Sums::from_affine(proof, &row(proof, |_, _| generator, &of_generator, 0));
            for r in 1..generator.rows().len() {
                sum.add_affine(proof, &row(proof, |_, _| generator, &of_generator, r));
            }
            for r in 0..combs[0][0].rows().len() {
                sum.add_affine(proof, &row(proof, |n, lane| combs[n][lane], &of_point, r));
            }
            answers(proof, &sum.x, &sum.zz, checks, first, out);
        }
    }
}
