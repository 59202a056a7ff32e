//! One call as a CloudTrail record.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde_json::value::RawValue;

use crate::identity::Identity;
use crate::json;

/// What stands for address, agent and caller when the service acts by itself.
pub const AWS_INTERNAL: &str = "AWS Internal";
/// The longest `userAgent`, in bytes; a longer one is cut and marked.
pub const USER_AGENT_BYTES_MAX: usize = 1024;
/// The longest `errorMessage`, in bytes; a longer one is cut and marked.
pub const ERROR_MESSAGE_BYTES_MAX: usize = 1024;
/// The longest `requestParameters`, `responseElements` or `serviceEventDetails`, in bytes of JSON; longer ones are
/// left out and marked.
pub const OBJECT_BYTES_MAX: usize = 100 * 1024;
/// The longest `additionalEventData`, in bytes of JSON.
pub const ADDITIONAL_BYTES_MAX: usize = 28 * 1024;
/// The longest record, in bytes of JSON.
pub const RECORD_BYTES_MAX: usize = 256 * 1024;

/// Any other text. Names and ARNs stay far below; what a client chose freely (a host header) does not have to.
const TEXT_BYTES_MAX: usize = 2048;

/// Everything that is written about one call.
///
/// An empty `request_id`, `region`, `source_ip`, `user_agent` or `recipient_account` means that there is none: the
/// member is left out. So are `resources` without entries. `requestParameters` and `responseElements` are always
/// there, `null` without a value.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// `eventID`: a UUID, unique for this record.
    pub event_id: &'a str,
    /// `requestID`: as the client was told; empty for what no client asked for.
    pub request_id: &'a str,
    /// `eventTime`: when the call was completed; written in whole seconds.
    pub time: Timestamp,
    /// `userIdentity`.
    pub identity: Identity<'a>,
    /// `eventSource`: `kms.amazonaws.com`.
    pub source: &'a str,
    /// `eventName`: the operation.
    pub name: &'a str,
    /// `awsRegion`.
    pub region: &'a str,
    /// `sourceIPAddress`: an address, a service's name or [`AWS_INTERNAL`].
    pub source_ip: &'a str,
    /// `userAgent`; at most [`USER_AGENT_BYTES_MAX`] bytes are kept.
    pub user_agent: &'a str,
    /// `errorCode` and `errorMessage`; of the message at most [`ERROR_MESSAGE_BYTES_MAX`] bytes are kept.
    pub error: Option<(&'a str, &'a str)>,
    /// `requestParameters`, redacted by whoever made them; at most [`OBJECT_BYTES_MAX`] bytes.
    pub request_parameters: Option<&'a RawValue>,
    /// `responseElements`, redacted by whoever made them; at most [`OBJECT_BYTES_MAX`] bytes.
    pub response_elements: Option<&'a RawValue>,
    /// `additionalEventData`; at most [`ADDITIONAL_BYTES_MAX`] bytes.
    pub additional: Option<&'a RawValue>,
    /// `readOnly`; the cryptographic operations count as reading.
    pub read_only: bool,
    /// `resources`: what the call was about.
    pub resources: &'a [Resource<'a>],
    /// `recipientAccountId`: the account whose copy this is.
    pub recipient_account: &'a str,
    /// `sharedEventID`: only when several accounts get a copy of the same call.
    pub shared_event_id: Option<&'a str>,
    /// `tlsDetails`: none for plain and internal calls.
    pub tls: Option<TlsDetails<'a>>,
    /// `eventType`.
    pub kind: Kind<'a>,
}

/// One entry of `resources`.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// `ARN`.
    pub arn: &'a str,
    /// `accountId`: its owner.
    pub account: &'a str,
    /// `type`: `AWS::KMS::Key`; empty leaves the member out.
    pub kind: &'a str,
}

/// How a TLS connection was protected.
#[derive(Clone, Copy, Debug)]
pub struct TlsDetails<'a> {
    /// `tlsVersion`: `TLSv1.3`.
    pub version: &'a str,
    /// `cipherSuite`: its IANA name.
    pub cipher_suite: &'a str,
    /// `clientProvidedHostHeader`.
    pub host: &'a str,
}

/// Whether somebody called or the service acted by itself.
#[derive(Clone, Copy, Debug)]
pub enum Kind<'a> {
    /// `AwsApiCall`.
    ApiCall,
    /// `AwsServiceEvent`.
    ServiceEvent {
        /// `serviceEventDetails`; at most [`OBJECT_BYTES_MAX`] bytes.
        details: &'a RawValue,
    },
}

/// How much of each part is written.
struct Limits {
    object: usize,
    additional: usize,
    text: usize,
    user_agent: usize,
    resources: usize,
}

const USUAL: Limits = Limits {
    object: OBJECT_BYTES_MAX,
    additional: ADDITIONAL_BYTES_MAX,
    text: TEXT_BYTES_MAX,
    user_agent: USER_AGENT_BYTES_MAX,
    resources: usize::MAX,
};

