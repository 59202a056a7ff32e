//! Keeping the index of the audit log up with the log, on a thread of its own that yields to the ones that serve.

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use claviger_audit::Log;
use claviger_audit_index::{Index, IndexError, Source};

use crate::foundation::{Folder, audit_dir, index_path};

/// How often the log is looked at.
const PERIOD: Duration = Duration::from_millis(500);
/// How much the thread steps back behind those that answer calls (a `nice` value).
const STEP_BACK: i32 = 15;
/// Records taken in at a time: a question waits for one such batch, made by a thread that seldom gets its turn.
const BATCH_RECORDS: usize = 500;

/// The index of the folder's log, or of the one in memory.
pub fn open(folder: Option<&Folder>, log: &Arc<Log>) -> Result<Arc<Index>, IndexError> {
    let index = match folder {
        Some(folder) => Index::open(&index_path(folder.path()), Source::Folder(audit_dir(folder.path()))),
        None => Index::in_memory(Source::Memory(Arc::clone(log))),
    };
    index.map(Arc::new)
}

/// A thread that follows the log; it ends when this is dropped.
pub struct Follower {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    /// Starts to follow.
    pub fn start(index: Arc<Index>, log: Arc<Log>) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new().name("audit-index".to_owned()).spawn(move || {
            let _ = rustix::process::nice(STEP_BACK);
            let mut seen = None;
            while let Err(mpsc::RecvTimeoutError::Timeout) = stopped.recv_timeout(PERIOD) {
                let head = log.head();
                if seen == Some(head) {
                    continue;
                }
                // One batch at a time, so that a stop or a question need not wait for all.
                match until_end(&index, &stopped) {
                    Ok(()) => seen = Some(head),
                    Err(error) => tracing::warn!(%error, "the audit log is not indexed; it will be tried again"),
                }
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

fn until_end(index: &Index, stopped: &mpsc::Receiver<()>) -> Result<(), IndexError> {
    while index.step(BATCH_RECORDS)? > 0 {
        if !matches!(stopped.try_recv(), Err(mpsc::TryRecvError::Empty)) {
            break;
        }
    }
    Ok(())
}

impl Drop for Follower {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
