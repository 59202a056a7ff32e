//! Hot records without asking the engine.
//!
//! The promise: a read that begins after a commit through this store was acknowledged never
//! answers with anything older. Two things endanger it. A reader may fetch a record, be overtaken
//! by a commit, and then put what it fetched into the cache; so a fetched record is kept only if
//! no commit touched its stripe since the reader set out. And a caller may drop a commit half-way
//! (its client went away) while the engine still applies it; so such a commit is carried on here,
//! and its records are not cached until its end is known.

use std::future::Future;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use equivalent::Equivalent;
use moka::sync::Cache;

use crate::{Batch, BoxFuture, Changed, CommitError, Page, Row, Scan, Space, Store, StoreError};

/// How many commits can be under way without keeping each other's records out of the cache.
const STRIPES: usize = 256;

/// A store that remembers the records read most. Only [`Store::get`] and [`Store::get_many`]
/// use the cache; scans always ask the engine.
///
/// Commits made to the engine by others are not noticed.
pub struct CachedStore {
    inner: Arc<dyn Store>,
    cache: Cache<Key, Row>,
    hasher: RandomState,
    stripes: Arc<[Mutex<Stripe>]>,
    orphans: Arc<Orphans>,
}

#[derive(Default)]
struct Stripe {
    /// Counts the commits that began or ended.
    epoch: u64,
    /// Commits that began and have not ended.
    writing: usize,
}

#[derive(PartialEq, Eq)]
struct Key {
    space: &'static str,
    id: Arc<str>,
}

struct KeyRef<'a> {
    space: &'static str,
    id: &'a str,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.space, &*self.id).hash(state);
    }
}

impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.space, self.id).hash(state);
    }
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.space == key.space && self.id == &*key.id
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl CachedStore {
    /// Wraps a store; `capacity` is the number of records kept.
    pub fn new(inner: Arc<dyn Store>, capacity: u64) -> Arc<Self> {
        Arc::new(Self {
            inner,
            cache: Cache::new(capacity),
            hasher: RandomState::new(),
            stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
            orphans: Arc::default(),
        })
    }

    fn stripe(&self, space: &'static str, id: &str) -> usize {
        self.hasher.hash_one(KeyRef { space, id }) as usize % STRIPES
    }

    /// Fetches past the cache, and keeps what came if nothing overtook it.
    async fn fetch(&self, space: &'static Space, id: &str) -> Result<Option<Row>, StoreError> {
        self.orphans.carry_on();
        let stripe = &self.stripes[self.stripe(space.name, id)];
        let epoch = lock(stripe).epoch;
        let row = self.inner.get(space, id).await?;
        if let Some(row) = &row {
            self.keep(stripe, epoch, space, row);
        }
        Ok(row)
    }

    fn keep(&self, stripe: &Mutex<Stripe>, epoch: u64, space: &'static Space, row: &Row) {
        let stripe = lock(stripe);
        // Under the lock, so that no commit can begin and end between the check and the insert.
        if stripe.epoch == epoch && stripe.writing == 0 {
            let key = Key { space: space.name, id: row.id.clone() };
            self.cache.insert(key, row.clone());
        }
    }

    fn begin(&self, batch: &Batch) -> Writing {
        let written: Vec<_> = batch
            .steps()
            .iter()
            .map(|step| {
                let (space, id) = (step.change.space().name, step.change.id());
                (self.stripe(space, id), space, Arc::from(id))
            })
            .collect();
        let writing = Writing { stripes: self.stripes.clone(), cache: self.cache.clone(), written };
        writing.turn(|stripe| stripe.writing += 1);
        writing
    }
}

/// A commit under way; when dropped, its records may be cached again.
struct Writing {
    stripes: Arc<[Mutex<Stripe>]>,
    cache: Cache<Key, Row>,
    written: Vec<(usize, &'static str, Arc<str>)>,
}

impl Writing {
    fn turn(&self, change: impl Fn(&mut Stripe)) {
        for (stripe, space, id) in &self.written {
            let mut stripe = lock(&self.stripes[*stripe]);
            stripe.epoch += 1;
            change(&mut stripe);
            self.cache.invalidate(&KeyRef { space, id });
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.turn(|stripe| stripe.writing -= 1);
    }
}

/// Commits whose callers went away before the engine answered.
#[derive(Default)]
struct Orphans {
    count: AtomicUsize,
    commits: Mutex<Vec<BoxFuture<'static, Result<u64, CommitError>>>>,
}

impl Orphans {
    fn adopt(&self, commit: BoxFuture<'static, Result<u64, CommitError>>) {
        lock(&self.commits).push(commit);
        self.count.fetch_add(1, Ordering::Release);
    }

