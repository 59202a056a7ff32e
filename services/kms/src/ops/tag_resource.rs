//! TagResource: adds tags or replaces their values.

use super::prelude::*;
use crate::find::{self, Forms};
use crate::{conditions, state, tags};

pub(super) struct TagResource;

impl Operation for TagResource {
    type Service = Kms;
    const NAME: &'static str = "TagResource";
    const ACTION: &'static str = "kms:TagResource";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(10);
    type Input = kms::TagResourceRequest;
    type Output = kms::TagResourceResponse;
    type Error = kms::TagResourceError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        tags::check_number::<Self::Error>(cx, &input.tags).await?;
        tags::accept::<Self::Error>(&input.tags)?;
        find::find(cx, &input.key_id, Forms::NoAlias, false, Self::ACTION).await
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        conditions::request_tags(input.tags.iter().map(|tag| (tag.tag_key.as_str(), tag.tag_value.as_str())), key)
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        key.require_manageable::<Self::Error>(&state::DESCRIBE)?;
        let mut record = key.record.clone();
        record.tags.extend(tags::accept::<Self::Error>(&input.tags)?);
        tags::require_room::<Self::Error>(cx, key, record.tags.len()).await?;
        let mut batch = Batch::default();
        batch.update(key.version, &record);
        Ok(Done::write(Default::default(), batch))
    }
}
