//! Registrations, and the keys that sessions with MEF and MAF are opened with.

use super::{DeviceStore, ENROLMENT, MASTER_KEY, MAX_LIST, MAX_NOTE, REGISTRATIONS, remove};
use crate::Function;
use crate::derive::{EnrolmentTarget, kuse};
use crate::files::hex::{HexKey, encode_secret};
use crate::files::{FileError, FormatError};
use core::fmt;
use eccsi_sakke::onem2m::{EntityName, ExpirationTime, Fqdn, KeId, KmId, SecurityUsage, UnixTime};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::string::ToString;
use zeroize::Zeroizing;

/// A registration of this entity, as the function granted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRegistration {
    /// Where.
    pub function: Function,
    /// FQDN of the function.
    pub fqdn: Fqdn,
    /// The administrating stakeholder.
    pub stakeholder: Fqdn,
    /// Who is registered, in absolute form.
    pub entity: EntityName,
    /// MEFClientRegID or mafClientRegID.
    pub id: String,
    /// The granted end.
    pub until: ExpirationTime,
    /// KmID or KpmID for handshakes, if one was assigned.
    pub identity: Option<String>,
}

/// An enrolment key: TS-0003 clause 10.3.1.
pub struct EnrolmentKey {
    /// Its name.
    pub ke_id: KeId,
    /// Whose it is.
    pub entity: EntityName,
    /// Ke, 32 octets.
    pub key: Zeroizing<[u8; 32]>,
}

/// Km of this entity at a MAF.
pub struct MasterKey {
    /// KmID that the MAF assigned.
    pub km_id: KmId,
    /// Whose it is.
    pub entity: EntityName,
    /// Km, 32 octets.
    pub key: Zeroizing<[u8; 32]>,
}

/// A key of 32 octets: its identity, and the entity that it is for.
type KeyOf<I> = (I, EntityName, Zeroizing<[u8; 32]>);

impl fmt::Debug for EnrolmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolmentKey").field("ke_id", &self.ke_id).finish_non_exhaustive()
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").field("km_id", &self.km_id).finish_non_exhaustive()
    }
}

impl EnrolmentKey {
    /// Km of this entity at a MAF: Kuse of clause 10.3.7 for SUID 21, which the MAF fetches by the KeID.
    pub fn master_key(&self, maf: &Fqdn) -> Zeroizing<[u8; 32]> {
        kuse(&self.key, SecurityUsage::RspfMaf, &EnrolmentTarget::maf(maf))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with a list of registrations")]
struct List {
    registrations: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a registration")]
struct Row {
    function: Name,
    fqdn: String,
    #[serde(rename = "adminFQDN")]
    stakeholder: String,
    entity: String,
    id: String,
    until: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<String>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", expecting = "mef or maf")]
enum Name {
    Mef,
    Maf,
}

#[derive(Serialize)]
struct WrittenKey<'a> {
    identity: &'a str,
    entity: &'a str,
    key: &'a str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with identity, entity and key")]
struct ReadKey {
    identity: String,
    entity: String,
    key: HexKey,
}

impl Row {
    fn of(registration: &StoredRegistration) -> Self {
        Self {
            function: match registration.function {
                Function::Mef => Name::Mef,
                Function::Maf => Name::Maf,
            },
            fqdn: registration.fqdn.to_string(),
            stakeholder: registration.stakeholder.to_string(),
            entity: registration.entity.as_str().into(),
            id: registration.id.clone(),
            until: registration.until.to_string(),
            identity: registration.identity.clone(),
        }
    }

    fn read(self) -> Result<StoredRegistration, FormatError> {
        Ok(StoredRegistration {
            function: match self.function {
                Name::Mef => Function::Mef,
                Name::Maf => Function::Maf,
            },
            fqdn: Fqdn::parse(&self.fqdn)?,
            stakeholder: Fqdn::parse(&self.stakeholder)?,
            entity: EntityName::parse(&self.entity)?,
            id: self.id,
            until: ExpirationTime::parse(&self.until)?,
            identity: self.identity,
        })
    }
}

impl DeviceStore {
    /// All registrations, also those whose end has passed.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn registrations(&self) -> Result<Vec<StoredRegistration>, FileError> {
        let list: Option<List> = self.note(REGISTRATIONS, MAX_LIST)?;
        let rows = list.map(|list| list.registrations).unwrap_or_default();
        let read: Result<Vec<_>, _> = rows.into_iter().map(Row::read).collect();
        read.map_err(|error| FileError::new(&self.folder.join(REGISTRATIONS), error))
    }

    /// The registrations of `entity` with a function that have not ended at `now`.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn live_registrations(
        &self,
        function: Function,
        fqdn: &Fqdn,
        entity: &EntityName,
        now: UnixTime,
    ) -> Result<Vec<StoredRegistration>, FileError> {
        let mut all = self.registrations()?;
        all.retain(|one| {
            one.function == function
                && one.fqdn == *fqdn
                && one.entity == *entity
                && now < one.until.to_unix()
        });
        Ok(all)
    }

    /// Keeps a registration, in place of that of the same entity with the same function and stakeholder.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn keep_registration(&self, registration: &StoredRegistration) -> Result<(), FileError> {
        let mut all = self.registrations()?;
        all.retain(|one| {
            let place = |one: &StoredRegistration| {
                (one.function, one.fqdn.clone(), one.stakeholder.clone(), one.entity.clone())
            };
            place(one) != place(registration)
        });
        all.push(registration.clone());
        self.put_registrations(&all)
    }

    /// Forgets a registration, what is known of its commands, and the keys that this entity registered under it. Its Km
    /// stays: by its KmID the entity may register again.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn forget_registration(&self, function: Function, fqdn: &Fqdn, id: &str) -> Result<(), FileError> {
        let (gone, left): (Vec<_>, Vec<_>) = self
            .registrations()?
            .into_iter()
            .partition(|one| one.function == function && one.fqdn == *fqdn && one.id == id);
        for one in &gone {
            for key in self.keys()? {
                let is_under = key.identifier.fqdn() == fqdn
                    && key.stakeholder == one.stakeholder
                    && key.source == one.entity.as_str();
                if is_under {
                    self.forget_key(&key.identifier)?;
                }
            }
        }
        self.forget_commands(fqdn, id)?;
        if gone.is_empty() { Ok(()) } else { self.put_registrations(&left) }
    }

