//! What keys do by themselves: rotate when it is time, and cease to exist after the waiting period.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use claviger_crypto::material::KeyMaterial;
use claviger_pipeline::worker::{Worker, WorkerError};
use claviger_pipeline::{Internal, RecordError, ServiceEvent, System, internal};
use claviger_shapes::kms::RotationType;
use claviger_store::{Batch, CommitError, Record, Records, Stored};
use claviger_wire::arn::partition_of;
use jiff::Timestamp;

use crate::backing::Backing;
use crate::grant::GrantRecord;
use crate::imported::Held;
use crate::key::{KEY_TYPE, key_arn};
use crate::record::{
    AliasRecord, Deletion, KeyRecord, MaterialRecord, Rotated, UseRecord, key_path, material_path, time_key,
};
use crate::rotation::{self, days_after};
use crate::{EVENT_SOURCE, Kms, multi_region};

/// Keys handled between two looks at the clock.
const PAGE: usize = 100;

/// Does what is due; finds it by an index, so that a hundred thousand idle keys cost nothing.
pub struct KeyWorker {
    kms: Arc<Kms>,
}

impl KeyWorker {
    /// The worker of one service.
    pub fn new(kms: Arc<Kms>) -> Self {
        Self { kms }
    }
}

impl Worker for KeyWorker {
    fn name(&self) -> &'static str {
        "kms"
    }

    fn run<'a>(&'a self, system: &'a System) -> Pin<Box<dyn Future<Output = Result<(), WorkerError>> + Send + 'a>> {
        Box::pin(async move {
            self.kms.keys.uses.flush(system).await.map_err(|error| WorkerError(error.to_string()))?;
            loop {
                // Read anew: the index knows milliseconds, so what it lists may be due only later in this one.
                let now = system.clock.now();
                let due = time_key(now);
                let page = system.store.list::<KeyRecord>(Some("due"), "", Some(&due), None, PAGE).await;
                let (keys, _) = page.map_err(|error| WorkerError(error.to_string()))?;
                if keys.is_empty() {
                    break;
                }
                for key in keys {
                    self.kms.work(system, key, now).await.map_err(|error| WorkerError(error.to_string()))?;
                }
            }
            self.kms.scrub(system).await.map_err(|error| WorkerError(error.to_string()))
        })
    }
}

impl Kms {
    async fn work(&self, system: &System, key: Stored<KeyRecord>, now: Timestamp) -> Result<(), Internal> {
        let record = &key.record;
        let outcome = if record.deletion.as_ref().and_then(Deletion::date).is_some_and(|date| date <= now) {
            self.delete(system, &key, now).await
        } else if record.transition.as_ref().is_some_and(|transition| transition.until() <= now) {
            self.settle(system, key, now).await
        } else if record.next_expiry().is_some_and(|date| date <= now) {
            self.expire(system, key, now).await
        } else {
            self.rotate_due(system, key, now).await
        };
        match outcome {
            // Somebody changed the key meanwhile; the next look sees it as it is now.
            Err(RecordError::Commit(CommitError::Conflict { .. })) => Ok(()),
            outcome => outcome.map_err(internal),
        }
    }

    /// A new replica, or a promoted key, is ready.
    async fn settle(&self, system: &System, key: Stored<KeyRecord>, now: Timestamp) -> Result<(), RecordError> {
        let Stored { mut record, version } = key;
        record.transition = None;
        let mut batch = Batch::default();
        batch.update(version, &record);
        let events: &[_] = if record.is_replica() { &[multi_region::synchronized(&record, now)] } else { &[] };
        system.commit_recorded(batch, events).await
    }

