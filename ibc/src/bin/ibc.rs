//! `ibc`: identity-based cryptography on the command line.

use std::process::ExitCode;

/// What libraries below leave behind of requests, answers and rows is wiped when they free it.
#[cfg(any(feature = "client", feature = "service"))]
#[global_allocator]
static ALLOCATOR: ibc::WipingAllocator = ibc::WipingAllocator;

fn main() -> ExitCode {
    ibc::cli::main()
}
