//! ListAWSDefaultServiceQuotas: AWS's values of today, whatever this installation or the account has.

use super::prelude::*;
use crate::{page, show};

pub(super) struct ListAWSDefaultServiceQuotas;

type Response = service_quotas::ListAWSDefaultServiceQuotasResponse;

impl Operation for ListAWSDefaultServiceQuotas {
    type Service = Catalog;
    const NAME: &'static str = "ListAWSDefaultServiceQuotas";
    const ACTION: &'static str = "servicequotas:ListAWSDefaultServiceQuotas";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(10);
    type Input = service_quotas::ListAWSDefaultServiceQuotasRequest;
    type Output = Response;
    type Error = service_quotas::ListAWSDefaultServiceQuotasError;
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
        let (token, size) = (input.next_token.as_deref(), input.max_results);
        let (page, next_token) = page::cut(entry.limits, |limit| limit.code, token, size)?;
        let quotas = Some(page.iter().map(|limit| show::default(cx, entry, limit)).collect());
        Ok(Done::read(Response { next_token, quotas }))
    }
}
