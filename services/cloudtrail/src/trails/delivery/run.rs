//! One look at one delivery: what is due is done.

use std::io::ErrorKind;

use claviger_pipeline::{Internal, System, internal};
use claviger_store::{Batch, CommitError, Record, Records, Stored};
use claviger_trail::{Sink, SinkError};
use jiff::Timestamp;

use super::{PATIENCE, PERIOD, RETRY, SETTLE, files, later, new_chain};
use crate::trails::keys::Keys;
use crate::trails::record::{DeliveryRecord, Pending, StatusRecord, TrailRecord};

/// Bytes of records that go into the files of one step: what bounds memory when there is much to deliver.
const STEP_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Why a look at a delivery ended early.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Log files cannot be written.
    Files(SinkError),
    /// Digests cannot be written.
    Digests(SinkError),
    /// Somebody changed the trail meanwhile: the next look sees it as it is now.
    Changed,
    /// Anything else.
    Internal(Internal),
}

impl From<Internal> for Trouble {
    fn from(error: Internal) -> Self {
        Self::Internal(error)
    }
}

pub(super) struct Run<'a> {
    pub(super) system: &'a System,
    pub(super) sink: &'a dyn Sink,
    pub(super) keys: &'a Keys,
    pub(super) now: Timestamp,
    pub(super) delivery: DeliveryRecord,
    version: u64,
    /// None once the trail was deleted.
    pub(super) status: Option<Stored<StatusRecord>>,
    status_changed: bool,
    pub(super) trail: TrailRecord,
}

impl<'a> Run<'a> {
    /// Does what is due for a delivery. What goes wrong with its bucket is noted in the trail's status.
    pub(super) async fn attend(
        system: &'a System,
        sink: &'a dyn Sink,
        keys: &'a Keys,
        stored: Stored<DeliveryRecord>,
    ) -> Result<(), Internal> {
        let now = system.clock.now();
        let Stored { record: delivery, version } = stored;
        if delivery.retry.is_some_and(|retry| now < retry) {
            return Ok(());
        }
        let status = system.store.load::<StatusRecord>(&delivery.trail).await.map_err(internal)?;
        let trail = match &delivery.end {
            Some(end) => Some(end.trail.clone()),
            None => {
                system.store.load::<TrailRecord>(&delivery.trail).await.map_err(internal)?.map(|trail| trail.record)
            }
        };
        // The trail is being deleted: the end comes with the same commit.
        let Some(trail) = trail else { return Ok(()) };
        let mut run = Self { system, sink, keys, now, delivery, version, status, status_changed: false, trail };
        let outcome = match run.work().await {
            Err(Trouble::Files(error)) => run.note_failure(&error, false).await,
            Err(Trouble::Digests(error)) => run.note_failure(&error, true).await,
            outcome => outcome,
        };
        match outcome {
            Ok(()) | Err(Trouble::Changed) => Ok(()),
            Err(Trouble::Internal(error)) => Err(error),
            Err(Trouble::Files(error) | Trouble::Digests(error)) => Err(internal(error)),
        }
    }

    async fn work(&mut self) -> Result<(), Trouble> {
        if let Some(pending) = self.delivery.pending.clone() {
            let records = self.system.log.range(self.delivery.cursor + 1, pending.to, usize::MAX);
            self.write(&records.map_err(internal)?, &pending).await?;
        }
        self.write_digests().await?;
        let head = self.system.log.head().sequence;
        if head < self.delivery.cursor {
            tracing::error!(trail = self.trail.arn(), head, "the audit log ends before what was delivered of it");
            self.delivery.cursor = head;
            self.commit().await?;
        }
        let over = self.delivery.end.as_ref().is_some_and(|end| later(end.at, SETTLE) <= self.now);
        let due = self.delivery.due <= self.now && head > self.delivery.cursor;
        if over || due {
            self.deliver().await?;
        }
        if over { self.finish().await } else { Ok(()) }
    }

