//! GetBucketLocation: the Region of a bucket, nothing for us-east-1.

use claviger_pipeline::{Audit, Authorized, Cx, Done, Operation, Quota};
use claviger_policy::Values;
use claviger_wire::{s3, xml};

use super::answers::Answer;
use super::request::{S3Error, S3Request};
use super::subject::BucketSubject;
use crate::CloudTrail;

pub(super) struct GetBucketLocation;

impl Operation for GetBucketLocation {
    type Service = CloudTrail;
    const NAME: &'static str = "GetBucketLocation";
    const ACTION: &'static str = "s3:GetBucketLocation";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Unlimited;
    type Input = S3Request;
    type Output = Answer;
    type Error = S3Error;
    type Subject = BucketSubject;

    async fn subject(cx: Cx<'_, CloudTrail>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(BucketSubject::find(cx, input, Self::ACTION).await?)
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        _cx: Cx<'_, CloudTrail>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let region = &subject.bucket()?.region;
        let mut document = xml::Document::new("LocationConstraint", Some(s3::NAMESPACE));
        if region != "us-east-1" {
            document.text(region);
        }
        Ok(Done::read(Answer::xml(document.finish())))
    }
}
