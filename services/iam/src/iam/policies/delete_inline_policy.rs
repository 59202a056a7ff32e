//! DeleteUserPolicy, DeleteGroupPolicy, DeleteRolePolicy.

use super::inline;
use crate::iam::prelude::*;

macro_rules! delete {
    ($name:ident, $input:ident => $output:ident, $error:ident, $record:ty, $member:ident) => {
        pub(super) struct $name;

        impl Operation for $name {
            declare!($name, Audit::write(), $input => $output, $error, Target<$record>);

            async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
                Ok(find::entity::<$record, Self::Error>(cx, &input.$member).await?.keyed_by_boundary())
            }

            unconditional!();

            async fn run(
                _cx: IamCx<'_>,
                subject: &Authorized<Self::Subject>,
                input: &Self::Input,
            ) -> Result<Done<Self::Output>, Self::Error> {
                let stored = subject.there::<Self::Error>()?;
                let mut record = stored.record.clone();
                if record.held_mut().inline.remove(&input.policy_name).is_none() {
                    return Err(inline::missing::<$record, Self::Error>(&input.policy_name));
                }
                let mut batch = Batch::default();
                batch.update(stored.version, &record);
                Ok(Done::write(Default::default(), batch))
            }
        }
    };
}

delete!(
    DeleteUserPolicy,
    DeleteUserPolicyRequest => DeleteUserPolicyResponse, DeleteUserPolicyError, UserRecord, user_name
);
delete!(
    DeleteGroupPolicy,
    DeleteGroupPolicyRequest => DeleteGroupPolicyResponse, DeleteGroupPolicyError, GroupRecord, group_name
);
delete!(
    DeleteRolePolicy,
    DeleteRolePolicyRequest => DeleteRolePolicyResponse, DeleteRolePolicyError, RoleRecord, role_name
);
