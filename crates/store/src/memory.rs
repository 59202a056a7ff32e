//! The engine that keeps everything in memory: for development, tests, and as the yardstick the
//! durable engines are compared with.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::{
    Batch, BoxFuture, Change, Changed, CommitError, Cursor, FEED_KEPT, Fence, Page, Row, Scan, Space, Store,
    StoreError, rules,
};

mod snapshot;

/// Records in memory. Gone when dropped, unless [`Store::snapshot`] wrote them down before.
#[derive(Debug)]
pub struct MemoryStore {
    state: RwLock<State>,
    feed_kept: u64,
}

#[derive(Debug, Default)]
struct State {
    spaces: HashMap<&'static str, Table>,
    feed: VecDeque<Changed>,
    /// The smallest `after` the feed can answer.
    feed_from: u64,
    leases: HashMap<String, Lease>,
    revision: u64,
}

#[derive(Debug, Default)]
struct Table {
    rows: BTreeMap<Arc<str>, Entry>,
    index: HashMap<&'static str, BTreeSet<(String, Arc<str>)>>,
    /// The highest version a deleted record had.
    retired: u64,
}

#[derive(Debug)]
struct Entry {
    row: Row,
    keys: Vec<(&'static str, String)>,
}

#[derive(Debug)]
struct Lease {
    holder: Option<String>,
    token: u64,
    until_ms: i64,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Arc<Self> {
        Self::with_feed(FEED_KEPT)
    }

    /// An empty store whose change feed goes back this many revisions.
    pub fn with_feed(kept: u64) -> Arc<Self> {
        Arc::new(Self { state: RwLock::default(), feed_kept: kept })
    }

    // Nothing below panics while it holds the lock, so a poisoned lock still guards whole state.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn row(&self, space: &'static Space, id: &str) -> Option<&Row> {
        Some(&self.spaces.get(space.name)?.rows.get(id)?.row)
    }

    fn scan(&self, scan: &Scan<'_>, after: Option<Cursor<'_>>) -> Page {
        let Some(table) = self.spaces.get(scan.space.name) else {
            return Page::default();
        };
        match scan.index {
            None => {
                let start = match after {
                    Some(cursor) if cursor.id >= scan.prefix => Bound::Excluded(cursor.id),
                    _ => Bound::Included(scan.prefix),
                };
                let rows = table.rows.range::<str, _>((start, Bound::Unbounded));
                collect(scan, rows.map(|(id, entry)| (&**id, &entry.row)))
            }
            Some(index) => {
                let Some(keys) = table.index.get(index) else {
                    return Page::default();
                };
                let start = match after {
                    Some(cursor) if cursor.key >= scan.prefix => {
                        Bound::Excluded((cursor.key.to_owned(), Arc::from(cursor.id)))
                    }
                    _ => Bound::Included((scan.prefix.to_owned(), Arc::from(""))),
                };
                let entries = keys.range((start, Bound::Unbounded));
                let rows = entries.filter_map(|(key, id)| Some((key.as_str(), &table.rows.get(&**id)?.row)));
                collect(scan, rows)
            }
        }
    }

    fn commit(&mut self, batch: Batch) -> Result<u64, CommitError> {
        for Fence { name, token } in batch.fences() {
            let held = self.leases.get(name);
            if held.is_none_or(|lease| lease.holder.is_none() || lease.token != *token) {
                return Err(CommitError::Conflict { space: Fence::SPACE, id: name.clone() });
            }
        }
        let revision = self.revision + 1;
        // Every expectation is judged before anything is touched: there is nothing to undo.
        let mut versions = Vec::with_capacity(batch.len());
        for step in batch.steps() {
            let current = self.row(step.change.space(), step.change.id());
            let current = current.map(|row| row.version);
            rules::expected(&step.change, current)?;
            versions.push(match step.change {
                Change::Put { space, .. } => {
                    let retired = self.spaces.get(space.name).map_or(0, |t| t.retired);
                    rules::next_version(step, current, retired, revision)?
                }
                _ => 0,
            });
        }
        if !batch.writes() {
            return Ok(self.revision);
        }
        self.revision = revision;
        let mut changed: Vec<Changed> = Vec::new();
        for (step, version) in batch.into_steps().into_iter().zip(versions) {
            let space = step.change.space().name.to_owned();
            changed.extend(self.apply(step.change, version).map(|id| Changed { revision, space, id }));
        }
        changed.sort_unstable();
        self.feed.extend(changed);
        Ok(revision)
    }

    /// Writes one change; gives the id if there was anything to write.
    fn apply(&mut self, change: Change, version: u64) -> Option<String> {
        let table = self.spaces.entry(change.space().name).or_default();
        match change {
            Change::Check { .. } => None,
            Change::Delete { id, .. } => {
                let version = table.remove(&id)?;
                table.retired = table.retired.max(version);
                Some(id)
            }
            Change::Put { id, value, index, .. } => {
                table.remove(&id);
                let row = Row { id: Arc::from(&*id), version, value: Arc::from(value) };
                table.insert(Entry { row, keys: index });
                Some(id)
            }
        }
    }

