//! DeleteUser: only once nothing hangs on the user any more. Its sessions end with it.

use claviger_pipeline::credentials::{AccessKey, Owner, owner_prefix};
use claviger_store::{Record, Records};

use crate::iam::bare::{conflict, require_bare};
use crate::iam::prelude::*;

pub(super) struct DeleteUser;

impl Operation for DeleteUser {
    declare!(DeleteUser, Audit::write(), DeleteUserRequest => DeleteUserResponse, DeleteUserError, Target<UserRecord>);

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::entity(cx, &input.user_name).await
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let user = subject.there::<Self::Error>()?;
        let record = &user.record;
        let keys = owner_prefix(&record.account, &Owner::User { user_id: record.user_id.clone() });
        let keys = cx.system.store.list::<AccessKey>(Some("by_owner"), &keys, None, None, 1).await;
        if !keys.map_err(InternalFailure::new)?.0.is_empty() {
            return Err(conflict("must delete access keys first").into());
        }
        require_bare::<Self::Error>(&record.held)?;
        if !record.groups.is_empty() {
            return Err(conflict("must remove users from group first").into());
        }
        let mut batch = Batch::default();
        // Whatever comes to hang on the user meanwhile changes its record too.
        batch.remove::<UserRecord>(record.id(), Some(user.version));
        Ok(Done::write(Default::default(), batch))
    }
}
