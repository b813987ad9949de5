//! Files that hold nothing secret: public keys, messages, signatures.

pub use super::on_disk::Existing;
use super::on_disk::{open_regular, read_bounded, stdin, write_whole};
use super::{FileError, FileProblem};
use std::path::Path;
use zeroize::Zeroizing;

/// The mode of a new file, less what the umask takes away.
pub const MODE: u32 = 0o666;

/// Reads a regular file of at most `limit` octets.
///
/// # Errors
/// [`FileProblem::NotRegular`], [`FileProblem::TooLarge`], [`FileProblem::Io`].
pub fn read(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let (mut file, metadata) = open_regular(path)?;
    read_bounded(&mut file, limit, metadata.len()).map_err(|problem| FileError::new(path, problem))
}

/// Reads standard input if `path` is `-`, else the file.
///
/// # Errors
/// As [`read`].
pub fn read_or_stdin(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    if path != Path::new("-") {
        return read(path, limit);
    }
    stdin()
        .map_err(FileProblem::from)
        .and_then(|mut input| read_bounded(&mut input, limit, 0))
        .map_err(|problem| FileError::new(Path::new("standard input"), problem))
}

/// Writes a file that is there complete and durable, or not at all.
///
/// # Errors
/// [`FileProblem::Exists`] if there is one and it is to be kept, [`FileProblem::Io`].
pub fn write(path: &Path, content: &[u8], existing: Existing) -> Result<(), FileError> {
    write_whole(path, content, MODE, existing)
}
