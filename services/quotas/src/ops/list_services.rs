//! ListServices: the services that have quotas.

use super::prelude::*;
use crate::{Entry, page};

pub(super) struct ListServices;

type Request = service_quotas::ListServicesRequest;
type Response = service_quotas::ListServicesResponse;

impl Operation for ListServices {
    type Service = Catalog;
    const NAME: &'static str = "ListServices";
    const ACTION: &'static str = "servicequotas:ListServices";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(10);
    type Input = Request;
    type Output = Response;
    type Error = service_quotas::ListServicesError;
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
        let Request { next_token, max_results } = input;
        let entries = cx.service.entries();
        let (page, next_token) = page::cut(entries, |entry| entry.code, next_token.as_deref(), *max_results)?;
        let info = |entry: &Entry| service_quotas::ServiceInfo {
            service_code: Some(entry.code.to_owned()),
            service_name: Some(entry.name.to_owned()),
        };
        let services = Some(page.iter().map(info).collect());
        Ok(Done::read(Response { next_token, services }))
    }
}
