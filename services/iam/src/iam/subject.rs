//! What an operation of IAM is done to.

use std::collections::BTreeMap;

use claviger_identity::{Entity, GroupRecord, PolicyRecord, ProviderRecord, RoleRecord, UserRecord};
use claviger_pipeline::{Permission, Subject, Wording};
use claviger_policy::Values;
use claviger_shapes::iam::NoSuchEntityException;
use claviger_store::{Record, Stored};

use super::conditions::one;

/// What condition keys may ask of a record.
pub(crate) trait Described: Record {
    /// Its tags; groups have none.
    fn tags(&self) -> Option<&BTreeMap<String, String>>;
    /// Its permissions boundary.
    fn boundary(&self) -> Option<&str> {
        None
    }
}

macro_rules! entities {
    ($($record:ty),+) => {$(
        impl Described for $record {
            fn tags(&self) -> Option<&BTreeMap<String, String>> {
                Entity::tags(self)
            }
            fn boundary(&self) -> Option<&str> {
                Entity::boundary(self)
            }
        }
    )+};
}

entities!(UserRecord, GroupRecord, RoleRecord);

impl Described for PolicyRecord {
    fn tags(&self) -> Option<&BTreeMap<String, String>> {
        Some(&self.tags)
    }
}

impl Described for ProviderRecord {
    fn tags(&self) -> Option<&BTreeMap<String, String>> {
        Some(&self.tags)
    }
}

/// Something a request names, there or not: whether it is there is told only to callers who may do the thing to it.
pub(crate) struct Target<R> {
    /// The record, if there is one.
    pub found: Option<Stored<R>>,
    /// Its ARN, or the one it would have.
    pub arn: String,
    owner: Box<str>,
    missing: String,
    keyed_by_boundary: bool,
    wording: Wording,
}

impl<R> Target<R> {
    /// What `owner` has under `arn`. `missing` is the text for callers who may know that it is not there.
    pub(crate) fn new(found: Option<Stored<R>>, arn: String, owner: &str, missing: String) -> Self {
        Self { found, arn, owner: owner.into(), missing, keyed_by_boundary: false, wording: Wording::Named }
    }

    /// What is about to be made under `arn`.
    pub(crate) fn planned(arn: String, owner: &str) -> Self {
        Self::new(None, arn, owner, String::new())
    }

    /// How refusals name it, if not by its ARN.
    pub(crate) fn worded(mut self, wording: Wording) -> Self {
        self.wording = wording;
        self
    }

    /// Makes `iam:PermissionsBoundary` the boundary that is in force, for operations that set none.
    pub(crate) fn keyed_by_boundary(mut self) -> Self {
        self.keyed_by_boundary = true;
        self
    }

    /// The record with its version.
    pub(crate) fn there<E: From<NoSuchEntityException>>(&self) -> Result<&Stored<R>, E> {
        self.found.as_ref().ok_or_else(|| NoSuchEntityException::new(self.missing.clone()).into())
    }
}

impl<R: Described> Subject for Target<R> {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        let wording = self.wording;
        vec![Permission { resource: &self.arn, wording, ..Permission::on_account(action, &self.owner) }]
    }

    fn condition(&self, _side: usize, key: &str) -> Option<Values<'_>> {
        let record = &self.found.as_ref()?.record;
        if key == "iam:permissionsboundary" {
            return one(record.boundary().filter(|_| self.keyed_by_boundary)?);
        }
        let name = key.strip_prefix("aws:resourcetag/").or_else(|| key.strip_prefix("iam:resourcetag/"))?;
        let (_, value) = record.tags()?.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(name))?;
        one(value.as_str())
    }
}

/// A part of the account that is listed: users, roles or groups below a path, policies below a path.
pub(crate) struct Listed {
    resource: String,
    account: Box<str>,
}

impl Listed {
    /// `arn:P:iam::A:user/division/` and the like: what the listing of entities below a path is a permission on.
    pub(crate) fn entities<S>(cx: &claviger_pipeline::Cx<'_, S>, word: &str, prefix: Option<&str>) -> Self {
        let (partition, account) = (cx.call.partition, cx.call.account());
        let prefix = prefix.unwrap_or("/");
        Self { resource: format!("arn:{partition}:iam::{account}:{word}{prefix}"), account: account.into() }
    }

    /// `policy path /division/`: no ARN, so that only policies on `*` allow it.
    pub(crate) fn policies<S>(cx: &claviger_pipeline::Cx<'_, S>, prefix: Option<&str>) -> Self {
        Self { resource: format!("policy path {}", prefix.unwrap_or("/")), account: cx.call.account().into() }
    }
}

impl Subject for Listed {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        vec![Permission { resource: &self.resource, ..Permission::on_account(action, &self.account) }]
    }
}
