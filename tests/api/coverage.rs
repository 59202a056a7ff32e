//! Every operation of the table, in every way a caller can be wrong.

use std::collections::BTreeSet;
use std::path::Path;

use claviger_testkit::{ACCOUNT, Client, OTHER_ACCOUNT, Server, Signing, block_on};
use serde_json::{Map, Value, json};

use crate::{development, new_key};

/// The facts of the API model, the same that the shapes are generated from.
fn model() -> Value {
    serde_json::from_str(include_str!("../../models/kms.json")).unwrap()
}

fn operations(server: &Server) -> Vec<&'static str> {
    let services = server.shared().engine().services();
    services.iter().find(|service| service.name == "kms").unwrap().operations()
}

fn wrong_signature() -> String {
    "a".repeat(40)
}

#[test]
fn the_readme_names_every_operation_and_a_test_that_drives_it() {
    let (server, _) = development().unwrap();
    let served: BTreeSet<_> = operations(&server).into_iter().collect();
    let readme = include_str!("../../README.md");
    let known = model();
    let known: BTreeSet<_> = known["operations"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(served, known);
    let stores = known.iter().filter(|name| name.contains("CustomKeyStore")).count();
    let stated = format!("Of the {} operations of KMS {} work", known.len(), known.len() - stores);
    assert!(readme.contains(&stated), "the README does not say: {stated}");
    for name in known {
        let link = readme.split_once(&format!("[{name}]("));
        let (_, link) = link.unwrap_or_else(|| panic!("the README links no test of {name}"));
        let path = link.split_once(')').unwrap().0;
        let test = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path);
        let test = std::fs::read_to_string(test).unwrap_or_else(|error| panic!("{name}: {path}: {error}"));
        // As the API calls it, or as Python's clients do.
        assert!([name, &*snake_case(name)].iter().any(|call| holds_word(&test, call)), "{path} does not call {name}");
    }
}

