//! The hash chain of each writer of the audit log.
//!
//! Entry n of a writer carries
//! `SHA-256("ibc audit v1" ‖ lp(writer) ‖ n ‖ time ‖ lp(event) ‖ lp(detail) ‖ hash of the entry before)`, with
//! n and time as eight octets, lp a prefix of four octets with the length, and zeros before entry 1. Nothing can be
//! changed, removed or put in between without breaking the chain; its end is held by the state file and
//! by signed checkpoints.
//!
//! After a restore with accepted loss one entry named [`RESTORED`] may skip numbers: those that the state file
//! knows to have been lost.

use core::fmt;
use eccsi_sakke::onem2m::UnixTime;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

const LABEL: &[u8] = b"ibc audit v1";

/// The one event that may skip numbers.
pub const RESTORED: &str = "restored";

/// What happened, with public details.
#[derive(Debug)]
pub struct Event<'a> {
    name: &'a str,
    detail: Map<String, Value>,
}

impl<'a> Event<'a> {
    /// An event without details.
    pub fn new(name: &'a str) -> Self {
        Self { name, detail: Map::new() }
    }

    /// With one detail more. Never a secret, never a body.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(name.into(), value.into());
        self
    }

    /// Its name.
    pub(crate) const fn name(&self) -> &str {
        self.name
    }

    /// Its details, as they stand in the log.
    pub(crate) fn detail(&self) -> String {
        serde_json::to_string(&self.detail).unwrap_or_default() // names and values, which cannot fail
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose chain.
    pub writer: String,
    /// From 1.
    pub number: u64,
    /// When.
    pub at: UnixTime,
    /// What.
    pub event: String,
    /// A JSON object.
    pub detail: String,
    /// The end of the chain with this entry.
    pub hash: [u8; 32],
}

impl Entry {
    /// The hash that belongs there, behind an entry with the hash `before`.
    pub fn hash_after(&self, before: &[u8; 32]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(LABEL);
        let mut field = |octets: &[u8]| {
            hash.update(u32::try_from(octets.len()).unwrap_or(u32::MAX).to_be_bytes());
            hash.update(octets);
        };
        field(self.writer.as_bytes());
        field(self.event.as_bytes());
        field(self.detail.as_bytes());
        hash.update(self.number.to_be_bytes());
        hash.update(self.at.as_seconds().to_be_bytes());
        hash.update(before);
        hash.finalize().into()
    }

    /// Numbers that a [`RESTORED`] entry says were lost, the last one inclusive.
    fn skips_to(&self) -> Option<u64> {
        if self.event != RESTORED {
            return None;
        }
        crate::json::from_str::<Value>(&self.detail).ok()?.get("lost_to")?.as_u64()
    }
}

/// The end of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of the last entry, 0 for none.
    pub number: u64,
    /// Its hash, zeros for none.
    pub hash: [u8; 32],
}

impl Head {
    /// Before the first entry.
    pub const START: Self = Self { number: 0, hash: [0; 32] };

    pub(crate) fn next(&self, writer: &str, at: UnixTime, event: Event<'_>) -> Entry {
        let skipped = event.detail.get("lost_to").and_then(Value::as_u64).filter(|_| event.name == RESTORED);
        let mut entry = Entry {
            writer: writer.into(),
            number: skipped.unwrap_or(self.number).max(self.number) + 1,
            at,
            event: event.name.into(),
            detail: event.detail(),
            hash: [0; 32],
        };
        entry.hash = entry.hash_after(&self.hash);
        entry
    }

    pub(crate) fn advance(&mut self, entry: &Entry) {
        *self = Self { number: entry.number, hash: entry.hash };
    }

    /// Checks that `entry` follows, and moves on to it.
    ///
    /// # Errors
    /// [`Broken`] with the number where the chain ends.
    pub fn follow(&mut self, entry: &Entry) -> Result<(), Broken> {
        let expected = entry.skips_to().unwrap_or(self.number).max(self.number) + 1;
        if entry.number != expected {
            return Err(Broken::Gap {
                writer: entry.writer.clone(),
                after: self.number,
                found: entry.number,
            });
        }
        if entry.hash != entry.hash_after(&self.hash) {
            return Err(Broken::Hash { writer: entry.writer.clone(), number: entry.number });
        }
        self.advance(entry);
        Ok(())
    }
}

/// A chain that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Broken {
    /// A number is missing, or there twice.
    Gap {
        /// Whose chain.
        writer: String,
        /// The last number that holds.
        after: u64,
        /// The number that follows.
        found: u64,
    },
    /// An entry was changed, or one before it.
    Hash {
        /// Whose chain.
        writer: String,
        /// The entry.
        number: u64,
    },
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap { writer, after, found } => {
                write!(f, "the chain of {writer} has a gap: entry {found} follows entry {after}")
            }
            Self::Hash { writer, number } => {
                write!(f, "entry {number} of {writer} was changed, or the one before it")
            }
        }
    }
}

impl core::error::Error for Broken {}
