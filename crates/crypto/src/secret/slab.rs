//! Small secrets side by side in shared pages.
#![allow(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::Zeroize;

use super::pages::Pages;

/// Usable bytes of one slab; the operating system's page size when that is larger.
const SLAB_BYTES: usize = 16 * 1024;

/// Bytes of the slots on each shelf, ascending. Powers of two, so that the slots of a slab fill whole bit words.
const SLOT_LENS: [usize; 3] = [32, 64, 128];

static SHELVES: [Mutex<Shelf>; 3] =
    [Mutex::new(Shelf::new(SLOT_LENS[0])), Mutex::new(Shelf::new(SLOT_LENS[1])), Mutex::new(Shelf::new(SLOT_LENS[2]))];

/// Room for one secret, zeroed when handed out and wiped when given back.
pub(super) enum Slot {
    /// A place in a slab of the shelf with this index.
    Shared { place: Place, shelf: usize },
    /// Pages of its own.
    Own(Pages),
}

// SAFETY: a place is owned by exactly one slot (the shelf marks it taken), so moving the slot moves the only access.
unsafe impl Send for Slot {}
// SAFETY: shared access only reads.
unsafe impl Sync for Slot {}

impl Slot {
    /// Room for `len` bytes.
    pub(super) fn new(len: usize) -> Self {
        match SLOT_LENS.iter().position(|slot_len| len <= *slot_len) {
            Some(shelf) => Self::Shared { place: shelf_at(shelf).take(), shelf },
            None => Self::Own(Pages::map(len)),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            // SAFETY: the place lies in pages that stay mapped while it is taken; nobody else has it.
            Self::Shared { place, .. } => unsafe { std::slice::from_raw_parts(place.start.as_ptr(), place.len) },
            Self::Own(pages) => pages.bytes(),
        }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            // SAFETY: as in `bytes`, and borrowed exclusively.
            Self::Shared { place, .. } => unsafe { std::slice::from_raw_parts_mut(place.start.as_ptr(), place.len) },
            Self::Own(pages) => pages.bytes_mut(),
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Self::Shared { place, shelf } = self {
            // SAFETY: the slot is going away and hands back the place it was given, once.
            unsafe { shelf_at(*shelf).give_back(place) }
        }
    }
}

/// Nothing that runs under this lock panics, so a poisoned one is still in order.
fn shelf_at(index: usize) -> MutexGuard<'static, Shelf> {
    SHELVES[index].lock().unwrap_or_else(PoisonError::into_inner)
}

/// One taken place.
pub(super) struct Place {
    start: NonNull<u8>,
    len: usize,
    slab: usize,
}

/// All slabs with slots of one size.
struct Shelf {
    slot_len: usize,
    /// By address of the first slot.
    slabs: BTreeMap<usize, Slab>,
    /// Addresses of slabs with a free slot.
    roomy: BTreeSet<usize>,
}

struct Slab {
    pages: Pages,
    /// One bit a slot, set when taken. Kept out of the secret pages.
    taken: Vec<u64>,
    free: usize,
}

impl Shelf {
    const fn new(slot_len: usize) -> Self {
        Self { slot_len, slabs: BTreeMap::new(), roomy: BTreeSet::new() }
    }

    fn take(&mut self) -> Place {
        let address = self.roomy.first().copied();
        let address = address.unwrap_or_else(|| self.add_slab());
        let slot_len = self.slot_len;
        let taken = self.slabs.get_mut(&address).and_then(|slab| {
            let index = slab.take()?;
            // SAFETY: the index is below the number of slots, so the slot lies inside the pages.
            let start = unsafe { slab.pages.start().add(index * slot_len) };
            Some((NonNull::new(start)?, slab.free))
        });
        let Some((start, free_left)) = taken else {
            crate::fatal::abort("the secret allocator lost count of its slots");
        };
        if free_left == 0 {
            self.roomy.remove(&address);
        }
        Place { start, len: slot_len, slab: address }
    }

