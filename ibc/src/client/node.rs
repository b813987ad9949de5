//! Configuration objects of a node, and the procedures that they lead to: TS-0003 clauses 8.3.4.2, 8.3.4.3 and 8.3.9.9.
//!
//! | event | leads to |
//! |---|---|
//! | `[MEFClientRegCfg]` or `[MAFClientRegCfg]` added | Client Registration |
//! | the same deleted | Client De-Registration until it is answered, then its keys and credentials are gone |
//! | the same updated | nothing by itself |
//! | `[authenticationProfile]` added, updated, deleted | nothing by itself |
//! | MO_NODE command on a profile | what its SUID says: Key Registration, or the use of what is there |
//! | the newest key of a profile near its end | Key Registration |
//!
//! The objects are in the [`DeviceStore`], with what they led to: one process goes on where another was killed.

pub(in crate::client) mod format;

pub use format::parse;

use super::renewal::{Due, Life, Schedule, Window};
use super::{Client, ClientError, DeviceStore, KeyRequest, StoredRegistration, own_key};
use crate::Function;
use crate::command::object::{Action, ObjectType, Profile, check_answer};
use crate::command::values::status;
use crate::files::FileError;
use crate::files::registered_key_file::RegisteredKeyFile;
use crate::wire::{KeyRegistrationRequest, ResponseStatusCode};
use core::time::Duration;
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, Fqdn, KeyIdentifier, SecurityUsage, UnixTime};
use std::string::ToString;
use zeroize::Zeroizing;

/// A key registration that failed is not tried again before, by no process.
const FLOOR: Duration = Duration::from_secs(15);

/// `[MEFClientRegCfg]` or `[MAFClientRegCfg]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationObject {
    /// Which function it is for.
    pub function: Function,
    /// fqdn.
    pub fqdn: Fqdn,
    /// adminFQDN.
    pub stakeholder: Fqdn,
    /// expirationTime.
    pub end: Option<ExpirationTime>,
    #[allow(missing_docs, reason = "as named")]
    pub labels: Option<Vec<String>>,
}

/// `[authenticationProfile]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileObject {
    /// What is checked; which children it has is found among the objects.
    pub profile: Profile,
    /// The path of its child `[MEFClientRegCfg]` or `[MAFClientRegCfg]`.
    pub registration: Option<String>,
    /// The paths of its children `[trustAnchorCred]`.
    pub trust_anchors: Vec<String>,
    /// Whom its key is for: registrar CSE-ID, CSE-ID of containerPath, or FQDN of the MAF.
    pub targets: Vec<String>,
    /// Labels of its key.
    pub labels: Option<Vec<String>>,
    /// expirationTime: from then on it is not in force, and no key lasts longer.
    pub end: Option<ExpirationTime>,
}

/// An object of the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A registration that is wanted.
    Registration(RegistrationObject),
    /// A way to authenticate.
    Profile(Box<ProfileObject>),
    /// `[trustAnchorCred]`.
    TrustAnchor,
}

impl Object {
    const fn object_type(&self) -> Option<ObjectType> {
        match self {
            Self::Profile(_) => Some(ObjectType::AuthenticationProfile),
            Self::TrustAnchor => Some(ObjectType::TrustAnchor),
            Self::Registration(RegistrationObject { function: Function::Maf, .. }) => {
                Some(ObjectType::MafClientRegistration)
            }
            Self::Registration(_) => None, // no command names one
        }
    }
}

/// An object as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeObject {
    /// objectPath.
    pub path: String,
    #[allow(missing_docs, reason = "as named")]
    pub object: Object,
    /// It was deleted, and this registration is to be ended.
    pub ends: Option<String>,
    /// The newest key of a profile.
    pub key: Option<NewestKey>,
}

/// The key that was registered last under a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewestKey {
    #[allow(missing_docs, reason = "as named")]
    pub identifier: KeyIdentifier,
    /// From then on another one is registered.
    pub renew: UnixTime,
}

impl NodeObject {
    /// The registration that is wanted, unless it is being ended.
    fn wanted(&self) -> Option<&RegistrationObject> {
        self.registration().filter(|_| self.ends.is_none())
    }

    fn registration(&self) -> Option<&RegistrationObject> {
        match &self.object {
            Object::Registration(registration) => Some(registration),
            Object::Profile(_) | Object::TrustAnchor => None,
        }
    }

    fn profile(&self) -> Option<&ProfileObject> {
        match &self.object {
            Object::Profile(profile) => Some(profile),
            Object::Registration(_) | Object::TrustAnchor => None,
        }
    }
}

/// What a deletion came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// There was no such object.
    Unknown,
    /// It is gone, and led to nothing.
    Gone,
    /// This registration is to be ended: [`Node::end_registrations`].
    Ends(String),
}

