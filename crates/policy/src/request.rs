//! What is asked, by whom, and which policies have a say.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::Document;

/// What kind of caller a principal is. It decides which policy principals can mean it and which policies limit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum PrincipalKind {
    /// The account's root user.
    Root,
    /// An IAM user, with long-term keys or a session of `GetSessionToken`.
    User,
    /// A session of a role.
    AssumedRole,
    /// A session of `GetFederationToken`.
    FederatedUser,
    /// An AWS service calling on its own behalf.
    Service,
    /// The bearer of an OpenID Connect token in `AssumeRoleWithWebIdentity`.
    WebIdentity,
    /// The bearer of a SAML assertion in `AssumeRoleWithSAML`.
    Saml,
    /// A request without credentials.
    Anonymous,
}

impl PrincipalKind {
    /// Whether identity policies exist for this kind of caller. The others live by resource policies alone.
    pub fn has_identity(self) -> bool {
        use PrincipalKind::{AssumedRole, FederatedUser, Root, User};
        matches!(self, Root | User | AssumedRole | FederatedUser)
    }
}

/// The caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal<'a> {
    /// Kind of caller.
    pub kind: PrincipalKind,
    /// The caller's account, 12 digits; empty for services, providers and anonymous callers.
    pub account: &'a str,
    /// The ARN the caller acts under: user ARN, root ARN, the session's ARN (`assumed-role/NAME/SESSION`, without the
    /// role's path) or `federated-user/NAME`. For services the service name (`logs.amazonaws.com`), for web identities
    /// and SAML the provider as a trust policy names it.
    pub arn: &'a str,
    /// For sessions of a role the role's ARN with its path; for federated sessions the user's ARN.
    pub role_arn: Option<&'a str>,
    /// `AIDA…` for users, `AROA…:session` for role sessions, `ACCOUNT:name` for federated sessions, the account for root.
    pub unique_id: &'a str,
    /// For federated sessions the `AIDA…` of the user that asked for the session: policies bound to unique ids name
    /// that user by it. `None` for every other kind.
    pub source_id: Option<&'a str>,
}

impl<'a> Principal<'a> {
    /// The root user of `account`; `arn` is `arn:PARTITION:iam::ACCOUNT:root`.
    pub fn root(account: &'a str, arn: &'a str) -> Principal<'a> {
        Principal { kind: PrincipalKind::Root, account, arn, role_arn: None, unique_id: account, source_id: None }
    }

    /// An IAM user; `unique_id` is its `AIDA…`.
    pub fn user(account: &'a str, arn: &'a str, unique_id: &'a str) -> Principal<'a> {
        Principal { kind: PrincipalKind::User, account, arn, role_arn: None, unique_id, source_id: None }
    }

    /// A session of a role; `unique_id` is `AROA…:session`.
    pub fn session(account: &'a str, arn: &'a str, role_arn: &'a str, unique_id: &'a str) -> Principal<'a> {
        Principal {
            kind: PrincipalKind::AssumedRole,
            account,
            arn,
            role_arn: Some(role_arn),
            unique_id,
            source_id: None,
        }
    }

    /// A service by its name, such as `logs.amazonaws.com`.
    pub fn service(name: &'a str) -> Principal<'a> {
        Principal {
            kind: PrincipalKind::Service,
            account: "",
            arn: name,
            role_arn: None,
            unique_id: name,
            source_id: None,
        }
    }

    /// The unique id of the role behind a role session.
    pub(crate) fn role_id(&self) -> Option<&'a str> {
        match self.kind {
            PrincipalKind::AssumedRole => self.unique_id.split(':').next(),
            _ => None,
        }
    }
}

/// The value of a context key. All values are text; a date or number is written as AWS writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values<'a> {
    /// A single-valued key.
    One(Cow<'a, str>),
    /// A multi-valued key (`aws:TagKeys`, `kms:EncryptionContextKeys`, …), whatever the number of values: plain
    /// operators never match it.
    Many(Vec<Cow<'a, str>>),
}

/// The request context. Keys are looked up only when a statement that matches in all other respects asks for them: a
/// policy without conditions never does.
pub trait Context {
    /// The value of `key`. The key arrives folded by [`condition_key`] (ASCII lower case), with `kms:encryptioncontext:`
    /// names folded too: compare names folded the same way, and never with a Unicode fold.
    fn get(&self, key: &str) -> Option<Values<'_>>;

    /// Whether the request itself carried the key. Only `Null` asks: values that stand for an omitted member are there
    /// for every other operator.
    fn was_requested(&self, key: &str) -> bool {
        self.get(key).is_some()
    }
}

/// How condition key names are folded before they are compared. ASCII only: under Unicode rules a Kelvin sign would
/// pass for a `k`.
pub fn condition_key(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// A request context without any key.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoContext;

impl Context for NoContext {
    fn get(&self, _key: &str) -> Option<Values<'_>> {
        None
    }
}

/// A request context held as a table: for simulations and checks, where the keys are given and not computed.
#[derive(Debug, Clone, Default)]
pub struct TableContext(BTreeMap<String, Entry>);

#[derive(Debug, Clone)]
enum Entry {
    One(String),
    Many(Vec<String>),
}

impl TableContext {
    /// An empty table.
    pub fn new() -> TableContext {
        TableContext::default()
    }

    /// Sets a single-valued key; the name may be written in any case.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> TableContext {
        self.0.insert(condition_key(key).into_owned(), Entry::One(value.into()));
        self
    }

    /// Sets a multi-valued key; the name may be written in any case.
    #[must_use]
    pub fn with_many<V: Into<String>>(mut self, key: &str, values: impl IntoIterator<Item = V>) -> TableContext {
        let values = values.into_iter().map(Into::into).collect();
        self.0.insert(condition_key(key).into_owned(), Entry::Many(values));
        self
    }
}

