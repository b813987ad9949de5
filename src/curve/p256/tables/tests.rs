//! Writes the files of static tables, and checks that they hold what it would write.

use super::TablePoint;
use super::build::{bases, odd_multiples};
use crate::backend::portable::Portable;
use crate::curve::p256::generator_table;
use crate::curve::p256::jacobian::{Affine, Jacobian};
use crate::curve::p256::point::Point;
use std::fmt::Write;
use std::string::String;
use std::vec::Vec;

/// The entries of a table, one a line.
fn lines(indent: &str, entries: &[TablePoint]) -> String {
    let mut text = String::new();
    for TablePoint { x, y } in entries {
        let limbs: Vec<_> = x.iter().chain(y).map(|limb| std::format!("{limb:#x}")).collect();
        writeln!(text, "{indent}t([{}], [{}]),", limbs[..4].join(", "), limbs[4..].join(", "))
            .expect("memory");
    }
    text
}

/// A table of points.
fn flat(name: &str, what: &str, table: &[TablePoint]) -> String {
    let len = table.len();
    std::format!(
        "/// {what}\npub(super) static {name}: [TablePoint; {len}] = [\n{}];\n",
        lines("    ", table)
    )
}

/// A table of rows of `row` points.
fn in_rows(name: &str, what: &str, table: &[TablePoint], row: usize) -> String {
    let rows: String =
        table.chunks(row).map(|row| std::format!("    [\n{}    ],\n", lines("        ", row))).collect();
    let len = table.len() / row;
    std::format!("/// {what}\npub(super) static {name}: [[TablePoint; {row}]; {len}] = [\n{rows}];\n")
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
        + &in_rows("COMB", "Row r: 1, 3, … 127 times \\[2^(7r)\\]G.", &comb, 64)
        + "\n#[rustfmt::skip]\n"
        + &flat("ODD", "1, 3, … 511 times G.", &odd)
        + "\n#[rustfmt::skip]\n"
        + &flat("ROWS_OF_16", "Row r of 16: 1, 3, … 31 times \\[2^(5r)\\]G, to be turned.", &for_lanes);
    let small = head("Multiples of the generator in 4 KB.")
        + &flat("COMB", "Row r of 8: 1, 3, … 15 times \\[2^(32r)\\]G.", &small);
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
    let comb = super::generator_rows().comb();
    assert_eq!((comb.width, comb.entries.len()), (7, 37 * 64));
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
    check(&base, &generator_table::ROWS_OF_16[..16]);
    for row in comb.rows() {
        check(&base, row);
        for _ in 0..7 {
            base.double();
        }
    }
}
