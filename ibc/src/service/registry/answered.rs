//! The same request with the same identifier in the same session gets the same answer, and changes nothing again.

use super::Registry;
use crate::service::error::ServiceError;
use crate::service::party::Party;
use crate::service::session::Call;
use crate::service::store::Change;
use serde::Serialize;
use sha2::{Digest, Sha256};

impl Registry {
    /// The answer to a request: the one that was given before, or what comes of the change that `parse` makes of it.
    pub(super) async fn perform_once<Q, C>(
        &self,
        procedure: &'static str,
        call: &Call,
        request: &Q,
        parse: impl FnOnce(&Self, &Call, &Q) -> Result<C, ServiceError>,
    ) -> Result<C::Output, ServiceError>
    where
        Q: Serialize,
        C: Change<Output: Clone + Send + 'static> + 'static,
    {
        let asked = fingerprint(&call.origin, request)?;
        if let Some(before) = call.session.answered::<Remembered<C::Output>>(&call.request_id)
            && before.asked == asked
        {
            // The client may have been disabled or removed meanwhile.
            let admitted = self.still_admitted(call).await.map(|()| before.answer);
            return self.core.audited(procedure, call, admitted).await;
        }
        let answer = self.core.perform(procedure, call, parse(self, call, request)).await?;
        call.session.remember(&call.request_id, &Remembered { asked, answer: answer.clone() });
        Ok(answer)
    }

    async fn still_admitted(&self, call: &Call) -> Result<(), ServiceError> {
        let reads = self.core.store.reads();
        let mut connection = reads.pool().acquire().await?;
        Party::find_at(&mut connection, reads.now(), self.function, call).await.map(drop)
    }
}

/// An answer in the memory of a session, with a hash of what was asked: the same request gets the same answer.
#[derive(Clone)]
struct Remembered<T> {
    asked: [u8; 32],
    answer: T,
}

/// A hash of a request and of whose name it came in. A key value enters the hash and nothing else.
fn fingerprint(origin: &str, request: &impl serde::Serialize) -> Result<[u8; 32], ServiceError> {
    let mut hash = Hashing(Sha256::new());
    serde_json::to_writer(&mut hash, &(origin, request)).map_err(ServiceError::internal)?;
    Ok(hash.0.finalize().into())
}

/// Hashes what is written, and keeps no copy of it.
struct Hashing(Sha256);

impl std::io::Write for Hashing {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.update(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
