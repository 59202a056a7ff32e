//! One holder at a time, and no writing for those who were overtaken.

use super::*;
use crate::Fence;

pub(super) async fn all<F: Future<Output = Arc<dyn Store>>>(make: &impl Fn() -> F) {
    one_holder_at_a_time(make().await).await;
    the_overtaken_cannot_write(make().await).await;
    of_many_one_wins(make().await);
}

async fn one_holder_at_a_time(store: Arc<dyn Store>) {
    let lease = async |holder, now| store.lease("job", holder, now, 100).await.unwrap();
    assert_eq!(lease("a", 1000).await, Some(1));
    assert_eq!(lease("b", 1099).await, None);
    // Renewing keeps the token and moves the end.
    assert_eq!(lease("a", 1099).await, Some(1));
    assert_eq!(lease("b", 1198).await, None);
    // At its end it is free, also for the one who had it: a new term, a new token.
    assert_eq!(lease("b", 1199).await, Some(2));
    assert_eq!(lease("a", 1250).await, None);
    assert_eq!(lease("b", 1299).await, Some(3));
    assert_eq!(store.release("job", "a").await, Ok(false));
    assert_eq!(store.release("job", "b").await, Ok(true));
    assert_eq!(store.release("job", "b").await, Ok(false));
    assert_eq!(lease("a", 1299).await, Some(4));
    assert_eq!(store.release("nothing", "a").await, Ok(false));
    // Leases are independent of each other, and no arithmetic wraps.
    assert_eq!(store.lease("other", "b", i64::MAX - 1, i64::MAX).await, Ok(Some(1)));
    assert_eq!(store.lease("other", "a", i64::MAX - 1, 1).await, Ok(None));
}

async fn the_overtaken_cannot_write(store: Arc<dyn Store>) {
    let write = async |token, value| {
        let mut batch = Batch::from(vec![put(&THINGS, "a", value, Expect::Any)]);
        batch.fence("job", token);
        store.commit(batch).await
    };
    let lost: Result<u64, _> = Err(CommitError::Conflict { space: Fence::SPACE, id: "job".into() });
    assert_eq!(write(1, "never held").await, lost);
    let first = store.lease("job", "a", 0, 10).await.unwrap().unwrap();
    write(first, "first").await.unwrap();
    let second = store.lease("job", "b", 10, 10).await.unwrap().unwrap();
    assert!(second > first);
    assert_eq!(write(first, "late").await, lost);
    write(second, "second").await.unwrap();
    assert_eq!(content(&store, &THINGS, "a").await.unwrap().0, "second");
    store.release("job", "b").await.unwrap();
    assert_eq!(write(second, "after").await, lost);
}

fn of_many_one_wins(store: Arc<dyn Store>) {
    let won = std::sync::Mutex::new(Vec::new());
    together(16, |number| {
        let token = block_on(store.lease("job", &number.to_string(), 0, 10)).unwrap();
        won.lock().unwrap().extend(token);
    });
    assert_eq!(*won.lock().unwrap(), [1]);
}
