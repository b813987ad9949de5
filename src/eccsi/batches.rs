//! Lists of any length in batches, with the feature `rayon` on all cores.

use alloc::vec::Vec;

/// What `work` gives for batches of at most `size` items, one behind the other.
pub(super) fn map<T: Sync, U: Send>(
    items: &[T],
    size: usize,
    work: impl Fn(&[T]) -> Vec<U> + Sync,
) -> Vec<U> {
    #[cfg(not(feature = "rayon"))]
    return items.chunks(size).flat_map(work).collect();
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        items.par_chunks(size).flat_map_iter(|batch| work(batch)).collect()
    }
}
