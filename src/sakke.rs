//! SAKKE, Sakai-Kasahara key encryption: RFC 6508 with parameter set 1 of RFC 6509.
//!
//! A KMS holds z and publishes Z. Whoever knows Z and an identity can encapsulate a Shared Secret
//! Value to it; the KMS issues the key that decapsulates. The KMS can decapsulate everything: that
//! is a property of the scheme, not a defect.
//!
//! | RFC 6508 | here | octets |
//! |---|---|---|
//! | z | [`KmsSecretKey`] | 128 |
//! | Z = \[z\]P | [`KmsPublicKey`] | 257 |
//! | Identifier a, b | [`Identifier`] | any, as an integer in [2, q − 1] |
//! | RSK K = \[(a + z)⁻¹\]P as delivered | [`IssuedKey`] | 257 |
//! | the same after §6.1.2 | [`ReceiverSecretKey`] | |
//! | \[b\]P + Z | [`Recipient`] | |
//! | SSV | [`SharedSecretValue`] | 16 |
//! | Encapsulated Data R ‖ H | [`EncapsulatedData`] | 273 |
//!
//! | RFC 6508 | function | file |
//! |---|---|---|
//! | §5.1 | HashToIntegerRange | `hash.rs` |
//! | §6.1.1 | [`KmsSecretKey::issue`] | `issue.rs` |
//! | §6.1.2 | [`IssuedKey::validate`], [`validate_many`](IssuedKey::validate_many) | `validate.rs` |
//! | §6.2.1 | [`KmsPublicKey::encapsulate`], [`Recipient::encapsulate`] | `encapsulate.rs` |
//! | §6.2.2 | [`ReceiverSecretKey::decapsulate`], [`decapsulate_many`](ReceiverSecretKey::decapsulate_many) | `decapsulate.rs` |
//! | §6.2.3 | [`KmsPublicKey::encapsulate_many`] | `encapsulate.rs` |
//!
//! Keys and receivers that are used more than once can be `prepared()`, and a KMS key
//! [`prepared_to_validate()`](KmsPublicKey::prepared_to_validate): they then keep tables. No other call builds one, except that a [`KmsSecretKey`] always has its comb.
//!
//! ```
//! # fn main() -> Result<(), eccsi_sakke::Error> {
//! # #[cfg(feature = "getrandom")] {
//! use eccsi_sakke::{SysRng, sakke};
//! use subtle::ConstantTimeEq;
//!
//! let kms = sakke::KmsSecretKey::generate(&mut SysRng)?;
//! let z = kms.public_key();
//! let bob = &sakke::Identifier::from_raw(b"bob@example.com")?;
//!
//! let key = kms.issue(bob)?.validate(&z, bob)?;
//! let (data, sent) = z.encapsulate(bob, &mut SysRng)?;
//! let received = key.decapsulate(&data)?;
//! assert!(bool::from(received.ct_eq(&sent)));
//! # }
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "hazmat")]
pub mod hazmat;

/// The program of `docs/maths.md`, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../docs/maths.md")]
mod maths {}

mod batch;
mod decapsulate;
mod encapsulate;
mod encoding;
mod hash;
mod issue;
mod kms_key;
#[cfg(feature = "serde")]
mod serde;
mod validate;

pub use crate::identity::sakke_identifier::Identifier;
pub use decapsulate::ReceiverSecretKey;
pub use encapsulate::Recipient;
pub use encoding::{EncapsulatedData, SharedSecretValue};
pub use issue::IssuedKey;
pub use kms_key::{KmsPublicKey, KmsSecretKey};

crate::public_octets::public_octets!(KmsPublicKey: Z, EncapsulatedData: EncapsulatedData);
