//! Why a procedure did not succeed, and what to do about it.

use crate::Function;
use crate::files::FileError;
use crate::http::FramingError;
use crate::tls::TlsError;
use crate::wire::ResponseStatusCode;
use core::fmt;
use eccsi_sakke::saef::KpakTag;
use std::io;

/// Why a client did not get what it asked for. Contains no key and no content of an answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// What was asked for cannot be sent; says what.
    Configuration(&'static str),
    /// There is no connection to this address.
    Connect {
        /// As configured.
        address: String,
        /// What the system says.
        error: io::Error,
    },
    /// The handshake failed, or a key could not be exported.
    Tls(TlsError),
    /// No answer came in time; what was asked for may have happened.
    TimedOut,
    /// The connection ended before the answer; what was asked for may have happened.
    Ended,
    /// The answer is not one of HTTP, or not what belongs to the request; says what.
    Answer(&'static str),
    /// The MEF or MAF refused.
    Refused(Refusal),
    /// What was delivered is not installed.
    Install(InstallError),
    /// A file of the credential store.
    File(FileError),
}

/// An answer that refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which function refused.
    pub function: Function,
    /// `None` if a part below oneM2M refused.
    pub response_status_code: Option<ResponseStatusCode>,
    /// Status of HTTP.
    pub http_status: u16,
    /// What the other end says, without control characters.
    pub text: String,
    /// X-M2M-RI of the request: its log has more under it.
    pub request_id: String,
}

/// Why a delivered credential is not installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstallError {
    /// A field is not what it should be; its name.
    Malformed(&'static str),
    /// ID_2 has another FQDN than the MEF that delivered it.
    OtherMef,
    /// ID_2 is for another entity than the one asked for.
    OtherEntity,
    /// ID_2 is the identity that was to be replaced.
    SameIdentity,
    /// ID_2 has expired.
    Expired,
    /// Another KPAK than the pinned ones.
    OtherKpak(KpakTag),
    /// No KPAK is pinned, and none is to be accepted unseen.
    NoKpak(KpakTag),
    /// Another Z than the pinned one.
    OtherZ,
    /// SSK, PVT, KPAK and ID_2, or RSK and Z, do not belong together.
    InvalidKey,
}

impl ClientError {
    /// The Response Status Code, if the other end gave one.
    pub fn response_status_code(&self) -> Option<ResponseStatusCode> {
        match self {
            Self::Refused(refusal) => refusal.response_status_code,
            _ => None,
        }
    }

    /// Whether the same may succeed later without anybody doing anything.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::TimedOut | Self::Ended => true,
            Self::Tls(error) => matches!(error, TlsError::TimedOut | TlsError::Busy | TlsError::Io(_)),
            Self::Refused(refusal) => {
                refusal.response_status_code == Some(ResponseStatusCode::InternalServerError)
                    || matches!(refusal.http_status, 429 | 503)
            }
            Self::Configuration(_) | Self::Answer(_) | Self::Install(_) | Self::File(_) => false,
        }
    }
}

