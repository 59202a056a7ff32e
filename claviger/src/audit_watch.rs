//! Looks after the audit log while the server runs: no answer leaves without a record, so a log that cannot be written is
//! the end of service, and whoever operates the server must hear of it, best before.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::metrics::{AUDIT_DISK_FILLING, AUDIT_NOT_WRITABLE};
use crate::server::Shared;

/// Time between two looks. Deleting the log's file fails the calls within twice this.
const PERIOD: Duration = Duration::from_millis(400);
/// How full the log's disk may be before the alarm rises, in percent.
const PERCENT_USED_MAX: u64 = 80;

/// The thread that looks.
pub(crate) struct AuditWatch {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl AuditWatch {
    pub(crate) fn start(shared: Arc<Shared>) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new().name("audit-watch".to_owned());
        let thread = thread.spawn(move || watch(&shared, &stopped))?;
        Ok(Self { stop, thread })
    }

    pub(crate) fn stop(self) {
        drop(self.stop);
        let _ = self.thread.join();
    }
}

fn watch(shared: &Shared, stopped: &Receiver<()>) {
    let mut known = Known::default();
    loop {
        look(shared, &mut known);
        if !matches!(stopped.recv_timeout(PERIOD), Err(RecvTimeoutError::Timeout)) {
            return;
        }
    }
}

/// What was told already.
#[derive(Default)]
struct Known {
    failing: bool,
    filling: bool,
}

fn look(shared: &Shared, known: &mut Known) {
    let condition = shared.engine().system().log.look();
    let failing = condition.failure.is_some();
    shared.metrics.alarm(AUDIT_NOT_WRITABLE, failing);
    match &condition.failure {
        Some(failure) if !known.failing => {
            tracing::error!(error = %failure.error, "no audit records can be written; calls fail");
        }
        None if known.failing => tracing::warn!("audit records can be written again; calls are answered"),
        _ => {}
    }
    known.failing = failing;
    let Some(space) = condition.space else { return };
    shared.metrics.audit_space(&space);
    let filling = space.percent_used() >= PERCENT_USED_MAX;
    shared.metrics.alarm(AUDIT_DISK_FILLING, filling);
    if filling && !known.filling {
        let (available, total) = (space.bytes_available, space.bytes_total);
        tracing::warn!(available, total, "the audit log's disk is filling up; when it is full, calls fail");
    }
    known.filling = filling;
}
