//! Objects with which a stakeholder configures devices: TS-0003 clause 8.3.8.

use super::{Admin, client, refused, stakeholder};
use crate::service::device_configuration::queue;
use crate::service::error::{Kind, ServiceError, bad_request, unacceptable};
use crate::service::limits::{DEVICE_OBJECT_BYTES, DEVICE_OBJECTS, DEVICE_PATH_BYTES};
use crate::service::store::WriteTransaction;
use crate::service::store::device_objects::{self as rows, ObjectRow};
use eccsi_sakke::onem2m::Fqdn;
use serde_json::Value;

/// What a MEF configures: certificates come by certificate provisioning, and keys by key registration (clause 8.3.8).
const TYPES: [&str; 4] = ["MEFClientRegCfg", "MAFClientRegCfg", "authenticationProfile", "trustAnchorCred"];

/// An object of a client, as `show` gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredObject {
    /// objectPath.
    pub path: String,
    /// Counts up with each change of the client's objects.
    pub version: u64,
    /// Its one member; `None`: it is to be deleted, and the device has not done so.
    pub object: Option<Value>,
    /// What the device made of this version; `None` if it has not tried.
    pub status: Option<u16>,
}

impl Admin {
    /// Sets objects of a client under a stakeholder, each by its path, and queues DEV_CFG for the registrations that the
    /// client has there. One that is as it was keeps its version. Gives how many changed.
    ///
    /// # Errors
    /// [`Kind::BadRequest`] for a path that is none, a type that is not configured, or symmKeyValue;
    /// [`Kind::ContentsUnacceptable`] beyond 64 objects, for one of more than 640 octets, or if 32 commands wait;
    /// [`Kind::NotFound`] if there is no such client or stakeholder.
    pub async fn set_device_objects(
        &self,
        client: &str,
        stakeholder: &Fqdn,
        objects: &[(String, Value)],
    ) -> Result<usize, ServiceError> {
        let procedure = "admin configuration set";
        let objects: Result<Vec<_>, _> = objects.iter().map(|(path, object)| checked(path, object)).collect();
        let objects = self.audited(procedure, objects).await?;
        self.change_objects(procedure, (client, stakeholder), objects).await
    }

    /// Has objects deleted at the device, and queues DEV_CFG for that. Gives how many that changes.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for a path without an object; otherwise as [`set_device_objects`](Self::set_device_objects).
    pub async fn remove_device_objects(
        &self,
        client: &str,
        stakeholder: &Fqdn,
        paths: &[String],
    ) -> Result<usize, ServiceError> {
        let objects = paths.iter().map(|path| (path.clone(), String::new())).collect();
        self.change_objects("admin configuration remove", (client, stakeholder), objects).await
    }

    /// The objects of a client under a stakeholder, in the order of their paths.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] if the store cannot be read.
    pub async fn device_objects(
        &self,
        client: &str,
        stakeholder: &Fqdn,
    ) -> Result<Vec<ConfiguredObject>, ServiceError> {
        let all = rows::all(&mut *self.read().await?, (client, stakeholder.as_str())).await?;
        let shown = |ObjectRow { path, version, object, reported, status }| ConfiguredObject {
            path,
            version,
            object,
            status: (version == reported).then_some(status),
        };
        Ok(all.into_iter().map(shown).collect())
    }

    async fn change_objects(
        &self,
        procedure: &'static str,
        (client, stakeholder): (&str, &Fqdn),
        objects: Vec<(String, String)>,
    ) -> Result<usize, ServiceError> {
        let (client, fqdn) = (client.to_owned(), stakeholder.as_str().to_owned());
        let (event, mef) = (self.event(procedure), self.mef.clone());
        self.act(procedure, move |tx| {
            Box::pin(async move {
                let Some(mef) = mef else {
                    return Err(refused(Kind::NotFound, "there is no MEF here, which configures devices"));
                };
                client::find(tx.connection(), &client).await?;
                stakeholder::check(tx.connection(), &fqdn).await?;
                let changed = write(tx, (&client, &fqdn), &objects).await?;
                let mut queued = 0usize;
                if changed > 0 {
                    let now = tx.now();
                    for id in rows::registrations(tx.connection(), (&client, &fqdn), now).await? {
                        queued += usize::from(queue(tx.connection(), &mef, &id).await?.is_some());
                    }
                }
                let event = event.with("client", client).with("stakeholder", fqdn);
                tx.audit(event.with("objects", changed).with("commands", queued)).await?;
                Ok(changed)
            })
        })
        .await
    }
}

/// Writes what differs from what is there.
async fn write(
    tx: &mut WriteTransaction<'_>,
    owner: (&str, &str),
    objects: &[(String, String)],
) -> Result<usize, ServiceError> {
    let before = rows::all(tx.connection(), owner).await?;
    let mut changed = 0;
    for (path, object) in objects {
        let known = before.iter().find(|one| one.path == *path);
        let value = known.and_then(|one| one.object.as_ref());
        if object.is_empty() && value.is_none() {
            return Err(refused(Kind::NotFound, "there is no object under this path"));
        }
        if value.map(Value::to_string).as_deref() == Some(object.as_str()) {
            continue;
        }
        rows::put(tx.connection(), owner, path, object).await?;
        changed += 1;
    }
    if rows::all(tx.connection(), owner).await?.len() > DEVICE_OBJECTS {
        return Err(unacceptable("a device has at most 64 objects of one stakeholder"));
    }
    Ok(changed)
}

/// Whether there is a symmKeyValue in it, however deep.
fn has_key_value(content: &Value) -> bool {
    match content {
        Value::Object(members) => {
            members.iter().any(|(name, value)| name == "symmKeyValue" || has_key_value(value))
        }
        Value::Array(values) => values.iter().any(has_key_value),
        _ => false,
    }
}

fn checked(path: &str, object: &Value) -> Result<(String, String), ServiceError> {
    let is_path = path.starts_with('/')
        && path.len() <= DEVICE_PATH_BYTES
        && path.bytes().all(|octet| octet.is_ascii_graphic());
    if !is_path {
        return Err(bad_request("a path begins with / and has at most 128 visible ASCII characters"));
    }
    let one = object.as_object().filter(|members| members.len() == 1);
    let Some((name, content)) = one.and_then(|members| members.iter().next()) else {
        return Err(bad_request("an object has one member, its type"));
    };
    if !TYPES.contains(&name.as_str()) {
        return Err(bad_request(
            "a MEF configures MEFClientRegCfg, MAFClientRegCfg, authenticationProfile and trustAnchorCred",
        ));
    }
    if has_key_value(content) {
        return Err(bad_request("symmKeyValue is not configured: keys are registered (clause 8.3.8)"));
    }
    let text = object.to_string();
    if text.len() > DEVICE_OBJECT_BYTES {
        return Err(unacceptable("an object has at most 640 octets"));
    }
    Ok((path.into(), text))
}
