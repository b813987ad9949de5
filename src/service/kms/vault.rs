//! The threads that compute with keys.
//!
//! Stacks of async tasks and of other threads move, grow and end in core dumps. Here a few threads do all
//! that touches KSAK, z, v, SSK, RSK, data keys or the values sealed with them; their stacks are left
//! out of dumps, and after each operation what it used of its stack is overwritten.

use super::error::KeysError;
use crate::backend::undumped::{exclude_own_stack, forbid_core_dumps, lock_own_stack, scrub_stack};
use core::sync::atomic::{AtomicBool, Ordering};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::io;
use std::prelude::rust_2024::*;
use std::sync::Arc;
use std::thread::available_parallelism;

/// Octets of the stack of each thread: several times what the deepest operation takes, which is to
/// validate an RSK, and little enough to be locked.
const STACK: usize = 1024 * 1024;

/// Turns core dumps of this process off: RLIMIT_CORE 0, and on Linux PR_SET_DUMPABLE 0, after which other
/// processes of the same user cannot look into its memory either. A service calls it first.
///
/// # Errors
/// What the system refuses.
pub fn protect_process() -> io::Result<()> {
    if forbid_core_dumps() { Ok(()) } else { Err(io::Error::last_os_error()) }
}

pub(super) struct Vault(ThreadPool);

impl Vault {
    /// Starts as many threads as the machine has cores.
    pub(super) fn start() -> Result<Self, KeysError> {
        let threads = available_parallelism().map_or(1, usize::from);
        let excluded = Arc::new(AtomicBool::new(true));
        let seen = excluded.clone();
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .stack_size(STACK)
            .thread_name(|number| std::format!("keys-{number}"))
            .start_handler(move |_| {
                if exclude_own_stack().is_err() {
                    seen.store(false, Ordering::SeqCst);
                }
            })
            .build()
            .map_err(|_| KeysError::NoMemory)?;
        // Every thread has run its handler once each has done something.
        pool.broadcast(|_| ());
        let as_promised = excluded.load(Ordering::SeqCst) || !cfg!(target_os = "linux");
        if as_promised { Ok(Self(pool)) } else { Err(KeysError::NoMemory) }
    }

    /// Locks the stacks into memory; `false` if the limit forbids it for one. Called once the keys have
    /// their memory, which is worth more.
    pub(super) fn lock_stacks(&self) -> bool {
        self.0.broadcast(|_| lock_own_stack()).into_iter().all(|locked| locked)
    }

    /// Does `work` on one of the threads and waits for it.
    ///
    /// The result is copied to the caller's stack: a secret in it has to lie behind a pointer. If `work`
    /// shares itself out by rayon, the parts run on these threads too, each [`scrubbed`].
    pub(super) fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.0.install(|| scrubbed(work))
    }
}

/// Does `work`, then overwrites the stack it used, also if it panics.
pub(super) fn scrubbed<R>(work: impl FnOnce() -> R) -> R {
    struct Scrub;
    impl Drop for Scrub {
        fn drop(&mut self) {
            scrub_stack();
        }
    }
    /// Keeps what `work` needs in a frame below that of the one who scrubs.
    #[inline(never)]
    fn below<R>(work: impl FnOnce() -> R) -> R {
        work()
    }
    let _scrub = Scrub;
    below(work)
}
