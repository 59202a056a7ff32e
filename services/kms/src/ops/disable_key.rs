//! DisableKey: no cryptography with the key until it is enabled again. Idempotent.

use super::prelude::*;
use crate::find::{self, Forms};
use crate::state;

pub(super) struct DisableKey;

impl Operation for DisableKey {
    type Service = Kms;
    const NAME: &'static str = "DisableKey";
    const ACTION: &'static str = "kms:DisableKey";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(5);
    type Input = kms::DisableKeyRequest;
    type Output = kms::DisableKeyResponse;
    type Error = kms::DisableKeyError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let found = find::find::<Self::Error>(cx, &input.key_id, Forms::NoAlias, false, Self::ACTION).await?;
        found.with_idle_days(cx).await
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
        key.require_manageable::<Self::Error>(&state::SWITCH)?;
        let mut batch = Batch::default();
        if key.record.enabled {
            let mut record = key.record.clone();
            record.enabled = false;
            batch.update(key.version, &record);
        }
        Ok(Done::write(Default::default(), batch))
    }
}
