//! Why keys could not be opened or used.

use crate::files::{FileError, FileProblem, FormatError};
use core::fmt;
use eccsi_sakke::error::Error;
use eccsi_sakke::onem2m::UnixTime;
use eccsi_sakke::saef::KpakTag;
use std::path::{Path, PathBuf};

/// A key directory, or one of its keys, could not be used. Contains nothing secret.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeysError {
    /// One of its files; [`FormatError::Sealed`] if its seal does not open.
    File(FileError),
    /// There is no such directory, or it is something else.
    NotADirectory(PathBuf),
    /// A new key directory is made of nothing or of an empty directory.
    NotEmpty(PathBuf),
    /// Group or others can reach the directory.
    DirectoryMode {
        /// The directory.
        path: PathBuf,
        /// The permission bits found.
        mode: u32,
    },
    /// The root key is sealed in another way than the one offered.
    OtherSealing {
        /// The way the file names.
        method: &'static str,
    },
    /// The PKCS#11 token refused, or is not what was configured.
    Token(String),
    /// The random generator failed.
    Rng,
    /// The system gave no memory that core dumps leave out, or no thread.
    NoMemory,
    /// The name of a domain has one label only.
    SingleLabel,
    /// A validity that ends before it begins, or has ended, or lies beyond the year 9999.
    Validity,
    /// The directory has no KPAK of this tag.
    UnknownKpak(KpakTag),
    /// Two KPAKs of the directory have this tag.
    DuplicateTag(KpakTag),
    /// No KPAK with a tag of its own came out of many: the generator is broken, or there are too many.
    NoFreeTag,
    /// The KPAK may still be needed: it is removed after its end only.
    StillValid {
        /// Its end.
        not_after: UnixTime,
    },
    /// A sealed value does not open: it was changed, or sealed for another purpose.
    Sealed,
    /// The data key was erased, and all that was sealed under it with it.
    Erased,
    /// More generations of a data key than can be counted.
    Generations,
}

impl KeysError {
    pub(super) fn file(path: &Path, problem: impl Into<FileProblem>) -> Self {
        FileError::new(path, problem).into()
    }

    /// Whether this is a seal that does not open.
    pub fn is_sealed(&self) -> bool {
        matches!(self, Self::Sealed)
            || matches!(self, Self::File(error) if matches!(error.problem(), FileProblem::Format(FormatError::Sealed)))
    }
}

impl From<FileError> for KeysError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<crate::memory::undumped::NoMemory> for KeysError {
    fn from(_: crate::memory::undumped::NoMemory) -> Self {
        Self::NoMemory
    }
}

impl fmt::Display for KeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::NotADirectory(path) => write!(f, "{} is not a directory", path.display()),
            Self::NotEmpty(path) => {
                write!(f, "{} is not empty: keys are made in a directory of their own", path.display())
            }
            Self::DirectoryMode { path, mode } => write!(
                f,
                "{} holds keys, but its mode {mode:04o} lets others in: run chmod 700 {0}",
                path.display()
            ),
            Self::OtherSealing { method } => {
                write!(f, "the root key is sealed by {method}: open it with that")
            }
            Self::Token(message) => write!(f, "PKCS#11 token: {message}"),
            Self::Rng => Error::Rng.fmt(f),
            Self::NoMemory => f.write_str("the system gives no memory for keys, or no thread"),
            Self::SingleLabel => f.write_str("a KPAK is for an FQDN of at least two labels"),
            Self::Validity => f.write_str("the validity must end after it begins, and after now"),
            Self::UnknownKpak(tag) => write!(f, "no KPAK with the tag {tag}"),
            Self::DuplicateTag(tag) => write!(f, "two KPAKs with the tag {tag}"),
            Self::NoFreeTag => f.write_str("no KPAK with a tag of its own could be made"),
            Self::StillValid { not_after } => {
                write!(f, "the KPAK is valid until {} s after 1970", not_after.as_seconds())
            }
            Self::Sealed => f.write_str("a sealed value does not open: it was changed, or is another"),
            Self::Erased => f.write_str("the key of this value was erased"),
            Self::Generations => f.write_str("too many generations of a data key"),
        }
    }
}

// The message holds the cause: a `source` would repeat it.
impl core::error::Error for KeysError {}

/// Why the KMS issues nothing for an identity. Contains nothing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KmsError {
    /// There is no KPAK of this tag.
    UnknownKpak,
    /// No KPAK of the domain issues at this time.
    NoKpak,
    /// The KPAK belongs to another domain than the identity.
    OtherDomain,
    /// The KPAK of this tag does not issue at this time: not yet, not any more, or it was ended.
    NotIssuing,
    /// The identity has expired.
    Expired,
    /// The identity would outlive the KPAK.
    ExpiryBeyondKpak {
        /// The end of the KPAK.
        not_after: UnixTime,
    },
    /// The computation was refused, or its result did not validate: [`Error::Rng`],
    /// [`Error::InvalidKey`], [`Error::UnusableIdentity`].
    Failed(Error),
}

impl From<Error> for KmsError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl fmt::Display for KmsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKpak => f.write_str("no KPAK with this tag"),
            Self::NoKpak => f.write_str("no KPAK of this domain issues now"),
            Self::OtherDomain => f.write_str("the KPAK is for another domain"),
            Self::NotIssuing => f.write_str("this KPAK does not issue now"),
            Self::Expired => f.write_str("the identity has expired"),
            Self::ExpiryBeyondKpak { .. } => f.write_str("the identity would outlive the KPAK"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

// The message holds the cause: a `source` would repeat it.
impl core::error::Error for KmsError {}
