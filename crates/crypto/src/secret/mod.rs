//! Bytes that must not leak: memory that is locked, guarded, left out of core dumps, and wiped.
//!
//! Small secrets share pages because locked memory is scarce (often 8 MiB a process) and thousands of
//! 32-byte keys are cached; larger ones have pages of their own. Either way the pages lie between two
//! that cannot be touched, so that running off the end of some other buffer faults instead of reading keys.

use zeroize::Zeroize;

use crate::random;

mod pages;
mod slab;

use slab::Slot;

#[cfg(test)]
mod tests;

/// A secret: readable through [`expose`](Self::expose) only, wiped when dropped.
///
/// Deliberately without `Clone`, `Debug`, `Serialize` and comparison.
pub struct Secret {
    slot: Slot,
    len: usize,
}

impl Secret {
    /// `len` random bytes, drawn in place. Aborts as [`random::fill`] does.
    pub fn random(len: usize) -> Self {
        let mut secret = Self::zeroed(len);
        random::fill(secret.bytes_mut());
        secret
    }

    /// Copies `source` and wipes it.
    pub fn take(source: &mut [u8]) -> Self {
        let mut secret = Self::zeroed(source.len());
        secret.bytes_mut().copy_from_slice(source);
        source.zeroize();
        secret
    }

    /// Copies `source`, which stays as it is: for buffers of the library that wipe themselves.
    pub(crate) fn copy(source: &[u8]) -> Self {
        let mut secret = Self::zeroed(source.len());
        secret.bytes_mut().copy_from_slice(source);
        secret
    }

    /// The bytes. What is copied out of here is the caller's to wipe.
    pub fn expose(&self) -> &[u8] {
        &self.slot.bytes()[..self.len]
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// `len` zero bytes, to be filled in place.
    pub(crate) fn zeroed(len: usize) -> Self {
        Self { slot: Slot::new(len), len }
    }

    /// For filling a secret that was just made.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        let len = self.len;
        &mut self.slot.bytes_mut()[..len]
    }
}

/// Whether every page of secrets so far could be locked into memory. `false` means that the limit on locked memory
/// (`RLIMIT_MEMLOCK`) was reached: secrets may then be written to swap, and the operator should be told.
pub fn locked_pages_ok() -> bool {
    pages::all_locked()
}
