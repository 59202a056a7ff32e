//! GetResourcePolicies: how a parameter is shared.

use claviger_pipeline::internal;

use super::prelude::*;
use crate::sharing;

pub(super) struct GetResourcePolicies;

impl Operation for GetResourcePolicies {
    type Service = Ssm;
    const NAME: &'static str = "GetResourcePolicies";
    const ACTION: &'static str = "ssm:GetResourcePolicies";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(5);
    type Input = ssm::GetResourcePoliciesRequest;
    type Output = ssm::GetResourcePoliciesResponse;
    type Error = ssm::GetResourcePoliciesError;
    type Subject = Targets;

    async fn subject(cx: SsmCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        if input.next_token.as_ref().is_some_and(|token| !token.is_empty()) {
            // There is never a second page.
            return Err(sharing::invalid("NextToken: the specified token is not valid.").into());
        }
        sharing::subject(cx, &input.resource_arn).await
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: SsmCx<'_>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let parameter = subject.parameter().ok_or_else(|| sharing::no_resource(subject))?;
        let mut policies = Vec::new();
        if let Some(sharing) = &parameter.record.sharing {
            let text = cx.system.identities.read_back(&*cx.system.store, &sharing.text, &sharing.bound).await;
            policies.push(ssm::GetResourcePoliciesResponseEntry {
                policy_id: Some(sharing.id.clone()),
                policy_hash: Some(sharing.hash()),
                policy: Some(text.map_err(internal).map_err(InternalFailure::from)?),
            });
        }
        Ok(Done::read(ssm::GetResourcePoliciesResponse { next_token: None, policies: Some(policies) }))
    }
}
