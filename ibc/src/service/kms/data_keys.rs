//! Keys of registered values: one for each day on which values expire, so that deleting the key of a day
//! erases all its values, in the database and in every backup of it.
//!
//! A value is sealed as nonce (12 octets) ‖ ciphertext ‖ tag (16), AES-256-GCM-SIV, with the associated
//! data `"ibc value v1"` ‖ day in 8 digits ‖ generation in 4 octets ‖ what the caller gives: the name of
//! the record, so that no value opens in the place of another.
//!
//! Values that end before their day are erased by a new generation: [`DataKeys::new_generation`], then
//! every value of the day that stays is opened and sealed again, then [`DataKeys::erase`] of the old
//! generation. A value that another node seals meanwhile may still be under the old one: erase it once no
//! record names that generation, and no node can be between sealing and storing any more.

use super::erase;
use super::error::KeysError;
use super::sealed_file::{self, GCM_SIV, KEY, Kind, NONCE, NewHeader, SealedFile, TAG};
use super::secret_octets::SecretOctets;
use super::vault::Vault;
use crate::files::private_file::Existing;
use crate::files::{FileError, FileProblem, FormatError, check_room};
use crate::memory::undumped::Undumped;
use core::fmt;
use eccsi_sakke::onem2m::{ExpirationTime, UnixTime};
use rand_core::TryCryptoRng;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zeroize::{Zeroize, Zeroizing};

const DAY_SECONDS: u64 = 86_400;

/// Opened keys that are kept: more days than the longest lifetime has, and 16 KiB.
const CACHED: usize = 512;

/// A day in UTC, on which values expire. Text form: `YYYYMMDD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExpiryDay(ExpirationTime);

impl ExpiryDay {
    /// The day in which `not_after` lies.
    pub fn of(not_after: ExpirationTime) -> Self {
        let seconds = not_after.to_unix().as_seconds();
        let start = UnixTime::from_seconds(seconds - seconds % DAY_SECONDS);
        Self(ExpirationTime::from_unix(start).expect("earlier than a time that exists"))
    }

    fn parse(text: &str) -> Option<Self> {
        let time = ExpirationTime::parse(&std::format!("{text}T000000")).ok()?;
        Some(Self(time))
    }
}

impl fmt::Display for ExpiryDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = std::format!("{}", self.0);
        f.write_str(text.split('T').next().unwrap_or_default())
    }
}

/// A sealed value, and the generation of its day's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedValue {
    /// Counted from 1.
    pub generation: u32,
    /// nonce ‖ ciphertext ‖ tag.
    pub octets: Vec<u8>,
}

impl SealedValue {
    /// Octets that sealing adds to a value.
    pub const OVERHEAD: usize = NONCE + TAG;
}

type Name = (ExpiryDay, u32);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    day: String,
    generation: u32,
}

/// The data keys of a key directory.
pub struct DataKeys {
    folder: PathBuf,
    vault: Arc<Vault>,
    /// Opens the files.
    key: Undumped<[u8; KEY]>,
    cache: Mutex<Cache>,
}

/// Keys that were opened, in one piece of memory outside core dumps.
struct Cache {
    keys: Undumped<[[u8; KEY]; CACHED]>,
    names: Vec<Option<Name>>,
    /// The slot that is given away next.
    next: usize,
}

impl Cache {
    fn new() -> Result<Self, KeysError> {
        Ok(Self { keys: Undumped::new([[0; KEY]; CACHED])?, names: std::vec![None; CACHED], next: 0 })
    }

    fn find(&self, name: Name) -> Option<usize> {
        self.names.iter().position(|known| *known == Some(name))
    }

    fn key(&self, name: Name) -> Option<Zeroizing<[u8; KEY]>> {
        self.find(name).map(|slot| Zeroizing::new(self.keys[slot]))
    }

    fn keep(&mut self, name: Name, key: &[u8; KEY]) {
        let slot = self.find(name).unwrap_or(self.next);
        self.next = (slot + 1) % CACHED;
        self.keys[slot] = *key;
        self.names[slot] = Some(name);
    }

    fn forget(&mut self, gone: impl Fn(Name) -> bool) {
        for (slot, name) in self.names.iter_mut().enumerate() {
            if name.is_some_and(&gone) {
                *name = None;
                self.keys[slot].zeroize();
            }
        }
    }

    /// The newest generation of a day among those kept.
    fn newest(&self, day: ExpiryDay) -> Option<u32> {
        self.names.iter().flatten().filter(|(of, _)| *of == day).map(|(_, generation)| *generation).max()
    }
}

fn file_name((day, generation): Name) -> String {
    std::format!("{day}-{generation}.json")
}

fn parse_name(file: &str) -> Option<Name> {
    let (day, generation) = file.strip_suffix(".json")?.split_once('-')?;
    let name = (ExpiryDay::parse(day)?, generation.parse().ok()?);
    (file_name(name) == file).then_some(name)
}

