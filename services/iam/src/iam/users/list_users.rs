//! ListUsers: by name, below a path.

use crate::iam::prelude::*;

pub(super) struct ListUsers;

impl Operation for ListUsers {
    declare!(ListUsers, Audit::read_only(), ListUsersRequest => ListUsersResponse, ListUsersError, Listed);

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(Listed::entities(&cx, UserRecord::KIND.word(), input.path_prefix.as_deref()))
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let pager = Pager::new::<Self::Error>(input.marker.as_deref(), input.max_items)?;
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let page = pager.records::<UserRecord>(cx, |user| user.path.starts_with(prefix)).await?;
        Ok(Done::read(iam::ListUsersResponse {
            is_truncated: page.is_truncated(),
            users: Some(page.items.iter().map(|user| super::listed(user, cx.call.partition)).collect()),
            marker: page.marker,
        }))
    }
}
