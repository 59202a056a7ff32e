//! Encoded authorization messages: why a call was refused, for somebody who may know and not for the caller.

use claviger_crypto::hierarchy::WrappedKey;
use serde_json::{Value, json};

use crate::authorize::Explained;
use crate::call::Call;
use crate::credentials::GLOBAL;
use crate::system::System;
use crate::{Internal, internal};

/// Purpose label under which messages are sealed.
const PURPOSE: &str = "authorization message";

/// Seals why `call` was refused, for the caller's account. `DecodeAuthorizationMessage` opens it.
pub async fn encode(system: &System, call: &Call, decision: &Explained) -> Result<String, Internal> {
    let account = call.account();
    let domain = system.vault.domain(&*system.store, account, GLOBAL).await.map_err(internal)?;
    let sealed = domain.wrap_secret(PURPOSE, account, content(call, decision).to_string().as_bytes());
    Ok(base64_simd::URL_SAFE_NO_PAD.encode_to_string(sealed.as_bytes()))
}

/// Opens a message made for `account`. `None`: it is none of this server's, or of another account.
pub async fn decode(system: &System, account: &str, message: &str) -> Result<Option<String>, Internal> {
    let Ok(sealed) = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(message.as_bytes()) else { return Ok(None) };
    let domain = system.vault.domain(&*system.store, account, GLOBAL).await.map_err(internal)?;
    let Ok(text) = domain.unwrap_secret(PURPOSE, account, &WrappedKey::from_bytes(sealed)) else { return Ok(None) };
    Ok(String::from_utf8(text.expose().to_vec()).ok())
}

/// In the form AWS answers with.
fn content(call: &Call, decision: &Explained) -> Value {
    let caller = &*call.caller;
    let explicit = matches!(decision.explanation.decision.reason.cause, claviger_policy::Cause::DeniedBy(_));
    let matched: Vec<Value> = decision
        .explanation
        .matched()
        .map(|(_, statement)| json!({ "statementId": statement.sid, "effect": statement.effect }))
        .collect();
    let condition = |key: &str, value: &str| json!({ "key": key, "values": { "items": [{ "value": value }] } });
    json!({
        "allowed": decision.allowed,
        "explicitDeny": explicit,
        "matchedStatements": { "items": matched },
        "failures": { "items": [] },
        "context": {
            "principal": { "id": &*caller.unique_id, "name": &*caller.name, "arn": &*caller.arn },
            "action": decision.action,
            "resource": decision.resource,
            "conditions": { "items": [
                condition("aws:PrincipalAccount", &caller.account),
                condition("aws:RequestedRegion", &call.region),
                condition("aws:SourceIp", &call.source_ip.to_canonical().to_string()),
            ] },
        },
    })
}
