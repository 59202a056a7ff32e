//! Managed and inline policies, permissions boundaries, simulation, and what tells of a whole account.

mod attach_policy;
mod create_policy;
mod create_policy_version;
mod delete_inline_policy;
mod delete_policy;
mod delete_policy_version;
mod detach_policy;
mod get_account_authorization_details;
mod get_account_summary;
mod get_context_keys_for_custom_policy;
mod get_context_keys_for_principal_policy;
mod get_inline_policy;
mod get_policy;
mod get_policy_version;
mod list_attached_policies;
mod list_entities_for_policy;
mod list_inline_policies;
mod list_instance_profiles_for_role;
mod list_policies;
mod list_policy_tags;
mod list_policy_versions;
mod permissions_boundary;
mod put_inline_policy;
mod set_default_policy_version;
mod simulate_custom_policy;
mod simulate_principal_policy;
mod tag_policy;
mod untag_policy;

mod inline;
mod simulation;
mod usage;
mod versions;

use super::table::Table;

/// Adds the operations of this folder.
pub(super) fn add(table: Table) -> Table {
    table
        .with::<attach_policy::AttachUserPolicy>()
        .with::<attach_policy::AttachGroupPolicy>()
        .with::<attach_policy::AttachRolePolicy>()
        .with::<create_policy::CreatePolicy>()
        .with::<create_policy_version::CreatePolicyVersion>()
        .with::<delete_inline_policy::DeleteUserPolicy>()
        .with::<delete_inline_policy::DeleteGroupPolicy>()
        .with::<delete_inline_policy::DeleteRolePolicy>()
        .with::<delete_policy::DeletePolicy>()
        .with::<delete_policy_version::DeletePolicyVersion>()
        .with::<detach_policy::DetachUserPolicy>()
        .with::<detach_policy::DetachGroupPolicy>()
        .with::<detach_policy::DetachRolePolicy>()
        .with::<get_account_authorization_details::GetAccountAuthorizationDetails>()
        .with::<get_account_summary::GetAccountSummary>()
        .with::<get_context_keys_for_custom_policy::GetContextKeysForCustomPolicy>()
        .with::<get_context_keys_for_principal_policy::GetContextKeysForPrincipalPolicy>()
        .with::<get_inline_policy::GetUserPolicy>()
        .with::<get_inline_policy::GetGroupPolicy>()
        .with::<get_inline_policy::GetRolePolicy>()
        .with::<get_policy::GetPolicy>()
        .with::<get_policy_version::GetPolicyVersion>()
        .with::<list_attached_policies::ListAttachedUserPolicies>()
        .with::<list_attached_policies::ListAttachedGroupPolicies>()
        .with::<list_attached_policies::ListAttachedRolePolicies>()
        .with::<list_entities_for_policy::ListEntitiesForPolicy>()
        .with::<list_inline_policies::ListUserPolicies>()
        .with::<list_inline_policies::ListGroupPolicies>()
        .with::<list_inline_policies::ListRolePolicies>()
        .with::<list_instance_profiles_for_role::ListInstanceProfilesForRole>()
        .with::<list_policies::ListPolicies>()
        .with::<list_policy_tags::ListPolicyTags>()
        .with::<list_policy_versions::ListPolicyVersions>()
        .with::<permissions_boundary::PutUserPermissionsBoundary>()
        .with::<permissions_boundary::PutRolePermissionsBoundary>()
        .with::<permissions_boundary::DeleteUserPermissionsBoundary>()
        .with::<permissions_boundary::DeleteRolePermissionsBoundary>()
        .with::<put_inline_policy::PutUserPolicy>()
        .with::<put_inline_policy::PutGroupPolicy>()
        .with::<put_inline_policy::PutRolePolicy>()
        .with::<set_default_policy_version::SetDefaultPolicyVersion>()
        .with::<simulate_custom_policy::SimulateCustomPolicy>()
        .with::<simulate_principal_policy::SimulatePrincipalPolicy>()
        .with::<tag_policy::TagPolicy>()
        .with::<untag_policy::UntagPolicy>()
}
