//! Files with a symmetric key: its hexadecimal digits, or its octets.
//!
//! The content tells which, by one rule for everybody who reads a key: text is hexadecimal, with blanks before and after it at
//! most, and what no text contains is the key as it is. Text that is not hexadecimal is refused. Taken for the octets of a
//! key, one mistyped digit would make two ends disagree without a word.

use super::hex::encode_secret;
use super::private_file::{self, Existing};
use super::{FileError, FormatError};
use std::path::Path;
use zeroize::Zeroizing;

/// Largest file that is read, in octets: the digits of a key and some blanks.
pub const MAX_OCTETS: u64 = 1024;

/// The key in the content of a file.
///
/// # Errors
/// [`FormatError::KeyText`] for text that is not an even number of hexadecimal digits, an empty one included.
///
/// # Timing
/// Depends on the length, and on whether the content is text.
pub fn parse(content: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, FormatError> {
    // Without an early end: the place of the first octet that is no text is the key's own business.
    let of_text = |octet: &u8| matches!(octet, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    if !content.iter().fold(true, |text, octet| text & of_text(octet)) {
        return Ok(content);
    }
    let digits = content.trim_ascii();
    let mut key = Zeroizing::new(vec![0; digits.len() / 2]);
    if key.is_empty() || !digits.len().is_multiple_of(2) || base16ct::mixed::decode(digits, &mut key).is_err()
    {
        return Err(FormatError::KeyText);
    }
    Ok(key)
}

/// Reads a file of mode 0600.
///
/// # Errors
/// As [`private_file::read`] and [`parse`].
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
    parse(private_file::read(path, MAX_OCTETS)?).map_err(|error| FileError::new(path, error))
}

/// Reads standard input if `path` is `-`, else the file.
///
/// # Errors
/// As [`private_file::read_or_stdin`] and [`parse`].
pub fn read_or_stdin(path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
    parse(private_file::read_or_stdin(path, MAX_OCTETS)?).map_err(|error| FileError::new(path, error))
}

/// Writes a file of mode 0600 with the digits of a key in one line.
///
/// # Errors
/// As [`private_file::write`].
pub fn write(path: &Path, key: &[u8], existing: Existing) -> Result<(), FileError> {
    let digits = encode_secret(key);
    // With room for all of it, so that no part of the key stays in a smaller buffer.
    let mut line = Zeroizing::new(Vec::with_capacity(digits.len() + 1));
    line.extend_from_slice(digits.as_bytes());
    line.push(b'\n');
    private_file::write(path, &line, existing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(content: &[u8]) -> Result<Vec<u8>, FormatError> {
        parse(Zeroizing::new(content.to_vec())).map(|key| key.to_vec())
    }

    #[test]
    fn text_is_hexadecimal_and_anything_else_is_the_key_itself() {
        for text in [&b"00ff"[..], b"00FF\n", b" 00fF\r\n", b"\t00ff\n\n"] {
            assert_eq!(parsed(text).unwrap(), [0, 0xff]);
        }
        for raw in [&[0u8][..], b"00ff\0", b"\x8000ff\n", &[7; 64], &[0xff; 16]] {
            assert_eq!(parsed(raw).unwrap(), raw);
        }
        for neither in
            [&b""[..], b"\n", b"0", b"00f", b"00 ff", b"0x00ff", b"00:ff", b"00fg", b"a secret word"]
        {
            assert_eq!(parsed(neither), Err(FormatError::KeyText), "{neither:?}");
        }
    }
}
