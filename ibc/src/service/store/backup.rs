//! Copies of the database, and bringing one back.
//!
//! SQLite makes the copy itself (`vacuum into`), consistent while others write. For PostgreSQL its own programs
//! pg_dump and pg_restore are called, which have to be there.

use super::{Database, StoreUrl, open};
use core::fmt;
use sqlx::{AnyConnection, Connection};
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
    /// Audit entries in it, where that can be counted.
    pub audit_entries: Option<u64>,
}

/// Why there is no copy, or why it was not brought back.
#[derive(Debug)]
#[non_exhaustive]
pub enum BackupError {
    /// The database.
    Database(sqlx::Error),
    /// A file.
    Io(PathBuf, io::Error),
    /// A file of this name is there.
    Exists(PathBuf),
    /// The file is no backup of this kind of database.
    NotABackup(PathBuf, &'static str),
    /// A program of PostgreSQL that is not there.
    NoProgram(&'static str, io::Error),
    /// A program of PostgreSQL that refused, with its last words.
    Program(&'static str, String),
}

impl fmt::Display for BackupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => write!(f, "the database cannot be copied: {error}"),
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Exists(path) => write!(f, "{} exists: choose another name", path.display()),
            Self::NotABackup(path, why) => write!(f, "{} is no backup of this store: {why}", path.display()),
            Self::NoProgram(name, error) => {
                write!(f, "{name} cannot be run ({error}): install PostgreSQL's client programs")
            }
            Self::Program(name, words) => write!(f, "{name} refused: {words}"),
        }
    }
}

impl std::error::Error for BackupError {}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
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
pub async fn backup(url: &StoreUrl, file: &Path) -> Result<Backup, BackupError> {
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
    let done = made.and_then(|backup| {
        File::open(&part).and_then(|file| file.sync_all()).map_err(io)?;
        fs::hard_link(&part, file).map_err(|error| BackupError::Io(file.into(), error))?;
        sync_folder(file)?;
        Ok(backup)
    });
    let _ = fs::remove_file(&part);
    done
}

fn sync_folder(file: &Path) -> Result<(), BackupError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| BackupError::Io(folder.into(), error))
}

async fn sqlite(path: &Path, part: &Path) -> Result<Backup, BackupError> {
    fs::metadata(path).map_err(|error| BackupError::Io(path.into(), error))?;
    let target =
        part.to_str().ok_or_else(|| BackupError::NotABackup(part.into(), "its path is not UTF-8"))?;
    let mut connection = open::sqlite_connection(path).await?;
    sqlx::query("vacuum into $1").bind(target).execute(&mut connection).await?;
    connection.close().await?;
    let audit_entries = Some(check_sqlite(part).await?);
    let octets = fs::metadata(part).map_err(|error| BackupError::Io(part.into(), error))?.len();
    Ok(Backup { octets, database: Database::Sqlite, audit_entries })
}

/// Checks that a file is a whole database of this service, and counts its audit entries.
async fn check_sqlite(path: &Path) -> Result<u64, BackupError> {
    let failed = |why| BackupError::NotABackup(path.into(), why);
    let mut start = [0; SQLITE.len()];
    let mut file = File::open(path).map_err(|error| BackupError::Io(path.into(), error))?;
    if io::Read::read_exact(&mut file, &mut start).is_err() || start != *SQLITE {
        return Err(failed("it is no file of SQLite"));
    }
    drop(file);
    let mut connection = open::sqlite_connection(path).await?;
    let integrity: String = sqlx::query_scalar("pragma integrity_check").fetch_one(&mut connection).await?;
    if integrity != "ok" {
        return Err(failed("SQLite finds it damaged"));
    }
    let entries = count(&mut connection).await.map_err(|_| failed("it has no audit log"))?;
    connection.close().await?;
    Ok(entries)
}

async fn count(connection: &mut AnyConnection) -> Result<u64, sqlx::Error> {
    let count: i64 = sqlx::query_scalar("select count(*) from audit").fetch_one(connection).await?;
    Ok(count.unsigned_abs())
}

fn postgres(url: &str, part: &Path) -> Result<Backup, BackupError> {
    run("pg_dump", url, &["--format=custom", "--no-owner", "--file"], Some(part), true)?;
    check_dump(part)?;
    let octets = fs::metadata(part).map_err(|error| BackupError::Io(part.into(), error))?.len();
    Ok(Backup { octets, database: Database::Postgres, audit_entries: None })
}

