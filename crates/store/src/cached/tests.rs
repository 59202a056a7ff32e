use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};

use super::*;
use crate::suite::{THINGS, block_on};
use crate::{Change, Expect, Fault, Faults, FaultyStore, MemoryStore, SealedStore, suite};
use claviger_crypto::secret::Secret;

/// Counts the reads that reach it, and can hold them up after the record was fetched.
fn slow(seed: u64) -> Arc<FaultyStore> {
    FaultyStore::new(MemoryStore::new(), seed, Faults { slow: 1000, ..Faults::default() })
}

fn put(id: &str, value: &str) -> Batch {
    vec![Change::Put { space: &THINGS, id: id.into(), value: value.into(), index: vec![], expect: Expect::Any }].into()
}

fn value(row: Option<Row>) -> Option<String> {
    row.map(|row| String::from_utf8(row.value.to_vec()).unwrap())
}

fn poll<T>(future: &mut BoxFuture<'_, T>) -> Poll<T> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn passes_the_suite() {
    // A cache too small for what is read, one that holds everything, one above and one below the seal.
    block_on(suite::run(|| async { CachedStore::new(MemoryStore::new(), 3) as Arc<dyn Store> }));
    block_on(suite::run(|| async { CachedStore::new(MemoryStore::new(), 10_000) as Arc<dyn Store> }));
    block_on(suite::run(|| async {
        CachedStore::new(SealedStore::new(MemoryStore::new(), Secret::random(32)), 1000) as Arc<dyn Store>
    }));
    block_on(suite::run(|| async {
        SealedStore::new(CachedStore::new(MemoryStore::new(), 1000), Secret::random(32)) as Arc<dyn Store>
    }));
}

#[test]
fn passes_the_suite_when_the_engine_dawdles() {
    let seed = AtomicU64::new(1);
    block_on(suite::run(|| async {
        CachedStore::new(slow(seed.fetch_add(1, Ordering::Relaxed)), 1000) as Arc<dyn Store>
    }));
}

#[test]
fn the_second_read_asks_nobody() {
    let engine = FaultyStore::new(MemoryStore::new(), 1, Faults::default());
    let store = CachedStore::new(engine.clone(), 10);
    block_on(async {
        store.commit(put("a", "1")).await.unwrap();
        store.get(&THINGS, "a").await.unwrap();
        engine.set(Faults { reads: 1000, ..Faults::default() });
        assert_eq!(value(store.get(&THINGS, "a").await.unwrap()).as_deref(), Some("1"));
        let many = store.get_many(&THINGS, &["a".into(), "a".into()]).await.unwrap();
        assert_eq!(many.len(), 2);
        assert!(store.get(&THINGS, "b").await.is_err());
    });
}

#[test]
fn a_read_overtaken_by_a_commit_is_not_kept() {
    // Whatever the turns: the reader is stopped after each of its steps in turn, and overtaken there.
    for stop in 1..24 {
        for many in [false, true] {
            let store = CachedStore::new(slow(stop), 10);
            block_on(store.commit(put("a", "old"))).unwrap();
            let ids = ["a".to_owned()];
            let mut one = store.get(&THINGS, "a");
            let mut several = store.get_many(&THINGS, &ids);
            let mut step = || match many {
                false => poll(&mut one).is_ready(),
                true => poll(&mut several).is_ready(),
            };
            let mut done = (0..stop).any(|_| step());
            block_on(store.commit(put("a", "new"))).unwrap();
            while !done {
                done = step();
            }
            for _ in 0..2 {
                assert_eq!(value(block_on(store.get(&THINGS, "a")).unwrap()).as_deref(), Some("new"));
            }
        }
    }
}

#[test]
fn an_unknown_outcome_is_looked_up() {
    let engine = FaultyStore::new(MemoryStore::new(), 1, Faults::default());
    let store = CachedStore::new(engine.clone(), 10);
    block_on(async {
        store.commit(put("a", "1")).await.unwrap();
        store.get(&THINGS, "a").await.unwrap();
        engine.order(Fault::After);
        store.commit(put("a", "2")).await.unwrap_err();
        assert_eq!(value(store.get(&THINGS, "a").await.unwrap()).as_deref(), Some("2"));
        engine.order(Fault::Lost);
        store.commit(put("a", "3")).await.unwrap_err();
        assert_eq!(value(store.get(&THINGS, "a").await.unwrap()).as_deref(), Some("2"));
    });
}

#[test]
fn a_commit_dropped_half_way_is_carried_on() {
    for stop in 1..24 {
        let store = CachedStore::new(slow(stop), 10);
        block_on(store.commit(put("a", "old"))).unwrap();
        let mut dropped = store.commit(put("a", "new"));
        let finished = (0..stop).any(|_| poll(&mut dropped).is_ready());
        drop(dropped);
        // Its end is not known yet, so nothing is kept; reading lends a hand until it is.
        let mut last = None;
        for _ in 0..40 {
            last = value(block_on(store.get(&THINGS, "a")).unwrap());
        }
        assert_eq!(last.as_deref(), Some("new"), "stopped after {stop}, finished: {finished}");
        assert!(lock(&store.orphans.commits).is_empty());
        assert!(store.stripes.iter().all(|stripe| lock(stripe).writing == 0));
    }
}

#[test]
fn a_commit_nobody_began_is_not_made() {
    let store = CachedStore::new(MemoryStore::new(), 10);
    drop(store.commit(put("a", "1")));
    assert_eq!(block_on(store.get(&THINGS, "a")).unwrap(), None);
    assert_eq!(block_on(store.revision()), Ok(0));
}
