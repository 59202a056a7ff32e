//! DescribeKey: a key's metadata. Describing the alias of an AWS-managed key makes the key on first use.

use super::prelude::*;
use crate::find::{self, Forms};
use crate::metadata;

pub(super) struct DescribeKey;

impl Operation for DescribeKey {
    type Service = Kms;
    const NAME: &'static str = "DescribeKey";
    const ACTION: &'static str = "kms:DescribeKey";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(2000);
    type Input = kms::DescribeKeyRequest;
    type Output = kms::DescribeKeyResponse;
    type Error = kms::DescribeKeyError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let own = format!("arn:{}:kms:{}:{}:", cx.call.partition, cx.call.region, cx.call.account());
        let name = input.key_id.strip_prefix(&own).unwrap_or(&input.key_id);
        if name.starts_with("alias/aws/") {
            let made = cx.service.ensure_managed(cx.system, cx.call.account(), &cx.call.region, name).await;
            made.map_err(InternalFailure::from)?;
        }
        let found = find::find::<Self::Error>(cx, &input.key_id, Forms::Any, true, Self::ACTION).await?;
        found.granted(cx, kms::GrantOperation::DescribeKey, None).await
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        _cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        Ok(Done::read(kms::DescribeKeyResponse { key_metadata: Some(metadata::of(&subject.key)) }))
    }
}
