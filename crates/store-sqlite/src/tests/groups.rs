//! Grouped commits, the queue, and the log.

use std::task::{Context, Waker};
use std::time::Instant;

use super::*;
use claviger_store::{CommitError, Scan, StoreError};

#[test]
fn a_conflict_in_a_group_leaves_the_others() {
    let place = Place::new();
    let store = place.open();
    // Queued before the writer gets a chance to take them one by one: the first is large.
    let mut begun = vec![store.commit(batch(vec![put(&THINGS, "large", vec![7; 4 << 20], Expect::Any)]))];
    for number in 0..40 {
        let expect = if number % 4 == 3 { Expect::Version(99) } else { Expect::Absent };
        begun.push(store.commit(batch(vec![put(&THINGS, &format!("{number:02}"), "x", expect)])));
    }
    let mut context = Context::from_waker(Waker::noop());
    for commit in &mut begun {
        let _ = commit.as_mut().poll(&mut context);
    }
    drop(begun);
    // The queue is worked off in order: when this is through, so are they.
    block_on(store.commit(batch(vec![put(&suite::PLAIN, "last", "x", Expect::Any)]))).unwrap();
    for number in 0..40 {
        assert_eq!(read(&store, &format!("{number:02}")).is_some(), number % 4 != 3, "{number}");
    }
    // One revision for each that was applied, none for the others.
    assert_eq!(block_on(store.revision()), Ok(1 + 30 + 1));
}

#[test]
fn later_batches_of_a_group_see_earlier_ones() {
    let place = Place::new();
    let store = place.open();
    let results = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                let result = block_on(store.commit(batch(vec![put(&THINGS, "one", "x", Expect::Absent)])));
                results.lock().unwrap().push(result);
            });
        }
    });
    let results = results.into_inner().unwrap();
    let conflicts = results.iter().filter(|result| matches!(result, Err(CommitError::Conflict { .. }))).count();
    assert_eq!((results.len(), conflicts), (32, 31));
}

#[test]
fn dropping_the_store_finishes_the_queue() {
    let place = Place::new();
    let store = place.open();
    for number in 0..200 {
        let mut commit = store.commit(batch(vec![put(&THINGS, &number.to_string(), "x", Expect::Any)]));
        let _ = commit.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    drop(store);
    assert!(!crate::open::log_of(&place.path()).exists(), "a clean stop folds the log back");
    assert_eq!(block_on(place.open().scan(Scan::all(&THINGS))).unwrap().rows.len(), 200);
}

#[test]
fn the_log_is_folded_back_while_running() {
    let place = Place::new();
    let store = place.open();
    let mut largest = 0;
    for round in 0..60 {
        write(&store, &(round % 5).to_string(), &"x".repeat(1 << 20));
        largest = largest.max(crate::open::log_of(&place.path()).metadata().unwrap().len());
    }
    // 60 MiB went through; folded every 4 MiB or so.
    assert!(largest < 12 << 20, "{largest}");
    // Even when a reader stands in the way, nothing fails.
    let reader = place.raw();
    let snapshot = reader.unchecked_transaction().unwrap();
    snapshot.query_row("SELECT count(*) FROM suite_things", [], |_| Ok(())).unwrap();
    for round in 0..20 {
        write(&store, &(round % 5).to_string(), &"y".repeat(1 << 20));
    }
    assert!(matches!(block_on(store.scrub()), Err(StoreError::Unavailable(_))));
    drop(snapshot);
    block_on(store.scrub()).unwrap();
    assert_eq!(crate::open::log_of(&place.path()).metadata().unwrap().len(), 0);
}

#[test]
fn scrubbed_content_is_gone_from_the_files() {
    let place = Place::new();
    let store = place.open();
    let secret = "the-quick-brown-fox-".repeat(500);
    for id in ["a", "b"] {
        write(&store, id, &secret);
    }
    write(&store, "a", "short now");
    block_on(store.commit(batch(vec![Change::Delete { space: &THINGS, id: "b".into(), expect: Expect::Any }])))
        .unwrap();
    block_on(store.scrub()).unwrap();
    for entry in std::fs::read_dir(place.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(19).any(|window| window == b"the-quick-brown-fox");
        assert!(!found, "in {}", path.display());
    }
    assert_eq!(read(&store, "a").as_deref(), Some("short now"));
}

/// Not a test of speed, which no test machine promises; prints what this one does:
/// `cargo test --release -p claviger-store-sqlite -- --ignored --nocapture figures`.
#[test]
#[ignore = "prints figures"]
fn figures() {
    for (name, synchronous) in [("FULL", Synchronous::Full), ("NORMAL", Synchronous::Normal)] {
        let place = Place::new();
        let options = Options { synchronous, ..Options::default() };
        let store = SqliteStore::open(&place.path(), SPACES, options).unwrap();
        let value = vec![7_u8; 700];
        let commits = |first: usize, count: usize, rows: usize| {
            for number in 0..count {
                let rows =
                    (0..rows).map(|row| put(&THINGS, &format!("{first}/{number}/{row}"), &*value, Expect::Absent));
                block_on(store.commit(rows.collect::<Vec<_>>().into())).unwrap();
            }
        };
        let rate = |what: &str, rows: usize, work: &dyn Fn()| {
            let start = Instant::now();
            work();
            let seconds = start.elapsed().as_secs_f64();
            println!("{name}: {what}: {:.0}/s, {:.2} us each", rows as f64 / seconds, seconds / rows as f64 * 1e6);
        };
        rate("rows, one caller, one a commit", 2000, &|| commits(1, 2000, 1));
        rate("rows, one caller, 64 a commit", 64 * 200, &|| commits(2, 200, 64));
        rate("rows, 64 callers, one a commit", 64 * 300, &|| {
            std::thread::scope(|scope| {
                for caller in 0..64 {
                    scope.spawn(move || commits(100 + caller, 300, 1));
                }
            });
        });
        rate("point reads", 200_000, &|| {
            for number in 0..200_000 {
                assert!(block_on(store.get(&THINGS, &format!("1/{}/0", number % 2000))).unwrap().is_some());
            }
        });
        rate("rows in pages of 100 by index", 20_000, &|| {
            for _ in 0..200 {
                let scan = Scan { index: Some("by_group"), prefix: "g/1/", limit: 100, ..Scan::all(&THINGS) };
                assert_eq!(block_on(store.scan(scan)).unwrap().rows.len(), 100);
            }
        });
        let start = Instant::now();
        let verdict: String = place.raw().query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).unwrap();
        let (took, size) = (start.elapsed(), place.path().metadata().unwrap().len() >> 20);
        println!("{name}: quick_check of {size} MiB: {took:?}, {verdict}");
    }
}
