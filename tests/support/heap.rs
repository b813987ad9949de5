//! Counts the freed blocks that still hold the secret, of all threads: batches may use many.
#![allow(unsafe_code, reason = "an allocator")]
#![allow(dead_code, reason = "each test program uses its part")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};

static WATCHING: AtomicBool = AtomicBool::new(false);
/// Eight octets to look for.
static WANTED: AtomicU64 = AtomicU64::new(0);
/// In how many places of freed blocks they were found.
static FOUND: AtomicUsize = AtomicUsize::new(0);
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

struct Watching;

// SAFETY: passes everything on to the system's allocator; looks at a block before it goes.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise. Zeroed, so that all of the block may be read.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if layout.size() >= LARGE && WATCHING_LARGE.try_with(Cell::get).unwrap_or(false) {
            // SAFETY: as below.
            let octets = unsafe { std::slice::from_raw_parts(block, layout.size()) };
            LARGE_FREED.fetch_add(1, SeqCst);
            LARGE_NOT_WIPED.fetch_add(usize::from(octets.iter().any(|octet| *octet != 0)), SeqCst);
        }
        if WATCHING.load(SeqCst) {
            let wanted = WANTED.load(SeqCst).to_ne_bytes();
            // SAFETY: the block is still allocated and was zeroed when it was made.
            let octets = unsafe { std::slice::from_raw_parts(block, layout.size()) };
            let hits = octets.windows(8).filter(|window| *window == wanted).count();
            FOUND.fetch_add(hits, SeqCst);
        }
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watching = Watching;

/// Octets that a large block has at least: a table, and nothing else here.
const LARGE: usize = 1 << 18;
std::thread_local! {
    /// On this thread: tables that are public are given back by other tests meanwhile.
    static WATCHING_LARGE: Cell<bool> = const { Cell::new(false) };
}
static LARGE_FREED: AtomicUsize = AtomicUsize::new(0);
static LARGE_NOT_WIPED: AtomicUsize = AtomicUsize::new(0);

/// How many large blocks were given back during `work`, by this thread, and how many of them
/// otherwise than full of zeros.
pub(crate) fn large_blocks(work: impl FnOnce()) -> (usize, usize) {
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    LARGE_FREED.store(0, SeqCst);
    LARGE_NOT_WIPED.store(0, SeqCst);
    WATCHING_LARGE.set(true);
    work();
    WATCHING_LARGE.set(false);
    (LARGE_FREED.load(SeqCst), LARGE_NOT_WIPED.load(SeqCst))
}

/// How often the first octets of `secret` were left in memory that was given back during `work`.
/// Tests run beside each other, so it has to be a secret that no other test has.
pub(crate) fn left_on_the_heap(secret: &[u8], work: impl FnOnce()) -> usize {
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    WANTED.store(u64::from_ne_bytes(*secret.first_chunk().unwrap()), SeqCst);
    FOUND.store(0, SeqCst);
    WATCHING.store(true, SeqCst);
    work();
    WATCHING.store(false, SeqCst);
    FOUND.load(SeqCst)
}
