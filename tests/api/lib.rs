//! API tests through the whole HTTP stack, in one process and one test binary.
#![cfg(test)]

mod audit;
mod authorization;
mod ciphertexts;
mod concurrency;
mod coverage;
mod denials;
mod grants;
mod iam_entities;
mod iam_policies;
mod iam_simulation;
mod key_states;
mod life_cycle;
mod lookup_events;
mod parameters;
mod properties;
mod quotas;
mod related_keys;
mod service_quotas;
mod time;
mod truth_table;
mod via_service;
mod web_identity;

use claviger_testkit::{Client, Server, Signing};
use serde_json::{Value, json};

/// A development server and a client of its account's root user.
fn development() -> anyhow::Result<(Server, Client)> {
    let server = Server::development()?;
    let client = server.client(Signing::Unknown("test".to_owned()));
    Ok((server, client))
}

/// A new key: (key id, ARN).
async fn new_key(client: &Client) -> anyhow::Result<(String, String)> {
    let created = client.kms("CreateKey", &json!({})).await?.ok()?;
    Ok((text(&created, "/KeyMetadata/KeyId"), text(&created, "/KeyMetadata/Arn")))
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} in {value}")).to_owned()
}
