//! What was written is what is read.

use super::*;

pub(super) async fn all<F: Future<Output = Arc<dyn Store>>>(make: &impl Fn() -> F) {
    any_content_survives(make().await).await;
    many_at_once(make().await).await;
    spaces_are_apart(make().await).await;
}

async fn any_content_survives(store: Arc<dyn Store>) {
    let every_byte: Vec<u8> = (0..=255).collect();
    let values: [&[u8]; 4] = [b"", b"x", &every_byte, &every_byte.repeat(400)];
    let names = ["", "a", "a/b:c", "\0", "a\0b", "schl\u{fc}ssel", "\u{10ffff}", "'; --", &"k".repeat(4096)];
    for space in SPACES {
        for (at, id) in names.iter().enumerate() {
            let value = values[at % values.len()].to_vec();
            let change =
                Change::Put { space, id: (*id).into(), value: value.clone(), index: vec![], expect: Expect::Absent };
            commit(&store, vec![change]).await.unwrap();
            let row = get(&store, space, id).await.unwrap();
            assert_eq!((&*row.id, &*row.value), (*id, &*value));
        }
        assert_eq!(get(&store, space, "b").await, None);
    }
}

async fn many_at_once(store: Arc<dyn Store>) {
    let wanted: Vec<String> = ["c", "nobody", "a", "c", "b"].map(String::from).to_vec();
    commit(&store, ["a", "b", "c"].map(|id| put(&THINGS, id, id, Expect::Any)).to_vec()).await.unwrap();
    // Twice, and once with one of them known already, so that a cache shows both of its faces.
    get(&store, &THINGS, "a").await.unwrap();
    for _ in 0..2 {
        let rows = store.get_many(&THINGS, &wanted).await.unwrap();
        let found: Vec<_> = rows.iter().map(|row| row.as_ref().map(text)).collect();
        assert_eq!(found, [Some("c"), None, Some("a"), Some("c"), Some("b")].map(|id| id.map(String::from)));
    }
    assert_eq!(store.get_many(&THINGS, &[]).await, Ok(vec![]));
}

async fn spaces_are_apart(store: Arc<dyn Store>) {
    commit(&store, vec![put(&THINGS, "x", "thing", Expect::Absent), put(&PLAIN, "x", "plain", Expect::Absent)])
        .await
        .unwrap();
    commit(&store, vec![delete(&THINGS, "x", Expect::Any)]).await.unwrap();
    assert_eq!(get(&store, &THINGS, "x").await, None);
    assert_eq!(text(&get(&store, &PLAIN, "x").await.unwrap()), "plain");
}
