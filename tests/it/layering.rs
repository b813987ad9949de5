//! Who may use whom: the arrows between the modules point one way only, and no two files import each other.
//!
//! `cargo test --test it layering -- --nocapture` prints what there is of either. With the folder of another checkout in
//! `LAYERING_OF` it prints that one's, to compare.

mod arrows;
mod circles;
mod planted;
mod survey;

use arrows::Crate;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};
use survey::Survey;

/// A package of the workspace: its sources, and for each top-level module those that it may name. Everyone may name
/// those of `everywhere`, which may name nothing but one another.
struct Package {
    folder: &'static str,
    allowed: &'static [(&'static str, &'static [&'static str])],
    everywhere: &'static [&'static str],
    /// Where unsafe code may stand.
    unsafe_code: &'static [&'static str],
    /// The search finds more than this many names of modules.
    arrows: usize,
}

const CORE: Package = Package {
    folder: "src",
    allowed: &[
        ("error", &[]),
        ("identity", &[]),
        // Of `backend` only the requests of the constant-time checker.
        ("secret", &["backend"]),
        ("public_octets", &[]),
        ("serde_octets", &[]),
        ("backend", &[]),
        ("curve", &["backend"]),
        ("drbg", &[]),
        ("hash", &["backend"]),
        ("onem2m", &[]),
        ("eccsi", &["curve", "drbg", "hash"]),
        ("sakke", &["curve", "drbg"]),
        ("saef", &["eccsi", "curve", "onem2m"]),
        ("serde_exposing_secrets", &["eccsi", "sakke"]),
    ],
    everywhere: &["error", "identity", "public_octets", "secret", "serde_octets"],
    unsafe_code: &["backend"],
    arrows: 50,
};

const IBC: Package = Package {
    folder: "ibc/src",
    allowed: &[
        ("redacted", &[]),
        // The trait by which time comes in, and what a session is with: MEF or MAF.
        ("clock", &[]),
        ("function", &[]),
        ("memory", &[]),
        ("json", &[]),
        ("wire", &["json"]),
        // The trait by which a MAF fetches keys over the network.
        ("credential_fetcher", &["wire"]),
        ("derive", &[]),
        ("command", &["json", "wire"]),
        ("files", &["json"]),
        ("tls", &[]),
        ("association", &["tls"]),
        ("http", &["wire"]),
        ("service", &["command", "credential_fetcher", "derive", "files", "json", "memory", "wire"]),
        (
            "client",
            &[
                "association",
                "command",
                "credential_fetcher",
                "derive",
                "files",
                "http",
                "json",
                "tls",
                "wire",
            ],
        ),
        ("server", &["http", "service", "tls"]),
        ("config", &["files", "service"]),
        (
            "cli",
            &[
                "association",
                "client",
                "command",
                "config",
                "derive",
                "files",
                "json",
                "server",
                "service",
                "tls",
                "wire",
            ],
        ),
    ],
    everywhere: &["clock", "function", "redacted"],
    unsafe_code: &["memory", "tls/openssl_ffi"],
    arrows: 50,
};

/// The rooms of `ibc::service` from the bottom up, and for each those below it that it may name.
const SERVICE: &[(&str, &[&str])] = &[
    ("limits", &[]),
    ("budgets", &[]),
    ("error", &[]),
    ("rule", &[]),
    ("bound", &[]),
    ("primitive", &[]),
    ("session", &[]),
    ("kms", &[]),
    ("audit::chain", &[]),
    ("sealed", &["kms"]),
    ("registered", &["sealed"]),
    ("store", &["audit::chain", "bound", "kms", "registered", "rule", "sealed"]),
    ("deny_list", &["audit::chain", "kms", "store"]),
    ("device_configuration", &["store"]),
    ("audit", &["audit::chain", "deny_list", "kms", "store"]),
    ("restore", &["audit", "audit::chain", "deny_list", "kms", "store"]),
    ("party", &["bound", "session", "store"]),
    ("procedure", &["audit::chain", "kms", "session", "store"]),
    ("psk", &["kms", "procedure", "sealed", "store"]),
    ("own_keys", &["kms", "procedure", "sealed", "store"]),
    (
        "registry",
        &[
            "audit::chain",
            "bound",
            "device_configuration",
            "kms",
            "party",
            "procedure",
            "registered",
            "rule",
            "sealed",
            "session",
            "store",
        ],
    ),
    (
        "admin",
        &[
            "audit::chain",
            "bound",
            "deny_list",
            "device_configuration",
            "kms",
            "procedure",
            "psk",
            "registry",
            "rule",
            "sealed",
            "store",
        ],
    ),
    ("sweeper", &["audit::chain", "deny_list", "kms", "procedure", "sealed", "store"]),
    (
        "mef",
        &[
            "audit::chain",
            "bound",
            "deny_list",
            "kms",
            "party",
            "procedure",
            "psk",
            "registered",
            "registry",
            "sealed",
            "session",
            "store",
        ],
    ),
    ("maf", &["audit::chain", "kms", "procedure", "psk", "registry", "sealed", "store"]),
    ("readiness", &["mef", "procedure", "store"]),
    ("setup", &["admin", "audit", "audit::chain", "kms", "procedure", "store"]),
    ("bench", &["kms", "mef", "session"]),
    ("dispatch", &["bound", "maf", "mef", "party", "primitive", "procedure", "registry", "session", "store"]),
];

