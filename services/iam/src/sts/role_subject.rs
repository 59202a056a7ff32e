//! A role as the subject of an operation that opens a session of it.

use std::sync::Arc;

use claviger_identity::{Entity, RoleRecord};
use claviger_pipeline::{WebIdentity, Wording};
use claviger_policy::{Document, Principal, PrincipalKind, ResourceRule};

use super::parts::one;
use super::prelude::*;

/// Type of a role in audit records.
const ROLE_TYPE: &str = "AWS::IAM::Role";

/// A role that may or may not be there: both are refused in the same words.
pub(super) struct RoleSubject {
    /// The ARN asked for.
    pub arn: String,
    /// The account in it.
    pub account: String,
    /// The role and its compiled trust policy.
    pub role: Option<(RoleRecord, Arc<Document>)>,
    /// Whether the session gets tags, of its own or along the chain.
    pub tagged: bool,
    /// Whether the session gets a source identity.
    pub identified: bool,
    /// Who asks, when an identity provider says so.
    pub web: Option<WebIdentity>,
}

impl RoleSubject {
    /// The role; the verdict has been given, so it is there.
    pub(super) fn role(&self) -> Result<&RoleRecord, InternalFailure> {
        self.role
            .as_ref()
            .map(|(role, _)| role)
            .ok_or_else(|| InternalFailure::new("a role was assumed that is not there"))
    }
}

impl Subject for RoleSubject {
    fn permissions(&self, action: &'static str) -> Vec<Permission<'_>> {
        let tag = self.tagged.then_some("sts:TagSession");
        let identify = self.identified.then_some("sts:SetSourceIdentity");
        let permission = |action| Permission {
            resource: &self.arn,
            owner: &self.account,
            policy: self.role.as_ref().map(|(_, trust)| &**trust),
            rule: ResourceRule::Trust,
            cross_account: true,
            wording: if self.web.is_some() { Wording::Unsigned } else { Wording::Bare },
            principal: self.web.as_ref().map(|web| Principal {
                kind: PrincipalKind::WebIdentity,
                account: "",
                arn: &web.provider,
                role_arn: None,
                unique_id: &web.subject,
                source_id: None,
            }),
            ..Permission::on_account(action, &self.account)
        };
        [Some(action), tag, identify].into_iter().flatten().map(permission).collect()
    }

    fn condition(&self, _side: usize, key: &str) -> Option<Values<'_>> {
        let (role, _) = self.role.as_ref()?;
        let name = key.strip_prefix("aws:resourcetag/").or_else(|| key.strip_prefix("iam:resourcetag/"))?;
        let (_, value) = role.tags()?.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(name))?;
        one(value)
    }

    fn web_identity(&self) -> Option<&WebIdentity> {
        self.web.as_ref()
    }

    fn resources(&self) -> Vec<(&str, &str, &'static str)> {
        vec![(&self.arn, &self.account, ROLE_TYPE)]
    }
}
