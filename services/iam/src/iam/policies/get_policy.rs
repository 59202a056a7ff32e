//! GetPolicy: a managed policy without its text.

use super::usage;
use crate::iam::find::{Managed, ManagedTarget};
use crate::iam::prelude::*;

pub(super) struct GetPolicy;

impl Operation for GetPolicy {
    declare!(GetPolicy, Audit::read_only(), GetPolicyRequest => GetPolicyResponse, GetPolicyError, ManagedTarget);

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::policy(cx, &input.policy_arn).await
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let policy = match subject.there::<Self::Error>()? {
            Managed::Own(stored) => {
                let record = &stored.record;
                let uses = usage::of(cx, &input.policy_arn).await?;
                let policy = views::policy_with_tags(record, cx.call.partition, uses);
                iam::Policy { description: record.description.clone(), ..policy }
            }
            Managed::Aws(builtin) => {
                let uses = usage::of(cx, &input.policy_arn).await?;
                views::builtin(builtin, cx.call.partition, uses)
            }
        };
        Ok(Done::read(iam::GetPolicyResponse { policy: Some(policy) }))
    }
}
