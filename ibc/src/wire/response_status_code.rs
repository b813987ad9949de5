//! Response Status Codes.

use core::fmt;

/// Response Status Code of TS-0004 clause 6.6.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResponseStatusCode {
    /// A resource was read.
    Ok,
    /// A resource was created.
    Created,
    /// A resource was removed.
    Deleted,
    /// A resource was changed.
    Updated,
    /// The request is malformed.
    BadRequest,
    /// The release of oneM2M that the request names is not supported.
    ReleaseVersionNotSupported,
    /// There is no such resource, or none for this originator.
    NotFound,
    /// The resource does not have this operation.
    OperationNotAllowed,
    /// The content is of another media type.
    UnsupportedMediaType,
    /// A value is outside what policy allows.
    ContentsUnacceptable,
    /// The originator may not do this.
    OriginatorHasNoPrivilege,
    /// What is to be created is there.
    Conflict,
    /// The originator is no identity of the session.
    OriginatorNotAuthenticated,
    /// The session is not mutually authenticated by an admitted method.
    SecurityAssociationRequired,
    /// The originator has a registration of this kind.
    OriginatorHasAlreadyRegistered,
    /// The other side cannot do it, or cannot do it now.
    InternalServerError,
    /// The other side does not have this.
    NotImplemented,
    /// The answer cannot be given in a media type that was asked for.
    NotAcceptable,
    /// A number that is none of the above, as [`from_number`](Self::from_number) gives it.
    Other(u16),
}

impl ResponseStatusCode {
    /// All that have a name.
    pub const NAMED: [Self; 18] = [
        Self::Ok,
        Self::Created,
        Self::Deleted,
        Self::Updated,
        Self::BadRequest,
        Self::ReleaseVersionNotSupported,
        Self::NotFound,
        Self::OperationNotAllowed,
        Self::UnsupportedMediaType,
        Self::ContentsUnacceptable,
        Self::OriginatorHasNoPrivilege,
        Self::Conflict,
        Self::OriginatorNotAuthenticated,
        Self::SecurityAssociationRequired,
        Self::OriginatorHasAlreadyRegistered,
        Self::InternalServerError,
        Self::NotImplemented,
        Self::NotAcceptable,
    ];

    /// The number that is sent.
    pub const fn number(self) -> u16 {
        match self {
            Self::Ok => 2000,
            Self::Created => 2001,
            Self::Deleted => 2002,
            Self::Updated => 2004,
            Self::BadRequest => 4000,
            Self::ReleaseVersionNotSupported => 4001,
            Self::NotFound => 4004,
            Self::OperationNotAllowed => 4005,
            Self::UnsupportedMediaType => 4015,
            Self::ContentsUnacceptable => 4102,
            Self::OriginatorHasNoPrivilege => 4103,
            Self::Conflict => 4105,
            Self::OriginatorNotAuthenticated => 4106,
            Self::SecurityAssociationRequired => 4107,
            Self::OriginatorHasAlreadyRegistered => 4117,
            Self::InternalServerError => 5000,
            Self::NotImplemented => 5001,
            Self::NotAcceptable => 5207,
            Self::Other(number) => number,
        }
    }

    /// The code with this number.
    pub fn from_number(number: u16) -> Self {
        Self::NAMED.into_iter().find(|code| code.number() == number).unwrap_or(Self::Other(number))
    }
}

impl fmt::Display for ResponseStatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::ResponseStatusCode;

    #[test]
    fn every_number_is_one_code() {
        let mut named = 0;
        for number in 0..=u16::MAX {
            let code = ResponseStatusCode::from_number(number);
            assert_eq!(code.number(), number);
            named += usize::from(code != ResponseStatusCode::Other(number));
        }
        assert_eq!(named, ResponseStatusCode::NAMED.len());
    }
}
