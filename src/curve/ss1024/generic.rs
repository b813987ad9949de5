//! All operations by the generic code of this module, one field element at a time.

use super::bucket_sums::{SideBySide, sums_vartime};
use super::edwards::Edwards;
use super::field::{Parameters, invert_all};
use super::field2::Complex;
use super::lines::Lines;
use super::mul::{self, Comb, Group};
use super::pairing;
use super::point::Affine;
use super::unitary;
use crate::backend::fp1024::{
    Base, Commit, Committed, Field, FieldOctets, Ops, PointOctets, ScalarOctets, Weighted,
};
use crate::error::Problem;
use alloc::vec::Vec;
use subtle::Choice;
use zeroize::{Zeroize, Zeroizing};

/// The curve over a kernel for single elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Generic<F: Field>(pub(super) F::Proof);

impl<F: Parameters + Field> Generic<F> {
    pub(super) fn load(self, point: &PointOctets) -> Affine<F> {
        Affine::load(self.0, point)
    }

    pub(super) fn sum(self, terms: &[(&ScalarOctets, Base<'_, Comb<Edwards<F>>>)]) -> Edwards<F> {
        let digits: Vec<_> = terms.iter().map(|(k, _)| F::recode(k)).collect();
        // Bases with a comb share the doublings, the others are multiplied one by one.
        let combs: Vec<_> =
            terms.iter().zip(&digits).filter_map(|((_, base), k)| Some((base.table?, k))).collect();
        let bare = terms.iter().zip(&digits).filter(|((_, base), _)| base.table.is_none());
        let products = bare.map(|((_, base), k)| mul::mul(&Edwards::from_affine(&self.load(base.point)), k));
        let sum = (!combs.is_empty()).then(|| mul::comb_sum(self.0, &combs));
        sum.into_iter()
            .chain(products)
            .reduce(|sum, product| sum.add(&product))
            .unwrap_or_else(|| Edwards::identity(self.0))
    }

    /// g^r, up to a factor.
    fn power(self, r: &ScalarOctets, g: Option<&Comb<Complex<F>>>) -> Complex<F> {
        let r = F::recode(r);
        match g {
            Some(comb) => mul::comb_sum(self.0, &[(comb, &r)]),
            None => mul::mul(&unitary::generator(self.0), &r),
        }
    }

    /// Encapsulations one by one: each a point as a fraction and a power of g.
    pub(super) fn commit_each(
        self,
        jobs: &[Commit<'_, Comb<Edwards<F>>>],
        g: Option<&Comb<Complex<F>>>,
        all: &mut Vec<([F; 3], Complex<F>)>,
    ) {
        all.extend(jobs.iter().map(|job| (self.sum(&job.terms).to_fraction(), self.power(job.r, g))));
    }

    fn affine([x, y, _]: &[F; 3], inverse: &F) -> PointOctets {
        let [x, y] = F::mul_pairs([x, y], [inverse, inverse]);
        Affine { x, y }.to_octets()
    }

    /// The points of fractions (x·d, y·d, d), d ≠ 0.
    pub(super) fn all_affine(fractions: &[[F; 3]]) -> Vec<PointOctets> {
        let mut d = Zeroizing::new(fractions.iter().map(|[.., d]| *d).collect::<Vec<F>>());
        invert_all(&mut d);
        fractions.iter().zip(d.iter()).map(|(fraction, d)| Self::affine(fraction, d)).collect()
    }

    /// The results of encapsulations: a point as a fraction and a power of g each.
    pub(super) fn commitments(&self, all: &[([F; 3], Complex<F>)]) -> Vec<Committed> {
        let zero = F::zero(self.0);
        let mut inverses =
            Zeroizing::new(all.iter().flat_map(|([.., d], power)| [*d, power.re]).collect::<Vec<F>>());
        invert_all(&mut inverses);
        let commitment = |((point, power), inverse): (&([F; 3], Complex<F>), &[F])| Committed {
            point: Self::affine(point, &inverse[0]),
            power: power.im.mul(&inverse[1]).to_octets(),
            // Infinity has d = 0, which has no inverse; 0 stands there.
            is_infinity: inverse[0].ct_eq(&zero),
        };
        all.iter().zip(inverses.chunks_exact(2)).map(commitment).collect()
    }

    /// f⁴ as elements of PF_p: the imaginary over the real part.
    pub(super) fn finish_many(values: &[Complex<F>]) -> Vec<FieldOctets> {
        let fourth: Zeroizing<Vec<_>> = Zeroizing::new(values.iter().map(|f| f.square_times(2)).collect());
        let mut inverses = Zeroizing::new(fourth.iter().map(|f| f.re).collect::<Vec<F>>());
        invert_all(&mut inverses);
        fourth.iter().zip(inverses.iter()).map(|(f, inverse)| f.im.mul(inverse).to_octets()).collect()
    }

    /// Two sums of the same points, `side` by side; and whether both are points other than infinity.
    pub(super) fn both_sums_vartime<S: SideBySide<N, Single = F>, const N: usize>(
        self,
        side: S,
        terms: &[Weighted<'_>],
    ) -> (Zeroizing<[Affine<F>; 2]>, Choice) {
        let points: Zeroizing<Vec<_>> =
            Zeroizing::new(terms.iter().map(|term| self.load(term.point)).collect());
        let factors: Vec<_> = terms.iter().map(|term| term.factors).collect();
        let sums = Zeroizing::new(sums_vartime(side, &points, &factors).map(Edwards::to_fraction));
        let mut d = Zeroizing::new(sums.each_ref().map(|[.., d]| *d));
        invert_all(&mut d[..]);
        let zero = F::zero(self.0);
        let finite = !(d[0].ct_eq(&zero) | d[1].ct_eq(&zero));
        let point = |i: usize| {
            let [x, y, _] = &sums[i];
            let [x, y] = F::mul_pairs([x, y], [&d[i], &d[i]]);
            Affine { x, y }
        };
        (Zeroizing::new([point(0), point(1)]), finite)
    }

    /// Is f⁴ = g^c in PF_p, for a value f of Miller loops?
    pub(super) fn is_power_of_g_vartime(self, f: &Complex<F>, c: &ScalarOctets) -> Choice {
        let power = mul::mul_vartime(self.0, &unitary::generator(self.0), c);
        let quotient = Zeroizing::new(Complex::mul(&f.square_times(2), &power.conjugate()));
        let zero = F::zero(self.0);
        // The class of 1 is F_p*.
        quotient.im.ct_eq(&zero) & !quotient.re.ct_eq(&zero)
    }

    /// The value at \[i\]R of the function that the loop on K makes.
    fn value(self, k: Base<'_, Lines<F>>, r: &Affine<F>) -> Complex<F> {
        match k.table {
            Some(lines) => lines.value(r),
            None => pairing::value(&self.load(k.point), r),
        }
    }
}

impl<F: Parameters + Field> Ops for Generic<F> {
    type Comb = Comb<Edwards<F>>;
    type UnitComb = Comb<Complex<F>>;
    type Lines = Lines<F>;

    fn check_point(&self, point: &PointOctets) -> Result<(), Problem> {
        Affine::<F>::decode(self.0, point).map(|_| ())
    }

    fn has_order_q(&self, point: &PointOctets) -> Choice {
        self.load(point).has_order_q()
    }

    fn comb(&self, point: &PointOctets) -> Self::Comb {
        Comb::new(&Edwards::from_affine(&self.load(point)))
    }

    fn unit_comb(&self) -> Self::UnitComb {
        Comb::new(&unitary::generator(self.0))
    }

    fn lines(&self, point: &PointOctets) -> Self::Lines {
        Lines::new(&self.load(point))
    }

    fn mul_many(&self, base: Base<'_, Self::Comb>, k: &[ScalarOctets]) -> Vec<PointOctets> {
        let products: Zeroizing<Vec<_>> =
            Zeroizing::new(k.iter().map(|k| self.sum(&[(k, base)]).to_fraction()).collect());
        Self::all_affine(&products)
    }

    fn mul_add_vartime(
        &self,
        k: &ScalarOctets,
        p: Base<'_, Self::Comb>,
        q: &PointOctets,
    ) -> Option<PointOctets> {
        let product = match p.table {
            Some(_) => self.sum(&[(k, p)]),
            None => mul::mul_vartime(self.0, &Edwards::<F>::from_affine(&self.load(p.point)), k),
        };
        let fraction = product.add(&Edwards::from_affine(&self.load(q))).to_fraction();
        let identity = bool::from(fraction[2].ct_eq(&F::zero(self.0)));
        (!identity).then(|| Self::affine(&fraction, &fraction[2].invert()))
    }

    fn commit_many(&self, jobs: &[Commit<'_, Self::Comb>], g: Option<&Self::UnitComb>) -> Vec<Committed> {
        let mut all = Vec::with_capacity(jobs.len());
        self.commit_each(jobs, g, &mut all);
        let out = self.commitments(&all);
        for (point, power) in &mut all {
            point.zeroize();
            power.zeroize();
        }
        out
    }

    fn equals_many(&self, base: Base<'_, Self::Comb>, k: &[ScalarOctets], r: &[&PointOctets]) -> Vec<Choice> {
        k.iter().zip(r).map(|(k, r)| self.sum(&[(k, base)]).equals(&self.load(r))).collect()
    }

    fn pairing_many(&self, k: Base<'_, Self::Lines>, r: &[&PointOctets]) -> Vec<FieldOctets> {
        let mut values = Zeroizing::new(Vec::with_capacity(r.len()));
        values.extend(r.iter().map(|r| self.value(k, &self.load(r))));
        Self::finish_many(&values)
    }

    fn pairing_product_vartime(
        &self,
        b: &ScalarOctets,
        p: Base<'_, Self::Lines>,
        z: Base<'_, Self::Lines>,
        k: &PointOctets,
    ) -> FieldOctets {
        let k = Zeroizing::new(self.load(k));
        let power = mul::mul_vartime(self.0, &self.value(p, &k), b);
        let product = Zeroizing::new([Complex::mul(&power, &self.value(z, &k))]);
        Self::finish_many(&product[..])[0]
    }
    fn pairings_agree_vartime(
        &self,
        p: Base<'_, Self::Lines>,
        z: Base<'_, Self::Lines>,
        terms: &[Weighted<'_>],
        c: &ScalarOctets,
    ) -> Choice {
        let (sums, finite) = self.both_sums_vartime(*self, terms);
        let product = Zeroizing::new(Complex::mul(&self.value(p, &sums[0]), &self.value(z, &sums[1])));
        finite & self.is_power_of_g_vartime(&product, c)
    }
}

/// One at a time.
impl<F: Parameters + Field> SideBySide<1> for Generic<F> {
    type Single = F;
    type Wide = F;

    fn proof(self) -> F::Proof {
        self.0
    }

    fn gather<const M: usize>([row]: [[&F; M]; 1]) -> [F; M] {
        row.map(|element| *element)
    }

    fn scatter<const M: usize>(row: &[F; M]) -> [[F; M]; 1] {
        [*row]
    }
}
