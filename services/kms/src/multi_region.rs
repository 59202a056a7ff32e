//! Multi-Region keys: what related keys share, and how a change of the primary reaches its replicas.
//!
//! Every related key is whole in its own Region: record, policy and material, wrapped under the domain key of that Region. So
//! a replica works without its primary, and what they share is copied in the commit that changes it.

use std::collections::BTreeSet;

use claviger_pipeline::{Internal, ServiceEvent, System, internal};
use claviger_shapes::kms::{
    MultiRegionConfiguration, MultiRegionKey, MultiRegionKeyType, UnsupportedOperationException,
};
use claviger_store::{Batch, Records, Stored};
use claviger_wire::arn::partition_of;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::backing::Backing;
use crate::imported::{Held, ImportedMaterial};
use crate::key::{KEY_TYPE, Key, key_arn};
use crate::record::{KeyRecord, MaterialRecord, key_path, material_path};

/// How long a new replica is `Creating`, and both keys of a promotion are `Updating`: seconds at AWS; clients poll.
pub(crate) const TRANSITION: SignedDuration = SignedDuration::from_millis(500);

/// A key's place among its related keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MultiRegion {
    /// The Region of the primary key.
    pub primary: String,
    /// The Regions of the replicas.
    pub replicas: BTreeSet<String>,
}

impl MultiRegion {
    /// A new primary key without replicas.
    pub fn new(region: &str) -> Self {
        Self { primary: region.to_owned(), replicas: BTreeSet::new() }
    }

    /// Every Region with a related key.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.primary).chain(&self.replicas).map(String::as_str)
    }
}

impl KeyRecord {
    /// Its role; `None` for a single-Region key.
    pub fn multi_region_type(&self) -> Option<MultiRegionKeyType> {
        let primary = &self.multi_region.as_ref()?.primary;
        Some(if *primary == self.region { MultiRegionKeyType::Primary } else { MultiRegionKeyType::Replica })
    }

    /// Whether another key is its primary.
    pub fn is_replica(&self) -> bool {
        self.multi_region_type() == Some(MultiRegionKeyType::Replica)
    }

    /// The ARN of the related key in `region`, or of this one.
    pub fn arn_in(&self, region: &str) -> String {
        key_arn(partition_of(region), region, &self.account, &self.key_id)
    }

    /// Roles and Regions as the API shows them.
    pub fn multi_region_configuration(&self) -> Option<MultiRegionConfiguration> {
        let set = self.multi_region.as_ref()?;
        let key = |region: &String| MultiRegionKey { arn: Some(self.arn_in(region)), region: Some(region.clone()) };
        Some(MultiRegionConfiguration {
            multi_region_key_type: self.multi_region_type(),
            primary_key: Some(key(&set.primary)),
            replica_keys: Some(set.replicas.iter().map(key).collect()),
        })
    }

    /// Takes over what related keys share: roles, rotation, which material there is and which of it is current. Whether
    /// imported bytes are here, and for how long, stays this key's own.
    pub(crate) fn follow(&mut self, primary: &KeyRecord) {
        self.multi_region.clone_from(&primary.multi_region);
        self.rotation.clone_from(&primary.rotation);
        self.current_material = primary.current_material;
        self.materials = primary.materials;
        let shared = primary.imports.iter().map(|theirs| {
            let (held, valid_to) = self.import(&theirs.id).map_or((Held::Absent, None), |own| (own.held, own.valid_to));
            ImportedMaterial { held, valid_to, ..theirs.clone() }
        });
        self.imports = shared.collect();
    }
}

impl Key {
    /// Refuses replicas, for operations that are the primary's.
    pub(crate) fn require_not_replica<E: From<UnsupportedOperationException>>(&self, operation: &str) -> Result<(), E> {
        if !self.record.is_replica() {
            return Ok(());
        }
        let arn = &self.arn;
        let text = format!("{arn} is a multi-region replica key which is not valid for {operation}.");
        Err(UnsupportedOperationException::new(text).into())
    }
}

/// The related keys in other Regions, as stored now.
pub(crate) async fn related(system: &System, record: &KeyRecord) -> Result<Vec<Stored<KeyRecord>>, Internal> {
    let mut related = Vec::new();
    for region in record.multi_region.iter().flat_map(MultiRegion::regions).filter(|region| *region != record.region) {
        let path = key_path(&record.account, region, &record.key_id);
        let stored = system.store.load::<KeyRecord>(&path).await.map_err(internal)?;
        related.push(stored.ok_or_else(|| internal(format!("{path} is gone, and its related keys do not know")))?);
    }
    Ok(related)
}

/// Brings what related keys share to the others of them, in the batch that changes `primary`. Material that the primary no
/// longer knows is removed everywhere.
pub(crate) fn share(primary: &KeyRecord, related: Vec<Stored<KeyRecord>>, batch: &mut Batch) {
    for Stored { record: mut replica, version } in related {
        let before = replica.imports.clone();
        replica.follow(primary);
        let path = key_path(&replica.account, &replica.region, &replica.key_id);
        for gone in before.iter().filter(|material| replica.import(&material.id).is_none()) {
            batch.remove::<MaterialRecord>(material_path(&path, &gone.id), None);
        }
        batch.update(version, &replica);
    }
}

/// Adds the material rows of `key` to `batch` for the Region of `replica`, wrapped under that Region's domain key.
pub(crate) async fn copy_materials(
    system: &System,
    key: &Key,
    replica: &KeyRecord,
    batch: &mut Batch,
) -> Result<(), Internal> {
    let (account, kind) = (&*replica.account, key.kind()?);
    let from = system.vault.domain(&*system.store, account, &key.record.region).await.map_err(internal)?;
    let to = system.vault.domain(&*system.store, account, &replica.region).await.map_err(internal)?;
    let path = key_path(account, &replica.region, &replica.key_id);
    let rows = system.store.all::<MaterialRecord>(Some("by_key"), &format!("{}/", key.path)).await.map_err(internal)?;
    for row in rows {
        let material = row.record;
        let backing = Backing::unwrap(&from, kind, &replica.key_id, &material.material_id, &material.wrapped)?;
        let wrapped = backing.wrap(&to, &replica.key_id)?;
        batch.insert(&MaterialRecord { key: path.clone(), wrapped, ..material });
    }
    Ok(())
}

/// The record of a replica being brought up to its primary.
pub(crate) fn synchronized(replica: &KeyRecord, time: Timestamp) -> claviger_pipeline::Written {
    let arn = replica.arn_in(&replica.region);
    ServiceEvent {
        source: crate::EVENT_SOURCE,
        name: "SynchronizeMultiRegionKey",
        account: &replica.account,
        region: &replica.region,
        resource: (&arn, KEY_TYPE),
        details: serde_json::json!({ "keyId": arn }),
        time,
    }
    .write()
}
