//! ListResourceTags: the tags of a key.

use super::prelude::*;
use crate::find::{self, Forms};
use crate::page::{Bounds, Markers};
use crate::paged::Paged;

const BOUNDS: Bounds = Bounds { default: 50, max: 50 };

pub(super) struct ListResourceTags;

impl Operation for ListResourceTags {
    type Service = Kms;
    const NAME: &'static str = "ListResourceTags";
    const ACTION: &'static str = "kms:ListResourceTags";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(2000);
    type Input = kms::ListResourceTagsRequest;
    type Output = kms::ListResourceTagsResponse;
    type Error = kms::ListResourceTagsError;
    type Subject = Paged<KeySubject>;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let markers = Markers::new(cx.system, cx.call, Self::NAME, &input.key_id);
        let after = markers.open::<Self::Error>(input.marker.as_deref()).await?;
        let subject = find::find::<Self::Error>(cx, &input.key_id, Forms::NoAlias, false, Self::ACTION).await?;
        Ok(Paged::new(subject, after))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let limit = BOUNDS.limit(input.limit);
        // The position is the name of the last tag shown: tags that come and go meanwhile cannot shift the page.
        let after = subject.after.as_deref().unwrap_or_default();
        let mut rest = subject.key.record.tags.iter().filter(|(name, _)| name.as_str() > after);
        let tags: Vec<kms::Tag> = rest
            .by_ref()
            .take(limit)
            .map(|(name, value)| kms::Tag { tag_key: name.clone(), tag_value: value.clone() })
            .collect();
        let truncated = rest.next().is_some();
        let last = tags.last().filter(|_| truncated).map(|tag| tag.tag_key.clone());
        let markers = Markers::new(cx.system, cx.call, Self::NAME, &input.key_id);
        Ok(Done::read(kms::ListResourceTagsResponse {
            tags: Some(tags),
            next_marker: markers.seal(last).await?,
            truncated: Some(truncated),
        }))
    }
}
