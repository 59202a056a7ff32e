//! GetGroup: a group and its members, by name.

use claviger_store::Records;

use crate::iam::prelude::*;
use crate::iam::users;

pub(super) struct GetGroup;

impl Operation for GetGroup {
    declare!(GetGroup, Audit::read_only(), GetGroupRequest => GetGroupResponse, GetGroupError, Target<GroupRecord>);

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::entity(cx, &input.group_name).await
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let pager = Pager::new::<Self::Error>(input.marker.as_deref(), input.max_items)?;
        let group = &subject.there::<Self::Error>()?.record;
        let members = cx.system.store.all::<UserRecord>(Some("by_group"), &super::members(group)).await;
        let mut members: Vec<_> = members
            .map_err(InternalFailure::new)?
            .into_iter()
            .map(|user| (user.record.name.to_ascii_lowercase(), users::listed(&user.record, cx.call.partition)))
            .collect();
        members.sort_by(|(one, _), (other, _)| one.cmp(other));
        let page = pager.cut(members);
        Ok(Done::read(iam::GetGroupResponse {
            group: Some(super::shown(group, cx.call.partition)),
            is_truncated: page.is_truncated(),
            users: Some(page.items),
            marker: page.marker,
        }))
    }
}
