//! The path by which an Enrolment Target asks a MEF for a key.

use core::fmt;

use super::text_form::text_form;
use super::{IdentifierError, KeId, SecurityUsage};

const PREFIX: &str = "/fetchCredentials/";

/// `/fetchCredentials/<KeID>/<SUID>` of TS-0003 clause 8.3.2.1.
///
/// The `@` of the KeID may stand literally or as `%40` (RFC 3986 section 2.1); it is written
/// literally, as a path segment may contain it. Nothing else may be percent-encoded, since nothing
/// else in the path needs to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "fetchCredentials")]
pub struct FetchCredentialsPath {
    ke_id: KeId,
    usage: SecurityUsage,
}

impl FetchCredentialsPath {
    /// Composes the path.
    pub fn new(ke_id: KeId, usage: SecurityUsage) -> Self {
        Self { ke_id, usage }
    }

    /// Reads a path: no query, no final slash.
    ///
    /// # Errors
    /// [`IdentifierError::FetchPath`], and the errors of [`KeId`] and [`SecurityUsage`].
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let rest = text.strip_prefix(PREFIX).ok_or(IdentifierError::FetchPath)?;
        let (ke_id, usage) = rest.split_once('/').ok_or(IdentifierError::FetchPath)?;
        // A second `%40` is left in place, and no KeID contains a percent sign.
        let ke_id = KeId::parse(&ke_id.replacen("%40", "@", 1))?;
        Ok(Self { ke_id, usage: SecurityUsage::parse(usage)? })
    }

    /// The KeID that names the enrolment key.
    pub fn ke_id(&self) -> &KeId {
        &self.ke_id
    }

    /// What the derived key is for.
    pub fn usage(&self) -> SecurityUsage {
        self.usage
    }
}

impl fmt::Display for FetchCredentialsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}/{}", self.ke_id, self.usage)
    }
}

text_form!(FetchCredentialsPath, "a path /fetchCredentials/<KeID>/<SUID>");
