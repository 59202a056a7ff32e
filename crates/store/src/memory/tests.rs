use std::sync::Arc;

use crate::{Batch, Change, Expect, MemoryStore, Records, Scan, Store, StoreError, suite};

fn put(id: &str, value: &str) -> Batch {
    let index = vec![("by_group", format!("g/{id}"))];
    vec![Change::Put { space: &suite::THINGS, id: id.into(), value: value.into(), index, expect: Expect::Any }].into()
}

#[test]
fn passes_the_suite() {
    suite::block_on(suite::run(|| async { MemoryStore::new() as Arc<dyn Store> }));
}

#[test]
fn the_feed_says_when_it_is_cut() {
    let store = MemoryStore::with_feed(3);
    for id in ["a", "b", "c", "d", "e"] {
        suite::block_on(store.commit(put(id, "x"))).unwrap();
    }
    let ids =
        |after| suite::block_on(store.changes(after, 10)).map(|all| all.into_iter().map(|c| c.id).collect::<String>());
    assert_eq!(ids(2), Ok("cde".into()));
    assert_eq!(ids(1), Err(StoreError::Trimmed { oldest: 2 }));
}

#[test]
fn a_snapshot_brings_everything_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot");
    let store = MemoryStore::new();
    suite::block_on(async {
        for (id, value) in [("a", "1"), ("b", "2"), ("a", "3"), ("gone", "4")] {
            store.commit(put(id, value)).await.unwrap();
        }
        let gone = Change::Delete { space: &suite::THINGS, id: "gone".into(), expect: Expect::Any };
        store.commit(vec![gone].into()).await.unwrap();
        store.lease("job", "me", 0, 10).await.unwrap();
        store.snapshot(&path).await.unwrap();

        let back = MemoryStore::restore(&path, suite::SPACES).unwrap();
        for index in [None, Some("by_group")] {
            let scan = Scan { index, ..Scan::all(&suite::THINGS) };
            assert_eq!(back.scan(scan).await, store.scan(scan).await);
        }
        assert_eq!(back.revision().await, Ok(5));
        assert_eq!(back.lease("job", "you", 10, 10).await, Ok(Some(2)));
        assert_eq!(back.changes(4, 1).await, Err(StoreError::Trimmed { oldest: 5 }));
        back.commit(put("gone", "5")).await.unwrap();
        assert!(back.get(&suite::THINGS, "gone").await.unwrap().unwrap().version > 4);
    });

    let whole = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let damaged = folder.path().join("damaged");
    for broken in
        [lines[..lines.len() - 1].join("\n"), lines[2..].join("\n"), whole.replace("suite_things", "x"), "{".into()]
    {
        std::fs::write(&damaged, broken).unwrap();
        assert!(matches!(MemoryStore::restore(&damaged, suite::SPACES), Err(StoreError::Damaged(_))));
    }
}

#[test]
fn an_unencodable_record_shows_at_the_commit() {
    use std::collections::HashMap;
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Odd(HashMap<Vec<u8>, u8>);
    impl crate::Record for Odd {
        const SPACE: &'static crate::Space = &suite::THINGS;
        fn id(&self) -> String {
            "odd".into()
        }
        fn index(&self) -> Vec<(&'static str, String)> {
            vec![]
        }
    }
    let mut batch = put("a", "x");
    batch.put(&Odd(HashMap::from([(vec![1], 1)])));
    let store = MemoryStore::new();
    let refused = suite::block_on(store.commit(batch));
    assert!(matches!(refused, Err(crate::CommitError::Store(StoreError::Invalid(_)))));
    assert!(suite::block_on(store.load::<Odd>("odd")).unwrap().is_none());
    assert_eq!(suite::block_on(store.revision()), Ok(0));
}

#[test]
fn contents_stay_out_of_debug_output() {
    let batch = put("a", "hush");
    let store = MemoryStore::new();
    suite::block_on(store.commit(batch.clone())).unwrap();
    let row = suite::block_on(store.get(&suite::THINGS, "a")).unwrap().unwrap();
    let shown = format!("{batch:?} {row:?} {store:?}");
    let as_bytes = format!("{:?}", b"hush");
    assert!(!shown.contains("hush") && !shown.contains(as_bytes.trim_matches(['[', ']'])));
}
