//! What keys do by themselves: rotate when it is time, and cease to exist after the waiting period.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use claviger_pipeline::worker::{Worker, WorkerError};
use claviger_pipeline::{Internal, RecordError, ServiceEvent, System, internal};
use claviger_shapes::kms::RotationType;
use claviger_store::{Batch, CommitError, Record, Records, Stored};
use claviger_wire::arn::partition_of;
use jiff::Timestamp;

use crate::grant::GrantRecord;
use crate::key::{KEY_TYPE, key_arn};
use crate::record::{AliasRecord, KeyRecord, MaterialRecord, UseRecord, key_path, material_path, time_key};
use crate::rotation::{self, days_after};
use crate::{EVENT_SOURCE, Kms};

/// Keys handled between two looks at the clock.
const PAGE: usize = 100;

/// Does what is due; finds it by an index, so that a hundred thousand idle keys cost nothing.
pub struct KeyWorker {
    kms: Arc<Kms>,
    /// Keys were deleted whose bytes may still lie in the engine's files.
    scrub_due: AtomicBool,
}

impl KeyWorker {
    /// The worker of one service.
    pub fn new(kms: Arc<Kms>) -> Self {
        Self { kms, scrub_due: AtomicBool::new(false) }
    }
}

impl Worker for KeyWorker {
    fn name(&self) -> &'static str {
        "kms"
    }

    fn run<'a>(&'a self, system: &'a System) -> Pin<Box<dyn Future<Output = Result<(), WorkerError>> + Send + 'a>> {
        Box::pin(async move {
            self.kms.keys.uses.flush(system).await.map_err(|error| WorkerError(error.to_string()))?;
            let now = system.clock.now();
            loop {
                let due = time_key(now);
                let page = system.store.list::<KeyRecord>(Some("due"), "", Some(&due), None, PAGE).await;
                let (keys, _) = page.map_err(|error| WorkerError(error.to_string()))?;
                if keys.is_empty() {
                    break;
                }
                for key in keys {
                    if key.record.deletion.as_ref().is_some_and(|deletion| deletion.date <= now) {
                        self.scrub_due.store(true, Ordering::Relaxed);
                    }
                    self.kms.work(system, key, now).await.map_err(|error| WorkerError(error.to_string()))?;
                }
            }
            if self.scrub_due.load(Ordering::Relaxed) {
                // Deleted key material must not be found in free pages or logs of the engine either.
                system.store.scrub().await.map_err(|error| WorkerError(error.to_string()))?;
                self.scrub_due.store(false, Ordering::Relaxed);
            }
            Ok(())
        })
    }
}

impl Kms {
    async fn work(&self, system: &System, key: Stored<KeyRecord>, now: Timestamp) -> Result<(), Internal> {
        let outcome = match &key.record.deletion {
            Some(deletion) if deletion.date <= now => self.delete(system, &key, now).await,
            _ => self.rotate_due(system, key, now).await,
        };
        match outcome {
            // Somebody changed the key meanwhile; the next look sees it as it is now.
            Err(RecordError::Commit(CommitError::Conflict { .. })) => Ok(()),
            outcome => outcome.map_err(internal),
        }
    }

    async fn rotate_due(&self, system: &System, key: Stored<KeyRecord>, now: Timestamp) -> Result<(), RecordError> {
        let Stored { mut record, version } = key;
        let previous = record.current_material;
        let rotation = &mut record.rotation;
        let (kind, date) = match (rotation.on_demand_start.take(), rotation.next, rotation.period_days) {
            (Some(_), ..) => (RotationType::OnDemand, now),
            (None, Some(due), Some(period)) if due <= now => {
                rotation.next = Some(days_after(due, period));
                (RotationType::Automatic, due)
            }
            _ => return Ok(()),
        };
        let domain = system.vault.domain(&*system.store, &record.account, &record.region).await;
        let Ok(domain) = domain else {
            tracing::error!(key = record.key_id, "the domain key is not available; rotation waits");
            return Ok(());
        };
        let mut batch = Batch::default();
        rotation::rotate(&mut record, &domain, date, kind, &mut batch);
        batch.update(version, &record);
        let arn = arn_of(&record);
        let details = serde_json::json!({
            "keyId": arn,
            "rotationType": kind.as_str(),
            "keyOrigin": record.origin,
            "previousKeyMaterialId": previous.to_string(),
            "currentKeyMaterialId": record.current_material.to_string(),
        });
        let event = event(&record, &arn, "RotateKey", details, date).write();
        system.commit_recorded(batch, &[event]).await
    }

    /// The end of a key: its material, aliases, grants, tags and policy go with it, and nothing decrypts again.
    async fn delete(&self, system: &System, key: &Stored<KeyRecord>, now: Timestamp) -> Result<(), RecordError> {
        let record = &key.record;
        let path = key_path(&record.account, &record.region, &record.key_id);
        let prefix = format!("{path}/");
        let mut batch = Batch::default();
        batch.remove::<KeyRecord>(&path, Some(key.version));
        let mut after = None;
        loop {
            let (rows, next) =
                system.store.list::<MaterialRecord>(Some("by_key"), &prefix, None, after.as_deref(), 500).await?;
            for row in rows {
                batch.remove::<MaterialRecord>(&material_path(&path, &row.record.material_id), None);
            }
            match next {
                Some(cursor) => after = Some(cursor),
                None => break,
            }
        }
        let (aliases, _) = system.store.list::<AliasRecord>(Some("by_key"), &prefix, None, None, 1000).await?;
        for alias in aliases {
            batch.remove::<AliasRecord>(&alias.record.id(), None);
        }
        for grant in system.store.all::<GrantRecord>(None, &prefix).await? {
            batch.remove::<GrantRecord>(grant.record.id(), None);
        }
        batch.remove::<UseRecord>(&path, None);
        self.keys.uses.forget(&path);
        let arn = arn_of(record);
        let event = event(record, &arn, "DeleteKey", serde_json::json!({ "keyId": arn }), now).write();
        system.commit_recorded(batch, &[event]).await
    }
}

fn arn_of(record: &KeyRecord) -> String {
    key_arn(partition_of(&record.region), &record.region, &record.account, &record.key_id)
}

fn event<'a>(
    record: &'a KeyRecord,
    arn: &'a str,
    name: &'a str,
    details: serde_json::Value,
    time: Timestamp,
) -> ServiceEvent<'a> {
    let resource = (arn, KEY_TYPE);
    let (account, region) = (record.account.as_str(), record.region.as_str());
    ServiceEvent { source: EVENT_SOURCE, name, account, region, resource, details, time }
}