    /// Imported material reached its `ValidTo`: the bytes go, and what was known of them stays.
    async fn expire(&self, system: &System, key: Stored<KeyRecord>, now: Timestamp) -> Result<(), RecordError> {
        let Stored { mut record, version } = key;
        let path = record.id();
        let arn = arn_of(&record);
        let (mut batch, mut expired) = (Batch::default(), Vec::new());
        for material in record.imports.iter_mut().filter(|material| material.held == Held::Present) {
            if material.valid_to.is_some_and(|date| date <= now) {
                material.held = Held::Expired;
                batch.remove::<MaterialRecord>(material_path(&path, &material.id), None);
                expired.push((material.id, material.valid_to.unwrap_or(now)));
            }
        }
        batch.update(version, &record);
        let events: Vec<_> = expired
            .into_iter()
            .map(|(id, date)| {
                let details = serde_json::json!({ "keyId": arn, "keyMaterialId": id.to_string() });
                event(&record, &arn, "DeleteExpiredKeyMaterial", details, date).write()
            })
            .collect();
        self.scrub_soon();
        system.commit_recorded(batch, &events).await
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
        let rotated = Rotated::new(date, kind);
        let mut batch = Batch::default();
        let mut related = multi_region::related(system, &record).await?;
        if record.is_external() {
            // Material that was staged when rotation was asked for may be gone by now: then the request ends quietly.
            if let Some(id) = record.staged_import().map(|staged| staged.id) {
                if let Some(staged) = record.import_mut(&id) {
                    staged.rotated = Some(rotated);
                }
                record.current_material = Some(id);
            }
        } else {
            let material = Backing::Symmetric(KeyMaterial::generate());
            let id = material.id(&record.key_id);
            for key in related.iter_mut().map(|key| &mut key.record).chain([&mut record]) {
                let domain = system.vault.domain(&*system.store, &key.account, &key.region).await.map_err(internal)?;
                let wrapped = material.wrap(&domain, &key.key_id)?;
                rotation::add(key, id, wrapped, Some(rotated.clone()), &mut batch);
            }
        }
        batch.update(version, &record);
        let mut events = Vec::new();
        for replica in &mut related {
            replica.record.follow(&record);
            batch.update(replica.version, &replica.record);
            events.push(multi_region::synchronized(&replica.record, date));
        }
        if record.current_material != previous {
            let arn = arn_of(&record);
            let details = serde_json::json!({
                "keyId": arn,
                "rotationType": kind.as_str(),
                "keyOrigin": record.origin,
                "previousKeyMaterialId": previous.map(|id| id.to_string()),
                "currentKeyMaterialId": record.current_material.map(|id| id.to_string()),
            });
            events.insert(0, event(&record, &arn, "RotateKey", details, date).write());
        }
        system.commit_recorded(batch, &events).await
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
        self.leave(system, record, now, &mut batch).await?;
        self.scrub_soon();
        self.keys.uses.forget(&path);
        let arn = arn_of(record);
        let event = event(record, &arn, "DeleteKey", serde_json::json!({ "keyId": arn }), now).write();
        system.commit_recorded(batch, &[event]).await
    }
}

impl Kms {
    /// Tells related keys that a replica is gone. A primary that waited for it now has its own waiting period.
    async fn leave(
        &self,
        system: &System,
        replica: &KeyRecord,
        now: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), Internal> {
        for Stored { mut record, version } in multi_region::related(system, replica).await? {
            let Some(set) = &mut record.multi_region else { continue };
            set.replicas.remove(&replica.region);
            if let (true, Some(Deletion::AfterReplicas { window_days })) = (set.replicas.is_empty(), &record.deletion) {
                record.deletion = Some(Deletion::Due { date: days_after(now, *window_days) });
            }
            batch.update(version, &record);
        }
        Ok(())
    }

    /// Key material was removed: its bytes must not stay in free pages or logs of the engine either.
    pub(crate) fn scrub_soon(&self) {
        self.scrub_due.store(true, Ordering::Relaxed);
    }

    async fn scrub(&self, system: &System) -> Result<(), Internal> {
        if self.scrub_due.swap(false, Ordering::Relaxed)
            && let Err(error) = system.store.scrub().await
        {
            self.scrub_soon();
            return Err(internal(error));
        }
        Ok(())
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
