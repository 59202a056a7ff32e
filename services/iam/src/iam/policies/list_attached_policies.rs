//! ListAttachedUserPolicies, ListAttachedGroupPolicies, ListAttachedRolePolicies.

use claviger_identity::Held;

use crate::iam::page::Cut;
use crate::iam::prelude::*;

/// A page of the managed policies below a path.
fn list(held: &Held, prefix: Option<&str>, pager: &Pager) -> Cut<iam::AttachedPolicy> {
    let prefix = prefix.unwrap_or("/");
    let below = held.attached.iter().filter_map(|arn| {
        let (policy, path) = views::attached(arn)?;
        path.starts_with(prefix).then(|| (arn.clone(), policy))
    });
    pager.cut(below)
}

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
                let cut = list(held, input.path_prefix.as_deref(), &pager);
                Ok(Done::read(iam::$output {
                    is_truncated: cut.is_truncated(),
                    marker: cut.marker,
                    attached_policies: Some(cut.items),
                }))
            }
        }
    };
}

list!(
    ListAttachedUserPolicies,
    ListAttachedUserPoliciesRequest => ListAttachedUserPoliciesResponse,
    ListAttachedUserPoliciesError, UserRecord, user_name
);
list!(
    ListAttachedGroupPolicies,
    ListAttachedGroupPoliciesRequest => ListAttachedGroupPoliciesResponse,
    ListAttachedGroupPoliciesError, GroupRecord, group_name
);
list!(
    ListAttachedRolePolicies,
    ListAttachedRolePoliciesRequest => ListAttachedRolePoliciesResponse,
    ListAttachedRolePoliciesError, RoleRecord, role_name
);
