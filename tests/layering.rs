//! Who may use whom: the arrows between the modules point one way only.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// For each top-level module of the crate, the modules it may name. Everyone may name those of
/// [`EVERYWHERE`], which may name nothing but one another.
const ALLOWED: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("identity", &[]),
    ("secret", &[]),
    ("serde_octets", &[]),
    ("backend", &[]),
    ("curve", &["backend"]),
    ("hash", &["backend"]),
    ("onem2m", &[]),
    ("eccsi", &["curve", "hash"]),
    ("sakke", &["curve"]),
    ("saef", &["eccsi", "curve", "onem2m"]),
    ("tls", &["eccsi", "onem2m"]),
    ("association", &["eccsi", "onem2m", "saef", "tls"]),
    ("json", &[]),
    ("files", &["eccsi", "json", "onem2m", "saef", "sakke"]),
    ("wire", &["json", "onem2m"]),
    ("derive", &["onem2m"]),
    ("command", &["json", "onem2m", "wire"]),
    ("http", &[]),
    // Of `backend` only the memory that core dumps leave out.
    (
        "service",
        &["backend", "command", "derive", "eccsi", "files", "json", "onem2m", "saef", "sakke", "wire"],
    ),
    // Of `service` only the trait by which a MAF fetches keys.
    (
        "client",
        &[
            "association",
            "command",
            "eccsi",
            "files",
            "http",
            "json",
            "onem2m",
            "saef",
            "sakke",
            "service",
            "tls",
            "wire",
        ],
    ),
    ("server", &["http", "onem2m", "service", "tls"]),
    ("config", &["files", "onem2m", "service"]),
    (
        "cli",
        &[
            "association",
            "client",
            "command",
            "config",
            "eccsi",
            "files",
            "json",
            "onem2m",
            "saef",
            "sakke",
            "server",
            "service",
            "tls",
            "wire",
        ],
    ),
];

const EVERYWHERE: &[&str] = &["error", "identity", "secret", "serde_octets"];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("src is readable") {
        let path = entry.expect("src is readable").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The code of a file: without comments, in which links may point anywhere.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("src is readable");
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn module_of(path: &Path) -> String {
    let inside = path.strip_prefix(src()).expect("below src");
    let first = inside.components().next().expect("a file").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The modules that follow `crate::` in the code, also inside braces.
fn named_modules(code: &str) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue; // another word that ends in "crate"
        }
        let names = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or("").split(',').collect(),
            None => vec![rest],
        };
        for name in names {
            let name: String = name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            modules.insert(name);
        }
    }
    modules
}

#[test]
fn modules_name_only_those_below_them() {
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let mut checked = 0;
    for path in rust_files(&src()) {
        let module = module_of(&path);
        if module == "lib" || module == "bin" {
            continue;
        }
        let may = allowed
            .get(module.as_str())
            .unwrap_or_else(|| panic!("module {module} has no line in the table: say whom it may name"));
        for named in named_modules(&code(&path)) {
            let crate_root_item = named.chars().next().is_none_or(char::is_uppercase);
            let ok = named == module
                || may.contains(&named.as_str())
                || EVERYWHERE.contains(&named.as_str())
                || crate_root_item;
            assert!(ok, "{}: {module} must not name {named}", path.display());
            checked += 1;
        }
    }
    assert!(checked > 50, "the search finds what it looks for: {checked}");
}

#[test]
fn unsafe_code_stands_only_where_it_may() {
    for path in rust_files(&src()) {
        if module_of(&path) == "backend" || path.ends_with("tls/openssl_ffi.rs") {
            continue;
        }
        let uses =
            code(&path).split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == "unsafe");
        assert!(!uses, "{} has unsafe code", path.display());
    }
}

/// The files of the core that name std, each with its parent and how it is declared there.
const WITH_STD: [(&str, &str, &str); 2] = [
    (
        "eccsi/verifying_key_cache.rs",
        "eccsi.rs",
        "#[cfg(all(feature = \"std\", feature = \"tables\"))]\nmod verifying_key_cache;",
    ),
    (
        "backend/wiping_allocator.rs",
        "backend.rs",
        "#[cfg(any(feature = \"client\", feature = \"service\"))]\n\
         #[allow(unsafe_code, reason = \"the interface of allocators is; see Safety there\")]\n\
         pub(crate) mod wiping_allocator;",
    ),
];

#[test]
fn the_files_that_name_std_are_behind_features() {
    for (file, parent, gated) in WITH_STD {
        assert!(code(&src().join(file)).contains("std::"), "no exception without need: {file}");
        let parent = code(&src().join(parent));
        assert_eq!(parent.matches(gated).count(), 1, "{file}");
        let name = gated.rsplit("mod ").next().expect("a declaration");
        assert_eq!(parent.matches(&format!("mod {name}")).count(), 1, "{file}");
    }
}

/// Others would take an array for an object.
#[test]
fn json_has_one_reader() {
    let mut checked = 0;
    for path in rust_files(&src()) {
        let text = code(&path);
        let without_tests = text.split("\nmod tests {").next().expect("at least one part");
        if module_of(&path) != "json" {
            for reader in ["serde_json::from_", "serde_json::Deserializer", "deserialize(&mut deserializer)"]
            {
                assert!(
                    !without_tests.contains(reader) || path.ends_with("wire/rooted.rs"),
                    "{}: {reader}",
                    path.display()
                );
            }
        }
        checked += without_tests.matches("json::from_").count();
    }
    assert!(checked > 10, "the search finds what it looks for: {checked}");
}

#[test]
fn queries_stand_in_the_store_only() {
    let store = src().join("service/store");
    let mut checked = 0;
    for path in rust_files(&src().join("service")) {
        let queries = code(&path).contains("sqlx::query");
        assert!(!queries || path.starts_with(&store), "{} has a query", path.display());
        checked += usize::from(queries);
    }
    assert!(checked > 3, "the search finds what it looks for: {checked}");
}

#[test]
fn the_core_names_no_std() {
    for path in rust_files(&src()) {
        const WITH: [&str; 15] = [
            "association",
            "bin",
            "cli",
            "client",
            "command",
            "config",
            "derive",
            "files",
            "http",
            "json",
            "lib",
            "server",
            "service",
            "tls",
            "wire",
        ];
        if WITH.contains(&module_of(&path).as_str()) {
            continue;
        }
        // Behind the feature `std`, see below
        if WITH_STD.iter().any(|(file, ..)| path.ends_with(file)) {
            continue;
        }
        // Folders `tests` hang below a `#[cfg(test)] mod tests;`.
        if path.strip_prefix(src()).expect("below src").components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        let text = code(&path);
        let without_tests = text.split("\nmod tests {").next().expect("at least one part");
        assert!(!without_tests.contains("std::"), "{} names std", path.display());
    }
}
