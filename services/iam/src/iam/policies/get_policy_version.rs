//! GetPolicyVersion: a text of a managed policy.

use super::versions;
use crate::iam::find::{Managed, ManagedTarget};
use crate::iam::prelude::*;

pub(super) struct GetPolicyVersion;

impl Operation for GetPolicyVersion {
    declare!(
        GetPolicyVersion, Audit::read_only(),
        GetPolicyVersionRequest => GetPolicyVersionResponse, GetPolicyVersionError, ManagedTarget
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
        let managed = subject.there::<Self::Error>()?;
        let shown = match &managed {
            Managed::Own(stored) => {
                let version = versions::find::<Self::Error>(&stored.record, &input.policy_arn, &input.version_id)?;
                let shown = views::version(version, stored.record.default_version);
                iam::PolicyVersion { document: Some(documents::encoded(&version.document)), ..shown }
            }
            Managed::Aws(builtin) if views::version_id(builtin.version) == input.version_id => {
                views::builtin_version(builtin)
            }
            Managed::Aws(_) => return Err(versions::missing(&input.policy_arn, &input.version_id)),
        };
        Ok(Done::read(iam::GetPolicyVersionResponse { policy_version: Some(shown) }))
    }
}
