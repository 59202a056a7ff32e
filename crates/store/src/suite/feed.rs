//! The change feed and snapshots.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::{Changed, StoreError};

pub(super) async fn all<F: Future<Output = Arc<dyn Store>>>(make: &impl Fn() -> F) {
    every_change_in_order(make().await).await;
    revisions_stay_whole(make().await).await;
    snapshots_replace_nothing(make().await).await;
}

fn changed(revision: u64, space: &Space, id: &str) -> Changed {
    Changed { revision, space: space.name.into(), id: id.into() }
}

async fn every_change_in_order(store: Arc<dyn Store>) {
    assert_eq!(store.changes(0, 10).await, Ok(vec![]));
    commit(&store, vec![put(&THINGS, "b", "1", Expect::Any), put(&THINGS, "a", "1", Expect::Any)]).await.unwrap();
    commit(&store, vec![put(&PLAIN, "a", "1", Expect::Any), check(&THINGS, "a", Expect::Any)]).await.unwrap();
    commit(&store, vec![put(&THINGS, "a", "2", Expect::Absent)]).await.unwrap_err();
    commit(&store, vec![delete(&THINGS, "a", Expect::Any), delete(&THINGS, "nobody", Expect::Any)]).await.unwrap();
    let all =
        vec![changed(1, &THINGS, "a"), changed(1, &THINGS, "b"), changed(2, &PLAIN, "a"), changed(3, &THINGS, "a")];
    assert_eq!(store.changes(0, 10).await.as_ref(), Ok(&all));
    assert_eq!(store.changes(1, 10).await.as_deref(), Ok(&all[2..]));
    assert_eq!(store.changes(1, 1).await.as_deref(), Ok(&all[2..3]));
    assert_eq!(store.changes(3, 10).await, Ok(vec![]));
    assert_eq!(store.changes(u64::MAX, 10).await, Ok(vec![]));
}

async fn revisions_stay_whole(store: Arc<dyn Store>) {
    for round in 0..3 {
        let ids = (0..5).map(|n| format!("{round}/{n}"));
        commit(&store, ids.map(|id| put(&PLAIN, &id, "x", Expect::Any)).collect()).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut after = 0;
    loop {
        let page = store.changes(after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        assert_eq!(page.len(), 5);
        after = last.revision;
        seen.extend(page.into_iter().map(|changed| changed.id));
    }
    assert_eq!(seen.len(), 15);
    assert!(seen.is_sorted());
}

async fn snapshots_replace_nothing(store: Arc<dyn Store>) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    struct Folder(PathBuf);
    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = Folder(std::env::temp_dir().join(format!("claviger-suite-{}-{number}", std::process::id())));
    std::fs::create_dir(&folder.0).unwrap();

    commit(&store, vec![put(&THINGS, "a", "1", Expect::Any)]).await.unwrap();
    let to = folder.0.join("copy");
    store.snapshot(&to).await.unwrap();
    assert!(to.metadata().unwrap().len() > 0);
    let copy = std::fs::read(&to).unwrap();
    commit(&store, vec![put(&THINGS, "a", "2", Expect::Any)]).await.unwrap();
    assert!(matches!(store.snapshot(&to).await, Err(StoreError::Unavailable(_))));
    assert_eq!(std::fs::read(&to).unwrap(), copy);
    let nowhere = folder.0.join("missing/copy");
    assert!(matches!(store.snapshot(&nowhere).await, Err(StoreError::Unavailable(_))));
    let left: Vec<_> = std::fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["copy"]);
}
