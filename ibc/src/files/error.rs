//! What can be wrong with a file, told so that the reader knows what to do.

use core::fmt;
use eccsi_sakke::error::DecodeError;
use eccsi_sakke::onem2m::IdentifierError;
use std::io;
use std::path::{Path, PathBuf};

/// A file could not be used.
#[derive(Debug)]
pub struct FileError {
    path: PathBuf,
    problem: FileProblem,
}

/// Why a file could not be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileProblem {
    /// The operating system says so.
    Io(io::Error),
    /// A directory, pipe, socket or device.
    NotRegular,
    /// Group or others may read or write a file that holds secrets.
    Permissions {
        /// The permission bits found.
        mode: u32,
    },
    /// Group or others may write into a folder that holds secrets: they could put other files into it.
    FolderPermissions {
        /// The permission bits found.
        mode: u32,
    },
    /// More octets than such a file may have.
    TooLarge {
        /// The largest number of octets.
        limit: u64,
    },
    /// There is a file already, and it must not be overwritten.
    Exists,
    /// Another process holds the file.
    Locked,
    /// The content is not what it should be.
    Format(FormatError),
    /// One line of the content is not what it should be.
    Line {
        /// Counted from 1.
        number: u64,
        /// What is wrong with it.
        error: FormatError,
    },
    /// Lines of an identity list are malformed; nothing was issued.
    List {
        /// The first malformed line, counted from 1.
        first: u64,
        /// What is wrong with it.
        error: FormatError,
        /// How many lines are malformed.
        count: u64,
    },
    /// The list is not the same any more as when it was checked.
    ListChanged {
        /// The first line that differs, counted from 1.
        line: u64,
    },
    /// More lines than a list may have.
    TooManyLines {
        /// The largest number of lines.
        limit: u64,
    },
    /// A batch holds credentials of another KMS.
    OtherKms {
        /// The first such line, counted from 1.
        line: u64,
    },
    /// A batch that was begun with RSKs is to be continued without, or the other way round.
    OtherContent {
        /// The first such line, counted from 1.
        line: u64,
        /// Whether it has an RSK.
        has_rsk: bool,
    },
    /// A batch holds an identity twice.
    Twice,
}

