//! GetKeyLastUsage: the last successful cryptographic use of a key.

use super::prelude::*;
use crate::find::{self, Forms};

pub(super) struct GetKeyLastUsage;

impl Operation for GetKeyLastUsage {
    type Service = Kms;
    const NAME: &'static str = "GetKeyLastUsage";
    const ACTION: &'static str = "kms:GetKeyLastUsage";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(5);
    type Input = kms::GetKeyLastUsageRequest;
    type Output = kms::GetKeyLastUsageResponse;
    type Error = kms::GetKeyLastUsageError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::find(cx, &input.key_id, Forms::NoAlias, false, Self::ACTION).await
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        let last = cx.service.keys.uses.last(cx.system, &key.path).await.map_err(InternalFailure::from)?;
        let usage = last.map(|used| kms::KeyLastUsageData {
            operation: used.operation.parse().ok(),
            timestamp: Some(Timestamp(used.time)),
            cloud_trail_event_id: Some(used.event_id),
            kms_request_id: Some(used.request_id),
        });
        Ok(Done::read(kms::GetKeyLastUsageResponse {
            key_id: Some(key.arn.clone()),
            key_last_usage: Some(usage.unwrap_or_default()),
            // Use is tracked from a key's first day.
            tracking_start_date: Some(Timestamp(key.record.created)),
            key_creation_date: Some(Timestamp(key.record.created)),
        }))
    }
}
