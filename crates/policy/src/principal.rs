//! `Principal` and `NotPrincipal`: whom a statement of a resource policy means.

use serde::{Deserialize, Serialize};

use crate::arn::Arn;
use crate::request::{Principal, PrincipalKind};

/// How precisely a statement names the caller. In the owner's own account the answer decides which implicit denials
/// the statement overrules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reach {
    /// The account: leaves the decision to the account's identity policies.
    Account,
    /// The role behind the session, or the user behind a federated session: identity policies need not allow, boundary
    /// and session policies must.
    Role,
    /// The caller itself, or everyone: no other policy need allow.
    Direct,
}

/// One entry of a `Principal` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedPrincipal {
    pub(crate) family: Family,
    pub(crate) text: Box<str>,
    pattern: Pattern,
}

/// The member of the `Principal` object an entry stood in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Family {
    /// Accounts, users, roles, sessions, unique ids, everyone.
    Aws,
    /// Service names.
    Service,
    /// OpenID Connect and SAML providers.
    Federated,
    /// Canonical user ids of S3. They match no caller here.
    CanonicalUser,
}

impl Family {
    pub(crate) fn parse(name: &str) -> Option<Family> {
        Some(match name {
            "AWS" => Family::Aws,
            "Service" => Family::Service,
            "Federated" => Family::Federated,
            "CanonicalUser" => Family::CanonicalUser,
            _ => return None,
        })
    }

    /// The member's name as policies write it.
    pub fn name(self) -> &'static str {
        match self {
            Family::Aws => "AWS",
            Family::Service => "Service",
            Family::Federated => "Federated",
            Family::CanonicalUser => "CanonicalUser",
        }
    }
}

/// What a principal of a policy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum NamedKind {
    /// `*`.
    Everyone,
    /// A 12-digit account or its root ARN.
    Account,
    /// A user ARN.
    User,
    /// A role ARN.
    Role,
    /// An assumed-role session ARN.
    Session,
    /// A federated-user ARN.
    FederatedUser,
    /// `AIDA…`, `AROA…` or `AROA…:session`.
    UniqueId,
    /// A service name.
    Service,
    /// An identity provider.
    Provider,
    /// A canonical user id.
    CanonicalUser,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Account(Box<str>),
    Other(NamedKind),
}

impl NamedPrincipal {
    /// Reads one entry; `None` if it is no principal: wildcards other than a lone `*`, groups, malformed ARNs.
    pub(crate) fn parse(family: Family, text: &str) -> Option<NamedPrincipal> {
        let pattern = match family {
            Family::Aws => aws(text)?,
            _ if text.is_empty() || text.contains(['*', '?']) || text.chars().any(char::is_whitespace) => return None,
            Family::Service => Pattern::Other(NamedKind::Service),
            Family::Federated => Pattern::Other(NamedKind::Provider),
            Family::CanonicalUser => Pattern::Other(NamedKind::CanonicalUser),
        };
        Some(NamedPrincipal { family, text: text.into(), pattern })
    }

    pub(crate) fn everyone() -> NamedPrincipal {
        NamedPrincipal { family: Family::Aws, text: "*".into(), pattern: Pattern::Other(NamedKind::Everyone) }
    }

    pub(crate) fn kind(&self) -> NamedKind {
        match self.pattern {
            Pattern::Account(_) => NamedKind::Account,
            Pattern::Other(kind) => kind,
        }
    }

    pub(crate) fn account(&self) -> Option<&str> {
        match &self.pattern {
            Pattern::Account(account) => Some(account),
            Pattern::Other(_) => Arn::parse(&self.text).map(|arn| arn.account()).filter(|account| !account.is_empty()),
        }
    }

