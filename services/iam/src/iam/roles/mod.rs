//! Roles.

mod create_role;
mod delete_role;
mod get_role;
mod list_roles;
pub(super) mod trust;
mod update_assume_role_policy;
mod update_role;
mod view;

use super::table::Table;

/// Adds the operations of this folder.
pub(super) fn add(table: Table) -> Table {
    table
        .with::<create_role::CreateRole>()
        .with::<delete_role::DeleteRole>()
        .with::<get_role::GetRole>()
        .with::<list_roles::ListRoles>()
        .with::<update_assume_role_policy::UpdateAssumeRolePolicy>()
        .with::<update_role::UpdateRole>()
        .with::<update_role::UpdateRoleDescription>()
}
