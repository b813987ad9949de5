//! The credential of one entity on disk, with the KPAKs that are pinned for its MEF.
//!
//! | file | content | mode |
//! |---|---|---|
//! | `credential.json` | ID_2, SSK, PVT, KPAK, perhaps RSK and Z | 0600 |
//! | `kpak.json` | pinned KPAKs, as `ibc verify --kpak` takes them | as the umask says |
//! | `since.json` | when the credential was installed, which it does not say itself | as the umask says |
//! | `registration.json` | the registration of this client, for its commands | as the umask says |
//! | `lock` | held by whoever changes the others | as the umask says |
//!
//! Each file is written whole beside its place, synchronised and renamed, and the folder synchronised. They change in an
//! order in which every prefix is good: first a KPAK is pinned besides the others, which harms nothing, then the
//! credential that needs it comes, then the note about its time, which is missing at worst. So a process that is
//! killed, or a machine that loses its power, leaves the old credential or the new one, with the KPAK it needs.

use super::ClientError;
use super::install::{Checked, Expected, NewKpak, check};
use crate::files::credential_file::{self, CredentialFile};
use crate::files::private_file::{self, Existing};
use crate::files::public_key_file::{self, PublicKeyFile, PublishedKey};
use crate::files::{FileError, FileProblem, json, public_file};
use crate::wire::IssuedCredential;
use eccsi_sakke::onem2m::{ExpirationTime, ExpiringIdentity, Fqdn, UnixTime};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::string::ToString;

const CREDENTIAL: &str = "credential.json";
const KPAKS: &str = "kpak.json";
const SINCE: &str = "since.json";
const REGISTRATION: &str = "registration.json";

/// Octets of a note.
const MAX_NOTE: u64 = 4096;

/// A folder with the credential of one entity, held by this process alone.
#[derive(Debug)]
pub struct CredentialStore {
    folder: PathBuf,
    /// Locked until dropped.
    _lock: File,
}

/// What is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// ID_2 of the credential.
    pub id_2: ExpiringIdentity,
    /// When it was installed, if that is known.
    pub since: Option<UnixTime>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    id2: String,
    since: String,
}

/// A registration as it is remembered.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Registered {
    fqdn: String,
    stakeholder: String,
    id: String,
}

impl CredentialStore {
    /// Opens a folder, makes it if it is not there, and removes what a killed process left half written.
    ///
    /// # Errors
    /// [`FileProblem::Locked`] if another process holds it; [`FileProblem::Io`].
    pub fn open(folder: &Path) -> Result<Self, FileError> {
        let fail = |problem: FileProblem| FileError::new(folder, problem);
        fs::create_dir_all(folder).map_err(|error| fail(error.into()))?;
        let lock = File::create(folder.join("lock")).map_err(|error| fail(error.into()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(fail(FileProblem::Locked)),
            Err(TryLockError::Error(error)) => return Err(fail(error.into())),
        }
        remove_parts(folder).map_err(|error| fail(error.into()))?;
        Ok(Self { folder: folder.into(), _lock: lock })
    }

    /// Where the credential is.
    pub fn credential_path(&self) -> PathBuf {
        self.folder.join(CREDENTIAL)
    }

    /// Where the pinned KPAKs are.
    pub fn kpak_path(&self) -> PathBuf {
        self.folder.join(KPAKS)
    }

    /// The credential, if there is one: well formed, not validated anew.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn credential(&self) -> Result<Option<CredentialFile>, FileError> {
        let path = self.credential_path();
        let octets = absent(private_file::read(&path, credential_file::MAX_OCTETS))?;
        let parse =
            |octets: &[u8]| CredentialFile::parse(octets).map_err(|error| FileError::new(&path, error));
        octets.map(|octets| parse(&octets)).transpose()
    }

    /// Identity and age of the credential, if there is one.
    ///
    /// # Errors
    /// [`FileError`]; a note about its time that cannot be read counts as none.
    pub fn installed(&self) -> Result<Option<Installed>, FileError> {
        let Some(id_2) = self.credential()?.and_then(|file| file.identity().id_2().cloned()) else {
            return Ok(None);
        };
        let note = public_file::read(&self.folder.join(SINCE), MAX_NOTE).ok();
        let note: Option<Since> = note.and_then(|octets| json::object(&octets).ok());
        let note = note.filter(|note| note.id2 == id_2.as_str());
        let since =
            note.and_then(|note| ExpirationTime::parse(&note.since).ok()).map(ExpirationTime::to_unix);
        Ok(Some(Installed { id_2, since }))
    }

