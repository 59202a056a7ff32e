//! Requests signed by the real botocore (`fixtures/make.py`), whole and damaged.

use http::{HeaderName, HeaderValue};
use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::{Fault, Request};

#[derive(Deserialize)]
struct Fixtures {
    secret: String,
    token: String,
    cases: Vec<Case>,
}

#[derive(Deserialize, Clone)]
pub(super) struct Case {
    name: String,
    service: String,
    now: Timestamp,
    method: String,
    uri: String,
    headers: Vec<(String, String)>,
    body: String,
    pub(super) canonical: String,
}

fn fixtures() -> Fixtures {
    serde_json::from_str(include_str!("../../fixtures/botocore.json")).unwrap()
}

pub(super) fn cases() -> Vec<Case> {
    fixtures().cases
}

fn case(name: &str) -> Case {
    cases().into_iter().find(|case| case.name == name).unwrap()
}

impl Case {
    pub(super) fn request(&self) -> Request {
        let mut parts = http::Request::builder().method(&*self.method).uri(&*self.uri);
        for (name, value) in &self.headers {
            // What arrives over a socket has no blanks around it.
            parts = parts.header(name, HeaderValue::from_bytes(value.trim().as_bytes()).unwrap());
        }
        let (parts, ()) = parts.body(()).unwrap().into_parts();
        Request { parts, body: self.body.clone().into(), remote: [127, 0, 0, 1].into(), tls: None }
    }

    fn header_mut(&mut self, wanted: &str) -> &mut String {
        &mut self.headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).unwrap().1
    }

    fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    fn with_authorization(mut self, value: &str) -> Self {
        *self.header_mut("authorization") = value.to_owned();
        self
    }

    fn replacing(mut self, from: &str, to: &str) -> Self {
        let value = self.header_mut("authorization");
        assert!(value.contains(from), "{from} is not in {value}");
        *value = value.replace(from, to);
        self
    }

    fn judge(&self, secret: &str) -> Result<(), Fault> {
        let request = self.request();
        let presented = parse(&request, &self.service, self.now, 900)?;
        let key = signing_key(secret.as_bytes(), presented.date, presented.region, presented.service);
        presented.verify(&request, &key)
    }

    /// Code and message of the fault that parsing ends in.
    fn refused(&self) -> (&'static str, String) {
        let request = self.request();
        let fault = parse(&request, &self.service, self.now, 900).unwrap_err();
        assert_eq!(fault.status, 400);
        (fault.code, fault.message.unwrap().into_owned())
    }
}

const MISSING: &str = "MissingAuthenticationTokenException";
const INCOMPLETE: &str = "IncompleteSignatureException";
const INVALID: &str = "InvalidSignatureException";

#[test]
fn whatever_botocore_signs_verifies() {
    let Fixtures { secret, cases, .. } = fixtures();
    assert!(cases.len() > 30);
    for case in cases {
        let expected = !matches!(&*case.name, "wrong content hash header" | "unsigned payload");
        assert_eq!(case.judge(&secret).is_ok(), expected, "{}", case.name);
    }
}

#[test]
fn another_secret_does_not_verify() {
    for case in cases() {
        let fault = case.judge("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEX").unwrap_err();
        assert_eq!((fault.code, fault.status), (INVALID, 400), "{}", case.name);
        assert_eq!(
            fault.message.as_deref(),
            Some(
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details."
            )
        );
    }
}

#[test]
fn everything_presented_is_read() {
    let case = case("kms encrypt");
    let request = case.request();
    let presented = parse(&request, "kms", case.now, 900).unwrap();
    assert_eq!(presented.access_key_id, "AKIDEXAMPLE");
    assert_eq!((presented.date, presented.region, presented.service), ("20260101", "eu-central-1", "kms"));
    assert_eq!(presented.timestamp, case.now);
    assert_eq!(presented.signed_headers, "content-type;host;x-amz-date;x-amz-target");
    assert!(!presented.from_query && presented.session_token.is_none() && presented.token().is_none());
}

#[test]
fn session_tokens_are_read_from_header_and_query() {
    let token = fixtures().token;
    let header = case("kms with a session token");
    let request = header.request();
    let presented = parse(&request, "kms", header.now, 900).unwrap();
    assert_eq!(presented.session_token, Some(&*token));
    assert_eq!(presented.token().as_deref(), Some(&*token));
    assert!(!format!("{presented:?}").contains("FwoGZXIvYXdz"), "the token is not printed");

    let query = case("presigned with a session token");
    let request = query.request();
    let presented = parse(&request, "sts", query.now, 900).unwrap();
    assert!(presented.from_query);
    assert_eq!(presented.session_token.unwrap().replace("%2F", "/").replace("%2B", "+").replace("%3D", "="), token);
    assert_eq!(presented.token().as_deref(), Some(&*token));
    assert_eq!(presented.access_key_id, "AKIDEXAMPLE");
}

