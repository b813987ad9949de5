//! Why a text is not the identifier it should be.

use core::fmt;

/// Why a text was refused, or why a value cannot be built.
///
/// Only ever about public data. The message says what is wrong and, where that helps, what the
/// right form is; it never repeats the text itself, so it is safe in logs and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentifierError {
    /// There is no text, or a part that must not be empty is empty.
    Empty,
    /// Longer than its bound.
    TooLong {
        /// Largest number of octets allowed.
        max: usize,
        /// Octets that were given.
        got: usize,
    },
    /// A valid spelling of the value, where only the canonical one is allowed.
    NotCanonical,
    /// A label of an FQDN breaks the host-name rule of RFC 1123.
    FqdnLabel,
    /// A name outside ASCII; it has to be written with A-labels (RFC 5890).
    FqdnNotAscii,
    /// One label only.
    FqdnSingleLabel,
    /// The last label is all digits, as in an IPv4 address.
    FqdnNumeric,
    /// Neither `/…` nor `//…`.
    EntityStart,
    /// A service provider without the path that should follow.
    EntityWithoutPath,
    /// A segment is empty, is `.` or `..`, or has a character that RFC 3986 reserves.
    EntitySegment,
    /// More segments than a CSE-ID or AE-ID has.
    EntityTooManySegments,
    /// Not a CSE-ID: it has an AE-ID stem.
    NotCseId,
    /// Not an AE-ID: its last segment is no stem that may stand there.
    NotAeId,
    /// A stem is C or S and at least one more character.
    Stem,
    /// A bare AE-ID stem where an identity is needed.
    BareStem,
    /// A stem "C" cannot be completed without the CSE it is registered at.
    StemWithoutRegistrar,
    /// SP-relative where an absolute identifier is needed.
    NotAbsolute,
    /// Not an even number of hexadecimal digits.
    HexBinary,
    /// Not the fifteen characters of a time.
    TimeForm,
    /// No such day or time of day, or outside the years 1970 to 9999.
    TimeRange,
    /// A fraction of a second where none is allowed.
    TimeFraction,
    /// An ID_2 without its three parts.
    ExpiringIdentityParts,
    /// Not one relative part and one FQDN around a single `@`.
    QualifiedParts,
    /// The relative part has a character outside letters, digits, `.`, `_` and `-`.
    RelativePart,
    /// Not the 32 hexadecimal digits of 16 octets.
    RelativeKeyId,
    /// Not a type of two digits, `-` and a value of the allowed characters.
    CredentialForm,
    /// The credential type is not in the table.
    CredentialType,
    /// The security usage (SUID) is not in the table.
    SecurityUsage,
    /// This security usage has no targets: no key is registered for it.
    UsageWithoutTargets,
    /// This security usage has exactly one target.
    ExactlyOneTarget,
    /// At least one target is needed, and not more than the bound.
    TargetCount {
        /// Largest number of targets allowed.
        max: usize,
    },
    /// The same target twice.
    DuplicateTarget,
    /// The target of this usage is a MAF, named by its FQDN.
    TargetIsMaf,
    /// Not a path `/fetchCredentials/<KeID>/<SUID>`.
    FetchPath,
}

impl fmt::Display for IdentifierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong { max, got } => {
                return write!(f, "at most {max} octets allowed, {got} given");
            }
            Self::TargetCount { max } => return write!(f, "1 to {max} targets are needed"),
            Self::Empty => "text or a part of it is empty",
            Self::NotCanonical => {
                "not in canonical form: FQDN in lower case without final dot, hexadecimal in upper case"
            }
            Self::FqdnLabel => {
                "a label of an FQDN is 1 to 63 letters, digits and inner hyphens; no port, scheme or wildcard"
            }
            Self::FqdnNotAscii => "an international domain name has to be in A-label form (xn--…)",
            Self::FqdnSingleLabel => "an FQDN has at least two labels",
            Self::FqdnNumeric => "the last label of an FQDN is not all digits; an IP address is no FQDN",
            Self::EntityStart => "a CSE-ID or AE-ID starts with '/' or with '//' and the service provider",
            Self::EntityWithoutPath => "service provider alone: a CSE-ID or AE-ID goes on with '/'",
            Self::EntitySegment => {
                "a segment is letters, digits, '-', '.', '_' and '~', not empty and not '.' or '..'"
            }
            Self::EntityTooManySegments => "a CSE-ID has one segment, an AE-ID at most two",
            Self::NotCseId => "not a CSE-ID: that has one segment, /cse or //provider/cse",
            Self::NotAeId => "not an AE-ID: that is /S… or /cse/C…, alone or behind //provider",
            Self::Stem => "an AE-ID stem is C or S and at least one more character",
            Self::BareStem => "a bare AE-ID stem is no identity: write /S… or /cse/C…",
            Self::StemWithoutRegistrar => "a stem C… needs the CSE-ID of its registrar",
            Self::NotAbsolute => "the absolute form //provider/… is needed",
            Self::HexBinary => "hexBinary is an even number of hexadecimal digits and nothing else",
            Self::TimeForm => "a time is YYYYMMDDThhmmss in UTC, without zone",
            Self::TimeRange => "no such date or time of day between 1970 and 9999",
            Self::TimeFraction => {
                "a fraction of a second is allowed in requests only, as ',' and 1 to 6 digits"
            }
            Self::ExpiringIdentityParts => {
                "ID_2 is FQDN, hexBinary of the identifier and expiration time, joined by '@'"
            }
            Self::QualifiedParts => "the form is a relative part, one '@' and an FQDN",
            Self::RelativePart => "the relative part is letters, digits, '.', '_' and '-'",
            Self::RelativeKeyId => "the relative part is 32 hexadecimal digits",
            Self::CredentialForm => {
                "a Credential-ID is two digits, '-' and letters, digits, '.', '_', '-' and '@'"
            }
            Self::CredentialType => "no such credential type",
            Self::SecurityUsage => "no such security usage (SUID)",
            Self::UsageWithoutTargets => "no key is registered for this security usage",
            Self::ExactlyOneTarget => "this security usage has exactly one target",
            Self::DuplicateTarget => "the same target twice",
            Self::TargetIsMaf => "the target of this security usage is the FQDN of a MAF",
            Self::FetchPath => "the path is /fetchCredentials/<KeID>/<SUID>",
        })
    }
}

impl core::error::Error for IdentifierError {}
