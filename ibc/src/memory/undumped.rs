//! Memory that a core dump leaves out: pages for keys that live long, the stacks of the threads that
//! compute with them, and the registers those threads leave behind.
//!
//! # Safety
//!
//! [`Pages`] owns one private anonymous mapping from its `mmap` to its `munmap`; nobody else has its
//! address. [`Undumped`] places one value at its beginning, which is aligned to a page, writes it before
//! anything reads it, hands it out as a borrow of itself, and drops it once, before the mapping
//! goes. The calls that mark memory (`madvise`, `mlock`) change no content. The stack of a thread is
//! asked of the thread itself, while it runs.
//!
//! # What it is good for
//!
//! `MADV_DONTDUMP` holds for the kernel's dumps and for those of a debugger that respects it; `mlock`
//! keeps pages out of swap while the limit RLIMIT_MEMLOCK allows. Neither helps against somebody who
//! may read the memory of the running process. On other systems than Linux pages are locked and
//! wiped, but not left out of dumps.

use core::cell::Cell;
use core::hint::black_box;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};
use core::sync::atomic::{Ordering, compiler_fence};

/// The smallest page there is; what a value in [`Undumped`] may ask for at most.
const MIN_PAGE: usize = 4096;

/// The operating system gave no memory of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoMemory;

/// One mapping of its own, wiped before it is given back.
struct Pages {
    start: NonNull<u8>,
    octets: usize,
    locked: bool,
}

impl Pages {
    fn map(octets: usize) -> Result<Self, NoMemory> {
        let octets = octets.max(1).next_multiple_of(MIN_PAGE);
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                octets,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(NoMemory);
        }
        let start = NonNull::new(start.cast()).ok_or(NoMemory)?;
        let mut pages = Self { start, octets, locked: false };
        // SAFETY: the range is the mapping made above.
        unsafe { leave_out_of_dumps(start.as_ptr().cast(), octets) }?;
        // SAFETY: the same. It fails beyond the limit, and the pages serve nevertheless.
        pages.locked = unsafe { libc::mlock(start.as_ptr().cast(), octets) } == 0;
        Ok(pages)
    }

    fn wipe(&mut self) {
        let words = self.start.cast::<u64>();
        for at in 0..self.octets / size_of::<u64>() {
            // SAFETY: inside the mapping, aligned like a page, and nobody else has its address.
            unsafe { words.add(at).write_volatile(0) };
        }
        compiler_fence(Ordering::SeqCst);
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.wipe();
        // SAFETY: the mapping of this value, which nobody uses after it. Unlocks it, too.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.octets) };
    }
}

/// # Safety
/// The range must be mapped.
unsafe fn leave_out_of_dumps(start: *mut libc::c_void, octets: usize) -> Result<(), NoMemory> {
    #[cfg(target_os = "linux")]
    // SAFETY: the caller's promise; the advice changes no content.
    if unsafe { libc::madvise(start, octets, libc::MADV_DONTDUMP) } != 0 {
        return Err(NoMemory);
    }
    let _ = (start, octets);
    Ok(())
}

/// A value in pages of its own that no core dump holds; locked where the limit allows. Dropped, wiped
/// and unmapped with this.
///
/// The value has to hold its secret inline: what it has on the heap is not protected. It takes whole
/// pages, so small secrets of a kind share one value.
pub(crate) struct Undumped<T> {
    pages: Pages,
    value: PhantomData<T>,
}

// SAFETY: owns its value, as a box does.
unsafe impl<T: Send> Send for Undumped<T> {}
// SAFETY: gives out borrows of its value, as a box does.
unsafe impl<T: Sync> Sync for Undumped<T> {}

impl<T> Undumped<T> {
    const FITS: () = assert!(align_of::<T>() <= MIN_PAGE, "pages are aligned for every value of ours");

    /// Moves `value` into its pages. The move may leave a copy on the stack of the calling thread, which
    /// has to be one whose stack is excluded and overwritten; or make an empty one and fill it in place.
    ///
    /// # Errors
    /// [`NoMemory`]; then `value` was dropped.
    pub(crate) fn new(value: T) -> Result<Self, NoMemory> {
        let () = Self::FITS;
        let pages = Pages::map(size_of::<T>())?;
        // SAFETY: large enough, aligned, and not in use.
        unsafe { pages.start.cast::<T>().write(value) };
        Ok(Self { pages, value: PhantomData })
    }

