//! Registered keys, a file each.

use super::{DeviceStore, FOLDER_MODE, KEYS, absent, remove};
use crate::files::private_file::Existing;
use crate::files::registered_key_file::RegisteredKeyFile;
use crate::files::{FileError, FileProblem};
use eccsi_sakke::onem2m::{KeyIdentifier, UnixTime};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

impl DeviceStore {
    /// Where the key of this name is.
    pub fn key_path(&self, identifier: &KeyIdentifier) -> PathBuf {
        self.folder.join(KEYS).join(format!("{identifier}.json"))
    }

    /// Keeps a key with what holds for it, in place of what was known of it.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn keep_key(&self, key: &RegisteredKeyFile) -> Result<(), FileError> {
        debug_assert!(self.lock.is_some(), "who changes the folder holds it");
        let folder = self.folder.join(KEYS);
        match DirBuilder::new().mode(FOLDER_MODE).create(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(FileError::new(&folder, error));
            }
            _ => {}
        }
        key.write(&self.key_path(&key.identifier), Existing::Replace)
    }

    /// A key by its name.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn key_of(&self, identifier: &KeyIdentifier) -> Result<Option<RegisteredKeyFile>, FileError> {
        absent(RegisteredKeyFile::read(&self.key_path(identifier)))
    }

    /// All keys, by their names; also those whose end has passed.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn keys(&self) -> Result<Vec<RegisteredKeyFile>, FileError> {
        let mut names = self.names(KEYS)?;
        names.retain(|name| !name.starts_with('.') && name.ends_with(".json"));
        names.sort();
        names.iter().map(|name| RegisteredKeyFile::read(&self.folder.join(KEYS).join(name))).collect()
    }

    /// The keys whose end has not passed.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn live_keys(&self, now: UnixTime) -> Result<Vec<RegisteredKeyFile>, FileError> {
        let mut keys = self.keys()?;
        keys.retain(|key| now < key.end.to_unix());
        Ok(keys)
    }

    /// Forgets the keys whose end has passed.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn forget_ended_keys(&self, now: UnixTime) -> Result<(), FileError> {
        debug_assert!(self.lock.is_some(), "who changes the folder holds it");
        for key in self.keys()?.iter().filter(|key| key.end.to_unix() <= now) {
            self.forget_key(&key.identifier)?;
        }
        Ok(())
    }

    /// Forgets a key.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn forget_key(&self, identifier: &KeyIdentifier) -> Result<(), FileError> {
        remove(&self.key_path(identifier))
    }

    /// The names in a folder of the store; none if it is not there.
    pub(super) fn names(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let folder = self.folder.join(folder);
        let read = || -> io::Result<Vec<String>> {
            let names = fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.file_name()));
            Ok(names
                .collect::<io::Result<Vec<_>>>()?
                .into_iter()
                .filter_map(|name| name.into_string().ok())
                .collect())
        };
        let names = read().map_err(|error| FileError::new(&folder, FileProblem::from(error)));
        Ok(absent(names)?.unwrap_or_default())
    }
}
