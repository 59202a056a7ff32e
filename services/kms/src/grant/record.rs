//! What is stored of grants.

use std::collections::BTreeMap;

use claviger_crypto::digest::sha256;
use claviger_policy::{Grantee, NamedKind};
use claviger_shapes::kms::GrantOperation;
use claviger_store::{Record, Space};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Grants, by `ACCOUNT/REGION/KEY-ID/GRANTEE-ID/GRANT-ID`: the id of a changed record names the one list of grants that
/// has to be read anew. Indexes: `by_key` (`ACCOUNT/REGION/KEY-ID/GRANT-ID`), `by_retirer`
/// (`REGION/ACCOUNT/RETIRER-ID/GRANT-ID`), and `by_name` for named grants (the key and a digest of everything that makes
/// a second request the same).
pub static GRANTS: Space = Space { name: "kms_grants", indexes: &["by_key", "by_retirer", "by_name"], sealed: true };

/// What a party to a grant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartyKind {
    /// An account, through its root ARN.
    Account,
    /// A user.
    User,
    /// A role, for all its sessions.
    Role,
    /// One session of a role.
    Session,
    /// A federated user.
    FederatedUser,
    /// An AWS service.
    Service,
}

impl PartyKind {
    /// What a principal can be to a grant: everyone, providers and services named as principals cannot.
    pub fn of(kind: NamedKind) -> Option<Self> {
        Some(match kind {
            NamedKind::Account => Self::Account,
            NamedKind::User => Self::User,
            NamedKind::Role => Self::Role,
            NamedKind::Session => Self::Session,
            NamedKind::FederatedUser => Self::FederatedUser,
            _ => return None,
        })
    }

    /// How the evaluator tells them apart.
    pub fn grantee(self) -> Grantee {
        match self {
            Self::Account => Grantee::Account,
            Self::Role => Grantee::Role,
            Self::User | Self::Session | Self::FederatedUser | Self::Service => Grantee::Exact,
        }
    }
}

/// Grantee or retiring principal, by the id that nobody made later under the same name has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// What it is.
    pub kind: PartyKind,
    /// Its account; empty for services.
    pub account: String,
    /// The account's digits, `AIDA…`, `AROA…`, `AROA…:session`, `ACCOUNT:name`, or a service's name.
    pub id: String,
}

impl Party {
    /// A service by its name.
    pub fn service(name: &str) -> Self {
        Self { kind: PartyKind::Service, account: String::new(), id: name.to_owned() }
    }

    /// Whether it is a service.
    pub fn is_service(&self) -> bool {
        self.kind == PartyKind::Service
    }
}

/// What a grant demands of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Constraints {
    /// The encryption context is exactly this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<BTreeMap<String, String>>,
    /// The encryption context holds all of these pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<BTreeMap<String, String>>,
    /// A service calls on behalf of this resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_arn: Option<String>,
}

/// One grant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GrantRecord {
    /// `ACCOUNT/REGION/KEY-ID` of its key.
    pub key: String,
    /// 64 hexadecimal digits.
    pub grant_id: String,
    /// Name given, 1-256 characters.
    pub name: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// The account of the principal that made it.
    pub issuer: String,
    /// Whom it allows.
    pub grantee: Party,
    /// Who may retire it.
    pub retirer: Option<Party>,
    /// What it allows, in the order given, without repeats.
    pub operations: Vec<String>,
    /// What it demands.
    #[serde(default)]
    pub constraints: Constraints,
}

impl GrantRecord {
    /// The operations as a set.
    pub fn allowed(&self) -> Operations {
        self.operations.iter().filter_map(|name| name.parse().ok()).collect()
    }

    /// Account, Region and bare id of the key.
    pub fn key_parts(&self) -> (&str, &str, &str) {
        let mut parts = self.key.splitn(3, '/');
        let mut next = || parts.next().unwrap_or_default();
        (next(), next(), next())
    }

    /// Where a grant with the same name and the same parameters is listed; `None` without a name, which makes every
    /// request a new grant.
    pub fn sameness(&self) -> Option<String> {
        let name = self.name.as_ref()?;
        let mut operations: Vec<_> = self.operations.iter().collect();
        operations.sort_unstable();
        let retirer = self.retirer.as_ref().map(|retirer| &retirer.id);
        let parts = (name, &self.issuer, &self.grantee.id, retirer, operations, &self.constraints);
        let parts = serde_json::to_vec(&parts).ok()?;
        Some(format!("{}/{}", self.key, hex::encode(sha256(&parts))))
    }
}

/// `ACCOUNT/REGION/KEY-ID/GRANTEE-ID`: the list of one grantee's grants on one key.
pub fn list_path(key: &str, grantee: &str) -> String {
    format!("{key}/{grantee}")
}

/// `REGION/ACCOUNT/RETIRER-ID/`: the grants one principal may retire. A service retires for many accounts; what it may
/// retire is listed by the key's.
pub fn retirer_prefix(region: &str, key_account: &str, retirer: &Party) -> String {
    let account = if retirer.is_service() { key_account } else { &retirer.account };
    format!("{region}/{account}/{}/", retirer.id)
}

impl Record for GrantRecord {
    const SPACE: &'static Space = &GRANTS;
    fn id(&self) -> String {
        format!("{}/{}", list_path(&self.key, &self.grantee.id), self.grant_id)
    }
    fn index(&self) -> Vec<(&'static str, String)> {
        let mut index = vec![("by_key", format!("{}/{}", self.key, self.grant_id))];
        if let Some(retirer) = &self.retirer {
            let (account, region, _) = self.key_parts();
            index.push(("by_retirer", format!("{}{}", retirer_prefix(region, account, retirer), self.grant_id)));
        }
        index.extend(self.sameness().map(|same| ("by_name", same)));
        index
    }
}

/// A set of grant operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operations(u32);

impl Operations {
    /// Operations that no constraint restricts.
    pub const UNCONSTRAINED: Self =
        Self(bit(GrantOperation::DescribeKey) | bit(GrantOperation::GetPublicKey) | bit(GrantOperation::RetireGrant));

    /// Whether one is among them.
    pub const fn has(self, operation: GrantOperation) -> bool {
        self.0 & bit(operation) != 0
    }

    /// Whether all of `others` are among them.
    pub const fn covers(self, others: Self) -> bool {
        others.0 & !self.0 == 0
    }

    /// Those in both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those in either.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

const fn bit(operation: GrantOperation) -> u32 {
    1 << operation as u32
}

impl FromIterator<GrantOperation> for Operations {
    fn from_iter<I: IntoIterator<Item = GrantOperation>>(operations: I) -> Self {
        Self(operations.into_iter().fold(0, |set, operation| set | bit(operation)))
    }
}
