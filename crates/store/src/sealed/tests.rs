use super::*;
use crate::suite::{PLAIN, THINGS, block_on};
use crate::{MemoryStore, suite};

fn put(space: &'static Space, id: &str, value: &str, group: &str) -> Change {
    let index = if space.indexes.is_empty() { vec![] } else { vec![("by_group", group.to_owned())] };
    Change::Put { space, id: id.into(), value: value.into(), index, expect: Expect::Any }
}

fn pair() -> (Arc<MemoryStore>, Arc<SealedStore>) {
    let below = MemoryStore::new();
    (below.clone(), SealedStore::new(below, Secret::random(32)))
}

async fn raw(below: &Arc<MemoryStore>, id: &str) -> Row {
    below.get(&THINGS, id).await.unwrap().unwrap()
}

fn tampered<T>(id: &str) -> Result<T, StoreError> {
    Err(StoreError::Tampered { space: THINGS.name, id: id.into() })
}

/// Writes below the seal: these bytes, under this id, index key and version.
async fn forge(below: &Arc<MemoryStore>, id: &str, value: &[u8], group: &str, version: Option<u64>) {
    let index = vec![("by_group", group.to_owned())];
    let change = Change::Put { space: &THINGS, id: id.into(), value: value.to_vec(), index, expect: Expect::Any };
    let mut batch = Batch::new();
    batch.push_step(Step { change, version });
    below.commit(batch).await.unwrap();
}

#[test]
fn passes_the_suite() {
    block_on(suite::run(|| async { SealedStore::new(MemoryStore::new(), Secret::random(32)) as Arc<dyn Store> }));
}

#[test]
fn two_writers_with_the_same_key_share_an_engine() {
    block_on(async {
        let below = MemoryStore::new();
        let mut key = [7; 32];
        let one = SealedStore::new(below.clone(), Secret::take(&mut key.clone()));
        let two = SealedStore::new(below.clone(), Secret::take(&mut key));
        // Each falls behind the other in turn, and has to learn what the last revision is.
        for round in 0..10 {
            for (store, value) in [(&one, "one"), (&two, "two"), (&two, "three")] {
                store.commit(vec![put(&THINGS, "a", &format!("{value}{round}"), "g")].into()).await.unwrap();
                let seen = one.get(&THINGS, "a").await.unwrap().unwrap();
                assert_eq!(&*seen.value, format!("{value}{round}").as_bytes());
            }
        }
        assert_eq!(below.revision().await, Ok(30));
    });
}

#[test]
fn below_is_ciphertext_except_where_declared() {
    block_on(async {
        let (below, store) = pair();
        store
            .commit(vec![put(&THINGS, "a", "plaintext", "g"), put(&PLAIN, "a", "plaintext", "")].into())
            .await
            .unwrap();
        let sealed = raw(&below, "a").await.value;
        assert!(!sealed.windows(9).any(|window| window == b"plaintext"));
        assert_eq!(&*below.get(&PLAIN, "a").await.unwrap().unwrap().value, b"plaintext");
    });
}

#[test]
fn every_flipped_bit_is_noticed() {
    block_on(async {
        let (below, store) = pair();
        store.commit(vec![put(&THINGS, "a", "value", "g")].into()).await.unwrap();
        let honest = raw(&below, "a").await;
        for bit in 0..honest.value.len() * 8 {
            let mut bytes = honest.value.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let row = Row { value: bytes.into(), ..honest.clone() };
            assert_eq!(store.open(&THINGS, row), tampered("a"), "bit {bit}");
        }
        for cut in 0..honest.value.len() {
            let row = Row { value: honest.value[..cut].into(), ..honest.clone() };
            assert_eq!(store.open(&THINGS, row), tampered("a"));
        }
        assert_eq!(&*store.open(&THINGS, honest).unwrap().value, b"value");
    });
}

