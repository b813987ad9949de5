//! Key Identifier: how a registered symmetric key is named between two entities.

use alloc::boxed::Box;
use alloc::format;
use core::fmt;

use super::qualified_name::split;
use super::text_form::text_form;
use super::{Fqdn, IdentifierError, RelativeKeyId};

/// A Key Identifier of TS-0003 clause 10.3.5: RelativeKeyID, `@`, FQDN of the MAF.
///
/// For a key registered at a MEF (clause 8.3.5.2.7) the FQDN is the MEF's. It is the PSK identity in
/// MAF-based SAEF (clause 8.2.2.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "Key Identifier")]
#[doc(alias = "KcID")]
pub struct KeyIdentifier {
    text: Box<str>,
    relative: RelativeKeyId,
    fqdn: Fqdn,
}

impl KeyIdentifier {
    /// Composes the identifier.
    ///
    /// # Errors
    /// [`IdentifierError::FqdnSingleLabel`] if `fqdn` is a laboratory name.
    pub fn new(relative: RelativeKeyId, fqdn: Fqdn) -> Result<Self, IdentifierError> {
        let fqdn = fqdn.embeddable()?;
        let text = format!("{relative}@{fqdn}").into_boxed_str();
        Ok(Self { text, relative, fqdn })
    }

    /// Reads an identifier, also a foreign one whose relative part is not hexadecimal.
    ///
    /// # Errors
    /// [`IdentifierError::QualifiedParts`] unless there is exactly one `@`, and the errors of the parts.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let (relative, fqdn) = split(text)?;
        Self::new(RelativeKeyId::parse(relative)?, Fqdn::parse(fqdn)?)
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part in front of the `@`.
    pub fn relative(&self) -> &RelativeKeyId {
        &self.relative
    }

    /// The FQDN of the MAF or MEF that holds the key.
    pub fn fqdn(&self) -> &Fqdn {
        &self.fqdn
    }
}

impl AsRef<str> for KeyIdentifier {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for KeyIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

text_form!(KeyIdentifier, "a Key Identifier: RelativeKeyID@FQDN");
