//! Order, bounds and pages.

use super::*;
use crate::{MAX_PAGE, StoreError};

pub(super) async fn all<F: Future<Output = Arc<dyn Store>>>(make: &impl Fn() -> F) {
    by_id(make().await).await;
    by_index(make().await).await;
    entries_follow_the_record(make().await).await;
    pages_end(make().await).await;
    pages_are_stable(make().await).await;
    strangers_are_refused(make().await).await;
}

async fn by_id(store: Arc<dyn Store>) {
    // In byte order, written out of order.
    let sorted = ["", "a", "a\0", "a/", "a/1", "a/2", "a/\u{7ff}", "a/\u{10ffff}", "a/\u{10ffff}x", "a0", "b"];
    for at in [5, 0, 9, 3, 7, 1, 10, 2, 8, 6, 4] {
        commit(&store, vec![put(&THINGS, sorted[at], "x", Expect::Absent)]).await.unwrap();
    }
    let everything = Scan::all(&THINGS);
    for limit in [0, 1, 2, 3, 10, 11, 12, usize::MAX] {
        assert_eq!(ids(&store, Scan { limit, ..everything }).await, sorted);
        assert_eq!(ids(&store, Scan { limit, prefix: "a/", ..everything }).await, sorted[3..9]);
        assert_eq!(ids(&store, Scan { limit, prefix: "a/\u{10ffff}", ..everything }).await, sorted[7..9]);
        assert_eq!(ids(&store, Scan { limit, up_to: Some("a/1"), ..everything }).await, sorted[..5]);
        assert_eq!(ids(&store, Scan { limit, up_to: Some("a/11"), ..everything }).await, sorted[..5]);
        assert_eq!(ids(&store, Scan { limit, prefix: "a/", up_to: Some("a/2"), ..everything }).await, sorted[3..6]);
    }
    for prefix in ["", "a", "a/", "a/\u{7ff}", "a/\u{10ffff}", "b", "c", "\u{d7ff}", "\u{10ffff}"] {
        let listed = sorted.iter().filter(|id| id.starts_with(prefix)).count() as u64;
        assert_eq!(store.count(&THINGS, prefix).await, Ok(listed), "{prefix:?}");
    }
    assert_eq!(store.count(&PLAIN, "").await, Ok(0));
    let none: [&str; 0] = [];
    assert_eq!(ids(&store, Scan { prefix: "c", ..everything }).await, none);
    assert_eq!(ids(&store, Scan { prefix: "b", up_to: Some("a"), ..everything }).await, none);
    assert_eq!(ids(&store, Scan::all(&PLAIN)).await, none);
}

async fn by_index(store: Arc<dyn Store>) {
    let g = "by_group";
    let changes = vec![
        put_indexed("z", "1", &[(g, "a")]),
        put_indexed("m", "2", &[(g, "b"), ("by_tag", "t")]),
        // Under several keys, one of them given twice.
        put_indexed("k", "3", &[(g, "b"), (g, "c"), (g, "b")]),
        put_indexed("a", "4", &[(g, "bb")]),
        put_indexed("n", "5", &[]),
    ];
    commit(&store, changes).await.unwrap();
    let scan = Scan { index: Some(g), ..Scan::all(&THINGS) };
    for limit in [1, 2, 3, 100] {
        assert_eq!(ids(&store, Scan { limit, ..scan }).await, ["z", "k", "m", "a", "k"]);
        assert_eq!(ids(&store, Scan { limit, prefix: "b", ..scan }).await, ["k", "m", "a"]);
        assert_eq!(ids(&store, Scan { limit, prefix: "b", up_to: Some("b"), ..scan }).await, ["k", "m"]);
        assert_eq!(ids(&store, Scan { limit, index: Some("by_tag"), ..scan }).await, ["m"]);
    }
    let page = store.scan(Scan { prefix: "bb", ..scan }).await.unwrap();
    assert_eq!(text(&page.rows[0]), "4");
    assert_eq!(Some(page.rows[0].clone()), get(&store, &THINGS, "a").await);
}

