//! Which requests have a route, and what the others are told.

use http::HeaderValue;

use super::*;

struct Made {
    method: &'static str,
    uri: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: &'static str,
}

impl Made {
    fn request(&self) -> Request {
        let mut parts = http::Request::builder().method(self.method).uri(self.uri);
        for (name, value) in &self.headers {
            parts = parts.header(*name, HeaderValue::from_static(value));
        }
        let (parts, ()) = parts.body(()).unwrap().into_parts();
        Request { parts, body: self.body.into(), remote: [127, 0, 0, 1].into(), tls: None }
    }

    /// Service and operation, or code and message.
    fn route(&self) -> Result<(String, String), (String, Option<String>)> {
        let request = self.request();
        let spoken = dialect(&request);
        match route(&request) {
            Ok(target) => {
                assert_eq!(target.protocol, spoken, "the answer is in the protocol of the route");
                Ok((target.service.into(), target.operation.into()))
            }
            Err(fault) => Err((fault.code.into(), fault.message.map(Into::into))),
        }
    }
}

const JSON_TYPE: (&str, &str) = ("content-type", "application/x-amz-json-1.1");
const FORM_TYPE: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");

fn json(target: &'static str) -> Made {
    Made { method: "POST", uri: "/", headers: vec![("x-amz-target", target), JSON_TYPE], body: "{}" }
}

fn form(body: &'static str) -> Made {
    Made { method: "POST", uri: "/", headers: vec![FORM_TYPE], body }
}

fn get(uri: &'static str) -> Made {
    Made { method: "GET", uri, headers: vec![], body: "" }
}

fn found(service: &str, operation: &str) -> Result<(String, String), (String, Option<String>)> {
    Ok((service.into(), operation.into()))
}

fn unknown() -> Result<(String, String), (String, Option<String>)> {
    Err(("UnknownOperationException".into(), None))
}

fn invalid_action(message: &str) -> Result<(String, String), (String, Option<String>)> {
    Err(("InvalidAction".into(), Some(message.into())))
}

#[test]
fn targets() {
    for (target, service) in [
        ("TrentService.Encrypt", "kms"),
        ("AmazonSSM.Encrypt", "ssm"),
        ("secretsmanager.Encrypt", "secretsmanager"),
        ("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.Encrypt", "cloudtrail"),
        ("CloudTrail_20131101.Encrypt", "cloudtrail"),
        ("Logs_20140328.Encrypt", "logs"),
        ("AWSEvents.Encrypt", "events"),
        ("ServiceQuotasV20190624.Encrypt", "servicequotas"),
    ] {
        assert_eq!(json(target).route(), found(service, "Encrypt"), "{target}");
    }
    for target in
        ["", "Encrypt", "TrentService", "TrentService.", ".Encrypt", "trentservice.Encrypt", "DynamoDB_20120810.X"]
    {
        assert_eq!(json(target).route(), unknown(), "{target}");
    }
}

#[test]
fn content_types_of_json() {
    let with =
        |value| Made { headers: vec![("x-amz-target", "TrentService.Encrypt"), ("content-type", value)], ..json("") };
    for value in
        ["application/x-amz-json-1.1", "application/x-amz-json-1.1; charset=utf-8", "Application/X-Amz-JSON-1.1 "]
    {
        assert_eq!(with(value).route(), found("kms", "Encrypt"), "{value}");
    }
    let old = with("application/x-amz-json-1.0").request();
    assert_eq!(route(&old).unwrap().protocol, Protocol::Json { version: "1.0" });
    for value in
        ["", "application/json", "text/plain", "application/x-amz-json-1.2", "application/x-www-form-urlencoded"]
    {
        assert_eq!(with(value).route(), unknown(), "{value}");
        assert_eq!(dialect(&with(value).request()), Protocol::Json { version: "1.1" }, "{value}");
    }
    let none = Made { headers: vec![("x-amz-target", "TrentService.Encrypt")], ..json("") };
    assert_eq!(none.route(), unknown());
}

