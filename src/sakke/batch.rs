//! Work on many identities at once.

use crate::error::Error;

/// Identities that share their inversions, which cost a small part of one multiplication: more would
/// gain nothing and leave cores without work.
const BATCH: usize = 32;

/// Lets `work` fill `out` from `items`, batch by batch, with the feature `rayon` on all cores.
///
/// Each call writes into its places of one buffer, so that no result moves from vector to vector and
/// leaves a copy in freed memory.
///
/// # Errors
/// That of the first batch that fails, in the order of `items`.
pub(super) fn in_batches<T: Sync, U: Send>(
    items: &[T],
    out: &mut [U],
    work: impl Fn(&[T], &mut [U]) -> Result<(), Error> + Sync,
) -> Result<(), Error> {
    #[cfg(not(feature = "rayon"))]
    return items.chunks(BATCH).zip(out.chunks_mut(BATCH)).try_for_each(|(items, out)| work(items, out));
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        let outcomes: alloc::vec::Vec<_> = items
            .par_chunks(BATCH)
            .zip(out.par_chunks_mut(BATCH))
            .map(|(items, out)| work(items, out))
            .collect();
        outcomes.into_iter().collect()
    }
}
