//! The one thread that writes: takes what has queued up and commits it together.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use claviger_store::{Batch, CommitError, StoreError};
use rusqlite::{Connection, params};
use tokio::sync::oneshot::Sender;

use crate::apply::{self, signed, unsigned};
use crate::errors::{Failure, commit_error, store_error};
use crate::open::Options;
use crate::spaces::Spaces;

/// The log is folded back into the file when it is this many pages long...
const FOLD_AT: i32 = 1000;
/// ...and made to start over, waiting for readers a moment, when it has grown to this many
/// because some reader was always in the way.
const RESTART_AT: i32 = 16 * FOLD_AT;
/// How long folding may wait for readers.
const FOLD_PATIENCE: Duration = Duration::from_millis(100);

/// Something for the writer to do, and whom to tell.
pub(crate) enum Job {
    Commit { batch: Batch, reply: Sender<Result<u64, CommitError>> },
    Lease { name: String, holder: String, now_ms: i64, ttl_ms: i64, reply: Sender<Result<Option<u64>, StoreError>> },
    Release { name: String, holder: String, reply: Sender<Result<bool, StoreError>> },
    Scrub { reply: Sender<Result<(), StoreError>> },
}

/// What a job came to, held back until the transaction is durable.
enum Outcome {
    Committed(Result<u64, CommitError>),
    Leased(Option<u64>),
    Released(bool),
    Scrub,
}

/// Why a whole group came to nothing.
enum Lost {
    /// The transaction failed before its end: nothing is written.
    Before(rusqlite::Error),
    /// Making it durable failed.
    Ending(rusqlite::Error),
    /// The engine's own rows do not make sense.
    Damaged(StoreError),
}

impl Lost {
    fn error(&self) -> StoreError {
        match self {
            Self::Before(error) => store_error(error),
            Self::Ending(error) => commit_error(error),
            Self::Damaged(error) => error.clone(),
        }
    }
}

impl From<rusqlite::Error> for Lost {
    fn from(error: rusqlite::Error) -> Self {
        Self::Before(error)
    }
}

impl From<StoreError> for Lost {
    fn from(error: StoreError) -> Self {
        Self::Damaged(error)
    }
}

pub(crate) struct Writer {
    db: Connection,
    spaces: Arc<Spaces>,
    options: Options,
    /// Pages in the log after the last commit.
    log: Arc<AtomicI32>,
    feed_from: u64,
}

