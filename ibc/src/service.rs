//! KMS, MEF and MAF: what an operator runs, without any network.
//!
//! | part | what it is for |
//! |---|---|
//! | [`kms`] | master keys at rest and in memory; issuing |
//! | [`mef`], [`maf`] | the procedures of TS-0003 clauses 8.3 and 8.8 |
//! | [`registry`] | what both have: client and key registrations |
//! | [`admin`] | stakeholders, clients, policy |
//! | [`primitive`], [`dispatch`] | requests and responses as every binding carries them, and their way to a procedure |
//! | [`sweeper`] | removes what has expired, erases what ended early |
//! | [`session`], [`party`] | who is there, as a transport found out; who that is in the store |
//! | [`store`] | the database, its one writer, the chains of the audit log |
//! | [`audit`] | checking the whole log, checkpoints, files of older entries |
//! | [`deny_list`] | the signed list of what is refused before it expires |
//! | [`error`] | refusals, and their oneM2M response status codes |
//! | [`limits`] | sizes and times that requests may ask for |
//!
//! A request takes one way: a [`Call`] and a body of [`wire`](crate::wire) go to a procedure, which
//! builds one [`Change`]; the store applies it with its audit entry and answers. The procedures know no
//! network, no SQL and no clock.

pub mod admin;
pub mod audit;
pub mod bench;
mod bound;
pub mod deny_list;
pub mod dispatch;
pub mod error;
pub mod kms;
pub mod limits;
pub mod maf;
pub mod mef;
pub mod party;
pub mod primitive;
mod psk;
pub mod registry;
pub mod session;
pub mod setup;
pub mod store;
pub mod sweeper;

use crate::Function;
use eccsi_sakke::onem2m::Fqdn;
use error::ServiceError;
use session::Call;
use std::sync::Arc;
use store::audit::Event;
use store::{Change, Store, WriteTransaction};

/// What every procedure works with.
#[derive(Clone)]
pub struct Core {
    /// The database.
    pub store: Store,
    /// Seals what is stored, signs what is published.
    pub keys: Arc<kms::KeyDirectory>,
    /// The service provider to whose entities SP-relative names belong.
    pub provider: Fqdn,
}

crate::redacted::redacted_debug!(Core);

impl Core {
    /// Applies a change of a procedure; a refusal leaves an audit entry and nothing else.
    pub(crate) async fn perform<C: Change>(
        &self,
        procedure: &'static str,
        call: &Call,
        change: C,
    ) -> Result<C::Output, ServiceError> {
        let outcome = match call.check() {
            Ok(()) => self.store.write(change).await,
            Err(error) => Err(error),
        };
        match outcome {
            Err(error) => Err(self.refuse(procedure, call, error).await),
            done => done,
        }
    }

    /// Writes the audit entry of a refusal, and gives the refusal back; if it cannot be written, that.
    pub(crate) async fn refuse(
        &self,
        procedure: &'static str,
        call: &Call,
        error: ServiceError,
    ) -> ServiceError {
        let refusal = Refusal {
            procedure,
            kind: error.kind().as_str(),
            text: error.text(),
            session: call.session.to_string(),
            origin: printable(&call.origin),
            request_id: printable(&call.request_id),
        };
        self.write_refusal(refusal, error).await
    }

    /// The same for something that an operator asked for at this machine.
    pub(crate) async fn refuse_operator(
        &self,
        procedure: &'static str,
        operator: &str,
        error: ServiceError,
    ) -> ServiceError {
        let refusal = Refusal {
            procedure,
            kind: error.kind().as_str(),
            text: error.text(),
            session: "operator".into(),
            origin: printable(operator),
            request_id: String::new(),
        };
        self.write_refusal(refusal, error).await
    }

    async fn write_refusal(&self, refusal: Refusal, error: ServiceError) -> ServiceError {
        match self.store.write(refusal).await {
            Ok(()) => error,
            Err(unavailable) => unavailable,
        }
    }
}

/// At most 128 characters of what a client sent, for the audit log.
fn printable(text: &str) -> String {
    text.chars().take(128).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The audit entry of a request that was refused.
struct Refusal {
    procedure: &'static str,
    kind: &'static str,
    text: &'static str,
    session: String,
    origin: String,
    request_id: String,
}

impl Change for Refusal {
    type Output = ();

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<(), ServiceError> {
        let event = Event::new("refused")
            .with("procedure", self.procedure)
            .with("kind", self.kind)
            .with("text", self.text)
            .with("session", self.session.as_str())
            .with("origin", self.origin.as_str())
            .with("request", self.request_id.as_str());
        tx.audit(event).await
    }
}