#[test]
fn the_key_of_awss_documentation() {
    // AWS General Reference, "Examples of how to derive a signing key".
    let key = signing_key(b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam");
    assert_eq!(key.hex(), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
    assert_eq!(format!("{key:?}"), "SigningKey(..)");
}

#[test]
fn no_credentials() {
    let case = case("kms encrypt").without_header("authorization");
    assert_eq!(case.refused(), (MISSING, "Missing Authentication Token".into()));
    let mut empty = case.clone();
    empty.headers.push(("Authorization".into(), "  ".into()));
    assert_eq!(empty.refused(), (MISSING, "Missing Authentication Token".into()));
    for service in ["sts", "iam"] {
        let case = Case { service: service.into(), ..case.clone() };
        assert_eq!(case.refused(), (MISSING, "Request is missing Authentication Token".into()));
    }
}

#[test]
fn missing_fields_are_listed_together() {
    let good = case("kms encrypt");
    let lacks = |name| format!("Authorization header requires '{name}' parameter. ");
    let dateless = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
    let all = lacks("Credential") + &lacks("Signature") + &lacks("SignedHeaders");

    let bare = good.clone().with_authorization("AWS4-HMAC-SHA256");
    assert_eq!(bare.refused(), (INCOMPLETE, format!("{all}Authorization=AWS4-HMAC-SHA256")));
    let other_scheme = good.clone().with_authorization("Bearer abc");
    assert_eq!(other_scheme.refused(), (INCOMPLETE, format!("{all}Authorization=Bearer abc")));
    let undated = bare.without_header("x-amz-date");
    assert_eq!(undated.refused(), (INCOMPLETE, format!("{all}{dateless}Authorization=AWS4-HMAC-SHA256")));
    for (field, other) in [("Credential", "Credentials"), ("Signature", "Sign"), ("SignedHeaders", "Headers")] {
        let case = good.clone().replacing(&format!("{field}="), &format!("{other}="));
        let header = case.clone().header_mut("authorization").clone();
        assert_eq!(case.refused(), (INCOMPLETE, lacks(field) + "Authorization=" + &header));
    }
    let undated = good.without_header("x-amz-date");
    let header = undated.clone().header_mut("authorization").clone();
    assert_eq!(undated.refused(), (INCOMPLETE, format!("{dateless}Authorization={header}")));
}

#[test]
fn a_header_that_is_not_text() {
    let case = case("kms encrypt");
    let mut request = case.request();
    let value = HeaderValue::from_bytes(b"AWS4-HMAC-SHA256 Credential=\xff").unwrap();
    request.parts.headers.insert("authorization", value);
    let fault = parse(&request, "kms", case.now, 900).unwrap_err();
    assert_eq!(fault.code, INCOMPLETE);
    assert!(fault.message.unwrap().ends_with("Authorization=AWS4-HMAC-SHA256 Credential=\u{fffd}"));
}

#[test]
fn a_part_without_equals() {
    let case = case("kms encrypt").replacing(", Signature", ", junk, Signature");
    let header = case.clone().header_mut("authorization").clone();
    let message =
        format!("'junk' not a valid key=value pair (missing equal-sign) in Authorization header: '{header}'.");
    assert_eq!(case.refused(), (INCOMPLETE, message));
}

#[test]
fn commas_without_blanks_and_fields_in_any_order() {
    let secret = fixtures().secret;
    assert!(case("kms encrypt").replacing(", ", ",").judge(&secret).is_ok());
    let mut turned = case("kms encrypt");
    let header = turned.header_mut("authorization");
    let mut fields: Vec<&str> = header.strip_prefix("AWS4-HMAC-SHA256 ").unwrap().split(", ").collect();
    fields.reverse();
    *header = format!("AWS4-HMAC-SHA256 {}", fields.join(", "));
    assert!(turned.judge(&secret).is_ok());
}

#[test]
fn dates_of_another_form() {
    for date in ["201", "2026-01-01T12:00:00Z", "20260101T120000", "20261301T120000Z", "20260101T120000+", "é"] {
        let mut case = case("kms encrypt");
        *case.header_mut("x-amz-date") = date.into();
        let message =
            format!("Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601");
        assert_eq!(case.refused(), (INCOMPLETE, message));
    }
    // Only the Date header may have the form of HTTP.
    let mut case = case("kms encrypt");
    *case.header_mut("x-amz-date") = "Thu, 01 Jan 2026 12:00:00 GMT".into();
    assert_eq!(case.refused().0, INCOMPLETE);
}

#[test]
fn the_amz_date_header_wins_over_date() {
    let mut case = case("kms encrypt");
    case.headers.push(("Date".into(), "Wed, 01 Jan 2020 12:00:00 GMT".into()));
    assert!(case.judge(&fixtures().secret).is_ok());
}

#[test]
fn clocks_may_differ_by_the_skew_and_no_more() {
    let case = case("kms encrypt");
    let request = case.request();
    let judge = |now: &str, skew| parse(&request, "kms", now.parse().unwrap(), skew).map(drop);
    let text = |now: &str, skew| {
        let fault = judge(now, skew).unwrap_err();
        assert_eq!(fault.code, INVALID);
        fault.message.unwrap().into_owned()
    };
    for now in ["2026-01-01T12:15:00Z", "2026-01-01T12:15:00.9Z", "2026-01-01T11:45:00Z"] {
        assert!(judge(now, 900).is_ok(), "{now}");
    }
    assert_eq!(
        text("2026-01-01T12:23:00Z", 900),
        "Signature expired: 20260101T120000Z is now earlier than 20260101T120800Z (20260101T122300Z - 15 min.)"
    );
    assert_eq!(
        text("2026-01-01T12:15:01Z", 900),
        "Signature expired: 20260101T120000Z is now earlier than 20260101T120001Z (20260101T121501Z - 15 min.)"
    );
    assert_eq!(
        text("2026-01-01T11:44:59Z", 900),
        "Signature not yet current: 20260101T120000Z is still later than 20260101T115959Z (20260101T114459Z + 15 min.)"
    );
    assert_eq!(
        text("2026-01-01T11:54:59Z", 300),
        "Signature not yet current: 20260101T120000Z is still later than 20260101T115959Z (20260101T115459Z + 5 min.)"
    );
    for end in [Timestamp::MIN, Timestamp::MAX] {
        assert_eq!(parse(&request, "kms", end, i64::MAX).map(drop), Ok(()));
        assert_eq!(parse(&request, "kms", end, 900).unwrap_err().code, INVALID);
    }
}

#[test]
fn host_and_amz_headers_must_be_signed() {
    let needs = |name| (INVALID, format!("'{name}' must be a 'SignedHeader' in the AWS Authorization."));
    assert_eq!(case("kms encrypt").replacing("host;", "").refused(), needs("Host"));
    assert_eq!(case("kms encrypt").replacing("content-type;host", "hosts").refused(), needs("Host"));
    assert_eq!(case("kms encrypt").replacing(";x-amz-target", "").refused(), needs("x-amz-target"));
    // A token may be added after signing.
    let mut case = case("kms encrypt");
    case.headers.push(("X-Amz-Security-Token".into(), "added later".into()));
    assert!(case.judge(&fixtures().secret).is_ok());
}

#[test]
fn other_algorithms() {
    for algorithm in ["AWS4-HMAC-SHA512", "AWS4-ECDSA-P256-SHA256", "AWS3", "aws4-hmac-sha256"] {
        let case = case("kms encrypt").replacing("AWS4-HMAC-SHA256", algorithm);
        let message = format!("Unsupported AWS 'algorithm': '{algorithm}' (only AWS4-HMAC-SHA256 for now). ");
        assert_eq!(case.refused(), (INCOMPLETE, message));
    }
}

#[test]
fn credentials_have_five_parts() {
    for credential in ["AKIDEXAMPLE/20260101/eu-central-1/kms", "a/b/c/d/e/f", "a", "/////"] {
        let good = "AKIDEXAMPLE/20260101/eu-central-1/kms/aws4_request";
        let message = format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got \
             '{credential}'"
        );
        assert_eq!(case("kms encrypt").replacing(good, credential).refused(), (INCOMPLETE, message));
    }
}

#[test]
fn faults_of_the_scope_are_joined() {
    let with = |scope: &str| {
        let (code, message) = case("kms encrypt").replacing("20260101/eu-central-1/kms/aws4_request", scope).refused();
        assert_eq!(code, INVALID);
        message
    };
    let region = "Credential should be scoped to a valid region. ";
    let service = "Credential should be scoped to correct service: 'kms'. ";
    let terminator = "Credential should be scoped with a valid terminator: 'aws4_request', not 'x'. ";
    let date = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
                'b' != '20260101', from '20260101T120000Z'.";
    assert_eq!(with("20260101/mars/kms/aws4_request"), region);
    assert_eq!(with("20260101/eu-central-1/sts/aws4_request"), service);
    assert_eq!(with("20260101/eu-central-1/kms/x"), terminator);
    assert_eq!(with("b/eu-central-1/kms/aws4_request"), date);
    assert_eq!(with("b//KMS/x"), [region, service, terminator, date].concat());
}

#[test]
fn earlier_checks_come_first() {
    // Every defect at once; each repair uncovers the next in AWS's order.
    let mut case = case("kms encrypt").with_authorization("X Credential=a/b, junk, SignedHeaders=x, Signature=");
    *case.header_mut("x-amz-date") = "201".into();
    assert!(case.refused().1.starts_with("Authorization header requires 'Signature' parameter. Authorization="));
    let mut case = case.replacing("Signature=", "Signature=0");
    assert!(case.refused().1.starts_with("'junk' not a valid key=value pair"));
    case = case.replacing("junk, ", "");
    assert!(case.refused().1.starts_with("Date must be in ISO-8601"));
    *case.header_mut("x-amz-date") = "20200101T000000Z".into();
    assert!(case.refused().1.starts_with("Signature expired: 20200101T000000Z"));
    *case.header_mut("x-amz-date") = "20260101T120000Z".into();
    assert!(case.refused().1.starts_with("'Host' must be a 'SignedHeader'"));
    case = case.replacing("SignedHeaders=x", "SignedHeaders=host;x-amz-target");
    assert!(case.refused().1.starts_with("Unsupported AWS 'algorithm': 'X'"));
    case = case.replacing("X Cred", "AWS4-HMAC-SHA256 Cred");
    assert!(case.refused().1.starts_with("Credential must have exactly 5"));
    case = case.replacing("a/b", "a/b/c/d/e");
    assert!(case.refused().1.starts_with("Credential should be scoped to a valid region. Credential should be"));
    case = case.replacing("a/b/c/d/e", "a/20260101/eu-central-1/kms/aws4_request");
    assert_eq!(case.judge("secret").unwrap_err().code, INVALID);
}

#[test]
fn signed_query_strings_have_texts_of_their_own() {
    let good = case("presigned");
    let damaged = |from: &str, to: &str| {
        assert!(good.uri.contains(from), "{from}");
        Case { uri: good.uri.replace(from, to), ..good.clone() }.refused()
    };
    let lacks =
        |name| format!("AWS query-string parameters must include '{name}'. Re-examine the query-string parameters.");
    for name in ["X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"] {
        assert_eq!(damaged(&format!("{name}="), "Other="), (INCOMPLETE, lacks(name)));
    }
    assert_eq!(damaged("X-Amz-Algorithm=", "Other=").0, MISSING);
    assert_eq!(damaged("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm="), (INCOMPLETE, lacks("X-Amz-Algorithm")));
    assert_eq!(
        damaged("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=AWS4%2BX").1,
        "Unsupported AWS 'algorithm': 'AWS4+X' (only AWS4-HMAC-SHA256 for now). "
    );
    assert_eq!(damaged("X-Amz-Date=2026", "X-Amz-Date=%322026").0, INCOMPLETE);
    assert!(damaged("%2Faws4_request", "").1.ends_with("got 'AKIDEXAMPLE/20260101/us-east-1/sts'"));
    assert_eq!(damaged("us-east-1", "us-%65ast-1").1, "Credential should be scoped to a valid region. ");

    let mut both = good;
    both.headers.push(("Authorization".into(), "AWS4-HMAC-SHA256 x".into()));
    let message = "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.";
    assert_eq!(both.refused(), (INVALID, message.into()));
}

#[test]
fn a_proxy_may_have_changed_the_host() {
    let mut case = case("kms encrypt");
    *case.header_mut("host") = "10.0.0.7:8080".into();
    let secret = fixtures().secret;
    assert_eq!(case.judge(&secret).unwrap_err().code, INVALID);
    let request = case.request();
    let presented = parse(&request, "kms", case.now, 900).unwrap();
    let key = signing_key(secret.as_bytes(), presented.date, presented.region, presented.service);
    assert!(presented.verify_for_host(&request, &key, "127.0.0.1:9700").is_ok());
    assert!(presented.verify_for_host(&request, &key, "127.0.0.1:9701").is_err());
}

#[test]
fn http_2_has_the_host_in_the_uri() {
    let case = case("kms encrypt").without_header("host");
    let secret = fixtures().secret;
    assert_eq!(case.judge(&secret).unwrap_err().code, INVALID);
    let case = Case { uri: "http://127.0.0.1:9700/".into(), ..case };
    assert!(case.judge(&secret).is_ok());
}

#[test]
fn a_signed_header_that_was_not_sent() {
    let fault = case("inner blanks").without_header("empty").judge(&fixtures().secret).unwrap_err();
    assert_eq!(fault.code, INVALID);
}

#[test]
fn every_changed_bit_of_the_signature_is_refused() {
    let secret = fixtures().secret;
    let good = case("kms encrypt");
    let header = good.clone().header_mut("authorization").clone();
    let (rest, signature) = header.split_once("Signature=").unwrap();
    for at in 0..signature.len() {
        let mut digits: Vec<u8> = signature.bytes().collect();
        digits[at] = if digits[at] == b'0' { b'1' } else { b'0' };
        let changed = String::from_utf8(digits).unwrap();
        let case = good.clone().with_authorization(&format!("{rest}Signature={changed}"));
        assert_eq!(case.judge(&secret).unwrap_err().code, INVALID);
    }
    for changed in [signature.to_uppercase(), signature[1..].to_owned(), format!("{signature}0"), "=".into()] {
        let case = good.clone().with_authorization(&format!("{rest}Signature={changed}"));
        assert_eq!(case.judge(&secret).unwrap_err().code, INVALID);
    }
}

proptest! {
    #[test]
    fn any_change_of_what_is_signed_is_refused(
        name in prop::sample::select(vec!["kms encrypt", "unsorted query", "path with dot segments", "repeated headers"]),
        part in 0..5usize,
        at in any::<prop::sample::Index>(),
        byte in b'!'..=b'~',
    ) {
        let good = case(name);
        let mut changed = good.clone();
        let replace = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            if let Some(count) = bytes.len().checked_sub(1) {
                bytes[at.index(count + 1)] = byte;
            }
            String::from_utf8(bytes).unwrap()
        };
        match part {
            0 => changed.method = replace(&good.method),
            1 => changed.uri = replace(&good.uri),
            2 => changed.body = replace(&good.body),
            3 => *changed.header_mut("content-type") = replace(&good.clone().header_mut("content-type").clone()),
            _ => *changed.header_mut("x-amz-target") = replace(&good.clone().header_mut("x-amz-target").clone()),
        }
        let wire = |case: &Case| {
            let (method, uri) = (case.method.clone(), case.uri.clone());
            http::Request::builder().method(&*method).uri(&*uri).body(()).is_ok()
        };
        prop_assume!(wire(&changed));
        // Two spellings of one path or query mean the same, so they sign alike.
        let same = changed.request().parts.headers == good.request().parts.headers
            && changed.body == good.body
            && changed.method == good.method
            && super::canonical::tests::target(&changed.request()) == super::canonical::tests::target(&good.request());
        prop_assert_eq!(changed.judge(&fixtures().secret).is_ok(), same);
    }

    #[test]
    fn nothing_in_the_headers_panics(
        authorization in "(AWS4-HMAC-SHA256 )?((Credential|SignedHeaders|Signature|x)=?[a-z0-9/;=é -]{0,40}[, ]{0,2}){0,5}",
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        date in "[0-9]{0,9}T?[0-9]{0,7}Z?|[ -~]{0,30}",
        token in prop::collection::vec(any::<u8>(), 0..20),
        query in "((X-Amz-(Algorithm|Credential|Date|SignedHeaders|Signature|Security-Token))?=?[a-z0-9%/]{0,20}&?){0,6}",
        raw in any::<bool>(),
        now in any::<i32>(),
        skew in any::<i64>(),
    ) {
        let mut case = case("kms encrypt").without_header("authorization").without_header("x-amz-date");
        case.uri = format!("/?{query}");
        let Ok(uri) = case.uri.parse::<http::Uri>() else { return Ok(()) };
        case.uri = "/".into();
        let mut request = case.request();
        request.parts.uri = uri;
        let authorization = if raw { bytes } else { authorization.into_bytes() };
        for (name, value) in [("authorization", authorization), ("x-amz-date", date.into()), ("x-amz-security-token", token)] {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                request.parts.headers.insert(HeaderName::from_static(name), value);
            }
        }
        let now = Timestamp::from_second(i64::from(now)).unwrap();
        if let Ok(presented) = parse(&request, "kms", now, skew) {
            let key = signing_key(b"secret", presented.date, presented.region, presented.service);
            prop_assert!(presented.verify(&request, &key).is_err());
        }
        let _ = crate::route(&request);
        let _ = crate::dialect(&request);
    }
}
