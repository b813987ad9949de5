//! How a command ends when it does not succeed.

use crate::files::{FileError, FileProblem, FormatError};
use core::fmt;
use eccsi_sakke::onem2m::IdentifierError;
use eccsi_sakke::saef::SaefError;
use serde::Serialize;
use std::io::{self, Write};
use std::process::ExitCode;

/// Exit status: refused.
const REFUSED: u8 = 1;
/// Exit status: used in a wrong way.
pub(super) const USAGE: u8 = 2;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(super) enum Failure {
    /// Refused: what a program may act on, and one sentence for the reader.
    Refused { kind: Kind, message: String },
    /// The command line cannot be carried out as it stands.
    Usage(String),
    /// Refused, and the output said so already.
    Told,
    /// Nobody reads the output any more.
    OutputClosed,
}

/// What a program may act on. The names are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A file could not be read or written, or may not be used.
    File,
    /// The content of a file is not what it should be.
    Format,
    /// Wrong passphrase, or the file was changed.
    Sealed,
    /// An identity is malformed, expired, or not the one expected.
    Identity,
    /// A key does not belong to its identity, or to the KPAK that is trusted.
    Key,
    /// A signature does not verify.
    Signature,
    /// Encapsulated data are not for this key, or were changed.
    Decapsulation,
    /// The machine does not work as it must.
    Internal,
    /// The configuration cannot be used.
    #[cfg(feature = "service")]
    Configuration,
    /// There is no such thing in the store.
    #[cfg(any(feature = "client", feature = "service"))]
    NotFound,
    /// It is there already, or was changed meanwhile.
    #[cfg(any(feature = "client", feature = "service"))]
    Conflict,
    /// The service may not or does not do this.
    #[cfg(any(feature = "client", feature = "service"))]
    Refused,
    /// The store, the audit log or the keys cannot be used now.
    #[cfg(any(feature = "client", feature = "service"))]
    Unavailable,
    /// The audit log does not hold.
    #[cfg(feature = "service")]
    Audit,
    /// The peer closed the association before all was said.
    #[cfg(feature = "client")]
    PeerClosed,
    /// The connection of an association broke, or not all could be sent.
    #[cfg(feature = "client")]
    Broken,
    /// The key or credential of an association has reached its end.
    #[cfg(feature = "client")]
    Ended,
    /// Standard input or output of an association failed.
    #[cfg(feature = "client")]
    LocalIo,
}

impl Kind {
    /// The exit status. What ends an association differs, since there nobody refuses.
    const fn status(self) -> u8 {
        match self {
            #[cfg(feature = "client")]
            Self::PeerClosed => 3,
            #[cfg(feature = "client")]
            Self::Broken => 4,
            #[cfg(feature = "client")]
            Self::Ended => 5,
            #[cfg(feature = "client")]
            Self::LocalIo => 6,
            _ => REFUSED,
        }
    }
}

#[cfg(feature = "client")]
impl Kind {
    /// Of an answer that refuses.
    const fn of_response(code: crate::wire::ResponseStatusCode) -> Self {
        use crate::wire::ResponseStatusCode as Code;
        match code {
            Code::NotFound => Self::NotFound,
            Code::Conflict | Code::OriginatorHasAlreadyRegistered => Self::Conflict,
            Code::InternalServerError => Self::Unavailable,
            Code::Ok
            | Code::Created
            | Code::Deleted
            | Code::Updated
            | Code::BadRequest
            | Code::ReleaseVersionNotSupported
            | Code::OperationNotAllowed
            | Code::UnsupportedMediaType
            | Code::ContentsUnacceptable
            | Code::OriginatorHasNoPrivilege
            | Code::OriginatorNotAuthenticated
            | Code::SecurityAssociationRequired
            | Code::NotImplemented
            | Code::NotAcceptable
            | Code::Other(_) => Self::Refused,
        }
    }
}

