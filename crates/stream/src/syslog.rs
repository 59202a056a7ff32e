//! Syslog messages (RFC 5424), framed by their length for TCP (RFC 6587) and TLS (RFC 5425).

use crate::Envelope;

/// Which part of a system a message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facility(u8);

impl Facility {
    /// Security and authorization messages (`authpriv`).
    pub const AUTHPRIV: Self = Self(10);
    /// Audit (13).
    pub const AUDIT: Self = Self(13);

    /// By its number, 0 to 23.
    pub fn new(number: u8) -> Option<Self> {
        (number <= 23).then_some(Self(number))
    }
}

const NOTICE: u8 = 5;
const WARNING: u8 = 4;

/// An event as one framed message: `LENGTH SP <PRI>1 TIME HOST claviger - ID SD EVENT`.
///
/// Calls that failed are warnings, all others notices. The message is the event's JSON.
pub fn message(event: &Envelope, facility: Facility, host: &str) -> Vec<u8> {
    let severity = if event.detail["errorCode"].is_string() { WARNING } else { NOTICE };
    let priority = facility.0 * 8 + severity;
    let host = printable(host, 255);
    let kind = printable(event.detail["eventName"].as_str().unwrap_or("event"), 32);
    let time = if event.time.is_empty() { "-" } else { &event.time };
    let data = [("id", &event.id), ("account", &event.account), ("region", &event.region), ("source", &event.source)];
    let data: String = data.iter().map(|(name, value)| format!(" {name}=\"{}\"", escaped(value))).collect();
    let body = event.to_json();
    // 32473 is the enterprise number reserved for examples and for whoever has none (RFC 5612).
    let text = format!("<{priority}>1 {time} {host} claviger - {kind} [event@32473{data}] {body}");
    format!("{} {text}", text.len()).into_bytes()
}

/// A header field: printable ASCII without blanks, `-` when nothing is left.
fn printable(text: &str, bytes_max: usize) -> String {
    let kept: String = text.chars().filter(char::is_ascii_graphic).take(bytes_max).collect();
    if kept.is_empty() { "-".to_owned() } else { kept }
}

fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for char in value.chars() {
        if matches!(char, '"' | '\\' | ']') {
            out.push('\\');
        }
        out.push(char);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message() {
        let record = r#"{"eventTime":"2026-01-01T12:00:00Z","eventSource":"kms.amazonaws.com","eventName":"Decrypt","awsRegion":"us-east-1","eventID":"e-1","errorCode":"AccessDenied","recipientAccountId":"1]\"2"}"#;
        let [event] = &crate::envelopes(record)[..] else { panic!() };
        let framed = String::from_utf8(message(event, Facility::AUDIT, "ho st")).unwrap();
        let (length, text) = framed.split_once(' ').unwrap();
        assert_eq!(length.parse::<usize>().unwrap(), text.len());
        // 13 * 8 + 4
        let head = "<108>1 2026-01-01T12:00:00Z host claviger - Decrypt [event@32473 id=\"e-1\" account=\"1\\]\\\"2\" \
                    region=\"us-east-1\" source=\"aws.kms\"] {\"version\":\"0\",";
        assert!(text.starts_with(head), "{text}");
        assert!(!text.contains('\n'));
    }
}
