//! ListRequestedServiceQuotaChangeHistory: the account's requests for more in a Region.

use super::prelude::*;
use crate::history::{Asked, Question, list};

pub(super) struct ListRequestedServiceQuotaChangeHistory;

type Request = service_quotas::ListRequestedServiceQuotaChangeHistoryRequest;
type Response = service_quotas::ListRequestedServiceQuotaChangeHistoryResponse;
type Error = service_quotas::ListRequestedServiceQuotaChangeHistoryError;

impl Operation for ListRequestedServiceQuotaChangeHistory {
    type Service = Catalog;
    const NAME: &'static str = "ListRequestedServiceQuotaChangeHistory";
    const ACTION: &'static str = "servicequotas:ListRequestedServiceQuotaChangeHistory";
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
        if let Some(service) = &input.service_code {
            cx.service.service(service)?;
        }
        let Request { service_code, status, next_token, max_results, quota_requested_at_level } = input;
        let question = Question { service: service_code.as_deref(), code: None, status: *status };
        let asked = Asked { level: *quota_requested_at_level, token: next_token.as_deref(), size: *max_results };
        let (requested_quotas, next_token) = list::<Error>(cx, question, asked).await?;
        Ok(Done::read(Response { next_token, requested_quotas: Some(requested_quotas) }))
    }
}
