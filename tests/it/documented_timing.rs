//! Each public function of the schemes says what its time depends on, and what it refuses.

use std::path::{Path, PathBuf};

/// They hand out what is there, or keep lists of public things.
const NO_TIMING: &[&str] = &[
    "capacity",
    "context",
    "entity",
    "expiration",
    "hs",
    "id",
    "id_2",
    "identity",
    "is_empty",
    "kms",
    "kms_public_key",
    "len",
    "peer",
    "peer_id_2",
    "public_key",
    "pvt",
    "r",
    "s",
    "signing_key",
    "table_sizes",
    "tag",
    "to_bytes",
    "to_compressed",
    "verifier",
    "verifying_key",
];

/// All in it is public, which the module says.
const PUBLIC: &[&str] =
    &["src/saef/peer_policy.rs", "src/saef/trusted_domains.rs", "src/eccsi/verifying_key_cache.rs"];

fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            all.push(path);
        }
    }
}

/// Name, documentation and signature of each public function.
fn functions(text: &str) -> Vec<(String, String, String)> {
    let lines: Vec<&str> = text.lines().map(str::trim).take_while(|line| *line != "#[cfg(test)]").collect();
    let mut found = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let Some(rest) = line.strip_prefix("pub fn ").or_else(|| line.strip_prefix("pub const fn ")) else {
            continue;
        };
        let name = rest.split(['(', '<']).next().expect("a name").to_owned();
        let above: Vec<&str> = lines[..i]
            .iter()
            .rev()
            .take_while(|line| line.starts_with("///") || line.starts_with('#') || line.starts_with(')'))
            .copied()
            .collect();
        let end = lines[i..].iter().position(|line| line.ends_with('{')).expect("a body");
        found.push((name, above.join("\n"), lines[i..=i + end].join(" ")));
    }
    found
}

/// What is missing in one file.
fn missing(file: &str, text: &str) -> Vec<String> {
    let mut missing = Vec::new();
    for (name, doc, signature) in functions(text) {
        let result = signature.split_once("->").is_some_and(|(_, result)| result.contains("Result<"));
        if result && !doc.contains("# Errors") {
            missing.push(format!("{file}: {name}: # Errors"));
        }
        let no_timing = PUBLIC.contains(&file)
            || NO_TIMING.contains(&name.as_str())
                && signature.contains("&self") | signature.contains("&'a self")
            || name == "table_sizes";
        if !no_timing && !doc.contains("# Timing") {
            missing.push(format!("{file}: {name}: # Timing"));
        }
    }
    missing
}

#[test]
fn each_function_of_the_schemes_documents_errors_and_timing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["eccsi", "sakke", "saef"] {
        sources(&root.join("src").join(folder), &mut all);
        all.push(root.join("src").join(folder).with_extension("rs"));
    }
    let (mut found, mut count) = (Vec::new(), 0);
    for path in all {
        let text = std::fs::read_to_string(&path).expect("source");
        let file = path.strip_prefix(root).expect("below").to_str().expect("UTF-8").to_owned();
        count += functions(&text).len();
        found.extend(missing(&file, &text));
    }
    assert!(count > 100, "{count} functions were found");
    assert!(found.is_empty(), "not documented:\n{}", found.join("\n"));
}

#[test]
fn what_is_missing_is_found() {
    let text = "impl A {\n    /// Signs.\n    ///\n    /// # Errors\n    /// None.\n    pub fn sign(\n        &self,\n    ) -> Result<(), ()> {\n    }\n    \
                /// Many.\n    ///\n    /// # Timing\n    /// Constant.\n    pub fn many(&self) -> Vec<Result<u8, ()>> {\n    }\n    \
                /// PVT.\n    pub fn pvt(&self) -> u8 {\n    }\n}\n";
    assert_eq!(missing("src/a.rs", text), ["src/a.rs: sign: # Timing", "src/a.rs: many: # Errors"]);
}
