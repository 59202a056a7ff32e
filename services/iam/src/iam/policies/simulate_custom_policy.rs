//! SimulateCustomPolicy: what policies that the request brings would decide.

use super::simulation::{Caller, Questions, Scene, boundary_of, inputs, levels};
use crate::iam::prelude::*;

pub(super) struct SimulateCustomPolicy;

impl Operation for SimulateCustomPolicy {
    declare!(
        SimulateCustomPolicy, Audit::read_only(),
        SimulateCustomPolicyRequest => SimulateCustomPolicyResponse, SimulateCustomPolicyError, NoResource
    );

    async fn subject(cx: IamCx<'_>, _input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(NoResource::of(&cx))
    }

    unconditional!();

    async fn run(
        cx: IamCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let caller = match input.caller_arn.as_deref() {
            Some(arn) => Caller::of::<Self::Error>(cx, arn).await?,
            None if input.resource_policy.is_some() => {
                return Err(iam::InvalidInputException::new("CallerArn is required with ResourcePolicy.").into());
            }
            None => Caller::unnamed(cx),
        };
        let scene = Scene {
            caller,
            identity: inputs::<Self::Error>(Some(&input.policy_input_list))?,
            boundary: boundary_of::<Self::Error>(input.permissions_boundary_policy_input_list.as_deref())?,
            controls: levels::<Self::Error>(input.ordered_organization_policy_input_list.as_deref())?,
        };
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
