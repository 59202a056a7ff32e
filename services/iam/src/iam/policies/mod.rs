//! Managed and inline policies, permissions boundaries, simulation, and what tells of a whole account.

mod create_policy;

use std::sync::Arc;

use claviger_pipeline::Service;

use super::Iam;

/// Adds the operations of this folder.
pub(super) fn add(service: Service, iam: &Arc<Iam>) -> Service {
    service.with::<create_policy::CreatePolicy>(iam)
}
