//! GetContextKeysForCustomPolicy: the condition keys that policies of the request ask for.

use super::simulation::{Keys, inputs};
use crate::iam::prelude::*;

pub(super) struct GetContextKeysForCustomPolicy;

impl Operation for GetContextKeysForCustomPolicy {
    declare!(
        GetContextKeysForCustomPolicy, Audit::read_only(),
        GetContextKeysForCustomPolicyRequest => GetContextKeysForCustomPolicyResponse,
        GetContextKeysForCustomPolicyError, NoResource
    );

    async fn subject(cx: IamCx<'_>, _input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(NoResource::of(&cx))
    }

    unconditional!();

    async fn run(
        _cx: IamCx<'_>,
        _subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let sources = inputs::<Self::Error>(Some(&input.policy_input_list))?;
        let names = Keys::of(&sources).into_names();
        Ok(Done::read(iam::GetContextKeysForPolicyResponse { context_key_names: Some(names) }))
    }
}
