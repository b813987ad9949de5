//! Serde for the public types.

use super::{KmsPublicKey, PublicValidationToken, Signature};

crate::serde_octets::serde_as_octets!(KmsPublicKey, PublicValidationToken, Signature);
