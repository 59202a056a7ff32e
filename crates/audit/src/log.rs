//! The log as the server sees it.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::anchor::Anchor;
use crate::chain::Head;
use crate::engine::Engine;
use crate::error::{OpenError, ReadError, WriteError};
use crate::files::{self, Disk, Kernel};
use crate::marker::{Mismatch, TailCut};
use crate::memory::Memory;
use crate::read::{self, StoredRecord};
use crate::recovery;
use crate::watch::{Condition, Failure};

/// The node and the store of a log that is kept in memory.
pub(crate) const MEMORY: &str = "memory";

/// Where the time of the log's own records comes from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// When a record counts as kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// Once the operating system has it: it survives the death of the process, but not of the machine.
    #[default]
    Os,
    /// Once the disk has it.
    Disk,
}

/// How a log is kept.
#[derive(Clone)]
pub struct Options {
    /// When a record counts as kept.
    pub durability: Durability,
    /// A file that would grow beyond this many bytes is ended and a new one begun. 128 MiB unless set.
    pub file_bytes_max: u64,
    /// The identifier of the store the log belongs to; the beginning of the chain is bound to it. Empty unless set.
    pub store: String,
    /// The last anchor that was kept of this log. If it was taken by [`Log::close`], the log must end with it; if not,
    /// the log must reach it. Otherwise opening notes that in the log; see [`Log::mismatch`]. For whoever keeps the
    /// anchor of every opening and closing; none unless set.
    pub last_anchor: Option<Anchor>,
    /// The time for the log's own records; the system's unless set.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            durability: Durability::Os,
            file_bytes_max: 128 * 1024 * 1024,
            store: String::new(),
            last_anchor: None,
            clock: Arc::new(Timestamp::now),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("durability", &self.durability)
            .field("file_bytes_max", &self.file_bytes_max)
            .field("store", &self.store)
            .field("last_anchor", &self.last_anchor)
            .finish_non_exhaustive()
    }
}

/// Stands for one appended record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a record that nobody flushes may never be written, and its call must not be answered"]
pub struct Ticket {
    pub(crate) position: u64,
    pub(crate) sequence: u64,
}

impl Ticket {
    /// The number the record has in the chain if its write succeeds. After a failed write numbers are used again.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }
}

/// A hash-chained log of audit records.
///
/// Append a record, let other work happen so that a batch forms, then [`flush`](Log::flush) or wait for
/// [`durable`](Log::durable), and answer the call only when that succeeded:
///
/// * `Ok`: the record is in the log, with every record before it.
/// * `Err`: the record is not in the log and will not be. The same holds for every record that was appended after the
///   last one written; the chain goes on from there. Once writing works again, the log notes how many records were
///   given up and since when.
pub struct Log {
    inner: Inner,
}

enum Inner {
    Memory(Mutex<Memory>),
    Files(Files),
}

struct Files {
    engine: Arc<Engine>,
    syncing: Option<JoinHandle<()>>,
    cuts: Vec<TailCut>,
    mismatch: Option<Mismatch>,
}

impl Log {
    /// A log of the newest `records_max` records that is gone with the process. Writing always succeeds.
    pub fn in_memory(records_max: usize) -> Self {
        Self { inner: Inner::Memory(Mutex::new(Memory::new(records_max))) }
    }

    /// Opens or begins the log of `node` in the folder `dir`, which no other process may have open.
    ///
    /// A damaged end, as a killed process or a power failure leaves it, is cut off, kept beside the log unless it was
    /// a piece of one record, and noted in the log. The file at the end is read and checked for that, so opening takes
    /// about a second for each GiB of it. Everything before is the business of [`verify`](crate::verify).
    pub fn open(dir: &Path, node: &str, options: Options) -> Result<Self, OpenError> {
        Self::open_on(Box::new(Kernel), dir, node, options)
    }

    pub(crate) fn open_on(disk: Box<dyn Disk>, dir: &Path, node: &str, options: Options) -> Result<Self, OpenError> {
        let durability = options.durability;
        let recovery::Opened { engine, cuts, mismatch } = recovery::open(disk, dir, node, options)?;
        let engine = Arc::new(engine);
        let syncing = match durability {
            Durability::Os => None,
            Durability::Disk => {
                let engine = Arc::clone(&engine);
                let thread = std::thread::Builder::new().name("audit-sync".to_owned());
                let started = thread.spawn(move || engine.sync_until_stopped());
                Some(started.map_err(OpenError::io("start the thread that syncs", dir))?)
            }
        };
        Ok(Self { inner: Inner::Files(Files { engine, syncing, cuts, mismatch }) })
    }

    /// Numbers, links and keeps a record until it is flushed. Never waits for the disk.
    ///
    /// `record_json` is one JSON object, as [`Event::write_json`](crate::Event::write_json) makes it; line breaks in
    /// it become blanks.
    pub fn append(&self, record_json: &[u8]) -> Ticket {
        match &self.inner {
            Inner::Memory(memory) => Ticket { position: 0, sequence: locked(memory).append(record_json) },
            Inner::Files(files) => files.engine.append(record_json),
        }
    }

    /// Hands everything appended so far to the operating system in one write, unless the record already is.
    ///
    /// With [`Durability::Disk`] success is only half of the way: [`durable`](Log::durable) can still fail.
    pub fn flush(&self, ticket: Ticket) -> Result<(), WriteError> {
        match &self.inner {
            Inner::Memory(_) => Ok(()),
            Inner::Files(files) => files.engine.flush(ticket),
        }
    }