impl Context for TableContext {
    fn get(&self, key: &str) -> Option<Values<'_>> {
        Some(match self.0.get(key)? {
            Entry::One(value) => Values::One(Cow::Borrowed(value)),
            Entry::Many(values) => Values::Many(values.iter().map(|value| Cow::Borrowed(value.as_str())).collect()),
        })
    }
}

/// One question to the evaluator.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: Principal<'a>,
    /// `service:Name`, as `kms:Encrypt`.
    pub action: &'a str,
    /// The resource's ARN, or `*` for actions without one.
    pub resource: &'a str,
    /// The account that owns the resource; the caller's own for actions without one.
    pub resource_account: &'a str,
    /// The request context.
    pub context: &'a dyn Context,
}

/// How the resource policy and identity policies go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ResourceRule {
    /// In the owner's account an identity policy or the resource policy suffices.
    #[default]
    Ordinary,
    /// A KMS key: identity policies count only as far as the key policy allows the account principal.
    KmsKey,
    /// A role's trust policy: the same rule, and denials give no cause away.
    Trust,
}

/// What a matching KMS grant still leaves to other policies. Ordered by strength: of several matching grants pass the
/// greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum GrantKind {
    /// Stands in for the key policy only: identity policies, boundary and session policies must allow too.
    Delegated,
    /// No identity policy is needed; boundary and session policies still limit.
    Role,
    /// Nothing else is needed.
    Exact,
}

/// Whom a grant names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Grantee {
    /// An account (`…:root`).
    Account,
    /// A role, for all its sessions.
    Role,
    /// One user, one role session, one federated session or one service.
    Exact,
}

impl GrantKind {
    /// What a grant to `grantee` on a key of `key_account`, issued by `issuing_account`, is worth to a caller of
    /// `caller_account`. A grant from the key's owner to another account opens the key; the caller's own account must
    /// still allow the call. A grant its own account issued says both.
    pub fn of(grantee: Grantee, caller_account: &str, key_account: &str, issuing_account: &str) -> GrantKind {
        // A service has no account, and no policies of its own that could have to agree.
        let own = caller_account.is_empty() || caller_account == key_account || caller_account == issuing_account;
        match grantee {
            Grantee::Role if own => GrantKind::Role,
            Grantee::Exact if own => GrantKind::Exact,
            _ => GrantKind::Delegated,
        }
    }
}

/// Every policy that has a say in one request. `Policies::default()` is the empty set under the ordinary rule.
#[derive(Debug, Clone, Copy, Default)]
pub struct Policies<'a> {
    /// The policy on the resource: key policy, trust policy, secret policy, …
    pub resource: Option<&'a Document>,
    /// How it goes together with identity policies.
    pub rule: ResourceRule,
    /// The caller's identity policies: the user's and its groups', or the role's.
    pub identity: &'a [&'a Document],
    /// Root user: the identity side allows everything.
    pub identity_is_all: bool,
    /// The permissions boundary.
    pub boundary: Option<&'a Document>,
    /// Session policies. `None`: the session was made without any and is not limited. `Some(&[])`: the session needs
    /// one to be allowed anything and has none, as `GetFederationToken` without a policy.
    pub session: Option<&'a [&'a Document]>,
    /// Service control policies of the caller's account, one slice for each level of the hierarchy; every level must
    /// allow. Empty: none apply (no organization, management account, service-linked role).
    pub service_control: &'a [&'a [&'a Document]],
    /// Resource control policies of the resource's account, one slice for each level. They can only deny: the
    /// allowance for everything that AWS attaches to each level is understood.
    pub resource_control: &'a [&'a [&'a Document]],
    /// The strongest matching KMS grant.
    pub grant_allows: Option<GrantKind>,
}