#[test]
fn json_wants_a_post_to_the_root() {
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        assert_eq!(Made { method, ..json("TrentService.Encrypt") }.route(), unknown(), "{method}");
    }
    assert_eq!(Made { uri: "/kms", ..json("TrentService.Encrypt") }.route(), unknown());
    assert_eq!(Made { uri: "/?a=b", ..json("TrentService.Encrypt") }.route(), found("kms", "Encrypt"));
    assert_eq!(Made { headers: vec![JSON_TYPE], ..json("") }.route(), unknown());
}

#[test]
fn a_target_that_is_not_text() {
    let mut request = json("TrentService.Encrypt").request();
    request.parts.headers.insert("x-amz-target", HeaderValue::from_bytes(b"TrentService.\xff").unwrap());
    assert_eq!(route(&request).unwrap_err().code, "UnknownOperationException");
}

#[test]
fn actions_by_version() {
    assert_eq!(form("Action=GetCallerIdentity&Version=2011-06-15").route(), found("sts", "GetCallerIdentity"));
    assert_eq!(form("Version=2010-05-08&UserName=x&Action=Create%55ser").route(), found("iam", "CreateUser"));
    assert_eq!(get("/?Action=GetCallerIdentity&Version=2011-06-15").route(), found("sts", "GetCallerIdentity"));
    let twice = form("Action=One&Action=Two&Version=2011-06-15&Version=2010-05-08");
    assert_eq!(twice.route(), found("sts", "One"), "the first of a duplicated parameter counts");
    let in_query = Made { uri: "/?Action=GetCallerIdentity&Version=2011-06-15", headers: vec![], ..form("") };
    assert_eq!(in_query.route(), found("sts", "GetCallerIdentity"));
}

#[test]
fn actions_by_scope_when_there_is_no_version() {
    let signed = (
        "authorization",
        "AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0",
    );
    let case = Made { headers: vec![FORM_TYPE, signed], ..form("Action=ListUsers") };
    assert_eq!(case.route(), found("iam", "ListUsers"));
    let presigned = "/?Action=GetCallerIdentity&X-Amz-Credential=K%2F20260101%2Fus-east-1%2Fsts%2Faws4_request";
    assert_eq!(get(presigned).route(), found("sts", "GetCallerIdentity"));
    let kms = ("authorization", "AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/kms/aws4_request");
    let case = Made { headers: vec![FORM_TYPE, kms], ..form("Action=ListUsers") };
    assert_eq!(case.route(), invalid_action("Could not find operation ListUsers for version NO_VERSION_SPECIFIED"));
}

#[test]
fn actions_that_go_nowhere() {
    let lost = invalid_action("Could not find operation X for version 1999-01-01");
    assert_eq!(form("Action=X&Version=1999-01-01").route(), lost);
    assert_eq!(get("/?Action=X&Version=1999-01-01").route(), lost);
    let wrong = invalid_action("Could not find operation X for version 2011-06-15");
    assert_eq!(Made { uri: "/path", ..form("Action=X&Version=2011-06-15") }.route(), wrong);
    assert_eq!(Made { method: "PUT", ..form("Action=X&Version=2011-06-15") }.route(), wrong);
    let text = Made { headers: vec![("content-type", "text/plain")], ..form("Action=X&Version=2011-06-15") };
    assert_eq!(text.route(), wrong);
    for body in ["Version=2011-06-15", "Action=&Version=2011-06-15", "a=b"] {
        assert_eq!(form(body).route().unwrap_err().0, "MissingAction", "{body}");
    }
}

#[test]
fn a_bare_request_is_an_unknown_operation_in_json() {
    assert_eq!(get("/").route(), unknown());
    assert_eq!(get("/favicon.ico").route(), unknown());
    assert_eq!(dialect(&get("/").request()), Protocol::Json { version: "1.1" });
}

#[test]
fn unknown_operations_of_a_known_service() {
    let request = json("TrentService.Nothing").request();
    assert_eq!(route(&request).unwrap().unknown_operation(), Fault::new("UnknownOperationException", 400));
    let request = form("Action=Nothing&Version=2011-06-15").request();
    let fault = route(&request).unwrap().unknown_operation();
    assert_eq!(fault.code, "InvalidAction");
    assert_eq!(fault.message.as_deref(), Some("Could not find operation Nothing for version 2011-06-15"));
}
