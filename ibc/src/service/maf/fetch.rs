//! Asking a MEF for the key behind a KeID: TS-0003 clauses 8.8.2.3 and 8.3.2.1.
//!
//! A KeID names an enrolment key, from which the MEF derives the key of this MAF. The name of a key that a client registered
//! at the MEF for this MAF (SUID 21, clause 8.3.5.2.7) has the same form: what the MEF does not know as the former is
//! retrieved as the latter.
//!
//! It happens inside a handshake, on the word of whoever sends one. So there is a deadline, a number of fetches at a
//! time, one fetch for many who ask for the same key, and a memory of what was refused a moment ago.

use crate::credential_fetcher::CredentialFetcher;
use crate::service::audit::chain::Event;
use crate::service::error::{ServiceError, no_privilege};
use crate::service::kms::SecretOctets;
use crate::service::registry::authorize::latest_end;
use crate::service::sealed::{self, Record};
use crate::service::store::secrets::{self, SecretRow};
use crate::service::store::{Change, WriteTransaction};
use crate::service::{Core, limits};
use crate::wire::{FetchedCredentials, RetrievedKey};
use core::fmt;
use core::time::Duration;
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, KeId, SecurityUsage, UnixTime};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Why nothing came, for the log.
type Unanswered = std::boxed::Box<dyn core::error::Error + Send + Sync>;

/// A key that a MEF gave.
pub struct Fetched {
    /// Km.
    pub key: Zeroizing<Vec<u8>>,
    /// Whose, in absolute form.
    pub enrolee: EntityName,
    /// For how long.
    pub lifetime: Duration,
}

crate::redacted::redacted_debug!(Fetched);

impl Fetched {
    /// Reads an answer: Status true, a key of 32 octets that is not zero, an absolute identity, and time left.
    pub fn read(answer: &FetchedCredentials) -> Option<Self> {
        let FetchedCredentials {
            status: true,
            credential: Some(key),
            enrolee_id: Some(enrolee),
            lifetime,
            ..
        } = answer
        else {
            return None;
        };
        Self::check(key.expose(), enrolee, (*lifetime)?)
    }

    /// Reads a key that its source registered for a MAF: SUID 21, and the same of key, identity and time.
    pub fn registered(answer: &RetrievedKey, now: UnixTime) -> Option<Self> {
        let end = ExpirationTime::parse(&answer.expiration_time).ok()?.to_unix();
        let lifetime = end.as_seconds().saturating_sub(now.as_seconds());
        let is_for_maf = answer.suid == SecurityUsage::RspfMaf.to_u8();
        is_for_maf.then(|| Self::check(answer.key_value.expose(), &answer.source, lifetime)).flatten()
    }

    fn check(key: &Zeroizing<Vec<u8>>, enrolee: &str, lifetime: u64) -> Option<Self> {
        let is_key = key.len() == limits::SAEF_KEY_BYTES && key.iter().fold(0, |all, octet| all | octet) != 0;
        let enrolee = EntityName::parse(enrolee).ok().filter(EntityName::is_absolute)?;
        let lifetime = Duration::from_secs(lifetime);
        (is_key && !lifetime.is_zero()).then(|| Self { key: key.clone(), enrolee, lifetime })
    }
}

/// The fetches of a MAF.
pub(super) struct Fetching {
    fetcher: Arc<dyn CredentialFetcher>,
    permits: Semaphore,
    running: Mutex<HashMap<KeId, Arc<tokio::sync::Mutex<()>>>>,
    /// Until when what was refused is not asked for.
    refused: Mutex<HashMap<KeId, UnixTime>>,
}

impl Fetching {
    pub(super) fn new(fetcher: Arc<dyn CredentialFetcher>) -> Self {
        Self {
            fetcher,
            permits: Semaphore::new(limits::FETCHES),
            running: Mutex::default(),
            refused: Mutex::default(),
        }
    }

    /// The key behind a KeID: kept, or fetched now.
    pub(super) async fn key(&self, core: &Core, ke_id: &KeId) -> Result<Option<SecretOctets>, ServiceError> {
        let Some(turn) = self.turn(ke_id) else { return Ok(None) };
        let key = {
            let _turn = turn.lock().await;
            self.in_turn(core, ke_id).await
        };
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // The map's and this one: nobody waits.
        if Arc::strong_count(&turn) == 2 {
            running.remove(ke_id);
        }
        key
    }

