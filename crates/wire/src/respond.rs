//! Answers and faults as the two protocols write them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use claviger_shapes::Content;

use crate::{Fault, Protocol, Response, s3, xml};

/// Writes the answer of an operation that succeeded.
///
/// JSON: `output` as the body, or no body at all when the operation has no output (`empty`). Query: the output inside
/// `<OperationResponse><OperationResult>`, without the Result element when `empty`. Fails only when `output` has no
/// form in the protocol, with `InternalFailure` 500.
pub fn respond_ok(
    protocol: &Protocol,
    operation: &str,
    output: &impl Serialize,
    empty: bool,
    request_id: &str,
) -> Result<Response, Fault> {
    let body = match protocol {
        Protocol::Json { .. } if empty => Vec::new(),
        Protocol::Json { .. } => json(output)?,
        Protocol::Query { namespace } => {
            let mut document = xml::Document::new(&format!("{operation}Response"), Some(namespace));
            if !empty {
                document.element(&format!("{operation}Result"), output).map_err(unwritable)?;
            }
            document.element("ResponseMetadata", &Metadata { request_id }).map_err(unwritable)?;
            document.finish()
        }
        Protocol::S3 => return Err(unwritable("S3's operations write their answers themselves")),
    };
    Ok(response(protocol, 200, body, request_id, None))
}

/// Writes the answer of an operation that made it itself.
pub fn respond_content(content: Content, request_id: &str) -> Response {
    s3::respond(content, request_id)
}

/// Writes a fault.
///
/// JSON: `__type` and, when there is one, the text; the code again in `x-amzn-ErrorType`. Query: an `ErrorResponse`
/// with the code and status that Query services use for the same case. The fault's `cause` is for the log and never
/// written.
pub fn respond_fault(protocol: &Protocol, fault: &Fault, request_id: &str) -> Response {
    match protocol {
        Protocol::Json { .. } => {
            let message = fault.message.as_deref().map(|text| (fault.text_member, text));
            let texts = [Some(("__type", fault.code)), message];
            let body: Texts<'_> = texts.into_iter().flatten().collect();
            // A map of texts always has a JSON form.
            let body = serde_json::to_vec(&body).unwrap_or_default();
            response(protocol, fault.status, body, request_id, Some(fault.code))
        }
        Protocol::Query { namespace } => {
            let (code, status) = query_code(fault);
            let namespace = if code == "InvalidAction" { FAULT_NAMESPACE } else { namespace };
            let error = Error {
                r#type: if status < 500 { "Sender" } else { "Receiver" },
                code,
                message: fault.message.as_deref(),
            };
            let mut document = xml::Document::new("ErrorResponse", Some(namespace));
            // Structs of strings always have an XML form.
            let _ = document.element("Error", &error);
            let _ = document.element("RequestId", request_id);
            response(protocol, status, document.finish(), request_id, None)
        }
        Protocol::S3 => {
            let (code, status) = query_code(fault);
            // S3 has a name of its own for an access key nobody knows.
            let code = if code == "InvalidClientTokenId" { "InvalidAccessKeyId" } else { code };
            s3::respond_fault(code, status, fault.message.as_deref(), request_id)
        }
    }
}

/// The code and status of a Query service for a fault that is named as JSON services name it. Faults that the two name
/// alike, and those that are a Query service's own, pass unchanged: credentials that ended are an `ExpiredToken`, an
/// identity provider's token that ended is an `ExpiredTokenException`.
fn query_code(fault: &Fault) -> (&'static str, u16) {
    if fault.modeled {
        return (fault.code, fault.status);
    }
    let found = QUERY_CODES.iter().find(|(json, ..)| *json == fault.code);
    found.map_or((fault.code, fault.status), |(_, query, status)| (*query, *status))
}

fn json(output: &impl Serialize) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::with_capacity(TYPICAL_BODY);
    serde_json::to_writer(&mut body, output).map_err(unwritable)?;
    Ok(body)
}

fn unwritable(error: impl std::fmt::Display) -> Fault {
    Fault::new("InternalFailure", 500).with_cause(format!("the output cannot be written: {error}"))
}

fn response(
    protocol: &Protocol,
    status: u16,
    body: Vec<u8>,
    request_id: &str,
    error_type: Option<&'static str>,
) -> Response {
    let mut headers = Vec::with_capacity(6);
    let id = ("x-amzn-requestid", Cow::Owned(request_id.to_owned()));
    match protocol {
        Protocol::Json { version } => {
            let content_type = match *version {
                "1.0" => "application/x-amz-json-1.0",
                _ => "application/x-amz-json-1.1",
            };
            headers.push(("content-type", Cow::Borrowed(content_type)));
            headers.push(id);
            headers.push(("cache-control", Cow::Borrowed("no-cache, no-store, must-revalidate, private")));
            headers.push(("expires", Cow::Borrowed("0")));
            headers.push(("pragma", Cow::Borrowed("no-cache")));
        }
        Protocol::Query { .. } | Protocol::S3 => {
            headers.push(("content-type", Cow::Borrowed("text/xml")));
            headers.push(id);
        }
    }
    if let Some(code) = error_type {
        headers.push(("x-amzn-errortype", Cow::Borrowed(code)));
    }
    Response { status, headers, body }
}

/// Members of a fault by name, in the order of their names.
type Texts<'a> = BTreeMap<&'static str, &'a str>;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Error<'a> {
    r#type: &'a str,
    code: &'a str,
    message: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    request_id: &'a str,
}

/// Room for the answer of a cryptographic call on a small input without growing.
const TYPICAL_BODY: usize = 512;

/// The namespace in which live services answer an action they do not know.
const FAULT_NAMESPACE: &str = "http://webservices.amazon.com/AWSFault/2005-15-09";

/// JSON name, Query name, Query status.
const QUERY_CODES: &[(&str, &str, u16)] = &[
    ("UnknownOperationException", "InvalidAction", 400),
    ("MissingAuthenticationTokenException", "MissingAuthenticationToken", 403),
    ("IncompleteSignatureException", "IncompleteSignature", 400),
    ("InvalidSignatureException", "SignatureDoesNotMatch", 403),
    ("UnrecognizedClientException", "InvalidClientTokenId", 403),
    ("ExpiredTokenException", "ExpiredToken", 403),
    ("AccessDeniedException", "AccessDenied", 403),
    ("ValidationException", "ValidationError", 400),
    ("SerializationException", "MalformedInput", 400),
    ("ThrottlingException", "Throttling", 400),
];

#[cfg(test)]
mod tests;
