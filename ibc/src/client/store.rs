//! What one entity keeps on disk: everything that one of its processes learns and another needs.
//!
//! | file | content | mode |
//! |---|---|---|
//! | `credential.json` | ID_2, SSK, PVT, KPAK, perhaps RSK and Z | 0600 |
//! | `kpak.json` | pinned KPAKs, as `ibc verify --kpak` takes them | as the umask says |
//! | `since.json` | when the credential was installed, which it does not say itself | as the umask says |
//! | `registrations.json` | registrations at MEFs and MAFs, with the identities they were given | 0600 |
//! | `enrolment-MEF.json` | the newest enrolment key Ke from that MEF, with its KeID | 0600 |
//! | `km-MAF.json` | Km at that MAF, with the KmID it assigned | 0600 |
//! | `keys/KEY-IDENTIFIER.json` | a registered key, own or retrieved | 0600 |
//! | `commands.json` | what came of the last command of a MEF, and when to ask for the next | 0600 |
//! | `objects.json` | configuration objects, with what they led to | 0600 |
//! | `lock` | held by whoever changes the others | as the umask says |
//!
//! The folder is made for its owner alone (0700), and not used while others may write into it.
//!
//! Each file is written whole beside its place, synchronised and renamed, and the folder synchronised. They change in an
//! order in which every prefix is good. Of a credential: first a KPAK is pinned besides the others, which harms nothing, then
//! the credential that needs it comes, then the note about its time, which is missing at worst. So a process that is
//! killed, or a machine that loses its power, leaves the old credential or the new one, with the KPAK it needs. Of a
//! registration: first the key that it gave, then the registration. An object that is deleted stays, marked, until its
//! registration has ended and its credentials are gone.

mod commands;
mod keys;
mod objects;
mod records;

pub use records::{EnrolmentKey, MasterKey, StoredRegistration};

use super::ClientError;
use super::install::{Checked, Expected, NewKpak, check};
use crate::files::credential_file::{self, CredentialFile};
use crate::files::private_file::{self, Existing};
use crate::files::public_key_file::{self, PublicKeyFile, PublishedKey};
use crate::files::{FileError, FileProblem, FormatError, json, public_file};
use crate::wire::IssuedCredential;
use eccsi_sakke::onem2m::{ExpirationTime, ExpiringIdentity, Fqdn, UnixTime};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::string::ToString;
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

const CREDENTIAL: &str = "credential.json";
const KPAKS: &str = "kpak.json";
const SINCE: &str = "since.json";
const REGISTRATIONS: &str = "registrations.json";
const ENROLMENT: &str = "enrolment-";
const MASTER_KEY: &str = "km-";
const KEYS: &str = "keys";
const COMMANDS: &str = "commands.json";
const OBJECTS: &str = "objects.json";

/// The mode of the folder, and of that of the keys.
const FOLDER_MODE: u32 = 0o700;

/// Octets of a note.
const MAX_NOTE: u64 = 4096;

/// Octets of a list: far above what an entity has of registrations.
const MAX_LIST: u64 = 1024 * 1024;

/// How often a folder that another process holds is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// The folder of one entity. One process at a time holds it, and changes it only then.
#[derive(Debug)]
pub struct DeviceStore {
    folder: PathBuf,
    /// Locked while it is there.
    lock: Option<File>,
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
#[serde(deny_unknown_fields, expecting = "an object with id2 and since")]
struct Since {
    id2: String,
    since: String,
}

impl DeviceStore {
    /// Opens a folder, makes it if it is not there, and removes what a killed process left half written.
    ///
    /// # Errors
    /// [`FileProblem::Locked`] if another process holds it; [`FileProblem::Io`].
    pub fn open(folder: &Path) -> Result<Self, FileError> {
        Self::open_within(folder, Duration::ZERO)
    }

    /// The same, and waits up to `patience` for another process to let go of it. Blocks the thread.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_within(folder: &Path, patience: Duration) -> Result<Self, FileError> {
        let mut store = Self { folder: folder.into(), lock: None };
        store.hold(patience)?;
        Ok(store)
    }

