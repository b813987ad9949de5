//! What the service answers when it does not do what it was asked.

use super::budgets::{self, Budget};
use crate::wire::ResponseStatusCode;
use core::fmt;
use core::time::Duration;
use std::error::Error;

/// What the caller can act on. One oneM2M response status code each, see
/// [`response_status_code`](Self::response_status_code).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Not parsable, a parameter missing or forbidden, another function's FQDN.
    BadRequest,
    /// A value outside what policy allows: expiry, SUID, targets, length of a key.
    ContentsUnacceptable,
    /// The session has no mutual authentication by a method that the procedure admits.
    SecurityAssociationRequired,
    /// The originator is no identity of the session.
    OriginatorNotAuthenticated,
    /// The client may not do this.
    NoPrivilege,
    /// No such registration, key, or configuration, or an expired one, or somebody else's.
    NotFound,
    /// The client has a registration under this stakeholder.
    AlreadyRegistered,
    /// A second export in one session; an identifier that is taken.
    Conflict,
    /// The release of oneM2M that the request names is not spoken here.
    ReleaseVersionNotSupported,
    /// The resource does not have this operation.
    OperationNotAllowed,
    /// A body of another media type.
    UnsupportedMediaType,
    /// An answer of another media type was asked for.
    NotAcceptable,
    /// Something is wrong on this side.
    Internal,
    /// The store, the KMS or the audit log cannot be used now: the same request may be repeated.
    Unavailable,
    /// A budget is used up: the same request may be repeated later, see [`Reached`].
    TooManyRequests,
    /// Not built.
    NotImplemented,
}

impl Kind {
    /// All there are.
    pub const ALL: [Self; 16] = [
        Self::BadRequest,
        Self::ContentsUnacceptable,
        Self::SecurityAssociationRequired,
        Self::OriginatorNotAuthenticated,
        Self::NoPrivilege,
        Self::NotFound,
        Self::AlreadyRegistered,
        Self::Conflict,
        Self::ReleaseVersionNotSupported,
        Self::OperationNotAllowed,
        Self::UnsupportedMediaType,
        Self::NotAcceptable,
        Self::Internal,
        Self::Unavailable,
        Self::TooManyRequests,
        Self::NotImplemented,
    ];

    /// The response status code of TS-0004 clause 6.6.3.
    pub const fn response_status_code(self) -> ResponseStatusCode {
        use ResponseStatusCode as Code;
        match self {
            Self::BadRequest => Code::BadRequest,
            Self::ReleaseVersionNotSupported => Code::ReleaseVersionNotSupported,
            Self::NotFound => Code::NotFound,
            Self::OperationNotAllowed => Code::OperationNotAllowed,
            Self::UnsupportedMediaType => Code::UnsupportedMediaType,
            Self::ContentsUnacceptable => Code::ContentsUnacceptable,
            Self::NoPrivilege => Code::OriginatorHasNoPrivilege,
            Self::Conflict => Code::Conflict,
            Self::OriginatorNotAuthenticated => Code::OriginatorNotAuthenticated,
            Self::SecurityAssociationRequired => Code::SecurityAssociationRequired,
            Self::AlreadyRegistered => Code::OriginatorHasAlreadyRegistered,
            // TS-0004 has none for a budget; this one says that it is no fault of the request.
            Self::Internal | Self::Unavailable | Self::TooManyRequests => Code::InternalServerError,
            Self::NotImplemented => Code::NotImplemented,
            Self::NotAcceptable => Code::NotAcceptable,
        }
    }

    /// The name in the audit log and in `--json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::ContentsUnacceptable => "contents_unacceptable",
            Self::SecurityAssociationRequired => "security_association_required",
            Self::OriginatorNotAuthenticated => "originator_not_authenticated",
            Self::NoPrivilege => "no_privilege",
            Self::NotFound => "not_found",
            Self::AlreadyRegistered => "already_registered",
            Self::Conflict => "conflict",
            Self::ReleaseVersionNotSupported => "release_version_not_supported",
            Self::OperationNotAllowed => "operation_not_allowed",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::NotAcceptable => "not_acceptable",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
            Self::TooManyRequests => "too_many_requests",
            Self::NotImplemented => "not_implemented",
        }
    }
}

