//! Serde for the public types: lower-case hexadecimal in text formats, octets in binary ones.
//!
//! Deserialising is decoding, with all its checks. Secret types have none on purpose.

use super::{KmsPublicKey, PublicValidationToken, Signature};
use ::serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

macro_rules! as_octets {
    ($type:ident) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serdect::array::serialize_hex_lower_or_bin(&self.to_bytes(), serializer)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // One octet more than fits, to notice what is too long; the length is that of
                // what was there.
                let mut buffer = [0; $type::BYTES + 1];
                let octets = serdect::array::deserialize_hex_or_bin(&mut buffer, deserializer)?;
                Self::from_slice(octets).map_err(D::Error::custom)
            }
        }
    };
}

as_octets!(KmsPublicKey);
as_octets!(PublicValidationToken);
as_octets!(Signature);
