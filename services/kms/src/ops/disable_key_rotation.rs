//! DisableKeyRotation: no more automatic rotation; the period is forgotten.

use super::prelude::*;
use crate::find::{self, Forms};
use crate::{multi_region, state};

pub(super) struct DisableKeyRotation;

impl Operation for DisableKeyRotation {
    type Service = Kms;
    const NAME: &'static str = "DisableKeyRotation";
    const ACTION: &'static str = "kms:DisableKeyRotation";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(5);
    type Input = kms::DisableKeyRotationRequest;
    type Output = kms::DisableKeyRotationResponse;
    type Error = kms::DisableKeyRotationError;
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
        key.require_not_external::<Self::Error>()?;
        key.require::<Self::Error>(&state::ROTATION)?;
        key.require_not_replica::<Self::Error>(Self::NAME)?;
        let mut record = key.record.clone();
        let mut batch = Batch::default();
        if record.rotation.period_days.take().is_some() {
            record.rotation.next = None;
            batch.update(key.version, &record);
            let related = multi_region::related(cx.system, &record).await.map_err(InternalFailure::from)?;
            multi_region::share(&record, related, &mut batch);
        }
        Ok(Done::write(Default::default(), batch))
    }
}
