//! When each key was last used successfully.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use claviger_pipeline::{Call, Internal, System, internal};
use claviger_store::{Batch, Records};
use jiff::Timestamp;

use crate::key::Key;
use crate::record::UseRecord;

/// Uses stored in one commit.
const FLUSH_MAX: usize = 500;

#[derive(Clone)]
struct Use {
    operation: &'static str,
    time: Timestamp,
    event_id: Box<str>,
    request_id: Box<str>,
}

/// Uses since the last flush. A cryptographic call must not wait for the disk, so the last use is kept in memory and
/// stored by the worker; the audit log has every use in any case.
#[derive(Default)]
pub struct Uses {
    fresh: Mutex<HashMap<Arc<str>, Use>>,
}

impl Uses {
    /// Notes a successful use.
    pub fn mark(&self, key: &Key, operation: &'static str, call: &Call) {
        let used =
            Use { operation, time: call.now, event_id: call.event_id.clone(), request_id: call.request_id.clone() };
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        match fresh.get_mut(&key.path) {
            Some(known) => *known = used,
            None => {
                fresh.insert(Arc::clone(&key.path), used);
            }
        }
    }

    /// The last use of a key, stored or not yet.
    pub async fn last(&self, system: &System, path: &str) -> Result<Option<UseRecord>, Internal> {
        let fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        match fresh {
            Some(used) => Ok(Some(used.into_record(path))),
            None => Ok(system.store.load::<UseRecord>(path).await.map_err(internal)?.map(|stored| stored.record)),
        }
    }

    /// Stores what is fresh.
    pub async fn flush(&self, system: &System) -> Result<(), Internal> {
        let drained = std::mem::take(&mut *self.fresh.lock().unwrap_or_else(PoisonError::into_inner));
        let drained: Vec<_> = drained.into_iter().collect();
        for chunk in drained.chunks(FLUSH_MAX) {
            let mut batch = Batch::default();
            for (path, used) in chunk {
                batch.put(&used.clone().into_record(path));
            }
            if let Err(error) = system.commit(batch).await {
                self.put_back(chunk);
                return Err(internal(error));
            }
        }
        Ok(())
    }

    fn put_back(&self, chunk: &[(Arc<str>, Use)]) {
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        for (path, used) in chunk {
            fresh.entry(Arc::clone(path)).or_insert_with(|| used.clone());
        }
    }

    /// Forgets a deleted key.
    pub fn forget(&self, path: &str) {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
    }
}

impl Use {
    fn into_record(self, path: &str) -> UseRecord {
        UseRecord {
            key: path.to_owned(),
            operation: self.operation.to_owned(),
            time: self.time,
            event_id: self.event_id.into(),
            request_id: self.request_id.into(),
        }
    }
}
