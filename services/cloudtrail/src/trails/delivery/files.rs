//! From records of the audit log to the log files of a trail.

use std::borrow::Cow;
use std::collections::BTreeMap;

use claviger_audit::StoredRecord;
use claviger_trail::select::{Facts, Selectors};
use claviger_trail::{LogFile, Place};
use serde::Deserialize;

use crate::trails::record::{Pending, TrailRecord};

/// The service whose events belong to no Region, though they name one.
const GLOBAL_SOURCE: &str = "iam.amazonaws.com";

/// The members that decide where a record goes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(borrow)]
    event_time: Cow<'a, str>,
    #[serde(borrow)]
    event_source: Cow<'a, str>,
    #[serde(borrow)]
    event_name: Cow<'a, str>,
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    event_category: Cow<'a, str>,
    #[serde(borrow)]
    aws_region: Cow<'a, str>,
    #[serde(borrow)]
    recipient_account_id: Cow<'a, str>,
    read_only: bool,
    #[serde(borrow)]
    user_identity: Option<Caller<'a>>,
}

#[derive(Deserialize)]
struct Caller<'a> {
    #[serde(borrow)]
    arn: Option<Cow<'a, str>>,
}

/// The files of a step, by Region. `seed` tells this step's files from all others.
pub(super) fn build(records: &[StoredRecord], pending: &Pending, seed: &str) -> BTreeMap<String, LogFile> {
    let trail = &pending.trail;
    let all = Selectors::default();
    let selectors = trail.selectors.as_ref().unwrap_or(&all);
    let until = pending.until.map(|until| until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    let mut by_region: BTreeMap<String, claviger_trail::Records> = BTreeMap::new();
    for record in records {
        // What the log notes about itself belongs to no account.
        let Ok(head) = serde_json::from_str::<Head<'_>>(&record.json) else { continue };
        let in_time = until.as_deref().is_none_or(|until| &*head.event_time <= until);
        if in_time && is_of(&head, trail) && selectors.take(&facts(&head)) {
            by_region.entry(head.aws_region.into_owned()).or_default().push(&record.json, &head.event_time);
        }
    }
    let place = place(trail);
    let files = by_region.into_iter().filter_map(|(region, records)| {
        let key = place.log_key(&region, pending.time, &format!("{seed}/{region}"));
        Some((region, records.into_file(&trail.bucket, key)?))
    });
    files.collect()
}

/// Where a trail's files lie.
pub(super) fn place(trail: &TrailRecord) -> Place<'_> {
    Place { prefix: trail.prefix.as_deref(), account: &trail.account, trail: &trail.name, home_region: &trail.region }
}

fn is_of(head: &Head<'_>, trail: &TrailRecord) -> bool {
    head.recipient_account_id == trail.account.as_str()
        && (trail.multi_region || head.aws_region == trail.region.as_str())
        && (trail.global_events || head.event_source != GLOBAL_SOURCE)
}

fn facts<'a>(head: &'a Head<'_>) -> Facts<'a> {
    Facts {
        event_source: &head.event_source,
        event_name: &head.event_name,
        event_type: &head.event_type,
        event_category: &head.event_category,
        read_only: head.read_only,
        caller_arn: head.user_identity.as_ref().and_then(|caller| caller.arn.as_deref()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail() -> TrailRecord {
        TrailRecord {
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            name: "t".to_owned(),
            bucket: "bucket".to_owned(),
            prefix: None,
            global_events: true,
            multi_region: false,
            validation: true,
            selectors: None,
            tags: BTreeMap::new(),
            delivery: None,
        }
    }

    fn record(account: &str, region: &str, source: &str, time: &str) -> StoredRecord {
        let json = serde_json::json!({
            "eventTime": time, "eventSource": source, "eventName": "X", "eventType": "AwsApiCall", "readOnly": true,
            "eventCategory": "Management", "awsRegion": region, "recipientAccountId": account,
            "userIdentity": { "accountId": account },
        });
        StoredRecord { sequence: 1, json: json.to_string() }
    }

    fn regions(records: &[StoredRecord], trail: TrailRecord, until: Option<&str>) -> Vec<(String, usize)> {
        let until = until.map(|until| until.parse().unwrap());
        let pending = Pending { to: 9, time: "2026-01-10T03:04:05Z".parse().unwrap(), trail, until };
        let count = |file: &LogFile| {
            let body = claviger_trail::decompress(&file.object.body).unwrap();
            serde_json::from_slice::<serde_json::Value>(&body).unwrap()["Records"].as_array().unwrap().len()
        };
        build(records, &pending, "seed").iter().map(|(region, file)| (region.clone(), count(file))).collect()
    }

    #[test]
    fn a_trail_takes_its_accounts_and_regions_records() {
        let (kms, time) = ("kms.amazonaws.com", "2026-01-10T03:00:00Z");
        let records = [
            record("111122223333", "eu-west-1", kms, time),
            record("111122223333", "eu-west-1", kms, "2026-01-10T03:00:01Z"),
            record("111122223333", "us-east-1", kms, time),
            record("111122223333", "us-east-1", GLOBAL_SOURCE, time),
            record("444455556666", "eu-west-1", kms, time),
            StoredRecord { sequence: 1, json: r#"{"eventSource":"claviger"}"#.to_owned() },
        ];
        let own = |count| ("eu-west-1".to_owned(), count);
        let other = |count| ("us-east-1".to_owned(), count);
        assert_eq!(regions(&records, trail(), None), [own(2)]);
        assert_eq!(regions(&records, trail(), Some(time)), [own(1)]);
        let everywhere = TrailRecord { multi_region: true, ..trail() };
        assert_eq!(regions(&records, everywhere.clone(), None), [own(2), other(2)]);
        let regional = TrailRecord { global_events: false, ..everywhere };
        assert_eq!(regions(&records, regional, None), [own(2), other(1)]);
    }
}