    /// Whether the pages are kept out of swap.
    pub(crate) fn is_locked(&self) -> bool {
        self.pages.locked
    }
}

impl<T> Deref for Undumped<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: written when this was made, dropped only with it; the borrow is one of this.
        unsafe { self.pages.start.cast().as_ref() }
    }
}

impl<T> DerefMut for Undumped<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and the borrow is exclusive.
        unsafe { self.pages.start.cast().as_mut() }
    }
}

impl<T> Drop for Undumped<T> {
    fn drop(&mut self) {
        // SAFETY: written when this was made, dropped nowhere else; the pages go afterwards.
        unsafe { ptr::drop_in_place(self.pages.start.cast::<T>().as_ptr()) };
    }
}

impl<T> core::fmt::Debug for Undumped<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Undumped(..)")
    }
}

/// Leaves the stack of the calling thread out of core dumps, for as long as the thread lives.
///
/// # Errors
/// [`NoMemory`] if the system does not say where the stack lies.
pub(crate) fn exclude_own_stack() -> Result<(), NoMemory> {
    let (start, octets) = own_stack()?;
    // SAFETY: the stack of the running thread is mapped.
    unsafe { leave_out_of_dumps(start, octets) }
}

/// Locks the upper end of the stack of the calling thread into memory, where it begins: `octets`, or all if it has fewer.
/// `false` if the limit forbids it.
pub(crate) fn lock_own_stack(octets: usize) -> bool {
    own_stack().is_ok_and(|(start, all)| {
        let octets = octets.min(all);
        // SAFETY: inside the stack of the running thread, which is mapped; locking it changes no content.
        unsafe { libc::mlock(start.wrapping_byte_add(all - octets), octets) == 0 }
    })
}

#[cfg(target_os = "linux")]
fn own_stack() -> Result<(*mut libc::c_void, usize), NoMemory> {
    let mut attributes = core::mem::MaybeUninit::uninit();
    // SAFETY: asks about the running thread, and writes the attributes if it succeeds.
    if unsafe { libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) } != 0 {
        return Err(NoMemory);
    }
    let (mut start, mut octets) = (ptr::null_mut(), 0);
    // SAFETY: the attributes were written above; they are destroyed once.
    let found = unsafe {
        let found = libc::pthread_attr_getstack(attributes.as_ptr(), &mut start, &mut octets);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        found
    };
    if found == 0 { Ok((start, octets)) } else { Err(NoMemory) }
}

#[cfg(not(target_os = "linux"))]
fn own_stack() -> Result<(*mut libc::c_void, usize), NoMemory> {
    Err(NoMemory)
}

/// Octets of stack that [`scrub_stack`] overwrites: more than twice what the deepest operation on keys takes, a
/// batch in lanes (64 KiB at `opt-level` 1; `service::kms::vault` has the test that measures them). Without
/// optimisation, which comes with debug assertions, an issue takes 850 KiB.
pub(crate) const SCRUBBED: usize = if cfg!(debug_assertions) { 2 * 1024 * 1024 } else { SCRUBBED_OPTIMISED };

/// [`SCRUBBED`] where operations are optimised.
pub(crate) const SCRUBBED_OPTIMISED: usize = 160 * 1024;

/// Overwrites the stack below its caller, [`SCRUBBED`] octets, and the vector registers: what a
/// computation that has returned left there of limbs, round keys and moved values.
#[inline(never)]
pub(crate) fn scrub_stack() {
    let mut below = [const { Cell::new(0u64) }; SCRUBBED / size_of::<u64>()];
    black_box(&mut below);
    wipe_vector_registers();
}

