//! ListGroupsForUser.

use claviger_store::Records;

use crate::iam::prelude::*;

pub(super) struct ListGroupsForUser;

impl Operation for ListGroupsForUser {
    declare!(
        ListGroupsForUser, Audit::read_only(),
        ListGroupsForUserRequest => ListGroupsForUserResponse, ListGroupsForUserError, Target<UserRecord>
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::entity(cx, &input.user_name).await
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let pager = Pager::new::<Self::Error>(input.marker.as_deref(), input.max_items)?;
        let user = &subject.there::<Self::Error>()?.record;
        let mut groups = Vec::with_capacity(user.groups.len());
        for id in &user.groups {
            let found = cx.system.store.list::<GroupRecord>(Some("by_id"), id, Some(id), None, 1).await;
            let group = found.map_err(InternalFailure::new)?.0.pop().map(|stored| stored.record);
            groups
                .extend(group.map(|group| (group.name.to_ascii_lowercase(), super::shown(&group, cx.call.partition))));
        }
        groups.sort_by(|(one, _), (other, _)| one.cmp(other));
        let page = pager.cut(groups);
        Ok(Done::read(iam::ListGroupsForUserResponse {
            is_truncated: page.is_truncated(),
            groups: Some(page.items),
            marker: page.marker,
        }))
    }
}
