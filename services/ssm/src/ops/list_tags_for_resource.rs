//! ListTagsForResource: all tags of a parameter.

use super::prelude::*;
use crate::tags;

pub(super) struct ListTagsForResource;

impl Operation for ListTagsForResource {
    type Service = Ssm;
    const NAME: &'static str = "ListTagsForResource";
    const ACTION: &'static str = "ssm:ListTagsForResource";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(5);
    type Input = ssm::ListTagsForResourceRequest;
    type Output = ssm::ListTagsForResourceResponse;
    type Error = ssm::ListTagsForResourceError;
    type Subject = Targets;

    async fn subject(cx: SsmCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        tags::resource::<Self::Error>(cx, input.resource_type, &input.resource_id).await
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        _cx: SsmCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let parameter = subject.parameter().ok_or_else(ssm::InvalidResourceId::bare)?;
        let tags = parameter.record.tags.iter();
        let tags = tags.map(|(key, value)| ssm::Tag { key: key.clone(), value: value.clone() }).collect();
        Ok(Done::read(ssm::ListTagsForResourceResult { tag_list: Some(tags) }))
    }
}
