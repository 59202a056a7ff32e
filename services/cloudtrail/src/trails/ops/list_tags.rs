//! ListTags: the tags of up to twenty trails.

use super::prelude::*;
use crate::trails::tags;

pub(super) struct ListTags;

impl Operation for ListTags {
    declare!(ListTags, Audit::read_only(), 10, ListTagsRequest => ListTagsResponse, ListTagsError, TrailSubjects);
    unconditional!();

    async fn subject(cx: Cx<'_, CloudTrail>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        let mut trails = Vec::new();
        for arn in &input.resource_id_list {
            trails.push(find::find(cx, Named::parse_arn::<Self::Error>(arn)?).await?);
        }
        Ok(TrailSubjects(trails))
    }

    async fn run(
        _cx: Cx<'_, CloudTrail>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let mut list = Vec::new();
        for trail in &subject.0 {
            let tags_list = Some(tags::show(&trail.resource::<Self::Error>()?.record.tags));
            list.push(shapes::ResourceTag { resource_id: Some(trail.arn.clone()), tags_list });
        }
        Ok(Done::read(shapes::ListTagsResponse { resource_tag_list: Some(list), next_token: None }))
    }
}