/// Whether a text has this word, not as a part of a longer one.
fn holds_word(text: &str, word: &str) -> bool {
    let is_part = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    text.match_indices(word)
        .any(|(at, _)| !is_part(text[..at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next()))
}

fn snake_case(name: &str) -> String {
    let humps = name.char_indices().map(|(at, letter)| match letter {
        'A'..='Z' if at > 0 => format!("_{}", letter.to_ascii_lowercase()),
        _ => letter.to_ascii_lowercase().to_string(),
    });
    humps.collect()
}

#[test]
fn nobody_gets_in_without_a_valid_signature() {
    let server = Server::enforced().unwrap();
    block_on(async {
        let Signing::With { access_key_id, .. } = server.issue(ACCOUNT).await? else { unreachable!() };
        let unsigned = server.client(Signing::Unsigned);
        let unknown = server.client(Signing::Unknown("AKIAIOSFODNN7EXAMPLE".to_owned()));
        let wrong = server.client(Signing::With { access_key_id, secret: wrong_signature() });
        for name in operations(&server) {
            // The order of checks: a caller that is not known learns nothing of its input's faults.
            let answer = unsigned.kms(name, &json!({})).await?;
            assert_eq!((answer.status, answer.code()), (400, "MissingAuthenticationTokenException"), "{name}");
            let answer = unknown.kms(name, &json!({})).await?;
            assert_eq!((answer.status, answer.code()), (400, "UnrecognizedClientException"), "{name}");
            assert_eq!(answer.message(), "The security token included in the request is invalid.");
            let answer = wrong.kms(name, &json!({})).await?;
            assert_eq!((answer.status, answer.code()), (400, "InvalidSignatureException"), "{name}");
            let recorded: Vec<_> = server.audit().into_iter().rev().take(3).collect();
            for record in recorded {
                assert_eq!(record["eventName"], name);
                assert!(record["errorCode"].is_string(), "{record}");
                assert_eq!(record["requestParameters"], Value::Null);
            }
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn another_account_gets_nothing() {
    let server = Server::enforced().unwrap();
    block_on(async {
        let owner = server.client(server.issue(ACCOUNT).await?);
        let stranger = server.client(server.issue(OTHER_ACCOUNT).await?);
        let (_, arn) = new_key(&owner).await?;
        let plaintext = base64_simd::STANDARD.encode_to_string("secret");
        let sealed = owner.kms("Encrypt", &json!({ "KeyId": arn, "Plaintext": plaintext })).await?.ok()?;
        let known = model();
        let mut judged = 0;
        for name in operations(&server) {
            let mut input = minimal(&known, name);
            for member in ["KeyId", "TargetKeyId", "DestinationKeyId"] {
                if input.contains_key(member) {
                    input[member] = json!(arn);
                }
            }
            if name == "Decrypt" || name == "ReEncrypt" {
                input.insert("CiphertextBlob".to_owned(), sealed["CiphertextBlob"].clone());
            }
            if name.starts_with("GenerateDataKey") {
                input.insert("KeySpec".to_owned(), json!("AES_256"));
            }
            if name == "CreateGrant" {
                input.insert("GranteePrincipal".to_owned(), json!(format!("arn:aws:iam::{OTHER_ACCOUNT}:root")));
                input.insert("Operations".to_owned(), json!(["Decrypt"]));
            }
            if name == "RevokeGrant" || name == "RetireGrant" {
                input.insert("KeyId".to_owned(), json!(arn));
                input.insert("GrantId".to_owned(), json!("0".repeat(64)));
            }
            let names_key = ["KeyId", "TargetKeyId", "DestinationKeyId", "CiphertextBlob"];
            if !names_key.iter().any(|member| input.contains_key(*member)) {
                continue;
            }
            let answer = stranger.kms(name, &Value::Object(input)).await?;
            // Names of aliases are the caller's own; that one does not exist.
            if name == "UpdateAlias" {
                assert_eq!(answer.code(), "NotFoundException");
                continue;
            }
            assert_eq!((answer.status, answer.code()), (400, "AccessDeniedException"), "{name}: {}", answer.body);
            assert!(!answer.message().contains(&arn), "{name} names a foreign key: {}", answer.message());
            judged += 1;
        }
        assert!(judged >= 20, "only {judged} operations were judged");
        // Nothing of it reached the owner's record.
        let owners = server.audit();
        let seen = owners.iter().filter(|r| r["recipientAccountId"] == ACCOUNT && r["errorCode"] == "AccessDenied");
        assert_eq!(seen.count(), 0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn every_required_member_is_required() {
    let (server, client) = development().unwrap();
    let known = model();
    block_on(async {
        for name in operations(&server) {
            let required = known["operations"][name]["required"].as_array().cloned().unwrap_or_default();
            for member in required {
                let member = member.as_str().unwrap();
                let mut input = minimal(&known, name);
                input.remove(member);
                let answer = client.kms(name, &Value::Object(input)).await?;
                assert_eq!((answer.status, answer.code()), (400, "ValidationException"), "{name} without {member}");
                let expected = format!(
                    "1 validation error detected: Value null at '{}' failed to satisfy constraint: \
                     Member must not be null",
                    lower_first(member)
                );
                assert_eq!(answer.message(), expected, "{name} without {member}");
            }
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn every_constraint_of_every_member_is_enforced() {
    let (server, client) = development().unwrap();
    let known = model();
    let mut violations = 0;
    block_on(async {
        for name in operations(&server) {
            for (member, shape) in members(&known, name) {
                for (bad, why) in violating(&known, &shape) {
                    let mut input = minimal(&known, name);
                    input.insert(member.clone(), bad);
                    let answer = client.kms(name, &Value::Object(input)).await?;
                    let context = format!("{name}.{member}: {why}: {}", answer.body);
                    assert_eq!((answer.status, answer.code()), (400, "ValidationException"), "{context}");
                    assert!(answer.message().contains(&format!("at '{}", lower_first(&member))), "{context}");
                    assert!(answer.message().contains(&why), "{context}");
                    violations += 1;
                }
            }
        }
        Ok(())
    })
    .unwrap();
    assert!(violations > 100, "only {violations} violations were tried");
}

#[test]
fn what_is_not_served_is_unknown() {
    let (server, client) = development().unwrap();
    let served: BTreeSet<_> = operations(&server).into_iter().collect();
    let known = model();
    block_on(async {
        for name in known["operations"].as_object().unwrap().keys() {
            if !served.contains(name.as_str()) {
                let answer = client.kms(name, &json!({})).await?;
                assert_eq!((answer.status, answer.code()), (400, "UnknownOperationException"), "{name}");
            }
        }
        assert_eq!(client.kms("NoSuchThing", &json!({})).await?.code(), "UnknownOperationException");
        Ok(())
    })
    .unwrap();
}

/// A request with every required member, each well-formed.
fn minimal(known: &Value, name: &str) -> Map<String, Value> {
    let required = known["operations"][name]["required"].as_array().cloned().unwrap_or_default();
    let shapes: Vec<_> = members(known, name);
    let mut input = Map::new();
    for member in required {
        let member = member.as_str().unwrap().to_owned();
        let shape = &shapes.iter().find(|(name, _)| *name == member).unwrap().1;
        let value = match member.as_str() {
            "KeyId" | "TargetKeyId" | "DestinationKeyId" => json!("1234abcd-12ab-34cd-56ef-1234567890ab"),
            "AliasName" => json!("alias/unused"),
            "ReplicaRegion" | "PrimaryRegion" => json!("eu-west-1"),
            "Policy" => json!(r#"{"Version":"2012-10-17","Statement":[]}"#),
            _ => filled(known, shape),
        };
        input.insert(member, value);
    }
    // A blob is not required by the model of Decrypt, yet it is by its rules.
    if matches!(name, "Decrypt" | "ReEncrypt") {
        input.insert("CiphertextBlob".to_owned(), json!("AAAA"));
    }
    if name == "ImportKeyMaterial" {
        input.insert("ExpirationModel".to_owned(), json!("KEY_MATERIAL_DOES_NOT_EXPIRE"));
    }
    input
}

fn filled(known: &Value, shape: &str) -> Value {
    let facts = &known["shapes"][shape];
    match facts["type"].as_str().unwrap() {
        "string" if facts["enum"].is_array() => facts["enum"][0].clone(),
        "string" => json!("a".repeat(facts["min"].as_u64().unwrap_or(1).max(1) as usize)),
        "blob" => json!(base64_simd::STANDARD.encode_to_string("x")),
        "integer" => json!(facts["min"].as_i64().unwrap_or(1)),
        "boolean" => json!(false),
        "list" => json!([filled(known, facts["element"].as_str().unwrap())]),
        "structure" => {
            let members = facts["members"].as_array().unwrap();
            let filled = members.iter().map(|member| {
                (member["name"].as_str().unwrap().to_owned(), filled(known, member["shape"].as_str().unwrap()))
            });
            Value::Object(filled.collect())
        }
        _ => json!({}),
    }
}

fn members(known: &Value, name: &str) -> Vec<(String, String)> {
    let input = known["operations"][name]["input"].as_str().unwrap_or_default();
    let members = known["shapes"][input]["members"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    members.iter().map(|member| (text(&member["name"]), text(&member["shape"]))).collect()
}

/// Values that break a shape's own constraints, with a part of the message each must produce.
fn violating(known: &Value, shape: &str) -> Vec<(Value, String)> {
    let facts = &known["shapes"][shape];
    let (min, max) = (facts["min"].as_i64(), facts["max"].as_i64());
    let mut bad = Vec::new();
    match facts["type"].as_str().unwrap() {
        "string" if facts["enum"].is_array() => {
            bad.push((json!("NO_SUCH_VALUE"), "Member must satisfy enum value set: [".to_owned()));
        }
        "string" => {
            if let Some(max) = max {
                let long = "a".repeat(max as usize + 1);
                bad.push((json!(long), format!("Member must have length less than or equal to {max}")));
            }
            if let Some(min) = min.filter(|min| *min > 0) {
                bad.push((json!(""), format!("Member must have length greater than or equal to {min}")));
            }
            if let Some(pattern) = facts["pattern"].as_str() {
                bad.push((json!("\u{0}"), "Member must satisfy regular expression pattern: ".to_owned() + pattern));
            }
        }
        "blob" => {
            if let Some(max) = max {
                let long = base64_simd::STANDARD.encode_to_string(vec![0; max as usize + 1]);
                bad.push((json!(long), format!("Member must have length less than or equal to {max}")));
            }
            if min.is_some_and(|min| min > 0) {
                bad.push((json!(""), format!("Member must have length greater than or equal to {}", min.unwrap())));
            }
        }
        "integer" => {
            if let Some(max) = max {
                bad.push((json!(max + 1), format!("Member must have value less than or equal to {max}")));
            }
            if let Some(min) = min {
                bad.push((json!(min - 1), format!("Member must have value greater than or equal to {min}")));
            }
        }
        "list" => {
            if let Some(max) = max {
                let element = filled(known, facts["element"].as_str().unwrap());
                let long = vec![element; max as usize + 1];
                bad.push((json!(long), format!("Member must have length less than or equal to {max}")));
            }
        }
        _ => {}
    }
    bad
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

#[test]
fn garbage_never_breaks_the_server() {
    let (_server, client) = development().unwrap();
    let bodies: [&[u8]; 10] = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\"text\"",
        b"{\"KeyId\":}",
        b"{\"KeyId\":\"a\"} trailing",
        b"\xff\xfe\xfd",
        b"{\"KeyId\": {\"deep\": []}}",
        b"{\"KeyId\":\"\xc3\x28\"}",
    ];
    block_on(async {
        for body in bodies {
            let answer = client.send("kms", "TrentService.DescribeKey", body.to_vec()).await?;
            let expected: &[&str] = &["SerializationException", "ValidationException"];
            assert!(answer.status == 400 && expected.contains(&answer.code()), "{:?}: {}", body, answer.body);
        }
        let deep = [b"{\"KeyId\":".as_slice(), "[".repeat(100_000).as_bytes()].concat();
        assert_eq!(client.send("kms", "TrentService.DescribeKey", deep).await?.code(), "SerializationException");
        let alive: &Client = &client;
        assert_eq!(alive.kms("ListKeys", &json!({})).await?.status, 200);
        Ok(())
    })
    .unwrap();
}
