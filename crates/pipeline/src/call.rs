//! Who calls, where, and when: what every operation may know of the request it answers.

use std::net::IpAddr;
use std::sync::Arc;

use claviger_policy::{Document, Principal, PrincipalKind};
use jiff::Timestamp;

use crate::System;

/// An authenticated principal.
#[derive(Clone)]
pub struct Caller {
    /// Root user, IAM user, role session, ...
    pub kind: PrincipalKind,
    /// The 12-digit account the principal belongs to.
    pub account: Box<str>,
    /// The principal's ARN; for role sessions the `sts` session ARN.
    pub arn: Box<str>,
    /// `aws:userid`: the account id for root, `AIDA…` for users, `AROA…:session` for role sessions.
    pub unique_id: Box<str>,
    /// The access key the request was signed with.
    pub access_key_id: Box<str>,
    /// Identity policies in force; the root user is not limited by any.
    pub identity_policies: Arc<[Arc<Document>]>,
}

impl Caller {
    /// The account's root user.
    pub fn root(partition: &str, account: &str, access_key_id: &str) -> Self {
        Self {
            kind: PrincipalKind::Root,
            account: account.into(),
            arn: format!("arn:{partition}:iam::{account}:root").into(),
            unique_id: account.into(),
            access_key_id: access_key_id.into(),
            identity_policies: Arc::from([]),
        }
    }

    /// Whether this is the account's root user.
    pub fn is_root(&self) -> bool {
        matches!(self.kind, PrincipalKind::Root)
    }

    /// `aws:PrincipalType`.
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            PrincipalKind::Root => "Account",
            PrincipalKind::User => "User",
            PrincipalKind::AssumedRole => "AssumedRole",
            PrincipalKind::FederatedUser => "FederatedUser",
            _ => "Unknown",
        }
    }

    /// The principal as the policy evaluator wants it.
    pub fn principal(&self) -> Principal<'_> {
        Principal {
            kind: self.kind,
            account: &self.account,
            arn: &self.arn,
            role_arn: None,
            unique_id: &self.unique_id,
            source_id: None,
        }
    }
}

/// One authenticated request on its way through the pipeline.
pub struct Call {
    /// Who asks.
    pub caller: Arc<Caller>,
    /// `aws`, `aws-cn`, `aws-us-gov`, ...: follows from the Region.
    pub partition: &'static str,
    /// The Region the credential scope names.
    pub region: Box<str>,
    /// The request id the client sees (a UUID).
    pub request_id: Box<str>,
    /// The id of the audit record this call leaves (a UUID).
    pub event_id: Box<str>,
    /// Business time at arrival; one call sees one time.
    pub now: Timestamp,
    /// The client's address.
    pub source_ip: IpAddr,
    /// Whether the request came over TLS (`aws:SecureTransport`).
    pub secure: bool,
    /// The client's user agent as sent.
    pub user_agent: Box<str>,
}

impl Call {
    /// The account in which unqualified names are looked up: the caller's.
    pub fn account(&self) -> &str {
        &self.caller.account
    }

    /// `ACCOUNT/REGION/`: the prefix under which this call's own records live.
    pub fn home(&self) -> String {
        home(self.account(), &self.region)
    }
}

/// `ACCOUNT/REGION/`: every regional record id starts with it.
pub fn home(account: &str, region: &str) -> String {
    format!("{account}/{region}/")
}

/// What an operation works with: its service's state, the system and the call.
pub struct Cx<'a, S> {
    /// The service the operation belongs to.
    pub service: &'a S,
    /// Store, clock, keys.
    pub system: &'a System,
    /// The request being answered.
    pub call: &'a Call,
}

impl<S> Clone for Cx<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S> Copy for Cx<'_, S> {}