    fn reach(&self, caller: &Principal<'_>) -> Option<Reach> {
        use PrincipalKind::{AssumedRole, FederatedUser, Saml, Service, User, WebIdentity};
        let kind = match &self.pattern {
            Pattern::Account(account) => {
                return (caller.kind.has_identity() && **account == *caller.account).then_some(Reach::Account);
            }
            Pattern::Other(kind) => *kind,
        };
        let text = &*self.text;
        let behind = |found: bool| found.then_some(Reach::Role);
        let itself = |found: bool| found.then_some(Reach::Direct);
        match (kind, caller.kind) {
            (NamedKind::Everyone, _) => Some(Reach::Direct),
            (NamedKind::User, User) => itself(text == caller.arn),
            (NamedKind::User, FederatedUser) => behind(caller.role_arn == Some(text)),
            (NamedKind::Role, AssumedRole) => behind(caller.role_arn == Some(text)),
            (NamedKind::Session, AssumedRole) => itself(text == caller.arn),
            (NamedKind::FederatedUser, FederatedUser) => itself(text == caller.arn),
            (NamedKind::UniqueId, User) => itself(text == caller.unique_id),
            (NamedKind::UniqueId, FederatedUser) => behind(caller.source_id == Some(text)),
            (NamedKind::UniqueId, AssumedRole) => {
                itself(text == caller.unique_id).or_else(|| behind(caller.role_id() == Some(text)))
            }
            (NamedKind::Service, Service) => itself(text == caller.arn),
            (NamedKind::Provider, WebIdentity | Saml) => itself(text == caller.arn),
            _ => None,
        }
    }
}

fn aws(text: &str) -> Option<Pattern> {
    if text == "*" {
        return Some(Pattern::Other(NamedKind::Everyone));
    }
    if is_account(text) {
        return Some(Pattern::Account(text.into()));
    }
    if is_unique_id(text) {
        return Some(Pattern::Other(NamedKind::UniqueId));
    }
    let arn = Arn::parse(text)?;
    if !is_account(arn.account()) || !arn.region().is_empty() || text.contains(['*', '?']) {
        return None;
    }
    let (kind, name) = match arn.resource().split_once('/') {
        Some(parts) => parts,
        None if arn.service() == "iam" && arn.resource() == "root" => {
            return Some(Pattern::Account(arn.account().into()));
        }
        None => return None,
    };
    let named = !name.is_empty() && !name.ends_with('/') && !name.contains([':', ' ']);
    let slashes = name.bytes().filter(|byte| *byte == b'/').count();
    Some(Pattern::Other(match (arn.service(), kind) {
        ("iam", "user") if named => NamedKind::User,
        ("iam", "role") if named => NamedKind::Role,
        ("sts", "assumed-role") if named && slashes == 1 => NamedKind::Session,
        ("sts", "federated-user") if named && slashes == 0 => NamedKind::FederatedUser,
        _ => return None,
    }))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `AIDA…` and `AROA…` with at least 12 further characters; a role's may name a session after a colon.
fn is_unique_id(text: &str) -> bool {
    let (id, session) = match text.split_once(':') {
        Some((id, session)) => (id, Some(session)),
        None => (text, None),
    };
    let long_enough = (16..=128).contains(&id.len());
    let characters = id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let session_fits = session.is_none_or(|name| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
    });
    long_enough && characters && session_fits && (id.starts_with("AROA") || session.is_none() && id.starts_with("AIDA"))
}

/// The `Principal` or `NotPrincipal` of a statement.
#[derive(Debug, Clone)]
pub(crate) struct Principals {
    pub(crate) negated: bool,
    pub(crate) named: Box<[NamedPrincipal]>,
}

impl Principals {
    /// Whether, and how closely, a statement with this element means the caller.
    ///
    /// `NotPrincipal` always falls on the side of denial. With `Allow` any name of the caller takes it out. With `Deny`
    /// the caller is spared only if *every* name it goes under is listed (account; user or role; session), and never if
    /// a permissions boundary limits it.
    pub(crate) fn reach(&self, caller: &Principal<'_>, denies: bool, has_boundary: bool) -> Option<Reach> {
        if !self.negated {
            return self.named.iter().filter_map(|named| named.reach(caller)).max();
        }
        let spared = match denies {
            false => self.named.iter().any(|named| named.reach(caller).is_some()),
            true => !has_boundary && self.lists_every_name(caller),
        };
        (!spared).then_some(Reach::Direct)
    }

    fn lists_every_name(&self, caller: &Principal<'_>) -> bool {
        if self.named.iter().any(|named| named.kind() == NamedKind::Everyone) {
            return true;
        }
        let lists = |reach: Reach| self.named.iter().any(|named| named.reach(caller) == Some(reach));
        match caller.kind {
            PrincipalKind::Root => lists(Reach::Account),
            PrincipalKind::User => lists(Reach::Account) && lists(Reach::Direct),
            PrincipalKind::AssumedRole | PrincipalKind::FederatedUser => {
                let behind = caller.role_arn.is_none() || lists(Reach::Role);
                lists(Reach::Account) && behind && lists(Reach::Direct)
            }
            _ => lists(Reach::Direct),
        }
    }
}
