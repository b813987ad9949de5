//! Why an association is refused.

use crate::error::DecodeError;
use crate::onem2m::IdentifierError;
use core::fmt;

/// Why a credential is not installed or no key is derived.
///
/// For the log and the operator of this side only: towards the peer all refusals look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SaefError {
    /// A text is not the identifier it should be.
    Identifier(IdentifierError),
    /// A point is not well encoded.
    Decode(DecodeError),
    /// The text is no PSK identity of this framework: not ID_2, `@` and 48 characters of base64url.
    PskIdentityForm,
    /// No KPAK is pinned for the domain of the identity.
    UnknownDomain,
    /// The domain is known, but not the KPAK that the tag or the credential names.
    UnknownKpak,
    /// Another KPAK is pinned for the domain already; adding one is a rollover.
    OtherKpakPinned,
    /// Two different KPAKs of one domain have the same tag.
    DuplicateTag,
    /// The domain stands twice in a configuration.
    DuplicateDomain,
    /// A domain has no service provider or no KPAK.
    IncompleteDomain,
    /// The SSK of the credential does not belong to its identity, PVT and KPAK.
    InvalidKey,
    /// No SSK belongs to the peer's identity, PVT and KPAK.
    PeerKey,
    /// The identity names a service provider that its domain does not serve.
    ForeignProvider,
    /// The domain is pinned already, with another service provider.
    OtherProvider,
    /// One's own credential has expired.
    OwnCredentialExpired,
    /// The peer's credential has expired.
    PeerCredentialExpired,
    /// The peer's identity is on the deny list.
    Denied,
    /// The peer claims this entity's own identity.
    OwnIdentity,
    /// The peer is not the one expected, or not admitted.
    NotAdmitted,
}

impl From<IdentifierError> for SaefError {
    fn from(error: IdentifierError) -> Self {
        Self::Identifier(error)
    }
}

impl From<DecodeError> for SaefError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl fmt::Display for SaefError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identifier(error) => return error.fmt(f),
            Self::Decode(error) => return error.fmt(f),
            Self::PskIdentityForm => "a PSK identity is an ID_2, '@' and 48 characters of base64url",
            Self::UnknownDomain => "no KPAK is pinned for the domain of this identity",
            Self::UnknownKpak => "this KPAK is not pinned for the domain",
            Self::OtherKpakPinned => "another KPAK is pinned for the domain; add this one by a rollover",
            Self::DuplicateTag => "another KPAK of the domain has the same tag",
            Self::DuplicateDomain => "domain is configured already",
            Self::IncompleteDomain => "a domain needs a service provider and a KPAK",
            Self::InvalidKey => "SSK does not belong to this identity, PVT and KPAK",
            Self::PeerKey => "no key belongs to the peer's identity, PVT and KPAK",
            Self::ForeignProvider => "identity names a service provider that its domain does not serve",
            Self::OtherProvider => "domain is pinned already with another service provider",
            Self::OwnCredentialExpired => "own credential has expired; provision it again",
            Self::PeerCredentialExpired => "credential of the peer has expired",
            Self::Denied => "identity of the peer is on the deny list",
            Self::OwnIdentity => "peer claims the own identity",
            Self::NotAdmitted => "peer is not the one expected, or not admitted",
        })
    }
}

// The message holds the cause: a `source` would repeat it.
impl core::error::Error for SaefError {}
