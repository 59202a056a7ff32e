//! The three requests of Amazon S3 with which trails' files are read: what `aws cloudtrail validate-logs` and anything
//! else that reads log files need. Nothing is written this way, and only buckets that trails deliver to are there.

mod answers;
mod get_bucket_location;
mod get_object;
mod list_objects;
mod request;
mod subject;

use std::sync::Arc;

use claviger_pipeline::Service;

use crate::CloudTrail;

/// The three operations, as the service `s3`.
pub fn service(cloudtrail: &Arc<CloudTrail>) -> Service {
    Service::new(claviger_wire::s3::SIGNING_NAME, "s3.amazonaws.com")
        .with::<get_bucket_location::GetBucketLocation>(cloudtrail)
        .with::<get_object::GetObject>(cloudtrail)
        .with::<list_objects::ListObjects>(cloudtrail)
}
