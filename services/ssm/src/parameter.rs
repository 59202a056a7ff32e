//! Parameters in memory, and how they are shown.

use claviger_policy::Document;
use claviger_shapes::{SecretString, Timestamp, ssm};
use claviger_store::Stored;
use claviger_wire::arn::partition_of;

use crate::name;
use crate::policies::Policy;
use crate::record::{ParameterRecord, Version};
use crate::sharing::Sharing;

/// A stored parameter.
pub(crate) struct Parameter {
    /// What is stored.
    pub(crate) record: ParameterRecord,
    /// The stored version; changes are made against it.
    pub(crate) stored: u64,
    /// Its ARN.
    pub(crate) arn: String,
    /// Its resource policy, compiled.
    pub(crate) policy: Option<Document>,
}

impl Parameter {
    /// Makes one from its record.
    pub(crate) fn new(stored: Stored<ParameterRecord>) -> Self {
        let record = stored.record;
        let arn = name::arn(partition_of(&record.region), &record.region, &record.account, &record.path);
        let policy = record.sharing.as_ref().and_then(Sharing::compile);
        Self { record, stored: stored.version, arn, policy }
    }

    /// One version as readers get it. `name` and `suffix` as they asked.
    pub(crate) fn shown(
        &self,
        version: &Version,
        value: SecretString,
        name: String,
        suffix: Option<String>,
    ) -> ssm::Parameter {
        ssm::Parameter {
            name: Some(name),
            r#type: Some(version.kind.into()),
            value: Some(value),
            version: Some(version.version),
            selector: suffix,
            source_result: None,
            last_modified_date: Some(Timestamp(version.modified)),
            arn: Some(self.arn.clone()),
            data_type: Some(version.data_type.clone()),
        }
    }

    /// What there is to know of it besides its value.
    pub(crate) fn metadata(&self, name: String) -> ssm::ParameterMetadata {
        let current = &self.record.current;
        ssm::ParameterMetadata {
            name: Some(name),
            arn: Some(self.arn.clone()),
            r#type: Some(current.kind.into()),
            key_id: current.key_id.clone(),
            last_modified_date: Some(Timestamp(current.modified)),
            last_modified_user: Some(current.user.clone()),
            description: current.description.clone(),
            allowed_pattern: current.allowed_pattern.clone(),
            version: Some(current.version),
            tier: Some(current.tier.into()),
            policies: Some(current.policies.iter().map(Policy::shown).collect()),
            data_type: Some(current.data_type.clone()),
        }
    }

    /// One version as the history shows it.
    pub(crate) fn past(&self, version: &Version, value: SecretString, name: String) -> ssm::ParameterHistory {
        let labels = self.record.labels.iter().filter(|(_, number)| **number == version.version);
        ssm::ParameterHistory {
            name: Some(name),
            r#type: Some(version.kind.into()),
            key_id: version.key_id.clone(),
            last_modified_date: Some(Timestamp(version.modified)),
            last_modified_user: Some(version.user.clone()),
            description: version.description.clone(),
            value: Some(value),
            allowed_pattern: version.allowed_pattern.clone(),
            version: Some(version.version),
            labels: Some(labels.map(|(label, _)| label.clone()).collect()),
            tier: Some(version.tier.into()),
            policies: Some(version.policies.iter().map(Policy::shown).collect()),
            data_type: Some(version.data_type.clone()),
        }
    }
}
