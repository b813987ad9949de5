//! Older entries in files: one JSON object a line.
//!
//! The first line says whose entries follow, from which number to which, and the hash before the first. Then the
//! entries. The last line has the signature of all octets before it. A segment is complete on the disk before its
//! entries leave the database; the newest entry of a chain never leaves it.

use super::PAGE;
use super::chain::{Entry, Event, Head};
use crate::files::private_file::{self, Existing};
use crate::service::error::ServiceError;
use crate::service::kms::{KeyDirectory, ServicePublicKey};
use crate::service::store::audit::{self, SegmentRow};
use crate::service::store::{Change, Store, WriteTransaction};
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::UnixTime;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use std::sync::Arc;

const FORMAT: &str = "ibc-audit-segment";
const VERSION: u32 = 1;
const LABEL: &str = "ibc audit segment v1";

/// Entries of one file: some ten MiB.
const MOST: usize = 32_768;

/// Octets of a file that is read.
const MAX_OCTETS: u64 = 512 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    version: u32,
    writer: String,
    first: u64,
    last: u64,
    before: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    number: u64,
    at: u64,
    event: String,
    detail: String,
    hash: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    signature: String,
}

/// What was moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Files written.
    pub files: usize,
    /// Entries in them.
    pub entries: usize,
}

/// Moves the entries of `writers` that were written before `before` into files of `folder`. `progress` gets the number of
/// entries moved so far.
///
/// A node moves its own, into the folder that it has: the files of another node's entries would be missing there.
///
/// # Errors
/// [`Kind::Unavailable`](crate::service::error::Kind::Unavailable) if store or folder cannot be read or written; what
/// was moved until then stays moved.
pub async fn move_segments(
    store: &Store,
    keys: &Arc<KeyDirectory>,
    folder: &Path,
    (writers, before): (&[String], UnixTime),
    mut progress: impl FnMut(usize),
) -> Result<Moved, ServiceError> {
    let mut moved = Moved::default();
    let mut connection = store.reads().pool().acquire().await?;
    for (writer, head) in audit::heads(&mut connection).await? {
        if !writers.contains(&writer) {
            continue;
        }
        let segments = audit::segments(&mut connection, &writer).await?;
        let mut end = match segments.last() {
            Some(last) => Head {
                number: last.last,
                hash: last.last_hash.as_slice().try_into().map_err(ServiceError::internal)?,
            },
            None => Head::START,
        };
        loop {
            let entries = old_entries(&mut connection, &writer, (end.number, head.number), before).await?;
            let Some(last) = entries.last() else { break };
            let next = Head { number: last.number, hash: last.hash };
            let segment = write_file(keys, folder, &end, &entries)?;
            if !store.write(MoveOut { segment }).await? {
                break; // another process moves them
            }
            moved.files += 1;
            moved.entries += entries.len();
            progress(moved.entries);
            end = next;
        }
    }
    Ok(moved)
}

/// Entries behind `after`, older than `before`, never the head; at most those of one file.
async fn old_entries(
    connection: &mut sqlx::AnyConnection,
    writer: &str,
    (after, head): (u64, u64),
    before: UnixTime,
) -> Result<Vec<Entry>, ServiceError> {
    let mut entries: Vec<Entry> = Vec::new();
    while entries.len() < MOST {
        let from = entries.last().map_or(after, |last| last.number);
        let page = audit::entries(connection, writer, from, PAGE).await?;
        let count = page.len();
        entries.extend(page.into_iter().take_while(|entry| entry.at < before && entry.number < head));
        let reached = entries.last().map_or(after, |last| last.number);
        if count == 0
            || !entries.len().is_multiple_of(usize::try_from(PAGE).unwrap_or(usize::MAX))
            || reached == from
        {
            break;
        }
    }
    Ok(entries)
}

