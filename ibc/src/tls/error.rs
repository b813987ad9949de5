//! Why there is no connection.

use openssl::error::ErrorStack;
use openssl::ssl;
use std::fmt;
use std::io;
use std::string::String;
use std::vec::Vec;

/// Why a context, a handshake or an export failed. For this side's log; the peer sees an alert at most.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsError {
    /// What was configured cannot be used; says what.
    Configuration(&'static str),
    /// OpenSSL refused while a context or a connection object was made.
    Setup(ErrorStack),
    /// The handshake failed: an alert, wrong keys, or not TLS at all.
    Handshake(String),
    /// This side refused to go on; the reason was kept by who gave the key.
    Refused,
    /// The handshake did not end in its time. Over DTLS this is also how a refusal looks.
    TimedOut,
    /// As many handshakes as allowed are under way, in all or from this address.
    Busy,
    /// The peer did not say which server it wants (SNI).
    NoServerName,
    /// The session has no extended master secret (RFC 7627): no key is exported from it.
    NoExtendedMasterSecret,
    /// The peer showed neither a key nor a certificate.
    NotAuthenticated,
    /// The random generator failed.
    Rng,
    /// The network failed.
    Io(io::Error),
}

impl TlsError {
    /// From an error in a handshake.
    pub(super) fn handshake(error: ssl::Error) -> Self {
        let text = reason(&error);
        match error.into_io_error() {
            Ok(error) if timed_out(&error) => Self::TimedOut,
            Ok(error) => Self::Io(error),
            Err(_) => Self::Handshake(text),
        }
    }
}

impl TlsError {
    /// From an error while waiting for the peer.
    pub(super) fn from_wait(error: io::Error) -> Self {
        if timed_out(&error) { Self::TimedOut } else { Self::Io(error) }
    }
}

/// What OpenSSL says, without the places in its sources where it says so.
pub(crate) fn reason(error: &ssl::Error) -> String {
    let reasons: Vec<&str> = error
        .ssl_error()
        .iter()
        .flat_map(|stack| stack.errors())
        .filter_map(|error| error.reason())
        .collect();
    if reasons.is_empty() { std::format!("{error}") } else { reasons.join(", ") }
}

/// Does the error say that time ran out? Which of the two it is depends on the system.
pub(super) fn timed_out(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

impl From<ErrorStack> for TlsError {
    fn from(error: ErrorStack) -> Self {
        Self::Setup(error)
    }
}

impl From<io::Error> for TlsError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(what) => f.write_str(what),
            Self::Setup(error) => write!(f, "OpenSSL: {error}"),
            Self::Handshake(what) => write!(f, "handshake failed: {what}"),
            Self::Refused => f.write_str("handshake refused by this side"),
            Self::TimedOut => f.write_str("handshake did not end in its time"),
            Self::Busy => f.write_str("too many handshakes under way"),
            Self::NoServerName => f.write_str("peer names no server (SNI)"),
            Self::NoExtendedMasterSecret => f.write_str("no extended master secret, so no key is exported"),
            Self::NotAuthenticated => f.write_str("peer is not authenticated"),
            Self::Rng => f.write_str("random generator failed"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

// The message holds the cause: a `source` would repeat it.
impl std::error::Error for TlsError {}
