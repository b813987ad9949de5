//! ECCSI, elliptic curve-based certificateless signatures for identity-based encryption: RFC 6507
//! on P-256 with SHA-256.
//!
//! A KMS holds KSAK and publishes KPAK. For each identity it issues a pair (SSK, PVT), which the
//! receiver validates. A signature carries PVT, so that whoever knows KPAK and the identity can
//! verify it: no certificates.
//!
//! | RFC 6507 | here | octets |
//! |---|---|---|
//! | KSAK | [`KmsSecretKey`] | 32 |
//! | KPAK = \[KSAK\]G | [`KmsPublicKey`] | 65 |
//! | ID | [`Identity`](crate::Identity) | any |
//! | (SSK, PVT) as delivered | [`IssuedKey`] | 32, 65 |
//! | the same after §5.1.2 | [`SigningKey`] | |
//! | PVT = \[v\]G | [`PublicValidationToken`] | 65 |
//! | HS = hash(G ‖ KPAK ‖ ID ‖ PVT) | [`VerifyingKey::hs`] | 32 |
//! | SSK = KSAK + HS·v mod q | [`IssuedKey::expose`] | 32 |
//! | Y = KPAK + \[HS\]PVT | [`VerifyingKey`] | 65 |
//! | r ‖ s ‖ PVT | [`Signature`] | 129 |
//!
//! | RFC 6507 | function | file |
//! |---|---|---|
//! | §5.1.1 | [`KmsSecretKey::issue`] | `issue.rs` |
//! | §5.1.2 | [`IssuedKey::validate`] | `validate.rs` |
//! | §5.2.1 | [`SigningKey::sign`] | `sign.rs` |
//! | §5.2.2 | [`KmsPublicKey::verify`], [`VerifyingKey::verify`] | `verify.rs` |
//!
//! Many at a time: [`KmsSecretKey::issue_many`], [`IssuedKey::validate_many`], [`SigningKey::sign_many`],
//! [`KmsPublicKey::verify_many`] and [`VerifyingKey::verify_many`]. They give what single operations
//! give.
//!
//! ```
//! # fn main() -> Result<(), eccsi_sakke::Error> {
//! # #[cfg(feature = "getrandom")] {
//! use eccsi_sakke::{Identity, SysRng, eccsi};
//!
//! let kms = eccsi::KmsSecretKey::generate(&mut SysRng)?;
//! let kpak = kms.public_key();
//! let id = Identity::new(b"alice@example.com");
//!
//! let key = kms.issue(id, &mut SysRng)?.validate(&kpak, id)?;
//! let signature = key.sign(b"a message", &mut SysRng)?;
//! kpak.verify(id, b"a message", &signature)?;
//! # }
//! # Ok(())
//! # }
//! ```

/// The program of `docs/p256.md`, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../docs/p256.md")]
mod p256_by_example {}

#[cfg(feature = "hazmat")]
pub mod hazmat;

mod batches;
#[cfg(feature = "p256")]
mod convert;
mod hash;
mod issue;
mod kms_key;
mod nonce;
#[cfg(feature = "serde")]
mod serde;
mod sign;
mod signature;
mod validate;
mod validation_token;
mod verify;
#[cfg(all(feature = "std", feature = "tables"))]
mod verifying_key_cache;
mod with_rng;

pub use issue::IssuedKey;
pub use kms_key::{KmsPublicKey, KmsSecretKey};
pub use sign::SigningKey;
pub use signature::Signature;
pub use validation_token::PublicValidationToken;
pub use verify::{IdentityVerifier, OwnedIdentityVerifier, VerifyingKey};
#[cfg(all(feature = "std", feature = "tables"))]
pub use verifying_key_cache::VerifyingKeyCache;
pub use with_rng::WithRng;

crate::public_octets::public_octets!(KmsPublicKey: Kpak, PublicValidationToken: Pvt, Signature: Signature);
