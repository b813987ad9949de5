//! The search for circles against small crates of which it is known whether they have one.

use super::survey::Survey;
use std::fs;
use std::path::Path;

/// The circles of a crate of these files.
fn circles(name: &str, files: &[(&str, &str)]) -> Vec<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("planted").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("a folder of this test");
    }
    for (file, text) in files {
        let file = folder.join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("room");
        fs::write(file, text).expect("room");
    }
    Survey::of(&folder.join("lib.rs"), &folder).circles
}

#[test]
fn finds_two_files_that_import_each_other() {
    let found = circles(
        "two",
        &[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "use crate::a::A; pub struct B;"),
        ],
    );
    assert_eq!(found, ["  a.rs -> b.rs: B\n  b.rs -> a.rs: A\n"]);
}

#[test]
fn finds_a_longer_loop_behind_names_that_are_handed_on() {
    let found = circles(
        "handed_on",
        &[
            ("lib.rs", "mod a; mod b; mod c; pub use a::A; pub use b::*; pub use c::C as Other;"),
            ("a.rs", "use super::B; pub struct A(B);"),
            ("b.rs", "use crate::{self as top, Other}; pub struct B(Other);"),
            ("c.rs", "pub struct C(Box<crate::A>);"),
        ],
    );
    assert_eq!(found, ["  a.rs -> b.rs: B\n  b.rs -> c.rs: Other\n  c.rs -> a.rs: A\n"]);
}

#[test]
fn finds_a_loop_by_a_name_of_another_module_that_is_handed_on() {
    let found = circles(
        "neighbour",
        &[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "pub use super::b::B; pub struct A;"),
            ("b.rs", "use super::a::A; pub struct B(A);"),
        ],
    );
    assert_eq!(found.len(), 1);
}

#[test]
fn finds_a_loop_by_a_path_through_an_imported_module() {
    let found = circles(
        "module",
        &[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use super::b::{self, inner}; pub fn a() { inner::f(); b::g() }"),
            ("b.rs", "pub mod inner; pub fn g() {}"),
            ("b/inner.rs", "pub fn f() { if true { super::super::a::a() } }"),
        ],
    );
    assert_eq!(found, ["  a.rs -> b/inner.rs: f\n  b/inner.rs -> a.rs: a\n"]);
}

#[test]
fn finds_a_loop_through_macros() {
    let found = circles(
        "macros",
        &[
            ("lib.rs", "#[macro_use] mod a; mod b;"),
            ("a.rs", "macro_rules! made { ($x:ident) => { $crate::b::B::new(stringify!($x)) }; }"),
            ("b.rs", "pub struct B; fn f() { made!(x); }"),
        ],
    );
    assert_eq!(found, ["  a.rs -> b.rs: new\n  b.rs -> a.rs: made!\n"]);
}

#[test]
fn takes_nothing_else_for_a_loop() {
    let found = circles(
        "none",
        &[
            // A name that is handed on is no arrow of the module that does so.
            ("lib.rs", "pub mod a; pub mod b; pub use a::A;"),
            // Neither comments nor tests are the code of a file; other crates have names of their own.
            (
                "a.rs",
                "//! See [`crate::b::B`].\n use ::b::B; use other::b::C; pub struct A { pub b: u8 }
                /// Or [`B`](crate::b::B).
                impl A { fn f(&self) { self.b; b::a() } }
                #[cfg(test)] use crate::b::{B as D, f};
                #[cfg(all(test, unix))] #[allow(unused)] pub(crate) fn t<X, Y>() { crate::b::f() }
                #[cfg(test)] mod tests;",
            ),
            ("a/tests.rs", "use crate::b::B;"),
            // What a file takes from the module that it is a part of is no import.
            ("b.rs", "mod part; use crate::A; pub struct B(A); pub fn f() { part::p() }"),
            ("b/part.rs", "use super::B; pub fn p() {}"),
        ],
    );
    assert_eq!(found, [""; 0]);
}

#[test]
fn code_that_a_feature_adds_counts() {
    let found = circles(
        "feature",
        &[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "#[cfg(any(test, feature = \"x\"))] use crate::b::B; pub struct A;"),
            ("b.rs", "#[cfg(not(test))] fn f(_: crate::a::A) {} pub struct B;"),
        ],
    );
    assert_eq!(found.len(), 1);
}