fn check_dump(path: &Path) -> Result<(), BackupError> {
    let failed = |why| BackupError::NotABackup(path.into(), why);
    let mut start = [0; DUMP.len()];
    io::Read::read_exact(
        &mut File::open(path).map_err(|error| BackupError::Io(path.into(), error))?,
        &mut start,
    )
    .map_err(|_| failed("it is empty"))?;
    if start != *DUMP {
        return Err(failed("it was not made by pg_dump --format=custom"));
    }
    let list = run("pg_restore", "", &["--list"], Some(path), false)?;
    let has = |table: &str| {
        list.lines().any(|line| line.contains("TABLE DATA") && line.contains(&format!(" {table} ")))
    };
    if ["audit", "ibc_identity", "denied", "deny_list"].into_iter().all(has) {
        Ok(())
    } else {
        Err(failed("tables are missing in it"))
    }
}

/// Runs a program of PostgreSQL; the password goes by its environment, where other users do not see it.
fn run(
    program: &'static str,
    url: &str,
    arguments: &[&str],
    file: Option<&Path>,
    connects: bool,
) -> Result<String, BackupError> {
    let mut command = Command::new(program);
    command.args(arguments).args(file);
    if connects {
        let (without, password) = split_password(url);
        command.arg("--dbname").arg(without);
        if let Some(password) = password {
            command.env("PGPASSWORD", password);
        }
    }
    let output = command.output().map_err(|error| BackupError::NoProgram(program, error))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let words = String::from_utf8_lossy(&output.stderr);
        let last: Vec<_> = words.lines().rev().take(3).collect();
        Err(BackupError::Program(program, last.into_iter().rev().collect::<Vec<_>>().join("; ")))
    }
}

/// A URL without its password, and the password decoded.
pub(super) fn split_password(url: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.into(), None) };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let Some((user_info, _)) = authority.rsplit_once('@') else { return (url.into(), None) };
    let Some((user, password)) = user_info.split_once(':') else { return (url.into(), None) };
    let behind = &rest[user_info.len()..];
    (format!("{scheme}://{user}{behind}"), Some(decode(password)))
}

/// Percent-decoding.
fn decode(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let hex = others.get(..2).and_then(|digits| core::str::from_utf8(digits).ok());
        match hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%') {
            Some(octet) => {
                octets.push(octet);
                rest = &others[2..];
            }
            None => {
                octets.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// Copies a file into a new one of mode 0600, on the disk when it returns.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut target = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(to)?;
    io::copy(&mut File::open(from)?, &mut target)?;
    target.sync_all()
}

/// Puts a copy in the place of the database, whole or not at all. Nobody may have the database open: the caller
/// holds [`Idle`](super::restore::Idle).
///
/// # Errors
/// [`BackupError`]; then the database is as it was.
pub async fn bring_back(url: &StoreUrl, file: &Path) -> Result<(), BackupError> {
    match url {
        StoreUrl::Sqlite(path) => {
            check_sqlite(file).await?;
            let part = part(path)?;
            let io = |path: &Path, error| BackupError::Io(path.into(), error);
            let copied = copy(file, &part);
            if copied.is_err() {
                let _ = fs::remove_file(&part);
            }
            copied.map_err(|error| io(&part, error))?;
            // What SQLite keeps beside the old file belongs to the old file.
            for suffix in ["-wal", "-shm"] {
                let mut name = path.clone().into_os_string();
                name.push(suffix);
                match fs::remove_file(&name) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(io(Path::new(&name), error));
                    }
                    _ => {}
                }
            }
            fs::rename(&part, path).map_err(|error| io(path, error))?;
            sync_folder(path)
        }
        StoreUrl::Postgres(url) => {
            check_dump(file)?;
            let arguments =
                ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"];
            run("pg_restore", url, &arguments, Some(file), true).map(drop)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_taken_out_of_a_url() {
        for (url, without, password) in [
            ("postgres://u:p%40ss%2f@host/db?x=y", "postgres://u@host/db?x=y", Some("p@ss/")),
            ("postgres://u:@host/db", "postgres://u@host/db", Some("")),
            ("postgres://u@host/db?host=/a:b@c", "postgres://u@host/db?host=/a:b@c", None),
            ("postgres://host/db", "postgres://host/db", None),
        ] {
            assert_eq!(split_password(url), (without.into(), password.map(String::from)), "{url}");
        }
    }
}
