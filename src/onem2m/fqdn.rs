//! Names of MEF, MAF, issuers and service providers in the DNS.

use alloc::boxed::Box;
use core::fmt;

use super::IdentifierError;
use super::text_form::text_form;

/// A fully qualified domain name, in canonical form: lower case, A-labels, no final dot.
///
/// At least two labels of 1 to 63 letters, digits and inner hyphens (RFC 1035, RFC 1123), at most
/// 253 octets together, the last label not all digits (RFC 3696 section 2), so that no IPv4 address
/// passes for a name. TS-0003 uses it for MEF-FQDN, MAF-FQDN, adminFQDN and the issuer of a key;
/// TS-0001 clause 7.2 for the M2M-SP-ID. Wildcards are not used (TS-0003 clause 10.1).
///
/// The DNS ignores case (RFC 4343), the hash over an ID_2 does not: hence one spelling, chosen once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "MEF-FQDN")]
#[doc(alias = "MAF-FQDN")]
#[doc(alias = "adminFQDN")]
pub struct Fqdn(Box<str>);

impl Fqdn {
    /// Largest number of octets, RFC 1035 section 2.3.4 in text form.
    pub const MAX_LEN: usize = 253;

    /// Largest number of octets of one label.
    pub const MAX_LABEL_LEN: usize = 63;

    /// Reads a name; upper case and one final dot are accepted and removed.
    ///
    /// # Errors
    /// [`IdentifierError::FqdnNotAscii`] for an international name that is not in A-label form, and
    /// others that say what breaks the rule.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let name = Self::parse_lab(text)?;
        if name.is_single_label() { Err(IdentifierError::FqdnSingleLabel) } else { Ok(name) }
    }

    /// Reads a name that must be in canonical form already, as inside an ID_2.
    ///
    /// # Errors
    /// [`IdentifierError::NotCanonical`] for upper case or a final dot, else as [`parse`](Self::parse).
    pub fn parse_canonical(text: &str) -> Result<Self, IdentifierError> {
        let name = Self::parse(text)?;
        if *name.0 == *text { Ok(name) } else { Err(IdentifierError::NotCanonical) }
    }

    /// As [`parse`](Self::parse), and accepts a single label such as `mef`: for a laboratory, when its
    /// configuration says so.
    ///
    /// A single-label name serves to reach a host. Constructors of the texts that contain an FQDN
    /// refuse it, since their parsers would.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), without [`IdentifierError::FqdnSingleLabel`].
    pub fn parse_lab(text: &str) -> Result<Self, IdentifierError> {
        if !text.is_ascii() {
            return Err(IdentifierError::FqdnNotAscii);
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.is_empty() {
            return Err(IdentifierError::Empty);
        }
        if name.len() > Self::MAX_LEN {
            return Err(IdentifierError::TooLong { max: Self::MAX_LEN, got: name.len() });
        }
        if !name.split('.').all(is_label) {
            return Err(IdentifierError::FqdnLabel);
        }
        let last = name.rsplit('.').next().unwrap_or(name);
        if last.bytes().all(|octet| octet.is_ascii_digit()) {
            return Err(IdentifierError::FqdnNumeric);
        }
        Ok(Self(name.to_ascii_lowercase().into_boxed_str()))
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the single label that only [`parse_lab`](Self::parse_lab) gives.
    pub fn is_single_label(&self) -> bool {
        !self.0.contains('.')
    }

    /// Gives the name if it may stand inside another identifier.
    pub(super) fn embeddable(self) -> Result<Self, IdentifierError> {
        if self.is_single_label() { Err(IdentifierError::FqdnSingleLabel) } else { Ok(self) }
    }
}

/// Host-name rule of RFC 1123 section 2.1, either case.
fn is_label(label: &str) -> bool {
    (1..=Fqdn::MAX_LABEL_LEN).contains(&label.len())
        && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl AsRef<str> for Fqdn {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fqdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_form!(Fqdn, "a fully qualified domain name");