/// For a record that came out too long: the objects go, and few resources stay. What is left is bounded: at most 110
/// texts, each at most six times its length when escaped.
const TIGHT: Limits = Limits { object: 1024, additional: 1024, text: 384, user_agent: 384, resources: 16 };

impl Event<'_> {
    /// Appends the record as one line of JSON, at most [`RECORD_BYTES_MAX`] bytes, without a line break. Members come
    /// in the order of CloudTrail's own records.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let start = out.len();
        self.write_within(out, &USUAL);
        if out.len() - start > RECORD_BYTES_MAX {
            out.truncate(start);
            self.write_within(out, &TIGHT);
        }
    }

    fn write_within(&self, out: &mut Vec<u8>, limits: &Limits) {
        out.reserve(1024);
        out.extend_from_slice(br#"{"eventVersion":"1.11","userIdentity":"#);
        self.identity.write_json(out, limits.text);
        out.extend_from_slice(br#","eventTime":""#);
        timestamp(out, self.time);
        put(out, r#"","eventSource":"#, self.source, limits.text);
        put(out, r#","eventName":"#, self.name, limits.text);
        put_unless_empty(out, r#","awsRegion":"#, self.region, limits.text);
        put_unless_empty(out, r#","sourceIPAddress":"#, self.source_ip, limits.text);
        put_unless_empty(out, r#","userAgent":"#, self.user_agent, limits.user_agent);
        if let Some((code, message)) = self.error {
            put(out, r#","errorCode":"#, code, limits.text);
            put(out, r#","errorMessage":"#, message, limits.text.min(ERROR_MESSAGE_BYTES_MAX));
        }
        put_or_null(out, r#","requestParameters":"#, self.request_parameters, limits.object);
        put_or_null(out, r#","responseElements":"#, self.response_elements, limits.object);
        if let Some(additional) = self.additional {
            out.extend_from_slice(br#","additionalEventData":"#);
            json::raw(out, additional, limits.additional);
        }
        put_unless_empty(out, r#","requestID":"#, self.request_id, limits.text);
        put(out, r#","eventID":"#, self.event_id, limits.text);
        out.extend_from_slice(if self.read_only { br#","readOnly":true"# } else { br#","readOnly":false"# });
        self.write_resources(out, limits);
        out.extend_from_slice(match self.kind {
            Kind::ApiCall => br#","eventType":"AwsApiCall","managementEvent":true,"eventCategory":"Management""#,
            Kind::ServiceEvent { .. } => {
                br#","eventType":"AwsServiceEvent","managementEvent":true,"eventCategory":"Management""#
            }
        });
        put_unless_empty(out, r#","recipientAccountId":"#, self.recipient_account, limits.text);
        if let Some(id) = self.shared_event_id {
            put(out, r#","sharedEventID":"#, id, limits.text);
        }
        if let Kind::ServiceEvent { details } = self.kind {
            out.extend_from_slice(br#","serviceEventDetails":"#);
            json::raw(out, details, limits.object);
        }
        if let Some(tls) = &self.tls {
            put(out, r#","tlsDetails":{"tlsVersion":"#, tls.version, limits.text);
            put(out, r#","cipherSuite":"#, tls.cipher_suite, limits.text);
            put(out, r#","clientProvidedHostHeader":"#, tls.host, limits.text);
            out.push(b'}');
        }
        out.push(b'}');
    }

    fn write_resources(&self, out: &mut Vec<u8>, limits: &Limits) {
        for (index, resource) in self.resources.iter().take(limits.resources).enumerate() {
            let lead = if index == 0 { r#","resources":[{"ARN":"# } else { r#",{"ARN":"# };
            put(out, lead, resource.arn, limits.text);
            put(out, r#","accountId":"#, resource.account, limits.text);
            put_unless_empty(out, r#","type":"#, resource.kind, limits.text);
            out.push(b'}');
        }
        if self.resources.len() > limits.resources {
            out.extend_from_slice(br#",{"omitted":true,"originalSize":"#);
            out.extend_from_slice(self.resources.len().to_string().as_bytes());
            out.push(b'}');
        }
        if !self.resources.is_empty() {
            out.push(b']');
        }
    }
}

fn put(out: &mut Vec<u8>, lead: &str, value: &str, bytes_max: usize) {
    out.extend_from_slice(lead.as_bytes());
    json::text(out, value, bytes_max);
}

fn put_unless_empty(out: &mut Vec<u8>, lead: &str, value: &str, bytes_max: usize) {
    if !value.is_empty() {
        put(out, lead, value, bytes_max);
    }
}

fn put_or_null(out: &mut Vec<u8>, lead: &str, value: Option<&RawValue>, bytes_max: usize) {
    out.extend_from_slice(lead.as_bytes());
    match value {
        Some(value) => json::raw(out, value, bytes_max),
        None => out.extend_from_slice(b"null"),
    }
}

/// Appends `2026-01-01T12:00:00Z`, without quotes; fractions of a second are dropped.
pub(crate) fn timestamp(out: &mut Vec<u8>, time: Timestamp) {
    const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(0));
    // Writing a time into memory cannot fail.
    let _ = PRINTER.print_timestamp(&time, out);
}
