//! KeID: the name of an enrolment key.

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
    relative: [u8; RelativeKeyId::BYTES],
    fqdn: Fqdn,
}

impl KeId {
    /// Composes the identifier of the key that the MEF `fqdn` and the enrolee exported.
    ///
    /// # Errors
    /// [`IdentifierError::FqdnSingleLabel`] if `fqdn` is a laboratory name.
    pub fn new(relative: [u8; RelativeKeyId::BYTES], fqdn: Fqdn) -> Result<Self, IdentifierError> {
        Ok(Self { relative, fqdn: fqdn.embeddable()? })
    }

    /// Reads an identifier; the digits may be in either case.
    ///
    /// # Errors
    /// [`IdentifierError::RelativeKeyId`] unless 32 digits stand in front of the `@`,
    /// [`IdentifierError::QualifiedParts`] unless there is exactly one, and the errors of [`Fqdn`].
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let (relative, fqdn) = split(text)?;
        let relative = octets_of(relative).ok_or(IdentifierError::RelativeKeyId)?;
        Ok(Self { relative, fqdn: Fqdn::parse(fqdn)? })
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

impl fmt::Display for KeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", hex_binary::encode(&self.relative), self.fqdn)
    }
}

text_form!(KeId, "a KeID: 32 hexadecimal digits, '@' and an FQDN");
