//! SimulatePrincipalPolicy: what the policies of a user, group or role would decide.

use claviger_shapes::iam::PolicyIdentifierPolicyType;

use super::simulation::{Caller, Questions, Scene, Simulated, boundary_of, find as find_simulated, inputs, leaves_out};
use crate::iam::prelude::*;

pub(super) struct SimulatePrincipalPolicy;

impl Operation for SimulatePrincipalPolicy {
    declare!(
        SimulatePrincipalPolicy, Audit::read_only(),
        SimulatePrincipalPolicyRequest => SimulatePrincipalPolicyResponse, SimulatePrincipalPolicyError, Simulated
    );

    async fn subject(cx: IamCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find_simulated(cx, &input.policy_source_arn).await
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let without = input.policy_exclusion_list.as_deref().unwrap_or_default();
        let standing = subject.standing::<Self::Error>(cx, without).await?;
        let caller = input.caller_arn.as_deref().unwrap_or(&input.policy_source_arn);
        let caller = Caller::of::<Self::Error>(cx, caller).await?;
        let mut identity = standing.identity;
        identity.extend(inputs::<Self::Error>(input.policy_input_list.as_deref())?);
        let stated = boundary_of::<Self::Error>(input.permissions_boundary_policy_input_list.as_deref())?;
        let controls = match leaves_out(without, PolicyIdentifierPolicyType::Scp) {
            true => Vec::new(),
            false => cx.call.caller.controls.service.iter().map(|policy| vec![policy.document.clone()]).collect(),
        };
        let scene = Scene { caller, identity, boundary: stated.or(standing.boundary), controls };
        let questions = Questions {
            actions: &input.action_names,
            resources: input.resource_arns.as_deref(),
            resource_policy: input.resource_policy.as_deref(),
            resource_owner: input.resource_owner.as_deref(),
            entries: input.context_entries.as_deref(),
            marker: input.marker.as_deref(),
            max_items: input.max_items,
        };
        Ok(Done::read(scene.answer::<Self::Error>(&questions)?))
    }
}
