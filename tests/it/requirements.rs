//! `docs/requirements.md` lists every requirement once, with a state and tests that exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// One row: state and tests.
struct Row {
    state: String,
    tests: Vec<String>,
}

/// Where the files of tests are.
const FOLDERS: [&str; 10] = [
    "ibc/tests/service",
    "ibc/tests/wire",
    "ibc/tests/cli",
    "ibc/tests",
    "tests/it",
    "tests/vectors",
    "tests/peers/it",
    "tests",
    "ibc/src",
    "src",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rows() -> BTreeMap<String, Row> {
    let text = fs::read_to_string(root().join("docs/requirements.md")).expect("docs/requirements.md");
    let mut rows = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [number, _clause, _statement, state, tests] = cells.as_slice() else { continue };
        if !number.starts_with(['S', 'M', 'A']) || !number[1..].bytes().all(|octet| octet.is_ascii_digit()) {
            continue;
        }
        let tests = tests.split(',').map(|test| test.trim().trim_matches('`').to_owned());
        let tests = tests.filter(|test| !test.is_empty()).collect();
        let row = Row { state: (*state).to_owned(), tests };
        assert!(rows.insert((*number).to_owned(), row).is_none(), "{number} stands there twice");
    }
    rows
}

#[test]
fn every_number_is_there_once() {
    let expected: BTreeSet<String> = [("S", 102), ("M", 20), ("A", 14)]
        .iter()
        .flat_map(|(letter, last)| (1..=*last).map(move |number| format!("{letter}{number}")))
        .collect();
    assert_eq!(rows().keys().cloned().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn every_number_has_a_state_and_tests_that_exist() {
    let mut named = 0;
    for (number, row) in rows() {
        match row.state.as_str() {
            "core" | "wire" => assert!(!row.tests.is_empty(), "{number} has no test"),
            state => {
                let reason = state.strip_prefix("excluded: ").unwrap_or_default();
                assert!(reason.len() > 10, "{number}: {state} is no state");
            }
        }
        for test in &row.tests {
            let (file, function) =
                test.split_once("::").unwrap_or_else(|| panic!("{number}: {test} names no file"));
            let mut paths = FOLDERS.iter().map(|folder| root().join(folder).join(format!("{file}.rs")));
            let path =
                paths.find(|path| path.exists()).unwrap_or_else(|| panic!("{number}: there is no {file}"));
            let text = fs::read_to_string(&path).expect("readable");
            assert!(text.contains(&format!("fn {function}(")), "{number}: {file} has no test {function}");
            named += 1;
        }
    }
    assert!(named > 150, "the table was read: {named}");
}
