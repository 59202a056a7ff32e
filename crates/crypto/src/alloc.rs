//! A global allocator that forgets.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;

/// The system allocator, with every block wiped before it is given back, and every block that grows or shrinks moved
/// and wiped. Buffers of parsers, serializers and connections thereby never leave plaintext in freed heap.
///
/// Install it in the binary: `#[global_allocator] static HEAP: WipingAllocator = WipingAllocator;`
///
/// Costs one `memset` of the block's size at deallocation, and gives up growing in place.
pub struct WipingAllocator;

// SAFETY: the obligations are those of `Wiping<System>`, to which every call goes unchanged.
unsafe impl GlobalAlloc for WipingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: same contract.
        unsafe { Wiping(System).alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: same contract.
        unsafe { Wiping(System).alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: same contract.
        unsafe { Wiping(System).dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: same contract.
        unsafe { Wiping(System).realloc(block, layout, new_size) }
    }
}

/// Wiping over any allocator: apart, so that a test can watch what reaches the one below.
struct Wiping<A>(A);

// SAFETY: blocks come from and go back to the allocator below with their own layouts; wiping writes inside a block
// that the caller still owns.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Wiping<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: same contract.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: same contract.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller gives up a block of `layout.size()` bytes; writing zeros over it is its last use. The
        // barrier keeps the compiler from dropping a store to memory that is about to be freed.
        unsafe {
            ptr::write_bytes(block, 0, layout.size());
            zeroize::optimization_barrier(&*ptr::slice_from_raw_parts(block, layout.size()));
            self.0.dealloc(block, layout);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // The allocator below would free the old block unseen if it had to move it, so it is never asked to.
        // SAFETY: the caller promises that `new_size` is not zero and valid with this alignment.
        let moved = unsafe { self.alloc(Layout::from_size_align_unchecked(new_size, layout.align())) };
        if !moved.is_null() {
            // SAFETY: both blocks are at least as long as the smaller size, and distinct; the old one is the
            // caller's to give up once the new one exists.
            unsafe {
                ptr::copy_nonoverlapping(block, moved, layout.size().min(new_size));
                self.dealloc(block, layout);
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Counts blocks that come back, and those that come back with anything in them.
    #[derive(Default)]
    struct Watch {
        returned: AtomicUsize,
        dirty: AtomicUsize,
    }

    // SAFETY: `System` with counting.
    unsafe impl GlobalAlloc for Watch {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: same contract.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            // SAFETY: the block is still allocated, and initialised by whoever wrote or wiped it.
            let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
            self.returned.fetch_add(1, Ordering::Relaxed);
            self.dirty.fetch_add(usize::from(bytes.iter().any(|byte| *byte != 0)), Ordering::Relaxed);
            // SAFETY: same contract.
            unsafe { System.dealloc(block, layout) }
        }
    }

    #[test]
    fn what_is_given_back_is_wiped() {
        let heap = Wiping(Watch::default());
        for size in [1, 31, 4096, 100_000] {
            let layout = Layout::from_size_align(size, 8).unwrap();
            // SAFETY: blocks are used within their sizes and given back once.
            unsafe {
                let block = heap.alloc(layout);
                ptr::write_bytes(block, 0xA5, size);
                let grown = heap.realloc(block, layout, 2 * size);
                assert!(std::slice::from_raw_parts(grown, size).iter().all(|byte| *byte == 0xA5));
                ptr::write_bytes(grown, 0xA5, 2 * size);
                let shrunk = heap.realloc(grown, Layout::from_size_align(2 * size, 8).unwrap(), size);
                assert!(std::slice::from_raw_parts(shrunk, size).iter().all(|byte| *byte == 0xA5));
                heap.dealloc(shrunk, layout);
            }
        }
        assert_eq!(heap.0.returned.load(Ordering::Relaxed), 12);
        assert_eq!(heap.0.dirty.load(Ordering::Relaxed), 0);
    }
}
