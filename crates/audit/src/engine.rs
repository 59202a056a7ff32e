//! The log in files: appending, writing, syncing.
//!
//! Three locks, always taken in this order: `sync_turn` (one sync at a time), `writer` (one write at a time),
//! `pending` (held for one hash and one copy). A failed write gives up every record that was not written, and the
//! chain goes on from the last one that was: numbers are used again, and no link leads to a record that is not there.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::{fs::File, io};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::anchor::Anchor;
use crate::chain::Header;
use crate::error::WriteError;
use crate::files::{Disk, Lock, LogFile, sync_folder};
use crate::log::{Clock, Durability, Options, Ticket};
use crate::marker::{Note, Restored};
use crate::outcome::Failures;
use crate::pending::{Mark, Pending};
use crate::watch::{Failure, Space};
use crate::writer::{Synced, Writer};

/// A disk that was full is written again once it has this much room: otherwise the short note of the outage would fit, and
/// the next record would not.
const RESUME_BYTES_MIN: u64 = 256 * 1024;

/// The position of a ticket for a record that came after the end.
const AFTER_CLOSE: u64 = u64::MAX;

pub(crate) struct Engine {
    pub(crate) folder: PathBuf,
    pub(crate) node: String,
    store: String,
    durability: Durability,
    file_bytes_max: u64,
    clock: Clock,
    disk: Box<dyn Disk>,
    sync_turn: Mutex<()>,
    writer: Mutex<Writer>,
    pending: Mutex<Pending>,
    failures: Mutex<Failures>,
    /// Why records cannot be written now.
    failure: Mutex<Option<Failure>>,
    /// The same, to be asked at every write.
    failing: AtomicBool,
    /// Positions up to this one were written or given up.
    decided: AtomicU64,
    /// The last position that was given up.
    failed: AtomicU64,
    /// Positions up to this one are on the disk or were given up.
    durable: watch::Sender<u64>,
    /// The highest position somebody waits for to be on the disk.
    wanted: Mutex<u64>,
    wake: Condvar,
    stop: AtomicBool,
    /// Keeps other processes out for as long as it is open.
    _lock: Lock,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing under these locks panics; if it did, every invariant still holds between two statements that matter.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    pub(crate) fn new(
        folder: PathBuf,
        node: &str,
        options: Options,
        disk: Box<dyn Disk>,
        writer: Writer,
        lock: Lock,
    ) -> Self {
        Self {
            folder,
            node: node.to_owned(),
            store: options.store,
            durability: options.durability,
            file_bytes_max: options.file_bytes_max,
            clock: options.clock,
            disk,
            sync_turn: Mutex::new(()),
            pending: Mutex::new(Pending::new(writer.written.head)),
            writer: Mutex::new(writer),
            failures: Mutex::default(),
            failure: Mutex::default(),
            failing: AtomicBool::new(false),
            decided: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            durable: watch::Sender::new(0),
            wanted: Mutex::new(0),
            wake: Condvar::new(),
            stop: AtomicBool::new(false),
            _lock: lock,
        }
    }

    pub(crate) fn append(&self, record: &[u8]) -> Ticket {
        let mut pending = locked(&self.pending);
        if pending.closed {
            return Ticket { position: AFTER_CLOSE, sequence: 0 };
        }
        let (position, sequence) = pending.append(record, &*self.clock);
        Ticket { position, sequence }
    }

    pub(crate) fn flush(&self, ticket: Ticket) -> Result<(), WriteError> {
        if ticket.position == AFTER_CLOSE {
            return Err(WriteError::Closed);
        }
        if self.decided.load(Ordering::Acquire) < ticket.position {
            self.write_up_to(ticket.position);
        }
        self.outcome(ticket.position)
    }

    fn outcome(&self, position: u64) -> Result<(), WriteError> {
        if self.failed.load(Ordering::Acquire) < position {
            return Ok(());
        }
        locked(&self.failures).outcome(position)
    }