    fn add_slab(&mut self) -> usize {
        let pages = Pages::map(SLAB_BYTES);
        let slots = pages.len() / self.slot_len;
        let address = pages.start().addr();
        self.slabs.insert(address, Slab { pages, taken: vec![0; slots / 64], free: slots });
        self.roomy.insert(address);
        address
    }

    /// Wipes a place and makes it free.
    ///
    /// # Safety
    /// `place` came from [`take`](Self::take) of this shelf, was not given back before, and is not used afterwards.
    unsafe fn give_back(&mut self, place: &Place) {
        // SAFETY: by the contract the place is still ours alone, inside mapped pages.
        unsafe { std::slice::from_raw_parts_mut(place.start.as_ptr(), place.len) }.zeroize();
        let others_have_room = self.roomy.iter().any(|address| *address != place.slab);
        let Some(slab) = self.slabs.get_mut(&place.slab) else { return };
        slab.give_back((place.start.as_ptr().addr() - place.slab) / self.slot_len);
        // One slab with room is kept, so that a secret coming and going does not map and unmap each time.
        if slab.is_empty(self.slot_len) && others_have_room {
            self.slabs.remove(&place.slab);
            self.roomy.remove(&place.slab);
        } else {
            self.roomy.insert(place.slab);
        }
    }
}

impl Slab {
    /// Marks a free slot as taken.
    fn take(&mut self) -> Option<usize> {
        let (word, bits) = self.taken.iter_mut().enumerate().find(|(_, bits)| **bits != u64::MAX)?;
        let bit = bits.trailing_ones() as usize;
        *bits |= 1 << bit;
        self.free -= 1;
        Some(word * 64 + bit)
    }

    fn give_back(&mut self, index: usize) {
        self.taken[index / 64] &= !(1 << (index % 64));
        self.free += 1;
    }

    fn is_empty(&self, slot_len: usize) -> bool {
        self.free == self.pages.len() / slot_len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of a place, taken or not.
    fn look(place: &Place) -> Vec<u8> {
        // SAFETY: the test keeps the slab mapped, and its shelf is nobody else's.
        unsafe { std::slice::from_raw_parts(place.start.as_ptr(), place.len) }.to_vec()
    }

    fn fill(place: &Place) {
        // SAFETY: as in `look`, and the place is taken.
        unsafe { std::slice::from_raw_parts_mut(place.start.as_ptr(), place.len) }.fill(0xA5);
    }

    #[test]
    fn a_place_given_back_is_wiped_at_once_and_used_again() {
        let mut shelf = Shelf::new(32);
        let (kept, place) = (shelf.take(), shelf.take());
        fill(&kept);
        fill(&place);
        // SAFETY: given back once; only its address is used afterwards.
        unsafe { shelf.give_back(&place) };
        assert_eq!(look(&place), [0; 32]);
        assert_eq!(look(&kept), [0xA5; 32]);
        assert_eq!(shelf.take().start, place.start);
    }

    #[test]
    fn slabs_fill_up_and_go_away_again() {
        let mut shelf = Shelf::new(128);
        let mut places: Vec<_> = (0..300).map(|_| shelf.take()).collect();
        assert_eq!(shelf.slabs.len(), 300usize.div_ceil(shelf.slabs.first_key_value().unwrap().1.pages.len() / 128));
        let distinct: BTreeSet<_> = places.iter().map(|place| place.start).collect();
        assert_eq!(distinct.len(), places.len());
        for place in &places {
            let slab = &shelf.slabs[&place.slab];
            assert!(slab.pages.bytes().as_ptr_range().contains(&place.start.as_ptr().cast_const()));
            fill(place);
        }
        // In another order than they were taken.
        places.sort_by_key(|place| place.start.as_ptr().addr() % 4096);
        for place in places {
            // SAFETY: each place is given back once and not used again.
            unsafe { shelf.give_back(&place) };
        }
        // One empty slab stays for the next secret.
        assert_eq!((shelf.slabs.len(), shelf.roomy.len()), (1, 1));
        assert_eq!(look(&shelf.take()), [0; 128]);
    }
}
