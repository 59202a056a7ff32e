//! AddTagsToResource: adds tags to a parameter or replaces their values.

use super::prelude::*;
use crate::record::ParameterRecord;
use crate::tags;

pub(super) struct AddTagsToResource;

impl Operation for AddTagsToResource {
    type Service = Ssm;
    const NAME: &'static str = "AddTagsToResource";
    const ACTION: &'static str = "ssm:AddTagsToResource";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(5);
    type Input = ssm::AddTagsToResourceRequest;
    type Output = ssm::AddTagsToResourceResponse;
    type Error = ssm::AddTagsToResourceError;
    type Subject = Targets;

    async fn subject(cx: SsmCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        tags::resource::<Self::Error>(cx, input.resource_type, &input.resource_id).await
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        tags::requested(&input.tags, key)
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
        tags.extend(tags::accept(&input.tags)?);
        if tags.len() > tags::TAGS_MAX {
            return Err(ssm::TooManyTagsError::bare().into());
        }
        let mut batch = Batch::default();
        batch.update(parameter.stored, &ParameterRecord { tags, ..parameter.record.clone() });
        Ok(Done::write(ssm::AddTagsToResourceResult, batch))
    }
}
