//! Whether there is room for more: the resource quotas.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use claviger_pipeline::{Limit, System, home};
use claviger_shapes::InternalFailure;
use claviger_shapes::kms::LimitExceededException;
use claviger_store::StoreError;

use crate::key::Key;
use crate::record::{ALIASES, KEYS};
use crate::{Kms, KmsCx, quotas};

/// How many customer-managed keys there are, by `ACCOUNT/REGION/`. Counted once in the store and then kept: a creation
/// must not cost a count.
#[derive(Default)]
pub(crate) struct Tallies(Mutex<HashMap<String, Tally>>);

#[derive(Default)]
struct Tally {
    keys: Option<u64>,
    /// Creations begun, and keys that changed or went.
    events: u64,
    /// The events there had been when the keys were counted: more since then may have made the tally too high.
    counted_at: Option<u64>,
}

/// What a tally says to one key more.
enum Room {
    Taken,
    /// Surely none: so many there are.
    None(u64),
    /// Perhaps: they must be counted.
    Unknown,
}

impl Tallies {
    /// A key changed, perhaps went.
    pub(crate) fn changed(&self, id: &str) {
        let Some(end) = id.rfind('/') else { return };
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tally) = tallies.get_mut(&id[..=end]) {
            tally.events += 1;
        }
    }

    fn take(&self, home: &str, limit: u64) -> Room {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Tally { keys: Some(keys), events, counted_at }) = tallies.get_mut(home) else { return Room::Unknown };
        if *keys < limit {
            *keys += 1;
            *events += 1;
            return Room::Taken;
        }
        if *counted_at == Some(*events) { Room::None(*keys) } else { Room::Unknown }
    }

    /// Counts in the store. A failed creation or a deletion may have left the tally too high.
    async fn count(&self, system: &System, home: &str) -> Result<u64, StoreError> {
        let before = {
            let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            tallies.entry(home.to_owned()).or_default().events
        };
        let all = system.store.count(&KEYS, home).await?;
        // Each AWS-managed key has its one alias of a reserved name from its first moment on.
        let managed = system.store.count(&ALIASES, &format!("{home}alias/aws/")).await?;
        let keys = all.saturating_sub(managed);
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = tallies.entry(home.to_owned()).or_default();
        (tally.keys, tally.counted_at) = (Some(keys), Some(before));
        Ok(keys)
    }
}

impl Kms {
    /// Makes sure of room for one customer-managed key more in an account and Region, when everything else is checked:
    /// the room counts as taken. Nobody is refused who was not counted against; creations under way together while the
    /// last room is counted may pass the quota by their number.
    pub(crate) async fn room_for_key<E>(&self, system: &System, account: &str, region: &str) -> Result<(), E>
    where
        E: From<LimitExceededException> + From<InternalFailure>,
    {
        let limit = system.quota_count(account, region, &quotas::KEYS).await.map_err(InternalFailure::new)?;
        let home = home(account, region);
        let there = match self.tallies.take(&home, limit) {
            Room::Taken => return Ok(()),
            Room::None(there) => there,
            Room::Unknown => {
                let there = self.tallies.count(system, &home).await.map_err(InternalFailure::new)?;
                if there < limit {
                    let _ = self.tallies.take(&home, limit);
                    return Ok(());
                }
                there
            }
        };
        // The text was recorded from the service.
        let text = format!("Key quota for this account in this region is {limit} but the current usage is {there}.");
        Err(LimitExceededException::new(text).into())
    }
}

/// What holds for the caller's account in the Region of the call.
pub(crate) async fn of_call(cx: KmsCx<'_>, limit: &Limit) -> Result<u64, InternalFailure> {
    cx.system.quota_count(cx.call.account(), &cx.call.region, limit).await.map_err(InternalFailure::new)
}

/// What holds for a key: its own account's quota, whoever calls.
pub(crate) async fn of_key(cx: KmsCx<'_>, key: &Key, limit: &Limit) -> Result<u64, InternalFailure> {
    let (account, region) = (&key.record.account, &key.record.region);
    cx.system.quota_count(account, region, limit).await.map_err(InternalFailure::new)
}
