//! Tables of multiples of fixed points.

use crate::backend::p256::TablePoint;

/// Rows of multiples of one point P: row r holds 1 to 2^(width − 1) times \[2^(width·spacing·r)\]P.
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
    /// The entries of each row.
    pub(super) fn rows(&self) -> impl Iterator<Item = &'a [TablePoint]> {
        self.entries.chunks_exact(1 << (self.width - 1))
    }
}

/// 1, 3, 5, … (2^(width − 1) − 1) times a point, for a non-adjacent form of this width.
#[derive(Clone, Copy)]
pub(super) struct Odd<'a> {
    pub(super) width: usize,
    pub(super) entries: &'a [TablePoint],
}

#[cfg(feature = "tables")]
pub(crate) use own::Table;
#[cfg(feature = "tables")]
pub(super) use with_tables::{generator_comb, generator_odd};
#[cfg(not(feature = "tables"))]
pub(super) use without_tables::{Table, generator_comb, generator_odd};

/// The generator's tables: 37 rows of 64 points and 256 odd multiples, 168 KB.
#[cfg(feature = "tables")]
mod with_tables {
    use super::super::generator_table::{COMB, ODD};
    use super::{Comb, Odd};

    pub(in super::super) fn generator_comb() -> Comb<'static> {
        Comb { width: 7, spacing: 1, entries: &COMB }
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
    use super::{Comb, Odd};
    use crate::backend::p256::TablePoint;

    /// Without the feature `tables` no other table can exist.
    pub(crate) enum Table {}

    impl Table {
        pub(in super::super) fn comb(&self) -> Comb<'_> {
            match *self {}
        }

        pub(in super::super) fn odd(&self) -> Odd<'_> {
            match *self {}
        }
    }

    pub(in super::super) fn generator_comb() -> Comb<'static> {
        Comb { width: 4, spacing: 8, entries: &COMB }
    }

    pub(in super::super) fn generator_odd() -> Odd<'static> {
        static ODD: [TablePoint; 4] = [COMB[0], COMB[2], COMB[4], COMB[6]];
        Odd { width: 4, entries: &ODD }
    }
}

#[cfg(feature = "tables")]
mod own {
    use super::super::field::{Fe, invert_all};
    use super::super::jacobian::{Affine, Jacobian, normalize};
    use super::super::recode::Digits;
    use super::{Comb, Odd};
    use crate::backend::p256::{Kernel, PointOctets, TablePoint};
    use alloc::boxed::Box;
    use alloc::vec;
    use alloc::vec::Vec;

    const WIDTH: usize = 6;
    const ROW: usize = 1 << (WIDTH - 1);
    const ROWS: usize = Digits::count(WIDTH);
    const ODD_WIDTH: usize = 8;
    const ODD: usize = 1 << (ODD_WIDTH - 2);

    /// Multiples of a public point: 43 rows of 32 points and 64 odd multiples, 92 KB.
    pub(crate) struct Table {
        comb: Box<[TablePoint]>,
        odd: Box<[TablePoint]>,
    }

    impl Table {
        pub(in super::super) fn comb(&self) -> Comb<'_> {
            Comb { width: WIDTH, spacing: 1, entries: &self.comb }
        }

