//! `TEST_BACKEND=portable cargo test --features __backends …` runs the tests of a file on that
//! backend; without the variable they run on the one that the library chooses. A name that no backend has is a failure, and
//! with `REQUIRE_ALL=1` so is a backend that this CPU does not have.

#![cfg(all(feature = "__backends", target_os = "linux"))]
#![allow(unsafe_code, reason = "a function that the loader calls before main")]

use eccsi_sakke::__backends::{Name, force};

/// Every test of a binary runs in a thread of its own; this comes before all of them.
#[used]
// SAFETY: functions in this section are called once, with the C convention, before `main`; this one
// uses the environment and standard error, which glibc has ready by then.
#[unsafe(link_section = ".init_array")]
static CHOOSE: extern "C" fn() = choose;

extern "C" fn choose() {
    let Some(wanted) = std::env::var_os("TEST_BACKEND") else { return };
    let Some(name) = Name::ALL.iter().find(|name| wanted == name.as_str()) else {
        eprintln!("TEST_BACKEND: there is no backend {}", wanted.display());
        std::process::exit(1);
    };
    if !force(*name) {
        eprintln!("not run: {} (cpu)", wanted.display());
        // Nothing may be left out in CI; `tests/run` does not ask for what the CPU does not have.
        let required = std::env::var_os("REQUIRE_ALL").is_some_and(|value| value != "0");
        std::process::exit(i32::from(required));
    }
}
