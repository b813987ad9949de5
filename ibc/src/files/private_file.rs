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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;
    use std::{env, process};

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = env::temp_dir().join(format!("ibc-private-{name}-{}", process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            let names = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name());
            let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn writes_new_files_only_unless_told() {
        let folder = Folder::new("write");
        let path = folder.0.join("secret");
        write(&path, b"one", Existing::Keep).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, MODE);
        let error = write(&path, b"two", Existing::Keep).unwrap_err();
        assert!(matches!(error.problem(), FileProblem::Exists));
        assert_eq!(read(&path, 3).unwrap().as_slice(), b"one");
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        write(&path, b"three", Existing::Replace).unwrap();
        assert_eq!(read(&path, 5).unwrap().as_slice(), b"three");
        assert_eq!(folder.names(), ["secret"]);
        write(&folder.0.join("no/such"), b"", Existing::Keep).unwrap_err();
        write(Path::new("/"), b"", Existing::Replace).unwrap_err();
    }

    #[test]
    fn a_link_is_read_but_never_written_through() {
        let folder = Folder::new("link");
        let [target, link, dangling] = ["target", "link", "dangling"].map(|name| folder.0.join(name));
        write(&target, b"target", Existing::Keep).unwrap();
        symlink("target", &link).unwrap();
        symlink("nowhere", &dangling).unwrap();
        assert_eq!(read(&link, 100).unwrap().as_slice(), b"target");
        for path in [&link, &dangling] {
            let error = write(path, b"new", Existing::Keep).unwrap_err();
            assert!(matches!(error.problem(), FileProblem::Exists), "{error}");
            write(path, b"new", Existing::Replace).unwrap();
            assert!(!fs::symlink_metadata(path).unwrap().is_symlink());
        }
        assert_eq!(read(&target, 100).unwrap().as_slice(), b"target");
        assert_eq!(folder.names(), ["dangling", "link", "target"]);
    }

    #[test]
    fn reads_no_more_than_the_limit_and_nothing_that_others_can_reach() {
        let folder = Folder::new("read");
        let path = folder.0.join("secret");
        for length in [0, 1, 4095, 4096, 4097, 20_000] {
            let octets = std::vec![7; length];
            write(&path, &octets, Existing::Replace).unwrap();
            assert_eq!(read(&path, length as u64).unwrap().as_slice(), octets);
            if length > 0 {
                let error = read(&path, length as u64 - 1).unwrap_err();
                assert!(matches!(error.problem(), FileProblem::TooLarge { .. }), "{error}");
            }
        }
        for mode in [0o601, 0o610, 0o620, 0o640, 0o604, 0o666] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let error = read(&path, 100_000).unwrap_err();
            assert!(
                matches!(error.problem(), FileProblem::Permissions { mode: found } if *found == mode),
                "{error}"
            );
        }
        assert!(matches!(read(&folder.0, 9).unwrap_err().problem(), FileProblem::NotRegular));
        assert!(matches!(read(&folder.0.join("absent"), 9).unwrap_err().problem(), FileProblem::Io(_)));
    }
}