/// Why some content is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormatError {
    /// The text does not start as a JSON object.
    NotAnObject,
    /// Not JSON, or not the fields expected. The text contains nothing of a secret field.
    Json(String),
    /// Not UTF-8.
    NotText,
    /// Not an even number of hexadecimal digits.
    NotHex,
    /// A file with a key is text, but not hexadecimal digits.
    KeyText,
    /// The line is empty.
    EmptyLine,
    /// The line has more octets than allowed.
    LongLine {
        /// The largest number of octets.
        limit: usize,
    },
    /// Neither or both of `id2` and `id_hex`.
    OneIdentity,
    /// The identity has more octets than allowed.
    LongIdentity {
        /// The largest number of octets.
        limit: usize,
    },
    /// One of `rsk` and `z_public` without the other.
    RskWithoutZ,
    /// An ID_2 spelt in hexadecimal, which would hide its expiry.
    HiddenId2,
    /// A value is not the encoding of a key or point.
    Decode(DecodeError),
    /// Not an identifier of oneM2M.
    Identifier(IdentifierError),
    /// The identity is well formed, but no credential is issued for it; the text says why.
    Policy(String),
    /// A tag that is not that of the key beside it.
    Tag,
    /// A public key file without a key, or with the same one twice.
    Keys,
    /// A version or algorithm this program does not know.
    Unknown(&'static str),
    /// A file of this kind, but not the one that belongs here; the text says why.
    Other(&'static str),
    /// A parameter of the key derivation outside its bounds.
    KdfParameter {
        /// Its name in the header.
        name: &'static str,
        /// Smallest value allowed.
        min: u32,
        /// Largest value allowed.
        max: u32,
    },
    /// The key derivation could not have the memory it needs.
    OutOfMemory {
        /// The memory it needs, in MiB.
        mib: u32,
    },
    /// The header was made for a file of another name.
    Misnamed,
    /// The seal does not open: wrong passphrase, or the file was changed.
    Sealed,
}

impl FileError {
    /// Puts the path to a problem.
    pub fn new(path: &Path, problem: impl Into<FileProblem>) -> Self {
        Self { path: path.into(), problem: problem.into() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong.
    pub fn problem(&self) -> &FileProblem {
        &self.problem
    }
}

impl From<io::Error> for FileProblem {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<FormatError> for FileProblem {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
    }
}

impl From<DecodeError> for FormatError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<IdentifierError> for FormatError {
    fn from(error: IdentifierError) -> Self {
        Self::Identifier(error)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.problem {
            FileProblem::Io(error) => write!(f, "{path}: {error}"),
            FileProblem::NotRegular => {
                write!(f, "{path} is not a regular file: give a file, or - for standard input")
            }
            FileProblem::Permissions { mode } => write!(
                f,
                "{path} holds secrets, but its mode {mode:04o} lets others at them: run chmod 600 {path}"
            ),
            FileProblem::FolderPermissions { mode } => write!(
                f,
                "{path} holds secrets, but its mode {mode:04o} lets others put files into it: run chmod 700 {path}, and look \
                 what is in it"
            ),
            FileProblem::TooLarge { limit } => {
                write!(f, "{path} has more than {limit} octets: this is not the file that is meant")
            }
            FileProblem::Exists => {
                write!(f, "{path} exists and stays as it is: choose another name or remove it first")
            }
            FileProblem::Locked => {
                write!(
                    f,
                    "{path} is in use by another process (ibc renew, ibc commands or the like): wait until it has ended, or end it"
                )
            }
            FileProblem::Format(error) => write!(f, "{path}: {error}"),
            FileProblem::Line { number, error } => write!(f, "{path}, line {number}: {error}"),
            FileProblem::List { first, error, count: 1 } => {
                write!(f, "{path}, line {first}: {error}; nothing was issued, correct the line")
            }
            FileProblem::List { first, error, count } => write!(
                f,
                "{path}, line {first}: {error}; nothing was issued, correct this and {} more lines",
                count - 1
            ),
            FileProblem::ListChanged { line } => write!(
                f,
                "{path} was changed while it was being read, at line {line}: start again with a list at rest"
            ),
            FileProblem::TooManyLines { limit } => {
                write!(f, "{path} has more than {limit} lines: split the list")
            }
            FileProblem::OtherKms { line } => write!(
                f,
                "{path}, line {line}: a credential of another KMS: choose another file, or the KMS file it began with"
            ),
            FileProblem::OtherContent { line, has_rsk: true } => write!(
                f,
                "{path}, line {line}: a credential with RSK: continue the batch as it began, with --with-rsk, or choose another file"
            ),
            FileProblem::OtherContent { line, has_rsk: false } => write!(
                f,
                "{path}, line {line}: a credential without RSK: continue the batch as it began, without --with-rsk, or choose another file"
            ),
            FileProblem::Twice => {
                write!(f, "{path} holds an identity twice, which no run leaves behind: choose another file")
            }
        }
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => f.write_str("not a JSON object"),
            Self::Json(message) => f.write_str(message),
            Self::NotText => f.write_str("not text in UTF-8"),
            Self::NotHex => f.write_str("not an even number of hexadecimal digits"),
            Self::KeyText => f.write_str(
                "text, but not hexadecimal digits: a key is two digits for each octet and nothing else, or its octets as they are",
            ),
            Self::EmptyLine => f.write_str("an empty line where an identity should be"),
            Self::LongLine { limit } => write!(f, "a line of more than {limit} octets"),
            Self::OneIdentity => f.write_str("either id2 or id_hex is needed, and not both"),
            Self::LongIdentity { limit } => write!(f, "an identity of more than {limit} octets"),
            Self::RskWithoutZ => f.write_str("rsk and z_public are there together or not at all"),
            Self::HiddenId2 => f.write_str("these octets are an ID_2: give it as text (id2), not in hexadecimal"),
            Self::Decode(error) => error.fmt(f),
            Self::Identifier(error) => error.fmt(f),
            Self::Policy(message) => f.write_str(message),
            Self::Tag => f.write_str("the tag is not that of the KPAK beside it: fetch the file again"),
            Self::Keys => f.write_str("a public key file holds at least one KPAK and none twice"),
            Self::Unknown(what) => {
                write!(f, "unknown {what}: not a file of this kind, or made by a newer version")
            }
            Self::Other(why) => f.write_str(why),
            Self::KdfParameter { name, min, max } => {
                write!(f, "argon2id parameter {name} is not between {min} and {max}")
            }
            Self::Misnamed => f.write_str("made under another name: files were swapped or renamed"),
            Self::OutOfMemory { mib } => {
                write!(f, "the passphrase needs {mib} MiB of memory to be checked, which this machine does not give")
            }
            Self::Sealed => f.write_str(
                "wrong passphrase, or the file was changed: try the passphrase again, else restore the file from a backup",
            ),
        }
    }
}

// The message holds the cause: a `source` would repeat it.
impl core::error::Error for FileError {}

impl core::error::Error for FormatError {}
