//! Versions of a managed policy, by their ids.

use claviger_identity::{PolicyRecord, PolicyVersion};
use claviger_shapes::iam::NoSuchEntityException;

use crate::iam::views::version_id;

/// The version of this id.
pub(super) fn find<'a, E: From<NoSuchEntityException>>(
    record: &'a PolicyRecord,
    arn: &str,
    id: &str,
) -> Result<&'a PolicyVersion, E> {
    record.versions.iter().find(|version| version_id(version.number) == id).ok_or_else(|| missing(arn, id))
}

/// There is none.
pub(super) fn missing<E: From<NoSuchEntityException>>(arn: &str, id: &str) -> E {
    NoSuchEntityException::new(format!("Policy {arn} version {id} does not exist or is not attachable.")).into()
}
