//! ListPolicyTags.

use crate::iam::find::{Managed, ManagedTarget};
use crate::iam::prelude::*;

pub(super) struct ListPolicyTags;

impl Operation for ListPolicyTags {
    declare!(
        ListPolicyTags, Audit::read_only(),
        ListPolicyTagsRequest => ListPolicyTagsResponse, ListPolicyTagsError, ManagedTarget
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::policy(cx, &input.policy_arn).await
    }

    unconditional!();

    async fn run(
        _cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let pager = Pager::new::<Self::Error>(input.marker.as_deref(), input.max_items)?;
        let tags = match subject.there::<Self::Error>()? {
            Managed::Own(stored) => tags::all(&stored.record.tags),
            Managed::Aws(_) => Vec::new(),
        };
        let cut = pager.cut(tags.into_iter().map(|tag| (tag.key.clone(), tag)));
        Ok(Done::read(iam::ListPolicyTagsResponse {
            is_truncated: cut.is_truncated(),
            marker: cut.marker,
            tags: Some(cut.items),
        }))
    }
}
