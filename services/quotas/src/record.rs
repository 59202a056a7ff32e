//! What is stored of requests for more.

use claviger_pipeline::home;
use claviger_shapes::service_quotas::{RequestStatus, RequestedServiceQuotaChange};
use claviger_store::{Record, Space};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Requests for more, by `ACCOUNT/REGION/ID`. Index `by_time`: in the order they were made.
pub static REQUESTS: Space = Space { name: "quota_requests", indexes: &["by_time"], sealed: true };

/// One request, with its outcome. Names and units are kept as they were.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ChangeRecord {
    /// The account that asked.
    pub account: String,
    /// The Region it asked for.
    pub region: String,
    /// Its id.
    pub id: String,
    /// Service code.
    pub service: String,
    /// Service name.
    pub service_name: String,
    /// Quota code.
    pub code: String,
    /// Quota name.
    pub name: String,
    /// The quota's ARN.
    pub arn: String,
    /// The value asked for.
    pub value: f64,
    /// The quota's unit.
    pub unit: String,
    /// `APPROVED` or `DENIED`.
    pub status: String,
    /// When.
    pub created: Timestamp,
    /// Who: account and ARN as JSON.
    pub requester: String,
}

/// The id of a record.
pub(crate) fn request_path(account: &str, region: &str, id: &str) -> String {
    format!("{}{id}", home(account, region))
}

impl Record for ChangeRecord {
    const SPACE: &'static Space = &REQUESTS;
    fn id(&self) -> String {
        request_path(&self.account, &self.region, &self.id)
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        let time = format!("{}{:020}/{}", home(&self.account, &self.region), self.created.as_millisecond(), self.id);
        vec![("by_time", time)]
    }
}

impl ChangeRecord {
    /// Whether the request is among those asked for.
    pub(crate) fn is_of(&self, service: Option<&str>, code: Option<&str>, status: Option<RequestStatus>) -> bool {
        service.is_none_or(|service| self.service == service)
            && code.is_none_or(|code| self.code == code)
            && status.is_none_or(|status| self.status == status.as_str())
    }

    /// As clients see it.
    pub(crate) fn show(&self) -> RequestedServiceQuotaChange {
        RequestedServiceQuotaChange {
            id: Some(self.id.clone()),
            service_code: Some(self.service.clone()),
            service_name: Some(self.service_name.clone()),
            quota_code: Some(self.code.clone()),
            quota_name: Some(self.name.clone()),
            desired_value: Some(self.value),
            status: self.status.parse().ok(),
            created: Some(claviger_shapes::Timestamp(self.created)),
            last_updated: Some(claviger_shapes::Timestamp(self.created)),
            requester: Some(self.requester.clone()),
            quota_arn: Some(self.arn.clone()),
            global_quota: Some(false),
            unit: Some(self.unit.clone()),
            quota_requested_at_level: Some(claviger_shapes::service_quotas::AppliedLevelEnum::Account),
            ..RequestedServiceQuotaChange::default()
        }
    }
}
