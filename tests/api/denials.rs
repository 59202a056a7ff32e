//! Every operation of every service, called by those who may not. The lists of exceptions may only shrink.

use claviger_testkit::{ACCOUNT, Answer, Client, OTHER_ACCOUNT, Server, Signing, block_on};
use serde_json::{Map, Value, json};

use crate::grants::people::People;
use crate::new_key;

/// Operations that no policy can refuse.
const NEVER_REFUSED: [&str; 2] = ["sts:GetCallerIdentity", "sts:GetSessionToken"];
/// Operations that take no signature: the request proves who asks.
const UNSIGNED: [&str; 1] = ["sts:AssumeRoleWithWebIdentity"];
/// Operations refused in words of their own: a key known from a ciphertext alone, a grant, an access key of whomever.
const OWN_WORDS: [&str; 4] = ["kms:Decrypt", "kms:ReEncrypt", "kms:RetireGrant", "iam:GetAccessKeyLastUsed"];

fn model(service: &str) -> Value {
    let text = match service {
        "kms" => include_str!("../../models/kms.json"),
        "iam" => include_str!("../../models/iam.json"),
        "sts" => include_str!("../../models/sts.json"),
        "cloudtrail" => include_str!("../../models/cloudtrail.json"),
        "ssm" => include_str!("../../models/ssm.json"),
        "servicequotas" => include_str!("../../models/service-quotas.json"),
        other => panic!("no model of {other} in this test"),
    };
    serde_json::from_str(text).unwrap()
}

/// Every operation: (service, name).
fn operations(server: &Server) -> Vec<(&'static str, &'static str)> {
    let services = server.shared().engine().services();
    // S3 is spoken in another way, and by itself: its client tests refuse each of its three calls.
    let services = services.iter().filter(|service| service.name != "s3");
    services.flat_map(|service| service.operations().into_iter().map(|name| (service.name, name))).collect()
}

/// An alias of the key.
const ALIAS: &str = "alias/its-name";

/// What a request is about: one key, and identities of `account` that do not exist.
struct Targets<'a> {
    account: &'a str,
    key: &'a str,
    blob: &'a str,
    grant: &'a str,
}

