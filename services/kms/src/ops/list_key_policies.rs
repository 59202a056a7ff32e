//! ListKeyPolicies: a key has exactly one policy, named `default`.

use super::get_key_policy::DEFAULT;
use super::prelude::*;
use crate::find::{self, Forms};

pub(super) struct ListKeyPolicies;

impl Operation for ListKeyPolicies {
    type Service = Kms;
    const NAME: &'static str = "ListKeyPolicies";
    const ACTION: &'static str = "kms:ListKeyPolicies";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(100);
    type Input = kms::ListKeyPoliciesRequest;
    type Output = kms::ListKeyPoliciesResponse;
    type Error = kms::ListKeyPoliciesError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        find::find(cx, &input.key_id, Forms::NoAlias, false, Self::ACTION).await
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        _cx: KmsCx<'_>,
        _subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        Ok(Done::read(kms::ListKeyPoliciesResponse {
            policy_names: Some(vec![DEFAULT.to_owned()]),
            truncated: Some(false),
            ..Default::default()
        }))
    }
}
