//! The operations of a kernel with lanes: eight scalars, eight points R, or eight steps of one loop at a
//! time. Work without parallelism uses single elements: a single multiplication, and the squarings of the Miller loop.

use super::bucket_sums::SideBySide;
use super::edwards::Edwards;
use super::eight::{CurveLanes, LANES, lanes_of, scatter};
use super::field::SignedDigits;
use super::field2::Complex;
use super::generic::Generic;
use super::lane_lines::LaneLines;
use super::mul::{BLOCKS, Comb, FieldGroup, Group, TEETH, mul_vartime};
use super::pairing;
use super::point::Affine;
use crate::backend::fp1024::{
    Base, Commit, Committed, FieldOctets, Lanes, Ops, PointOctets, ScalarOctets, Weighted,
};
use crate::error::Problem;
use alloc::vec::Vec;
use subtle::Choice;
use zeroize::{Zeroize, Zeroizing};

/// The curve over a kernel with lanes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InLanes<E: Lanes>(pub(super) E::Proof);

/// Work for that many takes less time in lanes than one by one.
fn fills_lanes(items: usize) -> bool {
    items > LANES / 2
}

/// Σ kᵢ·Bᵢ by combs in each lane; the terms share the doublings.
fn comb_sum<E, G, S, const N: usize>(proof: E::Proof, terms: &[[(&Comb<S>, &SignedDigits); LANES]]) -> G
where
    E: CurveLanes,
    G: Group<Element = E, Entry = [E; N]>,
    S: FieldGroup<Element = E::Single, Entry = [E::Single; N]>,
{
    let columns = E::DIGITS / (TEETH * BLOCKS);
    let mut sum = G::identity(proof);
    // In place: copies of eight entries would take a tenth of the time.
    let mut entries = terms[0].map(|(comb, _)| comb.some_entry());
    let mut entry = [E::zero(proof); N];
    for column in (0..columns).rev() {
        if column + 1 != columns {
            sum.double_in_place();
        }
        for term in terms {
            for block in 0..BLOCKS {
                for (entry, (comb, k)) in entries.iter_mut().zip(term) {
                    comb.entry(entry, k, column, block);
                }
                for (i, lanes) in entry.iter_mut().enumerate() {
                    lanes.set_singles(entries.each_ref().map(|entry| &entry[i]));
                }
                sum.add_entry_in_place(&entry);
            }
        }
    }
    sum
}

/// Scalars as digits, none missing: lanes without a job repeat the first.
fn recode<E: CurveLanes>(k: &[&ScalarOctets]) -> [SignedDigits; LANES] {
    lanes_of(k, |k| E::recode(k))
}

/// A scalar and the comb of its base.
type Term<'a, F> = (&'a ScalarOctets, &'a Comb<Edwards<F>>);

/// The numerators and the denominator of a point, and a power of g.
type Encapsulation<F> = ([F; 3], Complex<F>);

impl<E: CurveLanes> InLanes<E> {
    fn single(self) -> Generic<E::Single> {
        Generic(self.0)
    }

