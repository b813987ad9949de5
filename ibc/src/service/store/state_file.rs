//! What this node knows about the database outside of it: restoring an older backup shows.
//!
//! One file for each writer, `WRITER.state`, in a folder that no backup of the database has. Two slots are
//! written in turn, each sealed with AES-256-GCM-SIV under a key of the key directory:
//!
//! | octets | |
//! |---:|---|
//! | 8 | how often it was written, big-endian like all numbers; the nonce |
//! | 8, 32 | number and hash of the last audit entry of this writer |
//! | 8 | the latest time at which the database wrote |
//! | 8 | number of the newest signed deny list, which lies beside it in `denylist.json` |
//! | 16 | tag |
//!
//! A database that knows less than a state file of the folder is an older copy: nothing is written to it until
//! its operator accepts the loss. One that knows more is well: the process ended between the two.

use super::columns::seconds;
use crate::files::open_at_once;
use crate::service::audit::chain::Head;
use crate::service::error::ServiceError;
use aes_gcm_siv::aead::{AeadInOut, KeyInit};
use aes_gcm_siv::{Aes256GcmSiv, Nonce, Tag};
use core::fmt;
use eccsi_sakke::onem2m::UnixTime;
use sqlx::{Any, Row, Transaction};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::io::Read;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const CLEAR: usize = 8;
const SECRET: usize = 8 + 32 + 8 + 8;
const TAG: usize = 16;
const RECORD: usize = CLEAR + SECRET + TAG;

/// Where the slots begin: pages apart, so that one write never touches both.
const SLOTS: [u64; 2] = [0, 4096];

/// The name of the newest signed deny list.
const DENY_LIST: &str = "denylist.json";

/// Most octets that are read of it.
const DENY_LIST_MAX: u64 = 64 * 1024 * 1024;

/// What a slot says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    counter: u64,
    pub(crate) head: Head,
    pub(crate) mark: UnixTime,
    pub(crate) deny_list: u64,
}

/// The database knows less than it did: nothing is written to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Behind {
    /// Audit entries are missing, or others stand in their place.
    Audit {
        /// Whose.
        writer: String,
        /// The last number in the database.
        found: u64,
        /// The last number known.
        known: u64,
    },
    /// The latest time written, or the deny list, is older than what is known.
    Older,
    /// The database has entries of this writer, but there is no state file.
    NoStateFile(PathBuf),
}

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Audit { writer, found, known } => write!(
                f,
                "the database ends at audit entry {found} of {writer}, but entry {known} was written: it is an older \
                 copy. Bring the newest one back, or accept the loss with `ibc restore --accept-loss`"
            ),
            Self::Older => write!(
                f,
                "the database is an older copy than the one this node wrote to. Bring the newest one back, or accept \
                 the loss with `ibc restore --accept-loss`"
            ),
            Self::NoStateFile(path) => write!(
                f,
                "{} is missing, which tells whether the database is the newest copy. Bring it back, or, knowing that \
                 it is, run `ibc restore --accept-loss`",
                path.display()
            ),
        }
    }
}

impl core::error::Error for Behind {}

/// Why a state file cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum StateError {
    /// The operating system says so.
    Io(PathBuf, io::Error),
    /// Another process has it.
    Busy(PathBuf),
    /// Others may write to the folder, and put an older file in the place of one; its mode.
    Permissions(PathBuf, u32),
    /// Neither slot opens: changed, or of another key directory.
    Sealed(PathBuf),
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Busy(path) => write!(
                f,
                "{} is in use: another process writes under this name, give each its own",
                path.display()
            ),
            Self::Permissions(path, mode) => write!(
                f,
                "{} has mode {mode:04o}, so that others may write there: chmod 700 {}",
                path.display(),
                path.display()
            ),
            Self::Sealed(path) => write!(
                f,
                "{} does not open: it was changed, or belongs to another key directory",
                path.display()
            ),
        }
    }
}

impl core::error::Error for StateError {}

/// The open state file of this writer.
pub(crate) struct StateFile {
    folder: PathBuf,
    path: PathBuf,
    writer: String,
    file: File,
    cipher: Aes256GcmSiv,
    record: Option<Record>,
}

