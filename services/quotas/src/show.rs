//! Quotas as clients see them.

use claviger_pipeline::{Limit, Measure};
use claviger_shapes::InternalFailure;
use claviger_shapes::service_quotas::{AppliedLevelEnum, PeriodUnit, QuotaPeriod, ServiceQuota};

use crate::{Entry, QuotasCx};

/// `arn:PARTITION:servicequotas:REGION:ACCOUNT:SERVICE/CODE`; AWS's defaults have no account.
pub(crate) fn arn(cx: QuotasCx<'_>, account: &str, service: &str, code: &str) -> String {
    format!("arn:{}:servicequotas:{}:{account}:{service}/{code}", cx.call.partition, cx.call.region)
}

/// What Service Quotas counts in.
pub(crate) fn unit(limit: &Limit) -> &'static str {
    match limit.measure {
        Measure::Bytes => "Bytes",
        Measure::Things | Measure::Rate => "None",
    }
}

fn quota(cx: QuotasCx<'_>, entry: &Entry, limit: &Limit, account: &str, value: f64) -> ServiceQuota {
    let period = QuotaPeriod { period_value: Some(1), period_unit: Some(PeriodUnit::Second) };
    ServiceQuota {
        service_code: Some(entry.code.to_owned()),
        service_name: Some(entry.name.to_owned()),
        quota_arn: Some(arn(cx, account, entry.code, limit.code)),
        quota_code: Some(limit.code.to_owned()),
        quota_name: Some(limit.name.to_owned()),
        value: Some(value),
        unit: Some(unit(limit).to_owned()),
        adjustable: Some(limit.adjustable),
        global_quota: Some(false),
        period: (limit.measure == Measure::Rate).then_some(period),
        ..ServiceQuota::default()
    }
}

/// AWS's value of today.
pub(crate) fn default(cx: QuotasCx<'_>, entry: &Entry, limit: &Limit) -> ServiceQuota {
    quota(cx, entry, limit, "", limit.default_in(&cx.call.region))
}

/// What holds for the caller's account in the Region of the call.
pub(crate) async fn applied(cx: QuotasCx<'_>, entry: &Entry, limit: &Limit) -> Result<ServiceQuota, InternalFailure> {
    let account = cx.call.account();
    let value = cx.system.quota(account, &cx.call.region, limit).await.map_err(InternalFailure::new)?;
    let level = Some(AppliedLevelEnum::Account);
    Ok(ServiceQuota { quota_applied_at_level: level, ..quota(cx, entry, limit, account, value) })
}
