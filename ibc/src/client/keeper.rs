//! Keeping what has an end: a credential of IBC, and a key that is registered for a peer.

use super::install::{Expected, NewKpak};
use super::renewal::{Due, Life, Random, Schedule, Window};
use super::{Client, ClientError, DeviceStore, ExportedRegistration, Installed, KeyRequest};
use crate::clock::Clock;
use crate::wire::ResponseStatusCode;
use core::time::Duration;
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, ExpiringIdentity, UnixTime};
use std::sync::Arc;

/// How long another process may hold a store that was released.
const PATIENCE: Duration = Duration::from_secs(10);

/// What one look came to.
#[derive(Debug)]
pub enum Kept<T> {
    /// Nothing is due before then.
    Until(UnixTime),
    /// It was renewed.
    Renewed(T),
    /// It was not; the next attempt is at that time.
    Failed(ClientError, UnixTime),
}

/// Keeps the credential of one entity: provisions it if there is none, and renews it from half of its life on.
pub struct CredentialKeeper {
    client: Client,
    store: DeviceStore,
    entity: EntityName,
    lifetime: Option<Duration>,
    new: NewKpak,
    clock: Arc<dyn Clock>,
    random: Random,
    schedule: Schedule,
    /// The identity for which that is.
    known: Option<ExpiringIdentity>,
}

impl core::fmt::Debug for CredentialKeeper {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("CredentialKeeper")
            .field("client", &self.client)
            .field("store", &self.store)
            .field("entity", &self.entity)
            .field("schedule", &self.schedule)
            .finish_non_exhaustive()
    }
}

impl CredentialKeeper {
    /// For `entity`, absolute, at the MEF of `client`.
    ///
    /// # Errors
    /// [`ClientError::File`]; [`ClientError::Configuration`] if the store has another entity's credential, or another
    /// MEF's.
    pub fn new(
        client: Client,
        store: DeviceStore,
        entity: EntityName,
        (clock, mut random): (Arc<dyn Clock>, Random),
    ) -> Result<Self, ClientError> {
        if !entity.is_absolute() {
            return Err(ClientError::Configuration("an entity is given in absolute form"));
        }
        let schedule = Schedule::new(Window::SecondHalf, None, &mut *random);
        let (lifetime, new, known) = (None, NewKpak::Refuse, None);
        let mut keeper = Self { client, store, entity, lifetime, new, clock, random, schedule, known };
        keeper.look()?;
        Ok(keeper)
    }

    /// Looks what is installed now: another process may have been here, whose credential has another life.
    fn look(&mut self) -> Result<(), ClientError> {
        let installed = self.store.installed()?;
        if let Some(Installed { id_2, .. }) = &installed {
            let provider = self.entity.provider();
            let is_own = provider.is_some_and(|sp| self.entity.same_entity(id_2.entity_id(), sp));
            if !is_own || id_2.fqdn() != self.client.access().fqdn() {
                return Err(ClientError::Configuration(
                    "the store holds a credential of another entity or MEF: give each its own folder",
                ));
            }
        }
        let id_2 = installed.as_ref().map(|installed| installed.id_2.clone());
        if id_2 != self.known {
            let life = installed.as_ref().map(|installed| life(installed, self.clock.now()));
            self.schedule = Schedule::new(Window::SecondHalf, life, &mut *self.random);
            self.known = id_2;
        }
        Ok(())
    }

    /// Proposes this life for credentials, in place of leaving it to the MEF.
    #[must_use]
    pub fn lifetime(self, lifetime: Option<Duration>) -> Self {
        Self { lifetime, ..self }
    }

    /// Which KPAK may come besides those that are pinned.
    #[must_use]
    pub fn new_kpak(self, new: NewKpak) -> Self {
        Self { new, ..self }
    }

    /// The client.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// The store.
    pub const fn store(&self) -> &DeviceStore {
        &self.store
    }

    /// Lets other processes at the store until it is needed again.
    pub fn release(&mut self) {
        self.store.release();
    }

    /// Renews if that is due, for what is installed now.
    pub async fn keep(&mut self) -> Kept<ExpiringIdentity> {
        match self.keep_or_fail().await {
            Ok(kept) => kept,
            Err(error) => {
                let now = self.clock.now();
                self.schedule.failed(now, &mut *self.random);
                match self.schedule.due(now) {
                    Due::Wait(until) => Kept::Failed(error, until),
                    Due::Renew | Due::Provision => Kept::Failed(error, now),
                }
            }
        }
    }

    async fn keep_or_fail(&mut self) -> Result<Kept<ExpiringIdentity>, ClientError> {
        // What cannot be read while nothing is due is read again when something is.
        let _ = self.look();
        if let Due::Wait(until) = self.schedule.due(self.clock.now()) {
            return Ok(Kept::Until(until));
        }
        // Once the folder is held nobody is about to put another credential there.
        self.store.hold(PATIENCE)?;
        self.look()?;
        match self.schedule.due(self.clock.now()) {
            Due::Wait(until) => Ok(Kept::Until(until)),
            Due::Renew | Due::Provision => self.renew().await.map(Kept::Renewed),
        }
    }