/// Vector registers keep what was last in them, round keys of AES above all, until somebody needs them;
/// they are part of a core dump.
#[cfg(target_arch = "x86_64")]
fn wipe_vector_registers() {
    use core::arch::asm;
    // SAFETY: writes no memory, and all registers it changes are named. The instructions were asked for.
    unsafe {
        if std::arch::is_x86_feature_detected!("avx512f") {
            asm!(
                "vpxorq zmm16, zmm16, zmm16", "vpxorq zmm17, zmm17, zmm17",
                "vpxorq zmm18, zmm18, zmm18", "vpxorq zmm19, zmm19, zmm19",
                "vpxorq zmm20, zmm20, zmm20", "vpxorq zmm21, zmm21, zmm21",
                "vpxorq zmm22, zmm22, zmm22", "vpxorq zmm23, zmm23, zmm23",
                "vpxorq zmm24, zmm24, zmm24", "vpxorq zmm25, zmm25, zmm25",
                "vpxorq zmm26, zmm26, zmm26", "vpxorq zmm27, zmm27, zmm27",
                "vpxorq zmm28, zmm28, zmm28", "vpxorq zmm29, zmm29, zmm29",
                "vpxorq zmm30, zmm30, zmm30", "vpxorq zmm31, zmm31, zmm31",
                out("xmm16") _, out("xmm17") _, out("xmm18") _, out("xmm19") _,
                out("xmm20") _, out("xmm21") _, out("xmm22") _, out("xmm23") _,
                out("xmm24") _, out("xmm25") _, out("xmm26") _, out("xmm27") _,
                out("xmm28") _, out("xmm29") _, out("xmm30") _, out("xmm31") _,
                options(nomem, nostack, preserves_flags)
            );
        }
        if std::arch::is_x86_feature_detected!("avx") {
            asm!(
                "vzeroall",
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
                out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
                out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
                options(nomem, nostack, preserves_flags)
            );
        } else {
            asm!(
                "pxor xmm0, xmm0", "pxor xmm1, xmm1", "pxor xmm2, xmm2", "pxor xmm3, xmm3",
                "pxor xmm4, xmm4", "pxor xmm5, xmm5", "pxor xmm6, xmm6", "pxor xmm7, xmm7",
                "pxor xmm8, xmm8", "pxor xmm9, xmm9", "pxor xmm10, xmm10", "pxor xmm11, xmm11",
                "pxor xmm12, xmm12", "pxor xmm13, xmm13", "pxor xmm14, xmm14", "pxor xmm15, xmm15",
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
                out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
                out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
                options(nomem, nostack, preserves_flags)
            );
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn wipe_vector_registers() {}

/// Turns core dumps of this process off: RLIMIT_CORE 0, and on Linux PR_SET_DUMPABLE 0, after which no
/// process of the same user can look into its memory either.
///
/// `false` if the system refuses; `errno` says why.
pub(crate) fn forbid_core_dumps() -> bool {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: reads a limit of our own.
    let limited = unsafe { libc::setrlimit(libc::RLIMIT_CORE, &none) } == 0;
    #[cfg(target_os = "linux")]
    // SAFETY: takes numbers only.
    let hidden = unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) } == 0;
    #[cfg(not(target_os = "linux"))]
    let hidden = true;
    limited && hidden
}

/// How many octets of stack `work` takes, at most. Paints two MiB below it first: for a thread that has more.
#[cfg(test)]
pub(crate) fn depth_of(work: impl FnOnce()) -> usize {
    const PAINTED: usize = 2 * 1024 * 1024 / size_of::<u64>();
    const PAINT: u64 = 0xda1e_57ac_4da1_e57a;
    #[inline(never)]
    fn paint() -> usize {
        let mut below = [PAINT; PAINTED];
        black_box(&mut below);
        below.as_ptr() as usize
    }
    #[inline(never)]
    fn below(work: impl FnOnce()) {
        work();
    }
    let lowest = paint();
    below(work);
    let words = lowest as *const u64;
    // SAFETY: the stack of this thread, painted above, below the frames in use.
    let painted = |at: &usize| unsafe { words.add(*at).read_volatile() } == PAINT;
    (PAINTED - (0..PAINTED).take_while(painted).count()) * size_of::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::string::String;
    use std::vec::Vec;

    /// The flags that the kernel has for the mapping with `address`; `None` where nothing is mapped.
    fn flags(address: usize) -> Option<Vec<String>> {
        let smaps = fs::read_to_string("/proc/self/smaps").unwrap();
        let mut inside = false;
        for line in smaps.lines() {
            let range = line.split_once(' ').and_then(|(range, _)| range.split_once('-'));
            let bounds = range.map(|(a, b)| (usize::from_str_radix(a, 16), usize::from_str_radix(b, 16)));
            if let Some((Ok(start), Ok(end))) = bounds {
                inside = (start..end).contains(&address);
            } else if let Some(flags) = line.strip_prefix("VmFlags:").filter(|_| inside) {
                return Some(flags.split_whitespace().map(String::from).collect());
            }
        }
        None
    }

    fn left_out(address: usize) -> bool {
        flags(address).expect("mapped").iter().any(|flag| flag == "dd")
    }

    #[test]
    fn values_lie_in_pages_that_no_dump_holds() {
        for octets in [0, 1, 4096, 4097, 40_000] {
            let value = Undumped::new(Vec::<u8>::with_capacity(octets)).unwrap();
            assert!(left_out(ptr::from_ref(&*value) as usize), "{octets}");
        }
        let large = Undumped::new([7u8; 20_000]).unwrap();
        for at in [0, 4096, 19_999] {
            assert!(left_out(&raw const large[at] as usize), "{at}");
        }
        let ordinary = std::boxed::Box::new([7u8; 20_000]);
        assert!(!left_out(ordinary.as_ptr() as usize), "the search tells one from the other");
        let locked = flags(ptr::from_ref(&*large) as usize).unwrap().iter().any(|flag| flag == "lo");
        assert_eq!(locked, large.is_locked());
    }

    #[test]
    fn the_value_is_dropped_once_and_its_pages_are_wiped() {
        struct Counted<'a>(&'a Cell<u32>, [u8; 5000]);
        impl Drop for Counted<'_> {
            fn drop(&mut self) {
                self.0.set(self.0.get() + 1);
            }
        }
        let drops = Cell::new(0);
        let mut value = Undumped::new(Counted(&drops, [0xa5; 5000])).unwrap();
        value.1[4999] = 0x5a;
        assert_eq!((value.1[0], value.1[4999]), (0xa5, 0x5a));
        assert_eq!(drops.get(), 0);
        drop(value);
        assert_eq!(drops.get(), 1);

        let mut pages = Pages::map(5000).unwrap();
        // SAFETY: inside the mapping, which lives until the end of the test.
        let look = |start: NonNull<u8>| unsafe { std::slice::from_raw_parts(start.as_ptr(), 8192) }.to_vec();
        // SAFETY: the same, and nothing else has the address.
        unsafe { pages.start.as_ptr().write_bytes(0xa5, 8192) };
        assert_eq!(look(pages.start), [0xa5; 8192]);
        pages.wipe();
        assert_eq!(look(pages.start), [0; 8192]);
    }

    #[test]
    fn a_stack_can_be_left_out() {
        std::thread::spawn(|| {
            let local = 0u8;
            assert!(!left_out(&raw const local as usize));
            exclude_own_stack().unwrap();
            assert!(left_out(&raw const local as usize));
        })
        .join()
        .unwrap();
    }

    #[inline(never)]
    fn leave_behind() -> usize {
        let mut secret = [0u64; 512];
        for (at, word) in secret.iter_mut().enumerate() {
            *word = 0x5ec2_e75e_c2e7_5ec2 ^ at as u64;
        }
        black_box(&mut secret);
        secret.as_ptr() as usize
    }

    /// Counts what is left of the words of `leave_behind`, which has returned.
    #[inline(never)]
    fn left(address: usize) -> usize {
        let words = address as *const u64;
        // SAFETY: the stack of this thread, below the frames in use; any value is a number.
        let word = |at| unsafe { words.add(at).read_volatile() };
        (0..512).filter(|at| word(*at) == 0x5ec2_e75e_c2e7_5ec2 ^ *at as u64).count()
    }

    #[test]
    fn scrubbing_overwrites_what_a_call_left_on_the_stack() {
        let scrubbed = || {
            let address = leave_behind();
            assert!(left(address) > 400, "the search finds what is there");
            scrub_stack();
            assert_eq!(left(address), 0);
        };
        // As much room as the threads of the KMS have.
        std::thread::Builder::new().stack_size(4 * SCRUBBED).spawn(scrubbed).unwrap().join().unwrap();
    }
}
