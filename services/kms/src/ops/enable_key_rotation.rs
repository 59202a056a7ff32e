//! EnableKeyRotation: new key material every 90-2560 days.

use super::prelude::*;
use crate::find::{self, Forms};
use crate::rotation::{PERIOD_DAYS_DEFAULT, days_after};
use crate::{conditions, multi_region, state};

pub(super) struct EnableKeyRotation;

impl Operation for EnableKeyRotation {
    type Service = Kms;
    const NAME: &'static str = "EnableKeyRotation";
    const ACTION: &'static str = "kms:EnableKeyRotation";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(15);
    type Input = kms::EnableKeyRotationRequest;
    type Output = kms::EnableKeyRotationResponse;
    type Error = kms::EnableKeyRotationError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::find(cx, &input.key_id, Forms::NoAlias, false, Self::ACTION).await
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        match key {
            "kms:rotationperiodindays" => {
                conditions::one(input.rotation_period_in_days.unwrap_or(PERIOD_DAYS_DEFAULT).to_string())
            }
            _ => None,
        }
    }

    fn omitted(input: &Self::Input, _side: usize, key: &str) -> bool {
        key == "kms:rotationperiodindays" && input.rotation_period_in_days.is_none()
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        key.require_not_external::<Self::Error>()?;
        key.require::<Self::Error>(&state::ROTATION)?;
        if !key.is_symmetric() {
            return Err(kms::UnsupportedOperationException::bare().into());
        }
        key.require_not_replica::<Self::Error>(Self::NAME)?;
        let mut record = key.record.clone();
        let rotation = &mut record.rotation;
        let period = input.rotation_period_in_days.or(rotation.period_days).unwrap_or(PERIOD_DAYS_DEFAULT);
        let mut batch = Batch::default();
        // Enabling what is enabled with the same period leaves the schedule alone.
        if rotation.period_days != Some(period) {
            rotation.period_days = Some(period);
            rotation.next = Some(days_after(cx.call.now, period));
            batch.update(key.version, &record);
            let related = multi_region::related(cx.system, &record).await.map_err(InternalFailure::from)?;
            multi_region::share(&record, related, &mut batch);
        }
        Ok(Done::write(Default::default(), batch))
    }
}
