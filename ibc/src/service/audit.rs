//! The audit log as a whole: checking it, signing where it ends, moving its older parts to files.

pub mod chain;
mod checkpoint;
pub mod deep;
mod named;
mod segment;
mod verify;

pub use checkpoint::Checkpoint;
pub(crate) use checkpoint::is_signed as is_signed_checkpoint;
pub use segment::{Moved, move_segments};
pub use verify::{Chain, Finding, Verification, verify};

use crate::service::error::ServiceError;
use crate::service::store::{ReadStore, audit};
use chain::Entry;
use eccsi_sakke::onem2m::UnixTime;

/// Entries that are read at once.
const PAGE: u32 = 4096;

/// The newest entries of all chains, oldest first: at most `limit` in all.
///
/// # Errors
/// [`Kind::Unavailable`](crate::service::error::Kind::Unavailable) if the store cannot be read.
pub async fn newest(reads: &ReadStore, limit: u32) -> Result<Vec<Entry>, ServiceError> {
    let mut connection = reads.pool().acquire().await?;
    let mut all = Vec::new();
    for (writer, head) in audit::heads(&mut connection).await? {
        let after = head.number.saturating_sub(u64::from(limit));
        all.extend(audit::entries(&mut connection, &writer, after, limit).await?);
    }
    all.sort_by(|a, b| (a.at, &a.writer, a.number).cmp(&(b.at, &b.writer, b.number)));
    let surplus = all.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
    all.drain(..surplus);
    Ok(all)
}

/// Which entries are looked for; `None` for all.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Of this node, its commands included, or of this writer.
    pub node: Option<String>,
    /// Of this kind.
    pub event: Option<String>,
    /// With this value: a client, an ID_2, a key.
    pub about: Option<String>,
    /// Written at this time or later.
    pub since: Option<UnixTime>,
    /// Written before this time.
    pub before: Option<UnixTime>,
}

/// The newest entries of a kind, oldest first: at most `limit`. Those that were moved to files are not looked through.
///
/// # Errors
/// As [`newest`].
pub async fn search(reads: &ReadStore, search: &Search, limit: u32) -> Result<Vec<Entry>, ServiceError> {
    let wanted = audit::Wanted {
        writer: search.node.as_deref().unwrap_or_default(),
        event: search.event.as_deref().unwrap_or_default(),
        about: search.about.as_deref().unwrap_or_default(),
        since: search.since.unwrap_or(UnixTime::EPOCH),
        before: search.before.unwrap_or(UnixTime::from_seconds(i64::MAX.unsigned_abs())),
    };
    let mut connection = reads.pool().acquire().await?;
    let mut found = audit::search(&mut connection, &wanted, limit).await?;
    found.reverse();
    Ok(found)
}
