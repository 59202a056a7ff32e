//! IAM: its selection of operations, its unusual patterns and maps, and its exceptions.

use serde_json::{Map, Value, json};

use super::filled::{Filled, planted};
use super::model::{IAM, members_of};
use crate::iam::filled::CASES;
use crate::iam::{
    CreateAccessKeyResponse, CreateAccountAliasRequest, CreatePolicyRequest, CreateRoleRequest, EvaluationResult,
    GetAccountSummaryResponse, GetPolicyVersionRequest, ListUsersRequest, NoSuchEntityException, OPERATIONS,
    PolicyEvaluationDecisionType, SimulateCustomPolicyResponse, SimulatePrincipalPolicyResponse, SummaryKeyType,
};
use crate::{DecodeError, Fault, Input};

/// A value for each shape whose pattern a made-up text would not match.
const EXAMPLES: &[(&str, &str)] = &[
    ("accountAliasType", "my-org-1"),
    ("pathPrefixType", "/division/"),
    ("pathType", "/division/team/"),
    ("policyPathType", "/division/team/"),
    ("policyVersionIdType", "v2"),
];

/// A value that satisfies the constraints of the shape.
fn valid(name: &str) -> Value {
    let shape = &IAM["shapes"][name];
    match shape["type"].as_str().unwrap() {
        "structure" => {
            let members = members_of(&IAM, name);
            Value::Object(members.map(|(name, shape, _)| (name.to_owned(), valid(shape))).collect())
        }
        "list" => json!([valid(shape["element"].as_str().unwrap())]),
        "string" if shape["enum"].is_array() => shape["enum"][0].clone(),
        "string" => match EXAMPLES.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => json!(text),
            None => json!("a".repeat(shape["min"].as_u64().unwrap_or(1).max(1) as usize)),
        },
        "integer" => json!(shape["min"].as_u64().unwrap_or(1)),
        "boolean" => json!(true),
        other => panic!("{name} is a {other}"),
    }
}

