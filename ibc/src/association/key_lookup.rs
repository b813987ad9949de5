//! Fetching keys inside a handshake: with a deadline, once for all who ask at the same time, and with a memory
//! for keys and for refusals.

use super::bounded::Bounded;
use super::error::AssociationError;
use super::key_source::{KeyOrigin, KeySource, RegisteredKey, RetrievalError};
use super::maf::framework;
use super::peer::{Framework, Peer};
use crate::tls::Psk;
use eccsi_sakke::onem2m::{CredentialId, EntityName, Fqdn, KeyIdentifier, SecurityUsage, UnixTime};
use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use std::vec::Vec;

/// Bounds of [`KeyLookup`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookupLimits {
    /// How long a handshake waits: less than a DTLS client waits for its second retransmission.
    pub deadline: Duration,
    /// Most retrievals under way at a time.
    pub parallel: usize,
    /// How long a refusal is remembered.
    pub remember_refusal: Duration,
    /// After how long a key that is at hand is asked for again: its registration may be gone.
    pub ask_again: Duration,
    /// Most keys that are kept.
    pub keys: usize,
    /// Most refusals that are kept.
    pub refusals: usize,
}

impl Default for LookupLimits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(2),
            parallel: 32,
            remember_refusal: Duration::from_secs(5),
            ask_again: Duration::from_secs(600),
            keys: 4096,
            refusals: 4096,
        }
    }
}

/// Which entity stands behind a credential.
type Origins = Arc<dyn Fn(&CredentialId) -> Option<EntityName> + Send + Sync>;

/// A responder's way to keys of MAFs and MEFs.
///
/// Only FQDNs on its list are asked: a stranger's Key Identifier must not send this entity anywhere.
pub struct KeyLookup {
    allowed: Vec<(Fqdn, SecurityUsage)>,
    origins: Origins,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for KeyLookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyLookup").field("allowed", &self.allowed).finish_non_exhaustive()
    }
}

struct Shared {
    source: Arc<dyn KeySource>,
    limits: LookupLimits,
    state: Mutex<State>,
    /// A retrieval has ended.
    ended: Condvar,
}

struct State {
    keys: Bounded<KeyIdentifier, (Arc<RegisteredKey>, Instant)>,
    refusals: Bounded<KeyIdentifier, Instant>,
    under_way: HashSet<KeyIdentifier>,
}

impl KeyLookup {
    /// Fetches from `source`, and from nowhere yet.
    pub fn new(source: Arc<dyn KeySource>, limits: LookupLimits) -> Self {
        let state = State {
            keys: Bounded::new(limits.keys),
            refusals: Bounded::new(limits.refusals),
            under_way: HashSet::new(),
        };
        let shared = Shared { source, limits, state: Mutex::new(state), ended: Condvar::new() };
        Self { allowed: Vec::new(), origins: Arc::new(|_| None), shared: Arc::new(shared) }
    }

    /// Accepts keys of the MAF of this FQDN, registered for MAF-based SAEF (SUID 32).
    pub fn maf(mut self, fqdn: Fqdn) -> Self {
        self.allowed.push((fqdn, SecurityUsage::MafSaef));
        self
    }

    /// Accepts keys of the MEF of this FQDN, registered for SAEF (SUID 22).
    pub fn mef(mut self, fqdn: Fqdn) -> Self {
        self.allowed.push((fqdn, SecurityUsage::RspfSaef));
        self
    }

    /// Looks entities up here, absolute, where the MAF names a credential only.
    pub fn origins(
        mut self,
        origins: impl Fn(&CredentialId) -> Option<EntityName> + Send + Sync + 'static,
    ) -> Self {
        self.origins = Arc::new(origins);
        self
    }

    /// Whether keys of this FQDN are fetched.
    pub(super) fn serves(&self, fqdn: &Fqdn) -> bool {
        self.allowed.iter().any(|(allowed, _)| allowed == fqdn)
    }