    /// Flushes and waits until the record is kept as [`Options::durability`] says. Everybody who waits at the same
    /// time shares one sync.
    pub async fn durable(&self, ticket: Ticket) -> Result<(), WriteError> {
        match &self.inner {
            Inner::Memory(_) => Ok(()),
            Inner::Files(files) => files.engine.durable(ticket).await,
        }
    }

    /// The newest `count` written records, oldest first. Reads files: not for the hot path. What cannot be read is
    /// left out.
    pub fn recent(&self, count: usize) -> Vec<StoredRecord> {
        match &self.inner {
            Inner::Memory(memory) => locked(memory).recent(count),
            Inner::Files(files) => {
                let (file, len) = files.engine.written_file();
                read::newest(&files.engine.folder, &file, len, count)
            }
        }
    }

    /// Written records numbered `from` to `up_to`, oldest first, as many as fit into `bytes_max` bytes, but at least one
    /// if there is any. Reads the file `from` is in from its beginning: not for the hot path.
    ///
    /// # Errors
    /// A file cannot be read, or holds something that is no record.
    pub fn range(&self, from: u64, up_to: u64, bytes_max: usize) -> Result<Vec<StoredRecord>, ReadError> {
        let mut records: Vec<StoredRecord> = Vec::new();
        let mut bytes = 0usize;
        let mut take = |record: StoredRecord| {
            bytes = bytes.saturating_add(record.json.len());
            let fits = record.sequence <= up_to && (records.is_empty() || bytes <= bytes_max);
            if fits {
                records.push(record);
            }
            fits
        };
        match &self.inner {
            Inner::Memory(memory) => {
                let memory = locked(memory);
                let wanted = memory.head.sequence.saturating_sub(from.saturating_sub(1));
                let kept = memory.recent(usize::try_from(wanted).unwrap_or(usize::MAX));
                let _ = kept.into_iter().all(&mut take);
            }
            Inner::Files(files) => {
                for record in read::read(&files.engine.folder, from)? {
                    if !take(record?) {
                        break;
                    }
                }
            }
        }
        Ok(records)
    }

    /// The folder of the files; none for a log in memory.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match &self.inner {
            Inner::Memory(_) => None,
            Inner::Files(files) => Some(&files.engine.folder),
        }
    }

    /// The record of this number, while a log in memory holds it. Records in files are found by their [place].
    ///
    /// [place]: crate::record_at
    pub fn remembered(&self, sequence: u64) -> Option<StoredRecord> {
        match &self.inner {
            Inner::Memory(memory) => locked(memory).record(sequence),
            Inner::Files(_) => None,
        }
    }

    /// The last written record.
    pub fn head(&self) -> Head {
        match &self.inner {
            Inner::Memory(memory) => locked(memory).head,
            Inner::Files(files) => files.engine.written().head,
        }
    }

    /// Puts what was written on the disk, whatever the durability, and says what the log now is. Takes as long as the
    /// disk does: not for an event loop. If the disk refuses, the anchor is that of the last record known to be on it.
    ///
    /// Keep it where whoever may write the log's files may not: right after opening, from time to time, and when the
    /// log is closed.
    pub fn anchor(&self) -> Anchor {
        match &self.inner {
            Inner::Memory(memory) => memory_anchor(locked(memory).head, false),
            Inner::Files(files) => files.engine.anchor(),
        }
    }

    /// Ends the log: writes and syncs everything. Records appended later fail with [`WriteError::Closed`]. The anchor
    /// says that nothing may follow it.
    pub fn close(&self) -> Result<Anchor, WriteError> {
        match &self.inner {
            Inner::Memory(memory) => Ok(memory_anchor(locked(memory).head, true)),
            Inner::Files(files) => files.engine.close(),
        }
    }

    /// Why records cannot be written, as far as is known: since a write failed, until one succeeds or a
    /// [`look`](Log::look) finds nothing wrong any more. For refusing calls before they do anything.
    pub fn failure(&self) -> Option<Failure> {
        match &self.inner {
            Inner::Memory(_) => None,
            Inner::Files(files) => files.engine.failure(),
        }
    }

    /// Looks after the log: whether its file is still there, whether writing works, how much room is left. Call it about
    /// twice a second, from a thread that may wait for the disk.
    ///
    /// A file that was deleted or exchanged underneath makes every call fail from this look on; the next one writes it
    /// back from what the process still holds. After a failed write each look tries again, so that service resumes
    /// without waiting for a call.
    pub fn look(&self) -> Condition {
        match &self.inner {
            Inner::Memory(_) => Condition::default(),
            Inner::Files(files) => {
                let space = files::space(&files.engine.folder);
                Condition { failure: files.engine.look(space.as_ref()), space }
            }
        }
    }

    /// What was cut off the end of the log when it was opened: usually nothing, or the last write of a killed process.
    pub fn tail_cuts(&self) -> &[TailCut] {
        match &self.inner {
            Inner::Memory(_) => &[],
            Inner::Files(files) => &files.cuts,
        }
    }

    /// How the end of the log contradicted [`Options::last_anchor`] when it was opened.
    pub fn mismatch(&self) -> Option<&Mismatch> {
        match &self.inner {
            Inner::Memory(_) => None,
            Inner::Files(files) => files.mismatch.as_ref(),
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Log").finish_non_exhaustive()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = self.engine.close();
        self.engine.stop();
        if let Some(thread) = self.syncing.take() {
            let _ = thread.join();
        }
    }
}

fn locked(memory: &Mutex<Memory>) -> std::sync::MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

fn memory_anchor(head: Head, closed: bool) -> Anchor {
    Anchor {
        node: MEMORY.to_owned(),
        store: MEMORY.to_owned(),
        sequence: head.sequence,
        hash: head.hash,
        time: Timestamp::now(),
        closed,
    }
}