fn associated((day, generation): Name, of_the_caller: &[u8]) -> Vec<u8> {
    let day = std::format!("{day}");
    [&b"ibc value v1"[..], day.as_bytes(), &generation.to_be_bytes(), of_the_caller].concat()
}

impl DataKeys {
    /// On a thread of the vault; `key` opens the files.
    pub(super) fn open(
        folder: PathBuf,
        vault: Arc<Vault>,
        key: Undumped<[u8; KEY]>,
    ) -> Result<Self, KeysError> {
        let this = Self { folder, vault, key, cache: Mutex::new(Cache::new()?) };
        erase::finish(&this.folder).map_err(|error| this.problem(error))?;
        Ok(this)
    }

    /// Seals a value that expires on `day` under the newest key of that day, made if there is none.
    /// `aad` names the record: the value opens with the same only.
    ///
    /// # Errors
    /// [`KeysError::Rng`]; [`KeysError::File`] if the key cannot be read or made.
    pub fn seal<R: TryCryptoRng + Send + ?Sized>(
        &self,
        day: ExpiryDay,
        aad: &[u8],
        value: &[u8],
        rng: &mut R,
    ) -> Result<SealedValue, KeysError> {
        self.vault.run(|| {
            let (generation, key) = self.newest_key(day, rng)?;
            let nonce = sealed_file::nonce(rng)?;
            let sealed = sealed_file::encrypt(&key, &nonce, &associated((day, generation), aad), value);
            Ok(SealedValue { generation, octets: [&nonce[..], &sealed].concat() })
        })
    }

    /// Opens a value.
    ///
    /// # Errors
    /// [`KeysError::Erased`] if the key is not there any more; [`KeysError::Sealed`] if the value was
    /// changed, or `day`, generation or `aad` are not those it was sealed with.
    pub fn open_value(
        &self,
        day: ExpiryDay,
        generation: u32,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<SecretOctets, KeysError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(KeysError::Sealed)?;
        let length = sealed.len().checked_sub(TAG).ok_or(KeysError::Sealed)?;
        self.vault.run(|| {
            let name = (day, generation);
            let key = self.key_of(name)?;
            SecretOctets::filled(length, |value| {
                sealed_file::decrypt(&key, nonce, &associated(name, aad), sealed, value)
            })
            .map_err(|_| KeysError::Sealed)
        })
    }

    /// As much work as [`open_value`](Self::open_value) of a value of 32 octets whose key is in memory, for where
    /// there is none.
    pub(crate) fn open_nothing(&self, day: ExpiryDay, aad: &[u8]) {
        self.vault.run(|| {
            // Generations are counted from 1: there is no such file.
            let name = (day, 0);
            let _ = self.exists(name);
            let key = self.cache().key(name).unwrap_or_else(|| Zeroizing::new([0; KEY]));
            let refused = SecretOctets::filled(32, |value| {
                sealed_file::decrypt(&key, &[0; NONCE], &associated(name, aad), &[0; 32 + TAG], value)
            });
            debug_assert!(refused.is_err(), "a tag of zeros");
        });
    }

    /// Makes a new key for `day`, under which values are sealed from now on. Gives its generation; that
    /// of another node, if one made it at the same time.
    ///
    /// # Errors
    /// [`KeysError::Rng`], [`KeysError::File`], [`KeysError::Generations`].
    pub fn new_generation<R: TryCryptoRng + Send + ?Sized>(
        &self,
        day: ExpiryDay,
        rng: &mut R,
    ) -> Result<u32, KeysError> {
        self.vault.run(|| {
            let last = self.generations(day)?.last().copied().unwrap_or(0);
            let generation = last.checked_add(1).ok_or(KeysError::Generations)?;
            self.make((day, generation), rng)?;
            Ok(generation)
        })
    }

    /// The generations of a day whose keys are there, in order.
    ///
    /// # Errors
    /// [`KeysError::File`].
    pub fn generations(&self, day: ExpiryDay) -> Result<Vec<u32>, KeysError> {
        Ok(self.names()?.into_iter().filter(|(of, _)| *of == day).map(|(_, generation)| generation).collect())
    }

