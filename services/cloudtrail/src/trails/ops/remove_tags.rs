//! RemoveTags: fewer tags on a trail; what values the request gives does not matter.

use super::prelude::*;

pub(super) struct RemoveTags;

impl Operation for RemoveTags {
    declare!(RemoveTags, Audit::write(), 1, RemoveTagsRequest => RemoveTagsResponse, RemoveTagsError, TrailSubject);
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
        for tag in &input.tags_list {
            record.tags.remove(&tag.key);
        }
        let mut batch = Batch::default();
        batch.update(trail.version, &record);
        Ok(Done::write(shapes::RemoveTagsResponse, batch))
    }
}
