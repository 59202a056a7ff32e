//! Rust values in and out.

use serde::{Deserialize, Serialize};

use super::*;
use crate::{Record, Records, StoreError, Stored};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Thing {
    name: String,
    group: String,
    size: u32,
}

impl Record for Thing {
    const SPACE: &'static Space = &THINGS;
    fn id(&self) -> String {
        self.name.clone()
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        vec![("by_group", format!("{}/{}", self.group, self.name))]
    }
}

pub(super) async fn all<F: Future<Output = Arc<dyn Store>>>(make: &impl Fn() -> F) {
    a_life(make().await).await;
    listings(make().await).await;
    foreign_content_is_named(make().await).await;
}

fn thing(name: &str, group: &str) -> Thing {
    Thing { name: name.into(), group: group.into(), size: 1 }
}

async fn a_life(store: Arc<dyn Store>) {
    let mut batch = Batch::new();
    batch.insert(&thing("a", "g"));
    store.commit(batch.clone()).await.unwrap();
    assert_eq!(store.commit(batch).await, conflict(&THINGS, "a"));
    let Stored { mut record, version } = store.load::<Thing>("a").await.unwrap().unwrap();
    assert_eq!(record, thing("a", "g"));

    record.size = 2;
    let mut batch = Batch::new();
    batch.update(version, &record);
    batch.check::<Thing>("b", Expect::Absent);
    assert!(!batch.is_empty() && batch.len() == 2);
    store.commit(batch.clone()).await.unwrap();
    assert_eq!(store.commit(batch).await, conflict(&THINGS, "a"));
    let loaded = store.load::<Thing>("a").await.unwrap();
    assert_eq!(loaded, Some(Stored { record, version: version + 1 }));

    let mut batch = Batch::new();
    batch.remove::<Thing>("a", Some(version));
    assert_eq!(store.commit(batch).await, conflict(&THINGS, "a"));
    let mut batch = Batch::new();
    batch.remove::<Thing>("a", Some(version + 1));
    let mut more = Batch::new();
    more.put(&thing("b", "g"));
    batch.extend(more);
    batch.extend(vec![put(&PLAIN, "p", "x", Expect::Absent)]);
    store.commit(batch).await.unwrap();
    assert_eq!(store.load::<Thing>("a").await, Ok(None));
    let both = store.load_many::<Thing>(&["a".into(), "b".into()]).await.unwrap();
    assert_eq!(
        both.into_iter().map(|stored| stored.map(|s| s.record)).collect::<Vec<_>>(),
        [None, Some(thing("b", "g"))]
    );
}

async fn listings(store: Arc<dyn Store>) {
    let mut batch = Batch::new();
    for (name, group) in [("d", "g"), ("a", "h"), ("c", "g"), ("b", "g")] {
        batch.insert(&thing(name, group));
    }
    store.commit(batch).await.unwrap();
    let names = |page: Vec<Stored<Thing>>| page.into_iter().map(|stored| stored.record.name).collect::<Vec<_>>();
    let (page, next) = store.list::<Thing>(Some("by_group"), "g/", None, None, 2).await.unwrap();
    assert_eq!(names(page), ["b", "c"]);
    let (page, next) = store.list::<Thing>(Some("by_group"), "g/", None, next.as_deref(), 2).await.unwrap();
    assert_eq!((names(page), next), (vec!["d".to_owned()], None));
    assert_eq!(names(store.all::<Thing>(Some("by_group"), "g/").await.unwrap()), ["b", "c", "d"]);
    assert_eq!(names(store.all::<Thing>(None, "").await.unwrap()), ["a", "b", "c", "d"]);
}

async fn foreign_content_is_named(store: Arc<dyn Store>) {
    commit(&store, vec![put(&THINGS, "a", r#"{"name": "hush", "group": 7}"#, Expect::Any)]).await.unwrap();
    match store.load::<Thing>("a").await {
        Err(StoreError::Undecodable { space, id, reason }) => {
            assert_eq!((space, &*id), (THINGS.name, "a"));
            assert!(!reason.contains("hush") && reason.contains("line 1"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}
