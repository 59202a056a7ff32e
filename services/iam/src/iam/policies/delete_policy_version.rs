//! DeletePolicyVersion: of any version but the one in force.

use super::versions;
use crate::iam::find::ManagedTarget;
use crate::iam::prelude::*;

pub(super) struct DeletePolicyVersion;

impl Operation for DeletePolicyVersion {
    declare!(
        DeletePolicyVersion, Audit::write(),
        DeletePolicyVersionRequest => DeletePolicyVersionResponse, DeletePolicyVersionError, ManagedTarget
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::policy(cx, &input.policy_arn).await
    }

    unconditional!();

    async fn run(
        _cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let stored = subject.own::<Self::Error>()?;
        let mut record = stored.record.clone();
        let number = versions::find::<Self::Error>(&record, &input.policy_arn, &input.version_id)?.number;
        if number == record.default_version {
            let text = "Cannot delete the default version of a policy.";
            return Err(iam::DeleteConflictException::new(text).into());
        }
        record.versions.retain(|version| version.number != number);
        let mut batch = Batch::default();
        batch.update(stored.version, &record);
        Ok(Done::write(Default::default(), batch))
    }
}