impl Targets<'_> {
    async fn call(&self, client: &Client, service: &str, name: &str) -> anyhow::Result<Answer> {
        let model = model(service);
        let operation = &model["operations"][name];
        let shape = operation["input"].as_str().unwrap_or_default();
        let mut input = match self.filled(&model, shape, operation["required"].as_array()) {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        match name {
            "Decrypt" | "ReEncrypt" => drop(input.insert("CiphertextBlob".to_owned(), json!(self.blob))),
            "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => {
                input.insert("KeySpec".to_owned(), json!("AES_256"));
            }
            "CreateGrant" => {
                input.insert("GranteePrincipal".to_owned(), json!(format!("arn:aws:iam::{ACCOUNT}:root")));
            }
            "RetireGrant" => {
                input.insert("KeyId".to_owned(), json!(self.key));
                input.insert("GrantId".to_owned(), json!(self.grant));
            }
            "GenerateRandom" => drop(input.insert("NumberOfBytes".to_owned(), json!(8))),
            "ListRetirableGrants" => {
                input.insert("RetiringPrincipal".to_owned(), json!(format!("arn:aws:iam::{ACCOUNT}:root")));
            }
            "CreateCustomKeyStore" => {
                input.insert("CloudHsmClusterId".to_owned(), json!("cluster-aaaaaaaaaaa"));
                input.insert("TrustAnchorCertificate".to_owned(), json!("a certificate"));
                input.insert("KeyStorePassword".to_owned(), json!("kmspassword"));
            }
            "ReplicateKey" => drop(input.insert("ReplicaRegion".to_owned(), json!("eu-west-1"))),
            "UpdatePrimaryRegion" => drop(input.insert("PrimaryRegion".to_owned(), json!("eu-west-1"))),
            "ImportKeyMaterial" => {
                input.insert("ExpirationModel".to_owned(), json!("KEY_MATERIAL_DOES_NOT_EXPIRE"));
            }
            "CreateAlias" => drop(input.insert("AliasName".to_owned(), json!("alias/another"))),
            "UpdateUser" => drop(input.insert("NewUserName".to_owned(), json!("renamed"))),
            "UpdateGroup" => drop(input.insert("NewGroupName".to_owned(), json!("renamed"))),
            "AddTags" | "RemoveTags" => drop(input.insert("ResourceId".to_owned(), json!(self.trail()))),
            "ListTags" => drop(input.insert("ResourceIdList".to_owned(), json!([self.trail()]))),
            _ => {}
        }
        for member in ["Name", "TrailName"].into_iter().filter(|_| service == "cloudtrail") {
            input.entry(member).and_modify(|name| *name = json!("none"));
        }
        match service {
            "kms" => return client.kms(name, &Value::Object(input)).await,
            "cloudtrail" => return client.cloudtrail(name, &Value::Object(input)).await,
            "ssm" => return client.ssm(name, &Value::Object(input)).await,
            "servicequotas" => return client.service_quotas(name, &Value::Object(input)).await,
            _ => {}
        }
        let mut parameters = Vec::new();
        flatten("", &Value::Object(input), &mut parameters);
        let parameters: Vec<(&str, &str)> = parameters.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        match service {
            "iam" => client.iam(name, &parameters).await,
            _ => client.sts(name, &parameters).await,
        }
    }

    fn trail(&self) -> String {
        format!("arn:aws:cloudtrail:us-east-1:{}:trail/none", self.account)
    }

    /// A well-formed value; of structures the members that are required.
    fn filled(&self, model: &Value, shape: &str, required: Option<&Vec<Value>>) -> Value {
        let facts = &model["shapes"][shape];
        match facts["type"].as_str().unwrap_or_default() {
            "string" if facts["enum"].is_array() => facts["enum"][0].clone(),
            "string" => json!("a".repeat(facts["min"].as_u64().unwrap_or(1).max(1) as usize)),
            "blob" => json!(base64_simd::STANDARD.encode_to_string("x")),
            "integer" | "long" => json!(facts["min"].as_i64().unwrap_or(1).max(1)),
            "double" => json!(facts["min"].as_f64().unwrap_or(1.0).max(1.0)),
            "boolean" => json!(false),
            "list" => json!([self.filled(model, facts["element"].as_str().unwrap_or_default(), None)]),
            "structure" => {
                let members = facts["members"].as_array().cloned().unwrap_or_default();
                let wanted = |member: &&Value| match required {
                    Some(required) => required.contains(&member["name"]),
                    None => member["required"] == true,
                };
                let filled = members.iter().filter(wanted).map(|member| {
                    let name = member["name"].as_str().unwrap_or_default();
                    let value = self
                        .known(name)
                        .unwrap_or_else(|| self.filled(model, member["shape"].as_str().unwrap_or_default(), None));
                    (name.to_owned(), value)
                });
                Value::Object(filled.collect())
            }
            _ => json!({}),
        }
    }

    /// Members whose form no shape tells.
    fn known(&self, member: &str) -> Option<Value> {
        let account = self.account;
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*" } ] });
        let trust = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": { "AWS": ACCOUNT }, "Action": "sts:AssumeRole" } ] });
        let key_policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": { "AWS": ACCOUNT }, "Action": "kms:*", "Resource": "*" } ] });
        let user = format!("arn:aws:iam::{account}:user/nobody");
        Some(match member {
            "KeyId" | "TargetKeyId" | "DestinationKeyId" => json!(self.key),
            "AliasName" => json!(ALIAS),
            "Policy" => json!(key_policy.to_string()),
            "RetiringPrincipal" | "PolicySourceArn" => json!(user),
            "PolicyDocument" => json!(policy.to_string()),
            "AssumeRolePolicyDocument" => json!(trust.to_string()),
            "PolicyInputList" => json!([policy.to_string()]),
            "PolicyArn" | "PermissionsBoundary" => json!(format!("arn:aws:iam::{account}:policy/none")),
            "OpenIDConnectProviderArn" => json!(format!("arn:aws:iam::{account}:oidc-provider/example.com")),
            "RoleArn" => json!(format!("arn:aws:iam::{account}:role/none")),
            "Url" => json!("https://example.com"),
            "ThumbprintList" => json!(["a".repeat(40)]),
            "ActionNames" => json!(["kms:ListKeys"]),
            "VersionId" => json!("v1"),
            "AccountAlias" => json!("an-alias"),
            "GrantId" => json!(self.grant),
            "AccessKeyId" => json!("AKIAIOSFODNN7EXAMPLE"),
            "Path" => json!("/some/parameters"),
            "ResourceType" => json!("Parameter"),
            "ResourceArn" => json!(format!("arn:aws:ssm:us-east-1:{account}:parameter/none")),
            "ServiceCode" => json!("kms"),
            "QuotaCode" => json!("L-C2F1777E"),
            "RequestId" => json!("0".repeat(32)),
            "SettingId" => json!("/ssm/parameter-store/default-parameter-tier"),
            _ => return None,
        })
    }
}

/// JSON as the parameters of a Query call.
fn flatten(name: &str, value: &Value, parameters: &mut Vec<(String, String)>) {
    let below = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
    match value {
        Value::Object(members) => members.iter().for_each(|(part, value)| flatten(&below(part), value, parameters)),
        Value::Array(elements) => {
            let numbered = elements.iter().enumerate();
            numbered.for_each(|(at, value)| flatten(&below(&format!("member.{}", at + 1)), value, parameters));
        }
        Value::String(text) => parameters.push((name.to_owned(), text.clone())),
        other => parameters.push((name.to_owned(), other.to_string())),
    }
}

struct Scene {
    server: Server,
    key: String,
    blob: String,
    grant: String,
}

