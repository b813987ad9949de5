//! P-256 on the crates `p256` and `primeorder`: portable, constant time by design.
//!
//! With the feature `tables`, multiplication of a fixed point runs over a table of 33 × 8
//! projective points (25 KB): digit i of the signed radix-16 form of the scalar picks, by a scan
//! of all eight entries, from row i/2; odd digits are summed apart and shifted by four doublings
//! at the end. The table of the generator is built at its first use (about 0.3 ms) and kept.

use super::super::p256::{Base, Ops, PointOctets, ScalarOctets};
use super::RustCrypto;
use ::p256::elliptic_curve::{
    BatchNormalize, Group, PrimeField,
    hazmat::FieldArithmetic,
    ops::{LinearCombination, MulVartime, Reduce},
    point::{AffineCoordinates, DecompressPoint},
    sec1::FromSec1Point,
};
use ::p256::{AffinePoint, FieldBytes, NistP256, ProjectivePoint, Scalar, Sec1Point};
use alloc::vec::Vec;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

type FieldElement = <NistP256 as FieldArithmetic>::FieldElement;

fn scalar(octets: &ScalarOctets) -> Scalar {
    // Unreduced octets would mean a caller's bug; reducing keeps the function total without a
    // branch on the value.
    <Scalar as Reduce<FieldBytes>>::reduce(&FieldBytes::from(*octets))
}

fn projective(point: &PointOctets) -> ProjectivePoint {
    affine(point).expect("points are checked when they are decoded").into()
}

fn affine(point: &PointOctets) -> Option<AffinePoint> {
    let mut sec1 = [4; 65];
    sec1[1..].copy_from_slice(point);
    let sec1 = Sec1Point::from_bytes(sec1).expect("65 octets that begin with 04");
    AffinePoint::from_sec1_point(&sec1).into_option()
}

fn octets(point: &AffinePoint) -> PointOctets {
    let mut out = [0; 64];
    out[..32].copy_from_slice(&point.x());
    out[32..].copy_from_slice(&point.y());
    out
}

fn non_identity(point: &ProjectivePoint) -> Option<PointOctets> {
    (!bool::from(point.is_identity())).then(|| octets(&point.to_affine()))
}

#[cfg(feature = "tables")]
mod table {
    use super::{NistP256, ProjectivePoint, Scalar};
    use ::p256::elliptic_curve::Group;
    use alloc::boxed::Box;
    use once_cell::race::OnceBox;
    use primeorder::{LookupTable, Radix16Decomposition, Radix16Digits};

    /// Row i holds 1 to 8 times \[256^i\]P.
    pub(crate) struct Table(Box<[LookupTable<ProjectivePoint>; 33]>);

    impl Table {
        pub(super) fn new(point: ProjectivePoint) -> Self {
            let mut base = point;
            let mut rows = Box::new([LookupTable::default(); 33]);
            for row in rows.iter_mut() {
                *row = LookupTable::new(base);
                for _ in 0..8 {
                    base = base.double();
                }
            }
            Self(rows)
        }

        pub(super) fn generator() -> &'static Self {
            static GENERATOR: OnceBox<Table> = OnceBox::new();
            GENERATOR.get_or_init(|| Box::new(Self::new(ProjectivePoint::generator())))
        }

        /// \[k\]P in constant time.
        pub(super) fn mul(&self, k: &Scalar) -> ProjectivePoint {
            self.sum(k, LookupTable::select)
        }

        /// \[k\]P for a public k.
        pub(super) fn mul_vartime(&self, k: &Scalar) -> ProjectivePoint {
            self.sum(k, LookupTable::select_vartime)
        }

        fn sum(
            &self,
            k: &Scalar,
            select: impl Fn(&LookupTable<ProjectivePoint>, i8) -> ProjectivePoint,
        ) -> ProjectivePoint {
            let digits = Radix16Decomposition::<Radix16Digits<NistP256>>::new(k);
            let (last, rows) = self.0.split_last().expect("33 rows");
            let mut even = select(last, digits[64]);
            let mut odd = ProjectivePoint::IDENTITY;
            for (i, row) in rows.iter().enumerate() {
                odd += select(row, digits[2 * i + 1]);
                even += select(row, digits[2 * i]);
            }
            for _ in 0..4 {
                odd = odd.double();
            }
            even + odd
        }
    }
}

#[cfg(not(feature = "tables"))]
mod table {
    use super::{ProjectivePoint, Scalar};

    /// Without the feature `tables` no table can exist.
    pub(crate) enum Table {}

    impl Table {
        pub(super) fn mul_vartime(&self, _: &Scalar) -> ProjectivePoint {
            match *self {}
        }
    }
}

impl core::fmt::Debug for table::Table {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Table")
    }
}

fn generator_times(k: &Scalar) -> ProjectivePoint {
    #[cfg(feature = "tables")]
    return table::Table::generator().mul(k);
    #[cfg(not(feature = "tables"))]
    return ProjectivePoint::mul_by_generator(k);
}

