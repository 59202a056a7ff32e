//! From names to principals and back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use claviger_policy::{Document, Family, Malformed, NamedKind, rewrite_principals};
use claviger_store::{Record, Records, Store, StoreError};
use moka::sync::Cache;

use crate::names::{EntityArn, is_account};
use crate::record::{
    AccountRecord, Entity, PolicyRecord, ProviderRecord, RoleRecord, SPACES, UserRecord, entity_path, provider_path,
};
use crate::{builtin, root_arn, session_arn};

/// Compiled policies kept; they are found by their text.
const DOCUMENTS_CACHED_MAX: u64 = 10_000;

/// A principal that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// What it is.
    pub kind: NamedKind,
    /// Its account; empty for services.
    pub account: String,
    /// The name that belongs to this very principal and to none made later under the same name: the account's digits,
    /// `AIDA…`, `AROA…`, `AROA…:session`, `ACCOUNT:name` for federated users; a service's own name.
    pub id: String,
}

/// Why a policy's principals cannot be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// No such principal.
    #[error("{0} is no principal")]
    Unknown(String),
    /// The text is no policy.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Looks principals up. Holds nothing of the records but compiled policies, which follow from their text.
pub struct Directory {
    any_account: bool,
    documents: Cache<(claviger_policy::Kind, Arc<str>), Arc<Document>>,
    changes: AtomicU64,
}

impl Directory {
    /// With `any_account` every 12 digits are an account, made or not.
    pub fn new(any_account: bool) -> Self {
        Self { any_account, documents: Cache::new(DOCUMENTS_CACHED_MAX), changes: AtomicU64::new(0) }
    }

    /// Notes that a record changed; whether it was one of this room's.
    pub fn changed(&self, space: &str) -> bool {
        let ours = SPACES.iter().any(|known| known.name == space);
        if ours {
            self.changes.fetch_add(1, Ordering::AcqRel);
        }
        ours
    }

