//! Every constraint of every member of every KMS operation, taken from the model file.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::DecodeError;
use crate::kms::OPERATIONS;
use crate::kms::filled::CASES;
use crate::tests::filled::Case;

pub(super) static KMS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../models/kms.json")).unwrap());

/// A value for each shape whose pattern a made-up text would not match.
const EXAMPLES: &[(&str, &str)] = &[
    ("AccountIdType", "123456789012"),
    ("BackingKeyIdType", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
    ("CloudHsmClusterIdType", "cluster-2a34b5cdefg"),
    ("GrantConstraintSourceArnType", "arn:aws:sns:us-east-1:123456789012:topic"),
    ("RegionType", "us-gov-east-1"),
    ("ServicePrincipalType", "service.amazonaws.com"),
    ("XksProxyAuthenticationAccessKeyIdType", "ABCDEFGHIJKLMNOPQRST"),
    ("XksProxyUriEndpointType", "https://proxy.example.com"),
    ("XksProxyUriPathType", "/prefix/kms/xks/v1"),
    ("XksProxyVpcEndpointServiceNameType", "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789"),
];

fn shape(name: &str) -> &'static Value {
    &KMS["shapes"][name]
}

pub(super) static STS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../models/sts.json")).unwrap());

pub(super) static IAM: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../models/iam.json")).unwrap());

pub(super) static SSM: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../models/ssm.json")).unwrap());

pub(super) static SERVICE_QUOTAS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../models/service-quotas.json")).unwrap());

pub(super) static CLOUDTRAIL: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../models/cloudtrail.json")).unwrap());

fn members(structure: &str) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
    members_of(&KMS, structure)
}

/// Name, shape and whether it is required, of each member.
pub(super) fn members_of(
    model: &'static Value,
    structure: &str,
) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
    let members = model["shapes"][structure]["members"].as_array();
    members.into_iter().flatten().map(|member| {
        let required = member["required"].as_bool().unwrap_or(false);
        (member["name"].as_str().unwrap(), member["shape"].as_str().unwrap(), required)
    })
}

/// A value that satisfies the constraints of the shape.
fn valid(name: &str) -> Value {
    let shape = shape(name);
    let min = shape["min"].as_u64().unwrap_or(1);
    match shape["type"].as_str().unwrap() {
        "structure" => Value::Object(members(name).map(|(name, shape, _)| (name.to_owned(), valid(shape))).collect()),
        "list" => json!([valid(shape["element"].as_str().unwrap())]),
        "map" => json!({"key": "value"}),
        "string" if shape["enum"].is_array() => shape["enum"][0].clone(),
        "string" => {
            let example = EXAMPLES.iter().find(|(known, _)| *known == name);
            example.map_or_else(|| json!("a".repeat(min.max(1) as usize)), |(_, text)| json!(text))
        }
        "blob" => blob(min),
        "integer" => json!(min),
        "boolean" => json!(true),
        "timestamp" => json!(1_757_665_868.602),
        other => panic!("{name} is a {other}"),
    }
}

fn blob(length: u64) -> Value {
    json!(base64_simd::STANDARD.encode_to_string(vec![0; length as usize]))
}

fn case(name: &str) -> &'static Case {
    CASES.iter().find(|case| case.name == name).unwrap()
}

fn request(operation: &str) -> Map<String, Value> {
    match KMS["operations"][operation]["input"].as_str() {
        Some(input) => valid(input).as_object().unwrap().clone(),
        None => Map::new(),
    }
}

/// Checks that the request with this change is answered with this violation and no other.
fn expect(operation: &str, request: &Map<String, Value>, name: &str, change: Option<Value>, shown: &str, ends: &str) {
    let mut request = request.clone();
    match change {
        Some(value) => request.insert(name.to_owned(), value),
        None => request.remove(name),
    };
    let path = format!("{}{}", name[..1].to_ascii_lowercase(), &name[1..]);
    let expected =
        format!("1 validation error detected: Value{shown} at '{path}' failed to satisfy constraint: {ends}");
    match (case(operation).decode)(Value::Object(request).to_string().as_bytes()) {
        Err(DecodeError::Validation(text)) => assert_eq!(text, expected, "{operation}"),
        other => panic!("{operation} {name}: {other:?}"),
    }
}

