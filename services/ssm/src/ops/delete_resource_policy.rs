//! DeleteResourcePolicy: ends the sharing of a parameter.

use super::prelude::*;
use crate::record::ParameterRecord;
use crate::sharing;

pub(super) struct DeleteResourcePolicy;

impl Operation for DeleteResourcePolicy {
    type Service = Ssm;
    const NAME: &'static str = "DeleteResourcePolicy";
    const ACTION: &'static str = "ssm:DeleteResourcePolicy";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(5);
    type Input = ssm::DeleteResourcePolicyRequest;
    type Output = ssm::DeleteResourcePolicyResponse;
    type Error = ssm::DeleteResourcePolicyError;
    type Subject = Targets;

    async fn subject(cx: SsmCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        sharing::subject(cx, &input.resource_arn).await
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        _cx: SsmCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let parameter = subject.parameter().ok_or_else(|| sharing::no_resource(subject))?;
        sharing::current::<Self::Error>(parameter, &input.policy_id, &input.policy_hash)?;
        let mut batch = Batch::default();
        batch.update(parameter.stored, &ParameterRecord { sharing: None, ..parameter.record.clone() });
        Ok(Done::write(ssm::DeleteResourcePolicyResponse, batch))
    }
}
