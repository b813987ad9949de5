//! Copies of the database.
//!
//! SQLite makes the copy itself (`vacuum into`), consistent while others write. For PostgreSQL its own programs
//! pg_dump and pg_restore are called, which have to be there. Behind either stands a statement, signed by the key of
//! the service.

pub use super::backup_error::BackupError;

use super::contents::{Contents, Place};
use super::{Database, PostgresUrl, StoreUrl, open, statement};
use crate::files::open_at_once;
use crate::service::kms::ServiceKey;
use core::fmt;
use eccsi_sakke::onem2m::UnixTime;
use sqlx::Connection;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a custom-format dump begins with.
const DUMP: &[u8; 5] = b"PGDMP";

/// What a file of SQLite begins with.
const SQLITE: &[u8; 16] = b"SQLite format 3\0";

/// A copy that was made and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Octets of the file.
    pub octets: u64,
    /// Of which database.
    pub database: Database,
    /// Audit entries in it.
    pub audit_entries: u64,
}

fn part(path: &Path) -> Result<PathBuf, BackupError> {
    let name = path.file_name().ok_or_else(|| {
        BackupError::Io(path.into(), io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file"))
    })?;
    Ok(path.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), std::process::id())))
}

/// Writes a copy of the database into a new file of mode 0600, and checks it.
///
/// # Errors
/// [`BackupError`]; then there is no file.
pub async fn backup(
    url: &StoreUrl,
    file: &Path,
    key: &ServiceKey,
    now: UnixTime,
) -> Result<Backup, BackupError> {
    if file.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(file.into()));
    }
    let part = part(file)?;
    let io = |error| BackupError::Io(part.clone(), error);
    // Empty, and private before anything is in it.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(io)?;
    let made = match url {
        StoreUrl::Sqlite(path) => sqlite(path, &part).await,
        StoreUrl::Postgres(url) => postgres(url, &part),
    };
    let done = made.and_then(|contents| {
        let octets = statement::append(&part, &contents, key, now)?;
        let database = match url {
            StoreUrl::Sqlite(_) => Database::Sqlite,
            StoreUrl::Postgres(_) => Database::Postgres,
        };
        let backup = Backup { octets, database, audit_entries: contents.audit_entries };
        File::open(&part).and_then(|file| file.sync_all()).map_err(io)?;
        fs::hard_link(&part, file).map_err(|error| BackupError::Io(file.into(), error))?;
        sync_folder(file)?;
        Ok(backup)
    });
    let _ = fs::remove_file(&part);
    done
}

/// Puts the name of a file on the disk.
pub(crate) fn sync_folder(file: &Path) -> Result<(), BackupError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| BackupError::Io(folder.into(), error))
}

async fn sqlite(path: &Path, part: &Path) -> Result<Contents, BackupError> {
    fs::metadata(path).map_err(|error| BackupError::Io(path.into(), error))?;
    let target =
        part.to_str().ok_or_else(|| BackupError::NotABackup(part.into(), "its path is not UTF-8"))?;
    let mut connection = open::sqlite_connection(path, "rw").await?;
    sqlx::query("vacuum into $1").bind(target).execute(&mut connection).await?;
    connection.close().await?;
    check_sqlite(part, part, &[]).await
}

/// Checks that a file begins as a copy of this kind of database does.
pub(crate) fn check_start(path: &Path, url: &StoreUrl) -> Result<(), BackupError> {
    let (start, why) = match url {
        StoreUrl::Sqlite(_) => (&SQLITE[..], "it is no file of SQLite"),
        StoreUrl::Postgres(_) => (&DUMP[..], "it was not made by pg_dump --format=custom"),
    };
    let mut found = Vec::new();
    open_at_once(path, OpenOptions::new().read(true))
        .and_then(|(file, _)| {
            io::Read::read_to_end(&mut io::Read::take(file, start.len() as u64), &mut found)
        })
        .map_err(|error| BackupError::Io(path.into(), error))?;
    let why = if found.is_empty() { "it is empty" } else { why };
    if found == start { Ok(()) } else { Err(BackupError::NotABackup(path.into(), why)) }
}

/// Checks that a file is a whole database of this service, and looks for these entries in it. `path` is read, `shown` is
/// named.
pub(crate) async fn check_sqlite(
    path: &Path,
    shown: &Path,
    places: &[Place],
) -> Result<Contents, BackupError> {
    let damaged = |error: &dyn fmt::Display| BackupError::Damaged(shown.into(), format!("{error}"));
    // Nobody writes to it: then SQLite makes no file beside it.
    let mut connection =
        open::sqlite_connection(path, "ro&immutable=true").await.map_err(|error| damaged(&error))?;
    let integrity: String = sqlx::query_scalar("pragma integrity_check(1)")
        .fetch_one(&mut connection)
        .await
        .map_err(|error| damaged(&error))?;
    if integrity != "ok" {
        return Err(damaged(&integrity));
    }
    let contents = Contents::of_database(&mut connection, places)
        .await
        .map_err(|_| BackupError::NotABackup(shown.into(), "tables are missing in it"))?;
    connection.close().await?;
    Ok(contents)
}

fn postgres(url: &str, part: &Path) -> Result<Contents, BackupError> {
    run("pg_dump", url, &["--format=custom", "--no-owner", "--file"], part)?;
    Contents::of_dump(part, &[])
}

/// Puts a dump in the place of the tables: all of it or nothing.
pub(crate) fn restore_dump(url: &str, file: &Path) -> Result<(), BackupError> {
    let arguments = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"];
    run("pg_restore", url, &arguments, file)
}

/// Runs a program of PostgreSQL on this database. Where it is, and the password, go by the environment, which other users
/// do not see.
fn run(program: &'static str, url: &str, arguments: &[&str], file: &Path) -> Result<(), BackupError> {
    let url = PostgresUrl::parse(url).map_err(BackupError::Url)?;
    let mut command = Command::new(program);
    // These would lead elsewhere: the driver does not know them, or has obeyed them already.
    command.env_remove("PGHOSTADDR").env_remove("PGSERVICE").envs(url.environment());
    command.args(arguments).arg(file).arg("--dbname").arg(url.database());
    let output = command.output().map_err(|error| BackupError::NoProgram(program, error))?;
    if output.status.success() {
        Ok(())
    } else {
        let words = String::from_utf8_lossy(&output.stderr);
        let last: Vec<_> = words.lines().rev().take(3).collect();
        Err(BackupError::Program(program, last.into_iter().rev().collect::<Vec<_>>().join("; ")))
    }
}

/// Copies a file into a new one of mode 0600, on the disk when it returns.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let (mut source, _) = open_at_once(from, OpenOptions::new().read(true))?;
    let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut source, &mut target)?;
    target.sync_all()
}
