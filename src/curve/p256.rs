//! P-256 (FIPS 186-4 D.1.2.3): y² = x³ − 3x + B over F_p, prime order q, cofactor 1.
//!
//! Since the cofactor is 1, a point on the curve that is not the identity has order q: there is no
//! further subgroup check to make. A [`Point`] is never the identity, which has no encoding.

mod point;
mod scalar;

pub(crate) use point::{BasePoint, Point};
pub(crate) use scalar::Scalar;

pub(crate) use crate::backend::p256::ScalarOctets;
use crate::backend::{
    p256::{Base, Ops},
    rustcrypto,
};
use crate::secret::declassify;
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// The implementation that runs. One so far; the choice belongs here, once per operation.
const OPS: rustcrypto::P256 = rustcrypto::P256;

/// A table of multiples of a public point.
type Table = <rustcrypto::P256 as Ops>::Table;

/// Is the integer below the field prime p?
pub(crate) fn is_field_element(octets: &[u8; 32]) -> bool {
    OPS.is_reduced(octets)
}

/// \[k\]G for a secret k ≠ 0.
pub(crate) fn mul_generator(k: &Scalar) -> Point {
    Point::from_checked(OPS.mul_generator(k.as_octets()))
}

/// \[kᵢ\]G for secret kᵢ ≠ 0, with one inversion for all.
pub(crate) fn mul_generator_many(k: &[Scalar]) -> Vec<Point> {
    let k: Zeroizing<Vec<_>> = Zeroizing::new(k.iter().map(|k| *k.as_octets()).collect());
    let mut out = alloc::vec![[0; 64]; k.len()];
    OPS.mul_generator_many(&k, &mut out);
    out.into_iter().map(Point::from_checked).collect()
}

/// The x-coordinate of \[k\]P, for a secret k ≠ 0. The result is secret.
pub(crate) fn diffie_hellman(k: &Scalar, point: &Point) -> Zeroizing<[u8; 32]> {
    let product = Zeroizing::new(OPS.mul(k.as_octets(), point.as_octets()));
    Zeroizing::new(*product.first_chunk().expect("64 octets"))
}

/// \[k\]G, if it equals P + \[h\]Q. For a secret k ≠ 0 and public h. The outcome is public.
pub(crate) fn mul_generator_if_equal(k: &Scalar, p: &BasePoint, h: &Scalar, q: &Point) -> Option<Point> {
    let (product, equal) =
        OPS.mul_generator_if_equal(k.as_octets(), p.as_base(), h.as_octets(), q.as_octets());
    bool::from(declassify(equal)).then(|| Point::from_checked(declassify(product)))
}

/// P + \[h\]Q, or `None` for the identity. All inputs public.
pub(crate) fn add_mul_vartime(p: &Point, h: &Scalar, q: &Point) -> Option<Point> {
    OPS.add_mul_vartime(p.as_octets(), h.as_octets(), q.as_octets()).map(Point::from_checked)
}

/// \[g\]G + Σ \[kᵢ\]Pᵢ, or `None` for the identity. All inputs public.
#[cfg(feature = "hazmat")]
pub(crate) fn combination_vartime<const N: usize>(
    g: &Scalar,
    terms: [(&Scalar, Base<'_, Table>); N],
) -> Option<Point> {
    let terms = terms.map(|(k, base)| (*k.as_octets(), base));
    OPS.combination_vartime(g.as_octets(), &terms).map(Point::from_checked)
}

/// Is \[g\]G + Σ \[kᵢ\]Pᵢ a point (not the identity) with this x-coordinate? All inputs public.
pub(crate) fn combination_has_x_vartime<const N: usize>(
    x: &[u8; 32],
    g: &Scalar,
    terms: [(&Scalar, Base<'_, Table>); N],
) -> bool {
    let terms = terms.map(|(k, base)| (*k.as_octets(), base));
    OPS.combination_has_x_vartime(x, g.as_octets(), &terms)
}
