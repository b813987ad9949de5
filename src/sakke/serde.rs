//! Serde for the public types.

use super::{EncapsulatedData, KmsPublicKey};

crate::serde_octets::serde_as_octets!(KmsPublicKey, EncapsulatedData);
