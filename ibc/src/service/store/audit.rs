//! The audit log in the database: entries, segments that were moved to files, checkpoints.

use super::columns::{seconds, time};
use crate::service::audit::chain::{Entry, Event, Head};
use crate::service::error::ServiceError;
use eccsi_sakke::onem2m::UnixTime;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row, Transaction};

/// Appends an entry behind `before`, which has to be there: a chain that lost its end takes no more.
pub(crate) async fn insert(
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
    .bind(seconds(entry.at))
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
        let text = format!("entry {} of {} is gone from the audit log", before.number, entry.writer);
        Err(ServiceError::unavailable(text))
    }
}

/// Whether the chain has this event behind entry `behind`.
pub(super) async fn has(
    connection: &mut AnyConnection,
    writer: &str,
    behind: u64,
    event: &Event<'_>,
) -> Result<bool, ServiceError> {
    let text = "select count(*) from audit where writer = $1 and seq > $2 and event = $3 and detail = $4";
    let found: i64 = sqlx::query_scalar(text)
        .bind(writer)
        .bind(i64::try_from(behind).unwrap_or(i64::MAX))
        .bind(event.name())
        .bind(event.detail())
        .fetch_one(connection)
        .await?;
    Ok(found > 0)
}

/// The end of the chain of `writer`.
pub(crate) async fn head(tx: &mut Transaction<'_, Any>, writer: &str) -> Result<Head, ServiceError> {
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
    rows.iter().map(|row| entry(row, writer.into())).collect()
}

/// Which entries are looked for; "" for all.
#[derive(Clone, Debug)]
pub(crate) struct Wanted<'a> {
    /// A writer, or a node with its commands.
    pub(crate) writer: &'a str,
    pub(crate) event: &'a str,
    /// A value in the detail.
    pub(crate) about: &'a str,
    pub(crate) since: UnixTime,
    pub(crate) before: UnixTime,
}

/// The newest entries of that kind, the newest first.
pub(crate) async fn search(
    connection: &mut AnyConnection,
    wanted: &Wanted<'_>,
    limit: u32,
) -> Result<Vec<Entry>, ServiceError> {
    // The detail is JSON: a value in quotation marks is a whole one.
    let text = "select writer, seq, at, event, detail, hash from audit where at >= $1 and at < $2 \
                and ($3 = '' or writer = $3 or writer = $4) and ($5 = '' or event = $5) \
                and ($6 = '' or replace(detail, $7, '') <> detail) order by at desc, writer desc, seq desc limit $8";
    let rows = sqlx::query(text)
        .bind(seconds(wanted.since))
        .bind(seconds(wanted.before))
        .bind(wanted.writer)
        .bind(format!("{}.cli", wanted.writer))
        .bind(wanted.event)
        .bind(wanted.about)
        .bind(format!("\"{}\"", wanted.about))
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| entry(row, row.try_get("writer")?)).collect()
}

fn entry(row: &AnyRow, writer: String) -> Result<Entry, ServiceError> {
    let hash: Vec<u8> = row.try_get("hash")?;
    let (number, at): (i64, i64) = (row.try_get("seq")?, row.try_get("at")?);
    Ok(Entry {
        writer,
        number: number.unsigned_abs(),
        at: time(at),
        event: row.try_get("event")?,
        detail: row.try_get("detail")?,
        // What has another length is no hash of anything, and shows as changed.
        hash: hash.try_into().unwrap_or([0; 32]),
    })
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
                at: time(at),
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
        .bind(seconds(row.at))
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
