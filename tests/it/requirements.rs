//! `docs/requirements.md` lists every requirement once, with a state and tests that run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// One row: state and tests.
struct Row {
    state: String,
    tests: Vec<String>,
}

/// Where the files of tests are.
const FOLDERS: [&str; 11] = [
    "ibc/tests/service",
    "ibc/tests/wire",
    "ibc/tests/cli",
    "ibc/tests",
    "tests/it",
    "tests/vectors",
    "tests/peers/it",
    "mikey",
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
        if !number.starts_with(['S', 'M', 'A', 'R'])
            || !number[1..].bytes().all(|octet| octet.is_ascii_digit())
        {
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
    let expected: BTreeSet<String> = [("S", 102), ("M", 28), ("A", 14), ("R", 22)]
        .iter()
        .flat_map(|(letter, last)| (1..=*last).map(move |number| format!("{letter}{number}")))
        .collect();
    assert_eq!(rows().keys().cloned().collect::<BTreeSet<_>>(), expected);
}

/// How a function of a test file is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runs {
    /// It is a helper, or was left off a list.
    Never,
    Once,
    OnEachStore,
}

/// Whether `function` is a test that runs: it has the attribute, stands in the list of `on_each_store!`, or is what the
/// `main` of a program without harness runs on its stores.
fn runs(text: &str, function: &str) -> Runs {
    let lists = text.split("on_each_store!(").skip(1).filter_map(|rest| rest.split(')').next());
    if lists.flat_map(|list| list.split(',')).any(|name| name.trim() == function) {
        return Runs::OnEachStore;
    }
    if text.contains(&format!("run(On::Sqlite, {function});")) && text.contains("fn main()") {
        return Runs::OnEachStore;
    }
    let definition = format!("fn {function}(");
    let mut above = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") || line.starts_with("///") {
            above.push(line);
        } else if line.contains(&definition) {
            return if above.contains(&"#[test]") { Runs::Once } else { Runs::Never };
        } else {
            above.clear();
        }
    }
    Runs::Never
}

#[test]
fn helpers_and_what_was_left_off_a_list_do_not_run() {
    let text = "/// Says why.\n#[test]\n#[cfg(unix)]\nfn one() {}\n\nfn helper() {}\n#[test]\nconst X: u8 = 1;\nfn three() {}\n\
                async fn two(place: &Place) {}\nasync fn left_off(place: &Place) {}\ncrate::on_each_store!(\n    two,\n);\n";
    for (function, expected) in [
        ("one", Runs::Once),
        ("helper", Runs::Never),
        ("three", Runs::Never),
        ("two", Runs::OnEachStore),
        ("left_off", Runs::Never),
        ("absent", Runs::Never),
    ] {
        assert_eq!(runs(text, function), expected, "{function}");
    }
    let without_harness =
        "fn main() {\n    service::run(On::Sqlite, crash);\n}\nasync fn crash(place: &Place) {}\n";
    assert_eq!(runs(without_harness, "crash"), Runs::OnEachStore);
}

#[test]
fn every_number_has_a_state_and_tests_that_run() {
    let mut named = 0;
    for (number, row) in rows() {
        match row.state.as_str() {
            "core" | "wire" | "alone" => assert!(!row.tests.is_empty(), "{number} has no test"),
            state => {
                let reason = state.strip_prefix("excluded: ").unwrap_or_default();
                assert!(reason.len() > 10, "{number}: {state} is no state");
            }
        }
        let mut is_on_each_store = false;
        for test in &row.tests {
            let (file, function) =
                test.split_once("::").unwrap_or_else(|| panic!("{number}: {test} names no file"));
            let mut paths = FOLDERS.iter().map(|folder| root().join(folder).join(format!("{file}.rs")));
            let path =
                paths.find(|path| path.exists()).unwrap_or_else(|| panic!("{number}: there is no {file}"));
            let text = fs::read_to_string(&path).expect("readable");
            let runs = runs(&text, function);
            assert_ne!(runs, Runs::Never, "{number}: {file} has no test {function} that runs");
            is_on_each_store |= runs == Runs::OnEachStore;
            named += 1;
        }
        assert!(row.state != "core" || is_on_each_store, "{number}: no test of it runs on each store");
    }
    assert!(named > 150, "the table was read: {named}");
}
