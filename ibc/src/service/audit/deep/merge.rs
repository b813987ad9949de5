//! All chains as one, in the order of time; entries of one second in the order of their writers' names.

use crate::service::audit::chain::Entry;
use crate::service::audit::{PAGE, segment};
use crate::service::error::ServiceError;
use crate::service::kms::ServicePublicKey;
use crate::service::store::audit::{self, SegmentRow};
use sqlx::AnyConnection;
use std::collections::VecDeque;
use std::path::Path;

/// One chain, read page by page.
struct Chain {
    writer: String,
    files: VecDeque<SegmentRow>,
    /// The last entry that was read.
    last: u64,
    page: VecDeque<Entry>,
    is_read: bool,
}

pub(super) struct Merge<'s> {
    folder: &'s Path,
    signer: &'s ServicePublicKey,
    chains: Vec<Chain>,
}

impl<'s> Merge<'s> {
    pub(super) async fn begin(
        connection: &mut AnyConnection,
        folder: &'s Path,
        signer: &'s ServicePublicKey,
    ) -> Result<Self, ServiceError> {
        let mut chains = Vec::new();
        for writer in audit::writers(connection).await? {
            let files = audit::segments(connection, &writer).await?.into();
            chains.push(Chain { writer, files, last: 0, page: VecDeque::new(), is_read: false });
        }
        Ok(Self { folder, signer, chains })
    }

    /// The next entry; a sentence if a file of entries cannot be read.
    pub(super) async fn next(
        &mut self,
        connection: &mut AnyConnection,
    ) -> Result<Result<Option<Entry>, String>, ServiceError> {
        for chain in &mut self.chains {
            if !chain.page.is_empty() || chain.is_read {
                continue;
            }
            if let Some(row) = chain.files.pop_front() {
                match segment::read(self.folder, &row, self.signer) {
                    Ok(entries) => chain.page = entries.into(),
                    Err(why) => {
                        return Ok(Err(std::format!("{}: {why}", self.folder.join(&row.file).display())));
                    }
                }
                chain.last = row.last;
            } else {
                chain.page = audit::entries(connection, &chain.writer, chain.last, PAGE).await?.into();
                chain.last = chain.page.back().map_or(chain.last, |entry| entry.number);
                chain.is_read = chain.page.is_empty();
            }
        }
        let first = |chain: &Chain| chain.page.front().map(|entry| entry.at);
        let earliest =
            self.chains.iter_mut().filter(|chain| !chain.page.is_empty()).min_by_key(|chain| first(chain));
        Ok(Ok(earliest.and_then(|chain| chain.page.pop_front())))
    }
}
