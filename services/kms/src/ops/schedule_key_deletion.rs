//! ScheduleKeyDeletion: the key ceases to exist after a waiting period of 7-30 days.

use super::prelude::*;
use crate::conditions;
use crate::find::{self, Forms};
use crate::record::Deletion;
use crate::rotation::days_after;
use crate::state;

const WINDOW_DAYS_DEFAULT: i32 = 30;
const WINDOW_DAYS_MIN: i32 = 7;
const WINDOW_DAYS_MAX: i32 = 30;

pub(super) struct ScheduleKeyDeletion;

impl Operation for ScheduleKeyDeletion {
    type Service = Kms;
    const NAME: &'static str = "ScheduleKeyDeletion";
    const ACTION: &'static str = "kms:ScheduleKeyDeletion";
    const AUDIT: Audit = Audit::write().with_response();
    const QUOTA: Quota = Quota::Own(15);
    type Input = kms::ScheduleKeyDeletionRequest;
    type Output = kms::ScheduleKeyDeletionResponse;
    type Error = kms::ScheduleKeyDeletionError;
    type Subject = KeySubject;

    async fn subject(cx: KmsCx<'_>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        if let Some(days) = input.pending_window_in_days
            && !(WINDOW_DAYS_MIN..=WINDOW_DAYS_MAX).contains(&days)
        {
            // The API model allows 1-365 here; the service does not.
            let rule = if days < WINDOW_DAYS_MIN {
                format!("greater than or equal to {WINDOW_DAYS_MIN}")
            } else {
                format!("less than or equal to {WINDOW_DAYS_MAX}")
            };
            let text = format!(
                "1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed to satisfy constraint: \
                 Member must have value {rule}"
            );
            return Err(ValidationException::new(text).into());
        }
        let found = find::find::<Self::Error>(cx, &input.key_id, Forms::NoAlias, false, Self::ACTION).await?;
        found.with_idle_days(cx).await
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        match key {
            "kms:schedulekeydeletionpendingwindowindays" => {
                conditions::one(input.pending_window_in_days.unwrap_or(WINDOW_DAYS_DEFAULT).to_string())
            }
            _ => None,
        }
    }

    fn omitted(input: &Self::Input, _side: usize, key: &str) -> bool {
        key == "kms:schedulekeydeletionpendingwindowindays" && input.pending_window_in_days.is_none()
    }

    async fn run(
        cx: KmsCx<'_>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let key = &subject.key;
        key.require_manageable::<Self::Error>(&state::SCHEDULE)?;
        let window = input.pending_window_in_days.unwrap_or(WINDOW_DAYS_DEFAULT);
        let mut record = key.record.clone();
        let replicas = record.multi_region.as_ref().filter(|_| !record.is_replica()).map(|set| set.replicas.len());
        let deletion = match replicas {
            None | Some(0) => Deletion::Due { date: days_after(cx.call.now, window) },
            Some(_) => Deletion::AfterReplicas { window_days: window },
        };
        let date = deletion.date();
        record.deletion = Some(deletion);
        let state = record.state();
        let mut batch = Batch::default();
        batch.update(key.version, &record);
        let output = kms::ScheduleKeyDeletionResponse {
            key_id: Some(key.arn.clone()),
            deletion_date: date.map(Timestamp),
            key_state: Some(state),
            pending_window_in_days: Some(window),
        };
        Ok(Done::write(output, batch))
    }
}