/// The affine forms, with one inversion.
///
/// The constant-time checker excuses one jump in the crate below this frame, and has to find the frame.
#[cfg_attr(feature = "__ctgrind", inline(never))]
fn affine_many(points: &[ProjectivePoint]) -> Vec<AffinePoint> {
    <ProjectivePoint as BatchNormalize<[ProjectivePoint]>>::batch_normalize(points)
}

/// Σ over the terms: tables one by one, bare points (G among them where it has no table) in one
/// interleaved combination, which shares the doublings.
fn combination(g: &ScalarOctets, terms: &[(ScalarOctets, Base<'_, table::Table>)]) -> ProjectivePoint {
    let mut bare: Vec<(ProjectivePoint, Scalar)> = Vec::with_capacity(terms.len() + 1);
    let mut sum = ProjectivePoint::IDENTITY;
    #[cfg(feature = "tables")]
    {
        sum += table::Table::generator().mul_vartime(&scalar(g));
    }
    #[cfg(not(feature = "tables"))]
    bare.push((ProjectivePoint::GENERATOR, scalar(g)));
    for (k, base) in terms {
        match base.table {
            None => bare.push((projective(base.point), scalar(k))),
            Some(table) => sum += table.mul_vartime(&scalar(k)),
        }
    }
    match bare.as_slice() {
        [] => {}
        [(point, k)] => sum += point.mul_vartime(k),
        several => sum += ProjectivePoint::lincomb_vartime(several),
    }
    sum
}

impl Ops for RustCrypto {
    type Table = table::Table;

    #[cfg(feature = "tables")]
    fn table(&self, point: &PointOctets) -> table::Table {
        table::Table::new(projective(point))
    }

    fn is_reduced(&self, octets: &[u8; 32]) -> bool {
        FieldElement::from_repr(FieldBytes::from(*octets)).is_some().into()
    }

    fn is_on_curve(&self, point: &PointOctets) -> bool {
        affine(point).is_some()
    }

    fn decompress(&self, x: &[u8; 32], y_is_odd: Choice) -> Option<PointOctets> {
        AffinePoint::decompress(&FieldBytes::from(*x), y_is_odd).into_option().map(|p| octets(&p))
    }

    fn scalar_reduce(&self, octets: &[u8; 32]) -> ScalarOctets {
        scalar(octets).to_repr().into()
    }

    fn scalar_mul_add(&self, a: &ScalarOctets, b: &ScalarOctets, c: &ScalarOctets) -> ScalarOctets {
        (scalar(a) * scalar(b) + scalar(c)).to_repr().into()
    }

    fn scalar_mul(&self, a: &ScalarOctets, b: &ScalarOctets) -> ScalarOctets {
        (scalar(a) * scalar(b)).to_repr().into()
    }

    fn scalar_invert(&self, a: &ScalarOctets) -> ScalarOctets {
        scalar(a).invert().unwrap_or(Scalar::ZERO).to_repr().into() // a select, no branch
    }

    fn mul_generator(&self, k: &ScalarOctets) -> PointOctets {
        octets(&generator_times(&scalar(k)).to_affine())
    }

    fn mul_generator_many(&self, k: &[ScalarOctets], out: &mut [PointOctets]) {
        // The coordinates before they are made affine depend on more than the public result.
        let points: Zeroizing<Vec<_>> =
            Zeroizing::new(k.iter().map(|k| generator_times(&scalar(k))).collect());
        let affine = affine_many(&points);
        for (out, point) in out.iter_mut().zip(&affine) {
            *out = octets(point);
        }
    }

    fn mul(&self, k: &ScalarOctets, point: &PointOctets) -> PointOctets {
        octets(&(projective(point) * scalar(k)).to_affine())
    }

    fn mul_generator_if_equal(
        &self,
        k: &ScalarOctets,
        p: Base<'_, table::Table>,
        h: &ScalarOctets,
        q: &PointOctets,
    ) -> (PointOctets, Choice) {
        let left = generator_times(&scalar(k));
        let right = projective(q).mul_vartime(&scalar(h)) + projective(p.point);
        (octets(&left.to_affine()), left.ct_eq(&right))
    }

    fn add_mul_vartime(&self, p: &PointOctets, h: &ScalarOctets, q: &PointOctets) -> Option<PointOctets> {
        non_identity(&(projective(q).mul_vartime(&scalar(h)) + projective(p)))
    }

    fn combination_vartime(
        &self,
        g: &ScalarOctets,
        terms: &[(ScalarOctets, Base<'_, table::Table>)],
    ) -> Option<PointOctets> {
        non_identity(&combination(g, terms))
    }

    fn combination_has_x_vartime(
        &self,
        x: &[u8; 32],
        g: &ScalarOctets,
        terms: &[(ScalarOctets, Base<'_, table::Table>)],
    ) -> bool {
        self.combination_vartime(g, terms).is_some_and(|point| point[..32] == x[..])
    }
}
