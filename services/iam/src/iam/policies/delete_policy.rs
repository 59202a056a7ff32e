//! DeletePolicy: of a managed policy that nobody holds and that has one version.

use claviger_store::Record;

use super::usage;
use crate::iam::find::ManagedTarget;
use crate::iam::prelude::*;

pub(super) struct DeletePolicy;

impl Operation for DeletePolicy {
    declare!(
        DeletePolicy, Audit::write(),
        DeletePolicyRequest => DeletePolicyResponse, DeletePolicyError, ManagedTarget
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::policy(cx, &input.policy_arn).await
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let stored = subject.own::<Self::Error>()?;
        let record = &stored.record;
        let uses = usage::of(cx, &input.policy_arn).await?;
        if uses.attachments + uses.boundaries > 0 {
            return Err(iam::DeleteConflictException::new("Cannot delete a policy attached to entities.").into());
        }
        if record.versions.len() > 1 {
            let text = "This policy has more than one version. Before you delete a policy, you must delete the \
                        policy's versions. The default version is deleted with the policy.";
            return Err(iam::DeleteConflictException::new(text).into());
        }
        let mut batch = Batch::default();
        // Whoever attaches the policy writes it too, so that attaching and deleting exclude each other.
        batch.remove::<PolicyRecord>(record.id(), Some(stored.version));
        Ok(Done::write(Default::default(), batch))
    }
}
