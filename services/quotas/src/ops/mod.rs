//! The operations, a file each.

mod prelude;

mod get_aws_default_service_quota;
mod get_requested_service_quota_change;
mod get_service_quota;
mod list_aws_default_service_quotas;
mod list_requested_service_quota_change_history;
mod list_requested_service_quota_change_history_by_quota;
mod list_service_quotas;
mod list_services;
mod request_service_quota_increase;

use std::sync::Arc;

use claviger_pipeline::Service;
use claviger_shapes::service_quotas::TooManyRequestsException;

use crate::{Catalog, EVENT_SOURCE, SIGNING_NAME};

/// Every operation of this service.
pub fn all(catalog: &Arc<Catalog>) -> Service {
    Service::new(SIGNING_NAME, EVENT_SOURCE)
        .with_quotas(&[], TooManyRequestsException::new("Rate exceeded").into())
        .with::<get_aws_default_service_quota::GetAWSDefaultServiceQuota>(catalog)
        .with::<get_requested_service_quota_change::GetRequestedServiceQuotaChange>(catalog)
        .with::<get_service_quota::GetServiceQuota>(catalog)
        .with::<list_aws_default_service_quotas::ListAWSDefaultServiceQuotas>(catalog)
        .with::<list_requested_service_quota_change_history::ListRequestedServiceQuotaChangeHistory>(catalog)
        .with::<list_requested_service_quota_change_history_by_quota::ListRequestedServiceQuotaChangeHistoryByQuota>(
            catalog,
        )
        .with::<list_service_quotas::ListServiceQuotas>(catalog)
        .with::<list_services::ListServices>(catalog)
        .with::<request_service_quota_increase::RequestServiceQuotaIncrease>(catalog)
}