/// Rooms of the service that all others may name.
const SERVICE_EVERYWHERE: [&str; 3] = ["budgets", "error", "limits"];

const MIKEY: Package = Package {
    folder: "mikey/src",
    allowed: &[
        ("numbers", &[]),
        ("error", &[]),
        ("wire", &[]),
        ("kdf", &[]),
        ("payload", &["wire"]),
        ("user", &["kdf", "payload"]),
        ("keys", &["kdf", "payload"]),
        ("message", &["payload", "wire"]),
        ("build", &["keys", "message", "payload", "user"]),
        ("replay", &[]),
        ("open", &["keys", "message", "payload", "replay", "user"]),
        ("sdp", &["message"]),
    ],
    everywhere: &["error", "numbers"],
    unsafe_code: &[],
    arrows: 25,
};

/// What a file of functions of the C interface is made of.
const C_PARTS: &[&str] = &["batch", "edge", "handles", "random"];

const CAPI: Package = Package {
    folder: "capi/src",
    allowed: &[
        ("error", &[]),
        ("edge", &[]),
        ("random", &["edge"]),
        ("handles", &["edge"]),
        ("batch", &["edge"]),
        ("ksak", C_PARTS),
        ("kpak", C_PARTS),
        ("signing_key", C_PARTS),
        ("verifying_key", C_PARTS),
        ("sakke_id", C_PARTS),
        ("sakke_kms", C_PARTS),
        ("sakke_sender", C_PARTS),
        ("sakke_receiver", C_PARTS),
        ("identifiers", C_PARTS),
        ("id_2", C_PARTS),
        ("saef", C_PARTS),
        ("mikey", C_PARTS),
        ("mikey_message", C_PARTS),
        ("mikey_open", C_PARTS),
        ("mikey_policy", C_PARTS),
    ],
    everywhere: &["error"],
    unsafe_code: &["edge"],
    arrows: 25,
};

const PACKAGES: [&Package; 4] = [&CORE, &MIKEY, &IBC, &CAPI];

impl Package {
    fn src(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(self.folder)
    }

    fn module_of(&self, path: &Path) -> String {
        let first = self.inside(path).components().next().expect("a file").as_os_str();
        first.to_string_lossy().trim_end_matches(".rs").to_owned()
    }

    fn inside<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(self.src()).expect("below the sources")
    }
}

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
    for package in PACKAGES {
        let allowed: BTreeMap<_, _> = package.allowed.iter().copied().collect();
        let mut checked = 0;
        for path in rust_files(&package.src()) {
            let module = package.module_of(&path);
            if module == "lib" || module == "bin" {
                continue;
            }
            let may = allowed
                .get(module.as_str())
                .unwrap_or_else(|| panic!("module {module} has no line in the table: say whom it may name"));
            for named in named_modules(&code(&path)) {
                let item_of_the_root = named.chars().next().is_none_or(char::is_uppercase);
                let ok = named == module
                    || may.contains(&named.as_str())
                    || package.everywhere.contains(&named.as_str())
                    || item_of_the_root;
                assert!(ok, "{}: {module} must not name {named}", path.display());
                checked += 1;
            }
        }
        assert!(checked > package.arrows, "the search finds what it looks for: {checked}");
    }
}

#[test]
fn rooms_of_the_service_name_only_those_below_them() {
    let rooms: Vec<&str> = SERVICE.iter().map(|(room, _)| *room).collect();
    for (at, (room, below)) in SERVICE.iter().enumerate() {
        for named in *below {
            assert!(
                rooms[..at].contains(named),
                "{room} may name {named}, which is not below it in the table"
            );
        }
    }
    let apart: Vec<&str> = rooms.into_iter().filter(|room| room.contains("::")).collect();
    let arrows = Crate::read(&IBC.src().join("lib.rs")).arrows_inside("service", &apart);
    let allowed: BTreeMap<_, _> = SERVICE.iter().copied().collect();
    for (from, to) in &arrows {
        let may = allowed
            .get(from.as_str())
            .unwrap_or_else(|| panic!("room {from} has no line in the table: say whom it may name"));
        let everywhere = SERVICE_EVERYWHERE.contains(&to.as_str());
        assert!(everywhere || may.contains(&to.as_str()), "{from} must not name {to}");
    }
    assert!(arrows.len() > 50, "the search finds what it looks for: {}", arrows.len());
}

