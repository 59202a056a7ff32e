//! What the seal says to changes made with another tool.

use super::*;
use claviger_store::{Row, Scan, StoreError};

struct Sealed {
    place: Place,
    key: Vec<u8>,
}

impl Sealed {
    /// A store with records `a` and `b`, written twice each.
    fn new() -> Self {
        let sealed = Self { place: Place::new(), key: vec![9; 32] };
        let store = sealed.open();
        for value in ["old", "new"] {
            block_on(
                store.commit(batch(["a", "b"].map(|id| put(&THINGS, id, format!("{value} {id}"), Expect::Any)).into())),
            )
            .unwrap();
        }
        sealed
    }

    fn open(&self) -> Arc<SealedStore> {
        SealedStore::new(self.place.open(), Secret::take(&mut self.key.clone()))
    }

    fn tamper(&self, sql: &str) {
        self.place.raw().execute_batch(sql).unwrap();
    }

    fn get(&self, id: &str) -> Result<Option<Row>, StoreError> {
        block_on(self.open().get(&THINGS, id))
    }
}

fn tampered<T>(id: &str) -> Result<T, StoreError> {
    Err(StoreError::Tampered { space: "suite_things", id: id.into() })
}

fn holds(row: Result<Option<Row>, StoreError>, value: &str) -> bool {
    row.unwrap().is_some_and(|row| *row.value == *value.as_bytes())
}

#[test]
fn nothing_is_in_the_clear() {
    let sealed = Sealed::new();
    for entry in std::fs::read_dir(sealed.place.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(5).any(|window| window == b"new a" || window == b"old a"));
    }
}

#[test]
fn an_edited_value() {
    let sealed = Sealed::new();
    sealed.tamper(
        "UPDATE suite_things SET value = CAST(substr(value, 1, length(value) - 1) || x'00' AS BLOB) WHERE id = 'a'",
    );
    assert_eq!(sealed.get("a"), tampered("a"));
    assert!(holds(sealed.get("b"), "new b"));
    assert_eq!(block_on(sealed.open().scan(Scan::all(&THINGS))), tampered("a"));
}

#[test]
fn two_values_swapped() {
    let sealed = Sealed::new();
    sealed.tamper(
        "CREATE TEMP TABLE t AS SELECT id, value FROM suite_things; \
         UPDATE suite_things SET value = (SELECT value FROM t WHERE t.id <> suite_things.id)",
    );
    assert_eq!(sealed.get("a"), tampered("a"));
    assert_eq!(sealed.get("b"), tampered("b"));
}

#[test]
fn a_renamed_record() {
    let sealed = Sealed::new();
    sealed.tamper("DELETE FROM suite_things WHERE id = 'b'; UPDATE suite_things SET id = 'b' WHERE id = 'a'");
    assert_eq!(sealed.get("b"), tampered("b"));
}

#[test]
fn an_older_value_put_back() {
    let place = Place::new();
    let sealed = Sealed { place, key: vec![9; 32] };
    let write =
        |value: &str| block_on(sealed.open().commit(batch(vec![put(&THINGS, "a", value, Expect::Any)]))).unwrap();
    write("old");
    sealed.tamper("CREATE TABLE kept AS SELECT * FROM suite_things");
    write("new");
    sealed.tamper("UPDATE suite_things SET value = (SELECT value FROM kept)");
    assert_eq!(sealed.get("a"), tampered("a"));
    // Also when the record was deleted and created anew in between.
    block_on(sealed.open().commit(batch(vec![Change::Delete { space: &THINGS, id: "a".into(), expect: Expect::Any }])))
        .unwrap();
    write("successor");
    assert!(holds(sealed.get("a"), "successor"));
    sealed.tamper("UPDATE suite_things SET value = (SELECT value FROM kept)");
    assert_eq!(sealed.get("a"), tampered("a"));
}

#[test]
fn another_version() {
    let sealed = Sealed::new();
    sealed.tamper("UPDATE suite_things SET version = version + 1 WHERE id = 'a'");
    assert_eq!(sealed.get("a"), tampered("a"));
}

#[test]
fn a_foreign_index_entry() {
    let sealed = Sealed::new();
    sealed.tamper("UPDATE suite_things_index SET key = 'admins' WHERE id = 'b'");
    let scan = Scan { index: Some("by_group"), prefix: "admins", ..Scan::all(&THINGS) };
    assert_eq!(block_on(sealed.open().scan(scan)), tampered("b"));
}

#[test]
fn columns_of_the_wrong_kind() {
    let sealed = Sealed::new();
    sealed.tamper("UPDATE suite_things SET version = -5 WHERE id = 'a'");
    assert!(matches!(sealed.get("a"), Err(StoreError::Damaged(_))));
    sealed.tamper("UPDATE suite_things SET keys = 'no list' WHERE id = 'b'");
    let store = sealed.open();
    let rewrite = block_on(store.commit(batch(vec![put(&THINGS, "b", "x", Expect::Any)])));
    assert!(rewrite.unwrap_err().to_string().contains("damaged"));
    // What stands before it in the batch is not written either.
    let partly = vec![put(&THINGS, "first", "x", Expect::Any), put(&THINGS, "b", "x", Expect::Any)];
    block_on(store.commit(batch(partly))).unwrap_err();
    assert_eq!(block_on(store.get(&THINGS, "first")), Ok(None));
    // Neither is in the way of other records.
    block_on(store.commit(batch(vec![put(&THINGS, "c", "x", Expect::Any)]))).unwrap();
}
