//! GetAWSDefaultServiceQuota: AWS's value of today, whatever this installation or the account has.

use super::prelude::*;
use crate::show;

pub(super) struct GetAWSDefaultServiceQuota;

type Response = service_quotas::GetAWSDefaultServiceQuotaResponse;

impl Operation for GetAWSDefaultServiceQuota {
    type Service = Catalog;
    const NAME: &'static str = "GetAWSDefaultServiceQuota";
    const ACTION: &'static str = "servicequotas:GetAWSDefaultServiceQuota";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(10);
    type Input = service_quotas::GetAWSDefaultServiceQuotaRequest;
    type Output = Response;
    type Error = service_quotas::GetAWSDefaultServiceQuotaError;
    type Subject = NoResource;

    async fn subject(cx: QuotasCx<'_>, _input: &Self::Input) -> Result<NoResource, Self::Error> {
        Ok(NoResource::of(&cx))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: QuotasCx<'_>,
        _subject: &Authorized<NoResource>,
        input: &Self::Input,
    ) -> Result<Done<Response>, Self::Error> {
        let (entry, limit) = cx.service.quota(&input.service_code, &input.quota_code)?;
        Ok(Done::read(Response { quota: Some(show::default(cx, entry, limit)) }))
    }
}
