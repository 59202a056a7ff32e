//! The keys digests are signed with: one for each account and Region, a new one every year. Old public keys stay.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use claviger_crypto::key_pair::PrivateKey;
use claviger_pipeline::{Internal, System, Work, internal, offload};
use claviger_store::{Batch, CommitError, Records, Stored};
use claviger_trail::{TRAIL_KEY_KIND, fingerprint, public_key};
use jiff::{SignedDuration, Timestamp};

use super::record::DigestKeyRecord;

/// How long new digests are signed with a key.
const VALIDITY: SignedDuration = SignedDuration::from_hours(365 * 24);
/// What private keys are bound to besides themselves.
const PURPOSE: &str = "cloudtrail-digests";

/// Private keys that were unwrapped, by fingerprint. A deployment has one for each account and Region with trails.
#[derive(Default)]
pub(crate) struct Keys(Mutex<HashMap<String, Arc<PrivateKey>>>);

/// The keys of an account and Region.
pub(crate) async fn all(
    system: &System,
    account: &str,
    region: &str,
) -> Result<Vec<Stored<DigestKeyRecord>>, Internal> {
    system.store.all::<DigestKeyRecord>(None, &format!("{account}/{region}/")).await.map_err(internal)
}

impl Keys {
    /// The key that signs a digest of this time; made if there is none. The same time always gives the same key.
    pub(crate) async fn signing(
        &self,
        system: &System,
        account: &str,
        region: &str,
        at: Timestamp,
    ) -> Result<Arc<PrivateKey>, Internal> {
        loop {
            let known = all(system, account, region).await?.into_iter().map(|key| key.record);
            let valid = known.filter(|key| key.start <= at && at < key.end).max_by_key(|key| key.start);
            match valid {
                Some(record) => return self.unwrap(system, record).await,
                None => make(system, account, region, at).await?,
            }
        }
    }

    async fn unwrap(&self, system: &System, record: DigestKeyRecord) -> Result<Arc<PrivateKey>, Internal> {
        if let Some(key) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&record.fingerprint) {
            return Ok(Arc::clone(key));
        }
        let domain = system.vault.domain(&*system.store, &record.account, &record.region).await.map_err(internal)?;
        let key = domain
            .unwrap_key_pair(PURPOSE, TRAIL_KEY_KIND, &record.material, &record.wrapped)
            .map_err(|_| internal(format!("the digest key {} does not open", record.fingerprint)))?;
        let key = Arc::new(key);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(record.fingerprint, Arc::clone(&key));
        Ok(key)
    }
}

async fn make(system: &System, account: &str, region: &str, at: Timestamp) -> Result<(), Internal> {
    // Rare, and all background work waits for it: on a busy machine the lane for RSA keys could take minutes.
    let made = offload(Work::Short, || PrivateKey::generate(TRAIL_KEY_KIND)).await?;
    let key = made.ok_or_else(|| internal("a key for digests could not be made"))?;
    let domain = system.vault.domain(&*system.store, account, region).await.map_err(internal)?;
    let unusable = || internal("a key for digests could not be encoded");
    let public = public_key(key.public_key()).ok_or_else(unusable)?;
    let record = DigestKeyRecord {
        account: account.to_owned(),
        region: region.to_owned(),
        fingerprint: fingerprint(&public),
        public,
        material: key.public_key().id(PURPOSE),
        wrapped: domain.wrap_key_pair(PURPOSE, &key).ok_or_else(unusable)?,
        start: at,
        end: at.checked_add(VALIDITY).map_err(internal)?,
    };
    let mut batch = Batch::default();
    batch.insert(&record);
    match system.commit(batch).await {
        Ok(()) | Err(CommitError::Conflict { .. }) => Ok(()),
        Err(error) => Err(internal(error)),
    }
}
