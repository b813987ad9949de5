//! Hexadecimal that does not tell its digits by its timing, and JSON fields of it that do not tell
//! them in a message either.

use super::FormatError;
use core::fmt;
use serde::{Deserialize, Deserializer, de};
use zeroize::Zeroizing;

/// Lower-case digits of a secret.
pub(crate) fn encode_secret(octets: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(base16ct::lower::encode_string(octets))
}

/// Octets of public text, digits in either case.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, FormatError> {
    if !text.len().is_multiple_of(2) {
        return Err(FormatError::NotHex);
    }
    let mut octets = vec![0; text.len() / 2];
    base16ct::mixed::decode(text, &mut octets).map_err(|_| FormatError::NotHex)?;
    Ok(octets)
}

/// Octets of public text, N of them; `what` names the value.
#[cfg(any(feature = "cli", feature = "service"))]
pub(crate) fn exact<const N: usize>(text: &str, what: &'static str) -> Result<[u8; N], FormatError> {
    decode(text)?.try_into().map_err(|_| FormatError::Unknown(what))
}

/// A JSON string of N octets in hexadecimal, either case. Wiped when dropped; no error shows it.
pub(super) struct Hex<const N: usize>(pub(super) Zeroizing<[u8; N]>);

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let octets = deserializer.deserialize_any(Visitor { least: N, most: N })?;
        let mut exact = Zeroizing::new([0; N]);
        exact.copy_from_slice(&octets);
        Ok(Self(exact))
    }
}

/// A JSON string of a symmetric key in hexadecimal, 16 to 64 octets, likewise.
#[cfg(feature = "client")]
pub(crate) struct HexKey(pub(crate) Zeroizing<Vec<u8>>);

#[cfg(feature = "client")]
impl<'de> Deserialize<'de> for HexKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(deserializer.deserialize_any(Visitor { least: 16, most: 64 })?))
    }
}

/// Asked by `deserialize_any` and not by `deserialize_str`: for a number the parser would answer itself, and show it.
struct Visitor {
    least: usize,
    most: usize,
}

impl Visitor {
    fn refuse<T, E: de::Error>(&self) -> Result<T, E> {
        Err(E::custom(format!("{self}")))
    }
}

impl fmt::Display for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.least, self.most) {
            (least, most) if least == most => {
                write!(f, "{least} octets expected, as a string of {} hexadecimal digits", 2 * least)
            }
            (least, most) => {
                write!(f, "{least} to {most} octets expected, as a string of hexadecimal digits")
            }
        }
    }
}

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Zeroizing<Vec<u8>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string of hexadecimal digits")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        let octets = text.len() / 2;
        let mut decoded = Zeroizing::new(vec![0; octets.min(self.most)]);
        let is_of_length = (self.least..=self.most).contains(&octets) && text.len().is_multiple_of(2);
        if !is_of_length || base16ct::mixed::decode(text, decoded.as_mut_slice()).is_err() {
            return self.refuse();
        }
        Ok(decoded)
    }

    // A string that is not borrowed had escapes, which digits do not need, and the parser keeps a copy.
    fn visit_str<E: de::Error>(self, _: &str) -> Result<Self::Value, E> {
        self.refuse()
    }

    // The defaults would show the value in their message.

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
        self.refuse()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        self.refuse()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
        self.refuse()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        self.refuse()
    }
}