fn write_file(
    keys: &KeyDirectory,
    folder: &Path,
    before: &Head,
    entries: &[Entry],
) -> Result<SegmentRow, ServiceError> {
    let (first, last) = match entries {
        [first, .., last] => (first, last),
        [one] => (one, one),
        [] => return Err(ServiceError::internal("a segment without entries")),
    };
    let mut octets = Vec::new();
    let mut line = |value: serde_json::Result<Vec<u8>>| -> Result<(), ServiceError> {
        octets.extend(value.map_err(ServiceError::internal)?);
        octets.push(b'\n');
        Ok(())
    };
    let hex = |octets: &[u8]| base16ct::lower::encode_string(octets);
    line(serde_json::to_vec(&Header {
        format: FORMAT.into(),
        version: VERSION,
        writer: first.writer.clone(),
        first: first.number,
        last: last.number,
        before: hex(&before.hash),
    }))?;
    for entry in entries {
        line(serde_json::to_vec(&Line {
            number: entry.number,
            at: entry.at.as_seconds(),
            event: entry.event.clone(),
            detail: entry.detail.clone(),
            hash: hex(&entry.hash),
        }))?;
    }
    let signature =
        keys.service_key().sign(LABEL, &octets, &mut SysRng).map_err(ServiceError::unavailable)?;
    octets
        .extend(serde_json::to_vec(&Signed { signature: hex(&signature) }).map_err(ServiceError::internal)?);
    octets.push(b'\n');
    fs::create_dir_all(folder).map_err(ServiceError::unavailable)?;
    let file = format!("audit-{}-{:012}-{:012}.jsonl", first.writer, first.number, last.number);
    // A file that a crash left behind without its row is written anew.
    private_file::write(&folder.join(&file), &octets, Existing::Replace)
        .map_err(ServiceError::unavailable)?;
    Ok(SegmentRow {
        writer: first.writer.clone(),
        first: first.number,
        last: last.number,
        last_hash: last.hash.to_vec(),
        file,
    })
}

struct MoveOut {
    segment: SegmentRow,
}

impl Change for MoveOut {
    type Output = bool;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<bool, ServiceError> {
        let SegmentRow { writer, first, last, file, .. } = &self.segment;
        if !audit::move_out(tx.connection(), &self.segment).await? {
            return Ok(false);
        }
        let event = Event::new("segment")
            .with("chain", writer.as_str())
            .with("first", *first)
            .with("last", *last)
            .with("file", file.as_str());
        tx.audit(event).await?;
        Ok(true)
    }
}

/// Reads a segment, and checks form and signature.
pub(super) fn read(
    folder: &Path,
    row: &SegmentRow,
    signer: &ServicePublicKey,
) -> Result<Vec<Entry>, &'static str> {
    if row.file.contains('/') {
        return Err("its name is no name of a file");
    }
    let path = folder.join(&row.file);
    if !path.exists() {
        return Err(
            "it is not there: each node keeps the files of its own entries, bring this one here from its node",
        );
    }
    let octets = private_file::read(&path, MAX_OCTETS).map_err(|_| "it cannot be read")?;
    let end = octets.strip_suffix(b"\n").ok_or("it has no end")?;
    let at = end.iter().rposition(|octet| *octet == b'\n').ok_or("it has one line only")? + 1;
    let (signed, last) = octets.split_at(at);
    let last: Signed = crate::json::from_slice(last).map_err(|_| "its last line is no signature")?;
    let mut signature = [0; 64];
    if base16ct::lower::decode(&last.signature, &mut signature).map(<[u8]>::len) != Ok(64)
        || !signer.verify(LABEL, signed, &signature)
    {
        return Err("it was not signed by this service, or changed since");
    }
    let mut lines = signed.split(|octet| *octet == b'\n').filter(|line| !line.is_empty());
    let header: Header = lines
        .next()
        .and_then(|line| crate::json::from_slice(line).ok())
        .ok_or("its header has another form")?;
    if header.format != FORMAT || header.version != VERSION {
        return Err("it is of another version");
    }
    if (&header.writer, header.first, header.last) != (&row.writer, row.first, row.last) {
        return Err("it holds other entries than the database says");
    }
    lines.map(|line| entry(&row.writer, line).ok_or("an entry has another form")).collect()
}

fn entry(writer: &str, line: &[u8]) -> Option<Entry> {
    let line: Line = crate::json::from_slice(line).ok()?;
    let mut hash = [0; 32];
    let length = base16ct::lower::decode(&line.hash, &mut hash).ok()?.len();
    (length == 32).then_some(Entry {
        writer: writer.into(),
        number: line.number,
        at: UnixTime::from_seconds(line.at),
        event: line.event,
        detail: line.detail,
        hash,
    })
}
