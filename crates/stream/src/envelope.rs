//! The envelope, and which events a record is worth.

use claviger_crypto::digest::sha256;
use serde::Serialize;
use serde_json::{Value, json};

/// An event as EventBridge delivers it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Envelope {
    /// Always `"0"`.
    pub version: &'static str,
    /// Unique: the same event delivered twice has the same id.
    pub id: String,
    /// What happened (`AWS API Call via CloudTrail`, `KMS CMK Rotation`).
    #[serde(rename = "detail-type")]
    pub detail_type: &'static str,
    /// Who tells of it (`aws.kms`).
    pub source: String,
    /// The account it happened in; empty for what the audit log tells of itself.
    pub account: String,
    /// When, in RFC 3339 to the second.
    pub time: String,
    /// The Region it happened in.
    pub region: String,
    /// ARNs.
    pub resources: Vec<String>,
    /// What the kind of event tells.
    pub detail: Value,
}

impl Envelope {
    /// The event as one line of JSON.
    pub fn to_json(&self) -> String {
        // Texts and values always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The events of an audit record: the call or service event itself, and the service's own notification where there is
/// one. None when the record is not a JSON object.
pub fn envelopes(record: &str) -> Vec<Envelope> {
    let Ok(record) = serde_json::from_str::<Value>(record) else { return Vec::new() };
    let text = |member: &str| record[member].as_str().unwrap_or_default().to_owned();
    let event_source = text("eventSource");
    let service = event_source.strip_suffix(".amazonaws.com");
    let main = Envelope {
        version: "0",
        id: text("eventID"),
        detail_type: match (service, record["eventType"].as_str()) {
            (None, _) => "Claviger Audit Log",
            (_, Some("AwsServiceEvent")) => "AWS Service Event via CloudTrail",
            _ => "AWS API Call via CloudTrail",
        },
        source: service.map_or_else(|| event_source.clone(), |service| format!("aws.{service}")),
        account: text("recipientAccountId"),
        time: text("eventTime"),
        region: text("awsRegion"),
        resources: Vec::new(),
        detail: Value::Null,
    };
    let notification = service.and_then(|service| notification(service, &record));
    let notification = notification.map(|(detail_type, detail)| Envelope {
        id: second_id(&main.id),
        detail_type,
        resources: resources(&record),
        detail,
        ..main.clone()
    });
    std::iter::once(Envelope { detail: record, ..main }).chain(notification).collect()
}

fn resources(record: &Value) -> Vec<String> {
    let listed = record["resources"].as_array().into_iter().flatten();
    listed.filter_map(|resource| resource["ARN"].as_str().map(str::to_owned)).collect()
}

/// The notification services send by themselves: detail type and detail.
fn notification(service: &str, record: &Value) -> Option<(&'static str, Value)> {
    if record["errorCode"].is_string() {
        return None;
    }
    let name = record["eventName"].as_str()?;
    let details = &record["serviceEventDetails"];
    match (service, name) {
        ("kms", "RotateKey" | "DeleteExpiredKeyMaterial" | "DeleteKey") => {
            let arn = details["keyId"].as_str()?;
            let detail_type = match name {
                "RotateKey" => "KMS CMK Rotation",
                "DeleteKey" => "KMS CMK Deletion",
                _ => "KMS Imported Key Material Expiration",
            };
            let id = arn.rsplit_once('/').map_or(arn, |(_, id)| id);
            Some((detail_type, json!({ "key-id": id })))
        }
        ("ssm", "ExpireParameter" | "NotifyParameterExpiration" | "NotifyParameterNoChange") => {
            Some(("Parameter Store Policy Action", details.clone()))
        }
        ("ssm", "PutParameter" | "DeleteParameter" | "LabelParameterVersion") => {
            let asked = &record["requestParameters"];
            let operation = match name {
                "PutParameter" if record["responseElements"]["version"] == 1 => "Create",
                "PutParameter" => "Update",
                "DeleteParameter" => "Delete",
                _ => "LabelParameterVersion",
            };
            let mut detail = json!({ "operation": operation, "name": asked["name"] });
            for member in ["type", "description"] {
                if asked[member].is_string() {
                    detail[member] = asked[member].clone();
                }
            }
            Some(("Parameter Store Change", detail))
        }
        _ => None,
    }
}

/// The id of the notification that goes with an event: its own, and the same whenever it is made.
fn second_id(id: &str) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&sha256(format!("notification of {id}").as_bytes())[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    fn record(event_type: &str, name: &str, details: Value) -> Value {
        json!({
            "eventTime": "2026-01-01T12:00:00Z", "eventSource": "kms.amazonaws.com", "eventName": name,
            "awsRegion": "us-east-1", "eventID": "0aa00000-0000-4000-8000-000000000000", "eventType": event_type,
            "recipientAccountId": "111122223333", "serviceEventDetails": details,
            "resources": [{ "ARN": ARN, "accountId": "111122223333", "type": "AWS::KMS::Key" }],
        })
    }

    #[test]
    fn a_call_is_one_event_with_the_record_in_it() {
        let record = record("AwsApiCall", "Encrypt", Value::Null);
        let [event] = &envelopes(&record.to_string())[..] else { panic!() };
        assert_eq!(event.detail_type, "AWS API Call via CloudTrail");
        assert_eq!((event.source.as_str(), event.account.as_str()), ("aws.kms", "111122223333"));
        assert_eq!(event.detail, record);
        let json: Value = serde_json::from_str(&event.to_json()).unwrap();
        assert_eq!(json["version"], "0");
        assert_eq!(json["detail-type"], "AWS API Call via CloudTrail");
    }

    #[test]
    fn what_kms_does_by_itself_is_notified() {
        for (name, detail_type) in [
            ("RotateKey", "KMS CMK Rotation"),
            ("DeleteKey", "KMS CMK Deletion"),
            ("DeleteExpiredKeyMaterial", "KMS Imported Key Material Expiration"),
        ] {
            let text = record("AwsServiceEvent", name, json!({ "keyId": ARN })).to_string();
            let [event, notice] = &envelopes(&text)[..] else { panic!() };
            assert_eq!(event.detail_type, "AWS Service Event via CloudTrail");
            assert_eq!(notice.detail_type, detail_type);
            assert_eq!(notice.resources, [ARN]);
            assert_eq!(notice.detail, json!({ "key-id": "1234abcd-12ab-34cd-56ef-1234567890ab" }));
            assert_ne!(notice.id, event.id);
            assert_eq!(notice.id, envelopes(&text)[1].id, "delivered again it is the same");
        }
    }

    #[test]
    fn parameters_that_change_are_notified_without_their_values() {
        let mut put = record("AwsApiCall", "PutParameter", Value::Null);
        put["eventSource"] = json!("ssm.amazonaws.com");
        put["requestParameters"] = json!({ "name": "/app/x", "type": "String", "value": "secret" });
        put["responseElements"] = json!({ "version": 1 });
        let events = envelopes(&put.to_string());
        assert_eq!(events[1].detail_type, "Parameter Store Change");
        assert_eq!(events[1].detail, json!({ "operation": "Create", "name": "/app/x", "type": "String" }));
        put["responseElements"] = json!({ "version": 2 });
        assert_eq!(envelopes(&put.to_string())[1].detail["operation"], "Update");
        put["errorCode"] = json!("ParameterAlreadyExists");
        assert_eq!(envelopes(&put.to_string()).len(), 1, "nothing changed");
    }

    #[test]
    fn what_is_no_record_is_no_event() {
        assert!(envelopes("").is_empty());
        assert!(envelopes("{\"eventID\":").is_empty());
    }
}
