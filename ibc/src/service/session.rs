//! What a transport hands in: who is at the other end, and how that was found out.

use super::error::{Kind, ServiceError};
use super::limits::{REMEMBERED_ANSWERS, REQUEST_ID_BYTES};
use core::fmt;
use eccsi_sakke::onem2m::{CredentialId, KeId};
use std::sync::{Arc, Mutex};
use zeroize::Zeroizing;

/// How the two ends authenticated each other: TS-0003 clauses 8.3.2, 8.3.5.2.2, 8.8.2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// By a pre-shared key.
    PreSharedKey,
    /// By certificates of both sides.
    Certificate,
    /// By a key of GBA.
    Gba,
    /// The client did not authenticate.
    ServerOnly,
    /// None: an operator at this machine acts for a client. Never made by a transport.
    Operator,
}

/// What the client showed in the handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authenticated {
    /// KpmID, KmID, or a certificate by its fingerprint.
    Credential(CredentialId),
    /// A key that the MEF distributes, by its KeID: towards a MAF, before it has given a KmID.
    KeId(KeId),
    /// An operator, who has the keys of the service anyway.
    Operator {
        /// Who, for the audit log.
        operator: String,
        /// For which client.
        client: String,
    },
}

/// Derives keys from a (D)TLS session: RFC 5705 without a context value.
pub trait Exporter: Send + Sync {
    /// Fills `out` for `label`.
    ///
    /// # Errors
    /// Whatever keeps the session from it, no extended master secret above all.
    fn export(&self, label: &str, out: &mut [u8; 48]) -> Result<(), ServiceError>;
}

/// A (D)TLS session with its client, from handshake to close.
pub struct Session {
    handshake: Handshake,
    authenticated: Option<Authenticated>,
    exporter: Option<Box<dyn Exporter>>,
    answered: Mutex<Vec<(String, Box<dyn core::any::Any + Send>)>>,
}

impl Session {
    /// After the handshake. `authenticated` is `None` only where the client did not authenticate.
    pub fn new(
        handshake: Handshake,
        authenticated: Option<Authenticated>,
        exporter: Option<Box<dyn Exporter>>,
    ) -> Self {
        Self { handshake, authenticated, exporter, answered: Mutex::new(Vec::new()) }
    }

    /// No session: an operator at this machine acts for a client of the store.
    pub fn of_operator(operator: &str, client: &str) -> Self {
        let authenticated = Authenticated::Operator { operator: operator.into(), client: client.into() };
        Self::new(Handshake::Operator, Some(authenticated), None)
    }

    /// How the two ends authenticated each other.
    pub fn handshake(&self) -> Handshake {
        self.handshake
    }

    /// What the client authenticated with.
    ///
    /// # Errors
    /// [`Kind::SecurityAssociationRequired`] unless it was by a pre-shared key or by certificates (clauses
    /// 8.3.2.1 and 8.3.2.2): the only handshakes that the procedures here admit.
    pub fn mutually_authenticated(&self) -> Result<&Authenticated, ServiceError> {
        match (self.handshake, &self.authenticated) {
            (Handshake::Operator, Some(operator @ Authenticated::Operator { .. })) => Ok(operator),
            (_, Some(Authenticated::Operator { .. })) => {
                Err(ServiceError::internal("an operator in a session"))
            }
            (Handshake::PreSharedKey | Handshake::Certificate, Some(authenticated)) => Ok(authenticated),
            _ => Err(ServiceError::new(
                Kind::SecurityAssociationRequired,
                "needs a session authenticated on both sides by a pre-shared key or certificates",
            )),
        }
    }

    /// Whether keys can be exported from it.
    pub fn exports(&self) -> bool {
        self.exporter.is_some()
    }

    /// Exports 48 octets under a label: TS-0003 clause 10.3.1. The same each time, which is why what they name is
    /// registered once.
    ///
    /// # Errors
    /// [`Kind::ContentsUnacceptable`] for a session without an exporter; those of the exporter.
    pub fn export(&self, label: &str) -> Result<Exported, ServiceError> {
        let exporter = self.exporter.as_ref().ok_or_else(|| {
            ServiceError::new(Kind::ContentsUnacceptable, "this session exports no key: send a key value")
        })?;
        export(&**exporter, label)
    }

    /// The answer given to `request_id` in this session, if it is remembered.
    pub(super) fn answered<T: Clone + 'static>(&self, request_id: &str) -> Option<T> {
        let answered = self.answered.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (_, answer) = answered.iter().find(|(id, _)| id == request_id)?;
        answer.downcast_ref::<T>().cloned()
    }

    /// Remembers an answer that may be given again: one without a secret.
    pub(super) fn remember<T: Clone + Send + 'static>(&self, request_id: &str, answer: &T) {
        let mut answered = self.answered.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        answered.retain(|(id, _)| id != request_id);
        if answered.len() == REMEMBERED_ANSWERS {
            answered.remove(0);
        }
        answered.push((request_id.into(), Box::new(answer.clone())));
    }
}

/// Everything on the heap: what is returned by value leaves copies on the stack, and threads that wait keep theirs.
fn export(exporter: &dyn Exporter, label: &str) -> Result<Exported, ServiceError> {
    let mut octets = Box::new(Zeroizing::new([0; 48]));
    exporter.export(label, &mut octets)?;
    let mut exported = Exported { id: [0; 16], key: Zeroizing::new(octets[16..].to_vec()) };
    exported.id.copy_from_slice(&octets[..16]);
    Ok(exported)
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("handshake", &self.handshake)
            .field("authenticated", &self.authenticated)
            .finish_non_exhaustive()
    }
}

// For the audit log: how, and by what.
impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.handshake {
            Handshake::PreSharedKey => "psk",
            Handshake::Certificate => "certificate",
            Handshake::Gba => "gba",
            Handshake::ServerOnly => "server-only",
            Handshake::Operator => "operator",
        })?;
        match &self.authenticated {
            Some(Authenticated::Credential(id)) => write!(f, " {id}"),
            Some(Authenticated::KeId(id)) => write!(f, " {id}"),
            Some(Authenticated::Operator { operator, client }) => write!(f, " {operator} for {client}"),
            None => Ok(()),
        }
    }
}

/// 48 exported octets, cut as TS-0003 clause 10.3.1 says.
pub struct Exported {
    /// RelativeKeID or KcID: the 16 most significant octets.
    pub id: [u8; 16],
    /// Ke or Kc: the 32 least significant octets.
    pub key: Zeroizing<Vec<u8>>,
}

crate::redacted::redacted_debug!(Exported);

/// One request: in which session, in whose name.
#[derive(Clone, Debug)]
pub struct Call {
    /// The session.
    pub session: Arc<Session>,
    /// X-M2M-Origin.
    pub origin: String,
    /// X-M2M-RI.
    pub request_id: String,
}

impl Call {
    /// Checks the request identifier: 1 to 64 visible characters.
    pub(super) fn check(&self) -> Result<(), ServiceError> {
        let visible = self.request_id.bytes().all(|octet| octet.is_ascii_graphic());
        if visible && (1..=REQUEST_ID_BYTES).contains(&self.request_id.len()) {
            Ok(())
        } else {
            Err(super::error::bad_request("the request identifier has to be 1 to 64 visible characters"))
        }
    }
}