    /// Key and peer of an identifier, if all is well.
    pub(super) fn find(
        &self,
        identifier: &KeyIdentifier,
        now: UnixTime,
    ) -> Result<(Psk, Peer), AssociationError> {
        let usages = self.allowed.iter().filter(|(fqdn, _)| fqdn == identifier.fqdn());
        let usages: Vec<_> = usages.map(|(_, usage)| *usage).collect();
        if usages.is_empty() {
            return Err(AssociationError::ForeignKeySource);
        }
        let key = self.shared.fetch(identifier).map_err(AssociationError::Retrieval)?;
        let framework = framework(key.usage).filter(|_| usages.contains(&key.usage));
        let Some(framework) = framework else {
            self.shared.refuse(identifier);
            return Err(AssociationError::WrongUsage);
        };
        let peer = self.peer(&key, framework)?;
        if peer.has_ended(now) {
            self.shared.refuse(identifier); // its end may have been moved: ask again, but not at once
            return Err(AssociationError::Expired);
        }
        Ok((Psk::new(key.key.to_vec())?, peer))
    }

    /// Step 14 of clause 8.2.2.3.
    fn peer(&self, key: &RegisteredKey, framework: Framework) -> Result<Peer, AssociationError> {
        let entity = match &key.origin {
            KeyOrigin::Entity(entity) => Some(entity.clone()),
            KeyOrigin::Credential(credential) => (self.origins)(credential),
        };
        let entity = entity.filter(EntityName::is_absolute).ok_or(AssociationError::UnknownOrigin)?;
        Ok(Peer { entity, framework, ends: Some(key.expiration.to_unix()) })
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of an identifier, from memory or from the source.
    ///
    /// Should the source not answer, a key that is at hand still serves: retrieval need not be repeated within
    /// its life (clause 8.8.2.8, note).
    fn fetch(self: &Arc<Self>, identifier: &KeyIdentifier) -> Result<Arc<RegisteredKey>, RetrievalError> {
        let deadline = Instant::now() + self.limits.deadline;
        let mut state = self.state();
        let mut asked = false;
        let failure = loop {
            if let Some(known) = self.remembered(&state, identifier) {
                return known;
            }
            if !state.under_way.contains(identifier) {
                if asked {
                    break RetrievalError::Unavailable; // it ended without anything to remember
                }
                if state.under_way.len() >= self.limits.parallel {
                    break RetrievalError::Busy;
                }
                state.under_way.insert(identifier.clone());
                drop(state);
                self.start(identifier, deadline);
                state = self.state();
                asked = true;
                continue;
            }
            asked = true;
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break RetrievalError::TimedOut;
            }
            state = self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        };
        state.keys.get(identifier).map(|(key, _)| Arc::clone(key)).ok_or(failure)
    }

    fn remembered(
        &self,
        state: &State,
        identifier: &KeyIdentifier,
    ) -> Option<Result<Arc<RegisteredKey>, RetrievalError>> {
        if let Some((key, since)) = state.keys.get(identifier)
            && since.elapsed() < self.limits.ask_again
        {
            return Some(Ok(Arc::clone(key)));
        }
        let since = state.refusals.get(identifier)?;
        (since.elapsed() < self.limits.remember_refusal).then_some(Err(RetrievalError::Refused))
    }

    /// Asks the source on a thread of its own, which may outlast the handshake. Without the lock: should there
    /// be no thread, `end` is dropped here.
    fn start(self: &Arc<Self>, identifier: &KeyIdentifier, deadline: Instant) {
        let mut end = End { shared: Arc::clone(self), identifier: identifier.clone(), outcome: None };
        let run = move || end.outcome = Some(end.shared.source.retrieve(&end.identifier, deadline));
        let _ = thread::Builder::new().name("key lookup".into()).spawn(run);
    }

    fn refuse(&self, identifier: &KeyIdentifier) {
        let mut state = self.state();
        state.keys.remove(identifier);
        state.refusals.remove(identifier);
        state.refusals.insert(identifier.clone(), Instant::now());
    }
}

/// Writes the outcome down when a retrieval ends, however it does.
struct End {
    shared: Arc<Shared>,
    identifier: KeyIdentifier,
    outcome: Option<Result<RegisteredKey, RetrievalError>>,
}

impl Drop for End {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.under_way.remove(&self.identifier);
        match self.outcome.take() {
            Some(Ok(key)) => {
                state.refusals.remove(&self.identifier);
                state.keys.insert(self.identifier.clone(), (Arc::new(key), Instant::now()));
            }
            Some(Err(RetrievalError::Refused)) => {
                state.keys.remove(&self.identifier);
                state.refusals.remove(&self.identifier);
                state.refusals.insert(self.identifier.clone(), Instant::now());
            }
            Some(Err(_)) | None => {}
        }
        drop(state);
        self.shared.ended.notify_all();
    }
}
