//! Conditions, atomicity, versions.

use super::*;
use crate::{Step, StoreError, rules};

pub(super) async fn all<F: Future<Output = Arc<dyn Store>>>(make: &impl Fn() -> F) {
    conditions(make().await).await;
    all_or_nothing(make().await).await;
    conditions_speak_of_the_state_before(make().await).await;
    versions_never_return(make().await).await;
    stated_versions_must_be_new(make().await).await;
    misuse_is_refused(make().await).await;
    revisions(make().await).await;
    deleted_bytes_can_be_scrubbed(make().await).await;
}

async fn conditions(store: Arc<dyn Store>) {
    for space in SPACES {
        assert_eq!(commit(&store, vec![put(space, "a", "1", Expect::Version(1))]).await, conflict(space, "a"));
        assert_eq!(commit(&store, vec![delete(space, "a", Expect::Version(1))]).await, conflict(space, "a"));
        commit(&store, vec![put(space, "a", "1", Expect::Absent)]).await.unwrap();
        assert_eq!(commit(&store, vec![put(space, "a", "2", Expect::Absent)]).await, conflict(space, "a"));

        let (value, version) = content(&store, space, "a").await.unwrap();
        assert_eq!(value, "1");
        for wrong in [0, version - 1, version + 1, u64::MAX] {
            let expect = Expect::Version(wrong);
            for change in [put(space, "a", "2", expect), delete(space, "a", expect), check(space, "a", expect)] {
                assert_eq!(commit(&store, vec![change]).await, conflict(space, "a"));
            }
        }
        commit(&store, vec![put(space, "a", "2", Expect::Version(version))]).await.unwrap();
        assert_eq!(content(&store, space, "a").await, Some(("2".into(), version + 1)));
        commit(&store, vec![put(space, "a", "3", Expect::Any)]).await.unwrap();
        let (value, later) = content(&store, space, "a").await.unwrap();
        assert!(value == "3" && later > version + 1);
        commit(&store, vec![check(space, "a", Expect::Version(later)), check(space, "b", Expect::Absent)])
            .await
            .unwrap();
        commit(&store, vec![delete(space, "a", Expect::Version(later))]).await.unwrap();
        assert_eq!(get(&store, space, "a").await, None);
        commit(&store, vec![delete(space, "a", Expect::Any)]).await.unwrap();
    }
}

async fn all_or_nothing(store: Arc<dyn Store>) {
    commit(&store, vec![put_indexed("a", "old", &[("by_group", "g")]), put_indexed("b", "old", &[("by_group", "g")])])
        .await
        .unwrap();
    let before = store.revision().await.unwrap();
    let refused = commit(
        &store,
        vec![
            put_indexed("a", "new", &[("by_group", "h")]),
            put_indexed("c", "new", &[("by_group", "h")]),
            put(&PLAIN, "c", "new", Expect::Any),
            delete(&THINGS, "b", Expect::Any),
            check(&THINGS, "d", Expect::Version(7)),
        ],
    );
    assert_eq!(refused.await, conflict(&THINGS, "d"));
    assert_eq!(content(&store, &THINGS, "a").await.unwrap().0, "old");
    assert_eq!(get(&store, &THINGS, "c").await, None);
    assert_eq!(get(&store, &PLAIN, "c").await, None);
    assert_eq!(ids(&store, Scan { index: Some("by_group"), ..Scan::all(&THINGS) }).await, ["a", "b"]);
    assert_eq!(store.revision().await, Ok(before));
    assert_eq!(store.changes(before, 10).await, Ok(vec![]));
}

async fn conditions_speak_of_the_state_before(store: Arc<dyn Store>) {
    // The check is judged against what was there, wherever in the batch it stands.
    let insert = |id| vec![put(&THINGS, id, "1", Expect::Any), check(&THINGS, id, Expect::Absent)];
    commit(&store, insert("a")).await.unwrap();
    assert_eq!(commit(&store, insert("a")).await, conflict(&THINGS, "a"));
}

