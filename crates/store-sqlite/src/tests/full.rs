//! No room left.

use super::*;
use claviger_store::{CommitError, StoreError};

fn cramped(place: &Place) -> Arc<SqliteStore> {
    SqliteStore::open(&place.path(), SPACES, Options { max_pages: Some(64), ..quick() }).unwrap()
}

fn full(result: &Result<u64, CommitError>) -> bool {
    matches!(result, Err(CommitError::Store(StoreError::Full(_))))
}

#[test]
fn a_full_disk_fails_cleanly_and_passes() {
    let place = Place::new();
    let store = cramped(&place);
    write(&store, "kept", "1");
    let large = vec![7; 16 << 10];
    let mut written = 0;
    let refused = loop {
        let changes = vec![
            put(&THINGS, "kept", "half-written", Expect::Any),
            put(&THINGS, &format!("l{written}"), &*large, Expect::Absent),
            put(&THINGS, "kept2", "half-written", Expect::Any),
        ];
        match block_on(store.commit(batch(changes))) {
            Ok(_) => {
                written += 1;
                block_on(store.commit(batch(vec![
                    put(&THINGS, "kept", "1", Expect::Any),
                    Change::Delete { space: &THINGS, id: "kept2".into(), expect: Expect::Any },
                ])))
                .unwrap();
            }
            refused => break refused,
        }
    };
    assert!(full(&refused), "{refused:?}");
    assert!(written > 2);
    let revision = block_on(store.revision()).unwrap();
    // Nothing half-written, and reading goes on.
    assert_eq!((read(&store, "kept").as_deref(), read(&store, "kept2")), (Some("1"), None));
    assert_eq!(block_on(store.get(&THINGS, &format!("l{written}"))), Ok(None));
    assert_eq!(block_on(store.changes(revision, 10)), Ok(vec![]));
    // Small things still fit, and large ones again once there is room.
    write(&store, "kept", "2");
    let remove = Change::Delete { space: &THINGS, id: "l0".into(), expect: Expect::Any };
    block_on(store.commit(batch(vec![remove]))).unwrap();
    block_on(store.commit(batch(vec![put(&THINGS, "again", &*large, Expect::Absent)]))).unwrap();
    drop(store);
    // The file is sound, and with more room there is more room.
    let ok: String = place.raw().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(ok, "ok");
    write(&place.open(), "much", &"x".repeat(1 << 20));
}

#[test]
fn one_too_large_does_not_take_its_group_along() {
    let place = Place::new();
    let store = cramped(&place);
    let results = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for number in 0..24 {
            let (store, results) = (&store, &results);
            scope.spawn(move || {
                let size = if number % 6 == 0 { 1 << 20 } else { 10 };
                let change = put(&THINGS, &number.to_string(), vec![7; size], Expect::Absent);
                let result = block_on(store.commit(batch(vec![change])));
                results.lock().unwrap().push((number, result));
            });
        }
    });
    for (number, result) in results.into_inner().unwrap() {
        assert_eq!(full(&result), number % 6 == 0, "{number}: {result:?}");
        assert_eq!(read(&store, &number.to_string()).is_some(), result.is_ok());
    }
}
