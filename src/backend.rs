//! Arithmetic behind one seam per modulus, so that implementations can be exchanged.
//!
//! A seam is cut at whole operations over plain octets ("multiply the generator", "does this
//! combination have that x"), not at field multiplications: which implementation runs is decided
//! once per public operation, and an implementation is free in its choice of coordinates,
//! windows and tables. Everything above works on octets that were checked when they were
//! decoded.
//!
//! | modulus | seam | implementations |
//! |---|---|---|
//! | P-256, field and order | [`p256::Ops`] | [`rustcrypto::P256`]: the crates `p256` and `primeorder` |
//! | the 1024-bit curve of RFC 6509, field and order | [`fp1024::Ops`], below it [`fp1024::Field`] | [`rustcrypto::fp1024`]: the crate `crypto-bigint` |

#[cfg(feature = "sakke")]
pub(crate) mod fp1024;
#[cfg(feature = "eccsi")]
pub(crate) mod p256;
pub(crate) mod rustcrypto;