    /// Decides every position up to this one.
    fn write_up_to(&self, position: u64) {
        let mut writer = locked(&self.writer);
        if self.decided.load(Ordering::Acquire) >= position {
            return;
        }
        let waiting = locked(&self.pending).bytes();
        if !writer.is_full(waiting, self.file_bytes_max) {
            return self.write_pending(&mut writer);
        }
        match self.durability {
            Durability::Os => self.rotate_and_write(&mut writer, false),
            Durability::Disk => {
                // The file must not be exchanged while it is being synced: a failed sync takes records back from it.
                drop(writer);
                let _turn = locked(&self.sync_turn);
                let mut writer = locked(&self.writer);
                if self.decided.load(Ordering::Acquire) < position {
                    self.rotate_and_write(&mut writer, true);
                }
            }
        }
    }

    fn rotate_and_write(&self, writer: &mut Writer, wait: bool) {
        if let Some(name) = &writer.lost {
            let error = WriteError::Lost(Arc::clone(name));
            return self.give_up_unwritten(writer, error);
        }
        let header = |head: &_| Header::new(&self.node, &self.store, head);
        match writer.rotate(&*self.disk, &self.folder, &header, wait) {
            Ok(()) => self.write_pending(writer),
            Err(error) => self.give_up_unwritten(writer, WriteError::from_io(&error)),
        }
    }

    fn write_pending(&self, writer: &mut Writer) {
        if let Some(name) = &writer.lost {
            let error = WriteError::Lost(Arc::clone(name));
            return self.give_up_unwritten(writer, error);
        }
        let spare = std::mem::take(&mut writer.spare);
        let batch = locked(&self.pending).take(spare);
        let result = writer.write(&*self.disk, &batch.lines);
        writer.spare = batch.lines;
        match result {
            Ok(()) => {
                writer.written = batch.end;
                if self.durability == Durability::Os {
                    locked(&self.pending).settle(batch.end.position);
                    self.works_again();
                }
                self.decided.store(batch.end.position, Ordering::Release);
            }
            Err(error) => self.give_up_unwritten(writer, WriteError::from_io(&error)),
        }
    }

    fn give_up_unwritten(&self, writer: &mut Writer, error: WriteError) {
        let kept = writer.written;
        self.give_up_after(writer, &kept, error);
    }

    /// Gives up every record after `kept`, appended just now ones too: their links lead through the lost ones.
    fn give_up_after(&self, writer: &mut Writer, kept: &Mark, error: WriteError) {
        let mut pending = locked(&self.pending);
        let go_on = pending.give_up_after(kept, (self.clock)());
        self.fails(&error);
        locked(&self.failures).add(kept.position, go_on.position, error);
        writer.written = go_on;
        // In this order: who sees a position decided must see that it failed.
        self.failed.store(go_on.position, Ordering::Release);
        self.decided.store(go_on.position, Ordering::Release);
    }

    /// Writes what waits, whoever waits for it.
    fn write_all(&self) {
        let last = locked(&self.pending).mark().position;
        if self.decided.load(Ordering::Acquire) < last {
            self.write_up_to(last);
        }
    }

    pub(crate) async fn durable(&self, ticket: Ticket) -> Result<(), WriteError> {
        self.flush(ticket)?;
        if self.durability == Durability::Os {
            return Ok(());
        }
        let mut durable = self.durable.subscribe();
        if *durable.borrow_and_update() < ticket.position {
            self.want(ticket.position);
            // The sender lives in `self`: the wait ends with the position.
            let _ = durable.wait_for(|&position| position >= ticket.position).await;
        }
        self.outcome(ticket.position)
    }

    fn want(&self, position: u64) {
        let mut wanted = locked(&self.wanted);
        if *wanted < position {
            *wanted = position;
            self.wake.notify_one();
        }
    }

