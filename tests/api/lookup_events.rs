//! LookupEvents: what was recorded, for those whose it is, newest first.

use claviger_testkit::{ACCOUNT, Client, OTHER_ACCOUNT, Server, Signing, block_on};
use serde_json::{Value, json};

use crate::grants::people::People;
use crate::{development, new_key, text};

/// The events of a page.
async fn page(client: &Client, input: Value) -> anyhow::Result<(Vec<Value>, Value)> {
    let answer = client.cloudtrail("LookupEvents", &input).await?.ok()?;
    Ok((answer["Events"].as_array().cloned().unwrap_or_default(), answer["NextToken"].clone()))
}

async fn by(client: &Client, key: &str, value: &str) -> anyhow::Result<Vec<Value>> {
    let input = json!({ "LookupAttributes": [{ "AttributeKey": key, "AttributeValue": value }] });
    Ok(page(client, input).await?.0)
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["EventName"].as_str().unwrap()).collect()
}

#[test]
fn a_call_is_found_at_once_with_everything_around_it() {
    let (server, client) = development().unwrap();
    block_on(async {
        let (id, arn) = new_key(&client).await?;
        client.kms("Encrypt", &json!({ "KeyId": id, "Plaintext": "c2VjcmV0" })).await?.ok()?;
        let found = by(&client, "EventName", "Encrypt").await?;
        assert_eq!(found.len(), 1);
        let event = &found[0];
        let record = server.audit().into_iter().find(|record| record["eventName"] == "Encrypt").unwrap();
        let told: Value = serde_json::from_str(event["CloudTrailEvent"].as_str().unwrap())?;
        assert_eq!(told, record);
        assert_eq!(event["EventId"], record["eventID"]);
        assert_eq!(event["EventSource"], "kms.amazonaws.com");
        assert_eq!(event["ReadOnly"], "true");
        assert_eq!(event["Username"], "root");
        assert_eq!(event["AccessKeyId"], "test");
        assert_eq!(event["Resources"], json!([{ "ResourceType": "AWS::KMS::Key", "ResourceName": arn }]));
        let time: jiff::Timestamp = text(&record, "/eventTime").parse()?;
        assert_eq!(event["EventTime"].as_f64().unwrap() as i64, time.as_second());
        for (key, value) in [
            ("EventId", text(event, "/EventId")),
            ("ResourceName", arn),
            ("ResourceType", "AWS::KMS::Key".to_owned()),
            ("EventSource", "kms.amazonaws.com".to_owned()),
            ("AccessKeyId", "test".to_owned()),
            ("Username", "root".to_owned()),
            ("ReadOnly", "true".to_owned()),
        ] {
            let found = by(&client, key, &value).await?;
            assert!(found.iter().any(|found| found["EventId"] == event["EventId"]), "{key} {value}");
            assert!(by(&client, key, "something else").await?.is_empty(), "{key}");
        }
        assert_eq!(names(&by(&client, "ReadOnly", "false").await?), ["CreateKey"]);
        // The lookups are calls like others, found by the next one.
        let sources = by(&client, "EventSource", "cloudtrail.amazonaws.com").await?;
        assert!(sources.len() > 10 && names(&sources).iter().all(|name| *name == "LookupEvents"));
        let short = client.send("cloudtrail", "CloudTrail_20131101.LookupEvents", b"{}".to_vec()).await?;
        assert_eq!(short.status, 200);
        Ok(())
    })
    .unwrap();
}

