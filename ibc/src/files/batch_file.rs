//! A batch: credentials, one a line, appended group by group and never rewritten.
//!
//! Each line is a credential as in [`credential_file`](super::credential_file). A group is on the disk
//! when [`BatchFile::append`] returns, so that what was reported as issued is there, whatever happens
//! next. A run that was interrupted is taken up by [`BatchFile::reopen`]: it cuts what a crash left of
//! the last, unreported group, and knows which identities are done.

use super::credential_file::{CredentialFile, CredentialIdentity, MAX_OCTETS};
use super::identity_list::{IdentityHash, Sameness};
use super::on_disk::{open_at_once, sync_directory};
use super::private_file::{MODE, check_mode};
use super::{FileError, FileProblem, FormatError};
use eccsi_sakke::eccsi::{KmsPublicKey, SigningKey};
use eccsi_sakke::sakke;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Credentials that are synchronised together: enough that the disk is not what counts, few enough
/// that a crash costs a fraction of a second of work.
pub const GROUP: usize = 1024;

/// The same with RSKs, which take some ten milliseconds each to be validated.
pub const GROUP_WITH_RSK: usize = 128;

/// A credential just issued: validated keys and the identity they were validated for.
pub type Issued = (CredentialIdentity, SigningKey, Option<sakke::ReceiverSecretKey>);

/// The public keys of the KMS that a batch is of; Z if its credentials have RSKs.
#[derive(Clone, Copy, Debug)]
pub struct BatchKeys<'a> {
    /// KPAK.
    pub kpak: &'a KmsPublicKey,
    /// Z, if every credential has an RSK; `None` if none has.
    pub z_public: Option<&'a sakke::KmsPublicKey>,
}

/// What may be cut of a file: no more than a group can have.
const MAX_CUT: u64 = GROUP as u64 * (MAX_OCTETS + 1);

/// A batch, open for appending and locked against other processes.
#[derive(Debug)]
pub struct BatchFile {
    path: PathBuf,
    file: File,
    credentials: u64,
    cut: u64,
    /// Sorted.
    done: Vec<IdentityHash>,
}

impl BatchFile {
    /// Makes an empty batch of mode 0600.
    ///
    /// # Errors
    /// [`FileProblem::Exists`], [`FileProblem::Io`].
    pub fn create(path: &Path) -> Result<Self, FileError> {
        let create = || -> Result<File, FileProblem> {
            let file = OpenOptions::new().read(true).append(true).create_new(true).mode(MODE).open(path);
            let file = match file {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    return Err(FileProblem::Exists);
                }
                file => file?,
            };
            lock(&file)?;
            sync_directory(path)?;
            Ok(file)
        };
        match create() {
            Ok(file) => Ok(Self { path: path.into(), file, credentials: 0, cut: 0, done: Vec::new() }),
            Err(problem) => Err(FileError::new(path, problem)),
        }
    }

    /// Opens the batch of an earlier run; `None` if there is none.
    ///
    /// Reads every line: it must be a well-formed credential under `keys`, with RSK or without as they
    /// say. A torn last line, and blocks that a power failure left without content, are cut.
    ///
    /// # Errors
    /// [`FileProblem::Line`], [`FileProblem::OtherKms`], [`FileProblem::OtherContent`],
    /// [`FileProblem::Twice`], [`FileProblem::Locked`], [`FileProblem::Permissions`],
    /// [`FileProblem::NotRegular`], [`FileProblem::Io`]; then the file is as it was.
    pub fn reopen(path: &Path, keys: BatchKeys<'_>, sameness: Sameness) -> Result<Option<Self>, FileError> {
        let reopen = || -> Result<Option<Self>, FileProblem> {
            match std::fs::metadata(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error.into()),
                Ok(metadata) if !metadata.is_file() => return Err(FileProblem::NotRegular),
                Ok(_) => {}
            }
            let (file, metadata) = open_at_once(path, OpenOptions::new().read(true).append(true))?;
            check_mode(&metadata)?;
            lock(&file)?;
            let content = Content::read(&mut BufReader::with_capacity(1 << 16, &file), keys, sameness)?;
            let length = file.metadata()?.len();
            let cut = length - content.intact;
            if cut > MAX_CUT {
                return Err(FileProblem::Line {
                    number: content.credentials + 1,
                    error: FormatError::Unknown("line"),
                });
            }
            if cut > 0 {
                file.set_len(content.intact)?;
                file.sync_all()?;
            }
            Ok(Some(Self {
                path: path.into(),
                file,
                credentials: content.credentials,
                cut,
                done: content.done,
            }))
        };
        reopen().map_err(|problem| FileError::new(path, problem))
    }

    /// Credentials in the file.
    pub fn credentials(&self) -> u64 {
        self.credentials
    }

    /// Octets cut when it was opened.
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// Whether a credential of this identity was there when the batch was opened.
    pub fn is_done(&self, hash: &IdentityHash) -> bool {
        self.done.binary_search(hash).is_ok()
    }

    /// Appends credentials and returns when they are on the disk.
    ///
    /// After an error the batch takes no more: what was written of the group is dealt with when it is
    /// opened again.
    ///
    /// # Errors
    /// [`FileProblem::Io`].
    pub fn append(&mut self, group: &[Issued]) -> Result<(), FileError> {
        let lines: Vec<_> = group
            .iter()
            .map(|(identity, key, rsk)| CredentialFile::to_json(identity, key, rsk.as_ref()))
            .collect();
        let mut octets = Zeroizing::new(Vec::with_capacity(lines.iter().map(|line| line.len()).sum()));
        lines.iter().for_each(|line| octets.extend_from_slice(line));
        let written = self.file.write_all(&octets).and_then(|()| self.file.sync_data());
        written.map_err(|error| FileError::new(&self.path, error))?;
        self.credentials += group.len() as u64;
        Ok(())
    }
}

