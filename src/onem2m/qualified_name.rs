//! What the names of symmetric keys share: a relative part, `@`, an FQDN.

use alloc::boxed::Box;
use alloc::format;

use super::{Fqdn, IdentifierError};

/// Largest relative part, in octets.
pub(super) const RELATIVE_MAX: usize = 64;

/// Largest name as a whole, in octets: what RFC 4279 section 5.3 asks every PSK implementation to take.
pub(super) const TOTAL_MAX: usize = 128;

/// A relative part of 1 to 64 letters, digits, `.`, `_` and `-`, and an FQDN; together at most 128.
///
/// TS-0003 gives the characters (clauses 10.5 and 10.6), not the lengths.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct QualifiedName {
    /// `relative@fqdn`
    text: Box<str>,
    fqdn: Fqdn,
}

impl QualifiedName {
    pub(super) fn new(relative: &str, fqdn: Fqdn) -> Result<Self, IdentifierError> {
        check_relative(relative, RELATIVE_MAX)?;
        let fqdn = fqdn.embeddable()?;
        let got = relative.len() + 1 + fqdn.as_str().len();
        if got > TOTAL_MAX {
            return Err(IdentifierError::TooLong { max: TOTAL_MAX, got });
        }
        Ok(Self { text: format!("{relative}@{fqdn}").into_boxed_str(), fqdn })
    }

    pub(super) fn parse(text: &str) -> Result<Self, IdentifierError> {
        let (relative, fqdn) = split(text)?;
        Self::new(relative, Fqdn::parse(fqdn)?)
    }

    pub(super) fn relative(&self) -> &str {
        &self.text[..self.text.len() - 1 - self.fqdn.as_str().len()]
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn fqdn(&self) -> &Fqdn {
        &self.fqdn
    }

    /// Whether the two are equal but for the case of the relative part, or equal altogether.
    pub(super) fn collides_with(&self, other: &Self) -> bool {
        self.fqdn == other.fqdn && self.relative().eq_ignore_ascii_case(other.relative())
    }

    /// The same name with its relative part in lower case.
    pub(super) fn into_lower_case(mut self) -> Self {
        // The FQDN is in lower case already.
        self.text.make_ascii_lowercase();
        self
    }
}

/// Takes a text apart at its only `@`.
pub(super) fn split(text: &str) -> Result<(&str, &str), IdentifierError> {
    match text.split_once('@') {
        Some((relative, fqdn)) if !fqdn.contains('@') => Ok((relative, fqdn)),
        Some(_) | None => Err(IdentifierError::QualifiedParts),
    }
}

/// Checks characters and length of a relative part: sec:relKeyID of TS-0003 clause 12.2.
pub(super) fn check_relative(text: &str, max: usize) -> Result<(), IdentifierError> {
    if text.is_empty() {
        return Err(IdentifierError::Empty);
    }
    if text.len() > max {
        return Err(IdentifierError::TooLong { max, got: text.len() });
    }
    if text.bytes().all(is_relative) { Ok(()) } else { Err(IdentifierError::RelativePart) }
}

/// A character of a relative part.
pub(super) fn is_relative(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"._-".contains(&octet)
}