    /// All keys that are there, in order of day and generation.
    ///
    /// # Errors
    /// [`KeysError::File`].
    pub fn names(&self) -> Result<Vec<(ExpiryDay, u32)>, KeysError> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(|error| self.problem(error))? {
            let entry = entry.map_err(|error| self.problem(error))?;
            names.extend(entry.file_name().to_str().and_then(parse_name));
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Erases a key: the file is overwritten and removed, and no value under it opens again. `false` if it
    /// was not there.
    ///
    /// Erasing the newest generation lets the count begin anew; do it for whole days only.
    ///
    /// # Errors
    /// [`KeysError::File`].
    pub fn erase(&self, day: ExpiryDay, generation: u32) -> Result<bool, KeysError> {
        let name = (day, generation);
        let erased = erase::erase(&self.folder, &file_name(name)).map_err(|error| self.problem(error));
        self.cache().forget(|kept| kept == name);
        erased
    }

    /// Erases the keys of all days before `day`. Gives their number.
    ///
    /// # Errors
    /// [`KeysError::File`] at the first that cannot be erased.
    pub fn erase_before(&self, day: ExpiryDay) -> Result<usize, KeysError> {
        let mut erased = 0;
        for (of, generation) in self.names()?.into_iter().filter(|(of, _)| *of < day) {
            erased += usize::from(self.erase(of, generation)?);
        }
        Ok(erased)
    }

    /// Whether the key of another day can be made.
    pub(super) fn check_room(&self) -> Result<(), KeysError> {
        Ok(check_room(&self.folder)?)
    }

    /// Whether the keys in memory are kept out of swap.
    pub(super) fn is_locked(&self) -> bool {
        self.key.is_locked() && self.cache().keys.is_locked()
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        // Whoever panicked left at worst a name without its key's neighbours: each slot is whole.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn problem(&self, error: io::Error) -> KeysError {
        FileError::new(&self.folder, error).into()
    }

    fn exists(&self, name: Name) -> Result<bool, KeysError> {
        match fs::symlink_metadata(self.folder.join(file_name(name))) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.problem(error)),
        }
    }

    /// The newest key of a day, made if there is none. Looks at the folder each time, since another node
    /// may have made a new one.
    fn newest_key<R: TryCryptoRng + ?Sized>(
        &self,
        day: ExpiryDay,
        rng: &mut R,
    ) -> Result<(u32, Zeroizing<[u8; KEY]>), KeysError> {
        let kept = self.cache().newest(day);
        let mut generation = kept.unwrap_or(0);
        let next_is_there = match generation.checked_add(1) {
            Some(next) => self.exists((day, next))?,
            None => false,
        };
        if generation == 0 || next_is_there {
            generation = self.generations(day)?.last().copied().unwrap_or(0);
        }
        if generation != 0 {
            match self.key_of((day, generation)) {
                Err(KeysError::Erased) => {}
                found => return Ok((generation, found?)),
            }
            // Erased since it was kept, or since the folder was read.
            generation = self.generations(day)?.last().copied().unwrap_or(0);
            if generation != 0 {
                return Ok((generation, self.key_of((day, generation))?));
            }
        }
        Ok((1, self.make((day, 1), rng)?))
    }

    /// A key that exists.
    fn key_of(&self, name: Name) -> Result<Zeroizing<[u8; KEY]>, KeysError> {
        if !self.exists(name)? {
            self.cache().forget(|kept| kept == name);
            return Err(KeysError::Erased);
        }
        if let Some(key) = self.cache().key(name) {
            return Ok(key);
        }
        let key = match self.read(name) {
            // Erased between the two looks.
            Err(_) if !self.exists(name)? => return Err(KeysError::Erased),
            read => read?,
        };
        self.cache().keep(name, &key);
        Ok(key)
    }

    fn read(&self, name: Name) -> Result<Zeroizing<[u8; KEY]>, KeysError> {
        let file_name = file_name(name);
        let file = SealedFile::<About>::read(&self.folder, &file_name, Kind::Data)?;
        let failed = |error: FormatError| KeysError::file(&self.folder.join(&file_name), error);
        let key = file.open(&self.key).map_err(failed)?;
        let (day, generation) = name;
        if file.about.day != std::format!("{day}") || file.about.generation != generation {
            return Err(failed(FormatError::Misnamed));
        }
        Ok(key)
    }

    /// Makes a key; if another node was first, takes its.
    fn make<R: TryCryptoRng + ?Sized>(
        &self,
        name: Name,
        rng: &mut R,
    ) -> Result<Zeroizing<[u8; KEY]>, KeysError> {
        let mut key = Zeroizing::new([0; KEY]);
        rng.try_fill_bytes(key.as_mut_slice()).map_err(|_| KeysError::Rng)?;
        let (day, generation) = name;
        let file = NewHeader {
            kind: Kind::Data,
            name: &file_name(name),
            cipher: GCM_SIV,
            // The day itself: a time that needs no clock and tells nothing new.
            created: day.0.to_unix(),
            nonce: sealed_file::nonce(rng)?,
            about: About { day: std::format!("{day}"), generation },
        }
        .seal(&self.key, key.as_slice())?;
        match sealed_file::write(&self.folder, &file_name(name), &file, Existing::Keep) {
            Err(KeysError::File(error)) if matches!(error.problem(), FileProblem::Exists) => {
                return self.key_of(name);
            }
            written => written?,
        }
        self.cache().keep(name, &key);
        Ok(key)
    }
}

impl fmt::Debug for DataKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKeys").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// The folder below a key directory.
pub(super) fn folder(directory: &Path) -> PathBuf {
    directory.join("data")
}
