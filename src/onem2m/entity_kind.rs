//! CSE or AE.

use core::fmt;

/// What an identifier names. Its text cannot always tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntityKind {
    /// A Common Services Entity, named by a CSE-ID.
    Cse,
    /// An Application Entity, named by an AE-ID.
    Ae,
}

impl fmt::Display for EntityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cse => "CSE-ID",
            Self::Ae => "AE-ID",
        })
    }
}
