//! UpdateTrail: other settings, in force at once.

use super::prelude::*;
use crate::trails::bucket;

pub(super) struct UpdateTrail;

impl Operation for UpdateTrail {
    declare!(
        UpdateTrail,
        Audit::write().with_response(),
        1,
        UpdateTrailRequest => UpdateTrailResponse,
        UpdateTrailError,
        TrailSubject
    );
    named_trail!(name);
    unconditional!();

    async fn run(
        cx: Cx<'_, CloudTrail>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let trail = subject.at_home::<Self::Error>()?;
        let unsupported = [
            ("KmsKeyId", &input.kms_key_id),
            ("SnsTopicName", &input.sns_topic_name),
            ("CloudWatchLogsLogGroupArn", &input.cloud_watch_logs_log_group_arn),
            ("CloudWatchLogsRoleArn", &input.cloud_watch_logs_role_arn),
        ];
        view::refuse_unsupported::<Self::Error>(unsupported, input.is_organization_trail)?;
        let mut record = trail.record.clone();
        let mut batch = Batch::default();
        record.multi_region = input.is_multi_region_trail.unwrap_or(record.multi_region);
        record.global_events = input.include_global_service_events.unwrap_or(record.global_events);
        view::check_combination::<Self::Error>(record.multi_region, record.global_events)?;
        record.validation = input.enable_log_file_validation.unwrap_or(record.validation);
        if input.s3_key_prefix.is_some() {
            record.prefix = bucket::prefix::<Self::Error>(input.s3_key_prefix.as_deref())?;
        }
        if let Some(bucket) = &input.s3_bucket_name {
            bucket::claim::<Self::Error>(cx, bucket, &mut batch).await?;
            record.bucket = bucket.clone();
        }
        batch.update(trail.version, &record);
        Ok(Done::write(view::settings!(UpdateTrailResponse, &record), batch))
    }
}
