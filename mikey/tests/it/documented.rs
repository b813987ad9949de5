//! Each public function says what it refuses, and each payload where its form is written down.

use std::path::{Path, PathBuf};

fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            sources(&path, all);
        } else {
            all.push(path);
        }
    }
}

/// Each public item of these kinds in a text: its line, up to the brace, with the documentation above it.
fn items<'a>(text: &'a str, kinds: &'a [&str]) -> impl Iterator<Item = (String, String)> + 'a {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let starts = (0..lines.len()).filter(move |at| {
        let line = text.lines().nth(*at).expect("a line").trim();
        kinds.iter().any(|kind| line.starts_with(kind))
    });
    let found: Vec<_> = starts
        .map(|at| {
            let above =
                lines[..at].iter().rev().take_while(|line| line.starts_with("///") || line.starts_with('#'));
            let end = lines[at..].iter().position(|line| line.ends_with(['{', ';'])).expect("a body");
            (lines[at..=at + end].join(" "), above.copied().collect::<Vec<_>>().join("\n"))
        })
        .collect();
    found.into_iter()
}

#[test]
fn what_is_refused_and_where_forms_are_written_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let (mut functions, mut forms, mut missing) = (0, 0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("source");
        for (item, doc) in items(&text, &["pub fn ", "pub const fn "]) {
            let refuses = item.split_once("->").is_some_and(|(_, result)| result.contains("Result<"));
            functions += usize::from(refuses);
            if refuses && !doc.contains("# Errors") {
                missing.push(format!("{}: {item}: # Errors", file.display()));
            }
        }
        if file.to_string_lossy().contains("payload") {
            for (item, doc) in items(&text, &["pub struct ", "pub enum "]) {
                forms += 1;
                if !doc.contains("RFC ") {
                    missing.push(format!("{}: {item}: its clause", file.display()));
                }
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(functions >= 20 && forms >= 13, "the search finds what it looks for: {functions}, {forms}");
}
