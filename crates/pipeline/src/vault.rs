//! The upper half of the key hierarchy: the root key and the domain keys it wraps.

use std::sync::{Arc, PoisonError, RwLock};

use claviger_crypto::hierarchy::{DomainKey, RootKey, WrappedKey};
use claviger_crypto::seals::SealSet;
use claviger_store::{Batch, CommitError, Record, Records, Space, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::cache::LoadCache;
use crate::call::home;

/// Seals and wrapped keys: what must be readable before the root key is in hand. Everything here is wrapped on its own.
pub static BOOTSTRAP: Space = Space { name: "bootstrap", indexes: &[], sealed: false };

const DOMAINS_CACHED_MAX: u64 = 4096;

/// The sealed root key and the installation's identity; one record.
#[derive(Clone, Serialize, Deserialize)]
pub struct Foundation {
    /// Identifies this installation; bound into the audit chain.
    pub installation: String,
    /// The account given at initialisation.
    pub account: String,
    /// Every way to obtain the root key.
    pub seals: SealSet,
    /// The record-sealing key, wrapped by the root key.
    pub store_key: WrappedKey,
}

impl Record for Foundation {
    const SPACE: &'static Space = &BOOTSTRAP;
    fn id(&self) -> String {
        "foundation".to_owned()
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// One (account, Region)'s domain key, wrapped by the root key.
#[derive(Serialize, Deserialize)]
pub struct DomainRecord {
    account: String,
    region: String,
    key: WrappedKey,
}

impl Record for DomainRecord {
    const SPACE: &'static Space = &BOOTSTRAP;
    fn id(&self) -> String {
        domain_id(&self.account, &self.region)
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

const DOMAIN_PREFIX: &str = "domain/";

fn domain_id(account: &str, region: &str) -> String {
    format!("{DOMAIN_PREFIX}{}", home(account, region))
}

/// Why a domain key is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The wrapped key does not open under this root key: the data and the root key do not belong together, or the
    /// record was changed.
    #[error("the domain key of {0} does not open under the root key")]
    Unwrap(String),
    /// The key could not be written.
    #[error("a new domain key could not be stored: {0}")]
    Commit(#[from] CommitError),
}

/// Hands out domain keys; makes one when an (account, Region) is first used.
pub struct Vault {
    root: RwLock<Arc<RootKey>>,
    domains: LoadCache<String, Arc<DomainKey>>,
}

impl Vault {
    /// Opens the hierarchy under `root`.
    pub fn new(root: RootKey) -> Self {
        Self { root: RwLock::new(Arc::new(root)), domains: LoadCache::new(DOMAINS_CACHED_MAX) }
    }

    /// The root key in force.
    pub fn root(&self) -> Arc<RootKey> {
        Arc::clone(&self.root.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The domain key of an (account, Region), made on first use.
    pub async fn domain(&self, store: &dyn Store, account: &str, region: &str) -> Result<Arc<DomainKey>, VaultError> {
        let id = domain_id(account, region);
        if let Some(key) = self.domains.get(&id) {
            return Ok(key);
        }
        loop {
            let root = self.root();
            let load = async {
                let Some(stored) = store.load::<DomainRecord>(&id).await? else { return Ok(None) };
                let key = root
                    .unwrap_domain(account, region, &stored.record.key)
                    .map_err(|_| VaultError::Unwrap(home(account, region)))?;
                Ok::<_, VaultError>(Some(Arc::new(key)))
            };
            if let Some(key) = self.domains.get_or_load(id.clone(), load).await? {
                return Ok(key);
            }
            let (_, wrapped) = root.new_domain(account, region);
            let mut batch = Batch::default();
            batch.insert(&DomainRecord { account: account.into(), region: region.into(), key: wrapped });
            match store.commit(batch).await {
                // Another request may have made it first: either way it is read back from the store.
                Ok(_) | Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Replaces the root key: every domain key, the store key and every seal is wrapped anew, in one commit.
    /// The keys underneath do not change, so nothing needs to be encrypted again and nobody is interrupted.
    pub async fn rotate_root(&self, store: &dyn Store) -> Result<String, RotateRootError> {
        let old = self.root();
        let new = RootKey::generate();
        let mut batch = Batch::default();
        let mut foundation = store.load::<Foundation>("foundation").await?.ok_or(RotateRootError::NoFoundation)?;
        foundation.record.seals.rewrap(&old, &new).map_err(|error| RotateRootError::Seals(error.to_string()))?;
        foundation.record.store_key = old
            .rewrap_store_key(&new, &foundation.record.store_key)
            .map_err(|_| RotateRootError::Unwrap("the store key".to_owned()))?;
        batch.update(foundation.version, &foundation.record);
        let mut after = None;
        loop {
            let (rows, next) = store.list::<DomainRecord>(None, DOMAIN_PREFIX, None, after.as_deref(), 500).await?;
            for mut row in rows {
                row.record.key = old
                    .rewrap_domain(&new, &row.record.account, &row.record.region, &row.record.key)
                    .map_err(|_| RotateRootError::Unwrap(row.record.id()))?;
                batch.update(row.version, &row.record);
            }
            match next {
                Some(cursor) => after = Some(cursor),
                None => break,
            }
        }
        store.commit(batch).await?;
        let id = new.id();
        *self.root.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        self.domains.clear();
        Ok(id)
    }
}

/// Why the root key was not rotated; nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum RotateRootError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The batch was refused: a domain key was made meanwhile (try again), or the store failed.
    #[error("the re-wrapped keys could not be stored: {0}")]
    Commit(#[from] CommitError),
    /// The installation's foundation record is missing.
    #[error("the installation's foundation record is missing")]
    NoFoundation,
    /// A key does not open under the present root key.
    #[error("{0} does not open under the present root key")]
    Unwrap(String),
    /// A seal could not be re-wrapped.
    #[error("a seal could not be re-wrapped: {0}")]
    Seals(String),
}