#[test]
fn pages_hold_every_event_once_newest_first() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let (id, _) = new_key(&client).await?;
        for n in 0..7 {
            let context = json!({ "n": n.to_string() });
            let input = json!({ "KeyId": id, "Plaintext": "eA==", "EncryptionContext": context });
            client.kms("Encrypt", &input).await?.ok()?;
        }
        let attributes = json!([{ "AttributeKey": "EventName", "AttributeValue": "Encrypt" }]);
        let (mut seen, mut token): (Vec<String>, _) = (Vec::new(), Value::Null);
        loop {
            let mut input = json!({ "LookupAttributes": attributes, "MaxResults": 3 });
            if !token.is_null() {
                input["NextToken"] = token.clone();
            }
            let (events, next) = page(&client, input).await?;
            assert!(events.len() <= 3);
            for event in events {
                let record: Value = serde_json::from_str(event["CloudTrailEvent"].as_str().unwrap())?;
                seen.push(text(&record, "/requestParameters/encryptionContext/n"));
            }
            if next.is_null() {
                break;
            }
            // What comes meanwhile does not shift the pages.
            client.kms("Encrypt", &json!({ "KeyId": id, "Plaintext": "eA==" })).await?.ok()?;
            token = next;
        }
        assert_eq!(seen, ["6", "5", "4", "3", "2", "1", "0"]);
        let other = json!({ "MaxResults": 3, "NextToken": token,
            "LookupAttributes": [{ "AttributeKey": "EventName", "AttributeValue": "Decrypt" }] });
        let garbage = json!({ "LookupAttributes": attributes, "NextToken": "AAAA" });
        for input in [other, garbage, json!({ "NextToken": "" }), json!({ "NextToken": "no token" })] {
            let answer = client.cloudtrail("LookupEvents", &input).await?;
            assert_eq!((answer.status, answer.code()), (400, "InvalidNextTokenException"), "{input}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn questions_that_may_not_be_asked() {
    let (_server, client) = development().unwrap();
    block_on(async {
        let attribute = |key: &str, value: &str| json!({ "AttributeKey": key, "AttributeValue": value });
        let twice = [attribute("EventName", "a"), attribute("EventName", "b")];
        for (input, code) in [
            (json!({ "LookupAttributes": twice }), "InvalidLookupAttributesException"),
            (json!({ "LookupAttributes": [attribute("eventName", "a")] }), "InvalidLookupAttributesException"),
            (json!({ "LookupAttributes": [attribute("EventName", "")] }), "InvalidLookupAttributesException"),
            (
                json!({ "LookupAttributes": [attribute("EventName", &"x".repeat(2001))] }),
                "InvalidLookupAttributesException",
            ),
            (json!({ "StartTime": 2000, "EndTime": 1000 }), "InvalidTimeRangeException"),
            (json!({ "MaxResults": 0 }), "InvalidMaxResultsException"),
            (json!({ "MaxResults": 51 }), "InvalidMaxResultsException"),
            (json!({ "EventCategory": "management" }), "InvalidEventCategoryException"),
        ] {
            let answer = client.cloudtrail("LookupEvents", &input).await?;
            assert_eq!((answer.status, answer.code()), (400, code), "{input}");
        }
        for input in [json!({ "EventCategory": "insight" }), json!({ "EndTime": 1000 }), json!({ "StartTime": 4e9 })] {
            assert_eq!(page(&client, input).await?.0, Vec::<Value>::new());
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn everybody_sees_the_own_account_in_the_own_region_only() {
    let server = Server::enforced().unwrap();
    block_on(async {
        People(&server).accounts().await?;
        let owner = server.client(server.issue(ACCOUNT).await?);
        let mut abroad = server.client(server.issue(ACCOUNT).await?);
        abroad.region = "eu-west-1".to_owned();
        let stranger = server.client(server.issue(OTHER_ACCOUNT).await?);
        let (_, arn) = new_key(&owner).await?;
        new_key(&abroad).await?;
        owner.iam("CreateUser", &[("UserName", "bea")]).await?.ok()?;
        // Refused, and so the stranger's affair alone.
        assert_ne!(stranger.kms("DescribeKey", &json!({ "KeyId": arn })).await?.status, 200);
        assert_eq!(by(&owner, "EventName", "CreateKey").await?.len(), 1);
        assert_eq!(by(&abroad, "EventName", "CreateKey").await?.len(), 1);
        assert_eq!(by(&stranger, "EventName", "CreateKey").await?.len(), 0);
        assert_eq!(by(&owner, "EventName", "DescribeKey").await?.len(), 0);
        let refused = by(&stranger, "EventName", "DescribeKey").await?;
        let record: Value = serde_json::from_str(refused[0]["CloudTrailEvent"].as_str().unwrap())?;
        assert_eq!(record["errorCode"], "AccessDenied");
        // What is of the whole account is found in one Region.
        assert_eq!(by(&owner, "EventName", "CreateUser").await?.len(), 1);
        assert_eq!(by(&abroad, "EventName", "CreateUser").await?.len(), 0);
        let ada = People(&server).user(ACCOUNT, "ada").await?;
        let answer = ada.client.cloudtrail("LookupEvents", &json!({})).await?;
        assert_eq!((answer.status, answer.code()), (400, "AccessDeniedException"));
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "cloudtrail:LookupEvents", "Resource": "*" } ] });
        ada.put_policy(&policy.to_string()).await?;
        assert_eq!(names(&by(&ada.client, "Username", "ada").await?), ["LookupEvents"]);
        let unknown = server.client(Signing::Unsigned).cloudtrail("LookupEvents", &json!({})).await?;
        assert_eq!(unknown.status, 400);
        Ok(())
    })
    .unwrap();
}

#[test]
fn ninety_days_are_looked_back() {
    let (server, client) = development().unwrap();
    block_on(async {
        new_key(&client).await?;
        let clock = &server.system().clock;
        clock.advance(jiff::SignedDuration::from_hours(24 * 90 - 1));
        assert_eq!(by(&client, "EventName", "CreateKey").await?.len(), 1);
        clock.advance(jiff::SignedDuration::from_hours(2));
        assert_eq!(by(&client, "EventName", "CreateKey").await?.len(), 0);
        let all = json!({ "StartTime": 0, "LookupAttributes": [{ "AttributeKey": "EventName", "AttributeValue": "CreateKey" }] });
        assert_eq!(page(&client, all).await?.0.len(), 0);
        Ok(())
    })
    .unwrap();
}
