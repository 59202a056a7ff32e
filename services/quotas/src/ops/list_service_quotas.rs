//! ListServiceQuotas: what holds for the caller's account in a Region.

use claviger_pipeline::Limit;
use claviger_shapes::service_quotas::AppliedLevelEnum;

use super::prelude::*;
use crate::{page, show};

pub(super) struct ListServiceQuotas;

type Response = service_quotas::ListServiceQuotasResponse;

impl Operation for ListServiceQuotas {
    type Service = Catalog;
    const NAME: &'static str = "ListServiceQuotas";
    const ACTION: &'static str = "servicequotas:ListServiceQuotas";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(10);
    type Input = service_quotas::ListServiceQuotasRequest;
    type Output = Response;
    type Error = service_quotas::ListServiceQuotasError;
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
        let entry = cx.service.service(&input.service_code)?;
        if let Some(code) = &input.quota_code {
            cx.service.quota(&input.service_code, code)?;
        }
        // None of the quotas is applied to single resources.
        let none = input.quota_applied_at_level == Some(AppliedLevelEnum::Resource);
        let asked = |limit: &&&Limit| !none && input.quota_code.as_deref().is_none_or(|code| limit.code == code);
        let wanted: Vec<&Limit> = entry.limits.iter().filter(asked).copied().collect();
        let (page, next_token) =
            page::cut(&wanted, |limit| limit.code, input.next_token.as_deref(), input.max_results)?;
        let mut quotas = Vec::with_capacity(page.len());
        for limit in page {
            quotas.push(show::applied(cx, entry, limit).await?);
        }
        Ok(Done::read(Response { next_token, quotas: Some(quotas) }))
    }
}