impl StateFile {
    pub(crate) fn open(folder: &Path, writer: &str, key: &[u8; 32]) -> Result<Self, StateError> {
        let path = folder.join(format!("{writer}.state"));
        let io = |error| StateError::Io(path.clone(), error);
        check_folder(folder)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let (file, _) = open_at_once(&path, &mut options).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(StateError::Busy(path)),
            Err(fs::TryLockError::Error(error)) => return Err(io(error)),
        }
        let cipher = Aes256GcmSiv::new(key.into());
        let record = read(&file, &cipher, writer, &path)?;
        Ok(Self { folder: folder.into(), path, writer: writer.into(), file, cipher, record })
    }

    /// Whose it is.
    pub(crate) fn writer(&self) -> &str {
        &self.writer
    }

    /// What it said when it was last written.
    pub(crate) fn last(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// Compares the database with every state file of the folder.
    pub(crate) async fn check(&self, tx: &mut Transaction<'_, Any>) -> Result<(), ServiceError> {
        match self.find_loss(tx).await? {
            None => Ok(()),
            Some(behind) => Err(ServiceError::unavailable(behind)),
        }
    }

    async fn find_loss(&self, tx: &mut Transaction<'_, Any>) -> Result<Option<Behind>, ServiceError> {
        // Read before the database, which other nodes move on meanwhile.
        let known = self.all().map_err(ServiceError::unavailable)?;
        let row = sqlx::query(
            "select mark, number from clock, deny_list where clock.one = 1 and deny_list.one = 1",
        )
        .fetch_one(&mut **tx)
        .await?;
        let (mark, deny_list): (i64, i64) = (row.try_get("mark")?, row.try_get("number")?);
        if self.record.is_none() && super::audit::head(tx, &self.writer).await? != Head::START {
            return Ok(Some(Behind::NoStateFile(self.path.clone())));
        }
        for (writer, record) in known {
            let head = super::audit::head(tx, &writer).await?;
            let there = super::audit::hash_at(tx, &writer, record.head.number).await?;
            let forked = there.is_some_and(|hash| hash != record.head.hash);
            if head.number < record.head.number || forked {
                return Ok(Some(Behind::Audit { writer, found: head.number, known: record.head.number }));
            }
            if mark < seconds(record.mark) || deny_list.unsigned_abs() < record.deny_list {
                return Ok(Some(Behind::Older));
            }
        }
        Ok(None)
    }

    /// The records of all writers of the folder.
    pub(crate) fn all(&self) -> Result<Vec<(String, Record)>, StateError> {
        read_all(&self.folder, &self.cipher)
    }

    /// Writes the end of the chain and the time. On the disk when it returns.
    pub(crate) fn record(&mut self, head: &Head, mark: UnixTime) -> Result<(), ServiceError> {
        let before = self.record.clone();
        let record = Record {
            counter: before.as_ref().map_or(0, |record| record.counter) + 1,
            head: head.clone(),
            mark: before.as_ref().map_or(mark, |record| record.mark.max(mark)),
            deny_list: before.as_ref().map_or(0, |record| record.deny_list),
        };
        self.write(record)
    }

    /// Puts the newest signed deny list beside it.
    pub(crate) fn record_deny_list(&mut self, number: u64, signed: &[u8]) -> Result<(), ServiceError> {
        let Some(before) = self.record.clone() else { return Ok(()) };
        if number <= before.deny_list {
            return Ok(());
        }
        let path = self.folder.join(DENY_LIST);
        crate::files::public_file::write(&path, signed, crate::files::private_file::Existing::Replace)
            .map_err(ServiceError::unavailable)?;
        self.write(Record { counter: before.counter + 1, deny_list: number, ..before })
    }

    fn write(&mut self, record: Record) -> Result<(), ServiceError> {
        let octets = seal(&record, &self.cipher, &self.writer);
        let slot = SLOTS[usize::from(record.counter % 2 == 1)];
        self.file
            .write_all_at(&octets, slot)
            .and_then(|()| self.file.sync_data())
            .map_err(|error| ServiceError::unavailable(StateError::Io(self.path.clone(), error)))?;
        self.record = Some(record);
        Ok(())
    }
}

/// Whether the folder is there, and only its owner may write to it.
///
/// # Errors
/// [`StateError::Permissions`], [`StateError::Io`].
pub fn check_folder(folder: &Path) -> Result<bool, StateError> {
    let mode = match fs::metadata(folder) {
        Ok(about) => about.permissions().mode() & 0o777,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(StateError::Io(folder.into(), error)),
    };
    if mode & 0o022 == 0 { Ok(true) } else { Err(StateError::Permissions(folder.into(), mode)) }
}

/// The ends of chains that the state files of a folder know, by writer.
///
/// # Errors
/// [`StateError::Io`]; [`StateError::Sealed`] for a file that was changed, or is of another key directory.
pub fn known_heads(folder: &Path, key: &[u8; 32]) -> Result<Vec<(String, Head)>, StateError> {
    let all = read_all(folder, &Aes256GcmSiv::new(key.into()))?;
    Ok(all.into_iter().map(|(writer, record)| (writer, record.head)).collect())
}

