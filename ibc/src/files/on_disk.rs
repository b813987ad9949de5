//! Opening, bounded reading, and writing so that a file is there complete or not at all.

use super::{FileError, FileProblem};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process;
use zeroize::Zeroizing;

/// What to do with a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Refuse: [`FileProblem::Exists`].
    Keep,
    /// Put the new one in its place.
    Replace,
}

/// Smallest buffer, in octets.
const MIN_BUFFER: usize = 4096;

/// Opens a regular file for reading. Symbolic links are followed: what counts is the file opened.
pub(super) fn open_regular(path: &Path) -> Result<(File, fs::Metadata), FileError> {
    let open = || -> Result<_, FileProblem> {
        if !fs::metadata(path)?.is_file() {
            return Err(FileProblem::NotRegular);
        }
        Ok(open_at_once(path, OpenOptions::new().read(true))?)
    };
    open().map_err(|problem| FileError::new(path, problem))
}

/// Opens a regular file by these options, and nothing else: to open a pipe would wait for its other end, and to open a
/// device may do anything. A file that is not there is made if the options say so.
pub(crate) fn open_at_once(path: &Path, options: &mut OpenOptions) -> io::Result<(File, fs::Metadata)> {
    let other = || io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(other()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // The name may stand for something else by now; then opening it does not wait.
    let file = options.custom_flags(libc::O_NONBLOCK).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(other()) }
}

/// Standard input without the buffer of the standard library, which is never wiped.
pub(super) fn stdin() -> io::Result<File> {
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Reads to the end, at most `limit` octets. The buffer is wiped when dropped, and so is each
/// smaller one that it outgrew. `expected` octets are likely.
pub(super) fn read_bounded(
    input: &mut impl Read,
    limit: u64,
    expected: u64,
) -> Result<Zeroizing<Vec<u8>>, FileProblem> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX - 1);
    let mut buffer =
        Zeroizing::new(vec![
            0;
            usize::try_from(expected).unwrap_or(limit).clamp(MIN_BUFFER.min(limit), limit)
                + 1
        ]);
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            if filled > limit {
                return Err(FileProblem::TooLarge { limit: limit as u64 });
            }
            let mut larger = Zeroizing::new(vec![0; filled.saturating_mul(2).min(limit + 1)]);
            larger[..filled].copy_from_slice(&buffer);
            buffer = larger;
        }
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    if filled > limit {
        return Err(FileProblem::TooLarge { limit: limit as u64 });
    }
    buffer.truncate(filled);
    Ok(buffer)
}

/// Writes a file that appears complete or not at all, and is on the disk when this returns.
///
/// A temporary file in the same directory is written, synchronised, and given its name: by a link,
/// which fails if the name is taken, or by a rename, which replaces. Then the directory is
/// synchronised. A process killed in between leaves at worst the temporary file
/// `.NAME.PID-N.part`, of the same mode.
pub(super) fn write_whole(
    path: &Path,
    content: &[u8],
    mode: u32,
    existing: Existing,
) -> Result<(), FileError> {
    let write = || -> Result<(), FileProblem> {
        let (mut file, part) = create_part(path, mode)?;
        let written = file.write_all(content).and_then(|()| file.sync_all()).and_then(|()| match existing {
            Existing::Keep => fs::hard_link(&part, path),
            Existing::Replace => fs::rename(&part, path),
        });
        if existing == Existing::Keep || written.is_err() {
            // Nothing better can be done if this fails too, and the file itself is fine.
            let _ = fs::remove_file(&part);
        }
        match written {
            Err(error) if existing == Existing::Keep && error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(FileProblem::Exists);
            }
            written => written?,
        }
        Ok(sync_directory(path)?)
    };
    write().map_err(|problem| FileError::new(path, problem))
}

/// Octets that `check_room` asks for: more than a request writes.
#[cfg(feature = "service")]
const ROOM: usize = 256 * 1024;

/// Whether files can be made in a folder now, and have room for what a request writes.
///
/// The file has no name any more when it is written, and is not synchronised: nothing stays, whatever happens, and mostly
/// nothing goes to the medium.
#[cfg(feature = "service")]
pub(crate) fn check_room(folder: &Path) -> Result<(), FileError> {
    let write = || -> io::Result<()> {
        let (mut file, part) = create_part(&folder.join("room"), 0o600)?;
        fs::remove_file(part)?;
        file.write_all(&[0; ROOM])
    };
    write().map_err(|error| FileError::new(folder, error))
}

fn create_part(path: &Path, mode: u32) -> io::Result<(File, PathBuf)> {
    let name =
        path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a file name"))?;
    for attempt in 0..1000u32 {
        let mut part = OsString::from(".");
        part.push(name);
        part.push(std::format!(".{}-{attempt}.part", process::id()));
        let part = path.with_file_name(part);
        match OpenOptions::new().write(true).create_new(true).mode(mode).open(&part) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return Ok((opened?, part)),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "remove the old .part files beside it"))
}

/// Makes the name of a new file durable.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory)?.sync_all()
}
