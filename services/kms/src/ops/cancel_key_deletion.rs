//! CancelKeyDeletion: the key stays, disabled.

use super::prelude::*;
use crate::find::{self, Forms};
use crate::state;

pub(super) struct CancelKeyDeletion;

impl Operation for CancelKeyDeletion {
    type Service = Kms;
    const NAME: &'static str = "CancelKeyDeletion";
    const ACTION: &'static str = "kms:CancelKeyDeletion";
    const AUDIT: Audit = Audit::write().with_response();
    const QUOTA: Quota = Quota::Own(5);
    type Input = kms::CancelKeyDeletionRequest;
    type Output = kms::CancelKeyDeletionResponse;
    type Error = kms::CancelKeyDeletionError;
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
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        key.require_manageable::<Self::Error>(&state::CANCEL)?;
        let mut record = key.record.clone();
        record.deletion = None;
        record.enabled = false;
        let mut batch = Batch::default();
        batch.update(key.version, &record);
        Ok(Done::write(kms::CancelKeyDeletionResponse { key_id: Some(key.arn.clone()) }, batch))
    }
}
