//! MIKEY in SDP: `a=key-mgmt:mikey` and the message in base64. RFC 4567 §3.1.

use crate::message::IMessage;
use alloc::string::String;
use alloc::vec::Vec;
use base64ct::{Base64, Encoding};
use core::fmt;

/// Why an attribute holds no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SdpError {
    /// Not an attribute `a=key-mgmt:`.
    NotKeyManagement,
    /// Another protocol than `mikey`.
    OtherProtocol,
    /// Not base64 with padding, of one spelling.
    Base64,
    /// Longer than a message may be.
    TooLong,
}

const ATTRIBUTE: &str = "a=key-mgmt:";
const PROTOCOL: &str = "mikey";
/// The most characters that a message has in base64.
const MAX_CHARACTERS: usize = IMessage::MAX_BYTES.div_ceil(3) * 4;

/// The octets in one line, which ends without CR and LF. Whether they are a message [`IMessage::open`] says.
///
/// # Errors
/// [`SdpError`].
pub fn parse_attribute(line: &str) -> Result<Vec<u8>, SdpError> {
    let value = line.strip_prefix(ATTRIBUTE).ok_or(SdpError::NotKeyManagement)?;
    let (protocol, data) = value.split_once(' ').ok_or(SdpError::Base64)?;
    if protocol != PROTOCOL {
        return Err(SdpError::OtherProtocol);
    }
    if data.len() > MAX_CHARACTERS {
        return Err(SdpError::TooLong);
    }
    match Base64::decode_vec(data) {
        Ok(octets) if !octets.is_empty() => Ok(octets),
        _ => Err(SdpError::Base64),
    }
}

/// The messages in a session description, those of the session and of each medium, in order. Lines that are no
/// `a=key-mgmt:mikey` are passed over.
pub fn messages(description: &str) -> impl Iterator<Item = Result<Vec<u8>, SdpError>> + '_ {
    let read = description.lines().map(parse_attribute);
    read.filter(|read| !matches!(read, Err(SdpError::NotKeyManagement | SdpError::OtherProtocol)))
}

impl IMessage {
    /// The attribute that carries the message, without CR and LF.
    pub fn to_sdp_attribute(&self) -> String {
        alloc::format!("{ATTRIBUTE}{PROTOCOL} {}", Base64::encode_string(self.as_bytes()))
    }
}

impl fmt::Display for SdpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotKeyManagement => "not an attribute a=key-mgmt:",
            Self::OtherProtocol => "key management by another protocol than mikey",
            Self::Base64 => "not a message in base64",
            Self::TooLong => "longer than a message may be",
        })
    }
}

impl core::error::Error for SdpError {}
