//! Records against the shape of CloudTrail's published ones.

use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::*;

const KEY_ARN: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

fn alice() -> Identity<'static> {
    Identity::User {
        principal_id: "AIDACKCEVSQ6C2EXAMPLE",
        arn: "arn:aws:iam::111122223333:user/Alice",
        account: "111122223333",
        access_key: Some("AKIAIOSFODNN7EXAMPLE"),
        user_name: "Alice",
        session: None,
        invoked_by: None,
    }
}

/// A failed call without any of the optional parts.
fn plain(identity: Identity<'_>) -> Event<'_> {
    Event {
        event_id: "91235988-eb87-476a-ac2c-0cdc244e6dca",
        request_id: "f3423043-63bc-11e4-bc2b-4198b6150d5c",
        time: time("2022-07-14T20:17:42.999Z"),
        identity,
        source: "kms.amazonaws.com",
        name: "Encrypt",
        region: "us-east-1",
        source_ip: "192.0.2.0",
        user_agent: "aws-sdk-java/1.12",
        error: None,
        request_parameters: None,
        response_elements: None,
        additional: None,
        read_only: true,
        resources: &[],
        recipient_account: "111122223333",
        shared_event_id: None,
        tls: None,
        kind: Kind::ApiCall,
    }
}

fn text(event: &Event<'_>) -> String {
    let mut out = b"before".to_vec();
    event.write_json(&mut out);
    let text = String::from_utf8(out).unwrap();
    text.strip_prefix("before").unwrap().to_owned()
}

fn value(event: &Event<'_>) -> Value {
    serde_json::from_str(&text(event)).unwrap()
}

fn identity(identity: Identity<'_>) -> Value {
    value(&plain(identity))["userIdentity"].take()
}

#[test]
fn a_successful_encrypt_to_the_letter() {
    let parameters = raw(&format!(
        r#"{{"encryptionContext":{{"Department":"Engineering"}},"keyId":"{KEY_ARN}","encryptionAlgorithm":"SYMMETRIC_DEFAULT"}}"#
    ));
    let resources = [Resource { arn: KEY_ARN, account: "111122223333", kind: "AWS::KMS::Key" }];
    let event = Event {
        request_parameters: Some(&parameters),
        resources: &resources,
        tls: Some(TlsDetails {
            version: "TLSv1.3",
            cipher_suite: "TLS_AES_128_GCM_SHA256",
            host: "kms.us-east-1.amazonaws.com",
        }),
        ..plain(alice())
    };
    let expected = [
        r#"{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE","#,
        r#""arn":"arn:aws:iam::111122223333:user/Alice","accountId":"111122223333","#,
        r#""accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"Alice"},"eventTime":"2022-07-14T20:17:42Z","#,
        r#""eventSource":"kms.amazonaws.com","eventName":"Encrypt","awsRegion":"us-east-1","#,
        r#""sourceIPAddress":"192.0.2.0","userAgent":"aws-sdk-java/1.12","#,
        r#""requestParameters":{"encryptionContext":{"Department":"Engineering"},"#,
        r#""keyId":"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab","#,
        r#""encryptionAlgorithm":"SYMMETRIC_DEFAULT"},"responseElements":null,"#,
        r#""requestID":"f3423043-63bc-11e4-bc2b-4198b6150d5c","eventID":"91235988-eb87-476a-ac2c-0cdc244e6dca","#,
        r#""readOnly":true,"resources":[{"ARN":"#,
        r#""arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab","#,
        r#""accountId":"111122223333","type":"AWS::KMS::Key"}],"eventType":"AwsApiCall","#,
        r#""managementEvent":true,"eventCategory":"Management","recipientAccountId":"111122223333","#,
        r#""tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","#,
        r#""clientProvidedHostHeader":"kms.us-east-1.amazonaws.com"}}"#,
    ];
    assert_eq!(text(&event), expected.concat());
}

#[test]
fn a_failed_call_names_its_error_and_keeps_its_nulls() {
    let event = Event { error: Some(("DisabledException", "key \"x\" is disabled")), ..plain(alice()) };
    let value = value(&event);
    assert_eq!(value["errorCode"], "DisabledException");
    assert_eq!(value["errorMessage"], "key \"x\" is disabled");
    for member in ["requestParameters", "responseElements"] {
        assert_eq!(value.get(member), Some(&Value::Null), "{member}");
    }
    for member in ["resources", "additionalEventData", "sharedEventID", "tlsDetails", "serviceEventDetails"] {
        assert_eq!(value.get(member), None, "{member}");
    }
    let members = text(&event);
    let order = ["userAgent", "errorCode", "errorMessage", "requestParameters"].map(|member| members.find(member));
    assert!(order.is_sorted());
}

#[test]
fn a_service_event_to_the_letter() {
    let details = raw(r#"{"keyId":"1234abcd-12ab-34cd-56ef-1234567890ab"}"#);
    let resources = [Resource { arn: KEY_ARN, account: "111122223333", kind: "AWS::KMS::Key" }];
    let event = Event {
        name: "RotateKey",
        region: "us-west-2",
        request_id: "",
        source_ip: AWS_INTERNAL,
        user_agent: AWS_INTERNAL,
        read_only: false,
        resources: &resources,
        kind: Kind::ServiceEvent { details: &details },
        ..plain(Identity::Internal { account: "111122223333" })
    };
    assert_eq!(
        value(&event),
        json!({
            "eventVersion": "1.11",
            "userIdentity": {"accountId": "111122223333", "invokedBy": "AWS Internal"},
            "eventTime": "2022-07-14T20:17:42Z",
            "eventSource": "kms.amazonaws.com",
            "eventName": "RotateKey",
            "awsRegion": "us-west-2",
            "sourceIPAddress": "AWS Internal",
            "userAgent": "AWS Internal",
            "requestParameters": null,
            "responseElements": null,
            "eventID": "91235988-eb87-476a-ac2c-0cdc244e6dca",
            "readOnly": false,
            "resources": [{"ARN": KEY_ARN, "accountId": "111122223333", "type": "AWS::KMS::Key"}],
            "eventType": "AwsServiceEvent",
            "recipientAccountId": "111122223333",
            "serviceEventDetails": {"keyId": "1234abcd-12ab-34cd-56ef-1234567890ab"},
            "managementEvent": true,
            "eventCategory": "Management"
        })
    );
}

#[test]
fn the_optional_members_have_their_names() {
    let additional = raw(r#"{"grantId":"abc"}"#);
    let response = raw(r#"{"keyId":"k"}"#);
    let resources = [
        Resource { arn: KEY_ARN, account: "111122223333", kind: "AWS::KMS::Key" },
        Resource { arn: "arn:aws:kms:us-east-1:111122223333:alias/a", account: "111122223333", kind: "" },
    ];
    let event = Event {
        additional: Some(&additional),
        response_elements: Some(&response),
        shared_event_id: Some("e5cb6d1f-0000-4000-8000-000000000000"),
        resources: &resources,
        ..plain(alice())
    };
    let value = value(&event);
    assert_eq!(value["additionalEventData"], json!({"grantId": "abc"}));
    assert_eq!(value["responseElements"], json!({"keyId": "k"}));
    assert_eq!(value["sharedEventID"], "e5cb6d1f-0000-4000-8000-000000000000");
    assert_eq!(
        value["resources"][1],
        json!({"ARN": "arn:aws:kms:us-east-1:111122223333:alias/a", "accountId": "111122223333"})
    );
}

const CREATED: &str = "2022-07-14T19:00:00Z";

fn session() -> Session<'static> {
    Session { created: time(CREATED), mfa: false, issuer: None, web_identity: None, source_identity: None }
}

fn issuer(kind: IssuerKind) -> Issuer<'static> {
    Issuer {
        kind,
        principal_id: "AROACKCEVSQ6C2EXAMPLE",
        arn: "arn:aws:iam::111122223333:role/Admin",
        account: "111122223333",
        user_name: Some("Admin"),
    }
}

#[test]
fn root() {
    let root = |access_key, user_name, session| Identity::Root {
        account: "111122223333",
        arn: "arn:aws:iam::111122223333:root",
        access_key,
        user_name,
        session,
        invoked_by: None,
    };
    assert_eq!(
        identity(root(Some("AKIAIOSFODNN7EXAMPLE"), None, None)),
        json!({"type": "Root", "principalId": "111122223333", "arn": "arn:aws:iam::111122223333:root",
            "accountId": "111122223333", "accessKeyId": "AKIAIOSFODNN7EXAMPLE"})
    );
    assert_eq!(
        identity(root(None, Some("my-alias"), Some(Session { mfa: true, ..session() }))),
        json!({"type": "Root", "principalId": "111122223333", "arn": "arn:aws:iam::111122223333:root",
            "accountId": "111122223333", "userName": "my-alias",
            "sessionContext": {"attributes": {"creationDate": CREATED, "mfaAuthenticated": "true"}}})
    );
}

#[test]
fn user_with_and_without_session_token() {
    assert_eq!(
        identity(alice()),
        json!({"type": "IAMUser", "principalId": "AIDACKCEVSQ6C2EXAMPLE",
            "arn": "arn:aws:iam::111122223333:user/Alice", "accountId": "111122223333",
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userName": "Alice"})
    );
    let Identity::User { principal_id, arn, account, user_name, .. } = alice() else { unreachable!() };
    let with_token = Identity::User {
        principal_id,
        arn,
        account,
        access_key: Some("ASIAIOSFODNN7EXAMPLE"),
        user_name,
        session: Some(session()),
        invoked_by: Some("ssm.amazonaws.com"),
    };
    assert_eq!(
        identity(with_token),
        json!({"type": "IAMUser", "principalId": "AIDACKCEVSQ6C2EXAMPLE",
            "arn": "arn:aws:iam::111122223333:user/Alice", "accountId": "111122223333",
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE", "userName": "Alice",
            "sessionContext": {"attributes": {"creationDate": CREATED, "mfaAuthenticated": "false"}},
            "invokedBy": "ssm.amazonaws.com"})
    );
}

fn role(session: Session<'_>) -> Identity<'_> {
    Identity::AssumedRole {
        principal_id: "AROACKCEVSQ6C2EXAMPLE:me",
        arn: "arn:aws:sts::111122223333:assumed-role/Admin/me",
        account: "111122223333",
        access_key: Some("ASIAIOSFODNN7EXAMPLE"),
        session,
        invoked_by: None,
    }
}

#[test]
fn role_session() {
    let session = Session { issuer: Some(issuer(IssuerKind::Role)), source_identity: Some("DevUser"), ..session() };
    assert_eq!(
        identity(role(session)),
        json!({"type": "AssumedRole", "principalId": "AROACKCEVSQ6C2EXAMPLE:me",
            "arn": "arn:aws:sts::111122223333:assumed-role/Admin/me", "accountId": "111122223333",
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "principalId": "AROACKCEVSQ6C2EXAMPLE",
                    "arn": "arn:aws:iam::111122223333:role/Admin", "accountId": "111122223333", "userName": "Admin"},
                "webIdFederationData": {},
                "attributes": {"creationDate": CREATED, "mfaAuthenticated": "false"},
                "sourceIdentity": "DevUser"}})
    );
}

#[test]
fn role_session_from_a_web_identity() {
    let attributes = [("aud", "my-app"), ("sub", "some\"body")];
    let web_identity = Some(WebIdentity { provider: "www.example.com", attributes: &attributes });
    let identity = identity(role(Session { web_identity, ..session() }));
    assert_eq!(
        identity["sessionContext"],
        json!({"webIdFederationData": {"federatedProvider": "www.example.com",
                "attributes": {"aud": "my-app", "sub": "some\"body"}},
            "attributes": {"creationDate": CREATED, "mfaAuthenticated": "false"}})
    );
}

#[test]
fn federated_users_of_a_user_and_of_the_root() {
    for (kind, name, text) in [(IssuerKind::User, Some("Alice"), "IAMUser"), (IssuerKind::Root, None, "Root")] {
        let issuer = Issuer { kind, user_name: name, ..issuer(kind) };
        let federated = Identity::FederatedUser {
            principal_id: "111122223333:bob",
            arn: "arn:aws:sts::111122223333:federated-user/bob",
            account: "111122223333",
            access_key: Some("ASIAIOSFODNN7EXAMPLE"),
            session: Session { issuer: Some(issuer), ..session() },
            invoked_by: None,
        };
        let value = identity(federated);
        assert_eq!((&value["type"], &value["principalId"]), (&json!("FederatedUser"), &json!("111122223333:bob")));
        let context = &value["sessionContext"];
        assert_eq!(context["sessionIssuer"]["type"], text);
        assert_eq!(context["sessionIssuer"].get("userName"), name.map(Value::from).as_ref());
        assert_eq!(context.get("webIdFederationData"), None);
    }
}

#[test]
fn callers_without_a_session() {
    assert_eq!(
        identity(Identity::AwsAccount { account: "444455556666", principal_id: "AIDAEXAMPLE" }),
        json!({"type": "AWSAccount", "principalId": "AIDAEXAMPLE", "accountId": "444455556666"})
    );
    assert_eq!(
        identity(Identity::Service { invoked_by: "secretsmanager.amazonaws.com" }),
        json!({"type": "AWSService", "invokedBy": "secretsmanager.amazonaws.com"})
    );
    assert_eq!(
        identity(Identity::Internal { account: "111122223333" }),
        json!({"accountId": "111122223333", "invokedBy": "AWS Internal"})
    );
    let web = Identity::WebIdentityUser { principal_id: "p:a:s", user_name: "s", identity_provider: "p" };
    assert_eq!(
        identity(web),
        json!({"type": "WebIdentityUser", "principalId": "p:a:s", "userName": "s", "identityProvider": "p"})
    );
    let saml = Identity::SamlUser { principal_id: "q:s", user_name: "s", identity_provider: "p" };
    assert_eq!(
        identity(saml),
        json!({"type": "SAMLUser", "principalId": "q:s", "userName": "s", "identityProvider": "p"})
    );
    assert_eq!(identity(Identity::Unknown), json!({"type": "Unknown"}));
}

#[test]
fn texts_and_objects_have_limits() {
    let long = "a".repeat(5000);
    let exactly = "b".repeat(1024);
    let event = Event { user_agent: &long, error: Some(("Code", &long)), ..plain(alice()) };
    let cut = value(&event);
    for member in ["userAgent", "errorMessage"] {
        let text = cut[member].as_str().unwrap();
        assert_eq!(text.len(), 1024, "{member}");
        assert!(text.starts_with("aaaa") && text.ends_with("...[truncated]"));
    }
    let kept = value(&Event { user_agent: &exactly, error: Some(("Code", &exactly)), ..plain(alice()) });
    assert_eq!((kept["userAgent"].as_str(), kept["errorMessage"].as_str()), (Some(&*exactly), Some(&*exactly)));

    let object = |bytes: usize| raw(&format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - 8)));
    let (fits, over) = (object(OBJECT_BYTES_MAX), object(OBJECT_BYTES_MAX + 1));
    let event = Event { request_parameters: Some(&fits), response_elements: Some(&over), ..plain(alice()) };
    let value = value(&event);
    assert_eq!(value["requestParameters"].to_string(), fits.get());
    assert_eq!(value["responseElements"]["omitted"], true);
    assert_eq!(value["responseElements"]["originalSize"], OBJECT_BYTES_MAX + 1);
}

#[test]
fn no_record_exceeds_its_limit_whatever_is_in_it() {
    // Every byte becomes six when escaped.
    let hostile = "\u{1}".repeat(10_000);
    let hostile = hostile.as_str();
    let attributes = [(hostile, hostile); 40];
    let session = Session {
        created: time(CREATED),
        mfa: false,
        issuer: Some(Issuer {
            kind: IssuerKind::Role,
            principal_id: hostile,
            arn: hostile,
            account: hostile,
            user_name: Some(hostile),
        }),
        web_identity: Some(WebIdentity { provider: hostile, attributes: &attributes }),
        source_identity: Some(hostile),
    };
    let object = raw(&format!(r#"{{"a":"{}"}}"#, "x".repeat(OBJECT_BYTES_MAX - 8)));
    let resources = [Resource { arn: hostile, account: hostile, kind: hostile }; 200];
    let event = Event {
        event_id: hostile,
        request_id: hostile,
        time: time(CREATED),
        identity: Identity::AssumedRole {
            principal_id: hostile,
            arn: hostile,
            account: hostile,
            access_key: Some(hostile),
            session,
            invoked_by: Some(hostile),
        },
        source: hostile,
        name: hostile,
        region: hostile,
        source_ip: hostile,
        user_agent: hostile,
        error: Some((hostile, hostile)),
        request_parameters: Some(&object),
        response_elements: Some(&object),
        additional: Some(&object),
        read_only: true,
        resources: &resources,
        recipient_account: hostile,
        shared_event_id: Some(hostile),
        tls: Some(TlsDetails { version: hostile, cipher_suite: hostile, host: hostile }),
        kind: Kind::ServiceEvent { details: &object },
    };
    let text = text(&event);
    assert!(text.len() <= RECORD_BYTES_MAX, "{}", text.len());
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["requestParameters"]["omitted"], true);
    assert_eq!(value["resources"].as_array().unwrap().len(), 17);
    assert_eq!(value["resources"][16], json!({"omitted": true, "originalSize": 200}));
}
