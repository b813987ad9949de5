//! An allocator for programs that handle keys: what is freed is wiped.
//!
//! Types that hold secrets wipe themselves. Between them, libraries copy: the text of a body into a parser's string, a
//! row into the buffer of a database driver, a page into the memory of a runtime. What those leave behind is freed
//! unwiped, and a core dump of a server would have it. A program that sets this allocator leaves nothing of the kind.

use core::alloc::{GlobalAlloc, Layout};
use core::hint::black_box;
use core::ptr;
use std::alloc::System;

/// The system's allocator, with freed memory wiped first.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: ibc::WipingAllocator = ibc::WipingAllocator;
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct WipingAllocator;

// SAFETY: every block comes from System and goes back to it with the layout it came with. `realloc` is the one of the
// trait's contract: a new block, the smaller size copied, the old block freed.
unsafe impl GlobalAlloc for WipingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those that System asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block has this size, and the caller is done with it.
        unsafe { ptr::write_bytes(block, 0, layout.size()) };
        // Seen by somebody, as far as the compiler knows, so that the writes stay.
        let block = black_box(block);
        // SAFETY: the block came from System with this layout.
        unsafe { System.dealloc(block, layout) };
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the size, rounded up to the alignment, fits an isize.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: the size is not zero, by the caller's promise.
        let new = unsafe { self.alloc(wanted) };
        if !new.is_null() {
            // SAFETY: both blocks have at least so many octets, and the new one is nobody else's.
            unsafe { ptr::copy_nonoverlapping(block, new, layout.size().min(size)) };
            // SAFETY: the block came from here, with this layout, and is copied.
            unsafe { self.dealloc(block, layout) };
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::WipingAllocator;
    use core::alloc::{GlobalAlloc, Layout};

    #[test]
    fn a_block_keeps_its_content_when_it_grows_and_shrinks() {
        let layout = Layout::from_size_align(16, 8).expect("a layout");
        // SAFETY: sizes are not zero, and each block is used within its size and freed once with its layout.
        unsafe {
            let block = WipingAllocator.alloc(layout);
            (0..16).for_each(|index| block.add(usize::from(index)).write(index));
            let block = WipingAllocator.realloc(block, layout, 64);
            assert!((0..16).all(|index| block.add(usize::from(index)).read() == index));
            let layout = Layout::from_size_align(64, 8).expect("a layout");
            let block = WipingAllocator.realloc(block, layout, 4);
            assert!((0..4).all(|index| block.add(usize::from(index)).read() == index));
            WipingAllocator.dealloc(block, Layout::from_size_align(4, 8).expect("a layout"));
            let zeroed = WipingAllocator.alloc_zeroed(layout);
            assert!((0..64).all(|index| zeroed.add(index).read() == 0));
            WipingAllocator.dealloc(zeroed, layout);
        }
    }
}
