//! The few requests of Amazon S3 that are answered here, addressed by path: `/BUCKET` and `/BUCKET/KEY`.
//!
//! S3 names its operations by method, path and query alone. What it answers is a file or a document of its own, so an
//! operation writes its answer itself ([`Content`](claviger_shapes::Content)).

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{Fault, Protocol, Request, Response, Target, xml};

/// The name requests are signed for.
pub const SIGNING_NAME: &str = "s3";
/// The XML namespace of S3's documents.
pub const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// Subresources: each makes another operation of a request, whatever its value.
const SUBRESOURCES: &str = "accelerate acl analytics attributes cors encryption intelligent-tiering inventory legal-hold \
                            lifecycle logging metrics notification object-lock ownershipControls policy policyStatus \
                            publicAccessBlock replication requestPayment retention tagging torrent uploads versioning \
                            versions website";
/// Parameters that change what is answered.
const PARAMETERS: &str = "delimiter list-type partNumber uploadId versionId";

/// Names the operation of a request that is signed for S3.
pub(crate) fn route(request: &Request) -> Result<Target<'_>, Fault> {
    let (bucket, key) = place(request);
    let has = |name: &str| parameters(request).any(|(known, _)| known == name);
    let other = parameters(request).any(|(name, value)| {
        let among = |names: &str| names.split(' ').any(|known| known == name);
        among(SUBRESOURCES) || (among(PARAMETERS) && !value.is_empty())
    });
    let operation = match (&request.parts.method, bucket.is_empty(), key.is_empty()) {
        _ if other => None,
        (&Method::GET, false, true) if has("location") => Some("GetBucketLocation"),
        (&Method::GET, false, true) => Some("ListObjects"),
        (&Method::GET, false, false) => Some("GetObject"),
        _ => None,
    };
    let operation = operation.ok_or_else(|| {
        Fault::new("NotImplemented", 501)
            .with_message("A header you provided implies functionality that is not implemented")
    })?;
    Ok(Target { service: SIGNING_NAME, operation: Cow::Borrowed(operation), protocol: Protocol::S3 })
}

/// What a request asks, as JSON: `Bucket`, `Key` and the parameters by their own names.
pub fn input(request: &Request) -> Vec<u8> {
    let (bucket, key) = place(request);
    let mut members: BTreeMap<Cow<'_, str>, Cow<'_, str>> = parameters(request).collect();
    members.insert("Bucket".into(), bucket);
    members.insert("Key".into(), key);
    // A map of texts always has a JSON form.
    serde_json::to_vec(&members).unwrap_or_default()
}

/// A key as answers spell it where `encoding-type=url` was asked for: as in a form, slashes plain.
pub fn encode(key: &str) -> String {
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/');
    utf8_percent_encode(key, ENCODED).to_string()
}

/// Bucket and key; either may be empty.
fn place(request: &Request) -> (Cow<'_, str>, Cow<'_, str>) {
    let path = request.parts.uri.path();
    let (bucket, key) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
    (percent_decode_str(bucket).decode_utf8_lossy(), percent_decode_str(key).decode_utf8_lossy())
}

fn parameters(request: &Request) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(request.parts.uri.query().unwrap_or_default().as_bytes())
}

/// An answer that an operation wrote itself.
pub(crate) fn respond(content: claviger_shapes::Content, request_id: &str) -> Response {
    let mut headers = vec![("x-amz-request-id", Cow::Owned(request_id.to_owned()))];
    headers.extend(content.headers.into_iter().map(|(name, value)| (name, Cow::Owned(value))));
    Response { status: 200, headers, body: content.body }
}

/// A fault in S3's form.
pub(crate) fn respond_fault(code: &str, status: u16, message: Option<&str>, request_id: &str) -> Response {
    let mut document = xml::Document::new("Error", None);
    // Texts always have an XML form.
    let _ = document.element("Code", code);
    let _ = document.element("Message", message.unwrap_or_default());
    let _ = document.element("RequestId", request_id);
    let headers = vec![
        ("content-type", Cow::Borrowed("application/xml")),
        ("x-amz-request-id", Cow::Owned(request_id.to_owned())),
    ];
    Response { status, headers, body: document.finish() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, uri: &str) -> Request {
        let (parts, ()) = http::Request::builder().method(method).uri(uri).body(()).unwrap().into_parts();
        Request { parts, body: Default::default(), remote: [127, 0, 0, 1].into(), tls: None }
    }

    #[test]
    fn operations_are_named_by_method_path_and_query() {
        for (method, uri, expected) in [
            ("GET", "/b?location", Ok("GetBucketLocation")),
            ("GET", "/b?location=", Ok("GetBucketLocation")),
            ("GET", "/b", Ok("ListObjects")),
            ("GET", "/b/?prefix=a%2Fb&encoding-type=url", Ok("ListObjects")),
            ("GET", "/b/a/c.gz", Ok("GetObject")),
            ("GET", "/", Err("NotImplemented")),
            ("GET", "/b?acl", Err("NotImplemented")),
            ("GET", "/b?list-type=2", Err("NotImplemented")),
            ("GET", "/b?delimiter=%2F", Err("NotImplemented")),
            ("GET", "/b/k?versionId=1", Err("NotImplemented")),
            ("PUT", "/b/k", Err("NotImplemented")),
            ("DELETE", "/b", Err("NotImplemented")),
        ] {
            let request = request(method, uri);
            let found = route(&request).map(|target| target.operation.into_owned()).map_err(|fault| fault.code);
            assert_eq!(found.as_deref().map_err(|code| *code), expected, "{method} {uri}");
        }
    }

    #[test]
    fn names_are_decoded_once() {
        let request = request("GET", "/b/a%20b/%2541?prefix=x%2Fy&max-keys=7");
        let expected = serde_json::json!({ "Bucket": "b", "Key": "a b/%41", "prefix": "x/y", "max-keys": "7" });
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&input(&request)).unwrap(), expected);
    }
}
