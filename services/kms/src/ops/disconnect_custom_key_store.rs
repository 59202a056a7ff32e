//! DisconnectCustomKeyStore: no account has one to disconnect.

use super::prelude::*;
use crate::key_store;

pub(super) struct DisconnectCustomKeyStore;

impl Operation for DisconnectCustomKeyStore {
    type Service = Kms;
    const NAME: &'static str = "DisconnectCustomKeyStore";
    const ACTION: &'static str = "kms:DisconnectCustomKeyStore";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(5);
    type Input = kms::DisconnectCustomKeyStoreRequest;
    type Output = kms::DisconnectCustomKeyStoreResponse;
    type Error = kms::DisconnectCustomKeyStoreError;
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