    /// The thread that syncs for everybody who waits, once for all of them.
    pub(crate) fn sync_until_stopped(&self) {
        loop {
            let mut wanted = locked(&self.wanted);
            while *wanted <= *self.durable.borrow() {
                if self.stop.load(Ordering::Acquire) {
                    return;
                }
                wanted = self.wake.wait(wanted).unwrap_or_else(PoisonError::into_inner);
            }
            drop(wanted);
            // Whoever waits learns of a failure by the outcome of the ticket.
            let _ = self.sync_now();
        }
    }

    pub(crate) fn stop(&self) {
        let _wanted = locked(&self.wanted);
        self.stop.store(true, Ordering::Release);
        self.wake.notify_all();
    }

    /// Puts everything written so far on the disk. In `Disk` durability a failure takes it back: the system may have
    /// forgotten the data, and a later sync would not tell.
    pub(crate) fn sync_now(&self) -> Result<(), WriteError> {
        let _turn = locked(&self.sync_turn);
        let (file, reached, mut finished) = {
            let mut writer = locked(&self.writer);
            let reached = Synced { mark: writer.written, len: writer.len };
            (Arc::clone(&writer.file), reached, std::mem::take(&mut writer.unsynced))
        };
        let result = self.sync_finished(&mut finished).and_then(|()| self.disk.sync(&file));
        let mut writer = locked(&self.writer);
        let result = match result {
            Ok(()) => {
                writer.synced = reached;
                locked(&self.pending).settle(reached.mark.position);
                // That what was written before a failure is on the disk does not make up for the failure.
                let newer = reached.mark.position > self.failed.load(Ordering::Acquire);
                if self.durability == Durability::Disk && newer && writer.lost.is_none() {
                    self.works_again();
                }
                Ok(())
            }
            Err(error) => {
                let error = WriteError::from_io(&error);
                finished.append(&mut writer.unsynced);
                writer.unsynced = finished;
                if self.durability == Durability::Disk {
                    let Synced { mark, len } = writer.synced;
                    let _ = writer.cut_to(&*self.disk, len);
                    self.give_up_after(&mut writer, &mark, error.clone());
                    writer.synced.mark = writer.written;
                }
                Err(error)
            }
        };
        let position = writer.synced.mark.position;
        drop(writer);
        self.durable.send_if_modified(|durable| std::mem::replace(durable, position) != position);
        if self.durability == Durability::Disk && result.is_ok() {
            self.make_room();
        }
        result
    }

    /// Makes room for what comes next, after everybody was told, and in pieces between which others may write.
    fn make_room(&self) {
        let mut begun = false;
        loop {
            let mut writer = locked(&self.writer);
            if locked(&self.pending).closed || !writer.wants_room(begun) {
                return;
            }
            writer.reserve(&*self.disk);
            begun = true;
        }
    }

    fn sync_finished(&self, finished: &mut Vec<PathBuf>) -> io::Result<()> {
        if finished.is_empty() {
            return Ok(());
        }
        while let Some(path) = finished.first() {
            self.disk.sync(&File::open(path)?)?;
            finished.remove(0);
        }
        sync_folder(&self.folder)
    }

    pub(crate) fn written(&self) -> Mark {
        locked(&self.writer).written
    }

    /// The file being written, and how much of it is.
    pub(crate) fn written_file(&self) -> (LogFile, u64) {
        let writer = locked(&self.writer);
        (LogFile::new(&self.folder, writer.first()), writer.len)
    }

    pub(crate) fn anchor(&self) -> Anchor {
        // If it fails, the anchor is the last one that can be vouched for.
        let _ = self.sync_now();
        self.synced_anchor((self.clock)(), false)
    }

    fn synced_anchor(&self, time: Timestamp, closed: bool) -> Anchor {
        let head = locked(&self.writer).synced.mark.head;
        Anchor {
            node: self.node.clone(),
            store: self.store.clone(),
            sequence: head.sequence,
            hash: head.hash,
            time,
            closed,
        }
    }

