//! Users as answers show them.

use claviger_identity::UserRecord;
use claviger_shapes::iam::User;

use crate::iam::{tags, views};

/// A user as lists show it: without its tags and its boundary.
pub(crate) fn listed(record: &UserRecord, partition: &str) -> User {
    use claviger_identity::Entity;
    User {
        path: Some(record.path.clone()),
        user_name: Some(record.name.clone()),
        user_id: Some(record.user_id.clone()),
        arn: Some(record.arn(partition)),
        create_date: Some(record.created.into()),
        ..User::default()
    }
}

/// A user, whole.
pub(crate) fn shown(record: &UserRecord, partition: &str) -> User {
    User {
        permissions_boundary: views::boundary(record.boundary.as_deref()),
        tags: tags::shown(&record.tags),
        ..listed(record, partition)
    }
}