#[test]
fn moved_swapped_and_old_records_are_named() {
    block_on(async {
        let (below, store) = pair();
        store.commit(vec![put(&THINGS, "a", "1", "g"), put(&THINGS, "b", "2", "g")].into()).await.unwrap();
        let (a, b) = (raw(&below, "a").await, raw(&below, "b").await);
        assert_eq!(a.version, b.version);

        // Moved to another id, at the same version: rows swapped.
        assert_eq!(store.open(&THINGS, Row { id: b.id.clone(), ..a.clone() }), tampered("b"));
        // Moved to another space.
        static OTHER: Space = Space { name: "suite_other", indexes: &[], sealed: true };
        let elsewhere = store.open(&OTHER, a.clone());
        assert_eq!(elsewhere, Err(StoreError::Tampered { space: "suite_other", id: "a".into() }));
        // Put back to its older content under the current version.
        store.commit(vec![put(&THINGS, "a", "new", "g")].into()).await.unwrap();
        forge(&below, "a", &a.value, "g", None).await;
        assert_eq!(store.get(&THINGS, "a").await, tampered("a"));
        assert_eq!(store.get_many(&THINGS, &["b".into(), "a".into()]).await, tampered("a"));
        assert_eq!(store.scan(Scan::all(&THINGS)).await, tampered("a"));
        // The neighbour is fine.
        assert_eq!(&*store.get(&THINGS, "b").await.unwrap().unwrap().value, b"2");
        // Overwriting heals it.
        store.commit(vec![put(&THINGS, "a", "healed", "g")].into()).await.unwrap();
        assert_eq!(&*store.get(&THINGS, "a").await.unwrap().unwrap().value, b"healed");
    });
}

#[test]
fn a_deleted_record_cannot_be_put_back_over_its_successor() {
    block_on(async {
        let (below, store) = pair();
        store.commit(vec![put(&THINGS, "a", "enabled", "g")].into()).await.unwrap();
        let old = raw(&below, "a").await;
        store
            .commit(vec![Change::Delete { space: &THINGS, id: "a".into(), expect: Expect::Any }].into())
            .await
            .unwrap();
        store.commit(vec![put(&THINGS, "a", "successor", "g")].into()).await.unwrap();
        let successor = raw(&below, "a").await;
        assert_ne!(old.version, successor.version);
        assert_eq!(store.open(&THINGS, Row { value: old.value, ..successor }), tampered("a"));
    });
}

#[test]
fn a_record_in_a_foreign_index_entry_is_named() {
    block_on(async {
        let (below, store) = pair();
        let changes = vec![put(&THINGS, "a", "1", "admins"), put(&THINGS, "b", "2", "guests")];
        store.commit(changes.into()).await.unwrap();
        let scan = |prefix| Scan { index: Some("by_group"), prefix, ..Scan::all(&THINGS) };
        assert_eq!(store.scan(scan("admins")).await.unwrap().rows.len(), 1);
        // Same bytes at the same version, but listed among the admins: only the entry is forged.
        let b = raw(&below, "b").await;
        below
            .commit(vec![Change::Delete { space: &THINGS, id: "b".into(), expect: Expect::Any }].into())
            .await
            .unwrap();
        let forged = MemoryStore::new();
        while forged.revision().await.unwrap() + 1 < b.version {
            forge(&forged, "filler", b"", "", None).await;
        }
        forge(&forged, "b", &b.value, "admins", Some(b.version)).await;
        let store = SealedStore {
            inner: forged,
            key: Secret::take(&mut store.key.expose().to_vec()),
            known: AtomicU64::new(0),
        };
        assert_eq!(&*store.get(&THINGS, "b").await.unwrap().unwrap().value, b"2");
        assert_eq!(store.scan(scan("admins")).await, tampered("b"));
    });
}

#[test]
fn the_wrong_key_opens_nothing() {
    block_on(async {
        let (below, store) = pair();
        store.commit(vec![put(&THINGS, "a", "1", "g")].into()).await.unwrap();
        let stranger = SealedStore::new(below, Secret::random(32));
        assert_eq!(stranger.get(&THINGS, "a").await, tampered("a"));
    });
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        let _ = content(&bytes, |_| true);
    }

    #[test]
    fn keys_and_value_come_back(keys: Vec<String>, value: Vec<u8>) {
        let index: Vec<_> = keys.iter().map(|key| ("by_group", key.clone())).collect();
        let plain = with_keys(&index, &value);
        for key in &keys {
            proptest::prop_assert_eq!(content(&plain, |entry| entry == (b"by_group", key.as_bytes())), Some((true, &*value)));
        }
        proptest::prop_assert_eq!(content(&plain, |entry| entry.0 != b"by_group"), Some((false, &*value)));
    }
}
