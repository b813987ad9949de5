//! Tables of multiples of fixed points.

use super::recode::Digits;
use crate::backend::p256::TablePoint;

/// Rows of odd multiples of one point P: row r holds 1, 3, … 2^width − 1 times
/// \[2^(width·spacing·r)\]P.
///
/// With spacing 1 there is a row for each digit of a scalar, and a multiplication is one addition
/// for each row, without a doubling.
#[derive(Clone, Copy)]
pub(super) struct Comb<'a> {
    pub(super) width: usize,
    pub(super) spacing: usize,
    pub(super) entries: &'a [TablePoint],
}

impl<'a> Comb<'a> {
    /// The first row, which serves a non-adjacent form one digit wider.
    pub(super) fn odd(&self) -> Odd<'a> {
        Odd { width: self.width + 1, entries: &self.entries[..1 << (self.width - 1)] }
    }

    /// The entries of row r.
    #[inline(always)]
    pub(super) fn row(&self, r: usize) -> &'a [TablePoint] {
        let len = 1 << (self.width - 1);
        &self.entries[r * len..][..len]
    }

    /// The entries of each row.
    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = &'a [TablePoint]> {
        self.entries.chunks_exact(1 << (self.width - 1))
    }
}

/// 1, 3, 5, … (2^(width − 1) − 1) times a point, for a non-adjacent form of this width.
#[derive(Clone, Copy)]
pub(super) struct Odd<'a> {
    pub(super) width: usize,
    pub(super) entries: &'a [TablePoint],
}

/// A row of 16 points for digits of five bits, word by word: word j of x, then of y, of all of them.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct TurnedRow(pub(super) [[u64; 16]; 8]);

impl TurnedRow {
    /// The digits that such rows are for.
    pub(super) const WIDTH: usize = 5;
}

/// A row for each digit.
pub(super) type TurnedRows = [TurnedRow; Digits::count(TurnedRow::WIDTH)];

#[cfg(feature = "tables")]
pub(crate) use own::Table;
#[cfg(feature = "tables")]
pub(super) use with_tables::{
    generator_comb, generator_comb_for_lanes, generator_odd, generator_rows, generator_turned,
};
#[cfg(not(feature = "tables"))]
pub(super) use without_tables::{
    Table, generator_comb, generator_comb_for_lanes, generator_odd, generator_rows, generator_turned,
};

/// The generator's tables: 37 rows of 64 points, 256 odd multiples, and 52 rows of 16 points in two
/// forms, 268 KB.
#[cfg(feature = "tables")]
mod with_tables {
    use super::super::generator_table::{COMB, COMB_FOR_LANES, ODD};
    use super::{Comb, Digits, Odd, TablePoint, TurnedRow, TurnedRows};

    /// The same points as `COMB_FOR_LANES`.
    static TURNED: TurnedRows = {
        let mut rows = [TurnedRow([[0; 16]; 8]); 52];
        let mut i = 0;
        while i < rows.len() * 16 {
            let (row, n) = (&mut rows[i / 16].0, i % 16);
            let mut word = 0;
            while word < 4 {
                row[word][n] = COMB_FOR_LANES[i].x[word];
                row[word + 4][n] = COMB_FOR_LANES[i].y[word];
                word += 1;
            }
            i += 1;
        }
        rows
    };

    /// For one secret scalar in lanes.
    pub(in super::super) fn generator_turned() -> Option<&'static TurnedRows> {
        Some(&TURNED)
    }

    pub(in super::super) fn generator_comb() -> Comb<'static> {
        Comb { width: 7, spacing: 1, entries: &COMB }
    }

    /// The same, row by row.
    pub(in super::super) fn generator_rows() -> Option<&'static [[TablePoint; 64]; Digits::count(7)]> {
        COMB.as_chunks().0.try_into().ok()
    }

    /// For lanes and secret scalars: eight additions cost less than a scan of four rows, which have to
    /// come from memory. With this one they stay in the first cache.
    pub(in super::super) fn generator_comb_for_lanes() -> Comb<'static> {
        Comb { width: 5, spacing: 1, entries: &COMB_FOR_LANES }
    }

    pub(in super::super) fn generator_odd() -> Odd<'static> {
        Odd { width: 10, entries: &ODD }
    }
}

/// The generator's tables for devices: 8 rows of 8 points, 4 KB; their first row serves as odd
/// multiples, too.
#[cfg(not(feature = "tables"))]
mod without_tables {
    use super::super::generator_table_small::COMB;
    use super::{Comb, Odd, TablePoint, TurnedRows};

    /// Without the feature `tables` no other table can exist.
    pub(crate) enum Table {}

    impl Table {
        pub(in super::super) fn comb(&self) -> Comb<'_> {
            match *self {}
        }
    }

    pub(in super::super) fn generator_comb() -> Comb<'static> {
        Comb { width: 4, spacing: 8, entries: &COMB }
    }

    pub(in super::super) fn generator_comb_for_lanes() -> Comb<'static> {
        generator_comb()
    }

    pub(in super::super) fn generator_rows() -> Option<&'static [[TablePoint; 8]; 0]> {
        None
    }

    pub(in super::super) fn generator_turned() -> Option<&'static TurnedRows> {
        None
    }

    pub(in super::super) fn generator_odd() -> Odd<'static> {
        generator_comb().odd()
    }
}

