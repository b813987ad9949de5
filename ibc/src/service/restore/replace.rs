//! Putting a copy in the place of the database: everything is checked before anything is touched, and what is replaced
//! is kept.
//!
//! A copy is older if it lacks what the state files of this node know, or what the database that it would replace has.

use super::{Acceptance, Accepted, Found, Idle, Loss, RestoreError, accept, find, idle, places};
use crate::service::audit::is_signed_checkpoint;
use crate::service::kms::ServicePublicKey;
use crate::service::store::backup::{self, BackupError};
use crate::service::store::contents::{Contents, Place};
use crate::service::store::{Database, OpenError, StoreUrl, migrate, open, statement};
use eccsi_sakke::onem2m::{ExpirationTime, UnixTime};
use sqlx::Connection;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Databases that were replaced within one second.
const SAME_SECOND: u32 = 100;

/// A copy, and where what it replaces is kept.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The copy.
    pub file: &'a Path,
    /// Take it without a statement of this service: pg_dump made it, or an earlier version.
    pub unsigned: bool,
    /// Folder for the database that is replaced; `None` for the one of the database, with PostgreSQL of the copy.
    pub keep: Option<&'a Path>,
}

/// A copy that was checked and may be put in place. Nothing was changed, and nobody writes while it lives.
#[derive(Debug)]
pub struct Ready<'a> {
    acceptance: &'a Acceptance<'a>,
    source: Source<'a>,
    /// Before the state files: removed while they are still held.
    part: Option<Part>,
    states: Idle,
    copy: Contents,
    current: Option<Contents>,
    /// There is something to be kept.
    is_there: bool,
    found: Found,
    made: Option<UnixTime>,
}

/// A copy that is in its place now.
#[derive(Debug)]
pub struct Replaced {
    pub(super) states: Idle,
    /// When the last thing that is lost may have been written; `None` if nothing is.
    pub(super) lost_until: Option<UnixTime>,
    /// The database that was there.
    pub kept: Option<PathBuf>,
}

/// The copy beside the database, which nobody else can change. Removed if it is not put in place.
#[derive(Debug)]
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // Not there once it has its name.
        let _ = fs::remove_file(&self.0);
    }
}

/// Checks a copy: whole, unchanged, of this service, of tables that this program knows, and whether it is older.
///
/// # Errors
/// [`RestoreError`]. That it is older is none: see [`Ready::is_older`].
pub async fn check<'a>(
    acceptance: &'a Acceptance<'a>,
    source: Source<'a>,
) -> Result<Ready<'a>, RestoreError> {
    let (url, signer) = (&acceptance.options.url, acceptance.keys.service_key().public_key());
    let states = idle(acceptance.options, acceptance.own)?;
    let file = source.file;
    let about = fs::metadata(file).map_err(|error| BackupError::Io(file.into(), error))?;
    if !about.is_file() {
        return Err(BackupError::NotABackup(file.into(), "it is no regular file").into());
    }
    if let StoreUrl::Sqlite(path) = url
        && fs::metadata(path).is_ok_and(|there| (there.dev(), there.ino()) == (about.dev(), about.ino()))
    {
        return Err(BackupError::IsTheDatabase(file.into()).into());
    }
    let (is_there, current) = current(url).await?;
    if let Some(current) = &current
        && !current.checkpoints.is_empty()
        && !current.checkpoints.iter().any(|row| is_signed_checkpoint(row, signer))
    {
        return Err(RestoreError::OtherDatabase);
    }
    let mut wanted = places(&states);
    wanted.extend(
        current.iter().flat_map(|current| &current.heads).map(|(name, head)| (name.clone(), head.number)),
    );
    let (part, made, copy) = match url {
        StoreUrl::Sqlite(path) => {
            backup::check_start(file, url)?;
            let part = Part(part_of(path)?);
            backup::copy(file, &part.0).map_err(|error| BackupError::Io(part.0.clone(), error))?;
            let statement = statement::read(&part.0, file, signer)?;
            if let Some(statement) = &statement {
                let cut = File::options()
                    .write(true)
                    .open(&part.0)
                    .and_then(|part| part.set_len(statement.octets).and_then(|()| part.sync_all()));
                cut.map_err(|error| BackupError::Io(part.0.clone(), error))?;
            }
            check_signed(statement.is_some(), source)?;
            let copy = backup::check_sqlite(&part.0, file, &wanted).await?;
            (Some(part), statement, copy)
        }
        StoreUrl::Postgres(_) => {
            backup::check_start(file, url)?;
            let statement = statement::read(file, file, signer)?;
            check_signed(statement.is_some(), source)?;
            (None, statement, Contents::of_dump(file, &wanted)?)
        }
    };
    if made.is_none() {
        check_checkpoints(&copy, signer, file)?;
    }
    if copy.version > migrate::known() {
        return Err(OpenError::Newer { found: copy.version, known: migrate::known() }.into());
    }
    let mut found = find(&copy, &states);
    compare(&mut found, &copy, current.as_ref());
    let made = made.map(|statement| statement.made());
    Ok(Ready { acceptance, source, part, states, copy, current, is_there, found, made })
}