fn lock(file: &File) -> Result<(), FileProblem> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => FileProblem::Locked,
        TryLockError::Error(error) => FileProblem::Io(error),
    })
}

/// Reads every line of a batch, and gives each credential to `each` with its line number. The batch
/// must end in a whole line.
///
/// # Errors
/// [`FileProblem::Line`], what `each` returns, and those of opening a private file.
pub fn read_each<E: From<FileError>>(
    path: &Path,
    mut each: impl FnMut(u64, CredentialFile) -> Result<(), E>,
) -> Result<u64, E> {
    let (file, metadata) = super::on_disk::open_regular(path)?;
    check_mode(&metadata).map_err(|problem| FileError::new(path, problem))?;
    let mut input = BufReader::with_capacity(1 << 16, file);
    let mut line = Zeroizing::new(Vec::with_capacity(LINE_BUFFER));
    let mut count = 0;
    // Most lines of a batch have the Z of the line before.
    let mut known = None;
    loop {
        line.clear();
        let fail = |problem: FileProblem| E::from(FileError::new(path, problem));
        next_line(&mut input, &mut line).map_err(|error| fail(error.into()))?;
        if line.is_empty() {
            return Ok(count);
        }
        count += 1;
        let parsed = if line.ends_with(b"\n") {
            CredentialFile::parse_with(&line, known.as_ref())
        } else {
            Err(torn())
        };
        let credential = parsed.map_err(|error| fail(FileProblem::Line { number: count, error }))?;
        if let Some(sakke) = credential.sakke() {
            known = Some(sakke.z_public.clone());
        }
        each(count, credential)?;
    }
}

fn torn() -> FormatError {
    FormatError::Json("the line has no end: run ibc kms issue again to complete the batch".into())
}

/// Room for the longest line: the buffer must not grow, since the smaller one would not be wiped.
const LINE_BUFFER: usize = MAX_OCTETS as usize + 2;

fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<()> {
    input.take(LINE_BUFFER as u64).read_until(b'\n', line).map(|_| ())
}

/// What a batch holds.
#[derive(Debug)]
struct Content {
    credentials: u64,
    /// Sorted in the end.
    done: Vec<IdentityHash>,
    /// Octets up to the end of the last whole line.
    intact: u64,
}

