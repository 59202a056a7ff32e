//! CreatePolicyVersion: a new text for a managed policy, in force at once if the request says so.

use claviger_identity::PolicyVersion;

use crate::iam::find::ManagedTarget;
use crate::iam::prelude::*;

/// Most versions of a managed policy.
const VERSIONS_MAX: usize = 5;

pub(super) struct CreatePolicyVersion;

impl Operation for CreatePolicyVersion {
    declare!(
        CreatePolicyVersion, Audit::write().with_response(),
        CreatePolicyVersionRequest => CreatePolicyVersionResponse, CreatePolicyVersionError, ManagedTarget
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
        documents::managed::<Self::Error>(&input.policy_document)?;
        let mut record = stored.record.clone();
        if record.versions.len() >= VERSIONS_MAX {
            let text = format!(
                "A managed policy can have up to {VERSIONS_MAX} versions. Before you create a new version, you must \
                 delete an existing version."
            );
            return Err(iam::LimitExceededException::new(text).into());
        }
        let version = PolicyVersion {
            number: record.next_version,
            document: input.policy_document.clone(),
            created: cx.call.now,
        };
        record.next_version += 1;
        record.updated = cx.call.now;
        if input.set_as_default == Some(true) {
            record.default_version = version.number;
        }
        let shown = views::version(&version, record.default_version);
        record.versions.push(version);
        let mut batch = Batch::default();
        batch.update(stored.version, &record);
        Ok(Done::write(iam::CreatePolicyVersionResponse { policy_version: Some(shown) }, batch))
    }
}
