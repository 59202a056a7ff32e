//! What is stored of accounts, users, groups, roles, managed policies and identity providers.

use std::collections::{BTreeMap, BTreeSet};

use claviger_store::{Record, Space};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Accounts by their 12 digits. Index `by_alias`: the account alias.
pub static ACCOUNTS: Space = Space { name: "accounts", indexes: &["by_alias"], sealed: true };
/// Users by `ACCOUNT/name` in lower case: names are unique without regard to case. Indexes: `by_id` (`AIDA…`), `by_group`
/// (`ACCOUNT/AGPA…`), `by_policy` and `by_boundary` (`ACCOUNT/POLICY-ARN`).
pub static USERS: Space =
    Space { name: "iam_users", indexes: &["by_id", "by_group", "by_policy", "by_boundary"], sealed: true };
/// Groups, as users. Indexes: `by_id` (`AGPA…`), `by_policy`.
pub static GROUPS: Space = Space { name: "iam_groups", indexes: &["by_id", "by_policy"], sealed: true };
/// Roles, as users. Indexes: `by_id` (`AROA…`), `by_policy`, `by_boundary`.
pub static ROLES: Space = Space { name: "iam_roles", indexes: &["by_id", "by_policy", "by_boundary"], sealed: true };
/// Customer-managed policies by `ACCOUNT/name` in lower case; a name is unique whatever its path.
pub static POLICIES: Space = Space { name: "iam_policies", indexes: &[], sealed: true };
/// OpenID Connect providers by `ACCOUNT/HOST/PATH`.
pub static PROVIDERS: Space = Space { name: "iam_oidc_providers", indexes: &[], sealed: true };

/// Every space of this room.
pub static SPACES: [&Space; 6] = [&ACCOUNTS, &USERS, &GROUPS, &ROLES, &POLICIES, &PROVIDERS];

/// `ACCOUNT/name` with the name in lower case: the id of users, groups, roles and policies in their spaces.
pub fn entity_path(account: &str, name: &str) -> String {
    format!("{account}/{}", name.to_ascii_lowercase())
}

/// `ACCOUNT/HOST/PATH` of an OpenID Connect provider; `url` without its scheme.
pub fn provider_path(account: &str, url: &str) -> String {
    format!("{account}/{url}")
}

/// Policies the operator puts over an account. Each one is a level of its own: it must allow (service control) or not
/// deny (resource control).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlPolicies {
    /// Name to text.
    pub policies: BTreeMap<String, String>,
}

/// One account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountRecord {
    /// The 12 digits.
    pub account: String,
    /// What the operator calls it.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// The account alias (`CreateAccountAlias`); unique in the installation.
    #[serde(default)]
    pub alias: Option<String>,
    /// Service control policies: each one must allow what the account's principals do.
    #[serde(default)]
    pub service_control: ControlPolicies,
    /// Resource control policies: none may deny what is done to the account's resources.
    #[serde(default)]
    pub resource_control: ControlPolicies,
}

impl AccountRecord {
    /// An account without alias and control policies.
    pub fn new(account: &str, name: &str, created: Timestamp) -> Self {
        Self {
            account: account.to_owned(),
            name: name.to_owned(),
            created,
            alias: None,
            service_control: ControlPolicies::default(),
            resource_control: ControlPolicies::default(),
        }
    }
}

impl Record for AccountRecord {
    const SPACE: &'static Space = &ACCOUNTS;
    fn id(&self) -> String {
        self.account.clone()
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        self.alias.iter().map(|alias| ("by_alias", alias.clone())).collect()
    }
}

/// Policies an identity holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Inline policies: name to text.
    #[serde(default)]
    pub inline: BTreeMap<String, String>,
    /// ARNs of the managed policies attached (at most 10).
    #[serde(default)]
    pub attached: BTreeSet<String>,
}

impl Held {
    fn index(&self, account: &str) -> impl Iterator<Item = (&'static str, String)> {
        self.attached.iter().map(move |arn| ("by_policy", format!("{account}/{arn}")))
    }
}