impl Content {
    fn read(input: &mut impl BufRead, keys: BatchKeys<'_>, sameness: Sameness) -> Result<Self, FileProblem> {
        let mut content = Self { credentials: 0, done: Vec::new(), intact: 0 };
        let mut all = Vec::new();
        let mut line = Zeroizing::new(Vec::with_capacity(LINE_BUFFER));
        loop {
            line.clear();
            next_line(input, &mut line)?;
            let number = content.credentials + 1;
            if line.is_empty() || is_unwritten(&line) {
                break;
            }
            if !line.ends_with(b"\n") {
                if line.len() < LINE_BUFFER && is_torn(&line) {
                    break;
                }
                return Err(FileProblem::Line { number, error: FormatError::Unknown("line") });
            }
            let credential = CredentialFile::parse_with(&line, keys.z_public)
                .map_err(|error| FileProblem::Line { number, error })?;
            if credential.kpak() != keys.kpak {
                return Err(FileProblem::OtherKms { line: number });
            }
            match (credential.sakke(), keys.z_public) {
                (None, None) => {}
                (Some(sakke), Some(z_public)) if sakke.z_public == *z_public => {}
                (Some(_), Some(_)) => return Err(FileProblem::OtherKms { line: number }),
                (sakke, _) => {
                    return Err(FileProblem::OtherContent { line: number, has_rsk: sakke.is_some() });
                }
            }
            content.done.push(IdentityHash::of(credential.identity(), sameness));
            if sameness != Sameness::Octets {
                all.push(IdentityHash::of(credential.identity(), Sameness::Octets));
            }
            content.credentials = number;
            content.intact += line.len() as u64;
        }
        content.done.sort_unstable();
        all.sort_unstable();
        let all = if sameness == Sameness::Octets { &content.done } else { &all };
        if all.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(FileProblem::Twice);
        }
        Ok(content)
    }
}

/// Blocks that were allotted to the file but not written before the power went: NUL octets, which no
/// line has.
fn is_unwritten(line: &[u8]) -> bool {
    line.contains(&0)
}