    fn put_registrations(&self, all: &[StoredRegistration]) -> Result<(), FileError> {
        let list = List { registrations: all.iter().map(Row::of).collect() };
        self.put(REGISTRATIONS, &list, 0)
    }

    /// Where the enrolment key of this MEF is.
    pub fn enrolment_path(&self, mef: &Fqdn) -> PathBuf {
        self.folder.join(format!("{ENROLMENT}{mef}.json"))
    }

    /// Where Km of this MAF is.
    pub fn master_key_path(&self, maf: &Fqdn) -> PathBuf {
        self.folder.join(format!("{MASTER_KEY}{maf}.json"))
    }

    /// Keeps an enrolment key in place of an earlier one of the same MEF.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn keep_enrolment_key(&self, key: &EnrolmentKey) -> Result<(), FileError> {
        let name = format!("{ENROLMENT}{}.json", key.ke_id.fqdn());
        self.put_key(&name, key.ke_id.as_str(), &key.entity, &key.key)
    }

    /// The enrolment key of a MEF.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn enrolment_key(&self, mef: &Fqdn) -> Result<Option<EnrolmentKey>, FileError> {
        let read = self.key(&format!("{ENROLMENT}{mef}.json"), KeId::parse)?;
        Ok(read.map(|(ke_id, entity, key)| EnrolmentKey { ke_id, entity, key }))
    }

    /// The enrolment keys of all MEFs, by their FQDNs.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn enrolment_keys(&self) -> Result<Vec<EnrolmentKey>, FileError> {
        let mut mefs: Vec<_> = self
            .names("")?
            .into_iter()
            .filter_map(|name| Fqdn::parse(name.strip_prefix(ENROLMENT)?.strip_suffix(".json")?).ok())
            .collect();
        mefs.sort();
        mefs.iter().filter_map(|mef| self.enrolment_key(mef).transpose()).collect()
    }

    /// Keeps Km in place of an earlier one of the same MAF.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn keep_master_key(&self, key: &MasterKey) -> Result<(), FileError> {
        let name = format!("{MASTER_KEY}{}.json", key.km_id.fqdn());
        self.put_key(&name, key.km_id.as_str(), &key.entity, &key.key)
    }

    /// Km of a MAF.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn master_key(&self, maf: &Fqdn) -> Result<Option<MasterKey>, FileError> {
        let read = self.key(&format!("{MASTER_KEY}{maf}.json"), KmId::parse)?;
        Ok(read.map(|(km_id, entity, key)| MasterKey { km_id, entity, key }))
    }

    /// Forgets Km of a MAF.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn forget_master_key(&self, maf: &Fqdn) -> Result<(), FileError> {
        remove(&self.master_key_path(maf))
    }

    fn put_key(
        &self,
        name: &str,
        identity: &str,
        entity: &EntityName,
        key: &Zeroizing<[u8; 32]>,
    ) -> Result<(), FileError> {
        let key = encode_secret(key.as_slice());
        self.put(name, &WrittenKey { identity, entity: entity.as_str(), key: &key }, 4096)
    }

    fn key<I, E: Into<FormatError>>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<I, E>,
    ) -> Result<Option<KeyOf<I>>, FileError> {
        let Some(read) = self.note::<ReadKey>(name, MAX_NOTE)? else { return Ok(None) };
        let read = || -> Result<_, FormatError> {
            let mut key = Zeroizing::new([0; 32]);
            if read.key.0.len() != key.len() {
                return Err(FormatError::Other("its key does not have 32 octets"));
            }
            key.copy_from_slice(&read.key.0);
            Ok((parse(&read.identity).map_err(Into::into)?, EntityName::parse(&read.entity)?, key))
        };
        read().map(Some).map_err(|error| FileError::new(&self.folder.join(name), error))
    }
}