/// What came of the keys whose time had come.
#[derive(Debug)]
pub struct RenewedKey {
    /// The path of the profile.
    pub path: String,
    /// The key, which is in the store.
    pub key: Result<RegisteredKeyFile, ClientError>,
}

/// The objects of one entity, in its store.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    store: &'a DeviceStore,
    entity: &'a EntityName,
}

impl<'a> Node<'a> {
    /// Those of `entity`, in absolute form, whose store this is.
    pub const fn new(store: &'a DeviceStore, entity: &'a EntityName) -> Self {
        Self { store, entity }
    }

    /// Objects were added, or changed where there was one. Those for registrations lead to them: [`Node::wanted`].
    ///
    /// # Errors
    /// [`ClientError::File`]; [`ClientError::Configuration`] if one would name the registration of another object, or
    /// another one than it led to. Then nothing has changed.
    pub fn added(&self, objects: Vec<(String, Object)>) -> Result<(), ClientError> {
        let mut all = self.store.objects()?;
        let registrations = self.store.registrations()?;
        for (path, object) in objects {
            let Some(known) = all.iter_mut().find(|known| known.path == path) else {
                all.push(NodeObject { path, object, ends: None, key: None });
                continue;
            };
            if known.ends.is_some() {
                return Err(ClientError::Configuration(
                    "the registration of a deleted object is still being ended: add it again when that is done",
                ));
            }
            let moves = known.registration().is_some_and(|before| {
                let is_same = matches!(&object, Object::Registration(after) if after.is_alike(before));
                !is_same && registrations.iter().any(|one| self.is_of(one, before))
            });
            if moves {
                return Err(ClientError::Configuration(
                    "an object that led to a registration cannot become another one: delete it, and add the other",
                ));
            }
            let key = known.key.take().filter(|_| matches!(object, Object::Profile(_)));
            *known = NodeObject { path, object, ends: None, key };
        }
        let wanted: Vec<_> = all.iter().filter_map(NodeObject::registration).collect();
        let is_twice =
            |one: &RegistrationObject| wanted.iter().filter(|other| other.is_alike(one)).count() > 1;
        if wanted.iter().any(|one| is_twice(one)) {
            return Err(ClientError::Configuration(
                "two objects name the same registration: one function and one stakeholder",
            ));
        }
        Ok(self.store.put_objects(&all)?)
    }

    /// The registrations with a function that objects want and the store does not know: the caller registers, and keeps
    /// what comes of it ([`DeviceStore::keep_registration`]).
    ///
    /// # Errors
    /// [`FileError`].
    pub fn wanted(
        &self,
        (function, fqdn): (Function, &Fqdn),
        now: UnixTime,
    ) -> Result<Vec<RegistrationObject>, FileError> {
        let live = self.store.live_registrations(function, fqdn, self.entity, now)?;
        let is_missing = |wanted: &RegistrationObject| {
            wanted.function == function
                && wanted.fqdn == *fqdn
                && !live.iter().any(|one| one.stakeholder == wanted.stakeholder)
        };
        let objects = self.store.objects()?;
        Ok(objects.iter().filter_map(NodeObject::wanted).filter(|one| is_missing(one)).cloned().collect())
    }