    fn trim_feed(&mut self, kept: u64) {
        let cut = self.revision.saturating_sub(kept);
        while self.feed.front().is_some_and(|changed| changed.revision <= cut) {
            self.feed.pop_front();
        }
        self.feed_from = self.feed_from.max(cut);
    }

    fn changes(&self, after: u64, limit: usize) -> Result<Vec<Changed>, StoreError> {
        if after < self.feed_from {
            return Err(StoreError::Trimmed { oldest: self.feed_from });
        }
        let start = self.feed.partition_point(|c| c.revision <= after);
        let mut out: Vec<Changed> = Vec::new();
        for changed in self.feed.range(start..) {
            let same = out.last().is_some_and(|c| c.revision == changed.revision);
            if out.len() >= limit.max(1) && !same {
                break;
            }
            out.push(changed.clone());
        }
        Ok(out)
    }

    fn lease(&mut self, name: &str, holder: &str, now_ms: i64, ttl_ms: i64) -> Option<u64> {
        let until_ms = now_ms.saturating_add(ttl_ms);
        let lease = self.leases.entry(name.to_owned()).or_insert(Lease { holder: None, token: 0, until_ms: i64::MIN });
        let live = lease.holder.is_some() && lease.until_ms > now_ms;
        if live && lease.holder.as_deref() != Some(holder) {
            return None;
        }
        if !live {
            lease.token += 1;
            lease.holder = Some(holder.to_owned());
        }
        lease.until_ms = until_ms;
        Some(lease.token)
    }

    fn release(&mut self, name: &str, holder: &str) -> bool {
        match self.leases.get_mut(name) {
            Some(lease) if lease.holder.as_deref() == Some(holder) => {
                lease.holder = None;
                true
            }
            _ => false,
        }
    }
}

impl Table {
    fn insert(&mut self, entry: Entry) {
        let id = &entry.row.id;
        for (index, key) in &entry.keys {
            let keys = self.index.entry(index).or_default();
            keys.insert((key.clone(), id.clone()));
        }
        self.rows.insert(id.clone(), entry);
    }

    /// Removes a record with its index entries; gives the version it had.
    fn remove(&mut self, id: &str) -> Option<u64> {
        let entry = self.rows.remove(id)?;
        for (index, key) in entry.keys {
            if let Some(keys) = self.index.get_mut(index) {
                keys.remove(&(key, entry.row.id.clone()));
            }
        }
        Some(entry.row.version)
    }
}

/// Takes a page off rows that come in order.
fn collect<'r>(scan: &Scan<'_>, rows: impl Iterator<Item = (&'r str, &'r Row)>) -> Page {
    let mut page = Page::default();
    let mut last = None;
    for (key, row) in rows {
        if !scan.covers(key) {
            break;
        }
        if page.rows.len() == scan.page() {
            page.next = last;
            break;
        }
        page.rows.push(row.clone());
        if page.rows.len() == scan.page() {
            last = Some(Cursor { key, id: &row.id }.encode());
        }
    }
    page
}

impl Store for MemoryStore {
    fn get<'a>(&'a self, space: &'static Space, id: &'a str) -> BoxFuture<'a, Result<Option<Row>, StoreError>> {
        Box::pin(async move { Ok(self.read().row(space, id).cloned()) })
    }

    fn get_many<'a>(
        &'a self,
        space: &'static Space,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Option<Row>>, StoreError>> {
        Box::pin(async move {
            let state = self.read();
            Ok(ids.iter().map(|id| state.row(space, id).cloned()).collect())
        })
    }

    fn scan<'a>(&'a self, scan: Scan<'a>) -> BoxFuture<'a, Result<Page, StoreError>> {
        Box::pin(async move {
            let after = scan.validate()?;
            Ok(self.read().scan(&scan, after))
        })
    }

    fn count<'a>(&'a self, space: &'static Space, prefix: &'a str) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(async move {
            let state = self.read();
            let Some(table) = state.spaces.get(space.name) else { return Ok(0) };
            let from = table.rows.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
            Ok(from.take_while(|(id, _)| id.starts_with(prefix)).count() as u64)
        })
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<u64, CommitError>> {
        Box::pin(async move {
            batch.validate()?;
            let mut state = self.write();
            let revision = state.commit(batch)?;
            state.trim_feed(self.feed_kept);
            Ok(revision)
        })
    }

    fn revision(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move { Ok(self.read().revision) })
    }

    fn changes(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<Changed>, StoreError>> {
        Box::pin(async move { self.read().changes(after, limit) })
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now_ms: i64,
        ttl_ms: i64,
    ) -> BoxFuture<'a, Result<Option<u64>, StoreError>> {
        Box::pin(async move { Ok(self.write().lease(name, holder, now_ms, ttl_ms)) })
    }

    fn release<'a>(&'a self, name: &'a str, holder: &'a str) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { Ok(self.write().release(name, holder)) })
    }

    fn snapshot<'a>(&'a self, to: &'a Path) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { self.read().write_to(to) })
    }

    fn scrub(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }
}

#[cfg(test)]
mod tests;