    /// Writes log files of everything the audit log has on the disk by now.
    async fn deliver(&mut self) -> Result<(), Trouble> {
        let up_to = self.system.log.anchor().sequence;
        while self.delivery.cursor < up_to {
            let records = self.system.log.range(self.delivery.cursor + 1, up_to, STEP_BYTES_MAX).map_err(internal)?;
            let pending = Pending {
                to: records.last().map_or(up_to, |record| record.sequence),
                time: self.now,
                trail: self.trail.clone(),
                until: self.delivery.end.as_ref().map(|end| end.at),
            };
            self.delivery.due = later(self.now, PERIOD);
            if files::build(&records, &pending, &self.seed()).is_empty() {
                self.delivery.cursor = pending.to;
                self.commit().await?;
            } else {
                self.delivery.pending = Some(pending.clone());
                self.commit().await?;
                self.write(&records, &pending).await?;
            }
        }
        Ok(())
    }

    /// Writes the files that were settled, and moves on.
    async fn write(&mut self, records: &[claviger_audit::StoredRecord], pending: &Pending) -> Result<(), Trouble> {
        let files = files::build(records, pending, &self.seed());
        for file in files.values() {
            self.sink.put(&pending.trail.bucket, &file.object).map_err(Trouble::Files)?;
        }
        for (region, file) in files {
            if pending.trail.validation {
                let chain = self.delivery.chains.entry(region).or_insert_with(|| new_chain(pending.time));
                chain.logs.push(file.entry);
            }
        }
        self.delivery.cursor = pending.to;
        self.delivery.pending = None;
        self.delivery.retry = None;
        let now = self.now;
        self.note(|status| {
            status.attempted = Some(now);
            status.delivered = Some(now);
            status.error = None;
        });
        self.commit().await
    }

    /// Names of files are made of what is settled with them.
    fn seed(&self) -> String {
        format!("{}/{}/{}", self.delivery.trail, self.delivery.id, self.delivery.cursor)
    }

    /// The last digests of a delivery that ended, and the end of its record.
    async fn finish(&mut self) -> Result<(), Trouble> {
        self.write_last_digests().await?;
        self.remove().await
    }

    async fn remove(&mut self) -> Result<(), Trouble> {
        let mut batch = Batch::default();
        batch.remove::<DeliveryRecord>(self.delivery.id(), Some(self.version));
        self.apply(batch).await
    }

    async fn note_failure(&mut self, error: &SinkError, digest: bool) -> Result<(), Trouble> {
        tracing::warn!(trail = self.trail.arn(), %error, "a trail could not be delivered; it will be tried again");
        let code = match error {
            SinkError::NoBucket => "NoSuchBucket",
            SinkError::Io(error) if error.kind() == ErrorKind::PermissionDenied => "AccessDenied",
            SinkError::BadKey => "InvalidArgument",
            SinkError::Io(_) => "InternalError",
        };
        let now = self.now;
        self.note(|status| {
            if digest {
                status.digest_error = Some(code.to_owned());
            } else {
                status.attempted = Some(now);
                status.error = Some(code.to_owned());
            }
        });
        if self.delivery.end.as_ref().is_some_and(|end| later(end.at, PATIENCE) <= self.now) {
            tracing::error!(trail = self.trail.arn(), "a stopped trail could not be delivered to its end");
            return self.remove().await;
        }
        self.delivery.retry = Some(later(self.now, RETRY));
        self.commit().await
    }

    pub(super) fn note(&mut self, change: impl FnOnce(&mut StatusRecord)) {
        if let Some(status) = &mut self.status {
            change(&mut status.record);
            self.status_changed = true;
        }
    }

    /// Stores how far the delivery is.
    pub(super) async fn commit(&mut self) -> Result<(), Trouble> {
        let mut batch = Batch::default();
        batch.update(self.version, &self.delivery);
        if let Some(status) = self.status.as_ref().filter(|_| self.status_changed) {
            batch.update(status.version, &status.record);
        }
        self.apply(batch).await?;
        // A put that replaces a version makes the next one.
        self.version += 1;
        if let Some(status) = self.status.as_mut().filter(|_| self.status_changed) {
            status.version += 1;
        }
        self.status_changed = false;
        Ok(())
    }

    async fn apply(&self, batch: Batch) -> Result<(), Trouble> {
        match self.system.commit(batch).await {
            Ok(()) => Ok(()),
            Err(CommitError::Conflict { .. }) => Err(Trouble::Changed),
            Err(error) => Err(Trouble::Internal(internal(error))),
        }
    }
}
