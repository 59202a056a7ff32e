//! Roles as answers show them.

use claviger_identity::{Entity, RoleRecord};
use claviger_shapes::iam::Role;

use crate::iam::{tags, views};

/// What every answer shows of a role; `trust` is its trust policy, encoded.
fn common(record: &RoleRecord, partition: &str, trust: String) -> Role {
    Role {
        path: Some(record.path.clone()),
        role_name: Some(record.name.clone()),
        role_id: Some(record.role_id.clone()),
        arn: Some(record.arn(partition)),
        create_date: Some(record.created.into()),
        assume_role_policy_document: Some(trust),
        description: record.description.clone(),
        ..Role::default()
    }
}

/// A role as the answer to its making shows it: without the longest session.
pub(super) fn made(record: &RoleRecord, partition: &str, trust: String) -> Role {
    Role {
        permissions_boundary: views::boundary(record.boundary.as_deref()),
        tags: tags::shown(&record.tags),
        ..common(record, partition, trust)
    }
}

/// A role as lists show it: without its tags, its boundary and its last use.
pub(super) fn listed(record: &RoleRecord, partition: &str, trust: String) -> Role {
    Role { max_session_duration: Some(record.max_session_seconds), ..common(record, partition, trust) }
}

/// A role, whole but for its last use.
pub(super) fn shown(record: &RoleRecord, partition: &str, trust: String) -> Role {
    Role { max_session_duration: Some(record.max_session_seconds), ..made(record, partition, trust) }
}
