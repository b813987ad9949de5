//! Work on many identities at once.

use crate::error::BatchError;

/// Identities that share their inversions, which cost a small part of one multiplication: more would
/// gain nothing and leave cores without work.
const BATCH: usize = 32;

/// Lets `work` fill `out` from `items`, batch by batch, with the feature `rayon` on all cores.
///
/// Each call writes into its places of one buffer, so that no result moves from vector to vector and
/// leaves a copy in freed memory.
///
/// # Errors
/// That of the first batch that fails, in the order of `items`, with the place in `items`.
pub(super) fn in_batches<T: Sync, U: Send>(
    items: &[T],
    out: &mut [U],
    work: impl Fn(&[T], &mut [U]) -> Result<(), BatchError> + Sync,
) -> Result<(), BatchError> {
    let work = |(batch, (items, out)): (usize, (&[T], &mut [U]))| {
        work(items, out).map_err(|refused| BatchError { index: batch * BATCH + refused.index, ..refused })
    };
    #[cfg(not(feature = "rayon"))]
    return items.chunks(BATCH).zip(out.chunks_mut(BATCH)).enumerate().try_for_each(work);
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        let outcomes: alloc::vec::Vec<_> =
            items.par_chunks(BATCH).zip(out.par_chunks_mut(BATCH)).enumerate().map(work).collect();
        outcomes.into_iter().collect()
    }
}
