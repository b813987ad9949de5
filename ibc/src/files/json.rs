//! Strict JSON objects in, compact JSON out, without leaving copies of secrets behind.

use super::FormatError;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Longest part of a parser's message that is shown.
const MESSAGE_CHARS: usize = 200;

/// Reads one object and nothing after it.
///
/// The first octet decides that it is an object: a parser that finds a bare string would show it.
pub(crate) fn object<'de, T: Deserialize<'de>>(octets: &'de [u8]) -> Result<T, FormatError> {
    if octets.trim_ascii_start().first() != Some(&b'{') {
        return Err(FormatError::NotAnObject);
    }
    crate::json::from_slice(octets).map_err(|error| FormatError::Json(shown(&format!("{error}"))))
}

/// Names of unknown fields come from outside, and with them whatever a terminal would obey.
fn shown(message: &str) -> String {
    message.chars().take(MESSAGE_CHARS).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Writes `value` in one line into a buffer that is wiped when dropped and does not grow while at
/// most `capacity` octets are written.
pub(super) fn line(value: &impl Serialize, capacity: usize) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(capacity));
    append(&mut out, value);
    out.push(b'\n');
    out
}

/// Appends `value` to `out`, without a line end.
pub(crate) fn append(out: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(out, value)
        .expect("structs of strings and numbers always serialise, and a Vec takes all");
}
