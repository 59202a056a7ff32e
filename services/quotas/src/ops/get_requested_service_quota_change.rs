//! GetRequestedServiceQuotaChange: one request for more, and what became of it.

use claviger_store::Records;

use super::prelude::*;
use crate::record::{ChangeRecord, request_path};

pub(super) struct GetRequestedServiceQuotaChange;

type Response = service_quotas::GetRequestedServiceQuotaChangeResponse;

impl Operation for GetRequestedServiceQuotaChange {
    type Service = Catalog;
    const NAME: &'static str = "GetRequestedServiceQuotaChange";
    const ACTION: &'static str = "servicequotas:GetRequestedServiceQuotaChange";
    const AUDIT: Audit = Audit::read_only();
    const QUOTA: Quota = Quota::Own(10);
    type Input = service_quotas::GetRequestedServiceQuotaChangeRequest;
    type Output = Response;
    type Error = service_quotas::GetRequestedServiceQuotaChangeError;
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
        let path = request_path(cx.call.account(), &cx.call.region, &input.request_id);
        let stored = cx.system.store.load::<ChangeRecord>(&path).await.map_err(InternalFailure::new)?;
        let Some(stored) = stored else {
            let text = format!("The request {} does not exist.", input.request_id);
            return Err(service_quotas::NoSuchResourceException::new(text).into());
        };
        Ok(Done::read(Response { requested_quota: Some(stored.record.show()) }))
    }
}
