//! KpsaID: the name of a pre-provisioned key of a security association.

use core::fmt;

use super::qualified_name::{QualifiedName, RELATIVE_MAX, TOTAL_MAX};
use super::text_form::text_form;
use super::{Fqdn, IdentifierError};

/// A KpsaID of TS-0003 clause 10.5: relative part, `@`, FQDN of the stakeholder that provisioned Kpsa.
///
/// The relative part is 1 to 64 letters, digits, `.`, `_` and `-`; the whole at most 128 octets, which
/// RFC 4279 section 5.3 guarantees to pass. The standard does not say whether case matters:
/// equality here is exact, and an issuer asks [`collides_with`](Self::collides_with) so that no two names
/// differ in case only.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "KpsaID")]
pub struct KpsaId(QualifiedName);

impl KpsaId {
    /// Largest relative part, in octets.
    pub const RELATIVE_MAX_LEN: usize = RELATIVE_MAX;

    /// Largest name as a whole, in octets.
    pub const MAX_LEN: usize = TOTAL_MAX;

    /// Composes the name.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn new(relative: &str, fqdn: Fqdn) -> Result<Self, IdentifierError> {
        QualifiedName::new(relative, fqdn).map(Self)
    }

    /// Reads a name; the FQDN is brought to canonical form, the relative part kept as it is.
    ///
    /// # Errors
    /// [`IdentifierError::QualifiedParts`] unless there is exactly one `@`,
    /// [`IdentifierError::RelativePart`], [`IdentifierError::Empty`], [`IdentifierError::TooLong`], and the
    /// errors of [`Fqdn`].
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        QualifiedName::parse(text).map(Self)
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The part in front of the `@`.
    pub fn relative(&self) -> &str {
        self.0.relative()
    }

    /// The FQDN of the stakeholder.
    pub fn fqdn(&self) -> &Fqdn {
        self.0.fqdn()
    }

    /// Whether both could be taken for one name: equal when case is ignored.
    pub fn collides_with(&self, other: &Self) -> bool {
        self.0.collides_with(&other.0)
    }
}

impl AsRef<str> for KpsaId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for KpsaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

text_form!(KpsaId, "a KpsaID: name@FQDN");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_case_are_two_names_that_collide() {
        let name = |text| KpsaId::parse(text).unwrap();
        let first = name("gw-17@sp.example.com");
        for (other, equal, collides) in [
            ("gw-17@sp.example.com", true, true),
            ("gw-17@SP.example.com.", true, true),
            ("GW-17@sp.example.com", false, true),
            ("gw_17@sp.example.com", false, false),
            ("gw-17@sp2.example.com", false, false),
        ] {
            assert_eq!(first == name(other), equal, "{other}");
            assert_eq!(first.collides_with(&name(other)), collides, "{other}");
            assert_eq!(name(other).collides_with(&first), collides, "{other}");
        }
    }
}
