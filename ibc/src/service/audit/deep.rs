//! The tables that decide against the log: what the entries say is replayed, and each row compared with it.
//!
//! A finding names a row, and an entry that says otherwise. What no entry tells of is not compared, and docs/operating.md
//! says what that is. Nothing is held but what `Expected` has, a page of entries of each chain and a page of rows.

mod expected;
mod merge;
mod published;
mod replay;

use super::verify::Verification;
use crate::service::error::ServiceError;
use crate::service::kms::ServicePublicKey;
use crate::service::store::ReadStore;
use crate::service::store::decisions::{self, Table};
use expected::Expected;
use merge::Merge;
use std::path::Path;

pub use published::State;

/// What comparing came to, beside the findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Rows there are by the log, that have not expired.
    pub rows: u64,
    /// Of these, rows that two nodes wrote in one second, in an order that nobody knows: not compared.
    pub uncertain: u64,
}

/// Compares the tables and the published deny list with the log, and adds to the findings of `verified`, which
/// [`verify`](super::verify()) gave: a log that does not hold proves nothing. `progress` gets the number of entries replayed.
///
/// # Errors
/// [`Kind::Unavailable`](crate::service::error::Kind::Unavailable) if the store cannot be read.
pub async fn compare(
    reads: &ReadStore,
    signer: &ServicePublicKey,
    segments: &Path,
    state: &State,
    verified: &mut Verification,
    mut progress: impl FnMut(u64),
) -> Result<Compared, ServiceError> {
    // Log and tables of one moment.
    let mut snapshot = reads.snapshot().await?;
    let mut expected = Expected::new();
    let mut merge = Merge::begin(&mut snapshot, segments, signer).await?;
    let mut replayed = 0;
    loop {
        match merge.next(&mut snapshot).await? {
            Err(missing) => {
                let text = std::format!("the tables were not compared with the log: {missing}");
                verified.find("", text);
                return Ok(Compared::default());
            }
            Ok(None) => break,
            Ok(Some(entry)) => expected.take(&entry),
        }
        replayed += 1;
        progress(replayed);
    }
    for table in Table::ALL {
        let mut behind = None;
        loop {
            let page = decisions::page(&mut snapshot, table, behind.as_ref()).await?;
            let Some(last) = page.last() else { break };
            behind = Some(last.place.clone());
            for text in page.iter().filter_map(|row| expected.compare(row)) {
                verified.find("", text);
            }
        }
    }
    for text in expected.missing(super::verify::FINDINGS) {
        verified.find("", text);
    }
    for text in published::compare(&mut snapshot, signer, state, expected.list.as_ref()).await? {
        verified.find("", text);
    }
    let (rows, uncertain) = expected.count();
    Ok(Compared { rows, uncertain })
}

/// Octets of memory for each row that the log tells of, without what a hash table leaves free.
pub const ROW: usize = expected::ROW;
