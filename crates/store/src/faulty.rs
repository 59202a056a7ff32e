//! Failures on purpose, from a seed or to order, so that callers can be tested against them.

use std::collections::VecDeque;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use crate::{Batch, BoxFuture, Changed, CommitError, Page, Row, Scan, Space, Store, StoreError};

/// Something that goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call fails and nothing was applied.
    Before,
    /// The commit is applied, yet reported as [`StoreError::OutcomeUnknown`]; so for a caller
    /// the two fates of an unknown outcome are this and [`Fault::Lost`].
    After,
    /// The commit is not applied and reported as [`StoreError::OutcomeUnknown`].
    Lost,
    /// What no engine may do: the first half of the batch is applied without its conditions on
    /// the rest, and the outcome is unknown. For tests that must notice half-written state.
    Torn,
    /// The call works, after this many turns of the executor on either side of it.
    Slow(u32),
}

/// How often what goes wrong, in calls of a thousand. Zero throughout by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Reads (and leases, scrubs, snapshots) that fail.
    pub reads: u32,
    /// Commits with [`Fault::Before`].
    pub before: u32,
    /// Commits with [`Fault::After`].
    pub after: u32,
    /// Commits with [`Fault::Lost`].
    pub lost: u32,
    /// Commits with [`Fault::Torn`].
    pub torn: u32,
    /// Calls of any kind with [`Fault::Slow`], by 1 to 8 turns.
    pub slow: u32,
}

/// A store that fails now and then. The same seed and the same sequence of calls give the same
/// faults.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    plan: Mutex<Plan>,
}

struct Plan {
    state: u64,
    faults: Faults,
    ordered: VecDeque<Fault>,
}

impl Plan {
    /// SplitMix64: faults need spread and repeatability, not secrecy.
    fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn pick(&mut self, choices: &[(u32, Fault)]) -> Option<Fault> {
        let mut left = (self.roll() % 1000) as u32;
        for (share, fault) in choices {
            if left < *share {
                return Some(*fault);
            }
            left -= share;
        }
        None
    }
}

impl FaultyStore {
    /// Wraps a store.
    pub fn new(inner: Arc<dyn Store>, seed: u64, faults: Faults) -> Arc<Self> {
        Arc::new(Self { inner, plan: Mutex::new(Plan { state: seed, faults, ordered: VecDeque::new() }) })
    }

    /// Changes how often what goes wrong from now on.
    pub fn set(&self, faults: Faults) {
        self.plan().faults = faults;
    }

    /// Makes exactly this happen to the next commit that no earlier order is waiting for.
    pub fn order(&self, fault: Fault) {
        self.plan().ordered.push_back(fault);
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn for_read(&self) -> Option<Fault> {
        let mut plan = self.plan();
        let turns = Fault::Slow((plan.roll() % 8) as u32 + 1);
        let Faults { reads, slow, .. } = plan.faults;
        plan.pick(&[(reads, Fault::Before), (slow, turns)])
    }

    fn for_commit(&self) -> Option<Fault> {
        let mut plan = self.plan();
        if let Some(fault) = plan.ordered.pop_front() {
            return Some(fault);
        }
        let turns = Fault::Slow((plan.roll() % 8) as u32 + 1);
        let faults = plan.faults;
        plan.pick(&[
            (faults.before, Fault::Before),
            (faults.after, Fault::After),
            (faults.lost, Fault::Lost),
            (faults.torn, Fault::Torn),
            (faults.slow, turns),
        ])
    }

    async fn around<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        match self.for_read() {
            Some(Fault::Slow(turns)) => {
                Turns(turns).await;
                let result = call.await;
                // The answer is known but on its way: where stale caches are born.
                Turns(turns).await;
                result
            }
            Some(_) => Err(injected()),
            None => call.await,
        }
    }
}

fn injected() -> StoreError {
    StoreError::Unavailable("injected fault".into())
}

fn unknown() -> CommitError {
    StoreError::OutcomeUnknown("injected fault".into()).into()
}

/// Lets the executor turn so many times.
struct Turns(u32);

impl Future for Turns {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Store for FaultyStore {
    fn get<'a>(&'a self, space: &'static Space, id: &'a str) -> BoxFuture<'a, Result<Option<Row>, StoreError>> {
        Box::pin(self.around(self.inner.get(space, id)))
    }

    fn get_many<'a>(
        &'a self,
        space: &'static Space,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Option<Row>>, StoreError>> {
        Box::pin(self.around(self.inner.get_many(space, ids)))
    }

    fn scan<'a>(&'a self, scan: Scan<'a>) -> BoxFuture<'a, Result<Page, StoreError>> {
        Box::pin(self.around(self.inner.scan(scan)))
    }

    fn count<'a>(&'a self, space: &'static Space, prefix: &'a str) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(self.around(self.inner.count(space, prefix)))
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<u64, CommitError>> {
        Box::pin(async move {
            match self.for_commit() {
                None => self.inner.commit(batch).await,
                Some(Fault::Before) => Err(injected().into()),
                Some(Fault::Lost) => Err(unknown()),
                Some(Fault::After) => {
                    self.inner.commit(batch).await?;
                    Err(unknown())
                }
                Some(Fault::Torn) => {
                    let mut steps = batch.into_steps();
                    steps.truncate(steps.len().div_ceil(2));
                    let mut half = Batch::new();
                    steps.into_iter().for_each(|step| half.push_step(step));
                    self.inner.commit(half).await?;
                    Err(unknown())
                }
                Some(Fault::Slow(turns)) => {
                    Turns(turns).await;
                    let result = self.inner.commit(batch).await;
                    Turns(turns).await;
                    result
                }
            }
        })
    }

    fn revision(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(self.around(self.inner.revision()))
    }

    fn changes(&self, after: u64, limit: usize) -> BoxFuture<'_, Result<Vec<Changed>, StoreError>> {
        Box::pin(self.around(self.inner.changes(after, limit)))
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        now_ms: i64,
        ttl_ms: i64,
    ) -> BoxFuture<'a, Result<Option<u64>, StoreError>> {
        Box::pin(self.around(self.inner.lease(name, holder, now_ms, ttl_ms)))
    }

    fn release<'a>(&'a self, name: &'a str, holder: &'a str) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(self.around(self.inner.release(name, holder)))
    }

    fn snapshot<'a>(&'a self, to: &'a Path) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.around(self.inner.snapshot(to)))
    }

    fn scrub(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.around(self.inner.scrub()))
    }
}

#[cfg(test)]
mod tests;
