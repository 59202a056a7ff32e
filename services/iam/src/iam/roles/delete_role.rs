//! DeleteRole: only once it has no policies. Its sessions end with it.

use claviger_store::Record;

use crate::iam::bare::require_bare;
use crate::iam::prelude::*;

pub(super) struct DeleteRole;

impl Operation for DeleteRole {
    declare!(DeleteRole, Audit::write(), DeleteRoleRequest => DeleteRoleResponse, DeleteRoleError, Target<RoleRecord>);

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::entity(cx, &input.role_name).await
    }

    unconditional!();

    async fn run(
        _cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let role = subject.there::<Self::Error>()?;
        require_bare::<Self::Error>(&role.record.held)?;
        let mut batch = Batch::default();
        batch.remove::<RoleRecord>(role.record.id(), Some(role.version));
        Ok(Done::write(Default::default(), batch))
    }
}
