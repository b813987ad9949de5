//! The audit log: a hash chain for each writer.
//!
//! Entry n of a writer carries
//! `SHA-256("ibc audit v1" ‖ lp(writer) ‖ n ‖ time ‖ lp(event) ‖ lp(detail) ‖ hash of the entry before)`, with
//! n and time as eight octets, lp a prefix of four octets with the length, and zeros before entry 1. Nothing can be
//! changed, removed or put in between without breaking the chain; its end is held by the state file and
//! by signed checkpoints.
//!
//! After a restore with accepted loss one entry named [`RESTORED`] may skip numbers: those that the state file
//! knows to have been lost.

use super::ServiceError;
use eccsi_sakke::onem2m::UnixTime;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use sqlx::{Any, AnyConnection, Row, Transaction};

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

    pub(super) fn next(&self, writer: &str, at: UnixTime, event: Event<'_>) -> Entry {
        let skipped = event.detail.get("lost_to").and_then(Value::as_u64).filter(|_| event.name == RESTORED);
        let mut entry = Entry {
            writer: writer.into(),
            number: skipped.unwrap_or(self.number).max(self.number) + 1,
            at,
            event: event.name.into(),
            detail: Value::Object(event.detail).to_string(),
            hash: [0; 32],
        };
        entry.hash = entry.hash_after(&self.hash);
        entry
    }

    pub(super) fn advance(&mut self, entry: &Entry) {
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

impl core::fmt::Display for Broken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
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

/// Appends an entry behind `before`, which has to be there: a chain that lost its end takes no more.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    entry: &Entry,
    before: &Head,
) -> Result<(), ServiceError> {
    let appended = sqlx::query(
        "insert into audit (writer, seq, at, event, detail, hash) select $1, $2, $3, $4, $5, $6 \
         where exists (select 1 from audit where writer = $1 and seq = $7 and hash = $8) \
         or exists (select 1 from segment where writer = $1 and last_seq = $7 and last_hash = $8) \
         or ($7 = 0 and not exists (select 1 from audit where writer = $1))",
    )
    .bind(&entry.writer)
    .bind(i64::try_from(entry.number).unwrap_or(i64::MAX))
    .bind(super::times::seconds(entry.at))
    .bind(&entry.event)
    .bind(&entry.detail)
    .bind(entry.hash.to_vec())
    .bind(i64::try_from(before.number).unwrap_or(i64::MAX))
    .bind(before.hash.to_vec())
    .execute(connection)
    .await?;
    if appended.rows_affected() == 1 {
        Ok(())
    } else {
        let text = std::format!("entry {} of {} is gone from the audit log", before.number, entry.writer);
        Err(ServiceError::unavailable(text))
    }
}

/// The end of the chain of `writer`.
pub(super) async fn head(tx: &mut Transaction<'_, Any>, writer: &str) -> Result<Head, ServiceError> {
    let last = sqlx::query("select seq, hash from audit where writer = $1 order by seq desc limit 1")
        .bind(writer)
        .fetch_optional(&mut **tx)
        .await?;
    let moved = sqlx::query(
        "select last_seq as seq, last_hash as hash from segment where writer = $1 order by last_seq desc limit 1",
    )
    .bind(writer)
    .fetch_optional(&mut **tx)
    .await?;
    match last.or(moved) {
        None => Ok(Head::START),
        Some(row) => head_of(&row),
    }
}

/// The ends of all chains, by writer.
pub(crate) async fn heads(connection: &mut AnyConnection) -> Result<Vec<(String, Head)>, ServiceError> {
    let mut heads = Vec::new();
    for writer in writers(connection).await? {
        let last = sqlx::query(
            "select seq, hash from (select seq, hash from audit where writer = $1 union all \
             select last_seq as seq, last_hash as hash from segment where writer = $1) ends order by seq desc limit 1",
        )
        .bind(&writer)
        .fetch_one(&mut *connection)
        .await?;
        heads.push((writer, head_of(&last)?));
    }
    Ok(heads)
}

/// Everybody who has a chain.
pub(crate) async fn writers(connection: &mut AnyConnection) -> Result<Vec<String>, ServiceError> {
    let text = "select writer from audit union select writer from segment order by writer";
    Ok(sqlx::query_scalar(text).fetch_all(connection).await?)
}

/// The hash of an entry, if it stands in the database.
pub(super) async fn hash_at(
    connection: &mut AnyConnection,
    writer: &str,
    number: u64,
) -> Result<Option<[u8; 32]>, ServiceError> {
    let hash: Option<Vec<u8>> = sqlx::query_scalar("select hash from audit where writer = $1 and seq = $2")
        .bind(writer)
        .bind(i64::try_from(number).unwrap_or(i64::MAX))
        .fetch_optional(connection)
        .await?;
    hash.map(|hash| hash.try_into().map_err(|_| ServiceError::internal("a hash of another length")))
        .transpose()
}