#[test]
fn no_two_files_import_each_other() {
    let found = Survey::of_workspace(Path::new(env!("CARGO_MANIFEST_DIR")));
    for survey in &found {
        assert!(survey.circles.is_empty(), "{}:\n{}", survey.root.display(), survey.circles.join("\n"));
    }
    let arrows: usize = found.iter().map(|survey| survey.arrows_between_files).sum();
    assert!(arrows > 500, "the search finds what it looks for: {arrows}");
}

/// Prints the numbers of this workspace, or of the one in `LAYERING_OF`.
#[test]
fn rooms_arrows_and_circles_in_numbers() {
    let folder = env::var_os("LAYERING_OF").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    for survey in Survey::of_workspace(&folder) {
        println!(
            "{}: {} rooms, {} arrows between them, {} arrows between files, {} circles of files",
            survey.root.display(),
            survey.rooms,
            survey.arrows,
            survey.arrows_between_files,
            survey.circles.len()
        );
        for (number, ties) in survey.circles.iter().enumerate() {
            println!("circle {}:\n{ties}", number + 1);
        }
    }
}

#[test]
fn unsafe_code_stands_only_where_it_may() {
    for package in PACKAGES {
        for path in rust_files(&package.src()) {
            let inside = package.inside(&path).with_extension("");
            if package.unsafe_code.iter().any(|place| inside.starts_with(place)) {
                continue;
            }
            // The C interface has this attribute on each of its functions.
            let uses = code(&path)
                .replace("#[unsafe(no_mangle)]", "")
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .any(|word| word == "unsafe");
            assert!(!uses, "{} has unsafe code", path.display());
        }
    }
}

/// The files of the core that name std, each with its parent and how it is declared there.
const WITH_STD: [(&str, &str, &str); 2] = [
    ("onem2m/system_time.rs", "onem2m.rs", "#[cfg(feature = \"std\")]\nmod system_time;"),
    (
        "eccsi/verifying_key_cache.rs",
        "eccsi.rs",
        "#[cfg(all(feature = \"std\", feature = \"tables\"))]\nmod verifying_key_cache;",
    ),
];

#[test]
fn the_files_that_name_std_are_behind_features() {
    for (file, parent, gated) in WITH_STD {
        assert!(code(&CORE.src().join(file)).contains("std::"), "no exception without need: {file}");
        let parent = code(&CORE.src().join(parent));
        assert_eq!(parent.matches(gated).count(), 1, "{file}");
        let name = gated.rsplit("mod ").next().expect("a declaration");
        assert_eq!(parent.matches(&format!("mod {name}")).count(), 1, "{file}");
    }
}

/// Others would take an array for an object.
#[test]
fn json_has_one_reader() {
    let mut checked = 0;
    for path in rust_files(&IBC.src()) {
        let text = code(&path);
        let without_tests = text.split("\nmod tests {").next().expect("at least one part");
        if IBC.module_of(&path) != "json" && !path.ends_with("wire/rooted.rs") {
            for reader in ["serde_json::from_", "serde_json::Deserializer", "deserialize(&mut deserializer)"]
            {
                assert!(!without_tests.contains(reader), "{}: {reader}", path.display());
            }
        }
        checked += without_tests.matches("json::from_").count();
    }
    assert!(checked > 10, "the search finds what it looks for: {checked}");
}

#[test]
fn queries_stand_in_the_store_only() {
    let service = IBC.src().join("service");
    let mut checked = 0;
    for path in rust_files(&service) {
        let queries = code(&path).contains("sqlx::query");
        assert!(!queries || path.starts_with(service.join("store")), "{} has a query", path.display());
        checked += usize::from(queries);
    }
    assert!(checked > 3, "the search finds what it looks for: {checked}");
}

#[test]
fn the_core_names_no_std() {
    for path in rust_files(&MIKEY.src()) {
        if MIKEY.module_of(&path) != "lib" {
            assert!(!code(&path).contains("std::"), "{} names std", path.display());
        }
    }
    for path in rust_files(&CORE.src()) {
        // Folders and files `tests` hang below a `#[cfg(test)] mod tests;`.
        let tests =
            CORE.inside(&path).with_extension("").components().any(|part| part.as_os_str() == "tests");
        if tests || CORE.module_of(&path) == "lib" || WITH_STD.iter().any(|(file, ..)| path.ends_with(file)) {
            continue;
        }
        let text = code(&path);
        let without_tests = text.split("\nmod tests {").next().expect("at least one part");
        assert!(!without_tests.contains("std::"), "{} names std", path.display());
    }
}
