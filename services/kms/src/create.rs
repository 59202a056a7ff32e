//! Making keys: by request, lazily for a service, and from a seed.

use std::collections::BTreeMap;

use claviger_crypto::hierarchy::DomainKey;
use claviger_crypto::material::KeyMaterial;
use claviger_pipeline::{Internal, RecordError, ServiceEvent, System, internal};
use claviger_shapes::kms::{KeySpec, KeyUsageType, OriginType};
use claviger_store::{Batch, CommitError};
use claviger_wire::arn::partition_of;
use jiff::Timestamp;

use crate::Kms;
use crate::backing::Backing;
use crate::key::{KEY_TYPE, key_arn};
use crate::multi_region::MultiRegion;
use crate::policy::{self, KeyPolicy};
use crate::record::{AliasRecord, KeyRecord, Manager, Rotation, alias_path};
use crate::rotation::{self, days_after};

/// Everything a new key is made of, besides its backing key.
pub struct NewKey {
    /// Owning account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Bare key id.
    pub key_id: String,
    /// Key spec; the backing key is of its kind.
    pub spec: KeySpec,
    /// Key usage; one of the spec's.
    pub usage: KeyUsageType,
    /// Description.
    pub description: String,
    /// The policy; already accepted.
    pub policy: KeyPolicy,
    /// Tags; already accepted.
    pub tags: BTreeMap<String, String>,
    /// Who manages it.
    pub manager: Manager,
    /// When.
    pub created: Timestamp,
    /// Days between automatic rotations, if they are on from the start.
    pub period_days: Option<i32>,
    /// Whether it can be used from the start.
    pub enabled: bool,
    /// Where the material comes from.
    pub origin: OriginType,
    /// Its place among related keys.
    pub multi_region: Option<MultiRegion>,
}

/// A fresh key id: a random UUID in lower case, for a multi-Region key without hyphens behind `mrk-`.
pub fn new_key_id(multi_region: bool) -> String {
    let id = uuid::Uuid::new_v4();
    if multi_region { format!("mrk-{}", id.simple()) } else { id.to_string() }
}

impl NewKey {
    /// The key's record without material, not yet in any batch.
    pub(crate) fn record(self) -> KeyRecord {
        KeyRecord {
            current_material: None,
            account: self.account,
            region: self.region,
            key_id: self.key_id,
            created: self.created,
            description: self.description,
            enabled: self.enabled,
            deletion: None,
            spec: self.spec.as_str().to_owned(),
            usage: self.usage.as_str().to_owned(),
            origin: self.origin.as_str().to_owned(),
            manager: self.manager,
            policy: self.policy.text,
            bound: self.policy.bound,
            tags: self.tags,
            materials: 0,
            rotation: Rotation {
                period_days: self.period_days,
                next: self.period_days.map(|days| days_after(self.created, days)),
                ..Rotation::default()
            },
            grants: 0,
            imports: Vec::new(),
            multi_region: self.multi_region,
            transition: None,
        }
    }

    /// The key's record and its first material, added to `batch`.
    pub fn add_to(self, batch: &mut Batch, domain: &DomainKey, backing: &Backing) -> Result<KeyRecord, Internal> {
        let mut record = self.record();
        let (id, wrapped) = (backing.id(&record.key_id), backing.wrap(domain, &record.key_id)?);
        rotation::add(&mut record, id, wrapped, None, batch);
        batch.insert(&record);
        Ok(record)
    }
}

/// Services with an AWS-managed key of their own: name in the alias, what the key protects.
pub const MANAGED: [(&str, &str); 12] = [
    ("dynamodb", "DynamoDB data"),
    ("ebs", "EBS volumes"),
    ("elasticfilesystem", "EFS filesystems"),
    ("kinesis", "Kinesis data"),
    ("lambda", "Lambda functions"),
    ("rds", "RDS database volumes"),
    ("redshift", "Redshift clusters"),
    ("s3", "S3 objects"),
    ("secretsmanager", "Secrets Manager data"),
    ("sns", "SNS data"),
    ("sqs", "SQS messages"),
    ("ssm", "SSM parameters"),
];

/// The service of an `alias/aws/SERVICE` name that may have an AWS-managed key.
pub fn managed_service(alias: &str) -> Option<(&'static str, &'static str)> {
    let service = alias.strip_prefix("alias/aws/")?;
    MANAGED.iter().find(|(name, _)| *name == service).copied()
}

impl Kms {
    /// Makes the AWS-managed key behind `alias/aws/SERVICE` unless it is there.
    pub async fn ensure_managed(
        &self,
        system: &System,
        account: &str,
        region: &str,
        alias: &str,
    ) -> Result<(), Internal> {
        let Some((service, protects)) = managed_service(alias) else { return Ok(()) };
        if self.alias_target(system, alias_path(account, region, alias)).await?.is_some() {
            return Ok(());
        }
        let now = system.clock.now();
        let partition = partition_of(region);
        let domain = system.vault.domain(&*system.store, account, region).await.map_err(internal)?;
        let key = NewKey {
            account: account.to_owned(),
            region: region.to_owned(),
            key_id: new_key_id(false),
            spec: KeySpec::SymmetricDefault,
            usage: KeyUsageType::EncryptDecrypt,
            description: format!("Default key that protects my {protects} when no other key is defined"),
            policy: policy::managed(partition, account, region, service).into(),
            tags: BTreeMap::new(),
            manager: Manager::Aws(service.to_owned()),
            created: now,
            period_days: Some(rotation::PERIOD_DAYS_DEFAULT),
            enabled: true,
            origin: OriginType::AwsKms,
            multi_region: None,
        };
        let arn = key_arn(partition, region, account, &key.key_id);
        let mut batch = Batch::default();
        let alias = AliasRecord {
            account: account.into(),
            region: region.into(),
            name: alias.into(),
            target: key.key_id.clone(),
            created: now,
            updated: now,
        };
        batch.insert(&alias);
        key.add_to(&mut batch, &domain, &Backing::Symmetric(KeyMaterial::generate()))?;
        let event = ServiceEvent {
            source: crate::EVENT_SOURCE,
            name: "CreateKey",
            account,
            region,
            resource: (&arn, KEY_TYPE),
            details: serde_json::json!({ "keyId": arn, "aliasName": alias.name }),
            time: now,
        };
        match system.commit_recorded(batch, &[event.write()]).await {
            // Another request made it first.
            Ok(()) | Err(RecordError::Commit(CommitError::Conflict { .. })) => Ok(()),
            Err(error) => Err(internal(error)),
        }
    }
}
