//! hexBinary of XML Schema: two digits per octet, in upper case, nothing between or before them.
//!
//! TS-0003 writes `hexBinary(…)` for the octets of an identifier (ID_2, clause 8.3.7) and of an
//! exported key identifier (clauses 10.3.4 and 10.3.5).

use alloc::string::String;
use alloc::vec::Vec;

use super::IdentifierError;

/// The canonical hexBinary text of `octets`: upper case, two characters per octet.
pub fn encode(octets: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 0x0f)]);
    octets.iter().flat_map(|&octet| [digit(octet >> 4), digit(octet)]).collect()
}

/// The octets of a hexBinary text in either case.
///
/// # Errors
/// [`IdentifierError::HexBinary`] for anything but an even number of digits,
/// [`IdentifierError::Empty`] for the empty text.
pub fn decode(text: &str) -> Result<Vec<u8>, IdentifierError> {
    if text.is_empty() {
        return Err(IdentifierError::Empty);
    }
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    if !odd.is_empty() {
        return Err(IdentifierError::HexBinary);
    }
    pairs.iter().map(|&[high, low]| Ok(nibble(high)? << 4 | nibble(low)?)).collect()
}

/// The octets of a hexBinary text in canonical form.
///
/// # Errors
/// [`IdentifierError::NotCanonical`] for lower-case digits, else as [`decode`].
pub fn decode_canonical(text: &str) -> Result<Vec<u8>, IdentifierError> {
    let octets = decode(text)?;
    if text.bytes().any(|octet| octet.is_ascii_lowercase()) {
        return Err(IdentifierError::NotCanonical);
    }
    Ok(octets)
}

fn nibble(digit: u8) -> Result<u8, IdentifierError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(IdentifierError::HexBinary),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn every_octet_round_trips_in_both_cases() {
        for octet in 0..=255u8 {
            let text = encode(&[octet]);
            assert_eq!(text, alloc::format!("{octet:02X}"));
            assert_eq!(decode_canonical(&text), Ok(vec![octet]));
            assert_eq!(decode(&text.to_ascii_lowercase()), Ok(vec![octet]));
        }
    }

    #[test]
    fn every_pair_of_ascii_characters_is_judged_by_the_digits_alone() {
        for high in 0..128u8 {
            for low in 0..128u8 {
                let text = String::from_utf8(vec![high, low]).unwrap();
                let digits = high.is_ascii_hexdigit() && low.is_ascii_hexdigit();
                assert_eq!(decode(&text).is_ok(), digits, "{text:?}");
                let canonical = digits && !high.is_ascii_lowercase() && !low.is_ascii_lowercase();
                assert_eq!(decode_canonical(&text).is_ok(), canonical, "{text:?}");
            }
        }
    }
}
