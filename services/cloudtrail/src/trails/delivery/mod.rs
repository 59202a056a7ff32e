//! Delivery: what the audit log has for a trail becomes log files, and log files become digests.
//!
//! A delivery is one run of a trail. Its record says how far it is ([`DeliveryRecord::cursor`]) and, while files are
//! being written, everything that decides what is in them ([`Pending`](super::record::Pending)). A process that dies in
//! between is followed by one that writes the same files under the same names: nothing is lost, nothing is there twice.
//!
//! Only records that are on the disk are delivered, so that a power failure cannot leave a file that tells of more than
//! the audit log does.

mod digests;
mod files;
mod run;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use claviger_pipeline::worker::{Worker, WorkerError};
use claviger_pipeline::{Cx, System, internal};
use claviger_shapes::InternalFailure;
use claviger_store::{Batch, Records};
use jiff::{SignedDuration, Timestamp};

use super::record::{Chain, DeliveryRecord, End, StatusRecord, TrailRecord, delivery_id};
use crate::CloudTrail;
use run::Run;

/// How often log files are written.
const PERIOD: SignedDuration = SignedDuration::from_mins(5);
/// The span of a digest.
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// After a failure nothing is tried for this long.
const RETRY: SignedDuration = SignedDuration::from_secs(60);
/// A trail that was stopped is finished this much later: records of calls that were being answered reach the log first.
const SETTLE: SignedDuration = SignedDuration::from_secs(2);
/// A stopped trail whose bucket takes nothing is given up after this time.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// Begins a delivery of what comes after this call; its id.
pub(crate) async fn begin(
    cx: Cx<'_, CloudTrail>,
    trail: &TrailRecord,
    batch: &mut Batch,
) -> Result<String, InternalFailure> {
    let now = cx.call.now;
    let delivery = DeliveryRecord {
        trail: claviger_store::Record::id(trail),
        id: uuid::Uuid::new_v4().simple().to_string(),
        cursor: cx.system.log.head().sequence,
        started: now,
        due: later(now, PERIOD),
        retry: None,
        pending: None,
        chains: trail.validation.then(|| (trail.region.clone(), new_chain(now))).into_iter().collect(),
        end: None,
    };
    batch.insert(&delivery);
    note(cx, &delivery.trail, batch, |status| status.started = Some(now)).await?;
    Ok(delivery.id)
}

/// Ends the delivery of a trail, if there is one, with this call.
pub(crate) async fn end(cx: Cx<'_, CloudTrail>, trail: &TrailRecord, batch: &mut Batch) -> Result<(), InternalFailure> {
    let Some(id) = &trail.delivery else { return Ok(()) };
    let id = delivery_id(&claviger_store::Record::id(trail), id);
    if let Some(mut stored) = cx.system.store.load::<DeliveryRecord>(&id).await.map_err(internal)? {
        stored.record.end = Some(End { at: cx.call.now, trail: trail.clone() });
        stored.record.retry = None;
        batch.update(stored.version, &stored.record);
    }
    Ok(())
}

/// Notes the time of a StopLogging.
pub(crate) async fn note_stop(
    cx: Cx<'_, CloudTrail>,
    trail: &TrailRecord,
    batch: &mut Batch,
) -> Result<(), InternalFailure> {
    let now = cx.call.now;
    note(cx, &claviger_store::Record::id(trail), batch, |status| status.stopped = Some(now)).await
}

async fn note(
    cx: Cx<'_, CloudTrail>,
    trail: &str,
    batch: &mut Batch,
    change: impl FnOnce(&mut StatusRecord),
) -> Result<(), InternalFailure> {
    match cx.system.store.load::<StatusRecord>(trail).await.map_err(internal)? {
        Some(mut stored) => {
            change(&mut stored.record);
            batch.update(stored.version, &stored.record);
        }
        None => {
            let mut status = StatusRecord { trail: trail.to_owned(), ..StatusRecord::default() };
            change(&mut status);
            batch.insert(&status);
        }
    }
    Ok(())
}

/// The first hour of a chain of digests. Digests count whole seconds.
fn new_chain(from: Timestamp) -> Chain {
    Chain { start: second(from), previous: None, logs: Vec::new() }
}

fn second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Delivers what is due.
pub struct TrailWorker {
    cloudtrail: Arc<CloudTrail>,
}

impl TrailWorker {
    /// The worker of one service.
    pub fn new(cloudtrail: Arc<CloudTrail>) -> Self {
        Self { cloudtrail }
    }
}

impl Worker for TrailWorker {
    fn name(&self) -> &'static str {
        "trails"
    }

    fn run<'a>(&'a self, system: &'a System) -> Pin<Box<dyn Future<Output = Result<(), WorkerError>> + Send + 'a>> {
        Box::pin(async move {
            let trails = &self.cloudtrail.trails;
            let Some(sink) = trails.sink() else { return Ok(()) };
            let deliveries = system.store.all::<DeliveryRecord>(None, "").await;
            let mut failed = Ok(());
            for delivery in deliveries.map_err(|error| WorkerError(error.to_string()))? {
                // One trail's trouble is not another's.
                if let Err(error) = Run::attend(system, &**sink, &trails.keys, delivery).await {
                    failed = Err(WorkerError(error.to_string()));
                }
            }
            failed
        })
    }
}
