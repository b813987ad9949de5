//! Files that hold secrets: mode 0600, or they are not read.
//!
//! Links are followed when reading, since secrets are often mounted as links; what is checked is the
//! file that was opened, not the name. When writing, a link that has the name counts as the file: it
//! is refused, or replaced itself; what it points to is not touched.

pub use super::on_disk::Existing;
use super::on_disk::{open_regular, read_bounded, stdin, write_whole};
use super::{FileError, FileProblem};
use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::prelude::rust_2024::*;
use zeroize::Zeroizing;

/// The mode of a file that holds secrets.
pub const MODE: u32 = 0o600;

/// Reads a file of at most `limit` octets that only its owner can read and write.
///
/// # Errors
/// [`FileProblem::NotRegular`], [`FileProblem::Permissions`], [`FileProblem::TooLarge`],
/// [`FileProblem::Io`].
pub fn read(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let (mut file, metadata) = open_regular(path)?;
    check_mode(&metadata)
        .and_then(|()| read_bounded(&mut file, limit, metadata.len()))
        .map_err(|problem| FileError::new(path, problem))
}

/// Reads standard input to its end, at most `limit` octets.
///
/// # Errors
/// [`FileProblem::TooLarge`], [`FileProblem::Io`].
pub fn read_stdin(limit: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    stdin()
        .map_err(FileProblem::from)
        .and_then(|mut input| read_bounded(&mut input, limit, 0))
        .map_err(|problem| FileError::new(Path::new("standard input"), problem))
}

/// Reads standard input if `path` is `-`, else the file: [`read_stdin`], [`read`].
///
/// # Errors
/// As those.
pub fn read_or_stdin(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    if path == Path::new("-") { read_stdin(limit) } else { read(path, limit) }
}

/// Writes a file of mode 0600 that is there complete and durable, or not at all.
///
/// # Errors
/// [`FileProblem::Exists`] if there is one and it is to be kept, [`FileProblem::Io`].
pub fn write(path: &Path, content: &[u8], existing: Existing) -> Result<(), FileError> {
    write_whole(path, content, MODE, existing)
}

/// Refuses a file that group or others may read or write.
pub(super) fn check_mode(metadata: &Metadata) -> Result<(), FileProblem> {
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(FileProblem::Permissions { mode }) }
}
