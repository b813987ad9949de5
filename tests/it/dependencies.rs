//! What the library brings along: few crates, no C, and none that asks for a later Rust than the library does.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Every feature that is a promise.
const ALL: &str = "eccsi,getrandom,hazmat,p256,rayon,sakke,serde,std,tables";

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .arg("--locked")
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Name and version of each crate that is linked with these features, the library included.
fn linked(features: &str) -> BTreeSet<(String, String)> {
    let tree = cargo(&[
        "tree",
        "-p",
        "eccsi-sakke",
        "-e",
        "normal",
        "--no-default-features",
        "--features",
        features,
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    let crates = tree.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.trim_start_matches('v').to_owned()))
    });
    crates.collect()
}

/// `1.89` and `1.89.0` are one version.
fn version(text: &str) -> Vec<u32> {
    let mut parts: Vec<u32> = text.split('.').map(|part| part.parse().expect("a number")).collect();
    parts.resize(3, 0);
    parts
}

#[test]
fn one_scheme_links_few_crates() {
    let crates = linked("eccsi");
    assert!((10..=30).contains(&crates.len()), "{}: {crates:?}", crates.len());
}

#[test]
fn no_crate_brings_c() {
    // The operating system's C library is named by `getrandom` and linked by std anyhow.
    let bindings =
        |(name, _): &&(String, String)| name.ends_with("-sys") || *name == "cc" || name == "bindgen";
    let crates = linked(ALL);
    assert_eq!(crates.iter().find(bindings), None);
    assert!(crates.iter().any(|(name, _)| name == "getrandom"), "the tree was read");
}

#[test]
fn no_crate_asks_for_a_later_rust() {
    // Crates for other systems are not fetched.
    let rustc = Command::new("rustc").arg("-vV").output().expect("rustc runs").stdout;
    let rustc = String::from_utf8(rustc).expect("UTF-8");
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).expect("a line of rustc -vV");
    let metadata = cargo(&["metadata", "--format-version", "1", "--filter-platform", host]);
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let asked: BTreeMap<(String, String), String> = metadata["packages"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|package| {
            let key = (text(&package["name"])?, text(&package["version"])?);
            Some((key, text(&package["rust_version"])?))
        })
        .collect();
    let ours = version(env!("CARGO_PKG_RUST_VERSION"));
    let mut stated = 0;
    for key in linked(ALL) {
        let Some(theirs) = asked.get(&key) else { continue };
        assert!(version(theirs) <= ours, "{key:?} asks for Rust {theirs}");
        stated += 1;
    }
    assert!(stated > 20, "the metadata was read: {stated}");
}
