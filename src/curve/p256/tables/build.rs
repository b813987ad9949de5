//! Builds tables of odd multiples of public points.

use super::super::field::{Fe, invert_all};
use super::super::jacobian::{Affine, Jacobian, normalize};
use super::super::recode::Digits;
use super::{Rows, RowsOfPoint};
use crate::backend::p256::{Kernel, PointOctets, TablePoint};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// Bits of a digit.
const WIDTH: usize = 6;
const ROW: usize = 1 << (WIDTH - 1);
const ROWS: usize = Digits::count(WIDTH);

/// Multiples of a public point: 43 rows of 32 points, 88 064 octets.
pub(crate) struct Table(Box<RowsOfPoint>);

impl Table {
    pub(in crate::curve::p256) fn rows(&self) -> Rows<'_> {
        Rows::OfPoint(&self.0)
    }

    /// 252 doublings, and 6M for each entry: additions of affine points that share inversions.
    pub(in crate::curve::p256) fn new<K: Kernel>(kernel: K, point: &PointOctets) -> Self {
        let entries = odd_multiples(kernel, &bases(kernel, point, WIDTH, ROWS), ROW);
        let (rows, _) = entries.as_chunks();
        Self(Box::<[_]>::from(rows).try_into().expect("a row for each of the bases"))
    }
}

/// \[2^(gap·r)\]P for r from 0 to count − 1.
pub(in crate::curve::p256) fn bases<K: Kernel>(
    kernel: K,
    point: &PointOctets,
    gap: usize,
    count: usize,
) -> Vec<Affine<K>> {
    let mut base = Jacobian::from(Affine::from_octets(kernel, point));
    let mut bases = Vec::with_capacity(count);
    for _ in 0..count {
        bases.push(base);
        for _ in 0..gap {
            base.double();
        }
    }
    let mut affine = Vec::with_capacity(count);
    for bases in bases.chunks(CHUNK) {
        normalize::<K, CHUNK>(bases, |_, base| affine.push(base));
    }
    affine
}

/// A row of 1, 3, … 2·row − 1 times each of the points, `row` being a power of two.
pub(in crate::curve::p256) fn odd_multiples<K: Kernel>(
    kernel: K,
    bases: &[Affine<K>],
    row: usize,
) -> Vec<TablePoint> {
    // Behind the rows, 2m times each base, which takes 1, 3, … 2m − 1 to 2m + 1, … 4m − 1.
    let steps = bases.len() * row;
    let mut table = vec![TablePoint::ZERO; steps + bases.len()];
    for (i, base) in bases.iter().enumerate() {
        table[i * row] = base.to_table();
        table[steps + i] = base.to_table();
    }
    let mut sums = Vec::with_capacity(steps);
    let mut m = 1;
    while m < row {
        sums.clear();
        sums.extend((0..bases.len()).map(|i| (steps + i, steps + i, steps + i)));
        add_all(kernel, &mut table, &sums);
        sums.clear();
        for i in 0..bases.len() {
            sums.extend((0..m).map(|j| (steps + i, i * row + j, i * row + m + j)));
        }
        add_all(kernel, &mut table, &sums);
        m *= 2;
    }
    table.truncate(steps);
    table
}

/// Points that are normalised together.
const CHUNK: usize = 64;

/// `table[k] = table[i] + table[j]` for each (i, j, k): 5M + 1S each and one inversion in all.
/// Entries are doubled where i = j, else they are neither equal nor opposite.
fn add_all<K: Kernel>(kernel: K, table: &mut [TablePoint], sums: &[(usize, usize, usize)]) {
    let at = |table: &[TablePoint], i: usize| Affine::from_table(kernel, &table[i]);
    let mut denominators: Vec<_> = sums
        .iter()
        .map(|&(i, j, _)| {
            let (a, b) = (at(table, i), at(table, j));
            if i == j { a.y.double() } else { b.x - a.x }
        })
        .collect();
    let mut scratch = denominators.clone();
    invert_all(&mut denominators, &mut scratch);
    for (&(i, j, k), inverse) in sums.iter().zip(denominators) {
        let (a, b) = (at(table, i), at(table, j));
        let numerator = if i == j {
            let t = a.x.square() - Fe::one(kernel);
            t.double() + t
        } else {
            b.y - a.y
        };
        let slope = numerator * inverse;
        let x = slope.square() - a.x - b.x;
        table[k] = Affine { x, y: slope * (a.x - x) - a.y }.to_table();
    }
}