fn check_signed(is_signed: bool, source: Source<'_>) -> Result<(), BackupError> {
    if is_signed || source.unsigned { Ok(()) } else { Err(BackupError::Unsigned(source.file.into())) }
}

/// Without a statement the checkpoints tell whose it is.
fn check_checkpoints(copy: &Contents, signer: &ServicePublicKey, file: &Path) -> Result<(), BackupError> {
    let signed = copy.checkpoints.iter().filter(|row| is_signed_checkpoint(row, signer)).count();
    match (signed, copy.checkpoints.len()) {
        (0, 0) => Err(BackupError::NotABackup(file.into(), "nothing in it tells whose it is")),
        (0, _) => Err(BackupError::OtherService(file.into())),
        (signed, all) if signed < all => Err(BackupError::Changed(file.into())),
        _ => Ok(()),
    }
}

/// Whether there is a database, and what it has; `None` also for one of SQLite that cannot be read any more.
async fn current(url: &StoreUrl) -> Result<(bool, Option<Contents>), RestoreError> {
    match url {
        StoreUrl::Sqlite(path) => {
            match fs::metadata(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((false, None)),
                Err(error) => return Err(OpenError::Io(path.clone(), error).into()),
                Ok(about) if about.len() == 0 => return Ok((false, None)),
                Ok(_) => {}
            }
            let Ok(mut connection) = open::sqlite_connection(path, "rw").await else {
                return Ok((true, None));
            };
            let contents = Contents::of_database(&mut connection, &[]).await.ok();
            let _ = connection.close().await;
            Ok((true, contents))
        }
        StoreUrl::Postgres(url) => {
            let mut connection = open::postgres_connection(url).await?;
            // pg_restore drops what has the names of our tables, whosever it is.
            migrate::check_not_foreign(&mut connection, Database::Postgres).await?;
            if !open::has_tables(&mut connection).await? {
                return Ok((false, None));
            }
            let contents = Contents::of_database(&mut connection, &[]).await?;
            connection.close().await?;
            Ok((true, Some(contents)))
        }
    }
}

/// What the database has and the copy lacks is lost as well, whoever wrote it.
fn compare(found: &mut Found, copy: &Contents, current: Option<&Contents>) {
    let Some(current) = current else { return };
    for (writer, head) in &current.heads {
        let there = copy.heads.get(writer).map_or(0, |head| head.number);
        let place: Place = (writer.clone(), head.number);
        let is_forked = copy.hashes.get(&place).is_some_and(|hash| *hash != head.hash);
        if there >= head.number && !is_forked {
            continue;
        }
        found.is_behind = true;
        match found.losses.iter_mut().find(|loss| loss.writer == *writer) {
            Some(loss) => loss.known = loss.known.max(head.number),
            None => found.losses.push(Loss { writer: writer.clone(), found: there, known: head.number }),
        }
    }
    found.is_behind |=
        copy.mark < current.mark || copy.deny_list < current.deny_list || copy.epoch < current.epoch;
}

