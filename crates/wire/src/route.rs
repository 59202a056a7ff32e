//! Which service and operation a request names, before anybody knows who sent it.

use std::borrow::Cow;

use http::{HeaderName, Method};

use crate::{Fault, Request, s3};

/// How a request and its answer are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// JSON in and out, the operation in `X-Amz-Target`.
    Json {
        /// `1.0` or `1.1`, as the client's content type has it; the answer repeats it.
        version: &'static str,
    },
    /// Form parameters in, XML out.
    Query {
        /// The XML namespace of the service's answers.
        namespace: &'static str,
    },
    /// Everything in method, path and query; files and XML out.
    S3,
}

/// What a request asks for. Whether such an operation exists is not known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target<'a> {
    /// The name that a signature's scope must carry: `kms`, `sts`, `ssm`, ...
    pub service: &'static str,
    /// The operation's name as the client wrote it.
    pub operation: Cow<'a, str>,
    /// How to answer.
    pub protocol: Protocol,
}

impl Target<'_> {
    /// The fault for an operation that the service does not have. `X-Amz-Target` services say nothing more; Query
    /// services name the operation and the version asked for.
    pub fn unknown_operation(&self) -> Fault {
        match self.protocol {
            Protocol::Json { .. } => unknown_operation(),
            Protocol::Query { namespace } => {
                let version = QUERY.iter().find(|known| known.namespace == namespace);
                no_such_action(&self.operation, version.map_or(NO_VERSION, |known| known.version))
            }
            Protocol::S3 => unknown_operation(),
        }
    }
}

/// Names service, operation and protocol.
///
/// A request with `X-Amz-Target`, or with a JSON body, must be a POST of `application/x-amz-json-1.0` or `-1.1` to `/`
/// with a known prefix; anything else is `UnknownOperationException` without a message. A request with an `Action`
/// parameter in its form (POST) or query string (GET) is matched by `Version`, then by the service in the scope of its
/// signature; without either it is `InvalidAction`, without an action `MissingAction`. Of what is left, requests signed
/// for S3 are S3's ([`s3`]).
pub fn route(request: &Request) -> Result<Target<'_>, Fault> {
    match (dialect(request), json_version(request)) {
        (Protocol::Json { .. }, version) => route_json(request, version),
        (Protocol::Query { .. }, _) => route_query(request),
        (Protocol::S3, _) => s3::route(request),
    }
}

/// The protocol to answer in, however malformed the request is: the one [`route`] finds when it finds one, else the
/// likeliest.
pub fn dialect(request: &Request) -> Protocol {
    let version = json_version(request);
    let json = Protocol::Json { version: version.unwrap_or("1.1") };
    if version.is_some() || request.parts.headers.contains_key(TARGET) {
        return json;
    }
    if scope_service(request).as_deref() == Some(s3::SIGNING_NAME) {
        return Protocol::S3;
    }
    let parameters = Parameters::of(request);
    match parameters.service(request) {
        Some(known) => Protocol::Query { namespace: known.namespace },
        // No service claims it; the one that most Query requests are for answers.
        None if is_form(request) || parameters.action.is_some() => Protocol::Query { namespace: STS.namespace },
        None => json,
    }
}

fn route_json<'a>(request: &'a Request, version: Option<&'static str>) -> Result<Target<'a>, Fault> {
    let Request { parts, .. } = request;
    let version = version.ok_or_else(unknown_operation)?;
    if parts.method != Method::POST || parts.uri.path() != "/" {
        return Err(unknown_operation());
    }
    let target = request.header(TARGET).ok_or_else(unknown_operation)?;
    // One prefix has dots of its own, an operation's name never has.
    let (prefix, operation) = target.rsplit_once('.').ok_or_else(unknown_operation)?;
    let known = JSON.iter().find(|(known, _)| *known == prefix);
    let (_, service) = known.ok_or_else(unknown_operation)?;
    if operation.is_empty() {
        return Err(unknown_operation());
    }
    let protocol = Protocol::Json { version };
    Ok(Target { service, operation: Cow::Borrowed(operation), protocol })
}