    /// The KPAKs that are pinned for this MEF.
    ///
    /// # Errors
    /// [`FileError`], also for a file that is another MEF's.
    pub fn pinned(&self, mef: &Fqdn) -> Result<Vec<PublishedKey>, FileError> {
        let path = self.kpak_path();
        let Some(octets) = absent(public_file::read(&path, public_key_file::MAX_OCTETS))? else {
            return Ok(vec![]);
        };
        let file = PublicKeyFile::parse(&octets).map_err(|error| FileError::new(&path, error))?;
        if file.fqdn() != Some(mef) {
            let problem = crate::files::FormatError::Unknown("KPAK file: it is another MEF's");
            return Err(FileError::new(&path, problem));
        }
        Ok(file.keys().to_vec())
    }

    /// Checks a delivered credential and puts it in the place of the one in use.
    ///
    /// # Errors
    /// [`ClientError::Install`], and then nothing has changed; [`ClientError::File`], and then the old one or the new one
    /// is there.
    pub fn install(
        &self,
        issued: &IssuedCredential,
        expected: &Expected,
        new: &NewKpak,
        now: UnixTime,
    ) -> Result<ExpiringIdentity, ClientError> {
        let mut pinned = self.pinned(&expected.mef)?;
        let checked = check(issued, expected, &pinned, new, now)?;
        if let Some(key) = &checked.to_pin {
            pinned.retain(|known| known.kpak != key.kpak);
            pinned.push(key.clone());
            let text = public_key_file::list_to_json(&expected.mef, &pinned);
            public_file::write(&self.kpak_path(), &text, Existing::Replace)?;
        }
        self.replace(&checked, now)?;
        Ok(checked.id_2)
    }

    /// The registration with this function under this stakeholder, if one is remembered.
    pub fn registration(&self, fqdn: &Fqdn, stakeholder: &Fqdn) -> Option<String> {
        let note = public_file::read(&self.folder.join(REGISTRATION), MAX_NOTE).ok()?;
        let note: Registered = json::object(&note).ok()?;
        (note.fqdn == fqdn.as_str() && note.stakeholder == stakeholder.as_str()).then_some(note.id)
    }

    /// Remembers a registration.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn remember_registration(&self, fqdn: &Fqdn, stakeholder: &Fqdn, id: &str) -> Result<(), FileError> {
        let note =
            Registered { fqdn: fqdn.to_string(), stakeholder: stakeholder.to_string(), id: id.to_string() };
        let mut text = Vec::new();
        json::append(&mut text, &note);
        public_file::write(&self.folder.join(REGISTRATION), &text, Existing::Replace)
    }

    fn replace(&self, checked: &Checked, now: UnixTime) -> Result<(), FileError> {
        private_file::write(&self.credential_path(), &checked.text, Existing::Replace)?;
        let Ok(since) = ExpirationTime::from_unix(now) else { return Ok(()) };
        let note = Since { id2: checked.id_2.as_str().into(), since: since.to_string() };
        let mut text = Vec::new();
        json::append(&mut text, &note);
        public_file::write(&self.folder.join(SINCE), &text, Existing::Replace)
    }
}

/// A file that need not be there.
fn absent<T>(read: Result<T, FileError>) -> Result<Option<T>, FileError> {
    match read {
        Ok(content) => Ok(Some(content)),
        Err(error) => match error.problem() {
            FileProblem::Io(problem) if problem.kind() == io::ErrorKind::NotFound => Ok(None),
            _ => Err(error),
        },
    }
}

/// Files that were being written by a process that is gone: the lock says that none is at work.
fn remove_parts(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_part = name.to_str().is_some_and(|name| {
            let is_ours = [CREDENTIAL, KPAKS, SINCE, REGISTRATION].iter().any(|ours| {
                name.strip_prefix('.')
                    .and_then(|name| name.strip_prefix(ours))
                    .is_some_and(|rest| rest.starts_with('.'))
            });
            is_ours && name.ends_with(".part")
        });
        if is_part {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