/// What users, groups and roles have in common.
pub trait Entity: Record + Clone {
    /// What it is.
    const KIND: crate::Kind;
    /// Owning account.
    fn account(&self) -> &str;
    /// Its name.
    fn name(&self) -> &str;
    /// Its path (`/` or `/…/`).
    fn path(&self) -> &str;
    /// Its unique id.
    fn unique_id(&self) -> &str;
    /// The policies it holds.
    fn held(&self) -> &Held;
    /// The policies it holds.
    fn held_mut(&mut self) -> &mut Held;
    /// Its tags; groups have none.
    fn tags(&self) -> Option<&BTreeMap<String, String>>;
    /// Its permissions boundary; groups have none.
    fn boundary(&self) -> Option<&str>;
    /// Its ARN.
    fn arn(&self, partition: &str) -> String {
        crate::arn(partition, self.account(), Self::KIND, self.path(), self.name())
    }
}

macro_rules! entity {
    ($record:ident, $kind:expr, $id:ident, $space:expr; $tags:expr; $boundary:expr) => {
        impl Entity for $record {
            const KIND: crate::Kind = $kind;
            fn account(&self) -> &str {
                &self.account
            }
            fn name(&self) -> &str {
                &self.name
            }
            fn path(&self) -> &str {
                &self.path
            }
            fn unique_id(&self) -> &str {
                &self.$id
            }
            fn held(&self) -> &Held {
                &self.held
            }
            fn held_mut(&mut self) -> &mut Held {
                &mut self.held
            }
            fn tags(&self) -> Option<&BTreeMap<String, String>> {
                let tags: fn(&Self) -> Option<&BTreeMap<String, String>> = $tags;
                tags(self)
            }
            fn boundary(&self) -> Option<&str> {
                let boundary: fn(&Self) -> Option<&str> = $boundary;
                boundary(self)
            }
        }
    };
}

/// An IAM user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserRecord {
    /// Owning account.
    pub account: String,
    /// 1-64 characters.
    pub name: String,
    /// `/` or `/…/`.
    pub path: String,
    /// `AIDA…`.
    pub user_id: String,
    /// When it was made.
    pub created: Timestamp,
    /// At most 50.
    pub tags: BTreeMap<String, String>,
    /// ARN of the permissions boundary.
    pub boundary: Option<String>,
    /// Policies.
    pub held: Held,
    /// Ids (`AGPA…`) of the groups it is in, at most 10.
    pub groups: BTreeSet<String>,
}

entity!(UserRecord, crate::Kind::User, user_id, USERS; |user| Some(&user.tags); |user| user.boundary.as_deref());

impl Record for UserRecord {
    const SPACE: &'static Space = &USERS;
    fn id(&self) -> String {
        entity_path(&self.account, &self.name)
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        let account = &self.account;
        let mut index = vec![("by_id", self.user_id.clone())];
        index.extend(self.groups.iter().map(|group| ("by_group", format!("{account}/{group}"))));
        index.extend(self.held.index(account));
        index.extend(self.boundary.iter().map(|arn| ("by_boundary", format!("{account}/{arn}"))));
        index
    }
}

/// A group of users.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupRecord {
    /// Owning account.
    pub account: String,
    /// 1-128 characters.
    pub name: String,
    /// `/` or `/…/`.
    pub path: String,
    /// `AGPA…`.
    pub group_id: String,
    /// When it was made.
    pub created: Timestamp,
    /// Policies.
    pub held: Held,
}

entity!(GroupRecord, crate::Kind::Group, group_id, GROUPS; |_| None; |_| None);

impl Record for GroupRecord {
    const SPACE: &'static Space = &GROUPS;
    fn id(&self) -> String {
        entity_path(&self.account, &self.name)
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        let mut index = vec![("by_id", self.group_id.clone())];
        index.extend(self.held.index(&self.account));
        index
    }
}

