//! Many at once, and callers who go away.

use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;

use super::*;

pub(super) async fn all<F: Future<Output = Arc<dyn Store>>>(make: &impl Fn() -> F) {
    no_update_is_lost(make().await);
    unconditional_writers_all_get_through(make().await);
    acknowledged_means_visible(make().await);
    batches_are_seen_whole(make().await);
    a_dropped_commit_leaves_no_stale_record(make().await).await;
}

fn no_update_is_lost(store: Arc<dyn Store>) {
    const WRITERS: usize = 64;
    const EACH: u64 = 2;
    block_on(commit(&store, vec![put(&THINGS, "counter", "0", Expect::Absent)])).unwrap();
    together(WRITERS, |_| {
        for _ in 0..EACH {
            loop {
                let (value, version) = block_on(content(&store, &THINGS, "counter")).unwrap();
                let next = (value.parse::<u64>().unwrap() + 1).to_string();
                match block_on(commit(&store, vec![put(&THINGS, "counter", &next, Expect::Version(version))])) {
                    Ok(_) => break,
                    Err(CommitError::Conflict { .. }) => {}
                    Err(other) => panic!("{other}"),
                }
            }
        }
    });
    let total = WRITERS as u64 * EACH;
    assert_eq!(block_on(content(&store, &THINGS, "counter")).unwrap().0, total.to_string());
    assert_eq!(block_on(store.revision()), Ok(total + 1));
}

fn unconditional_writers_all_get_through(store: Arc<dyn Store>) {
    let revisions = std::sync::Mutex::new(Vec::new());
    together(16, |number| {
        for round in 0..8 {
            let change = match (number + round) % 4 {
                0 => delete(&THINGS, "hot", Expect::Any),
                _ => put(&THINGS, "hot", &number.to_string(), Expect::Any),
            };
            let revision = block_on(commit(&store, vec![change])).unwrap();
            revisions.lock().unwrap().push(revision);
        }
    });
    let mut revisions = revisions.into_inner().unwrap();
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=128).collect::<Vec<_>>());
}

fn acknowledged_means_visible(store: Arc<dyn Store>) {
    const LAST: u64 = 150;
    let acknowledged = AtomicU64::new(0);
    block_on(commit(&store, vec![put(&THINGS, "a", "0", Expect::Absent)])).unwrap();
    together(4, |number| {
        if number == 0 {
            for value in 1..=LAST {
                block_on(commit(&store, vec![put(&THINGS, "a", &value.to_string(), Expect::Any)])).unwrap();
                acknowledged.store(value, Ordering::SeqCst);
            }
            return;
        }
        loop {
            let least = acknowledged.load(Ordering::SeqCst);
            let row = match number {
                1 => block_on(get(&store, &THINGS, "a")),
                2 => block_on(store.get_many(&THINGS, &["a".into()])).unwrap().remove(0),
                _ => block_on(store.scan(Scan::all(&THINGS))).unwrap().rows.pop(),
            };
            let seen: u64 = text(&row.unwrap()).parse().unwrap();
            assert!(seen >= least, "saw {seen} after {least} was acknowledged");
            if least == LAST {
                return;
            }
        }
    });
}

fn batches_are_seen_whole(store: Arc<dyn Store>) {
    let write = |value: &str| vec![put(&THINGS, "a", value, Expect::Any), put(&THINGS, "b", value, Expect::Any)];
    block_on(commit(&store, write("0"))).unwrap();
    let done = AtomicU64::new(0);
    together(3, |number| {
        if number < 2 {
            for round in 0..40 {
                block_on(commit(&store, write(&format!("{number}-{round}")))).unwrap();
            }
            done.fetch_add(1, Ordering::SeqCst);
            return;
        }
        while done.load(Ordering::SeqCst) < 2 {
            let rows = block_on(store.scan(Scan::all(&THINGS))).unwrap().rows;
            assert_eq!(text(&rows[0]), text(&rows[1]));
        }
    });
}

async fn a_dropped_commit_leaves_no_stale_record(store: Arc<dyn Store>) {
    for round in 0..20_u64 {
        let (id, value) = ("a", round.to_string());
        let dropped = {
            let mut commit = store.commit(vec![put(&THINGS, id, &value, Expect::Any)].into());
            // Begun, and then its caller is gone.
            commit.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
        };
        // Whatever becomes of it has happened when a later commit is through and the record was
        // read a few times more (wrappers that take their time do so by turns of the executor).
        commit(&store, vec![put(&THINGS, "b", &value, Expect::Any)]).await.unwrap();
        for _ in 0..40 {
            get(&store, &THINGS, id).await;
        }
        let first = content(&store, &THINGS, id).await;
        let again = content(&store, &THINGS, id).await;
        let (scanned, next) = {
            let page = store.scan(Scan { up_to: Some(id), ..Scan::all(&THINGS) }).await.unwrap();
            (page.rows.first().map(|row| (text(row), row.version)), page.next)
        };
        assert_eq!((&first, &again, next), (&scanned, &scanned, None), "dropped while pending: {dropped}");
    }
}
