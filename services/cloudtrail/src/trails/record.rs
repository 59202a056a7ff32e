//! What is stored of trails.

use std::collections::BTreeMap;

use claviger_crypto::hierarchy::WrappedKey;
use claviger_crypto::material::KeyMaterialId;
use claviger_store::{Record, Space};
use claviger_trail::select::Selectors;
use claviger_trail::{Link, LogEntry};
use claviger_wire::arn::partition_of;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Trails, by `ACCOUNT/HOME-REGION/NAME`.
pub static TRAILS: Space = Space { name: "cloudtrail_trails", indexes: &[], sealed: true };
/// Deliveries under way, by `ACCOUNT/HOME-REGION/NAME/ID`: from one StartLogging to the StopLogging after it.
pub static DELIVERIES: Space = Space { name: "cloudtrail_deliveries", indexes: &[], sealed: true };
/// What came of deliveries, by the trail's id.
pub static STATUSES: Space = Space { name: "cloudtrail_statuses", indexes: &[], sealed: true };
/// Keys that sign digests, by `ACCOUNT/REGION/FINGERPRINT`. Kept when they are no longer used: old digests name them.
pub static DIGEST_KEYS: Space = Space { name: "cloudtrail_digest_keys", indexes: &[], sealed: true };
/// Whose a bucket is, by its name.
pub static BUCKETS: Space = Space { name: "cloudtrail_buckets", indexes: &[], sealed: true };

/// Every space of trails, for the engine that has to make tables.
pub static SPACES: [&Space; 5] = [&TRAILS, &DELIVERIES, &STATUSES, &DIGEST_KEYS, &BUCKETS];

/// A trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailRecord {
    /// Whose it is.
    pub account: String,
    /// The Region it was made in.
    pub region: String,
    /// Its name.
    pub name: String,
    /// Where files go.
    pub bucket: String,
    /// Before every key, without a slash at the end.
    pub prefix: Option<String>,
    /// Whether events of global services are delivered.
    pub global_events: bool,
    /// Whether events of all Regions are delivered.
    pub multi_region: bool,
    /// Whether digests are delivered.
    pub validation: bool,
    /// Which events are delivered; `None` until they are set: all management events.
    pub selectors: Option<Selectors>,
    /// Tags, by key.
    pub tags: BTreeMap<String, String>,
    /// The delivery under way; `None` while the trail does not log.
    pub delivery: Option<String>,
}

impl TrailRecord {
    /// `arn:P:cloudtrail:R:A:trail/NAME`
    pub fn arn(&self) -> String {
        trail_arn(&self.account, &self.region, &self.name)
    }
}

/// The ARN of a trail.
pub(crate) fn trail_arn(account: &str, region: &str, name: &str) -> String {
    format!("arn:{}:cloudtrail:{region}:{account}:trail/{name}", partition_of(region))
}

/// The id of a trail's record.
pub(crate) fn trail_id(account: &str, region: &str, name: &str) -> String {
    format!("{account}/{region}/{name}")
}

impl Record for TrailRecord {
    const SPACE: &'static Space = &TRAILS;
    fn id(&self) -> String {
        trail_id(&self.account, &self.region, &self.name)
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// One run of a trail, from StartLogging to StopLogging.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryRecord {
    /// The trail's record.
    pub trail: String,
    /// Tells the runs of a trail apart.
    pub id: String,
    /// Everything in the audit log up to this record is delivered, or was not meant to be.
    pub cursor: u64,
    /// When it began.
    pub started: Timestamp,
    /// When log files are written next.
    pub due: Timestamp,
    /// After a failure nothing is tried before this time.
    pub retry: Option<Timestamp>,
    /// Files that are being written: what an interrupted delivery goes on with.
    pub pending: Option<Pending>,
    /// Digests by Region.
    pub chains: BTreeMap<String, Chain>,
    /// The trail was stopped or deleted.
    pub end: Option<End>,
}

impl Record for DeliveryRecord {
    const SPACE: &'static Space = &DELIVERIES;
    fn id(&self) -> String {
        delivery_id(&self.trail, &self.id)
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// The id of a delivery's record.
pub(crate) fn delivery_id(trail: &str, id: &str) -> String {
    format!("{trail}/{id}")
}

/// Everything that decides what files are written, settled before the first of them is: they come out the same however
/// often they are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The last record of the audit log that goes into them.
    pub to: u64,
    /// The time in their names.
    pub time: Timestamp,
    /// The trail as it was.
    pub trail: TrailRecord,
    /// Later events are left out.
    pub until: Option<Timestamp>,
}

/// The digests of one Region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// The start of the hour under way.
    pub start: Timestamp,
    /// The digest before; `None` before the first.
    pub previous: Option<Link>,
    /// Log files delivered in this hour.
    pub logs: Vec<LogEntry>,
}

/// The end of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// When: later events are not delivered.
    pub at: Timestamp,
    /// The trail as it was.
    pub trail: TrailRecord,
}

/// What came of deliveries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRecord {
    /// The trail's record.
    pub trail: String,
    /// The last StartLogging.
    pub started: Option<Timestamp>,
    /// The last StopLogging.
    pub stopped: Option<Timestamp>,
    /// The last log file.
    pub delivered: Option<Timestamp>,
    /// The last attempt to write one.
    pub attempted: Option<Timestamp>,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// The last digest.
    pub digest_delivered: Option<Timestamp>,
    /// Why the last attempt to write one failed, if it did.
    pub digest_error: Option<String>,
}

impl Record for StatusRecord {
    const SPACE: &'static Space = &STATUSES;
    fn id(&self) -> String {
        self.trail.clone()
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// A key that signs, or signed, digests of one account and Region.
#[derive(Clone, Serialize, Deserialize)]
pub struct DigestKeyRecord {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// How digests name it.
    pub fingerprint: String,
    /// The public key in PKCS#1 DER.
    #[serde(with = "hex::serde")]
    pub public: Vec<u8>,
    /// The identifier the private key is bound to.
    pub material: KeyMaterialId,
    /// The private key, wrapped by the domain key.
    pub wrapped: WrappedKey,
    /// Digests from this time on are signed with it,
    pub start: Timestamp,
    /// up to this one.
    pub end: Timestamp,
}

impl Record for DigestKeyRecord {
    const SPACE: &'static Space = &DIGEST_KEYS;
    fn id(&self) -> String {
        format!("{}/{}/{}", self.account, self.region, self.fingerprint)
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// Whose a bucket is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BucketRecord {
    /// Its name.
    pub name: String,
    /// The account whose trail named it first. No other account's trails deliver to it, and nobody else reads it.
    pub owner: String,
    /// The Region of that trail.
    pub region: String,
}

impl Record for BucketRecord {
    const SPACE: &'static Space = &BUCKETS;
    fn id(&self) -> String {
        self.name.clone()
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
