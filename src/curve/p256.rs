//! P-256 (FIPS 186-4 D.1.2.3): y² = x³ − 3x + B over F_p, prime order q, cofactor 1.
//!
//! Since the cofactor is 1, a point on the curve that is not the identity has order q: there is no
//! further subgroup check to make. A [`Point`] is never the identity, which has no encoding.
//!
//! [`Point`] and [`Scalar`] are what the protocols use. Each function here, and each operation on scalars, chooses the
//! backend. From the bottom up, the curve over the field of an own backend: `field`, `jacobian` (points), `recode` (scalars to
//! digits), `tables`, `lanes` (eight additions at a time), `mul` (one multiplication), `batch` (many), and `own`, which puts
//! them behind the seam.

mod batch;
mod comb_term;
mod field;
#[cfg(feature = "tables")]
mod generator_table;
#[cfg(any(test, not(feature = "tables")))]
#[cfg_attr(feature = "tables", allow(dead_code, reason = "built to be tested"))]
mod generator_table_small;
mod jacobian;
mod lanes;
mod mul;
mod order;
mod own;
mod point;
#[cfg(feature = "__backends")]
pub mod probe;
mod recode;
mod scalar;
mod tables;

pub(crate) use point::{BasePoint, Point};
pub(crate) use scalar::Scalar;

pub(crate) use crate::backend::p256::{Check, ScalarOctets};
#[cfg(any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto"))]
use crate::backend::rustcrypto;
use crate::backend::{
    self, Backend,
    p256::{Base, Kernel, Ops, PointOctets},
};
use crate::secret::declassify;
use alloc::vec::Vec;
use own::Own;
use subtle::Choice;
use zeroize::Zeroizing;

/// Evaluates an expression over the chosen implementation of [`Ops`].
macro_rules! on_backend {
    ($ops:ident => $body:expr) => {
        match backend::selected() {
            #[cfg(any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto"))]
            Backend::RustCrypto($ops) => $body,
            Backend::Portable(kernel) => {
                let $ops = Own(kernel);
                $body
            }
            #[cfg(target_arch = "x86_64")]
            Backend::Adx(kernel) => {
                let $ops = Own(kernel);
                $body
            }
            #[cfg(target_arch = "x86_64")]
            Backend::Ifma(kernel) => {
                let $ops = Own(kernel);
                $body
            }
            #[cfg(feature = "__backends")]
            Backend::IfmaModel(kernel) => {
                let $ops = Own(kernel);
                $body
            }
        }
    };
}
use on_backend;

/// A table of multiples of a public point, in the form of the backend that built it.
#[cfg(feature = "tables")]
pub(crate) enum Table {
    #[cfg(any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto"))]
    RustCrypto(<rustcrypto::RustCrypto as Ops>::Table),
    Own(tables::Table),
}

/// Without the feature `tables` no table can exist.
#[cfg(not(feature = "tables"))]
pub(crate) enum Table {}

impl core::fmt::Debug for Table {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Table")
    }
}

impl Table {
    #[cfg(feature = "tables")]
    fn new(point: &PointOctets) -> Self {
        on_backend!(ops => ops.table(point).into())
    }
}

#[cfg(all(feature = "tables", any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto")))]
impl From<<rustcrypto::RustCrypto as Ops>::Table> for Table {
    fn from(table: <rustcrypto::RustCrypto as Ops>::Table) -> Self {
        Self::RustCrypto(table)
    }
}

#[cfg(feature = "tables")]
impl From<tables::Table> for Table {
    fn from(table: tables::Table) -> Self {
        Self::Own(table)
    }
}

/// Finds the table of one's own form; where another backend built it, the bare point has to do.
trait FindTable: Ops {
    fn find(table: &Table) -> Option<&Self::Table>;

    fn base<'a>(base: Base<'a, Table>) -> Base<'a, Self::Table> {
        Base { point: base.point, table: base.table.and_then(Self::find) }
    }
}

#[cfg(any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto"))]
impl FindTable for rustcrypto::RustCrypto {
    fn find(table: &Table) -> Option<&Self::Table> {
        match *table {
            #[cfg(feature = "tables")]
            Table::RustCrypto(ref table) => Some(table),
            #[cfg(feature = "tables")]
            Table::Own(_) => None,
        }
    }
}

impl<K: Kernel> FindTable for Own<K> {
    fn find(table: &Table) -> Option<&Self::Table> {
        match *table {
            #[cfg(feature = "tables")]
            Table::Own(ref table) => Some(table),
            #[cfg(all(
                feature = "tables",
                any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto")
            ))]
            Table::RustCrypto(_) => None,
        }
    }
}

/// Is the integer below the field prime p?
pub(crate) fn is_field_element(octets: &[u8; 32]) -> bool {
    on_backend!(ops => ops.is_reduced(octets))
}

/// Does a point with reduced coordinates lie on the curve?
fn is_on_curve(point: &PointOctets) -> bool {
    on_backend!(ops => ops.is_on_curve(point))
}

/// The point with this reduced x whose y is odd or even, if there is one.
fn decompress(x: &[u8; 32], y_is_odd: Choice) -> Option<PointOctets> {
    on_backend!(ops => ops.decompress(x, y_is_odd))
}

/// \[k\]G for a secret k ≠ 0.
pub(crate) fn mul_generator(k: &Scalar) -> Point {
    Point::from_checked(on_backend!(ops => ops.mul_generator(k.as_octets())))
}

