//! Settings: one TOML file, environment variables over it, command-line options over both.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::sinks::{self, Sink};

/// Every setting with its default. A file names only what it changes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Listener and limits.
    pub server: Server,
    /// TLS of the listener.
    pub tls: Tls,
    /// How the root key is obtained.
    pub seal: Seal,
    /// The audit log.
    pub audit: Audit,
    /// Where CloudTrail's trails deliver to.
    pub trails: Trails,
    /// Identity providers.
    pub oidc: Oidc,
    /// Quotas of accounts.
    pub quotas: Quotas,
    /// Who gets events.
    pub sinks: Vec<Sink>,
    /// Logs of the program itself.
    pub log: Logs,
}

/// Listener and limits.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Server {
    /// Address and port; port 0 picks one.
    pub listen: SocketAddr,
    /// Serve plain HTTP on an address other hosts can reach.
    pub allow_plain_http: bool,
    /// Event loops, each with a thread of its own; 0 means one per core.
    pub threads: usize,
    /// Largest request body in bytes.
    pub body_bytes_max: usize,
    /// Connections served at once.
    pub connections_max: usize,
    /// Seconds a client may take to send a request's head.
    pub header_seconds_max: u64,
    /// Seconds a client may take to send a request's body.
    pub body_seconds_max: u64,
    /// Seconds a stop waits for calls in flight.
    pub stop_seconds_max: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 9700)),
            allow_plain_http: false,
            threads: 0,
            body_bytes_max: 1024 * 1024,
            connections_max: 10_000,
            header_seconds_max: 10,
            body_seconds_max: 20,
            stop_seconds_max: 30,
        }
    }
}

/// TLS of the listener: both or neither.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Tls {
    /// Certificate chain, PEM.
    pub cert: Option<PathBuf>,
    /// Private key, PEM.
    pub key: Option<PathBuf>,
}

/// How the root key is obtained at start.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Seal {
    /// The key file; by default the one beside the data folder.
    pub key_file: Option<PathBuf>,
    /// A file that holds the passphrase.
    pub passphrase_file: Option<PathBuf>,
}

/// The audit log.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Audit {
    /// When a record counts as written: `os` survives the death of the process, `disk` that of the machine.
    pub durability: Durability,
    /// A file is closed and the next begun at this size in bytes.
    pub file_bytes_max: u64,
    /// How many days back `LookupEvents` may look.
    pub lookup_days: u32,
}

impl Default for Audit {
    fn default() -> Self {
        Self { durability: Durability::Os, file_bytes_max: 128 * 1024 * 1024, lookup_days: 90 }
    }
}

/// When an audit record counts as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// Handed to the operating system.
    Os,
    /// On disk, in groups.
    Disk,
}

/// Where CloudTrail's trails deliver to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Trails {
    /// A folder whose folders are the buckets; by default `trails` in the data folder.
    pub directory: Option<PathBuf>,
}

/// OpenID Connect identity providers, whose published keys this server fetches.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Oidc {
    /// Issuer URLs that may be asked. None: every one behind TLS that an account has registered.
    pub issuers: Vec<String>,
    /// Certificates (PEM) that providers are trusted by, instead of the operating system's.
    pub ca_file: Option<PathBuf>,
}

/// Quotas of accounts, in each Region.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Quotas {
    /// Whether requests a second are limited.
    pub requests: RequestQuotas,
    /// Values of single quotas by name or code, in place of AWS's. A rate named here is limited also while `requests`
    /// is off.
    pub values: BTreeMap<String, f64>,
}

/// How request quotas are set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum RequestQuotas {
    /// Nobody is throttled.
    #[default]
    Off,
    /// As AWS throttles today.
    Aws,
}

/// Logs of the program itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Logs {
    /// `auto` (text on a terminal, JSON otherwise), `text` or `json`.
    pub format: LogFormat,
    /// What is logged: a level (`info`) or a filter (`claviger=debug,info`).
    pub filter: String,
}

impl Default for Logs {
    fn default() -> Self {
        Self { format: LogFormat::Auto, filter: "info".to_owned() }
    }
}

/// How the program's logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// Text.
    Text,
    /// A JSON object a line.
    Json,
}

/// Every section and its settings: what a file may name and what the environment may override.
const KNOWN: [(&str, &[&str]); 9] = [
    (
        "server",
        &[
            "listen",
            "allow_plain_http",
            "threads",
            "body_bytes_max",
            "connections_max",
            "header_seconds_max",
            "body_seconds_max",
            "stop_seconds_max",
        ],
    ),
    ("tls", &["cert", "key"]),
    ("seal", &["key_file", "passphrase_file"]),
    ("audit", &["durability", "file_bytes_max"]),
    ("trails", &["directory"]),
    ("oidc", &["issuers", "ca_file"]),
    ("quotas", &["requests", "values"]),
    ("sinks", sinks::NAMES),
    ("log", &["format", "filter"]),
];

/// Why settings were refused.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// The file is not TOML, or a value has the wrong type.
    #[error("{origin}: {error}")]
    Value {
        /// The file or variable.
        origin: String,
        /// Why.
        error: String,
    },
    /// A name nobody knows.
    #[error("{origin}: unknown {what} `{name}`{}", .nearest.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    Unknown {
        /// The file.
        origin: String,
        /// `section` or `setting`.
        what: &'static str,
        /// The name.
        name: String,
        /// The nearest valid one.
        nearest: Option<String>,
    },
}

