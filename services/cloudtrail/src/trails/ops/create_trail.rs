//! CreateTrail: a trail that does not log yet.

use claviger_policy::Values;

use super::prelude::*;
use crate::trails::record::{TrailRecord, trail_arn, trail_id};
use crate::trails::{bucket, names, tags};

/// Trails of an account in a Region.
const TRAILS_MAX: usize = 5;

pub(super) struct CreateTrail;

impl Operation for CreateTrail {
    declare!(
        CreateTrail,
        Audit::write().with_response(),
        1,
        CreateTrailRequest => CreateTrailResponse,
        CreateTrailError,
        TrailSubject
    );

    async fn subject(cx: Cx<'_, CloudTrail>, input: &Self::Input) -> Result<Self::Subject, Self::Error> {
        names::check::<Self::Error>(&input.name)?;
        let (account, region, name) = (cx.call.account(), &*cx.call.region, &input.name);
        let found = cx.system.store.load::<TrailRecord>(&trail_id(account, region, name)).await.map_err(internal);
        let found = found.map_err(InternalFailure::from)?;
        Ok(TrailSubject::new(found, trail_arn(account, region, name), account, region, name.clone()))
    }

    fn condition<'a>(input: &'a Self::Input, _side: usize, key: &str) -> Option<Values<'a>> {
        let tags = input.tags_list.iter().flatten();
        if key == "aws:tagkeys" {
            let keys: Vec<_> = tags.map(|tag| tag.key.as_str().into()).collect();
            return (!keys.is_empty()).then_some(Values::Many(keys));
        }
        let wanted = key.strip_prefix("aws:requesttag/")?;
        let tag = tags.clone().find(|tag| tag.key.eq_ignore_ascii_case(wanted))?;
        Some(Values::One(tag.value.as_deref().unwrap_or_default().into()))
    }

    async fn run(
        cx: Cx<'_, CloudTrail>,
        subject: &Authorized<Self::Subject>,
        input: &Self::Input,
    ) -> Result<Done<Self::Output>, Self::Error> {
        let unsupported = [
            ("KmsKeyId", &input.kms_key_id),
            ("SnsTopicName", &input.sns_topic_name),
            ("CloudWatchLogsLogGroupArn", &input.cloud_watch_logs_log_group_arn),
            ("CloudWatchLogsRoleArn", &input.cloud_watch_logs_role_arn),
        ];
        view::refuse_unsupported::<Self::Error>(unsupported, input.is_organization_trail)?;
        let (account, region) = (cx.call.account(), &*cx.call.region);
        let multi_region = input.is_multi_region_trail == Some(true);
        let global_events = input.include_global_service_events != Some(false);
        view::check_combination::<Self::Error>(multi_region, global_events)?;
        let tags = tags::accept::<Self::Error>(input.tags_list.as_deref().unwrap_or_default())?;
        tags::check::<Self::Error>(&tags)?;
        if subject.found().is_some() {
            let message = format!("Trail {} already exists for customer: {account}", input.name);
            return Err(shapes::TrailAlreadyExistsException::new(message).into());
        }
        let here = |trail: &TrailRecord| trail.region == region || trail.multi_region;
        if find::of_account(cx).await?.iter().filter(|trail| here(&trail.record)).count() >= TRAILS_MAX {
            let message = format!("User: {account} already has {TRAILS_MAX} trails in {region}.");
            return Err(shapes::MaximumNumberOfTrailsExceededException::new(message).into());
        }
        let prefix = bucket::prefix::<Self::Error>(input.s3_key_prefix.as_deref())?;
        let mut batch = Batch::default();
        bucket::claim::<Self::Error>(cx, &input.s3_bucket_name, &mut batch).await?;
        let record = TrailRecord {
            account: account.to_owned(),
            region: region.to_owned(),
            name: input.name.clone(),
            bucket: input.s3_bucket_name.clone(),
            prefix,
            global_events,
            multi_region,
            validation: input.enable_log_file_validation == Some(true),
            selectors: None,
            tags,
            delivery: None,
        };
        batch.insert(&record);
        Ok(Done::write(view::settings!(CreateTrailResponse, &record), batch))
    }
}
