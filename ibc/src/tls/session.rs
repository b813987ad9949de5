//! What is known once a handshake is done.

use super::certificate::CertificateIdentity;
use super::error::TlsError;
use super::psk::{self, Note};
use openssl::ssl::{NameType, SslRef};
use std::any::Any;
use std::boxed::Box;
use std::sync::Arc;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// How the peer proved who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// It knows the key of this PSK identity (seen from the client: of the identity sent).
    Psk {
        /// As sent.
        identity: Box<str>,
    },
    /// It knows the private key of this certificate.
    Certificate(CertificateIdentity),
}

/// A session after its handshake.
#[derive(Clone)]
pub struct Session {
    method: Method,
    server_name: Box<str>,
    suite: &'static str,
    extended_master_secret: bool,
    note: Option<Note>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("method", &self.method)
            .field("server_name", &self.server_name)
            .field("suite", &self.suite)
            .field("extended_master_secret", &self.extended_master_secret)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Reads what the handshake gave, for whoever does the handshake with I/O of their own.
    ///
    /// # Errors
    /// [`TlsError::NotAuthenticated`] if the handshake is not done or proved nothing,
    /// [`TlsError::NoServerName`].
    pub fn of(ssl: &SslRef) -> Result<Self, TlsError> {
        let suite = ssl.current_cipher().ok_or(TlsError::NotAuthenticated)?;
        if !ssl.is_init_finished() {
            return Err(TlsError::NotAuthenticated);
        }
        let suite = suite.standard_name().unwrap_or(suite.name());
        let server_name = ssl.servername(NameType::HOST_NAME).ok_or(TlsError::NoServerName)?;
        let (method, note) = if suite.contains("_PSK_") {
            let record = psk::record(ssl).ok_or(TlsError::NotAuthenticated)?;
            let (identity, note) = record.accepted.clone().ok_or(TlsError::Refused)?;
            (Method::Psk { identity }, note)
        } else {
            let certificate = ssl.peer_certificate().ok_or(TlsError::NotAuthenticated)?;
            (Method::Certificate(CertificateIdentity::of(&certificate)?), None)
        };
        Ok(Self {
            method,
            server_name: server_name.into(),
            suite,
            extended_master_secret: ssl.extms_support() == Some(true),
            note,
        })
    }

    /// How the peer proved who it is.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The PSK identity, in a PSK session.
    pub fn psk_identity(&self) -> Option<&str> {
        match &self.method {
            Method::Psk { identity } => Some(identity),
            Method::Certificate(_) => None,
        }
    }

    /// The server that the client asked for (SNI).
    pub fn server_name(&self) -> &str {
        &self.server_name
    }

    /// The cipher suite by its name in the registry of IANA.
    pub fn suite(&self) -> &'static str {
        self.suite
    }

    /// Whether the session has an extended master secret (RFC 7627), without which nothing is exported.
    pub fn has_extended_master_secret(&self) -> bool {
        self.extended_master_secret
    }

    /// What the resolver, or the client's offer, left with the key.
    pub fn note<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.note.clone()?.downcast().ok()
    }
}

/// The exporters of TS-0003 clause 10.3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exporter {
    /// `EXPORTER-oneM2M-Bootstrap`: Ke and KeID of an enrolment.
    Bootstrap,
    /// `EXPORTER-oneM2M-Connection`: a key to be registered, and its RelativeKeyID.
    Connection,
}

impl Exporter {
    /// The exporter of a label.
    pub fn from_label(label: &str) -> Option<Self> {
        [Self::Bootstrap, Self::Connection].into_iter().find(|exporter| exporter.label() == label)
    }

    /// The label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Bootstrap => "EXPORTER-oneM2M-Bootstrap",
            Self::Connection => "EXPORTER-oneM2M-Connection",
        }
    }

    /// Exports from a finished handshake: 48 octets by RFC 5705, without context, which in TLS 1.2 is not
    /// the same as an empty one.
    ///
    /// # Errors
    /// [`TlsError::NoExtendedMasterSecret`]: without it two sessions can be made to share their secrets
    /// (RFC 7627). [`TlsError::NotAuthenticated`] before the handshake is done; [`TlsError::Setup`].
    pub fn export(self, ssl: &SslRef) -> Result<ExportedKey, TlsError> {
        if !Session::of(ssl)?.has_extended_master_secret() {
            return Err(TlsError::NoExtendedMasterSecret);
        }
        let mut okm = Box::new(Zeroizing::new([0; 48]));
        ssl.export_keying_material(okm.as_mut_slice(), self.label(), None)?;
        Ok(ExportedKey(okm))
    }
}

/// 48 exported octets: the first 16 name the key, the last 32 are the key.
///
/// Wiped when dropped; no way to clone, compare or print it.
///
/// On the heap, where it stays: one that moved through returns would leave copies on stacks.
pub struct ExportedKey(Box<Zeroizing<[u8; 48]>>);

/// By its content.
impl ZeroizeOnDrop for ExportedKey {}

crate::redacted::redacted_debug!(ExportedKey);

impl ExportedKey {
    /// Octets in all.
    pub const BYTES: usize = 48;

    /// All 48 octets.
    pub fn expose_octets(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The 16 octets that name the key: KeID or KcID.
    pub fn id(&self) -> [u8; 16] {
        *self.0.first_chunk().expect("48 octets")
    }

    /// The 32 octets of the key: Ke or Kc.
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.0.last_chunk().expect("48 octets"))
    }
}