impl Failure {
    pub(super) fn refused(kind: Kind, message: impl Into<String>) -> Self {
        Self::Refused { kind, message: message.into() }
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// Whether the same may succeed later without anybody doing anything.
    #[cfg(feature = "client")]
    pub(super) const fn is_temporary(&self) -> bool {
        matches!(self, Self::Refused { kind: Kind::Unavailable, .. })
    }

    /// Tells the reader and gives the exit status.
    pub(super) fn print(&self, json: bool) -> ExitCode {
        // If even this cannot be written, the exit status still tells.
        let _ = match self {
            Self::Told | Self::OutputClosed => Ok(()),
            Self::Usage(message) if json => {
                let error = serde_json::json!({"error": {"kind": "usage", "message": message}});
                writeln!(io::stdout(), "{error}")
            }
            Self::Usage(message) => {
                writeln!(io::stderr(), "error: {message}\n\nFor more information, try '--help'.")
            }
            Self::Refused { kind, message } if json => {
                let error = serde_json::json!({"error": {"kind": kind, "message": message}});
                writeln!(io::stdout(), "{error}")
            }
            Self::Refused { message, .. } => writeln!(io::stderr(), "ibc: {message}"),
        };
        ExitCode::from(match self {
            Self::Usage(_) => USAGE,
            Self::Refused { kind, .. } => kind.status(),
            Self::Told | Self::OutputClosed => REFUSED,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { message, .. } | Self::Usage(message) => f.write_str(message),
            Self::Told => f.write_str("refused"),
            Self::OutputClosed => f.write_str("output closed"),
        }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let kind = match error.problem() {
            FileProblem::Format(FormatError::Sealed) => Kind::Sealed,
            FileProblem::Format(FormatError::Policy(_))
            | FileProblem::List { .. }
            | FileProblem::ListChanged { .. }
            | FileProblem::TooManyLines { .. } => Kind::Identity,
            FileProblem::Format(_) | FileProblem::Line { .. } | FileProblem::Twice => Kind::Format,
            FileProblem::OtherKms { .. } => Kind::Key,
            FileProblem::OtherContent { .. } => Kind::Format,
            FileProblem::Io(_)
            | FileProblem::NotRegular
            | FileProblem::Permissions { .. }
            | FileProblem::FolderPermissions { .. }
            | FileProblem::TooLarge { .. }
            | FileProblem::Exists
            | FileProblem::Locked => Kind::File,
        };
        Self::refused(kind, format!("{error}"))
    }
}

/// An identity given as an argument.
impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Self {
        Self::refused(Kind::Identity, format!("{error}"))
    }
}

impl From<IdentifierError> for Failure {
    fn from(error: IdentifierError) -> Self {
        Self::refused(Kind::Identity, format!("{error}"))
    }
}

impl From<eccsi_sakke::Error> for Failure {
    fn from(error: eccsi_sakke::Error) -> Self {
        use eccsi_sakke::Error;
        let (kind, advice) = match error {
            Error::InvalidKey => (Kind::Key, ": ask the KMS for a new credential, and check the KPAK"),
            Error::InvalidSignature => (Kind::Signature, ": do not trust the message"),
            Error::Decode(_) => (Kind::Format, ": this is not the file that is meant"),
            Error::DecapsulationFailed => {
                (Kind::Decapsulation, ": no key was taken out, ask the sender to send it again")
            }
            Error::UnusableIdentity => (Kind::Identity, ": choose another identity"),
            Error::UnusableNonce => (Kind::Internal, ""),
            Error::Rng => (Kind::Internal, ": nothing was made, repair the operating system's generator"),
            _ => (Kind::Internal, ""),
        };
        Self::refused(kind, format!("{error}{advice}"))
    }
}

impl From<SaefError> for Failure {
    fn from(error: SaefError) -> Self {
        let (kind, advice) = match error {
            SaefError::OwnCredentialExpired => (Kind::Identity, ""),
            SaefError::Identifier(_) | SaefError::PskIdentityForm => {
                (Kind::Identity, ": give --peer as the other side printed it")
            }
            SaefError::PeerCredentialExpired => {
                (Kind::Identity, ": the peer has to provision a new one (or check both clocks)")
            }
            SaefError::Denied => (Kind::Identity, ""),
            SaefError::OwnIdentity => (Kind::Identity, ": give the PSK identity of the other side"),
            SaefError::NotAdmitted => (Kind::Identity, ": nothing was derived"),
            SaefError::UnknownDomain => (Kind::Key, ": give its public key file with --kpak"),
            SaefError::UnknownKpak => {
                (Kind::Key, ": get the public key file of that KMS from a source you trust")
            }
            SaefError::ForeignProvider => (
                Kind::Identity,
                ": if you trust its MEF for that provider, say so with --provider MEF=PROVIDER",
            ),
            SaefError::InvalidKey => (Kind::Key, ": ask the KMS for a new credential"),
            _ => (Kind::Key, ""),
        };
        Self::refused(kind, format!("{error}{advice}"))
    }
}

#[cfg(feature = "client")]
impl From<crate::client::ClientError> for Failure {
    fn from(error: crate::client::ClientError) -> Self {
        use crate::client::ClientError;
        let kind = match &error {
            ClientError::File(_) => Kind::File,
            ClientError::Install(_) => Kind::Key,
            ClientError::Connect { .. } | ClientError::TimedOut | ClientError::Ended => Kind::Unavailable,
            _ if error.is_temporary() => Kind::Unavailable,
            ClientError::Refused(refusal) => {
                refusal.response_status_code.map_or(Kind::Refused, Kind::of_response)
            }
            ClientError::Answer(_) => Kind::Format,
            _ => Kind::Refused,
        };
        Self::refused(kind, format!("{error}"))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::OutputClosed;
        }
        Self::refused(Kind::File, format!("output: {error}"))
    }
}