    /// Grows whenever a record of this room changes: what was derived from records at one value is good while it stays.
    pub fn generation(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Compiles a stored policy, or finds it compiled.
    pub fn document(&self, text: &str, kind: claviger_policy::Kind) -> Result<Arc<Document>, StoreError> {
        let key = (kind, Arc::from(text));
        if let Some(document) = self.documents.get(&key) {
            return Ok(document);
        }
        let parsed = Document::parse(text, kind);
        let document =
            Arc::new(parsed.map_err(|error| StoreError::Invalid(format!("a stored policy is not readable: {error}")))?);
        self.documents.insert(key, Arc::clone(&document));
        Ok(document)
    }

    /// Whether there is such an account.
    pub async fn account_exists(&self, store: &dyn Store, account: &str) -> Result<bool, StoreError> {
        Ok(is_account(account) && (self.any_account || store.load::<AccountRecord>(account).await?.is_some()))
    }

    /// The user of this unique id.
    pub async fn user_by_id(&self, store: &dyn Store, id: &str) -> Result<Option<UserRecord>, StoreError> {
        one::<UserRecord>(store, id).await
    }

    /// The role of this unique id.
    pub async fn role_by_id(&self, store: &dyn Store, id: &str) -> Result<Option<RoleRecord>, StoreError> {
        one::<RoleRecord>(store, id).await
    }

    /// The role of this ARN, path included.
    pub async fn role_by_arn(&self, store: &dyn Store, text: &str) -> Result<Option<RoleRecord>, StoreError> {
        let Some(arn) = EntityArn::parse(text) else { return Ok(None) };
        if arn.service != "iam" || arn.kind != "role" {
            return Ok(None);
        }
        by_name::<RoleRecord>(store, &arn).await
    }

    /// The customer-managed policy of this ARN.
    pub async fn policy_by_arn(
        &self,
        store: &dyn Store,
        text: &str,
    ) -> Result<Option<claviger_store::Stored<PolicyRecord>>, StoreError> {
        let Some(arn) = EntityArn::parse(text) else { return Ok(None) };
        if arn.service != "iam" || arn.kind != "policy" || arn.account == "aws" {
            return Ok(None);
        }
        let found = store.load::<PolicyRecord>(&entity_path(arn.account, arn.name)).await?;
        Ok(found.filter(|policy| policy.record.name == arn.name && policy.record.path == arn.path))
    }

    /// The text in force of a managed policy, the customer's or AWS's.
    pub async fn policy_text(&self, store: &dyn Store, text: &str) -> Result<Option<String>, StoreError> {
        if let Some(arn) = EntityArn::parse(text).filter(|arn| arn.account == "aws" && arn.kind == "policy") {
            return Ok(builtin(arn.path, arn.name).map(|policy| policy.document.to_owned()));
        }
        Ok(self.policy_by_arn(store, text).await?.map(|policy| policy.record.document().to_owned()))
    }

    /// A role's trust policy, bound to the principals it named when it was put.
    pub fn trust(&self, role: &RoleRecord) -> Result<Arc<Document>, StoreError> {
        self.document(&rebind(&role.trust, &role.trusted), claviger_policy::Kind::Trust)
    }

    /// The OpenID Connect provider of this issuer in an account; `url` without its scheme.
    pub async fn provider(
        &self,
        store: &dyn Store,
        account: &str,
        url: &str,
    ) -> Result<Option<ProviderRecord>, StoreError> {
        Ok(store.load::<ProviderRecord>(&provider_path(account, url)).await?.map(|stored| stored.record))
    }

    /// The principal a text means today: an ARN of an account's root, user, role, role session or federated user, a bare
    /// account, a unique id (with a session for roles), or a service. Sessions and federated users need not exist yet;
    /// groups and wildcards are no principals.
    pub async fn principal(&self, store: &dyn Store, text: &str) -> Result<Option<Named>, StoreError> {
        let named = |kind, account: &str, id: String| Some(Named { kind, account: account.to_owned(), id });
        if is_account(text) {
            let there = self.account_exists(store, text).await?;
            return Ok(named(NamedKind::Account, text, text.to_owned()).filter(|_| there));
        }
        if is_service(text) {
            return Ok(named(NamedKind::Service, "", text.to_owned()));
        }
        if let Some(found) = self.by_unique_id(store, text).await? {
            return Ok(Some(found));
        }
        let Some(arn) = EntityArn::parse(text) else { return Ok(None) };
        let account = arn.account;
        Ok(match (arn.service, arn.kind) {
            ("iam", "root") => {
                let there = self.account_exists(store, account).await?;
                named(NamedKind::Account, account, account.to_owned()).filter(|_| there)
            }
            ("iam", "user") => {
                let user = by_name::<UserRecord>(store, &arn).await?;
                user.and_then(|user| named(NamedKind::User, account, user.user_id))
            }
            ("iam", "role") => {
                let role = by_name::<RoleRecord>(store, &arn).await?;
                role.and_then(|role| named(NamedKind::Role, account, role.role_id))
            }
            ("sts", "assumed-role") => {
                let role = arn.path.trim_matches('/');
                let stored = store.load::<RoleRecord>(&entity_path(account, role)).await?;
                let role = stored.map(|stored| stored.record).filter(|record| record.name == role);
                role.and_then(|role| named(NamedKind::Session, account, format!("{}:{}", role.role_id, arn.name)))
            }
            ("sts", "federated-user") if arn.path == "/" => {
                let there = self.account_exists(store, account).await?;
                named(NamedKind::FederatedUser, account, format!("{account}:{}", arn.name)).filter(|_| there)
            }
            _ => None,
        })
    }

    async fn by_unique_id(&self, store: &dyn Store, text: &str) -> Result<Option<Named>, StoreError> {
        let (id, session) = text.split_once(':').map_or((text, None), |(id, session)| (id, Some(session)));
        let id_like = id.len() >= 16 && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if id_like && id.starts_with("AIDA") && session.is_none() {
            let user = self.user_by_id(store, id).await?;
            return Ok(user.map(|user| Named { kind: NamedKind::User, account: user.account, id: user.user_id }));
        }
        if id_like && id.starts_with("AROA") {
            let role = self.role_by_id(store, id).await?;
            let kind = if session.is_some() { NamedKind::Session } else { NamedKind::Role };
            return Ok(role.map(|role| Named { kind, account: role.account, id: text.to_owned() }));
        }
        Ok(None)
    }

    /// Today's ARN of what [`Named::id`] stands for; `None` when it is gone.
    pub async fn arn_of(&self, store: &dyn Store, partition: &str, id: &str) -> Result<Option<String>, StoreError> {
        if is_account(id) {
            return Ok(Some(root_arn(partition, id)));
        }
        if is_service(id) {
            return Ok(Some(id.to_owned()));
        }
        if id.starts_with("AIDA") {
            return Ok(self.user_by_id(store, id).await?.map(|user| user.arn(partition)));
        }
        let (head, session) = id.split_once(':').map_or((id, None), |(head, session)| (head, Some(session)));
        if let Some(name) = session.filter(|_| is_account(head)) {
            return Ok(Some(format!("arn:{partition}:sts::{head}:federated-user/{name}")));
        }
        let role = self.role_by_id(store, head).await?;
        Ok(role.map(|role| match session {
            Some(session) => session_arn(partition, &role.account, &role.name, session),
            None => role.arn(partition),
        }))
    }

    /// Every user, role, session and federated user a policy's principals name, with the unique id it has today. The
    /// policy then means these principals and nobody who comes to the same name later. Accounts, providers and services
    /// are not bound, but must exist.
    ///
    /// # Errors
    /// [`BindError::Unknown`] for the first that does not exist.
    pub async fn bind(&self, store: &dyn Store, text: &str) -> Result<BTreeMap<String, String>, BindError> {
        let mut mentioned = Vec::new();
        rewrite_principals(text, |family, entry| {
            if family == Family::Aws && entry != "*" {
                mentioned.push(entry.to_owned());
            }
            None
        })?;
        let mut bound = BTreeMap::new();
        for entry in mentioned {
            let Some(found) = self.principal(store, &entry).await? else { return Err(BindError::Unknown(entry)) };
            match found.kind {
                NamedKind::Account => {}
                NamedKind::Service => return Err(BindError::Unknown(entry)),
                // A federated user has no id but its name.
                NamedKind::FederatedUser => {}
                _ => {
                    bound.insert(entry, found.id);
                }
            }
        }
        Ok(bound)
    }

    /// A policy's text as it reads today: whoever has another name by now shows under it; whoever is gone, or was made
    /// again under the same name, shows as the unique id the policy is bound to.
    pub async fn read_back(
        &self,
        store: &dyn Store,
        text: &str,
        bound: &BTreeMap<String, String>,
    ) -> Result<String, StoreError> {
        let mut moved = BTreeMap::new();
        for (name, id) in bound {
            let today = self.principal(store, name).await?;
            if today.is_none_or(|today| today.id != *id) {
                let partition = EntityArn::parse(name).map_or("aws", |arn| arn.partition);
                let shown = self.arn_of(store, partition, id).await?;
                moved.insert(name.clone(), shown.unwrap_or_else(|| id.clone()));
            }
        }
        Ok(if moved.is_empty() { text.to_owned() } else { rebind(text, &moved) })
    }
}

/// The text with unique ids in place of the names they were bound to: what is compiled and decides.
pub fn rebind(text: &str, bound: &BTreeMap<String, String>) -> String {
    let rewritten = rewrite_principals(text, |family, entry| match family {
        Family::Aws => bound.get(entry).cloned(),
        _ => None,
    });
    rewritten.unwrap_or_else(|_| text.to_owned())
}

async fn one<R: Record>(store: &dyn Store, id: &str) -> Result<Option<R>, StoreError> {
    let (found, _) = store.list::<R>(Some("by_id"), id, Some(id), None, 1).await?;
    Ok(found.into_iter().next().map(|stored| stored.record))
}

async fn by_name<R: Entity>(store: &dyn Store, arn: &EntityArn<'_>) -> Result<Option<R>, StoreError> {
    let found = store.load::<R>(&entity_path(arn.account, arn.name)).await?;
    Ok(found.map(|stored| stored.record).filter(|record| record.name() == arn.name && record.path() == arn.path))
}

/// `logs.amazonaws.com`, `ssm.us-east-1.amazonaws.com`, …
fn is_service(text: &str) -> bool {
    let name = text.strip_suffix(".amazonaws.com").or_else(|| text.strip_suffix(".amazonaws.com.cn"));
    name.is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b))
    })
}

#[cfg(test)]
mod tests;
