//! What is stored of keys, key material, aliases and use.

use std::collections::BTreeMap;

use claviger_crypto::hierarchy::WrappedKey;
use claviger_crypto::material::KeyMaterialId;
use claviger_pipeline::home;
use claviger_shapes::kms::{KeySpec, KeyState, KeyUsageType, OriginType, RotationType};
use claviger_store::{Record, Space};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::grant::record::GRANTS;
use crate::imported::ImportedMaterial;
use crate::multi_region::MultiRegion;

/// Keys, by `ACCOUNT/REGION/KEY-ID`. Index `due`: when background work on the key is next due.
pub static KEYS: Space = Space { name: "kms_keys", indexes: &["due"], sealed: true };
/// Key material, by `ACCOUNT/REGION/KEY-ID/MATERIAL-ID`. Index `by_key`: in order of creation.
pub static MATERIALS: Space = Space { name: "kms_materials", indexes: &["by_key"], sealed: true };
/// Aliases, by `ACCOUNT/REGION/alias/NAME`. Index `by_key`: the aliases of a key.
pub static ALIASES: Space = Space { name: "kms_aliases", indexes: &["by_key"], sealed: true };
/// The last successful cryptographic use of a key, by the key's id.
pub static USES: Space = Space { name: "kms_uses", indexes: &[], sealed: true };

/// Every space of this service, for the engine that has to make tables.
pub static SPACES: [&Space; 5] = [&KEYS, &MATERIALS, &ALIASES, &USES, &GRANTS];

/// Who manages a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Manager {
    /// The customer: everything is theirs to change.
    Customer,
    /// AWS, for one service (`ssm`): nothing can be changed by the customer.
    Aws(String),
}

/// A waiting period before deletion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Deletion {
    /// The key ceases to exist at a known time.
    Due {
        /// When.
        date: Timestamp,
    },
    /// A primary key that still has replicas: its own waiting period begins when the last of them is gone.
    AfterReplicas {
        /// Length of that period, in days.
        window_days: i32,
    },
}

impl Deletion {
    /// When the key ceases to exist, if that is known.
    pub fn date(&self) -> Option<Timestamp> {
        match self {
            Self::Due { date } => Some(*date),
            Self::AfterReplicas { .. } => None,
        }
    }
}

/// A state that passes by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transition {
    /// A replica that is being made.
    Creating {
        /// When it is done.
        until: Timestamp,
    },
    /// A primary key that was or becomes a replica, or the other way round.
    Updating {
        /// When it is done.
        until: Timestamp,
    },
}

impl Transition {
    /// When it is over.
    pub fn until(&self) -> Timestamp {
        match self {
            Self::Creating { until } | Self::Updating { until } => *until,
        }
    }
}

/// Rotation settings and counters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Days between automatic rotations (90-2560) while enabled.
    pub period_days: Option<i32>,
    /// When the next automatic rotation is due.
    pub next: Option<Timestamp>,
    /// When the on-demand rotation under way was asked for.
    pub on_demand_start: Option<Timestamp>,
    /// On-demand rotations asked for so far.
    pub on_demand_count: u32,
}

/// One KMS key in one Region.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Owning account.
    pub account: String,
    /// Home Region.
    pub region: String,
    /// Bare key id.
    pub key_id: String,
    /// When it was created.
    pub created: Timestamp,
    /// Free text, 0-8192 characters.
    pub description: String,
    /// Switched on by its manager.
    pub enabled: bool,
    /// Scheduled deletion.
    pub deletion: Option<Deletion>,
    /// Key spec; never changes.
    pub spec: String,
    /// Key usage; never changes.
    pub usage: String,
    /// Where the material came from; never changes.
    pub origin: String,
    /// Customer or AWS.
    pub manager: Manager,
    /// The key policy's text as put.
    pub policy: String,
    /// The principals the policy names, and the unique ids they had when it was put: it means them, and nobody who comes
    /// to the same name later.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bound: BTreeMap<String, String>,
    /// Tags, at most 50.
    pub tags: BTreeMap<String, String>,
    /// The material that encrypts, makes MACs or signs. `None` until material was imported for the first time; kept
    /// when imported material is deleted or expires.
    pub current_material: Option<KeyMaterialId>,
    /// Materials ever made for the key; numbers the next.
    pub materials: u64,
    /// Rotation.
    pub rotation: Rotation,
    /// Grants there are, at most 50,000. Written with every grant made or ended: the key changes with its grants, so
    /// neither the limit nor the key's deletion can be overtaken.
    #[serde(default)]
    pub grants: u32,
    /// What was imported, oldest first; empty unless the origin is `EXTERNAL`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<ImportedMaterial>,
    /// The related keys of a multi-Region key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_region: Option<MultiRegion>,
    /// A state that passes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transition: Option<Transition>,
}

impl KeyRecord {
    /// The key's state: follows from what is stored, is never stored itself.
    pub fn state(&self) -> KeyState {
        match (&self.deletion, &self.transition) {
            (Some(Deletion::Due { .. }), _) => KeyState::PendingDeletion,
            (Some(Deletion::AfterReplicas { .. }), _) => KeyState::PendingReplicaDeletion,
            (None, Some(Transition::Creating { .. })) => KeyState::Creating,
            (None, Some(Transition::Updating { .. })) => KeyState::Updating,
            (None, None) if self.lacks_material() => KeyState::PendingImport,
            (None, None) if self.enabled => KeyState::Enabled,
            (None, None) => KeyState::Disabled,
        }
    }

