//! The RustCrypto crates behind the seams: the conservative choice, and the oracle for all others.

mod p256;

pub(crate) use p256::P256;
