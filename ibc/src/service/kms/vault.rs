//! The threads that compute with keys.
//!
//! Stacks of async tasks and of other threads move, grow and end in core dumps. Here a few threads do all
//! that touches KSAK, z, v, SSK, RSK, data keys or the values sealed with them; their stacks are left
//! out of dumps, and after each operation what it used of its stack is overwritten.

use super::error::KeysError;
use crate::memory::undumped::{exclude_own_stack, forbid_core_dumps, lock_own_stack, scrub_stack};
use core::sync::atomic::{AtomicBool, Ordering};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::io;
use std::sync::Arc;
use std::thread::available_parallelism;

/// Octets of the stack that are locked: many times what the deepest operation takes, for jobs of rayon that wait for
/// others, and for libraries of tokens.
const LOCKED: usize = 512 * 1024;

/// Octets of the stack of each thread. Without optimisation an issue takes 850 KiB, with debug assertions or not, and
/// what is overwritten afterwards lies below it. Of this address space only what is used or locked takes memory.
const STACK: usize = if cfg!(debug_assertions) { 8 * 1024 * 1024 } else { 2 * 1024 * 1024 };

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

    /// Locks the stacks into memory, as deep as optimised operations go; `false` if the limit forbids it for one. Called once the keys have
    /// their memory, which is worth more.
    pub(super) fn lock_stacks(&self) -> bool {
        self.0.broadcast(|_| lock_own_stack(LOCKED)).into_iter().all(|locked| locked)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::kms_file::MasterKeys;
    use crate::memory::undumped::{SCRUBBED_OPTIMISED, depth_of};
    use crate::service::kms::sealed_file::encrypt;
    use eccsi_sakke::{Identity, SysRng};
    use p256::ecdsa::SigningKey;
    use p256::ecdsa::signature::Signer;

    /// As [`depth_of`], on a thread with room for what it paints.
    fn depth(work: impl FnOnce() + Send) -> usize {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(4 * 1024 * 1024);
            thread.spawn_scoped(scope, || depth_of(work)).unwrap().join().unwrap()
        })
    }

    /// What is done with keys goes less deep than half of what is overwritten.
    #[test]
    fn what_is_scrubbed_is_more_than_any_operation_takes() {
        let keys = MasterKeys::generate(&mut SysRng).unwrap();
        let (kpak, z) = (keys.ksak.public_key(), keys.z.public_key());
        let id = Identity::new(b"somebody");
        let b = eccsi_sakke::sakke::Identifier::hash_of(id);
        let signing = SigningKey::from_slice(&[7; 32]).unwrap();
        let octets = keys.z.expose();
        let operations: [(&str, &(dyn Fn() + Sync)); 8] = [
            ("issue", &|| drop(keys.ksak.issue(id, &mut SysRng).unwrap().validate(&kpak, id).unwrap())),
            ("issue_many", &|| drop(keys.ksak.issue_many(&[id; 128], &mut SysRng).unwrap())),
            ("issue RSK", &|| drop(keys.z.issue(&b).unwrap())),
            ("validate RSK", &|| drop(keys.z.issue(&b).unwrap().validate(&z, &b).unwrap())),
            ("generate", &|| drop(MasterKeys::generate(&mut SysRng).unwrap())),
            ("read z", &|| drop(eccsi_sakke::sakke::KmsSecretKey::from_bytes(&octets).unwrap())),
            ("sign", &|| {
                core::hint::black_box::<p256::ecdsa::Signature>(signing.sign(b"message"));
            }),
            ("encrypt", &|| drop(encrypt(&[7; 32], &[1; 12], b"associated", &[3; 64]))),
        ];
        let depths = operations.map(|(name, operation)| (name, depth(operation)));
        let fits = |depth: usize| 2 * depth < SCRUBBED_OPTIMISED && 4 * depth < LOCKED;
        assert!(depths.iter().all(|(_, depth)| fits(*depth)), "{depths:?}");
        // The measure sees what is there.
        assert!(
            depth(|| {
                core::hint::black_box([1u8; 100_000]);
            }) > 100_000
        );
    }

    #[test]
    fn the_stack_of_every_thread_is_left_out_of_dumps() {
        let vault = Vault::start().unwrap();
        let smaps = vault.run(|| std::fs::read_to_string("/proc/self/smaps").unwrap());
        let addresses = vault.0.broadcast(|_| {
            let local = 0u8;
            &raw const local as usize
        });
        for address in addresses {
            let mapping = smaps.lines().scan(false, |inside, line| {
                let bounds = line.split_once(' ').and_then(|(range, _)| range.split_once('-'));
                let bounds =
                    bounds.map(|(a, b)| (usize::from_str_radix(a, 16), usize::from_str_radix(b, 16)));
                if let Some((Ok(start), Ok(end))) = bounds {
                    *inside = (start..end).contains(&address);
                }
                Some((*inside, line))
            });
            let flags: Vec<_> =
                mapping.filter(|(inside, line)| *inside && line.starts_with("VmFlags:")).collect();
            assert!(matches!(flags[..], [(_, flags)] if flags.split_whitespace().any(|flag| flag == "dd")));
        }
    }

    #[test]
    fn a_panic_passes_through_and_the_threads_go_on() {
        let vault = Vault::start().unwrap();
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            vault.run(|| -> () { std::panic!("on purpose") });
        }));
        assert!(caught.is_err());
        assert_eq!(vault.run(|| 7), 7);
    }
}
