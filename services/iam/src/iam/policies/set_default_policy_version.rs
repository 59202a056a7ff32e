//! SetDefaultPolicyVersion: puts another text of a managed policy in force.

use super::versions;
use crate::iam::find::ManagedTarget;
use crate::iam::prelude::*;

pub(super) struct SetDefaultPolicyVersion;

impl Operation for SetDefaultPolicyVersion {
    declare!(
        SetDefaultPolicyVersion, Audit::write(),
        SetDefaultPolicyVersionRequest => SetDefaultPolicyVersionResponse, SetDefaultPolicyVersionError, ManagedTarget
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
        let version = versions::find::<Self::Error>(&record, &input.policy_arn, &input.version_id)?;
        record.default_version = version.number;
        let mut batch = Batch::default();
        batch.update(stored.version, &record);
        Ok(Done::write(Default::default(), batch))
    }
}