    /// Σ of the terms of up to eight jobs, which have as many terms each, all with combs.
    fn sums(self, jobs: &[Vec<Term<'_, E::Single>>]) -> Edwards<E> {
        let digits: Vec<_> =
            (0..jobs[0].len()).map(|term| recode::<E>(&lanes_of(jobs, |job| job[term].0))).collect();
        let terms: Vec<[_; LANES]> = digits
            .iter()
            .enumerate()
            .map(|(term, digits)| {
                let combs = lanes_of(jobs, |job| job[term].1);
                core::array::from_fn(|lane| (combs[lane], &digits[lane]))
            })
            .collect();
        comb_sum(self.0, &terms)
    }

    /// The same for one term each, with one base.
    fn products(self, comb: &Comb<Edwards<E::Single>>, k: &[ScalarOctets]) -> Edwards<E> {
        let jobs: Vec<_> = k.iter().map(|k| alloc::vec![(k, comb)]).collect();
        self.sums(&jobs)
    }

    /// Adds the encapsulations of up to eight jobs to `all`, if they can be done together.
    fn commit(
        self,
        jobs: &[Commit<'_, Comb<Edwards<E::Single>>>],
        g: Option<&Comb<Complex<E::Single>>>,
        all: &mut Vec<Encapsulation<E::Single>>,
    ) -> Option<()> {
        let g = g.filter(|_| fills_lanes(jobs.len()))?;
        let mut terms = Vec::with_capacity(jobs.len());
        for job in jobs {
            let combs: Option<Vec<_>> = job.terms.iter().map(|(k, base)| Some((*k, base.table?))).collect();
            terms.push(combs.filter(|combs| combs.len() == jobs[0].terms.len())?);
        }
        let r = recode::<E>(&jobs.iter().map(|job| job.r).collect::<Vec<_>>());
        let power: Complex<E> = comb_sum(self.0, &[r.each_ref().map(|r| (g, r))]);
        let points = Zeroizing::new(scatter(&self.sums(&terms).to_fraction()));
        let powers = Zeroizing::new(scatter(&[power.re, power.im]));
        let rows = points.iter().zip(powers.iter());
        all.extend(rows.take(jobs.len()).map(|(point, [re, im])| (*point, Complex { re: *re, im: *im })));
        Some(())
    }

    /// The value at \[i\]R of the function that the loop on K makes.
    fn value(self, k: Base<'_, LaneLines<E>>, r: &Affine<E::Single>) -> Complex<E::Single> {
        match k.table {
            Some(lines) => lines.value(r),
            None => pairing::value(&self.single().load(k.point), r),
        }
    }
}

impl<E: CurveLanes> Ops for InLanes<E> {
    type Comb = Comb<Edwards<E::Single>>;
    type UnitComb = Comb<Complex<E::Single>>;
    type Lines = LaneLines<E>;

    fn check_point(&self, point: &PointOctets) -> Result<(), Problem> {
        self.single().check_point(point)
    }

    fn has_order_q(&self, point: &PointOctets) -> Choice {
        self.single().has_order_q(point)
    }

    fn comb(&self, point: &PointOctets) -> Self::Comb {
        self.single().comb(point)
    }

    fn unit_comb(&self) -> Self::UnitComb {
        self.single().unit_comb()
    }

    fn lines(&self, point: &PointOctets) -> Self::Lines {
        LaneLines::new(&self.single().load(point))
    }

    fn mul_many(&self, base: Base<'_, Self::Comb>, k: &[ScalarOctets]) -> Vec<PointOctets> {
        let mut fractions = Zeroizing::new(Vec::with_capacity(k.len()));
        for k in k.chunks(LANES) {
            match base.table.filter(|_| fills_lanes(k.len())) {
                Some(comb) => {
                    let rows = Zeroizing::new(scatter(&self.products(comb, k).to_fraction()));
                    fractions.extend_from_slice(&rows[..k.len()]);
                }
                None => fractions.extend(k.iter().map(|k| self.single().sum(&[(k, base)]).to_fraction())),
            }
        }
        Generic::<E::Single>::all_affine(&fractions)
    }

    fn mul_add_vartime(
        &self,
        k: &ScalarOctets,
        p: Base<'_, Self::Comb>,
        q: &PointOctets,
    ) -> Option<PointOctets> {
        self.single().mul_add_vartime(k, p, q)
    }

    fn commit_many(&self, jobs: &[Commit<'_, Self::Comb>], g: Option<&Self::UnitComb>) -> Vec<Committed> {
        let mut all = Vec::with_capacity(jobs.len());
        for jobs in jobs.chunks(LANES) {
            if self.commit(jobs, g, &mut all).is_none() {
                self.single().commit_each(jobs, g, &mut all);
            }
        }
        let out = self.single().commitments(&all);
        for (point, power) in &mut all {
            point.zeroize();
            power.zeroize();
        }
        out
    }

    fn equals_many(&self, base: Base<'_, Self::Comb>, k: &[ScalarOctets], r: &[&PointOctets]) -> Vec<Choice> {
        let mut out = Vec::with_capacity(k.len());
        for (k, r) in k.chunks(LANES).zip(r.chunks(LANES)) {
            let Some(comb) = base.table.filter(|_| fills_lanes(k.len())) else {
                out.extend(self.single().equals_many(base, k, r));
                continue;
            };
            let points = Zeroizing::new(scatter(&self.products(comb, k).0));
            out.extend(
                points
                    .iter()
                    .zip(r)
                    .map(|(point, r)| Edwards::from_parts(*point).equals(&self.single().load(r))),
            );
        }
        out
    }

    fn pairing_many(&self, k: Base<'_, Self::Lines>, r: &[&PointOctets]) -> Vec<FieldOctets> {
        let mut values = Zeroizing::new(Vec::with_capacity(r.len()));
        for r in r.chunks(LANES) {
            match k.table.filter(|_| fills_lanes(r.len())) {
                Some(lines) => {
                    let points = lanes_of(r, |r| self.single().load(r));
                    values.extend_from_slice(&lines.values(&points)[..r.len()]);
                }
                None => values.extend(r.iter().map(|r| self.value(k, &self.single().load(r)))),
            }
        }
        Generic::<E::Single>::finish_many(&values)
    }

    fn pairing_product_vartime(
        &self,
        b: &ScalarOctets,
        p: Base<'_, Self::Lines>,
        z: Base<'_, Self::Lines>,
        k: &PointOctets,
    ) -> FieldOctets {
        let k = Zeroizing::new(self.single().load(k));
        let [of_p, of_z] = match (p.table, z.table) {
            (Some(p), Some(z)) => LaneLines::values_of_both([p, z], [&k, &k]),
            _ => [self.value(p, &k), self.value(z, &k)],
        };
        let power = mul_vartime(self.0, &of_p, b);
        let product = Zeroizing::new([Complex::mul(&power, &of_z)]);
        Generic::<E::Single>::finish_many(&product[..])[0]
    }
    fn pairings_agree_vartime(
        &self,
        p: Base<'_, Self::Lines>,
        z: Base<'_, Self::Lines>,
        terms: &[Weighted<'_>],
        c: &ScalarOctets,
    ) -> Choice {
        let (sums, finite) = self.single().both_sums_vartime(*self, terms);
        let [a, b] = sums.each_ref();
        let [of_p, of_z] = match (p.table, z.table) {
            (Some(p), Some(z)) => LaneLines::values_of_both([p, z], [a, b]),
            _ => [self.value(p, a), self.value(z, b)],
        };
        let product = Zeroizing::new(Complex::mul(&of_p, &of_z));
        finite & self.single().is_power_of_g_vartime(&product, c)
    }
}

/// Eight at a time.
impl<E: CurveLanes> SideBySide<LANES> for InLanes<E> {
    type Single = E::Single;
    type Wide = E;

    fn proof(self) -> E::Proof {
        self.0
    }

    fn gather<const M: usize>(rows: [[&E::Single; M]; LANES]) -> [E; M] {
        core::array::from_fn(|i| E::from_singles(rows.each_ref().map(|row| row[i])))
    }

    fn scatter<const M: usize>(row: &[E; M]) -> [[E::Single; M]; LANES] {
        // Sums are products, and small enough as they are.
        let columns = Zeroizing::new(row.each_ref().map(E::to_singles));
        core::array::from_fn(|lane| columns.each_ref().map(|column| column[lane]))
    }
}
