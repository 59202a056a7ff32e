//! GetCallerIdentity: never denied, not even by an explicit deny.

use claviger_pipeline::Unrestricted;

use super::prelude::*;

pub(super) struct GetCallerIdentity;

impl Operation for GetCallerIdentity {
    type Service = Sts;
    const NAME: &'static str = "GetCallerIdentity";
    const ACTION: &'static str = "sts:GetCallerIdentity";
    const AUDIT: Audit = Audit::read_only().without_parameters();
    const QUOTA: Quota = Quota::Unlimited;
    type Input = sts::GetCallerIdentityRequest;
    type Output = sts::GetCallerIdentityResponse;
    type Error = sts::GetCallerIdentityError;
    type Subject = Unrestricted;

    async fn subject(_cx: StsCx<'_>, _input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        Ok(Unrestricted)
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: StsCx<'_>,
        _subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let caller = &*cx.call.caller;
        Ok(Done::read(sts::GetCallerIdentityResponse {
            user_id: Some(caller.unique_id.to_string()),
            account: Some(caller.account.to_string()),
            arn: Some(caller.arn.to_string()),
        }))
    }
}
