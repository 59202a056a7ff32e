//! UpdateKeyDescription: 0-8192 characters; empty clears.

use super::prelude::*;
use crate::find::{self, Forms};
use crate::state;

pub(super) struct UpdateKeyDescription;

impl Operation for UpdateKeyDescription {
    type Service = Kms;
    const NAME: &'static str = "UpdateKeyDescription";
    const ACTION: &'static str = "kms:UpdateKeyDescription";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(5);
    type Input = kms::UpdateKeyDescriptionRequest;
    type Output = kms::UpdateKeyDescriptionResponse;
    type Error = kms::UpdateKeyDescriptionError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::find(cx, &input.key_id, Forms::NoAlias, false, Self::ACTION).await
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        _cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        key.require_manageable::<Self::Error>(&state::DESCRIBE)?;
        let mut record = key.record.clone();
        record.description.clone_from(&input.description);
        let mut batch = Batch::default();
        batch.update(key.version, &record);
        Ok(Done::write(Default::default(), batch))
    }
}
