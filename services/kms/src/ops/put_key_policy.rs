//! PutKeyPolicy: replaces the key policy, unless that would lock the caller out.

use super::get_key_policy::DEFAULT;
use super::prelude::*;
use crate::find::{self, Forms};
use crate::{conditions, policy};

pub(super) struct PutKeyPolicy;

impl Operation for PutKeyPolicy {
    type Service = Kms;
    const NAME: &'static str = "PutKeyPolicy";
    const ACTION: &'static str = "kms:PutKeyPolicy";
    const AUDIT: Audit = Audit::write();
    const QUOTA: Quota = Quota::Own(15);
    type Input = kms::PutKeyPolicyRequest;
    type Output = kms::PutKeyPolicyResponse;
    type Error = kms::PutKeyPolicyError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        if input.policy_name.as_deref() == Some("AWS_RAM") {
            return Err(ValidationException::new("The AWS_RAM policy can only be managed by the RAM service").into());
        }
        find::find(cx, &input.key_id, Forms::NoAlias, false, Self::ACTION).await
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        match key {
            "kms:policyname" => conditions::one(input.policy_name.as_deref().unwrap_or(DEFAULT)),
            "kms:bypasspolicylockoutsafetycheck" => {
                conditions::one(claviger_pipeline::bool_text(input.bypass_policy_lockout_safety_check == Some(true)))
            }
            _ => None,
        }
    }

    fn omitted(input: &Self::Input, _side: usize, key: &str) -> bool {
        match key {
            "kms:policyname" => input.policy_name.is_none(),
            "kms:bypasspolicylockoutsafetycheck" => input.bypass_policy_lockout_safety_check.is_none(),
            _ => false,
        }
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        if input.policy_name.as_deref().is_some_and(|name| name != DEFAULT) {
            return Err(kms::NotFoundException::new("No such policy exists").into());
        }
        let key = &subject.key;
        let bypass = input.bypass_policy_lockout_safety_check == Some(true);
        let accepted = policy::accept::<Self::Error>(cx, &input.policy, &key.arn, bypass).await?;
        let mut record = key.record.clone();
        (record.policy, record.bound) = (accepted.text, accepted.bound);
        let mut batch = Batch::default();
        batch.update(key.version, &record);
        Ok(Done::write(Default::default(), batch))
    }
}
