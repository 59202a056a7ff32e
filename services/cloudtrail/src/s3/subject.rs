//! The bucket, or the file in it, that a request is about.

use std::sync::Arc;

use claviger_pipeline::{Cx, Permission, Subject, Work, internal, offload};
use claviger_policy::Values;
use claviger_shapes::InternalFailure;
use claviger_store::Records;
use claviger_trail::{Sink, SinkError};

use super::request::{S3Error, S3Request};
use crate::CloudTrail;
use crate::trails::record::BucketRecord;

/// A bucket, there or not: whether it is there is told only to callers who may do the thing to it.
pub(super) struct BucketSubject {
    bucket: Option<BucketRecord>,
    arn: String,
    owner: String,
    action: &'static str,
    prefix: Option<String>,
}

impl BucketSubject {
    /// What a request names, for `action`.
    pub(super) async fn find(
        cx: Cx<'_, CloudTrail>,
        input: &S3Request,
        action: &'static str,
    ) -> Result<Self, InternalFailure> {
        let bucket = cx.system.store.load::<BucketRecord>(&input.bucket).await.map_err(internal)?;
        let bucket = bucket.map(|bucket| bucket.record);
        let owner = bucket.as_ref().map_or(cx.call.account(), |bucket| &bucket.owner).to_owned();
        let mut arn = format!("arn:{}:s3:::{}", cx.call.partition, input.bucket);
        if !input.key.is_empty() {
            arn = format!("{arn}/{}", input.key);
        }
        Ok(Self { bucket, arn, owner, action, prefix: input.prefix.clone() })
    }

    /// The bucket.
    pub(super) fn bucket(&self) -> Result<&BucketRecord, S3Error> {
        self.bucket.as_ref().ok_or_else(S3Error::no_such_bucket)
    }
}

impl Subject for BucketSubject {
    fn permissions(&self, _action: &'static str) -> Vec<Permission<'_>> {
        // S3's actions are not named as its operations.
        vec![Permission { resource: &self.arn, ..Permission::on_account(self.action, &self.owner) }]
    }

    fn condition(&self, _side: usize, key: &str) -> Option<Values<'_>> {
        match (key, &self.prefix) {
            ("s3:prefix", Some(prefix)) => Some(Values::One(prefix.as_str().into())),
            _ => None,
        }
    }

    fn resources(&self) -> Vec<(&str, &str, &'static str)> {
        let kind = if self.action == "s3:GetObject" { "AWS::S3::Object" } else { "AWS::S3::Bucket" };
        vec![(&self.arn, &self.owner, kind)]
    }
}

/// Asks the storage, away from the threads that serve connections.
pub(super) async fn ask<T: Send + 'static>(
    cx: Cx<'_, CloudTrail>,
    question: impl FnOnce(&dyn Sink) -> Result<T, SinkError> + Send + 'static,
) -> Result<T, S3Error> {
    let sink = cx.service.trails.sink().map(Arc::clone).ok_or_else(S3Error::no_such_bucket)?;
    let answer = offload(Work::Short, move || question(&*sink)).await.map_err(InternalFailure::from)?;
    answer.map_err(|error| match error {
        SinkError::NoBucket => S3Error::no_such_bucket(),
        SinkError::BadKey => S3Error::no_such_key(),
        SinkError::Io(error) => InternalFailure::from(internal(error)).into(),
    })
}