#[cfg(feature = "tables")]
mod own {
    use super::super::field::{Fe, invert_all};
    use super::super::jacobian::{Affine, Jacobian, normalize};
    use super::super::recode::Digits;
    use super::Comb;
    use crate::backend::p256::{Kernel, PointOctets, TablePoint};
    use alloc::boxed::Box;
    use alloc::vec;
    use alloc::vec::Vec;

    const WIDTH: usize = 6;
    const ROW: usize = 1 << (WIDTH - 1);
    const ROWS: usize = Digits::count(WIDTH);

    /// Multiples of a public point: 43 rows of 32 points, 88 KB.
    pub(crate) struct Table(Box<[TablePoint]>);

    impl Table {
        pub(in super::super) fn comb(&self) -> Comb<'_> {
            Comb { width: WIDTH, spacing: 1, entries: &self.0 }
        }

        /// 252 doublings, and 6M for each entry: additions of affine points that share inversions.
        pub(in super::super) fn new<K: Kernel>(kernel: K, point: &PointOctets) -> Self {
            Self(odd_multiples(kernel, &bases(kernel, point, WIDTH, ROWS), ROW).into())
        }
    }

    /// \[2^(gap·r)\]P for r from 0 to count − 1.
    pub(in super::super) fn bases<K: Kernel>(
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
    pub(in super::super) fn odd_multiples<K: Kernel>(
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
}

#[cfg(all(test, feature = "tables"))]
mod tests {
    use super::super::jacobian::{Affine, Jacobian};
    use super::super::point::Point;
    use super::own::{bases, odd_multiples};
    use super::{Comb, TablePoint};
    use crate::backend::portable::Portable;
    use std::fmt::Write;
    use std::string::String;
    use std::vec::Vec;

    fn text(name: &str, what: &str, table: &[TablePoint]) -> String {
        let mut text =
            std::format!("/// {what}\npub(super) static {name}: [TablePoint; {}] = [\n", table.len());
        for TablePoint { x, y } in table {
            let limbs: Vec<_> = x.iter().chain(y).map(|limb| std::format!("{limb:#x}")).collect();
            writeln!(text, "    t([{}], [{}]),", limbs[..4].join(", "), limbs[4..].join(", "))
                .expect("memory");
        }
        text + "];\n"
    }

    /// The two files as they have to be.
    fn files() -> [(&'static str, String); 2] {
        let generator = Point::GENERATOR_ENCODED[1..].try_into().expect("64 octets");
        let head = |what: &str| {
            std::format!(
                "//! {what}\n//!\n//! Generated, do not edit: `WRITE_TABLES=1 cargo test --lib generated_tables`.\n\n\
                 use crate::backend::p256::{{Limbs, TablePoint}};\n\n\
                 const fn t(x: Limbs, y: Limbs) -> TablePoint {{\n    TablePoint {{ x, y }}\n}}\n\n\
                 #[rustfmt::skip]\n"
            )
        };
        let comb = odd_multiples(Portable, &bases(Portable, generator, 7, 37), 64);
        let odd = odd_multiples(Portable, &bases(Portable, generator, 1, 1), 256);
        let for_lanes = odd_multiples(Portable, &bases(Portable, generator, 5, 52), 16);
        let small = odd_multiples(Portable, &bases(Portable, generator, 32, 8), 8);
        let large = head("Multiples of the generator, for a comb and for non-adjacent forms.")
            + &text("COMB", "Row r of 64: 1, 3, … 127 times \\[2^(7r)\\]G.", &comb)
            + "\n#[rustfmt::skip]\n"
            + &text("ODD", "1, 3, … 511 times G.", &odd)
            + "\n#[rustfmt::skip]\n"
            + &text("COMB_FOR_LANES", "Row r of 16: 1, 3, … 31 times \\[2^(5r)\\]G.", &for_lanes);
        let small = head("Multiples of the generator in 4 KB.")
            + &text("COMB", "Row r of 8: 1, 3, … 15 times \\[2^(32r)\\]G.", &small);
        [("generator_table.rs", large), ("generator_table_small.rs", small)]
    }

    #[test]
    fn generated_tables_are_what_the_generator_gives() {
        for (name, text) in files() {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/curve/p256").join(name);
            if std::env::var_os("WRITE_TABLES").is_some() {
                std::fs::write(&path, &text).expect("written");
            }
            assert!(std::fs::read_to_string(&path).expect("read") == text, "{name} is out of date");
        }
    }

    #[test]
    fn rows_hold_the_multiples_they_should() {
        let comb = super::generator_comb();
        let Comb { width, entries, .. } = comb;
        assert_eq!((width, entries.len()), (7, 37 * 64));
        let generator = Point::GENERATOR_ENCODED[1..].try_into().expect("64 octets");
        let mut base = Jacobian::from(Affine::from_octets(Portable, generator));
        let double = |point: &Jacobian<_>| {
            let mut point = *point;
            point.double();
            point
        };
        let check = |base: &Jacobian<_>, row: &[TablePoint]| {
            let (mut multiple, two) = (*base, double(base));
            for (i, entry) in row.iter().enumerate() {
                let entry = Affine::from_table(Portable, entry);
                assert!(entry.is_on_curve());
                let affine = multiple.to_affine();
                assert!(affine.x.equals(&entry.x) & affine.y.equals(&entry.y) != 0, "entry {i}");
                multiple = multiple.add_vartime(&two);
            }
        };
        check(&base, super::generator_odd().entries);
        check(&base, super::generator_comb_for_lanes().row(0));
        for row in comb.rows() {
            check(&base, row);
            for _ in 0..7 {
                base.double();
            }
        }
    }
}
