//! KeID: the name of an enrolment key.

use alloc::boxed::Box;
use alloc::format;
use core::fmt;

use super::qualified_name::split;
use super::relative_key_id::octets_of;
use super::text_form::text_form;
use super::{Fqdn, IdentifierError, RelativeKeyId, hex_binary};

/// A KeID of TS-0003 clause 10.3.4: hexBinary of the 16 octets RelativeKeID, `@`, FQDN of the MEF.
///
/// RelativeKeID is the first third of what the MEF Handshake exports (clause 10.3.1). The colon that
/// ends the formula in the standard belongs to its sentence.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "KeID")]
#[doc(alias = "RelativeKeID")]
pub struct KeId {
    text: Box<str>,
    relative: [u8; RelativeKeyId::BYTES],
    fqdn: Fqdn,
}

impl KeId {
    /// Composes the identifier of the key that the MEF `fqdn` and the enrolee exported.
    ///
    /// # Errors
    /// [`IdentifierError::FqdnSingleLabel`] if `fqdn` is a laboratory name.
    pub fn new(relative: [u8; RelativeKeyId::BYTES], fqdn: Fqdn) -> Result<Self, IdentifierError> {
        let fqdn = fqdn.embeddable()?;
        let text = format!("{}@{fqdn}", hex_binary::encode(&relative)).into_boxed_str();
        Ok(Self { text, relative, fqdn })
    }

    /// Reads an identifier; the digits may be in either case.
    ///
    /// # Errors
    /// [`IdentifierError::RelativeKeyId`] unless 32 digits stand in front of the `@`,
    /// [`IdentifierError::QualifiedParts`] unless there is exactly one, and the errors of [`Fqdn`].
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let (relative, fqdn) = split(text)?;
        let relative = octets_of(relative).ok_or(IdentifierError::RelativeKeyId)?;
        Self::new(relative, Fqdn::parse(fqdn)?)
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// RelativeKeID.
    pub fn relative(&self) -> &[u8; RelativeKeyId::BYTES] {
        &self.relative
    }

    /// The FQDN of the MEF.
    pub fn fqdn(&self) -> &Fqdn {
        &self.fqdn
    }
}

impl AsRef<str> for KeId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for KeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

text_form!(KeId, "a KeID: 32 hexadecimal digits, '@' and an FQDN");