fn route_query(request: &Request) -> Result<Target<'_>, Fault> {
    let Request { parts, body, .. } = request;
    let parameters = Parameters::of(request);
    let method = if body.is_empty() {
        parts.method == Method::POST || parts.method == Method::GET
    } else {
        parts.method == Method::POST && is_form(request)
    };
    let action = match &parameters.action {
        Some(action) if !action.is_empty() => action.clone(),
        _ => return Err(missing_action()),
    };
    let known = parameters.service(request).filter(|_| method && parts.uri.path() == "/");
    let Some(known) = known else {
        return Err(no_such_action(&action, parameters.version.as_deref().unwrap_or(NO_VERSION)));
    };
    let protocol = Protocol::Query { namespace: known.namespace };
    Ok(Target { service: known.service, operation: action, protocol })
}

/// The two parameters that route a Query request; of a duplicated one the first counts.
struct Parameters<'a> {
    action: Option<Cow<'a, str>>,
    version: Option<Cow<'a, str>>,
}

impl<'a> Parameters<'a> {
    fn of(request: &'a Request) -> Self {
        let mut found = Self { action: None, version: None };
        for (name, value) in form_urlencoded::parse(request.form()) {
            let place = match name.as_ref() {
                "Action" => &mut found.action,
                "Version" => &mut found.version,
                _ => continue,
            };
            place.get_or_insert(value);
        }
        found
    }

    /// By version; without one, by the service that the signature is for. A version nobody has matches nothing.
    fn service(&self, request: &Request) -> Option<&'static QueryService> {
        match (&self.version, &self.action) {
            (Some(version), _) => QUERY.iter().find(|known| known.version == version),
            (None, Some(_)) => {
                let signed_for = scope_service(request)?;
                QUERY.iter().find(|known| known.service == signed_for)
            }
            (None, None) => None,
        }
    }
}

/// The service in the scope of the credential, without judging the rest of the signature.
fn scope_service(request: &Request) -> Option<Cow<'_, str>> {
    if let Some(header) = request.header(http::header::AUTHORIZATION) {
        let credential = header.split([' ', ',']).find_map(|part| part.strip_prefix("Credential="));
        return credential?.split('/').nth(3).map(Cow::Borrowed);
    }
    let query = request.parts.uri.query()?.as_bytes();
    let credential = form_urlencoded::parse(query).find(|(name, _)| name == "X-Amz-Credential");
    credential?.1.split('/').nth(3).map(|service| Cow::Owned(service.to_owned()))
}

/// The version of JSON protocol that the content type names, parameters such as `charset` aside.
fn json_version(request: &Request) -> Option<&'static str> {
    let media_type = request.media_type();
    let known = [("application/x-amz-json-1.1", "1.1"), ("application/x-amz-json-1.0", "1.0")];
    let found = known.iter().find(|(name, _)| name.eq_ignore_ascii_case(media_type));
    found.map(|(_, version)| *version)
}

fn is_form(request: &Request) -> bool {
    request.media_type().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn unknown_operation() -> Fault {
    Fault::new("UnknownOperationException", 400)
}

fn no_such_action(action: &str, version: &str) -> Fault {
    let message = format!("Could not find operation {action} for version {version}");
    Fault::new("InvalidAction", 400).with_message(message)
}

fn missing_action() -> Fault {
    let message = "The request is missing an action or a required parameter.";
    Fault::new("MissingAction", 400).with_message(message)
}

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// What AWS prints for an absent `Version`.
const NO_VERSION: &str = "NO_VERSION_SPECIFIED";

/// Prefix of `X-Amz-Target` and signing name, from the API models.
const JSON: &[(&str, &str)] = &[
    ("TrentService", "kms"),
    ("AmazonSSM", "ssm"),
    ("secretsmanager", "secretsmanager"),
    ("CloudTrail_20131101", "cloudtrail"),
    ("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101", "cloudtrail"),
    ("Logs_20140328", "logs"),
    ("AWSEvents", "events"),
    ("ServiceQuotasV20190624", "servicequotas"),
];

struct QueryService {
    service: &'static str,
    version: &'static str,
    namespace: &'static str,
}

const STS: QueryService =
    QueryService { service: "sts", version: "2011-06-15", namespace: "https://sts.amazonaws.com/doc/2011-06-15/" };

/// From the API models.
const QUERY: &[QueryService] = &[
    STS,
    QueryService { service: "iam", version: "2010-05-08", namespace: "https://iam.amazonaws.com/doc/2010-05-08/" },
];

#[cfg(test)]
mod tests;