    /// Lets other processes at the folder until [`hold`](Self::hold): for a program that sleeps.
    pub fn release(&mut self) {
        self.lock = None;
    }

    /// Holds the folder again, unless it does. What was read before may have changed meanwhile.
    ///
    /// # Errors
    /// As [`open_within`](Self::open_within).
    pub fn hold(&mut self, patience: Duration) -> Result<(), FileError> {
        if self.lock.is_some() {
            return Ok(());
        }
        let folder = self.folder.as_path();
        let fail = |problem: FileProblem| FileError::new(folder, problem);
        make(folder).map_err(fail)?;
        let lock = File::create(folder.join("lock")).map_err(|error| fail(error.into()))?;
        let until = Instant::now() + patience;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(LOOK),
                Err(TryLockError::WouldBlock) => return Err(fail(FileProblem::Locked)),
                Err(TryLockError::Error(error)) => return Err(fail(error.into())),
            }
        }
        remove_parts(folder).map_err(|error| fail(error.into()))?;
        self.lock = Some(lock);
        Ok(())
    }

    /// The mode of the folder, if others than its owner may look into it: the secrets have files of their own mode, but the
    /// names of keys and functions, and what is pinned, do not.
    ///
    /// # Errors
    /// [`FileProblem::Io`].
    pub fn open_to_others(&self) -> Result<Option<u32>, FileError> {
        let mode = mode(&self.folder).map_err(|error| FileError::new(&self.folder, error))?;
        Ok(Some(mode).filter(|mode| mode & 0o077 != 0))
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
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
            let problem =
                FormatError::Other("it holds the KPAKs of another MEF: give each MEF a folder of its own");
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

    /// The content of one of the files that need not be there.
    fn note<T: DeserializeOwned>(&self, name: &str, limit: u64) -> Result<Option<T>, FileError> {
        let path = self.folder.join(name);
        let octets = absent(private_file::read(&path, limit))?;
        let parse = |octets: &[u8]| json::object(octets).map_err(|error| FileError::new(&path, error));
        octets.map(|octets| parse(&octets)).transpose()
    }

    /// Puts such a file into its place. `capacity` octets are enough for it.
    fn put(&self, name: &str, note: &impl Serialize, capacity: usize) -> Result<(), FileError> {
        debug_assert!(self.lock.is_some(), "who changes the folder holds it");
        let mut text = Zeroizing::new(Vec::with_capacity(capacity));
        json::append(&mut text, note);
        text.push(b'\n');
        private_file::write(&self.folder.join(name), &text, Existing::Replace)
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

/// Makes a folder for its owner alone. One that is there is not used if others may write into it.
fn make(folder: &Path) -> Result<(), FileProblem> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)?;
    let mode = mode(folder)?;
    if mode & 0o022 == 0 { Ok(()) } else { Err(FileProblem::FolderPermissions { mode }) }
}

fn mode(folder: &Path) -> io::Result<u32> {
    Ok(fs::metadata(folder)?.permissions().mode() & 0o7777)
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

/// Removes a file that need not be there.
fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::new(path, error)),
        _ => Ok(()),
    }
}

/// Files that were being written by a process that is gone: the lock says that none is at work.
fn remove_parts(folder: &Path) -> io::Result<()> {
    let ours = [CREDENTIAL, KPAKS, SINCE, REGISTRATIONS, COMMANDS, OBJECTS, ENROLMENT, MASTER_KEY];
    remove_parts_of(folder, |name| ours.iter().any(|ours| name.starts_with(ours)))?;
    match remove_parts_of(&folder.join(KEYS), |_| true) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn remove_parts_of(folder: &Path, is_ours: impl Fn(&str) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let part = name.to_str().and_then(|name| name.strip_prefix('.')?.strip_suffix(".part"));
        if part.is_some_and(&is_ours) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
