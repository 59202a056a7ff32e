//! When access keys and roles were last used.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use claviger_store::{Batch, Record, Records, Space};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::system::System;
use crate::{Internal, internal};

/// Last uses by access key id or role id.
pub static LAST_USES: Space = Space { name: "last_uses", indexes: &[], sealed: true };

/// Uses stored in one commit.
const FLUSH_MAX: usize = 500;

/// The last use of an access key or a role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LastUse {
    /// Access key id or role id.
    pub id: String,
    /// When.
    pub time: Timestamp,
    /// Signing name of the service.
    pub service: String,
    /// Region.
    pub region: String,
}

impl Record for LastUse {
    const SPACE: &'static Space = &LAST_USES;
    fn id(&self) -> String {
        self.id.clone()
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// Uses not yet stored: a call must not wait for the disk to note that it was made.
#[derive(Default)]
pub(super) struct Fresh(Mutex<HashMap<String, LastUse>>);

impl Fresh {
    pub(super) fn note(&self, used: LastUse) {
        let mut fresh = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newer = fresh.get(&used.id).is_none_or(|known| known.time <= used.time);
        if newer {
            fresh.insert(used.id.clone(), used);
        }
    }

    fn get(&self, id: &str) -> Option<LastUse> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn take(&self) -> Vec<LastUse> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_values().collect()
    }
}

impl System {
    /// The last use of an access key or a role, stored or not yet.
    pub async fn last_use(&self, id: &str) -> Result<Option<LastUse>, Internal> {
        self.credentials.drain();
        if let Some(used) = self.credentials.fresh.get(id) {
            return Ok(Some(used));
        }
        Ok(self.store.load::<LastUse>(id).await.map_err(internal)?.map(|stored| stored.record))
    }

    /// Stores the uses noted since the last time.
    pub async fn flush_last_uses(&self) -> Result<(), Internal> {
        self.credentials.drain();
        let uses = self.credentials.fresh.take();
        for chunk in uses.chunks(FLUSH_MAX) {
            let mut batch = Batch::default();
            chunk.iter().for_each(|used| batch.put(used));
            if let Err(error) = self.commit(batch).await {
                chunk.iter().for_each(|used| self.credentials.fresh.note(used.clone()));
                return Err(internal(error));
            }
        }
        Ok(())
    }
}
