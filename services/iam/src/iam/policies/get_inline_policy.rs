//! GetUserPolicy, GetGroupPolicy, GetRolePolicy: the text of an inline policy.

use super::inline;
use crate::iam::prelude::*;

macro_rules! get {
    ($name:ident, $input:ident => $output:ident, $error:ident, $record:ty, $member:ident) => {
        pub(super) struct $name;

        impl Operation for $name {
            declare!($name, Audit::read_only(), $input => $output, $error, Target<$record>);

            async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
                find::entity(cx, &input.$member).await
            }

            unconditional!();

            async fn run(
                _cx: IamCx<'_>,
                subject: &Authorized<Self::Subject>,
                input: &Self::Input,
            ) -> Result<Done<Self::Output>, Self::Error> {
                let record = &subject.there::<Self::Error>()?.record;
                let document = record.held().inline.get(&input.policy_name);
                let document = document.ok_or_else(|| inline::missing::<$record, Self::Error>(&input.policy_name))?;
                Ok(Done::read(iam::$output {
                    $member: Some(record.name().to_owned()),
                    policy_name: Some(input.policy_name.clone()),
                    policy_document: Some(documents::encoded(document)),
                }))
            }
        }
    };
}

get!(GetUserPolicy, GetUserPolicyRequest => GetUserPolicyResponse, GetUserPolicyError, UserRecord, user_name);
get!(GetGroupPolicy, GetGroupPolicyRequest => GetGroupPolicyResponse, GetGroupPolicyError, GroupRecord, group_name);
get!(GetRolePolicy, GetRolePolicyRequest => GetRolePolicyResponse, GetRolePolicyError, RoleRecord, role_name);
