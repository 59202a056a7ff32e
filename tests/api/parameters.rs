//! Parameter Store: values, versions, names, tiers, and who may do what.

mod access;
mod basics;
mod finding;
mod policies;
mod secure;
mod sharing;
mod tiers;
mod versions;
mod writers;

use claviger_testkit::{Answer, Client};
use serde_json::{Value, json};

/// Writes a String parameter; its version.
async fn put(client: &Client, name: &str, value: &str) -> anyhow::Result<i64> {
    let input = json!({ "Name": name, "Value": value, "Type": "String", "Overwrite": true });
    Ok(client.ssm("PutParameter", &input).await?.ok()?["Version"].as_i64().unwrap_or_default())
}

/// The value behind a name, without decryption.
async fn value(client: &Client, name: &str) -> anyhow::Result<Value> {
    Ok(client.ssm("GetParameter", &json!({ "Name": name })).await?.ok()?["Parameter"]["Value"].clone())
}

/// Code and text of a refusal.
fn refusal(answer: &Answer) -> (&str, &str) {
    assert_eq!(answer.status, 400, "{}", answer.body);
    (answer.code(), answer.message())
}
