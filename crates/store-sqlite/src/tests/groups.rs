//! Grouped commits, the queue, and the log.

use std::task::{Context, Waker};

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
