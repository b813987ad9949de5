//! The one way through a procedure: parse, apply in one transaction, and note what was refused.

use super::audit::chain::Event;
use super::error::ServiceError;
use super::kms::KeyDirectory;
use super::session::Call;
use super::store::{Change, Store, WriteTransaction};
use eccsi_sakke::onem2m::Fqdn;
use std::sync::Arc;
use tracing::Span;

/// What every procedure works with.
#[derive(Clone)]
pub struct Core {
    /// The database.
    pub store: Store,
    /// Seals what is stored, signs what is published.
    pub keys: Arc<KeyDirectory>,
    /// The service provider to whose entities SP-relative names belong.
    pub provider: Fqdn,
}

crate::redacted::redacted_debug!(Core);

impl Core {
    /// Applies the change that a request was parsed into; a refusal leaves an audit entry and nothing else.
    pub(crate) async fn perform<C: Change>(
        &self,
        procedure: &'static str,
        call: &Call,
        parsed: Result<C, ServiceError>,
    ) -> Result<C::Output, ServiceError> {
        Span::current().record("procedure", procedure);
        let checked = parsed.and_then(|change| call.check().map(|()| change));
        let outcome = match checked {
            Ok(change) => self.store.write(change).await,
            Err(error) => Err(error),
        };
        self.audited(procedure, call, outcome).await
    }

    /// Passes an outcome on. A refusal is audited first; if its audit entry cannot be written, that error is returned.
    pub(crate) async fn audited<T>(
        &self,
        procedure: &'static str,
        call: &Call,
        outcome: Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let Err(error) = outcome else { return outcome };
        let refusal = Refusal {
            session: call.session.to_string(),
            origin: printable(&call.origin),
            request_id: printable(&call.request_id),
            ..Refusal::of(procedure, &error)
        };
        if !self.store.shows_refusal(&refusal.session) {
            return Err(error.in_summary());
        }
        self.store.write(refusal).await?;
        Err(error)
    }

    /// As [`audited`](Self::audited), for a request of an operator at this machine.
    pub(crate) async fn audited_operator<T>(
        &self,
        procedure: &'static str,
        operator: &str,
        outcome: Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let Err(error) = outcome else { return outcome };
        let refusal = Refusal {
            session: "operator".into(),
            origin: printable(operator),
            ..Refusal::of(procedure, &error)
        };
        self.store.write(refusal).await?;
        Err(error)
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

impl Refusal {
    fn of(procedure: &'static str, error: &ServiceError) -> Self {
        Self {
            procedure,
            kind: error.kind().as_str(),
            text: error.text(),
            session: String::new(),
            origin: String::new(),
            request_id: String::new(),
        }
    }
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