impl Writer {
    pub(crate) fn new(mut db: Connection, spaces: Arc<Spaces>, options: Options) -> Result<Self, rusqlite::Error> {
        let log = Arc::new(AtomicI32::new(0));
        let seen = log.clone();
        db.wal_hook(Some(move |_: &mut _, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self { db, spaces, options, log, feed_from: 0 })
    }

    /// Works until every sender is gone and the queue is empty.
    pub(crate) fn run(mut self, queue: &Receiver<Job>) {
        while let Ok(first) = queue.recv() {
            let mut group = vec![first];
            while group.len() < self.options.group_max.max(1) {
                match queue.try_recv() {
                    Ok(next) => group.push(next),
                    Err(_) => break,
                }
            }
            self.work(group);
            self.fold();
        }
    }

    fn work(&mut self, group: Vec<Job>) {
        match self.attempt(&group) {
            Ok(outcomes) => {
                for (job, outcome) in group.into_iter().zip(outcomes) {
                    self.answer(job, outcome);
                }
            }
            // One batch may have been too much for the disk, or met a damaged page, while the others are fine.
            Err(lost) if group.len() > 1 && matches!(lost.error(), StoreError::Full(_) | StoreError::Damaged(_)) => {
                for job in group {
                    self.work(vec![job]);
                }
            }
            Err(lost) => group.into_iter().for_each(|job| refuse(job, lost.error())),
        }
    }

    /// Runs a group in one transaction. Whatever fails, none is left open behind.
    fn attempt(&mut self, group: &[Job]) -> Result<Vec<Outcome>, Lost> {
        let result = self.transaction(group);
        if result.is_err() && !self.db.is_autocommit() {
            // Nothing to be done if this fails too: the next BEGIN will say so.
            let _ = self.db.execute_batch("ROLLBACK");
        }
        result
    }

    fn transaction(&mut self, group: &[Job]) -> Result<Vec<Outcome>, Lost> {
        self.execute("BEGIN IMMEDIATE")?;
        let before = self.revision()?;
        let mut revision = before;
        let mut outcomes = Vec::with_capacity(group.len());
        for job in group {
            outcomes.push(self.perform(job, &mut revision)?);
        }
        if revision > before {
            self.db.prepare_cached("UPDATE claviger_head SET revision = ?1")?.execute([signed(revision)?])?;
            self.trim(revision)?;
        }
        self.execute("COMMIT").map_err(Lost::Ending)?;
        Ok(outcomes)
    }

    fn perform(&self, job: &Job, revision: &mut u64) -> Result<Outcome, Lost> {
        Ok(match job {
            Job::Commit { batch, .. } => match apply::apply(&self.db, &self.spaces, batch, *revision + 1) {
                Ok(wrote) => {
                    *revision += u64::from(wrote);
                    Outcome::Committed(Ok(*revision))
                }
                Err(Failure::Refused(refusal)) => Outcome::Committed(Err(refusal)),
                Err(Failure::Sqlite(error)) => return Err(Lost::Before(error)),
            },
            Job::Lease { name, holder, now_ms, ttl_ms, .. } => {
                Outcome::Leased(apply::lease(&self.db, name, holder, *now_ms, *ttl_ms)?)
            }
            Job::Release { name, holder, .. } => Outcome::Released(apply::release(&self.db, name, holder)?),
            Job::Scrub { .. } => Outcome::Scrub,
        })
    }

    fn answer(&self, job: Job, outcome: Outcome) {
        // Whoever no longer listens has made up their mind without us.
        match (job, outcome) {
            (Job::Commit { reply, .. }, Outcome::Committed(result)) => drop(reply.send(result)),
            (Job::Lease { reply, .. }, Outcome::Leased(token)) => drop(reply.send(Ok(token))),
            (Job::Release { reply, .. }, Outcome::Released(held)) => drop(reply.send(Ok(held))),
            (Job::Scrub { reply }, _) => drop(reply.send(self.scrub())),
            (job, _) => refuse(job, StoreError::OutcomeUnknown("the writer lost track".into())),
        }
    }

    /// Forgets the oldest part of the change feed, a good piece at a time.
    fn trim(&mut self, revision: u64) -> Result<(), Lost> {
        let cut = revision.saturating_sub(self.options.feed_kept);
        let piece = (self.options.feed_kept / 16).max(1);
        if cut < self.feed_from + piece {
            return Ok(());
        }
        self.db.execute("DELETE FROM claviger_changes WHERE revision <= ?1", [signed(cut)?])?;
        self.db.execute("UPDATE claviger_head SET feed_from = ?1", params![signed(cut)?])?;
        self.feed_from = cut;
        Ok(())
    }

    fn revision(&self) -> Result<u64, Lost> {
        let sql = "SELECT revision FROM claviger_head";
        Ok(unsigned(self.db.prepare_cached(sql)?.query_row([], |row| row.get(0))?)?)
    }

    fn execute(&self, sql: &str) -> Result<(), rusqlite::Error> {
        self.db.prepare_cached(sql)?.execute([]).map(|_| ())
    }

    /// Folds the log back into the file, between groups, so that no commit waits for it.
    fn fold(&self) {
        let pages = self.log.load(Ordering::Relaxed);
        let done = match pages {
            ..FOLD_AT => return,
            FOLD_AT..RESTART_AT => self.checkpoint("PASSIVE"),
            _ => self.checkpoint("TRUNCATE"),
        };
        // A log that could not be folded is tried again after the next group. What is acknowledged
        // is in the log and safe.
        if done.unwrap_or(false) {
            self.log.store(0, Ordering::Relaxed);
        }
    }

    /// Whether the whole log went into the file.
    fn checkpoint(&self, mode: &str) -> Result<bool, rusqlite::Error> {
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        let (busy, log, folded): (bool, i32, i32) =
            self.db.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(!busy && log == folded)
    }

    /// Deleted content is zeroed in the file already (`secure_delete`); what is left of it is in
    /// the log, which this cuts to nothing.
    fn scrub(&self) -> Result<(), StoreError> {
        let patience = |patience| self.db.busy_timeout(patience).map_err(|error| store_error(&error));
        patience(FOLD_PATIENCE)?;
        let done = self.checkpoint("TRUNCATE");
        patience(crate::open::PATIENCE)?;
        match done {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::Unavailable("a snapshot or another reader holds older records".into())),
            Err(error) => Err(store_error(&error)),
        }
    }
}

fn refuse(job: Job, error: StoreError) {
    match job {
        Job::Commit { reply, .. } => drop(reply.send(Err(error.into()))),
        Job::Lease { reply, .. } => drop(reply.send(Err(error))),
        Job::Release { reply, .. } => drop(reply.send(Err(error))),
        Job::Scrub { reply } => drop(reply.send(Err(error))),
    }
}
