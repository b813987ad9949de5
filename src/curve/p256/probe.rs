//! The chosen backend's arithmetic one operation at a time, for `tests/it/backends_agree.rs`, the fuzz
//! target of that name, and benches. No promise.
//!
//! Integers are 32 octets, big-endian, and below p or q; points are x ‖ y, valid, and public.

use super::field::Fe;
use super::on_backend;
use super::own::Own;
use crate::backend::p256::{Base, Check, Kernel, Ops};
use crate::backend::{self, Backend};
use alloc::vec::Vec;

type Octets = [u8; 32];
type Point = [u8; 64];

/// a·b, a², a + b, a − b and 1/a modulo p. `None` on a backend that does not show its field.
pub fn field(a: &Octets, b: &Octets) -> Option<[Octets; 5]> {
    fn on<K: Kernel>(kernel: K, a: &Octets, b: &Octets) -> [Octets; 5] {
        let (a, b) = (Fe::from_octets(kernel, a), Fe::from_octets(kernel, b));
        [a * b, a.square(), a + b, a - b, a.invert()].map(Fe::to_octets)
    }
    match backend::selected() {
        Backend::RustCrypto(_) => None,
        Backend::Portable(kernel) => Some(on(kernel, a, b)),
        #[cfg(target_arch = "x86_64")]
        Backend::Adx(kernel) => Some(on(kernel, a, b)),
        #[cfg(target_arch = "x86_64")]
        Backend::Ifma(kernel) => Some(on(kernel, a, b)),
        Backend::IfmaModel(kernel) => Some(on(kernel, a, b)),
    }
}

/// a·b, a·b + a and 1/a modulo q.
pub fn order(a: &Octets, b: &Octets) -> [Octets; 3] {
    on_backend!(ops => [ops.scalar_mul(a, b), ops.scalar_mul_add(a, b, a), ops.scalar_invert(a)])
}

/// Any 32 octets modulo q.
pub fn order_reduce(a: &Octets) -> Octets {
    on_backend!(ops => ops.scalar_reduce(a))
}

/// \[k\]G for k ≠ 0.
pub fn mul_generator(k: &Octets) -> Point {
    on_backend!(ops => ops.mul_generator(k))
}

/// \[kᵢ\]G for kᵢ ≠ 0.
pub fn mul_generator_many(k: &[Octets], out: &mut [Point]) {
    on_backend!(ops => ops.mul_generator_many(k, out));
}

/// \[k\]P for k ≠ 0.
pub fn mul(k: &Octets, point: &Point) -> Point {
    on_backend!(ops => ops.mul(k, point))
}

/// \[k\]G if it equals P + \[h\]Q.
pub fn mul_generator_if_equal(k: &Octets, p: &Point, h: &Octets, q: &Point) -> Option<Point> {
    let (point, equal) =
        on_backend!(ops => ops.mul_generator_if_equal(k, Base { point: p, table: None }, h, q));
    bool::from(equal).then_some(point)
}

/// \[k\](P + \[h\]Q) for k ≠ 0, with a table of P where the flag is set.
pub fn mul_sum(k: &Octets, p: &Point, with_table: bool, h: &Octets, q: &Point) -> Option<Point> {
    fn on<O: Ops>(ops: O, k: &Octets, p: &Point, with_table: bool, h: &Octets, q: &Point) -> Option<Point> {
        #[cfg(feature = "tables")]
        let table = with_table.then(|| ops.table(p));
        #[cfg(not(feature = "tables"))]
        let table = None.filter(|_| with_table);
        ops.mul_sum(k, Base { point: p, table: table.as_ref() }, h, q)
    }
    on_backend!(ops => on(ops, k, p, with_table, h, q))
}

/// P + \[h\]Q.
pub fn add_mul(p: &Point, h: &Octets, q: &Point) -> Option<Point> {
    on_backend!(ops => ops.add_mul_vartime(p, h, q))
}

/// \[g\]G + Σ \[kᵢ\]Pᵢ; panics if its x is not found to be its x. With a table of Pᵢ where the flag is set.
pub fn combination(g: &Octets, terms: &[(Octets, Point, bool)]) -> Option<Point> {
    fn on<O: Ops>(ops: O, g: &Octets, terms: &[(Octets, Point, bool)]) -> Option<Point> {
        #[cfg(feature = "tables")]
        let tables: Vec<_> =
            terms.iter().map(|(_, point, with_table)| with_table.then(|| ops.table(point))).collect();
        #[cfg(not(feature = "tables"))]
        let tables: Vec<Option<O::Table>> = terms.iter().map(|_| None).collect();
        let terms: Vec<_> = terms
            .iter()
            .zip(&tables)
            .map(|((k, point, _), table)| (*k, Base { point, table: table.as_ref() }))
            .collect();
        let sum = ops.combination_vartime(g, &terms);
        if let Some(sum) = &sum {
            let mut x: Octets = *sum.first_chunk().expect("64 octets");
            assert!(ops.combination_has_x_vartime(&x, g, &terms));
            x[31] ^= 1;
            assert!(!ops.combination_has_x_vartime(&x, g, &terms));
        }
        sum
    }
    on_backend!(ops => on(ops, g, terms))
}

/// Is x that of \[g\]G + \[k\]P + \[h\]Q, for each (x, g, k, P, h)? Q is `shared`; where there is
/// none, h does not count. With tables of P and Q where the flags are set.
pub fn check_many(
    checks: &[(Octets, Octets, Octets, Point, Octets)],
    shared: Option<&Point>,
    with_table: impl Fn(usize) -> bool,
    shared_with_table: bool,
) -> Vec<bool> {
    fn on<O: Ops>(
        ops: O,
        checks: &[(Octets, Octets, Octets, Point, Octets)],
        shared: Option<&Point>,
        with_table: impl Fn(usize) -> bool,
        shared_with_table: bool,
    ) -> Vec<bool> {
        #[cfg(feature = "tables")]
        let table = |point: &Point| Some(ops.table(point));
        #[cfg(not(feature = "tables"))]
        let table = |_: &Point| None;
        let tables: Vec<_> = (checks.iter().enumerate())
            .map(|(i, check)| Some(&check.3).filter(|_| with_table(i)).and_then(table))
            .collect();
        let shared_table = shared.filter(|_| shared_with_table).and_then(table);
        let own: Vec<_> = (checks.iter().zip(&tables))
            .map(|((x, g, k, point, h), table)| {
                let point = Base { point, table: table.as_ref() };
                Check { x, g: *g, k: *k, point, h: *h }
            })
            .collect();
        let mut out = alloc::vec![false; checks.len()];
        let shared = shared.map(|point| Base { point, table: shared_table.as_ref() });
        ops.combinations_have_x_vartime(&own, shared, &mut out);
        out
    }
    on_backend!(ops => on(ops, checks, shared, with_table, shared_with_table))
}

/// Σ \[kᵢ\]Pᵢ.
pub fn sum(terms: &[(Octets, Point)]) -> Option<Point> {
    on_backend!(ops => ops.sum_vartime(terms))
}

/// The inverses modulo q, none of the scalars being 0.
pub fn invert_many(scalars: &mut [Octets]) {
    on_backend!(ops => ops.scalar_invert_many(scalars));
}
