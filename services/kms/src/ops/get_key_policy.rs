//! GetKeyPolicy: the policy's text as it was put; whoever is gone since shows as a unique id.

use super::prelude::*;
use crate::conditions;
use crate::find::{self, Forms};

pub(super) struct GetKeyPolicy;

/// The one policy a key always has.
pub(super) const DEFAULT: &str = "default";

impl Operation for GetKeyPolicy {
    type Service = Kms;
    const NAME: &'static str = "GetKeyPolicy";
    const ACTION: &'static str = "kms:GetKeyPolicy";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(1000);
    type Input = kms::GetKeyPolicyRequest;
    type Output = kms::GetKeyPolicyResponse;
    type Error = kms::GetKeyPolicyError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::find(cx, &input.key_id, Forms::NoAlias, false, Self::ACTION).await
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        match key {
            "kms:policyname" => conditions::one(input.policy_name.as_deref().unwrap_or(DEFAULT)),
            _ => None,
        }
    }

    fn omitted(input: &Self::Input, _side: usize, key: &str) -> bool {
        key == "kms:policyname" && input.policy_name.is_none()
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        if input.policy_name.as_deref().is_some_and(|name| name != DEFAULT) {
            return Err(kms::NotFoundException::new("No such policy exists").into());
        }
        let (identities, record) = (&cx.system.identities, &subject.key.record);
        let policy = identities.read_back(&*cx.system.store, &record.policy, &record.bound).await;
        Ok(Done::read(kms::GetKeyPolicyResponse {
            policy: Some(policy.map_err(InternalFailure::new)?),
            policy_name: Some(DEFAULT.to_owned()),
        }))
    }
}
