//! ListRequestedServiceQuotaChangeHistoryByQuota: the account's requests for more of one quota in a Region.

use super::prelude::*;
use crate::history::{Asked, Question, list};

pub(super) struct ListRequestedServiceQuotaChangeHistoryByQuota;

type Request = service_quotas::ListRequestedServiceQuotaChangeHistoryByQuotaRequest;
type Response = service_quotas::ListRequestedServiceQuotaChangeHistoryByQuotaResponse;
type Error = service_quotas::ListRequestedServiceQuotaChangeHistoryByQuotaError;

impl Operation for ListRequestedServiceQuotaChangeHistoryByQuota {
    type Service = Catalog;
    const NAME: &'static str = "ListRequestedServiceQuotaChangeHistoryByQuota";
    const ACTION: &'static str = "servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(10);
    type Input = Request;
    type Output = Response;
    type Error = Error;
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
        cx.service.quota(&input.service_code, &input.quota_code)?;
        let Request { service_code, quota_code, status, next_token, max_results, quota_requested_at_level } = input;
        let question = Question { service: Some(service_code), code: Some(quota_code), status: *status };
        let asked = Asked { level: *quota_requested_at_level, token: next_token.as_deref(), size: *max_results };
        let (requested_quotas, next_token) = list::<Error>(cx, question, asked).await?;
        Ok(Done::read(Response { next_token, requested_quotas: Some(requested_quotas) }))
    }
}
