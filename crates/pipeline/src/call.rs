//! Who calls, where, and when: what every operation may know of the request it answers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use claviger_identity::{Attached, Controls, Standing};
use claviger_policy::{Principal, PrincipalKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::System;

/// An authenticated principal, with everything that policies may ask of it.
#[derive(Clone)]
pub struct Caller {
    /// Root user, IAM user, role session, ...
    pub kind: PrincipalKind,
    /// The 12-digit account the principal belongs to.
    pub account: Box<str>,
    /// The principal's ARN; for role sessions the `sts` session ARN.
    pub arn: Box<str>,
    /// `aws:userid`: the account id for root, `AIDA…` for users, `AROA…:session` for role sessions, `ACCOUNT:name` for
    /// federated users.
    pub unique_id: Box<str>,
    /// The user's, role's or federated user's name; empty for root.
    pub name: Box<str>,
    /// Behind a role session the role's ARN with its path, behind a federated session the user's.
    pub behind: Option<Box<str>>,
    /// Behind a federated session the user's `AIDA…`.
    pub source_id: Option<Box<str>>,
    /// The access key the request was signed with.
    pub access_key_id: Box<str>,
    /// Identity policies and boundary. The root user has none and is not limited by any.
    pub standing: Standing,
    /// What stands over the account.
    pub controls: Arc<Controls>,
    /// What is known of temporary credentials.
    pub session: Option<SessionFacts>,
}

/// What policies and records may ask of a session.
#[derive(Clone, Debug)]
pub struct SessionFacts {
    /// When the credentials were issued.
    pub issued: Timestamp,
    /// When they end.
    pub expires: Timestamp,
    /// Session policies; `None`: the session was made without any and is not limited by one.
    pub policies: Option<Vec<Attached>>,
    /// Session tags; they hide the principal's own of the same key.
    pub tags: BTreeMap<String, String>,
    /// Keys of the tags that go on to the next role.
    pub transitive: BTreeSet<String>,
    /// `aws:SourceIdentity`.
    pub source_identity: Option<String>,
    /// The web identity the session came from.
    pub web: Option<WebIdentity>,
    /// The account's digits, `AIDA…` or `AROA…` of what issued the session, its ARN and its name.
    pub issuer: Option<SessionIssuer>,
}

/// Whom a session came from.
#[derive(Clone, Debug)]
pub struct SessionIssuer {
    /// `AROA…`, `AIDA…` or the account.
    pub id: String,
    /// The ARN of the role, the user or the root.
    pub arn: String,
    /// The role's or user's name; none for root.
    pub name: Option<String>,
}

/// What an identity provider said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebIdentity {
    /// The provider's ARN.
    pub provider: String,
    /// The token's audience.
    pub audience: String,
    /// The token's subject.
    pub subject: String,
}

impl Caller {
    /// The account's root user, under no control policies.
    pub fn root(partition: &str, account: &str, access_key_id: &str) -> Self {
        Self {
            kind: PrincipalKind::Root,
            account: account.into(),
            arn: claviger_identity::root_arn(partition, account).into(),
            unique_id: account.into(),
            name: Box::default(),
            behind: None,
            source_id: None,
            access_key_id: access_key_id.into(),
            standing: Standing::default(),
            controls: Arc::default(),
            session: None,
        }
    }

    /// Stands in while nobody is known: before a refusal, and for operations that take no signature.
    pub(crate) fn nobody(account: &str) -> Self {
        Self {
            kind: PrincipalKind::Anonymous,
            arn: Box::default(),
            unique_id: Box::default(),
            ..Self::root("aws", account, "")
        }
    }

    /// Whether this is the account's root user, with its own credentials or in a session.
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

    /// `aws:PrincipalArn`: for role sessions the role's.
    pub fn principal_arn(&self) -> &str {
        match (self.kind, &self.behind) {
            (PrincipalKind::AssumedRole, Some(role)) => role,
            _ => &self.arn,
        }
    }

    /// `aws:PrincipalTag/KEY`; keys are compared without regard to ASCII case.
    pub fn tag(&self, key: &str) -> Option<&str> {
        let session = self.session.iter().flat_map(|session| &session.tags);
        let mut tags = session.chain(&self.standing.tags);
        tags.find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
    }

    /// The principal as the policy evaluator wants it.
    pub fn principal(&self) -> Principal<'_> {
        Principal {
            kind: self.kind,
            account: &self.account,
            arn: &self.arn,
            role_arn: self.behind.as_deref(),
            unique_id: &self.unique_id,
            source_id: self.source_id.as_deref(),
        }
    }
}

/// The service, or chain of services, that makes a call for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// Service principals in the order they were called (`ssm.amazonaws.com`).
    pub services: Vec<Box<str>>,
    /// `kms:ViaService`: the last one's endpoint in the call's Region (`ssm.us-east-1.amazonaws.com`).
    pub endpoint: Box<str>,
    /// The resource the service works for.
    pub source_arn: Option<Box<str>>,
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
    /// Who makes the call for the caller, if not the caller itself.
    pub via: Option<Arc<Via>>,
}

impl Call {
    /// The endpoint of the service that makes this call for the caller (`ssm.us-east-1.amazonaws.com`); `None` for
    /// direct calls.
    pub fn via_service(&self) -> Option<&str> {
        self.via.as_deref().map(|via| &*via.endpoint)
    }

    /// The same call as a service makes it on its caller's behalf: a call of its own, with a record of its own.
    pub fn through(&self, service: &str, source_arn: Option<&str>) -> Self {
        let mut services: Vec<Box<str>> = self.via.iter().flat_map(|via| via.services.iter().cloned()).collect();
        services.push(format!("{service}.amazonaws.com").into());
        let via = Via {
            services,
            endpoint: format!("{service}.{}.amazonaws.com", self.region).into(),
            source_arn: source_arn.map(Into::into),
        };
        Self {
            caller: Arc::clone(&self.caller),
            partition: self.partition,
            region: self.region.clone(),
            request_id: uuid::Uuid::new_v4().to_string().into(),
            event_id: uuid::Uuid::new_v4().to_string().into(),
            now: self.now,
            source_ip: self.source_ip,
            secure: self.secure,
            user_agent: self.user_agent.clone(),
            via: Some(Arc::new(via)),
        }
    }

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
