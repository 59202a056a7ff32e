use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::CacheLimits;
use crate::Error;
use crate::materials::{DecryptionMaterials, EncryptionMaterials};

/// Entries that have not been used for longest and are looked at for their age whenever something is asked for.
const PRUNED: usize = 10;

/// Materials in memory, the least recently used dropped first (`framework/local-cryptographic-materials-cache.md`).
///
/// Who asks for what is just being made waits for it: many at a time cost one call.
pub struct MaterialsCache {
    pub(super) encryption: Shelf<EncryptionMaterials>,
    pub(super) decryption: Shelf<DecryptionMaterials>,
}

impl MaterialsCache {
    /// For so many entries of either kind. With none, nothing is cached.
    pub fn new(capacity: usize) -> Self {
        let started = Instant::now();
        Self::with_clock(capacity, Arc::new(move || started.elapsed()))
    }

    /// [`new`](Self::new) with another way to tell the time that has passed.
    pub(crate) fn with_clock(capacity: usize, clock: Clock) -> Self {
        let (encryption, decryption) = (Shelf::new(capacity, Arc::clone(&clock)), Shelf::new(capacity, clock));
        Self { encryption, decryption }
    }
}

type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// What a use costs an entry.
#[derive(Clone, Copy, Default)]
pub(super) struct Charge {
    pub(super) messages: u64,
    pub(super) bytes: u64,
}

pub(super) struct Shelf<T> {
    capacity: usize,
    clock: Clock,
    entries: Mutex<Entries<T>>,
}

struct Entries<T> {
    by_id: HashMap<Vec<u8>, (u64, Arc<Slot<T>>)>,
    /// Ids by when they were last asked for.
    by_use: BTreeMap<u64, Vec<u8>>,
    uses: u64,
}

/// A place for an entry, which whoever finds it empty fills while the others wait.
struct Slot<T> {
    /// How often filling it ended, with or without success.
    attempts: AtomicU64,
    /// When the entry is too old, for pruning without waiting.
    expires: Mutex<Option<Duration>>,
    content: tokio::sync::Mutex<Content<T>>,
}

struct Content<T> {
    entry: Option<Entry<T>>,
    failure: Option<Error>,
}

struct Entry<T> {
    materials: Arc<T>,
    expires: Duration,
    used: Charge,
}

impl<T> Entry<T> {
    /// Counts a use, if it may be used once more.
    fn charge(&mut self, charge: Charge, limits: CacheLimits, now: Duration) -> bool {
        let messages = self.used.messages.saturating_add(charge.messages);
        let bytes = self.used.bytes.saturating_add(charge.bytes);
        let fits = now < self.expires && messages <= limits.max_messages && bytes <= limits.max_bytes;
        if fits {
            self.used = Charge { messages, bytes };
        }
        fits
    }
}

impl<T> Shelf<T> {
    fn new(capacity: usize, clock: Clock) -> Self {
        let entries = Entries { by_id: HashMap::new(), by_use: BTreeMap::new(), uses: 0 };
        Self { capacity, clock, entries: Mutex::new(entries) }
    }

    /// The entry, or what `load` gives, which says whether it may be kept.
    pub(super) async fn get(
        &self,
        id: Vec<u8>,
        charge: Charge,
        limits: CacheLimits,
        load: impl AsyncFnOnce() -> Result<(Arc<T>, bool), Error>,
    ) -> Result<Arc<T>, Error> {
        if self.capacity == 0 {
            return Ok(load().await?.0);
        }
        let slot = self.slot(id);
        let attempts = slot.attempts.load(Ordering::Acquire);
        let mut content = slot.content.lock().await;
        if let Some(entry) = &mut content.entry
            && entry.charge(charge, limits, (self.clock)())
        {
            return Ok(Arc::clone(&entry.materials));
        }
        // Somebody tried while this caller waited: asking again at once would only repeat the failure.
        let waited = attempts != slot.attempts.load(Ordering::Acquire);
        if let Some(failure) = content.failure.clone().filter(|_| waited) {
            return Err(failure);
        }
        content.entry = None;
        let loaded = load().await;
        slot.attempts.fetch_add(1, Ordering::Release);
        content.failure = loaded.as_ref().err().cloned();
        let (materials, keep) = loaded?;
        if keep {
            let expires = (self.clock)().saturating_add(limits.max_age);
            content.entry = Some(Entry { materials: Arc::clone(&materials), expires, used: charge });
            *slot.expires.lock().unwrap_or_else(PoisonError::into_inner) = Some(expires);
        }
        Ok(materials)
    }

    /// Finds or makes the place for an entry, as the last one used.
    fn slot(&self, id: Vec<u8>) -> Arc<Slot<T>> {
        let now = (self.clock)();
        let mut guard = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = &mut *guard;
        entries.uses += 1;
        let used = entries.uses;
        let slot = match entries.by_id.get_mut(&id) {
            Some((last, slot)) => {
                entries.by_use.remove(last);
                *last = used;
                Arc::clone(slot)
            }
            None => {
                let slot = Arc::new(Slot::empty());
                entries.by_id.insert(id.clone(), (used, Arc::clone(&slot)));
                slot
            }
        };
        entries.by_use.insert(used, id);
        entries.prune(now);
        while entries.by_id.len() > self.capacity
            && let Some((_, oldest)) = entries.by_use.pop_first()
        {
            entries.by_id.remove(&oldest);
        }
        slot
    }
}

impl<T> Entries<T> {
    fn prune(&mut self, now: Duration) {
        // The last one is just being asked for.
        let tail = self.by_use.len().saturating_sub(1).min(PRUNED);
        let old: Vec<u64> =
            self.by_use.iter().take(tail).filter(|(_, id)| self.expired(id, now)).map(|(at, _)| *at).collect();
        for at in old {
            if let Some(id) = self.by_use.remove(&at) {
                self.by_id.remove(&id);
            }
        }
    }

    fn expired(&self, id: &[u8], now: Duration) -> bool {
        let expires = |slot: &Slot<T>| *slot.expires.lock().unwrap_or_else(PoisonError::into_inner);
        self.by_id.get(id).and_then(|(_, slot)| expires(slot)).is_some_and(|expires| expires <= now)
    }
}

impl<T> Slot<T> {
    fn empty() -> Self {
        let content = tokio::sync::Mutex::new(Content { entry: None, failure: None });
        Self { attempts: AtomicU64::new(0), expires: Mutex::new(None), content }
    }
}