/// \[kᵢ\]G for secret kᵢ ≠ 0, with one inversion for all.
pub(crate) fn mul_generator_many<'a>(k: impl ExactSizeIterator<Item = &'a Scalar>) -> Vec<Point> {
    let mut octets = Zeroizing::new(Vec::with_capacity(k.len()));
    octets.extend(k.map(|k| *k.as_octets()));
    let mut out = alloc::vec![[0; 64]; octets.len()];
    on_backend!(ops => ops.mul_generator_many(&octets, &mut out));
    out.into_iter().map(Point::from_checked).collect()
}

/// The x-coordinate of \[k\](P + \[h\]Q), for a secret k ≠ 0 and public h, or `None` where P + \[h\]Q is the
/// identity. The result is secret.
pub(crate) fn diffie_hellman(
    k: &Scalar,
    p: &BasePoint,
    h: &Scalar,
    q: &Point,
) -> Option<Zeroizing<[u8; 32]>> {
    fn on<O: FindTable>(ops: O, k: &Scalar, p: &BasePoint, h: &Scalar, q: &Point) -> Option<PointOctets> {
        ops.mul_sum(k.as_octets(), O::base(p.as_base()), h.as_octets(), q.as_octets())
    }
    let product = Zeroizing::new(on_backend!(ops => on(ops, k, p, h, q))?);
    Some(Zeroizing::new(*product.first_chunk().expect("64 octets")))
}

/// \[k\]G, if it equals P + \[h\]Q. For a secret k ≠ 0 and public h. The outcome is public, and so is
/// the point \[k\]G.
pub(crate) fn mul_generator_if_equal(k: &Scalar, p: &BasePoint, h: &Scalar, q: &Point) -> Option<Point> {
    fn on<O: FindTable>(ops: O, k: &Scalar, p: &BasePoint, h: &Scalar, q: &Point) -> (PointOctets, Choice) {
        ops.mul_generator_if_equal(k.as_octets(), O::base(p.as_base()), h.as_octets(), q.as_octets())
    }
    let (product, equal) = on_backend!(ops => on(ops, k, p, h, q));
    bool::from(declassify(equal)).then(|| Point::from_checked(declassify(product)))
}

/// P + \[h\]Q, or `None` for the identity. All inputs public.
pub(crate) fn add_mul_vartime(p: &Point, h: &Scalar, q: &Point) -> Option<Point> {
    on_backend!(ops => ops.add_mul_vartime(p.as_octets(), h.as_octets(), q.as_octets()))
        .map(Point::from_checked)
}

/// \[g\]G + Σ \[kᵢ\]Pᵢ, or `None` for the identity. All inputs public.
#[cfg(feature = "hazmat")]
pub(crate) fn combination_vartime<const N: usize>(
    g: &Scalar,
    terms: [(&Scalar, Base<'_, Table>); N],
) -> Option<Point> {
    fn on<O: FindTable, const N: usize>(
        ops: O,
        g: &Scalar,
        terms: [(&Scalar, Base<'_, Table>); N],
    ) -> Option<PointOctets> {
        ops.combination_vartime(g.as_octets(), &terms.map(|(k, base)| (*k.as_octets(), O::base(base))))
    }
    on_backend!(ops => on(ops, g, terms)).map(Point::from_checked)
}

/// Is \[g\]G + Σ \[kᵢ\]Pᵢ a point (not the identity) with this x-coordinate? All inputs public.
pub(crate) fn combination_has_x_vartime<const N: usize>(
    x: &[u8; 32],
    g: &Scalar,
    terms: [(&Scalar, Base<'_, Table>); N],
) -> bool {
    fn on<O: FindTable, const N: usize>(
        ops: O,
        x: &[u8; 32],
        g: &Scalar,
        terms: [(&Scalar, Base<'_, Table>); N],
    ) -> bool {
        let terms = terms.map(|(k, base)| (*k.as_octets(), O::base(base)));
        ops.combination_has_x_vartime(x, g.as_octets(), &terms)
    }
    on_backend!(ops => on(ops, x, g, terms))
}

/// Whether x is that of \[g\]G + \[k\]P + \[h\]Q, a point and not the identity, for each of the checks. Q is
/// `shared`; where there is none, h does not count. All inputs public.
pub(crate) fn combinations_have_x_vartime(
    checks: &[Check<'_, Table>],
    shared: Option<Base<'_, Table>>,
) -> Vec<bool> {
    fn on<O: FindTable>(
        ops: O,
        checks: &[Check<'_, Table>],
        shared: Option<Base<'_, Table>>,
        out: &mut [bool],
    ) {
        let checks: Vec<_> = checks
            .iter()
            .map(|Check { x, g, k, point, h }| Check { x, g: *g, k: *k, point: O::base(*point), h: *h })
            .collect();
        ops.combinations_have_x_vartime(&checks, shared.map(O::base), out);
    }
    let mut out = alloc::vec![false; checks.len()];
    on_backend!(ops => on(ops, checks, shared, &mut out));
    out
}

/// Σ \[kᵢ\]Pᵢ, or `None` for the identity. All inputs public.
pub(crate) fn sum_vartime(terms: &[(&Scalar, &Point)]) -> Option<Point> {
    let terms: Vec<_> = terms.iter().map(|(k, point)| (*k.as_octets(), *point.as_octets())).collect();
    on_backend!(ops => ops.sum_vartime(&terms)).map(Point::from_checked)
}