    /// Polls them once. Nobody waits for them, so whoever misses the cache lends a hand.
    fn carry_on(&self) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut context = Context::from_waker(Waker::noop());
        let mut commits = lock(&self.commits);
        let before = commits.len();
        commits.retain_mut(|commit| commit.as_mut().poll(&mut context).is_pending());
        let ended = before - commits.len();
        self.count.fetch_sub(ended, Ordering::Release);
    }
}

/// A commit that survives being dropped.
struct Carried {
    commit: Option<BoxFuture<'static, Result<u64, CommitError>>>,
    orphans: Arc<Orphans>,
}

impl Future for Carried {
    type Output = Result<u64, CommitError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(commit) = &mut self.commit else {
            return Poll::Ready(Err(StoreError::Closed.into()));
        };
        let result = commit.as_mut().poll(context);
        if result.is_ready() {
            self.commit = None;
        }
        result
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        if let Some(commit) = self.commit.take() {
            self.orphans.adopt(commit);
        }
    }
}

impl Store for CachedStore {
    fn get<'a>(&'a self, space: &'static Space, id: &'a str) -> BoxFuture<'a, Result<Option<Row>, StoreError>> {
        Box::pin(async move {
            let key = KeyRef { space: space.name, id };
            match self.cache.get(&key) {
                Some(row) => Ok(Some(row)),
                None => self.fetch(space, id).await,
            }
        })
    }

    fn get_many<'a>(
        &'a self,
        space: &'static Space,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Option<Row>>, StoreError>> {
        Box::pin(async move {
            self.orphans.carry_on();
            let mut rows = Vec::with_capacity(ids.len());
            let mut missing = Vec::new();
            for id in ids {
                let key = KeyRef { space: space.name, id };
                let row = self.cache.get(&key);
                if row.is_none() {
                    let stripe = self.stripe(space.name, id);
                    missing.push((rows.len(), stripe, lock(&self.stripes[stripe]).epoch));
                }
                rows.push(row);
            }
            if missing.is_empty() {
                return Ok(rows);
            }
            let wanted: Vec<String> = missing.iter().map(|(at, ..)| ids[*at].clone()).collect();
            let fetched = self.inner.get_many(space, &wanted).await?;
            for ((at, stripe, epoch), row) in missing.into_iter().zip(fetched) {
                if let Some(row) = &row {
                    self.keep(&self.stripes[stripe], epoch, space, row);
                }
                rows[at] = row;
            }
            Ok(rows)
        })
    }

    fn scan<'a>(&'a self, scan: Scan<'a>) -> BoxFuture<'a, Result<Page, StoreError>> {
        self.inner.scan(scan)
    }

    fn count<'a>(&'a self, space: &'static Space, prefix: &'a str) -> BoxFuture<'a, Result<u64, StoreError>> {
        self.inner.count(space, prefix)
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<u64, CommitError>> {
        Box::pin(async move {
            self.orphans.carry_on();
            let inner = self.inner.clone();
            let writing = self.begin(&batch);
            let commit: BoxFuture<'static, _> = Box::pin(async move {
                let result = inner.commit(batch).await;
                drop(writing);
                result
            });
            Carried { commit: Some(commit), orphans: self.orphans.clone() }.await
        })
    }

    fn revision(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.inner.revision()
    }

    fn changes(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<Changed>, StoreError>> {
        self.inner.changes(after, limit)
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now_ms: i64,
        ttl_ms: i64,
    ) -> BoxFuture<'a, Result<Option<u64>, StoreError>> {
        self.inner.lease(name, holder, now_ms, ttl_ms)
    }

    fn release<'a>(&'a self, name: &'a str, holder: &'a str) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.inner.release(name, holder)
    }

    fn snapshot<'a>(&'a self, to: &'a Path) -> BoxFuture<'a, Result<(), StoreError>> {
        self.inner.snapshot(to)
    }

    fn scrub(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.inner.scrub()
    }
}

#[cfg(test)]
mod tests;
