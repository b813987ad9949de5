//! Configuration objects, with what they led to.

use super::{CREDENTIAL, DeviceStore, MAX_LIST, OBJECTS, SINCE, remove};
use crate::Function;
use crate::client::node::format::Row as ObjectRow;
use crate::client::node::{NewestKey, NodeObject};
use crate::files::{FileError, FormatError};
use eccsi_sakke::onem2m::{ExpirationTime, Fqdn, KeyIdentifier};
use serde::{Deserialize, Serialize};
use std::string::ToString;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with a list of objects")]
struct List {
    objects: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object of a node, with what it led to")]
struct Row {
    object: ObjectRow,
    /// The registration to be ended: the object was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<KeyRow>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "the newest key of a profile")]
struct KeyRow {
    identifier: String,
    /// From then on another one is registered.
    renew: String,
}

impl Row {
    fn of(one: &NodeObject) -> Self {
        let key = |key: &NewestKey| KeyRow {
            identifier: key.identifier.to_string(),
            renew: ExpirationTime::from_unix(key.renew).unwrap_or(ExpirationTime::MAX).to_string(),
        };
        Self {
            object: ObjectRow::of(&one.path, &one.object),
            ends: one.ends.clone(),
            key: one.key.as_ref().map(key),
        }
    }

    fn read(self) -> Result<NodeObject, FormatError> {
        let (path, object) = self.object.read()?;
        let key = |key: KeyRow| -> Result<NewestKey, FormatError> {
            Ok(NewestKey {
                identifier: KeyIdentifier::parse(&key.identifier)?,
                renew: ExpirationTime::parse(&key.renew)?.to_unix(),
            })
        };
        Ok(NodeObject { path, object, ends: self.ends, key: self.key.map(key).transpose()? })
    }
}

impl DeviceStore {
    /// The objects, also those whose registration is being ended.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn objects(&self) -> Result<Vec<NodeObject>, FileError> {
        let list: Option<List> = self.note(OBJECTS, MAX_LIST)?;
        let rows = list.map(|list| list.objects).unwrap_or_default();
        let read: Result<Vec<_>, _> = rows.into_iter().map(Row::read).collect();
        read.map_err(|error| FileError::new(&self.folder.join(OBJECTS), error))
    }

    /// Keeps them in place of all that were there.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn put_objects(&self, all: &[NodeObject]) -> Result<(), FileError> {
        self.put(OBJECTS, &List { objects: all.iter().map(Row::of).collect() }, 0)
    }

    /// Forgets what came of a function to authenticate with: at a MEF the IBC credential and Ke, at a MAF Km. KPAKs stay
    /// pinned.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn forget_credentials(&self, function: Function, fqdn: &Fqdn) -> Result<(), FileError> {
        debug_assert!(self.lock.is_some(), "who changes the folder holds it");
        match function {
            Function::Mef => {
                let installed = self.installed()?;
                if installed.is_some_and(|installed| installed.id_2.fqdn() == fqdn) {
                    remove(&self.folder.join(CREDENTIAL))?;
                    remove(&self.folder.join(SINCE))?;
                }
                remove(&self.enrolment_path(fqdn))
            }
            Function::Maf => self.forget_master_key(fqdn),
        }
    }
}