        pub(in super::super) fn odd(&self) -> Odd<'_> {
            Odd { width: ODD_WIDTH, entries: &self.odd }
        }

        /// 252 doublings, and 6M for each entry: additions of affine points that share inversions.
        pub(in super::super) fn new<K: Kernel>(kernel: K, point: &PointOctets) -> Self {
            let comb = rows::<K>(kernel, point, WIDTH, ROWS);
            let odd = odd(kernel, &comb, ROW, ODD);
            Self { comb: comb.into(), odd: odd.into() }
        }
    }

    /// The rows of a [`Comb`] without gaps.
    pub(in super::super) fn rows<K: Kernel>(
        kernel: K,
        point: &PointOctets,
        width: usize,
        count: usize,
    ) -> Vec<TablePoint> {
        let row = 1 << (width - 1);
        let mut table = vec![TablePoint::ZERO; count * row];
        let mut base = Jacobian::from(Affine::from_octets(kernel, point));
        let mut bases = Vec::with_capacity(count);
        for _ in 0..count {
            bases.push(base);
            for _ in 0..width {
                base = base.double();
            }
        }
        for (part, bases) in bases.chunks(CHUNK).enumerate() {
            normalize::<K, CHUNK>(bases, |i, base| table[(part * CHUNK + i) * row] = base.to_table());
        }
        // In each row 1 to m times the base give m + 1 to 2m times it.
        let mut sums = Vec::with_capacity(count * row / 2);
        let mut m = 1;
        while m < row {
            sums.clear();
            for start in (0..count * row).step_by(row) {
                sums.extend((0..m).map(|j| (start + m - 1, start + j, start + m + j)));
            }
            add_all(kernel, &mut table, &sums);
            m *= 2;
        }
        table
    }

    /// The first `count` odd multiples of a point, of whose comb without gaps these are the rows;
    /// `count` is twice or four times the length of a row.
    pub(in super::super) fn odd<K: Kernel>(
        kernel: K,
        rows: &[TablePoint],
        row: usize,
        count: usize,
    ) -> Vec<TablePoint> {
        // 1, 3, …, row − 1 come from the first row, as the point times row (its last entry) and
        // 2·row (the first of the second row).
        let mut table: Vec<_> = rows[..row].iter().step_by(2).copied().collect();
        let known = table.len();
        table.resize(count + 2, TablePoint::ZERO);
        table[count] = rows[row - 1];
        table[count + 1] = rows[row];
        let sums: Vec<_> = (0..known).map(|j| (count, j, known + j)).collect();
        add_all(kernel, &mut table, &sums);
        let mut m = 2 * known; // entries known; the offset to the next ones is 2m times the point
        while m < count {
            let sums: Vec<_> = (0..m).map(|j| (count + 1, j, m + j)).collect();
            add_all(kernel, &mut table, &sums);
            // twice the offset
            add_all(kernel, &mut table, &[(count + 1, count + 1, count + 1)]);
            m *= 2;
        }
        table.truncate(count);
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
    use super::super::field::Fe;
    use super::super::jacobian::{Affine, Jacobian};
    use super::super::point::Point;
    use super::own::{odd, rows};
    use super::{Comb, TablePoint};
    use crate::backend::portable::Portable;
    use std::fmt::Write;
    use std::string::String;
    use std::vec::Vec;

    fn text(name: &str, what: &str, table: &[TablePoint]) -> String {
        let mut text = std::format!("/// {what}\npub(super) static {name}: [TablePoint; {}] = [\n", table.len());
        for TablePoint { x, y } in table {
            let limbs: Vec<_> = x.iter().chain(y).map(|limb| std::format!("{limb:#x}")).collect();
            writeln!(text, "    t([{}], [{}]),", limbs[..4].join(", "), limbs[4..].join(", ")).expect("memory");
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
        let comb = rows(Portable, generator, 7, 37);
        let odd = odd(Portable, &comb, 64, 256);
        let small: Vec<_> = 
            rows(Portable, generator, 4, 64).chunks(64).flat_map(|eight_rows| eight_rows[..8].to_vec()).collect();
        let large = head("Multiples of the generator, for a comb and for non-adjacent forms.")
            + &text("COMB", "Row r of 64: 1 to 64 times \\[2^(7r)\\]G.", &comb)
            + "\n#[rustfmt::skip]\n"
            + &text("ODD", "1, 3, … 511 times G.", &odd);
        let small = head("Multiples of the generator in 4 KB.")
            + &text("COMB", "Row r of 8: 1 to 8 times \\[2^(32r)\\]G.", &small);
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
        let mut base = Jacobian::from(Affine::from_octets(
            Portable,
            Point::GENERATOR_ENCODED[1..].try_into().expect("64 octets"),
        ));
        for row in comb.rows() {
            let mut multiple = base;
            for (i, entry) in row.iter().enumerate() {
                let entry = Affine::from_table(Portable, entry);
                assert!(entry.is_on_curve());
                let affine = multiple.to_affine();
                assert!(affine.x.equals(&entry.x) & affine.y.equals(&entry.y) != 0, "entry {i}");
                multiple = multiple.add_vartime(&base);
            }
            for _ in 0..7 {
                base = base.double();
            }
        }
        let generator = Jacobian::from(Affine::from_table(Portable, &entries[0]));
        let (mut multiple, two) = (generator, generator.double());
        for entry in super::generator_odd().entries {
            let (entry, affine) = (Affine::from_table(Portable, entry), multiple.to_affine());
            assert!(affine.x.equals(&entry.x) & affine.y.equals(&entry.y) != 0);
            multiple = multiple.add_vartime(&two);
        }
        assert!(Fe::one(Portable).equals(&generator.z) != 0);
    }
}
