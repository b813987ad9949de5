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
        // Not deserialize_str: for a number the parser would answer itself, and show it.
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor<const N: usize>;

impl<const N: usize> Visitor<N> {
    fn refuse<T, E: de::Error>() -> Result<T, E> {
        Err(E::custom(format!("{N} octets expected, as a string of {} hexadecimal digits", 2 * N)))
    }
}

impl<'de, const N: usize> de::Visitor<'de> for Visitor<N> {
    type Value = Hex<N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a string of {} hexadecimal digits", 2 * N)
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Hex<N>, E> {
        let mut octets = Zeroizing::new([0; N]);
        if text.len() != 2 * N || base16ct::mixed::decode(text, octets.as_mut_slice()).is_err() {
            return Self::refuse();
        }
        Ok(Hex(octets))
    }

    // A string that is not borrowed had escapes, which digits do not need, and the parser keeps a copy.
    fn visit_str<E: de::Error>(self, _: &str) -> Result<Hex<N>, E> {
        Self::refuse()
    }

    // The defaults would show the value in their message.

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Hex<N>, E> {
        Self::refuse()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Hex<N>, E> {
        Self::refuse()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Hex<N>, E> {
        Self::refuse()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Hex<N>, E> {
        Self::refuse()
    }
}
