//! Serde for public types of a fixed number of octets: lower-case hexadecimal in text formats, octets
//! in binary ones. Deserialising is decoding, with all its checks. Secret types have none on purpose.

/// Implements both directions for types with `BYTES`, `to_bytes` and `from_slice`.
macro_rules! serde_as_octets {
    ($($type:ident),+) => {
        $(
            impl ::serde::Serialize for $type {
                fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serdect::array::serialize_hex_lower_or_bin(&self.to_bytes(), serializer)
                }
            }

            impl<'de> ::serde::Deserialize<'de> for $type {
                fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    // One octet more than fits, to notice what is too long; the length is that of
                    // what was there.
                    let mut buffer = [0; $type::BYTES + 1];
                    let octets = serdect::array::deserialize_hex_or_bin(&mut buffer, deserializer)?;
                    Self::from_slice(octets).map_err(::serde::de::Error::custom)
                }
            }
        )+
    };
}
pub(crate) use serde_as_octets;