    /// An object was deleted. One that led to a registration stays, marked, until that has ended.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn deleted(&self, path: &str) -> Result<Deleted, FileError> {
        let mut all = self.store.objects()?;
        let Some(place) = all.iter().position(|one| one.path == path) else { return Ok(Deleted::Unknown) };
        let Some(one) = all.get_mut(place) else { return Ok(Deleted::Unknown) };
        if let Some(id) = &one.ends {
            return Ok(Deleted::Ends(id.clone()));
        }
        let registrations = self.store.registrations()?;
        let led_to = one
            .registration()
            .and_then(|wanted| registrations.iter().find(|registration| self.is_of(registration, wanted)));
        let outcome = match led_to {
            Some(registration) => {
                one.ends = Some(registration.id.clone());
                Deleted::Ends(registration.id.clone())
            }
            None => {
                all.remove(place);
                Deleted::Gone
            }
        };
        self.store.put_objects(&all)?;
        Ok(outcome)
    }

    /// Ends the registrations with the function of `client` whose objects were deleted, and gives their identifiers. Once
    /// the function has answered, what was registered under them and what it gave to authenticate with is forgotten, and
    /// the object last of all.
    ///
    /// # Errors
    /// [`ClientError`]; then it is to be done again.
    pub async fn end_registrations(&self, client: &mut Client) -> Result<Vec<String>, ClientError> {
        let (function, fqdn) = (client.access().function(), client.access().fqdn().clone());
        let mut ended = Vec::new();
        for one in self.store.objects()? {
            let (Some(id), Some(registration)) = (&one.ends, one.registration()) else { continue };
            if is_of(client, registration).is_err() {
                continue;
            }
            match client.deregister(id).await {
                // Gone already, which is what is wanted.
                Err(error) if error.response_status_code() == Some(ResponseStatusCode::NotFound) => {}
                outcome => outcome?,
            }
            self.store.forget_registration(function, &fqdn, id)?;
            // What the function gave to a client belongs to all its registrations there.
            let is_left = |other: &StoredRegistration| other.function == function && other.fqdn == fqdn;
            if !self.store.registrations()?.iter().any(is_left) {
                self.store.forget_credentials(function, &fqdn)?;
            }
            let mut all = self.store.objects()?;
            all.retain(|other| other.path != one.path);
            self.store.put_objects(&all)?;
            ended.push(id.clone());
        }
        Ok(ended)
    }

    /// Whether this registration is to be ended.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn ends(&self, function: Function, fqdn: &Fqdn, id: &str) -> Result<bool, FileError> {
        Ok(self.store.objects()?.iter().any(|one| {
            one.ends.as_deref() == Some(id)
                && one.registration().is_some_and(|of| of.function == function && of.fqdn == *fqdn)
        }))
    }

    /// When the next key under a profile is due at the function of `client`, if any will be.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn next_key(&self, client: &Client, now: UnixTime) -> Result<Option<UnixTime>, FileError> {
        let all = self.store.objects()?;
        let due = all.iter().filter_map(|one| {
            let key = one.key.as_ref()?;
            self.key_request(client, &all, one.profile()?, now).ok()?;
            Some(key.renew)
        });
        Ok(due.min())
    }

    /// Registers another key under each profile whose newest one is near its end, as long as the profile is in force, at the
    /// function of `client`. One that fails is not due again at once.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn renew_keys(
        &self,
        client: &mut Client,
        now: UnixTime,
        random: &mut (dyn FnMut() -> u32 + Send),
    ) -> Result<Vec<RenewedKey>, FileError> {
        let mut renewed = Vec::new();
        let all = self.store.objects()?;
        for one in &all {
            let (Some(profile), Some(newest)) = (one.profile(), &one.key) else { continue };
            let Ok(request) = self.key_request(client, &all, profile, now) else { continue };
            if now < newest.renew {
                continue;
            }
            let key = self.register_key(client, &request, now).await;
            let next = match &key {
                Ok(key) => NewestKey { identifier: key.identifier.clone(), renew: renewal(key, now, random) },
                Err(_) => NewestKey { renew: now.checked_add(FLOOR).unwrap_or(now), ..newest.clone() },
            };
            self.keep_newest(&one.path, next)?;
            renewed.push(RenewedKey { path: one.path.clone(), key });
        }
        Ok(renewed)
    }

    /// Executes MO_NODE, and gives the status to be reported.
    pub(super) async fn execute(
        &self,
        client: &mut Client,
        path: &str,
        (object_type, usage): (ObjectType, Option<SecurityUsage>),
        (now, random): (UnixTime, &mut (dyn FnMut() -> u32 + Send)),
    ) -> u16 {
        let all = match self.store.objects() {
            Ok(all) => all,
            Err(error) => return failed(&error.into()),
        };
        let Some(one) = all.iter().find(|one| one.path == path && one.ends.is_none()) else {
            return status::MO_NODE_NOT_FOUND;
        };
        if one.object.object_type() != Some(object_type) {
            return status::MO_NODE_TYPE_CONFLICT;
        }
        let (Some(object), Some(usage)) = (one.profile(), usage) else { return status::OK };
        match with_children(object, &all).check(usage) {
            Err(status) => status,
            Ok(Action::UseKey | Action::UseCertificate) => status::OK,
            Ok(Action::RegisterAtMef | Action::RegisterAtMaf) => {
                let request = match self.key_request(client, &all, object, now) {
                    Ok(request) => request,
                    Err(status) => return status,
                };
                let outcome: Result<(), ClientError> = async {
                    let key = self.register_key(client, &request, now).await?;
                    let renew = renewal(&key, now, random);
                    Ok(self.keep_newest(path, NewestKey { identifier: key.identifier, renew })?)
                }
                .await;
                outcome.map_or_else(|error| failed(&error), |()| status::OK)
            }
        }
    }

    /// What a profile asks for, at the function of `client`.
    fn key_request(
        &self,
        client: &Client,
        all: &[NodeObject],
        object: &ProfileObject,
        now: UnixTime,
    ) -> Result<KeyRequest, u16> {
        let path = object.registration.as_deref().ok_or(status::MO_NODE_INCONSISTENT)?;
        let at = all.iter().find(|one| one.path == path).and_then(NodeObject::wanted);
        let at = at.ok_or(status::MO_NODE_INCONSISTENT)?;
        is_of(client, at).map_err(|error| failed(&error))?;
        let live = self.store.live_registrations(at.function, &at.fqdn, self.entity, now);
        let live = live.map_err(|error| failed(&error.into()))?;
        if !live.iter().any(|one| one.stakeholder == at.stakeholder) {
            return Err(status::MO_NODE_INCONSISTENT);
        }
        let duration = object.profile.key_duration.ok_or(status::MO_NODE_INCONSISTENT)?;
        let end = now.checked_add(duration).and_then(|end| ExpirationTime::from_unix(end).ok());
        let end = end.ok_or(status::MO_NODE_INCONSISTENT)?;
        let end = object.end.map_or(end, |last| end.min(last));
        if end.to_unix() <= now {
            return Err(status::MO_NODE_INCONSISTENT);
        }
        Ok(KeyRequest {
            stakeholder: at.stakeholder.clone(),
            end,
            usage: object.profile.usage,
            targets: Some(object.targets.clone()),
            labels: object.labels.clone(),
        })
    }

    /// Registers a key and puts it into the store.
    async fn register_key(
        &self,
        client: &mut Client,
        request: &KeyRequest,
        now: UnixTime,
    ) -> Result<RegisteredKeyFile, ClientError> {
        let key = client.register_exported_key(request).await?;
        let asked = KeyRegistrationRequest {
            fqdn: client.access().fqdn().to_string(),
            admin_fqdn: request.stakeholder.to_string(),
            expiration_time: request.end.to_string(),
            suid: u64::from(request.usage.to_u8()),
            labels: None,
            target_ids: request.targets.clone(),
            key_value: None,
        };
        check_answer(&asked, &key.registration, self.entity.as_str(), now).map_err(|_| {
            ClientError::Answer("a key registration with another source, target or end than was asked for")
        })?;
        let key = own_key(&key.registration, key.identifier, Zeroizing::new(key.key.to_vec()))?;
        self.store.keep_key(&key)?;
        Ok(key)
    }

    fn keep_newest(&self, path: &str, key: NewestKey) -> Result<(), FileError> {
        let mut all = self.store.objects()?;
        if let Some(one) = all.iter_mut().find(|one| one.path == path) {
            one.key = Some(key);
        }
        self.store.put_objects(&all)
    }

    /// Whether an object led to this registration.
    fn is_of(&self, registration: &StoredRegistration, wanted: &RegistrationObject) -> bool {
        registration.function == wanted.function
            && registration.fqdn == wanted.fqdn
            && registration.stakeholder == wanted.stakeholder
            && registration.entity == *self.entity
    }
}

