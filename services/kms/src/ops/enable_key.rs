//! EnableKey: a disabled key can be used again. Idempotent.

use super::prelude::*;
use crate::find::{self, Forms};
use crate::state;

pub(super) struct EnableKey;

impl Operation for EnableKey {
    type Service = Kms;
    const NAME: &'static str = "EnableKey";
    const ACTION: &'static str = "kms:EnableKey";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(5);
    type Input = kms::EnableKeyRequest;
    type Output = kms::EnableKeyResponse;
    type Error = kms::EnableKeyError;
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
        key.require_manageable::<Self::Error>(&state::SWITCH)?;
        let mut batch = Batch::default();
        if !key.record.enabled {
            let mut record = key.record.clone();
            record.enabled = true;
            // A rotation that fell due while the key was off happens now, once.
            record.rotation.next = record.rotation.next.map(|next| next.max(cx.call.now));
            batch.update(key.version, &record);
        }
        Ok(Done::write(Default::default(), batch))
    }
}
