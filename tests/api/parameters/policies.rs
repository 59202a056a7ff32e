//! Parameter policies are carried out when their time comes.

use claviger_testkit::{Client, Server, block_on};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::put;
use crate::development;
use crate::time::pass;

fn policy(kind: &str, attributes: Value) -> Value {
    json!({ "Type": kind, "Version": "1.0", "Attributes": attributes })
}

async fn write(client: &Client, name: &str, policies: &[Value]) -> anyhow::Result<claviger_testkit::Answer> {
    let input = json!({ "Name": name, "Value": "v", "Type": "String", "Tier": "Advanced", "Overwrite": true,
        "Policies": json!(policies).to_string() });
    client.ssm("PutParameter", &input).await
}

fn in_days(server: &Server, days: i64) -> String {
    (server.system().clock.now() + SignedDuration::from_hours(days * 24)).to_string()
}

async fn statuses(client: &Client, name: &str) -> anyhow::Result<Vec<(String, String)>> {
    let filter = json!({ "ParameterFilters": [{ "Key": "Name", "Values": [name] }] });
    let found = client.ssm("DescribeParameters", &filter).await?.ok()?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let policies = found["Parameters"][0]["Policies"].as_array().cloned().unwrap_or_default();
    Ok(policies.iter().map(|policy| (text(&policy["PolicyType"]), text(&policy["PolicyStatus"]))).collect())
}

fn events(server: &Server, name: &str) -> Vec<Value> {
    let records = server.audit();
    records.into_iter().filter(|record| record["eventName"] == name).collect()
}

#[test]
fn an_expired_parameter_is_gone_after_it_was_told() {
    let (server, client) = development().unwrap();
    block_on(async {
        let policies = [
            policy("Expiration", json!({ "Timestamp": in_days(&server, 30) })),
            policy("ExpirationNotification", json!({ "Before": "15", "Unit": "Days" })),
        ];
        write(&client, "/t/a", &policies).await?.ok()?;
        put(&client, "/t/b", "stays").await?;
        pass(&server, 14).await;
        assert!(events(&server, "NotifyParameterExpiration").is_empty());
        // Writing a value moves no expiration and keeps the policies.
        client.ssm("PutParameter", &json!({ "Name": "/t/a", "Value": "2", "Overwrite": true })).await?.ok()?;
        pass(&server, 1).await;
        let told = events(&server, "NotifyParameterExpiration");
        assert_eq!(told.len(), 1);
        let details = &told[0]["serviceEventDetails"];
        assert_eq!(details["parameter-name"], "/t/a");
        assert_eq!(details["policy-type"], "ExpirationNotification");
        assert_eq!(
            statuses(&client, "/t/a").await?,
            [("Expiration", "Pending"), ("ExpirationNotification", "Finished")].map(|(a, b)| (a.into(), b.into()))
        );
        pass(&server, 14).await;
        assert_eq!(super::value(&client, "/t/a").await?, "2");
        pass(&server, 1).await;
        assert_eq!(client.ssm("GetParameter", &json!({ "Name": "/t/a" })).await?.code(), "ParameterNotFound");
        assert_eq!(client.ssm("GetParameterHistory", &json!({ "Name": "/t/a" })).await?.code(), "ParameterNotFound");
        assert_eq!(events(&server, "ExpireParameter").len(), 1);
        assert_eq!(events(&server, "NotifyParameterExpiration").len(), 1);
        assert_eq!(super::value(&client, "/t/b").await?, "stays");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_parameter_nobody_changes_is_told_once_for_each_rest() {
    let (server, client) = development().unwrap();
    block_on(async {
        let policies = [policy("NoChangeNotification", json!({ "After": "48", "Unit": "Hours" }))];
        write(&client, "/t/c", &policies).await?.ok()?;
        pass(&server, 1).await;
        put(&client, "/t/c", "2").await?;
        pass(&server, 1).await;
        // The write restarted the wait.
        assert!(events(&server, "NotifyParameterNoChange").is_empty());
        pass(&server, 1).await;
        pass(&server, 30).await;
        assert_eq!(events(&server, "NotifyParameterNoChange").len(), 1);
        put(&client, "/t/c", "3").await?;
        assert_eq!(statuses(&client, "/t/c").await?, [("NoChangeNotification".into(), "Pending".into())]);
        pass(&server, 2).await;
        assert_eq!(events(&server, "NotifyParameterNoChange").len(), 2);
        // A new set replaces the old one; an empty policy removes all.
        write(&client, "/t/c", &[json!({})]).await?.ok()?;
        assert!(statuses(&client, "/t/c").await?.is_empty());
        pass(&server, 30).await;
        assert_eq!(events(&server, "NotifyParameterNoChange").len(), 2);
        Ok(())
    })
    .unwrap();
}

#[test]
fn policies_that_make_no_sense_are_refused_and_nothing_is_stored() {
    let (server, client) = development().unwrap();
    block_on(async {
        let expiration = policy("Expiration", json!({ "Timestamp": "2030-01-01T00:00:00.000+01:00" }));
        let notification = policy("ExpirationNotification", json!({ "Before": "1", "Unit": "Hours" }));
        let idle = policy("NoChangeNotification", json!({ "After": "1", "Unit": "Days" }));
        for (policies, code) in [
            (vec![policy("Deletion", json!({}))], "InvalidPolicyTypeException"),
            (vec![expiration.clone(), expiration.clone()], "IncompatiblePolicyException"),
            (vec![notification.clone()], "IncompatiblePolicyException"),
            (vec![idle.clone(); 11], "PoliciesLimitExceededException"),
            (vec![policy("Expiration", json!({ "Timestamp": "tomorrow" }))], "InvalidPolicyAttributeException"),
            (vec![policy("Expiration", json!({}))], "InvalidPolicyAttributeException"),
            (
                vec![policy("NoChangeNotification", json!({ "After": "1", "Unit": "Weeks" }))],
                "InvalidPolicyAttributeException",
            ),
            (
                vec![policy("NoChangeNotification", json!({ "After": "-1", "Unit": "Days" }))],
                "InvalidPolicyAttributeException",
            ),
            (vec![json!({ "Type": "Expiration", "Version": "2.0" })], "InvalidPolicyAttributeException"),
        ] {
            assert_eq!(write(&client, "/t/d", &policies).await?.code(), code, "{policies:?}");
        }
        let mut input = json!({ "Name": "/t/d", "Value": "v", "Type": "String", "Policies": "no JSON",
            "Tier": "Advanced" });
        assert_eq!(client.ssm("PutParameter", &input).await?.code(), "ValidationException");
        input["Policies"] = json!(json!([idle]).to_string());
        input["Tier"] = json!("Standard");
        assert_eq!(client.ssm("PutParameter", &input).await?.code(), "ValidationException");
        assert_eq!(client.ssm("GetParameter", &json!({ "Name": "/t/d" })).await?.code(), "ParameterNotFound");
        write(&client, "/t/d", &[expiration, notification, idle.clone(), idle]).await?.ok()?;
        assert_eq!(statuses(&client, "/t/d").await?.len(), 4);
        drop(server);
        Ok(())
    })
    .unwrap();
}