impl RegistrationObject {
    /// Whether both are for the same registration.
    fn is_alike(&self, other: &Self) -> bool {
        (self.function, &self.fqdn, &self.stakeholder) == (other.function, &other.fqdn, &other.stakeholder)
    }
}

/// The profile with the children that are there.
fn with_children(object: &ProfileObject, all: &[NodeObject]) -> Profile {
    let child = object.registration.as_deref();
    let at = all.iter().find(|one| child == Some(one.path.as_str())).and_then(NodeObject::wanted);
    let is_anchor = |path: &&String| {
        all.iter().any(|one| one.path == **path && matches!(one.object, Object::TrustAnchor))
    };
    Profile {
        has_mef_registration: at.is_some_and(|at| at.function == Function::Mef),
        has_maf_registration: at.is_some_and(|at| at.function == Function::Maf),
        trust_anchors: object.trust_anchors.iter().filter(is_anchor).count(),
        ..object.profile.clone()
    }
}

/// When another key follows: in the last fifth of its life, and not at once whatever end was granted.
fn renewal(key: &RegisteredKeyFile, now: UnixTime, random: &mut (dyn FnMut() -> u32 + Send)) -> UnixTime {
    let mut schedule = Schedule::new(Window::LastFifth, None, random);
    schedule.succeeded(Life { since: now, until: key.end.to_unix() }, random);
    match schedule.due(now) {
        Due::Wait(at) => at,
        Due::Renew | Due::Provision => key.end.to_unix(),
    }
}

fn failed(error: &ClientError) -> u16 {
    tracing::warn!(%error, "a commanded key registration failed");
    status::MO_NODE_EXECUTION
}

/// Whether this client is one of the function that an object names.
fn is_of(client: &Client, wanted: &RegistrationObject) -> Result<(), ClientError> {
    let access = client.access();
    if access.function() == wanted.function && *access.fqdn() == wanted.fqdn {
        Ok(())
    } else {
        Err(ClientError::Configuration("the object names another function than the client's"))
    }
}
