//! DetachUserPolicy, DetachGroupPolicy, DetachRolePolicy.

use claviger_shapes::ValidationException;

use crate::iam::prelude::*;

/// The changes that detach the policy.
fn detach<R: Entity, E>(cx: IamCx<'_>, target: &Target<R>, arn: &str) -> Result<Batch, E>
where
    E: From<iam::NoSuchEntityException> + From<iam::InvalidInputException> + From<ValidationException>,
{
    let stored = target.there::<E>()?;
    find::policy_arn::<E>(cx, arn)?;
    let mut record = stored.record.clone();
    if !record.held_mut().attached.remove(arn) {
        return Err(iam::NoSuchEntityException::new(format!("Policy {arn} was not found.")).into());
    }
    let mut batch = Batch::default();
    batch.update(stored.version, &record);
    Ok(batch)
}

macro_rules! detach {
    ($name:ident, $input:ident => $output:ident, $error:ident, $record:ty, $member:ident) => {
        pub(super) struct $name;

        impl Operation for $name {
            declare!($name, Audit::write(), $input => $output, $error, Target<$record>);

            async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
                Ok(find::entity::<$record, Self::Error>(cx, &input.$member).await?.keyed_by_boundary())
            }

            fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
                conditions::policy_arn(&input.policy_arn, key)
            }

            async fn run(
                cx: IamCx<'_>,
                subject: &Authorized<Self::Subject>,
                input: &Self::Input,
            ) -> Result<Done<Self::Output>, Self::Error> {
                Ok(Done::write(Default::default(), detach::<$record, Self::Error>(cx, subject, &input.policy_arn)?))
            }
        }
    };
}

detach!(
    DetachUserPolicy,
    DetachUserPolicyRequest => DetachUserPolicyResponse, DetachUserPolicyError, UserRecord, user_name
);
detach!(
    DetachGroupPolicy,
    DetachGroupPolicyRequest => DetachGroupPolicyResponse, DetachGroupPolicyError, GroupRecord, group_name
);
detach!(
    DetachRolePolicy,
    DetachRolePolicyRequest => DetachRolePolicyResponse, DetachRolePolicyError, RoleRecord, role_name
);
