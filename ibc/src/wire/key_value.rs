//! A symmetric key as it travels.

use base64ct::{Base64, Encoding};
use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::{Zeroize, Zeroizing};

/// Octets of a key: base64 (RFC 4648 §4) in text. Wiped when dropped.
pub struct KeyValue(Zeroizing<Vec<u8>>);

crate::redacted::redacted_debug!(KeyValue);

impl KeyValue {
    /// Longest key value, in octets.
    pub const MAX_BYTES: usize = 64;

    /// Takes a key.
    pub fn new(octets: Zeroizing<Vec<u8>>) -> Self {
        Self(octets)
    }

    /// The key itself.
    pub fn expose(&self) -> &Zeroizing<Vec<u8>> {
        &self.0
    }
}

impl Serialize for KeyValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(Base64::encode_string(&self.0)))
    }
}

impl<'de> Deserialize<'de> for KeyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = KeyValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a key of at most {} octets in base64", KeyValue::MAX_BYTES)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<KeyValue, E> {
        // The messages repeat nothing of the text.
        let error = || E::custom("not a key in base64");
        if text.len() > KeyValue::MAX_BYTES.div_ceil(3) * 4 {
            return Err(error());
        }
        let mut octets = Zeroizing::new(vec![0; text.len()]);
        let length = Base64::decode(text, &mut octets).map_err(|_| error())?.len();
        octets.truncate(length);
        Ok(KeyValue(octets))
    }

    fn visit_string<E: de::Error>(self, mut text: String) -> Result<KeyValue, E> {
        let value = self.visit_str(&text);
        text.zeroize();
        value
    }
}