async fn versions_never_return(store: Arc<dyn Store>) {
    for space in SPACES {
        let mut highest = 0;
        for round in 0..6 {
            // Other records come and go meanwhile, so that numbers are not just counted up.
            commit(&store, vec![put(space, "other", "x", Expect::Any)]).await.unwrap();
            let expect = if round % 2 == 0 { Expect::Absent } else { Expect::Any };
            commit(&store, vec![put(space, "a", "x", expect)]).await.unwrap();
            for _ in 0..round {
                let version = get(&store, space, "a").await.unwrap().version;
                assert!(version > highest, "{version} after {highest}");
                highest = version;
                commit(&store, vec![put(space, "a", "y", Expect::Version(version))]).await.unwrap();
            }
            let version = get(&store, space, "a").await.unwrap().version;
            assert!(version > highest, "{version} after {highest}");
            highest = version;
            commit(&store, vec![delete(space, "a", Expect::Any), delete(space, "other", Expect::Any)]).await.unwrap();
        }
    }
}

async fn stated_versions_must_be_new(store: Arc<dyn Store>) {
    let state = async |id: &str, version| {
        let mut batch = Batch::new();
        batch.push_step(Step { change: put(&THINGS, id, "x", Expect::Any), version: Some(version) });
        store.commit(batch).await
    };
    let stale = |id: &str, revision| {
        let stale = StoreError::StaleVersion { space: THINGS.name, id: id.into(), revision };
        Err(CommitError::Store(stale))
    };
    for _ in 0..5 {
        commit(&store, vec![put(&PLAIN, "filler", "x", Expect::Any)]).await.unwrap();
    }
    assert_eq!(state("a", 4).await, Ok(6));
    assert_eq!(content(&store, &THINGS, "a").await, Some(("x".into(), 4)));
    // Above what it replaces.
    assert_eq!(state("a", 4).await, stale("a", 6));
    assert_eq!(state("a", 5).await, Ok(7));
    // Above everything that was deleted, whoever remembers it.
    commit(&store, vec![delete(&THINGS, "a", Expect::Any)]).await.unwrap();
    for id in ["a", "b"] {
        assert_eq!(state(id, 5).await, stale(id, 8));
    }
    // Not above the commit itself.
    assert!(matches!(state("a", 10).await, Err(CommitError::Store(StoreError::Invalid(_)))));
    assert_eq!(state("a", 9).await, Ok(9));
    assert_eq!(content(&store, &THINGS, "a").await, Some(("x".into(), 9)));
    assert_eq!(store.revision().await, Ok(9));
}

async fn misuse_is_refused(store: Arc<dyn Store>) {
    let long = "x".repeat(rules::MAX_KEY + 1);
    let misuses = [
        vec![put(&THINGS, "a", "1", Expect::Any), put(&THINGS, "a", "2", Expect::Any)],
        vec![put(&THINGS, "a", "1", Expect::Any), delete(&THINGS, "a", Expect::Any)],
        vec![put(&THINGS, &long, "1", Expect::Any)],
        vec![put_indexed("a", "1", &[("by_group", &long)])],
        vec![put_indexed("a", "1", &[("by_colour", "red")])],
    ];
    for misuse in misuses {
        let refused = commit(&store, misuse).await;
        assert!(matches!(refused, Err(CommitError::Store(StoreError::Invalid(_)))), "{refused:?}");
    }
    assert_eq!(store.revision().await, Ok(0));
    assert_eq!(get(&store, &THINGS, "a").await, None);
    commit(&store, vec![put(&THINGS, &long[1..], "1", Expect::Any)]).await.unwrap();
}

async fn revisions(store: Arc<dyn Store>) {
    assert_eq!(store.revision().await, Ok(0));
    assert_eq!(commit(&store, vec![put(&PLAIN, "a", "1", Expect::Any)]).await, Ok(1));
    assert_eq!(commit(&store, vec![put(&THINGS, "a", "1", Expect::Any)]).await, Ok(2));
    assert_eq!(commit(&store, vec![check(&THINGS, "b", Expect::Absent)]).await, Ok(2));
    assert_eq!(commit(&store, vec![]).await, Ok(2));
    assert_eq!(commit(&store, vec![delete(&THINGS, "a", Expect::Any)]).await, Ok(3));
    assert_eq!(store.revision().await, Ok(3));
}

async fn deleted_bytes_can_be_scrubbed(store: Arc<dyn Store>) {
    commit(&store, vec![put(&THINGS, "a", "1", Expect::Any)]).await.unwrap();
    commit(&store, vec![delete(&THINGS, "a", Expect::Any)]).await.unwrap();
    store.scrub().await.unwrap();
    commit(&store, vec![put(&THINGS, "a", "2", Expect::Absent)]).await.unwrap();
}
