//! Groups, and who is in them. Membership stands in the user's record; whatever changes it writes the group's too, so
//! that a group is not deleted while somebody joins.

mod create_group;
mod delete_group;
mod get_group;
mod list_groups;
mod list_groups_for_user;
mod membership;
mod update_group;

use claviger_identity::{Entity, GroupRecord};
use claviger_shapes::iam::Group;

use super::table::Table;

/// Adds the operations of this folder.
pub(super) fn add(table: Table) -> Table {
    table
        .with::<membership::AddUserToGroup>()
        .with::<create_group::CreateGroup>()
        .with::<delete_group::DeleteGroup>()
        .with::<get_group::GetGroup>()
        .with::<list_groups::ListGroups>()
        .with::<list_groups_for_user::ListGroupsForUser>()
        .with::<membership::RemoveUserFromGroup>()
        .with::<update_group::UpdateGroup>()
}

/// The text for a name that is taken, in whatever case.
fn taken(name: &str) -> String {
    format!("Group with name {name} already exists.")
}

/// The key of a group's members in the users' index `by_group`.
fn members(group: &GroupRecord) -> String {
    format!("{}/{}", group.account, group.group_id)
}

/// A group as answers show it.
fn shown(record: &GroupRecord, partition: &str) -> Group {
    Group {
        path: Some(record.path.clone()),
        group_name: Some(record.name.clone()),
        group_id: Some(record.group_id.clone()),
        arn: Some(record.arn(partition)),
        create_date: Some(record.created.into()),
    }
}