/// A role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RoleRecord {
    /// Owning account.
    pub account: String,
    /// 1-64 characters.
    pub name: String,
    /// `/` or `/…/`.
    pub path: String,
    /// `AROA…`.
    pub role_id: String,
    /// When it was made.
    pub created: Timestamp,
    /// At most 1000 characters.
    pub description: Option<String>,
    /// Longest session in seconds, 3600-43200.
    pub max_session_seconds: i32,
    /// The trust policy's text as put.
    pub trust: String,
    /// Principals the trust policy names, and the unique ids they had when it was put; see [`crate::Directory::bind`].
    #[serde(default)]
    pub trusted: BTreeMap<String, String>,
    /// At most 50.
    pub tags: BTreeMap<String, String>,
    /// ARN of the permissions boundary.
    pub boundary: Option<String>,
    /// Policies.
    pub held: Held,
}

entity!(RoleRecord, crate::Kind::Role, role_id, ROLES; |role| Some(&role.tags); |role| role.boundary.as_deref());

impl Record for RoleRecord {
    const SPACE: &'static Space = &ROLES;
    fn id(&self) -> String {
        entity_path(&self.account, &self.name)
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        let account = &self.account;
        let mut index = vec![("by_id", self.role_id.clone())];
        index.extend(self.held.index(account));
        index.extend(self.boundary.iter().map(|arn| ("by_boundary", format!("{account}/{arn}"))));
        index
    }
}

/// One version of a managed policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// `v1` is 1; never used again.
    pub number: u32,
    /// The text as put.
    pub document: String,
    /// When.
    pub created: Timestamp,
}

/// A customer-managed policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyRecord {
    /// Owning account.
    pub account: String,
    /// 1-128 characters.
    pub name: String,
    /// `/` or `/…/`.
    pub path: String,
    /// `ANPA…`.
    pub policy_id: String,
    /// When it was made.
    pub created: Timestamp,
    /// When a version was last made.
    pub updated: Timestamp,
    /// At most 1000 characters.
    pub description: Option<String>,
    /// At most 50.
    pub tags: BTreeMap<String, String>,
    /// The version in force.
    pub default_version: u32,
    /// The number the next version gets.
    pub next_version: u32,
    /// At most five, oldest first.
    pub versions: Vec<PolicyVersion>,
}

impl PolicyRecord {
    /// The ARN.
    pub fn arn(&self, partition: &str) -> String {
        crate::policy_arn(partition, &self.account, &self.path, &self.name)
    }

    /// The text in force.
    pub fn document(&self) -> &str {
        let default = self.versions.iter().find(|version| version.number == self.default_version);
        default.map_or("", |version| &version.document)
    }
}

impl Record for PolicyRecord {
    const SPACE: &'static Space = &POLICIES;
    fn id(&self) -> String {
        entity_path(&self.account, &self.name)
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// An OpenID Connect provider whose tokens the account's roles may trust.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProviderRecord {
    /// Owning account.
    pub account: String,
    /// Issuer URL without its scheme.
    pub url: String,
    /// `https`, or `http` where the installation allows it.
    pub scheme: String,
    /// Audiences accepted, at most 100.
    pub client_ids: BTreeSet<String>,
    /// SHA-1 thumbprints of certificates, at most 5, in lower case.
    pub thumbprints: BTreeSet<String>,
    /// When it was made.
    pub created: Timestamp,
    /// At most 50.
    pub tags: BTreeMap<String, String>,
}

impl ProviderRecord {
    /// `arn:P:iam::A:oidc-provider/HOST/PATH`.
    pub fn arn(&self, partition: &str) -> String {
        format!("arn:{partition}:iam::{}:oidc-provider/{}", self.account, self.url)
    }
}

impl Record for ProviderRecord {
    const SPACE: &'static Space = &PROVIDERS;
    fn id(&self) -> String {
        provider_path(&self.account, &self.url)
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
