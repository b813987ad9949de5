//! Configuration objects of a node, and the procedures that they lead to: TS-0003 clauses 8.3.4.2, 8.3.4.3 and 8.3.9.9.
//!
//! | event | leads to |
//! |---|---|
//! | `[MEFClientRegCfg]` or `[MAFClientRegCfg]` added | Client Registration |
//! | the same deleted | its keys are dropped, Client De-Registration |
//! | the same updated | nothing by itself |
//! | `[authenticationProfile]` added, updated, deleted | nothing by itself |
//! | MO_NODE command on a profile | what its SUID says: Key Registration, or the use of what is there |

use super::{Client, ClientError, ExportedRegistration, KeyRequest};
use crate::Function;
use crate::command::object::{Action, ObjectType, Profile, check_answer};
use crate::command::values::status;
use crate::wire::{KeyRegistrationRequest, Registration, ResponseStatusCode};
use core::time::Duration;
use eccsi_sakke::onem2m::{ExpirationTime, Fqdn, SecurityUsage, UnixTime};
use std::collections::BTreeMap;
use std::string::ToString;

/// Life that is proposed for a registration whose object names no end.
const REGISTRATION: Duration = Duration::from_secs(365 * 86_400);

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
#[derive(Clone, Debug)]
pub struct ProfileObject {
    /// What is checked.
    pub profile: Profile,
    /// The path of its child `[MEFClientRegCfg]` or `[MAFClientRegCfg]`.
    pub registration: Option<String>,
    /// Whom its key is for: registrar CSE-ID, CSE-ID of containerPath, or FQDN of the MAF.
    pub targets: Vec<String>,
    /// Labels of its key.
    pub labels: Option<Vec<String>>,
}

/// An object of the node.
#[derive(Clone, Debug)]
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

/// The objects, by their paths, with what they led to.
#[derive(Debug, Default)]
pub struct Node {
    objects: BTreeMap<String, Object>,
    /// By the path of the object.
    registrations: BTreeMap<String, Registration>,
    /// By the path of the profile.
    keys: BTreeMap<String, ExportedRegistration>,
}

impl Node {
    /// A node without objects.
    pub const fn new() -> Self {
        Self { objects: BTreeMap::new(), registrations: BTreeMap::new(), keys: BTreeMap::new() }
    }

    /// The registration that an object led to.
    pub fn registration(&self, path: &str) -> Option<&Registration> {
        self.registrations.get(path)
    }

    /// The key that a profile led to.
    pub fn key(&self, path: &str) -> Option<&ExportedRegistration> {
        self.keys.get(path)
    }

    /// An object was added: one for a registration leads to it. `client` is that of the function that it names.
    ///
    /// # Errors
    /// [`ClientError`]; the object is there then, without a registration, and may be added again.
    pub async fn added(
        &mut self,
        client: &mut Client,
        path: &str,
        object: Object,
        now: UnixTime,
    ) -> Result<Option<&Registration>, ClientError> {
        let wanted = match &object {
            Object::Registration(wanted) => Some(wanted.clone()),
            Object::Profile(_) | Object::TrustAnchor => None,
        };
        self.objects.insert(path.into(), object);
        let Some(wanted) = wanted else { return Ok(None) };
        if self.registrations.contains_key(path) {
            return Ok(self.registrations.get(path));
        }
        is_of(client, &wanted)?;
        let end = match wanted.end {
            Some(end) => end,
            None => end_after(now, REGISTRATION)?,
        };
        let registration = client.register(&wanted.stakeholder, end, wanted.labels).await?;
        self.registrations.insert(path.into(), registration);
        Ok(self.registrations.get(path))
    }

    /// An object was changed. Leads to nothing by itself.
    pub fn updated(&mut self, path: &str, object: Object) {
        self.objects.insert(path.into(), object);
    }

    /// An object was deleted: one that led to a registration ends it, and what was registered under it is dropped first.
    ///
    /// # Errors
    /// [`ClientError`]; the object is gone then, and the registration ends with its time at the latest.
    pub async fn deleted(&mut self, client: &mut Client, path: &str) -> Result<(), ClientError> {
        let object = self.objects.remove(path);
        let Some(registration) = self.registrations.remove(path) else { return Ok(()) };
        let under = |object: &Object| match object {
            Object::Profile(profile) => profile.registration.as_deref() == Some(path),
            Object::Registration(_) | Object::TrustAnchor => false,
        };
        let objects = &self.objects;
        self.keys.retain(|profile, _| !objects.get(profile).is_some_and(under));
        if let Some(Object::Registration(wanted)) = &object {
            is_of(client, wanted)?;
        }
        match client.deregister(&registration.id).await {
            // Gone already, which is what is wanted.
            Err(error) if error.response_status_code() == Some(ResponseStatusCode::NotFound) => Ok(()),
            outcome => outcome,
        }
    }

    /// Executes MO_NODE, and gives the status to be reported.
    pub(super) async fn execute(
        &mut self,
        client: &mut Client,
        path: &str,
        (object_type, usage): (ObjectType, Option<SecurityUsage>),
        now: UnixTime,
    ) -> u16 {
        let Some(object) = self.objects.get(path) else { return status::MO_NODE_NOT_FOUND };
        if object.object_type() != Some(object_type) {
            return status::MO_NODE_TYPE_CONFLICT;
        }
        let (Object::Profile(object), Some(usage)) = (object, usage) else { return status::OK };
        match object.profile.check(usage) {
            Err(status) => status,
            Ok(Action::UseKey | Action::UseCertificate) => status::OK,
            Ok(Action::RegisterAtMef | Action::RegisterAtMaf) => {
                let object = object.clone();
                match self.register_key(client, &object, now).await {
                    Ok(key) => {
                        self.keys.insert(path.into(), key);
                        status::OK
                    }
                    Err(status) => status,
                }
            }
        }
    }

    async fn register_key(
        &self,
        client: &mut Client,
        object: &ProfileObject,
        now: UnixTime,
    ) -> Result<ExportedRegistration, u16> {
        let path = object.registration.as_deref().ok_or(status::MO_NODE_INCONSISTENT)?;
        let (Some(Object::Registration(at)), Some(registration)) =
            (self.objects.get(path), self.registrations.get(path))
        else {
            return Err(status::MO_NODE_INCONSISTENT);
        };
        let failed = |error: ClientError| {
            tracing::warn!(%error, "a commanded key registration failed");
            status::MO_NODE_EXECUTION
        };
        is_of(client, at).map_err(failed)?;
        let duration = object.profile.key_duration.ok_or(status::MO_NODE_INCONSISTENT)?;
        let request = KeyRequest {
            stakeholder: at.stakeholder.clone(),
            end: end_after(now, duration).map_err(failed)?,
            usage: object.profile.usage,
            targets: Some(object.targets.clone()),
            labels: object.labels.clone(),
        };
        let key = client.register_exported_key(&request).await.map_err(failed)?;
        let asked = KeyRegistrationRequest {
            fqdn: at.fqdn.to_string(),
            admin_fqdn: request.stakeholder.to_string(),
            expiration_time: request.end.to_string(),
            suid: u64::from(request.usage.to_u8()),
            labels: None,
            target_ids: request.targets,
            key_value: None,
        };
        check_answer(&asked, &key.registration, &registration.client_id, now)?;
        Ok(key)
    }
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

fn end_after(now: UnixTime, duration: Duration) -> Result<ExpirationTime, ClientError> {
    let end = now.checked_add(duration).and_then(|end| ExpirationTime::from_unix(end).ok());
    end.ok_or(ClientError::Configuration("an end beyond the year 9999"))
}
