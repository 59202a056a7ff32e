//! The simulated caller.

use std::collections::BTreeMap;

use claviger_identity::{EntityArn, RoleRecord, UserRecord, entity_path, session_arn};
use claviger_policy::{Principal, PrincipalKind};
use claviger_shapes::InternalFailure;
use claviger_shapes::iam::InvalidInputException;
use claviger_store::Records;

use crate::iam::IamCx;

/// Session name of simulated roles: a role calls through its sessions.
const SESSION: &str = "simulation";

/// A caller that a request names, or nobody in particular.
pub(crate) struct Caller {
    kind: PrincipalKind,
    account: String,
    arn: String,
    behind: Option<String>,
    unique_id: String,
    /// The user's name; roles have no `aws:username`.
    pub user_name: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether a request named it: only then do its own condition keys have values.
    pub named: bool,
}

impl Caller {
    /// Nobody in particular, of the account that asks.
    pub(crate) fn unnamed(cx: IamCx<'_>) -> Self {
        let (partition, account) = (cx.call.partition, cx.call.account());
        Self {
            kind: PrincipalKind::User,
            account: account.to_owned(),
            arn: format!("arn:{partition}:iam::{account}:user/{SESSION}"),
            behind: None,
            unique_id: String::new(),
            user_name: None,
            tags: BTreeMap::new(),
            named: false,
        }
    }

    /// The user, group or role of this ARN, which need not be there. What is there counts with its unique id and tags.
    pub(crate) async fn of<E>(cx: IamCx<'_>, text: &str) -> Result<Self, E>
    where
        E: From<InvalidInputException> + From<InternalFailure>,
    {
        let arn = super::entity::parse::<E>(text)?;
        let mut caller =
            Self { account: arn.account.to_owned(), arn: text.to_owned(), named: true, ..Self::unnamed(cx) };
        if arn.kind == "user" {
            caller.user_name = Some(arn.name.to_owned());
        }
        if arn.kind == "role" {
            caller.kind = PrincipalKind::AssumedRole;
            caller.arn = session_arn(cx.call.partition, arn.account, arn.name, SESSION);
            caller.behind = Some(text.to_owned());
        }
        // What other accounts have is not ours to look at.
        if arn.account == cx.call.account() {
            caller.recognise(cx, &arn).await.map_err(InternalFailure::new)?;
        }
        Ok(caller)
    }

    async fn recognise(&mut self, cx: IamCx<'_>, arn: &EntityArn<'_>) -> Result<(), claviger_store::StoreError> {
        let (store, path) = (&cx.system.store, entity_path(arn.account, arn.name));
        if arn.kind == "user"
            && let Some(user) = store.load::<UserRecord>(&path).await?
        {
            (self.unique_id, self.tags) = (user.record.user_id, user.record.tags);
        } else if arn.kind == "role"
            && let Some(role) = store.load::<RoleRecord>(&path).await?
        {
            (self.unique_id, self.tags) = (format!("{}:{SESSION}", role.record.role_id), role.record.tags);
        }
        Ok(())
    }

    /// The account.
    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// `aws:PrincipalArn`.
    pub(crate) fn principal_arn(&self) -> &str {
        self.behind.as_deref().unwrap_or(&self.arn)
    }

    /// `aws:userid`.
    pub(crate) fn unique_id(&self) -> &str {
        &self.unique_id
    }

    /// `aws:PrincipalType`.
    pub(crate) fn type_name(&self) -> &'static str {
        if self.kind == PrincipalKind::AssumedRole { "AssumedRole" } else { "User" }
    }

    /// The caller as the evaluator wants it.
    pub(crate) fn principal(&self) -> Principal<'_> {
        Principal {
            kind: self.kind,
            account: &self.account,
            arn: &self.arn,
            role_arn: self.behind.as_deref(),
            unique_id: &self.unique_id,
            source_id: None,
        }
    }
}
