//! The header is the one that cbindgen makes of the sources, and says of each function what a C programmer has to know.

use std::path::Path;
use std::{env, fs};

const HEADER: &str = "include/eccsi_sakke.h";

fn generated() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).expect("configuration");
    let sources = fs::read_dir(folder.join("src")).expect("folder").map(|entry| entry.expect("entry").path());
    let mut sources: Vec<_> = sources.filter(|path| !path.ends_with("lib.rs")).collect();
    sources.sort();
    let builder = sources
        .into_iter()
        .fold(cbindgen::Builder::new().with_config(config), |all, path| all.with_src(path));
    let mut text = Vec::new();
    builder.generate().expect("a header").write(&mut text);
    String::from_utf8(text).expect("UTF-8")
}

#[test]
fn the_header_is_what_the_sources_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(HEADER);
    let generated = generated();
    if env::var_os("WRITE_HEADER").is_some() {
        fs::write(&path, &generated).expect("written");
    }
    let committed = fs::read_to_string(&path).expect("committed");
    assert!(
        committed == generated,
        "{HEADER} is not up to date: WRITE_HEADER=1 cargo test -p eccsi-sakke-capi"
    );
}

/// Each function with the comment above it.
fn functions() -> Vec<(String, String)> {
    let header = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(HEADER)).expect("committed");
    let comments = header.split("/**").skip(1).filter_map(|rest| rest.split_once("*/"));
    let functions = comments.filter_map(|(comment, code)| {
        let code = code.trim_start();
        let end = code.find(';')?;
        let name = code[..end].split_once('(')?.0.rsplit([' ', '*']).next()?;
        name.starts_with("es_").then(|| (name.to_owned(), comment.to_owned()))
    });
    functions.collect()
}

#[test]
fn every_function_says_what_threads_may_do() {
    let functions = functions();
    assert!(functions.len() > 80, "the search finds what it looks for: {}", functions.len());
    for (name, comment) in functions {
        assert!(comment.contains("Threads: "), "{name} does not say what threads may do");
        let ends = name.ends_with("_free");
        assert_eq!(comment.contains("Threads: no other may use the handle."), ends, "{name}");
    }
}
