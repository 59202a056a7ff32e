//! UpdateCustomKeyStore: no account has one to change.

use super::prelude::*;
use crate::key_store;

pub(super) struct UpdateCustomKeyStore;

impl Operation for UpdateCustomKeyStore {
    type Service = Kms;
    const NAME: &'static str = "UpdateCustomKeyStore";
    const ACTION: &'static str = "kms:UpdateCustomKeyStore";
    const AUDIT: Audit = Audit::write().hide(key_store::SECRET_MEMBERS);
    const QUOTA: Quota = Quota::Own(5);
    type Input = kms::UpdateCustomKeyStoreRequest;
    type Output = kms::UpdateCustomKeyStoreResponse;
    type Error = kms::UpdateCustomKeyStoreError;
    type Subject = NoResource;

    async fn subject(cx: KmsCx<'_>, _input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(NoResource::of(&cx))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        _cx: KmsCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        Err(key_store::not_found(&input.custom_key_store_id).into())
    }
}
