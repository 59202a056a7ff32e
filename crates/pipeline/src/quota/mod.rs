//! Quotas: how much an account may have and how fast it may ask, in each Region.
//!
//! Three values in order of weight: the one Service Quotas applied to the account, the installation's setting, AWS's
//! value of today. Rates are enforced only where the installation says so; everything else always.

mod bucket;
mod limit;
mod toll;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::sync::Arc;

use claviger_shapes::{Fault, InternalFailure};
use claviger_store::{Record, Records, Space, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::{Call, Clock, LoadCache, System};
use bucket::{Bucket, Steady};
pub use limit::{Limit, Measure};
pub(crate) use toll::Toll;

/// Quotas applied to accounts, by `ACCOUNT/REGION/SERVICE/CODE`.
pub static QUOTAS: Space = Space { name: "quotas", indexes: &[], sealed: true };

/// Values and buckets held in memory. A bucket that falls out is full when it comes back.
const HELD_MAX: u64 = 100_000;

/// A value that Service Quotas applied to an account in a Region.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AppliedQuota {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// Service code.
    pub service: String,
    /// Quota code.
    pub code: String,
    /// The value.
    pub value: f64,
}

/// The id of an [`AppliedQuota`].
pub fn quota_path(account: &str, region: &str, limit: &Limit) -> String {
    format!("{}{}/{}", crate::home(account, region), limit.service, limit.code)
}

impl Record for AppliedQuota {
    const SPACE: &'static Space = &QUOTAS;
    fn id(&self) -> String {
        format!("{}{}/{}", crate::home(&self.account, &self.region), self.service, self.code)
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// The installation's own values.
#[derive(Clone, Debug, Default)]
pub struct QuotaSettings {
    /// Whether rates are limited, to AWS's values where nothing else is said.
    pub requests: bool,
    /// Values by service and quota code. A rate named here is enforced also while the others are not.
    pub values: HashMap<(&'static str, &'static str), f64>,
}

impl QuotaSettings {
    fn value(&self, limit: &Limit) -> Option<f64> {
        self.values.get(&(limit.service, limit.code)).copied()
    }
}

/// What holds for one quota of one account in one Region.
struct Applied {
    value: f64,
    bucket: Option<Bucket>,
}

/// The quotas of an installation.
pub struct Quotas {
    settings: QuotaSettings,
    /// Whether any rate is limited; the one thing looked at while none is.
    limits_rates: bool,
    clock: Steady,
    hasher: RandomState,
    applied: LoadCache<u64, Arc<Applied>>,
}

impl Quotas {
    pub(crate) fn new(settings: QuotaSettings, clock: Arc<Clock>) -> Self {
        Self {
            limits_rates: settings.requests || !settings.values.is_empty(),
            settings,
            clock: Steady(clock),
            hasher: RandomState::new(),
            applied: LoadCache::new(HELD_MAX),
        }
    }

    /// Forgets what a changed record says.
    pub(crate) fn changed(&self, id: &str) {
        if let [account, region, service, code] = id.split('/').collect::<Vec<_>>().as_slice() {
            self.applied.invalidate(&self.key(account, region, service, code));
        }
    }

    /// A number stands for the four names, so that looking one up allocates nothing. The hash is keyed: nobody can
    /// choose a Region whose number is another's.
    fn key(&self, account: &str, region: &str, service: &str, code: &str) -> u64 {
        self.hasher.hash_one((account, region, service, code))
    }

    fn is_enforced(&self, limit: &Limit) -> bool {
        self.settings.requests || self.settings.value(limit).is_some()
    }

    /// The installation's value, whatever was applied to accounts.
    fn base(&self, region: &str, limit: &Limit) -> f64 {
        self.settings.value(limit).unwrap_or_else(|| limit.default_in(region))
    }

    async fn applied(
        &self,
        store: &dyn Store,
        account: &str,
        region: &str,
        limit: &Limit,
    ) -> Result<Arc<Applied>, StoreError> {
        let key = self.key(account, region, limit.service, limit.code);
        if let Some(applied) = self.applied.get(&key) {
            return Ok(applied);
        }
        let load = async {
            let stored = store.load::<AppliedQuota>(&quota_path(account, region, limit)).await?;
            let value = stored.map_or_else(|| self.base(region, limit), |stored| stored.record.value);
            Ok(Some(self.begin(value, limit)))
        };
        let applied = self.applied.get_or_load_in_turn(key, load).await?;
        Ok(applied.unwrap_or_else(|| self.begin(self.base(region, limit), limit)))
    }

    fn begin(&self, value: f64, limit: &Limit) -> Arc<Applied> {
        let bucket = (limit.measure == Measure::Rate).then(|| Bucket::new(value, &self.clock));
        Arc::new(Applied { value, bucket })
    }
}

impl System {
    /// What holds for an account in a Region.
    pub async fn quota(&self, account: &str, region: &str, limit: &Limit) -> Result<f64, StoreError> {
        Ok(self.quotas.applied(&*self.store, account, region, limit).await?.value)
    }

    /// The same for what is counted: a fraction of a thing is none.
    pub async fn quota_count(&self, account: &str, region: &str, limit: &Limit) -> Result<u64, StoreError> {
        Ok(self.quota(account, region, limit).await? as u64)
    }

    /// Charges `requests` to each of the pools of the account that makes `call`, in `region`; or answers that there are
    /// not as many left.
    pub(crate) async fn admit(
        &self,
        call: &Call,
        region: &str,
        pools: impl IntoIterator<Item = &'static Limit>,
        requests: NonZeroU32,
        throttled: &Fault,
    ) -> Result<(), Fault> {
        if !self.quotas.limits_rates {
            return Ok(());
        }
        for limit in pools.into_iter().filter(|limit| self.quotas.is_enforced(limit)) {
            let applied = self.quotas.applied(&*self.store, call.account(), region, limit).await;
            let applied = applied.map_err(|error| Fault::from(InternalFailure::new(error)))?;
            let admitted = applied.bucket.as_ref().is_none_or(|bucket| bucket.take(requests));
            if !admitted {
                return Err(throttled.clone());
            }
        }
        Ok(())
    }
}