    /// When background work is next due: the deletion, the end of a transition, the end of imported material, a requested
    /// rotation, or - only while the key is enabled - the automatic one. Related keys rotate with their primary.
    pub fn due(&self) -> Option<Timestamp> {
        let deletion = self.deletion.as_ref().and_then(Deletion::date);
        let transition = self.transition.as_ref().map(Transition::until);
        let rotation = (!self.is_replica()).then_some(&self.rotation);
        let automatic = rotation.and_then(|rotation| rotation.next).filter(|_| self.state() == KeyState::Enabled);
        let on_demand = rotation.and_then(|rotation| rotation.on_demand_start);
        let on_demand = on_demand.and_then(|start| start.checked_add(crate::rotation::ON_DEMAND_DELAY).ok());
        [deletion, transition, self.next_expiry(), automatic, on_demand].into_iter().flatten().min()
    }

    /// Whether the material comes from outside.
    pub fn is_external(&self) -> bool {
        self.key_origin() == OriginType::External
    }

    /// The name under which the key policy's `kms:KeySpec` and the API know the spec.
    pub fn key_spec(&self) -> KeySpec {
        self.spec.parse().unwrap_or(KeySpec::SymmetricDefault)
    }

    /// Key usage.
    pub fn key_usage(&self) -> KeyUsageType {
        self.usage.parse().unwrap_or(KeyUsageType::EncryptDecrypt)
    }

    /// Origin.
    pub fn key_origin(&self) -> OriginType {
        self.origin.parse().unwrap_or(OriginType::AwsKms)
    }
}

/// `ACCOUNT/REGION/KEY-ID`.
pub fn key_path(account: &str, region: &str, key_id: &str) -> String {
    format!("{}{key_id}", home(account, region))
}

/// Index keys of times sort as text.
pub fn time_key(time: Timestamp) -> String {
    format!("{:020}", time.as_millisecond())
}

impl Record for KeyRecord {
    const SPACE: &'static Space = &KEYS;
    fn id(&self) -> String {
        key_path(&self.account, &self.region, &self.key_id)
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        self.due().map(|due| ("due", time_key(due))).into_iter().collect()
    }
}

/// How and when a material became the current one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotated {
    /// The date of the rotation.
    pub date: Timestamp,
    /// `AUTOMATIC` or `ON_DEMAND`.
    pub kind: String,
}

impl Rotated {
    /// A rotation at `date`.
    pub fn new(date: Timestamp, kind: RotationType) -> Self {
        Self { date, kind: kind.as_str().to_owned() }
    }
}

/// One backing key, wrapped by the domain key of its account and Region.
#[derive(Clone, Serialize, Deserialize)]
pub struct MaterialRecord {
    /// `ACCOUNT/REGION/KEY-ID` of its key.
    pub key: String,
    /// Its public identifier.
    pub material_id: KeyMaterialId,
    /// The wrapped bytes.
    pub wrapped: WrappedKey,
    /// Position among the key's materials, from 0.
    pub number: u64,
    /// The rotation that brought it; `None` for the first.
    pub rotated: Option<Rotated>,
}

/// `ACCOUNT/REGION/KEY-ID/MATERIAL-ID`.
pub fn material_path(key: &str, material_id: &KeyMaterialId) -> String {
    format!("{key}/{material_id}")
}

impl Record for MaterialRecord {
    const SPACE: &'static Space = &MATERIALS;
    fn id(&self) -> String {
        material_path(&self.key, &self.material_id)
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        vec![("by_key", format!("{}/{:010}", self.key, self.number))]
    }
}

/// One alias.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AliasRecord {
    /// Owning account.
    pub account: String,
    /// Region.
    pub region: String,
    /// `alias/NAME`.
    pub name: String,
    /// Bare id of the key it stands for.
    pub target: String,
    /// When the alias was created.
    pub created: Timestamp,
    /// When it was last associated with a key.
    pub updated: Timestamp,
}

/// `ACCOUNT/REGION/alias/NAME`.
pub fn alias_path(account: &str, region: &str, name: &str) -> String {
    format!("{}{name}", home(account, region))
}

impl Record for AliasRecord {
    const SPACE: &'static Space = &ALIASES;
    fn id(&self) -> String {
        alias_path(&self.account, &self.region, &self.name)
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        vec![("by_key", format!("{}/{}", key_path(&self.account, &self.region, &self.target), self.name))]
    }
}

/// The last successful cryptographic use of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseRecord {
    /// `ACCOUNT/REGION/KEY-ID`.
    pub key: String,
    /// The operation.
    pub operation: String,
    /// When.
    pub time: Timestamp,
    /// The audit record's event id.
    pub event_id: String,
    /// The request's id.
    pub request_id: String,
}

impl Record for UseRecord {
    const SPACE: &'static Space = &USES;
    fn id(&self) -> String {
        self.key.clone()
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
