//! KpmID: the name of a pre-provisioned key between a client and a MEF.

use core::fmt;

use super::qualified_name::{QualifiedName, RELATIVE_MAX, TOTAL_MAX};
use super::text_form::text_form;
use super::{Fqdn, IdentifierError};

/// A KpmID: relative part, `@`, FQDN of the MEF.
///
/// TS-0003 (clauses 8.3.2.1 and 10.4) names it without a format of its own; characters and lengths are
/// those of [`KpsaId`](super::KpsaId), and so is the treatment of case: kept and compared exactly, since
/// a MEF that is not ours may compare octets, with [`collides_with`](Self::collides_with) for whoever
/// assigns names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "KpmID")]
pub struct KpmId(QualifiedName);

impl KpmId {
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
    /// As [`KpsaId::parse`](super::KpsaId::parse).
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

    /// The FQDN of the MEF.
    pub fn fqdn(&self) -> &Fqdn {
        self.0.fqdn()
    }

    /// Whether both could be taken for one name: equal when case is ignored.
    pub fn collides_with(&self, other: &Self) -> bool {
        self.0.collides_with(&other.0)
    }
}

impl AsRef<str> for KpmId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for KpmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

text_form!(KpmId, "a KpmID: name@FQDN");