impl Refusal {
    /// What whoever reads this can do.
    const fn advice(&self) -> &'static str {
        use ResponseStatusCode as Code;
        let Some(code) = self.response_status_code else { return self.advice_by_http() };
        match code {
            Code::BadRequest => "the request is malformed for it: compare FQDN, stakeholder and times",
            Code::ReleaseVersionNotSupported => "it does not speak release 4 of oneM2M",
            Code::NotFound => {
                "there is no such registration or key (any more), or it is not for this entity: register again"
            }
            Code::ContentsUnacceptable => {
                "a value is outside its policy: end, SUID, targets or length of the key"
            }
            Code::OriginatorHasNoPrivilege => {
                "this client may not do that: register first (ibc registration new), or let the operator bind the identity or \
                 admit the client (ibc admin client)"
            }
            Code::Conflict => "it is taken: connect anew and repeat, each session registers one exported key",
            Code::OriginatorNotAuthenticated => {
                "the entity is none of this client's: check --as, or let the operator bind it"
            }
            Code::SecurityAssociationRequired => "the session is not mutually authenticated",
            Code::OriginatorHasAlreadyRegistered => {
                "this client is registered with that stakeholder: update or remove the registration"
            }
            Code::InternalServerError => "it cannot do it now: repeat the request later",
            Code::Ok
            | Code::Created
            | Code::Deleted
            | Code::Updated
            | Code::OperationNotAllowed
            | Code::UnsupportedMediaType
            | Code::NotImplemented
            | Code::NotAcceptable
            | Code::Other(_) => self.advice_by_http(),
        }
    }

    /// The same where the status of HTTP is all that tells.
    const fn advice_by_http(&self) -> &'static str {
        match self.http_status {
            503 => "it cannot do it now: repeat the request later",
            429 => "too many requests: repeat it later",
            413 => "the request is too large for it",
            _ => "its log says why",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} refuses with ", self.function)?;
        match self.response_status_code {
            Some(code) => write!(f, "{code}")?,
            None => write!(f, "HTTP {}", self.http_status)?,
        }
        if !self.text.is_empty() {
            write!(f, " ({})", self.text)?;
        }
        write!(f, ": {}; request {} in its log", self.advice(), self.request_id)
    }
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the delivered credential is not installed: ")?;
        match self {
            Self::Malformed(field) => write!(f, "{field} is malformed"),
            Self::OtherMef => f.write_str("its identity belongs to another MEF"),
            Self::OtherEntity => f.write_str("its identity is another entity's"),
            Self::SameIdentity => f.write_str("its identity is the one to be replaced"),
            Self::Expired => f.write_str("it has expired: check the clock"),
            Self::OtherKpak(tag) => write!(
                f,
                "its KPAK (tag {tag}) is none of the pinned ones: accept a rollover with the public key file of the MEF's operator"
            ),
            Self::NoKpak(tag) => {
                write!(
                    f,
                    "no KPAK is pinned for this MEF, and this one (tag {tag}) is not to be accepted unseen"
                )
            }
            Self::OtherZ => f.write_str("its Z is not the pinned one"),
            Self::InvalidKey => f.write_str("its keys do not belong to its identity and KPAK"),
        }
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(what) => f.write_str(what),
            Self::Connect { address, error } => {
                write!(f, "no connection to {address}: {error}; check address and port")
            }
            Self::Tls(TlsError::Handshake(what)) => write!(
                f,
                "handshake failed: {what}; most likely the key is not that of this PSK identity, else the server does not know \
                 the identity, its client is disabled or has ended, or the server's database is down (the server's log says \
                 which); with certificates, one of them is not trusted, or not for this name"
            ),
            Self::Tls(error) => error.fmt(f),
            Self::TimedOut => f.write_str("no answer in time; what was asked for may have happened"),
            Self::Ended => {
                f.write_str("the connection ended before the answer; what was asked for may have happened")
            }
            Self::Answer(what) => write!(f, "the answer is not what was asked for: {what}"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Install(error) => error.fmt(f),
            Self::File(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for InstallError {}

// The message holds the cause: a `source` would repeat it.
impl std::error::Error for ClientError {}

impl From<TlsError> for ClientError {
    fn from(error: TlsError) -> Self {
        Self::Tls(error)
    }
}

impl From<InstallError> for ClientError {
    fn from(error: InstallError) -> Self {
        Self::Install(error)
    }
}

impl From<FileError> for ClientError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<FramingError> for ClientError {
    fn from(error: FramingError) -> Self {
        match error {
            FramingError::Truncated | FramingError::Io(_) => Self::Ended,
            FramingError::HeadTooLarge | FramingError::BodyTooLarge => Self::Answer("it is too large"),
            FramingError::Malformed => Self::Answer("no HTTP/1.1"),
        }
    }
}

/// Text of the other end, fit for a terminal and a log.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 200;
    let plain = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c });
    let shown: String = plain.take(LONGEST).collect();
    if text.chars().count() > LONGEST { format!("{shown}…") } else { shown }
}
