//! GetServiceQuota: what holds for the caller's account in a Region.

use super::prelude::*;
use crate::find::refuse_context;
use crate::show;

pub(super) struct GetServiceQuota;

type Response = service_quotas::GetServiceQuotaResponse;

impl Operation for GetServiceQuota {
    type Service = Catalog;
    const NAME: &'static str = "GetServiceQuota";
    const ACTION: &'static str = "servicequotas:GetServiceQuota";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(10);
    type Input = service_quotas::GetServiceQuotaRequest;
    type Output = Response;
    type Error = service_quotas::GetServiceQuotaError;
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
        refuse_context(input.context_id.as_deref())?;
        Ok(Done::read(Response { quota: Some(show::applied(cx, entry, limit).await?) }))
    }
}
