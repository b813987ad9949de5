//! Tables, each in the form of the backend that built it, and the choice of the backend.

use super::generic::Generic;
#[cfg(any(target_arch = "x86_64", feature = "__backends"))]
use super::lanes::InLanes;
#[cfg(feature = "hazmat")]
use super::size::Size;
#[cfg(target_arch = "x86_64")]
use crate::backend::adx::fp1024 as adx;
use crate::backend::fp1024::{Base, Commit, Ops, PointOctets};
#[cfg(any(target_arch = "x86_64", feature = "__backends"))]
use crate::backend::ifma::fp1024x8 as ifma;
#[cfg(feature = "__backends")]
use crate::backend::ifma::vector;
#[cfg(target_arch = "x86_64")]
use crate::backend::ifma::zmm;
use crate::backend::portable::fp1024 as portable;
#[cfg(any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto"))]
use crate::backend::rustcrypto::fp1024 as rustcrypto;
use zeroize::Zeroize;

#[cfg(any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto"))]
pub(crate) type RustCrypto = Generic<rustcrypto::Fp>;
pub(crate) type Portable = Generic<portable::Fe>;
#[cfg(target_arch = "x86_64")]
pub(crate) type Adx = Generic<adx::Fe>;
#[cfg(target_arch = "x86_64")]
pub(crate) type Ifma = InLanes<ifma::Fe8<zmm::Zmm>>;
#[cfg(feature = "__backends")]
pub(crate) type IfmaModel = InLanes<ifma::Fe8<vector::Model>>;

/// Evaluates an expression over the chosen implementation of [`Ops`].
macro_rules! on_backend {
    ($ops:ident => $body:expr) => {{
        use $crate::backend::{Backend, selected};
        use $crate::curve::ss1024::tables;
        match selected() {
            #[cfg(any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto"))]
            Backend::RustCrypto(_) => {
                let $ops: tables::RustCrypto = $crate::curve::ss1024::generic::Generic(());
                $body
            }
            Backend::Portable(proof) => {
                let $ops: tables::Portable = $crate::curve::ss1024::generic::Generic(proof);
                $body
            }
            #[cfg(target_arch = "x86_64")]
            Backend::Adx(proof) => {
                let $ops: tables::Adx = $crate::curve::ss1024::generic::Generic(proof);
                $body
            }
            #[cfg(target_arch = "x86_64")]
            Backend::Ifma(proof) => {
                let $ops: tables::Ifma = $crate::curve::ss1024::lanes::InLanes(proof.vector_proof());
                $body
            }
            #[cfg(feature = "__backends")]
            Backend::IfmaModel(proof) => {
                let $ops: tables::IfmaModel = $crate::curve::ss1024::lanes::InLanes(proof.vector_proof());
                $body
            }
        }
    }};
}
pub(super) use on_backend;

/// Three tables of each backend: of a point, of g, and of a loop.
macro_rules! tables {
    ($($(#[$when:meta])* $backend:ident),* $(,)?) => {
        tables!(PointComb, Comb, "Multiples of a point, for multiplications by many scalars.", $($(#[$when])* $backend),*);
        tables!(UnitComb, UnitComb, "Powers of g, for exponentiations by many scalars.", $($(#[$when])* $backend),*);
        tables!(LineTable, Lines, "The functions of the Miller loop that walks one point. As secret as the point.", $($(#[$when])* $backend),*);
    };
    ($table:ident, $own:ident, $doc:literal, $($(#[$when:meta])* $backend:ident),*) => {
        #[doc = $doc]
        #[derive(Zeroize)]
        pub(crate) enum $table {
            $($(#[$when])* $backend(<$backend as Ops>::$own),)*
        }

        $($(#[$when])* impl Form<$table> for <$backend as Ops>::$own {
            fn wrap(self) -> $table {
                $table::$backend(self)
            }

            fn find(table: &$table) -> Option<&Self> {
                if let $table::$backend(table) = table { Some(table) } else { None }
            }
        })*

        #[cfg(feature = "hazmat")]
        impl Size for $table {
            fn size(&self) -> usize {
                match self {
                    $($(#[$when])* Self::$backend(table) => table.size(),)*
                }
            }
        }
    };
}

/// A table in the form of one backend, inside the type for all.
pub(super) trait Form<A>: Sized {
    fn wrap(self) -> A;
    /// None where another backend built it.
    fn find(all: &A) -> Option<&Self>;
}

tables!(
    #[cfg(any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto"))]
    RustCrypto,
    Portable,
    #[cfg(target_arch = "x86_64")]
    Adx,
    #[cfg(target_arch = "x86_64")]
    Ifma,
    #[cfg(feature = "__backends")]
    IfmaModel,
);

/// Where another backend built the table, the bare point has to do.
pub(super) fn base<'a, A, T: Form<A>>(base: Base<'a, A>) -> Base<'a, T> {
    Base { point: base.point, table: base.table.and_then(T::find) }
}

/// The same for all terms of an encapsulation.
pub(super) fn job<'a, A, T: Form<A>>(job: &Commit<'a, A>) -> Commit<'a, T> {
    Commit { r: job.r, terms: job.terms.iter().map(|(k, term)| (*k, base(*term))).collect() }
}

impl PointComb {
    /// Builds the comb of `point`, of order q.
    pub(crate) fn new(point: &PointOctets) -> Self {
        on_backend!(ops => ops.comb(point).wrap())
    }
}

impl UnitComb {
    /// Builds the comb of g.
    pub(crate) fn of_g() -> Self {
        on_backend!(ops => ops.unit_comb().wrap())
    }
}

impl LineTable {
    /// Builds the line table of `point`, of order q.
    pub(crate) fn new(point: &PointOctets) -> Self {
        on_backend!(ops => ops.lines(point).wrap())
    }
}
