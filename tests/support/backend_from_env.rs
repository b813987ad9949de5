//! `TEST_BACKEND=portable cargo test --features __backends …` runs the tests of a file on that
//! backend; without the variable they run on the one that the library chooses.

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
    let name = Name::ALL.iter().find(|name| wanted == name.as_str());
    if !name.is_some_and(|name| force(*name)) {
        eprintln!("not run: {} (cpu)", wanted.display());
        std::process::exit(0);
    }
}
