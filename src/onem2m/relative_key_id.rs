//! RelativeKeyID: the part of a Key Identifier that the MAF or MEF chooses.

use alloc::boxed::Box;
use core::fmt;

use super::qualified_name::{RELATIVE_MAX, check_relative};
use super::text_form::text_form;
use super::{IdentifierError, hex_binary};

/// A RelativeKeyID of TS-0003 clause 10.3.5.
///
/// We make it of 16 octets (an exported KcID, or random ones) as 32 digits in upper case. The type
/// sec:relKeyID of TS-0003 clause 12.2 is wider: letters, digits, `.`, `_` and `-`. A foreign MAF
/// may use all of it, at most 64 octets here, so [`parse`](Self::parse) accepts that too and keeps it as it
/// is. Exactly 32 hexadecimal digits are always read as 16 octets and written in upper case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "RelativeKeyID")]
#[doc(alias = "KcID")]
pub struct RelativeKeyId(Box<str>);

impl RelativeKeyId {
    /// Octets behind our own form.
    pub const BYTES: usize = 16;

    /// The identifier of 16 octets.
    pub fn from_octets(octets: &[u8; Self::BYTES]) -> Self {
        Self(hex_binary::encode(octets).into_boxed_str())
    }

    /// Reads an identifier of our own making or a foreign one.
    ///
    /// # Errors
    /// [`IdentifierError::RelativePart`], [`IdentifierError::Empty`], [`IdentifierError::TooLong`].
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        check_relative(text, RELATIVE_MAX)?;
        Ok(match octets_of(text) {
            Some(octets) => Self::from_octets(&octets),
            None => Self(text.into()),
        })
    }

    /// Reads an identifier of our own making: 32 hexadecimal digits in either case.
    ///
    /// # Errors
    /// [`IdentifierError::RelativeKeyId`].
    pub fn parse_octets(text: &str) -> Result<Self, IdentifierError> {
        octets_of(text).map(|octets| Self::from_octets(&octets)).ok_or(IdentifierError::RelativeKeyId)
    }

    /// The 16 octets, unless this is a foreign identifier of another form.
    pub fn octets(&self) -> Option<[u8; Self::BYTES]> {
        octets_of(&self.0)
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The value of 32 hexadecimal digits.
pub(super) fn octets_of(text: &str) -> Option<[u8; RelativeKeyId::BYTES]> {
    if text.len() != 2 * RelativeKeyId::BYTES {
        return None;
    }
    hex_binary::decode(text).ok()?.try_into().ok()
}

impl fmt::Display for RelativeKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_form!(RelativeKeyId, "a RelativeKeyID");
