//! What can go wrong with a copy of the database.

use crate::service::kms::KeysError;
use core::fmt;
use std::io;
use std::path::PathBuf;

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
    /// A copy that is not whole, in the words of what reads it.
    Damaged(PathBuf, String),
    /// A copy that is not as the service made it.
    Changed(PathBuf),
    /// A copy of the database of another service.
    OtherService(PathBuf),
    /// A copy without a statement of any service.
    Unsigned(PathBuf),
    /// The file is the database.
    IsTheDatabase(PathBuf),
    /// The URL of the database.
    Url(&'static str),
    /// The key that signs.
    Keys(KeysError),
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
            Self::Damaged(path, words) => write!(f, "{} is damaged: {words}", path.display()),
            Self::Changed(path) => {
                write!(f, "{} is damaged or was changed: it is not what this service signed", path.display())
            }
            Self::OtherService(path) => write!(
                f,
                "{} is a copy of the database of another service: it has another service key than this key directory",
                path.display()
            ),
            Self::Unsigned(path) => write!(
                f,
                "{} ends without the statement that `ibc backup` signs: it was cut off, or made by other means; a copy \
                 that pg_dump or an earlier version made is taken with --unsigned, unprotected against changes",
                path.display()
            ),
            Self::IsTheDatabase(path) => write!(f, "{} is the database itself, not a copy", path.display()),
            Self::Url(why) => write!(f, "the URL of the database: {why}"),
            Self::Keys(error) => error.fmt(f),
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
