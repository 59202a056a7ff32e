//! The operations, a file each.

use std::sync::Arc;

use claviger_pipeline::Service;

use crate::{CloudTrail, EVENT_SOURCE, SIGNING_NAME};

/// Every operation of this service.
pub fn all(cloudtrail: &Arc<CloudTrail>) -> Service {
    let service = crate::trails::add(Service::new(SIGNING_NAME, EVENT_SOURCE), cloudtrail);
    crate::history::add(service, cloudtrail)
}
