//! PutUserPolicy, PutGroupPolicy, PutRolePolicy: a policy that is part of its entity.

use crate::iam::prelude::*;

/// The changes that put the policy, in place of one of the same name.
fn put<R: Entity, E>(target: &Target<R>, name: &str, document: &str) -> Result<Batch, E>
where
    E: From<iam::NoSuchEntityException>
        + From<iam::MalformedPolicyDocumentException>
        + From<iam::LimitExceededException>,
{
    let stored = target.there::<E>()?;
    documents::inline::<E>(document)?;
    let mut record = stored.record.clone();
    let inline = &mut record.held_mut().inline;
    inline.insert(name.to_owned(), document.to_owned());
    let together: usize = inline.values().map(|document| documents::characters(document)).sum();
    let max = documents::inline_characters_max(R::KIND);
    if together > max {
        let (word, entity) = (R::KIND.word(), record.name());
        let text = format!("Maximum policy size of {max} bytes exceeded for {word} {entity}");
        return Err(iam::LimitExceededException::new(text).into());
    }
    let mut batch = Batch::default();
    batch.update(stored.version, &record);
    Ok(batch)
}

macro_rules! put {
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
                let batch = put::<$record, Self::Error>(subject, &input.policy_name, &input.policy_document)?;
                Ok(Done::write(Default::default(), batch))
            }
        }
    };
}

put!(PutUserPolicy, PutUserPolicyRequest => PutUserPolicyResponse, PutUserPolicyError, UserRecord, user_name);
put!(PutGroupPolicy, PutGroupPolicyRequest => PutGroupPolicyResponse, PutGroupPolicyError, GroupRecord, group_name);
put!(PutRolePolicy, PutRolePolicyRequest => PutRolePolicyResponse, PutRolePolicyError, RoleRecord, role_name);
