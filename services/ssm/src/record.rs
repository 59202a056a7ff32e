//! What is stored of parameters.

use std::collections::BTreeMap;

use claviger_shapes::ssm::{ParameterTier, ParameterType};
use claviger_store::{Record, Space};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::policies::{self, Policy};
use crate::sharing::Sharing;

/// Parameters with their newest version, by `ACCOUNT/REGION/NAME`. Index `by_parent`: the direct children of a node
/// (`ACCOUNT/REGION/NODE//LEAF`; no name has two slashes in a row). Index `due`: when the first of its policies acts.
/// Index `shared`: what accounts find among the parameters shared with them (`REGION/THEIR-ACCOUNT/ACCOUNT/NAME`).
pub static PARAMETERS: Space = Space { name: "ssm_parameters", indexes: &["by_parent", "due", "shared"], sealed: true };
/// Versions that were replaced, by `ACCOUNT/REGION/NAME//VERSION`.
pub static VERSIONS: Space = Space { name: "ssm_versions", indexes: &[], sealed: true };
/// How many parameters there are, in parts, by `ACCOUNT/REGION/PART`.
pub static COUNTS: Space = Space { name: "ssm_counts", indexes: &[], sealed: true };
/// Settings that were changed, by `ACCOUNT/REGION/SETTING`.
pub static SETTINGS: Space = Space { name: "ssm_settings", indexes: &[], sealed: true };

/// Every space of this service, for the engine that has to make tables.
pub static SPACES: [&Space; 4] = [&PARAMETERS, &VERSIONS, &COUNTS, &SETTINGS];

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A text.
    String,
    /// Texts between commas.
    StringList,
    /// A text that is stored encrypted.
    SecureString,
}

impl From<ParameterType> for Kind {
    fn from(kind: ParameterType) -> Self {
        match kind {
            ParameterType::String => Self::String,
            ParameterType::StringList => Self::StringList,
            ParameterType::SecureString => Self::SecureString,
        }
    }
}

impl From<Kind> for ParameterType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::String => Self::String,
            Kind::StringList => Self::StringList,
            Kind::SecureString => Self::SecureString,
        }
    }
}

/// The tier a parameter is in. Nothing is in the third that requests may name: it is resolved to one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tier {
    /// Small and many-limited.
    Standard,
    /// Larger, with policies and sharing.
    Advanced,
}

impl From<Tier> for ParameterTier {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Standard => Self::Standard,
            Tier::Advanced => Self::Advanced,
        }
    }
}

/// One version of a parameter.
#[derive(Clone, Serialize, Deserialize)]
pub struct Version {
    /// From 1 on, without gaps.
    pub version: i64,
    /// What the value is.
    pub kind: Kind,
    /// The value; of a SecureString its ciphertext in base64.
    pub value: String,
    /// The key of a SecureString as the writer named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// Free text, 0-1024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What values must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_pattern: Option<String>,
    /// Its tier.
    pub tier: Tier,
    /// Its data type.
    pub data_type: String,
    /// Its policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Policy>,
    /// When it was written.
    pub modified: Timestamp,
    /// The ARN of who wrote it.
    pub user: String,
}

/// A parameter.
#[derive(Clone, Serialize, Deserialize)]
pub struct ParameterRecord {
    /// Owning account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Its path: the name with a slash before it.
    pub path: String,
    /// The name as given at creation: with or without that slash.
    pub name: String,
    /// The newest version.
    pub current: Version,
    /// Which version each label is on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, i64>,
    /// Tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Its resource policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharing: Option<Sharing>,
}

/// Most versions that are kept of a parameter.
pub const VERSIONS_MAX: i64 = 100;

impl ParameterRecord {
    /// The number of the oldest version that is kept.
    pub fn oldest(&self) -> i64 {
        (self.current.version - VERSIONS_MAX + 1).max(1)
    }
}

/// A point in time that sorts as text.
pub fn time_key(time: Timestamp) -> String {
    // Times before 1970 are long due, all alike.
    format!("{:020}", time.as_millisecond().max(0))
}

/// What the parameters shared with an account are listed under.
pub fn shared_prefix(region: &str, account: &str) -> String {
    format!("{region}/{account}/")
}

/// `ACCOUNT/REGION/NAME`
pub fn parameter_id(account: &str, region: &str, path: &str) -> String {
    format!("{account}/{region}{path}")
}

/// What the direct children of a node are listed under.
pub fn children_prefix(account: &str, region: &str, node: &str) -> String {
    format!("{account}/{region}{node}//")
}

impl Record for ParameterRecord {
    const SPACE: &'static Space = &PARAMETERS;
    fn id(&self) -> String {
        parameter_id(&self.account, &self.region, &self.path)
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        let (node, leaf) = self.path.rsplit_once('/').unwrap_or_default();
        let mut index = vec![("by_parent", children_prefix(&self.account, &self.region, node) + leaf)];
        index.extend(policies::next(&self.current.policies, self.current.modified).map(|due| ("due", time_key(due))));
        let accounts = self.sharing.iter().flat_map(|sharing| &sharing.accounts);
        index.extend(
            accounts.map(|account| ("shared", shared_prefix(&self.region, account) + &self.account + &self.path)),
        );
        index
    }
}

/// A version that was replaced.
#[derive(Clone, Serialize, Deserialize)]
pub struct VersionRecord {
    /// The id of its parameter.
    pub parameter: String,
    /// What it says.
    pub version: Version,
}

/// What the replaced versions of a parameter are listed under.
pub fn versions_prefix(parameter: &str) -> String {
    format!("{parameter}//")
}

/// The id of a replaced version.
pub fn version_id(parameter: &str, version: i64) -> String {
    format!("{parameter}//{version:010}")
}

impl Record for VersionRecord {
    const SPACE: &'static Space = &VERSIONS;
    fn id(&self) -> String {
        version_id(&self.parameter, self.version.version)
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// How many parameters one part of an account's and Region's has.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct CountRecord {
    /// `ACCOUNT/REGION/PART`
    pub id: String,
    /// In the standard tier.
    pub standard: i64,
    /// In the advanced tier.
    pub advanced: i64,
}

impl Record for CountRecord {
    const SPACE: &'static Space = &COUNTS;
    fn id(&self) -> String {
        self.id.clone()
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// A setting of the service that is not at its default.
#[derive(Clone, Serialize, Deserialize)]
pub struct SettingRecord {
    /// `ACCOUNT/REGION/SETTING`
    pub id: String,
    /// Its value.
    pub value: String,
    /// When it was changed.
    pub modified: Timestamp,
    /// The ARN of who changed it.
    pub user: String,
}

impl Record for SettingRecord {
    const SPACE: &'static Space = &SETTINGS;
    fn id(&self) -> String {
        self.id.clone()
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
