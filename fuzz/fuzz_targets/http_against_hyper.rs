//! What we take for a request, the crate hyper takes for the same one: method, path, content, and where the next begins.

#![no_main]

#[path = "../../ibc/tests/support/against_hyper.rs"]
mod against_hyper;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    against_hyper::check(octets);
});
