//! Lists of any length in batches, with the feature `rayon` on all cores.

use alloc::vec::Vec;

/// What a backend with lanes does at a time.
#[cfg(feature = "rayon")]
const LANES: usize = 16;

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
        // A short list is shared out, too, but lanes are to be full.
        let share = items.len().div_ceil(rayon::current_num_threads()).next_multiple_of(LANES);
        items.par_chunks(size.min(share.max(LANES))).flat_map_iter(&work).collect()
    }
}
