//! Bodies and headers of both protocols, octet for octet.

use super::*;

const JSON: Protocol = Protocol::Json { version: "1.1" };
const STS: Protocol = Protocol::Query { namespace: "https://sts.amazonaws.com/doc/2011-06-15/" };
const ID: &str = "0b1e7a5c-1111-4222-8333-444455556666";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Identity {
    user_id: &'static str,
    account: &'static str,
    arn: &'static str,
}

const IDENTITY: Identity =
    Identity { user_id: "AIDA", account: "111122223333", arn: "arn:aws:iam::111122223333:user/a&b" };

fn body(response: &Response) -> &str {
    std::str::from_utf8(&response.body).unwrap()
}

#[test]
fn json_answer() {
    let response = respond_ok(&JSON, "X", &IDENTITY, false, ID).unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(
        body(&response),
        r#"{"UserId":"AIDA","Account":"111122223333","Arn":"arn:aws:iam::111122223333:user/a&b"}"#
    );
    let headers: Vec<(&str, &str)> = response.headers.iter().map(|(name, value)| (*name, value.as_ref())).collect();
    assert_eq!(
        headers,
        [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amzn-requestid", ID),
            ("cache-control", "no-cache, no-store, must-revalidate, private"),
            ("expires", "0"),
            ("pragma", "no-cache"),
        ]
    );
    let old = respond_ok(&Protocol::Json { version: "1.0" }, "X", &IDENTITY, false, ID).unwrap();
    assert_eq!(old.header("content-type"), Some("application/x-amz-json-1.0"));
}

#[test]
fn json_answer_without_output() {
    let response = respond_ok(&JSON, "X", &IDENTITY, true, ID).unwrap();
    assert_eq!((response.status, response.body.len()), (200, 0));
}

#[test]
fn query_answer() {
    let response = respond_ok(&STS, "GetCallerIdentity", &IDENTITY, false, ID).unwrap();
    assert_eq!(
        body(&response),
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <UserId>AIDA</UserId><Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/a&amp;b</Arn>\
         </GetCallerIdentityResult><ResponseMetadata><RequestId>0b1e7a5c-1111-4222-8333-444455556666</RequestId>\
         </ResponseMetadata></GetCallerIdentityResponse>"
    );
    assert_eq!(response.header("content-type"), Some("text/xml"));
    assert_eq!(response.header("x-amzn-requestid"), Some(ID));
    assert_eq!(response.header("cache-control"), None);
}

#[test]
fn query_answer_without_output() {
    let iam = Protocol::Query { namespace: "https://iam.amazonaws.com/doc/2010-05-08/" };
    let response = respond_ok(&iam, "DeleteUser", &IDENTITY, true, ID).unwrap();
    assert_eq!(
        body(&response),
        "<DeleteUserResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ResponseMetadata><RequestId>\
         0b1e7a5c-1111-4222-8333-444455556666</RequestId></ResponseMetadata></DeleteUserResponse>"
    );
}

#[test]
fn json_faults() {
    let fault = Fault::new("NotFoundException", 400).with_message("Key \"x\" does not exist").with_cause("secret");
    let response = respond_fault(&JSON, &fault, ID);
    assert_eq!(response.status, 400);
    assert_eq!(body(&response), r#"{"__type":"NotFoundException","message":"Key \"x\" does not exist"}"#);
    assert_eq!(response.header("x-amzn-errortype"), Some("NotFoundException"));
    assert_eq!(response.header("x-amzn-requestid"), Some(ID));
    let capital = Fault { text_member: "Message", ..fault };
    let response = respond_fault(&JSON, &capital, ID);
    assert_eq!(body(&response), r#"{"Message":"Key \"x\" does not exist","__type":"NotFoundException"}"#);
    let response = respond_fault(&JSON, &Fault::new("KMSInternalException", 500), ID);
    assert_eq!((response.status, body(&response)), (500, r#"{"__type":"KMSInternalException"}"#));
}

#[test]
fn query_faults() {
    let fault = Fault::new("NoSuchEntity", 404).with_message("<none>");
    let response = respond_fault(&STS, &fault, ID);
    assert_eq!(response.status, 404);
    assert_eq!(
        body(&response),
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>\
         NoSuchEntity</Code><Message>&lt;none&gt;</Message></Error><RequestId>0b1e7a5c-1111-4222-8333-444455556666\
         </RequestId></ErrorResponse>"
    );
    let response = respond_fault(&STS, &Fault::new("InternalFailure", 500), ID);
    assert!(body(&response).contains("<Error><Type>Receiver</Type><Code>InternalFailure</Code></Error>"));
}

#[test]
fn query_services_name_some_faults_otherwise() {
    for (json, query, status) in [
        ("MissingAuthenticationTokenException", "MissingAuthenticationToken", 403),
        ("IncompleteSignatureException", "IncompleteSignature", 400),
        ("UnrecognizedClientException", "InvalidClientTokenId", 403),
        ("ExpiredTokenException", "ExpiredToken", 403),
        ("InvalidSignatureException", "SignatureDoesNotMatch", 403),
        ("AccessDeniedException", "AccessDenied", 403),
        ("ValidationException", "ValidationError", 400),
        ("MalformedPolicyDocument", "MalformedPolicyDocument", 400),
    ] {
        let response = respond_fault(&STS, &Fault::new(json, 400), ID);
        assert_eq!(response.status, status, "{json}");
        assert!(body(&response).contains(&format!("<Code>{query}</Code>")), "{json}");
    }
}

#[test]
fn faults_of_a_model_keep_their_names() {
    let fault = Fault { modeled: true, ..Fault::new("ExpiredTokenException", 400) };
    let response = respond_fault(&STS, &fault, ID);
    assert_eq!(response.status, 400);
    assert!(body(&response).contains("<Code>ExpiredTokenException</Code>"));
}

#[test]
fn unknown_actions_answer_in_a_namespace_of_their_own() {
    for code in ["UnknownOperationException", "InvalidAction"] {
        let response = respond_fault(&STS, &Fault::new(code, 400), ID);
        let start = "<ErrorResponse xmlns=\"http://webservices.amazon.com/AWSFault/2005-15-09\"><Error>";
        assert!(body(&response).starts_with(start), "{code}");
        assert!(body(&response).contains("<Code>InvalidAction</Code>"), "{code}");
    }
}

#[test]
fn an_output_without_a_form_is_our_fault() {
    let output = std::collections::BTreeMap::from([((1, 2), 3)]);
    let fault = respond_ok(&JSON, "X", &output, false, ID).unwrap_err();
    assert_eq!((fault.code, fault.status, fault.message), ("InternalFailure", 500, None));
    assert!(fault.cause.unwrap().contains("key must be a string"));
}