#[test]
fn every_operation_takes_a_request_with_all_members() {
    assert_eq!(OPERATIONS.len(), 89);
    for case in CASES {
        let input = IAM["operations"][case.name]["input"].as_str();
        let body = input.map_or_else(|| Value::Object(Map::new()), valid).to_string();
        (case.decode)(body.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    }
}

#[test]
fn every_pattern_refuses_what_it_should() {
    let mut patterned = 0;
    for case in CASES {
        let Some(input) = IAM["operations"][case.name]["input"].as_str() else { continue };
        let request = valid(input);
        for (name, shape, _) in members_of(&IAM, input) {
            let Some(pattern) = IAM["shapes"][shape]["pattern"].as_str() else { continue };
            let mut request = request.clone();
            let text = request[name].as_str().unwrap();
            // No pattern allows this character; the length stays as it was.
            let odd: String = ['\u{2603}'].into_iter().chain(text.chars().skip(1)).collect();
            request[name] = json!(odd);
            let Err(DecodeError::Validation(text)) = (case.decode)(request.to_string().as_bytes()) else {
                panic!("{} takes any {name}", case.name)
            };
            let ends = format!("Member must satisfy regular expression pattern: {pattern}");
            assert!(text.starts_with("1 validation error detected") && text.ends_with(&ends), "{}: {text}", case.name);
            patterned += 1;
        }
    }
    assert!(patterned > 100, "only {patterned}");
}

fn accepts<T: Input>(member: &str, text: &str, rest: Value) -> bool {
    let mut request = rest;
    request[member] = json!(text);
    T::from_json(request.to_string().as_bytes()).is_ok()
}

#[test]
fn patterns_with_classes_beyond_ascii_escapes_and_lookahead() {
    let document = |text: &str| accepts::<CreatePolicyRequest>("PolicyDocument", text, json!({"PolicyName": "p"}));
    assert!(document("\t\r\n {\"\u{e4}\": \"\u{ff}\"}"));
    assert!(!document("{}\u{100}") && !document("{}\u{b}"));
    let name = |text: &str| accepts::<CreatePolicyRequest>("PolicyName", text, json!({"PolicyDocument": "{}"}));
    assert!(name("Dev_team+ops=1,2.@-") && !name("a b") && !name("\u{e4}"));
    let path =
        |text: &str| accepts::<CreatePolicyRequest>("Path", text, json!({"PolicyName": "p", "PolicyDocument": "{}"}));
    assert!(path("/") && path("/a/b-c/") && !path("/a") && !path("a/") && !path("//") && !path("/a b/"));
    let role = json!({"RoleName": "r", "AssumeRolePolicyDocument": "{}"});
    let path = |text: &str| accepts::<CreateRoleRequest>("Path", text, role.clone());
    assert!(path("/") && path("/a/!~/") && !path("/a") && !path("/a b/"));
    let description = |text: &str| accepts::<CreateRoleRequest>("Description", text, role.clone());
    assert!(description("") && description("\u{a1}hola!\n") && !description("\u{a0}"));
    let prefix = |text: &str| accepts::<ListUsersRequest>("PathPrefix", text, json!({}));
    assert!(prefix("/") && prefix("/div") && !prefix("div") && !prefix("/a b"));
    let alias = |text: &str| accepts::<CreateAccountAliasRequest>("AccountAlias", text, json!({}));
    assert!(alias("abc") && alias("a-b-c") && alias(&"a".repeat(63)));
    for wrong in ["ab", "a--b", "-ab", "ab-", "aBc", "a_b", &"a".repeat(64)] {
        assert!(!alias(wrong), "{wrong}");
    }
    let arn = "arn:aws:iam::111122223333:policy/p";
    let version = |text: &str| accepts::<GetPolicyVersionRequest>("VersionId", text, json!({"PolicyArn": arn}));
    assert!(version("v1") && version("v12.a-1") && !version("v0") && !version("1") && !version("v1 "));
}

#[test]
fn maps_of_responses_have_typed_keys() {
    let map = [(SummaryKeyType::Users, 2), (SummaryKeyType::MfaDevices, 0)];
    let summary = GetAccountSummaryResponse { summary_map: Some(map.into()) };
    assert_eq!(serde_json::to_value(summary).unwrap(), json!({"SummaryMap": {"Users": 2, "MFADevices": 0}}));
    let details = [("IAM Policy".to_owned(), PolicyEvaluationDecisionType::ExplicitDeny)];
    let result = EvaluationResult { eval_decision_details: Some(details.into()), ..Default::default() };
    assert_eq!(serde_json::to_value(result).unwrap(), json!({"EvalDecisionDetails": {"IAM Policy": "explicitDeny"}}));
}

#[test]
fn responses_that_operations_share_are_one_type() {
    let custom: SimulateCustomPolicyResponse = SimulatePrincipalPolicyResponse::filled("");
    assert_eq!(custom.marker, Some(planted("Marker")));
}

#[test]
fn the_secret_of_an_access_key_goes_to_the_client_alone() {
    let response = CreateAccessKeyResponse::filled("");
    let secret = planted("SecretAccessKey");
    assert!(!format!("{response:?}").contains(&secret));
    assert!(serde_json::to_string(&response).unwrap().contains(&secret));
}

#[test]
fn exceptions_have_the_codes_and_statuses_of_the_model() {
    let fault = Fault::from(NoSuchEntityException::new("gone"));
    assert_eq!((fault.code, fault.status), ("NoSuchEntity", 404));
    for operation in OPERATIONS {
        let listed = IAM["operations"][operation.name]["errors"].as_array().into_iter().flatten();
        let codes = listed.map(|error| IAM["shapes"][error.as_str().unwrap()]["code"].as_str().unwrap());
        assert!(codes.eq(operation.errors.iter().copied()), "{}", operation.name);
    }
}