/// A refusal or a failure.
///
/// The text is constant and safe to send: it speaks of the request, never of what others have
/// registered. The cause is for the log of the operator.
pub struct ServiceError {
    kind: Kind,
    text: &'static str,
    cause: Option<Box<dyn Error + Send + Sync>>,
    reached: Option<Reached>,
}

/// A budget that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Its name: see [`super::budgets`].
    pub budget: &'static str,
    /// When there is room again; `None` if the request was refused for another reason.
    pub retry_after: Option<Duration>,
}

impl ServiceError {
    /// A refusal, with what is wrong.
    pub const fn new(kind: Kind, text: &'static str) -> Self {
        Self { kind, text, cause: None, reached: None }
    }

    /// The store, the KMS or the audit log failed.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: Kind::Unavailable,
            text: "temporarily unavailable, repeat the request",
            cause: Some(cause.into()),
            reached: None,
        }
    }

    /// An inconsistency in what this process holds, or in the database.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: Kind::Internal, text: "internal error", cause: Some(cause.into()), reached: None }
    }

    /// A budget is used up, until `retry_after` has passed.
    pub fn too_many(budget: &Budget, text: &'static str, retry_after: Duration) -> Self {
        let reached = Reached { budget: budget.name, retry_after: Some(retry_after) };
        Self { reached: Some(reached), ..Self::new(Kind::TooManyRequests, text) }
    }

    /// Notes that its audit entry is a part of a sum.
    pub(super) fn in_summary(mut self) -> Self {
        self.reached.get_or_insert(Reached { budget: budgets::REFUSALS.name, retry_after: None });
        self
    }

    /// The budget that is used up, if one is.
    pub fn reached(&self) -> Option<Reached> {
        self.reached
    }

    /// What the caller can act on.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What may be sent.
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// Whether PostgreSQL ended a wait for another transaction that waited for this one: 40P01, or 40001.
    pub(super) fn is_deadlock(&self) -> bool {
        let error = self.cause().and_then(|cause| cause.downcast_ref::<sqlx::Error>());
        let code = error.and_then(sqlx::Error::as_database_error).and_then(|error| error.code());
        matches!(code.as_deref(), Some("40P01" | "40001"))
    }

    /// The cause where there is one, else the text: for a log and an operator's terminal.
    pub fn operators_text(&self) -> String {
        self.cause.as_ref().map_or_else(|| self.text.into(), |cause| format!("{cause}"))
    }

    /// What the operator may see.
    pub fn cause(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.cause.as_deref()
    }
}

impl fmt::Debug for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceError")
            .field("kind", &self.kind)
            .field("text", &self.text)
            .field("cause", &self.cause)
            .field("reached", &self.reached)
            .finish()
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl Error for ServiceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

impl From<sqlx::Error> for ServiceError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut => Self::unavailable(NoConnection),
            error => Self::unavailable(error),
        }
    }
}

/// A request waited in vain for a connection to the database.
#[derive(Debug)]
struct NoConnection;

impl fmt::Display for NoConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no connection to the database within {} s: it does not answer, accepts no more, or all are in use \
             (store.connections)",
            super::limits::STORE_PATIENCE.as_secs()
        )
    }
}

impl Error for NoConnection {}

/// Short forms for the places that refuse.
pub(super) fn bad_request(text: &'static str) -> ServiceError {
    ServiceError::new(Kind::BadRequest, text)
}

pub(super) fn unacceptable(text: &'static str) -> ServiceError {
    ServiceError::new(Kind::ContentsUnacceptable, text)
}

pub(super) fn no_privilege() -> ServiceError {
    ServiceError::new(Kind::NoPrivilege, "not permitted")
}

pub(super) fn not_found() -> ServiceError {
    ServiceError::new(Kind::NotFound, "not found")
}
