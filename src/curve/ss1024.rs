//! The supersingular curve of RFC 6509 parameter set 1: y² = x³ − 3x over F_p, p of 1024 bits.
//!
//! | | |
//! |---|---|
//! | p | 1024 bits, p ≡ 3 mod 4 |
//! | q | prime, 1022 bits, p + 1 = 4q |
//! | E(F_p) | cyclic of order 4q: 3 is no square, so (0, 0) is the only point of order two |
//! | embedding degree | 2; distortion map (x, y) ↦ (−x, i·y) |
//! | P, g = <P, P> | generators of the group of order q and of PF_p\[q\] |
//!
//! Points of order q are multiplied in Edwards form ([`edwards`]), points are paired in
//! Jacobian coordinates ([`pairing`]). A point that an outsider chose is never multiplied and
//! never walked by the Miller loop; it is only what the loop's functions are evaluated at.

mod edwards;
mod field;
mod field2;
mod mul;
mod pairing;
mod point;
mod scalar;
#[cfg(test)]
mod tests;
mod unitary;

pub(crate) use scalar::Scalar;

pub(crate) use crate::backend::fp1024::{Base, Commit, Committed, FieldOctets, Ops, PointOctets};

use crate::backend::fp1024::ScalarOctets;
use crate::backend::rustcrypto::fp1024::Fp;
use crate::error::Problem;
use alloc::vec::Vec;
use core::marker::PhantomData;
use edwards::Edwards;
use field::{Parameters, invert_all};
use field2::Complex;
use mul::Comb;
use point::Affine;
use subtle::Choice;
use zeroize::{Zeroize, Zeroizing};

/// The implementation that runs. One so far; the choice belongs here, once per operation.
pub(crate) const OPS: Generic<Fp> = Generic(PhantomData);

/// A comb of the implementation that runs.
pub(crate) type PointComb = <Generic<Fp> as Ops>::Comb;
/// A comb of g.
pub(crate) type UnitComb = <Generic<Fp> as Ops>::UnitComb;
/// A line table.
pub(crate) type LineTable = <Generic<Fp> as Ops>::Lines;

/// P, the generator: x ‖ y.
pub(crate) fn generator() -> PointOctets {
    Affine::<Fp>::generator().to_octets()
}

/// g = <P, P>.
pub(crate) fn pairing_generator() -> FieldOctets {
    use crate::backend::fp1024::Field;
    <Fp as Parameters>::G.to_octets()
}

/// All operations by the generic code of this module over a field kernel.
#[derive(Debug)]
pub(crate) struct Generic<F>(PhantomData<F>);

impl<F: Parameters> Generic<F> {
    fn sum(terms: &[(&ScalarOctets, Base<'_, Comb<Edwards<F>>>)]) -> Edwards<F> {
        use mul::Group;
        let digits: Vec<_> = terms.iter().map(|(k, _)| F::recode(k)).collect();
        // Bases with a comb share the doublings, the others are multiplied one by one.
        let combs: Vec<_> =
            terms.iter().zip(&digits).filter_map(|((_, base), k)| Some((base.table?, k))).collect();
        let mut sum = if combs.is_empty() { Edwards::IDENTITY } else { mul::comb_sum::<F, _>(&combs) };
        for ((_, base), k) in terms.iter().zip(&digits) {
            if base.table.is_none() {
                let point = Edwards::from_affine(&Affine::load(base.point));
                sum = sum.add(&mul::mul::<F, _>(&point, k));
            }
        }
        sum
    }
}

impl<F: Parameters> Ops for Generic<F> {
    type Comb = Comb<Edwards<F>>;
    type UnitComb = Comb<Complex<F>>;
    type Lines = pairing::Lines<F>;

    fn check_point(&self, point: &PointOctets) -> Result<(), Problem> {
        Affine::<F>::decode(point).map(|_| ())
    }

    fn has_order_q(&self, point: &PointOctets) -> Choice {
        Affine::<F>::load(point).has_order_q()
    }

    fn comb(&self, point: &PointOctets) -> Self::Comb {
        Comb::new::<F>(&Edwards::from_affine(&Affine::load(point)))
    }

    fn unit_comb(&self) -> Self::UnitComb {
        Comb::new::<F>(&unitary::generator())
    }

    fn lines(&self, point: &PointOctets) -> Self::Lines {
        pairing::Lines::new(&Affine::load(point))
    }

    fn mul_many(&self, base: Base<'_, Self::Comb>, k: &[ScalarOctets]) -> Vec<PointOctets> {
        let products: Zeroizing<Vec<_>> =
            Zeroizing::new(k.iter().map(|k| Self::sum(&[(k, base)]).to_fraction()).collect());
        let mut d = Zeroizing::new(products.iter().map(|[_, _, d]| *d).collect::<Vec<F>>());
        invert_all(&mut d);
        products
            .iter()
            .zip(d.iter())
            .map(|([x, y, _], d)| Affine { x: x.mul(d), y: y.mul(d) }.to_octets())
            .collect()
    }

    fn mul_add_vartime(&self, k: &ScalarOctets, p: &PointOctets, q: &PointOctets) -> Option<PointOctets> {
        use mul::Group;
        let product = mul::mul_vartime(&Edwards::<F>::from_affine(&Affine::load(p)), k);
        let [x, y, d] = product.add(&Edwards::from_affine(&Affine::load(q))).to_fraction();
        let identity = bool::from(d.ct_eq(&F::ZERO));
        let d = d.invert();
        (!identity).then(|| Affine { x: x.mul(&d), y: y.mul(&d) }.to_octets())
    }

    fn commit_many(&self, jobs: &[Commit<'_, Self::Comb>], g: Option<&Self::UnitComb>) -> Vec<Committed> {
        let mut fractions = Vec::with_capacity(jobs.len());
        let mut inverses = Vec::with_capacity(2 * jobs.len());
        for job in jobs {
            let [x, y, d] = Self::sum(&job.terms).to_fraction();
            let r = F::recode(job.r);
            let power = match g {
                Some(comb) => mul::comb_sum::<F, _>(&[(comb, &r)]),
                None => mul::mul::<F, _>(&unitary::generator(), &r),
            };
            fractions.push((x, y, power.im));
            inverses.extend([d, power.re]);
        }
        invert_all(&mut inverses);
        let out = fractions
            .iter()
            .zip(inverses.chunks_exact(2))
            .map(|((x, y, im), inverse)| {
                let point = Affine { x: x.mul(&inverse[0]), y: y.mul(&inverse[0]) };
                let unit = im.mul(&inverse[1]);
                // Infinity has d = 0, which has no inverse; 0 stands there.
                Committed {
                    point: point.to_octets(),
                    power: unit.to_octets(),
                    is_infinity: inverse[0].ct_eq(&F::ZERO),
                }
            })
            .collect();
        for (x, y, im) in &mut fractions {
            x.zeroize();
            y.zeroize();
            im.zeroize();
        }
        inverses.zeroize();
        out
    }

    fn mul_equals(&self, k: &ScalarOctets, base: Base<'_, Self::Comb>, r: &PointOctets) -> Choice {
        Self::sum(&[(k, base)]).equals(&Affine::load(r))
    }

    fn pairing(&self, k: Base<'_, Self::Lines>, r: &PointOctets) -> FieldOctets {
        let r = Affine::load(r);
        match k.table {
            Some(lines) => lines.pairing(&r),
            None => pairing::pairing(&Affine::load(k.point), &r),
        }
        .to_octets()
    }
}
