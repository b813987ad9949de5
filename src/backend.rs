//! Arithmetic behind one seam per modulus, so that implementations can be exchanged.
//!
//! A seam is cut at whole operations over plain octets ("multiply the generator", "does this
//! combination have that x"), not at field multiplications: each operation of a seam asks once which
//! implementation runs (see [`selected`]), and an implementation is free in its choice of coordinates,
//! windows and tables. Everything above works on octets that were checked when they were
//! decoded.
//!
//! | modulus | seam | implementations |
//! |---|---|---|
//! | P-256, field and order | [`p256::Ops`] | [`rustcrypto::RustCrypto`]: the crates `p256` and `primeorder` |
//! | | [`p256::Kernel`], below the curve code of this crate | [`portable::Portable`]: u64 limbs, every platform |
//! | | | `adx::Adx`: MULX, ADCX, ADOX, on x86-64 CPUs that have them |
//! | | | `ifma::Ifma`: the same, and AVX-512 IFMA for eight elements at a time |
//! | the 1024-bit curve of RFC 6509, field and order | [`fp1024::Ops`], below it [`fp1024::Field`], and [`fp1024::Lanes`] for eight elements at a time | [`rustcrypto::fp1024`]: the crate `crypto-bigint` |
//! | | | [`portable::fp1024`], `adx::fp1024`, `ifma::fp1024` with `ifma::fp1024x8` |
//!
//! `valgrind`, the requests of the constant-time checker, is here because they need `unsafe`.
//!
//! # Which one runs
//!
//! The best that the CPU offers, see [`selected`]. `RUSTFLAGS='--cfg eccsi_sakke_backend="…"'` with
//! `rustcrypto`, `portable`, `adx` or `ifma` takes that one, or the next in this order to the left that the
//! CPU has; it is a `cfg` and no feature, since features add up
//! and any dependency could switch one on.
//!
//! # Safety
//!
//! In this crate `unsafe` stands in this module only; the crate denies it elsewhere. An implementation that needs a CPU feature is a zero-size
//! token whose one constructor asks the CPU: whoever holds the value has the proof. `valgrind` states its own
//! argument.

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "instructions that the compiler does not know how to use; see Safety above")]
pub(crate) mod adx;
#[cfg(any(feature = "eccsi", feature = "sakke"))]
mod base;
mod choice;
#[cfg(all(feature = "__backends", feature = "eccsi", feature = "sakke", target_arch = "x86_64"))]
#[allow(unsafe_code, reason = "names that the linker keeps; see there")]
mod entries;
#[cfg(feature = "sakke")]
pub(crate) mod fp1024;
#[allow(unsafe_code, reason = "instructions that the compiler does not know how to use; see Safety above")]
pub(crate) mod ifma;
#[cfg(feature = "eccsi")]
pub(crate) mod p256;
pub(crate) mod portable;
#[cfg(any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto"))]
pub(crate) mod rustcrypto;
#[cfg(feature = "eccsi")]
pub(crate) mod sha256;
#[cfg(feature = "eccsi")]
pub(crate) mod table_point;
#[cfg(feature = "__ctgrind")]
#[allow(unsafe_code, reason = "the requests are instructions; see Safety there")]
pub(crate) mod valgrind;

pub(crate) use choice::{Backend, selected};
#[cfg(feature = "__backends")]
pub use choice::{Name, force, with};