impl Config {
    /// Reads the file, if there is one, and lays the environment over it.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut table = toml::Table::new();
        let mut origin = "settings".to_owned();
        if let Some(path) = file {
            origin = path.display().to_string();
            let text = std::fs::read_to_string(path)
                .map_err(|error| ConfigError::Read { path: path.to_owned(), error: error.to_string() })?;
            table = text.parse().map_err(|error: toml::de::Error| ConfigError::Value {
                origin: origin.clone(),
                error: error.to_string(),
            })?;
            check_names(&origin, &table)?;
        }
        for (name, value) in environment {
            overlay(&mut table, &name, &value)?;
        }
        table
            .try_into()
            .map_err(|error: toml::de::Error| ConfigError::Value { origin, error: error.message().to_owned() })
    }
}

fn check_names(origin: &str, table: &toml::Table) -> Result<(), ConfigError> {
    let unknown = |what, name: &str, valid: &mut dyn Iterator<Item = String>| ConfigError::Unknown {
        origin: origin.to_owned(),
        what,
        name: name.to_owned(),
        nearest: nearest(name, valid),
    };
    for (section, content) in table {
        let Some((_, settings)) = KNOWN.iter().find(|(name, _)| name == section) else {
            return Err(unknown("section", section, &mut KNOWN.iter().map(|(name, _)| (*name).to_owned())));
        };
        let tables = content.as_table().into_iter();
        let tables = tables.chain(content.as_array().into_iter().flatten().filter_map(toml::Value::as_table));
        for name in tables.flat_map(|table| table.keys()) {
            if !settings.contains(&name.as_str()) {
                let mut valid = settings.iter().map(|setting| format!("{section}.{setting}"));
                return Err(unknown("setting", &format!("{section}.{name}"), &mut valid));
            }
        }
    }
    Ok(())
}

/// The valid name that is most like this one.
pub(crate) fn nearest(name: &str, valid: &mut dyn Iterator<Item = String>) -> Option<String> {
    let scored = valid.map(|candidate| (strsim::jaro_winkler(name, &candidate), candidate));
    scored.max_by(|left, right| left.0.total_cmp(&right.0)).filter(|(score, _)| *score > 0.6).map(|(_, name)| name)
}

/// `CLAVIGER_SERVER_LISTEN=…` sets `server.listen`. Other variables are left alone.
fn overlay(table: &mut toml::Table, name: &str, value: &str) -> Result<(), ConfigError> {
    let Some(rest) = name.strip_prefix("CLAVIGER_").map(str::to_ascii_lowercase) else { return Ok(()) };
    let known = KNOWN.iter().find_map(|(section, settings)| {
        let setting = rest.strip_prefix(section)?.strip_prefix('_')?;
        settings.contains(&setting).then(|| (*section, setting.to_owned()))
    });
    let Some((section, setting)) = known else { return Ok(()) };
    // Numbers and booleans are written as in the file; everything else is text without quotes.
    let value = match format!("value = {value}").parse::<toml::Table>() {
        Ok(mut parsed) => parsed.remove("value").unwrap_or_else(|| toml::Value::String(value.to_owned())),
        Err(_) => toml::Value::String(value.to_owned()),
    };
    let entry = table.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    match entry.as_table_mut() {
        Some(section) => {
            section.insert(setting, value);
            Ok(())
        }
        None => Err(ConfigError::Value { origin: name.to_owned(), error: format!("`{section}` is not a section") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn environment_beats_file_beats_default() {
        let file = file("[server]\nlisten = \"127.0.0.1:1\"\nthreads = 3\n[audit]\ndurability = \"disk\"");
        let environment =
            environment(&[("CLAVIGER_SERVER_LISTEN", "127.0.0.1:2"), ("CLAVIGER_LOG_FILTER", "debug"), ("HOME", "x")]);
        let config = Config::load(Some(file.path()), environment).unwrap();
        assert_eq!(config.server.listen.port(), 2);
        assert_eq!(config.server.threads, 3);
        assert_eq!(config.audit.durability, Durability::Disk);
        assert_eq!(config.log.filter, "debug");
        assert_eq!(config.server.connections_max, 10_000);
    }

    #[test]
    fn unknown_names_are_refused_with_the_nearest() {
        for (text, name, near) in [
            ("[server]\nlissten = \"x\"", "server.lissten", "server.listen"),
            ("[sever]\nlisten = \"x\"", "sever", "server"),
            ("[audit]\ndurabilty = \"os\"", "audit.durabilty", "audit.durability"),
        ] {
            let file = file(text);
            let error = Config::load(Some(file.path()), Vec::new()).unwrap_err();
            let ConfigError::Unknown { name: found, nearest, .. } = error else { panic!("{error:?}") };
            assert_eq!((found.as_str(), nearest.as_deref()), (name, Some(near)));
        }
    }

    #[test]
    fn wrong_values_say_where() {
        let file = file("[server]\nthreads = \"many\"");
        let error = Config::load(Some(file.path()), Vec::new()).unwrap_err().to_string();
        assert!(error.contains(&file.path().display().to_string()), "{error}");
        let error = Config::load(None, environment(&[("CLAVIGER_AUDIT_DURABILITY", "sometimes")])).unwrap_err();
        assert!(error.to_string().contains("sometimes"), "{error}");
    }
}
