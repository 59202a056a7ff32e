//! Records as answers show them.

use claviger_identity::{Builtin, EntityArn, PolicyRecord, PolicyVersion, policy_arn};
use claviger_shapes::Timestamp;
use claviger_shapes::iam::{self, Policy};

use super::{documents, tags};

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

/// A version, without its text.
pub(crate) fn version(version: &PolicyVersion, default: u32) -> iam::PolicyVersion {
    iam::PolicyVersion {
        document: None,
        version_id: Some(version_id(version.number)),
        is_default_version: Some(version.number == default),
        create_date: Some(version.created.into()),
    }
}

/// When AWS's policies were made, as far as this server knows: all of them the day IAM had managed policies.
fn builtin_made() -> Option<Timestamp> {
    Timestamp::from_seconds(1_423_180_800)
}

/// One of AWS's policies.
pub(crate) fn builtin(policy: &Builtin, partition: &str, uses: Uses) -> Policy {
    Policy {
        policy_name: Some(policy.name.to_owned()),
        policy_id: Some(policy.id.to_owned()),
        arn: Some(policy_arn(partition, "aws", policy.path, policy.name)),
        path: Some(policy.path.to_owned()),
        default_version_id: Some(version_id(policy.version)),
        attachment_count: Some(count(uses.attachments)),
        permissions_boundary_usage_count: Some(count(uses.boundaries)),
        is_attachable: Some(true),
        description: None,
        create_date: builtin_made(),
        update_date: builtin_made(),
        tags: None,
    }
}

/// The version in force of one of AWS's policies, with its text.
pub(crate) fn builtin_version(policy: &Builtin) -> iam::PolicyVersion {
    iam::PolicyVersion {
        document: Some(documents::encoded(policy.document)),
        version_id: Some(version_id(policy.version)),
        is_default_version: Some(true),
        create_date: builtin_made(),
    }
}

/// A managed policy as lists of an entity's policies show it, and its path.
pub(crate) fn attached(arn: &str) -> Option<(iam::AttachedPolicy, &str)> {
    let cut = EntityArn::parse(arn)?;
    let policy = iam::AttachedPolicy { policy_name: Some(cut.name.to_owned()), policy_arn: Some(arn.to_owned()) };
    Some((policy, cut.path))
}

/// A permissions boundary as what it limits shows it.
pub(crate) fn boundary(arn: Option<&str>) -> Option<iam::AttachedPermissionsBoundary> {
    Some(iam::AttachedPermissionsBoundary {
        permissions_boundary_type: Some(iam::PermissionsBoundaryAttachmentType::PermissionsBoundaryPolicy),
        permissions_boundary_arn: Some(arn?.to_owned()),
    })
}
