//! Functions of libwolfssl as the system's package exports them, for the tests and benches of this package: they
//! exchange keys and messages with the installed library, and measure it.
#![allow(missing_debug_implementations, missing_docs, reason = "as wolfSSL's headers have them")]
#![allow(unsafe_code, reason = "a C library")]

mod common;
pub mod wolfssl;
pub mod wolfssl_sakke;
