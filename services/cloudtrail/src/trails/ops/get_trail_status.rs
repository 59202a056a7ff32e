//! GetTrailStatus: whether a trail logs, and what came of its deliveries.

use jiff::Timestamp;

use super::prelude::*;
use crate::trails::record::StatusRecord;

pub(super) struct GetTrailStatus;

impl Operation for GetTrailStatus {
    declare!(
        GetTrailStatus,
        Audit::read_only(),
        10,
        GetTrailStatusRequest => GetTrailStatusResponse,
        GetTrailStatusError,
        TrailSubject
    );
    named_trail!(name);
    unconditional!();

    async fn run(
        cx: Cx<'_, CloudTrail>,
        subject: &Authorized<Self::Subject>,
        _input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let trail = subject.get::<Self::Error>()?;
        let status = cx.system.store.load::<StatusRecord>(&trail.record.id()).await.map_err(internal);
        let status = status.map_err(InternalFailure::from)?.map(|status| status.record).unwrap_or_default();
        Ok(Done::read(shapes::GetTrailStatusResponse {
            is_logging: Some(trail.record.delivery.is_some()),
            latest_delivery_error: status.error.clone(),
            latest_delivery_time: status.delivered.map(Into::into),
            start_logging_time: status.started.map(Into::into),
            stop_logging_time: status.stopped.map(Into::into),
            latest_digest_delivery_time: status.digest_delivered.map(Into::into),
            latest_digest_delivery_error: status.digest_error.clone(),
            latest_delivery_attempt_time: Some(text(status.attempted)),
            latest_notification_attempt_time: Some(String::new()),
            latest_notification_attempt_succeeded: Some(String::new()),
            latest_delivery_attempt_succeeded: Some(text(status.delivered)),
            time_logging_started: Some(text(status.started)),
            time_logging_stopped: Some(text(status.stopped)),
            ..shapes::GetTrailStatusResponse::default()
        }))
    }
}

/// The older members carry times as text, empty for none.
fn text(time: Option<Timestamp>) -> String {
    time.map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}