/// The beginning of a credential, and not of something else that happens to lie there.
fn is_torn(line: &[u8]) -> bool {
    ["{\"id2\":\"", "{\"id_hex\":\""].iter().any(|start| {
        let length = line.len().min(start.len());
        line[..length] == start.as_bytes()[..length]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use eccsi_sakke::SysRng;
    use eccsi_sakke::eccsi::KmsSecretKey;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::{env, process};

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = env::temp_dir().join(format!("ibc-batch-{name}-{}", process::id()));
            let _ = fs::remove_file(&path);
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    fn group(ksak: &KmsSecretKey, identities: &[&str]) -> Vec<Issued> {
        let issue = |digits: &&str| {
            let identity = CredentialIdentity::parse_hex(digits).unwrap();
            let issued = ksak.issue(identity.identity(), &mut SysRng).unwrap();
            let key = issued.validate(&ksak.public_key(), identity.identity()).unwrap();
            (identity, key, None)
        };
        identities.iter().map(issue).collect()
    }

    fn reopen(path: &Path, ksak: &KmsSecretKey) -> Result<Option<BatchFile>, FileError> {
        let keys = BatchKeys { kpak: &ksak.public_key(), z_public: None };
        BatchFile::reopen(path, keys, Sameness::Octets)
    }

    fn written(name: &str) -> (Scratch, KmsSecretKey, Vec<u8>) {
        let (scratch, ksak) = (Scratch::new(name), KmsSecretKey::generate(&mut SysRng).unwrap());
        let mut batch = BatchFile::create(&scratch.0).unwrap();
        batch.append(&group(&ksak, &["01", "02"])).unwrap();
        batch.append(&group(&ksak, &["03"])).unwrap();
        assert_eq!(batch.credentials(), 3);
        drop(batch);
        let content = fs::read(&scratch.0).unwrap();
        (scratch, ksak, content)
    }

    #[test]
    fn knows_after_reopening_what_is_done() {
        let (scratch, ksak, content) = written("done");
        assert_eq!(fs::metadata(&scratch.0).unwrap().permissions().mode() & 0o777, 0o600);
        let batch = reopen(&scratch.0, &ksak).unwrap().unwrap();
        assert_eq!((batch.credentials(), batch.cut()), (3, 0));
        let done = |digits| {
            batch
                .is_done(&IdentityHash::of(&CredentialIdentity::parse_hex(digits).unwrap(), Sameness::Octets))
        };
        assert!(["01", "02", "03"].into_iter().all(done) && !done("04"));
        assert!(matches!(reopen(&scratch.0, &ksak).unwrap_err().problem(), FileProblem::Locked));
        assert!(matches!(BatchFile::create(&scratch.0).unwrap_err().problem(), FileProblem::Exists));
        assert_eq!(fs::read(&scratch.0).unwrap(), content);
        let absent = Scratch::new("absent");
        assert!(reopen(&absent.0, &ksak).unwrap().is_none());
    }

    #[test]
    fn goes_on_with_rsks_as_it_began() {
        let (scratch, ksak, content) = written("rsk");
        let z = sakke::KmsSecretKey::generate(&mut SysRng).unwrap();
        let z_public = z.public_key();
        let reopen_with = |z_public| {
            let keys = BatchKeys { kpak: &ksak.public_key(), z_public: Some(z_public) };
            BatchFile::reopen(&scratch.0, keys, Sameness::Octets)
        };
        let problem = reopen_with(&z_public).unwrap_err();
        assert!(matches!(problem.problem(), FileProblem::OtherContent { line: 1, has_rsk: false }));
        assert_eq!(fs::read(&scratch.0).unwrap(), content);

        fs::remove_file(&scratch.0).unwrap();
        let mut issued = group(&ksak, &["01"]);
        let b = issued[0].0.sakke_identifier();
        issued[0].2 = Some(z.issue(&b).unwrap().validate(&z_public, &b).unwrap());
        BatchFile::create(&scratch.0).unwrap().append(&issued).unwrap();
        assert_eq!(reopen_with(&z_public).unwrap().unwrap().credentials(), 1);
        let problem = reopen(&scratch.0, &ksak).unwrap_err();
        assert!(matches!(problem.problem(), FileProblem::OtherContent { line: 1, has_rsk: true }));
        let foreign = sakke::KmsSecretKey::generate(&mut SysRng).unwrap().public_key();
        let problem = reopen_with(&foreign).unwrap_err();
        assert!(matches!(problem.problem(), FileProblem::OtherKms { line: 1 }));
    }

    #[test]
    fn cuts_a_torn_last_line_wherever_it_is_torn() {
        let (scratch, ksak, content) = written("torn");
        let second_end = content[..content.len() - 1].iter().rposition(|octet| *octet == b'\n').unwrap() + 1;
        for length in second_end..content.len() {
            fs::write(&scratch.0, &content[..length]).unwrap();
            let mut batch = reopen(&scratch.0, &ksak).unwrap().unwrap();
            assert_eq!((batch.credentials(), batch.cut()), (2, (length - second_end) as u64), "{length}");
            batch.append(&group(&ksak, &["04"])).unwrap();
            drop(batch);
            assert_eq!(reopen(&scratch.0, &ksak).unwrap().unwrap().credentials(), 3);
        }
    }

    #[test]
    fn cuts_blocks_that_were_never_written() {
        let (scratch, ksak, content) = written("nul");
        let first_end = content.iter().position(|octet| *octet == b'\n').unwrap() + 1;
        let mut holed = content.clone();
        holed[first_end + 10..first_end + 30].fill(0);
        fs::write(&scratch.0, &holed).unwrap();
        let batch = reopen(&scratch.0, &ksak).unwrap().unwrap();
        assert_eq!((batch.credentials(), batch.cut()), (1, (content.len() - first_end) as u64));
    }

    #[test]
    fn leaves_alone_what_is_no_batch_of_this_kms() {
        let (scratch, ksak, content) = written("foreign");
        let text = String::from_utf8(content.clone()).unwrap();
        let twice = [content.clone(), content.clone()].concat();
        for (what, octets) in [
            ("text", b"root:x:0:0:root\nno newline here".to_vec()),
            ("text without line end", b"precious".to_vec()),
            ("json", b"{\"version\":1}".to_vec()),
            ("unknown field", text.replacen("\"id_hex\"", "\"id_hey\"", 1).into_bytes()),
            ("line in the middle", text.replacen("\"ssk\":\"", "\"ssk\":\"x", 1).into_bytes()),
            ("empty line", format!("{text}\n").into_bytes()),
            ("twice", twice),
            ("long torn line", format!("{text}{{\"id_hex\":\"{}", "0".repeat(20_000)).into_bytes()),
        ] {
            fs::write(&scratch.0, &octets).unwrap();
            assert!(reopen(&scratch.0, &ksak).is_err(), "{what}");
            assert_eq!(fs::read(&scratch.0).unwrap(), octets, "{what}");
        }
        fs::write(&scratch.0, &content).unwrap();
        let other = KmsSecretKey::generate(&mut SysRng).unwrap();
        let error = reopen(&scratch.0, &other).unwrap_err();
        assert!(matches!(error.problem(), FileProblem::OtherKms { line: 1 }), "{error}");
        fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o640)).unwrap();
        let error = reopen(&scratch.0, &ksak).unwrap_err();
        assert!(matches!(error.problem(), FileProblem::Permissions { mode: 0o640 }), "{error}");
    }
}
