//! Eight single elements and a row of lanes, turned into each other.

use super::field::Parameters;
use crate::backend::fp1024::Lanes;
use zeroize::Zeroize;

/// As many elements as there are lanes.
pub(super) const LANES: usize = 8;

/// Lanes of a field with the curve over it.
pub(crate) trait CurveLanes: Lanes<Single: Parameters<Proof = Self::Proof>> + Parameters {}
impl<E: Lanes<Single: Parameters<Proof = Self::Proof>> + Parameters> CurveLanes for E {}

/// Item i, or the first where there are fewer.
pub(super) fn lanes_of<T, U>(items: &[T], f: impl Fn(&T) -> U) -> [U; LANES] {
    core::array::from_fn(|i| f(items.get(i).unwrap_or(&items[0])))
}

/// Eight rows of elements, turned into a row of lanes.
pub(super) fn gather<E: Lanes, const N: usize>(rows: &[[E::Single; N]; LANES]) -> [E; N] {
    core::array::from_fn(|i| E::from_singles(rows.each_ref().map(|row| &row[i])))
}

/// A row of lanes, turned into eight rows of elements.
pub(super) fn scatter<E: Lanes, const N: usize>(row: &[E; N]) -> [[E::Single; N]; LANES] {
    let columns = row.each_ref().map(|lanes| lanes.reduce().to_singles());
    let rows = core::array::from_fn(|i| columns.each_ref().map(|column| column[i]));
    let mut columns = columns;
    columns.zeroize();
    rows
}

/// One element in all lanes.
pub(super) fn splat<E: Lanes>(single: &E::Single) -> E {
    E::from_singles([single; LANES])
}