    /// The lock of a KeID; none for one more than may run and wait.
    fn turn(&self, ke_id: &KeId) -> Option<Arc<tokio::sync::Mutex<()>>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.len() >= limits::FETCHES_REFUSED && !running.contains_key(ke_id) {
            running.retain(|_, turn| Arc::strong_count(turn) > 1);
            if running.len() >= limits::FETCHES_REFUSED {
                return None;
            }
        }
        Some(Arc::clone(running.entry(ke_id.clone()).or_default()))
    }

    async fn in_turn(&self, core: &Core, ke_id: &KeId) -> Result<Option<SecretOctets>, ServiceError> {
        if let Some(key) = core.fetched_key(ke_id).await? {
            return Ok(Some(key));
        }
        let now = core.store.reads().now();
        if self.is_refused(ke_id, now) {
            return Ok(None);
        }
        let Ok(_permit) = self.permits.try_acquire() else {
            tracing::warn!(%ke_id, "too many fetches at once");
            return Ok(None);
        };
        let fetched = match tokio::time::timeout(limits::FETCH, self.ask(ke_id, now)).await {
            Ok(Ok(fetched)) => fetched.ok_or(
                "the MEF refused it: unknown there, ended, or no policy lets this MAF have it (SUID 21)",
            ),
            Ok(Err(error)) => {
                tracing::warn!(%ke_id, %error, "the MEF gave no answer");
                Err("no answer")
            }
            Err(_) => Err("no answer in time"),
        };
        let fetched = match fetched {
            Ok(fetched) => fetched,
            Err(reason) => {
                tracing::warn!(%ke_id, reason, "no key was fetched");
                self.refuse(ke_id, now);
                return Ok(None);
            }
        };
        let keep = Keep { core: core.clone(), ke_id: format!("{ke_id}"), fetched };
        match core.store.write(keep).await {
            Ok(()) => core.fetched_key(ke_id).await,
            Err(error) if error.kind() == crate::service::error::Kind::NoPrivilege => {
                tracing::warn!(%ke_id, "a key was fetched for somebody who is no client here");
                self.refuse(ke_id, now);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// By what the MEF derives, else by what was registered there.
    async fn ask(&self, ke_id: &KeId, now: UnixTime) -> Result<Option<Fetched>, Unanswered> {
        let derived = self.fetcher.fetch(ke_id, SecurityUsage::RspfMaf).await?;
        if derived.status {
            return Ok(Fetched::read(&derived));
        }
        let registered = self.fetcher.retrieve(ke_id).await?;
        Ok(registered.and_then(|registered| Fetched::registered(&registered, now)))
    }

    fn is_refused(&self, ke_id: &KeId, now: UnixTime) -> bool {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.get(ke_id).is_some_and(|until| now < *until)
    }

    fn refuse(&self, ke_id: &KeId, now: UnixTime) {
        let Some(until) = now.checked_add(limits::FETCH_REFUSED) else { return };
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= limits::FETCHES_REFUSED {
            refused.retain(|_, until| now < *until);
        }
        if refused.len() < limits::FETCHES_REFUSED {
            refused.insert(ke_id.clone(), until);
        }
    }
}

impl fmt::Debug for Fetching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetching").finish_non_exhaustive()
    }
}

/// Keeps a fetched key for the client to whom its Enrolee is bound.
struct Keep {
    core: Core,
    ke_id: String,
    fetched: Fetched,
}

impl Change for Keep {
    type Output = ();

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<(), ServiceError> {
        let now = tx.now();
        let enrolee = self.fetched.enrolee.as_str();
        let holders = secrets::holders(tx.connection(), enrolee).await?;
        let [(client, client_end)] = &holders[..] else { return Err(no_privilege()) };
        let not_after = latest_end(now, [self.fetched.lifetime, limits::KEY_LIFETIME_MAX], *client_end);
        if not_after <= now {
            return Err(no_privilege());
        }
        let record = Record::FetchedKey(&self.ke_id);
        let row = SecretRow {
            client: client.clone(),
            entity: enrolee.into(),
            not_after,
            assigned: None,
            sealed: sealed::seal(&self.core.keys, not_after, record, self.fetched.key.clone()).await?,
        };
        if secrets::insert_fetched_key(tx.connection(), &self.ke_id, &row, now).await? {
            let event = Event::new("key fetched")
                .with("ke_id", self.ke_id.as_str())
                .with("client", row.client)
                .with("entity", row.entity)
                .with("end", not_after.as_seconds());
            tx.audit(event).await?;
        }
        Ok(())
    }
}
