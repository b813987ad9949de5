//! Why there is no association.

use super::key_source::RetrievalError;
use crate::tls::TlsError;
use eccsi_sakke::onem2m::IdentifierError;
use eccsi_sakke::saef::SaefError;
use std::fmt;

/// Why this side refused, or what failed. For its log: the peer is not told.
#[derive(Debug)]
#[non_exhaustive]
pub enum AssociationError {
    /// What was configured cannot be used; says what.
    Configuration(&'static str),
    /// The peer's identity, or hint, belongs to no framework that is served here.
    UnknownIdentity,
    /// The peer is this entity itself.
    OwnIdentity,
    /// The peer is not admitted.
    NotAdmitted,
    /// The key has reached its end.
    Expired,
    /// The key was registered for another use.
    WrongUsage,
    /// The FQDN in the Key Identifier is none of those from which keys are fetched.
    ForeignKeySource,
    /// No entity is known for the credential of the key's source.
    UnknownOrigin,
    /// The key could not be had.
    Retrieval(RetrievalError),
    /// A text is not the identifier it should be.
    Identifier(IdentifierError),
    /// The identity-based credentials do not fit.
    Saef(SaefError),
    /// The connection failed.
    Tls(TlsError),
}

impl From<TlsError> for AssociationError {
    fn from(error: TlsError) -> Self {
        Self::Tls(error)
    }
}

impl From<IdentifierError> for AssociationError {
    fn from(error: IdentifierError) -> Self {
        Self::Identifier(error)
    }
}

impl From<SaefError> for AssociationError {
    fn from(error: SaefError) -> Self {
        Self::Saef(error)
    }
}

impl fmt::Display for AssociationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configuration(what) => what,
            Self::UnknownIdentity => "identity belongs to no framework served here, or is not known",
            Self::OwnIdentity => "peer is this entity itself",
            Self::NotAdmitted => "peer is not admitted",
            Self::Expired => "key has reached its end",
            Self::WrongUsage => "key was registered for another use",
            Self::ForeignKeySource => "keys are not fetched from this FQDN",
            Self::UnknownOrigin => "no entity is known for the credential of the key's source",
            Self::Retrieval(error) => return error.fmt(f),
            Self::Identifier(error) => return error.fmt(f),
            Self::Saef(error) => return error.fmt(f),
            Self::Tls(error) => return error.fmt(f),
        })
    }
}

// The message holds the cause: a `source` would repeat it.
impl std::error::Error for AssociationError {}
