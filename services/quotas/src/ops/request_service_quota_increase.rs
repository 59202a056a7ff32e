//! RequestServiceQuotaIncrease: more, for the caller's account in a Region. There is nobody to ask: what the server can do
//! is granted at once, and what it cannot is refused.

use claviger_pipeline::{AppliedQuota, quota_path};
use claviger_shapes::service_quotas::RequestStatus;
use claviger_store::{Batch, Records};

use super::prelude::*;
use crate::find::refuse_context;
use crate::increase::QuotaSubject;
use crate::record::ChangeRecord;
use crate::show;

pub(super) struct RequestServiceQuotaIncrease;

impl Operation for RequestServiceQuotaIncrease {
    type Service = Catalog;
    const NAME: &'static str = "RequestServiceQuotaIncrease";
    const ACTION: &'static str = "servicequotas:RequestServiceQuotaIncrease";
    const AUDIT: Audit = Audit::write().with_response();
    const QUOTA: Quota = Quota::Own(3);
    type Input = service_quotas::RequestServiceQuotaIncreaseRequest;
    type Output = service_quotas::RequestServiceQuotaIncreaseResponse;
    type Error = service_quotas::RequestServiceQuotaIncreaseError;
    type Subject = QuotaSubject;

    async fn subject(cx: QuotasCx<'_>, input: &Self::Input) -> Result<QuotaSubject, Self::Error> {
        Ok(QuotaSubject::new(cx, &input.service_code, &input.quota_code))
    }

    fn condition<'a>(_input: &'a Self::Input, _side: usize, _key: &str) -> Option<Values<'a>> {
        None
    }

    async fn run(
        cx: QuotasCx<'_>,
        subject: &Authorized<QuotaSubject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let (entry, limit) = cx.service.quota(&input.service_code, &input.quota_code)?;
        refuse_context(input.context_id.as_deref())?;
        let illegal = |text: &'static str| Err(service_quotas::IllegalArgumentException::new(text).into());
        if !limit.adjustable {
            return illegal("The request failed because the specified quota is not adjustable.");
        }
        let (account, region, value) = (cx.call.account(), &*cx.call.region, input.desired_value);
        // Read from the store, so that of two requests at once the second is judged by what the first got.
        let path = quota_path(account, region, limit);
        let stored = cx.system.store.load::<AppliedQuota>(&path).await.map_err(InternalFailure::new)?;
        let now = match &stored {
            Some(stored) => stored.record.value,
            None => cx.system.quota(account, region, limit).await.map_err(InternalFailure::new)?,
        };
        if value <= now {
            return illegal("You must provide a quota value greater than the current quota value");
        }
        let granted = value <= limit.ceiling;
        let status = if granted { RequestStatus::Approved } else { RequestStatus::Denied };
        let requester = serde_json::json!({ "accountId": account, "callerArn": &*cx.call.caller.arn });
        let change = ChangeRecord {
            account: account.to_owned(),
            region: region.to_owned(),
            id: uuid::Uuid::new_v4().simple().to_string(),
            service: entry.code.to_owned(),
            service_name: entry.name.to_owned(),
            code: limit.code.to_owned(),
            name: limit.name.to_owned(),
            arn: subject.arn().to_owned(),
            value,
            unit: show::unit(limit).to_owned(),
            status: status.as_str().to_owned(),
            created: cx.call.now,
            requester: requester.to_string(),
        };
        let mut batch = Batch::default();
        batch.insert(&change);
        let applied = AppliedQuota {
            account: account.to_owned(),
            region: region.to_owned(),
            service: entry.code.to_owned(),
            code: limit.code.to_owned(),
            value,
        };
        match stored {
            Some(stored) if granted => batch.update(stored.version, &applied),
            None if granted => batch.insert(&applied),
            _ => {}
        }
        let requested_quota = Some(change.show());
        Ok(Done::write(service_quotas::RequestServiceQuotaIncreaseResponse { requested_quota }, batch))
    }
}
