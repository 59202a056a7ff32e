//! The engine against the shared suite, its peers, and what can happen to its file.

use std::path::PathBuf;
use std::sync::Arc;

use claviger_crypto::secret::Secret;
use claviger_store::suite::{SPACES, THINGS, block_on};
use claviger_store::{Batch, CachedStore, Change, Expect, SealedStore, Space, Store, suite};
use tempfile::TempDir;

use crate::{Options, SqliteStore, Synchronous};

mod differential;
mod files;
mod full;
mod groups;
mod tampering;

/// Not waiting for the disk makes no difference to anything but time and power cuts.
fn quick() -> Options {
    Options { synchronous: Synchronous::Normal, ..Options::default() }
}

/// A folder with the place for a store in it.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    fn open(&self) -> Arc<SqliteStore> {
        SqliteStore::open(&self.path(), SPACES, quick()).unwrap()
    }

    /// The file as an operator's tool sees it.
    fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }
}

fn put(space: &'static Space, id: &str, value: impl Into<Vec<u8>>, expect: Expect) -> Change {
    let index = space.indexes.iter().take(1).map(|index| (*index, format!("g/{id}"))).collect();
    Change::Put { space, id: id.into(), value: value.into(), index, expect }
}

fn write(store: &Arc<SqliteStore>, id: &str, value: &str) -> u64 {
    block_on(store.commit(vec![put(&THINGS, id, value, Expect::Any)].into())).unwrap()
}

fn read(store: &Arc<SqliteStore>, id: &str) -> Option<String> {
    let row = block_on(store.get(&THINGS, id)).unwrap()?;
    Some(String::from_utf8(row.value.to_vec()).unwrap())
}

fn batch(changes: Vec<Change>) -> Batch {
    changes.into()
}

/// Runs the suite on stores that each have a folder of their own.
fn run_suite(options: &Options, wrap: impl Fn(Arc<SqliteStore>) -> Arc<dyn Store>) {
    let folder = tempfile::tempdir().unwrap();
    let number = std::cell::Cell::new(0);
    block_on(suite::run(|| {
        number.set(number.get() + 1);
        let path = folder.path().join(number.get().to_string());
        let store = wrap(SqliteStore::open(&path, SPACES, options.clone()).unwrap());
        async { store }
    }));
}

#[test]
fn passes_the_suite() {
    run_suite(&Options::default(), |store| store);
}

#[test]
fn passes_the_suite_without_groups() {
    run_suite(&Options { group_max: 1, ..quick() }, |store| store);
}

#[test]
fn passes_the_suite_under_a_cache() {
    run_suite(&quick(), |store| CachedStore::new(store, 100));
}

#[test]
fn passes_the_suite_under_a_seal_and_a_cache() {
    run_suite(&quick(), |store| CachedStore::new(SealedStore::new(store, Secret::random(32)), 100));
    run_suite(&quick(), |store| SealedStore::new(CachedStore::new(store, 100), Secret::random(32)));
}