/// Up to `limit` entries of a chain behind number `after`, in order.
pub(crate) async fn entries(
    connection: &mut AnyConnection,
    writer: &str,
    after: u64,
    limit: u32,
) -> Result<Vec<Entry>, ServiceError> {
    let rows = sqlx::query(
        "select seq, at, event, detail, hash from audit where writer = $1 and seq > $2 order by seq limit $3",
    )
    .bind(writer)
    .bind(i64::try_from(after).unwrap_or(i64::MAX))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let hash: Vec<u8> = row.try_get("hash")?;
            let (number, at): (i64, i64) = (row.try_get("seq")?, row.try_get("at")?);
            Ok(Entry {
                writer: writer.into(),
                number: number.unsigned_abs(),
                at: super::times::time(at),
                event: row.try_get("event")?,
                detail: row.try_get("detail")?,
                // What has another length is no hash of anything, and shows as changed.
                hash: hash.try_into().unwrap_or([0; 32]),
            })
        })
        .collect()
}

/// Entries that were moved to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentRow {
    pub(crate) writer: String,
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) last_hash: Vec<u8>,
    /// Name in the folder of segments.
    pub(crate) file: String,
}

/// The segments of a chain in order.
pub(crate) async fn segments(
    connection: &mut AnyConnection,
    writer: &str,
) -> Result<Vec<SegmentRow>, ServiceError> {
    let rows = sqlx::query(
        "select first_seq, last_seq, last_hash, file from segment where writer = $1 order by first_seq",
    )
    .bind(writer)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let (first, last): (i64, i64) = (row.try_get("first_seq")?, row.try_get("last_seq")?);
            Ok(SegmentRow {
                writer: writer.into(),
                first: first.unsigned_abs(),
                last: last.unsigned_abs(),
                last_hash: row.try_get("last_hash")?,
                file: row.try_get("file")?,
            })
        })
        .collect()
}

/// Notes that entries are in a file, and takes them out of the table; false if another process did.
pub(crate) async fn move_out(
    connection: &mut AnyConnection,
    segment: &SegmentRow,
) -> Result<bool, ServiceError> {
    let (first, last) =
        (i64::try_from(segment.first).unwrap_or(i64::MAX), i64::try_from(segment.last).unwrap_or(i64::MAX));
    let inserted = sqlx::query(
        "insert into segment (writer, first_seq, last_seq, last_hash, file) values ($1, $2, $3, $4, $5) \
         on conflict (writer, first_seq) do nothing",
    )
    .bind(&segment.writer)
    .bind(first)
    .bind(last)
    .bind(segment.last_hash.clone())
    .bind(&segment.file)
    .execute(&mut *connection)
    .await?;
    if inserted.rows_affected() != 1 {
        return Ok(false);
    }
    sqlx::query("delete from audit where writer = $1 and seq >= $2 and seq <= $3")
        .bind(&segment.writer)
        .bind(first)
        .bind(last)
        .execute(connection)
        .await?;
    Ok(true)
}

/// A signed statement of the ends of all chains.
#[derive(Debug)]
pub(crate) struct CheckpointRow {
    pub(crate) writer: String,
    pub(crate) number: u64,
    pub(crate) at: UnixTime,
    /// JSON.
    pub(crate) heads: String,
    pub(crate) signature: Vec<u8>,
}

pub(crate) async fn checkpoints(connection: &mut AnyConnection) -> Result<Vec<CheckpointRow>, ServiceError> {
    let text = "select writer, number, at, heads, signature from checkpoint order by writer, number";
    let rows = sqlx::query(text).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let (number, at): (i64, i64) = (row.try_get("number")?, row.try_get("at")?);
            Ok(CheckpointRow {
                writer: row.try_get("writer")?,
                number: number.unsigned_abs(),
                at: super::times::time(at),
                heads: row.try_get("heads")?,
                signature: row.try_get("signature")?,
            })
        })
        .collect()
}

/// The number of the newest checkpoint that `writer` made, 0 for none.
pub(crate) async fn last_checkpoint(
    connection: &mut AnyConnection,
    writer: &str,
) -> Result<u64, ServiceError> {
    let number: i64 = sqlx::query_scalar("select coalesce(max(number), 0) from checkpoint where writer = $1")
        .bind(writer)
        .fetch_one(connection)
        .await?;
    Ok(number.unsigned_abs())
}

pub(crate) async fn insert_checkpoint(
    connection: &mut AnyConnection,
    row: &CheckpointRow,
) -> Result<(), ServiceError> {
    sqlx::query("insert into checkpoint (writer, number, at, heads, signature) values ($1, $2, $3, $4, $5)")
        .bind(&row.writer)
        .bind(i64::try_from(row.number).unwrap_or(i64::MAX))
        .bind(super::times::seconds(row.at))
        .bind(&row.heads)
        .bind(row.signature.clone())
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes all but the newest `keep` checkpoints of a writer.
pub(crate) async fn forget_checkpoints(
    connection: &mut AnyConnection,
    writer: &str,
    newest: u64,
    keep: u64,
) -> Result<(), ServiceError> {
    sqlx::query("delete from checkpoint where writer = $1 and number <= $2")
        .bind(writer)
        .bind(i64::try_from(newest.saturating_sub(keep)).unwrap_or(0))
        .execute(connection)
        .await?;
    Ok(())
}

/// The end of a chain, from a row with `seq` and `hash`.
pub(super) fn head_of(row: &sqlx::any::AnyRow) -> Result<Head, ServiceError> {
    let hash: Vec<u8> = row.try_get("hash")?;
    let number: i64 = row.try_get("seq")?;
    Ok(Head {
        number: number.unsigned_abs(),
        hash: hash
            .try_into()
            .map_err(|_| ServiceError::internal("a hash of the audit log has another length"))?,
    })
}
