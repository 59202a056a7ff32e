//! Trails as answers show them.

use claviger_shapes::cloudtrail::{InvalidParameterCombinationException, Trail, UnsupportedOperationException};

use super::record::TrailRecord;

/// A trail in full.
pub(crate) fn trail(record: &TrailRecord) -> Trail {
    Trail {
        name: Some(record.name.clone()),
        s3_bucket_name: Some(record.bucket.clone()),
        s3_key_prefix: record.prefix.clone(),
        include_global_service_events: Some(record.global_events),
        is_multi_region_trail: Some(record.multi_region),
        home_region: Some(record.region.clone()),
        trail_arn: Some(record.arn()),
        log_file_validation_enabled: Some(record.validation),
        has_custom_event_selectors: Some(record.selectors.is_some()),
        has_insight_selectors: Some(false),
        is_organization_trail: Some(false),
        ..Trail::default()
    }
}

/// The answer of CreateTrail and UpdateTrail, which are of different types with the same members.
macro_rules! settings {
    ($answer:ident, $record:expr) => {{
        let record = $record;
        claviger_shapes::cloudtrail::$answer {
            name: Some(record.name.clone()),
            s3_bucket_name: Some(record.bucket.clone()),
            s3_key_prefix: record.prefix.clone(),
            include_global_service_events: Some(record.global_events),
            is_multi_region_trail: Some(record.multi_region),
            trail_arn: Some(record.arn()),
            log_file_validation_enabled: Some(record.validation),
            is_organization_trail: Some(false),
            ..Default::default()
        }
    }};
}
pub(crate) use settings;

/// Members that ask for what trails do not do here: refused, so that nobody relies on it.
pub(crate) fn refuse_unsupported<E: From<UnsupportedOperationException>>(
    members: [(&str, &Option<String>); 4],
    organization: Option<bool>,
) -> Result<(), E> {
    let mut given = members.into_iter().filter(|(_, value)| value.as_ref().is_some_and(|value| !value.is_empty()));
    let name = given.next().map(|(name, _)| name).or((organization == Some(true)).then_some("IsOrganizationTrail"));
    match name {
        Some(name) => Err(UnsupportedOperationException::new(format!("{name} is not supported.")).into()),
        None => Ok(()),
    }
}

/// Refuses a trail of all Regions without the global ones' events.
pub(crate) fn check_combination<E: From<InvalidParameterCombinationException>>(
    multi_region: bool,
    global_events: bool,
) -> Result<(), E> {
    if multi_region && !global_events {
        let message = "Multi-Region trail must include global service events.";
        return Err(InvalidParameterCombinationException::new(message).into());
    }
    Ok(())
}
