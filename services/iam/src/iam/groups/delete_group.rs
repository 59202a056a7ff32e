//! DeleteGroup: only once it has neither members nor policies.

use claviger_store::{Record, Records};

use crate::iam::bare::{conflict, require_bare};
use crate::iam::prelude::*;

pub(super) struct DeleteGroup;

impl Operation for DeleteGroup {
    declare!(
        DeleteGroup, Audit::write(),
        DeleteGroupRequest => DeleteGroupResponse, DeleteGroupError, Target<GroupRecord>
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::entity(cx, &input.group_name).await
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let group = subject.there::<Self::Error>()?;
        let members = super::members(&group.record);
        let found = cx.system.store.list::<UserRecord>(Some("by_group"), &members, Some(&members), None, 1).await;
        if !found.map_err(InternalFailure::new)?.0.is_empty() {
            return Err(conflict("must remove users from group first").into());
        }
        require_bare::<Self::Error>(&group.record.held)?;
        let mut batch = Batch::default();
        batch.remove::<GroupRecord>(group.record.id(), Some(group.version));
        Ok(Done::write(Default::default(), batch))
    }
}
