//! AddTags: tags on a trail, new or replaced.

use super::prelude::*;
use crate::trails::tags;

pub(super) struct AddTags;

impl Operation for AddTags {
    declare!(AddTags, Audit::write(), 1, AddTagsRequest => AddTagsResponse, AddTagsError, TrailSubject);
    unconditional!();

    async fn subject(cx: Cx<'_, CloudTrail>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(find::find(cx, Named::parse_arn::<Self::Error>(&input.resource_id)?).await?)
    }

    async fn run(
        _cx: Cx<'_, CloudTrail>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let trail = subject.resource::<Self::Error>()?;
        let mut record = trail.record.clone();
        record.tags.extend(tags::accept::<Self::Error>(&input.tags_list)?);
        tags::check::<Self::Error>(&record.tags)?;
        let mut batch = Batch::default();
        batch.update(trail.version, &record);
        Ok(Done::write(shapes::AddTagsResponse, batch))
    }
}
