//! The operations, a file each.

mod prelude;

mod add_tags_to_resource;
mod delete_parameter;
mod delete_parameters;
mod delete_resource_policy;
mod describe_parameters;
mod get_parameter;
mod get_parameter_history;
mod get_parameters;
mod get_parameters_by_path;
mod get_resource_policies;
mod get_service_setting;
mod label_parameter_version;
mod list_tags_for_resource;
mod put_parameter;
mod put_resource_policy;
mod remove_tags_from_resource;
mod reset_service_setting;
mod unlabel_parameter_version;
mod update_service_setting;

use std::sync::Arc;

use claviger_pipeline::Service;
use claviger_shapes::ssm::TooManyUpdates;

use crate::{EVENT_SOURCE, SIGNING_NAME, Ssm};

/// Every operation of this service.
pub fn all(ssm: &Arc<Ssm>) -> Service {
    Service::new(SIGNING_NAME, EVENT_SOURCE)
        .with::<add_tags_to_resource::AddTagsToResource>(ssm)
        .with::<delete_parameter::DeleteParameter>(ssm)
        .with::<delete_parameters::DeleteParameters>(ssm)
        .with::<delete_resource_policy::DeleteResourcePolicy>(ssm)
        .with::<describe_parameters::DescribeParameters>(ssm)
        .with::<get_parameter::GetParameter>(ssm)
        .with::<get_parameter_history::GetParameterHistory>(ssm)
        .with::<get_parameters::GetParameters>(ssm)
        .with::<get_parameters_by_path::GetParametersByPath>(ssm)
        .with::<get_resource_policies::GetResourcePolicies>(ssm)
        .with::<get_service_setting::GetServiceSetting>(ssm)
        .with::<label_parameter_version::LabelParameterVersion>(ssm)
        .with::<list_tags_for_resource::ListTagsForResource>(ssm)
        .with::<put_parameter::PutParameter>(ssm)
        .with::<put_resource_policy::PutResourcePolicy>(ssm)
        .with::<remove_tags_from_resource::RemoveTagsFromResource>(ssm)
        .with::<reset_service_setting::ResetServiceSetting>(ssm)
        .with::<unlabel_parameter_version::UnlabelParameterVersion>(ssm)
        .with::<update_service_setting::UpdateServiceSetting>(ssm)
}

fn too_many_updates() -> TooManyUpdates {
    TooManyUpdates::new("There are concurrent updates for a resource that supports one update at a time.")
}
