//! GetKeyRotationStatus: whether, how often and when next.

use super::prelude::*;
use crate::find::{self, Forms};

pub(super) struct GetKeyRotationStatus;

impl Operation for GetKeyRotationStatus {
    type Service = Kms;
    const NAME: &'static str = "GetKeyRotationStatus";
    const ACTION: &'static str = "kms:GetKeyRotationStatus";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(1000);
    type Input = kms::GetKeyRotationStatusRequest;
    type Output = kms::GetKeyRotationStatusResponse;
    type Error = kms::GetKeyRotationStatusError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::find(cx, &input.key_id, Forms::NoAlias, true, Self::ACTION).await
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        _cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        let rotation = &key.record.rotation;
        // A pending deletion hides the schedule, and an AWS-managed key's schedule is not shown; both keep it.
        let hidden = key.record.state() == kms::KeyState::PendingDeletion || key.is_aws_managed();
        let period = rotation.period_days.filter(|_| !hidden);
        Ok(Done::read(kms::GetKeyRotationStatusResponse {
            key_rotation_enabled: Some(period.is_some()),
            key_id: Some(key.arn.clone()),
            rotation_period_in_days: period,
            next_rotation_date: rotation.next.filter(|_| period.is_some()).map(Timestamp),
            on_demand_rotation_start_date: rotation.on_demand_start.map(Timestamp),
        }))
    }
}
