//! ListGroups: by name, below a path.

use crate::iam::prelude::*;

pub(super) struct ListGroups;

impl Operation for ListGroups {
    declare!(ListGroups, Audit::read_only(), ListGroupsRequest => ListGroupsResponse, ListGroupsError, Listed);

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(Listed::entities(&cx, GroupRecord::KIND.word(), input.path_prefix.as_deref()))
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let pager = Pager::new::<Self::Error>(input.marker.as_deref(), input.max_items)?;
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let page = pager.records::<GroupRecord>(cx, |group| group.path.starts_with(prefix)).await?;
        Ok(Done::read(iam::ListGroupsResponse {
            is_truncated: page.is_truncated(),
            groups: Some(page.items.iter().map(|group| super::shown(group, cx.call.partition)).collect()),
            marker: page.marker,
        }))
    }
}