    pub(crate) fn close(&self) -> Result<Anchor, WriteError> {
        locked(&self.pending).closed = true;
        self.write_all();
        {
            let _turn = locked(&self.sync_turn);
            // Left-over room is only untidy, so failing to give it back does not matter.
            let _ = locked(&self.writer).trim(&*self.disk);
        }
        self.sync_now()?;
        Ok(self.synced_anchor((self.clock)(), true))
    }

    fn fails(&self, error: &WriteError) {
        let mut failure = locked(&self.failure);
        let since = failure.take().map_or_else(|| (self.clock)(), |failure| failure.since);
        *failure = Some(Failure { since, error: error.clone() });
        self.failing.store(true, Ordering::Release);
    }

    /// Why records cannot be written now. Costs one read of memory while they can.
    pub(crate) fn failure(&self) -> Option<Failure> {
        if self.failing.load(Ordering::Acquire) { locked(&self.failure).clone() } else { None }
    }

    fn works_again(&self) {
        if self.failing.load(Ordering::Acquire) {
            *locked(&self.failure) = None;
            self.failing.store(false, Ordering::Release);
        }
    }

    /// Looks whether the file is still where it belongs and whether writing works, and tries to put right what is not.
    pub(crate) fn look(&self, space: Option<&Space>) -> Option<Failure> {
        let in_place = {
            let _turn = locked(&self.sync_turn);
            let mut writer = locked(&self.writer);
            let looked = self.look_for_file(&mut writer);
            if let Err(error) = &looked {
                self.fails(&WriteError::from_io(error));
            }
            looked.is_ok() && writer.lost.is_none()
        };
        let full = matches!(&*locked(&self.failure), Some(Failure { error: WriteError::Full(_), .. }));
        let cramped = full && space.is_some_and(|space| space.bytes_available < RESUME_BYTES_MIN);
        if self.failing.load(Ordering::Acquire) && !cramped {
            let noted = locked(&self.pending).resume(&*self.clock);
            self.write_all();
            let synced = self.durability == Durability::Os || self.sync_now().is_ok();
            // Nothing was lost that a note would have to tell of, so no write shows that writing works.
            if synced && !noted && in_place {
                self.works_again();
            }
        }
        locked(&self.failure).clone()
    }

    /// A file that was lost is put back one look later: whoever watches sees that it was gone.
    fn look_for_file(&self, writer: &mut Writer) -> io::Result<()> {
        let file = LogFile::new(&self.folder, writer.first());
        if writer.lost.is_none() {
            if !writer.is_in_place(&file.path)? {
                let name: Arc<str> = file.name.into();
                self.fails(&WriteError::Lost(Arc::clone(&name)));
                writer.lost = Some(name);
            }
            return Ok(());
        }
        let found_kept_as = writer.restore(&*self.disk, &self.folder, &file.path)?;
        let mut pending = locked(&self.pending);
        let note = Note::FileRestored(Restored { file: file.name, found_kept_as });
        let record = note.record((self.clock)(), &pending.mark().head);
        pending.push(&record);
        pending.note_alone();
        drop(pending);
        self.write_pending(writer);
        Ok(())
    }

    /// Chains what was found on opening and writes it over it; only then what is left of it goes. Whenever this is
    /// interrupted, or fails, the next opening finds the damage or the note.
    pub(crate) fn begin(&self, notes: impl Iterator<Item = Note>) -> Result<(), WriteError> {
        let mut writer = locked(&self.writer);
        let batch = {
            let mut pending = locked(&self.pending);
            for note in notes {
                let record = note.record((self.clock)(), &pending.mark().head);
                pending.push(&record);
            }
            pending.take(Vec::new())
        };
        writer.begin(&*self.disk, &batch).map_err(|error| WriteError::from_io(&error))?;
        drop(writer);
        self.sync_now()
    }
}
