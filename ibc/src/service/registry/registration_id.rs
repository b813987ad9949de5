//! Identifiers of registrations: 160 random bits in base32 (RFC 4648 section 6), in lower case and without padding.

use crate::service::error::{ServiceError, not_found};
use eccsi_sakke::SysRng;
use rand_core::TryRng;

/// Characters of an identifier.
const LEN: usize = 32;

const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A new one.
pub(super) fn draw() -> Result<String, ServiceError> {
    let mut random = [0; 20];
    SysRng.try_fill_bytes(&mut random).map_err(ServiceError::unavailable)?;
    Ok(encode(&random))
}

/// One in the address of a request. Text that cannot be an identifier is refused without a query.
pub(super) fn parse(text: &str) -> Result<String, ServiceError> {
    let is_one = text.len() == LEN && text.bytes().all(|octet| BASE32.contains(&octet));
    if is_one { Ok(text.into()) } else { Err(not_found()) }
}

fn encode(random: &[u8; 20]) -> String {
    let digit = |index: usize| {
        let bit = 5 * index;
        let two = u16::from_be_bytes([random[bit / 8], *random.get(bit / 8 + 1).unwrap_or(&0)]);
        char::from(BASE32[usize::from(two >> (11 - bit % 8)) & 31])
    };
    (0..LEN).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648 section 10 in lower case, and the ends of the range.
    #[test]
    fn identifiers_of_registrations_are_base32() {
        let mut octets = [0; 20];
        assert_eq!(encode(&octets), "a".repeat(32));
        octets[..6].copy_from_slice(b"foobar");
        assert!(encode(&octets).starts_with("mzxw6ytbo"));
        assert_eq!(encode(&[255; 20]), "7".repeat(32));
        let text = encode(&octets);
        assert_eq!(parse(&text).unwrap(), text);
        for other in ["", "a", &"A".repeat(32), &"1".repeat(32), &"a".repeat(33)] {
            assert!(parse(other).is_err(), "{other}");
        }
    }
}
