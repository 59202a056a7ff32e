//! Which policies stand behind a principal, and which over it.

use std::collections::BTreeMap;
use std::sync::Arc;

use claviger_policy::{Document, Kind};
use claviger_store::{Records, Store, StoreError};

use crate::Directory;
use crate::record::{AccountRecord, ControlPolicies, Entity, GroupRecord, Held, RoleRecord, UserRecord};

/// A policy in force, and where it comes from.
#[derive(Clone, Debug)]
pub struct Attached {
    /// A managed policy's ARN, or `user/NAME/POLICY`, `group/NAME/POLICY`, `role/NAME/POLICY` for inline ones.
    pub source: String,
    /// The compiled policy.
    pub document: Arc<Document>,
}

/// What identity policies say of a principal.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Identity policies: inline, attached, and those of groups.
    pub identity: Vec<Attached>,
    /// The permissions boundary.
    pub boundary: Option<Attached>,
    /// The principal's tags.
    pub tags: BTreeMap<String, String>,
}

/// Policies over an account.
#[derive(Clone, Debug, Default)]
pub struct Controls {
    /// Service control policies: each must allow what the account's principals do.
    pub service: Vec<Attached>,
    /// Resource control policies: none may deny what is done to the account's resources.
    pub resource: Vec<Attached>,
}

impl Directory {
    /// What stands behind a user.
    pub async fn user_standing(&self, store: &dyn Store, user: &UserRecord) -> Result<Standing, StoreError> {
        let mut identity = self.held::<UserRecord>(store, &user.name, &user.held).await?;
        for group in &user.groups {
            let (found, _) = store.list::<GroupRecord>(Some("by_id"), group, Some(group), None, 1).await?;
            for group in found {
                identity.extend(self.held::<GroupRecord>(store, &group.record.name, &group.record.held).await?);
            }
        }
        let boundary = self.boundary(store, user.boundary.as_deref()).await?;
        Ok(Standing { identity, boundary, tags: user.tags.clone() })
    }

    /// What stands behind the sessions of a role.
    pub async fn role_standing(&self, store: &dyn Store, role: &RoleRecord) -> Result<Standing, StoreError> {
        let identity = self.held::<RoleRecord>(store, &role.name, &role.held).await?;
        let boundary = self.boundary(store, role.boundary.as_deref()).await?;
        Ok(Standing { identity, boundary, tags: role.tags.clone() })
    }

    async fn held<E: Entity>(&self, store: &dyn Store, name: &str, held: &Held) -> Result<Vec<Attached>, StoreError> {
        let mut all = Vec::with_capacity(held.inline.len() + held.attached.len());
        for (policy, text) in &held.inline {
            let source = format!("{}/{name}/{policy}", E::KIND.word());
            all.push(Attached { source, document: self.document(text, Kind::Identity)? });
        }
        for arn in &held.attached {
            all.push(self.managed(store, arn).await?);
        }
        Ok(all)
    }

    async fn boundary(&self, store: &dyn Store, arn: Option<&str>) -> Result<Option<Attached>, StoreError> {
        match arn {
            Some(arn) => Ok(Some(self.managed(store, arn).await?)),
            None => Ok(None),
        }
    }

    /// A managed policy by its ARN. One that is named by a record and is not there fails the request: leaving a policy
    /// out could leave a `Deny` out.
    pub async fn managed(&self, store: &dyn Store, arn: &str) -> Result<Attached, StoreError> {
        let text = self.policy_text(store, arn).await?;
        let text = text.ok_or_else(|| StoreError::Invalid(format!("the policy {arn} is attached but not there")))?;
        Ok(Attached { source: arn.to_owned(), document: self.document(&text, Kind::Identity)? })
    }

    /// What stands over an account.
    pub async fn controls(&self, store: &dyn Store, account: &str) -> Result<Controls, StoreError> {
        let Some(stored) = store.load::<AccountRecord>(account).await? else { return Ok(Controls::default()) };
        let record = stored.record;
        Ok(Controls {
            service: self.control(&record.service_control, Kind::ServiceControl)?,
            resource: self.control(&record.resource_control, Kind::ResourceControl)?,
        })
    }

    fn control(&self, policies: &ControlPolicies, kind: Kind) -> Result<Vec<Attached>, StoreError> {
        let attached = |(name, text): (&String, &String)| {
            Ok(Attached { source: name.clone(), document: self.document(text, kind)? })
        };
        policies.policies.iter().map(attached).collect()
    }
}
