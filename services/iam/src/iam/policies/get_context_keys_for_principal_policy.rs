//! GetContextKeysForPrincipalPolicy: the condition keys that the policies of a user, group or role ask for.

use super::simulation::{Keys, Simulated, find as find_simulated, inputs};
use crate::iam::prelude::*;

pub(super) struct GetContextKeysForPrincipalPolicy;

impl Operation for GetContextKeysForPrincipalPolicy {
    declare!(
        GetContextKeysForPrincipalPolicy, Audit::read_only(),
        GetContextKeysForPrincipalPolicyRequest => GetContextKeysForPrincipalPolicyResponse,
        GetContextKeysForPrincipalPolicyError, Simulated
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
        let standing = subject.standing::<Self::Error>(cx, &[]).await?;
        let stated = inputs::<Self::Error>(input.policy_input_list.as_deref())?;
        let names = Keys::of(standing.identity.iter().chain(&stated)).into_names();
        Ok(Done::read(iam::GetContextKeysForPolicyResponse { context_key_names: Some(names) }))
    }
}
