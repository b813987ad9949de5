//! Keys for handshakes, retrieved over the network by their Key Identifier: TS-0003 clauses 8.3.5.2.8 and 8.8.2.8.

use super::{Access, Client, ClientError};
use crate::association::{KeyOrigin, KeySource, RegisteredKey, RetrievalError};
use crate::wire;
use core::fmt;
use eccsi_sakke::onem2m::{ExpirationTime, Fqdn, KeyIdentifier, SecurityUsage};
use std::io;
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Mutex;
use tokio::time::timeout_at;
use zeroize::Zeroizing;

/// Retrieves keys from the MAF or MEF that a Key Identifier names, with one session at each, which is opened anew when
/// it has ended.
///
/// Has a thread and a runtime of its own: it is called in handshakes, on threads that block.
pub struct NetworkKeySource {
    clients: Vec<(Fqdn, Arc<Mutex<Client>>)>,
    /// Only taken when dropped.
    runtime: Option<Runtime>,
}

impl fmt::Debug for NetworkKeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clients.iter().map(|(fqdn, _)| fqdn)).finish()
    }
}

impl NetworkKeySource {
    /// A way to each of these MAFs and MEFs, and to no other: which of them may be asked is for
    /// [`KeyLookup`](crate::association::KeyLookup) to say.
    ///
    /// # Errors
    /// Those of starting a thread.
    pub fn new(functions: impl IntoIterator<Item = Access>) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("key retrieval")
            .enable_io()
            .enable_time()
            .build()?;
        let clients = functions
            .into_iter()
            .map(|access| (access.fqdn().clone(), Arc::new(Mutex::new(Client::new(access)))))
            .collect();
        Ok(Self { clients, runtime: Some(runtime) })
    }
}

impl Drop for NetworkKeySource {
    fn drop(&mut self) {
        // To wait for the runtime's threads is not allowed everywhere, and there is nothing to wait for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl KeySource for NetworkKeySource {
    fn retrieve(&self, key: &KeyIdentifier, deadline: Instant) -> Result<RegisteredKey, RetrievalError> {
        let client = self.clients.iter().find(|(fqdn, _)| fqdn == key.fqdn());
        let (_, client) = client.ok_or(RetrievalError::Refused)?;
        let runtime = self.runtime.as_ref().ok_or(RetrievalError::Unavailable)?;
        let (client, relative) = (Arc::clone(client), key.relative().clone());
        let (sender, receiver) = std::sync::mpsc::channel();
        // On the runtime's own thread: the caller's may be one on which a runtime does not block.
        runtime.spawn(async move {
            let retrieval = async { client.lock().await.retrieve_key(&relative).await };
            let outcome = timeout_at(deadline.into(), retrieval).await;
            let _ = sender.send(outcome); // nobody waits any more
        });
        match receiver.recv() {
            Ok(Ok(Ok(answer))) => read(&answer),
            Ok(Ok(Err(error))) => Err(refusal(key, &error)),
            Ok(Err(_)) => Err(RetrievalError::TimedOut),
            Err(_) => Err(RetrievalError::Unavailable),
        }
    }
}

/// What the function said, or that it could not be asked.
fn refusal(key: &KeyIdentifier, error: &ClientError) -> RetrievalError {
    tracing::warn!(%key, %error, "a key was not retrieved");
    match error {
        ClientError::Refused(_) if !error.is_temporary() => RetrievalError::Refused,
        _ => RetrievalError::Unavailable,
    }
}

/// An answer that can serve a handshake: 32 octets, a SUID, an end, and a source.
fn read(answer: &wire::RetrievedKey) -> Result<RegisteredKey, RetrievalError> {
    let unusable = |what| {
        tracing::warn!(what, "a retrieved key cannot be used");
        RetrievalError::Refused
    };
    let octets = answer.key_value.expose();
    let mut key = Zeroizing::new([0; 32]);
    if octets.len() != key.len() {
        return Err(unusable("it does not have 32 octets"));
    }
    key.copy_from_slice(octets);
    // Step 14 of clause 8.2.2.3.
    let origin = KeyOrigin::parse(&answer.source).ok_or_else(|| unusable("its source is not understood"))?;
    Ok(RegisteredKey {
        key,
        usage: SecurityUsage::from_u8(answer.suid).map_err(|_| unusable("its SUID is unknown"))?,
        expiration: ExpirationTime::parse(&answer.expiration_time).map_err(|_| unusable("it has no end"))?,
        origin,
    })
}