impl Ready<'_> {
    /// Whether something was written that the copy does not have, or nobody can tell.
    pub fn is_older(&self) -> bool {
        self.found.is_behind
    }

    /// What it does not have.
    pub fn losses(&self) -> &[Loss] {
        &self.found.losses
    }

    /// Writers of this node whose state file is missing.
    pub fn missing_state(&self) -> &[String] {
        &self.found.missing
    }

    /// When the copy was made, as far as it says.
    pub fn made(&self) -> Option<UnixTime> {
        self.made
    }

    /// Audit entries in the copy.
    pub fn audit_entries(&self) -> u64 {
        self.copy.audit_entries
    }

    /// Puts the copy in place.
    ///
    /// # Errors
    /// [`RestoreError::Older`] unless the loss is accepted; then, and if the database cannot be kept, nothing was touched.
    pub async fn put(mut self, accept_loss: bool) -> Result<Replaced, RestoreError> {
        if self.is_older() && !accept_loss {
            let (losses, missing) = (self.found.losses, self.found.missing);
            return Err(RestoreError::Older { file: self.source.file.into(), losses, missing });
        }
        let options = self.acceptance.options;
        let now = options.clock.now();
        let current = self.current.as_ref().map_or(UnixTime::EPOCH, |current| current.mark);
        let lost_until = self.is_older().then(|| now.max(current).max(self.copy.mark));
        let kept = match (&options.url, self.part.take()) {
            (StoreUrl::Sqlite(path), Some(part)) => {
                let folder = self.source.keep.or(path.parent());
                let kept = if self.is_there { Some(keep_sqlite(path, folder, now).await?) } else { None };
                self.note()?;
                // What SQLite keeps beside the old file belongs to the old file.
                for suffix in ["-wal", "-shm", "-journal"] {
                    remove(&beside(path, suffix))?;
                }
                fs::rename(&part.0, path).map_err(|error| BackupError::Io(path.clone(), error))?;
                backup::sync_folder(path)?;
                kept
            }
            _ => self.put_dump(now).await?,
        };
        Ok(Replaced { states: self.states, lost_until, kept })
    }

    async fn put_dump(&mut self, now: UnixTime) -> Result<Option<PathBuf>, RestoreError> {
        let options = self.acceptance.options;
        let StoreUrl::Postgres(url) = &options.url else { return Ok(None) };
        let file = self.source.file;
        let mut kept = None;
        if self.is_there {
            let path = free_name(file, self.source.keep.or(file.parent()), now)?;
            backup::backup(&options.url, &path, self.acceptance.keys.service_key(), now).await?;
            kept = Some(path);
        }
        self.note()?;
        backup::restore_dump(url, file)?;
        Ok(kept)
    }

    /// Takes down how far the database has come that is about to be replaced. Should this end half-way, the state files
    /// tell that the copy is older; and if the database is still there, they say nothing of it that is not so.
    fn note(&mut self) -> Result<(), RestoreError> {
        let Some(current) = &self.current else { return Ok(()) };
        for state in &mut self.states.0 {
            let Some(last) = state.last() else { continue };
            if last.mark < current.mark {
                let head = last.head.clone();
                state.record(&head, current.mark)?;
            }
            state.record_deny_list(current.deny_list, current.signed_list.as_bytes())?;
        }
        Ok(())
    }
}

/// Declares the loss of everything that a copy which was just put in place lacks. `None` if it lacks nothing.
///
/// # Errors
/// As [`accept_loss`](super::accept_loss).
pub async fn accept_loss(
    acceptance: &Acceptance<'_>,
    replaced: Replaced,
) -> Result<Option<Accepted>, RestoreError> {
    match replaced.lost_until {
        None => Ok(None),
        lost_until => accept(acceptance, replaced.states, lost_until).await,
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_path_buf().into_os_string();
    name.push(suffix);
    name.into()
}

fn part_of(path: &Path) -> Result<PathBuf, BackupError> {
    let not_a_file = || io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file");
    let name = path.file_name().ok_or_else(|| BackupError::Io(path.into(), not_a_file()))?;
    let part = path.with_file_name(format!(".{}.restore", name.to_string_lossy()));
    // Of a restore that was killed: no other runs, this one has the state files.
    remove(&part)?;
    Ok(part)
}

fn remove(path: &Path) -> Result<(), BackupError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(BackupError::Io(path.into(), error)),
        _ => Ok(()),
    }
}

/// The name under which a database is kept.
fn free_name(path: &Path, folder: Option<&Path>, now: UnixTime) -> Result<PathBuf, BackupError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let time = ExpirationTime::from_unix(now).unwrap_or(ExpirationTime::MAX);
    let folder = folder.unwrap_or(Path::new(""));
    let numbered = |number: u32| {
        let number = if number == 0 { String::new() } else { format!("-{number}") };
        folder.join(format!("{name}.replaced-{time}{number}"))
    };
    let mut names = (0..SAME_SECOND).map(numbered);
    let free = names.find(|path| path.symlink_metadata().is_err());
    free.ok_or_else(|| BackupError::Exists(numbered(0)))
}

/// Gives the database a second name, with all that it has.
async fn keep_sqlite(path: &Path, folder: Option<&Path>, now: UnixTime) -> Result<PathBuf, BackupError> {
    let kept = free_name(path, folder, now)?;
    // Takes in what lies beside it. One that is damaged stays as it is.
    if let Ok(mut connection) = open::sqlite_connection(path, "rw").await {
        let _ = open::take_in_log(&mut connection).await;
        let _ = connection.close().await;
    }
    link(path, &kept)?;
    let log = beside(path, "-wal");
    if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        link(&log, &beside(&kept, "-wal"))?;
    }
    backup::sync_folder(&kept)?;
    Ok(kept)
}

fn link(from: &Path, to: &Path) -> Result<(), BackupError> {
    let linked = match fs::hard_link(from, to) {
        // On another disk, or on one without second names.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => backup::copy(from, to),
        linked => linked,
    };
    linked.map_err(|error| BackupError::Io(to.into(), error))
}