/// The number of the newest deny list that the state files of a folder know, 0 for none.
///
/// # Errors
/// As [`known_heads`].
pub fn known_deny_list(folder: &Path, key: &[u8; 32]) -> Result<u64, StateError> {
    let all = read_all(folder, &Aes256GcmSiv::new(key.into()))?;
    Ok(all.iter().map(|(_, record)| record.deny_list).max().unwrap_or(0))
}

/// The writers that have a state file in the folder.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, StateError> {
    let io = |error| StateError::Io(folder.into(), error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let name = entry.map_err(io)?.file_name();
        names.extend(name.to_str().and_then(|name| name.strip_suffix(".state")).map(String::from));
    }
    names.sort_unstable();
    Ok(names)
}

fn read_all(folder: &Path, cipher: &Aes256GcmSiv) -> Result<Vec<(String, Record)>, StateError> {
    let mut all = Vec::new();
    for writer in names(folder)? {
        let path = folder.join(format!("{writer}.state"));
        let (file, _) = open_at_once(&path, OpenOptions::new().read(true))
            .map_err(|error| StateError::Io(path.clone(), error))?;
        if let Some(record) = read(&file, cipher, &writer, &path)? {
            all.push((writer, record));
        }
    }
    Ok(all)
}

/// The newest signed deny list of a folder, if there was one.
pub(crate) fn deny_list(folder: &Path) -> Result<Option<Vec<u8>>, StateError> {
    let path = folder.join(DENY_LIST);
    let read = || -> io::Result<Vec<u8>> {
        let (file, _) = open_at_once(&path, OpenOptions::new().read(true))?;
        let mut octets = Vec::new();
        file.take(DENY_LIST_MAX + 1).read_to_end(&mut octets)?;
        Ok(octets)
    };
    match read() {
        Ok(octets) if octets.len() as u64 > DENY_LIST_MAX => {
            Err(StateError::Io(path, io::ErrorKind::FileTooLarge.into()))
        }
        Ok(octets) => Ok(Some(octets)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StateError::Io(path, error)),
    }
}

/// The slot that was written last.
fn read(file: &File, cipher: &Aes256GcmSiv, writer: &str, path: &Path) -> Result<Option<Record>, StateError> {
    let io = |error| StateError::Io(path.into(), error);
    if file.metadata().map_err(io)?.len() == 0 {
        return Ok(None);
    }
    let mut last: Option<Record> = None;
    for slot in SLOTS {
        let mut octets = [0; RECORD];
        match file.read_exact_at(&mut octets, slot) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => continue,
            Err(error) => return Err(io(error)),
        }
        // A slot that does not open was being written when the power failed: the other one holds.
        if let Some(record) = open(&octets, cipher, writer)
            && last.as_ref().is_none_or(|last| last.counter < record.counter)
        {
            last = Some(record);
        }
    }
    last.map(Some).ok_or_else(|| StateError::Sealed(path.into()))
}

fn nonce(counter: u64) -> Nonce {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&counter.to_be_bytes());
    nonce.into()
}

fn seal(record: &Record, cipher: &Aes256GcmSiv, writer: &str) -> [u8; RECORD] {
    let mut out = [0; RECORD];
    out[..CLEAR].copy_from_slice(&record.counter.to_be_bytes());
    let mut secret = Vec::with_capacity(SECRET);
    secret.extend_from_slice(&record.head.number.to_be_bytes());
    secret.extend_from_slice(&record.head.hash);
    secret.extend_from_slice(&record.mark.as_seconds().to_be_bytes());
    secret.extend_from_slice(&record.deny_list.to_be_bytes());
    let tag = cipher
        .encrypt_inout_detached(&nonce(record.counter), writer.as_bytes(), secret.as_mut_slice().into())
        .expect("far below the length limits of the cipher");
    out[CLEAR..CLEAR + SECRET].copy_from_slice(&secret);
    out[CLEAR + SECRET..].copy_from_slice(&tag);
    out
}

fn open(octets: &[u8; RECORD], cipher: &Aes256GcmSiv, writer: &str) -> Option<Record> {
    let (counter, rest) = octets.split_first_chunk::<CLEAR>()?;
    let (secret, tag) = rest.split_last_chunk::<TAG>()?;
    let counter = u64::from_be_bytes(*counter);
    let mut secret = secret.to_vec();
    cipher
        .decrypt_inout_detached(
            &nonce(counter),
            writer.as_bytes(),
            secret.as_mut_slice().into(),
            &Tag::from(*tag),
        )
        .ok()?;
    let number = |at: usize| secret.get(at..at + 8)?.try_into().ok().map(u64::from_be_bytes);
    Some(Record {
        counter,
        head: Head { number: number(0)?, hash: secret.get(8..40)?.try_into().ok()? },
        mark: UnixTime::from_seconds(number(40)?),
        deny_list: number(48)?,
    })
}
