//! DescribeCustomKeyStores: none; of one that is named, that it does not exist.

use super::prelude::*;
use crate::key_store;
use crate::page::Markers;

pub(super) struct DescribeCustomKeyStores;

impl Operation for DescribeCustomKeyStores {
    type Service = Kms;
    const NAME: &'static str = "DescribeCustomKeyStores";
    const ACTION: &'static str = "kms:DescribeCustomKeyStores";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(5);
    type Input = kms::DescribeCustomKeyStoresRequest;
    type Output = kms::DescribeCustomKeyStoresResponse;
    type Error = kms::DescribeCustomKeyStoresError;
    type Subject = NoResource;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        if input.custom_key_store_id.is_some() && input.custom_key_store_name.is_some() {
            let text = "You can specify CustomKeyStoreId or CustomKeyStoreName, but not both.";
            return Err(ValidationException::new(text).into());
        }
        // No page of this list was ever cut, so whatever is given as a marker is not one.
        Markers::new(cx.system, cx.call, Self::NAME, "").open::<Self::Error>(input.marker.as_deref()).await?;
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
        if let Some(store) = input.custom_key_store_id.as_ref().or(input.custom_key_store_name.as_ref()) {
            return Err(key_store::not_found(store).into());
        }
        Ok(Done::read(kms::DescribeCustomKeyStoresResponse {
            custom_key_stores: Some(Vec::new()),
            truncated: Some(false),
            ..Default::default()
        }))
    }
}
