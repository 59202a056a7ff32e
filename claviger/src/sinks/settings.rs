//! What can be said of a sink in the settings.

use std::path::PathBuf;

use serde::Deserialize;

/// One `[[sinks]]` section.
#[derive(Clone, Debug, Deserialize)]
pub struct Sink {
    /// Its name, in metrics and logs, and for its place in the log: a new name begins anew.
    pub name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Events it gets, as an EventBridge event pattern; all without one.
    pub pattern: Option<String>,
    /// `file`: where lines of JSON are appended.
    pub path: Option<PathBuf>,
    /// `syslog`: `tcp://HOST:PORT` or `tls://HOST:PORT`.
    pub address: Option<String>,
    /// `syslog`: the facility's number, 0-23; 13 (audit) unless set.
    pub facility: Option<u8>,
    /// `webhook`: where events are posted.
    pub url: Option<String>,
    /// `webhook`: the file with the signing secret, `whsec_` and base64 of 24-64 bytes.
    pub secret_file: Option<PathBuf>,
    /// `syslog`, `webhook`: certificates (PEM) that the receiver is trusted by, instead of the operating system's.
    pub ca_file: Option<PathBuf>,
}

/// Kinds of sinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A file of JSON lines.
    File,
    /// RFC 5424 over TCP or TLS.
    Syslog,
    /// Signed HTTPS requests.
    Webhook,
}

/// The settings of a `[[sinks]]` section.
pub(crate) const NAMES: &[&str] =
    &["name", "type", "pattern", "path", "address", "facility", "url", "secret_file", "ca_file"];