async fn entries_follow_the_record(store: Arc<dyn Store>) {
    let scan = Scan { index: Some("by_group"), ..Scan::all(&THINGS) };
    let at = async |key| ids(&store, Scan { prefix: key, ..scan }).await;
    commit(&store, vec![put_indexed("a", "1", &[("by_group", "old"), ("by_group", "kept")])]).await.unwrap();
    commit(&store, vec![put_indexed("a", "2", &[("by_group", "new"), ("by_group", "kept")])]).await.unwrap();
    assert!(at("old").await.is_empty());
    assert_eq!((at("new").await, at("kept").await), (vec!["a".to_owned()], vec!["a".to_owned()]));
    let page = store.scan(Scan { prefix: "kept", ..scan }).await.unwrap();
    assert_eq!(text(&page.rows[0]), "2");
    commit(&store, vec![delete(&THINGS, "a", Expect::Any)]).await.unwrap();
    assert!(at("").await.is_empty());
    // Created anew, it does not inherit entries.
    commit(&store, vec![put_indexed("a", "3", &[])]).await.unwrap();
    assert!(at("").await.is_empty());
}

async fn pages_end(store: Arc<dyn Store>) {
    let many: Vec<String> = (0..=MAX_PAGE).map(|number| format!("{number:05}")).collect();
    commit(&store, many.iter().map(|id| put_indexed(id, "x", &[("by_group", "g")])).collect()).await.unwrap();
    for index in [None, Some("by_group")] {
        let scan = Scan { index, ..Scan::all(&THINGS) };
        let page = store.scan(Scan { limit: usize::MAX, ..scan }).await.unwrap();
        assert_eq!(page.rows.len(), MAX_PAGE);
        let rest = store.scan(Scan { after: page.next.as_deref(), ..scan }).await.unwrap();
        assert_eq!((rest.rows.len(), rest.next), (1, None));
        // A page that ends exactly with the last row has no successor.
        let page = store.scan(Scan { after: page.next.as_deref(), limit: 1, ..scan }).await.unwrap();
        assert_eq!((page.rows.len(), page.next), (1, None));
    }
}

async fn pages_are_stable(store: Arc<dyn Store>) {
    let key = |id: &str| format!("g{}", id.len());
    let there: Vec<String> = (0..20).map(|n| format!("{:0width$}", n, width = 2 + n % 3)).collect();
    for id in &there {
        commit(&store, vec![put_indexed(id, "x", &[("by_group", &key(id))])]).await.unwrap();
    }
    for index in [None, Some("by_group")] {
        let mut seen = Vec::new();
        let mut after: Option<String> = None;
        for round in 0.. {
            let scan = Scan { index, after: after.as_deref(), limit: 3, ..Scan::all(&THINGS) };
            let page = store.scan(scan).await.unwrap();
            seen.extend(page.rows.iter().map(|row| row.id.to_string()));
            // Between two pages: records come and go around the cursor, its own record changes.
            let (new, old) = (format!("{round:02}new"), format!("{:02}new", round - 2));
            let touched = page.rows.last().unwrap().id.to_string();
            let mut changes =
                vec![put_indexed(&new, "x", &[("by_group", &key(&new))]), delete(&THINGS, &old, Expect::Any)];
            if !touched.ends_with("new") {
                changes.push(put_indexed(&touched, "y", &[("by_group", &key(&touched))]));
            }
            commit(&store, changes).await.unwrap();
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        seen.retain(|id| !id.ends_with("new"));
        let mut expected = there.clone();
        expected.sort_by_key(|id| (index.map(|_| key(id)), id.clone()));
        assert_eq!(seen, expected);
    }
}

async fn strangers_are_refused(store: Arc<dyn Store>) {
    commit(&store, vec![put(&THINGS, "a", "x", Expect::Any)]).await.unwrap();
    for cursor in ["", "a", "x:1", "9:a", "1:\u{e4}"] {
        let refused = store.scan(Scan { after: Some(cursor), ..Scan::all(&THINGS) }).await;
        assert_eq!(refused, Err(StoreError::BadCursor), "{cursor}");
    }
    let refused = store.scan(Scan { index: Some("by_colour"), ..Scan::all(&THINGS) }).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))));
}
