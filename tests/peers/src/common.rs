//! What the declarations for both schemes share: memory, points, a generator and return codes.

#![allow(dead_code, reason = "each scheme uses its own part")]

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

/// `WC_HASH_TYPE_SHA256`.
pub(crate) const SHA256: c_int = 6;

const ALIGNMENT: usize = 64;
const GUARD: usize = 1024;

#[link(name = "wolfssl")]
unsafe extern "C" {
    fn wc_rng_new(nonce: *mut u8, size: u32, heap: *mut c_void) -> *mut c_void;
    fn wc_rng_free(rng: *mut c_void);
    fn wc_ecc_new_point() -> *mut c_void;
    fn wc_ecc_del_point(point: *mut c_void);
}

/// A negative number that wolfSSL returned.
#[derive(Debug)]
pub struct Refused(#[allow(dead_code, reason = "shown by Debug")] c_int);

pub(crate) fn check(code: c_int) -> Result<(), Refused> {
    if code == 0 { Ok(()) } else { Err(Refused(code)) }
}

/// Zeroed memory for a struct whose layout is wolfSSL's. Give it twice the room that the struct has in
/// 5.5.4: [`drop`](Self::drop) looks whether the end was touched.
pub(crate) struct Room {
    start: *mut u8,
    size: usize,
}

impl Room {
    pub(crate) fn new(size: usize) -> Self {
        // SAFETY: the size is not zero.
        let start = unsafe { alloc_zeroed(Self::layout(size)) };
        assert!(!start.is_null(), "out of memory");
        Self { start, size }
    }

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, ALIGNMENT).expect("layout")
    }

    pub(crate) fn pointer(&self) -> *mut c_void {
        self.start.cast()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // SAFETY: the last GUARD octets lie inside the allocation, which was zeroed.
        let guard = unsafe { std::slice::from_raw_parts(self.start.add(self.size - GUARD), GUARD) };
        let untouched = guard.iter().all(|octet| *octet == 0);
        // SAFETY: allocated in `new` with this layout.
        unsafe { dealloc(self.start, Self::layout(self.size)) };
        assert!(untouched || std::thread::panicking(), "a wolfSSL struct outgrew its room");
    }
}

/// An `ecc_point`.
pub(crate) struct Point(*mut c_void);

impl Point {
    pub(crate) fn new() -> Self {
        // SAFETY: no arguments.
        let point = unsafe { wc_ecc_new_point() };
        assert!(!point.is_null(), "out of memory");
        Self(point)
    }

    pub(crate) fn pointer(&self) -> *mut c_void {
        self.0
    }
}

impl Drop for Point {
    fn drop(&mut self) {
        // SAFETY: made by wc_ecc_new_point, freed once.
        unsafe { wc_ecc_del_point(self.0) };
    }
}

/// A `WC_RNG`.
pub(crate) struct Rng(*mut c_void);

impl Rng {
    pub(crate) fn new() -> Self {
        // SAFETY: an absent nonce and heap are allowed.
        let rng = unsafe { wc_rng_new(null_mut(), 0, null_mut()) };
        assert!(!rng.is_null(), "no generator");
        Self(rng)
    }

    pub(crate) fn pointer(&self) -> *mut c_void {
        self.0
    }
}

impl Drop for Rng {
    fn drop(&mut self) {
        // SAFETY: made by wc_rng_new, freed once.
        unsafe { wc_rng_free(self.0) };
    }
}

/// The number of octets as wolfSSL wants it.
pub(crate) fn length(octets: &[u8]) -> u32 {
    octets.len().try_into().expect("short")
}
