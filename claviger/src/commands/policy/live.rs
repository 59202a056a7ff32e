//! `claviger policy explain` put to a running server.

use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::explain::ExplainArgs;
use super::tree::Explained;
use crate::administration::{Administration, Question};
use crate::commands::block_on;
use crate::control::{Command, send};

/// What a call is besides caller, operation and resource.
#[derive(Args)]
#[command(next_help_heading = "With --data-dir")]
pub(super) struct RequestArgs {
    /// The request as JSON; without it one is made of --resource and --context, and what the operation must have
    #[arg(long, value_name = "JSON", requires = "data_dir")]
    input: Option<String>,
    /// The Region [default: the resource's, else us-east-1]
    #[arg(long, requires = "data_dir")]
    region: Option<String>,
    /// The client's address [default: 127.0.0.1]
    #[arg(long, value_name = "ADDR", requires = "data_dir")]
    source_ip: Option<IpAddr>,
    /// As if the call came without TLS
    #[arg(long, requires = "data_dir")]
    insecure: bool,
    /// The service that makes the call for the principal, such as `ssm`
    #[arg(long, value_name = "SERVICE", requires = "data_dir")]
    via: Option<String>,
}

/// What the server answers.
#[derive(Deserialize)]
struct Answer {
    decisions: Vec<Explained>,
    error: Option<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    code: String,
    message: String,
}

pub(super) fn ask(args: &ExplainArgs, dir: &Path) -> anyhow::Result<Vec<Explained>> {
    let request = &args.request;
    let input = match &request.input {
        Some(text) => serde_json::from_str(text).context("--input is no JSON")?,
        None => Value::Object(input(args)?),
    };
    let of_resource = args.resource.split(':').nth(3).filter(|region| !region.is_empty());
    let question = Question {
        principal: args.principal.clone(),
        operation: args.action.clone(),
        input,
        region: request.region.as_deref().or(of_resource).unwrap_or("us-east-1").to_owned(),
        source_ip: request.source_ip,
        insecure: request.insecure,
        via: request.via.clone(),
    };
    let command = Command::Administer(Administration::Explain(question));
    let answer = block_on(send(dir, &command))?;
    let answer = answer.with_context(|| format!("no server is running on {}", dir.display()))?;
    let answer: Answer = serde_json::from_value(answer)?;
    match answer.error {
        Some(Fault { code, message }) => bail!("the request fails before policies are asked: {code}: {message}"),
        None => Ok(answer.decisions),
    }
}

/// A request that gets as far as the policies: what is asked about, and what the operation refuses to go without.
fn input(args: &ExplainArgs) -> anyhow::Result<Map<String, Value>> {
    let mut input = required(&args.action);
    if args.resource != "*" && args.action.starts_with("kms:") {
        input.insert("KeyId".to_owned(), json!(args.resource));
    }
    if let Some(action) = args.action.strip_prefix("ssm:") {
        input.extend(of_parameter(action, &args.resource));
    }
    let mut encryption = Map::new();
    for (key, value) in args.context()? {
        let Some(name) = key.strip_prefix("kms:EncryptionContext:") else {
            bail!("the server finds {key} in the request itself; only kms:EncryptionContext:NAME can be given");
        };
        encryption.insert(name.to_owned(), json!(value));
    }
    if !encryption.is_empty() {
        input.insert("EncryptionContext".to_owned(), Value::Object(encryption));
    }
    Ok(input)
}

/// What names a parameter, a node above some, or a setting of Parameter Store in a request.
fn of_parameter(action: &str, arn: &str) -> Map<String, Value> {
    let described = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let path = described.strip_prefix("parameter").or_else(|| described.strip_prefix("servicesetting"));
    let path = path.unwrap_or(arn);
    let value = match action {
        "DescribeParameters" => json!({}),
        "GetParametersByPath" => json!({ "Path": path }),
        "GetParameters" | "DeleteParameters" => json!({ "Names": [path] }),
        "PutParameter" => json!({ "Name": path, "Value": "v" }),
        "LabelParameterVersion" | "UnlabelParameterVersion" => {
            json!({ "Name": path, "Labels": ["l"], "ParameterVersion": 1 })
        }
        "AddTagsToResource" | "RemoveTagsFromResource" | "ListTagsForResource" => {
            json!({ "ResourceType": "Parameter", "ResourceId": path, "Tags": [], "TagKeys": [] })
        }
        "GetServiceSetting" | "UpdateServiceSetting" | "ResetServiceSetting" => {
            json!({ "SettingId": path, "SettingValue": "v" })
        }
        "GetResourcePolicies" | "PutResourcePolicy" | "DeleteResourcePolicy" => {
            json!({ "ResourceArn": arn, "Policy": "{}", "PolicyId": "id", "PolicyHash": "hash" })
        }
        _ => json!({ "Name": path }),
    };
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn required(action: &str) -> Map<String, Value> {
    let value = match action {
        "kms:Encrypt" => json!({ "Plaintext": "AA==" }),
        "kms:GenerateDataKey" | "kms:GenerateDataKeyWithoutPlaintext" => json!({ "KeySpec": "AES_256" }),
        "kms:GenerateDataKeyPair" | "kms:GenerateDataKeyPairWithoutPlaintext" => json!({ "KeyPairSpec": "RSA_2048" }),
        "kms:Sign" => json!({ "Message": "AA==", "SigningAlgorithm": "ECDSA_SHA_256" }),
        "kms:GenerateMac" => json!({ "Message": "AA==", "MacAlgorithm": "HMAC_SHA_256" }),
        _ => json!({}),
    };
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
