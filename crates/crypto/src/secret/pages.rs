//! Whole pages for secrets, straight from the operating system.
#![allow(unsafe_code)]

use std::alloc::Layout;
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mlock, mmap_anonymous, mprotect, munmap};
use zeroize::Zeroize;

static LOCK_REFUSED: AtomicBool = AtomicBool::new(false);

pub(super) fn all_locked() -> bool {
    !LOCK_REFUSED.load(Ordering::Relaxed)
}

/// Zeroed, writable pages between two inaccessible ones: locked where the limit allows, never in a core dump, never
/// in a forked child. Wiped and unmapped when dropped.
pub(super) struct Pages {
    mapping: NonNull<c_void>,
    mapped: usize,
    usable: usize,
    guard: usize,
}

// SAFETY: a mapping belongs to the process, not to a thread, and `Pages` is its only owner; shared access is read-only
// through the usual borrow rules of `bytes` and `bytes_mut`.
unsafe impl Send for Pages {}
// SAFETY: as above.
unsafe impl Sync for Pages {}

impl Pages {
    /// Maps at least `len` usable bytes (at least one page). When memory is exhausted the process ends, as it does
    /// for any other allocation.
    pub(super) fn map(len: usize) -> Self {
        Self::try_map(len).unwrap_or_else(|| {
            std::alloc::handle_alloc_error(Layout::from_size_align(len, 1).unwrap_or(Layout::new::<u8>()))
        })
    }

    fn try_map(len: usize) -> Option<Self> {
        let guard = rustix::param::page_size();
        let usable = len.max(1).checked_next_multiple_of(guard)?;
        let mapped = usable.checked_add(2 * guard)?;
        // SAFETY: no address is asked for, so no existing mapping is replaced.
        let mapping = unsafe { mmap_anonymous(ptr::null_mut(), mapped, ProtFlags::empty(), MapFlags::PRIVATE) }.ok()?;
        let pages = Self { mapping: NonNull::new(mapping)?, mapped, usable, guard };
        let start = pages.start().cast::<c_void>();
        // SAFETY: `start .. start + usable` is the inside of the mapping made above, which nothing else knows yet.
        unsafe { mprotect(start, usable, MprotectFlags::READ | MprotectFlags::WRITE) }.ok()?;
        // SAFETY: as above; locking changes no contents.
        if unsafe { mlock(start, usable) }.is_err() {
            LOCK_REFUSED.store(true, Ordering::Relaxed);
        }
        #[cfg(target_os = "linux")]
        for advice in [Advice::LinuxDontDump, Advice::LinuxDontFork] {
            // SAFETY: as above; neither advice changes contents. A kernel that does not know one of them leaves the
            // pages usable, and the process is not dumpable anyway.
            let _ = unsafe { madvise(start, usable, advice) };
        }
        Some(pages)
    }

    /// The first usable byte.
    pub(super) fn start(&self) -> *mut u8 {
        // SAFETY: the guard page is the beginning of the mapping, which is longer than it.
        unsafe { self.mapping.as_ptr().cast::<u8>().add(self.guard) }
    }

    /// Number of usable bytes.
    pub(super) fn len(&self) -> usize {
        self.usable
    }

    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: the usable part is mapped readable, zeroed by the kernel, and lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.start(), self.usable) }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, writable, and borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.start(), self.usable) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.bytes_mut().zeroize();
        // SAFETY: exactly the mapping made in `try_map`; no reference into it outlives `self`.
        let _ = unsafe { munmap(self.mapping.as_ptr(), self.mapped) };
    }
}
