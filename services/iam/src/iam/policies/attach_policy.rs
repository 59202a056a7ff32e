//! AttachUserPolicy, AttachGroupPolicy, AttachRolePolicy: a managed policy for an entity, at most ten.

use claviger_identity::Kind;
use claviger_shapes::ValidationException;

use crate::iam::find::Managed;
use crate::iam::prelude::*;

/// Most managed policies of an entity.
const ATTACHED_MAX: usize = 10;

/// The changes that attach the policy; none when it is attached already.
async fn attach<R: Entity, E>(cx: IamCx<'_>, target: &Target<R>, arn: &str) -> Result<Batch, E>
where
    E: From<iam::NoSuchEntityException>
        + From<iam::InvalidInputException>
        + From<iam::LimitExceededException>
        + From<ValidationException>
        + From<InternalFailure>,
{
    let stored = target.there::<E>()?;
    let managed = find::attachable::<E>(cx, arn, "Policy").await?;
    let mut batch = Batch::default();
    let mut record = stored.record.clone();
    if record.held().attached.contains(arn) {
        return Ok(batch);
    }
    if record.held().attached.len() >= ATTACHED_MAX {
        let quota = match R::KIND {
            Kind::User => "PoliciesPerUser",
            Kind::Group => "PoliciesPerGroup",
            Kind::Role => "PoliciesPerRole",
        };
        let text = format!("Cannot exceed quota for {quota}: {ATTACHED_MAX}");
        return Err(iam::LimitExceededException::new(text).into());
    }
    record.held_mut().attached.insert(arn.to_owned());
    batch.update(stored.version, &record);
    if let Managed::Own(policy) = managed {
        // Writing the policy too makes attaching it and deleting it exclude each other.
        batch.update(policy.version, &policy.record);
    }
    Ok(batch)
}

macro_rules! attach {
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
                let batch = attach::<$record, Self::Error>(cx, subject, &input.policy_arn).await?;
                Ok(Done::write(Default::default(), batch))
            }
        }
    };
}

attach!(
    AttachUserPolicy,
    AttachUserPolicyRequest => AttachUserPolicyResponse, AttachUserPolicyError, UserRecord, user_name
);
attach!(
    AttachGroupPolicy,
    AttachGroupPolicyRequest => AttachGroupPolicyResponse, AttachGroupPolicyError, GroupRecord, group_name
);
attach!(
    AttachRolePolicy,
    AttachRolePolicyRequest => AttachRolePolicyResponse, AttachRolePolicyError, RoleRecord, role_name
);
