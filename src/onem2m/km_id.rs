//! KmID: the name of a master credential at a MAF.

use core::fmt;

use super::qualified_name::{QualifiedName, RELATIVE_MAX, TOTAL_MAX};
use super::text_form::text_form;
use super::{Fqdn, IdentifierError};

/// A KmID of TS-0003 clause 10.6: relative part, `@`, FQDN of the MAF.
///
/// The relative part is not case-sensitive there. It is stored and written in lower case, so that
/// `Client-01@maf.example.com` and `client-01@maf.example.com` are one value with one text, one hash
/// and one database key. Characters and lengths are those of [`KpsaId`](super::KpsaId).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "KmID")]
pub struct KmId(QualifiedName);

impl KmId {
    /// Largest relative part, in octets.
    pub const RELATIVE_MAX_LEN: usize = RELATIVE_MAX;

    /// Largest name as a whole, in octets.
    pub const MAX_LEN: usize = TOTAL_MAX;

    /// Composes the name; `relative` may be in either case.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn new(relative: &str, fqdn: Fqdn) -> Result<Self, IdentifierError> {
        QualifiedName::new(relative, fqdn).map(|name| Self(name.into_lower_case()))
    }

    /// Reads a name in either case.
    ///
    /// # Errors
    /// As [`KpsaId::parse`](super::KpsaId::parse).
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        QualifiedName::parse(text).map(|name| Self(name.into_lower_case()))
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The part in front of the `@`, in lower case.
    pub fn relative(&self) -> &str {
        self.0.relative()
    }

    /// The FQDN of the MAF.
    pub fn fqdn(&self) -> &Fqdn {
        self.0.fqdn()
    }
}

impl AsRef<str> for KmId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for KmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

text_form!(KmId, "a KmID: name@FQDN");
