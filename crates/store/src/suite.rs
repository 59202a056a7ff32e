//! The contract of a store in executable form. Every engine and every stack of wrappers passes it.
//!
//! ```no_run
//! # use claviger_store::{MemoryStore, Store, suite};
//! # use std::sync::Arc;
//! suite::block_on(suite::run(|| async { MemoryStore::new() as Arc<dyn Store> }));
//! ```
//!
//! It fails by panicking, like any test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test suite")]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread::{self, Thread};

use crate::{Batch, Change, CommitError, Expect, Row, Scan, Space, Store};

mod commits;
mod feed;
mod leases;
mod races;
mod reading;
mod scans;
mod typed;

/// A space with two indexes, as most are.
pub static THINGS: Space = Space { name: "suite_things", indexes: &["by_group", "by_tag"], sealed: true };
/// A space that is never sealed.
pub static PLAIN: Space = Space { name: "suite_plain", indexes: &[], sealed: false };
/// The spaces an engine has to be opened with to run the suite.
pub static SPACES: &[&Space] = &[&THINGS, &PLAIN];

/// Runs everything; `make` gives a new, empty store each time. Blocks the thread at times.
pub async fn run<F>(make: impl Fn() -> F)
where
    F: Future<Output = Arc<dyn Store>>,
{
    reading::all(&make).await;
    commits::all(&make).await;
    scans::all(&make).await;
    feed::all(&make).await;
    leases::all(&make).await;
    typed::all(&make).await;
    races::all(&make).await;
}

/// Runs a future to its end on this thread. Enough for stores, which need no runtime.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(thread::current())).into();
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Does the same on so many threads at once; `work` gets the number of its thread.
fn together(threads: usize, work: impl Fn(usize) + Sync) {
    thread::scope(|scope| {
        for number in 0..threads {
            let work = &work;
            scope.spawn(move || work(number));
        }
    });
}

fn put(space: &'static Space, id: &str, value: &str, expect: Expect) -> Change {
    Change::Put { space, id: id.into(), value: value.into(), index: vec![], expect }
}

fn put_indexed(id: &str, value: &str, index: &[(&'static str, &str)]) -> Change {
    let index = index.iter().map(|(name, key)| (*name, (*key).to_owned())).collect();
    Change::Put { space: &THINGS, id: id.into(), value: value.into(), index, expect: Expect::Any }
}

fn delete(space: &'static Space, id: &str, expect: Expect) -> Change {
    Change::Delete { space, id: id.into(), expect }
}

fn check(space: &'static Space, id: &str, expect: Expect) -> Change {
    Change::Check { space, id: id.into(), expect }
}

async fn commit(store: &Arc<dyn Store>, changes: Vec<Change>) -> Result<u64, CommitError> {
    store.commit(Batch::from(changes)).await
}

async fn get(store: &Arc<dyn Store>, space: &'static Space, id: &str) -> Option<Row> {
    store.get(space, id).await.unwrap()
}

/// The content and the version, if the record is there.
async fn content(store: &Arc<dyn Store>, space: &'static Space, id: &str) -> Option<(String, u64)> {
    get(store, space, id).await.map(|row| (text(&row), row.version))
}

fn text(row: &Row) -> String {
    String::from_utf8(row.value.to_vec()).unwrap()
}

fn conflict(space: &'static Space, id: &str) -> Result<u64, CommitError> {
    Err(CommitError::Conflict { space: space.name, id: id.into() })
}

/// The ids of a whole scan, page after page.
async fn ids(store: &Arc<dyn Store>, scan: Scan<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.scan(Scan { after: after.as_deref(), ..scan }).await.unwrap();
        assert!(page.rows.len() <= scan.page());
        found.extend(page.rows.iter().map(|row| row.id.to_string()));
        match page.next {
            Some(next) => after = Some(next),
            None => return found,
        }
    }
}
