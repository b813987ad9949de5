//! Tables, each in the form of the backend that built it, and the choice of the backend.

use super::generic::Generic;
use crate::backend::fp1024::{Base, Commit, Ops, PointOctets};
use crate::backend::rustcrypto::fp1024 as rustcrypto;
use zeroize::Zeroize;

pub(crate) type RustCrypto = Generic<rustcrypto::Fp>;

/// Evaluates an expression over the chosen implementation of [`Ops`].
macro_rules! on_backend {
    ($ops:ident => $body:expr) => {{
        let $ops: $crate::curve::ss1024::tables::RustCrypto = $crate::curve::ss1024::generic::Generic(());
        $body
    }};
}
pub(super) use on_backend;

/// A table in the form of one of the backends.
#[derive(Zeroize)]
pub(crate) enum OfBackend<R: Zeroize> {
    RustCrypto(R),
}

/// Multiples of a point, for multiplications by many scalars.
pub(crate) type PointComb = OfBackend<<RustCrypto as Ops>::Comb>;
/// Powers of g, for exponentiations by many scalars.
pub(crate) type UnitComb = OfBackend<<RustCrypto as Ops>::UnitComb>;
/// The functions of the Miller loop that walks one point. As secret as the point.
pub(crate) type LineTable = OfBackend<<RustCrypto as Ops>::Lines>;

/// A table that one implementation understands, inside the type for all.
pub(super) trait Form<T>: Sized {
    fn wrap(table: T) -> Self;
    /// None where another backend built it.
    fn find(&self) -> Option<&T>;
}

macro_rules! form {
    ($ops:ty, $variant:ident) => {
        form!($ops, $variant, PointComb, Comb);
        form!($ops, $variant, UnitComb, UnitComb);
        form!($ops, $variant, LineTable, Lines);
    };
    ($ops:ty, $variant:ident, $all:ty, $own:ident) => {
        impl Form<<$ops as Ops>::$own> for $all {
            fn wrap(table: <$ops as Ops>::$own) -> Self {
                Self::$variant(table)
            }

            fn find(&self) -> Option<&<$ops as Ops>::$own> {
                #[allow(irrefutable_let_patterns, reason = "where there is one backend")]
                if let Self::$variant(table) = self { Some(table) } else { None }
            }
        }
    };
}

form!(RustCrypto, RustCrypto);

/// Where another backend built the table, the bare point has to do.
pub(super) fn base<'a, A: Form<T>, T>(base: Base<'a, A>) -> Base<'a, T> {
    Base { point: base.point, table: base.table.and_then(Form::find) }
}

/// The same for all terms of an encapsulation.
pub(super) fn job<'a, A: Form<T>, T>(job: &Commit<'a, A>) -> Commit<'a, T> {
    Commit { r: job.r, terms: job.terms.iter().map(|(k, term)| (*k, base(*term))).collect() }
}

impl PointComb {
    /// Builds the comb of `point`, of order q.
    pub(crate) fn new(point: &PointOctets) -> Self {
        on_backend!(ops => Self::wrap(ops.comb(point)))
    }
}

impl UnitComb {
    /// Builds the comb of g.
    pub(crate) fn of_g() -> Self {
        on_backend!(ops => Self::wrap(ops.unit_comb()))
    }
}

impl LineTable {
    /// Builds the line table of `point`, of order q.
    pub(crate) fn new(point: &PointOctets) -> Self {
        on_backend!(ops => Self::wrap(ops.lines(point)))
    }
}

/// Octets that a table takes.
#[cfg(feature = "hazmat")]
pub(crate) trait Size {
    fn size(&self) -> usize;
}

#[cfg(feature = "hazmat")]
impl<R: Zeroize + Size> Size for OfBackend<R> {
    fn size(&self) -> usize {
        match self {
            Self::RustCrypto(table) => table.size(),
        }
    }
}
