//! MIKEY in SDP: `a=key-mgmt:mikey` and the message in base64. RFC 4567 §3.1, in the lines of RFC 4566 §5.
//!
//! SDP folds no lines, and has spaces where the grammar says: one may precede `mikey`, one has to follow it. What is no
//! attribute of key management is passed over; what is one, and is written in another way, is an error: a message that is cut
//! at a fold or lost at a space would not be missed by anybody.

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
    /// Not a line of SDP: a letter that it has, `=` and a value, as a folded line has not.
    Line,
    /// Behind `a=key-mgmt:` there is not one space or none, the name of a protocol, one space and data.
    Form,
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

/// The types of lines, RFC 4566 §5. A description with another one is to be ignored as a whole.
const TYPES: &str = "vosiuepcbtrzkam";

/// The octets in one line, which ends without CR and LF. Whether they are a message [`IMessage::open`] says.
///
/// # Errors
/// [`SdpError`], but not [`SdpError::Line`].
pub fn parse_attribute(line: &str) -> Result<Vec<u8>, SdpError> {
    let value = line.strip_prefix(ATTRIBUTE).ok_or(SdpError::NotKeyManagement)?;
    // key-mgmt-att-value = 0*1SP prtcl-id SP keymgmt-data
    let value = value.strip_prefix(' ').unwrap_or(value);
    let (protocol, data) = value.split_once(' ').ok_or(SdpError::Form)?;
    if protocol.is_empty() || !protocol.bytes().all(is_token) {
        return Err(SdpError::Form);
    }
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

/// The messages in a session description, those of the session and of each medium, in order. Lines end in CR LF or LF.
/// Attributes that are no `a=key-mgmt:mikey`, and lines of other types, are passed over.
///
/// # Errors
/// An item is [`SdpError::Line`], [`SdpError::Form`], [`SdpError::Base64`] or [`SdpError::TooLong`] for a line that is wrong.
pub fn messages(description: &str) -> impl Iterator<Item = Result<Vec<u8>, SdpError>> + '_ {
    let read = description.lines().map(|line| match line.split_once('=') {
        Some((kind, _)) if kind.len() == 1 && TYPES.contains(kind) => parse_attribute(line),
        _ => Err(SdpError::Line),
    });
    read.filter(|read| !matches!(read, Err(SdpError::NotKeyManagement | SdpError::OtherProtocol)))
}

/// token-char of RFC 4566 §9.
fn is_token(octet: u8) -> bool {
    octet.is_ascii_graphic() && !br#""(),/:;<=>?@[\]"#.contains(&octet)
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
            Self::Line => "not a line of SDP, such as one that is folded",
            Self::Form => "not a=key-mgmt:, a protocol, one space and data",
            Self::Base64 => "not a message in base64",
            Self::TooLong => "longer than a message may be",
        })
    }
}

impl core::error::Error for SdpError {}
