//! Work that takes milliseconds or seconds, kept away from the threads that serve connections.
//!
//! As many threads as cores, below the event loops in priority: however much of this work there is, a loop that has
//! something to do gets a core at once. Making RSA keys has threads of its own, lower still, so that signatures do not
//! queue up behind it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use crate::{Internal, internal};

/// How long a piece of work takes; each kind has threads of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Milliseconds: RSA's private operations.
    Short,
    /// Up to seconds: making RSA keys.
    Long,
}

/// Steps of niceness below the event loops: a third of a loop's share of a core both want.
const SHORT_NICENESS: i32 = 5;
/// A thirtieth of it.
const LONG_NICENESS: i32 = 15;

type Job = Box<dyn FnOnce() + Send>;

struct Lane(Sender<Job>);

static SHORT: LazyLock<Lane> = LazyLock::new(|| Lane::open("short-work", SHORT_NICENESS));
static LONG: LazyLock<Lane> = LazyLock::new(|| Lane::open("long-work", LONG_NICENESS));

/// Runs `work` aside. What nobody waits for any more when its turn comes is left undone.
pub async fn offload<T: Send + 'static>(
    length: Work,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Internal> {
    let (done, finished) = oneshot::channel();
    let lane = match length {
        Work::Short => &*SHORT,
        Work::Long => &*LONG,
    };
    let job = move || {
        if !done.is_closed() {
            let _ = done.send(work());
        }
    };
    lane.0.send(Box::new(job)).map_err(|_| internal("no thread could be started for long work"))?;
    finished.await.map_err(|_| internal("work that was done aside panicked"))
}

impl Lane {
    fn open(name: &str, niceness: i32) -> Self {
        let (sender, jobs) = channel();
        let jobs = Arc::new(Mutex::new(jobs));
        let cores = thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        for index in 0..cores {
            let jobs = Arc::clone(&jobs);
            let started = thread::Builder::new().name(format!("{name}-{index}")).spawn(move || {
                // Of this thread alone on Linux; elsewhere it may be the process's, which is worse than nothing.
                if cfg!(target_os = "linux") {
                    let _ = rustix::process::nice(niceness);
                }
                work(&jobs);
            });
            if let Err(error) = started {
                tracing::error!(%error, name, "a thread could not be started");
            }
        }
        Self(sender)
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        // Held while waiting: the others wait for the lock instead of for the job.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // A panic reaches whoever waits as a closed channel, and must not cost the thread.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn short_work_does_not_wait_for_long_work() {
        let (release, released) = channel::<()>();
        let released = Arc::new(Mutex::new(released));
        let cores = thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        let long: Vec<_> = (0..2 * cores)
            .map(|_| {
                let released = Arc::clone(&released);
                tokio::spawn(offload(Work::Long, move || released.lock().unwrap().recv()))
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(offload(Work::Short, || 7).await.unwrap(), 7);
        for _ in &long {
            release.send(()).unwrap();
        }
        for done in long {
            assert!(done.await.unwrap().unwrap().is_ok());
        }
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_costs_no_thread() {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        for _ in 0..2 * cores {
            assert!(offload(Work::Short, || panic!("on purpose")).await.is_err());
        }
        assert_eq!(offload(Work::Short, || 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_left_undone() {
        static DONE: AtomicBool = AtomicBool::new(false);
        let cores = thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        let busy: Vec<_> = (0..cores)
            .map(|_| tokio::spawn(offload(Work::Long, || thread::sleep(Duration::from_millis(100)))))
            .collect();
        tokio::time::sleep(Duration::from_millis(20)).await;
        let left =
            tokio::time::timeout(Duration::from_millis(1), offload(Work::Long, || DONE.store(true, Ordering::SeqCst)));
        assert!(left.await.is_err());
        for done in busy {
            done.await.unwrap().unwrap();
        }
        offload(Work::Long, || ()).await.unwrap();
        assert!(!DONE.load(Ordering::SeqCst));
    }
}
