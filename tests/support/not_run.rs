//! What a test leaves out is said; where nothing may be left out (`REQUIRE_ALL=1`, as in CI), it fails. A backend that this CPU
//! does not have may be, if who runs the tests says so: `ABSENT_BACKENDS="adx ifma"`.
#![allow(dead_code, reason = "each test program uses its part")]

/// May nothing be left out?
pub(crate) fn all_is_required() -> bool {
    std::env::var_os("REQUIRE_ALL").is_some_and(|value| value != "0")
}

/// Says that this CPU does not have a backend.
pub(crate) fn not_run(backend: &str) {
    println!("not run: {backend} (cpu)");
    let absent = std::env::var("ABSENT_BACKENDS").unwrap_or_default();
    let expected = !all_is_required() || absent.split_whitespace().any(|name| name == backend);
    assert!(expected, "REQUIRE_ALL is set, and this CPU does not have the backend {backend}");
}
