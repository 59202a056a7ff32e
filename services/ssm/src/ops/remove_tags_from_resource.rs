//! RemoveTagsFromResource: removes tags; what is not there is no error.

use super::prelude::*;
use crate::record::ParameterRecord;
use crate::tags;

pub(super) struct RemoveTagsFromResource;

impl Operation for RemoveTagsFromResource {
    type Service = Ssm;
    const NAME: &'static str = "RemoveTagsFromResource";
    const ACTION: &'static str = "ssm:RemoveTagsFromResource";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(5);
    type Input = ssm::RemoveTagsFromResourceRequest;
    type Output = ssm::RemoveTagsFromResourceResponse;
    type Error = ssm::RemoveTagsFromResourceError;
    type Subject = Targets;

    async fn subject(cx: SsmCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        tags::resource::<Self::Error>(cx, input.resource_type, &input.resource_id).await
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        tags::keys(input.tag_keys.iter().map(String::as_str)).filter(|_| key == "aws:tagkeys")
    }

    fn overtaken() -> Option<Self::Error> {
        Some(super::too_many_updates().into())
    }

    async fn run(
        _cx: SsmCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let parameter = subject.parameter().ok_or_else(ssm::InvalidResourceId::bare)?;
        let mut tags = parameter.record.tags.clone();
        tags.retain(|key, _| !input.tag_keys.contains(key));
        let mut batch = Batch::default();
        batch.update(parameter.stored, &ParameterRecord { tags, ..parameter.record.clone() });
        Ok(Done::write(ssm::RemoveTagsFromResourceResult, batch))
    }
}
