//! ListUserPolicies, ListGroupPolicies, ListRolePolicies: the names of inline policies.

use crate::iam::prelude::*;

macro_rules! list {
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
                let pager = Pager::new::<Self::Error>(input.marker.as_deref(), input.max_items)?;
                let held = subject.there::<Self::Error>()?.record.held();
                let cut = pager.cut(held.inline.keys().map(|name| (name.clone(), name.clone())));
                Ok(Done::read(iam::$output {
                    is_truncated: cut.is_truncated(),
                    marker: cut.marker,
                    policy_names: Some(cut.items),
                }))
            }
        }
    };
}

list!(
    ListUserPolicies,
    ListUserPoliciesRequest => ListUserPoliciesResponse, ListUserPoliciesError, UserRecord, user_name
);
list!(
    ListGroupPolicies,
    ListGroupPoliciesRequest => ListGroupPoliciesResponse, ListGroupPoliciesError, GroupRecord, group_name
);
list!(
    ListRolePolicies,
    ListRolePoliciesRequest => ListRolePoliciesResponse, ListRolePoliciesError, RoleRecord, role_name
);
