//! PutResourcePolicy: shares a parameter, or changes how it is shared.

use super::prelude::*;
use crate::record::ParameterRecord;
use crate::sharing;

pub(super) struct PutResourcePolicy;

impl Operation for PutResourcePolicy {
    type Service = Ssm;
    const NAME: &'static str = "PutResourcePolicy";
    const ACTION: &'static str = "ssm:PutResourcePolicy";
    const AUDIT: Audit = Audit::write().with_response();
    const QUOTA: Quota = Quota::Own(5);
    type Input = ssm::PutResourcePolicyRequest;
    type Output = ssm::PutResourcePolicyResponse;
    type Error = ssm::PutResourcePolicyError;
    type Subject = Targets;

    async fn subject(cx: SsmCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        if input.policy_id.is_some() != input.policy_hash.is_some() {
            let text = "PolicyId, PolicyHash: to change a policy give both, to add one give neither.";
            return Err(sharing::invalid(text).into());
        }
        sharing::subject(cx, &input.resource_arn).await
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: SsmCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let parameter = subject.parameter().ok_or_else(|| sharing::no_resource(subject))?;
        sharing::check_shareable(parameter)?;
        let id = match (&input.policy_id, &input.policy_hash) {
            (Some(id), Some(hash)) => sharing::current::<Self::Error>(parameter, id, hash)?.id.clone(),
            _ if parameter.record.sharing.is_some() => {
                let text = "Only one policy can be attached to a parameter.";
                return Err(ssm::ResourcePolicyLimitExceededException::new(text).into());
            }
            _ => format!("policy-{}", hex::encode(claviger_crypto::random::bytes::<16>())),
        };
        let accepted = sharing::accept::<Self::Error>(cx, id, &input.policy).await?;
        let output =
            ssm::PutResourcePolicyResponse { policy_id: Some(accepted.id.clone()), policy_hash: Some(accepted.hash()) };
        let mut batch = Batch::default();
        batch.update(parameter.stored, &ParameterRecord { sharing: Some(accepted), ..parameter.record.clone() });
        Ok(Done::write(output, batch))
    }
}
