//! UpdateAssumeRolePolicy: who may become the role from now on; sessions that are there stay.

use super::trust;
use crate::iam::prelude::*;

pub(super) struct UpdateAssumeRolePolicy;

impl Operation for UpdateAssumeRolePolicy {
    declare!(
        UpdateAssumeRolePolicy, Audit::write(),
        UpdateAssumeRolePolicyRequest => UpdateAssumeRolePolicyResponse, UpdateAssumeRolePolicyError, Target<RoleRecord>
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::entity(cx, &input.role_name).await
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let role = subject.there::<Self::Error>()?;
        let trusted = trust::bind::<Self::Error>(cx, &input.policy_document).await?;
        let record = RoleRecord { trust: input.policy_document.clone(), trusted, ..role.record.clone() };
        let mut batch = Batch::default();
        batch.update(role.version, &record);
        Ok(Done::write(Default::default(), batch))
    }
}