#[test]
fn every_operation_takes_a_request_with_all_members() {
    let names: Vec<&str> = KMS["operations"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names.len(), 56);
    for name in names {
        let body = Value::Object(request(name)).to_string();
        let audited = (case(name).decode)(body.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(audited.starts_with('{'));
    }
}

#[test]
fn every_constraint_is_checked() {
    let mut checked = 0;
    for operation in OPERATIONS {
        let request = request(operation.name);
        let Some(input) = KMS["operations"][operation.name]["input"].as_str() else { continue };
        for (name, member_shape, required) in members(input) {
            let facts = shape(member_shape);
            let mut check = |change: Option<Value>, shown: &str, ends: &str| {
                expect(operation.name, &request, name, change, shown, ends);
                checked += 1;
            };
            if required {
                check(None, " null", "Member must not be null");
                check(Some(Value::Null), " null", "Member must not be null");
            }
            let hidden = facts["sensitive"].as_bool() == Some(true) || member_shape == "GrantTokenType";
            let bounds = [("min", "greater"), ("max", "less")];
            for (bound, relation) in bounds {
                let Some(limit) = facts[bound].as_u64() else { continue };
                let wrong = if bound == "min" { limit.checked_sub(1) } else { Some(limit + 1) };
                let Some(wrong) = wrong else { continue };
                let ends = |what: &str| format!("Member must have {what} {relation} than or equal to {limit}");
                match facts["type"].as_str().unwrap() {
                    "integer" => check(Some(json!(wrong)), &format!(" '{wrong}'"), &ends("value")),
                    "blob" => check(Some(blob(wrong)), "", &ends("length")),
                    "string" if facts["pattern"].is_null() => {
                        let text = "a".repeat(wrong as usize);
                        let shown = if hidden { String::new() } else { format!(" '{text}'") };
                        check(Some(json!(text)), &shown, &ends("length"));
                    }
                    _ => {}
                }
            }
            if let Some(values) = facts["enum"].as_array() {
                let set: Vec<&str> = values.iter().map(|value| value.as_str().unwrap()).collect();
                let ends = format!("Member must satisfy enum value set: [{}]", set.join(", "));
                check(Some(json!("NO_SUCH_VALUE")), " 'NO_SUCH_VALUE'", &ends);
            }
        }
    }
    assert!(checked > 350, "only {checked}");
}

#[test]
fn patterns_refuse_what_they_should() {
    let mut patterned = 0;
    for operation in OPERATIONS {
        let Some(input) = KMS["operations"][operation.name]["input"].as_str() else { continue };
        for (name, member_shape, _) in members(input) {
            let facts = shape(member_shape);
            let Some(pattern) = facts["pattern"].as_str() else { continue };
            // No pattern of KMS allows a character beyond Latin-1; the length stays as it was.
            let good = valid(member_shape);
            let text = good.as_str().unwrap();
            let odd: String = text.chars().skip(1).chain(['\u{2603}']).collect();
            let shown = if facts["sensitive"].as_bool() == Some(true) { String::new() } else { format!(" '{odd}'") };
            let ends = format!("Member must satisfy regular expression pattern: {pattern}");
            expect(operation.name, &request(operation.name), name, Some(json!(odd)), &shown, &ends);
            patterned += 1;
        }
    }
    assert!(patterned > 30, "only {patterned}");
}

#[test]
fn the_table_of_operations_is_the_models() {
    let operations = KMS["operations"].as_object().unwrap();
    assert_eq!(operations.len(), OPERATIONS.len());
    for operation in OPERATIONS {
        let facts = &operations[operation.name];
        let texts = |facts: &Value| -> Vec<String> {
            facts.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(operation.errors, texts(&facts["errors"]), "{}", operation.name);
        assert_eq!(operation.required, texts(&facts["required"]), "{}", operation.name);
        let output = facts["output"].as_str().map_or(0, |output| members(output).count());
        assert_eq!(operation.has_output, output > 0, "{}", operation.name);
    }
}