impl Scene {
    async fn new() -> anyhow::Result<Self> {
        let server = Server::enforced()?;
        People(&server).accounts().await?;
        let root = server.client(server.issue(ACCOUNT).await?);
        let (_, key) = new_key(&root).await?;
        let sealed = root.kms("Encrypt", &json!({ "KeyId": key, "Plaintext": "eA==" })).await?.ok()?;
        root.kms("CreateAlias", &json!({ "AliasName": ALIAS, "TargetKeyId": key })).await?.ok()?;
        let grant = json!({ "KeyId": key, "GranteePrincipal": format!("arn:aws:iam::{ACCOUNT}:root"),
            "Operations": ["Encrypt"] });
        let granted = root.kms("CreateGrant", &grant).await?.ok()?;
        let grant = crate::text(&granted, "/GrantId");
        Ok(Self { server, key, blob: crate::text(&sealed, "/CiphertextBlob"), grant })
    }

    fn targets(&self) -> Targets<'_> {
        Targets { account: ACCOUNT, key: &self.key, blob: &self.blob, grant: &self.grant }
    }
}

fn is_denied(answer: &Answer) -> bool {
    matches!(answer.code(), "AccessDenied" | "AccessDeniedException")
}

#[test]
fn nobody_gets_in() {
    block_on(async {
        let scene = Scene::new().await?;
        let nobody = scene.server.client(Signing::Unsigned);
        for (service, name) in operations(&scene.server) {
            let answer = scene.targets().call(&nobody, service, name).await?;
            let expected = match service {
                "iam" | "sts" => "MissingAuthenticationToken",
                _ => "MissingAuthenticationTokenException",
            };
            let unsigned = UNSIGNED.contains(&&*format!("{service}:{name}"));
            assert_eq!(answer.code() == expected, !unsigned, "{service}:{name}: {}", answer.body);
            assert_ne!(answer.status, 200, "{service}:{name}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_user_without_permissions_gets_nothing_and_learns_nothing() {
    block_on(async {
        let scene = Scene::new().await?;
        let ada = People(&scene.server).user(ACCOUNT, "ada").await?;
        let mut wrong = Vec::new();
        let all = operations(&scene.server);
        for (service, name) in &all {
            let action = format!("{service}:{name}");
            if NEVER_REFUSED.contains(&&*action) || UNSIGNED.contains(&&*action) {
                continue;
            }
            let answer = scene.targets().call(&ada.client, service, name).await?;
            // What it asks about does not exist, and it is not told so.
            let silent = answer.message().contains("is not authorized to perform: ");
            if !is_denied(&answer) || !silent && !OWN_WORDS.contains(&&*action) {
                wrong.push(format!("{action}: {} {}", answer.status, answer.body));
            }
        }
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
        assert!(all.len() >= 125, "only {} operations", all.len());
        Ok(())
    })
    .unwrap();
}

#[test]
fn an_explicit_deny_stops_whoever_may_everything() {
    block_on(async {
        let scene = Scene::new().await?;
        let ada = People(&scene.server).user(ACCOUNT, "ada").await?;
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "*", "Resource": "*" },
            { "Effect": "Deny", "Action": ["kms:*", "iam:*", "sts:*", "cloudtrail:*", "ssm:*", "servicequotas:*"], "Resource": "*" } ] });
        ada.put_policy(&policy.to_string()).await?;
        let mut wrong = Vec::new();
        for (service, name) in operations(&scene.server) {
            let action = format!("{service}:{name}");
            if NEVER_REFUSED.contains(&&*action) || UNSIGNED.contains(&&*action) {
                continue;
            }
            let answer = scene.targets().call(&ada.client, service, name).await?;
            let explicit = answer.message().ends_with(" with an explicit deny in an identity-based policy");
            if !is_denied(&answer) || !explicit && !OWN_WORDS.contains(&&*action) {
                wrong.push(format!("{action}: {} {}", answer.status, answer.body));
            }
        }
        assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_root_user_of_another_account_changes_and_sees_nothing_here() {
    block_on(async {
        let scene = Scene::new().await?;
        let stranger = scene.server.client(scene.server.issue(OTHER_ACCOUNT).await?);
        let mut judged = 0;
        for (service, name) in operations(&scene.server) {
            let model = model(service);
            let required = model["operations"][name]["required"].as_array().cloned().unwrap_or_default();
            let foreign = [
                "KeyId",
                "TargetKeyId",
                "DestinationKeyId",
                "CiphertextBlob",
                "PolicyArn",
                "RoleArn",
                "OpenIDConnectProviderArn",
                "PolicySourceArn",
                "ResourceArn",
            ];
            if !required.iter().any(|member| foreign.contains(&member.as_str().unwrap_or_default())) {
                continue;
            }
            let answer = scene.targets().call(&stranger, service, name).await?;
            assert_ne!(answer.status, 200, "{service}:{name}: {}", answer.body);
            judged += 1;
        }
        assert!(judged >= 50, "only {judged} operations were judged");
        Ok(())
    })
    .unwrap();
}