    /// Renews now, whether or not that is due: re-provisioning if a credential is valid, else initial provisioning.
    ///
    /// # Errors
    /// [`ClientError`]; then the credential in use stays.
    pub async fn renew(&mut self) -> Result<ExpiringIdentity, ClientError> {
        self.store.hold(PATIENCE)?;
        let valid = self.store.installed()?.map(|installed| installed.id_2);
        let valid = valid.filter(|id_1| id_1.is_live(self.clock.now()));
        let outcome = match valid {
            Some(id_1) => match self.reprovision(id_1).await {
                // ID_1 is denied or superseded, as after answers that were lost: no reason to be without one.
                Err(error)
                    if error.response_status_code() == Some(ResponseStatusCode::OriginatorHasNoPrivilege) =>
                {
                    self.provision().await
                }
                outcome => outcome,
            },
            None => self.provision().await,
        };
        // A session that stands idle until the next renewal is of no use.
        self.client.disconnect();
        outcome
    }

    /// Initial provisioning now.
    ///
    /// # Errors
    /// As [`renew`](Self::renew).
    pub async fn provision(&mut self) -> Result<ExpiringIdentity, ClientError> {
        self.store.hold(PATIENCE)?;
        let end = self.end();
        let issued = self.client.enrol(&self.entity, end).await?;
        self.install(&issued, None)
    }

    async fn reprovision(&mut self, id_1: ExpiringIdentity) -> Result<ExpiringIdentity, ClientError> {
        let end = self.end();
        let issued = self.client.reenrol(&id_1, end).await?;
        self.install(&issued, Some(id_1))
    }

    fn install(
        &mut self,
        issued: &crate::wire::IssuedCredential,
        replaces: Option<ExpiringIdentity>,
    ) -> Result<ExpiringIdentity, ClientError> {
        let mef = self.client.access().fqdn().clone();
        let expected = Expected { mef, entity: self.entity.clone(), replaces };
        let now = self.clock.now();
        let id_2 = self.store.install(issued, &expected, &self.new, now)?;
        let life = Life { since: now, until: id_2.expiration().to_unix() };
        self.schedule.succeeded(life, &mut *self.random);
        self.known = Some(id_2.clone());
        Ok(id_2)
    }

    fn end(&self) -> Option<ExpirationTime> {
        let end = self.clock.now().checked_add(self.lifetime?)?;
        ExpirationTime::from_unix(end).ok()
    }
}

/// Without a note of its beginning a credential counts from now on: it is renewed at half of what is left.
fn life(installed: &Installed, now: UnixTime) -> Life {
    let until = installed.id_2.expiration().to_unix();
    Life { since: installed.since.unwrap_or(now).min(until), until }
}

/// Keeps a key registered for a peer: registers another in the last fifth of its life.
///
/// Which of the two serves the next handshake is not for this side alone to say: both are valid until the first ends.
pub struct KeyKeeper {
    client: Client,
    request: KeyRequest,
    lifetime: Duration,
    clock: Arc<dyn Clock>,
    random: Random,
    schedule: Schedule,
}

impl core::fmt::Debug for KeyKeeper {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("KeyKeeper")
            .field("client", &self.client)
            .field("request", &self.request)
            .field("schedule", &self.schedule)
            .finish_non_exhaustive()
    }
}

impl KeyKeeper {
    /// Registers keys like `request`, each for `lifetime`; the first is due at once.
    pub fn new(
        client: Client,
        request: KeyRequest,
        lifetime: Duration,
        (clock, mut random): (Arc<dyn Clock>, Random),
    ) -> Self {
        let schedule = Schedule::new(Window::LastFifth, None, &mut *random);
        Self { client, request, lifetime, clock, random, schedule }
    }

    /// What is registered again and again.
    pub const fn request(&self) -> &KeyRequest {
        &self.request
    }

    /// Whether a key is to be registered now.
    pub fn is_due(&self) -> bool {
        !matches!(self.schedule.due(self.clock.now()), Due::Wait(_))
    }

    /// There is a key like that already, which another process or an earlier one registered, and which ends then: the next
    /// is due in the last fifth of what is left.
    pub fn adopt(&mut self, end: UnixTime) {
        let life = Life { since: self.clock.now(), until: end };
        self.schedule.succeeded(life, &mut *self.random);
    }

    /// Registers another key if that is due.
    pub async fn keep(&mut self) -> Kept<ExportedRegistration> {
        let now = self.clock.now();
        if let Due::Wait(until) = self.schedule.due(now) {
            return Kept::Until(until);
        }
        match self.register(now).await {
            Ok(registered) => Kept::Renewed(registered),
            Err(error) => {
                let now = self.clock.now();
                self.schedule.failed(now, &mut *self.random);
                match self.schedule.due(now) {
                    Due::Wait(until) => Kept::Failed(error, until),
                    Due::Renew | Due::Provision => Kept::Failed(error, now),
                }
            }
        }
    }

    async fn register(&mut self, now: UnixTime) -> Result<ExportedRegistration, ClientError> {
        let end = now.checked_add(self.lifetime).and_then(|end| ExpirationTime::from_unix(end).ok());
        let end =
            end.ok_or(ClientError::Configuration("the life of the key reaches beyond the year 9999"))?;
        let request = KeyRequest { end, ..self.request.clone() };
        let registered = self.client.register_exported_key(&request).await;
        self.client.disconnect();
        let registered = registered?;
        let until = ExpirationTime::parse(&registered.registration.expiration_time);
        let until = until.map_err(|_| ClientError::Answer("no end"))?.to_unix();
        if until <= now {
            // Another one would be as old: what was registered stays until it ends there.
            return Err(ClientError::Configuration(
                "the key that was registered has ended by the clock here: set the clock, which may be ahead",
            ));
        }
        self.schedule.succeeded(Life { since: now, until }, &mut *self.random);
        Ok(registered)
    }
}
