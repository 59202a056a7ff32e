//! A bounded cache that never keeps what was read before a change.

use std::future::Future;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use moka::sync::Cache;
use tokio::sync::Mutex;

/// How many long loads can be under way together.
const TURNS: usize = 64;

/// Values loaded on demand and dropped when their record changes.
///
/// A load that was under way while something was invalidated is answered but not kept: otherwise a slow reader could
/// put yesterday's record back after the change that replaced it.
pub struct LoadCache<K, V> {
    entries: Cache<K, V>,
    generation: AtomicU64,
    hasher: RandomState,
    turns: Box<[Mutex<()>]>,
}

impl<K, V> LoadCache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// A cache of at most `capacity` entries.
    pub fn new(capacity: u64) -> Self {
        Self {
            entries: Cache::new(capacity),
            generation: AtomicU64::new(0),
            hasher: RandomState::new(),
            turns: (0..TURNS).map(|_| Mutex::default()).collect(),
        }
    }

    /// The cached value.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.entries.get(key)
    }

    /// The cached value, or the one `load` brings. `None` and errors are not kept.
    pub async fn get_or_load<E>(
        &self,
        key: K,
        load: impl Future<Output = Result<Option<V>, E>>,
    ) -> Result<Option<V>, E> {
        if let Some(value) = self.entries.get(&key) {
            return Ok(Some(value));
        }
        let before = self.generation.load(Ordering::Acquire);
        let Some(value) = load.await? else { return Ok(None) };
        self.entries.insert(key.clone(), value.clone());
        if self.generation.load(Ordering::Acquire) != before {
            self.entries.invalidate(&key);
        }
        Ok(Some(value))
    }

    /// The same for what is long to load: requests that miss the same entry together wait for one of them to load it.
    /// Entries that share a turn by chance wait for each other too.
    pub async fn get_or_load_in_turn<E>(
        &self,
        key: K,
        load: impl Future<Output = Result<Option<V>, E>>,
    ) -> Result<Option<V>, E> {
        let turn = usize::try_from(self.hasher.hash_one(&key)).unwrap_or(usize::MAX) % TURNS;
        let _turn = self.turns[turn].lock().await;
        self.get_or_load(key, load).await
    }

    /// Drops one entry.
    pub fn invalidate<Q>(&self, key: &Q)
    where
        K: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.entries.invalidate(key);
    }

    /// Drops everything.
    pub fn clear(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.entries.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_misses_together_loads_once() {
        let cache: LoadCache<String, u32> = LoadCache::new(8);
        let loads = AtomicU64::new(0);
        let ask = || {
            cache.get_or_load_in_turn("a".into(), async {
                loads.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok::<_, ()>(Some(1))
            })
        };
        assert_eq!(tokio::join!(ask(), ask(), ask()), (Ok(Some(1)), Ok(Some(1)), Ok(Some(1))));
        assert_eq!(loads.into_inner(), 1);
    }

    #[tokio::test]
    async fn a_load_overtaken_by_a_change_is_not_kept() {
        let cache: LoadCache<String, u32> = LoadCache::new(8);
        let loaded = cache
            .get_or_load("a".into(), async {
                cache.invalidate("a");
                Ok::<_, ()>(Some(1))
            })
            .await;
        assert_eq!(loaded, Ok(Some(1)));
        assert_eq!(cache.get("a"), None);
        assert_eq!(cache.get_or_load("a".into(), async { Ok::<_, ()>(Some(2)) }).await, Ok(Some(2)));
        assert_eq!(cache.get("a"), Some(2));
    }
}
