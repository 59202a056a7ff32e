//! The operations on trails, a file each.

mod prelude;

mod add_tags;
mod create_trail;
mod delete_trail;
mod describe_trails;
mod get_event_selectors;
mod get_trail;
mod get_trail_status;
mod list_public_keys;
mod list_tags;
mod list_trails;
mod put_event_selectors;
mod remove_tags;
mod start_logging;
mod stop_logging;
mod update_trail;

use std::sync::Arc;

use claviger_pipeline::Service;

use crate::CloudTrail;

/// Adds every operation on trails.
pub(crate) fn add(service: Service, state: &Arc<CloudTrail>) -> Service {
    service
        .with::<add_tags::AddTags>(state)
        .with::<create_trail::CreateTrail>(state)
        .with::<delete_trail::DeleteTrail>(state)
        .with::<describe_trails::DescribeTrails>(state)
        .with::<get_event_selectors::GetEventSelectors>(state)
        .with::<get_trail::GetTrail>(state)
        .with::<get_trail_status::GetTrailStatus>(state)
        .with::<list_public_keys::ListPublicKeys>(state)
        .with::<list_tags::ListTags>(state)
        .with::<list_trails::ListTrails>(state)
        .with::<put_event_selectors::PutEventSelectors>(state)
        .with::<remove_tags::RemoveTags>(state)
        .with::<start_logging::StartLogging>(state)
        .with::<stop_logging::StopLogging>(state)
        .with::<update_trail::UpdateTrail>(state)
}
