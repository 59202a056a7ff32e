//! Records as answers show them.

use claviger_identity::PolicyRecord;
use claviger_shapes::iam::Policy;

use super::tags;

/// How often a managed policy is used.
#[derive(Clone, Copy, Default)]
pub(crate) struct Uses {
    /// As a permissions policy of users, groups and roles.
    pub attachments: usize,
    /// As a permissions boundary.
    pub boundaries: usize,
}

/// `v3`
pub(crate) fn version_id(number: u32) -> String {
    format!("v{number}")
}

/// A number as answers carry it.
pub(crate) fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A customer-managed policy, without its description and tags: as lists show it.
pub(crate) fn policy(record: &PolicyRecord, partition: &str, uses: Uses) -> Policy {
    Policy {
        policy_name: Some(record.name.clone()),
        policy_id: Some(record.policy_id.clone()),
        arn: Some(record.arn(partition)),
        path: Some(record.path.clone()),
        default_version_id: Some(version_id(record.default_version)),
        attachment_count: Some(count(uses.attachments)),
        permissions_boundary_usage_count: Some(count(uses.boundaries)),
        is_attachable: Some(true),
        description: None,
        create_date: Some(record.created.into()),
        update_date: Some(record.updated.into()),
        tags: None,
    }
}

/// The same with its tags: as the answer to its making shows it.
pub(crate) fn policy_with_tags(record: &PolicyRecord, partition: &str, uses: Uses) -> Policy {
    Policy { tags: tags::shown(&record.tags), ..policy(record, partition, uses) }
}
