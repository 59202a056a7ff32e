//! GetObject: a file with its metadata.

use claviger_pipeline::{Audit, Authorized, Cx, Done, Operation, Quota};
use claviger_policy::Values;

use super::answers::Answer;
use super::request::{S3Error, S3Request};
use super::subject::{BucketSubject, ask};
use crate::CloudTrail;

/// The metadata that trails' files have, as headers.
const METADATA: [(&str, &str); 2] =
    [("signature", "x-amz-meta-signature"), ("signature-algorithm", "x-amz-meta-signature-algorithm")];

pub(super) struct GetObject;

impl Operation for GetObject {
    type Service = CloudTrail;
    const NAME: &'static str = "GetObject";
    const ACTION: &'static str = "s3:GetObject";
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
        cx: Cx<'_, CloudTrail>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let (bucket, key) = (subject.bucket()?.name.clone(), input.key.clone());
        let object = ask(cx, move |sink| sink.get(&bucket, &key)).await?.ok_or_else(S3Error::no_such_key)?;
        let mut headers = vec![("content-type", "application/json".to_owned())];
        if input.key.ends_with(".gz") {
            headers.push(("content-encoding", "gzip".to_owned()));
        }
        for (name, header) in METADATA {
            headers.extend(object.metadata.get(name).map(|value| (header, value.clone())));
        }
        Ok(Done::read(Answer::file(headers, object.body)))
    }
}
