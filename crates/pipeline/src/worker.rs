//! Work the server does by itself: rotation, deletion, housekeeping.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, oneshot};

use crate::System;

/// How often due work is looked for.
const PERIOD: Duration = Duration::from_millis(500);
/// How long one node keeps the right to do background work, in milliseconds.
const LEASE_MS: i64 = 10_000;

/// Background work of a service. It finds what is due by an index, so that idle records cost nothing.
pub trait Worker: Send + Sync {
    /// For logs.
    fn name(&self) -> &'static str;
    /// Does everything that is due now.
    fn run<'a>(&'a self, system: &'a System) -> Pin<Box<dyn Future<Output = Result<(), WorkerError>> + Send + 'a>>;
}

/// Stores when credentials were last used, once a minute.
#[derive(Default)]
pub struct UseWorker {
    next: std::sync::Mutex<Option<std::time::Instant>>,
}

/// How often last uses are stored: busy servers would write at every turn otherwise.
const USES_PERIOD: Duration = Duration::from_secs(60);

impl Worker for UseWorker {
    fn name(&self) -> &'static str {
        "last uses"
    }

    fn run<'a>(&'a self, system: &'a System) -> Pin<Box<dyn Future<Output = Result<(), WorkerError>> + Send + 'a>> {
        Box::pin(async move {
            let now = std::time::Instant::now();
            {
                let mut next = self.next.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if next.is_some_and(|due| now < due) {
                    return Ok(());
                }
                *next = Some(now + USES_PERIOD);
            }
            system.flush_last_uses().await.map_err(|error| WorkerError(error.to_string()))
        })
    }
}

/// Background work failed; it is tried again at the next turn.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WorkerError(pub String);

/// Asks the workers to look now instead of at the next turn.
#[derive(Default)]
pub struct Bell {
    ring: Notify,
    waiting: std::sync::Mutex<Vec<oneshot::Sender<()>>>,
}

impl Bell {
    /// Rings and returns when a whole turn has been done after the ring.
    pub async fn ring_and_wait(&self) {
        let (done, finished) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(done);
        self.ring.notify_one();
        let _ = finished.await;
    }
}

/// Runs the workers until the future is dropped. Only one node of a store works at a time.
pub async fn run(system: Arc<System>, workers: Vec<Arc<dyn Worker>>, bell: Arc<Bell>, holder: String) {
    let mut renew_at_ms = i64::MIN;
    loop {
        let waiting = {
            let mut waiting = bell.waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            std::mem::take(&mut *waiting)
        };
        turn(&system, &workers, &holder, &mut renew_at_ms).await;
        for done in waiting {
            let _ = done.send(());
        }
        let _ = tokio::time::timeout(PERIOD, bell.ring.notified()).await;
    }
}

async fn turn(system: &System, workers: &[Arc<dyn Worker>], holder: &str, renew_at_ms: &mut i64) {
    if let Err(error) = system.sweep_outbox().await {
        tracing::warn!(%error, "audit outbox");
    }
    let now_ms = system.clock.wall().as_millisecond();
    // Renewed at half its time, not at every turn: an idle server shall not write.
    if now_ms >= *renew_at_ms {
        match system.store.lease("workers", holder, now_ms, LEASE_MS).await {
            Ok(Some(_)) => *renew_at_ms = now_ms.saturating_add(LEASE_MS / 2),
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "worker lease");
                return;
            }
        }
    }
    for worker in workers {
        if let Err(error) = worker.run(system).await {
            tracing::warn!(worker = worker.name(), %error, "background work failed; it will be tried again");
        }
    }
}
